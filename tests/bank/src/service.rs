//! Around the rules: find the route, apply faults, keep the ledger.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::CallKind;
use crate::answer::{Answer, Content, Request, Voice};
use crate::clock::http_date;
use crate::entrance;
use crate::faults::{self, Fault};
use crate::json::Json;
use crate::ledger::Call;
use crate::page;
use crate::routes::{self, Door, Route};
use crate::world::World;

/// The world, shared by listeners, control surface and handle.
pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an answer reaches the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    /// No answer: the connection is closed with FIN.
    Close,
    /// Half the body, then RST.
    Reset,
    /// The whole answer after a pause in milliseconds.
    Late(u64),
    /// Half the body, a pause in milliseconds, the rest.
    Stall(u64),
    /// Bytes per piece, milliseconds between.
    Trickle(usize, u64),
    /// Piece by piece; no header says how long it is.
    Unannounced,
}

/// An answer and how it is to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) answer: Answer,
    pub(crate) manner: Manner,
}

/// One call, from request to delivery.
pub(crate) async fn serve(shared: &Shared, door: Door, mut request: Request) -> Delivery {
    let _under_way = UnderWay::new(shared);
    let (route, kind, fault) = {
        let mut world = lock(shared);
        let route = routes::find(world.mode, &world.switches, door, &request.method, &request.path);
        let kind = route.kind(&request);
        (route, kind, faults::take(&mut world.faults, kind))
    };
    if let Some(Fault::Delay { ms }) = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let delivery = {
        let mut world = lock(shared);
        request.now_ms = world.clock.now_ms();
        answer(&mut world, &route, kind, &request, fault.as_ref())
    };
    if let Some(Fault::ThenAway { how }) = fault {
        entrance::meet(shared, Some(how)).await;
    }
    delivery
}

/// A call that has come and is not answered yet.
struct UnderWay(Shared);

impl UnderWay {
    fn new(shared: &Shared) -> Self {
        let mut world = lock(shared);
        world.under_way += 1;
        world.ledger.most_under_way = world.ledger.most_under_way.max(world.under_way);
        Self(Arc::clone(shared))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0).under_way -= 1;
    }
}

fn answer(
    world: &mut World,
    route: &Route,
    kind: CallKind,
    request: &Request,
    fault: Option<&Fault>,
) -> Delivery {
    world.about = None;
    let executed = fault.is_none_or(Fault::executes);
    let (mut answer, refusal) =
        if executed { ruled(world, route, request) } else { (instead(route.voice(), fault), None) };
    if let Some(fault) = fault {
        spoil(&mut answer, fault);
    }
    let doubled = world.switches.doubled_date || fault == Some(&Fault::DoubledDate);
    for _ in 0..=usize::from(doubled) {
        answer.headers.push(("date".to_owned(), http_date(request.now_ms)));
    }
    let manner = manner(fault);
    world.ledger.calls.push(Call {
        kind,
        method: request.method.clone(),
        target: if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, request.query)
        },
        tpp_transaction_id: request.joined("tpp-transaction-id"),
        tpp_request_id: request.joined("tpp-request-id"),
        psu_ip_address: request.joined("psu-ip-address"),
        consent_id: world.about.take(),
        status: answer.status,
        answered: !matches!(manner, Manner::Close | Manner::Reset),
        executed,
        at_ms: request.now_ms,
        connection: request.connection,
        refusal,
        fault: fault.map(Fault::name),
    });
    Delivery { answer, manner }
}

fn ruled(world: &mut World, route: &Route, request: &Request) -> (Answer, Option<String>) {
    match route.rule(world, request) {
        Ok(answer) => (answer, None),
        Err(refusal) => {
            world.ledger.refused_unknown += u64::from(refusal.unknown);
            (refusal.answer(), Some(refusal.why))
        }
    }
}

const fn manner(fault: Option<&Fault>) -> Manner {
    match fault {
        Some(Fault::RequestCut | Fault::CloseBeforeAnswer | Fault::AnswerLost) => Manner::Close,
        Some(Fault::ResetMidBody) => Manner::Reset,
        Some(Fault::HeaderStall { ms }) => Manner::Late(*ms),
        Some(Fault::BodyStall { ms }) => Manner::Stall(*ms),
        Some(Fault::EndlessBody { .. }) => Manner::Unannounced,
        Some(Fault::Trickle { bytes, pause_ms }) => Manner::Trickle(*bytes, *pause_ms),
        _ => Manner::Plain,
    }
}

/// The answer of a fault that comes instead of the bank's own.
fn instead(voice: Voice, fault: Option<&Fault>) -> Answer {
    let gateway = |status: u16, text: &str| Voice::Gateway.error(status, text);
    match fault {
        Some(Fault::KycMissing) => gateway(403, "Customer due diligence is not complete"),
        Some(Fault::TokenNotActive) => gateway(401, "Token is not active"),
        Some(Fault::NotRegisteredToPlan) => gateway(401, "Not registered to plan"),
        Some(Fault::NotFound) => gateway(404, "Not Found"),
        Some(Fault::Conflict) => gateway(409, "Conflict"),
        Some(Fault::TooManyRequests { retry_after_s }) => {
            let mut answer = gateway(429, "Rate Limit exceeded");
            answer
                .headers
                .extend(retry_after_s.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
            answer
        }
        Some(Fault::InternalError) => gateway(500, "Internal Server Error"),
        Some(Fault::ProxyError) => gateway(502, "proxyError: java.net.SocketException: Connection reset"),
        Some(Fault::Unavailable) => gateway(503, "Service Unavailable"),
        Some(Fault::RequestRejected) => Voice::Page.html(200, page::REJECTED.to_owned()),
        Some(Fault::OauthError { error }) => {
            let voice = if voice == Voice::Decoupled { voice } else { Voice::Token };
            voice.error(400, error)
        }
        Some(Fault::Html) => Voice::Page.html(200, page::MAINTENANCE.to_owned()),
        Some(Fault::RedirectElsewhere { location }) => Answer::redirect(302, location),
        Some(Fault::HugeBody { mebibytes } | Fault::EndlessBody { mebibytes }) => voice
            .json(200, Json::object([("filler", Json::text("x".repeat(mebibytes.saturating_mul(1 << 20))))])),
        Some(Fault::Packed { mebibytes }) => packed(*mebibytes),
        Some(Fault::DeepJson { depth }) => {
            voice.json(200, Json::Literal(format!("{}{}", "[".repeat(*depth), "]".repeat(*depth))))
        }
        Some(Fault::Answer { status, headers, body, .. }) => arbitrary(*status, headers, body),
        _ => gateway(500, "Internal Server Error"),
    }
}

/// Small on the wire, large once it is unpacked.
fn packed(mebibytes: usize) -> Answer {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let filler = [b' '; 1 << 16];
    // Into memory nothing fails; if it did, less would come.
    let written = (0..mebibytes.saturating_mul(16)).try_for_each(|_| gzip.write_all(&filler));
    let whole = written.and_then(|()| gzip.write_all(b"{}"));
    let bytes = whole.and_then(|()| gzip.finish()).unwrap_or_default();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Answer { status: 200, headers, content: Content::Raw(bytes) }
}

fn arbitrary(status: u16, headers: &[(String, String)], body: &str) -> Answer {
    let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let default = (!named).then(|| ("content-type".to_owned(), "application/json".to_owned()));
    let headers = headers.iter().cloned().chain(default).collect();
    Answer { status, headers, content: Content::Text(body.to_owned()) }
}

/// Spoils an answer of the bank's own.
fn spoil(answer: &mut Answer, fault: &Fault) {
    match fault {
        Fault::Answer { status, headers, body, executed: true } => {
            *answer = arbitrary(*status, headers, body)
        }
        Fault::TruncatedJson => {
            let text = String::from_utf8_lossy(&answer.bytes()).into_owned();
            let half = text.chars().take(text.chars().count() / 2).collect();
            answer.content = Content::Text(half);
        }
        Fault::MissingField { name } => each_pair(answer, &mut |key, _| key != name),
        Fault::WrongType { name } => each_pair(answer, &mut |key, value| {
            if key == name {
                *value = if matches!(value, Json::Text(_)) { Json::int(7) } else { Json::text("seven") };
            }
            true
        }),
        Fault::ThenAway { .. } => answer.headers.push(("connection".to_owned(), "close".to_owned())),
        Fault::ExtraField { name } => {
            if let Content::Json(json) = &mut answer.content {
                json.push(name, Json::text("unheard of"));
            }
        }
        Fault::ForeignLinks { origin } => each_pair(answer, &mut |key, value| {
            if let ("href", Json::Text(href)) = (key, value) {
                *href = moved(href, origin);
            }
            true
        }),
        _ => {}
    }
}

fn each_pair(answer: &mut Answer, visit: &mut impl FnMut(&str, &mut Json) -> bool) {
    if let Content::Json(json) = &mut answer.content {
        json.each_pair(visit);
    }
}

/// The same path on another origin.
fn moved(href: &str, origin: &str) -> String {
    let after_scheme = href.find("://").map_or(0, |position| position + 3);
    let rest = href.get(after_scheme..).unwrap_or_default();
    let path = rest.find('/').and_then(|position| rest.get(position..)).unwrap_or_default();
    format!("{origin}{path}")
}
