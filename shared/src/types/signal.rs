//! What the bank said, in its own word where it has one, from a closed list: a timeline keeps it, so that somebody can
//! find out months later why a connection failed. Nothing that is not in this list ever rests or is shown.

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// One signal of the bank, or of the way there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Signal { $($(#[$doc])* $name,)* }

        impl Signal {
            /// All of them. A row holds the place in this list: new ones go to the end, none is ever removed.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word: the bank's own, or ours where it has none.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

signals! {
    /// No row of any table knows it.
    Unrecognised = "unrecognised",
    /// The call provably never left: refused, no route, handshake failed.
    NotSent = "not_sent",
    /// A TLS alert about our client certificate.
    CertificateRefused = "certificate_refused",
    /// Too little time was left to call.
    NoTime = "no_time",
    /// No usable answer came.
    Lost = "answer_lost",
    /// 500 or 503.
    Unavailable = "unavailable",
    /// 502.
    ProxyError = "proxyError",
    /// 429.
    TooManyRequests = "too_many_requests",
    /// The firewall's page.
    RequestRejected = "Request Rejected",
    /// Not the JSON that the call answers.
    Malformed = "malformed",
    /// More than may be read.
    TooLarge = "too_large",
    /// 401.
    TokenNotActive = "Token is not active",
    /// 401.
    InvalidTokenGrantType = "Invalid token grant type",
    /// 403 on a resource: know your customer.
    Forbidden = "forbidden",
    /// The app lacks a subscription.
    NotRegisteredToPlan = "Not registered to plan",
    /// 400.
    InvalidTimeInterval = "Invalid time interval",
    /// 404.
    NotFound = "not_found",
    /// A link that leads where configuration does not allow.
    ForeignLink = "foreign_link",
    /// No method that is spoken here.
    NoMethod = "no_method",
    /// The operator's configuration does not fit.
    Misconfigured = "misconfigured",
    /// RFC 6749 sections 4.1.2.1 and 5.2.
    InvalidClient = "invalid_client",
    /// RFC 6749.
    InvalidGrant = "invalid_grant",
    /// RFC 6749.
    InvalidRequest = "invalid_request",
    /// RFC 6749.
    InvalidScope = "invalid_scope",
    /// RFC 6749.
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749.
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 section 4.1.2.1.
    AccessDenied = "access_denied",
    /// RFC 6749 section 4.1.2.1.
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 6749 section 4.1.2.1.
    ServerError = "server_error",
    /// RFC 6749 section 4.1.2.1.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// Decoupled.
    IntentExpired = "intent_expired",
    /// Decoupled.
    MbidError = "mbid_error",
    /// Decoupled.
    MbidMaxPolling = "mbid_max_polling",
    /// Decoupled.
    NotShbApproved = "not_shb_approved",
    /// Decoupled.
    MbidNotShbActivated = "mbid_not_shb_activated",
    /// Decoupled.
    UserCancel = "USER_CANCEL",
}

impl Signal {
    /// From its word in a row; what is not known any more, or not yet, is [`Signal::Unrecognised`].
    pub fn parse(code: &str) -> Self {
        Self::ALL.iter().copied().find(|signal| signal.code() == code).unwrap_or(Self::Unrecognised)
    }

    /// `error` of an authorization response (RFC 6749 section 4.1.2.1), which came through a browser and proves nothing.
    pub fn of_authorization_error(error: &str) -> Self {
        let known = [
            Self::AccessDenied,
            Self::InvalidRequest,
            Self::InvalidScope,
            Self::UnauthorizedClient,
            Self::UnsupportedResponseType,
            Self::ServerError,
            Self::TemporarilyUnavailable,
        ];
        known.into_iter().find(|signal| signal.code() == error).unwrap_or(Self::Unrecognised)
    }

    /// Its place in the list, from 1, as a packed row holds it.
    pub fn number(self) -> u8 {
        let place = Self::ALL.iter().position(|signal| *signal == self).unwrap_or(0);
        u8::try_from(place + 1).unwrap_or(1)
    }

    /// From its place in the list, from 1.
    pub fn of_number(number: u8) -> Self {
        let place = usize::from(number).checked_sub(1);
        place.and_then(|place| Self::ALL.get(place)).copied().unwrap_or(Self::Unrecognised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_survives_its_word_and_its_number_and_nothing_else_is_one() {
        for signal in Signal::ALL {
            assert_eq!(Signal::parse(signal.code()), *signal);
            assert_eq!(Signal::of_number(signal.number()), *signal);
        }
        assert_eq!(Signal::parse("<script>"), Signal::Unrecognised);
        assert_eq!(Signal::of_number(0), Signal::Unrecognised);
        assert_eq!(Signal::of_number(255), Signal::Unrecognised);
        assert_eq!(Signal::of_authorization_error("mbid_error"), Signal::Unrecognised);
        assert_eq!(Signal::of_authorization_error("access_denied"), Signal::AccessDenied);
    }
}
