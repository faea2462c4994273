//! Grants: what the role of each function, and each managed policy, allows.

use std::collections::BTreeSet;
use std::io;

use serde_json::Value;

use super::{Template, function_name, invalid};
use crate::rights::{Right, RightsOf};

impl Template {
    /// What is granted: to a function by the role that is named as its own, and by managed policies. A statement that says
    /// more than actions and resources is an error, not a guess.
    pub fn grants(&self) -> io::Result<RightsOf> {
        let mut grants = RightsOf::new();
        for (id, properties) in self.resources("AWS::Serverless::Function") {
            let role = properties.get("Role").and_then(resource_id);
            let role = role.ok_or_else(|| invalid(format!("{id} has no role of its own")))?;
            grants.insert(function_name(id, properties)?, self.role(&role)?);
        }
        for (id, properties) in self.resources("AWS::IAM::ManagedPolicy") {
            grants.insert(id.to_owned(), self.statements(properties.get("PolicyDocument"))?);
        }
        Ok(grants)
    }

    /// The key that a table or a secret is encrypted with, all by logical id.
    pub(crate) fn key_behind(&self, id: &str) -> Option<String> {
        let properties = self.document.pointer(&format!("/Resources/{id}/Properties"))?;
        let of_table = properties.pointer("/SSESpecification/KMSMasterKeyId");
        of_table.or_else(|| properties.get("KmsKeyId")).and_then(resource_id)
    }

    fn role(&self, id: &str) -> io::Result<BTreeSet<Right>> {
        let mut roles = self.resources("AWS::IAM::Role");
        let role = roles.find(|(name, _)| *name == id).map(|(_, properties)| properties);
        let role = role.ok_or_else(|| invalid(format!("there is no role {id}")))?;
        if role.get("ManagedPolicyArns").is_some() {
            return Err(invalid(format!("{id}: what a managed policy allows is not known here")));
        }
        let mut rights = BTreeSet::new();
        for policy in role.get("Policies").and_then(Value::as_array).into_iter().flatten() {
            rights.extend(self.statements(policy.get("PolicyDocument"))?);
        }
        Ok(rights)
    }

    fn statements(&self, document: Option<&Value>) -> io::Result<BTreeSet<Right>> {
        let statements = document.and_then(|document| document.get("Statement")).and_then(Value::as_array);
        let mut rights = BTreeSet::new();
        for statement in statements.into_iter().flatten() {
            let known = ["Sid", "Effect", "Action", "Resource"];
            let fields = statement.as_object().into_iter().flatten();
            if statement.get("Effect") != Some(&"Allow".into())
                || !fields.map(|(field, _)| field).all(|field| known.contains(&field.as_str()))
            {
                return Err(invalid(format!("a statement like this one is not served here: {statement}")));
            }
            for resource in one_or_more(statement.get("Resource")) {
                let resource = self.resource(resource)?;
                let actions = one_or_more(statement.get("Action")).iter().filter_map(Value::as_str);
                rights.extend(actions.map(|action| Right::new(action, resource.as_str())));
            }
        }
        Ok(rights)
    }

    /// A resource by its logical id, in the branch that the parameters choose.
    fn resource(&self, value: &Value) -> io::Result<String> {
        if let Some([condition, yes, no]) = value.get("Fn::If").and_then(Value::as_array).map(Vec::as_slice) {
            let holds = self.condition(condition.as_str().unwrap_or_default())?;
            return self.resource(if holds { yes } else { no });
        }
        // `!Sub ['${Arn}/index/owner', {Arn: …}]`
        if let Some([Value::String(text), given]) =
            value.get("Fn::Sub").and_then(Value::as_array).map(Vec::as_slice)
            && let (Some(rest), Some(arn)) = (text.strip_prefix("${Arn}"), given.get("Arn"))
        {
            return Ok(self.resource(arn)? + rest);
        }
        resource_id(value)
            .ok_or_else(|| invalid(format!("a resource like this one is not served here: {value}")))
    }
}

fn one_or_more(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(all)) => all,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// `Table` of `!GetAtt Table.Arn` and of `!Ref Table`.
fn resource_id(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let (name, argument) = value.as_object()?.iter().next()?;
    let text = argument.as_str()?;
    match name.as_str() {
        "Ref" => Some(text.to_owned()),
        "Fn::GetAtt" => text.strip_suffix(".Arn").map(str::to_owned),
        _ => None,
    }
}
