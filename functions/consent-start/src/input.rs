//! What the two starts have in common: how the PSU is to sign, where the app is, who vouches for the personal number.

use shared::{
    app::Invocation,
    config::{App, PersonalNumberSource},
    consent::{Identity, Method},
    http::{Caller, Code, FieldError, Fields, Problem},
    store::Reservation,
    types::{AppId, Country, OwnerId, PersonalNumber},
};

const METHOD: &str = "redirect or decoupled";
const PERSONAL_NUMBER: &str = "twelve digits: a date that is not to come, and a valid check digit";

/// How the PSU is to sign, as it stands in the body.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) method: Method,
    pub(crate) app: AppId,
    pub(crate) same_device: bool,
    personal_number: Option<PersonalNumber>,
}

/// The same with everything that configuration and token add to it.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    pub(crate) app: &'a App,
    pub(crate) way: Way,
}

impl Choice<'_> {
    /// What a start this way reserves: with BankID it is a prompt on somebody's phone.
    pub(crate) fn reservation(&self, invocation: &Invocation<'_>, owner: &OwnerId) -> Option<Reservation> {
        match &self.way {
            Way::Redirect => None,
            Way::Decoupled { number, .. } => Some(invocation.reservation(owner, number)),
        }
    }
}

/// One of the two ways to sign.
#[derive(Debug)]
pub(crate) enum Way {
    Redirect,
    Decoupled { number: PersonalNumber, identity: Identity, same_device: bool },
}

impl Wish {
    /// From the fields of a body; what breaks a rule is gathered in `errors`.
    pub(crate) fn of(fields: Fields, inside: &'static str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let method = fields.parsed("method", METHOD, |text| match text {
            "redirect" => Ok(Method::Redirect),
            "decoupled" => Ok(Method::Decoupled),
            _ => Err(()),
        });
        let method = fields.required("method", METHOD, method);
        let app = fields.parsed("app", "a registered app", AppId::parse);
        let app = fields.required("app", "a registered app", app);
        let same_device = fields.flag("same_device");
        let personal_number = fields.parsed("personal_number", PERSONAL_NUMBER, PersonalNumber::parse);
        if method == Some(Method::Redirect) && (same_device.is_some() || personal_number.is_some()) {
            fields.wrong::<()>("method", "decoupled, where same_device or personal_number is given");
        }
        errors.extend(fields.errors(inside));
        Some(Self { method: method?, app: app?, same_device: same_device.unwrap_or(true), personal_number })
    }

    /// The parts that make two wishes the same, for the keyed hash of the body.
    pub(crate) fn parts(&self) -> [String; 4] {
        let number = self.personal_number.as_ref().map_or("", PersonalNumber::expose);
        [self.method.as_str().into(), self.app.as_str().into(), self.same_device.to_string(), number.into()]
    }

    /// Only a registered app that this client may name, and a personal number from where the operator says.
    pub(crate) fn choice<'a>(
        self,
        invocation: &Invocation<'a>,
        caller: &Caller,
    ) -> Result<Choice<'a>, Problem> {
        let config = &invocation.app.config;
        let app = config.apps.named_by(&self.app, &caller.client_id);
        let app = app.ok_or_else(|| Problem::field("app", "an app that is registered for this client"))?;
        if self.method == Method::Redirect {
            return Ok(Choice { app, way: Way::Redirect });
        }
        // Whoever has one was born by now, where the numbers are given out.
        let today = invocation.now().date_in(&Country::Se.zone());
        let (number, identity) = match &config.personal_number {
            PersonalNumberSource::Body => {
                (self.personal_number.filter(|number| number.born_by(today)), Identity::Asserted)
            }
            PersonalNumberSource::Claim(_) if self.personal_number.is_some() => {
                return Err(Problem::field("personal_number", "absent: it is taken from the user's token"));
            }
            PersonalNumberSource::Claim(name) => {
                let claim = caller.claim(name).and_then(|text| PersonalNumber::parse(text).ok());
                let claim = claim.filter(|number| number.born_by(today));
                let missing =
                    Problem::new(Code::UserTokenRequired).about("token", "a valid personal number claim");
                (Some(claim.ok_or(missing)?), Identity::Verified)
            }
        };
        let number = number.ok_or_else(|| Problem::field("personal_number", PERSONAL_NUMBER))?;
        Ok(Choice { app, way: Way::Decoupled { number, identity, same_device: self.same_device } })
    }
}
