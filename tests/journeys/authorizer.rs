//! Who gets in: the gateway's 401 and 403 by its JWT authorizer, and our own 403 and 500 behind it. Nobody who stays
//! outside causes a call at the bank.

mod claims;

use crate::{
    input::{Call, WellFormed, bearer},
    world::{Answer, World, measure, only_in_process},
};
use cloud::{Issuer, TokenSpec};
use serde_json::{Value, json};
use std::sync::Arc;

only_in_process![
    only_the_callback_is_open,
    a_call_without_a_good_token_gets_the_gateways_401,
    a_good_token_without_the_routes_scope_gets_the_gateways_403,
    a_token_that_names_no_end_user_is_refused_by_us,
    a_client_names_only_apps_of_its_own,
    what_is_no_route_is_404_with_or_without_a_token,
];

/// One well-formed call per guarded route of the template.
pub(crate) fn one_per_route<'a>(world: &World, well_formed: &'a WellFormed) -> Vec<&'a Call> {
    let guarded = world.door.routes().iter().filter(|route| route.authorizer.is_some());
    let calls: Vec<_> = guarded
        .map(|route| {
            let all = well_formed.all();
            all.into_iter()
                .find(|call| call.route == route.key())
                .unwrap_or_else(|| panic!("{}", route.key()))
        })
        .collect();
    assert!(calls.len() >= 12);
    calls
}

#[track_caller]
fn gateways_own(answer: &Answer, status: u16, message: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.json(), json!({"message": message}), "{what}");
    assert_eq!(answer.header("trace-id"), None, "{what}: no function was asked");
}

async fn only_the_callback_is_open(world: &World) {
    let open = world.door.routes().iter().filter(|route| route.authorizer.is_none());
    assert_eq!(open.map(|route| route.key()).collect::<Vec<_>>(), ["GET /v1/callback"]);
    let known = ["consents:write", "consents:read", "accounts:read"];
    for route in world.door.routes().iter().filter(|route| route.authorizer.is_some()) {
        assert!(matches!(route.scopes.as_slice(), [one] if known.contains(&one.as_str())), "{route:?}");
        assert_eq!(route.scopes[0].ends_with(":read"), route.method == "GET", "{route:?}");
        let about_accounts = route.path.contains("accounts");
        assert_eq!(route.scopes[0].starts_with("accounts:"), about_accounts, "{route:?}");
    }
}

/// Authorization headers that are good for nothing, each with its name.
async fn no_good(world: &World, spec: &TokenSpec) -> Vec<(&'static str, Option<String>)> {
    let issuer = &world.issuer;
    let good = issuer.token(spec);
    let parts: Vec<&str> = good.split('.').collect();
    let bob = issuer.token(&TokenSpec { sub: "somebody-else".to_owned(), ..spec.clone() });
    let spliced = format!("{}.{}.{}", parts[0], bob.split('.').nth(1).unwrap(), parts[2]);
    let clock = world.bank.clock();
    // With a folder it has a key of its own; all issuers of these tests without one share theirs.
    let folder = crate::world::template_path().with_file_name("target").join("foreign-issuer");
    let foreign = Issuer::start(Arc::new(move || clock.now_ms()), Some(&folder)).await.unwrap();
    let now = world.bank.clock().now_ms() / 1000;
    let with = |name: &str, value: Value| issuer.token(&spec.clone().claim(name, value));
    let bearer = |token: String| Some(format!("Bearer {token}"));
    vec![
        ("no token", None),
        ("an empty header", Some(String::new())),
        ("a scheme alone", Some("Bearer ".to_owned())),
        ("another scheme", Some(format!("Basic {good}"))),
        ("no JWT", bearer("canary-9471".to_owned())),
        ("two parts", bearer(format!("{}.{}", parts[0], parts[1]))),
        ("four parts", bearer(format!("{good}.{}", parts[2]))),
        ("no signature", bearer(format!("{}.{}.", parts[0], parts[1]))),
        ("half a signature", bearer(good[..good.len() - 40].to_owned())),
        ("the signature of another token", bearer(spliced)),
        ("two tokens", bearer(format!("{good} {good}"))),
        ("another audience", bearer(issuer.token_for_other_audience(spec))),
        ("no audience", bearer(with("aud", Value::Null))),
        ("another key", bearer(issuer.token_of_other_key(spec))),
        ("alg none", bearer(issuer.unsigned_token(spec))),
        ("a confused algorithm", bearer(issuer.token_of_confused_algorithm(spec))),
        ("expired", bearer(issuer.expired_token(spec))),
        ("no end", bearer(with("exp", Value::Null))),
        ("not valid yet", bearer(with("nbf", json!(now + 3600)))),
        ("issued in the future", bearer(with("iat", json!(now + 3600)))),
        ("another issuer's name", bearer(with("iss", json!("https://another-issuer.example")))),
        ("a foreign issuer's token of the same user", bearer(foreign.token(spec))),
        (
            "a foreign issuer's token under our issuer's name",
            bearer(foreign.token(&spec.clone().claim("iss", issuer.url()))),
        ),
    ]
}

async fn a_call_without_a_good_token_gets_the_gateways_401(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let (before, tokens) = (world.bank.ledger().calls.len(), no_good(world, &anna.spec).await);
    let mut cases = 0;
    for call in one_per_route(world, &well_formed) {
        for (what, authorization) in &tokens {
            cases += 1;
            let answer = call.send(world, authorization.as_deref()).await;
            gateways_own(&answer, 401, "Unauthorized", &format!("{}: {what}", call.route));
            assert!(
                answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer"))
            );
        }
    }
    assert_eq!(world.bank.ledger().calls.len(), before);
    measure("no token, a bad one, another issuer's: outside", cases, "all kinds × all routes", None);
    let good = bearer(world, &anna.spec);
    let answer = well_formed.reads[0].send(world, Some(&good)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn a_good_token_without_the_routes_scope_gets_the_gateways_403(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let id_token = format!("Bearer {}", world.issuer.id_token(&anna.spec));
    let mut cases = 0;
    for call in one_per_route(world, &well_formed) {
        let route = world.door.routes().iter().find(|route| route.key() == call.route).unwrap();
        let needed = route.scopes[0].as_str();
        let others: Vec<&str> =
            cloud::issuer::ALL_SCOPES.into_iter().filter(|scope| *scope != needed).collect();
        let upper = needed.to_uppercase();
        let longer = format!("{needed}:all");
        for scopes in [&others[..], &[], &[upper.as_str()], &[longer.as_str()], &["openid", "profile"]] {
            let answer = call.send(world, Some(&bearer(world, &anna.spec.clone().scopes(scopes)))).await;
            gateways_own(&answer, 403, "Forbidden", &format!("{}: {scopes:?}", call.route));
        }
        cases += 6;
        gateways_own(&call.send(world, Some(&id_token)).await, 403, "Forbidden", call.route);
        // With nothing but that scope it reaches the function, which knows no such consent, or wants a body, or no query.
        let mut harmless = call.clone().body("");
        harmless.query = "?wrong=1".to_owned();
        harmless.consent = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
        let answer = harmless.send(world, Some(&bearer(world, &anna.spec.clone().scopes(&[needed])))).await;
        assert!(
            answer.status == 404 || answer.status == 400,
            "{}: {} {}",
            call.route,
            answer.status,
            answer.text
        );
        assert!(answer.header("trace-id").is_some());
    }
    measure("a token without the route's scope: outside", cases, "all kinds × all routes", None);
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before);
}

async fn a_token_that_names_no_end_user_is_refused_by_us(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let machine = TokenSpec { sub: anna.spec.client_id.clone(), ..anna.spec.clone() };
    let by_azp = machine.clone().claim("azp", machine.sub.as_str()).claim("client_id", Value::Null);
    let nobody = anna.spec.clone().claim("sub", Value::Null);
    let empty = TokenSpec { sub: String::new(), ..anna.spec.clone() };
    let mut cases = 0;
    for call in one_per_route(world, &well_formed) {
        for spec in [&machine, &by_azp, &nobody, &empty] {
            let answer = call.send(world, Some(&bearer(world, spec))).await;
            cases += 1;
            if call.route == well_formed.health.route {
                // What is about nobody may be asked by a monitor.
                answer.expect(200);
                continue;
            }
            answer.problem(403, "user_token_required");
        }
    }
    measure("a machine's token, a token of nobody: refused", cases, "all kinds × all routes", None);
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before);
    // An authorized party that is not the subject is no machine; the client id is asked first.
    let user = bearer(world, &anna.spec.clone().claim("azp", anna.spec.sub.as_str()));
    assert_eq!(well_formed.reads[0].send(world, Some(&user)).await.status, 200);
}

async fn a_client_names_only_apps_of_its_own(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let other = TokenSpec { client_id: "other-app".to_owned(), ..anna.spec.clone() };
    let none = anna.spec.clone().claim("client_id", Value::Null);
    let azp_is_second = other.clone().claim("azp", anna.spec.client_id.as_str());
    for call in well_formed.starts().into_iter().skip(1) {
        for spec in [&other, &none, &azp_is_second] {
            let problem = call.send(world, Some(&bearer(world, spec))).await.problem(400, "invalid_request");
            assert_eq!(problem["errors"][0]["field"], "app", "{problem}");
        }
    }
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before);
}

async fn what_is_no_route_is_404_with_or_without_a_token(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let before = world.bank.ledger().calls.len();
    let good = bearer(world, &anna.spec);
    let mut unknown: Vec<(&str, String)> = [
        "/",
        "/v1",
        "/v1/",
        "/v1/consents/",
        "/v2/consents",
        "/V1/consents",
        "//v1/consents",
        "/v1/consents/a/b",
        "/v1/callback/",
        "/v1/health/x",
        "/prod/v1/consents",
        "/problems/invalid_request",
        "/.well-known/jwks.json",
    ]
    .into_iter()
    .flat_map(|path| ["GET", "POST", "DELETE"].map(|method| (method, path.to_owned())))
    .collect();
    for call in one_per_route(world, &well_formed) {
        unknown.extend(["HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"].map(|method| (method, call.path())));
        unknown.push((call.method(), format!("{}/", call.path().split('?').next().unwrap())));
    }
    unknown.push(("HEAD", "/v1/callback".to_owned()));
    unknown.push(("POST", "/v1/callback".to_owned()));
    for (method, path) in unknown {
        for authorization in [None, Some(&good)] {
            let mut request = world.call(method, &path);
            if let Some(good) = authorization {
                request = request.header("authorization", good);
            }
            let answer = request.send().await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            assert!(method == "HEAD" || answer.json() == json!({"message": "Not Found"}), "{method} {path}");
        }
    }
    assert_eq!(world.bank.ledger().calls.len(), before);
}
