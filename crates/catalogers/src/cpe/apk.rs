//! Alpine packages: the project that a package is made of, in its name and its site.
//!
//! The package that it was built with is left out, since advisories are looked up by the package's own name.

use std::borrow::Cow;

use super::candidates::Candidates;
use super::known::Known;
use super::{names, url};

/// The project behind a package, and the type under which other names of it are known.
#[derive(Debug, PartialEq, Eq)]
struct Project<'a> {
    name: Cow<'a, str>,
    known_as: &'static str,
}

/// Names of the project.
pub(super) fn add_products<'a>(package: &'a str, products: &mut Candidates<'a>) {
    let Some(Project { name, known_as }) = project(package) else { return };
    let known = Known::of(known_as, &name);
    let mut own = Candidates::default();
    own.add(name);
    known.change_products(&mut own);
    products.extend(&own);
}

/// The project itself, its known makers and the one that its site names.
pub(super) fn add_vendors<'a>(package: &'a str, site: &str, vendors: &mut Candidates<'a>) {
    if let Some(Project { name, known_as }) = project(package) {
        let known = Known::of(known_as, &name);
        let mut own = Candidates::default();
        let projects = names::projects(&name);
        own.add(name);
        known.change_vendors(&mut own);
        if known_as == "python" {
            projects.into_iter().flatten().for_each(|name| own.add(name));
        }
        vendors.extend(&own);
    }
    url::add_vendor(site, vendors);
}

fn project(package: &str) -> Option<Project<'_>> {
    let name = match stream(package) {
        Some((stream, "")) => Cow::Borrowed(stream),
        Some((stream, part)) => Cow::Owned(format!("{stream}-{part}")),
        None => Cow::Borrowed(package),
    };
    for (prefix, known_as) in [("py-", "python"), ("ruby-", "gem")] {
        if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
            return Some(Project { name: Cow::Owned(rest.to_owned()), known_as });
        }
    }
    (!name.is_empty()).then_some(Project { name, known_as: "apk" })
}

/// A name with a version in it, without that: `postgresql15-client` is `postgresql` and its part `client`.
fn stream(package: &str) -> Option<(&str, &str)> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let begins = |text: &str| text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !begins(package) {
        return None;
    }
    let end = package.bytes().position(|byte| !word(byte)).unwrap_or(package.len());
    (1..=end).find_map(|end| {
        let (stream, rest) = package.split_at_checked(end)?;
        let version = rest.strip_prefix('-').unwrap_or(rest);
        let rest = version.trim_start_matches(|symbol: char| symbol.is_ascii_digit() || symbol == '.');
        let numbered = version.starts_with(|symbol: char| symbol.is_ascii_digit());
        if !numbered {
            return None;
        }
        match rest.strip_prefix('-') {
            None => rest.is_empty().then_some((stream, "")),
            Some("") => Some((stream, "")),
            Some(part) => (begins(part) && part.bytes().all(word)).then_some((stream, part)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::project;

    #[test]
    fn projects_of_packages() {
        for (package, name, known_as) in [
            ("p", "p", "apk"),
            ("py-potatoes", "potatoes", "python"),
            ("py3-potatoes", "potatoes", "python"),
            ("py3-non-existent", "non-existent", "python"),
            ("ruby-something", "something", "gem"),
            ("postgresql-15", "postgresql", "apk"),
            ("postgresql15-client", "postgresql-client", "apk"),
            ("go1.143", "go", "apk"),
            ("abc-101.191.23456", "abc", "apk"),
            ("abc101-12345-1045", "abc101-12345", "apk"),
            ("abc101-a12345-1045", "abc-a12345-1045", "apk"),
            ("abc1234jksajflksa", "abc1234jksajflksa", "apk"),
            ("3proxy", "3proxy", "apk"),
            ("123456", "123456", "apk"),
            ("ruby3.6-tacos", "tacos", "gem"),
            ("ruby-3.6-tacos", "tacos", "gem"),
            ("ruby-3.6", "ruby", "apk"),
            ("libstdc++", "libstdc++", "apk"),
            ("gtk+3.0", "gtk+3.0", "apk"),
            ("abc1-", "abc", "apk"),
        ] {
            let project = project(package).unwrap();
            assert_eq!((&*project.name, project.known_as), (name, known_as), "{package}");
        }
        assert_eq!(project(""), None);
    }
}
