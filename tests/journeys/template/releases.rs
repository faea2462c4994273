//! Releases: how new code comes, and how it goes again.

use super::{
    Check, Sheet, check,
    functions::{global, referred},
    items, reference, texts,
};

pub(super) fn checks() -> Vec<Check> {
    let alarms = |sheet: &Sheet| -> Vec<String> {
        items(global(sheet, "DeploymentPreference/Alarms"))
            .iter()
            .filter_map(referred)
            .map(str::to_owned)
            .collect()
    };
    vec![
        check(
            "new code is a version under an alias that can be moved back",
            |it| global(it, "AutoPublishAlias") == "live",
            ["", "    AutoPublishAlias: live\n", ""],
        ),
        check(
            "functions are published anew with each release, though nothing but parameters has changed",
            |it| it.functions().iter().all(|(_, own)| own["AutoPublishCodeSha256"] == reference("Release")),
            ["  AccountFetchFunction:\n", "!Ref Release", "!Ref Architecture"],
        ),
        check(
            "how traffic moves to new code is a parameter",
            |it| *global(it, "DeploymentPreference/Type") == reference("Deployment"),
            ["", "Type: !Ref Deployment", "Type: AllAtOnce"],
        ),
        check(
            "traffic moves gradually unless that is switched off",
            |it| {
                it.at("Parameters/Deployment/Default")
                    .as_str()
                    .is_some_and(|it| it.starts_with("Canary10Percent"))
            },
            ["  Deployment:\n", "Default: Canary10Percent5Minutes", "Default: AllAtOnce"],
        ),
        check(
            "gradual deployment can be switched off",
            |it| {
                *global(it, "DeploymentPreference/Enabled") == reference("Rollback")
                    && texts(it.at("Parameters/Rollback/AllowedValues")) == ["true", "false"]
            },
            ["", "      Enabled: !Ref Rollback\n", ""],
        ),
        check(
            "new code is moved back unless that is switched off",
            |it| it.at("Parameters/Rollback/Default") == "true",
            ["  Rollback:\n    Type", "Default: 'true'", "Default: 'false'"],
        ),
        check(
            "errors of functions and answers 500 move new code back",
            move |it| {
                let all = alarms(it);
                ["FunctionErrorsAlarm", "ServiceErrorsAlarm"]
                    .iter()
                    .all(|alarm| all.iter().any(|it| it == alarm))
            },
            ["", "Alarms: [!Ref FunctionErrorsAlarm, ", "Alarms: ["],
        ),
        check(
            "what the bank can cause moves nothing back",
            move |it| {
                let all = alarms(it);
                !all.is_empty()
                    && all
                        .iter()
                        .all(|it| ["FunctionErrorsAlarm", "ServiceErrorsAlarm"].contains(&it.as_str()))
            },
            ["", "!Ref ServiceErrorsAlarm]", "!Ref ServiceErrorsAlarm, !Ref RequestsFailedAlarm]"],
        ),
    ]
}
