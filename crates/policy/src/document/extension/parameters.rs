//! Values of a policy's parameters: given ones, else defaults, each checked by its type.

use std::collections::BTreeMap;

use super::{Extension, Parameter, ParameterType};
use crate::document::error::PolicyError;
use crate::document::suggest::{did_you_mean, quoted, shown};
use crate::trigger::params::ParamType;
use crate::trigger::types::{CommaList, Number};

impl Parameter {
    /// Whether a value is accepted; the error is one sentence.
    pub(super) fn accepts(&self, value: &str) -> Result<(), String> {
        let expected = match self.kind {
            ParameterType::String => Ok(()),
            ParameterType::Integer => value.trim().parse::<i64>().map(|_| ()).map_err(|_| "a whole number"),
            ParameterType::Number => Number::read(value).map(|_| ()).map_err(|_| "a number"),
            ParameterType::Boolean => bool::read(value).map(|_| ()).map_err(|_| "`true` or `false`"),
            ParameterType::List if value.is_empty() => Ok(()),
            ParameterType::List => CommaList::read(value).map(|_| ()).map_err(|_| "texts separated by commas"),
        };
        let refused = |expected: &str| {
            format!("parameter `{}` does not accept `{}`: expected {expected}", self.name, shown(value))
        };
        expected.map_err(refused)?;
        if self.values.is_empty() || self.values.iter().any(|known| known == value) {
            return Ok(());
        }
        Err(refused(&format!("one of {}", quoted(self.values.iter().map(String::as_str)))))
    }
}

impl Extension {
    /// The value of every parameter. A parameter without a value that is not required has the empty text.
    pub(crate) fn values(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Vec<PolicyError>> {
        let mut errors = Vec::new();
        for name in given.keys().filter(|name| !self.parameters.iter().any(|known| known.name == **name)) {
            let known = self.parameters.iter().map(|known| known.name.as_str());
            let message = format!("the policy has no parameter `{}`", shown(name));
            let all = || match self.parameters.as_slice() {
                [] => "it has no parameters".to_owned(),
                _ => format!("expected one of {}", quoted(known.clone())),
            };
            let help = did_you_mean(name, known.clone()).unwrap_or_else(all);
            errors.push(PolicyError::new("", message).help(help));
        }
        let mut values = BTreeMap::new();
        for parameter in &self.parameters {
            let value = match given.get(&parameter.name).or(parameter.default.as_ref()) {
                Some(value) => value.clone(),
                None if parameter.required => {
                    let message = format!("parameter `{}` has no value: expected one to be given", parameter.name);
                    let help = format!("give it with `--param {}=VALUE`", parameter.name);
                    errors.push(PolicyError::new("", message).help(help));
                    continue;
                }
                None => String::new(),
            };
            if !value.is_empty()
                && let Err(message) = parameter.accepts(&value)
            {
                errors.push(PolicyError::new("", message));
            }
            values.insert(parameter.name.clone(), value);
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }
}

/// The name in a value that is exactly `${name}`.
pub(crate) fn named(value: &str) -> Option<&str> {
    value.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.is_empty())
}
