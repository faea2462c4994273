//! The table as the template defines it, over its wire.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cloud::{Table, Template};
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::caller::{TEMPLATE, send};

async fn started(path: Option<&Path>) -> Arc<Table> {
    let table = Table::start(path).await.unwrap();
    let template = Template::read(Path::new(TEMPLATE), BTreeMap::new()).unwrap();
    table.create(&template.table().unwrap(), "consents").await.unwrap();
    Arc::new(table)
}

async fn call(table: &Table, operation: &str, body: Value) -> (u16, Value) {
    // The engine wants a signed request, as DynamoDB does; it does not check the signature.
    let authorization = "AWS4-HMAC-SHA256 Credential=x/20260115/eu-north-1/dynamodb/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=x";
    send_as(table, operation, body, Some(authorization)).await
}

async fn send_as(
    table: &Table,
    operation: &str,
    mut body: Value,
    authorization: Option<&str>,
) -> (u16, Value) {
    body["TableName"] = json!("consents");
    let mut request = Request::post(table.url())
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", "20260115T080000Z");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = send(request.body(Bytes::from(body.to_string())).unwrap()).await.unwrap();
    (answer.status, answer.json())
}

fn key(id: &str) -> Value {
    json!({ "pk": { "S": id }, "sk": { "S": "consent" } })
}

#[tokio::test]
async fn of_twenty_writers_on_one_version_exactly_one_wins() {
    let table = started(None).await;
    let mut item = key("c1");
    item["v"] = json!({ "N": "1" });
    assert_eq!(call(&table, "PutItem", json!({ "Item": item })).await.0, 200);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20 {
        let table = table.clone();
        writers.spawn(async move {
            let update = json!({
                "Key": key("c1"), "UpdateExpression": "SET v = :two, w = :w", "ConditionExpression": "v = :one",
                "ExpressionAttributeValues": { ":one": { "N": "1" }, ":two": { "N": "2" }, ":w": { "N": writer.to_string() } },
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            });
            call(&table, "UpdateItem", update).await
        });
    }
    let answers = writers.join_all().await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1);
    let losers = answers.iter().filter(|(status, _)| *status == 400);
    assert!(losers.clone().all(|(_, body)| body["Item"]["v"]["N"] == "2"), "a loser is shown what won");
    assert_eq!(losers.count(), 19);
}

#[tokio::test]
async fn the_owner_index_finds_keys_only_and_the_dump_shows_everything() {
    let table = started(None).await;
    for n in 0..3 {
        let mut item = key(&format!("c{n}"));
        item["o"] = json!({ "S": "owner-1" });
        item["ca"] = json!({ "N": n.to_string() });
        item["sealed"] = json!({ "B": "AAEC" });
        assert_eq!(call(&table, "PutItem", json!({ "Item": item })).await.0, 200);
    }
    let query = json!({
        "IndexName": "owner", "KeyConditionExpression": "o = :o",
        "ExpressionAttributeValues": { ":o": { "S": "owner-1" } },
    });
    let (status, found) = call(&table, "Query", query).await;
    assert_eq!((status, &found["Count"], found["Items"][0].get("sealed")), (200, &json!(3), None));
    let dump = table.dump("consents").await.unwrap();
    assert_eq!(dump.as_array().unwrap().len(), 3);
    assert_eq!(dump[0]["sealed"], json!({ "B": "AAEC" }));
}

#[tokio::test]
async fn an_item_past_its_time_to_live_is_still_there() {
    let table = started(None).await;
    let mut item = key("old");
    item["ttl"] = json!({ "N": "1000000000" });
    call(&table, "PutItem", json!({ "Item": item })).await;
    assert_eq!(call(&table, "GetItem", json!({ "Key": key("old") })).await.1["Item"]["pk"]["S"], "old");
    let (_, ttl) = call(&table, "DescribeTimeToLive", json!({})).await;
    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "ttl");
}

#[tokio::test]
async fn a_file_keeps_the_items_for_the_next_start() {
    let directory = std::env::temp_dir().join(format!("table-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("table.db");
    let first = started(Some(&file)).await;
    call(&first, "PutItem", json!({ "Item": key("c1") })).await;
    drop(first);
    let second = started(Some(&file)).await;
    let dump = second.dump("consents").await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
    assert_eq!(dump, json!([key("c1")]));
}

#[tokio::test]
async fn an_unsigned_request_is_refused_as_dynamodb_does() {
    let table = started(None).await;
    let (status, refusal) = send_as(&table, "GetItem", json!({ "Key": key("c1") }), None).await;
    assert_eq!(status, 400);
    assert!(
        refusal["__type"].as_str().unwrap().ends_with("MissingAuthenticationTokenException"),
        "{refusal}"
    );
}
