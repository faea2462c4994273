//! Random walks: the machine and the model take the same steps, and every answer of the machine may get lost.

use super::model::Model;
use super::states::{AttemptKind, GrantKind, copy, generation, kinds, token_sets, whole, whole_grant};
use super::steps::{Act, Shown, apply};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

const WALKS: u64 = 3_000;
const STEPS: usize = 30;

/// xorshift64*: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn act(&mut self) -> Act {
        let by = self.one_of(&[1, 2]);
        let key = self.one_of(&[1, 2]);
        let code = self.one_of(&[5, 6]);
        let rarely = self.below(8) == 0;
        let shown = self.one_of(&[Shown::Handle, Shown::OtherHandle, Shown::Nothing]);
        match self.below(32) {
            0 => Act::BeginAgain { by },
            1 => Act::Registered { by },
            2 => Act::RegisteredForRedirect { by },
            3 => Act::ChooseRedirect { key },
            4 => Act::ChooseDecoupled { key, by },
            5 => Act::ApprovalBegun { by },
            6 => Act::ChooseAgain { by },
            7 => Act::StartFailed { by, unsent: key == 1 },
            8 => Act::Cancel,
            9 => Act::NoteDenial { past: rarely },
            10 => Act::Redeem { code, by, past: rarely },
            11 => Act::Sign { code, by },
            12 => Act::RedeemFailed { by },
            13 => Act::RedeemAgain { by },
            14 => Act::Activate { shown },
            15 => Act::ClaimPoll,
            16 => Act::HoldPoll { by, foreign: rarely },
            17 => Act::ReleasePoll { foreign: rarely },
            18 => Act::ShowQr { foreign: rarely },
            19 => Act::Approved { foreign: rarely },
            20 => Act::NotApproved { foreign: rarely },
            21 => Act::RenewedByAnother,
            22 => Act::ClaimRefresh { by, stale: rarely },
            23 => Act::SettleRefresh { by, stale: rarely },
            24 => Act::ReleaseRefresh { by, stale: rarely, executed: key == 1 },
            25 => Act::Lapse { by, stale: rarely },
            26 => Act::Renew { key, by },
            29 => Act::GiveUp { stale: rarely },
            28 => Act::NoteTrouble { foreign: rarely },
            27 if rarely => Act::Revoke,
            31 if rarely => Act::Restored,
            30 => Act::RefuseUnprotected,
            _ => Act::Buried,
        }
    }

    /// Mostly a step that leads on without ending the attempt, else walks would end early; sometimes any.
    fn step(&mut self, model: &Model, now: i64) -> Act {
        let leads_on = |act| model.step(act, now).is_some_and(|next| next != *model && !next.ends(model));
        if self.below(3) == 0 {
            return self.act();
        }
        let drawn: Vec<Act> = std::iter::repeat_with(|| self.act()).take(60).collect();
        drawn.iter().copied().find(|act| leads_on(*act)).unwrap_or(drawn[0])
    }

    /// Seconds that pass: mostly one, then a lease, a signature's and an intent's lifetime, a token's, a grant's.
    fn pause(&mut self) -> i64 {
        match self.below(100) {
            0..50 => 0,
            50..85 => 1,
            85..88 => 29,
            88..91 => 30,
            91 => 5 * 60 - 1,
            92 => 5 * 60,
            93 => 15 * 60 - 30,
            94 => 15 * 60,
            95 => 86_400,
            96 => 90 * 86_400,
            _ => 2,
        }
    }
}

#[test]
fn the_machine_does_what_the_model_says_on_every_walk() {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    let first = seed.unwrap_or_else(fresh_seed);
    let (mut seen, mut taken) = (BTreeSet::new(), BTreeMap::<String, u32>::new());
    let walks = if seed.is_some() { 1 } else { WALKS };
    for number in 0..walks {
        let seed = (first.wrapping_add(number)).max(1);
        let walked = std::panic::catch_unwind(|| walk(seed));
        let Ok((states, acts)) = walked else { panic!("SEED={seed} walks this again") };
        seen.extend(states);
        for act in acts {
            *taken.entry(act).or_default() += 1;
        }
    }
    let steps: u32 = taken.values().sum();
    report(&format!("measure | the state machine against a model, walks | {walks} | ≥ 1 000 | {first}"));
    report(&format!("{walks} walks from SEED={first}: {steps} steps taken, {} kinds of state", seen.len()));
    if seed.is_none() {
        assert_eq!(taken.len(), 33, "some transition was never taken: {taken:?}");
        assert_eq!(seen.len(), 8 + 9 + 9 + 1, "some state was never reached: {seen:?}");
    }
}

/// Another one in each run, without a clock: the standard hasher is seeded by the system.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() >> 16
}

fn walk(seed: u64) -> (BTreeSet<(GrantKind, AttemptKind)>, Vec<String>) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1));
    let (mut consent, mut model, mut now) = (begun(), Model::begun(1), 0);
    let (mut seen, mut taken) = (BTreeSet::new(), Vec::new());
    for _ in 0..STEPS {
        now += dice.pause();
        let act = dice.step(&model, now);
        if model.overdue(now) && settles_whatever_the_clock(act) {
            grant_survives(&consent, act, now);
            continue;
        }
        let (done, expected) = (apply(copy(&consent), act, now), model.step(act, now));
        assert_eq!(
            done.is_ok(),
            expected.is_some(),
            "{act:?} at {now} s: {done:?}\nof {consent:?}\n{model:?}"
        );
        if let (Ok(next), Some(expected)) = (done, expected) {
            holds(&consent, &next, act, now);
            answer_lost(&next, act, now);
            taken.push(format!("{act:?}").split(' ').next().unwrap_or_default().to_owned());
            (consent, model) = (next, expected);
        }
        agree(&consent, &model, now);
        seen.insert(kinds(&consent));
    }
    (seen, taken)
}

/// Settles that look at their claim, or at their order, but not at the clock: what they bring late decides only how the
/// attempt is over, so they are held against the weaker rule that the grant survives.
fn settles_whatever_the_clock(act: Act) -> bool {
    let ends = matches!(act, Act::StartFailed { .. } | Act::RedeemFailed { .. } | Act::NotApproved { .. });
    let polls = matches!(
        act,
        Act::HoldPoll { .. } | Act::ReleasePoll { .. } | Act::ShowQr { .. } | Act::Approved { .. }
    );
    ends || polls
        || matches!(act, Act::RenewedByAnother | Act::NoteTrouble { .. } | Act::ChooseDecoupled { .. })
}

fn grant_survives(consent: &Consent, act: Act, now: i64) {
    if let (Ok(next), false) = (apply(copy(consent), act, now), matches!(act, Act::Approved { .. })) {
        assert_eq!(whole_grant(&next.grant), whole_grant(&consent.grant), "{act:?}");
        let late = next.at(at(now));
        assert!(matches!(late.attempt, Attempt::Failed { .. }), "{act:?} revived what was over: {late:?}");
    }
}

fn agree(consent: &Consent, model: &Model, now: i64) {
    let settled = model.settled(now);
    assert_eq!(consent.status(at(now)), model.status(now), "{consent:?}\n{model:?}");
    assert_eq!(kinds(&copy(consent).at(at(now))), (settled.grant, settled.attempt), "{model:?}");
    assert_eq!(consent.ordinal, model.ordinal, "each attempt has its own");
    if let Some(generation) = generation(&consent.grant) {
        assert_eq!(generation, model.generation, "{consent:?}");
    }
    let rests = usize::from(matches!(consent.grant, Grant::Active(_)));
    let waits = usize::from(matches!(consent.attempt, Attempt::Signed(_)));
    assert_eq!(token_sets(consent), rests + waits, "tokens rest only where they are of use: {consent:?}");
    let later = copy(consent).at(at(now) + INTENT_LIFETIME);
    assert!(matches!(later.attempt, Attempt::None | Attempt::Failed { .. }), "stuck: {consent:?}");
}

fn holds(before: &Consent, after: &Consent, act: Act, now: i64) {
    assert!(!matches!(before.grant, Grant::Revoked { .. }), "{act:?} at {now} s did something after the end");
    let (old, new) = (generation(&before.grant), generation(&after.grant));
    assert!(new >= old || matches!(after.grant, Grant::Revoked { .. }), "{act:?} took the generation back");
    if let (Attempt::Failed { .. }, false) =
        (&after.attempt, matches!(before.attempt, Attempt::Failed { .. }))
    {
        assert_eq!(
            whole_grant(&before.grant),
            whole_grant(&after.grant),
            "{act:?} failed and touched the grant"
        );
    }
}

/// The write happened and nobody was told: the same again finds its own result, or is refused. It never does more.
fn answer_lost(next: &Consent, act: Act, now: i64) {
    match apply(copy(next), act, now) {
        Ok(again) => assert_eq!(whole(&again), whole(next), "{act:?} twice is not {act:?} once"),
        Err(Refused::AlreadySo | Refused::AlreadySigned) => {}
        Err(refused) => {
            let expected = match act {
                Act::ChooseAgain { .. } | Act::RedeemAgain { .. } | Act::NotApproved { .. } => {
                    Refused::ClaimLost
                }
                Act::SettleRefresh { .. } | Act::ReleaseRefresh { .. } => Refused::ClaimLost,
                Act::Lapse { .. } | Act::GiveUp { .. } => Refused::GrantOver,
                // The bank consent's quarter of an hour ran out while the order was being started.
                Act::ApprovalBegun { .. } if next.failure(at(now)).is_some() => Refused::ClaimLost,
                Act::ClaimPoll => Refused::TooEarly { wait: Span::seconds(2) },
                Act::Redeem { .. } | Act::RefuseUnprotected => Refused::WrongState,
                _ => Refused::AlreadySo,
            };
            assert_eq!(refused, expected, "{act:?} does not know its own result");
        }
    }
}
