//! Tokens by URL, and a key that comes back.

use std::sync::Arc;

use cloud::{Clock, Issuer, TokenSpec};
use hyper::Request;
use hyper::body::Bytes;

use crate::caller::{Gate, MORNING_MS, send};

#[tokio::test]
async fn a_token_asked_for_by_url_opens_the_route_it_has_the_scope_for() {
    let gate = Gate::open().await;
    let url = format!("{}/token?sub=anna&client_id=web&scope=consents:read%20x&tenant=t1", gate.issuer.url());
    let answer = send(Request::get(url).body(Bytes::new()).unwrap()).await.unwrap();
    let token = String::from_utf8(answer.body.to_vec()).unwrap();
    assert_eq!(gate.get_with(&token).await.status, 200);
    let claims = gate.last_call().1["requestContext"]["authorizer"]["jwt"]["claims"].clone();
    assert_eq!(
        (&claims["sub"], &claims["client_id"], &claims["tenant"]),
        (&"anna".into(), &"web".into(), &"t1".into())
    );
    assert_eq!(claims["scope"], "consents:read x");
}

#[tokio::test]
async fn the_same_state_directory_gives_the_same_key_and_an_old_token_stays_good() {
    let directory = std::env::temp_dir().join(format!("issuer-{}", std::process::id()));
    let clock: Clock = Arc::new(|| MORNING_MS);
    let keys = |issuer: &Issuer| {
        send(Request::get(format!("{}/.well-known/jwks.json", issuer.url())).body(Bytes::new()).unwrap())
    };
    let first = Issuer::start(clock.clone(), Some(&directory)).await.unwrap();
    let (first_keys, token) = (keys(&first).await.unwrap().json(), first.token(&TokenSpec::of("anna")));
    drop(first);
    let second = Issuer::start(clock, Some(&directory)).await.unwrap();
    let second_keys = keys(&second).await.unwrap().json();
    std::fs::remove_dir_all(directory).unwrap();
    assert_eq!(first_keys, second_keys);
    let header = token.split('.').next().unwrap();
    let header = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["kid"], second_keys["keys"][0]["kid"]);
}
