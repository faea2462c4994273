//! The steps of an enrolment, in words: what is sent, without secrets, and how each ended.

use crate::bank::{Application, EnrolmentAddresses, Fault};
use serde::Serialize;
use serde_json::{Value, json};

/// One call to the bank.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    step: &'static str,
    call: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    sends: Value,
    outcome: String,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// The bank has it already.
    WasThere,
    /// The id that the bank gives is not the one that the certificate names.
    OtherThanCertificate,
    /// Nobody says what the TPP's id is.
    Unnamed,
    Failed(Fault),
}

/// All steps, in the order in which they are sent.
pub(super) struct Steps {
    addresses: EnrolmentAddresses,
    told: Vec<Step>,
    /// How many have an outcome.
    ended: usize,
    /// The one that did not end well.
    failed: Option<Outcome>,
    incomplete: bool,
}

const MAKES_AN_APPLICATION: &str = "application";

impl Outcome {
    pub(super) const fn of<T>(result: &Result<T, Fault>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(fault) => Self::Failed(*fault),
        }
    }

    const fn ends_well(self) -> bool {
        matches!(self, Self::Done | Self::WasThere)
    }

    /// Whether the bank may have done it all the same.
    const fn may_have_happened(self) -> bool {
        match self {
            Self::Failed(fault) => !fault.provably_not_sent() && !is_refusal(fault),
            Self::Done | Self::WasThere | Self::OtherThanCertificate => true,
            Self::Unnamed => false,
        }
    }

    fn words(self) -> String {
        let fault = match self {
            Self::Done => return "done".to_owned(),
            Self::WasThere => return "the bank has it already (409)".to_owned(),
            Self::OtherThanCertificate => {
                return "stopped: the bank names another third party than the certificate; ask the bank"
                    .to_owned();
            }
            Self::Unnamed => {
                return "not sent: neither bank nor certificate say the id of the third party; ENROL_TPP_ID does".to_owned();
            }
            Self::Failed(fault) => fault,
        };
        match fault {
            Fault::CertificateRefused => {
                "refused in the handshake: the bank does not take this certificate. Nothing was executed".to_owned()
            }
            Fault::Unrecognised { status, .. } if is_refusal(fault) => format!("refused with status {status}"),
            Fault::ForeignLink => "stopped: the bank has written down another redirect URL than it was sent".to_owned(),
            _ if is_refusal(fault) => format!("refused: {}", fault.code()),
            _ if fault.provably_not_sent() => format!("not sent: {}", fault.code()),
            Fault::Malformed | Fault::Rejected => {
                "answered with something else than is documented, a page perhaps: whether it was executed is not known"
                    .to_owned()
            }
            _ => format!("no usable answer ({}): whether it was executed is not known", fault.code()),
        }
    }
}

/// The bank's no: a status of 400 to 499.
const fn is_refusal(fault: Fault) -> bool {
    match fault {
        Fault::Unrecognised { status, .. } => matches!(status, 400..=499),
        Fault::ClientRefused { .. }
        | Fault::NotRegistered
        | Fault::TokenInactive
        | Fault::WrongTokenKind
        | Fault::RateLimited { .. } => true,
        _ => false,
    }
}

impl Steps {
    pub(super) const fn new(addresses: EnrolmentAddresses) -> Self {
        Self { addresses, told: Vec::new(), ended: 0, failed: None, incomplete: false }
    }

    /// All steps to an application with these products.
    pub(super) fn plan(
        &mut self,
        tpp_id: Option<&str>,
        application: Option<&Application>,
        client_id: Option<&str>,
        products: &[String],
    ) {
        let tpp_id = tpp_id.unwrap_or("<as the bank says>");
        let own = client_id.unwrap_or("<as the bank says>");
        let (third_parties, token) = (self.addresses.third_parties.clone(), self.addresses.token.clone());
        let subscriptions = self.addresses.subscriptions.clone();
        self.push("third party", "POST", &third_parties, Value::Null);
        self.push("token of the third party", "POST", &token, grant("PSD2-ADMIN", tpp_id));
        let mut rest = products;
        if let (Some(application), Some((first, others))) = (application, products.split_first()) {
            let Application { name, description, redirect_uri } = application;
            let app = json!({"name": name, "description": description, "oauthRedirectURI": redirect_uri});
            let sends = json!({"app": app, "product": {"name": first}});
            self.push(MAKES_AN_APPLICATION, "POST", &subscriptions, sends);
            rest = others;
        }
        for product in rest {
            let sends = json!({"clientId": own, "product": {"name": product}});
            self.push("product", "POST", &subscriptions, sends);
        }
        self.push("try", "POST", &token, grant("AIS", own));
    }

    /// The steps to another certificate.
    pub(super) fn plan_certificate(&mut self, client_id: Option<&str>) {
        let (third_parties, token) = (self.addresses.third_parties.clone(), self.addresses.token.clone());
        self.push("certificate", "PUT", &third_parties, Value::Null);
        if let Some(client_id) = client_id {
            self.push("try", "POST", &token, grant("AIS", client_id));
        }
    }

    fn push(&mut self, step: &'static str, method: &str, address: &str, sends: Value) {
        let (call, outcome) = (format!("{method} {address}"), "not sent".to_owned());
        self.told.push(Step { step, call, sends, outcome });
    }

    /// Writes down how the next step ended; nothing if that is the end.
    pub(super) fn note(&mut self, outcome: Outcome) -> Option<()> {
        let step = self.told.get_mut(self.ended)?;
        step.outcome = outcome.words();
        self.ended += 1;
        if outcome.ends_well() {
            return Some(());
        }
        self.failed = Some(outcome);
        None
    }

    /// Not everything that is needed is among the steps.
    pub(super) const fn incomplete(&mut self) {
        self.incomplete = true;
    }

    pub(super) const fn fine(&self) -> bool {
        self.failed.is_none() && !self.incomplete
    }

    /// What to do after it did not end well. `made`: the client id, if one was made.
    pub(super) fn advice(&self, made: Option<&str>) -> Vec<String> {
        let mut advice = Vec::new();
        let Some(outcome) = self.failed else { return advice };
        let step =
            self.ended.checked_sub(1).and_then(|place| self.told.get(place)).map_or("", |step| step.step);
        if step == MAKES_AN_APPLICATION && outcome.may_have_happened() {
            advice.push(
                "The bank may have made an application whose client id nobody has. Ask it before this is run again: \
                 another run would make another application."
                    .to_owned(),
            );
        } else if let Some(client_id) = made {
            advice.push(format!(
                "The application is {client_id}. Write that into the secret (a pending version will do), then run this again: \
                 what is there stays as it is, what is missing is sent."
            ));
        } else {
            let began = if outcome.may_have_happened() { "" } else { "Nothing new was made. " };
            advice.push(format!(
                "{began}When the cause is gone, run this again: what is there stays as it is."
            ));
        }
        if matches!(
            outcome,
            Outcome::Failed(Fault::CertificateRefused | Fault::Unrecognised { status: 401 | 403, .. })
        ) {
            advice.push(
                "Does the certificate carry the role PSP_AI and the authorisation number, and does the bank trust its issuer \
                 (docs/going-live.md)?"
                    .to_owned(),
            );
        }
        advice
    }

    pub(super) fn into_told(self) -> Vec<Step> {
        self.told
    }
}

fn grant(scope: &str, client_id: &str) -> Value {
    json!({"grant_type": "client_credentials", "scope": scope, "client_id": client_id})
}
