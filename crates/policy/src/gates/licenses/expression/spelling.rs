//! The spelling of licence ids: any case, and the ids that newer lists deprecate.

use std::collections::HashMap;
use std::sync::LazyLock;

use spdx::identifiers::{EXCEPTIONS, LICENSES};

use super::allowed::SEPARATORS;

/// Ids of licences.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    LICENSES.iter().map(|licence| licence.name)
}

/// Ids in lower case, as the list spells what has taken their place.
static NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let exceptions = EXCEPTIONS.iter().map(|exception| exception.name);
    ids().map(|id| (id.to_lowercase(), current(id))).chain(exceptions.map(|id| (id.to_lowercase(), id))).collect()
});

/// The list once had `GPL-2.0` for `GPL-2.0-only` and `GPL-2.0+` for `GPL-2.0-or-later`.
fn current(id: &'static str) -> &'static str {
    let new = match id.strip_suffix('+') {
        Some(base) => format!("{base}-or-later"),
        None => format!("{id}-only"),
    };
    ids().find(|other| *other == new).unwrap_or(id)
}

/// An expression with its ids as the list spells them; what is no id stays.
pub(super) fn canonical(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len() + 16);
    for part in expression.split_inclusive(SEPARATORS) {
        let end = part.trim_end_matches(SEPARATORS).len();
        let (word, separator) = part.split_at(end);
        text.push_str(NAMES.get(&word.to_lowercase()).copied().unwrap_or(word));
        text.push_str(separator);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn ids_are_spelled_as_on_the_list() {
        for (given, expected) in [
            ("mit OR (gpl-2.0+ AND GPL-3.0)", "MIT OR (GPL-2.0-or-later AND GPL-3.0-only)"),
            ("apache-2.0 WITH llvm-exception", "Apache-2.0 WITH LLVM-exception"),
            ("LicenseRef-Mine", "LicenseRef-Mine"),
            ("AGPL-3.0", "AGPL-3.0-only"),
            ("EUPL-1.1+", "EUPL-1.1+"),
            ("", ""),
        ] {
            assert_eq!(canonical(given), expected);
        }
    }
}
