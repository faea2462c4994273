//! Accounts whose balances are not in the list are asked for side by side, and never more than sixteen at a time.

use crate::world::{Setting, World};
use serde_json::json;
use simulated_bank::{CallKind, Fault, FaultOrder};

const ACCOUNTS: usize = 60;

/// Calls at the bank for one read of sixty accounts, how many were under way at a time, and connections.
async fn read(http2: bool) -> (usize, u64, u64) {
    let mut setting = Setting::default();
    let switches = &mut setting.bank.switches;
    (switches.http2, switches.list_has_balances, switches.further_accounts) = (http2, false, ACCOUNTS - 1);
    let world = World::with(setting).await;
    let sanne = world.person();
    let body = json!({"country": "NL", "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}});
    let id = sanne.connect_as(&body, "nl-sanne").await;
    // Long enough for all that are sent at a time to be there at a time.
    let slow = FaultOrder::next(CallKind::AccountsOne, Fault::Delay { ms: 50 });
    world.bank.fault(FaultOrder { times: 1_000, ..slow });
    world.bank.clear_ledger();
    let read = sanne.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let accounts = read["accounts"].as_array().unwrap();
    assert!(
        accounts.len() == ACCOUNTS && accounts.iter().all(|account| account["balances"].is_array()),
        "{read}"
    );
    let ledger = world.bank.ledger();
    (ledger.calls.len(), ledger.most_under_way, ledger.connections)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_are_asked_for_over_one_connection_where_the_bank_speaks_http_2() {
    let (calls, at_a_time, connections) = read(true).await;
    assert_eq!((calls, connections), (1 + ACCOUNTS, 1));
    assert!((2..=16).contains(&at_a_time), "{at_a_time} at a time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_are_asked_for_sixteen_at_a_time_over_http_1_too() {
    let (calls, at_a_time, _) = read(false).await;
    assert_eq!(calls, 1 + ACCOUNTS);
    assert!((2..=16).contains(&at_a_time), "{at_a_time} at a time");
}
