//! Decoupled SCA with Mobile BankID: start an order (`init`), poll or cancel it (`session`). Versions 1.0 (recorded
//! answers) and 2.0 (bank guide; its answer is unknown and by default that of 1.0).

mod init;
mod session;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::answer::Refusal;

pub(crate) use init::init;
pub(crate) use session::{cancel, poll};

/// Version of the decoupled endpoints, as in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    One,
    Two,
}

impl Version {
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::One => &["scope", "psu_id", "psu_client_ip", "psu_id_type", "client_id"],
            Self::Two => &["scope", "psu_id", "psu_client_ip", "bisa_same_device", "client_id"],
        }
    }
}

fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::decoupled("invalid_request", why).strange()
}

/// The form of BankID's animated QR; here it only changes with each poll (inferred). The session is not in it: whoever
/// photographs the code cannot poll.
fn qr(session_id: &str, poll: u32) -> String {
    let digest = digest(&SHA256, session_id.as_bytes());
    format!("bankid.{}.{poll}", HEXLOWER.encode(digest.as_ref()))
}
