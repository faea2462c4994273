//! The API: who gets in, by which routes, and what is written down about it.

use super::{Check, Sheet, check, entries, items, reference, texts};
use serde_json::{Value, json};

/// Method and path, and what the route says about tokens.
fn routes(sheet: &Sheet) -> Vec<(String, &Value)> {
    let events = sheet.functions().into_iter().flat_map(|(_, function)| entries(&function["Events"]));
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let route = |event: &'_ Value| format!("{} {}", text(&event["Method"]), text(&event["Path"]));
    events.map(|(_, event)| &event["Properties"]).map(|event| (route(event), &event["Auth"])).collect()
}

fn is_open(auth: &Value) -> bool {
    auth["Authorizer"] == "NONE"
}

/// Whether all guarded routes of which this is true need exactly this scope, and there are some.
fn need(sheet: &Sheet, which: impl Fn(&str) -> bool, scope: &str) -> bool {
    let mut of_kind =
        routes(sheet).into_iter().filter(|(route, auth)| which(route) && !is_open(auth)).peekable();
    of_kind.peek().is_some() && of_kind.all(|(_, auth)| auth["AuthorizationScopes"] == json!([scope]))
}

fn is_money(route: &str) -> bool {
    route.contains("accounts")
}

fn is_read(route: &str) -> bool {
    route.starts_with("GET ") && !is_money(route)
}

fn is_change(route: &str) -> bool {
    !route.starts_with("GET ")
}

fn is_small(sheet: &Sheet, setting: &str) -> bool {
    let figure = sheet.of_resource("Api", &format!("DefaultRouteSettings/{setting}"));
    figure.as_u64().is_some_and(|figure| (1..=1000).contains(&figure))
}

fn no_route(sheet: &Sheet, words: &[&str]) -> bool {
    !routes(sheet).iter().any(|(route, _)| words.iter().any(|word| route.contains(word)))
}

pub(super) fn checks() -> Vec<Check> {
    [tokens(), traffic(), addresses()].into_iter().flatten().collect()
}

fn tokens() -> Vec<Check> {
    let jwt = "Auth/Authorizers/AccessToken";
    vec![
        check(
            "a route that says nothing else is guarded by the JWT authorizer",
            move |it| {
                it.of_resource("Api", "Auth/DefaultAuthorizer") == "AccessToken"
                    && it.of_resource("Api", &format!("{jwt}/JwtConfiguration")).is_object()
            },
            ["", "DefaultAuthorizer: AccessToken", "EnableIamAuthorizer: false"],
        ),
        check(
            "the issuer of tokens is a parameter",
            move |it| {
                *it.of_resource("Api", &format!("{jwt}/JwtConfiguration/issuer")) == reference("Issuer")
            },
            ["", "issuer: !Ref Issuer", "issuer: https://issuer.example"],
        ),
        check(
            "the audience of tokens is one parameter",
            move |it| {
                *it.of_resource("Api", &format!("{jwt}/JwtConfiguration/audience"))
                    == json!([reference("Audience")])
            },
            ["", "- !Ref Audience", "- !Ref Issuer"],
        ),
        check(
            "a token comes in the header Authorization",
            move |it| {
                *it.of_resource("Api", &format!("{jwt}/IdentitySource")) == "$request.header.Authorization"
            },
            ["", "$request.header.Authorization", "$request.querystring.token"],
        ),
        check(
            "the callback is the one open route",
            |it| {
                let all = routes(it);
                let mut open = all.iter().filter(|(_, auth)| !auth["Authorizer"].is_null());
                open.next().is_some_and(|(route, auth)| route == "GET /v1/callback" && is_open(auth))
                    && open.next().is_none()
            },
            ["        Poll:\n", "Auth: {", "Auth: {Authorizer: NONE, "],
        ),
        check(
            "every guarded route names one scope",
            |it| {
                let all = routes(it);
                all.len() > 15
                    && all
                        .iter()
                        .all(|(_, auth)| is_open(auth) || items(&auth["AuthorizationScopes"]).len() == 1)
            },
            ["        Health:\n", "['consents:read']", "['consents:read', 'health:read']"],
        ),
        check(
            "accounts and cards need accounts:read",
            |it| need(it, is_money, "accounts:read"),
            ["        CardAccount:\n", "accounts:read", "consents:read"],
        ),
        check(
            "reading a consent needs consents:read",
            |it| need(it, is_read, "consents:read"),
            ["        ListConsents:\n", "consents:read", "accounts:read"],
        ),
        check(
            "whatever changes something needs consents:write",
            |it| need(it, is_change, "consents:write"),
            ["        RevokeConsent:\n", "consents:write", "consents:read"],
        ),
    ]
}

fn traffic() -> Vec<Check> {
    vec![
        check(
            "a burst is throttled",
            |it| is_small(it, "ThrottlingBurstLimit"),
            ["", "ThrottlingBurstLimit: 200", "ThrottlingBurstLimit: 20000"],
        ),
        check(
            "the rate is throttled",
            |it| is_small(it, "ThrottlingRateLimit"),
            ["", "ThrottlingRateLimit: 100", "ThrottlingRateLimit: 20000"],
        ),
        check(
            "there is no $default route",
            |it| no_route(it, &["$default", "?"]) && it.of_resource("Api", "DefinitionBody").is_null(),
            ["        Health:\n", "Path: /v1/health", "Path: $default"],
        ),
        check(
            "no route takes any method",
            |it| no_route(it, &["ANY ", "any ", "* "]),
            ["        Health:\n", "Method: GET", "Method: ANY"],
        ),
        check(
            "no route takes any path",
            |it| no_route(it, &["+}"]),
            ["        Health:\n", "/v1/health", "/v1/{proxy+}"],
        ),
        check(
            "every route is of version 1",
            |it| routes(it).iter().all(|(route, _)| route.contains(" /v1/")),
            ["        Health:\n", "/v1/health", "/health"],
        ),
        check(
            "no browser may call from another page (CORS)",
            |it| it.of_resource("Api", "CorsConfiguration").is_null(),
            ["", "FailOnWarnings: true", "FailOnWarnings: true\n      CorsConfiguration: true"],
        ),
        check(
            "there is one API and no other kind of one",
            |it| {
                let other = ["AWS::Serverless::Api", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];
                it.resources("AWS::Serverless::HttpApi").len() == 1
                    && other.iter().all(|kind| it.resources(kind).is_empty())
            },
            ["", "  Domain:\n", "  Other: {Type: 'AWS::ApiGatewayV2::Api'}\n  Domain:\n"],
        ),
        check(
            "every event is a call through this API",
            |it| {
                let events =
                    it.functions().into_iter().flat_map(|(_, function)| entries(&function["Events"]));
                events.into_iter().all(|(_, event)| {
                    event["Type"] == "HttpApi" && event["Properties"]["ApiId"] == reference("Api")
                })
            },
            ["        Health:\n", "ApiId: !Ref Api", "ApiId: !Ref Another"],
        ),
        check(
            "no function has an address of its own",
            |it| {
                it.resources("AWS::Lambda::Url").is_empty()
                    && it.at("Globals/Function/FunctionUrlConfig").is_null()
                    && it.functions().iter().all(|(_, function)| function["FunctionUrlConfig"].is_null())
            },
            [
                "",
                "    AutoPublishAlias: live\n",
                "    AutoPublishAlias: live\n    FunctionUrlConfig: {AuthType: NONE}\n",
            ],
        ),
        check(
            "a doubtful route fails the deployment",
            |it| *it.of_resource("Api", "FailOnWarnings") == true,
            ["", "FailOnWarnings: true", "FailOnWarnings: false"],
        ),
    ]
}

fn addresses() -> Vec<Check> {
    vec![
        check(
            "the default endpoint can be switched off",
            |it| {
                *it.of_resource("Api", "DisableExecuteApiEndpoint")
                    == json!({"Fn::If": ["EndpointIsOff", true, false]})
            },
            ["", "[EndpointIsOff, true, false]", "[EndpointIsOff, false, true]"],
        ),
        check(
            "the switch of the default endpoint is its parameter",
            |it| {
                it.says(
                    "Conditions/EndpointIsOff",
                    &json!({"Fn::Equals": [reference("DefaultEndpoint"), "disabled"]}),
                ) && texts(it.at("Parameters/DefaultEndpoint/AllowedValues")) == ["enabled", "disabled"]
            },
            [
                "",
                "EndpointIsOff: !Equals [!Ref DefaultEndpoint, disabled]",
                "EndpointIsOff: !Equals [!Ref DefaultEndpoint, 'off']",
            ],
        ),
        check(
            "there is a custom domain if one is named",
            |it| {
                ["Domain", "DomainMapping"]
                    .iter()
                    .all(|id| it.at(&format!("Resources/{id}/Condition")) == "HasDomain")
                    && *it.of_resource("Domain", "DomainName") == reference("DomainName")
            },
            ["  DomainMapping:\n", "    Condition: HasDomain\n", ""],
        ),
        check(
            "the custom domain speaks TLS 1.2 at least",
            |it| *it.of_resource("Domain", "DomainNameConfigurations/0/SecurityPolicy") == "TLS_1_2",
            ["", "SecurityPolicy: TLS_1_2", "SecurityPolicy: TLS_1_0"],
        ),
        check(
            "the certificate of the custom domain is a parameter",
            |it| {
                *it.of_resource("Domain", "DomainNameConfigurations/0/CertificateArn")
                    == reference("DomainCertificateArn")
            },
            ["", "CertificateArn: !Ref DomainCertificateArn", "CertificateArn: !Ref AlarmTopicArn"],
        ),
        check(
            "the custom domain leads to this API",
            |it| {
                *it.of_resource("DomainMapping", "ApiId") == reference("Api")
                    && *it.of_resource("DomainMapping", "DomainName") == reference("Domain")
                    && *it.of_resource("DomainMapping", "Stage") == reference("Api.Stage")
            },
            ["", "Stage: !Ref Api.Stage", "Stage: other"],
        ),
    ]
}
