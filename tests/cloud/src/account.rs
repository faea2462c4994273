//! Calls in the JSON protocol of AWS's services, and an account of a ministack that many share (`make ministack`).

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, Uri};
use serde_json::Value;

use crate::template::invalid;
use crate::wire::{Answer, Client, Cut, Server};

/// An account that nobody else has, of a ministack that runs elsewhere: whoever calls here calls in its name, whatever
/// their own credentials. Dropping it shuts the door, what it holds stays with the ministack.
#[derive(Debug)]
pub struct Account {
    door: Server,
}

impl Account {
    /// At the ministack `upstream` (`http://127.0.0.1:PORT`), on any free port.
    pub async fn at(upstream: &str) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
        // Twelve digits in place of an access key: ministack keeps what is theirs apart from other accounts'.
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let (client, upstream) = (Client::new(), upstream.to_owned());
        let door = Server::start(0, move |request| {
            let (client, upstream, number) = (client.clone(), upstream.clone(), number.clone());
            async move { pass(&client, &upstream, &number, request).await }
        });
        Ok(Self { door: door.await? })
    }

    /// `http://127.0.0.1:PORT`, for every service.
    #[must_use]
    pub fn url(&self) -> String {
        self.door.url()
    }
}

async fn pass(client: &Client, upstream: &str, number: &str, request: Request<Bytes>) -> Answer {
    let (mut head, body) = request.into_parts();
    head.uri = format!("{upstream}{}", head.uri.path()).parse::<Uri>().map_err(|_| Cut::Close)?;
    head.headers.remove(HOST);
    if let Some(renamed) = head.headers.get(AUTHORIZATION).and_then(|signed| renamed(signed, number)) {
        head.headers.insert(AUTHORIZATION, renamed);
    }
    let mut response = client.send(Request::from_parts(head, body)).await.map_err(|_| Cut::Close)?;
    for own in ["transfer-encoding", "connection"] {
        response.headers_mut().remove(own);
    }
    Ok(response)
}

/// The same signature by another access key; nobody here checks it.
fn renamed(signed: &HeaderValue, key: &str) -> Option<HeaderValue> {
    let (before, rest) = signed.to_str().ok()?.split_once("Credential=")?;
    let (_, scope) = rest.split_once('/')?;
    HeaderValue::from_str(&format!("{before}Credential={key}/{scope}")).ok()
}

/// One call of a service, signed in form only; an answer other than 200 is an error with what was said.
pub(crate) async fn call(url: &str, service: &str, target: &str, body: &Value) -> io::Result<Value> {
    let signed = format!(
        "AWS4-HMAC-SHA256 Credential=local/20260115/eu-north-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=none"
    );
    let request = Request::post(url).header("x-amz-target", target);
    let request = request.header("content-type", "application/x-amz-json-1.0");
    let request = request.header("x-amz-date", "20260115T080000Z").header("authorization", signed);
    let answer = Client::new().send(request.body(Bytes::from(body.to_string())).map_err(invalid)?).await?;
    if answer.status() != 200 {
        let said = String::from_utf8_lossy(answer.body());
        return Err(invalid(format!("{target} answered {}: {said}", answer.status())));
    }
    serde_json::from_slice(answer.body()).map_err(invalid)
}
