//! Licence values to SPDX expressions, as lax as syft is.

use std::collections::HashMap;

/// Expressions of values, each found once.
#[derive(Default)]
pub(crate) struct Expressions(HashMap<String, String>);

impl Expressions {
    /// The SPDX expression of a value; empty when it is none.
    pub(crate) fn of(&mut self, value: &str) -> String {
        if let Some(known) = self.0.get(value) {
            return known.clone();
        }
        let expression = expression_of(value).unwrap_or_default();
        self.0.insert(value.to_owned(), expression.clone());
        expression
    }
}

/// The SPDX expression of a value, with names in the SPDX list's spelling.
pub fn expression_of(value: &str) -> Option<String> {
    spdx::license_id(value.trim()).map(|id| id.name.to_owned())
}
