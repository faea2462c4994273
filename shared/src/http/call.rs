//! Who calls, on whose behalf, when, and until when.

use super::{Code, Problem};
use crate::{
    config::Config,
    types::{IdentityKey, OwnerId, PsuAddress, Span, Timestamp, TraceId},
};
use lambda_http::{Request, RequestExt, request::RequestContext};
use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

/// A claim outlives its claimer's deadline by this much, so that nobody takes over while the claimer may still write.
const LEASE_BEYOND_DEADLINE: Span = Span::seconds(5);

/// What it takes to say that there was no time.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// Event time. Now is the instant that the gateway stamped on the event plus the monotonic time since; the wall clock
/// of the machine is not asked, except to learn how far away the runtime's deadline is.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    event: Timestamp,
    began: Instant,
    deadline: Instant,
}

impl Clock {
    /// From the event and the runtime's deadline. A deadline that is not in the future (`cargo lambda watch` sends one
    /// in 1970) counts as absent: then `fallback` is the time for one request.
    #[allow(
        clippy::disallowed_types,
        reason = "the runtime's deadline is in wall-clock time, nothing else is"
    )]
    pub fn of(request: &Request, fallback: Duration) -> Self {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let deadline =
            Duration::from_millis(request.lambda_context_ref().map_or(0, |context| context.deadline));
        let left = deadline.checked_sub(wall).filter(|left| !left.is_zero()).unwrap_or(fallback);
        let epoch = gateway(request).map_or(0, |context| context.time_epoch);
        Self::new(Timestamp::from_millis(epoch), left)
    }

    /// From an instant and the time that is left.
    pub fn new(event: Timestamp, left: Duration) -> Self {
        let began = Instant::now();
        Self { event, began, deadline: began + left }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.event + span(self.began.elapsed())
    }

    /// When the answer must have gone out.
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When a handler that still runs is given up, so that an answer and the lines of the request still go out.
    pub fn last_moment(&self) -> Instant {
        self.deadline.checked_sub(LAST_MOMENT).unwrap_or(self.deadline)
    }

    /// How much of it is left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// End of a claim made now: the deadline plus 5 s, in event time.
    pub fn lease(&self) -> Timestamp {
        self.event + span(self.deadline.saturating_duration_since(self.began)) + LEASE_BEYOND_DEADLINE
    }
}

fn span(duration: Duration) -> Span {
    Span::millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

fn gateway(
    request: &Request,
) -> Option<&lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    }
}

/// X-Ray's id of the trace that Lambda runs this request in, if it is sampled (`Root=…;Sampled=1`, AWS: tracing header).
/// The SDK hands the header on to table and secret by itself.
pub fn xray(request: &Request) -> Option<String> {
    let header = request.lambda_context_ref()?.xray_trace_id.as_deref()?;
    let part = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name));
    part("Sampled=").filter(|sampled| *sampled == "1")?;
    let root = part("Root=")?;
    let plain = root.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (plain && root.len() == 35).then(|| root.to_owned())
}

/// The request id of Lambda.
pub fn trace_id(request: &Request) -> Result<TraceId, Problem> {
    let id = request.lambda_context_ref().map_or("", |context| context.request_id.as_str());
    TraceId::parse(id).map_err(|error| Problem::new(Code::ServiceError).caused_by(&error))
}

/// The route of the template that matched, such as `GET /v1/consents/{consent_id}`.
pub fn route(request: &Request) -> &str {
    gateway(request).and_then(|context| context.route_key.as_deref()).unwrap_or("unknown")
}

/// Whether the gateway has verified a token at all, for what concerns no end user. It fails closed.
pub fn verified(request: &Request) -> Result<(), Problem> {
    let authorizer = gateway(request).and_then(|context| context.authorizer.as_ref());
    let jwt = authorizer.and_then(|authorizer| authorizer.jwt.as_ref());
    jwt.map(|_| ()).ok_or(Problem::new(Code::ServiceError))
}

/// The end user and the client that calls for them, from claims that the gateway has verified.
pub struct Caller {
    /// The end user.
    pub owner: OwnerId,
    /// The client, for the apps it may name.
    pub client_id: String,
    claims: HashMap<String, String>,
}

impl Caller {
    /// Fails closed: no verified claims is our own mistake (500), a token without an end user is the caller's (403).
    pub fn of(request: &Request, identity: &IdentityKey, config: &Config) -> Result<Self, Problem> {
        let authorizer = gateway(request).and_then(|context| context.authorizer.as_ref());
        let claims = authorizer.and_then(|authorizer| authorizer.jwt.as_ref()).map(|jwt| jwt.claims.clone());
        let claims = claims.ok_or(Problem::new(Code::ServiceError))?;
        let claim = |name: &str| claims.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let (Some(issuer), Some(subject)) = (claim("iss"), claim("sub")) else {
            return Err(Problem::new(Code::UserTokenRequired));
        };
        let client_id = claim("client_id").or_else(|| claim("azp")).unwrap_or_default();
        let tenant = match &config.tenant_claim {
            Some(name) => claim(name).ok_or(Problem::new(Code::UserTokenRequired))?,
            None => "",
        };
        if subject == client_id {
            return Err(Problem::new(Code::UserTokenRequired));
        }
        let owner = identity.owner(issuer, tenant, subject);
        Ok(Self { owner, client_id: client_id.to_owned(), claims })
    }

    /// When the user's token was issued (`iat`, RFC 7519 section 4.1.6), if it says so.
    pub fn issued_at(&self) -> Option<Timestamp> {
        // The gateway renders numbers of a token as text, large ones perhaps with an exponent.
        let text = self.claim("iat")?;
        let seconds = text.parse::<i64>().ok().or_else(|| {
            let number = text
                .parse::<rust_decimal::Decimal>()
                .or_else(|_| rust_decimal::Decimal::from_scientific(text));
            i64::try_from(number.ok()?.trunc()).ok()
        });
        seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000)))
    }

    /// Whether the token has a scope. It stands in `scope` (RFC 9068 section 2.2.3) or, with some issuers, in `scp`; the
    /// gateway renders a list as `[one two]`.
    pub fn has_scope(&self, scope: &str) -> bool {
        let claims = ["scope", "scp"].into_iter().filter_map(|name| self.claim(name));
        let mut words = claims.flat_map(|claim| claim.trim_matches(['[', ']']).split_whitespace());
        words.any(|word| word == scope)
    }

    /// A verified claim by name.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).map(String::as_str)
    }
}

// The claims may hold a personal number.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// `PSU-IP-Address`, if it was sent: exactly one, and a public one. It declares that the PSU is there and asking; it is
/// never taken from anywhere else.
pub fn psu_address(request: &Request) -> Result<Option<PsuAddress>, Problem> {
    let mut values = request.headers().get_all("psu-ip-address").iter();
    let Some(first) = values.next() else { return Ok(None) };
    let text = if values.next().is_some() { None } else { first.to_str().ok() };
    let address = text.and_then(|text| PsuAddress::parse(text).ok());
    address
        .map(Some)
        .ok_or_else(|| Problem::field("PSU-IP-Address", "one public IPv4 or IPv6 address of the PSU"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::{Body, Context};

    fn request_with_deadline(deadline: u64) -> Request {
        let mut context = Context::default();
        context.deadline = deadline;
        Request::new(Body::Empty).with_lambda_context(context)
    }

    #[test]
    fn a_deadline_in_1970_counts_as_absent() {
        for past in [0, 1, 60_000] {
            let clock = Clock::of(&request_with_deadline(past), Duration::from_secs(25));
            assert!(clock.left() > Duration::from_secs(24), "{past}");
        }
    }

    #[test]
    fn a_sampled_trace_is_named_by_its_root_and_nothing_else_is_taken_for_one() {
        let of = |header: &str| {
            let mut context = Context::default();
            context.xray_trace_id = Some(header.to_owned());
            xray(&Request::new(Body::Empty).with_lambda_context(context))
        };
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        assert_eq!(of(&format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=1")).as_deref(), Some(root));
        for header in
            [format!("Root={root};Sampled=0"), format!("Root={root}"), "Root=x\";Sampled=1".to_owned()]
        {
            assert_eq!(of(&header), None, "{header}");
        }
    }

    #[test]
    fn now_is_event_time_and_the_lease_ends_five_seconds_after_the_deadline() {
        let event = Timestamp::from_millis(1_768_464_000_000);
        let clock = Clock::new(event, Duration::from_secs(10));
        assert!(clock.now() >= event && clock.now() < event + Span::seconds(5));
        assert_eq!(clock.lease(), event + Span::seconds(15));
    }

    #[test]
    fn a_doubled_address_is_refused_in_either_form() {
        let mut request = Request::new(Body::Empty);
        assert!(psu_address(&request).unwrap().is_none());
        request.headers_mut().append("psu-ip-address", "203.0.113.7".parse().unwrap());
        assert!(psu_address(&request).unwrap().is_some());
        request.headers_mut().append("psu-ip-address", "203.0.113.8".parse().unwrap());
        assert!(psu_address(&request).is_err());
        request.headers_mut().insert("psu-ip-address", "203.0.113.7,203.0.113.8".parse().unwrap());
        assert!(psu_address(&request).is_err());
    }

    #[test]
    fn forwarded_headers_are_never_read() {
        let mut request = Request::new(Body::Empty);
        request.headers_mut().insert("x-forwarded-for", "203.0.113.7".parse().unwrap());
        request.headers_mut().insert("forwarded", "for=203.0.113.7".parse().unwrap());
        assert!(psu_address(&request).unwrap().is_none());
    }
}
