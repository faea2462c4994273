//! Secrets, versions and stages (AWS Secrets Manager API reference), without I/O.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CURRENT, PREVIOUS};
use crate::wire::uuid;

/// An error as Secrets Manager names it; the status is 400 for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(kind: &'static str, message: &str) -> Self {
        Self { kind, message: message.to_owned() }
    }
}

/// All secrets by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Vault {
    secrets: BTreeMap<String, Secret>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    arn: String,
    versions: BTreeMap<String, Version>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    /// `SecretString` or `SecretBinary` with its value.
    field: String,
    value: String,
    stages: Vec<String>,
    /// Unix seconds by the wall clock.
    created_s: i64,
}

type Called = Result<Value, Refused>;

impl Vault {
    pub(super) fn call(&mut self, operation: &str, body: &Value) -> Called {
        match operation {
            "CreateSecret" => self.create(body),
            "GetSecretValue" => self.value(body),
            "PutSecretValue" => self.put(body),
            "UpdateSecretVersionStage" => self.move_stage(body),
            "DescribeSecret" => self.describe(body),
            _ => Err(Refused::new("UnknownOperationException", operation)),
        }
    }

    fn create(&mut self, body: &Value) -> Called {
        let name =
            text(body, "Name").ok_or_else(|| Refused::new("InvalidParameterException", "Name is missing"))?;
        if self.secrets.contains_key(&name) {
            return Err(Refused::new(
                "ResourceExistsException",
                "The operation failed because the secret exists",
            ));
        }
        let suffix: String = uuid().chars().take(6).collect();
        let arn = format!("arn:aws:secretsmanager:eu-north-1:123456789012:secret:{name}-{suffix}");
        let mut secret = Secret { arn, versions: BTreeMap::new() };
        let mut answer = json!({ "ARN": secret.arn, "Name": name });
        // A secret may be created without a value.
        if let (Some(version), Some(members)) =
            (Version::of(body, vec![CURRENT.to_owned()]), answer.as_object_mut())
        {
            let id = text(body, "ClientRequestToken").unwrap_or_else(uuid);
            members.insert("VersionId".to_owned(), json!(id));
            secret.versions.insert(id, version);
        }
        self.secrets.insert(name, secret);
        Ok(answer)
    }

    fn value(&mut self, body: &Value) -> Called {
        let (name, secret) = self.find(body)?;
        let stage = text(body, "VersionStage");
        let id = match text(body, "VersionId") {
            Some(id) => Some(id).filter(|id| secret.versions.contains_key(id)),
            None => secret.staged(stage.as_deref().unwrap_or(CURRENT)),
        };
        let found = id.and_then(|id| secret.versions.get_key_value(&id));
        let agrees = |version: &Version| stage.as_ref().is_none_or(|stage| version.stages.contains(stage));
        let Some((id, version)) = found.filter(|(_, version)| agrees(version)) else {
            let message =
                "Secrets Manager can't find the specified secret value for this version or staging label";
            return Err(Refused::new("ResourceNotFoundException", message));
        };
        Ok(json!({
            "ARN": secret.arn, "Name": name, "VersionId": id, "VersionStages": version.stages,
            version.field.as_str(): version.value, "CreatedDate": version.created_s,
        }))
    }

    fn put(&mut self, body: &Value) -> Called {
        let stages = match body.get("VersionStages").and_then(Value::as_array) {
            Some(stages) => stages.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec![CURRENT.to_owned()],
        };
        let Some(version) = Version::of(body, Vec::new()) else {
            return Err(Refused::new("InvalidParameterException", "SecretString or SecretBinary is missing"));
        };
        let id = text(body, "ClientRequestToken").unwrap_or_else(uuid);
        let (name, secret) = self.find(body)?;
        match secret.versions.get(&id) {
            Some(there) if there.value != version.value => {
                return Err(Refused::new("ResourceExistsException", "the version exists with another value"));
            }
            // The same call again: the same answer, nothing moves.
            Some(_) => {}
            None => {
                secret.versions.insert(id.clone(), version);
                stages.iter().for_each(|stage| secret.attach(stage, &id));
            }
        }
        let stages = secret.versions.get(&id).map(|version| version.stages.clone());
        Ok(json!({ "ARN": secret.arn, "Name": name, "VersionId": id, "VersionStages": stages }))
    }

    fn move_stage(&mut self, body: &Value) -> Called {
        let wrong = |message: &str| Err(Refused::new("InvalidParameterException", message));
        let (name, secret) = self.find(body)?;
        let Some(stage) = text(body, "VersionStage") else { return wrong("VersionStage is missing") };
        let (from, to) = (text(body, "RemoveFromVersionId"), text(body, "MoveToVersionId"));
        let holder = secret.staged(&stage);
        if holder.is_some() && holder != from && to != holder {
            return wrong("the staging label is attached to another version: name it in RemoveFromVersionId");
        }
        match to {
            Some(to) if !secret.versions.contains_key(&to) => {
                return Err(Refused::new("ResourceNotFoundException", "no such version"));
            }
            Some(to) => secret.attach(&stage, &to),
            None if stage == CURRENT => return wrong("AWSCURRENT can be moved, not removed"),
            None => secret.detach(&stage),
        }
        Ok(json!({ "ARN": secret.arn, "Name": name }))
    }

    fn describe(&mut self, body: &Value) -> Called {
        let (name, secret) = self.find(body)?;
        let stages = secret.versions.iter().filter(|(_, version)| !version.stages.is_empty());
        let stages: Map<String, Value> =
            stages.map(|(id, version)| (id.clone(), json!(version.stages))).collect();
        Ok(json!({ "ARN": secret.arn, "Name": name, "VersionIdsToStages": stages }))
    }

    fn find(&mut self, body: &Value) -> Result<(String, &mut Secret), Refused> {
        let id = text(body, "SecretId").unwrap_or_default();
        let found = self.secrets.iter_mut().find(|(name, secret)| **name == id || secret.arn == id);
        let (name, secret) = found.ok_or_else(|| {
            Refused::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        })?;
        Ok((name.clone(), secret))
    }
}

impl Secret {
    fn staged(&self, stage: &str) -> Option<String> {
        let mut versions = self.versions.iter();
        versions.find(|(_, version)| version.stages.iter().any(|own| own == stage)).map(|(id, _)| id.clone())
    }

    fn detach(&mut self, stage: &str) {
        self.versions.values_mut().for_each(|version| version.stages.retain(|own| own != stage));
    }

    /// A stage is on one version at a time; the version that loses AWSCURRENT becomes AWSPREVIOUS.
    fn attach(&mut self, stage: &str, id: &str) {
        let holder = self.staged(stage).filter(|holder| holder != id);
        self.detach(stage);
        if let Some(version) = self.versions.get_mut(id) {
            version.stages.push(stage.to_owned());
        }
        if let (CURRENT, Some(holder)) = (stage, holder) {
            self.attach(PREVIOUS, &holder);
        }
    }
}

impl Version {
    fn of(body: &Value, stages: Vec<String>) -> Option<Self> {
        let field = ["SecretString", "SecretBinary"].into_iter().find(|field| body.get(*field).is_some())?;
        let created_s = crate::wall_clock_ms().div_euclid(1000);
        Some(Self { field: field.to_owned(), value: text(body, field)?, stages, created_s })
    }
}

fn text(body: &Value, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}
