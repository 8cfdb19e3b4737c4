//! Values of site parameters: defaults, then the variant's, then those that were given.

use std::collections::BTreeMap;

use crate::PackError;
use crate::manifest::{Manifest, Parameter, ParameterKind, Variant};

/// Every pack has this parameter.
pub(crate) const ENFORCEMENT: &str = "enforcement";
const ENFORCE: &str = "enforce";
const REPORT: &str = "report";

/// A parameter with the value that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedParameter {
    /// The parameter; its default is the variant's, when that has one.
    pub parameter: Parameter,
    /// Its value.
    pub value: String,
    /// Controls whose rules use it.
    pub controls: Vec<String>,
}

/// Values of all parameters of a pack.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) all: Vec<ResolvedParameter>,
}

impl Values {
    /// The values of a variant with what was given in their place.
    pub(crate) fn of(
        manifest: &Manifest,
        variant: Option<&Variant>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, PackError> {
        check(&manifest.pack.id, &manifest.parameters, given.iter().map(|(key, value)| (&**key, &**value)))?;
        let of_variant = |key: &str| {
            variant.and_then(|variant| variant.parameters.iter().find(|(known, _)| known == key)).map(|(_, v)| v)
        };
        let resolve = |parameter: &Parameter| {
            let mut parameter = parameter.clone();
            if let Some(value) = of_variant(&parameter.key) {
                parameter.default.clone_from(value);
            }
            let value = given.get(&parameter.key).unwrap_or(&parameter.default).clone();
            ResolvedParameter { parameter, value, controls: Vec::new() }
        };
        Ok(Self { all: manifest.parameters.iter().chain([&enforcement()]).map(resolve).collect() })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.all.iter().find(|resolved| resolved.parameter.key == key).map(|resolved| resolved.value.as_str())
    }

    /// Whether every STOP is to be a WARN.
    pub(crate) fn report_only(&self) -> bool {
        self.get(ENFORCEMENT) == Some(REPORT)
    }

    /// Notes that a rule of a control uses a parameter.
    pub(crate) fn used(&mut self, key: &str, control: &str) {
        let used = self.all.iter_mut().filter(|resolved| resolved.parameter.key == key);
        for resolved in used {
            if !resolved.controls.iter().any(|known| known == control) {
                resolved.controls.push(control.to_owned());
            }
        }
    }
}

fn enforcement() -> Parameter {
    Parameter {
        key: ENFORCEMENT.to_owned(),
        label: "`enforce`, or `report`: whatever stops only warns".to_owned(),
        kind: ParameterKind::String,
        default: ENFORCE.to_owned(),
        required: false,
    }
}

/// Whether values fit their parameters.
pub(crate) fn check<'a>(
    pack: &str,
    parameters: &[Parameter],
    values: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), PackError> {
    for (key, value) in values {
        let known = parameters.iter().find(|parameter| parameter.key == key);
        let expected = match known.map(|parameter| parameter.kind) {
            Some(ParameterKind::Integer) if !value.is_empty() && value.parse::<u32>().is_err() => "a whole number",
            Some(_) => continue,
            None if key == ENFORCEMENT && [ENFORCE, REPORT].contains(&value) => continue,
            None if key == ENFORCEMENT => "`enforce` or `report`",
            None => {
                let known = parameters.iter().map(|parameter| parameter.key.clone());
                let known = known.chain([ENFORCEMENT.to_owned()]).collect();
                return Err(PackError::UnknownParameter { pack: pack.to_owned(), key: key.to_owned(), known });
            }
        };
        let (pack, key, value) = (pack.to_owned(), key.to_owned(), value.to_owned());
        return Err(PackError::Value { pack, key, value, expected });
    }
    Ok(())
}
