//! The token endpoint: client credentials, authorization code, refresh (RFC 6749 with this bank's scope).

use super::{
    Call, Client, Fault,
    consents::scope,
    faults::Kind,
    transport::{Way, json},
};
use crate::types::{AccessToken, AuthorizationCode, BankConsentId, CodeVerifier, RefreshToken, Span};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A client-credentials token: registers consents, opens no account.
#[derive(Clone, Debug)]
pub struct ClientToken {
    /// The token.
    pub token: AccessToken,
    /// How long it lives from when it was asked for.
    pub lifetime: Span,
}

/// What the PSU's signature, or a refresh, brought.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Opens the accounts of the consent.
    pub access: AccessToken,
    /// How long it lives from when it was asked for.
    pub access_lifetime: Span,
    /// Comes with a signature. A refresh at this bank brings none, and the old one stays good (production).
    pub refresh: Option<RefreshToken>,
    /// How long the refresh token lives, where the answer says so sensibly. No field for it is known at this bank; two common
    /// names are tolerated, never seen (`refresh_token_expires_in`, `refresh_expires_in`), both at once too.
    pub refresh_lifetime: Option<Span>,
}

/// Documented lifetime of an access token, for when `expires_in` is no use.
const USUAL_LIFETIME: Span = Span::seconds(86_400);
/// Longer than any token of this bank is documented to live.
const ABSURD_LIFETIME_S: i64 = 400 * 86_400;
/// Recorded tokens have 52 characters.
const LONGEST_TOKEN: usize = 4096;

/// Also the body of a decoupled `COMPLETE`.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    expires_in: Option<&'a RawValue>,
    #[serde(borrow, default)]
    token_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    refresh_token: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    refresh_token_expires_in: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refresh_expires_in: Option<&'a RawValue>,
}

impl Client {
    /// A token of the app itself, scope `AIS` (bank guide, step 1).
    ///
    /// # Errors
    /// Among others [`Fault::ClientRefused`].
    pub async fn client_credentials(&self, call: &Call<'_>) -> Result<ClientToken, Fault> {
        let form = [("grant_type", "client_credentials"), ("scope", "AIS"), ("client_id", &self.client_id)];
        let granted = self.token(call, Kind::ClientCredentials, Way::Post, &form).await?;
        Ok(ClientToken { token: granted.access, lifetime: granted.access_lifetime })
    }

    /// Spends the code, with the verifier if its attempt began with a challenge. Sent once, whatever happens.
    ///
    /// # Errors
    /// Among others [`Fault::CodeRefused`]; after [`Fault::Lost`] nobody knows whether the code is spent.
    pub async fn exchange_code(
        &self,
        call: &Call<'_>,
        consent: &BankConsentId,
        code: AuthorizationCode,
        verifier: Option<&CodeVerifier>,
    ) -> Result<Granted, Fault> {
        let scope = scope(consent);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("scope", &scope),
            ("client_id", &self.client_id),
            ("code", code.expose()),
            ("redirect_uri", &self.redirect_uri),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
        let granted = self.token(call, Kind::ExchangeCode, Way::Single, &form).await;
        // Taken by value so that nobody holds a spent code; it ends here.
        drop(code);
        granted
    }

    /// A new access token. Sent once.
    ///
    /// # Errors
    /// Among others [`Fault::RefreshRefused`]: the grant is over.
    pub async fn refresh(&self, call: &Call<'_>, refresh: &RefreshToken) -> Result<Granted, Fault> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose()),
            ("client_id", &self.client_id),
        ];
        self.token(call, Kind::Refresh, Way::Single, &form).await
    }

    async fn token(
        &self,
        call: &Call<'_>,
        kind: Kind,
        way: Way,
        form: &[(&str, &str)],
    ) -> Result<Granted, Fault> {
        let request = |client: &reqwest::Client| client.post(self.endpoints.token.as_str()).form(form);
        token(&self.transport.send(call, kind, way, request).await?)
    }
}

/// What the token endpoint has granted.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn token(body: &[u8]) -> Result<Granted, Fault> {
    json::<Answer<'_>>(body)?.granted()
}

impl Answer<'_> {
    pub(super) fn granted(&self) -> Result<Granted, Fault> {
        // RFC 6749 section 7.1: a token of a type that is not understood must not be used.
        if self.token_type.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(Fault::Malformed);
        }
        let refresh = self.refresh_token.as_deref().filter(|token| !token.is_empty());
        let access_lifetime = lifetime(self.expires_in);
        let told = [self.refresh_token_expires_in, self.refresh_expires_in];
        // One that ends with the access token, or before it, would be of no use: it is no figure for this.
        let sensible = |told: &Span| *told > access_lifetime;
        Ok(Granted {
            access: AccessToken::new(sound(&self.access_token)?),
            access_lifetime,
            refresh: refresh.map(sound).transpose()?.map(RefreshToken::new),
            refresh_lifetime: told.into_iter().filter_map(seconds).find(sensible),
        })
    }
}

/// A token goes into a header: visible ASCII (RFC 6749 appendix A.12).
fn sound(token: &str) -> Result<&str, Fault> {
    let sound = (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if sound { Ok(token) } else { Err(Fault::Malformed) }
}

/// `expires_in` rules (bank guide). Absent, zero, negative, longer than 400 days, or not a whole number: a day.
fn lifetime(expires_in: Option<&RawValue>) -> Span {
    seconds(expires_in).unwrap_or(USUAL_LIFETIME)
}

/// Whole seconds, more than none and at most 400 days.
fn seconds(number: Option<&RawValue>) -> Option<Span> {
    let seconds: Option<i64> = number.and_then(|number| number.get().parse().ok());
    seconds.filter(|s| (1..=ABSURD_LIFETIME_S).contains(s)).map(Span::seconds)
}

#[cfg(test)]
mod tests;
