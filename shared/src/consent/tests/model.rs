//! The consent as the design's tables draw it: two plain enums and a few numbers, written without a look at the code.
//! `None` is a refusal. Seconds count from the beginning.

use super::states::{AttemptKind, GrantKind};
use super::steps::{Act, LEASE, Shown};
use super::*;

const TO_SIGN: i64 = 15 * 60;
const TO_CLAIM: i64 = 5 * 60;
const REFRESH_TOKEN: i64 = 90 * 86_400;

/// What a reader of the tables would keep on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) grant: GrantKind,
    pub(super) attempt: AttemptKind,
    /// When the attempt is over by itself.
    pub(super) due: i64,
    /// Token sets so far.
    pub(super) generation: u32,
    /// The bank consent's birth, the claimer, the code, the key of the start, the next poll: of the present attempt.
    made: i64,
    holder: u8,
    code: u8,
    key: u8,
    next_poll: i64,
    denied: bool,
    /// Whether the bank's trouble has been noted in this attempt.
    troubled: bool,
    /// Of a signature or grant: whether a handle claims it.
    by_handle: bool,
    /// Of a failure: it came too late; the request never left; another customer signed.
    late: bool,
    unsent: bool,
    another: bool,
    pub(super) ordinal: u16,
    /// Of the grant: its attempt, its end, and who refreshes until when.
    granted: u16,
    ends: i64,
    refreshing: Option<(u8, i64)>,
    /// How often the refresh token may have been sent without an answer.
    uses: u8,
}

use AttemptKind as A;
use GrantKind as G;

impl Model {
    /// A start that `by` has claimed.
    pub(super) fn begun(by: u8) -> Self {
        Self {
            grant: G::None,
            attempt: A::Registering,
            due: LEASE,
            holder: by,
            ordinal: 1,
            generation: 0,
            made: 0,
            code: 0,
            key: 0,
            next_poll: 0,
            denied: false,
            troubled: false,
            by_handle: false,
            late: false,
            unsent: false,
            another: false,
            granted: 0,
            ends: 0,
            refreshing: None,
            uses: 0,
        }
    }

    /// Whether time has ended the attempt.
    pub(super) fn overdue(&self, now: i64) -> bool {
        !matches!(self.attempt, A::None | A::Failed) && (now >= self.due || self.too_late(now))
    }

    /// Whether the bank has forgotten what was to be signed, while somebody still works on it.
    fn too_late(&self, now: i64) -> bool {
        matches!(self.attempt, A::Initiating | A::Redeeming) && now >= self.made + TO_SIGN
    }

    /// Whether it comes from `before` by an end: of the attempt, or of the grant.
    pub(super) fn ends(&self, before: &Self) -> bool {
        let over = self.attempt == A::Failed && before.attempt != A::Failed;
        over || (self.grant != before.grant && matches!(self.grant, G::Lapsed | G::Revoked))
    }

    /// With what time has done. Only what waits for the PSU or the owner is late; a lease that is over is a failure.
    pub(super) fn settled(self, now: i64) -> Self {
        if !self.overdue(now) {
            return self;
        }
        let leased = matches!(self.attempt, A::Registering | A::Initiating | A::Redeeming);
        let late = !leased || self.too_late(now);
        Self { late, ..self.failed() }
    }

    pub(super) fn status(&self, now: i64) -> Status {
        let settled = self.settled(now);
        match (self.grant, settled.attempt) {
            (G::Revoked, _) => Status::Revoked,
            (G::Lapsed, _) => Status::Expired,
            (G::Active, _) if now >= self.ends => Status::Expired,
            (G::Active, _) => Status::Active,
            (G::None, A::None | A::Registering | A::Registered | A::Initiating) => Status::Created,
            (G::None, A::AwaitingRedirect | A::Redeeming) => Status::AwaitingRedirect,
            (G::None, A::AwaitingApproval) => Status::AwaitingApproval,
            (G::None, A::Signed) => Status::Signed,
            (G::None, A::Failed) if settled.late => Status::Expired,
            (G::None, A::Failed) => Status::Rejected,
        }
    }

    /// The next state, or nothing if the step is not drawn.
    pub(super) fn step(self, act: Act, now: i64) -> Option<Self> {
        let m = self.settled(now);
        match act {
            Act::Revoke if self.grant == G::Revoked => None,
            Act::Revoke => Some(Self { grant: G::Revoked, attempt: A::None, ..m }),
            Act::Buried => self.overdue(now).then_some(m),
            Act::Cancel => (!matches!(m.attempt, A::None | A::Failed)).then(|| m.failed()),
            Act::ClaimRefresh { .. } | Act::SettleRefresh { .. } | Act::ReleaseRefresh { .. } => {
                self.refresh(act, now)
            }
            Act::Lapse { .. } | Act::GiveUp { .. } => self.refresh(act, now),
            Act::Restored => (self.grant == G::Active).then_some(Self { grant: G::Lapsed, ..self }),
            _ if self.grant == G::Revoked => None,
            Act::NoteDenial { .. } | Act::Redeem { .. } | Act::Sign { .. } => m.redirect(act, now),
            Act::RefuseUnprotected => m.redirect(act, now),
            Act::RedeemFailed { .. } | Act::RedeemAgain { .. } | Act::Activate { .. } => m.redirect(act, now),
            Act::ClaimPoll | Act::HoldPoll { .. } | Act::ReleasePoll { .. } | Act::ShowQr { .. } => {
                m.decoupled(act, now)
            }
            Act::Approved { .. } | Act::NotApproved { .. } | Act::RenewedByAnother => m.decoupled(act, now),
            Act::NoteTrouble { .. } => m.decoupled(act, now),
            _ => m.start(act, now),
        }
    }

    fn start(self, act: Act, now: i64) -> Option<Self> {
        let registering = Self { attempt: A::Registering, due: now + LEASE, troubled: false, ..self };
        let renewing = |key, by| Self { holder: by, key, ordinal: self.ordinal + 1, ..registering };
        let made = if self.attempt == A::Registering { now } else { self.made };
        let waits = Self { made, due: made + TO_SIGN, denied: false, ..self };
        match (self.attempt, act) {
            (A::Failed, Act::BeginAgain { by }) if self.unsent && self.grant == G::None => {
                Some(Self { holder: by, ..registering })
            }
            (_, Act::Renew { .. }) if self.grant == G::None => None,
            (A::Failed, Act::Renew { key, by }) if self.unsent => Some(renewing(key, by)),
            (A::None | A::Failed, Act::Renew { key, by }) => (key != self.key).then_some(renewing(key, by)),
            (A::Registering, Act::BeginAgain { by } | Act::Renew { by, .. }) => {
                (by == self.holder).then_some(self)
            }
            (A::Registering, Act::Registered { by }) if by == self.holder => {
                Some(Self { attempt: A::Registered, ..waits })
            }
            (A::Registering, Act::RegisteredForRedirect { by }) if by == self.holder => {
                Some(Self { attempt: A::AwaitingRedirect, ..waits })
            }
            (A::Registering, Act::ApprovalBegun { by }) if by == self.holder => {
                Some(Self { attempt: A::AwaitingApproval, next_poll: now + 2, ..waits })
            }
            (A::Initiating, Act::ApprovalBegun { by }) if by == self.holder => {
                Some(Self { attempt: A::AwaitingApproval, next_poll: now + 2, ..waits })
            }
            (A::Registered, Act::ChooseRedirect { key }) => {
                Some(Self { attempt: A::AwaitingRedirect, key, ..waits })
            }
            (A::Registered, Act::ChooseDecoupled { key, by }) => {
                Some(Self { attempt: A::Initiating, key, holder: by, due: now + LEASE, ..self })
            }
            (A::Initiating, Act::ChooseAgain { by }) if by == self.holder => {
                Some(Self { attempt: A::Registered, key: 0, ..waits })
            }
            (A::Registering | A::Initiating, Act::StartFailed { by, unsent }) if by == self.holder => {
                Some(Self { unsent, ..self.failed() })
            }
            // What is there already is found, not done again.
            (A::Registered, Act::Registered { .. }) | (A::Failed, Act::StartFailed { .. }) => Some(self),
            (A::AwaitingApproval, Act::ApprovalBegun { .. }) => Some(self),
            (A::AwaitingRedirect, Act::RegisteredForRedirect { .. }) => Some(self),
            (A::Initiating, Act::ChooseDecoupled { by, .. }) => (by == self.holder).then_some(self),
            (A::AwaitingRedirect | A::AwaitingApproval, Act::ChooseRedirect { key }) => {
                (key == self.key).then_some(self)
            }
            (A::AwaitingRedirect | A::AwaitingApproval, Act::ChooseDecoupled { key, .. }) => {
                (key == self.key).then_some(self)
            }
            _ => None,
        }
    }

    fn redirect(self, act: Act, now: i64) -> Option<Self> {
        match (self.attempt, act) {
            (_, Act::NoteDenial { past: true } | Act::Redeem { past: true, .. }) => None,
            (A::AwaitingRedirect, Act::NoteDenial { .. }) => {
                (!self.denied).then_some(Self { denied: true, ..self })
            }
            // No attempt of these walks began with a challenge.
            (A::AwaitingRedirect, Act::RefuseUnprotected) => Some(self.failed()),
            (A::AwaitingRedirect, Act::Redeem { code, by, .. }) => {
                Some(Self { attempt: A::Redeeming, code, holder: by, due: now + LEASE, ..self })
            }
            (A::Redeeming, Act::Redeem { code, by, .. }) if code == self.code => {
                (by == self.holder).then_some(self)
            }
            (A::Signed, Act::Redeem { code, .. }) if self.by_handle && code == self.code => None,
            (A::Redeeming | A::Signed, Act::Redeem { .. }) => Some(self.failed()),
            (A::Redeeming, Act::Sign { code, by }) if by == self.holder && code == self.code => {
                Some(Self { attempt: A::Signed, by_handle: true, due: now + TO_CLAIM, ..self })
            }
            (A::Signed, Act::Sign { code, .. }) => (self.by_handle && code == self.code).then_some(self),
            (A::Redeeming, Act::RedeemFailed { by }) if by == self.holder => Some(self.failed()),
            (A::Failed, Act::RedeemFailed { .. }) => Some(self),
            (A::Redeeming, Act::RedeemAgain { by }) if by == self.holder => {
                Some(Self { attempt: A::AwaitingRedirect, due: self.made + TO_SIGN, ..self })
            }
            (A::Signed, Act::Activate { shown: Shown::Handle }) if self.by_handle => Some(self.granted(now)),
            (A::Signed, Act::Activate { shown: Shown::Nothing }) if !self.by_handle => {
                Some(self.granted(now))
            }
            _ => None,
        }
    }

    fn decoupled(self, act: Act, now: i64) -> Option<Self> {
        match (self.attempt, act) {
            (_, Act::Approved { foreign: true } | Act::NotApproved { foreign: true }) => None,
            (A::AwaitingApproval, Act::ClaimPoll) => {
                (now >= self.next_poll).then_some(Self { next_poll: now + 2, ..self })
            }
            (A::AwaitingApproval, Act::HoldPoll { foreign: false, .. }) => {
                Some(Self { next_poll: now + LEASE, ..self })
            }
            (A::AwaitingApproval, Act::ReleasePoll { foreign: false }) => {
                Some(Self { next_poll: now + 2, ..self })
            }
            (A::AwaitingApproval, Act::ShowQr { foreign: false }) => Some(self),
            (A::AwaitingApproval, Act::NotApproved { .. }) => Some(self.failed()),
            (A::AwaitingApproval, Act::Approved { .. }) if self.grant == G::None => Some(self.granted(now)),
            (A::AwaitingApproval, Act::Approved { .. }) => {
                Some(Self { attempt: A::Signed, by_handle: false, due: now + TO_CLAIM, ..self })
            }
            (A::Signed, Act::Approved { .. }) => Some(self),
            (A::None, Act::Approved { .. }) => {
                (self.grant == G::Active && self.granted == self.ordinal).then_some(self)
            }
            (A::AwaitingApproval, Act::NoteTrouble { foreign: false }) => {
                (!self.troubled).then_some(Self { troubled: true, ..self })
            }
            (A::Signed, Act::RenewedByAnother) => Some(Self { another: true, ..self.failed() }),
            (A::Failed, Act::RenewedByAnother) => self.another.then_some(self),
            _ => None,
        }
    }

    fn refresh(self, act: Act, now: i64) -> Option<Self> {
        let held = |by, stale: bool| !stale && self.refreshing.is_some_and(|(holder, _)| holder == by);
        if self.grant != G::Active {
            return None;
        }
        match act {
            Act::ClaimRefresh { by, stale } => {
                let ours = self.refreshing.is_some_and(|(holder, until)| holder == by && now < until);
                let taken = self.refreshing.is_some_and(|(_, until)| now < until);
                let claimed = Self { refreshing: Some((by, now + LEASE)), uses: self.uses + 1, ..self };
                match (!stale && now < self.ends, ours, taken, self.uses) {
                    (true, true, ..) => Some(self),
                    (true, false, false, 0 | 1) => Some(claimed),
                    _ => None,
                }
            }
            Act::SettleRefresh { by, stale } => {
                let next = Self { generation: self.generation + 1, refreshing: None, uses: 0, ..self };
                held(by, stale).then_some(next)
            }
            Act::ReleaseRefresh { by, stale, executed } => {
                let used = |uses: u8| if executed { uses } else { uses - 1 };
                held(by, stale).then(|| Self { refreshing: None, uses: used(self.uses), ..self })
            }
            Act::GiveUp { stale } => {
                let taken = self.refreshing.is_some_and(|(_, until)| now < until);
                (!stale && !taken && self.uses == 2).then_some(Self { grant: G::Lapsed, ..self })
            }
            Act::Lapse { by, stale } => held(by, stale).then_some(Self { grant: G::Lapsed, ..self }),
            _ => None,
        }
    }

    fn failed(self) -> Self {
        Self { attempt: A::Failed, late: false, unsent: false, another: false, ..self }
    }

    fn granted(self, now: i64) -> Self {
        let generation = self.generation + 1;
        let (granted, ends, refreshing, uses) = (self.ordinal, now + REFRESH_TOKEN, None, 0);
        Self { grant: G::Active, attempt: A::None, generation, granted, ends, refreshing, uses, ..self }
    }
}
