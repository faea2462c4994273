//! Reading under a grant: with a token that lives, and with one audit line per access.

use crate::{Input, map::Side};
use lambda_http::Request;
use shared::{
    app::{App, Invocation, Reservation},
    bank::{self, Fault},
    budget::Standing,
    consent::{Active, Consent, Grant, Refused},
    http::{Code, Coding, Problem},
    store::{AccountEntry, AccountMap, Stored},
    telemetry::{self, Access, Audit, Metric},
    types::{AccountId, Date, PsuAddress},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The scope that the bank's own objects need beside the route's.
const SOURCE_SCOPE: &str = "accounts:source";

/// A consent that may be read, and the bank to read from.
pub(crate) struct Reader<'a> {
    pub(crate) invocation: Invocation<'a>,
    pub(crate) stored: Stored,
    /// The accounts as the table knows them; empty before the first list.
    pub(crate) map: AccountMap,
    pub(crate) bank: Arc<bank::Client>,
    account: Option<AccountId>,
    address: Option<PsuAddress>,
    wish: Wish,
    /// What is left of the unattended budget, once this request has drawn on it.
    pub(crate) standing: Option<Standing>,
    /// Whether a call of the question under way may have reached the bank: then it is spent, whatever comes later.
    reached: AtomicBool,
}

/// What the caller wants of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    /// The bank's own objects too.
    pub(crate) source: bool,
    /// How it travels.
    pub(crate) coding: Coding,
}

/// One question to the bank under a grant. Asking it twice does no harm.
pub(crate) trait Question: Sync {
    /// What comes back.
    type Answer: Send;
    /// Its name in the audit line.
    const RESOURCE: &'static str;

    /// The account it is about, as the map has it.
    fn account(&self) -> Option<&AccountEntry> {
        None
    }

    /// The same, to be replaced where the bank has another id for it.
    fn account_mut(&mut self) -> Option<&mut AccountEntry> {
        None
    }

    /// The call.
    fn put(&self, reader: &Reader<'_>) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

impl<'a> Reader<'a> {
    /// Loads the consent and holds it against its owner and its clocks. Nothing is spent yet.
    pub(crate) async fn load(app: &'a App, request: &Request, source: bool) -> Result<Self, Problem> {
        let Input { consent, account, address } = Input::try_from(request)?;
        let invocation = app.begin(request).await?;
        let caller = invocation.caller(request)?;
        if source && !caller.has_scope(SOURCE_SCOPE) {
            return Err(Problem::new(Code::SourceScopeRequired));
        }
        let loaded = invocation.load(&caller.owner, &consent?).await?;
        let stored = loaded.stored;
        let bank = invocation.bank(stored.country)?;
        let active = readable(&stored, &invocation)?;
        let map = map_under(active, loaded.accounts);
        // Present is who says so with an address, and whose own token is fresh.
        let address = address.filter(|_| invocation.is_attended(&caller));
        let wish = Wish { source, coding: Coding::of(request) };
        let reached = AtomicBool::new(false);
        Ok(Self { invocation, stored, map, bank, account, address, wish, standing: None, reached })
    }

    /// Asks the bank, with an access token that lives: one that is over is refreshed before, one that should live and
    /// does not is refreshed once and the question asked once more. Without the PSU it draws on the budget before anything
    /// is called. Leaves one audit line, whatever comes of it.
    pub(crate) async fn ask<Q: Question>(
        mut self,
        question: &mut Q,
    ) -> Result<(Self, Result<Q::Answer, Fault>), Problem> {
        let reserved = self.reserve(question).await?;
        self.standing = reserved.as_ref().map(Reservation::standing);
        self.reached = AtomicBool::new(false);
        let (app, owner) = (self.invocation.app, self.stored.owner);
        let mut reader = match self.renewed(question, false).await {
            Ok(reader) => reader,
            Err(problem) => {
                // Without a token nothing was read.
                app.give_back(&owner, reserved).await;
                return Err(problem);
            }
        };
        let mut answer = reader.heard(question.put(&reader).await);
        if matches!(answer, Err(Fault::TokenInactive)) {
            reader = reader.renewed(question, true).await?;
            answer = reader.heard(question.put(&reader).await);
        }
        if !reader.reached.load(Ordering::Relaxed) {
            app.give_back(&owner, reserved).await;
        }
        reader.audit(question, &answer);
        Ok((reader, answer))
    }

    /// Asks as things stand, beside other questions of the same request. It draws on its own budget and leaves its own
    /// audit line.
    pub(crate) async fn ask_beside<Q: Question>(&self, question: &Q) -> Result<Q::Answer, Problem> {
        let reserved = self.reserve(question).await?;
        let answer = question.put(self).await;
        if answer.as_ref().is_err_and(Fault::provably_not_sent) {
            self.invocation.app.give_back(&self.stored.owner, reserved).await;
        }
        self.audit(question, &answer);
        answer.map_err(Problem::from)
    }

    /// Notes what an answer says of its call: unless that provably never left, the question under way is spent.
    pub(crate) fn heard<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        if !answer.as_ref().is_err_and(Fault::provably_not_sent) {
            self.reached.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// With an access token that will do, or with another one if the bank said that it does not. Without one the access
    /// that wanted it has ended, which is audited too. The token may be of another grant: a renewal that was activated
    /// meanwhile has brought it.
    async fn renewed(self, question: &mut impl Question, refused: bool) -> Result<Self, Problem> {
        let Self { invocation, stored, map, bank, account, address, wish, standing, reached } = self;
        let (owner, id) = (stored.owner, stored.id);
        let usable = match refused {
            true => Box::pin(invocation.refresh(&bank, stored)).await,
            false => invocation.usable(&bank, stored).await,
        };
        let settled = match usable {
            Ok(stored) => {
                let map = match &stored.grant {
                    Grant::Active(active) => map_under(active, Some(map)),
                    _ => map,
                };
                let reader =
                    Self { invocation, stored, map, bank, account, address, wish, standing, reached };
                reader.relocated(question).await
            }
            Err(problem) => Err(problem),
        };
        settled.inspect_err(|problem| {
            Audit::record(&owner, &id, access(question, address, wish), problem.code().id());
        })
    }

    /// With the bank's id of the account in question under this grant: where the map does not have it any more, the list
    /// is asked for beside.
    async fn relocated(mut self, question: &mut impl Question) -> Result<Self, Problem> {
        let Some(account) = question.account_mut().filter(|account| !self.map.entries.contains(account))
        else {
            return Ok(self);
        };
        Box::pin(self.relist(Side::of(account))).await?;
        let known = self.entry(Side::of(account), &account.id);
        *account = known.cloned().ok_or(Problem::new(Code::AccountNotFound))?;
        Ok(self)
    }

    /// Whether the PSU is there and asking.
    pub(crate) const fn is_attended(&self) -> bool {
        self.address.is_some()
    }

    /// How the answer travels.
    pub(crate) const fn coding(&self) -> Coding {
        self.wish.coding
    }

    /// Whether the bank's own objects are wanted.
    pub(crate) const fn wants_source(&self) -> bool {
        self.wish.source
    }

    /// Today in the bank's zone.
    pub(crate) fn today(&self) -> Date {
        self.invocation.now().date_in(&self.stored.country.zone())
    }

    /// The oldest day that the bank shows of an account in this currency.
    pub(crate) fn history_from(&self, currency: &str) -> Date {
        let limits = &self.invocation.app.config.limits;
        limits.history(self.stored.country, self.stored.psu_type, currency).first_day(self.today())
    }

    /// One exchange.
    pub(crate) fn exchange(&self) -> bank::Call<'_> {
        self.invocation.exchange()
    }

    /// Whose data.
    pub(crate) fn read(&self) -> Result<bank::Read<'_>, Fault> {
        let active = self.active().map_err(|_| Fault::TokenInactive)?;
        let (country, address, source) = (self.stored.country, self.address, self.wish.source);
        Ok(bank::Read { token: &active.tokens.access, country, address, source })
    }

    /// The grant, which was readable when the request began.
    pub(crate) fn active(&self) -> Result<&Active, Refused> {
        self.stored.readable(self.invocation.now())
    }

    /// The account that the path names.
    pub(crate) fn wanted(&self) -> Result<&AccountId, Problem> {
        self.account.as_ref().ok_or(Problem::new(Code::AccountNotFound))
    }

    fn audit<Q: Question>(&self, question: &Q, answer: &Result<Q::Answer, Fault>) {
        let fault = answer.as_ref().err();
        if fault.is_some() {
            telemetry::count(Metric::BankFaults);
        }
        let outcome = fault.map_or("ok", Fault::code);
        Audit::record(
            &self.stored.owner,
            &self.stored.id,
            access(question, self.address, self.wish),
            outcome,
        );
    }
}

/// The grant, if it may be read with now; one that is over says which call brings it back.
fn readable<'c>(consent: &'c Consent, invocation: &Invocation<'_>) -> Result<&'c Active, Problem> {
    consent.readable(invocation.now()).map_err(|refused| Problem::from(refused).begins_again(&consent.id))
}

/// The map, if it is of this grant's consent at the bank: the bank's ids of another one mean nothing under it.
fn map_under(active: &Active, known: Option<AccountMap>) -> AccountMap {
    known.filter(|map| map.bank_consent == active.bank_consent).unwrap_or_else(|| AccountMap {
        bank_consent: active.bank_consent.clone(),
        generation: active.generation,
        entries: Vec::new(),
    })
}

fn access<Q: Question>(question: &Q, address: Option<PsuAddress>, wish: Wish) -> Access<'_> {
    let account = question.account().map(|account| account.id.as_str());
    Access { resource: Q::RESOURCE, account, present: address.is_some(), source: wish.source }
}
