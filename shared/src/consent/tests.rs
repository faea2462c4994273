//! The transitions one by one, every forbidden pair, all short orders of what can happen, and the whole machine against a
//! model. Here: the consents and claims that all of them begin with.

mod attempts;
mod boundaries;
mod forbidden;
mod grants;
mod guards;
mod model;
mod orders;
mod states;
mod steps;
mod timelines;
mod walk;

use super::*;
use crate::types::{
    AccessToken, AutoStartToken, BankConsentId, ClaimId, Lifetimes, Link, RefreshToken, SessionLink,
};

const T0: Timestamp = Timestamp::from_millis(1_768_464_000_000);

fn at(seconds: i64) -> Timestamp {
    T0 + Span::seconds(seconds)
}

fn claim(number: u8, until: i64) -> Claim {
    Claim { by: ClaimId([number; 16]), until: at(until) }
}

fn digest(number: u8) -> Digest {
    Digest([number; 16])
}

fn fingerprint(key: u8, body: u8) -> Fingerprint {
    Fingerprint { key: digest(key), body: digest(body) }
}

const NOT_TAKEN: (Reason, Signal) = (Reason::StartNotTaken, Signal::Unavailable);
const UNKNOWN: (Reason, Signal) = (Reason::StartUnknown, Signal::Lost);

fn app() -> AppId {
    AppId::parse("android").unwrap()
}

fn begun() -> Consent {
    let beginning = Beginning {
        id: ConsentId([1; 16]),
        owner: OwnerId([2; 16]),
        country: Country::Se,
        psu_type: PsuType::Individual,
        corporate: None,
        reference: None,
        body: digest(9),
        start: None,
        app: None,
    };
    Consent::begin(beginning, claim(1, 30), T0)
}

fn registration() -> Registration {
    Registration {
        bank_consent: BankConsentId::parse("bank-1").unwrap(),
        redirect: Link::parse("https://bank.example/authorize/1.0").ok(),
        decoupled: Link::parse("https://bank.example/init/2.0").ok(),
        made: T0,
    }
}

fn registered() -> Consent {
    begun().registered(claim(1, 30), registration(), at(1)).unwrap()
}

fn redirected() -> Consent {
    registered().choose_redirect(fingerprint(1, 1), &app(), false, at(2)).unwrap()
}

fn tokens(name: &str) -> Tokens {
    Tokens {
        access: AccessToken::new(name),
        access_asked: T0,
        access_expires: at(86_400),
        refresh: Some(RefreshToken::new(format!("refresh of {name}"))),
        refresh_expires: None,
    }
}

fn signature(code: u8, now: Timestamp) -> Signature {
    let tokens = tokens("first");
    let clocks = Clocks::new(Country::Se, &tokens, now, &Lifetimes::default());
    let bank_consent = BankConsentId::parse("bank-1").unwrap();
    Signature {
        bank_consent,
        tokens,
        clocks,
        proof: Proof::Handle { code: digest(code), handle: digest(7) },
        at: now,
    }
}

fn clocks() -> Clocks {
    clocks_at(T0)
}

fn clocks_at(signed: Timestamp) -> Clocks {
    Clocks::new(Country::Se, &tokens("any"), signed, &Lifetimes::default())
}

fn signed() -> Consent {
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    redeeming.sign(claim(2, 40), signature(5, at(4)), at(4)).unwrap()
}

fn active() -> Consent {
    signed().activate(Some(&digest(7)), at(5)).unwrap()
}

fn approval() -> Approval {
    Approval {
        registration: registration(),
        session: Session {
            poll: SessionLink::new("https://bank.example/poll"),
            cancel: None,
            auto_start: Some(AutoStartToken::new("auto")),
            qr: None,
        },
        sleep: Span::seconds(2),
        next_poll: at(4),
        open_by: at(32),
        same_device: true,
        identity: Identity::Asserted,
    }
}

fn approving() -> Consent {
    let initiating = registered().choose_decoupled(fingerprint(1, 1), &app(), claim(3, 40), at(2)).unwrap();
    initiating.approval_begun(claim(3, 40), approval(), at(2)).unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Refused>) -> Refused {
    result.unwrap_err()
}

/// Says a figure in any case: the test harness keeps what `eprintln!` prints, but not this.
fn report(figure: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "{figure}").unwrap();
}
