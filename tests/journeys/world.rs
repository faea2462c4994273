//! A whole world around the functions: simulated bank, table, secret, issuer, front door. Journeys speak HTTP to it.

pub(crate) mod client;
pub(crate) mod in_process;
pub(crate) mod kept;
mod leaks;
pub(crate) mod search;
mod settings;

pub(crate) use client::{Answer, Browser, Person};
use settings::parameters;
pub(crate) use settings::{IDENTITY_KEY, environment, secret_of};

use cloud::{Account, FrontDoor, FrontDoorOptions, Invoke, Issuer, Proxy, Secrets, Table, Template};
use in_process::InProcess;
pub(crate) use in_process::variable_of;
use search::{Canaries, Kind};
use simulated_bank::{Bank, Options, RegisteredApp};
use std::{
    collections::BTreeMap,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Where every world's clock begins: 2026-01-15T08:00:00Z, standing still until it is moved.
pub(crate) const START_MS: i64 = 1_768_464_000_000;
/// The bank's name for our app in tests.
pub(crate) const CLIENT_ID: &str = "0d0f2f1c-6a57-4c1e-9c8d-3b8d5f0a7e21";
pub(crate) const TABLE: &str = "consents";
pub(crate) const SECRET: &str = "bank-access";
/// What the tests' app back end calls itself.
pub(crate) const CALLER: &str = "demo-app";

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Says a figure in any case: the test harness keeps what tests print, but not this.
pub(crate) fn report(figure: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("{figure}\n").as_bytes()).unwrap();
}

/// Says a figure that the suite is held to: what, how much was reached, how much is asked, and the seed where chance
/// chose. `tests/assure/table.py` makes one table of these lines.
pub(crate) fn measure(what: &str, reached: impl std::fmt::Display, asked: &str, seed: Option<u64>) {
    let seed = seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string());
    report(&format!("measure | {what} | {reached} | {asked} | {seed}"));
}

/// The template that is deployed, or the one that `TEMPLATE` names.
pub(crate) fn template_path() -> PathBuf {
    std::env::var_os("TEMPLATE").map_or_else(settings::template_path, PathBuf::from)
}

/// A journey: the same on every target.
pub(crate) type Journey = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

pub(crate) struct World {
    pub(crate) bank: Bank,
    pub(crate) issuer: Issuer,
    pub(crate) table: Table,
    pub(crate) secrets: Secrets,
    pub(crate) table_proxy: Proxy,
    pub(crate) secret_proxy: Proxy,
    /// What the template grants, and what functions in this process have asked for.
    pub(crate) rights: Arc<cloud::Rights>,
    pub(crate) door: FrontDoor,
    /// Lines that functions in this process have printed.
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    /// Problem documents that were answered, for the search for secrets.
    pub(crate) problems: Mutex<Vec<String>>,
    /// Everything else that was answered.
    pub(crate) answers: Mutex<Vec<String>>,
    /// What was secret here.
    pub(crate) canaries: Canaries,
    /// The functions' variables.
    pub(crate) environment: BTreeMap<String, String>,
}

/// What a world is made with.
pub(crate) struct Setting {
    pub(crate) bank: Options,
    /// Changes of the functions' environment variables.
    pub(crate) overrides: Vec<(&'static str, String)>,
}

impl Default for Setting {
    fn default() -> Self {
        // No two worlds' banks issue the same ids and tokens: what leaks from one into another is found.
        let seed = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            bank: Options { starts_at_ms: START_MS, ticking: false, seed, ..Options::default() },
            overrides: Vec::new(),
        }
    }
}

/// The stand-ins before anybody calls functions: what an invoker needs to know is in `environment`.
pub(crate) struct Stage {
    bank: Bank,
    issuer: Issuer,
    table: Table,
    secrets: Secrets,
    table_proxy: Proxy,
    secret_proxy: Proxy,
    rights: Arc<cloud::Rights>,
    pub(crate) environment: BTreeMap<String, String>,
}

impl World {
    /// Functions in this process, everything at its defaults.
    pub(crate) async fn in_process() -> Self {
        Self::with(Setting::default()).await
    }

    /// Functions in this process.
    pub(crate) async fn with(setting: Setting) -> Self {
        let stage = Stage::set(setting).await;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let invoke = InProcess::new(&stage.environment, &lines);
        stage.open(Arc::new(invoke), lines).await
    }

    /// A person with a token of this issuer; each is a different owner.
    pub(crate) fn person(&self) -> Person<'_> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Person::new(self, format!("user-{number}"))
    }

    /// A browser without any session.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Moves the whole world's clock.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.bank.clock().advance_ms(milliseconds);
    }

    /// Calls of a kind that the bank has seen so far.
    pub(crate) fn at_bank(&self, kind: &str) -> usize {
        self.bank.ledger().count(kind)
    }

    /// Exchanges with the bank's API and with the table so far.
    pub(crate) fn exchanges(&self) -> (usize, usize) {
        let human = ["authorize.page", "authorize.decision", "other"];
        let calls = self.bank.ledger().calls.len();
        let by_people = human.iter().map(|kind| self.at_bank(kind)).sum::<usize>();
        (calls - by_people, self.table_proxy.exchanges().len())
    }

    /// New processes in place of the old, as far as this process can tell: nothing is left in their memory.
    pub(crate) async fn restart_functions(&mut self) {
        let invoke = InProcess::new(&self.environment, &self.lines);
        self.door = front_door(&self.bank, &self.issuer, Arc::new(invoke)).await;
    }

    /// Functions that are called in another way from now on.
    pub(crate) async fn invoked_by(&mut self, invoke: Arc<dyn Invoke>) {
        self.door = front_door(&self.bank, &self.issuer, invoke).await;
    }

    /// New processes with other variables.
    pub(crate) async fn reconfigure(&mut self, changes: &[(&str, &str)]) {
        let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.environment.extend(changes);
        self.restart_functions().await;
    }

    /// Every raw item of the table.
    pub(crate) async fn dump(&self) -> serde_json::Value {
        self.table.dump(TABLE).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let missing = self.rights.missing();
        if !std::thread::panicking() {
            self.search(&[]);
            self.forget();
            kept::keep_secrets(&self.canaries);
            assert!(missing.is_empty(), "template.yaml does not grant {missing:#?}");
        } else if !missing.is_empty() {
            report(&format!("template.yaml does not grant {missing:#?}"));
        }
    }
}

impl Stage {
    pub(crate) async fn set(setting: Setting) -> Self {
        let redirect_uri = "https://service.example/v1/callback".to_owned();
        let apps =
            vec![RegisteredApp { client_id: CLIENT_ID.to_owned(), redirect_uri: redirect_uri.clone() }];
        let bank = Bank::start(Options { apps, ..setting.bank }).await.unwrap();
        let clock = bank.clock();
        let issuer = Issuer::start(Arc::new(move || clock.now_ms()), None).await.unwrap();
        let parameters = parameters(&bank, &issuer);
        let definition = Template::read(&template_path(), parameters).unwrap().table().unwrap();
        let (table, secrets) = stores().await;
        table.create(&definition, TABLE).await.unwrap();
        secrets.put(SECRET, &secret_of(&bank, bank.pki())).unwrap();
        let rights = rights();
        let table_proxy = Proxy::start_guarded(table.url(), Arc::clone(&rights)).await.unwrap();
        let secret_proxy = Proxy::start_guarded(secrets.url(), Arc::clone(&rights)).await.unwrap();
        let mut environment = environment(&bank, &issuer, &table_proxy, &secret_proxy);
        environment.extend(setting.overrides.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Self { bank, issuer, table, secrets, table_proxy, secret_proxy, rights, environment }
    }

    /// Opens the front door before the functions.
    pub(crate) async fn open(self, invoke: Arc<dyn Invoke>, lines: Arc<Mutex<Vec<String>>>) -> World {
        let Self { bank, issuer, table, secrets, table_proxy, secret_proxy, rights, environment } = self;
        let door = front_door(&bank, &issuer, invoke).await;
        let canaries = Canaries::default();
        let secret = secrets.value(SECRET, "AWSCURRENT").unwrap();
        canaries.add(Kind::IdentityKey, secret["identity_key"].as_str().unwrap());
        canaries.add(Kind::SealingKey, secret["sealing_keys"][0]["key"].as_str().unwrap());
        let key = secret["sets"]["main"]["key_pem"].as_str().unwrap();
        key.lines()
            .filter(|line| !line.starts_with("---"))
            .for_each(|line| canaries.add(Kind::PrivateKey, line));
        let (problems, answers) = (Mutex::default(), Mutex::default());
        World {
            bank,
            issuer,
            table,
            secrets,
            table_proxy,
            secret_proxy,
            rights,
            door,
            lines,
            problems,
            answers,
            canaries,
            environment,
        }
    }
}

/// Table and secret store of one world: engines of its own, or an account of the ministack that `MINISTACK` names.
async fn stores() -> (Table, Secrets) {
    let Ok(ministack) = std::env::var("MINISTACK") else {
        return (Table::start(None).await.unwrap(), Secrets::start(None).await.unwrap());
    };
    let account = Arc::new(Account::at(&ministack).await.unwrap());
    (Table::of(Arc::clone(&account)), Secrets::of(account))
}

/// The front door before these functions; its time is the simulated bank's.
async fn front_door(bank: &Bank, issuer: &Issuer, invoke: Arc<dyn Invoke>) -> FrontDoor {
    let clock = bank.clock();
    let mut options = FrontDoorOptions::new(template_path(), invoke, Arc::new(move || clock.now_ms()));
    options.parameters = parameters(bank, issuer);
    FrontDoor::start(options).await.unwrap()
}

/// What the template grants to each function.
fn rights() -> Arc<cloud::Rights> {
    let template = Template::read(&template_path(), BTreeMap::new()).unwrap();
    Arc::new(cloud::Rights::of(&template, &[(TABLE, "Table"), (SECRET, "Secret")]).unwrap())
}

/// Lists journeys and makes a test in this process of each.
macro_rules! journeys {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const JOURNEYS: &[(&str, crate::world::Journey)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), |world| Box::pin($name(world)))),+];

        crate::world::only_in_process![$($name),+];
    };
}
pub(crate) use journeys;

/// Makes a test in this process of each: measures of which another target would show nothing more, or too slowly.
macro_rules! only_in_process {
    ($($name:ident),+ $(,)?) => {
        mod in_process {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let world = crate::world::World::in_process().await;
                    super::$name(&world).await;
                    world.search_table().await;
                }
            )+
        }
    };
}
pub(crate) use only_in_process;
