//! The bank's whole memory. Rules get it exclusively, one call at a time.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::customers::Customer;
use crate::entrance::Entrance;
use crate::faults::FaultOrder;
use crate::grant::{AccessToken, Bearer, Book, Consent, Grant, RefreshToken};
use crate::json::Json;
use crate::random::Chance;
use crate::{
    BankIdAction, Clock, Ledger, LinkFamily, Mode, Options, Pki, PollOutcome, RegisteredApp, Switches,
};

pub(crate) const DAY_MS: i64 = 86_400_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) mode: Mode,
    pub(crate) links: LinkFamily,
    pub(crate) consent_status: u16,
    pub(crate) apps: Vec<RegisteredApp>,
    pub(crate) switches: Switches,
    pub(crate) clock: Clock,
    pub(crate) api_url: String,
    pub(crate) page_url: String,
    pub(crate) pki: Arc<Pki>,
    pub(crate) chance: Chance,
    pub(crate) book: Book,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Vec<FaultOrder>,
    pub(crate) entrance: Arc<Entrance>,
    pub(crate) request_ids: HashSet<String>,
    pub(crate) preferred_customer: Option<String>,
    pub(crate) bankid_default: BankIdAction,
    pub(crate) poll_script: VecDeque<PollOutcome>,
    /// The consent of the call at hand, for the ledger.
    pub(crate) about: Option<String>,
    /// Calls that have come and are not answered yet.
    pub(crate) under_way: u64,
    /// Something has changed since it was last saved.
    pub(crate) unsaved: bool,
}

/// Tokens fresh from the mint.
#[derive(Debug, Clone)]
pub(crate) struct Minted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in_s: i64,
    /// When the refresh token ends, Unix milliseconds.
    pub(crate) refresh_expires_ms: i64,
}

impl World {
    pub(crate) fn new(
        options: Options,
        clock: Clock,
        pki: Arc<Pki>,
        [api_url, page_url]: [String; 2],
    ) -> Self {
        // The old sandbox approved decoupled orders at once (third-party documentation).
        let bankid_default = match options.mode {
            Mode::Live => BankIdAction::Ignore,
            Mode::Sandbox => BankIdAction::Approve,
        };
        Self {
            mode: options.mode,
            links: options.links,
            consent_status: options.consent_status,
            apps: options.apps,
            switches: options.switches,
            clock,
            api_url,
            page_url,
            pki,
            chance: Chance::new(options.seed),
            book: Book::default(),
            ledger: Ledger::default(),
            faults: Vec::new(),
            entrance: Arc::default(),
            request_ids: HashSet::new(),
            preferred_customer: None,
            bankid_default,
            poll_script: VecDeque::new(),
            about: None,
            under_way: 0,
            unsaved: true,
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&RegisteredApp> {
        let enrolled = self.book.enrolment.apps.iter().map(|enrolled| &enrolled.app);
        self.apps.iter().chain(enrolled).find(|app| app.client_id == client_id)
    }

    /// The consent named by a scope `AIS:<consentId>` of this app; notes it for the ledger.
    pub(crate) fn consent_of_scope(&mut self, scope: &str, client_id: &str) -> Option<Consent> {
        let consent = self.book.consents.get(scope.strip_prefix("AIS:")?)?;
        self.about = Some(consent.id.clone());
        Some(consent.clone()).filter(|consent| consent.client_id == client_id)
    }

    /// The PSU approves: fresh account ids, and the consent's life begins (bank FAQ: 180 days, GB 90).
    pub(crate) fn sign(&mut self, consent_id: &str, customer: &Customer, now_ms: i64) {
        let keys = customer
            .accounts
            .iter()
            .map(|account| account.key)
            .chain(customer.cards.iter().map(|card| card.key));
        let account_ids = keys.map(|key| (key.to_owned(), self.chance.uuid())).collect();
        let days = match customer.country.code() {
            "GB" => self.switches.consent_days_gb,
            _ => self.switches.consent_days,
        };
        let grant =
            Grant { customer: customer.key.to_owned(), expires_ms: now_ms + days * DAY_MS, account_ids };
        if let Some(consent) = self.book.consents.get_mut(consent_id) {
            consent.grant = Some(grant);
        }
    }

    pub(crate) fn mint_access(&mut self, client_id: &str, bearer: Bearer, now_ms: i64) -> String {
        let token = self.chance.token("AT");
        let expires_ms = now_ms + self.switches.access_token_s * 1000;
        let access = AccessToken { client_id: client_id.to_owned(), expires_ms, bearer };
        self.book.access_tokens.insert(token.clone(), access);
        token
    }

    pub(crate) fn mint_refresh(&mut self, client_id: &str, consent_id: &str, expires_ms: i64) -> String {
        let token = self.chance.token("RT");
        let (client_id, consent_id) = (client_id.to_owned(), consent_id.to_owned());
        let refresh = RefreshToken { client_id, consent_id, expires_ms, spent: false };
        self.book.refresh_tokens.insert(token.clone(), refresh);
        token
    }

    /// Access and refresh token for a signed consent.
    pub(crate) fn mint(&mut self, client_id: &str, consent_id: &str, now_ms: i64) -> Minted {
        let bearer = Bearer::Psu { consent_id: consent_id.to_owned() };
        let access_token = self.mint_access(client_id, bearer, now_ms);
        let expires_ms = now_ms + self.switches.refresh_token_days * DAY_MS;
        let refresh_token = self.mint_refresh(client_id, consent_id, expires_ms);
        let expires_in_s = self.switches.access_token_s;
        Minted { access_token, refresh_token, expires_in_s, refresh_expires_ms: expires_ms }
    }

    /// Adds how long the refresh token lives from now on, if this bank says so.
    pub(crate) fn tell_refresh_lifetime(&self, body: &mut Json, expires_ms: i64, now_ms: i64) {
        if let Some(name) = &self.switches.refresh_token_field {
            body.push(name, Json::int((expires_ms - now_ms) / 1000));
        }
    }

    /// Ends a consent for good: its tokens are dead from now on. False if there is none.
    pub(crate) fn revoke(&mut self, consent_id: &str) -> bool {
        self.unsaved = true;
        self.book.consents.get_mut(consent_id).map(|consent| consent.revoked = true).is_some()
    }

    /// The order that a person would see in the app now: the newest live one.
    pub(crate) fn newest_live_order(&mut self) -> Option<&mut crate::order::Order> {
        let (now_ms, window) = (self.clock.now_ms(), self.switches.start_window_ms);
        self.book.orders.iter_mut().rev().find(|order| order.is_live(now_ms, window))
    }

    pub(crate) fn bankid(&mut self, action: BankIdAction) {
        self.unsaved = true;
        match self.newest_live_order() {
            Some(order) => order.act(&action),
            None => self.bankid_default = action,
        }
    }

    pub(crate) fn choose_customer(&mut self, key: &str) -> bool {
        let known = Customer::by_key(key).is_some();
        if known {
            self.preferred_customer = Some(key.to_owned());
        }
        known
    }
}
