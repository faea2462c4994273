//! The handle: start, look, intervene, stop.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::customers::CUSTOMERS;
use crate::open::Open;
use crate::routes::Door;
use crate::server::{House, bind, listen, listen_control, tls};
use crate::service::{Shared, lock};
use crate::wire::HangUp;
use crate::world::World;
use crate::{
    Away, BankIdAction, Clock, CustomerSummary, Enrolled, FaultOrder, Ledger, Options, OrderView, Pki,
    PollOutcome, RegisteredApp, Switches, control, entrance, state,
};

/// How often a change is looked for, real time.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// A ticking clock is saved at least every so many rounds.
const ROUNDS: u32 = 8;
/// Within this a client on the same machine sees that a connection is closed.
const NOTICE: Duration = Duration::from_millis(10);

/// A running bank. Dropping it saves the state and ends all its listeners and connections.
#[derive(Debug)]
pub struct Bank {
    pki: Arc<Pki>,
    clock: Clock,
    world: Shared,
    state_dir: Option<PathBuf>,
    control_url: String,
    closing: Option<watch::Sender<HangUp>>,
    open: Open,
    listeners: Vec<JoinHandle<()>>,
}

impl Bank {
    /// Starts the bank's three listeners on 127.0.0.1, on the current tokio runtime.
    ///
    /// # Errors
    /// If a port is taken, or the state folder cannot be read.
    pub async fn start(options: Options) -> io::Result<Self> {
        let state_dir = options.state_dir.clone();
        let clock = Clock::new(options.starts_at_ms, options.ticking);
        let pki = Arc::new(match &state_dir {
            Some(folder) => {
                Pki::load_or_generate(&state::pki_folder(folder), clock.clone(), &options.server)?
            }
            None => Pki::in_memory(clock.clone(), &options.server)?,
        });
        let (api, api_port) = bind(options.ports.api).await?;
        let (page, page_port) = bind(options.ports.page).await?;
        let (control, control_port) = bind(options.ports.control).await?;
        let acceptor = tls(pki.server(), pki.admission()?, options.mode, options.switches.http2)?;
        let urls = [format!("https://127.0.0.1:{api_port}"), format!("http://127.0.0.1:{page_port}")];
        let mut world = World::new(options, clock.clone(), Arc::clone(&pki), urls);
        if let Some(folder) = &state_dir {
            state::load(folder, &mut world)?;
        }
        let world: Shared = Arc::new(Mutex::new(world));
        let (closing, closed) = watch::channel(HangUp::Close);
        let open = Open::default();
        let house = House { world: Arc::clone(&world), closing: closed, open: open.clone() };
        let mut listeners = vec![
            listen(api, Door::Api, Some(acceptor), house.clone()),
            listen(page, Door::Page, None, house.clone()),
            listen_control(control, house.clone()),
        ];
        listeners.extend(state_dir.clone().map(|folder| keep(folder, house)));
        let control_url = format!("http://127.0.0.1:{control_port}");
        Ok(Self { pki, clock, world, state_dir, control_url, closing: Some(closing), open, listeners })
    }

    /// What stands for `https://api.handelsbanken.com`, without a slash at the end.
    #[must_use]
    pub fn api_url(&self) -> String {
        lock(&self.world).api_url.clone()
    }

    /// What stands for `https://secure.handelsbanken.com`: plain HTTP, no client certificate.
    #[must_use]
    pub fn page_url(&self) -> String {
        lock(&self.world).page_url.clone()
    }

    /// The control surface.
    #[must_use]
    pub fn control_url(&self) -> String {
        self.control_url.clone()
    }

    /// The bank's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The certificates.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The registered apps.
    #[must_use]
    pub fn apps(&self) -> Vec<RegisteredApp> {
        lock(&self.world).apps.clone()
    }

    /// The apps that were enrolled while the bank ran, with what they are subscribed to.
    #[must_use]
    pub fn enrolled(&self) -> Vec<Enrolled> {
        lock(&self.world).book.enrolment.apps.clone()
    }

    /// What the bank has seen so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        lock(&self.world).ledger.clone()
    }

    /// Forgets what was seen; connection numbers go on.
    pub fn clear_ledger(&self) {
        lock(&self.world).ledger = Ledger::default();
    }

    /// Orders a fault.
    pub fn fault(&self, order: FaultOrder) {
        lock(&self.world).faults.push(order);
    }

    /// Forgets all fault orders.
    pub fn clear_faults(&self) {
        lock(&self.world).faults.clear();
    }

    /// What the person does with the newest live BankID order or, if there is none, with every later one.
    pub fn bankid(&self, action: BankIdAction) {
        lock(&self.world).bankid(action);
    }

    /// What the person does with every later BankID order.
    pub fn bankid_by_default(&self, action: BankIdAction) {
        let mut world = lock(&self.world);
        world.bankid_default = action;
        world.unsaved = true;
    }

    /// The answers of the next polls, before the order's own state is looked at.
    pub fn poll_outcomes(&self, outcomes: impl IntoIterator<Item = PollOutcome>) {
        lock(&self.world).poll_script.extend(outcomes);
    }

    /// The customer that the sign page offers first; false if there is no such key.
    #[must_use]
    pub fn choose_customer(&self, key: &str) -> bool {
        lock(&self.world).choose_customer(key)
    }

    /// The customer takes the consent back at the bank; false if there is no such consent.
    #[must_use]
    pub fn revoke_grant(&self, consent_id: &str) -> bool {
        lock(&self.world).revoke(consent_id)
    }

    /// The fictional customers.
    #[must_use]
    pub fn customers(&self) -> Vec<CustomerSummary> {
        CUSTOMERS.iter().map(|customer| customer.summary()).collect()
    }

    /// The BankID orders, newest first.
    #[must_use]
    pub fn orders(&self) -> Vec<OrderView> {
        control::orders(&lock(&self.world))
    }

    /// Every access and refresh token that was ever issued, and every authorization code.
    #[must_use]
    pub fn issued(&self) -> (Vec<String>, Vec<String>) {
        let world = lock(&self.world);
        let tokens = world.book.access_tokens.keys().chain(world.book.refresh_tokens.keys());
        (tokens.cloned().collect(), world.book.codes.keys().cloned().collect())
    }

    /// All booked rows of the account with this IBAN, oldest first, whatever its answers show.
    #[must_use]
    pub fn booked(&self, iban: &str) -> Vec<crate::TrueRow> {
        crate::truth::booked(iban, lock(&self.world).clock.now_ms())
    }

    /// The switches as they stand.
    #[must_use]
    pub fn switches(&self) -> Switches {
        lock(&self.world).switches.clone()
    }

    /// Changes switches while the bank runs (all but `http2`).
    pub fn change_switches(&self, change: impl FnOnce(&mut Switches)) {
        let mut world = lock(&self.world);
        change(&mut world.switches);
        world.entrance.ring();
    }

    /// From now on new connections to the API port are met in this way; returns when they are.
    pub async fn meet(&self, how: Option<Away>) {
        entrance::meet(&self.world, how).await;
    }

    /// Closes every open connection to the API and page ports, idle ones too; new ones are accepted. When it returns
    /// they are closed, and the other sides have had a moment to see it.
    pub async fn close_connections(&self) {
        self.hang_up(HangUp::Close).await;
    }

    /// The same in any way; browsers on the page port are never left in silence.
    pub async fn hang_up(&self, how: HangUp) {
        if let Some(closing) = &self.closing {
            closing.send_replace(how);
        }
        let newest = self.open.newest();
        while self.open.any_up_to(newest) {
            tokio::time::sleep(NOTICE).await;
        }
        tokio::time::sleep(NOTICE).await;
    }

    /// Saves the state and ends all listeners and connections; the ports are free when it returns.
    pub async fn stop(mut self) {
        self.closing = None;
        for listener in std::mem::take(&mut self.listeners) {
            // A listener that panicked has ended too.
            let _ = listener.await;
        }
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.closing = None;
        if let Some(folder) = &self.state_dir {
            // Nobody is left to tell; the saver has told the disk within the last quarter of a second.
            let _ = save(folder, &self.world);
        }
    }
}

fn save(folder: &std::path::Path, world: &Shared) -> io::Result<()> {
    let text = state::snapshot(&mut lock(world))?;
    state::write(folder, &text)
}

/// Saves what has changed, until the bank is gone.
fn keep(folder: PathBuf, house: House) -> JoinHandle<()> {
    let mut gone = house.closing;
    tokio::spawn(async move {
        let mut round = 0_u32;
        loop {
            tokio::select! {
                () = tokio::time::sleep(SAVE_EVERY) => {}
                changed = gone.changed() => if changed.is_err() { return },
            }
            round = round.wrapping_add(1);
            if lock(&house.world).unsaved || round.is_multiple_of(ROUNDS) {
                // A full disk is tried again in the next round.
                let _ = save(&folder, &house.world);
            }
        }
    })
}
