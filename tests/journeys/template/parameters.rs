//! Parameters and outputs: what a person is asked and told, and which wrong answer is caught before anything is made.

use super::{Check, Sheet, check, entries, items, reference};
use serde_json::{Value, json};

/// Parameters that are a choice.
const CHOICES: [&str; 13] = [
    "Architecture",
    "BankRevocation",
    "CallbackIss",
    "CorporateCheckDigit",
    "DefaultEndpoint",
    "Deployment",
    "Environment",
    "LogRetentionDays",
    "OverRowCap",
    "Pkce",
    "Rollback",
    "Tracing",
    // Not a list of words, but of forms.
    "PersonalNumberSource",
];

/// Parameters that have a shape, and something that has not.
const SHAPES: [(&str, &str); 13] = [
    ("AccountPaths", "JSON"),
    ("AlarmTopicArn", "an ARN"),
    ("Apps", "JSON"),
    ("Audience", "a word"),
    ("BankApiUrl", "https"),
    ("BankLinks", "https"),
    ("BankTokenUrl", "https"),
    ("ConsentDays", "JSON"),
    ("DomainCertificateArn", "an ARN"),
    ("HistoryMonths", "JSON"),
    ("Issuer", "https"),
    ("Release", "a hash"),
    ("RestoredTableArn", "an ARN"),
];

/// The rules: each with the parameter that it looks at, what makes it apply, and what must be so then.
fn rules() -> Vec<(&'static str, Value, Value, [&'static str; 2])> {
    let is = |parameter: &str, value: &str| json!({"Fn::Equals": [reference(parameter), value]});
    let is_not = |parameter: &str, value: &str| json!({"Fn::Not": [is(parameter, value)]});
    vec![
        (
            "LocalIsForLaptops",
            Value::Null,
            is_not("Environment", "local"),
            ["[!Ref Environment, local]", "[!Ref Environment, laptop]"],
        ),
        (
            "DomainHasACertificate",
            is_not("DomainName", ""),
            is_not("DomainCertificateArn", ""),
            ["- Assert: !Not [!Equals [!Ref DomainCertificateArn, '']]", "- Assert: !Equals ['', '']"],
        ),
        (
            "CertificateHasADomain",
            is_not("DomainCertificateArn", ""),
            is_not("DomainName", ""),
            ["- Assert: !Not [!Equals [!Ref DomainName, '']]", "- Assert: !Equals ['', '']"],
        ),
        (
            "SomethingAnswers",
            is("DefaultEndpoint", "disabled"),
            is_not("DomainName", ""),
            [
                "RuleCondition: !Equals [!Ref DefaultEndpoint, disabled]",
                "RuleCondition: !Equals [!Ref DefaultEndpoint, 'off']",
            ],
        ),
        (
            "IssuerIsKnown",
            is_not("CallbackIss", "off"),
            is_not("BankIssuer", ""),
            ["- Assert: !Not [!Equals [!Ref BankIssuer, '']]", "- Assert: !Equals ['', '']"],
        ),
    ]
}

pub(super) fn checks() -> Vec<Check> {
    let choices = CHOICES.into_iter().map(of_choice);
    let shapes = SHAPES.into_iter().map(of_shape);
    let rules = rules().into_iter().map(|(rule, when, then, change)| of_rule(rule, when, then, change));
    choices.chain(shapes).chain(rules).chain(described()).collect()
}

fn anchor(parameter: &str) -> String {
    format!("  {parameter}:\n    Type: ")
}

fn of_choice(parameter: &'static str) -> Check {
    let listed = |it: &Value| items(&it["AllowedValues"]).len() >= 2 || it["AllowedPattern"].is_string();
    let word = if parameter == "PersonalNumberSource" { "AllowedPattern" } else { "AllowedValues" };
    check(
        format!("{parameter} is one of what there is"),
        move |it| {
            let own = it.at(&format!("Parameters/{parameter}"));
            let default = own["Default"].is_null() || items(&own["AllowedValues"]).contains(&own["Default"]);
            listed(own) && default
        },
        [&anchor(parameter), &format!("{word}:"), "Label:"],
    )
}

fn of_shape((parameter, shape): (&'static str, &'static str)) -> Check {
    check(
        format!("{parameter} has the shape of {shape}, and the mistake is said in words"),
        move |it| {
            let own = it.at(&format!("Parameters/{parameter}"));
            let part = match shape {
                "JSON" => r"\s\S]*\",
                "https" => "https://",
                "an ARN" => "^arn:",
                "a hash" => "[0-9a-f]{10,64}",
                _ => r"^\S+$",
            };
            own["AllowedPattern"].as_str().is_some_and(|pattern| pattern.contains(part))
                && own["ConstraintDescription"].is_string()
        },
        [&anchor(parameter), "AllowedPattern: ", "AllowedPattern: ^.*$ #"],
    )
}

fn of_rule(rule: &'static str, when: Value, then: Value, [from, to]: [&str; 2]) -> Check {
    check(
        format!("{rule}: a wrong combination is turned away before anything is made"),
        move |it| {
            let own = it.at(&format!("Rules/{rule}"));
            let assertion = &own["Assertions"][0];
            own["RuleCondition"] == when
                && assertion["Assert"] == then
                && assertion["AssertDescription"].is_string()
        },
        [&format!("  {rule}:\n"), from, to],
    )
}

fn is_described(sheet: &Sheet, part: &str) -> bool {
    let all: Vec<_> = sheet.each(part).collect();
    !all.is_empty()
        && all.iter().all(|(_, it)| it["Description"].as_str().is_some_and(|text| text.len() > 15))
}

fn described() -> Vec<Check> {
    vec![
        check(
            "every parameter says what it is",
            |it| is_described(it, "Parameters"),
            ["  BankIdStartsInADay:\n", "Description: The same in any 24 hours", "Description: A figure"],
        ),
        check(
            "every output says what it is",
            |it| is_described(it, "Outputs"),
            [
                "  SecretArn:\n",
                "Description: The secret that the operator fills, for the operator's verbs (SECRET_ID)",
                "Description: The secret",
            ],
        ),
        check(
            "no output says anything but names",
            |it| {
                let known = ["Api", "DomainName", "Domain", "Table", "RestoredTableArn", "Secret", "Key"];
                let policies = ["ExplainPolicy", "OperatorPolicy"];
                it.each("Outputs").all(|(_, output)| {
                    let said = output["Value"].to_string();
                    let names =
                        |id: &&str| said.contains(&format!("\"{id}")) || said.contains(&format!("${{{id}}}"));
                    known.iter().chain(&policies).any(names) && !said.contains("resolve:")
                })
            },
            ["  SecretArn:\n", "Value: !Ref Secret", "Value: '{{resolve:secretsmanager:bank}}'"],
        ),
        check(
            "where callers reach the API is said, under the custom domain if there is one",
            |it| {
                let own = json!({"Fn::Sub": "https://${DomainName}"});
                let default =
                    json!({"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"});
                it.says("Outputs/ApiUrl/Value", &json!({"Fn::If": ["HasDomain", own, default]}))
            },
            ["  ApiUrl:\n", "!Sub 'https://${DomainName}'", "!Sub 'https://${Api}'"],
        ),
        check(
            "where the record of the custom domain points is said",
            |it| {
                *it.at("Outputs/DomainTarget/Value") == super::attribute("Domain.RegionalDomainName")
                    && it.at("Outputs/DomainTarget/Condition") == "HasDomain"
            },
            ["  DomainTarget:\n", "Domain.RegionalDomainName", "Domain.DomainName"],
        ),
        check(
            "every figure has a least and a most",
            |it| {
                let mut figures = it.each("Parameters").filter(|(_, own)| own["Type"] == "Number");
                figures.all(|(_, own)| {
                    !own["AllowedValues"].is_null()
                        || own["MinValue"].is_number() && own["MaxValue"].is_number()
                })
            },
            ["  RowCapCorporate:\n    Type", "    MaxValue: 100000\n", ""],
        ),
        check(
            "what nobody can guess has no default",
            |it| {
                let open: Vec<&str> = it
                    .each("Parameters")
                    .filter(|(_, own)| own["Default"].is_null())
                    .map(|(name, _)| name)
                    .collect();
                open == ["Apps", "Audience", "Issuer", "PersonalNumberSource"]
            },
            ["  Audience:\n    Type: ", "String", "String\n    Default: demo"],
        ),
        check(
            "the bank is the real one unless another is asked for",
            |it| it.at("Parameters/Environment/Default") == "live",
            ["  Environment:\n    Type: ", "Default: live", "Default: sandbox"],
        ),
        check(
            "unattended reads are four a day unless the law changes",
            |it| {
                *it.at("Parameters/UnattendedReads/Default") == 4
                    && it.at("Parameters/UnattendedReads/MaxValue").as_u64().is_some_and(|most| most <= 8)
            },
            ["  UnattendedReads:\n", "Default: 4", "Default: 8"],
        ),
        check(
            "what is unknown of the bank is switched off",
            |it| {
                let off = [("Pkce", "off"), ("CallbackIss", "off"), ("BankRevocation", "not_supported")];
                off.iter().all(|(name, word)| it.at(&format!("Parameters/{name}/Default")) == word)
            },
            ["  Pkce:\n    Type: ", "Default: 'off'", "Default: tolerant"],
        ),
        check(
            "every parameter is used",
            |it| {
                let used = it.0.to_string();
                it.each("Parameters").all(|(name, _)| used.contains(&reference(name).to_string()))
            },
            [
                "  TenantClaim:\n    Type",
                "  Ten",
                "  Unused: {Type: String, Default: '', Description: Nobody looks at this}\n  Ten",
            ],
        ),
        check(
            "every condition is used",
            |it| {
                let used = it.0.to_string();
                entries(it.at("Conditions")).all(|(name, _)| {
                    used.contains(&format!("[\"{name}\","))
                        || used.contains(&format!("\"Condition\":\"{name}\""))
                })
            },
            ["Conditions:\n  HasDomain", ": ", "IsNamed: !Equals [!Ref DomainName, '']\n  HasDomain: "],
        ),
        check(
            "the template says what it is",
            |it| it.at("Description").as_str().is_some_and(|text| text.len() > 40),
            [
                "",
                "Description: Account-information back end for Handelsbanken's PSD2 APIs (five functions, one table, one secret)",
                "Description: A stack",
            ],
        ),
    ]
}
