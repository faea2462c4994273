//! What starts SCA on the PSU's side: the bank's page, or the BankID app on this device or another.

use crate::{config::App, consent::Approval, types::QrData};
use serde::Serialize;
use std::fmt;

/// What starts SCA on the PSU's side. Secret: it stands in the answer to a start and its repeats, nowhere else.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Opening {
    /// The bank's page.
    Redirect {
        /// To be opened in the PSU's own browser.
        url: String,
    },
    /// The BankID app.
    Decoupled {
        /// For links of the caller's own making.
        #[serde(skip_serializing_if = "Option::is_none")]
        auto_start_token: Option<String>,
        /// Ready links for this device.
        #[serde(skip_serializing_if = "Option::is_none")]
        links: Option<StartLinks>,
        /// To be shown as a QR code on another device.
        #[serde(skip_serializing_if = "Option::is_none")]
        qr_data: Option<String>,
    },
}

/// Links that start the BankID app.
#[derive(Serialize)]
pub struct StartLinks {
    mobile: String,
    desktop: String,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(redacted)")
    }
}

impl fmt::Debug for StartLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartLinks(redacted)")
    }
}

impl Opening {
    /// What starts the BankID app for this order.
    pub fn of_order(approval: &Approval, app: Option<&App>) -> Self {
        let token = approval.session.auto_start.as_ref().map(|token| token.expose().to_owned());
        let links = token.as_deref().map(|token| start_links(token, app));
        Self::Decoupled { links, qr_data: qr_data(approval), auto_start_token: token }
    }
}

/// What another device scans: the bank's newest code, else (decoupled 1.0) the link that starts the app.
fn qr_data(approval: &Approval) -> Option<String> {
    if approval.same_device {
        return None;
    }
    let session = &approval.session;
    let from_token =
        || session.auto_start.as_ref().map(|token| format!("bankid:///?autostarttoken={}", token.expose()));
    session.qr.as_ref().map(|qr: &QrData| qr.expose().to_owned()).or_else(from_token)
}

/// BankID wants a `redirect`; on iOS it is mandatory. It is the app's own registered link, without anything secret.
fn start_links(token: &str, app: Option<&App>) -> StartLinks {
    let query = |redirect: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("autostarttoken", token).append_pair("redirect", redirect).finish()
    };
    StartLinks {
        mobile: format!("https://app.bankid.com/?{}", query(app.map_or("null", |app| app.link.as_str()))),
        desktop: format!("bankid:///?{}", query("null")),
    }
}

impl Approval {
    /// What another device should scan now, if this order is for another device.
    pub fn qr_text(&self) -> Option<String> {
        qr_data(self)
    }
}
