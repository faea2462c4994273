//! A bank, a table, a secret and a front door for the functions that are measured, as the journeys have them.

#[path = "../../journeys/world/settings.rs"]
mod settings;

use crate::Outcome;
use cloud::{
    FrontDoor, FrontDoorOptions, FunctionProcess, Invoke, InvokeFailure, Issuer, Proxy, RuntimeApi, Secrets,
    Table, Template, TokenSpec,
};
use serde_json::{Value, json};
use simulated_bank::{Bank, Options, RegisteredApp, Switches};
use std::{
    collections::BTreeMap,
    env,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Where the bank's clock stands: 2026-01-15T08:00:00Z.
const START_MS: i64 = 1_768_464_000_000;
const CLIENT_ID: &str = "0d0f2f1c-6a57-4c1e-9c8d-3b8d5f0a7e21";
pub(crate) const TABLE: &str = "consents";
const SECRET: &str = "bank-access";
const CALLER: &str = "demo-app";
const CALLBACK: &str = "https://service.example/v1/callback";
pub(crate) const FUNCTIONS: [&str; 5] =
    ["consent-start", "redirect-callback", "decoupled-poll", "account-fetch", "consent-manage"];
/// A documentation address (RFC 5737).
const ADDRESS: &str = "203.0.113.7";

/// Everything around the functions, and one process of each that makes what the measured ones need.
pub(crate) struct Stage {
    pub(crate) bank: Bank,
    pub(crate) table: Table,
    pub(crate) table_proxy: Proxy,
    _secret_proxy: Proxy,
    pub(crate) environment: BTreeMap<String, String>,
    issuer: Issuer,
    door: FrontDoor,
    helpers: Arc<Helpers>,
    http: reqwest::Client,
    keys: AtomicU64,
    _secrets: Secrets,
}

/// The executable of a function, or of the floor, beside this one.
pub(crate) fn binary(name: &str) -> Outcome<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is not built: make bench", path.display()).into()) }
}

impl Stage {
    pub(crate) async fn set(switch: impl FnOnce(&mut Switches)) -> Outcome<Self> {
        let apps = vec![RegisteredApp { client_id: CLIENT_ID.to_owned(), redirect_uri: CALLBACK.to_owned() }];
        let mut options = Options { apps, starts_at_ms: START_MS, ticking: false, ..Options::default() };
        // Short enough that no thaw is noticed between two polls.
        options.switches.sleep_time_ms = 1_000;
        switch(&mut options.switches);
        let bank = Bank::start(options).await?;
        let clock = bank.clock();
        let issuer = Issuer::start(Arc::new(move || clock.now_ms()), None).await?;
        let parameters = settings::parameters(&bank, &issuer);
        let table = Table::start(None).await?;
        table
            .create(&Template::read(&settings::template_path(), parameters.clone())?.table()?, TABLE)
            .await?;
        let secrets = Secrets::start(None).await?;
        secrets.put(SECRET, &settings::secret_of(&bank, bank.pki()))?;
        let (table_proxy, secret_proxy) =
            (Proxy::start(table.url()).await?, Proxy::start(secrets.url()).await?);
        let mut environment = settings::environment(&bank, &issuer, &table_proxy, &secret_proxy);
        for limit in ["BANKID_STARTS_IN_5_MINUTES", "BANKID_STARTS_IN_A_DAY"] {
            environment.insert(limit.to_owned(), "100".to_owned());
        }
        let process = |name: &str| -> Outcome<FunctionProcess> {
            Ok(FunctionProcess {
                environment: environment.clone(),
                ..FunctionProcess::new(name, binary(name)?)
            })
        };
        let runtime =
            RuntimeApi::start(FUNCTIONS.iter().map(|name| process(name)).collect::<Outcome<_>>()?).await?;
        let helpers = Arc::new(Helpers { runtime, wanted: Mutex::default() });
        let clock = bank.clock();
        let invoke = Arc::clone(&helpers) as Arc<dyn Invoke>;
        let mut options =
            FrontDoorOptions::new(settings::template_path(), invoke, Arc::new(move || clock.now_ms()));
        options.parameters = parameters;
        let door = FrontDoor::start(options).await?;
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let (keys, _secrets, _secret_proxy) = (AtomicU64::new(1), secrets, secret_proxy);
        Ok(Self {
            bank,
            table,
            table_proxy,
            _secret_proxy,
            environment,
            issuer,
            door,
            helpers,
            http,
            keys,
            _secrets,
        })
    }

    /// A consent of this customer, signed and activated.
    pub(crate) async fn connect(&self, country: &str, customer: &str) -> Outcome<String> {
        let (id, location) = self.signed(country, customer).await?;
        let link = self.location("GET", &format!("/v1/callback?{}", query(&location)?)).await?;
        let handle = link.split_once("handle=").ok_or("no handle")?.1.split('&').next().unwrap_or_default();
        let activation = json!({ "handle": handle });
        self.call("POST", &format!("/v1/consents/{id}/activation"), Some(&activation)).await?;
        Ok(id)
    }

    /// A redirect consent that was approved at the bank, and where the bank sends the browser.
    pub(crate) async fn signed(&self, country: &str, customer: &str) -> Outcome<(String, String)> {
        let started = self.call("POST", "/v1/consents", Some(&start(country))).await?;
        let text = |at: &str| started.pointer(at).and_then(Value::as_str).ok_or("no such field");
        let page = self.http.post(text("/authorization/url")?);
        let page = page.header("content-type", "application/x-www-form-urlencoded");
        let answer = page.body(format!("decision=approve&customer={customer}")).send().await?;
        let location = answer.headers().get("location").ok_or("the bank's page did not send on")?.to_str()?;
        Ok((text("/consent_id")?.to_owned(), location.to_owned()))
    }

    /// A BankID order.
    pub(crate) async fn ordered(&self) -> Outcome<String> {
        let mut body = start("SE");
        body["authorization"] = json!({"method": "decoupled", "app": "android", "same_device": true, "personal_number": "190102039815"});
        let started = self.call("POST", "/v1/consents", Some(&body)).await?;
        Ok(started["consent_id"].as_str().ok_or("no consent_id")?.to_owned())
    }

    /// The event that a call is for its function; nobody answers it.
    pub(crate) async fn event(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Vec<u8>> {
        *self.helpers.wanted() = Some(None);
        self.send(method, path, body).await?;
        self.helpers.wanted().take().flatten().ok_or_else(|| format!("{method} {path} reached nobody").into())
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let answer = self.send(method, path, body).await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status.is_success() {
            Ok(serde_json::from_str(&text)?)
        } else {
            Err(format!("{method} {path}: {text}").into())
        }
    }

    async fn location(&self, method: &str, path: &str) -> Outcome<String> {
        let answer = self.send(method, path, None).await?;
        Ok(answer.headers().get("location").ok_or("no Location")?.to_str()?.to_owned())
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<reqwest::Response> {
        let spec = TokenSpec {
            lifetime_s: 400 * 86_400,
            client_id: CALLER.to_owned(),
            ..TokenSpec::of("bench-user")
        };
        let request = self.http.request(method.parse()?, format!("{}{path}", self.door.url()));
        let mut request = request.bearer_auth(self.issuer.token(&spec)).header("psu-ip-address", ADDRESS);
        if let Some(body) = body {
            let key = format!("bench-key-{:08}", self.keys.fetch_add(1, Ordering::Relaxed));
            request = request.header("idempotency-key", key).header("content-type", "application/json");
            request = request.body(body.to_string());
        }
        Ok(request.send().await?)
    }

    /// Exchanges with the bank and with the table so far.
    pub(crate) fn exchanges(&self) -> (usize, usize) {
        let calls = self.bank.ledger().calls.iter().filter(|call| call.kind.as_str() != "unknown").count();
        (calls, self.table_proxy.exchanges().len())
    }

    /// Forgets what was seen, so that long runs stay small.
    pub(crate) fn forget(&self) {
        self.bank.clear_ledger();
        self.table_proxy.reset();
    }
}

/// Body of a redirect start.
pub(crate) fn start(country: &str) -> Value {
    json!({"country": country, "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}})
}

pub(crate) fn query(location: &str) -> Outcome<&str> {
    Ok(location.split_once('?').ok_or("no query")?.1)
}

/// Processes that serve the front door; the event that somebody wants goes to nobody.
struct Helpers {
    runtime: RuntimeApi,
    wanted: Mutex<Option<Option<Vec<u8>>>>,
}

impl Helpers {
    fn wanted(&self) -> std::sync::MutexGuard<'_, Option<Option<Vec<u8>>>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Invoke for Helpers {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        if let Some(kept @ None) = &mut *self.wanted() {
            *kept = Some(event);
            return Box::pin(async { Err(InvokeFailure::Busy) });
        }
        self.runtime.invoke(function, event)
    }
}
