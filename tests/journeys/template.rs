//! `template.yaml`, read as whoever has to answer for it reads it: each thing that it must say is a check with a name. A
//! check carries the change that breaks it, so that none stays which could not fail.
//!
//! `TEMPLATE=<file>` looks at another file.

mod access_log;
mod alarms;
mod api;
mod data;
mod functions;
mod parameters;
mod releases;
mod rights;

use crate::world::template_path;
use cloud::Template;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A template as data, with intrinsic functions in their long form: `{"Ref": …}`.
struct Sheet(Value);

/// One thing that the template must say.
struct Check {
    name: String,
    holds: Box<dyn Fn(&Sheet) -> bool>,
    /// A change that breaks it: behind a text that stands there once, the first of something becomes something else.
    broken: [String; 3],
}

fn check(name: impl Into<String>, holds: impl Fn(&Sheet) -> bool + 'static, broken: [&str; 3]) -> Check {
    Check { name: name.into(), holds: Box::new(holds), broken: broken.map(str::to_owned) }
}

fn all() -> Vec<Check> {
    let parts = [
        api::checks(),
        access_log::checks(),
        functions::checks(),
        releases::checks(),
        data::checks(),
        rights::checks(),
        alarms::checks(),
        parameters::checks(),
    ];
    parts.into_iter().flatten().collect()
}

impl Sheet {
    fn of(text: &str) -> Self {
        Self(Template::parse(text, BTreeMap::new()).unwrap().document().clone())
    }

    /// By the way there, `Globals/Function/Timeout`; nothing is null.
    fn at(&self, way: &str) -> &Value {
        self.0.pointer(&format!("/{way}")).unwrap_or(&Value::Null)
    }

    /// A property of a resource.
    fn of_resource(&self, id: &str, way: &str) -> &Value {
        self.at(&format!("Resources/{id}/Properties/{way}"))
    }

    fn says(&self, way: &str, value: &Value) -> bool {
        self.at(way) == value
    }

    /// Names and values of an object.
    fn each(&self, way: &str) -> impl Iterator<Item = (&str, &Value)> {
        entries(self.at(way))
    }

    /// Ids and properties of all resources of a kind.
    fn resources<'s>(&'s self, kind: &str) -> Vec<(&'s str, &'s Value)> {
        let all = self.each("Resources").filter(|(_, resource)| resource["Type"] == kind);
        all.map(|(id, resource)| (id, &resource["Properties"])).collect()
    }

    fn functions(&self) -> Vec<(&str, &Value)> {
        self.resources("AWS::Serverless::Function")
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One or several: a policy may say either.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

fn attribute(path: &str) -> Value {
    json!({ "Fn::GetAtt": path })
}

/// A parameter where it is given, else nothing.
fn if_given(condition: &str, parameter: &str) -> Value {
    json!({"Fn::If": [condition, reference(parameter), reference("AWS::NoValue")]})
}

/// The text with the change of a check in it.
fn broken(text: &str, check: &Check) -> String {
    let [anchor, from, to] = &check.broken;
    let (name, found) = (&check.name, text.matches(anchor.as_str()).count());
    assert!(anchor.is_empty() || found == 1, "{name}: {anchor:?} stands there {found} times");
    let (before, rest) = text.split_at(text.find(anchor.as_str()).unwrap());
    assert!(rest.contains(from.as_str()), "{name}: no {from:?} behind {anchor:?}");
    format!("{before}{}", rest.replacen(from.as_str(), to, 1))
}

#[test]
fn the_template_says_everything_that_it_must() {
    let sheet = Sheet::of(&std::fs::read_to_string(template_path()).unwrap());
    let checks = all();
    let failed: Vec<_> = checks.iter().filter(|check| !(check.holds)(&sheet)).map(|it| &it.name).collect();
    assert!(failed.is_empty(), "not so: {failed:#?}");
    let names: BTreeSet<_> = checks.iter().map(|check| &check.name).collect();
    assert_eq!(names.len(), checks.len(), "two checks have one name");
    crate::world::report(&format!("{} things that the template must say", checks.len()));
}

/// Else nobody knows whether a check that holds says anything. A change is to break what its check is about and little
/// beside: some checks are about the same line.
#[test]
fn every_check_fails_on_a_template_that_is_wrong_in_what_it_is_about() {
    let text = std::fs::read_to_string(template_path()).unwrap();
    let checks = all();
    for check in &checks {
        let sheet = Sheet::of(&broken(&text, check));
        let failed: Vec<_> = checks.iter().filter(|it| !(it.holds)(&sheet)).map(|it| &it.name).collect();
        assert!(failed.contains(&&check.name), "holds all the same: {}", check.name);
        assert!(failed.len() <= 5, "{}: its change breaks {failed:#?}", check.name);
    }
}
