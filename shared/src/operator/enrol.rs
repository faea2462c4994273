//! `enrol`: makes this TPP known at the bank and gets it an application with a client id, step by step; `enrol certificate`
//! shows the bank another certificate. Both only say what they would send, unless they are told to `apply`.
//!
//! Nothing here is written into the secret: whoever may enrol need not be allowed to write keys. The client id, which is
//! no secret (documented), is printed with what to do next. A second run finds what is there: third party and products are
//! asked for again, which makes nothing new; an application is made only where the set has no client id.

mod settings;
mod steps;

pub(super) use settings::Settings;

use super::{Operator, Report, Trouble};
use crate::{
    bank::{Application, Call, Enrolment, Fault},
    config::Environment,
    secrets::{CertificateSet, Material},
    types::AccessToken,
};
use serde::Serialize;
use steps::{Outcome, Step, Steps};

/// What is to be enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Third party, application, products.
    Application,
    /// Another certificate of a TPP that the bank knows.
    Certificate,
}

/// What would be sent, or was.
#[derive(Serialize)]
struct Told {
    set: String,
    secret_version: String,
    secret_stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_names: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days: Option<i64>,
    applied: bool,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpp_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    next: Vec<String>,
}

/// A walk through the steps: stops at the first that does not end well.
struct Walk<'a> {
    operator: &'a Operator,
    bank: Enrolment,
    steps: Steps,
    tpp_id: Option<String>,
    client_id: Option<String>,
}

pub(super) async fn enrol(operator: &Operator, what: What, apply: bool) -> Result<Report, Trouble> {
    let config = &operator.app.config.bank;
    if config.environment == Environment::Sandbox {
        return Err(Trouble::Enrolment(
            "the bank's sandbox has no enrolment: its applications are made in its portal",
        ));
    }
    let addresses = operator.enrolment.addresses(config)?;
    let (material, pending) = operator.app.secrets.for_enrolment(operator.now).await?;
    let set = chosen(operator, &material)?;
    // Another certificate is for the application that is there.
    let new_app = what == What::Application && operator.enrolment.new_app;
    let client_id = Some(set.client_id.clone()).filter(|id| !id.is_empty() && !new_app);
    let named = set.organization.as_deref().and_then(|it| it.strip_prefix("PSD")).map(str::to_owned);
    let tpp_id = operator.enrolment.tpp_id.clone().or(named);
    let bank = Enrolment::new(addresses.clone(), set.tls.clone());
    let bank = bank.map_err(|_| Trouble::Enrolment("no client can be built with this set"))?;
    let mut walk = Walk { operator, bank, steps: Steps::new(addresses), tpp_id, client_id };
    let mut next = match what {
        What::Application => walk.application(set, apply).await?,
        What::Certificate => {
            walk.certificate(apply).await;
            Vec::new()
        }
    };
    let fine = walk.steps.fine();
    if !apply && fine {
        next.push("Nothing was sent. With APPLY=1 it is.".to_owned());
    } else if apply && fine {
        next.extend(walk.afterwards(what, set, pending));
    } else {
        next.extend(walk.steps.advice(walk.client_id.as_deref().filter(|id| *id != set.client_id)));
    }
    let told = Told {
        set: set.name.clone(),
        secret_version: material.version.clone(),
        secret_stage: if pending { "AWSPENDING" } else { "AWSCURRENT" },
        certificate_names: set.organization.clone(),
        certificate_days: set.days_left(operator.now),
        applied: apply,
        steps: walk.steps.into_told(),
        tpp_id: walk.tpp_id,
        client_id: walk.client_id,
        next,
    };
    Report::of(&told, fine)
}

fn chosen<'m>(operator: &Operator, material: &'m Material) -> Result<&'m CertificateSet, Trouble> {
    match &operator.enrolment.set {
        Some(name) => material.sets.get(name).ok_or(Trouble::Enrolment("ENROL_SET is no set of the secret")),
        None if material.sets.len() == 1 => {
            material.sets.values().next().ok_or(Trouble::Enrolment("the secret has no set"))
        }
        None => Err(Trouble::Enrolment("the secret has several sets: ENROL_SET names the one")),
    }
}

impl<'a> Walk<'a> {
    /// Third party, its token, an application where there is none, every product, and a try.
    async fn application(&mut self, set: &CertificateSet, apply: bool) -> Result<Vec<String>, Trouble> {
        let (products, unknown) = self.operator.enrolment.products(&set.countries)?;
        let application = self.wanted(set)?;
        self.steps.plan(self.tpp_id.as_deref(), application.as_ref(), self.client_id.as_deref(), &products);
        let names = unknown.iter().map(|country| country.code()).collect::<Vec<_>>().join(", ");
        if !names.is_empty() {
            // An application that lacks a product would look as if it were done.
            self.steps.incomplete();
            let ask = "the name of a product is unknown. Ask the bank, and say it by ENROL_PRODUCTS, or leave the country out of \
                       the set. Nothing is sent before that.";
            return Ok(vec![format!("{names}: {ask}")]);
        }
        if apply {
            // The first step that does not end well says so; the others say that they were not reached.
            let _ = self.walk(application.as_ref(), &products).await;
        }
        Ok(Vec::new())
    }

    /// What the application is to be; nothing if there is one.
    fn wanted(&self, set: &CertificateSet) -> Result<Option<Application>, Trouble> {
        if self.client_id.is_some() {
            return Ok(None);
        }
        let missing = "ENROL_APP_NAME and ENROL_APP_DESCRIPTION say what the application is called and for";
        let settings = &self.operator.enrolment;
        let (name, description) = settings
            .app_name
            .clone()
            .zip(settings.app_description.clone())
            .ok_or(Trouble::Enrolment(missing))?;
        Ok(Some(Application { name, description, redirect_uri: set.redirect_uri.clone() }))
    }

    async fn walk(&mut self, application: Option<&Application>, products: &[String]) -> Option<()> {
        let known = self.bank.third_party(&self.call()).await;
        let same = match (&known, &self.tpp_id) {
            (Ok(said), Some(named)) => said == named,
            _ => true,
        };
        self.steps.note(match &known {
            Ok(_) if !same => Outcome::OtherThanCertificate,
            Ok(_) => Outcome::Done,
            // Unknown whether the bank says so; then it is the certificate that names the TPP.
            Err(Fault::Unrecognised { status: 409, .. }) => Outcome::WasThere,
            Err(fault) => Outcome::Failed(*fault),
        })?;
        self.tpp_id = known.ok().or(self.tpp_id.take());
        let tpp_id = self.tpp_id.clone();
        let Some(tpp_id) = tpp_id else { return self.steps.note(Outcome::Unnamed) };
        let token = self.bank.admin_token(&self.call(), &tpp_id).await;
        self.steps.note(Outcome::of(&token))?;
        let token = token.ok()?;
        let (client_id, rest) = self.made(application, (&tpp_id, &token), products).await?;
        for product in rest {
            let added = self.bank.add_product(&self.call(), (&tpp_id, &token), &client_id, product).await;
            self.steps.note(match added {
                Err(Fault::Unrecognised { status: 409, .. }) => Outcome::WasThere,
                added => Outcome::of(&added),
            })?;
        }
        self.tried(&client_id).await
    }

    /// The application's client id, and the products that it does not have yet.
    async fn made<'p>(
        &mut self,
        application: Option<&Application>,
        admin: (&str, &AccessToken),
        products: &'p [String],
    ) -> Option<(String, &'p [String])> {
        let Some(application) = application else { return Some((self.client_id.clone()?, products)) };
        let (first, rest) = products.split_first()?;
        let made = self.bank.make_application(&self.call(), admin, application, first).await;
        self.steps.note(Outcome::of(&made))?;
        self.client_id = made.ok();
        Some((self.client_id.clone()?, rest))
    }

    /// The certificate of this set takes the place of the one before.
    async fn certificate(&mut self, apply: bool) {
        self.steps.plan_certificate(self.client_id.as_deref());
        if apply {
            let replaced = self.bank.replace_certificate(&self.call()).await;
            if self.steps.note(Outcome::of(&replaced)).is_some()
                && let Some(client_id) = self.client_id.clone()
            {
                // The step says how it ended.
                let _ = self.tried(&client_id).await;
            }
        }
    }

    async fn tried(&mut self, client_id: &str) -> Option<()> {
        let tried = self.bank.try_application(&self.call(), client_id).await;
        self.steps.note(Outcome::of(&tried))
    }

    fn call(&self) -> Call<'a> {
        self.operator.call()
    }

    /// What is left to do by hand.
    fn afterwards(&self, what: What, set: &CertificateSet, pending: bool) -> Vec<String> {
        let client_id = self.client_id.as_deref().unwrap_or_default();
        if what == What::Application && client_id != set.client_id {
            let write = format!(
                "Write \"client_id\": \"{client_id}\" into sets.{} of the secret, as a new pending version.",
                set.name
            );
            let rest = [
                "Then make try-pending, and promote it (docs/runbook.md, Certificates). Until then nobody uses it.",
                "Do not run this again before that, nor with ENROL_NEW_APP=1: it would make another application.",
            ];
            return [vec![write], rest.map(str::to_owned).to_vec()].concat();
        }
        if pending {
            let promote = "Promote this version of the secret now (docs/runbook.md, Certificates)";
            let why = match what {
                What::Certificate => {
                    ": whether the bank still takes the old certificate for the application is unknown."
                }
                What::Application => ".",
            };
            return vec![format!("{promote}{why}")];
        }
        vec!["Nothing is left to do.".to_owned()]
    }
}
