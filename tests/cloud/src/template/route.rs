//! Routes: what the events of the functions say, and which one a request takes.

use std::io;

use serde_json::Value;

use super::{Template, invalid};
use crate::wire::percent_decoded;

/// One route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper-case method.
    pub method: String,
    /// Path with `{names}`.
    pub path: String,
    /// The function that serves it.
    pub function: String,
    /// The authorizer that guards it; none for an open route.
    pub authorizer: Option<String>,
    /// Scopes of which the token needs one.
    pub scopes: Vec<String>,
}

impl Route {
    /// As in an event: `GET /v1/consents/{consent_id}`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path parameters if this route serves the request, percent-decoded.
    pub(crate) fn matches(&self, method: &str, path: &str) -> Option<Vec<(String, String)>> {
        if method != self.method {
            return None;
        }
        let (own, theirs) = (self.path.split('/'), path.split('/'));
        if own.clone().count() != theirs.clone().count() {
            return None;
        }
        let mut parameters = Vec::new();
        for (own, theirs) in own.zip(theirs) {
            match own.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !theirs.is_empty() => {
                    parameters.push((name.to_owned(), percent_decoded(theirs)))
                }
                None if own == theirs => {}
                _ => return None,
            }
        }
        Some(parameters)
    }
}

/// The route that a request takes; the one with the fewest parameters wins, as the gateway prefers a full match.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    method: &str,
    path: &str,
) -> Option<(&'a Route, Vec<(String, String)>)> {
    let candidates = routes.iter().filter_map(|route| Some((route, route.matches(method, path)?)));
    candidates.min_by_key(|(_, parameters)| parameters.len())
}

impl Template {
    pub(super) fn route(&self, function: &str, event: &str, definition: &Value) -> io::Result<Route> {
        let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let properties = (text("/Type").as_deref() == Some("HttpApi"), text("/Properties/Method"));
        let (true, Some(method)) = properties else {
            return Err(invalid(format!("{event} of {function} is not a HttpApi event with a method")));
        };
        let path = text("/Properties/Path").unwrap_or_default();
        if !path.starts_with('/') || path.contains("+}") || method.eq_ignore_ascii_case("any") {
            return Err(invalid(format!(
                "{event} of {function}: greedy, default and ANY routes are not served here"
            )));
        }
        let scopes = definition.pointer("/Properties/Auth/AuthorizationScopes").and_then(Value::as_array);
        let scopes = scopes.into_iter().flatten().map(|scope| self.text(scope)).collect::<io::Result<_>>()?;
        let authorizer = match text("/Properties/Auth/Authorizer") {
            Some(name) if name == "NONE" => None,
            Some(name) => Some(name),
            None => self.default_authorizer(),
        };
        Ok(Route {
            method: method.to_ascii_uppercase(),
            path,
            function: function.to_owned(),
            authorizer,
            scopes,
        })
    }

    fn default_authorizer(&self) -> Option<String> {
        let (_, api) = self.resources("AWS::Serverless::HttpApi").next()?;
        api.pointer("/Auth/DefaultAuthorizer").and_then(Value::as_str).map(str::to_owned)
    }
}
