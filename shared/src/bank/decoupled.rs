//! Decoupled authorization with Mobile BankID, versions 1.0 (recorded) and 2.0 (request documented, answer unknown).

mod fields;

use super::{
    Call, Client, Endpoints, Fault, Granted,
    consents::{Href, scope},
    faults::Kind,
    links, tokens,
    transport::{Way, json},
};
use crate::types::{
    AutoStartToken, BankConsentId, Link, PersonalNumber, PsuAddress, QrData, SessionLink, Span,
};
use fields::{Found, Object};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

/// A BankID order that waits for the PSU.
#[derive(Clone, Debug)]
pub struct Order {
    /// Starts the app on the same device. 1.0 always sends it.
    pub auto_start: Option<AutoStartToken>,
    /// What another device scans; 2.0 only.
    pub qr: Option<QrData>,
    /// How long to wait before each poll, the first too.
    pub sleep: Span,
    /// Where to ask.
    pub poll: SessionLink,
    /// Where to give up.
    pub cancel: Option<SessionLink>,
}

/// What a poll found.
#[derive(Debug)]
pub enum Poll {
    /// Not yet.
    Pending {
        /// The newest QR data, if the bank sends it with polls (inferred).
        qr: Option<QrData>,
    },
    /// Signed.
    Complete(Granted),
}

/// Body of `initAuthorization`. Fields that a version does not know are left out.
#[derive(Serialize)]
struct Init<'a> {
    scope: &'a str,
    psu_id: &'a str,
    psu_client_ip: &'a str,
    /// 1.0 only; the one value there is (production).
    #[serde(skip_serializing_if = "Option::is_none")]
    psu_id_type: Option<&'a str>,
    /// 2.0 only; a text, not a boolean (documented).
    #[serde(skip_serializing_if = "Option::is_none")]
    bisa_same_device: Option<&'a str>,
    client_id: &'a str,
}

#[derive(Deserialize)]
struct Links<'a> {
    #[serde(borrow)]
    token: Href<'a>,
    #[serde(borrow, default)]
    cancel: Option<Href<'a>>,
}

/// What the path of the link says. Never the link's name: the guide names 2.0 `decpld_mbid_1.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Recorded name of the auto-start token in 1.0; read there whatever else is configured.
const RECORDED_AUTO_START: &str = "auto_start_token";
/// Recorded `sleep_time`.
const USUAL_SLEEP_MS: i64 = 2000;
/// How long a cancel may take. Somebody waits behind it who wants to sign anew, or to end a consent that has ended here
/// already; what the bank makes of the cancel changes nothing for them, and an order that nobody cancels ends by itself.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);
/// Faster would be a hammer, slower would outlast the order.
const SLEEP_MS: std::ops::RangeInclusive<i64> = 500..=30_000;

impl Client {
    /// Starts a BankID order for this person. Sent once. The body follows the version in the link's path.
    ///
    /// # Errors
    /// Among others [`Fault::InvalidPersonalNumber`], [`Fault::NotCustomer`], [`Fault::BankIdFailed`];
    /// [`Fault::NoMethod`] if the link is of a version that this client does not speak.
    pub async fn begin_decoupled(
        &self,
        call: &Call<'_>,
        link: &Link,
        consent: &BankConsentId,
        person: &PersonalNumber,
        address: &PsuAddress,
        same_device: bool,
    ) -> Result<Order, Fault> {
        let url = links::allowed(link.as_str(), &self.endpoints.links)?;
        let version = version_of(&url)?;
        let init = Init {
            scope: &scope(consent),
            psu_id: person.expose(),
            psu_client_ip: &address.to_string(),
            psu_id_type: (version == Version::One).then_some("1"),
            bisa_same_device: (version == Version::Two).then_some(if same_device { "true" } else { "false" }),
            client_id: &self.client_id,
        };
        let request = |client: &reqwest::Client| client.post(url.clone()).json(&init);
        let body = self.transport.send(call, Kind::BeginDecoupled, Way::Single, request).await?;
        order_of(&body, version, &self.endpoints)
    }

    /// Asks once how the order stands. Sent once: `COMPLETE` carries the tokens, and carries them one time.
    ///
    /// # Errors
    /// Among others [`Fault::UserCancelled`], [`Fault::IntentExpired`], [`Fault::BankIdFailed`],
    /// [`Fault::PolledTooOften`].
    pub async fn poll(&self, call: &Call<'_>, link: &SessionLink) -> Result<Poll, Fault> {
        let body = self.post_to_session(call, Kind::Poll, Way::Single, link).await?;
        poll_of(&body, &self.endpoints)
    }

    /// Cancels the order. What the bank answers is unknown: every 2xx will do. Waits for it no longer than
    /// [`CANCEL_PATIENCE`].
    ///
    /// # Errors
    /// Whatever stands in the way; the order then ends by itself.
    pub async fn cancel(&self, call: &Call<'_>, link: &SessionLink) -> Result<(), Fault> {
        let deadline = call.deadline.min(Instant::now() + CANCEL_PATIENCE);
        let call = Call { deadline, ..*call };
        self.post_to_session(&call, Kind::Cancel, Way::Post, link).await.map(drop)
    }

    async fn post_to_session(
        &self,
        call: &Call<'_>,
        kind: Kind,
        way: Way,
        link: &SessionLink,
    ) -> Result<Vec<u8>, Fault> {
        let url = links::allowed(link.expose(), &self.endpoints.links)?;
        // An empty POST is sent without a length unless told, and strict firewalls answer 411 to that.
        let request = |client: &reqwest::Client| {
            client.post(url.clone()).header("Content-Type", "application/json").header("Content-Length", "0")
        };
        self.transport.send(call, kind, way, request).await
    }
}

fn version_of(link: &Url) -> Result<Version, Fault> {
    let last = link.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match last.split('.').next() {
        Some("1") => Ok(Version::One),
        Some("2") => Ok(Version::Two),
        _ => Err(Fault::NoMethod),
    }
}

/// Where to go is read strictly, how to start tolerantly: a field of a wrong type is as good as absent where there is
/// another way to start the order.
fn order_of(body: &[u8], version: Version, endpoints: &Endpoints) -> Result<Order, Fault> {
    let begun: Object<'_> = json(body)?;
    let links: Links<'_> = begun.required("_links")?;
    let session =
        |href: &Href<'_>| links::allowed(&href.href, &endpoints.links).map(|_| SessionLink::new(&*href.href));
    let names = endpoints.auto_start_fields.iter().map(String::as_str);
    let auto_start = match version {
        Version::One => begun.find(names.chain([RECORDED_AUTO_START])),
        Version::Two => begun.find(names),
    }?;
    let qr = begun.find(endpoints.qr_fields.iter().map(String::as_str))?;
    match (&auto_start, &qr, version) {
        (Found::Text(_), ..) | (_, Found::Text(_), Version::Two) => {}
        // The QR data may still come with the polls.
        (Found::Nothing, Found::Nothing, Version::Two) => {}
        // Nobody could open such an order.
        _ => return Err(Fault::Malformed),
    }
    Ok(Order {
        auto_start: auto_start.text().map(AutoStartToken::new),
        qr: qr.text().map(QrData::new),
        sleep: sleep_of(begun.get("sleep_time")?),
        poll: session(&links.token)?,
        cancel: links.cancel.as_ref().map(session).transpose()?,
    })
}

/// The order is running, so nothing about a code for the other device stands in the way of its end.
fn poll_of(body: &[u8], endpoints: &Endpoints) -> Result<Poll, Fault> {
    let polled: Object<'_> = json(body)?;
    match polled.required::<Cow<'_, str>>("result")?.as_ref() {
        "IN_PROGRESS" => {
            let qr = polled.find(endpoints.qr_fields.iter().map(String::as_str))?;
            Ok(Poll::Pending { qr: qr.text().map(QrData::new) })
        }
        "COMPLETE" => json::<tokens::Answer<'_>>(body)?.granted().map(Poll::Complete),
        "USER_CANCEL" => Err(Fault::UserCancelled),
        _ => Err(Fault::Unrecognised { call: Kind::Poll.name(), status: 200 }),
    }
}

/// Milliseconds. Not a whole number: the recorded value; otherwise kept between half a second and half a minute.
fn sleep_of(sleep_time: Option<&RawValue>) -> Span {
    let asked = sleep_time.and_then(|number| number.get().parse().ok()).filter(|ms: &i64| *ms > 0);
    Span::millis(asked.unwrap_or(USUAL_SLEEP_MS).clamp(*SLEEP_MS.start(), *SLEEP_MS.end()))
}

#[cfg(test)]
mod tests;
