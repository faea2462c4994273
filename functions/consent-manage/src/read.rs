//! `GET /v1/consents/{consent_id}` and `GET …/authorization`: read from the table alone; the bank is not asked.

use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    budget::Subject,
    http::{self, Answer, AuthorizationAnswer, BudgetAnswer, ConsentAnswer},
    store::{AccountEntry, Budget, Loaded},
};

pub(crate) async fn consent(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let (loaded, budget) = invocation.load_with_budget(&caller.owner, &id).await?;
    let consent = &loaded.stored;
    let used = used(&invocation, &loaded, &budget);
    let answer = ConsentAnswer::of(consent, invocation.now()).with_timeline(&consent.timeline);
    http::json(200, &ConsentAnswer { budget: Some(used), ..answer })
}

/// What was read without the PSU in the last 24 hours, resource by resource.
fn used(invocation: &Invocation<'_>, loaded: &Loaded, budget: &Budget) -> Vec<BudgetAnswer> {
    let (identity, limit) = (&invocation.material.identity, invocation.app.config.unattended_reads);
    let lists = ["accounts", "card_accounts"].map(|resource| Subject { resource, account: None });
    let entries = loaded.accounts.iter().flat_map(|map| &map.entries);
    let of_entry = |entry: &AccountEntry| {
        let resources: &[&'static str] =
            if entry.card { &["card_transactions"] } else { &["account", "transactions"] };
        let account = entry.id.clone();
        resources.iter().map(move |resource| Subject { resource, account: Some(account.clone()) })
    };
    let subjects = lists.into_iter().chain(entries.flat_map(of_entry));
    let standing = |subject: Subject| {
        let key = subject.key(identity, &loaded.stored.owner);
        let standing = budget.standing(&key, limit, invocation.now());
        (standing.used > 0).then(|| BudgetAnswer::of(subject, standing))
    };
    subjects.filter_map(standing).collect()
}

pub(crate) async fn authorization(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let consent = invocation.load(&caller.owner, &id).await?.stored;
    http::json(200, &AuthorizationAnswer::of(&consent, invocation.now()))
}
