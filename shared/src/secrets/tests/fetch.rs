//! Fetching, against a Secrets Manager of a few lines: what it answers is queued, and how often it was asked is counted.

use super::*;
use aws_sdk_secretsmanager::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
};
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

#[derive(Default)]
struct Queue {
    answers: VecDeque<(u16, String)>,
    asked: usize,
}

/// The secret's value as Secrets Manager wraps it.
fn version(name: &str, secret: &Value) -> (u16, String) {
    (200, json!({"Name": "aisp", "VersionId": name, "SecretString": secret.to_string()}).to_string())
}

fn fault(status: u16, kind: &str) -> (u16, String) {
    (status, json!({"__type": kind, "message": "SECRET detail"}).to_string())
}

fn answer(stream: TcpStream, queue: &Mutex<Queue>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length])?;
    let (status, body) = {
        let mut queue = queue.lock().unwrap();
        queue.asked += 1;
        queue.answers.pop_front().unwrap()
    };
    let mut stream = stream;
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// A client of ours, and what stands behind it.
fn secrets(answers: Vec<(u16, String)>) -> (Secrets, Arc<Mutex<Queue>>) {
    let queue = Arc::new(Mutex::new(Queue { answers: answers.into(), asked: 0 }));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let behind = Arc::clone(&queue);
    std::thread::spawn(move || {
        listener.incoming().for_each(|stream| answer(stream.unwrap(), &behind).unwrap())
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
    (Secrets::new(Client::from_conf(config), "aisp".to_owned(), CERTIFIED), queue)
}

fn asked(queue: &Mutex<Queue>) -> usize {
    queue.lock().unwrap().asked
}

#[tokio::test]
async fn callers_that_come_together_share_one_fetch_and_later_ones_need_none() {
    let (secrets, queue) = secrets(vec![version("v-1", &secret(&json!({"one": set(&issued(), &["SE"])})))]);
    let together = futures_util::future::join_all((0..20).map(|_| secrets.material())).await;
    assert!(together.iter().all(|material| material.as_ref().is_ok_and(|it| it.version == "v-1")));
    assert!(secrets.material().await.is_ok());
    assert_eq!(asked(&queue), 1);
}

#[tokio::test]
async fn a_fetch_that_failed_is_tried_again_by_the_next_caller() {
    let sound = secret(&json!({"one": set(&issued(), &["SE"])}));
    let (secrets, queue) = secrets(vec![
        fault(500, "InternalServiceError"),
        fault(400, "ThrottlingException"),
        fault(400, "ResourceNotFoundException"),
        fault(400, "AccessDeniedException"),
        version("v-1", &json!({})),
        version("v-1", &sound),
    ]);
    assert_eq!(secrets.material().await.unwrap_err(), SecretsError::Unavailable);
    assert_eq!(secrets.material().await.unwrap_err(), SecretsError::Unavailable);
    assert_eq!(secrets.material().await.unwrap_err(), SecretsError::Denied("it does not exist"));
    assert_eq!(
        secrets.material().await.unwrap_err(),
        SecretsError::Denied("this function has no permission")
    );
    assert!(matches!(secrets.material().await.unwrap_err(), SecretsError::Invalid(Fault::Json { .. })));
    assert!(secrets.material().await.is_ok());
    assert_eq!(asked(&queue), 6);
}

#[tokio::test]
async fn a_new_version_takes_over_only_if_all_of_it_is_sound_today() {
    let sound = || secret(&json!({"one": set(&issued(), &["SE"])}));
    let mut mismatched = sound();
    mismatched["sets"]["one"]["key_pem"] = issued().key.serialize_pem().into();
    let (secrets, _) = secrets(vec![
        version("v-1", &sound()),
        version("v-2", &mismatched),
        version("v-3", &sound()),
        fault(500, "InternalServiceError"),
        version("v-4", &sound()),
    ]);
    let now = at("2026-06-01T00:00:00Z");
    assert_eq!(secrets.material().await.unwrap().version, "v-1");
    assert!(secrets.refresh(now).await.is_err());
    assert_eq!(
        secrets.refresh(at("2027-06-01T00:00:00Z")).await.unwrap_err(),
        Fault::OutOfDate("one".to_owned()).into()
    );
    assert_eq!(secrets.refresh(now).await.unwrap_err(), SecretsError::Unavailable);
    assert_eq!(secrets.material().await.unwrap().version, "v-1");
    assert_eq!(secrets.refresh(now).await.unwrap().version, "v-4");
    assert_eq!(secrets.material().await.unwrap().version, "v-4");
}

#[tokio::test]
async fn the_same_version_leaves_the_material_where_it_is() {
    let sound = secret(&json!({"one": set(&issued(), &["SE"])}));
    let (secrets, _) = secrets(vec![version("v-1", &sound), version("v-1", &sound)]);
    let before = secrets.material().await.unwrap();
    assert!(Arc::ptr_eq(&before, &secrets.refresh(at("2026-06-01T00:00:00Z")).await.unwrap()));
}
