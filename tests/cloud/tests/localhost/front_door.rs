//! Routes and events.

use std::sync::atomic::Ordering;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::caller::{Gate, MORNING_MS, send};

#[tokio::test]
async fn the_routes_of_the_template_are_served_each_by_its_function() {
    let gate = Gate::open().await;
    let routes: Vec<String> =
        gate.door.routes().iter().map(|route| format!("{} {}", route.key(), route.function)).collect();
    assert!(routes.len() >= 14, "{routes:#?}");
    for route in gate.door.routes().to_vec() {
        let path = route.path.replace("{consent_id}", "c1").replace("{account_id}", "a1");
        let answer = send(gate.request(&route.method, &path).body(Bytes::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", route.key());
        let (function, event) = gate.last_call();
        assert_eq!((function, &event["routeKey"]), (route.function.clone(), &json!(route.key())));
    }
}

#[tokio::test]
async fn what_is_not_a_route_is_404_and_calls_nothing() {
    let gate = Gate::open().await;
    let unserved = [
        ("GET", "/"),
        ("PUT", "/v1/consents"),
        ("PATCH", "/v1/consents/c1"),
        ("HEAD", "/v1/callback"),
        ("HEAD", "/v1/consents/c1"),
        ("OPTIONS", "/v1/consents"),
        ("GET", "/v1/consents/c1/"),
        ("GET", "/v1/consents//accounts"),
        ("GET", "/v1/consents/c1/accounts/a1/transactions/t1"),
        ("GET", "/V1/consents/c1"),
    ];
    for (method, path) in unserved {
        let answer = send(gate.request(method, path).body(Bytes::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status, 404, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.json(), json!({ "message": "Not Found" }), "{method} {path}");
        }
    }
    assert_eq!(gate.calls(), 0);
}

#[tokio::test]
async fn an_event_says_what_was_asked_by_whom_and_when() {
    let gate = Gate::open().await;
    gate.now_ms.store(MORNING_MS + 90_500, Ordering::Relaxed);
    let path = "/v1/consents/c%2F1/accounts/a%20b/transactions?date_from=2026-01-01&x=a%20b&x=c+d&empty";
    let request = gate.request("GET", path).header("User-Agent", "tests").header("cookie", "a=1; b=2");
    let request = request.header("PSU-IP-Address", "198.51.100.1").header("psu-ip-address", "198.51.100.2");
    let answer =
        send(request.header("x-forwarded-for", "192.0.2.9").body(Bytes::new()).unwrap()).await.unwrap();
    let (_, event) = gate.last_call();

    assert_eq!(event["version"], "2.0");
    assert_eq!(event["rawPath"], "/v1/consents/c/1/accounts/a b/transactions");
    assert_eq!(event["rawQueryString"], "date_from=2026-01-01&x=a%20b&x=c+d&empty");
    let query = json!({ "date_from": "2026-01-01", "x": "a b,c d", "empty": "" });
    assert_eq!(event["queryStringParameters"], query);
    assert_eq!(event["pathParameters"], json!({ "consent_id": "c/1", "account_id": "a b" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["psu-ip-address"], "198.51.100.1,198.51.100.2");
    assert_eq!(event["headers"]["x-forwarded-for"], "192.0.2.9, 127.0.0.1");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!((&event["isBase64Encoded"], event.get("body")), (&json!(false), None));

    let context = &event["requestContext"];
    assert_eq!(context["timeEpoch"], MORNING_MS + 90_500);
    assert_eq!(context["time"], "15/Jan/2026:08:01:30 +0000");
    assert_eq!(context["http"]["method"], "GET");
    assert_eq!(context["http"]["userAgent"], "tests");
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["requestId"], answer.header("apigw-requestid"));
    let claims = &context["authorizer"]["jwt"]["claims"];
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("anna"), &json!("demo-app")));
    assert_eq!(claims["exp"], json!((MORNING_MS / 1000 + 90 + 3600).to_string()));
}

#[tokio::test]
async fn claims_arrive_as_text_whatever_they_were() {
    let gate = Gate::open().await;
    let spec = cloud::TokenSpec::of("anna")
        .claim("groups", json!(["a", "b"]))
        .claim("admin", true)
        .claim("level", 7);
    let answer = gate.get_with(&gate.issuer.token(&spec)).await;
    assert_eq!(answer.status, 200, "a token without the word Bearer is good too");
    let claims = gate.last_call().1["requestContext"]["authorizer"]["jwt"]["claims"].clone();
    assert_eq!(
        (&claims["groups"], &claims["admin"], &claims["level"]),
        (&json!("[a b]"), &json!("true"), &json!("7"))
    );
}

#[tokio::test]
async fn the_callback_is_open_and_its_event_has_no_authorizer() {
    let gate = Gate::open().await;
    let request = Request::get(format!("{}/v1/callback?code=c&state=s", gate.door.url()));
    assert_eq!(send(request.body(Bytes::new()).unwrap()).await.unwrap().status, 200);
    let (function, event) = gate.last_call();
    assert_eq!(function, "redirect-callback");
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!((event.get("cookies"), event.get("pathParameters")), (None, None));
}

#[tokio::test]
async fn only_textual_bodies_arrive_as_text() {
    let gate = Gate::open().await;
    let cases: [(&str, &[u8], &str, bool); 7] = [
        ("application/json", b"{}", "{}", false),
        ("application/json; charset=utf-8", "{\"å\":1}".as_bytes(), "{\"å\":1}", false),
        ("text/plain", b"x", "x", false),
        ("application/x-www-form-urlencoded", b"a=b", "YT1i", true),
        ("application/vnd.api+json", b"{}", "e30=", true),
        ("", b"{}", "e30=", true),
        ("application/json", &[0xff, 0xfe], "//4=", true),
    ];
    for (content_type, body, expected, encoded) in cases {
        let request = gate.request("POST", "/v1/consents").header("content-type", content_type);
        send(request.body(Bytes::copy_from_slice(body)).unwrap()).await.unwrap();
        let event = gate.last_call().1;
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!(expected), &json!(encoded)),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn an_answer_becomes_http_as_the_function_says() {
    let answers = |value: Value| async move {
        let gate = Gate::answering(move |_| Ok(value.to_string().into_bytes())).await;
        gate.get("/v1/consents/c1").await
    };
    let full = json!({
        "statusCode": 303, "headers": { "Location": "https://app.example/bank#x", "content-length": "99" },
        "multiValueHeaders": { "location": ["twice"], "x-more": ["1", "2"] }, "cookies": ["a=1", "b=2"],
        "body": "aGVq", "isBase64Encoded": true,
    });
    let answer = answers(full).await;
    assert_eq!((answer.status, answer.body.as_ref()), (303, b"hej".as_slice()));
    assert_eq!(answer.headers.get_all("location").iter().collect::<Vec<_>>(), ["https://app.example/bank#x"]);
    assert_eq!(answer.headers.get_all("x-more").iter().count(), 2);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    let inferred = answers(json!({ "hello": 1 })).await;
    assert_eq!((inferred.status, inferred.header("content-type")), (200, "application/json"));
    let empty = answers(json!({ "statusCode": 204, "headers": {}, "body": null })).await;
    assert_eq!((empty.status, empty.body.len()), (204, 0));
}
