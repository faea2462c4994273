//! One fault of the table at each exchange of each path: throttled, failed, lost on the way, **written but the answer
//! lost**, slow. The SDK sends again, and what was written already is recognised: the caller notices nothing, the bank is
//! asked as often as without.

use crate::{
    renewal::{bankid, redirect},
    world::{
        Answer, Person, World,
        client::{ANNA, fresh_key, parameter, swedish},
    },
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulated_bank::BankIdAction;

/// A path: what stands before, and the one request that the faults meet.
const PATHS: &[&str] = &[
    "start",
    "start redirect",
    "start decoupled",
    "choose redirect",
    "choose decoupled",
    "renew redirect",
    "renew decoupled",
    "callback",
    "callback with an error",
    "poll pending",
    "poll done",
    "activation",
    "activation of a renewal",
    "cancel",
    "revoke",
    "read",
    "list",
    "accounts",
    "accounts, refreshed",
    "accounts, unattended",
];

/// The slow one outlasts the time of one try: it is sent again while the first is still under way, and executed twice.
const KINDS: [FaultKind; 5] = [
    FaultKind::Throttled,
    FaultKind::ServerError,
    FaultKind::RequestLost,
    FaultKind::AnswerLost,
    FaultKind::Slow(1_200),
];

/// Everything that stands before a path's request: the method, the path, the body, and the status it is to have.
struct Scene<'w> {
    world: &'w World,
    person: Person<'w>,
    method: &'static str,
    path: String,
    body: Option<Value>,
    status: u16,
    unattended: bool,
}

impl<'w> Scene<'w> {
    async fn set(world: &'w World, path: &str) -> Self {
        let person = world.person();
        let scene = |method, path: String, body: Option<Value>, status| Scene {
            world,
            person: Person::new(world, String::new()),
            method,
            path,
            body,
            status,
            unattended: false,
        };
        let of = |id: &str, tail: &str| format!("/v1/consents/{id}{tail}");
        let registered = json!({"country": "SE", "psu_type": "individual"});
        let mut set = match path {
            "start" => scene("POST", "/v1/consents".to_owned(), Some(registered), 201),
            "start redirect" => scene("POST", "/v1/consents".to_owned(), Some(swedish("redirect")), 201),
            "start decoupled" => scene("POST", "/v1/consents".to_owned(), Some(swedish("decoupled")), 201),
            "choose redirect" | "choose decoupled" => {
                let id = person.start(&registered).await.id;
                let wish = if path == "choose redirect" { redirect() } else { bankid(ANNA) };
                scene("POST", of(&id, "/authorization"), Some(wish), 200)
            }
            "renew redirect" | "renew decoupled" => {
                let id = person.connect().await;
                let wish = if path == "renew redirect" { redirect() } else { bankid(ANNA) };
                scene("POST", of(&id, "/authorization"), Some(wish), 200)
            }
            "callback" | "callback with an error" => {
                let url = person.start_redirect().await.url;
                let browser = world.browser();
                let location = match path {
                    "callback" => browser.approve(&url, "se-anna").await,
                    _ => browser.deny(&url).await,
                };
                let (_, query) = location.split_once('?').unwrap();
                scene("GET", format!("/v1/callback?{query}"), None, 303)
            }
            "poll pending" | "poll done" => {
                let order = person.start_decoupled().await;
                if path == "poll done" {
                    world.bank.bankid(BankIdAction::Approve);
                }
                // Longer than any start takes on a busy machine, and shorter than the PSU has to open the app.
                world.pass(10_000);
                let id = order["consent_id"].as_str().unwrap();
                scene("POST", of(id, "/authorization/poll"), None, 200)
            }
            "activation" => {
                let started = person.start_redirect().await;
                let link = world.browser().sign(&started.url, "se-anna").await;
                let handle = json!({"handle": parameter(&link, "handle")});
                scene("POST", of(&started.id, "/activation"), Some(handle), 200)
            }
            "activation of a renewal" => {
                let id = person.connect().await;
                person.account_ids(&id).await;
                let handle = json!({"handle": person.sign_renewal(&id, "se-anna").await});
                scene("POST", of(&id, "/activation"), Some(handle), 200)
            }
            "cancel" => {
                let id = person.start_redirect().await.id;
                scene("DELETE", of(&id, "/authorization"), None, 204)
            }
            other => {
                let id = person.connect().await;
                match other {
                    "revoke" => scene("DELETE", of(&id, ""), None, 204),
                    "read" => scene("GET", of(&id, ""), None, 200),
                    "list" => scene("GET", "/v1/consents".to_owned(), None, 200),
                    _ => {
                        if other == "accounts, refreshed" {
                            world.pass(25 * 3_600_000);
                        }
                        scene("GET", of(&id, "/accounts"), None, 200)
                    }
                }
            }
        };
        set.unattended = path == "accounts, unattended";
        set.person = person;
        set
    }

    async fn send(&self) -> Answer {
        let callback = self.path.starts_with("/v1/callback");
        let mut request = match (callback, self.unattended) {
            (true, _) => self.world.call(self.method, &self.path),
            (false, true) => self.person.call(self.method, &self.path),
            (false, false) => self.person.present(self.method, &self.path),
        };
        if let Some(body) = &self.body {
            request = request.header("content-type", "application/json").body(body.to_string());
            request = request.header("idempotency-key", &fresh_key());
        }
        request.send().await
    }

    /// Ends what stands in the next scene's way: a person's number has one live order.
    async fn strike(self) {
        self.person.call("DELETE", "/v1/consents").send().await;
    }
}

/// These faults at all exchanges of one path, one after another in a world of its own; how many there were.
async fn strike_everywhere(path: &'static str, kinds: &[FaultKind]) -> usize {
    let world = World::in_process().await;
    world.person().start_redirect().await;
    let scene = Scene::set(&world, path).await;
    let (bank, table) = world.exchanges();
    assert_eq!(scene.send().await.status, scene.status, "{path}");
    let after = world.exchanges();
    let (calls, exchanges) = (after.0 - bank, after.1 - table);
    scene.strike().await;
    for skip in 0..exchanges {
        for &kind in kinds {
            let what = format!("{path}: {kind:?} at exchange {} of {exchanges}", skip + 1);
            let scene = Scene::set(&world, path).await;
            let (bank, _) = world.exchanges();
            let skip = u32::try_from(skip).unwrap();
            world.table_proxy.fault(ProxyFault { operation: None, kind, times: 1, skip });
            let answer = scene.send().await;
            assert_eq!(answer.status, scene.status, "{what}: {}", answer.text);
            assert_eq!(world.exchanges().0 - bank, calls, "{what}: calls at the bank");
            world.table_proxy.reset();
            scene.strike().await;
        }
    }
    let ledger = world.bank.ledger();
    assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0), "{path}");
    exchanges * kinds.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fault_of_the_table_at_any_exchange_of_any_path_is_noticed_by_nobody() {
    // The quick kinds beside the slow one, and all paths beside each other: most of it is waiting.
    let worlds = PATHS.iter().flat_map(|path| KINDS.chunks(3).map(|kinds| strike_everywhere(path, kinds)));
    let cases: usize = join_all(worlds).await.iter().sum();
    crate::world::report(&format!("{cases} single faults of the table over {} paths", PATHS.len()));
}
