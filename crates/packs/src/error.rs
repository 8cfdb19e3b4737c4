//! Why a pack cannot be used, with the place in its data.

use std::fmt;

/// Where in the data of packs something stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// `pack`, `framework` or `rule library`.
    document: String,
    control: Option<String>,
    rule: Option<String>,
}

impl Place {
    /// The rule library.
    pub(crate) fn library() -> Self {
        Self { document: "rule library".to_owned(), ..Self::default() }
    }

    /// A pack.
    pub(crate) fn pack(id: &str) -> Self {
        Self { document: format!("pack `{id}`"), ..Self::default() }
    }

    /// A framework.
    pub(crate) fn framework(id: &str) -> Self {
        Self { document: format!("framework `{id}`"), ..Self::default() }
    }

    pub(crate) fn control(&self, id: &str) -> Self {
        Self { control: Some(id.to_owned()), ..self.clone() }
    }

    pub(crate) fn rule(&self, id: &str) -> Self {
        Self { rule: Some(id.to_owned()), ..self.clone() }
    }

    /// What is wrong here.
    pub(crate) fn fault(&self, fault: impl fmt::Display) -> PackError {
        PackError::Data { place: self.clone(), fault: fault.to_string() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document)?;
        for (what, id) in [("control", &self.control), ("rule", &self.rule)] {
            if let Some(id) = id {
                write!(f, ", {what} `{id}`")?;
            }
        }
        Ok(())
    }
}

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The data is not valid.
    #[error("{place}: {fault}")]
    Data {
        /// Where.
        place: Place,
        /// What is wrong, one clause.
        fault: String,
    },
    /// A value was given for a parameter that the pack does not have.
    #[error("the pack `{pack}` has no parameter `{key}`: expected one of {}", known.join(", "))]
    UnknownParameter {
        /// Pack.
        pack: String,
        /// Key.
        key: String,
        /// Keys that it has.
        known: Vec<String>,
    },
    /// A value does not fit its parameter.
    #[error("the parameter `{key}` of the pack `{pack}` does not accept `{value}`: expected {expected}")]
    Value {
        /// Pack.
        pack: String,
        /// Key.
        key: String,
        /// The value.
        value: String,
        /// What it accepts.
        expected: &'static str,
    },
}

impl PackError {
    /// A suggestion.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownParameter { key, known, .. } => {
                stopgate_policy::did_you_mean(key, known.iter().map(String::as_str))
            }
            Self::Data { .. } | Self::Value { .. } => None,
        }
    }
}
