//! The closed table of everything that can go wrong, as data: status, who can act, whether repeating helps, and what
//! to tell the person, in English and Swedish. Codes are stable; only additions within v1.

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionBy {
    /// The bank's customer.
    Psu,
    /// Whoever calls this API.
    Caller,
    /// The bank.
    Bank,
    /// We.
    Service,
}

impl ActionBy {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Psu => "psu",
            Self::Caller => "caller",
            Self::Bank => "bank",
            Self::Service => "service",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) action_by: ActionBy,
    /// Seconds after which repeating the same request may help; `None`: repeating does not help.
    pub(crate) retry_after_s: Option<u32>,
    pub(crate) title: &'static str,
    pub(crate) en: &'static str,
    pub(crate) sv: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $status:literal $by:ident $retry:expr, $title:literal, $en:expr, $sv:expr;)*) => {
        /// The stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the title in the table is the documentation of each row")]
        pub enum Code { $($name,)* }

        impl Code {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        code: $code, status: $status, action_by: ActionBy::$by, retry_after_s: $retry,
                        title: $title, en: $en, sv: $sv,
                    },)*
                }
            }
        }
    };
}

impl Code {
    /// The row of this code in the documentation's table (Markdown).
    pub fn documented(self) -> String {
        let Entry { code, status, action_by, retry_after_s, title, en, sv } = self.entry();
        let retry = retry_after_s.map_or_else(|| "no".to_owned(), |seconds| format!("after {seconds} s"));
        format!("| `{code}` | {status} | {} | {retry} | {title} | {en} | {sv} |", action_by.as_str())
    }
}

const SORRY_EN: &str = "Something went wrong on our side. Please try again in a moment.";
const SORRY_SV: &str = "Något gick fel hos oss. Försök igen om en stund.";
const BANK_EN: &str = "Handelsbanken cannot be reached right now. Please try again in a few minutes.";
const BANK_SV: &str = "Handelsbanken går inte att nå just nu. Försök igen om några minuter.";
const AGAIN_EN: &str = "The connection to Handelsbanken was not completed. Please start again.";
const AGAIN_SV: &str = "Anslutningen till Handelsbanken slutfördes inte. Börja om från början.";
const RENEW_EN: &str = "Your connection to Handelsbanken has ended. Connect again to see your accounts.";
const RENEW_SV: &str = "Din anslutning till Handelsbanken har upphört. Anslut igen för att se dina konton.";
const LATE_EN: &str = "It took too long to approve. Please start again.";
const LATE_SV: &str = "Det tog för lång tid att godkänna. Börja om från början.";

codes! {
    InvalidRequest "invalid_request" 400 Caller None, "A field of the request breaks a rule", SORRY_EN, SORRY_SV;
    CountryNotServed "country_not_served" 400 Caller None, "The bank has no interface here for this country",
        "Handelsbanken cannot be connected in this country.", "Handelsbanken går inte att ansluta i det här landet.";
    CursorInvalid "cursor_invalid" 400 Caller None, "The cursor is not one of this service for this user",
        SORRY_EN, SORRY_SV;
    UnsupportedMediaType "unsupported_media_type" 415 Caller None, "The body must be application/json", SORRY_EN, SORRY_SV;
    BodyTooLarge "body_too_large" 413 Caller None, "The body is longer than any valid one", SORRY_EN, SORRY_SV;
    UserTokenRequired "user_token_required" 403 Caller None, "The token names no end user", SORRY_EN, SORRY_SV;
    SourceScopeRequired "source_scope_required" 403 Caller None,
        "The token lacks the scope accounts:source, which include=source needs", SORRY_EN, SORRY_SV;
    ConsentNotFound "consent_not_found" 404 Caller None, "No such consent of this user", RENEW_EN, RENEW_SV;
    AccountNotFound "account_not_found" 404 Caller None, "No such account under this consent",
        "This account is no longer part of your connection.", "Kontot ingår inte längre i din anslutning.";
    IdempotencyKeyReused "idempotency_key_reused" 422 Caller None,
        "The Idempotency-Key was used with another body", SORRY_EN, SORRY_SV;
    StartInFlight "start_in_flight" 409 Caller Some(2), "The same start is still being worked on", SORRY_EN, SORRY_SV;
    StartLimited "start_limited" 429 Psu Some(300),
        "BankID was started too often, by this user or for this personal number; the answer says when there is room",
        "BankID has been started several times already. Please wait a while before you try again.",
        "BankID har redan startats flera gånger. Vänta en stund innan du försöker igen.";
    OrderInProgress "order_in_progress" 409 Psu Some(180),
        "The personal number has a BankID order already; the answer says until when it can live",
        "A BankID request is already waiting for this personal identity number. Do not approve one that you did not start yourself. Please try again in a few minutes.",
        "Det väntar redan en BankID-begäran för det här personnumret. Godkänn inte en begäran som du inte själv har startat. Försök igen om några minuter.";
    MethodNotOffered "method_not_offered" 409 Caller None, "The bank did not offer this method for this consent",
        "Handelsbanken does not offer this way of signing here. Please choose another.",
        "Handelsbanken erbjuder inte det här sättet att signera. Välj ett annat.";
    AttemptInProgress "attempt_in_progress" 409 Caller None,
        "Another attempt is under way; follow it or cancel it", SORRY_EN, SORRY_SV;
    AttemptOver "attempt_over" 409 Caller None,
        "The attempt is over; anew, with a new key: POST /v1/consents, or for a renewal POST …/authorization", AGAIN_EN, AGAIN_SV;
    AttemptExpired "attempt_expired" 409 Psu None,
        "Not signed within 15 minutes, or not activated within five; anew, with a new key: POST /v1/consents, or for a renewal POST …/authorization",
        LATE_EN, LATE_SV;
    NothingToPoll "nothing_to_poll" 409 Caller None, "No BankID order is under way", AGAIN_EN, AGAIN_SV;
    HandleRefused "handle_refused" 403 Caller None, "The handle does not belong to this consent's signature", AGAIN_EN, AGAIN_SV;
    NothingToActivate "nothing_to_activate" 409 Caller None, "Nothing was signed that could be activated", AGAIN_EN, AGAIN_SV;
    ConsentNotActive "consent_not_active" 409 Psu None, "Nobody has signed this consent yet",
        "Please finish connecting Handelsbanken first.", "Slutför först anslutningen till Handelsbanken.";
    ConsentExpired "consent_expired" 409 Psu None, "The consent has ended: POST …/authorization renews it, under the same id", RENEW_EN, RENEW_SV;
    ConsentRevoked "consent_revoked" 409 Psu None, "The consent was revoked by its owner", RENEW_EN, RENEW_SV;
    RenewalOtherCustomer "renewal_other_customer" 409 Psu None, "The renewal was signed by another customer of the bank",
        "You signed with another login than last time. Please use the same one, or connect anew.",
        "Du signerade med en annan inloggning än förra gången. Använd samma, eller anslut på nytt.";
    RefreshInFlight "refresh_in_flight" 503 Service Some(1), "Another request is refreshing the access token", SORRY_EN, SORRY_SV;
    NotCustomer "not_a_customer" 409 Psu None, "Not a customer, or a private person in a corporate consent",
        "We could not find you as a customer of Handelsbanken. For a company, check that you may act for it.",
        "Vi hittar dig inte som kund hos Handelsbanken. Gäller det ett företag, kontrollera att du får företräda det.";
    PersonalNumberRefused "personal_number_refused" 409 Psu None, "The bank did not accept the personal number",
        "Please check the personal identity number.", "Kontrollera personnumret.";
    BankIdCancelled "bankid_cancelled" 409 Psu None, "The PSU cancelled in the BankID app",
        "You cancelled in the BankID app. Start again when you are ready.", "Du avbröt i BankID-appen. Börja om när du vill.";
    BankIdFailed "bankid_failed" 409 Psu None, "BankID failed or was not started in time",
        "BankID was not started in time or did not work. Please start again and open the BankID app at once.",
        "BankID startades inte i tid eller fungerade inte. Börja om och öppna BankID-appen direkt.";
    BankIdNotActivated "bankid_not_activated" 409 Psu None, "The BankID of another bank is not activated at Handelsbanken",
        "Log in once at Handelsbanken with your BankID to activate it there, then try again.",
        "Logga in en gång hos Handelsbanken med ditt BankID så att det aktiveras där, och försök sedan igen.";
    PolledTooOften "polled_too_often" 409 Psu None, "The bank takes no more polls for this order", LATE_EN, LATE_SV;
    UnattendedBudgetExhausted "unattended_budget_exhausted" 429 Psu Some(3600),
        "Read as often in 24 hours as the law allows without the PSU; with PSU-IP-Address, while they are there, it goes on",
        "Your accounts were updated as often as allowed today. Open the app to see the newest figures.",
        "Dina konton har uppdaterats så ofta som är tillåtet i dag. Öppna appen för att se de senaste uppgifterna.";
    KycMissing "kyc_missing" 409 Psu None, "The bank wants the PSU to answer its questions first (know your customer)",
        "Handelsbanken needs you to answer some questions. Log in to the bank's app or website, answer them, and try again.",
        "Handelsbanken behöver att du svarar på några frågor. Logga in i bankens app eller på webben, svara och försök igen.";
    IntervalRefused "interval_refused" 400 Caller None, "The bank does not reach this far back",
        "Handelsbanken does not show transactions that far back.", "Handelsbanken visar inte transaktioner så långt tillbaka.";
    BankUnavailable "bank_unavailable" 503 Bank Some(30), "The bank cannot be reached or is failing", BANK_EN, BANK_SV;
    BankBusy "bank_busy" 503 Bank Some(60), "The bank asks for fewer requests", BANK_EN, BANK_SV;
    BankAnswerLost "bank_answer_lost" 502 Bank Some(5), "The bank's answer did not arrive", BANK_EN, BANK_SV;
    BankAnswerUnusable "bank_answer_unusable" 502 Bank Some(30), "The bank answered something that is not data", BANK_EN, BANK_SV;
    BankUnrecognised "bank_unrecognised" 502 Bank None, "The bank answered something that is not known here", BANK_EN, BANK_SV;
    BankRefusedUs "bank_refused_us" 503 Service None, "The bank does not accept this service's certificate or subscription",
        SORRY_EN, SORRY_SV;
    StartUnknown "start_unknown" 502 Bank None,
        "Nobody knows whether the bank took the start; a new Idempotency-Key starts afresh", AGAIN_EN, AGAIN_SV;
    OutOfTime "out_of_time" 503 Service Some(1), "Not enough time was left to finish safely", SORRY_EN, SORRY_SV;
    ServiceUnavailable "service_unavailable" 503 Service Some(2), "A part of this service cannot be reached", SORRY_EN, SORRY_SV;
    ServiceError "service_error" 500 Service None, "This service is broken or wrongly configured", SORRY_EN, SORRY_SV;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_every_row_says_something_in_both_languages() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let entry = code.entry();
            assert!(seen.insert(entry.code), "{} twice", entry.code);
            assert!((400..=503).contains(&entry.status), "{}", entry.code);
            assert!(
                entry.en.ends_with('.') && entry.sv.ends_with('.') && entry.en != entry.sv,
                "{}",
                entry.code
            );
        }
    }

    #[test]
    fn what_the_caller_did_wrong_is_never_a_5xx_and_what_we_did_is_never_a_4xx() {
        for code in Code::ALL {
            let entry = code.entry();
            let ours = matches!(entry.action_by, ActionBy::Service | ActionBy::Bank);
            assert_eq!(entry.status >= 500, ours, "{}", entry.code);
        }
    }
}
