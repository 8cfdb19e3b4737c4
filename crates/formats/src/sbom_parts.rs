//! What CycloneDX and SPDX say alike: licences, suppliers, package URLs, dependencies, document ids.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use stopgate_model::{Artifact, Element, License, Package, PackageId, Purl, RelationshipKind, SUPPLIER_FIELDS};
use uuid::Uuid;

/// A UUID (version 5) of what `write` writes: equal documents have equal ids.
pub(crate) fn content_id(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Uuid> {
    struct Hash(Sha256);
    impl Write for Hash {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Hash(Sha256::new());
    write(&mut hash)?;
    Ok(Uuid::new_v5(&Uuid::NAMESPACE_URL, &hash.0.finalize()))
}

/// The package URL, when it is one that other readers take: printable ASCII without what URLs must encode.
pub(crate) fn valid_purl(text: &str) -> Option<String> {
    let purl = Purl::parse(text).ok()?;
    if is_uri(text) {
        return Some(text.to_owned());
    }
    let written = purl.to_string();
    (is_uri(&written) && Purl::parse(&written).is_ok()).then_some(written)
}

/// Whether a text can stand in a document as a URI (RFC 3986): no blanks, no stray `%`.
pub(crate) fn is_uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'[' | b']' => false,
        byte => byte.is_ascii_graphic(),
    })
}

/// Whether a text is a CPE 2.3 name: 13 parts of printable ASCII (NISTIR 7695, 6.2).
pub(crate) fn is_cpe(text: &str) -> bool {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if !c.is_ascii_graphic() {
            return false;
        }
        match c {
            ':' if !escaped => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        escaped = c == '\\' && !escaped;
    }
    let quoted = |part: &String| {
        let mut rest = part.chars().peekable();
        while let Some(c) = rest.next() {
            let plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '*' | '?');
            if !plain && (c != '\\' || rest.next().is_none_or(|quoted| quoted.is_ascii_alphanumeric())) {
                return false;
            }
        }
        !part.is_empty()
    };
    parts.len() == 13
        && text.starts_with("cpe:2.3:")
        && parts.get(2).is_some_and(|part| matches!(part.as_str(), "a" | "o" | "h" | "*" | "-"))
        && parts.iter().skip(3).all(quoted)
        // Language: a tag of RFC 5646 as CPE takes it.
        && parts.get(8).is_some_and(|part| part.len() <= 6 && !part.contains(['\\', '.', '_', '?']))
}

/// The package URL of an image (`pkg:oci/…`), when it has a name.
pub(crate) fn image_purl(artifact: &Artifact) -> Option<String> {
    let image = artifact.source.image().filter(|image| image.reference.repository != "*")?;
    let reference = &image.reference;
    let name = reference.repository.rsplit('/').next()?.to_ascii_lowercase();
    let purl = Purl::new("oci", "", &name, &image.manifest_digest.to_string())
        .with("arch", &image.architecture)
        .with("repository_url", &format!("{}/{}", reference.registry, reference.repository))
        .with("tag", reference.tag.as_deref().unwrap_or_default());
    valid_purl(&purl.to_string())
}

/// Who supplies a package, as its own metadata says.
pub(crate) fn supplier(package: &Package) -> Option<String> {
    let known: HashMap<String, serde_json::Value> = serde_json::from_str(&package.details.as_ref()?.json).ok()?;
    let texts = SUPPLIER_FIELDS.iter().filter_map(|field| known.get(*field)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
}

/// What a licence statement says in SPDX terms.
pub(crate) enum Stated<'a> {
    /// One licence of the SPDX list.
    Id(&'a str),
    /// A valid expression.
    Expression(&'a str),
    /// Something else.
    Name(&'a str),
}

/// The statements of a package, each once, empty ones left out.
pub(crate) fn stated<'a>(licenses: impl Iterator<Item = &'a License>) -> Vec<Stated<'a>> {
    let mut seen = HashSet::new();
    licenses
        .filter_map(|license| {
            let text = if license.spdx.is_empty() { license.value.trim() } else { license.spdx.trim() };
            if text.is_empty() || !seen.insert(text) {
                return None;
            }
            Some(if spdx::license_id(text).is_some_and(|id| id.name == text) {
                Stated::Id(text)
            } else if !text.contains("DocumentRef-") && spdx::Expression::parse(text).is_ok() {
                Stated::Expression(text)
            } else {
                Stated::Name(text)
            })
        })
        .collect()
}

/// All statements as one expression; `None` when one of them has none.
pub(crate) fn joined(stated: &[Stated<'_>], name: impl Fn(&str) -> Option<String>) -> Option<String> {
    let text = |stated: &Stated<'_>| match stated {
        Stated::Id(text) | Stated::Expression(text) => Some((*text).to_owned()),
        Stated::Name(text) => name(text),
    };
    match stated {
        [] => None,
        [only] => text(only),
        all => {
            let bracketed = |text: String| if text.contains(' ') { format!("({text})") } else { text };
            let parts: Vec<String> = all.iter().map(|stated| text(stated).map(bracketed)).collect::<Option<_>>()?;
            Some(parts.join(" AND "))
        }
    }
}

/// Which packages each package needs, and which the artifact itself needs: those that nothing needs, and one of
/// each circle.
pub(crate) struct Dependencies {
    pub(crate) of: BTreeMap<PackageId, BTreeSet<PackageId>>,
    pub(crate) top: Vec<PackageId>,
}

impl Dependencies {
    pub(crate) fn of(artifact: &Artifact) -> Self {
        let known: HashMap<PackageId, &Package> =
            artifact.packages.iter().map(|package| (package.id, package)).collect();
        let mut of: BTreeMap<PackageId, BTreeSet<PackageId>> = BTreeMap::new();
        let mut needed = HashSet::new();
        for edge in &artifact.relationships {
            if let (Element::Package(from), Element::Package(to), RelationshipKind::DependencyOf) =
                (&edge.from, &edge.to, &edge.kind)
                && from != to
                && known.contains_key(from)
                && known.contains_key(to)
            {
                of.entry(*to).or_default().insert(*from);
                needed.insert(*from);
            }
        }
        let mut reached = HashSet::new();
        let mut top = Vec::new();
        let free = artifact.packages.iter().filter(|package| !needed.contains(&package.id));
        for package in free.chain(&artifact.packages) {
            if reached.contains(&package.id) {
                continue;
            }
            top.push(package.id);
            let mut todo = vec![package.id];
            while let Some(id) = todo.pop() {
                if reached.insert(id) {
                    todo.extend(of.get(&id).into_iter().flatten());
                }
            }
        }
        Self { of, top }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_cpe, is_uri, valid_purl};

    #[test]
    fn names_that_others_refuse_are_told() {
        for good in [
            "cpe:2.3:a:\\@ampproject\\/toolbox-core:x:2.10.0:*:*:*:*:*:*:*",
            "cpe:2.3:a:gcc-12:libstdc\\+\\+6:12.2.0-14\\+deb12u1:*:*:*:*:*:*:*",
            "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*",
        ] {
            assert!(is_cpe(good), "{good}");
        }
        for bad in [
            "cpe:2.3:a:x:y:1:*:*:*:*:*:*",
            "cpe:2.3:a:x:y z:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:x:y+:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:x::1:*:*:*:*:*:*:*",
            "cpe:/a:x:y:1",
            "",
        ] {
            assert!(!is_cpe(bad), "{bad}");
        }
        assert!(is_uri("https://a.b/c?d=%20#e") && !is_uri("a b") && !is_uri("a%2") && !is_uri("é"));
        assert_eq!(valid_purl("pkg:npm/a b@1").as_deref(), Some("pkg:npm/a%20b@1"));
        assert_eq!(valid_purl("pkg:npm"), None);
    }
}
