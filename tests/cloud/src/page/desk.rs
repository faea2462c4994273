//! The control desk: the verbs of the simulated bank's control surface that a person may use from the page.

use hyper::body::Bytes;
use hyper::{Request, Response};

use super::{House, said};
use crate::wire::respond;

/// Not its certificates, and nothing that would end somebody's demo without their seeing it.
const VERBS: [(&str, &str); 11] = [
    ("GET", "clock"),
    ("POST", "clock"),
    ("GET", "customers"),
    ("POST", "customer"),
    ("POST", "bankid"),
    ("GET", "orders"),
    ("GET", "faults"),
    ("POST", "faults"),
    ("DELETE", "faults"),
    ("GET", "ledger"),
    ("DELETE", "ledger"),
];

impl House {
    pub(super) async fn desk(&self, request: &Request<Bytes>, verb: &str) -> Response<Bytes> {
        if !VERBS.contains(&(request.method().as_str(), verb)) {
            return said(404, "No such verb on this desk.");
        }
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}/{verb}{query}", self.neighbours.bank_control);
        let passed = Request::builder().method(request.method()).uri(url).body(request.body().clone());
        let Ok(passed) = passed else { return said(400, "Not an address.") };
        match self.client.send(passed).await {
            Ok(response) => respond(response.status().as_u16(), "application/json", response.into_body()),
            Err(_) => said(502, "The simulated bank does not answer."),
        }
    }
}
