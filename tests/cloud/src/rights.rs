//! IAM: who may ask table and secret for what. The template says what each role grants; the proxy before table and secret
//! holds every exchange against it and answers as AWS does where a right is missing. So a journey that needs one right
//! more fails, and a right that nobody ever needed can be seen.
//!
//! AWS knows a caller by the signature. Here the first segment of the path says who calls: a function is given
//! `http://127.0.0.1:PORT/consent-start` as its endpoint. Whoever names nobody is held to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Mutex;

use serde_json::Value;

use crate::template::Template;
use crate::wire::locked;

/// An action on a resource, as a policy grants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `dynamodb:Query`.
    pub action: String,
    /// The resource by its logical id, and what of it: `Table`, `Table/index/owner`, `Secret`.
    pub resource: String,
}

/// Rights by who has them: the name of a function, or the logical id of a managed policy.
pub type RightsOf = BTreeMap<String, BTreeSet<Right>>;

/// What is granted, and what was asked for.
#[derive(Debug)]
pub struct Rights {
    granted: RightsOf,
    /// Logical ids by the names that requests use.
    ids: BTreeMap<String, String>,
    /// The key behind a table or a secret, by logical ids.
    keys: BTreeMap<String, String>,
    asked: Mutex<RightsOf>,
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} on {}", self.action, self.resource)
    }
}

impl Right {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into() }
    }
}

impl Rights {
    /// Of a template, with the names that its table and its secret go by (name → logical id).
    pub fn of(template: &Template, names: &[(&str, &str)]) -> io::Result<Self> {
        let mut keys = BTreeMap::new();
        for (_, id) in names {
            if let Some(key) = template.key_behind(id) {
                keys.insert((*id).to_owned(), key);
            }
        }
        let ids = names.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        Ok(Self { granted: template.grants()?, ids, keys, asked: Mutex::default() })
    }

    /// What the template grants.
    #[must_use]
    pub fn granted(&self) -> &RightsOf {
        &self.granted
    }

    /// What was asked for so far, granted or not.
    #[must_use]
    pub fn asked(&self) -> RightsOf {
        locked(&self.asked).clone()
    }

    /// What was asked for and is not granted: who, and what.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        beyond(&self.asked(), &self.granted)
    }

    /// Forgets what was asked for.
    pub fn forget(&self) {
        locked(&self.asked).clear();
    }

    /// Notes a request; the first right that its caller does not have.
    pub(crate) fn refuses(&self, caller: &str, operation: &str, body: &Value) -> Option<Right> {
        let needed = self.needed(operation, body);
        let granted = self.granted.get(caller);
        let missing = needed.iter().find(|right| !granted.is_some_and(|granted| granted.contains(right)));
        let missing = missing.cloned();
        locked(&self.asked).entry(caller.to_owned()).or_default().extend(needed);
        missing
    }

    /// What a request needs. A transaction needs the rights of its parts; whatever is encrypted needs its key.
    fn needed(&self, operation: &str, body: &Value) -> Vec<Right> {
        let named = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let of_table = |action: &str, value: &Value| {
            let table = self.id(&named(value, "TableName").unwrap_or_default());
            match named(value, "IndexName") {
                Some(index) => Right::new(format!("dynamodb:{action}"), format!("{table}/index/{index}")),
                None => Right::new(format!("dynamodb:{action}"), table),
            }
        };
        let mut rights = match operation {
            "TransactWriteItems" | "TransactGetItems" => {
                let items = body.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
                let parts = items.filter_map(Value::as_object).flatten();
                parts.map(|(part, value)| of_table(part_action(part), value)).collect()
            }
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = body.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
                tables.map(|(name, _)| Right::new(format!("dynamodb:{operation}"), self.id(name))).collect()
            }
            _ => match named(body, "SecretId") {
                Some(secret) => vec![Right::new(format!("secretsmanager:{operation}"), self.id(&secret))],
                None => vec![of_table(operation, body)],
            },
        };
        let behind = |right: &Right| self.keys.get(right.resource.split('/').next()?);
        let keys: BTreeSet<&String> = rights.iter().filter_map(behind).collect();
        rights.extend(keys.into_iter().map(|key| Right::new("kms:Decrypt", key)));
        rights
    }

    fn id(&self, name: &str) -> String {
        self.ids.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// The action that a part of a transaction is (`AWS`: DynamoDB's transactions and IAM).
fn part_action(part: &str) -> &str {
    match part {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "ConditionCheck" => "ConditionCheckItem",
        "Get" => "GetItem",
        other => other,
    }
}

/// What `some` have and `others` have not, each with who has it.
#[must_use]
pub fn beyond(some: &RightsOf, others: &RightsOf) -> Vec<String> {
    let lacks = |who: &String, right: &Right| !others.get(who).is_some_and(|rights| rights.contains(right));
    let all = some.iter().flat_map(|(who, rights)| rights.iter().map(move |right| (who, right)));
    all.filter(|(who, right)| lacks(who, right)).map(|(who, right)| format!("{who}: {right}")).collect()
}
