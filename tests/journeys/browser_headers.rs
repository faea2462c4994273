//! What goes with every answer to a browser, whatever the outcome: nothing is cached, nothing leaks by Referer, nothing runs
//! and nothing is echoed.

use crate::world::{Answer, Setting, World, client::parameter};
use simulated_bank::{Away, CallKind, Fault, FaultOrder};

const ECHO: &str = "echo-7f3a";

#[track_caller]
fn is_sealed(answer: &Answer, what: &str) {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{what}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    let everything = format!("{:?} {}", answer.headers, answer.text);
    assert!(!everything.contains(ECHO), "{what} echoes: {everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_a_browser_is_sealed_and_echoes_nothing() {
    let world = World::in_process().await;
    let (anna, browser) = (world.person(), world.browser());
    for app in ["android", "ios", "web"] {
        let body = |app: &str| serde_json::json!({"country": "SE", "psu_type": "individual", "authorization": {"method": "redirect", "app": app}});
        let started = anna.start(&body(app)).await;
        let denied = browser.deny(&started.url).await;
        is_sealed(&browser.come_back(&format!("{denied}&error_description={ECHO}")).await, "denied");
        let valid = browser.approve(&anna.start(&body(app)).await.url, "se-anna").await;
        for what in ["signed", "repeated"] {
            is_sealed(&browser.come_back(&format!("{valid}&extra={ECHO}")).await, what);
        }
        is_sealed(&browser.come_back(&valid.replace("code=", &format!("code={ECHO}"))).await, "conflict");
        let late = browser.approve(&anna.start(&body(app)).await.url, "se-anna").await;
        world.pass(15 * 60_000 + 1000);
        is_sealed(&browser.come_back(&late).await, "late");
    }
    for query in ["", "code=x", "state=x&code=x", "state=x&state=y&code=z", "code=%00&state=%ff", "error=x"] {
        let answer = browser.come_back(&format!("?{query}&x={ECHO}")).await;
        is_sealed(&answer, query);
    }
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let away = cloud::ProxyFault { operation: None, kind: cloud::FaultKind::ServerError, times: 9, skip: 0 };
    world.table_proxy.fault(away);
    is_sealed(&browser.come_back(&format!("{valid}&x={ECHO}")).await, "trouble");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_an_answer_to_what_is_over_refused_or_in_trouble() {
    let world = World::in_process().await;
    let (anna, browser) = (world.person(), world.browser());
    let begin = async || {
        let started = anna.start_redirect().await;
        (started.id, format!("{}&x={ECHO}", browser.approve(&started.url, "se-anna").await))
    };
    let (id, done) = begin().await;
    let link = browser.come_back(&done).await.location();
    anna.activate(&id, &parameter(&link, "handle").unwrap()).await.expect(200);
    let answer = browser.come_back(&done).await;
    is_sealed(&answer, "activated");
    assert_eq!(parameter(&answer.location(), "handle"), None);
    let (id, cancelled) = begin().await;
    anna.call("DELETE", &format!("/v1/consents/{id}/authorization")).send().await;
    is_sealed(&browser.come_back(&cancelled).await, "cancelled");
    let (id, revoked) = begin().await;
    anna.call("DELETE", &format!("/v1/consents/{id}")).send().await;
    is_sealed(&browser.come_back(&revoked).await, "revoked");
    anna.call("DELETE", "/v1/consents").send().await;
    let answer = browser.come_back(&revoked).await;
    is_sealed(&answer, "erased");
    assert_eq!(answer.status, 400);
    for (fault, what) in [
        (Fault::OauthError { error: format!("invalid_grant_{ECHO}") }, "an unknown word of the bank"),
        (Fault::OauthError { error: "invalid_grant".to_owned() }, "a code that was refused"),
        (Fault::AnswerLost, "an answer that was lost"),
        (Fault::Html, "a page of the bank"),
    ] {
        let (_, location) = begin().await;
        world.bank.fault(FaultOrder::next(CallKind::TokenAuthorizationCode, fault));
        is_sealed(&browser.come_back(&location).await, what);
    }
    let (_, location) = begin().await;
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    let answer = browser.come_back(&location).await;
    is_sealed(&answer, "a bank that is away");
    assert_eq!((answer.status, answer.header("location")), (503, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_an_answer_to_what_does_not_name_the_bank_or_has_no_challenge() {
    let mut world = World::with(Setting::default()).await;
    let started = world.person().start_redirect().await;
    let location = format!("{}&x={ECHO}", world.browser().approve(&started.url, "se-anna").await);
    let issuer = world.bank.page_url();
    world.reconfigure(&[("CALLBACK_ISS", "required"), ("BANK_ISSUER", &issuer)]).await;
    let answer = world.browser().come_back(&location).await;
    is_sealed(&answer, "no issuer");
    assert_eq!((answer.status, answer.header("location")), (400, None));
    world.reconfigure(&[("CALLBACK_ISS", "off"), ("PKCE", "required")]).await;
    let answer = world.browser().come_back(&location).await;
    is_sealed(&answer, "no challenge");
    assert_eq!(parameter(&answer.location(), "outcome").as_deref(), Some("failed"));
}
