//! The vendor that the address of a project's site or repository names.

use std::borrow::Cow;

use super::candidates::{Candidates, Form};

/// Sites of one maker.
const SITES: [(&str, &str); 9] = [
    ("https://www.gnu.org/", "gnu"),
    ("https://developer.gnome.org/", "gnome"),
    ("https://www.ruby-lang.org/", "ruby-lang"),
    ("https://llvm.org/", "llvm"),
    ("https://www.isc.org/", "isc"),
    ("https://musl.libc.org/", "musl-libc"),
    ("https://www.mozilla.org/", "mozilla"),
    ("https://www.x.org/", "x.org"),
    ("https://w1.fi/", "w1.fi"),
];

/// Adds the maker of a known site, or the account that owns a repository.
pub(super) fn add_vendor(url: &str, vendors: &mut Candidates<'_>) {
    if let Some(vendor) = vendor(url) {
        vendors.push(Cow::Owned(vendor.to_owned()), Form::Exact);
    }
}

fn vendor(url: &str) -> Option<&str> {
    if let Some((_, vendor)) = SITES.iter().find(|(site, _)| url.starts_with(site)) {
        return Some(vendor);
    }
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.strip_prefix("github.com/").or_else(|| rest.strip_prefix("gitlab.com/"))?;
    let (account, rest) = rest.split_once('/')?;
    let known = matches!(scheme, "https" | "http" | "git") && !rest.contains('\n');
    let plain = account.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (known && plain).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::vendor;

    #[test]
    fn sites_and_accounts() {
        for (url, expected) in [
            ("", None),
            ("https://example.com/1/2", None),
            ("https://www.gnu.org/software/make", Some("gnu")),
            ("https://github.com/armadillo/abc-123/a/b", Some("armadillo")),
            ("https://gitlab.com/1234-abc-xyz/hello", Some("1234-abc-xyz")),
            ("git://github.com/abc/xyz.git", Some("abc")),
            ("http://github.com/abc/xyz.git", Some("abc")),
            ("git+https://github.com/abc/xyz.git", None),
            ("https://github.com/abc", None),
            ("https://github.com/a.c/x", None),
            ("ssh://github.com/abc/x", None),
        ] {
            assert_eq!(vendor(url), expected, "{url}");
        }
    }
}
