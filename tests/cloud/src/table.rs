//! The DynamoDB table: an embedded engine that speaks DynamoDB's own protocol.
//!
//! Items that are past their time to live stay, as they may in DynamoDB for days: nothing here sweeps, so code that
//! trusts the sweep is found out.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::template::{TableDefinition, invalid};

/// A running engine with its tables; dropping it ends it.
pub struct Table {
    database: Database,
    url: String,
    _stop: oneshot::Sender<()>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").field("url", &self.url).finish_non_exhaustive()
    }
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
        let served = database.clone();
        tokio::spawn(async move {
            let until_dropped = async { drop(stopped.await) };
            dynoxide::server::serve_with_shutdown(listener, served, until_dropped).await
        });
        Ok(Self { database, url, _stop: stop })
    }

    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Makes the table as the template defines it; one that is there already stays as it is.
    pub async fn create(&self, definition: &TableDefinition, name: &str) -> io::Result<()> {
        let failed = |error: &dyn std::fmt::Display| invalid(error.to_string());
        if self.database.describe_table(request(&json!({ "TableName": name }))?).is_ok() {
            return Ok(());
        }
        let mut properties = definition.properties.clone();
        properties.insert("TableName".to_owned(), json!(name));
        self.database.create_table(request(&Value::Object(properties))?).map_err(|error| failed(&error))?;
        if let Some(attribute) = &definition.ttl_attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let update = request(&json!({ "TableName": name, "TimeToLiveSpecification": specification }))?;
            self.database.update_time_to_live(update).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Puts a raw item there, in DynamoDB's own JSON, whatever stood in its place: for tests that tamper.
    pub async fn put(&self, name: &str, item: &Value) -> io::Result<()> {
        let put = request(&json!({ "TableName": name, "Item": item }))?;
        self.database.put_item(put).map(|_| ()).map_err(|error| invalid(error.to_string()))
    }

    /// Puts raw items there in `BatchWriteItem`s of 25: for tests of size.
    pub async fn put_many(&self, name: &str, items: &[Value]) -> io::Result<()> {
        for some in items.chunks(25) {
            let puts: Vec<_> = some.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
            let write = request(&json!({ "RequestItems": { name: puts } }))?;
            self.database.batch_write_item(write).map_err(|error| invalid(error.to_string()))?;
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
            let page = self.database.scan(request(&scan)?).map_err(|error| invalid(error.to_string()))?;
            let page = serde_json::to_value(page).map_err(invalid)?;
            items.extend(page.get("Items").and_then(Value::as_array).cloned().unwrap_or_default());
            start = page.get("LastEvaluatedKey").cloned().unwrap_or(Value::Null);
            if start.is_null() {
                return Ok(Value::Array(items));
            }
        }
    }
}

fn request<T: serde::de::DeserializeOwned>(value: &Value) -> io::Result<T> {
    serde_json::from_value(value.clone()).map_err(invalid)
}
