//! One request of each kind, with everything that stands before it: what faults are tried on.

use crate::{
    renewal::{bankid, redirect},
    world::{
        Answer, Person, World,
        client::{ANNA, fresh_key, parameter, swedish},
    },
};
use serde_json::{Value, json};
use simulated_bank::BankIdAction;
use std::collections::BTreeSet;

const HOUR: i64 = 3_600_000;

/// A path: what stands before, and the one request that the faults meet.
pub(crate) const PATHS: &[&str] = &[
    "start",
    "start, no app token",
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
    "cancel decoupled",
    "revoke",
    "erase",
    "read",
    "read the authorization",
    "list",
    "accounts",
    "accounts, refreshed",
    "accounts, unattended",
    "account",
    "transactions",
    "cards",
    "card account",
    "card transactions",
    "health",
];

/// Everything that stands before a path's request, and the request.
pub(crate) struct Scene<'w> {
    world: &'w World,
    pub(crate) person: Person<'w>,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    body: Option<Value>,
    /// Of the request, when nothing goes wrong.
    pub(crate) status: u16,
    unattended: bool,
    /// Its `Idempotency-Key`: every time the same, as of a caller who got no answer.
    key: String,
}

/// Method, path, body and status of a request.
type Asked = (&'static str, String, Option<Value>, u16);

fn of(id: &str, tail: &str) -> String {
    format!("/v1/consents/{id}{tail}")
}

impl<'w> Scene<'w> {
    /// Of a person of its own.
    pub(crate) async fn set(world: &'w World, path: &str) -> Self {
        Self::of(world.person(), path).await
    }

    pub(crate) async fn of(person: Person<'w>, path: &str) -> Self {
        let world = person.world;
        let (method, asked, body, status) = match path.split_once(' ').map_or(path, |(first, _)| first) {
            "start" | "start," => starts(world, path),
            "choose" | "renew" => chooses(&person, path).await,
            "callback" => comes_back(world, &person, path).await,
            "poll" | "cancel" => follows(world, &person, path).await,
            "activation" => activates(world, &person, path).await,
            "revoke" | "erase" | "read" | "list" => looks(&person, path).await,
            "health" => ("GET", "/v1/health".to_owned(), None, 200),
            _ => reads(world, &person, path).await,
        };
        let unattended = path == "accounts, unattended";
        Self { world, person, method, path: asked, body, status, unattended, key: fresh_key() }
    }

    /// The request; again the same.
    pub(crate) async fn send(&self) -> Answer {
        let callback = self.path.starts_with("/v1/callback");
        let mut request = match (callback, self.unattended) {
            (true, _) => self.world.call(self.method, &self.path),
            (false, true) => self.person.call(self.method, &self.path),
            (false, false) => self.person.present(self.method, &self.path),
        };
        if let Some(body) = &self.body {
            request = request.header("content-type", "application/json").body(body.to_string());
            request = request.header("idempotency-key", &self.key);
        }
        request.send().await
    }

    /// Whether it reads data of the bank.
    pub(crate) fn reads_data(&self) -> bool {
        self.path.contains("accounts")
    }

    /// Whether it ends a grant for good.
    pub(crate) fn ends_grants(&self) -> bool {
        self.method == "DELETE" && !self.path.ends_with("/authorization")
    }

    /// Whether it is counted as read without the person.
    pub(crate) fn is_unattended(&self) -> bool {
        self.unattended
    }

    /// The route of the template that it meets.
    fn route(&self) -> String {
        let path: Vec<&str> = self.path.split('?').next().unwrap().split('/').collect();
        let fits = |route: &str| {
            let parts: Vec<&str> = route.split('/').collect();
            let fits = |(part, given): (&&str, &&str)| part.starts_with('{') || part == given;
            parts.len() == path.len() && parts.iter().zip(&path).all(fits)
        };
        let routes = self.world.door.routes().iter();
        let mut all: Vec<_> =
            routes.filter(|route| route.method == self.method && fits(&route.path)).collect();
        // What is named goes before what is filled in.
        all.sort_by_key(|route| route.path.matches('{').count());
        all.first().unwrap_or_else(|| panic!("no route for {} {}", self.method, self.path)).key()
    }

    /// Ends what stands in the next scene's way: a person's number has one live order.
    pub(crate) async fn strike(&self) {
        self.person.call("DELETE", "/v1/consents").send().await;
    }
}

fn starts(world: &World, path: &str) -> Asked {
    let body = match path {
        "start redirect" => swedish("redirect"),
        "start decoupled" => swedish("decoupled"),
        _ => json!({"country": "SE", "psu_type": "individual"}),
    };
    if path == "start, no app token" {
        world.pass(25 * HOUR);
    }
    ("POST", "/v1/consents".to_owned(), Some(body), 201)
}

async fn chooses(person: &Person<'_>, path: &str) -> Asked {
    let id = match path.split_once(' ') {
        Some(("choose", _)) => person.start(&json!({"country": "SE", "psu_type": "individual"})).await.id,
        _ => person.connect().await,
    };
    let wish = if path.ends_with("redirect") { redirect() } else { bankid(ANNA) };
    ("POST", of(&id, "/authorization"), Some(wish), 200)
}

async fn comes_back(world: &World, person: &Person<'_>, path: &str) -> Asked {
    let url = person.start_redirect().await.url;
    let browser = world.browser();
    let location = match path {
        "callback" => browser.approve(&url, "se-anna").await,
        _ => browser.deny(&url).await,
    };
    let (_, query) = location.split_once('?').unwrap();
    ("GET", format!("/v1/callback?{query}"), None, 303)
}

async fn follows(world: &World, person: &Person<'_>, path: &str) -> Asked {
    if path == "cancel" {
        return ("DELETE", of(&person.start_redirect().await.id, "/authorization"), None, 204);
    }
    let order = person.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    if path == "cancel decoupled" {
        return ("DELETE", of(id, "/authorization"), None, 204);
    }
    if path == "poll done" {
        world.bank.bankid(BankIdAction::Approve);
    }
    // Longer than any start takes on a busy machine, and shorter than the PSU has to open the app.
    world.pass(10_000);
    ("POST", of(id, "/authorization/poll"), None, 200)
}

async fn activates(world: &World, person: &Person<'_>, path: &str) -> Asked {
    let (id, handle) = if path == "activation" {
        let started = person.start_redirect().await;
        let link = world.browser().sign(&started.url, "se-anna").await;
        (started.id, parameter(&link, "handle"))
    } else {
        let id = person.connect().await;
        person.account_ids(&id).await;
        let handle = person.sign_renewal(&id, "se-anna").await;
        (id, Some(handle))
    };
    ("POST", of(&id, "/activation"), Some(json!({"handle": handle})), 200)
}

async fn looks(person: &Person<'_>, path: &str) -> Asked {
    let id = person.connect().await;
    match path {
        "revoke" => ("DELETE", of(&id, ""), None, 204),
        "read" => ("GET", of(&id, ""), None, 200),
        "erase" => ("DELETE", "/v1/consents".to_owned(), None, 204),
        "read the authorization" => ("GET", of(&id, "/authorization"), None, 200),
        _ => ("GET", "/v1/consents".to_owned(), None, 200),
    }
}

async fn reads(world: &World, person: &Person<'_>, path: &str) -> Asked {
    let id = person.connect().await;
    let rows = "/transactions?date_from=2026-01-01&date_to=2026-01-15";
    let (list, one) = if path.starts_with("card") {
        ("/card-accounts", "card_accounts")
    } else {
        ("/accounts", "accounts")
    };
    let mut tail = list.to_owned();
    if matches!(path, "account" | "transactions" | "card account" | "card transactions") {
        let listed = person.get(&of(&id, list)).await.expect(200);
        let account = listed[one][0]["account_id"].as_str().unwrap();
        tail = format!("{list}/{account}{}", if path.ends_with("account") { "" } else { rows });
    }
    if path == "accounts, refreshed" {
        world.pass(25 * HOUR);
    }
    ("GET", of(&id, &tail), None, 200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_template_has_a_path() {
    let world = World::in_process().await;
    let mut met = BTreeSet::new();
    for path in PATHS {
        let scene = Scene::set(&world, path).await;
        met.insert(scene.route());
        scene.strike().await;
    }
    let routes: BTreeSet<String> = world.door.routes().iter().map(cloud::Route::key).collect();
    assert_eq!(met, routes);
}
