//! The template as it is: what it says about scopes, functions and their environment.

use std::collections::BTreeMap;
use std::path::Path;

use cloud::Template;

use crate::caller::TEMPLATE;

fn template(parameters: &[(&str, &str)]) -> Template {
    let parameters =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Template::read(Path::new(TEMPLATE), parameters).unwrap()
}

const REQUIRED: [(&str, &str); 2] = [("Apps", "[]"), ("PersonalNumberSource", "body")];

#[test]
fn every_route_but_the_callback_needs_a_token_with_a_scope() {
    for route in template(&[]).routes().unwrap() {
        let open = route.path == "/v1/callback";
        assert_eq!(
            (route.authorizer.is_none(), route.scopes.len()),
            (open, usize::from(!open)),
            "{}",
            route.key()
        );
        let scope = route.scopes.first().map(String::as_str);
        let expected = match (route.method.as_str(), route.function.as_str()) {
            (_, "redirect-callback") => None,
            (_, "account-fetch") => Some("accounts:read"),
            ("GET", _) => Some("consents:read"),
            _ => Some("consents:write"),
        };
        assert_eq!(scope, expected, "{}", route.key());
    }
}

#[test]
fn a_parameter_without_a_value_is_an_error_that_names_it() {
    let error = template(&[("Apps", "[]")]).functions().unwrap_err();
    assert!(error.to_string().contains("PersonalNumberSource"), "{error}");
}

#[test]
fn a_function_is_named_by_the_folder_of_its_zip_and_a_folder_in_the_place_of_a_zip_is_an_error() {
    let text = std::fs::read_to_string(TEMPLATE).unwrap();
    for route in template(&[]).routes().unwrap() {
        let zip = format!("CodeUri: target/lambda/{}/bootstrap.zip\n", route.function);
        assert_eq!(text.matches(&zip).count(), 1, "{}", route.function);
        // SAM would zip such a folder with the zip in it, and nothing would start.
        let folder = text.replace(&zip, &format!("CodeUri: target/lambda/{}/\n", route.function));
        let error = Template::parse(&folder, BTreeMap::new()).unwrap().routes().unwrap_err();
        assert!(error.to_string().contains("bootstrap.zip"), "{error}");
    }
}

/// What the template grants with something else in the role of one function.
fn grants_with(from: &str, to: &str) -> Result<BTreeMap<String, usize>, String> {
    let text = std::fs::read_to_string(TEMPLATE).unwrap();
    let (before, role) = text.split_once("  RedirectCallbackRole:\n").unwrap();
    assert!(role.contains(from), "{from}");
    let text = format!("{before}  RedirectCallbackRole:\n{}", role.replacen(from, to, 1));
    let grants = Template::parse(&text, BTreeMap::new()).unwrap().grants();
    let counted = |(who, rights): (String, std::collections::BTreeSet<cloud::Right>)| (who, rights.len());
    grants.map(|grants| grants.into_iter().map(counted).collect()).map_err(|error| error.to_string())
}

#[test]
fn what_roles_and_policies_grant_is_read_and_what_is_not_understood_is_an_error() {
    let granted = grants_with("", "").unwrap();
    assert_eq!(granted.len(), 7, "{granted:?}");
    let rights = |granted: &BTreeMap<String, usize>| granted["redirect-callback"];
    let more = grants_with("dynamodb:Query", "dynamodb:Query, dynamodb:Scan").unwrap();
    assert_eq!(rights(&more), rights(&granted) + 1);
    let allow = "{Effect: Allow, Action: kms:Decrypt, ";
    for (from, to) in [
        (allow, "{Effect: Deny, Action: kms:Decrypt, "),
        (allow, "{Effect: Allow, Condition: {}, Action: kms:Decrypt, "),
        ("!GetAtt Key.Arn", "!ImportValue key"),
        ("    Properties:\n", "    Properties:\n      ManagedPolicyArns: [a]\n"),
        ("      Role: !GetAtt RedirectCallbackRole.Arn\n", ""),
        ("!GetAtt RedirectCallbackRole.Arn", "!GetAtt Nobody.Arn"),
    ] {
        assert!(grants_with(from, to).is_err(), "{to}");
    }
}

#[test]
fn functions_get_the_environment_of_the_template_without_what_is_empty() {
    let functions = template(&[REQUIRED[0], REQUIRED[1], ("Table", "t1")]).functions().unwrap();
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(
        names,
        ["account-fetch", "consent-manage", "consent-start", "decoupled-poll", "redirect-callback"]
    );
    for function in functions {
        let variable = |name: &str| function.environment.get(name).map(String::as_str);
        assert_eq!((function.timeout_s, function.memory_mb), (25, 256));
        assert_eq!((variable("TABLE_NAME"), variable("SECRET_ID")), (Some("t1"), Some("Secret")));
        assert_eq!(
            (variable("BANK_ENVIRONMENT"), variable("FUNCTION_TIMEOUT_MS")),
            (Some("live"), Some("25000"))
        );
        assert_eq!((variable("TENANT_CLAIM"), variable("ACCOUNT_PATHS")), (None, None));
        // The functions know the bank's own addresses of each environment; the template only passes others on.
        for own in ["BANK_API_URL", "BANK_TOKEN_URL", "BANK_LINKS"] {
            assert_eq!(variable(own), None, "{own}");
        }
    }
    let with_tenant = template(&[REQUIRED[0], REQUIRED[1], ("TenantClaim", "tenant")]).functions().unwrap();
    assert_eq!(with_tenant[0].environment["TENANT_CLAIM"], "tenant");
}

#[test]
fn the_table_has_the_keys_that_the_rows_need() {
    let definition = template(&[]).table().unwrap();
    let names: BTreeMap<String, String> = serde_json::from_value::<Vec<BTreeMap<String, String>>>(
        definition.properties["AttributeDefinitions"].clone(),
    )
    .unwrap()
    .into_iter()
    .map(|one| (one["AttributeName"].clone(), one["AttributeType"].clone()))
    .collect();
    let expected = [("ca", "N"), ("o", "S"), ("pk", "S"), ("sk", "S")];
    assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into());
    assert_eq!(definition.ttl_attribute.as_deref(), Some("ttl"));
}
