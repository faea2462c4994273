//! `POST /v1/consents` and `POST /v1/consents/{consent_id}/authorization`.

use crate::world::{
    World,
    client::{ANNA, fresh_key, swedish},
    journeys,
};
use serde_json::{Value, json};

journeys![
    a_start_without_a_method_lists_what_the_bank_offered,
    a_start_with_redirect_answers_the_banks_page,
    a_start_with_bankid_answers_what_opens_the_app,
    bankid_on_another_device_answers_a_code_to_scan,
    the_chosen_method_starts_on_a_registered_consent,
    bankid_can_be_chosen_on_a_registered_consent,
    corporate_customers_start_in_every_country_that_has_them,
    a_method_that_was_not_offered_is_refused_with_those_that_were,
    the_same_key_and_body_give_the_same_answer_and_one_bank_consent,
    the_same_key_with_another_body_is_refused,
    a_repeated_choice_gives_the_same_answer,
    another_choice_while_one_is_under_way_is_refused,
    twenty_identical_starts_at_once_make_one_bank_consent,
    too_late_to_choose_after_fifteen_minutes,
];

fn registered() -> Value {
    json!({"country": "SE", "psu_type": "individual", "reference": "household #7"})
}

async fn a_start_without_a_method_lists_what_the_bank_offered(world: &World) {
    let anna = world.person();
    let consent = anna.start(&registered()).await.answer;
    assert_eq!(consent["status"], "created");
    assert_eq!(consent["reference"], "household #7");
    assert_eq!(consent["authorization"]["methods"], json!(["redirect", "decoupled"]));
    let dutch = json!({"country": "NL", "psu_type": "individual"});
    let consent = anna.start(&dutch).await.answer;
    assert_eq!(consent["authorization"]["methods"], json!(["redirect"]));
}

async fn a_start_with_redirect_answers_the_banks_page(world: &World) {
    let started = world.person().start_redirect().await;
    assert_eq!(started.answer["status"], "awaiting_redirect");
    assert!(started.url.starts_with(&world.bank.page_url()), "{}", started.url);
    for part in ["response_type=code", "scope=AIS%3A", "client_id=", "state=", "redirect_uri=https%3A%2F%2F"]
    {
        assert!(started.url.contains(part), "{part} in {}", started.url);
    }
}

async fn a_start_with_bankid_answers_what_opens_the_app(world: &World) {
    let consent = world.person().start_decoupled().await;
    assert_eq!(consent["status"], "awaiting_approval");
    let authorization = &consent["authorization"];
    assert!(authorization["auto_start_token"].as_str().is_some_and(|token| !token.is_empty()));
    assert!(
        authorization["links"]["mobile"]
            .as_str()
            .unwrap()
            .starts_with("https://app.bankid.com/?autostarttoken=")
    );
    assert!(authorization["links"]["desktop"].as_str().unwrap().starts_with("bankid:///?autostarttoken="));
    assert!((1000..=2500).contains(&authorization["poll_after_ms"].as_i64().unwrap()), "{authorization}");
    assert!(authorization["qr_data"].is_null());
}

async fn bankid_on_another_device_answers_a_code_to_scan(world: &World) {
    let mut body = swedish("decoupled");
    body["authorization"]["same_device"] = json!(false);
    let consent = world.person().start(&body).await.answer;
    let scanned = consent["authorization"]["qr_data"].as_str().unwrap();
    assert!(scanned.starts_with("bankid:///?autostarttoken="), "{scanned}");
}

async fn the_chosen_method_starts_on_a_registered_consent(world: &World) {
    let anna = world.person();
    let id = anna.start(&registered()).await.id;
    let path = format!("/v1/consents/{id}/authorization");
    let chosen = anna.post(&path, &json!({"method": "redirect", "app": "web"})).await.expect(200);
    assert_eq!(chosen["status"], "awaiting_redirect");
    let url = chosen["authorization"]["url"].as_str().unwrap();
    let link = world.browser().sign(url, "se-anna").await;
    assert!(link.starts_with("http://localhost:3000/bank?consent_id="), "{link}");
}

async fn bankid_can_be_chosen_on_a_registered_consent(world: &World) {
    let anna = world.person();
    let id = anna.start(&registered()).await.id;
    let wish = json!({"method": "decoupled", "app": "ios", "personal_number": ANNA});
    let chosen = anna.post(&format!("/v1/consents/{id}/authorization"), &wish).await.expect(200);
    assert_eq!(chosen["status"], "awaiting_approval");
    assert!(chosen["authorization"]["auto_start_token"].is_string());
}

async fn corporate_customers_start_in_every_country_that_has_them(world: &World) {
    let anna = world.person();
    for (country, id) in
        [("SE", Some("5560004615")), ("NL", Some("123456")), ("GB", None), ("LU", Some("1234567890"))]
    {
        let mut body = json!({"country": country, "psu_type": "corporate"});
        if let Some(id) = id {
            body["psu_corporate_id"] = json!(id);
        }
        let answer = anna.post("/v1/consents", &body).await;
        assert_eq!(answer.status, 201, "{country}: {}", answer.text);
        let individual = json!({"country": country, "psu_type": "individual"});
        anna.post("/v1/consents", &individual).await.expect(201);
    }
}

async fn a_method_that_was_not_offered_is_refused_with_those_that_were(world: &World) {
    let anna = world.person();
    let mut body = swedish("decoupled");
    body["country"] = json!("GB");
    let key = fresh_key();
    let problem = anna.post_keyed("/v1/consents", &body, &key).await.problem(409, "method_not_offered");
    assert_eq!(problem["methods"], json!(["redirect"]));
    let consent = problem["consent_id"].as_str().unwrap();
    let path = format!("/v1/consents/{consent}/authorization");
    anna.post(&path, &json!({"method": "redirect", "app": "android"})).await.expect(200);
}

async fn the_same_key_and_body_give_the_same_answer_and_one_bank_consent(world: &World) {
    let (anna, before) = (world.person(), world.at_bank("consents.create"));
    for body in [registered(), swedish("redirect"), swedish("decoupled")] {
        let key = fresh_key();
        let mut first = anna.post_keyed("/v1/consents", &body, &key).await.expect(201);
        let mut again = anna.post_keyed("/v1/consents", &body, &key).await.expect(201);
        for answer in [&mut first, &mut again] {
            // The time until the next poll is counted from each answer.
            answer["authorization"].as_object_mut().unwrap().remove("poll_after_ms");
        }
        assert_eq!(first, again);
    }
    assert_eq!(world.at_bank("consents.create") - before, 3);
    let key = fresh_key();
    let hers = anna.post_keyed("/v1/consents", &registered(), &key).await.expect(201);
    let his = world.person().post_keyed("/v1/consents", &registered(), &key).await.expect(201);
    assert_ne!(hers["consent_id"], his["consent_id"], "another owner's key is another key");
}

async fn the_same_key_with_another_body_is_refused(world: &World) {
    let (anna, key) = (world.person(), fresh_key());
    anna.post_keyed("/v1/consents", &registered(), &key).await.expect(201);
    let other = json!({"country": "SE", "psu_type": "individual", "reference": "household #8"});
    anna.post_keyed("/v1/consents", &other, &key).await.problem(422, "idempotency_key_reused");
}

async fn a_repeated_choice_gives_the_same_answer(world: &World) {
    let anna = world.person();
    for wish in [
        json!({"method": "redirect", "app": "android"}),
        json!({"method": "decoupled", "app": "android", "personal_number": ANNA}),
    ] {
        let (id, key, before) =
            (anna.start(&registered()).await.id, fresh_key(), world.at_bank("decoupled.init"));
        let path = format!("/v1/consents/{id}/authorization");
        let first = anna.post_keyed(&path, &wish, &key).await.expect(200);
        let again = anna.post_keyed(&path, &wish, &key).await.expect(200);
        assert_eq!(first["authorization"]["url"], again["authorization"]["url"]);
        assert_eq!(first["authorization"]["auto_start_token"], again["authorization"]["auto_start_token"]);
        assert!(world.at_bank("decoupled.init") - before <= 1);
        let mut other = wish.clone();
        other["app"] = json!("ios");
        anna.post_keyed(&path, &other, &key).await.problem(422, "idempotency_key_reused");
    }
}

async fn another_choice_while_one_is_under_way_is_refused(world: &World) {
    let anna = world.person();
    let id = anna.start_redirect().await.id;
    let wish = json!({"method": "redirect", "app": "android"});
    anna.post(&format!("/v1/consents/{id}/authorization"), &wish).await.problem(409, "attempt_in_progress");
}

async fn twenty_identical_starts_at_once_make_one_bank_consent(world: &World) {
    let (anna, key, before) = (world.person(), fresh_key(), world.at_bank("consents.create"));
    let (body, path) = (swedish("redirect"), "/v1/consents");
    let all = futures_util::future::join_all((0..20).map(|_| anna.post_keyed(path, &body, &key))).await;
    for answer in &all {
        assert!(answer.status == 201 || answer.json()["code"] == "start_in_flight", "{}", answer.text);
    }
    let url = |answer: &crate::world::Answer| answer.json()["authorization"]["url"].clone();
    let first = anna.post_keyed(path, &body, &key).await;
    for answer in all.iter().filter(|answer| answer.status == 201) {
        assert_eq!(url(answer), url(&first));
    }
    assert_eq!(world.at_bank("consents.create") - before, 1);
}

async fn too_late_to_choose_after_fifteen_minutes(world: &World) {
    let anna = world.person();
    let id = anna.start(&registered()).await.id;
    world.pass(15 * 60_000 + 500);
    let wish = json!({"method": "redirect", "app": "android"});
    anna.post(&format!("/v1/consents/{id}/authorization"), &wish).await.problem(409, "attempt_expired");
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!((&consent["status"], &consent["status_reason"]), (&json!("expired"), &json!("too_late")));
}
