//! A case as data: what stands, what happens, what must be answered, what the bank may have been asked, what is left.

use serde_json::Value;
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder, PollOutcome};
use std::collections::BTreeMap;

/// What stands before a case begins; nothing of it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Nobody has asked for anything.
    Nothing,
    /// The bank's methods are known, nobody has chosen.
    Registered,
    /// The browser is on the bank's page.
    Redirected,
    /// The PSU approved there; the code is on its way.
    Approved,
    /// The code was spent, nobody has claimed the result.
    Signed,
    /// The owner has claimed it.
    Active,
    /// A BankID order is running, and its first poll may come.
    Ordered,
    /// The owner has a grant by BankID.
    ActiveByBankId,
}

/// What somebody does. Texts may hold the names of [`super::truth::Truth`].
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A browser opens our callback with this query.
    Back(String),
    /// The PSU approves on the bank's page; the code of later acts is this one.
    Approve,
    /// The PSU denies there, or comes too late to approve: the bank sends an error.
    Deny,
    /// `POST /v1/consents`.
    Start(Value),
    /// `POST …/authorization`.
    Choose(Value),
    /// `POST …/authorization/poll`.
    Poll,
    /// `DELETE …/authorization`.
    Cancel,
    /// `DELETE` of the consent.
    Revoke,
    /// `POST …/activation` with this body.
    Activate(Value),
    /// `GET …/accounts`.
    Read,
    /// So many milliseconds pass.
    Pass(i64),
    /// The world's clock is set to so many milliseconds after a limit.
    At(Limit, i64),
    /// The bank's next calls go wrong.
    Bank(FaultOrder),
    /// The person does something with the BankID app.
    Phone(BankIdAction),
    /// The bank's next poll says this.
    Said(PollOutcome),
}

/// A limit in time, as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// 15 minutes after the bank consent was made.
    Intent,
    /// 5 minutes after it was signed.
    Claim,
}

/// What the last act must be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// To the app: signed, with a handle.
    Signed,
    /// To the app: signed, without a handle.
    Claimed,
    /// To the app: denied.
    Denied,
    /// To the app: failed.
    Failed,
    /// One page that says nothing and leads nowhere.
    Neutral,
    /// A problem of this status and code.
    Problem(u16, &'static str),
    /// 400 that names this field and no other.
    Field(&'static str),
    /// Success, with this public status if the answer has one.
    Done(u16, Option<&'static str>),
}

/// One case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) given: Given,
    pub(super) acts: Vec<Act>,
    pub(super) answer: Answered,
    /// Calls at the bank by kind, all of them but client credentials, which say nothing about a PSU.
    pub(super) calls: BTreeMap<&'static str, usize>,
    /// Status and reason of the consent; nothing if there is to be none.
    pub(super) left: Option<(&'static str, Option<&'static str>)>,
    /// The token's client, if it is not the usual one.
    pub(super) client: Option<&'static str>,
}

pub(super) const EXCHANGE: &str = "token.authorization_code";
pub(super) const REFRESH: &str = "token.refresh_token";
pub(super) const CREATE: &str = "consents.create";
pub(super) const INIT: &str = "decoupled.init";
pub(super) const POLL: &str = "decoupled.poll";
pub(super) const CANCEL: &str = "decoupled.cancel";
/// The true answer of the bank to a browser.
pub(super) const TRUE: &str = "code=$CODE&state=$STATE";
/// An error of the bank for a browser.
pub(super) const ERROR: &str = "error=access_denied&state=$STATE";

/// A case that asks nothing of the bank and leaves nothing, until it says otherwise.
pub(super) fn case(name: impl Into<String>, given: Given) -> Case {
    let (name, calls) = (name.into(), BTreeMap::new());
    Case { name, given, acts: Vec::new(), answer: Answered::Neutral, calls, left: None, client: None }
}

impl Case {
    pub(super) fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    pub(super) fn acts(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts.extend(acts);
        self
    }

    pub(super) fn back(self, query: impl Into<String>) -> Self {
        self.act(Act::Back(query.into()))
    }

    /// The next call of this kind goes wrong.
    pub(super) fn bank(self, call: CallKind, fault: Fault) -> Self {
        self.act(Act::Bank(FaultOrder::next(call, fault)))
    }

    pub(super) fn answers(mut self, answer: Answered) -> Self {
        self.answer = answer;
        self
    }

    pub(super) fn problem(self, status: u16, code: &'static str) -> Self {
        self.answers(Answered::Problem(status, code))
    }

    /// So many calls of a kind.
    pub(super) fn calls(mut self, kind: &'static str, times: usize) -> Self {
        self.calls.insert(kind, times);
        self
    }

    pub(super) fn leaves(mut self, status: &'static str) -> Self {
        self.left = Some((status, None));
        self
    }

    pub(super) fn leaves_because(mut self, status: &'static str, reason: &'static str) -> Self {
        self.left = Some((status, Some(reason)));
        self
    }

    pub(super) fn client(mut self, client: &'static str) -> Self {
        self.client = Some(client);
        self
    }
}
