//! What goes with every answer to a browser, whatever the outcome: nothing is cached, nothing leaks by Referer, nothing runs
//! and nothing is echoed.

use crate::world::{Answer, World};

const ECHO: &str = "echo-7f3a";

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
