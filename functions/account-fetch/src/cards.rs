//! `GET …/card-accounts` and `GET …/card-accounts/{account_id}`. Cards exist for individuals in SE, and only with a
//! subscription of their own; elsewhere the list is empty and says why.

use crate::{
    map::Side,
    question::CardList,
    reader::Reader,
    view::{CardAccounts, CardView, TotalView},
};
use lambda_http::Request;
use shared::{
    account::{Balance, CardAccount, Currency},
    app::App,
    bank::Fault,
    http::{self, Answer, Code, Problem},
    store::AccountEntry,
};

/// Why there are no cards.
#[derive(Clone, Copy, Debug)]
enum NoCards {
    /// The bank has no card interface for this kind of customer.
    NotOffered,
    /// The operator's app is not subscribed to the bank's card product.
    NotSubscribed,
}

impl NoCards {
    const fn reason(self) -> &'static str {
        match self {
            Self::NotOffered => "cards_not_offered",
            Self::NotSubscribed => "cards_not_subscribed",
        }
    }
}

pub(crate) async fn list(app: &App, request: Request) -> Answer {
    let source = http::wants_source(&request)?;
    let (reader, cards) = listed(Reader::load(app, &request, source).await?).await?;
    let answer = match &cards {
        Ok(cards) => CardAccounts {
            card_accounts: CardView::all(cards, &reader),
            totals: TotalView::all(cards.iter().filter(|card| !card.is_allkort()).map(of_card)),
            reason: None,
        },
        Err(none) => {
            CardAccounts { card_accounts: Vec::new(), totals: Vec::new(), reason: Some(none.reason()) }
        }
    };
    reader.json(&answer)
}

fn of_card(card: &CardAccount) -> (Currency, Option<&[Balance]>) {
    (card.currency, card.balances.as_deref())
}

/// One card account is taken from the list: the bank's own path for one has never been seen in use.
pub(crate) async fn one(app: &App, request: Request) -> Answer {
    let reader = Reader::load(app, &request, http::wants_source(&request)?).await?;
    // A malformed id is no question for the bank.
    reader.wanted()?;
    let (reader, cards) = listed(reader).await?;
    let wanted = reader.wanted()?;
    let cards = cards.unwrap_or_default();
    let mut views = CardView::all(&cards, &reader).into_iter();
    let found = views.find(|card| card.account_id == wanted.as_str());
    reader.json(&found.ok_or(Problem::new(Code::AccountNotFound))?)
}

/// The card account that the path names, as the table knows it; the list is asked only if the table does not know it.
pub(crate) async fn located(reader: Reader<'_>) -> Result<(Reader<'_>, AccountEntry), Problem> {
    if let Some(known) = reader.known(Side::Cards)? {
        return Ok((reader, known));
    }
    let (reader, _) = listed(reader).await?;
    let known = reader.known(Side::Cards)?.ok_or(Problem::new(Code::AccountNotFound))?;
    Ok((reader, known))
}

/// The list of card accounts, remembered.
async fn listed(reader: Reader<'_>) -> Result<(Reader<'_>, Result<Vec<CardAccount>, NoCards>), Problem> {
    if !reader.stored.country.has_cards(reader.stored.psu_type) {
        return Ok((reader, Err(NoCards::NotOffered)));
    }
    let (mut reader, answer) = reader.ask(&mut CardList).await?;
    if answer.as_ref().err() == Some(&Fault::NotRegistered) {
        return Ok((reader, Err(NoCards::NotSubscribed)));
    }
    let cards = answer?;
    let entries = reader.card_entries(&cards);
    reader.remember(vec![(Side::Cards, entries)]).await?;
    Ok((reader, Ok(cards)))
}
