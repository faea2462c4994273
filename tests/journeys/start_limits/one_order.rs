//! A personal number has one live BankID order: whose start gives way to whose.

use super::{assert_retry_after, counted, live_orders, registered, without_limits};
use crate::{
    races::until,
    renewal::bankid,
    world::{
        World,
        client::{ANNA, Person, swedish},
    },
};
use futures_util::future::{join, join_all};
use serde_json::Value;
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder};

fn id(consent: &Value) -> &str {
    consent["consent_id"].as_str().unwrap()
}

/// Cancels an order, or declines, or approves and lets the app ask.
async fn end(world: &World, person: &Person<'_>, order: &Value, how: &str) {
    let path = format!("/v1/consents/{}", id(order));
    match how {
        "cancelled" => {
            let answer = person.call("DELETE", &format!("{path}/authorization")).send().await;
            assert_eq!(answer.status, 204);
        }
        "erased" => assert_eq!(person.call("DELETE", "/v1/consents").send().await.status, 204),
        _ => {
            let approved = how == "active";
            world.bank.bankid(if approved { BankIdAction::Approve } else { BankIdAction::Deny });
            world.pass(2_500);
            assert_eq!(person.poll(id(order)).await.expect(200)["status"], how);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_order_stays_until_it_cannot_live_any_more_and_nothing_is_said_of_it() {
    let world = without_limits().await;
    let (anna, other) = (world.person(), world.person());
    let order = anna.start_decoupled().await;
    let before = world.bank.ledger().calls.len();
    let refused = other.post("/v1/consents", &swedish("decoupled")).await;
    assert_retry_after(&refused, 3 * 60);
    let problem = refused.clone().problem(409, "order_in_progress");
    assert_eq!((&problem["action_by"], &problem["retryable"]), (&"psu".into(), &true.into()));
    assert!(!refused.text.contains(id(&order)) && problem["consent_id"].is_null(), "{problem}");
    assert_eq!(world.bank.ledger().calls.len(), before);
    assert_eq!((live_orders(&world), counted(&world).await), (1, vec![1, 1]), "a refused start counts not");
    world.pass(3 * 60_000 + 30_000);
    other.start_decoupled().await;
    world.search_table().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_start_of_the_same_person_ends_the_older_and_its_order_at_the_bank() {
    let world = without_limits().await;
    let anna = world.person();
    let older = anna.start_decoupled().await;
    let before = world.exchanges();
    let newer = anna.start_decoupled().await;
    let after = world.exchanges();
    assert_eq!((after.0 - before.0, after.1 - before.1), (3, 5), "cancel; look, end, and claim again");
    assert_eq!((world.at_bank("decoupled.cancel"), live_orders(&world)), (1, 1));
    let standing = anna.get(&format!("/v1/consents/{}", id(&older))).await.expect(200);
    assert_eq!((&standing["status"], &standing["status_reason"]), (&"rejected".into(), &"cancelled".into()));
    end(&world, &anna, &newer, "active").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_has_ended_is_in_nobodys_way() {
    let world = without_limits().await;
    for how in ["active", "cancelled", "rejected", "erased"] {
        let (anna, other) = (world.person(), world.person());
        let order = anna.start_decoupled().await;
        end(&world, &anna, &order, how).await;
        world.bank.bankid_by_default(BankIdAction::Ignore);
        let cancels = world.at_bank("decoupled.cancel");
        let taken_over = other.start_decoupled().await;
        assert_eq!(taken_over["status"], "awaiting_approval", "{how}");
        assert_eq!(world.at_bank("decoupled.cancel"), cancels, "{how}: nothing was left to cancel");
        end(&world, &other, &taken_over, "cancelled").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_failed_is_in_nobodys_way() {
    let world = without_limits().await;
    for (fault, code) in [
        (FaultOrder::next(CallKind::ConsentsCreate, Fault::Unavailable), "bank_unavailable"),
        (FaultOrder::next(CallKind::DecoupledInit, Fault::Unavailable), "bank_unavailable"),
        (FaultOrder::next(CallKind::DecoupledInit, Fault::AnswerLost), "start_unknown"),
    ] {
        let (anna, other) = (world.person(), world.person());
        world.bank.fault(fault);
        let failed = anna.post("/v1/consents", &swedish("decoupled")).await;
        assert_eq!(failed.json()["code"], code);
        let order = other.start_decoupled().await;
        end(&world, &other, &order, "cancelled").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bankid_chosen_on_a_registered_consent_needs_the_number_free_too() {
    let world = without_limits().await;
    let (anna, other) = (world.person(), world.person());
    let wish = swedish("decoupled")["authorization"].clone();
    let path = |consent: &str| format!("/v1/consents/{consent}/authorization");
    let first = path(&anna.start(&registered()).await.id);
    anna.post(&first, &wish).await.expect(200);
    let consent = other.start(&registered()).await.id;
    other.post(&path(&consent), &wish).await.problem(409, "order_in_progress");
    let standing = other.get(&format!("/v1/consents/{consent}")).await.expect(200);
    assert_eq!(standing["status"], "created", "nothing was written");
    let second = path(&anna.start(&registered()).await.id);
    anna.post(&second, &wish).await.expect(200);
    assert_eq!((world.at_bank("decoupled.cancel"), live_orders(&world)), (1, 1));
    assert_eq!(anna.call("DELETE", &second).send().await.status, 204);
    other.post(&path(&consent), &wish).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_with_bankid_needs_the_number_free_counts_and_gives_way_without_touching_the_grant() {
    let world = without_limits().await;
    let (anna, other) = (world.person(), world.person());
    let connected = anna.connect().await;
    let order = other.start_decoupled().await;
    anna.renew(&connected, &bankid(ANNA)).await.problem(409, "order_in_progress");
    end(&world, &other, &order, "cancelled").await;
    anna.renew(&connected, &bankid(ANNA)).await.expect(200);
    assert_eq!(counted(&world).await, [1, 1, 2]);
    let newer = anna.start_decoupled().await;
    let standing = anna.get(&format!("/v1/consents/{connected}")).await.expect(200);
    let attempt = &standing["authorization"];
    assert_eq!((&standing["status"], &attempt["reason"]), (&"active".into(), &"cancelled".into()));
    assert!(!anna.account_ids(&connected).await.is_empty(), "the grant reads on");
    anna.renew(&connected, &bankid(ANNA)).await.expect(200);
    let standing = anna.get(&format!("/v1/consents/{}", id(&newer))).await.expect(200);
    assert_eq!(standing["status_reason"], "cancelled");
    assert_eq!((world.at_bank("decoupled.cancel"), live_orders(&world)), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_starts_for_one_number_by_twenty_people_at_once_make_one_order() {
    let world = without_limits().await;
    world.person().start_redirect().await;
    let people: Vec<_> = (0..20).map(|_| world.person()).collect();
    let body = swedish("decoupled");
    let answers = join_all(people.iter().map(|person| person.post("/v1/consents", &body))).await;
    let begun = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.text.contains("order_in_progress")).count();
    assert_eq!((begun, refused), (1, 19), "{answers:?}");
    assert_eq!((world.at_bank("decoupled.init"), live_orders(&world)), (1, 1));
    assert_eq!(counted(&world).await, [1, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_different_starts_by_one_person_at_once_one_order_lives() {
    let world = without_limits().await;
    let anna = world.person();
    let body = swedish("decoupled");
    let answers = join_all((0..20).map(|_| anna.post("/v1/consents", &body))).await;
    assert!(answers.iter().any(|answer| answer.status == 201), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert!([409, 503].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(live_orders(&world), 1, "{:?}", world.bank.orders());
    let list = anna.get("/v1/consents").await.expect(200);
    let waiting = list["consents"].as_array().unwrap().iter();
    assert_eq!(waiting.filter(|consent| consent["status"] == "awaiting_approval").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_begins_while_a_newer_start_supersedes_it_is_cancelled_at_the_bank() {
    let world = without_limits().await;
    let anna = world.person();
    anna.start_redirect().await;
    world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::HeaderStall { ms: 1500 }));
    let newer = async {
        until("the older start is claimed", || world.table_proxy.count("TransactWriteItems") > 0).await;
        until("its order is asked for", || world.at_bank("consents.create") > 1).await;
        anna.post("/v1/consents", &swedish("decoupled")).await
    };
    let (older, newer) = join(anna.post("/v1/consents", &swedish("decoupled")), newer).await;
    older.problem(409, "attempt_over");
    newer.expect(201);
    assert_eq!(live_orders(&world), 1, "{:?}", world.bank.orders());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_limits_and_guards_hold_hashes_and_instants_and_end_by_themselves() {
    let world = without_limits().await;
    let order = world.person().start_decoupled().await;
    let dump = world.dump().await;
    let rows = dump.as_array().unwrap().iter();
    let mut seen = 0;
    for row in rows.filter(|row| row["sk"]["S"] == "starts" || row["sk"]["S"] == "guard") {
        assert!(row["ttl"]["N"].is_string() && row["o"].is_null(), "{row}");
        assert!(!row.to_string().contains(ANNA));
        seen += 1;
        if row["sk"]["S"] == "guard" {
            assert_eq!((&row["c"]["S"], &row["n"]["N"]), (&order["consent_id"], &"1".into()));
        }
    }
    assert_eq!(seen, 3, "owner, number, guard");
    world.search_table().await;
}
