//! Enrolment (bank's live page): a TPP makes itself known by its certificate, gets a token of its own, and subscribes an
//! app to products. What becomes of a certificate that is shown for another TPP's app, of what comes twice, and of a
//! call without a subscription is unknown; the readings are switches.

mod calls;

use serde::{Deserialize, Serialize};

use crate::RegisteredApp;
use crate::answer::{Refusal, Request, Voice};
use crate::customers::Country;
use crate::world::World;

pub(crate) use calls::{make_known, replace_certificate, subscribe};

/// The scope of enrolment, and of nothing else.
pub(crate) const ADMIN: &str = "PSD2-ADMIN";
/// Products of the account-information side.
const PRODUCTS: &[&str] = &["consents", "accounts", "card-accounts"];

/// What comes of something that is there already. Unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The same answer once more.
    Same,
    /// 409 in the gateway's shape.
    Conflict,
}

/// Who has enrolled.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) third_parties: Vec<ThirdParty>,
    pub(crate) apps: Vec<Enrolled>,
}

/// A TPP.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ThirdParty {
    pub(crate) id: String,
    /// DER in hexadecimal digits.
    pub(crate) certificate: String,
}

/// An app that was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// As the bank knows it.
    pub app: RegisteredApp,
    /// The TPP that it belongs to.
    pub third_party: String,
    /// As the TPP calls it.
    pub name: String,
    /// In the TPP's words.
    pub description: String,
    /// What it may call, and the ids of that.
    pub products: Vec<(String, String)>,
}

fn hex(certificate: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(certificate)
}

/// Whether the certificate of this connection is the one of the TPP.
pub(crate) fn is_known(world: &World, request: &Request, id: &str) -> bool {
    let known = world.book.enrolment.third_parties.iter().find(|third_party| third_party.id == id);
    known.zip(request.certificate.as_ref()).is_some_and(|(third_party, shown)| {
        let same_tpp = crate::pki::Holder::of(shown).is_some_and(|holder| holder.tpp_id == id);
        third_party.certificate == hex(shown) || (world.switches.replaced_certificates && same_tpp)
    })
}

/// Whether an app comes with its TPP's certificate. Those that the bank began with were never enrolled: any will do.
pub(crate) fn is_shown_by_its_tpp(world: &World, request: &Request, client_id: &str) -> bool {
    let enrolled = world.book.enrolment.apps.iter().find(|enrolled| enrolled.app.client_id == client_id);
    enrolled.is_none_or(|enrolled| is_known(world, request, &enrolled.third_party))
}

/// Refuses an enrolled app that lacks the product; in some countries products carry the country's name.
pub(crate) fn subscribed(
    world: &World,
    client_id: &str,
    product: &str,
    country: Country,
) -> Result<(), Refusal> {
    let enrolled = world.book.enrolment.apps.iter().find(|enrolled| enrolled.app.client_id == client_id);
    let Some(enrolled) = enrolled else { return Ok(()) };
    let suffixed = world.switches.suffixed_countries.iter().any(|code| code == country.code());
    let needed =
        if suffixed { format!("{product}-{}", country.code().to_lowercase()) } else { product.to_owned() };
    if enrolled.products.iter().any(|(name, _)| *name == needed) {
        return Ok(());
    }
    Err(not_registered(world, &format!("the app is not subscribed to {needed}")))
}

/// Seen in production; the status is unknown.
pub(crate) fn not_registered(world: &World, why: &str) -> Refusal {
    Refusal::new(Voice::Gateway, world.switches.not_registered_status, "Not registered to plan", why)
}

/// Whether there is such a product.
fn is_product(world: &World, name: &str) -> bool {
    let suffix = |code: &String| format!("-{}", code.to_lowercase());
    let base = world.switches.suffixed_countries.iter().find_map(|code| name.strip_suffix(&suffix(code)));
    PRODUCTS.contains(&base.unwrap_or(name))
}
