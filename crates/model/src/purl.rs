//! Package URLs, written exactly as syft writes them (ECMA-427; syft uses packageurl-go).
//!
//! Namespace parts, name, version and qualifier values keep letters, digits and `-._~` and encode all else;
//! the subpath keeps what a URL's fragment may hold. Qualifiers are sorted by key, empty ones left out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const FRAGMENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'?')
    .remove(b'@');

/// The parts of a package URL, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purl {
    /// Type, lower case.
    pub package_type: String,
    /// Namespace parts joined by `/`; empty when there is none.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Version; empty when there is none.
    pub version: String,
    /// Qualifiers; sorted when written, empty values left out.
    pub qualifiers: Vec<(String, String)>,
    /// Subpath without leading slash; empty when there is none.
    pub subpath: String,
}

/// Why a text is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a package URL: {reason}; expected `pkg:TYPE/[NAMESPACE/]NAME[@VERSION]`")]
pub struct PurlError {
    /// The text, cut to 300 characters.
    pub text: String,
    /// What is wrong, one clause.
    pub reason: &'static str,
}

impl Purl {
    /// A purl of this type, namespace, name and version.
    pub fn new(package_type: &str, namespace: &str, name: &str, version: &str) -> Self {
        Self {
            package_type: package_type.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            ..Self::default()
        }
    }

    /// The same with a qualifier; an empty value adds nothing.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.qualifiers.push((key.to_owned(), value.to_owned()));
        }
        self
    }

    /// The value of a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Reads a package URL.
    pub fn parse(text: &str) -> Result<Self, PurlError> {
        let error = |reason| PurlError { text: text.chars().take(300).collect(), reason };
        let rest = text.strip_prefix("pkg:").ok_or_else(|| error("it does not begin with `pkg:`"))?;
        let rest = rest.trim_start_matches('/');
        let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) = match rest.rsplit_once('@') {
            // An `@` in front of a slash belongs to an npm scope that was not encoded.
            Some((path, version)) if !version.contains('/') && !path.is_empty() => (path, version),
            _ => (rest, ""),
        };
        let (package_type, path) = path.split_once('/').ok_or_else(|| error("it has no name"))?;
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        if package_type.is_empty() || name.is_empty() {
            return Err(error("its type or name is empty"));
        }
        let mut qualifiers = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| error("a qualifier has no value"))?;
            if !value.is_empty() {
                qualifiers.push((key.to_ascii_lowercase(), decode(value)));
            }
        }
        Ok(Self {
            package_type: package_type.to_ascii_lowercase(),
            namespace: decode(namespace),
            name: decode(name),
            version: decode(version),
            qualifiers,
            subpath: decode(subpath.trim_matches('/')),
        })
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl std::fmt::Display for Purl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pkg:{}/", self.package_type)?;
        for part in self.namespace.split('/').filter(|part| !part.is_empty()) {
            write!(f, "{}/", utf8_percent_encode(part, UNRESERVED))?;
        }
        write!(f, "{}", utf8_percent_encode(&self.name, UNRESERVED))?;
        if !self.version.is_empty() {
            write!(f, "@{}", utf8_percent_encode(&self.version, UNRESERVED))?;
        }
        let mut qualifiers: Vec<_> = self.qualifiers.iter().filter(|(_, value)| !value.is_empty()).collect();
        qualifiers.sort();
        for (position, (key, value)) in qualifiers.into_iter().enumerate() {
            let lead = if position == 0 { '?' } else { '&' };
            write!(f, "{lead}{key}={}", utf8_percent_encode(value, UNRESERVED))?;
        }
        let mut lead = '#';
        for part in self.subpath.split('/').filter(|part| !matches!(*part, "" | "." | "..")) {
            write!(f, "{lead}{}", utf8_percent_encode(part, FRAGMENT))?;
            lead = '/';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Purl;

    #[test]
    fn writes_as_syft_does() {
        let deb = Purl::new("deb", "debian", "libstdc++6", "12.2.0-14+deb12u1")
            .with("upstream", "gcc-12")
            .with("arch", "amd64")
            .with("distro", "debian-12");
        assert_eq!(
            deb.to_string(),
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12"
        );
        let epoch = Purl::new("deb", "debian", "passwd", "1:4.13~rc").with("upstream", "shadow@1:4.13/x");
        assert_eq!(epoch.to_string(), "pkg:deb/debian/passwd@1%3A4.13~rc?upstream=shadow%401%3A4.13%2Fx");
        assert_eq!(Purl::new("npm", "@types", "node", "1.0.0").to_string(), "pkg:npm/%40types/node@1.0.0");
    }

    #[test]
    fn reads_back_what_it_writes() {
        for text in [
            "pkg:npm/%40types/node@1.0.0",
            "pkg:golang/github.com/a/b@v1.0.0%2Bincompatible#cmd/x",
            "pkg:rpm/redhat/bash@4.4-1.el8?arch=x86_64&distro=rhel-8.4&epoch=1",
        ] {
            assert_eq!(Purl::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Purl::parse("pkg:npm/@types/node").unwrap().name, "node");
        assert!(Purl::parse("pkg:npm").is_err() && Purl::parse("npm/x").is_err());
    }
}
