//! Fetching, against a Secrets Manager of a few lines: what each stage answers can be set, and what was asked is kept.

use super::*;
use aws_sdk_secretsmanager::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Secrets Manager: an answer per stage, and the stages that were asked for.
#[derive(Default)]
struct Told {
    answers: BTreeMap<String, (u16, String)>,
    asked: Vec<String>,
}

/// The stand-in. While it is shut it takes questions and does not answer.
#[derive(Clone, Default)]
pub(super) struct Manager {
    told: Arc<Mutex<Told>>,
    shut: Arc<AtomicBool>,
}

impl Manager {
    /// The version in force is this one; the one before it becomes the previous one.
    pub(super) fn promote(&self, version: &str, secret: &Value) {
        let answer = json!({"Name": "aisp", "VersionId": version, "SecretString": secret.to_string()});
        let mut told = self.told.lock().unwrap();
        if let Some(before) = told.answers.remove("AWSCURRENT").filter(|(status, _)| *status == 200) {
            told.answers.insert("AWSPREVIOUS".to_owned(), before);
        }
        told.answers.insert("AWSCURRENT".to_owned(), (200, answer.to_string()));
    }

    pub(super) fn pending(&self, version: &str, secret: &Value) {
        let answer = json!({"Name": "aisp", "VersionId": version, "SecretString": secret.to_string()});
        self.told.lock().unwrap().answers.insert("AWSPENDING".to_owned(), (200, answer.to_string()));
    }

    /// Every question is answered with this fault until a version is promoted, the previous one goes on.
    fn fail(&self, status: u16, kind: &str) {
        let body = json!({"__type": kind, "message": "SECRET detail"}).to_string();
        self.told.lock().unwrap().answers.insert("AWSCURRENT".to_owned(), (status, body));
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.told.lock().unwrap().asked.clone()
    }

    /// How often the version in force was asked for.
    pub(super) fn looks(&self) -> usize {
        self.asked().iter().filter(|stage| *stage == "AWSCURRENT").count()
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let question: Value = serde_json::from_slice(&body).unwrap();
        let stage = question["VersionStage"].as_str().unwrap().to_owned();
        self.told.lock().unwrap().asked.push(stage.clone());
        while self.shut.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let absent = (400, json!({"__type": "ResourceNotFoundException"}).to_string());
        let (status, body) = self.told.lock().unwrap().answers.get(&stage).cloned().unwrap_or(absent);
        let mut stream = stream;
        let head =
            format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())
    }
}

/// A client of ours that holds a version for 300 s, and what stands behind it.
pub(super) fn secrets() -> (Arc<Secrets>, Manager) {
    let manager = Manager::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let behind = manager.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let behind = behind.clone();
            std::thread::spawn(move || behind.serve(stream.unwrap()).unwrap());
        }
    });
    let credentials =
        Credentials::builder().access_key_id("test").secret_access_key("test").provider_name("test").build();
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-north-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    let secrets = Secrets::new(Client::from_conf(config), "aisp".to_owned(), CERTIFIED, Span::seconds(300));
    (Arc::new(secrets), manager)
}

pub(super) const NOON: &str = "2026-06-01T12:00:00Z";

/// So many seconds after noon.
pub(super) fn after(seconds: i64) -> Timestamp {
    at(NOON) + Span::seconds(seconds)
}

pub(super) fn sound() -> Value {
    secret(&json!({"one": set(&issued(), &["SE"])}))
}

/// A key that is not the leaf's.
pub(super) fn broken() -> Value {
    let mut broken = sound();
    broken["sets"]["one"]["key_pem"] = issued().key.serialize_pem().into();
    broken
}

pub(super) async fn version(secrets: &Arc<Secrets>, now: Timestamp) -> String {
    secrets.standing(now).await.unwrap().material.version.clone()
}

/// What stands once a look beside a request has been done.
pub(super) async fn settled(secrets: &Arc<Secrets>, now: Timestamp) -> Standing {
    drop(secrets.standing(now).await);
    drop(secrets.fetching.lock().await);
    secrets.standing(now).await.unwrap()
}

#[tokio::test]
async fn callers_that_come_together_share_one_fetch_and_later_ones_need_none() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    let together = futures_util::future::join_all((0..20).map(|_| secrets.standing(after(0)))).await;
    assert!(together.iter().all(|it| it.as_ref().is_ok_and(|it| it.material.version == "v-1")));
    assert_eq!(version(&secrets, after(299)).await, "v-1");
    assert_eq!(manager.asked(), ["AWSCURRENT"]);
}

#[tokio::test]
async fn without_anything_a_fetch_that_failed_is_tried_again_by_the_next_caller() {
    let (secrets, manager) = secrets();
    for (status, kind, error) in [
        (500, "InternalServiceError", SecretsError::Unavailable),
        (400, "ThrottlingException", SecretsError::Unavailable),
        (400, "ResourceNotFoundException", SecretsError::Denied("it does not exist")),
        (400, "AccessDeniedException", SecretsError::Denied("this function has no permission")),
    ] {
        manager.fail(status, kind);
        assert_eq!(secrets.standing(after(0)).await.unwrap_err(), error);
    }
    manager.promote("v-0", &json!({}));
    let invalid = secrets.standing(after(0)).await.unwrap_err();
    assert!(matches!(invalid, SecretsError::Invalid(Fault::Json { .. })), "{invalid}");
    manager.promote("v-1", &sound());
    assert_eq!(version(&secrets, after(0)).await, "v-1");
    assert_eq!(manager.looks(), 6);
}

#[tokio::test]
async fn a_copy_past_its_time_is_served_at_once_and_replaced_beside_the_request() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    manager.promote("v-2", &sound());
    assert_eq!(version(&secrets, after(299)).await, "v-1");
    manager.shut.store(true, Ordering::Relaxed);
    for _ in 0..20 {
        assert_eq!(version(&secrets, after(300)).await, "v-1", "nobody waits");
    }
    // One look for all of them: it is not answered yet.
    while manager.looks() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    manager.shut.store(false, Ordering::Relaxed);
    assert_eq!(settled(&secrets, after(300)).await.material.version, "v-2");
    assert_eq!(manager.looks(), 2);
}

#[tokio::test]
async fn while_secrets_manager_is_down_the_copy_is_served_and_called_stale_past_its_time() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    manager.fail(500, "InternalServiceError");
    let standing = settled(&secrets, after(300)).await;
    assert!(standing.stale && !standing.refused(), "{standing:?}");
    assert_eq!((standing.material.version.as_str(), standing.checked), ("v-1", after(0)));
    settled(&secrets, after(314)).await;
    assert_eq!(manager.looks(), 2, "a pause after a look that brought nothing");
    settled(&secrets, after(315)).await;
    assert_eq!(manager.looks(), 3);
    manager.promote("v-2", &sound());
    let standing = settled(&secrets, after(330)).await;
    assert!(!standing.stale && standing.material.version == "v-2", "{standing:?}");
}

#[tokio::test]
async fn the_same_version_leaves_the_material_where_it_is() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    let before = secrets.standing(after(0)).await.unwrap().material;
    let standing = settled(&secrets, after(300)).await;
    assert!(Arc::ptr_eq(&before, &standing.material) && standing.checked == after(300));
    assert_eq!(manager.looks(), 2);
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_the_copy_due() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    settled(&secrets, after(-3600)).await;
    settled(&secrets, after(-3590)).await;
    assert_eq!(manager.looks(), 2);
}

#[tokio::test]
async fn what_was_fetched_before_the_first_event_is_held_against_its_time() {
    for (now, version_then) in [(at(NOON), "v-1"), (at("2031-01-01T00:00:00Z"), "v-2")] {
        let (secrets, manager) = secrets();
        manager.promote("v-1", &sound());
        assert_eq!(secrets.preload().await.unwrap().version, "v-1");
        manager.promote("v-2", &sound());
        assert_eq!(version(&secrets, now).await, version_then);
    }
}
