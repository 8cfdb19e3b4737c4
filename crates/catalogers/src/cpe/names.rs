//! Names of people and companies as vendors.

use std::borrow::Cow;

use super::candidates::{Candidates, Form};

/// A person or company, small letters, joined by underscores.
pub(super) fn person(name: &str) -> String {
    let name = name.to_lowercase();
    let joined: String =
        name.trim().chars().map(|symbol| if matches!(symbol, '-' | ' ' | '.') { '_' } else { symbol }).collect();
    match joined.strip_prefix("the_") {
        Some(rest) => rest.to_owned(),
        None => joined,
    }
}

/// What stands before the `@` of an address.
pub(super) fn mailbox(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

/// Names that the vulnerability database gives to projects of a name; none when the name says so itself.
pub(super) fn projects(name: &str) -> [Option<String>; 2] {
    let project = |suffix: &str| (!name.ends_with("project")).then(|| format!("{name}{suffix}"));
    [project("project"), project("_project")]
}

/// Author of a Python package, by name and by address.
pub(super) fn add_python_author(author: &str, address: &str, vendors: &mut Candidates<'_>) {
    let mut add = |name: String, form: Form| {
        for project in projects(&name).into_iter().flatten() {
            vendors.push(Cow::Owned(project), Form::Exact);
        }
        vendors.push(Cow::Owned(name), form);
    };
    if !author.is_empty() {
        add(person(author), Form::Exact);
    }
    if !address.is_empty() {
        add(person(mailbox(address)), Form::Whole);
    }
}

/// Vendor of an rpm package: no address of a site behind it, nothing after a comma, no blanks.
pub(super) fn rpm_vendor(vendor: &str) -> String {
    let vendor = without_site(vendor);
    let vendor = vendor.split(',').next().unwrap_or(vendor).to_lowercase();
    vendor.trim().chars().filter(|symbol| *symbol != ' ').collect()
}

/// `SUSE LLC` of `SUSE LLC <https://www.suse.com/>`.
fn without_site(vendor: &str) -> &str {
    let site = vendor.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    match site {
        Some((name, site)) if is_site(site) => name.trim(),
        _ => vendor,
    }
}

fn is_site(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !host.is_empty()
        && !host.contains([' ', '^', '\\', '{', '}', '|', '`'])
        && !text.chars().any(|symbol| symbol.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::{mailbox, person, rpm_vendor};

    #[test]
    fn people_and_companies() {
        for (name, expected) in [
            ("  Alex Goodman  ", "alex_goodman"),
            ("Alex.Goodman", "alex_goodman"),
            ("AlexGoodman", "alexgoodman"),
            ("The Apache Software Foundation", "apache_software_foundation"),
            ("the", "the"),
        ] {
            assert_eq!(person(name), expected);
        }
        assert_eq!(mailbox("a.b@c.org"), "a.b");
        assert_eq!(mailbox("nobody"), "nobody");
    }

    #[test]
    fn vendors_of_rpm() {
        for (vendor, expected) in [
            ("  Alex Goodman  ", "alexgoodman"),
            ("Red Hat, Inc.", "redhat"),
            ("SUSE LLC <https://www.suse.com/>", "susellc"),
            ("Example <support@example.com>", "example<support@example.com>"),
            ("Example <ftp://example.com>", "example<ftp://example.com>"),
            ("Example <https://>", "example<https://>"),
        ] {
            assert_eq!(rpm_vendor(vendor), expected);
        }
    }
}
