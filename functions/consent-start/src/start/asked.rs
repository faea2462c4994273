//! What a start asks for: body, `Idempotency-Key` and `PSU-IP-Address`.

use crate::{input::Wish, reply::missing_address};
use lambda_http::Request;
use shared::{
    http::{self, Code, Fields, Problem},
    types::{
        CorporateId, CorporateRule, Country, Digest, IdentityKey, Psu, PsuAddress, PsuType, Reference,
        UnknownCountry,
    },
};

const CORPORATE_ID: &str = "SE and LU 10 digits, NL 6 digits, GB absent";

/// The body and headers of a start.
pub(crate) struct Start {
    pub(crate) key: String,
    pub(crate) address: PsuAddress,
    pub(crate) country: Country,
    pub(crate) psu: Psu,
    pub(crate) reference: Option<Reference>,
    pub(crate) wish: Option<Wish>,
}

impl Start {
    pub(crate) fn of(request: &Request, rule: CorporateRule) -> Result<Self, Problem> {
        let address = http::psu_address(request);
        let fields = Fields::of(request)?;
        let mut served = true;
        let country = fields.parsed("country", "SE, NL, GB or LU", |text| {
            text.parse::<Country>().inspect_err(|error| served = *error != UnknownCountry::NotServed)
        });
        if !served {
            return Err(Problem::new(Code::CountryNotServed).about("country", "SE, NL, GB or LU"));
        }
        let country = fields.required("country", "SE, NL, GB or LU", country);
        let psu = psu(&fields, country, rule);
        let reference = fields.parsed("reference", "1 to 64 visible ASCII characters", Reference::parse);
        let authorization = fields.object("authorization");
        let mut errors = fields.errors("body");
        let wish = authorization.and_then(|fields| Wish::of(fields, "authorization", &mut errors));
        let key = http::idempotency_key(request).map_err(|error| errors.push(error));
        let address = address.map(|address| address.ok_or(()).map_err(|()| errors.push(missing_address())));
        match (key, address?, country, psu) {
            (Ok(key), Ok(address), Some(country), Some(psu)) if errors.is_empty() => {
                Ok(Self { key, address, country, psu, reference, wish })
            }
            _ => Err(Problem::fields(errors)),
        }
    }

    /// Keyed hash of everything that was asked for. The address is not part of it: a phone changes networks.
    pub(crate) fn digest(&self, identity: &IdentityKey) -> Digest {
        let corporate = if let Psu::Corporate(id) = &self.psu { id.expose() } else { "" };
        let reference = self.reference.as_ref().map_or("", Reference::as_str);
        let mut parts: Vec<String> =
            [self.country.code(), self.psu.psu_type().as_str(), corporate, reference].map(Into::into).into();
        parts.extend(self.wish.iter().flat_map(Wish::parts));
        identity.digest("body", &parts.iter().map(String::as_bytes).collect::<Vec<_>>())
    }

    pub(crate) fn corporate_digest(&self, identity: &IdentityKey) -> Option<Digest> {
        match &self.psu {
            Psu::Individual => None,
            Psu::Corporate(id) => Some(identity.corporate(id)),
        }
    }
}

/// Both fields are taken out whatever is wrong with them or the country, so that neither is called unknown.
fn psu(fields: &Fields, country: Option<Country>, rule: CorporateRule) -> Option<Psu> {
    let psu_type = fields.parsed("psu_type", "individual or corporate", str::parse::<PsuType>);
    let psu_type = fields.required("psu_type", "individual or corporate", psu_type);
    let corporate_id = fields.text("psu_corporate_id");
    match (psu_type?, corporate_id) {
        (PsuType::Individual, None) => Some(Psu::Individual),
        (PsuType::Individual, Some(_)) => fields.wrong("psu_corporate_id", "absent for an individual"),
        (PsuType::Corporate, id) => CorporateId::parse(country?, id.as_deref(), rule)
            .map_or_else(|_| fields.wrong("psu_corporate_id", CORPORATE_ID), |id| Some(Psu::Corporate(id))),
    }
}
