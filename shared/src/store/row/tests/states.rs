//! A consent in every state, with lengths as they are and as they may be.

use crate::{
    consent::{
        Active, Approval, Attempt, BankRevocation, Claim, Clocks, Consent, Entry, Event, Fingerprint, Grant,
        Identity, KEPT, LapseReason, Proof, Reason, Redirecting, Refresh, Registration, Session, Signature,
        Timeline, Tokens,
    },
    types::{
        AccessToken, AppId, AutoStartToken, BankConsentId, ClaimId, ConsentId, Country, Digest, Link,
        OwnerId, PsuType, QrData, Reference, RefreshToken, SessionLink, Signal, Span, Timestamp,
    },
};

pub(super) const T0: Timestamp = Timestamp::from_millis(1_768_464_000_000);

/// `typical` are lengths as the bank sends them; otherwise each field is as long as its type allows.
pub(super) struct Make {
    pub(super) typical: bool,
}

impl Make {
    fn text(&self, prefix: &str, typical: usize, longest: usize) -> String {
        format!("{prefix}{}", "x".repeat(if self.typical { typical } else { longest } - prefix.len()))
    }

    fn bank_consent(&self) -> BankConsentId {
        BankConsentId::parse(&self.text("bank-consent-", 36, 128)).unwrap()
    }

    fn tokens(&self, refresh: bool) -> Tokens {
        Tokens {
            access: AccessToken::new(self.text("SECRET-access-", 52, 128)),
            access_asked: T0,
            access_expires: T0 + Span::days(1),
            refresh: refresh.then(|| RefreshToken::new(self.text("SECRET-refresh-", 52, 128))),
            refresh_expires: None,
        }
    }

    fn clocks(&self) -> Clocks {
        Clocks {
            refresh_expires: T0 + Span::days(90),
            consent_expires: T0 + Span::days(180),
            renew_ahead: Span::days(15),
        }
    }

    pub(super) fn active(&self, refresh: Refresh, whole: bool) -> Grant {
        Grant::Active(Box::new(Active {
            bank_consent: self.bank_consent(),
            tokens: self.tokens(whole),
            generation: 7,
            clocks: self.clocks(),
            refresh,
            refreshes: 89,
            uses: 1,
            identity: whole.then_some(Identity::Asserted),
            handle: whole.then_some(Digest([3; 16])),
            since: T0,
        }))
    }

    fn grants(&self) -> Vec<Grant> {
        vec![
            Grant::None,
            self.active(Refresh::Idle, false),
            self.active(Refresh::Idle, true),
            self.active(Refresh::Claimed(claim()), true),
            Grant::Lapsed {
                reason: LapseReason::RefreshRefused,
                at: T0,
                generation: 9,
                signal: Some(Signal::UnauthorizedClient),
                bank_consent: self.bank_consent(),
            },
            revoked(BankRevocation::NotSupported),
            revoked(BankRevocation::Nothing),
            revoked(BankRevocation::Pending(vec![self.bank_consent(); 2])),
            revoked(BankRevocation::Done),
            revoked(BankRevocation::Failed(vec![self.bank_consent()])),
        ]
    }

    fn registration(&self, whole: bool) -> Registration {
        let link = |name: &str| Link::parse(&self.text(name, 90, 512)).unwrap();
        Registration {
            bank_consent: self.bank_consent(),
            redirect: whole.then(|| link("https://bank.example/authorize/")),
            decoupled: Some(link("https://bank.example/decoupled/")),
            made: T0,
        }
    }

    fn redirecting(&self, denied: bool) -> Redirecting {
        Redirecting { registration: self.registration(true), denied, pkce: denied }
    }

    fn approval(&self, whole: bool) -> Approval {
        let link = |name: &str| SessionLink::new(self.text(name, 120, 512));
        let session = Session {
            poll: link("SECRET-poll-"),
            cancel: whole.then(|| link("SECRET-cancel-")),
            auto_start: whole.then(|| AutoStartToken::new(self.text("SECRET-start-", 36, 64))),
            qr: whole.then(|| QrData::new(self.text("SECRET-qr-", 110, 256))),
        };
        Approval {
            registration: self.registration(whole),
            session,
            sleep: Span::seconds(2),
            next_poll: T0 + Span::seconds(3),
            open_by: T0 + Span::seconds(30),
            same_device: whole,
            identity: Identity::Verified,
        }
    }

    pub(super) fn attempts(&self) -> Vec<Attempt> {
        let signature = Signature {
            bank_consent: self.bank_consent(),
            tokens: self.tokens(true),
            clocks: self.clocks(),
            proof: Proof::Handle { code: Digest([1; 16]), handle: Digest([2; 16]) },
            at: T0,
        };
        let renewal = Signature { proof: Proof::Identity(Identity::Asserted), ..signature.clone() };
        let mut all = vec![
            Attempt::None,
            Attempt::Registering { claim: claim() },
            Attempt::Registered(self.registration(false)),
            Attempt::Registered(self.registration(true)),
            Attempt::AwaitingRedirect(self.redirecting(false)),
            Attempt::AwaitingRedirect(self.redirecting(true)),
            Attempt::Redeeming { redirecting: self.redirecting(true), claim: claim(), code: Digest([1; 16]) },
            Attempt::Initiating { registration: self.registration(true), claim: claim() },
            Attempt::AwaitingApproval(self.approval(false)),
            Attempt::AwaitingApproval(self.approval(true)),
            Attempt::Signed(signature),
            Attempt::Signed(renewal),
        ];
        all.extend(Reason::ALL.iter().map(|reason| Attempt::failed(*reason, T0)));
        all
    }

    /// Full, unless the consent is a typical one, which is measured without.
    fn timeline(&self) -> Timeline {
        let event = Event::Failed(Reason::BankIdFailed, Some(Signal::MbidError));
        let entry = Entry { event, at: T0, by: ClaimId([6; 16]) };
        Timeline::of(std::iter::repeat_n(entry, if self.typical { 0 } else { KEPT }))
    }

    pub(super) fn consent(&self, grant: Grant, attempt: Attempt) -> Consent {
        Consent {
            id: ConsentId([1; 16]),
            owner: OwnerId([2; 16]),
            country: Country::Se,
            psu_type: PsuType::Corporate,
            corporate: Some(Digest([4; 16])),
            reference: Some(Reference::parse(&self.text("household ", 20, 64)).unwrap()),
            created: T0,
            body: Digest([5; 16]),
            app: Some(AppId::parse(&self.text("ios", 3, 32)).unwrap()),
            ordinal: 3,
            start: Some(start()),
            trouble: Some(Signal::AccessDenied),
            grant,
            attempt,
            timeline: self.timeline(),
        }
    }

    pub(super) fn every_state(&self) -> Vec<Consent> {
        let pairs = (0..self.grants().len()).flat_map(|g| (0..self.attempts().len()).map(move |a| (g, a)));
        pairs
            .map(|(g, a)| self.consent(self.grants().swap_remove(g), self.attempts().swap_remove(a)))
            .collect()
    }
}

pub(super) fn claim() -> Claim {
    Claim { by: ClaimId([8; 16]), until: T0 + Span::seconds(35) }
}

fn revoked(bank: BankRevocation) -> Grant {
    Grant::Revoked { at: T0, bank }
}

fn start() -> Fingerprint {
    Fingerprint { key: Digest([10; 16]), body: Digest([11; 16]) }
}
