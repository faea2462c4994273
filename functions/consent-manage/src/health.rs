//! `GET /v1/health`: how long our certificates last, whether the keys are fresh, whether the table answers. It is about
//! nobody's consent, so a token without an end user may ask too. Nothing secret is in it.

use lambda_http::Request;
use serde::Serialize;
use shared::{
    app::App,
    http::{self, Answer},
    secrets::{CertificateSet, Standing},
    telemetry,
    types::Timestamp,
};

/// From so many days on a certificate that ends is said to be trouble.
const SOON: i64 = 14;

#[derive(Serialize)]
struct Health {
    /// `ok`; `degraded`: still serving, somebody should look; `failing`: consents can be neither read nor written.
    status: &'static str,
    secret: Secret,
    certificates: Vec<Certificate>,
    table: Table,
}

/// The version of the secret in force here.
#[derive(Serialize)]
struct Secret {
    /// When Secrets Manager was last heard.
    checked_at: String,
    age_s: i64,
    /// Older than it should be: Secrets Manager is not reachable.
    stale: bool,
    /// A newer version is there and cannot be used.
    newer_refused: bool,
}

/// One registration at the bank.
#[derive(Serialize)]
struct Certificate {
    set: String,
    countries: Vec<&'static str>,
    /// The end of the certificate or of the first of its chain; absent in the sandbox, which asks for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    /// Whole days until then, negative after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

#[derive(Serialize)]
struct Table {
    reachable: bool,
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    http::no_query(&request)?;
    http::verified(&request)?;
    let invocation = app.begin(&request).await?;
    let now = invocation.now();
    let standing = app.secrets.standing(now).await?;
    let table = app.store.reachable().await.inspect_err(|error| telemetry::cause(error));
    http::json(200, &health(&standing, table.is_ok(), now))
}

fn health(standing: &Standing, reachable: bool, now: Timestamp) -> Health {
    let ends_soon = standing.material.days_left(now).is_some_and(|days| days < SOON);
    let degraded = standing.stale || standing.refused() || ends_soon;
    let status = match (reachable, degraded) {
        (false, _) => "failing",
        (true, true) => "degraded",
        (true, false) => "ok",
    };
    let secret = Secret {
        checked_at: standing.checked.rfc3339(),
        age_s: now.after(standing.checked).as_millis().div_euclid(1000),
        stale: standing.stale,
        newer_refused: standing.refused(),
    };
    let certificates = standing.material.sets.values().map(|set| certificate(set, now)).collect();
    Health { status, secret, certificates, table: Table { reachable } }
}

fn certificate(set: &CertificateSet, now: Timestamp) -> Certificate {
    Certificate {
        set: set.name.clone(),
        countries: set.countries.iter().map(|country| country.code()).collect(),
        valid_until: set.validity.map(|validity| validity.not_after.rfc3339()),
        days_left: set.days_left(now),
    }
}
