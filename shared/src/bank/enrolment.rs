//! How a TPP makes itself known at the bank and gets a client id (bank's live page, documented; never tried by us). In no
//! function: only the operator's `enrol` calls this. It is for live only, the sandbox's apps are made in its portal.
//!
//! What the bank answers to a `PUT`, to a third party or a subscription that it has already, and to a certificate that it
//! does not like, is unknown. So any 2xx of a `PUT` will do, and the rest is told with its status.

use super::{
    Call, Fault,
    faults::Kind,
    tokens::token,
    transport::{Transport, Way, json, json_or_nothing},
};
use crate::types::AccessToken;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json as object;
use std::fmt;

/// Where enrolment happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentAddresses {
    /// `POST` makes a TPP known, `PUT` replaces its certificate.
    pub third_parties: String,
    /// `POST` makes an application, and adds products to it.
    pub subscriptions: String,
    /// The token endpoint.
    pub token: String,
}

/// The bank, as a TPP with this certificate sees it.
pub struct Enrolment {
    addresses: EnrolmentAddresses,
    transport: Transport,
}

/// An application, as its first subscription makes it. Its redirect URL cannot be changed (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// The only one that it will ever have.
    pub redirect_uri: String,
}

/// A client id, the TPP's or an application's.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "clientId")]
    client_id: String,
    #[serde(rename = "oauthRedirectURI", default)]
    redirect_uri: Option<String>,
}

impl Enrolment {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`].
    pub fn new(addresses: EnrolmentAddresses, tls: rustls::ClientConfig) -> Result<Self, Fault> {
        Ok(Self { addresses, transport: Transport::new(tls, 0)? })
    }

    /// Makes the holder of the certificate known; brings the TPP's id. Without body and token.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn third_party(&self, call: &Call<'_>) -> Result<String, Fault> {
        let request = |client: &reqwest::Client| client.post(&self.addresses.third_parties);
        sound(&self.transport.send(call, Kind::ThirdParty, Way::Single, request).await?)
            .map(|it| it.client_id)
    }

    /// From now on the certificate of this connection is the TPP's.
    ///
    /// # Errors
    /// Whatever stands in the way; a page is no answer.
    pub async fn replace_certificate(&self, call: &Call<'_>) -> Result<(), Fault> {
        let request = |client: &reqwest::Client| client.put(&self.addresses.third_parties);
        let body = self.transport.send(call, Kind::ReplaceCertificate, Way::Single, request).await?;
        json_or_nothing(&body)
    }

    /// A token of the TPP itself, scope `PSD2-ADMIN`.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn admin_token(&self, call: &Call<'_>, tpp_id: &str) -> Result<AccessToken, Fault> {
        self.token(call, Kind::AdminToken, "PSD2-ADMIN", tpp_id).await
    }

    /// Whether the bank knows an application under this certificate: a token for it is asked for, and dropped.
    ///
    /// # Errors
    /// Among others [`Fault::ClientRefused`].
    pub async fn try_application(&self, call: &Call<'_>, client_id: &str) -> Result<(), Fault> {
        self.token(call, Kind::ClientCredentials, "AIS", client_id).await.map(drop)
    }

    /// Makes an application with its first product; brings its client id. Sent once: a second one would be another
    /// application.
    ///
    /// # Errors
    /// Among others [`Fault::ForeignLink`] if the bank has written down another redirect URL.
    pub async fn make_application(
        &self,
        call: &Call<'_>,
        (tpp_id, token): (&str, &AccessToken),
        application: &Application,
        product: &str,
    ) -> Result<String, Fault> {
        let Application { name, description, redirect_uri } = application;
        let app = object!({ "name": name, "description": description, "oauthRedirectURI": redirect_uri });
        let body = object!({ "app": app, "product": { "name": product } });
        let answer = self.subscribe(call, (tpp_id, token), &body).await?;
        let same = answer.redirect_uri.is_none_or(|written| written == *redirect_uri);
        if same { Ok(answer.client_id) } else { Err(Fault::ForeignLink) }
    }

    /// Adds a product to an application.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn add_product(
        &self,
        call: &Call<'_>,
        (tpp_id, token): (&str, &AccessToken),
        client_id: &str,
        product: &str,
    ) -> Result<(), Fault> {
        let body = object!({ "clientId": client_id, "product": { "name": product } });
        let answer = self.subscribe(call, (tpp_id, token), &body).await?;
        // Of another application it would be no answer to this.
        if answer.client_id == client_id { Ok(()) } else { Err(Fault::Malformed) }
    }

    async fn subscribe(
        &self,
        call: &Call<'_>,
        (tpp_id, token): (&str, &AccessToken),
        body: &serde_json::Value,
    ) -> Result<Answer, Fault> {
        let request = |client: &reqwest::Client| -> RequestBuilder {
            client
                .post(&self.addresses.subscriptions)
                .header("X-IBM-Client-Id", tpp_id)
                .bearer_auth(token.expose())
                .header("Content-Type", "application/json")
                .body(body.to_string())
        };
        sound(&self.transport.send(call, Kind::Subscribe, Way::Single, request).await?)
    }

    async fn token(
        &self,
        call: &Call<'_>,
        kind: Kind,
        scope: &str,
        client_id: &str,
    ) -> Result<AccessToken, Fault> {
        let form = [("grant_type", "client_credentials"), ("scope", scope), ("client_id", client_id)];
        let request = |client: &reqwest::Client| client.post(&self.addresses.token).form(&form);
        Ok(token(&self.transport.send(call, kind, Way::Post, request).await?)?.access)
    }
}

/// An id goes into headers, a secret and onto a terminal: visible ASCII.
fn sound(body: &[u8]) -> Result<Answer, Fault> {
    let answer: Answer = json(body)?;
    let id = answer.client_id.as_bytes();
    let sound = (1..=512).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    if sound { Ok(answer) } else { Err(Fault::Malformed) }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
