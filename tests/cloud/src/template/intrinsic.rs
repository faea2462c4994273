//! Intrinsic functions of `CloudFormation`, short (`!Ref x`) and long (`Fn::Sub: …`).

use std::io;

use serde_json::{Map, Value};

use super::{Template, invalid};

/// YAML with tags → JSON with long forms: `!Ref x` becomes `{"Ref": "x"}`, `!Sub x` becomes `{"Fn::Sub": "x"}`.
pub(super) fn to_json(yaml: serde_yaml_ng::Value) -> io::Result<Value> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match yaml {
        Yaml::Mapping(mapping) => {
            let mut object = Map::new();
            for (key, value) in mapping {
                let key = key.as_str().ok_or_else(|| invalid("a key that is not text"))?.to_owned();
                object.insert(key, to_json(value)?);
            }
            Value::Object(object)
        }
        Yaml::Sequence(sequence) => {
            Value::Array(sequence.into_iter().map(to_json).collect::<io::Result<_>>()?)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let name = if matches!(tag, "Ref" | "Condition") { tag.to_owned() } else { format!("Fn::{tag}") };
            Value::Object(Map::from_iter([(name, to_json(tagged.value)?)]))
        }
        scalar => serde_json::to_value(scalar).map_err(invalid)?,
    })
}

impl Template {
    /// Resolves a value; `None` for `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value) -> io::Result<Option<Value>> {
        match value {
            Value::Object(object) => match object.iter().next() {
                Some((name, argument))
                    if object.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) =>
                {
                    self.call(name, argument)
                }
                _ => self.members(object).map(Some),
            },
            Value::Array(items) => self.list(items).map(|list| Some(Value::Array(list))),
            scalar => Ok(Some(scalar.clone())),
        }
    }

    /// Resolves a value that must be there and be text.
    pub(super) fn text(&self, value: &Value) -> io::Result<String> {
        plain_text(&self.resolve(value)?.unwrap_or(Value::Null))
    }

    fn members(&self, object: &Map<String, Value>) -> io::Result<Value> {
        let mut resolved = Map::new();
        for (name, value) in object {
            if let Some(value) = self.resolve(value)? {
                resolved.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn list(&self, items: &[Value]) -> io::Result<Vec<Value>> {
        items.iter().filter_map(|item| self.resolve(item).transpose()).collect()
    }

    fn call(&self, name: &str, argument: &Value) -> io::Result<Option<Value>> {
        match (name, argument) {
            ("Ref", Value::String(target)) if target == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(target)) => self.reference(target).map(|text| Some(Value::String(text))),
            ("Fn::GetAtt", Value::String(path)) => Ok(Some(Value::String(path.clone()))),
            ("Fn::Sub", Value::String(text)) => self.substitute(text).map(|text| Some(Value::String(text))),
            ("Fn::If", Value::Array(parts)) => {
                let [Value::String(condition), yes, no] = parts.as_slice() else {
                    return Err(invalid("Fn::If takes a condition and two values"));
                };
                self.resolve(if self.condition(condition)? { yes } else { no })
            }
            ("Fn::Join", Value::Array(parts)) => {
                let [Value::String(separator), Value::Array(items)] = parts.as_slice() else {
                    return Err(invalid("Fn::Join takes a separator and a list"));
                };
                let items = items.iter().map(|item| self.text(item)).collect::<io::Result<Vec<_>>>()?;
                Ok(Some(Value::String(items.join(separator))))
            }
            _ => Err(invalid(format!("{name} is not served here"))),
        }
    }

    /// A parameter's value, a resource's name, or a pseudo parameter.
    fn reference(&self, target: &str) -> io::Result<String> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if let Some(parameter) = self.document.pointer(&format!("/Parameters/{target}")) {
            let default = parameter.get("Default");
            return plain_text(default.ok_or_else(|| invalid(format!("parameter {target} has no value")))?);
        }
        match target {
            "AWS::StackName" => Ok("handelsbanken-ais".to_owned()),
            "AWS::Region" => Ok("eu-north-1".to_owned()),
            "AWS::AccountId" => Ok("123456789012".to_owned()),
            "AWS::Partition" => Ok("aws".to_owned()),
            "AWS::URLSuffix" => Ok("amazonaws.com".to_owned()),
            _ if self.document.pointer(&format!("/Resources/{target}")).is_some() => Ok(target.to_owned()),
            _ => Err(invalid(format!("{target} is neither a parameter nor a resource"))),
        }
    }

    fn substitute(&self, text: &str) -> io::Result<String> {
        let mut pieces = text.split("${");
        let mut result = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) =
                piece.split_once('}').ok_or_else(|| invalid("Fn::Sub without a closing brace"))?;
            result.push_str(&if name.contains('.') { name.to_owned() } else { self.reference(name)? });
            result.push_str(rest);
        }
        Ok(result)
    }

    pub(super) fn condition(&self, name: &str) -> io::Result<bool> {
        let condition = self.document.pointer(&format!("/Conditions/{name}"));
        self.holds(condition.ok_or_else(|| invalid(format!("no condition {name}")))?)
    }

    fn holds(&self, condition: &Value) -> io::Result<bool> {
        if let Some(Value::Array(parts)) = condition.get("Fn::Equals") {
            let texts = parts.iter().map(|part| self.text(part)).collect::<io::Result<Vec<_>>>()?;
            return Ok(matches!(texts.as_slice(), [left, right] if left == right));
        }
        match condition.get("Fn::Not").and_then(Value::as_array).map(Vec::as_slice) {
            Some([inner]) => Ok(!self.holds(inner)?),
            _ => Err(invalid("a condition other than Fn::Equals and Fn::Not is not served here")),
        }
    }
}

pub(super) fn plain_text(value: &Value) -> io::Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(invalid(format!("text expected, found {other}"))),
    }
}
