//! Licences of an archive: what the manifest says, else licence files, else the project.

use stopgate_model::{License, LicenseKind};

use super::manifest::Manifest;
use super::pom::Pom;
use crate::license_files::declared;
use crate::license_urls::license_at;

/// What the manifest says.
pub(super) fn in_manifest(manifest: &Manifest) -> Vec<License> {
    let fields = ["Bundle-License", "Plugin-License-Name"].into_iter();
    fields.map(|field| manifest.anywhere(field)).filter(|value| !value.is_empty()).flat_map(declared).collect()
}

/// What the project says: names with the address of the text.
pub(super) fn in_pom(pom: &Pom) -> Vec<License> {
    pom.licenses().filter_map(|(name, url)| of_name_and_url(name, url)).collect()
}

fn of_name_and_url(name: &str, url: &str) -> Option<License> {
    // An address without a name may be that of a well-known licence.
    let known = if name.is_empty() { license_at(url).unwrap_or("") } else { name };
    let mut license = declared(known).into_iter().next()?;
    let url = url.trim();
    let is_address = url.starts_with('/') || url.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
    if is_address && !url.contains([' ', '\n', '\t']) && !name.contains('\n') {
        license.urls.push(url.to_owned());
    }
    license.kind = LicenseKind::Declared;
    (!license.value.is_empty() || !license.urls.is_empty()).then_some(license)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::of_name_and_url;

    #[test]
    fn names_and_addresses_make_a_licence() {
        let rows = [
            (("Apache 2", "http://example.org/LICENSE"), Some(("Apache 2", 1))),
            (("", "https://opensource.org/licenses/MIT"), Some(("MIT", 1))),
            (("", "https://example.org/own"), Some(("", 1))),
            (("BSD", "see file"), Some(("BSD", 0))),
            (("", "see file"), None),
        ];
        for ((name, url), expected) in rows {
            let got = of_name_and_url(name, url).map(|license| (license.value.clone(), license.urls.len()));
            assert_eq!(got, expected.map(|(value, urls)| (value.to_owned(), urls)), "{name} {url}");
        }
    }
}
