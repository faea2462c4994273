//! Reading under a grant: with a token that lives, and with one audit line per access.

use crate::{Input, refresh};
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    bank::{self, Fault},
    consent::{Active, Refused},
    http::{Code, Problem},
    store::{AccountMap, Stored},
    telemetry::{self, Access, Audit, Metric},
    types::{AccountId, PsuAddress},
};
use std::sync::Arc;

/// A consent that may be read, and the bank to read from.
pub(crate) struct Reader<'a> {
    pub(crate) invocation: Invocation<'a>,
    pub(crate) stored: Stored,
    /// The accounts as the table knows them; empty before the first list.
    pub(crate) map: AccountMap,
    pub(crate) bank: Arc<bank::Client>,
    account: Option<AccountId>,
    address: Option<PsuAddress>,
}

impl<'a> Reader<'a> {
    /// Loads the consent, holds it against its owner and its clocks, and refreshes the access token if it is over.
    pub(crate) async fn open(app: &'a App, request: &Request) -> Result<Self, Problem> {
        let Input { consent, account, address } = Input::try_from(request)?;
        let invocation = app.begin(request).await?;
        let caller = invocation.caller(request)?;
        let loaded = invocation.load(&caller.owner, &consent?).await?;
        let (stored, now) = (loaded.stored, invocation.now());
        let bank = invocation.bank(stored.country)?;
        let active = stored.readable(now)?;
        let map =
            loaded.accounts.unwrap_or(AccountMap { generation: active.generation, entries: Vec::new() });
        let expired = active.needs_refresh(now);
        let reader = Self { invocation, stored, map, bank, account, address };
        if expired { reader.renewed().await } else { Ok(reader) }
    }

    /// With a fresh access token.
    pub(crate) async fn renewed(self) -> Result<Self, Problem> {
        let Self { invocation, stored, map, bank, account, address } = self;
        let stored = refresh::run(&invocation, &bank, stored).await?;
        Ok(Self { invocation, stored, map, bank, account, address })
    }

    /// Whether the bank says that the token is over although it should live: then it is refreshed once, and the
    /// question asked once more.
    pub(crate) fn must_renew<T>(answer: &Result<T, Fault>) -> bool {
        matches!(answer, Err(Fault::TokenInactive))
    }

    /// One exchange.
    pub(crate) fn exchange(&self) -> bank::Call<'_> {
        self.invocation.exchange()
    }

    /// Whose data.
    pub(crate) fn read(&self) -> Result<bank::Read<'_>, Fault> {
        let active = self.active().map_err(|_| Fault::TokenInactive)?;
        Ok(bank::Read { token: &active.tokens.access, country: self.stored.country, address: self.address })
    }

    /// The grant, which was readable when the request began.
    pub(crate) fn active(&self) -> Result<&Active, Refused> {
        self.stored.readable(self.invocation.now())
    }

    /// The account that the path names.
    pub(crate) fn wanted(&self) -> Result<&AccountId, Problem> {
        self.account.as_ref().ok_or(Problem::new(Code::AccountNotFound))
    }

    /// Leaves the audit line of one access and turns the bank's refusal into a problem.
    pub(crate) fn audited<T>(
        &self,
        resource: &'static str,
        account: Option<&AccountId>,
        answer: Result<T, Fault>,
    ) -> Result<T, Problem> {
        let access =
            Access { resource, account: account.map(AccountId::as_str), present: self.address.is_some() };
        let outcome = answer.as_ref().err().map_or("ok", Fault::code);
        Audit::record(&self.stored.owner, &self.stored.id, access, outcome);
        answer.map_err(|fault| {
            telemetry::count(Metric::BankFaults);
            fault.into()
        })
    }
}
