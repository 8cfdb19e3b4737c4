//! Python packages: installed ones from wheel and egg metadata, declared ones from requirement and lock files.

mod declared;
mod environments;
mod installed;
mod metadata;
mod pdm_lock;
mod pipfile_lock;
mod poetry_lock;
mod record;
mod requirements;
mod setup;
mod uv_lock;

pub(crate) use declared::PYTHON_PACKAGE;
pub(crate) use installed::PYTHON_INSTALLED;

use stopgate_model::Purl;

/// A name as the Python Packaging Authority compares it: lower case, runs of `-`, `_` and `.` as one dash.
fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

fn purl(name: &str, version: &str) -> Purl {
    Purl::new("pypi", "", name, version)
}

/// The normalised name that a requirement begins with: `Requests[security] >= 2.8.1 ; marker`.
fn required_name(requirement: &str) -> String {
    let end = requirement.find(['[', '(', '<', '!', '=', '>', '~', ';']).unwrap_or(requirement.len());
    normalised(requirement.get(..end).unwrap_or("").trim())
}

/// `name[extra]`, both normalised; the bare name without an extra.
fn reference(name: &str, extra: &str) -> String {
    let (name, extra) = (normalised(name.trim()), normalised(extra.trim()));
    if extra.is_empty() { name } else { format!("{name}[{extra}]") }
}

#[cfg(test)]
mod tests {
    use super::{normalised, reference, required_name};

    #[test]
    fn names_are_compared_as_the_ecosystem_does() {
        for (name, expected) in [("Flask_SQLAlchemy", "flask-sqlalchemy"), ("a.-_b", "a-b"), ("ÄB", "äb"), ("", "")] {
            assert_eq!(normalised(name), expected);
        }
        for (text, expected) in [
            ("Requests [security,tests] >= 2.8", "requests"),
            ("zope.interface (>=4)", "zope-interface"),
            ("x ; python_version < '3'", "x"),
            ("name@https://example.org", "name@https://example-org"),
        ] {
            assert_eq!(required_name(text), expected);
        }
        assert_eq!(reference("A.b", "X_y"), "a-b[x-y]");
    }
}
