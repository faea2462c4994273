//! Polling and cancelling an order.

use super::{invalid, qr};
use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::codec::Fields;
use crate::customers::Customer;
use crate::gateway::{accepts_json, known_headers};
use crate::json::Json;
use crate::order::{Order, OrderState};
use crate::world::World;
use crate::{EarlyPoll, PollOutcome};

/// The order's position that a poll or cancel names by `sessionId`; the body has to be empty.
fn session(world: &mut World, request: &Request) -> Result<usize, Refusal> {
    known_headers(request, Voice::Decoupled, &[])?;
    accepts_json(request, Voice::Decoupled)?;
    if !request.body.is_empty() {
        return Err(invalid("the body is not empty"));
    }
    let query = Fields::parse(&request.query).ok_or_else(|| invalid("malformed query"))?;
    if let Some(name) = query.stranger(&["sessionId"]) {
        return Err(invalid(format!("unknown parameter {name}")));
    }
    let id = query.get("sessionId").unwrap_or_default();
    let position = world.book.orders.iter().rposition(|order| order.session_id == id);
    let position = position.ok_or_else(|| invalid("no such session"))?;
    world.about = world.book.orders.get(position).map(|order| order.consent_id.clone());
    Ok(position)
}

/// `POST …/cancel/{version}`: the answer is unknown; here 200 with an empty object.
pub(crate) fn cancel(world: &mut World, request: &Request) -> Ruled {
    let position = session(world, request)?;
    world.unsaved = true;
    if let Some(order) = world.book.orders.get_mut(position)
        && order.state != OrderState::Reported
    {
        order.state = OrderState::Cancelled;
    }
    Ok(Voice::Decoupled.json(200, Json::object([])))
}

/// `POST …/token/{version}?sessionId=…`.
pub(crate) fn poll(world: &mut World, request: &Request) -> Ruled {
    let position = session(world, request)?;
    let early = world.book.orders.get(position).is_some_and(|order| request.now_ms < order.next_poll_ms);
    if early {
        world.ledger.early_polls += 1;
        if world.switches.early_poll == EarlyPoll::Refuse {
            return Err(Refusal::decoupled("invalid_request", "polled before sleep_time was over"));
        }
    }
    let script = world.poll_script.pop_front();
    let sleep_ms = world.switches.sleep_time_ms;
    let Some(order) = world.book.orders.get_mut(position) else {
        return Err(invalid("no such session"));
    };
    order.polls += 1;
    order.next_poll_ms = request.now_ms + sleep_ms;
    let order = order.clone();
    world.unsaved = true;
    let outcome = script.unwrap_or_else(|| outcome(world, &order, request.now_ms));
    report(world, request, position, &order, outcome)
}

/// What the order's own state says to a poll.
fn outcome(world: &World, order: &Order, now_ms: i64) -> PollOutcome {
    let error = |error: &str| PollOutcome::Error { error: error.to_owned() };
    let consent = world.book.consents.get(&order.consent_id);
    let in_time = consent.is_some_and(|consent| consent.awaits_signature(now_ms, world.switches.intent_ms));
    match &order.state {
        OrderState::Reported => error("invalid_request"),
        OrderState::Cancelled => error("mbid_error"),
        OrderState::Failed(why) => error(why),
        OrderState::Denied => PollOutcome::UserCancel,
        _ if !in_time => error("intent_expired"),
        OrderState::Approved => PollOutcome::Complete,
        _ if order.polls > world.switches.max_polls => error("mbid_max_polling"),
        _ if order.is_live(now_ms, world.switches.start_window_ms) => PollOutcome::InProgress,
        _ => error("mbid_error"),
    }
}

fn report(
    world: &mut World,
    request: &Request,
    position: usize,
    order: &Order,
    outcome: PollOutcome,
) -> Ruled {
    let result = |word: &str| Json::object([("result", Json::text(word))]);
    let body = match outcome {
        PollOutcome::InProgress => {
            let mut body = result("IN_PROGRESS");
            if let Some(name) = order.qr.as_ref().filter(|_| world.switches.decoupled_two.qr_in_polls) {
                body.push(name, Json::text(qr(&order.session_id, order.polls)));
            }
            return Ok(Voice::Decoupled.json(200, body));
        }
        PollOutcome::Unknown { result: word } => return Ok(Voice::Decoupled.json(200, result(&word))),
        PollOutcome::Complete => complete(world, request, order)?,
        PollOutcome::UserCancel => result("USER_CANCEL"),
        PollOutcome::Error { error } => {
            end(world, position);
            return Err(Refusal::decoupled(&error, format!("order {}", order.state.name())));
        }
    };
    end(world, position);
    Ok(Voice::Decoupled.json(200, body))
}

fn end(world: &mut World, position: usize) {
    if let Some(order) = world.book.orders.get_mut(position) {
        order.state = OrderState::Reported;
    }
}

/// Recorded: this field order, and `bearer` in lower case.
fn complete(world: &mut World, request: &Request, order: &Order) -> Result<Json, Refusal> {
    let gone = || Refusal::decoupled("invalid_request", "consent already signed, or gone");
    let consent = world.book.consents.get(&order.consent_id).filter(|consent| consent.grant.is_none());
    let client_id = consent.ok_or_else(gone)?.client_id.clone();
    let customer = Customer::by_key(&order.customer).ok_or_else(gone)?;
    world.sign(&order.consent_id, customer, request.now_ms);
    let minted = world.mint(&client_id, &order.consent_id, request.now_ms);
    let mut body = Json::object([
        ("result", Json::text("COMPLETE")),
        ("access_token", Json::text(minted.access_token)),
        ("expires_in", Json::int(minted.expires_in_s)),
        ("refresh_token", Json::text(minted.refresh_token)),
        ("token_type", Json::text("bearer")),
    ]);
    world.tell_refresh_lifetime(&mut body, minted.refresh_expires_ms, request.now_ms);
    Ok(body)
}
