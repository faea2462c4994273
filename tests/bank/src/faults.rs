//! What is to go wrong, and for how many calls.

use serde::{Deserialize, Serialize};

use crate::{Away, CallKind};

/// A fault. "Instead" faults answer without acting on the call; the others act first and spoil the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Instead: 403, the PSU has to answer the bank's questions (country pages; text unknown).
    KycMissing,
    /// Instead: 401 `Token is not active` (seen in production).
    TokenNotActive,
    /// Instead: 401 `Not registered to plan` (seen in production; status unknown).
    NotRegisteredToPlan,
    /// Instead: 404 in the gateway's shape (inferred).
    NotFound,
    /// Instead: 409 in the gateway's shape (unknown).
    Conflict,
    /// Instead: 429, with `Retry-After` in seconds if given (unknown).
    TooManyRequests {
        /// Seconds, or no such header.
        retry_after_s: Option<u32>,
    },
    /// Instead: 500 in the gateway's shape (seen in production).
    InternalError,
    /// Instead: 502 whose body holds `proxyError` (seen in production).
    ProxyError,
    /// Instead: 503 in the gateway's shape (seen in production).
    Unavailable,
    /// Instead: the firewall's HTML "Request Rejected" with status 200 (seen in production).
    RequestRejected,
    /// Instead: 400 `{"error": …}`, as token and decoupled endpoints answer (RFC 6749 section 5.2; `intent_expired`, `mbid_error` …).
    OauthError {
        /// The value of `error`.
        error: String,
    },
    /// Instead: some other HTML page with status 200.
    Html,
    /// Instead: 302 to somewhere else.
    RedirectElsewhere {
        /// The `Location` header.
        location: String,
    },
    /// Instead: a JSON body of so many MiB.
    HugeBody {
        /// Size in MiB.
        mebibytes: usize,
    },
    /// Instead: a JSON body of so many MiB, whose length no header says.
    EndlessBody {
        /// Size in MiB.
        mebibytes: usize,
    },
    /// Instead: a JSON body that is so many MiB when it is unpacked, sent as gzip although nobody asked for that.
    Packed {
        /// Size in MiB, unpacked.
        mebibytes: usize,
    },
    /// Instead: JSON nested this deep.
    DeepJson {
        /// Number of brackets.
        depth: usize,
    },
    /// Any answer at all.
    Answer {
        /// HTTP status.
        status: u16,
        /// Further headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body, as is.
        #[serde(default)]
        body: String,
        /// True: the bank acts on the call and then answers this; false: it does not act.
        #[serde(default)]
        executed: bool,
    },
    /// The JSON stops in the middle, `Content-Length` agreeing with what is sent.
    TruncatedJson,
    /// A field is left out wherever it stands.
    MissingField {
        /// Its name.
        name: String,
    },
    /// A field has another type wherever it stands: strings become numbers, all else becomes a string.
    WrongType {
        /// Its name.
        name: String,
    },
    /// A field nobody knows is added to the outermost object.
    ExtraField {
        /// Its name.
        name: String,
    },
    /// Every `href` points to another host (scheme, host and port replaced).
    ForeignLinks {
        /// For example `https://elsewhere.example`.
        origin: String,
    },
    /// The `Date` header twice, whatever the switch says (recorded).
    DoubledDate,
    /// Cut before the call is read through: nothing is executed, the connection is closed.
    RequestCut,
    /// Closed with FIN before any byte of an answer; nothing is executed.
    CloseBeforeAnswer,
    /// Executed, then the connection is closed with FIN: the answer is lost.
    AnswerLost,
    /// Executed, half the body, then RST.
    ResetMidBody,
    /// Executed; the answer's first byte comes after so many milliseconds of real time.
    HeaderStall {
        /// Milliseconds.
        ms: u64,
    },
    /// Executed; headers and half the body at once, the rest after so many milliseconds of real time.
    BodyStall {
        /// Milliseconds.
        ms: u64,
    },
    /// Executed; the body comes in small pieces.
    Trickle {
        /// Bytes per piece.
        bytes: usize,
        /// Milliseconds between pieces.
        pause_ms: u64,
    },
    /// Executed and answered, over a connection that ends with it; from then on new ones are met in this way.
    ThenAway {
        /// In which way.
        how: Away,
    },
    /// The call waits so many milliseconds of real time before the bank acts on it.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
}

/// A fault for the next `times` calls of a kind, after letting `skip` of them pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultOrder {
    /// Which calls.
    pub call: CallKind,
    /// What happens to them.
    pub fault: Fault,
    /// To how many of them; 1 if left out on the control surface.
    #[serde(default = "once")]
    pub times: u32,
    /// How many pass first.
    #[serde(default)]
    pub skip: u32,
}

const fn once() -> u32 {
    1
}

impl FaultOrder {
    /// The next call of this kind only.
    #[must_use]
    pub const fn next(call: CallKind, fault: Fault) -> Self {
        Self { call, fault, times: 1, skip: 0 }
    }

    /// Takes this call into account; the fault if it is this call's turn.
    pub(crate) fn strike(&mut self, call: CallKind) -> Option<Fault> {
        if self.times == 0 || (self.call != CallKind::Any && self.call != call) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault.clone())
    }
}

/// The fault for this call, if any order has its turn; orders that are used up are dropped.
pub(crate) fn take(orders: &mut Vec<FaultOrder>, call: CallKind) -> Option<Fault> {
    let fault = orders.iter_mut().find_map(|order| order.strike(call));
    orders.retain(|order| order.times > 0);
    fault
}

impl Fault {
    /// The name, as on the control surface.
    pub(crate) fn name(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.get("kind").and_then(|kind| kind.as_str().map(str::to_owned)))
            .unwrap_or_default()
    }

    /// Whether the bank acts on the call before the fault takes hold.
    pub(crate) const fn executes(&self) -> bool {
        match self {
            Self::Answer { executed, .. } => *executed,
            Self::TruncatedJson
            | Self::MissingField { .. }
            | Self::WrongType { .. }
            | Self::ExtraField { .. }
            | Self::ForeignLinks { .. }
            | Self::DoubledDate
            | Self::AnswerLost
            | Self::ResetMidBody
            | Self::HeaderStall { .. }
            | Self::BodyStall { .. }
            | Self::Trickle { .. }
            | Self::ThenAway { .. }
            | Self::Delay { .. } => true,
            _ => false,
        }
    }
}
