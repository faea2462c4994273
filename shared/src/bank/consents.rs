//! `POST /psd2/v1/consents`, the link that sends the PSU to sign one (contract: bank guide, step 2; recorded), and
//! `DELETE` of one (unknown).

use super::{
    Call, Client, Fault,
    faults::Kind,
    links,
    transport::{Way, json, json_or_nothing},
};
use crate::telemetry;
use crate::types::{AccessToken, BankConsentId, CodeVerifier, Country, Link, Psu, PsuAddress};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A consent that the bank has registered and the PSU has yet to sign, within 15 minutes (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankConsent {
    /// The bank's id.
    pub id: BankConsentId,
    /// Where the PSU's browser goes, if the bank offers redirect.
    pub redirect: Option<Link>,
    /// Where a BankID order is begun, if the bank offers decoupled.
    pub decoupled: Option<Link>,
}

/// Of a consent that has just been registered (recorded; no other was ever seen).
const KNOWN_STATUS: &str = "\"RECEIVED\"";

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(rename = "consentId", borrow)]
    consent_id: Cow<'a, str>,
    /// Nothing hangs on it; another than the one that is known is said.
    #[serde(rename = "consentStatus", borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(rename = "scaMethods", borrow)]
    sca_methods: Vec<Method<'a>>,
}

#[derive(Deserialize)]
struct Method<'a> {
    #[serde(rename = "scaMethodType", borrow)]
    sca_method_type: Cow<'a, str>,
    #[serde(rename = "_links", borrow)]
    links: Links<'a>,
}

#[derive(Deserialize)]
struct Links<'a> {
    #[serde(borrow)]
    authorization: Vec<Href<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Href<'a> {
    #[serde(borrow)]
    pub(super) href: Cow<'a, str>,
}

impl Client {
    /// Registers a consent for all accounts. Takes 200 (bank guide) and 201 (recorded answer). Sent once.
    ///
    /// # Errors
    /// Among others [`Fault::ForeignLink`] if any link of a known method leads elsewhere, and [`Fault::NoMethod`] if
    /// neither redirect nor decoupled is offered.
    pub async fn create_consent(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        country: Country,
        psu: &Psu,
        address: &PsuAddress,
    ) -> Result<BankConsent, Fault> {
        let url = self.endpoints.resource("/psd2/v1/consents", &[])?;
        let body = self
            .transport
            .send(call, Kind::CreateConsent, Way::Single, |client| {
                let request = self.gateway(client.post(url.clone()), token, country);
                let request = request.header("PSU-IP-Address", address.to_string());
                let request = match psu {
                    Psu::Individual => request,
                    Psu::Corporate(id) => request
                        .header("PSU-Corporate-ID", id.expose())
                        .header("PSU-Corporate-ID-Type", "BANK"),
                };
                request.header("Content-Type", "application/json").body(r#"{"access":"ALL_ACCOUNTS"}"#)
            })
            .await?;
        consent_of(&body, &self.endpoints.links)
    }

    /// Deletes a consent at the bank, signed or not. That the bank has this path, and what it answers, is unknown: any
    /// 2xx will do, but not one with a page. Sent once.
    ///
    /// # Errors
    /// Whatever stands in the way, the path itself included; the consent then runs out by itself.
    pub async fn delete_consent(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        country: Country,
        consent: &BankConsentId,
    ) -> Result<(), Fault> {
        let url = self.endpoints.resource("/psd2/v1/consents", &[consent.as_str()])?;
        let request = |client: &reqwest::Client| self.gateway(client.delete(url.clone()), token, country);
        let body = self.transport.send(call, Kind::DeleteConsent, Way::Single, request).await?;
        json_or_nothing(&body)
    }

    /// Where the PSU's browser goes to sign. `state` comes back with the code. Everything is encoded once (RFC 6749
    /// section 4.1.1, with the consent in the scope). With a verifier its challenge goes too (RFC 7636 section 4.3).
    ///
    /// # Errors
    /// [`Fault::ForeignLink`] if configuration no longer allows the link.
    pub fn authorize_url(
        &self,
        link: &Link,
        consent: &BankConsentId,
        state: &str,
        verifier: Option<&CodeVerifier>,
    ) -> Result<String, Fault> {
        let mut url = links::allowed(link.as_str(), &self.endpoints.links)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", &scope(consent))
            .append_pair("client_id", &self.client_id)
            .append_pair("state", state)
            .append_pair("redirect_uri", &self.redirect_uri);
        if let Some(verifier) = verifier {
            url.query_pairs_mut()
                .append_pair("code_challenge", &verifier.challenge())
                .append_pair("code_challenge_method", "S256");
        }
        Ok(url.into())
    }
}

/// The OAuth scope that names a consent.
pub(super) fn scope(consent: &BankConsentId) -> String {
    format!("AIS:{}", consent.as_str())
}

fn consent_of(body: &[u8], prefixes: &[String]) -> Result<BankConsent, Fault> {
    let answer: Answer<'_> = json(body)?;
    let id = BankConsentId::parse(&answer.consent_id).map_err(|_| Fault::Malformed)?;
    if answer.status.is_some_and(|status| status.get() != KNOWN_STATUS) {
        telemetry::drift("consentStatus");
    }
    let redirect = link_of(&answer.sca_methods, "REDIRECT", prefixes)?;
    let decoupled = link_of(&answer.sca_methods, "DECOUPLED", prefixes)?;
    let known = |method: &Method<'_>| {
        ["REDIRECT", "DECOUPLED"].iter().any(|known| method.sca_method_type.eq_ignore_ascii_case(known))
    };
    if !answer.sca_methods.iter().all(known) {
        telemetry::drift("scaMethodType");
    }
    if redirect.is_none() && decoupled.is_none() {
        return Err(Fault::NoMethod);
    }
    Ok(BankConsent { id, redirect, decoupled })
}

fn link_of(methods: &[Method<'_>], wanted: &str, prefixes: &[String]) -> Result<Option<Link>, Fault> {
    let Some(method) = methods.iter().find(|method| method.sca_method_type.eq_ignore_ascii_case(wanted))
    else {
        return Ok(None);
    };
    let href = &method.links.authorization.first().ok_or(Fault::Malformed)?.href;
    links::allowed(href, prefixes)?;
    Link::parse(href).map(Some).map_err(|_| Fault::ForeignLink)
}

#[cfg(test)]
mod tests;
