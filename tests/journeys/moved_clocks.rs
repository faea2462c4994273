//! Clocks that jump, and two hundred days of five people. Time comes with the event, and events may lie: whatever a clock says
//! for a while, nothing is lost by it, and when it is right again everything goes on.

use crate::{
    renewal::{bankid, redirect},
    world::{
        Person, World,
        client::{ANNA, parameter, swedish},
        measure, only_in_process,
    },
};
use serde_json::{Value, json};
use simulated_bank::BankIdAction;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const DAYS: i64 = 200;

only_in_process![
    a_clock_that_jumps_breaks_nothing_and_when_it_is_right_again_everything_goes_on,
    two_hundred_days_of_five_people_are_read_renewed_revoked_and_forgotten_as_agreed,
];

/// A consent in a state that it can rest in, and what brings it on: the bank's page, or the handle.
struct Resting<'w> {
    what: &'static str,
    person: Person<'w>,
    id: String,
    way_on: Option<String>,
}

/// One in each state.
async fn standing(world: &World) -> Vec<Resting<'_>> {
    let mut all = Vec::new();
    for what in ["registered", "at the bank", "in the app", "signed", "active", "renewing", "revoked"] {
        let person = world.person();
        let (id, way_on) = match what {
            "registered" => {
                (person.start(&json!({"country": "SE", "psu_type": "individual"})).await.id, None)
            }
            "at the bank" => {
                let started = person.start_redirect().await;
                (started.id, Some(started.url))
            }
            "in the app" => {
                let order = person.post("/v1/consents", &swedish("decoupled")).await.expect(201);
                (order["consent_id"].as_str().unwrap().to_owned(), None)
            }
            "signed" => {
                let started = person.start_redirect().await;
                let link = world.browser().sign(&started.url, "se-anna").await;
                (started.id, parameter(&link, "handle"))
            }
            other => {
                let id = person.connect().await;
                match other {
                    "renewing" => drop(person.renew(&id, &redirect()).await.expect(200)),
                    "revoked" => {
                        drop(person.call("DELETE", &format!("/v1/consents/{id}")).send().await.expect(204))
                    }
                    _ => {}
                }
                (id, None)
            }
        };
        all.push(Resting { what, person, id, way_on });
    }
    all
}

/// What was under way comes to its end as if no clock had ever been wrong.
async fn goes_on(resting: Resting<'_>, case: &str) {
    let Resting { what, person, id, way_on } = resting;
    let (world, path) = (person.world, format!("/v1/consents/{id}"));
    let sign = async |url: &str| parameter(&world.browser().sign(url, "se-anna").await, "handle").unwrap();
    match what {
        "registered" => {
            let chosen = person.post(&format!("{path}/authorization"), &redirect()).await.expect(200);
            let handle = sign(chosen["authorization"]["url"].as_str().unwrap()).await;
            person.activate(&id, &handle).await.expect(200);
        }
        "at the bank" => drop(person.activate(&id, &sign(&way_on.unwrap()).await).await.expect(200)),
        "signed" => drop(person.activate(&id, &way_on.unwrap()).await.expect(200)),
        "in the app" => {
            world.bank.bankid(BankIdAction::Approve);
            world.pass(10_000);
            person.poll(&id).await.expect(200);
            person.post(&format!("{path}/activation"), &json!({})).await.expect(200);
        }
        _ => {}
    }
    let read = person.get(&format!("{path}/accounts")).await;
    let status = if what == "revoked" { 409 } else { 200 };
    assert_eq!(read.status, status, "{case}: {}", read.text);
}

/// Looks, reads and polls; nothing of it is a fault of ours, whatever the hour.
async fn used(person: &Person<'_>, id: &str, case: &str) -> Value {
    for tail in ["/accounts", "/card-accounts", "/authorization"] {
        let answer = person.get(&format!("/v1/consents/{id}{tail}")).await;
        assert!(matches!(answer.status, 200 | 404 | 409 | 503), "{case}: {} {}", answer.status, answer.text);
    }
    let polled = person.poll(id).await;
    assert!(matches!(polled.status, 200 | 404 | 409), "{case}: {}", polled.text);
    let seen = person.get(&format!("/v1/consents/{id}")).await;
    // One that has erased itself by then is unknown.
    if seen.status == 404 { Value::Null } else { seen.expect(200)["status"].clone() }
}

async fn a_clock_that_jumps_breaks_nothing_and_when_it_is_right_again_everything_goes_on(world: &World) {
    let now = || world.bank.clock().now_ms();
    let jumps = [HOUR, -HOUR, 91 * DAY, 181 * DAY, -now(), -1_000, 1_000];
    let mut cases = 0;
    for jump in jumps {
        let all = standing(world).await;
        world.pass(jump);
        let reads = world.at_bank("accounts.list");
        for Resting { what, person, id, .. } in &all {
            used(person, id, &format!("{what}, clock {jump} ms off")).await;
            cases += 1;
        }
        // Past the end of every token nobody is asked.
        assert!(jump < 91 * DAY || world.at_bank("accounts.list") == reads, "clock {jump} ms off");
        world.pass(-jump);
        for resting in all {
            let (what, case) = (resting.what, format!("{}, clock was {jump} ms off", resting.what));
            let status = used(&resting.person, &resting.id, &case).await;
            match what {
                // 91 days without a refresh and back: the tokens never were away.
                "active" | "renewing" => assert_eq!(status, "active", "{case}"),
                "revoked" => assert_eq!(status, "revoked", "{case}"),
                // A clock that ran ahead may have ended what nobody had signed or claimed in its time; then it says so.
                _ if jump >= HOUR && (status == "expired" || status == "rejected") => continue,
                _ => {}
            }
            goes_on(resting, &case).await;
        }
        // One personal number, one live order.
        world.pass(20 * MINUTE);
    }
    let ledger = world.bank.ledger();
    assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0));
    measure("clocks that jump, in every state", cases, "±1 h, +91 d, +181 d, epoch 0, ±1 s", None);
}

/// Somebody, and how they live with their consent.
struct Life<'w> {
    person: Person<'w>,
    id: String,
    /// Renews when it is time to.
    renews: bool,
    /// Signs with the app and not in the browser.
    by_app: bool,
    /// The day on which they end it.
    revokes: Option<i64>,
}

impl Life<'_> {
    async fn renew(&self, world: &World) {
        if self.by_app {
            let wish = bankid(ANNA);
            self.person.renew(&self.id, &wish).await.expect(200);
            world.bank.bankid(BankIdAction::Approve);
            world.pass(10_000);
            self.person.poll(&self.id).await.expect(200);
            self.person.post(&format!("/v1/consents/{}/activation", self.id), &json!({})).await.expect(200);
            return;
        }
        let handle = self.person.sign_renewal(&self.id, "se-anna").await;
        self.person.activate(&self.id, &handle).await.expect(200);
    }

    /// One day: a look, a read by the person, and one without.
    async fn day(&self, world: &World, day: i64) -> (usize, bool) {
        let path = format!("/v1/consents/{}", self.id);
        let seen = self.person.get(&path).await;
        if seen.status == 404 {
            return (0, false);
        }
        let seen = seen.expect(200);
        let over = self.revokes.is_some_and(|revokes| day > revokes);
        assert_eq!(over, seen["status"] == "revoked", "day {day}: {seen}");
        if self.renews && !over && seen["renewal_due"] == true {
            self.renew(world).await;
        }
        let present = self.person.get(&format!("{path}/accounts")).await;
        let alone = self.person.call("GET", &format!("{path}/accounts")).send().await;
        assert_eq!(present.status == 200, alone.status == 200, "day {day}: {} {}", present.text, alone.text);
        if self.revokes == Some(day) {
            self.person.call("DELETE", &path).send().await.expect(204);
        }
        (usize::from(present.status == 200) * 2, true)
    }
}

async fn two_hundred_days_of_five_people_are_read_renewed_revoked_and_forgotten_as_agreed(world: &World) {
    let mut lives = Vec::new();
    for (renews, by_app, revokes) in [
        (true, false, None),
        (true, true, None),
        (false, false, None),
        (true, false, Some(100)),
        (false, true, Some(3)),
    ] {
        let person = world.person();
        let id = person.connect().await;
        lives.push(Life { person, id, renews, by_app, revokes });
    }
    let mut reads = [0; 5];
    for day in 0..DAYS {
        for (life, reads) in lives.iter().zip(&mut reads) {
            *reads += life.day(world, day).await.0;
        }
        world.pass(DAY);
    }
    // Who renews reads on for ever, who does not until the refresh token ends, who revokes until then.
    assert_eq!(reads[..2], [400, 400], "{reads:?}");
    assert_eq!((reads[2], reads[3], reads[4]), (180, 202, 8), "{reads:?}");
    let ledger = world.bank.ledger();
    assert_eq!((ledger.code_reuses, ledger.refresh_reuses, ledger.early_polls), (0, 0, 0));
    for life in &lives[2..] {
        let answer = life.person.get(&format!("/v1/consents/{}", life.id)).await;
        assert_eq!(answer.status, 404, "kept for longer than agreed: {}", answer.text);
    }
    measure("days of five people", DAYS, "200", None);
}
