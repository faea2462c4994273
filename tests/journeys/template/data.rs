//! What rests, and what it is encrypted with: the table, the secret, the key, the logs.

use super::{Check, Sheet, attribute, check, items, reference, texts};
use serde_json::{Value, json};

/// Uses of the key, as far as a statement of its policy allows them.
const USES: [&str; 4] = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:GenerateDataKey"];

pub(super) fn checks() -> Vec<Check> {
    [table(), kept(), secret(), key(), logs()].into_iter().flatten().collect()
}

fn table() -> Vec<Check> {
    let is = |way: &'static str, value: Value| move |it: &Sheet| *it.of_resource("Table", way) == value;
    let has = |way: &'static str, part: Value| {
        move |it: &Sheet| items(it.of_resource("Table", way)).contains(&part)
    };
    let index = "GlobalSecondaryIndexes/0";
    vec![
        check(
            "the table is paid for by use",
            is("BillingMode", json!("PAY_PER_REQUEST")),
            ["", "BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED"],
        ),
        check(
            "rows are swept at their time",
            is("TimeToLiveSpecification", json!({"AttributeName": "ttl", "Enabled": true})),
            ["", "{AttributeName: ttl, Enabled: true}", "{AttributeName: ttl, Enabled: false}"],
        ),
        check(
            "the table can be put back to any moment",
            is("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", json!(true)),
            ["", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"],
        ),
        check(
            "the table cannot be deleted by a slip",
            is("DeletionProtectionEnabled", json!(true)),
            ["", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"],
        ),
        check(
            "the table is encrypted with our own key",
            is(
                "SSESpecification",
                json!({"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": attribute("Key.Arn")}),
            ),
            ["", ", KMSMasterKeyId: !GetAtt Key.Arn", ""],
        ),
        check(
            "a partition is a consent",
            has("KeySchema", json!({"AttributeName": "pk", "KeyType": "HASH"})),
            ["", "{AttributeName: pk, KeyType: HASH}", "{AttributeName: o, KeyType: HASH}"],
        ),
        check(
            "a row is a part of it",
            has("KeySchema", json!({"AttributeName": "sk", "KeyType": "RANGE"})),
            ["", "{AttributeName: sk, KeyType: RANGE}", "{AttributeName: ca, KeyType: RANGE}"],
        ),
        check(
            "there is one index, of owners, newest last",
            move |it| {
                let own = it.of_resource("Table", index);
                items(it.of_resource("Table", "GlobalSecondaryIndexes")).len() == 1
                    && own["IndexName"] == "owner"
                    && own["KeySchema"]
                        == json!([{"AttributeName": "o", "KeyType": "HASH"}, {"AttributeName": "ca", "KeyType": "RANGE"}])
            },
            ["", "- IndexName: owner", "- IndexName: owners"],
        ),
        check(
            "the index holds keys only",
            move |it| it.of_resource("Table", index)["Projection"] == json!({"ProjectionType": "KEYS_ONLY"}),
            ["", "ProjectionType: KEYS_ONLY", "ProjectionType: ALL"],
        ),
        check(
            "nobody is sent what changes in the table",
            |it| {
                it.of_resource("Table", "StreamSpecification").is_null()
                    && it.resources("AWS::DynamoDB::Table").len() == 1
            },
            [
                "",
                "      BillingMode: PAY_PER_REQUEST\n",
                "      BillingMode: PAY_PER_REQUEST\n      StreamSpecification: {StreamViewType: NEW_IMAGE}\n",
            ],
        ),
    ]
}

/// What outlives the stack.
fn kept() -> Vec<Check> {
    let ids = ["Table", "Secret", "Key", "Log", "AccessLog"];
    let of = |id: &'static str| {
        ["DeletionPolicy", "UpdateReplacePolicy"].map(|policy| {
            let anchor = format!("  {id}:\n    Type: AWS::");
            check(
                format!("{id} stays when the stack goes ({policy})"),
                move |it| it.at(&format!("Resources/{id}/{policy}")) == "Retain",
                [&anchor, &format!("{policy}: Retain"), &format!("{policy}: Delete")],
            )
        })
    };
    ids.into_iter().flat_map(of).collect()
}

fn secret() -> Vec<Check> {
    vec![
        check(
            "the secret is created empty",
            |it| {
                ["SecretString", "GenerateSecretString"]
                    .iter()
                    .all(|way| it.of_resource("Secret", way).is_null())
            },
            [
                "  Secret:\n    Type",
                "      KmsKeyId: !Ref Key\n",
                "      KmsKeyId: !Ref Key\n      SecretString: '{}'\n",
            ],
        ),
        check(
            "the secret says what belongs into it",
            |it| {
                let shape = it.of_resource("Secret", "Description").as_str().unwrap_or_default();
                let fields = [
                    "identity_key",
                    "sealing_keys",
                    "client_id",
                    "redirect_uri",
                    "chain_pem",
                    "key_pem",
                    "countries",
                ];
                fields.iter().all(|field| shape.contains(field))
            },
            ["  Secret:\n    Type", "sealing_keys: [{id, key}], ", ""],
        ),
        check(
            "the secret is encrypted with our own key",
            |it| *it.of_resource("Secret", "KmsKeyId") == reference("Key"),
            ["  Secret:\n    Type", "KmsKeyId: !Ref Key", "KmsKeyId: alias/aws/secretsmanager"],
        ),
    ]
}

fn policy(sheet: &Sheet) -> Vec<&Value> {
    items(sheet.of_resource("Key", "KeyPolicy/Statement")).iter().collect()
}

fn uses(statement: &Value) -> bool {
    texts(&statement["Action"])
        .iter()
        .any(|action| *action == "kms:*" || USES.iter().any(|it| action.starts_with(it)))
}

fn key() -> Vec<Check> {
    let account = || json!({"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}});
    let through = |sheet: &Sheet, service: &str| {
        let via = json!({"StringEquals": {"kms:ViaService": {"Fn::Sub": format!("{service}.${{AWS::Region}}.amazonaws.com")}}});
        policy(sheet).iter().filter(|it| uses(it) && it["Condition"] == via).count() == 1
    };
    vec![
        check(
            "the key is replaced every year",
            |it| *it.of_resource("Key", "EnableKeyRotation") == true,
            ["", "EnableKeyRotation: true", "EnableKeyRotation: false"],
        ),
        check(
            "the key is used through services only, nobody encrypts or decrypts by hand",
            |it| {
                let all = policy(it);
                all.len() > 1
                    && all
                        .iter()
                        .all(|it| !uses(it) || it["Condition"]["StringEquals"]["kms:ViaService"].is_object())
            },
            ["          - Sid: Administration\n", "- kms:PutKeyPolicy", "- kms:Decrypt"],
        ),
        check(
            "the key is used through the table",
            move |it| through(it, "dynamodb"),
            ["", "!Sub 'dynamodb.${AWS::Region}.amazonaws.com'", "!Sub 's3.${AWS::Region}.amazonaws.com'"],
        ),
        check(
            "the key is used through the secret",
            move |it| through(it, "secretsmanager"),
            [
                "",
                "!Sub 'secretsmanager.${AWS::Region}.amazonaws.com'",
                "!Sub 's3.${AWS::Region}.amazonaws.com'",
            ],
        ),
        check(
            "the key's policy speaks to this account alone, so a role must be allowed to use it as well",
            move |it| policy(it).iter().all(|it| it["Principal"] == account()),
            [
                "          - Sid: ThroughTheSecret\n",
                "{AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}",
                "{AWS: '*'}",
            ],
        ),
        check(
            "the key's policy allows nothing by a star",
            |it| {
                policy(it).iter().flat_map(|it| texts(&it["Action"])).all(|action| {
                    !action.ends_with('*')
                        || ["Describe*", "Get*", "List*", "ReEncrypt*", "GenerateDataKey*"]
                            .contains(&action.trim_start_matches("kms:"))
                })
            },
            ["          - Sid: Administration\n", "- kms:PutKeyPolicy", "- 'kms:Put*'"],
        ),
        check(
            "the account can still change the key's policy",
            |it| policy(it).iter().any(|it| texts(&it["Action"]).contains(&"kms:PutKeyPolicy")),
            ["          - Sid: Administration\n", "              - kms:PutKeyPolicy\n", ""],
        ),
    ]
}

fn logs() -> Vec<Check> {
    let groups = ["Log", "AccessLog"];
    let of = |id: &'static str| {
        let anchor = format!("  {id}:\n    Type: AWS::");
        let does = move |operation: &'static str| {
            move |it: &Sheet| {
                let wanted = json!(["Iban", "arn:aws:dataprotection::aws:data-identifier/PkcsPrivateKey"]);
                let all = items(it.of_resource(id, "DataProtectionPolicy/Statement"));
                all.iter().any(|it| it["Operation"][operation].is_object() && it["DataIdentifier"] == wanted)
            }
        };
        vec![
            check(
                format!("{id} is kept as long as a parameter says"),
                move |it| *it.of_resource(id, "RetentionInDays") == reference("LogRetentionDays"),
                [anchor.as_str(), "RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: 30"],
            ),
            check(
                format!("account numbers and private keys are found in {id}, should they ever stand there"),
                does("Audit"),
                [&anchor, "Iban, 'arn:aws:dataprotection::aws:data-identifier/PkcsPrivateKey'", "Iban"],
            ),
            check(
                format!("account numbers and private keys are masked in {id}"),
                does("Deidentify"),
                [&anchor, "Deidentify: {MaskConfig: {}}", "Audit: {FindingsDestination: {}}"],
            ),
            check(
                format!("an account number is told by its shape in {id}"),
                move |it| {
                    let shape =
                        it.of_resource(id, "DataProtectionPolicy/Configuration/CustomDataIdentifier/0/Regex");
                    shape == "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
                },
                [&anchor, "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", "SE[0-9]{22}"],
            ),
        ]
    };
    let mut all: Vec<Check> = groups.into_iter().flat_map(of).collect();
    all.push(check(
        "logs are kept for a year and more unless another time is asked for",
        |it| it.at("Parameters/LogRetentionDays/Default").as_u64().is_some_and(|days| days >= 365),
        ["  LogRetentionDays:\n", "Default: 400", "Default: 30"],
    ));
    all
}
