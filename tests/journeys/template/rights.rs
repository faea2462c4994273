//! Who may do what: a role for each function, and the operator's policies. Whether the rights are those that the code uses
//! is measured (`least_privilege.rs`); here stands what no role may have, whatever it uses.

use super::{Check, Sheet, attribute, check, entries, items, reference, texts};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What may be done to rows; everything else of DynamoDB is done to tables.
const ROWS: [&str; 8] =
    ["GetItem", "BatchGetItem", "ConditionCheckItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"];

/// Roles and managed policies with their statements.
fn statements(sheet: &Sheet) -> Vec<(&str, &Value)> {
    let roles = sheet.resources("AWS::IAM::Role").into_iter().flat_map(|(id, role)| {
        let policies = items(&role["Policies"]).iter();
        policies.flat_map(move |it| items(&it["PolicyDocument"]["Statement"])).map(move |it| (id, it))
    });
    let policies = sheet.resources("AWS::IAM::ManagedPolicy").into_iter();
    roles
        .chain(
            policies.flat_map(|(id, it)| {
                items(&it["PolicyDocument"]["Statement"]).iter().map(move |it| (id, it))
            }),
        )
        .collect()
}

/// Who may do what: ids and actions.
fn actions(sheet: &Sheet) -> Vec<(&str, &str)> {
    let each =
        |(id, statement)| texts(&(statement as &Value)["Action"]).into_iter().map(move |action| (id, action));
    statements(sheet).into_iter().flat_map(each).collect()
}

/// Ids of those who may do this.
fn who(sheet: &Sheet, action: &str) -> BTreeSet<String> {
    actions(sheet).into_iter().filter(|(_, own)| *own == action).map(|(id, _)| id.to_owned()).collect()
}

fn only(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(super) fn checks() -> Vec<Check> {
    [roles(), limits(), operator()].into_iter().flatten().collect()
}

fn roles() -> Vec<Check> {
    vec![
        check(
            "each function has a role of its own, named like it",
            |it| {
                let functions = it.functions();
                functions.len() == it.resources("AWS::IAM::Role").len()
                    && functions.iter().all(|(id, function)| {
                        function["Role"] == attribute(&format!("{}Role.Arn", id.trim_end_matches("Function")))
                    })
            },
            ["", "Role: !GetAtt DecoupledPollRole.Arn", "Role: !GetAtt ConsentStartRole.Arn"],
        ),
        check(
            "a role is for Lambda alone",
            |it| {
                let lambda = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]);
                it.resources("AWS::IAM::Role")
                    .iter()
                    .all(|(_, role)| role["AssumeRolePolicyDocument"]["Statement"] == lambda)
            },
            ["  AccountFetchRole:\n", "{Service: lambda.amazonaws.com}", "{AWS: '*'}"],
        ),
        check(
            "what a function may do stands in its role and nowhere else",
            |it| {
                it.resources("AWS::IAM::Role").iter().all(|(_, role)| role["ManagedPolicyArns"].is_null())
                    && it.resources("AWS::IAM::Policy").is_empty()
                    && it.functions().iter().all(|(_, function)| function["Policies"].is_null())
            },
            [
                "  AccountFetchRole:\n",
                "    Properties:\n",
                "    Properties:\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n",
            ],
        ),
        check(
            "every statement allows, and says what and on what",
            |it| {
                let all = statements(it);
                let known = ["Effect", "Action", "Resource"];
                all.len() > 20
                    && all.iter().all(|(_, statement)| {
                        statement["Effect"] == "Allow"
                            && entries(statement).map(|(name, _)| name).collect::<BTreeSet<_>>()
                                == known.into()
                    })
            },
            [
                "  AccountFetchRole:\n",
                "{Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt Key.Arn}",
                "{Effect: Allow, Action: kms:Decrypt, NotResource: !GetAtt Table.Arn}",
            ],
        ),
        check(
            "a table that was restored takes the place of the stack's own, for everybody",
            |it| {
                let all = statements(it);
                let mut of_table =
                    all.iter().filter(|(_, it)| it["Action"].to_string().contains("dynamodb:"));
                let place =
                    json!({"Fn::If": ["IsRestored", reference("RestoredTableArn"), attribute("Table.Arn")]});
                of_table.all(|(_, it)| {
                    it["Resource"] == place
                        || it["Resource"]["Fn::Sub"] == json!(["${Arn}/index/owner", {"Arn": place}])
                })
            },
            [
                "  ExplainPolicy:\n    Type",
                "!If [IsRestored, !Ref RestoredTableArn, !GetAtt Table.Arn]",
                "!GetAtt Table.Arn",
            ],
        ),
        check(
            "functions write to their own log group",
            |it| {
                let roles = it.resources("AWS::IAM::Role");
                let wanted = json!({"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": attribute("Log.Arn")});
                roles.iter().all(|(id, _)| statements(it).contains(&(*id, &wanted)))
            },
            ["  AccountFetchRole:\n", "!GetAtt Log.Arn", "!GetAtt AccessLog.Arn"],
        ),
        check(
            "functions may be traced",
            |it| {
                who(it, "xray:PutTraceSegments")
                    == it.resources("AWS::IAM::Role").iter().map(|(id, _)| (*id).to_owned()).collect()
            },
            ["  AccountFetchRole:\n", "xray:PutTraceSegments, ", ""],
        ),
    ]
}

fn limits() -> Vec<Check> {
    vec![
        check(
            "no action is granted by a star",
            |it| actions(it).iter().all(|(_, action)| !action.contains('*')),
            ["  AccountFetchRole:\n", "secretsmanager:GetSecretValue", "'secretsmanager:*'"],
        ),
        check(
            "no resource is a star but where there is no narrower one, in X-Ray",
            |it| {
                statements(it).iter().all(|(_, statement)| {
                    let wide = statement["Resource"].to_string().contains('*');
                    !wide || texts(&statement["Action"]).iter().all(|action| action.starts_with("xray:"))
                })
            },
            ["  AccountFetchRole:\n", "Resource: !Ref Secret", "Resource: '*'"],
        ),
        check(
            "nobody may do anything to the table itself, such as delete it",
            |it| {
                let on_table =
                    actions(it).into_iter().filter_map(|(_, action)| action.strip_prefix("dynamodb:"));
                on_table.into_iter().all(|action| ROWS.contains(&action))
            },
            ["  OperatorPolicy:\n", "dynamodb:PutItem", "dynamodb:DeleteTable"],
        ),
        check(
            "no function scans",
            |it| who(it, "dynamodb:Scan") == only(&["OperatorPolicy"]),
            ["  AccountFetchRole:\n", "dynamodb:Query", "dynamodb:Scan"],
        ),
        check(
            "rows are deleted where consents are managed",
            |it| who(it, "dynamodb:DeleteItem") == only(&["ConsentManageRole"]),
            ["  AccountFetchRole:\n", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        ),
        check(
            "an owner's consents are listed where consents are managed",
            |it| {
                let lists =
                    |(_, statement): &(&str, &Value)| statement["Resource"].to_string().contains("/index/");
                let who: Vec<&str> = statements(it).into_iter().filter(lists).map(|(id, _)| id).collect();
                who == ["ConsentManageRole"]
            },
            ["  AccountFetchRole:\n", "!GetAtt Table.Arn]", "!Sub '${Table.Arn}/index/owner']"],
        ),
        check(
            "nobody writes the secret",
            |it| {
                let all = actions(it);
                let mut own = all.iter().filter(|(_, action)| action.starts_with("secretsmanager:"));
                own.all(|(_, action)| *action == "secretsmanager:GetSecretValue")
            },
            ["  OperatorPolicy:\n", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        ),
        check(
            "the key is there to decrypt",
            |it| {
                actions(it).iter().all(|(_, action)| !action.starts_with("kms:") || *action == "kms:Decrypt")
            },
            ["  AccountFetchRole:\n", "kms:Decrypt", "kms:Encrypt"],
        ),
        check(
            "nobody may become somebody else or change what anybody may",
            |it| {
                actions(it)
                    .iter()
                    .all(|(_, action)| !action.starts_with("iam:") && !action.starts_with("sts:"))
            },
            ["  OperatorPolicy:\n", "dynamodb:PutItem", "iam:PassRole"],
        ),
    ]
}

fn operator() -> Vec<Check> {
    vec![
        check(
            "the operator's rights are apart: policies that are attached to nobody here",
            |it| {
                let policies = it.resources("AWS::IAM::ManagedPolicy");
                let attached = ["Roles", "Users", "Groups"];
                policies.iter().map(|(id, _)| *id).eq(["ExplainPolicy", "OperatorPolicy"])
                    && policies.iter().all(|(_, policy)| attached.iter().all(|way| policy[way].is_null()))
            },
            [
                "  OperatorPolicy:\n    Type",
                "    Properties:\n",
                "    Properties:\n      Roles: [!Ref ConsentStartRole]\n",
            ],
        ),
        check(
            "whoever explains a consent changes nothing",
            |it| {
                let own: BTreeSet<_> = actions(it)
                    .into_iter()
                    .filter(|(id, _)| *id == "ExplainPolicy")
                    .map(|(_, action)| action)
                    .collect();
                own == ["dynamodb:Query", "kms:Decrypt", "secretsmanager:GetSecretValue"].into()
            },
            ["  ExplainPolicy:\n    Type", "dynamodb:Query", "dynamodb:PutItem"],
        ),
        check(
            "the operator finds the policies in the outputs",
            |it| {
                ["ExplainPolicy", "OperatorPolicy"]
                    .iter()
                    .all(|id| *it.at(&format!("Outputs/{id}Arn/Value")) == reference(id))
            },
            ["", "Value: !Ref ExplainPolicy", "Value: !Ref OperatorPolicy"],
        ),
    ]
}
