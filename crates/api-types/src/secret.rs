//! A text that must not reach a log.

use std::fmt;

use garde::rules::AsStr;
use serde::{Deserialize, Serialize};

/// A password, token or key. It is written to the wire, never to a `Debug` text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// What replies show in place of a stored secret.
    pub const MASK: &str = "****";

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text that replies show.
    pub fn masked() -> Self {
        Self(Self::MASK.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl AsStr for Secret {
    fn as_str(&self) -> &str {
        &self.0
    }
}
