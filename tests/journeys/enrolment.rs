//! Going live, against the simulated bank: a certificate becomes a third party, an application and a client id, and with
//! that a consent is walked. What stands in the way is said in words, and nothing is half done without a word.

use crate::world::{
    SECRET, World,
    client::{Person, swedish},
    secret_of, variable_of,
};
use serde_json::{Value, json};
use shared::{
    operator::{Operator, Trouble, Verb, What},
    types::Timestamp,
};
use simulated_bank::{Again, CallKind, ClientIdentity, ClientSpec, Fault, FaultOrder, Role};

const TPP: &str = "SE-FINA-100001";
const NAMED: [(&str, &str); 3] = [
    ("ENROL_APP_NAME", "Demo"),
    ("ENROL_APP_DESCRIPTION", "Reads accounts"),
    ("ENROL_PRODUCTS", r#"{"LU":["consents","accounts"]}"#),
];

/// Runs the verb at the world's time, with these variables more.
async fn run(world: &World, more: &[(&str, &str)], verb: Verb) -> Result<(Value, bool), Trouble> {
    let now = Timestamp::from_millis(world.bank.clock().now_ms());
    let more =
        |name: &str| more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let lookup = |name: &str| more(name).or_else(|| variable_of("OperatorPolicy", &world.environment, name));
    let report = Operator::new(&lookup, now)?.run(verb).await?;
    world.search(std::slice::from_ref(&report.text));
    Ok((serde_json::from_str(&report.text).unwrap(), report.fine))
}

async fn enrol(world: &World, apply: bool) -> (Value, bool) {
    run(world, &NAMED, Verb::Enrol { what: What::Application, apply }).await.unwrap()
}

/// The secret with this certificate and this client id; without one where there is none.
fn put(world: &World, certificate: Option<&ClientIdentity>, client_id: Option<&str>, stage: &str) {
    let mut secret = secret_of(&world.bank, world.bank.pki());
    let set = secret["sets"]["main"].as_object_mut().unwrap();
    set.remove("client_id");
    set.extend(client_id.map(|id| ("client_id".to_owned(), json!(id))));
    if let Some(ClientIdentity { chain_pem, key_pem }) = certificate {
        set.insert("chain_pem".to_owned(), json!(chain_pem));
        set.insert("key_pem".to_owned(), json!(key_pem));
    }
    world.secrets.put_staged(SECRET, &secret, &[stage]).unwrap();
}

/// A world whose secret has no client id yet.
async fn unregistered() -> World {
    let world = World::in_process().await;
    put(&world, None, None, "AWSCURRENT");
    world
}

fn outcomes(told: &Value) -> Vec<(&str, &str)> {
    let text = |step: &'_ Value, name| step[name].as_str().unwrap().to_owned();
    let steps = told["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| !text(step, "call").is_empty()));
    steps.iter().map(|step| (step["step"].as_str().unwrap(), step["outcome"].as_str().unwrap())).collect()
}

fn advice(told: &Value) -> String {
    told["next"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_be_sent_is_shown_and_nothing_is_sent() {
    let world = unregistered().await;
    let (told, fine) = enrol(&world, false).await;
    assert!(fine && world.bank.ledger().connections == 0, "{told:#}");
    assert_eq!(
        (&told["certificate_names"], &told["tpp_id"], &told["applied"]),
        (&json!("PSDSE-FINA-100001"), &json!(TPP), &json!(false))
    );
    let names: Vec<_> =
        outcomes(&told).into_iter().map(|(step, outcome)| format!("{step}: {outcome}")).collect();
    let product = "product: not sent";
    assert_eq!(
        names,
        [
            "third party: not sent",
            "token of the third party: not sent",
            "application: not sent",
            product,
            product,
            product,
            product,
            "try: not sent"
        ]
    );
    let app = json!({"name": "Demo", "description": "Reads accounts", "oauthRedirectURI": "https://service.example/v1/callback"});
    assert_eq!(told["steps"][2]["sends"], json!({"app": app, "product": {"name": "consents"}}));
    assert!(advice(&told).contains("APPLY=1"), "{told:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_becomes_a_client_id_and_with_that_a_consent_is_walked_in_every_product() {
    let mut world = unregistered().await;
    let (told, fine) = enrol(&world, true).await;
    assert!(fine, "{told:#}");
    assert!(outcomes(&told).iter().all(|(_, outcome)| *outcome == "done"), "{told:#}");
    let client_id = told["client_id"].as_str().unwrap().to_owned();
    assert_ne!(client_id, crate::world::CLIENT_ID);
    assert!(advice(&told).contains(&client_id) && advice(&told).contains("sets.main"), "{told:#}");
    let enrolled = world.bank.enrolled();
    let products: Vec<_> = enrolled[0].products.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(products, ["consents", "consents-gb", "accounts", "card-accounts", "accounts-gb"]);
    // As the report says: the client id goes into the secret, and is promoted.
    put(&world, None, Some(&client_id), "AWSCURRENT");
    world.restart_functions().await;
    let (anna, before) = (world.person(), world.bank.ledger().calls.len());
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    let british = json!({"country": "GB", "psu_type": "individual"});
    anna.start(&british).await;
    let tokens = world.bank.ledger();
    assert!(tokens.calls[before..].iter().all(|call| call.refusal.is_none()), "{tokens:?}");
    // A second run finds what is there.
    let (again, fine) = enrol(&world, true).await;
    assert!(fine && again["client_id"] == json!(client_id), "{again:#}");
    assert!(outcomes(&again).iter().all(|(step, _)| *step != "application"), "{again:#}");
    assert!(advice(&again).contains("Nothing is left"), "{again:#}");
    assert_eq!(world.bank.enrolled(), enrolled, "nothing new was made");
    // Another one is made only where that is asked for; the certificate's own steps are about the one that is there.
    let anew = [NAMED[0], NAMED[1], NAMED[2], ("ENROL_NEW_APP", "1")];
    let verb = Verb::Enrol { what: What::Certificate, apply: false };
    let (shown, _) = run(&world, &anew, verb).await.unwrap();
    assert_eq!(outcomes(&shown).len(), 2, "{shown:#}");
    let verb = Verb::Enrol { what: What::Application, apply: true };
    let (another, fine) = run(&world, &anew, verb).await.unwrap();
    assert!(fine && advice(&another).contains("Do not run this again"), "{another:#}");
    assert_eq!(world.bank.enrolled().len(), 2);
    // And so it does where the bank says that it has it.
    world.bank.change_switches(|switches| {
        switches.third_party_again = Again::Conflict;
        switches.subscription_again = Again::Conflict;
    });
    let (again, fine) = enrol(&world, true).await;
    assert!(fine && outcomes(&again)[0].1.contains("already"), "{again:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_is_not_subscribed_is_told_so_and_reads_nothing() {
    let mut world = unregistered().await;
    let short = [
        NAMED[0],
        NAMED[1],
        ("ENROL_PRODUCTS", r#"{"SE":["consents"],"NL":["consents"],"GB":["consents"],"LU":["consents"]}"#),
    ];
    let (told, fine) =
        run(&world, &short, Verb::Enrol { what: What::Application, apply: true }).await.unwrap();
    assert!(fine, "{told:#}");
    put(&world, None, told["client_id"].as_str(), "AWSCURRENT");
    world.restart_functions().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(503, "bank_refused_us");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_takes_over_and_requests_go_on_once_it_is_promoted() {
    let mut world = unregistered().await;
    let (told, _) = enrol(&world, true).await;
    let client_id = told["client_id"].as_str().unwrap().to_owned();
    put(&world, None, Some(&client_id), "AWSCURRENT");
    world.restart_functions().await;
    let (spec, id) = {
        let anna = world.person();
        let id = anna.connect().await;
        (anna.spec, id)
    };
    let newer = world.bank.pki().issue_client(&ClientSpec::default()).unwrap();
    put(&world, Some(&newer), Some(&client_id), "AWSPENDING");
    let verb = |apply| Verb::Enrol { what: What::Certificate, apply };
    let (shown, fine) = run(&world, &[], verb(false)).await.unwrap();
    assert!(fine && shown["secret_stage"] == "AWSPENDING", "{shown:#}");
    assert_eq!(outcomes(&shown), [("certificate", "not sent"), ("try", "not sent")]);
    let (told, fine) = run(&world, &[], verb(true)).await.unwrap();
    assert!(fine && advice(&told).contains("Promote this version"), "{told:#}");
    put(&world, Some(&newer), Some(&client_id), "AWSCURRENT");
    world.restart_functions().await;
    let anna = Person { world: &world, spec };
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    anna.start(&swedish("redirect")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_the_bank_does_not_take_enrols_nothing_and_is_named() {
    let world = unregistered().await;
    let pki = world.bank.pki();
    let foreign = pki.other_ca().unwrap();
    let foreign = ClientIdentity {
        chain_pem: foreign.client_chain_pem().to_owned(),
        key_pem: foreign.client_key_pem().to_owned(),
    };
    put(&world, Some(&foreign), None, "AWSCURRENT");
    let (told, fine) = enrol(&world, true).await;
    assert!(!fine && outcomes(&told)[0].1.starts_with("refused in the handshake"), "{told:#}");
    assert!(advice(&told).contains("PSP_AI") && advice(&told).contains("Nothing new was made"), "{told:#}");
    assert!(outcomes(&told)[1..].iter().all(|(_, outcome)| *outcome == "not sent"), "{told:#}");
    // One without the role is turned away by the bank itself.
    let pays = ClientSpec { role: Role::PaymentInitiation, ..ClientSpec::default() };
    put(&world, Some(&pki.issue_client(&pays).unwrap()), None, "AWSCURRENT");
    let (told, fine) = enrol(&world, true).await;
    assert!(!fine && outcomes(&told)[0].1 == "refused with status 403", "{told:#}");
    assert!(advice(&told).contains("PSP_AI"), "{told:#}");
    assert!(world.bank.enrolled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_or_silence_in_the_place_of_an_answer_is_said_and_no_second_application_is_made_unasked() {
    for (fault, words) in [
        (Fault::RequestRejected, "something else than is documented"),
        (Fault::Html, "something else than is documented"),
        (Fault::AnswerLost, "whether it was executed is not known"),
        (Fault::InternalError, "whether it was executed is not known"),
    ] {
        let world = unregistered().await;
        world.bank.fault(FaultOrder::next(CallKind::ThirdPartiesCreate, fault.clone()));
        let (told, fine) = enrol(&world, true).await;
        assert!(!fine && outcomes(&told)[0].1.contains(words), "{fault:?} {told:#}");
        assert!(advice(&told).contains("run this again"), "{told:#}");
        world.bank.fault(FaultOrder::next(CallKind::Subscribe, fault.clone()));
        let (told, fine) = enrol(&world, true).await;
        assert!(!fine && outcomes(&told)[2].1.contains(words), "{fault:?} {told:#}");
        assert!(advice(&told).contains("would make another application"), "{told:#}");
        assert_eq!(told["client_id"], Value::Null);
        assert_eq!(world.at_bank("subscriptions"), 1, "sent once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_off_after_the_application_was_made_goes_on_with_its_client_id() {
    let world = unregistered().await;
    world.bank.fault(FaultOrder { skip: 2, ..FaultOrder::next(CallKind::Subscribe, Fault::Unavailable) });
    let (told, fine) = enrol(&world, true).await;
    assert!(!fine, "{told:#}");
    let client_id = told["client_id"].as_str().unwrap().to_owned();
    assert!(
        advice(&told).contains(&client_id) && advice(&told).contains("what is missing is sent"),
        "{told:#}"
    );
    assert_eq!(world.bank.enrolled()[0].products.len(), 2);
    put(&world, None, Some(&client_id), "AWSPENDING");
    let (told, fine) = enrol(&world, true).await;
    assert!(fine && told["secret_stage"] == "AWSPENDING", "{told:#}");
    let enrolled = world.bank.enrolled();
    assert_eq!((enrolled.len(), enrolled[0].products.len()), (1, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_enrolment_has_to_be_told_is_asked_for_and_nothing_is_sent_without_it() {
    let world = unregistered().await;
    let verb = Verb::Enrol { what: What::Application, apply: true };
    for (wrong, says) in [
        (vec![], "ENROL_APP_NAME"),
        (vec![NAMED[0], NAMED[1], ("ENROL_PRODUCTS", "[]")], "ENROL_PRODUCTS"),
        (vec![NAMED[0], NAMED[1], ("ENROL_SET", "other")], "ENROL_SET"),
        (
            vec![NAMED[0], NAMED[1], ("BANK_THIRD_PARTIES_URL", "https://bank.example/x")],
            "BANK_THIRD_PARTIES_URL",
        ),
        (vec![("BANK_ENVIRONMENT", "sandbox")], "sandbox"),
    ] {
        let trouble = run(&world, &wrong, verb).await.unwrap_err();
        assert!(trouble.to_string().contains(says), "{says}: {trouble}");
    }
    assert_eq!(world.bank.ledger().connections, 0);
    // A country of which a product's name is unknown: half an application is none.
    let (told, fine) = run(&world, &NAMED[..2], verb).await.unwrap();
    assert!(!fine && advice(&told).contains("LU"), "{told:#}");
    assert_eq!(world.bank.ledger().connections, 0);
}
