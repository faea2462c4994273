//! A customer's app, for a person to look at: one page, and the small back end of the same origin behind it. The back end
//! knows who is logged in, gets that user's token at the issuer, and calls our API as a customer's back end would; the
//! page holds no token. Beside it the control desk of the simulated bank, passed through under `/desk`.
//!
//! | path | what |
//! |---|---|
//! | `/`, and files | the page ([`files`]) |
//! | `/bank` | the app link: takes what the browser brings from the bank, then leads to a clean address ([`visitors`]) |
//! | `/app/visitor` | who is logged in (`GET`), logging in as somebody (`POST`) |
//! | `/app/v1/…` | the same path of our API, for the user who is logged in ([`calls`]) |
//! | `/app/claim/{consent_id}`, `/app/resume/{consent_id}` | activation with the handle that came; the same start once more |
//! | `/desk/…` | the simulated bank's control surface ([`desk`]) |

mod calls;
mod desk;
mod files;
mod visitors;

use std::io;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use crate::wire::{Answer, Client, Server, respond};
use calls::Wish;
use visitors::Visitors;

/// Nothing but what this origin serves; no inline script or style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The longest body that the page sends.
const LONGEST_BODY: usize = 16 * 1024;
/// The longest name of a user.
const LONGEST_NAME: usize = 40;

/// Whom the back end talks to, as base URLs, and for whom.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// Our API.
    pub front_door: String,
    /// Where tokens are minted.
    pub issuer: String,
    /// The simulated bank's control surface.
    pub bank_control: String,
    /// The client id (claim `client_id`) of the tokens.
    pub client: String,
    /// Who is logged in until somebody else is.
    pub user: String,
    /// What stands in for the address of the PSU's phone: a browser on this machine has no public one.
    pub psu_address: String,
}

/// The running page; dropping it ends it.
#[derive(Debug)]
pub struct Page {
    server: Server,
}

/// What a request needs.
#[derive(Debug)]
struct House {
    neighbours: Neighbours,
    client: Client,
    visitors: Visitors,
}

impl Page {
    /// On a port of 127.0.0.1 (0: any free one).
    pub async fn start(port: u16, neighbours: Neighbours) -> io::Result<Self> {
        let house = Arc::new(House { neighbours, client: Client::new(), visitors: Visitors::default() });
        let server = Server::start(port, move |request| guarded(house.clone(), request)).await?;
        Ok(Self { server })
    }

    /// Where a browser finds it. By name, as the app link has it: cookies of `127.0.0.1` are others.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.server.port())
    }
}

/// Every answer has the policy; none goes to a page of another origin.
async fn guarded(house: Arc<House>, request: Request<Bytes>) -> Answer {
    let mut response = match refusal(&request) {
        Some(refused) => refused,
        None => answer(&house, &request).await,
    };
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    Ok(response)
}

/// By another name than `localhost` the cookie would be another, or somebody else's page would be asking: a name that
/// was made to lead here, or a form. What changes something says that it is JSON, which no form can.
fn refusal(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let header =
        |name| request.headers().get(name).and_then(|value: &hyper::header::HeaderValue| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let reading = request.method() == Method::GET;
    if name == "127.0.0.1" && reading && request.uri().path() == "/" {
        return Some(to(302, &format!("http://{}/", host.replacen("127.0.0.1", "localhost", 1))));
    }
    if name != "localhost" {
        return Some(said(421, "This page is served as localhost only."));
    }
    if !reading && header(CONTENT_TYPE) != Some("application/json") {
        return Some(said(415, "application/json is wanted."));
    }
    (request.body().len() > LONGEST_BODY).then(|| said(413, "Longer than anything that this page sends."))
}

async fn answer(house: &House, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path();
    let user = user(house, request);
    let body = || serde_json::from_slice::<Value>(request.body()).ok();
    if let Some(path) = path.strip_prefix("/app/v1/") {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let wish = Wish::of(request, format!("/v1/{path}{query}"), body());
        return house.call(&user, wish).await;
    }
    if let Some(verb) = path.strip_prefix("/desk/") {
        return house.desk(request, verb).await;
    }
    match (request.method().as_str(), path.rsplit_once('/').unwrap_or_default(), path) {
        ("GET", _, "/bank") if request.uri().query().is_some() => {
            to(303, &house.visitors.arrived(&user, request.uri().query().unwrap_or_default()))
        }
        ("GET", _, "/app/visitor") => {
            object(&json!({ "user": user, "arrivals": house.visitors.arrivals(&user) }))
        }
        ("POST", _, "/app/visitor") => log_in(body().as_ref()),
        ("POST", ("/app/claim", id), _) => house.call(&user, house.visitors.claim(&user, id)).await,
        ("POST", ("/app/resume", id), _) => match house.visitors.start_of(&user, id) {
            Some(wish) => house.call(&user, wish).await,
            None => object(&Value::Null),
        },
        ("GET", _, _) => files::file(path).unwrap_or_else(|| said(404, "Nothing here.")),
        _ => said(404, "Nothing here."),
    }
}

/// The user in the cookie. A name, not a secret: everybody is welcome on this machine, as at the local issuer.
fn user(house: &House, request: &Request<Bytes>) -> String {
    let cookies = request.headers().get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = cookies.split(';').find_map(|pair| pair.trim().strip_prefix("user="));
    named.filter(|name| is_name(name)).unwrap_or(&house.neighbours.user).to_owned()
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

fn log_in(body: Option<&Value>) -> Response<Bytes> {
    let name = body.and_then(|body| body.get("user")).and_then(Value::as_str);
    let Some(name) = name.filter(|name| is_name(name)) else {
        return said(400, "user: 1 to 40 letters, digits, - or _");
    };
    let mut response = object(&json!({ "user": name }));
    if let Ok(cookie) = format!("user={name}; Path=/; HttpOnly; SameSite=Lax").parse() {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn object(value: &Value) -> Response<Bytes> {
    respond(200, "application/json", value.to_string())
}

fn said(status: u16, text: &'static str) -> Response<Bytes> {
    respond(status, "text/plain; charset=utf-8", text)
}

fn to(status: u16, location: &str) -> Response<Bytes> {
    let mut response = respond(status, "text/plain; charset=utf-8", "");
    if let Ok(location) = location.parse() {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
