//! Reads `template.yaml` (AWS SAM) as far as it says what runs here: parameters, routes, authorizers, functions, table.
//!
//! Intrinsic functions are resolved when a value is asked for: `Ref`, `Fn::Sub`, `Fn::GetAtt`, `Fn::If`, `Fn::Equals`,
//! `Fn::Not`, `Fn::Join`. Anything else is an error, not a guess.

mod grants;
mod intrinsic;
pub(crate) mod route;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

pub use route::Route;

/// A template with the values of its parameters.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
    parameters: BTreeMap<String, String>,
}

/// A JWT authorizer as the template defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// Accepted `iss`; its `/.well-known/openid-configuration` names the keys.
    pub issuer: String,
    /// Accepted `aud` (or `client_id` where a token has no `aud`).
    pub audience: Vec<String>,
}

/// A function as the template defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The folder that the zip of `CodeUri` lies in: the name that the function is invoked by.
    pub name: String,
    /// Seconds until Lambda ends an invocation.
    pub timeout_s: u64,
    /// Megabytes.
    pub memory_mb: u64,
    /// Environment variables, globals first, resolved.
    pub environment: BTreeMap<String, String>,
}

/// Requests that the API admits: a burst, refilled at a rate per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Size of the bucket, in requests.
    pub burst: u32,
    /// Requests per second.
    pub rate: u32,
}

/// What `CreateTable` and `UpdateTimeToLive` need, as in the template.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDefinition {
    /// `AttributeDefinitions`, `KeySchema`, `GlobalSecondaryIndexes`, `BillingMode`.
    pub properties: Map<String, Value>,
    /// Attribute that holds the time to live (Unix seconds).
    pub ttl_attribute: Option<String>,
}

impl Template {
    /// Reads a template. `parameters` overrides defaults, and names a resource (`Table` → a table name) where one is
    /// referred to; a resource without a name is called by its logical id.
    pub fn read(path: &Path, parameters: BTreeMap<String, String>) -> io::Result<Self> {
        Self::parse(&std::fs::read_to_string(path)?, parameters)
    }

    /// The same of a text.
    pub fn parse(text: &str, parameters: BTreeMap<String, String>) -> io::Result<Self> {
        let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).map_err(invalid)?;
        Ok(Self { document: intrinsic::to_json(yaml)?, parameters })
    }

    /// The template as data; intrinsic functions are in their long form and stand where they stood.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Every route of every function, in the template's order of names.
    pub fn routes(&self) -> io::Result<Vec<Route>> {
        let mut routes = Vec::new();
        for (name, properties) in self.resources("AWS::Serverless::Function") {
            let function = function_name(name, properties)?;
            let events = properties.get("Events").and_then(Value::as_object).into_iter().flatten();
            for (event, definition) in events {
                routes.push(self.route(&function, event, definition)?);
            }
        }
        Ok(routes)
    }

    /// The JWT authorizers of the HTTP API by name.
    pub fn authorizers(&self) -> io::Result<BTreeMap<String, Authorizer>> {
        let Some((_, api)) = self.resources("AWS::Serverless::HttpApi").next() else {
            return Err(invalid("the template has no AWS::Serverless::HttpApi"));
        };
        let defined = api.pointer("/Auth/Authorizers").and_then(Value::as_object).into_iter().flatten();
        defined.map(|(name, definition)| Ok((name.clone(), self.authorizer(definition)?))).collect()
    }

    /// Every function, in the template's order of names.
    pub fn functions(&self) -> io::Result<Vec<Function>> {
        let resources = self.resources("AWS::Serverless::Function");
        resources.map(|(name, properties)| self.function(name, properties)).collect()
    }

    /// The definition of the one DynamoDB table.
    pub fn table(&self) -> io::Result<TableDefinition> {
        let Some((_, properties)) = self.resources("AWS::DynamoDB::Table").next() else {
            return Err(invalid("the template has no AWS::DynamoDB::Table"));
        };
        let wanted = ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"];
        let kept = wanted.iter().filter_map(|key| Some(((*key).to_owned(), properties.get(key)?.clone())));
        let ttl = properties.pointer("/TimeToLiveSpecification/AttributeName").and_then(Value::as_str);
        Ok(TableDefinition { properties: kept.collect(), ttl_attribute: ttl.map(str::to_owned) })
    }

    /// The API's default throttle, if it has one.
    #[must_use]
    pub fn throttle(&self) -> Option<Throttle> {
        let (_, api) = self.resources("AWS::Serverless::HttpApi").next()?;
        let setting = |name: &str| {
            let value = api.get("DefaultRouteSettings")?.get(name)?.as_u64()?;
            u32::try_from(value).ok()
        };
        Some(Throttle { burst: setting("ThrottlingBurstLimit")?, rate: setting("ThrottlingRateLimit")? })
    }

    fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = self.document.get("Resources").and_then(Value::as_object).into_iter().flatten();
        all.filter(move |(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(kind))
            .map(|(name, resource)| (name.as_str(), resource.get("Properties").unwrap_or(&Value::Null)))
    }

    fn authorizer(&self, definition: &Value) -> io::Result<Authorizer> {
        let jwt = definition
            .get("JwtConfiguration")
            .ok_or_else(|| invalid("an authorizer without JwtConfiguration"))?;
        let issuer = self.text(jwt.get("issuer").unwrap_or(&Value::Null))?;
        let audience = jwt.get("audience").and_then(Value::as_array).into_iter().flatten();
        let audience = audience.map(|entry| self.text(entry)).collect::<io::Result<_>>()?;
        Ok(Authorizer { issuer, audience })
    }

    fn function(&self, logical_id: &str, properties: &Value) -> io::Result<Function> {
        let globals = self.document.pointer("/Globals/Function").unwrap_or(&Value::Null);
        let figure = |name: &str, default: u64| {
            let value = properties.get(name).or_else(|| globals.get(name));
            value.and_then(Value::as_u64).unwrap_or(default)
        };
        let mut environment = BTreeMap::new();
        for source in [globals, properties] {
            let variables = source.pointer("/Environment/Variables").and_then(Value::as_object);
            for (name, value) in variables.into_iter().flatten() {
                if let Some(value) = self.resolve(value)? {
                    environment.insert(name.clone(), intrinsic::plain_text(&value)?);
                }
            }
        }
        Ok(Function {
            name: function_name(logical_id, properties)?,
            timeout_s: figure("Timeout", 3),
            memory_mb: figure("MemorySize", 128),
            environment,
        })
    }
}

/// `consent-start` of `target/lambda/consent-start/bootstrap.zip`. A folder in the place of a zip is an error here, because
/// SAM would take it too: it would zip the zip, and nothing could start.
fn function_name(logical_id: &str, properties: &Value) -> io::Result<String> {
    let uri = properties.get("CodeUri").and_then(Value::as_str).unwrap_or_default();
    let folder = uri.strip_suffix("/bootstrap.zip").and_then(|path| path.rsplit('/').next());
    match folder {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(invalid(format!("{logical_id} has no CodeUri that ends in <function>/bootstrap.zip"))),
    }
}

pub(crate) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
