//! What the functions make of claims: worlds and events of their own, so only in this process.

use crate::{
    input::{Call, WellFormed, bearer},
    world::{Person, Setting, World, client::swedish, environment, in_process::InProcess},
};
use cloud::Invoke;
use serde_json::{Value, json};

/// The same user as another tenant's, or as nobody's.
fn in_tenant<'w>(person: &Person<'w>, tenant: impl Into<Value>) -> Person<'w> {
    Person { world: person.world, spec: person.spec.clone().claim("tenant", tenant) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_user_of_two_tenants_is_two_owners() {
    let setting = Setting { overrides: vec![("TENANT_CLAIM", "tenant".to_owned())], ..Setting::default() };
    let world = World::with(setting).await;
    let somebody = world.person();
    let (north, south) = (in_tenant(&somebody, "north"), in_tenant(&somebody, "south"));
    let id = north.connect().await;
    let before = world.bank.ledger().calls.len();
    for path in [format!("/v1/consents/{id}"), format!("/v1/consents/{id}/accounts")] {
        south.get(&path).await.problem(404, "consent_not_found");
        for nobody in [Value::Null, json!("")] {
            in_tenant(&somebody, nobody).get(&path).await.problem(403, "user_token_required");
        }
    }
    let key = crate::world::client::fresh_key();
    in_tenant(&somebody, Value::Null)
        .post("/v1/consents", &swedish("redirect"))
        .await
        .problem(403, "user_token_required");
    assert_eq!(world.bank.ledger().calls.len(), before);
    north.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let hers = north.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
    let others = south.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
    assert_ne!(hers["consent_id"], others["consent_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_tenant_claim_configured_tenants_are_one() {
    let world = World::in_process().await;
    let somebody = world.person();
    let id = in_tenant(&somebody, "north").connect().await;
    in_tenant(&somebody, "south").get(&format!("/v1/consents/{id}")).await.expect(200);
}

/// The event of a call as the gateway would send it, with this authorizer part.
fn event(world: &World, call: &Call, authorizer: Option<&Value>) -> Vec<u8> {
    let path = call.path();
    let (raw_path, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut headers: serde_json::Map<String, Value> =
        call.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    headers.insert("host".to_owned(), json!("api.example"));
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.route,
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": headers,
        "pathParameters": {"consent_id": call.consent, "account_id": call.account},
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "api.example", "domainPrefix": "api",
            "http": {"method": call.method(), "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.1", "userAgent": "test"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": call.route, "stage": "$default",
            "time": "15/Jan/2026:08:00:00 +0000", "timeEpoch": world.bank.clock().now_ms(),
        },
        "body": call.body,
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        event["queryStringParameters"] = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    }
    if let Some(authorizer) = authorizer {
        event["requestContext"]["authorizer"] = authorizer.clone();
    }
    event.to_string().into_bytes()
}

/// A function, its answer's status and the code of its problem.
async fn invoked(
    world: &World,
    functions: &InProcess,
    call: &Call,
    authorizer: Option<&Value>,
) -> (Value, Value) {
    let route = world.door.routes().iter().find(|route| route.key() == call.route).unwrap();
    let answer = functions.invoke(&route.function, event(world, call, authorizer)).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let document: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default();
    (answer["statusCode"].clone(), document)
}

fn functions(world: &World) -> InProcess {
    let environment = environment(&world.bank, &world.issuer, &world.table_proxy, &world.secret_proxy);
    InProcess::new(&environment, &world.lines)
}

fn jwt(claims: &Value) -> Value {
    json!({"jwt": {"claims": claims, "scopes": ["consents:write", "consents:read", "accounts:read"]}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_verified_claims_is_our_own_mistake_and_calls_nothing() {
    let world = World::in_process().await;
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let functions = functions(&world);
    let claims = json!({"iss": world.issuer.url(), "sub": anna.spec.sub, "client_id": anna.spec.client_id});
    let before = (world.exchanges(), world.dump().await);
    // Claims by any other way than the JWT authorizer's are nobody's word, and neither is a token in a header.
    let elsewhere = [
        json!({}),
        json!({"claims": claims}),
        json!({"lambda": claims}),
        json!({"lambda": {"jwt": {"claims": claims}}}),
    ];
    for call in super::one_per_route(&world, &well_formed) {
        let call = call.clone().and("authorization", bearer(&world, &anna.spec));
        for authorizer in [None].into_iter().chain(elsewhere.iter().map(Some)) {
            let (status, problem) = invoked(&world, &functions, &call, authorizer).await;
            assert_eq!(
                (status, &problem["code"]),
                (json!(500), &json!("service_error")),
                "{}: {authorizer:?}",
                call.route
            );
            assert!(!problem.to_string().contains(&anna.spec.sub));
        }
        if call.route == well_formed.health.route {
            // About nobody: claims without an end user are enough.
            continue;
        }
        for empty in [
            json!({}),
            json!({"iss": world.issuer.url()}),
            json!({"sub": anna.spec.sub}),
            json!({"iss": "", "sub": ""}),
        ] {
            let (status, problem) = invoked(&world, &functions, &call, Some(&jwt(&empty))).await;
            assert_eq!(
                (status, &problem["code"]),
                (json!(403), &json!("user_token_required")),
                "{}",
                call.route
            );
        }
    }
    assert!((world.exchanges(), world.dump().await) == before, "neither the bank nor the table was asked");
    let (status, accounts) = invoked(&world, &functions, &well_formed.reads[0], Some(&jwt(&claims))).await;
    assert_eq!(status, 200, "with claims the same event is answered: {accounts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_user_of_a_foreign_issuer_is_another_owner() {
    let world = World::in_process().await;
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let functions = functions(&world);
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let foreign = json!({"iss": "https://another-issuer.example", "sub": anna.spec.sub, "client_id": anna.spec.client_id});
    for call in super::one_per_route(&world, &well_formed).into_iter().filter(|call| call.has("{consent_id}"))
    {
        let (status, problem) = invoked(&world, &functions, call, Some(&jwt(&foreign))).await;
        assert_eq!((status, &problem["code"]), (json!(404), &json!("consent_not_found")), "{}", call.route);
    }
    // What is about all consents of an owner is about none of hers.
    let of = |route: &str| well_formed.all().into_iter().find(|call| call.route == route).unwrap();
    let (status, list) = invoked(&world, &functions, of("GET /v1/consents"), Some(&jwt(&foreign))).await;
    assert_eq!((status, &list["consents"]), (json!(200), &json!([])), "{list}");
    let (status, _) = invoked(&world, &functions, of("DELETE /v1/consents"), Some(&jwt(&foreign))).await;
    assert_eq!(status, 204);
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before);
}
