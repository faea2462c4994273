//! The stand-ins of `make local`, wired: who listens where, and what each has to know of the others.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use simulated_bank::{Bank, Options, RegisteredApp};

use super::settings::Settings;
use super::{demo, functions};
use crate::page::{Neighbours, Page};
use crate::template::invalid;
use crate::{
    CargoLambda, Clock, FrontDoor, FrontDoorOptions, Invoke, Issuer, Proxy, RuntimeApi, Secrets, Table,
    Template, TokenSpec,
};

const TABLE: &str = "consents";
const SECRET: &str = "bank-access";
/// As the bank hands them out: a UUID.
const CLIENT_ID: &str = "3f1c7a52-9d84-4b6e-a0c3-6e2b5d18f794";
const COUNTRIES: [&str; 4] = ["SE", "NL", "GB", "LU"];

/// All of them, running.
#[derive(Debug)]
pub(super) struct StandIns {
    pub(super) bank: Bank,
    pub(super) issuer: Issuer,
    pub(super) front_door: FrontDoor,
    pub(super) page: Page,
    /// What the functions get: the template's variables with the demo's values, and what Lambda would add.
    pub(super) environment: BTreeMap<String, String>,
    /// The functions, where they are prebuilt.
    pub(super) processes: Option<Arc<RuntimeApi>>,
    _behind: (Table, Proxy, Secrets, Proxy),
}

impl StandIns {
    pub(super) async fn start(settings: &Settings) -> io::Result<Self> {
        let bank = Bank::start(bank_options(settings)).await.map_err(named("the simulated bank"))?;
        let bank_clock = bank.clock();
        let clock: Clock = Arc::new(move || bank_clock.now_ms());
        let ports = settings.ports;
        let issuer = Issuer::start_on(clock.clone(), Some(&settings.state), ports.issuer);
        let issuer = issuer.await.map_err(named("the issuer"))?;
        let parameters = parameters(&bank, &issuer, ports.page);
        let template = Template::read(&settings.template, parameters.clone())?;
        let table = Table::start(Some(&settings.file("table.db"))).await?;
        table.create(&template.table()?, TABLE).await?;
        let secrets = Secrets::start(Some(&settings.file("secrets.json"))).await?;
        keep_secret(&secrets, &bank, &redirect_uri(settings))?;
        let (table_proxy, secrets_proxy) =
            (Proxy::start(table.url()).await?, Proxy::start(secrets.url()).await?);
        let environment = environment(&template, &table_proxy, &secrets_proxy)?;
        let processes = match &settings.prebuilt {
            Some(folder) => Some(Arc::new(functions::prebuilt(folder, &template, &environment).await?)),
            None => None,
        };
        let invoke: Arc<dyn Invoke> = match &processes {
            Some(processes) => processes.clone(),
            None => Arc::new(CargoLambda::new(settings.invoke_url())),
        };
        let options = FrontDoorOptions::new(&settings.template, invoke, clock);
        let options = FrontDoorOptions { parameters, port: ports.front_door, ..options };
        let front_door = FrontDoor::start(options).await.map_err(named("the front door"))?;
        let page = Page::start(ports.page, neighbours(&bank, &issuer, &front_door)).await;
        Ok(Self {
            bank,
            issuer,
            front_door,
            page: page.map_err(named("the page"))?,
            environment,
            processes,
            _behind: (table, table_proxy, secrets, secrets_proxy),
        })
    }

    /// A token that a pasted line can use for a month.
    pub(super) fn token(&self, sub: &str) -> String {
        let spec =
            TokenSpec { client_id: demo::CLIENT.to_owned(), lifetime_s: 30 * 86_400, ..TokenSpec::of(sub) };
        self.issuer.token(&spec)
    }

    pub(super) async fn stop(self) {
        drop(self.front_door);
        self.bank.stop().await;
    }
}

fn environment(template: &Template, table: &Proxy, secrets: &Proxy) -> io::Result<BTreeMap<String, String>> {
    let mut environment = BTreeMap::new();
    for function in template.functions()? {
        environment.extend(function.environment);
    }
    for (name, value) in [
        ("AWS_REGION", "eu-north-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
    ] {
        environment.insert(name.to_owned(), value);
    }
    Ok(environment)
}

fn named(what: &'static str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what} does not start: {error}"))
}

fn neighbours(bank: &Bank, issuer: &Issuer, front_door: &FrontDoor) -> Neighbours {
    Neighbours {
        front_door: front_door.url(),
        issuer: issuer.url(),
        bank_control: bank.control_url(),
        client: demo::CLIENT.to_owned(),
        user: demo::USER.to_owned(),
        psu_address: demo::PSU_ADDRESS.to_owned(),
    }
}

fn redirect_uri(settings: &Settings) -> String {
    format!("{}/v1/callback", settings.front_door_url())
}

fn bank_options(settings: &Settings) -> Options {
    let ports = settings.ports;
    Options {
        starts_at_ms: demo::FIRST_INSTANT_MS,
        ticking: true,
        ports: simulated_bank::Ports {
            api: ports.bank_api,
            page: ports.bank_page,
            control: ports.bank_control,
        },
        apps: vec![RegisteredApp { client_id: CLIENT_ID.to_owned(), redirect_uri: redirect_uri(settings) }],
        state_dir: Some(settings.file("bank")),
        ..Options::default()
    }
}

fn parameters(bank: &Bank, issuer: &Issuer, page_port: u16) -> BTreeMap<String, String> {
    let (api, page) = (bank.api_url(), bank.page_url());
    let links = [
        format!("{page}/bb/gls5/oauth2/authorize/"),
        format!("{page}/mlurd/oauth2/authorize/"),
        format!("{api}/mlurd/decoupled/mbid/"),
        format!("{api}/bb/gls5/decoupled/mbid/"),
    ];
    let app = |id: &str, link: &str, back: &str, handle_in: &str| json!({ "id": id, "client_ids": [demo::CLIENT], "link": link, "return": back, "handle_in": handle_in });
    let apps = json!([
        app("ios", "https://app.example/bank", "page", "fragment"),
        app("android", "https://app.example/bank", "redirect", "fragment"),
        app("web", &format!("http://localhost:{page_port}/bank"), "redirect", "query"),
    ]);
    let values = [
        ("Environment", "local".to_owned()),
        ("BankApiUrl", format!("{api}/openbanking")),
        ("BankTokenUrl", format!("{api}/mlurd/oauth2/token/1.0")),
        ("BankLinks", links.join(",")),
        ("Issuer", issuer.url()),
        ("Audience", issuer.audience()),
        ("Apps", apps.to_string()),
        ("PersonalNumberSource", "body".to_owned()),
        // The same demo person again and again; a phone that nobody holds is not bothered.
        ("BankIdStartsIn5Minutes", "100".to_owned()),
        ("BankIdStartsInADay", "100".to_owned()),
        ("Table", TABLE.to_owned()),
        ("Secret", SECRET.to_owned()),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The keys are made once and stay; the certificate set follows the simulated bank.
fn keep_secret(secrets: &Secrets, bank: &Bank, redirect_uri: &str) -> io::Result<()> {
    let before = secrets.value(SECRET, crate::secrets::CURRENT);
    let kept = |name: &str| before.as_ref().and_then(|value| value.get(name)).cloned();
    let pki = bank.pki();
    let set = json!({
        "client_id": CLIENT_ID, "redirect_uri": redirect_uri, "countries": COUNTRIES,
        "chain_pem": pki.client_chain_pem(), "key_pem": pki.client_key_pem(), "trust_pem": pki.ca_pem(),
    });
    let mut value = Map::new();
    let identity_key = kept("identity_key").unwrap_or_else(|| json!(BASE64.encode(demo::IDENTITY_KEY)));
    value.insert("identity_key".to_owned(), identity_key);
    value.insert("sealing_keys".to_owned(), kept("sealing_keys").map_or_else(sealing_keys, Ok)?);
    value.insert("sets".to_owned(), json!({ "main": set }));
    let value = Value::Object(value);
    if before.as_ref() != Some(&value) {
        secrets.put(SECRET, &value)?;
    }
    Ok(())
}

fn sealing_keys() -> io::Result<Value> {
    let mut key = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| invalid("no random numbers"))?;
    Ok(json!([{ "id": "local-1", "key": BASE64.encode(&key) }]))
}
