//! Versions and stages.

use std::sync::Arc;

use cloud::{Account, Secrets};
use serde_json::{Value, json};

use crate::caller::{Answer, post};

async fn call(secrets: &Secrets, operation: &str, body: Value) -> Answer {
    post(&secrets.url(), &format!("secretsmanager.{operation}"), &body).await.unwrap()
}

#[tokio::test]
async fn a_secret_is_created_empty_and_has_no_value_until_one_is_put() {
    let secrets = Secrets::start(None).await.unwrap();
    let created = call(&secrets, "CreateSecret", json!({ "Name": "main" })).await.json();
    let empty = call(&secrets, "GetSecretValue", json!({ "SecretId": "main" })).await;
    assert_eq!((empty.status, empty.json()["__type"].as_str()), (400, Some("ResourceNotFoundException")));
    let put =
        call(&secrets, "PutSecretValue", json!({ "SecretId": created["ARN"], "SecretString": "a" })).await;
    assert_eq!(put.json()["VersionStages"], json!(["AWSCURRENT"]));
    let value = call(&secrets, "GetSecretValue", json!({ "SecretId": "main" })).await;
    assert_eq!(
        (value.json()["SecretString"].as_str(), value.header("content-type")),
        (Some("a"), "application/x-amz-json-1.1")
    );
    assert_eq!(call(&secrets, "CreateSecret", json!({ "Name": "main" })).await.status, 400);
    assert_eq!(
        call(&secrets, "DeleteSecret", json!({ "SecretId": "main" })).await.json()["__type"],
        "UnknownOperationException"
    );
}

#[tokio::test]
async fn a_new_version_waits_as_pending_and_the_old_one_stays_reachable_when_it_takes_over() {
    let secrets = Secrets::start(None).await.unwrap();
    let first = secrets.put("main", &json!(1)).unwrap();
    let second = secrets.put_staged("main", &json!(2), &["AWSPENDING"]).unwrap();
    let at = |stage: &str| secrets.value("main", stage);
    assert_eq!(
        (at("AWSCURRENT"), at("AWSPENDING"), at("AWSPREVIOUS")),
        (Some(json!(1)), Some(json!(2)), None)
    );

    let to_second = json!({ "SecretId": "main", "VersionStage": "AWSCURRENT", "MoveToVersionId": second });
    let unnamed = call(&secrets, "UpdateSecretVersionStage", to_second.clone()).await;
    assert_eq!(
        unnamed.json()["__type"],
        "InvalidParameterException",
        "the version that loses it must be named"
    );
    let mut named = to_second;
    named["RemoveFromVersionId"] = json!(first);
    assert_eq!(call(&secrets, "UpdateSecretVersionStage", named).await.status, 200);
    assert_eq!((at("AWSCURRENT"), at("AWSPREVIOUS")), (Some(json!(2)), Some(json!(1))));

    let by_id =
        call(&secrets, "GetSecretValue", json!({ "SecretId": "main", "VersionId": first })).await.json();
    assert_eq!(
        (by_id["SecretString"].as_str(), &by_id["VersionStages"]),
        (Some("1"), &json!(["AWSPREVIOUS"]))
    );
    let contradiction = json!({ "SecretId": "main", "VersionId": first, "VersionStage": "AWSCURRENT" });
    assert_eq!(call(&secrets, "GetSecretValue", contradiction).await.status, 400);
    let described = call(&secrets, "DescribeSecret", json!({ "SecretId": "main" })).await.json();
    assert_eq!(described["VersionIdsToStages"][&second], json!(["AWSPENDING", "AWSCURRENT"]));
}

#[tokio::test]
async fn the_same_put_again_is_the_same_version_and_another_value_under_its_id_is_refused() {
    let secrets = Secrets::start(None).await.unwrap();
    secrets.put("main", &json!(0)).unwrap();
    let put =
        |value: &str| json!({ "SecretId": "main", "ClientRequestToken": "token-1", "SecretString": value });
    for _ in 0..2 {
        assert_eq!(call(&secrets, "PutSecretValue", put("1")).await.json()["VersionId"], "token-1");
    }
    assert_eq!(call(&secrets, "PutSecretValue", put("2")).await.json()["__type"], "ResourceExistsException");
    assert_eq!(secrets.value("main", "AWSCURRENT"), Some(json!(1)));
}

#[tokio::test]
async fn a_file_keeps_the_secret_for_the_next_start_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let file = std::env::temp_dir().join(format!("secrets-{}.json", std::process::id()));
    let first = Secrets::start(Some(&file)).await.unwrap();
    first.put("main", &json!({ "k": "v" })).unwrap();
    drop(first);
    let second = Secrets::start(Some(&file)).await.unwrap();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    std::fs::remove_file(file).unwrap();
    assert_eq!((second.value("main", "AWSCURRENT"), mode), (Some(json!({ "k": "v" })), 0o600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_somebody_else_keeps_is_put_and_read_through_an_account_there() {
    let elsewhere = Secrets::start(None).await.unwrap();
    let account = Account::at(&elsewhere.url()).await.unwrap();
    let secrets = Secrets::of(Arc::new(account));
    secrets.put("main", &json!(1)).unwrap();
    for pending in [2, 3] {
        secrets.put_staged("main", &json!(pending), &["AWSPENDING"]).unwrap();
    }
    let at = |kept: &Secrets, stage: &str| kept.value("main", stage);
    for kept in [&secrets, &elsewhere] {
        assert_eq!((at(kept, "AWSCURRENT"), at(kept, "AWSPENDING")), (Some(json!(1)), Some(json!(3))));
    }
    drop(elsewhere);
    assert!(secrets.put("main", &json!(4)).is_err() && at(&secrets, "AWSCURRENT").is_none());
}
