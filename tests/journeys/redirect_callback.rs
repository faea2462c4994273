//! `GET /v1/callback`: exchange early, activate late, whatever the browser does.

use crate::world::{World, client::parameter, journeys, measure};
use futures_util::future::join_all;
use serde_json::json;

journeys![
    a_signed_consent_is_active_once_its_owner_shows_the_handle,
    a_code_is_spent_once_however_often_the_browser_returns,
    fifty_identical_callbacks_at_once_and_errors_before_and_between_them_spend_the_code_once,
    an_error_ends_nothing_and_a_valid_code_still_wins,
    another_code_under_one_state_ends_the_attempt,
    another_code_after_activation_changes_nothing,
    after_activation_no_hit_carries_a_handle,
    a_state_that_cannot_be_proved_spends_nothing_and_says_nothing,
    a_late_browser_goes_to_the_app_and_spends_nothing,
    a_cancelled_attempt_spends_nothing,
    the_repeated_answer_ends_after_five_minutes,
    an_ios_app_gets_a_page_with_one_link,
    a_redirect_never_leads_anywhere_but_the_registered_link,
    a_code_that_the_bank_refuses_fails_the_attempt,
    an_exchange_whose_answer_is_lost_is_never_repeated,
    a_code_that_provably_never_left_can_be_spent_by_a_reload,
];

const EXCHANGE: &str = "token.authorization_code";

async fn a_signed_consent_is_active_once_its_owner_shows_the_handle(world: &World) {
    let anna = world.person();
    let started = anna.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    let handle = parameter(&link, "handle").unwrap();
    let whole = format!("https://app.example/bank#consent_id={}&outcome=signed&handle={handle}", started.id);
    assert_eq!(link, whole, "and nothing else");
    let waiting = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!(waiting["status"], "signed");
    anna.get(&format!("/v1/consents/{}/accounts", started.id)).await.problem(409, "consent_not_active");
    let active = anna.activate(&started.id, &handle).await.expect(200);
    assert_eq!(active["status"], "active");
}

async fn a_code_is_spent_once_however_often_the_browser_returns(world: &World) {
    let (anna, before) = (world.person(), world.at_bank(EXCHANGE));
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let first = world.browser().come_back(&location).await.location();
    for _ in 0..3 {
        let again = world.browser().come_back(&location).await.location();
        assert_eq!(again, first);
    }
    assert_eq!(world.at_bank(EXCHANGE) - before, 1);
}

async fn fifty_identical_callbacks_at_once_and_errors_before_and_between_them_spend_the_code_once(
    world: &World,
) {
    const HITS: usize = 50;
    let (anna, before) = (world.person(), world.at_bank(EXCHANGE));
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let error = format!("?error=access_denied&state={}", parameter(&location, "state").unwrap());
    let browser = world.browser();
    for _ in 0..2 {
        let denied = browser.come_back(&error).await.location();
        assert_eq!(parameter(&denied, "outcome").as_deref(), Some("denied"));
    }
    let codes = join_all((0..HITS).map(|_| browser.come_back(&location)));
    let errors = join_all((0..HITS / 5).map(|_| browser.come_back(&error)));
    let (links, errors) = tokio::join!(codes, errors);
    let first = links[0].location();
    let handle = parameter(&first, "handle").unwrap();
    assert!(links.iter().all(|link| link.location() == first), "equal answers");
    assert!(
        errors.iter().all(|link| parameter(&link.location(), "handle").is_none()),
        "an error claims nothing"
    );
    assert_eq!(world.at_bank(EXCHANGE) - before, 1);
    anna.activate(&started.id, &handle).await.expect(200);
    let what = "identical callbacks at once, errors before and between them, one exchange";
    measure(what, HITS, "50", None);
}

async fn an_error_ends_nothing_and_a_valid_code_still_wins(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let denied = browser.deny(&started.url).await;
    let link = browser.come_back(&denied).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("denied"));
    assert_eq!(parameter(&link, "handle"), None);
    let path = format!("/v1/consents/{}", started.id);
    let standing = anna.get(&path).await.expect(200);
    assert_eq!(standing["status"], "awaiting_redirect");
    assert_eq!(standing["authorization"]["denied"], true);
    let state = parameter(&denied, "state").unwrap();
    let again = anna.start_redirect().await;
    let valid = browser.approve(&again.url, "se-anna").await;
    assert!(parameter(&browser.come_back(&valid).await.location(), "handle").is_some());
    let error = format!("?error=access_denied&state={}", parameter(&valid, "state").unwrap());
    let after = browser.come_back(&error).await.location();
    assert_eq!(parameter(&after, "outcome").as_deref(), Some("denied"));
    assert_eq!(anna.get(&format!("/v1/consents/{}", again.id)).await.expect(200)["status"], "signed");
    let code = browser.come_back(&format!("?code=never-issued&state={state}")).await.location();
    assert_eq!(parameter(&code, "outcome").as_deref(), Some("failed"), "the bank knows no such code");
}

async fn another_code_under_one_state_ends_the_attempt(world: &World) {
    let (anna, browser, before) = (world.person(), world.browser(), world.at_bank(EXCHANGE));
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let link = browser.come_back(&valid).await.location();
    let other = format!("?code=somebody-elses&state={}", parameter(&valid, "state").unwrap());
    let conflict = browser.come_back(&other).await.location();
    assert_eq!(parameter(&conflict, "outcome").as_deref(), Some("failed"));
    let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!(
        (&consent["status"], &consent["status_reason"]),
        (&json!("rejected"), &json!("code_conflict"))
    );
    let handle = parameter(&link, "handle").unwrap();
    assert_eq!(anna.activate(&started.id, &handle).await.status, 409);
    assert_eq!(world.at_bank(EXCHANGE) - before, 1);
}

async fn another_code_after_activation_changes_nothing(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let link = browser.come_back(&valid).await.location();
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    let before = world.at_bank(EXCHANGE);
    let other = format!("?code=somebody-elses&state={}", parameter(&valid, "state").unwrap());
    assert_eq!(parameter(&browser.come_back(&other).await.location(), "handle"), None);
    assert_eq!(anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200)["status"], "active");
    assert_eq!(world.at_bank(EXCHANGE), before);
}

async fn after_activation_no_hit_carries_a_handle(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let link = browser.come_back(&valid).await.location();
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    let before = world.at_bank(EXCHANGE);
    let again = browser.come_back(&valid).await.location();
    assert_eq!(parameter(&again, "outcome").as_deref(), Some("signed"));
    assert_eq!(parameter(&again, "handle"), None);
    assert_eq!(world.at_bank(EXCHANGE), before);
}

async fn a_state_that_cannot_be_proved_spends_nothing_and_says_nothing(world: &World) {
    let (anna, browser, before) = (world.person(), world.browser(), world.at_bank(EXCHANGE));
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let (code, state) = (parameter(&valid, "code").unwrap(), parameter(&valid, "state").unwrap());
    let foreign = anna.start_redirect().await;
    let foreign_state = parameter(&foreign.url, "state").unwrap();
    let nonce_of = |state: &str| state.rsplit('.').next().unwrap().to_owned();
    let flipped = format!("{}{}", &state[..state.len() - 2], if state.ends_with('A') { "BB" } else { "AA" });
    let queries = [
        format!("?code={code}"),
        format!("?code={code}&state="),
        format!("?code={code}&state=unknown"),
        format!("?code={code}&state={flipped}"),
        format!("?code={code}&state={}", state.replace(".1.", ".2.")),
        format!("?code={code}&state={}.1.{}", started.id, nonce_of(&foreign_state)),
        format!("?code={code}&state=AAAAAAAAAAAAAAAAAAAAAA.1.{}", nonce_of(&state)),
        format!("?code={code}&state={state}&state={state}"),
        format!("?code={code}&code={code}&state={state}"),
        format!("?code={code}&error=access_denied&state={state}"),
        format!("?state={state}"),
        format!("?code=&state={state}"),
        format!("?code={}&state={state}", "x".repeat(1100)),
        format!("?code=%C3%A5&state={state}"),
        "?".to_owned(),
    ];
    for query in &queries {
        let answer = browser.come_back(query).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert!(answer.header("location").is_none() && !answer.text.contains("href"), "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    assert_eq!(world.at_bank(EXCHANGE), before, "nothing was spent");
    let link = browser.come_back(&valid).await.location();
    assert!(parameter(&link, "handle").is_some(), "and the true state with its code still works");
}

async fn a_late_browser_goes_to_the_app_and_spends_nothing(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let before = world.at_bank(EXCHANGE);
    world.pass(15 * 60_000 + 500);
    let link = browser.come_back(&valid).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    assert!(link.starts_with("https://app.example/bank#"), "{link}");
    assert_eq!(world.at_bank(EXCHANGE), before);
}

async fn a_cancelled_attempt_spends_nothing(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let path = format!("/v1/consents/{}/authorization", started.id);
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
    let before = world.at_bank(EXCHANGE);
    let link = browser.come_back(&valid).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    assert_eq!(world.at_bank(EXCHANGE), before);
}

async fn the_repeated_answer_ends_after_five_minutes(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    let link = browser.come_back(&valid).await.location();
    let before = world.at_bank(EXCHANGE);
    world.pass(5 * 60_000 + 500);
    let late = browser.come_back(&valid).await.location();
    assert_eq!(parameter(&late, "outcome").as_deref(), Some("failed"));
    let handle = parameter(&link, "handle").unwrap();
    anna.activate(&started.id, &handle).await.problem(409, "attempt_expired");
    let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!((&consent["status"], &consent["status_reason"]), (&json!("expired"), &json!("not_claimed")));
    assert_eq!(world.at_bank(EXCHANGE), before);
}

async fn an_ios_app_gets_a_page_with_one_link(world: &World) {
    let anna = world.person();
    let body = json!({"country": "SE", "psu_type": "individual", "authorization": {"method": "redirect", "app": "ios"}});
    let started = anna.start(&body).await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let page = world.browser().come_back(&location).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.text.matches("href=").count(), 1);
    assert!(page.text.contains("href=\"https://app.example/bank#consent_id="), "{}", page.text);
    assert!(page.text.contains("handle="), "{}", page.text);
}

async fn a_redirect_never_leads_anywhere_but_the_registered_link(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let location = browser.approve(&started.url, "se-anna").await;
    let poisoned =
        format!("{location}&link=https://evil.example/&redirect_uri=https://evil.example/&app=web");
    let link = browser.come_back(&poisoned).await.location();
    assert!(link.starts_with("https://app.example/bank#consent_id="), "{link}");
    assert!(!link.contains("evil"), "{link}");
}

async fn a_code_that_the_bank_refuses_fails_the_attempt(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let state = parameter(&started.url, "state").unwrap();
    let link = browser.come_back(&format!("?code=never-issued&state={state}")).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!((&consent["status"], &consent["status_reason"]), (&json!("rejected"), &json!("code_refused")));
}

async fn an_exchange_whose_answer_is_lost_is_never_repeated(world: &World) {
    use simulated_bank::{CallKind, Fault, FaultOrder};
    let (anna, browser, before) = (world.person(), world.browser(), world.at_bank(EXCHANGE));
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    world.bank.fault(FaultOrder {
        call: CallKind::TokenAuthorizationCode,
        fault: Fault::AnswerLost,
        times: 1,
        skip: 0,
    });
    for _ in 0..3 {
        let link = browser.come_back(&valid).await.location();
        assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    }
    assert_eq!(world.at_bank(EXCHANGE) - before, 1);
    let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!(consent["status_reason"], "exchange_unknown");
}

async fn a_code_that_provably_never_left_can_be_spent_by_a_reload(world: &World) {
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    // Nobody gets through to the bank: the handshake does not happen.
    world.bank.change_switches(|switches| switches.away = Some(simulated_bank::Away::Closed));
    world.bank.close_connections().await;
    let page = browser.come_back(&valid).await;
    assert_eq!(page.status, 503, "{}", page.text);
    assert!(page.header("location").is_none());
    world.bank.change_switches(|switches| switches.away = None);
    let link = browser.come_back(&valid).await.location();
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
}
