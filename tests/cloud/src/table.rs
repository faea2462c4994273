//! The DynamoDB table: an embedded engine that speaks DynamoDB's own protocol, or one of an account of ministack.
//!
//! Items that are past their time to live stay, as they may in DynamoDB for days: nothing here sweeps, so code that
//! trusts the sweep is found out.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::account::{self, Account};
use crate::template::{TableDefinition, invalid};

/// A running engine with its tables; dropping it ends it.
#[derive(Debug)]
pub struct Table {
    url: String,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    /// In this process; ends with its handle.
    Embedded {
        _stop: oneshot::Sender<()>,
    },
    Ministack {
        _account: Arc<Account>,
    },
}

impl Table {
    /// In the file `path`, or in memory; on any free port.
    pub async fn start(path: Option<&Path>) -> io::Result<Self> {
        let database = match path {
            Some(path) => Database::new(&path.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| invalid(error.to_string()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let until_dropped = async { drop(stopped.await) };
            dynoxide::server::serve_with_shutdown(listener, database, until_dropped).await
        });
        Ok(Self { url, engine: Engine::Embedded { _stop: stop } })
    }

    /// The tables of an account of ministack.
    #[must_use]
    pub fn of(account: Arc<Account>) -> Self {
        Self { url: account.url(), engine: Engine::Ministack { _account: account } }
    }

    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Makes the table as the template defines it; one that is there already stays as it is.
    pub async fn create(&self, definition: &TableDefinition, name: &str) -> io::Result<()> {
        if self.call("DescribeTable", json!({ "TableName": name })).await.is_ok() {
            return Ok(());
        }
        let mut properties = definition.properties.clone();
        properties.insert("TableName".to_owned(), json!(name));
        self.call("CreateTable", Value::Object(properties)).await?;
        // ministack sweeps every minute by the wall clock, for which the whole of a test's world lies in the past.
        if let (Some(attribute), Engine::Embedded { .. }) = (&definition.ttl_attribute, &self.engine) {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let update = json!({ "TableName": name, "TimeToLiveSpecification": specification });
            self.call("UpdateTimeToLive", update).await?;
        }
        Ok(())
    }

    /// Puts a raw item there, in DynamoDB's own JSON, whatever stood in its place: for tests that tamper.
    pub async fn put(&self, name: &str, item: &Value) -> io::Result<()> {
        self.call("PutItem", json!({ "TableName": name, "Item": item })).await.map(drop)
    }

    /// Puts raw items there in `BatchWriteItem`s of 25: for tests of size.
    pub async fn put_many(&self, name: &str, items: &[Value]) -> io::Result<()> {
        for some in items.chunks(25) {
            let puts: Vec<_> = some.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
            self.call("BatchWriteItem", json!({ "RequestItems": { name: puts } })).await?;
        }
        Ok(())
    }

    /// Every raw item of a table, in DynamoDB's own JSON: for scans for secrets, and for sizes.
    pub async fn dump(&self, name: &str) -> io::Result<Value> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut scan = json!({ "TableName": name, "ConsistentRead": true });
            if let (Some(scan), false) = (scan.as_object_mut(), start.is_null()) {
                scan.insert("ExclusiveStartKey".to_owned(), start);
            }
            let page = self.call("Scan", scan).await?;
            items.extend(page.get("Items").and_then(Value::as_array).cloned().unwrap_or_default());
            start = page.get("LastEvaluatedKey").cloned().unwrap_or(Value::Null);
            if start.is_null() {
                return Ok(Value::Array(items));
            }
        }
    }

    async fn call(&self, operation: &str, body: Value) -> io::Result<Value> {
        account::call(&self.url, "dynamodb", &format!("DynamoDB_20120810.{operation}"), &body).await
    }
}
