//! For the tests of this module: a scripted HTTP/1.1 server on loopback that writes down what it was sent. It knows
//! nothing of the bank; what the bank does is played by the simulated bank in the journeys.

use super::{Call, Client, Endpoints};
use crate::types::TraceId;
use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// What the stub does with one request.
pub(super) enum Reply {
    /// Status and body, in which `{origin}` stands for the stub's own address; the connection stays open.
    Answer(u16, String),
    /// These very bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// Nothing: the connection is closed.
    Close,
    /// Nothing for this long, then the connection is closed.
    Stall(Duration),
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) connection: usize,
    pub(super) head: String,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

pub(super) struct Stub {
    pub(super) origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    /// Plays `script`, one reply per request over all connections; after its end every request gets 500.
    pub(super) fn play(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (script, seen) =
            (Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>())), Arc::default());
        let (record, address) = (Arc::clone(&seen), origin.clone());
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (script, record, address) = (Arc::clone(&script), Arc::clone(&record), address.clone());
                thread::spawn(move || serve(number, &stream.unwrap(), &address, &script, &record));
            }
        });
        Self { origin, seen }
    }

    pub(super) fn answer(body: &str) -> Self {
        Self::play([Reply::Answer(200, body.to_owned())])
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }

    /// A client of the app `app-1` that knows no other bank.
    pub(super) fn client(&self) -> Client {
        client(&self.origin)
    }
}

pub(super) fn client(origin: &str) -> Client {
    Client::new(
        Arc::new(endpoints(origin)),
        "app-1".into(),
        "https://tpp.example/v1/callback?x=1".into(),
        tls(),
    )
    .unwrap()
}

pub(super) fn endpoints(origin: &str) -> Endpoints {
    Endpoints {
        sandbox: false,
        api: format!("{origin}/openbanking"),
        token: format!("{origin}/mlurd/oauth2/token/1.0"),
        links: ["mlurd", "bb/gls5"].map(|path| format!("{origin}/{path}/")).to_vec(),
        account_paths: BTreeMap::new(),
        auto_start_fields: ["auto_start_token", "autoStartToken"].map(str::to_owned).to_vec(),
        qr_fields: ["qr_data", "qrData", "qr_code", "qrCode", "qr"].map(str::to_owned).to_vec(),
        rest_after: 0,
    }
}

pub(super) fn tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

pub(super) fn trace() -> TraceId {
    TraceId::parse("6b24ce42-237f-4303-a917-cf778e5013d6").unwrap()
}

/// A call with this many seconds left.
pub(super) fn call(trace: &TraceId, seconds: u64) -> Call<'_> {
    let now = crate::types::Timestamp::from_millis(0);
    Call { trace, now, deadline: Instant::now() + Duration::from_secs(seconds), standby: None }
}

fn serve(
    connection: usize,
    stream: &TcpStream,
    address: &str,
    script: &Mutex<VecDeque<Reply>>,
    record: &Mutex<Vec<Seen>>,
) {
    let mut reader = BufReader::new(stream);
    while let Some((head, body)) = request(&mut reader) {
        record.lock().unwrap().push(Seen { connection, head, body });
        let reply = script.lock().unwrap().pop_front().unwrap_or(Reply::Answer(500, String::new()));
        match reply {
            Reply::Answer(status, body) => {
                let body = body.replace("{origin}", address);
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
                // One segment, lest the second wait for an acknowledgement.
                if { stream }.write_all((head + &body).as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                let _ = { stream }.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Reply::Close => {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Reply::Stall(time) => {
                thread::sleep(time);
                return;
            }
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some((head.trim_end().to_owned(), String::from_utf8(body).unwrap()))
}
