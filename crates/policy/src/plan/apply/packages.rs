//! Packages under another version, and packages that are new.

use stopgate_model::{Artifact, Installed, Package, PackageId, PackageType, Purl};

/// Whether a package is the one that a step names.
pub(in crate::plan) fn is(package: &Package, kind: &PackageType, installed: &Installed) -> bool {
    package.package_type == *kind && package.name == installed.name && package.version == installed.version
}

pub(super) fn upgrade(artifact: &mut Artifact, kind: &PackageType, packages: &[Installed], to: &str) {
    for package in &mut artifact.packages {
        if packages.iter().any(|installed| is(package, kind, installed)) {
            set_version(package, to);
        }
    }
}

/// Gives every package of a name this version; adds one when there is none. Without a version, what is there
/// is enough.
pub(super) fn install(artifact: &mut Artifact, kind: &PackageType, name: &str, version: Option<&str>) {
    let mut found = false;
    for package in artifact.packages.iter_mut().filter(|package| package.name == name) {
        found = true;
        if let Some(version) = version.filter(|version| package.version != **version) {
            set_version(package, version);
        }
    }
    if !found {
        let mut package = Package::new(kind.clone(), name, version.unwrap_or(""));
        package.id = id_of_new(name);
        artifact.packages.push(package);
    }
}

/// Id of a package that a step installs: it depends on nothing but the name (FNV-1a).
pub(in crate::plan) fn id_of_new(name: &str) -> PackageId {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    PackageId(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
}

/// Substitutes a version wherever matching reads it.
fn set_version(package: &mut Package, to: &str) {
    let follows = follows_source(package);
    for upstream in &mut package.upstreams {
        if upstream.version.is_some() {
            upstream.version = Some(to.to_owned());
        }
    }
    if !follows {
        return;
    }
    let to = spelled_alike(&package.version, to);
    let (epoch, bare) = match to.split_once(':') {
        Some((epoch, bare)) if package.package_type.is_os() => (epoch.parse().ok(), bare),
        _ => (None, to.as_str()),
    };
    package.epoch = epoch.or(package.epoch);
    if let Ok(mut purl) = Purl::parse(&package.purl) {
        // The package URL of an rpm keeps the epoch apart.
        if package.package_type == PackageType::RPM {
            bare.clone_into(&mut purl.version);
            purl.qualifiers.retain(|(key, _)| key != "epoch" || epoch.is_none());
            purl = purl.with("epoch", &epoch.map(|epoch| epoch.to_string()).unwrap_or_default());
        } else {
            purl.version.clone_from(&to);
        }
        package.purl = purl.to_string();
    }
    for cpe in &mut package.cpes {
        cpe.text = cpe_with_version(&cpe.text, &to);
    }
    package.version = to;
}

/// Whether the version is its source's: some binary packages count on their own, and what fixes their source
/// says nothing of their own next version.
fn follows_source(package: &Package) -> bool {
    let bare = |version: &str| version.split_once(':').map_or(version.to_owned(), |(_, rest)| rest.to_owned());
    let source = package.upstreams.iter().find_map(|upstream| upstream.version.as_deref());
    source.is_none_or(|source| bare(&package.version).starts_with(&bare(source)))
}

/// A version with the prefix that the ecosystem writes: data says `1.2.3` of Go's `v1.2.3` and `go1.2.3`.
fn spelled_alike(installed: &str, to: &str) -> String {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let prefix = ["v", "go"].into_iter().find(|prefix| installed.strip_prefix(prefix).is_some_and(number));
    match prefix {
        Some(prefix) if number(to) => format!("{prefix}{to}"),
        _ => to.to_owned(),
    }
}

/// A CPE 2.3 name with another version; one that leaves the version open stays.
fn cpe_with_version(text: &str, version: &str) -> String {
    const VERSION: usize = 5;
    let mut parts: Vec<String> = vec![String::new()];
    let mut escaped = false;
    for symbol in text.chars() {
        match (symbol, parts.last_mut()) {
            (':', _) if !escaped => parts.push(String::new()),
            (_, Some(part)) => part.push(symbol),
            (_, None) => {}
        }
        escaped = symbol == '\\' && !escaped;
    }
    if let Some(part) = parts.get_mut(VERSION).filter(|part| !matches!(part.as_str(), "*" | "-")) {
        part.clear();
        for symbol in version.chars() {
            if symbol.is_ascii_punctuation() && !matches!(symbol, '.' | '-' | '_') {
                part.push('\\');
            }
            part.push(symbol);
        }
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Cpe, Package, PackageType, Upstream};

    use super::{cpe_with_version, set_version};

    fn package(kind: PackageType, version: &str, purl: &str) -> Package {
        let mut package = Package::new(kind, "x", version);
        purl.clone_into(&mut package.purl);
        package
    }

    #[test]
    fn a_version_is_substituted_wherever_matching_reads_it() {
        let mut deb = package(PackageType::DEB, "1:2.3-4", "pkg:deb/debian/x@1%3A2.3-4?arch=amd64");
        deb.cpes.push(Cpe { text: "cpe:2.3:a:x:x:1\\:2.3-4:*:*:*:*:*:*:*".into(), source: String::new() });
        deb.upstreams.push(Upstream { name: "src".into(), version: Some("1:2.3-4".into()) });
        set_version(&mut deb, "1:2.3-5");
        assert_eq!((deb.version.as_str(), deb.epoch), ("1:2.3-5", Some(1)));
        assert_eq!(deb.purl, "pkg:deb/debian/x@1%3A2.3-5?arch=amd64");
        assert_eq!(deb.cpes[0].text, "cpe:2.3:a:x:x:1\\:2.3-5:*:*:*:*:*:*:*");
        assert_eq!(deb.upstreams[0].version.as_deref(), Some("1:2.3-5"));

        let mut rpm = package(PackageType::RPM, "1:2-3.el9", "pkg:rpm/redhat/x@2-3.el9?epoch=1");
        set_version(&mut rpm, "2:2-4.el9");
        assert_eq!((rpm.version.as_str(), rpm.epoch), ("2:2-4.el9", Some(2)));
        assert_eq!(rpm.purl, "pkg:rpm/redhat/x@2-4.el9?epoch=2");

        let mut go = package(PackageType::GO_MODULE, "v0.7.0", "pkg:golang/x@v0.7.0");
        set_version(&mut go, "0.8.0");
        assert_eq!((go.version.as_str(), go.purl.as_str()), ("v0.8.0", "pkg:golang/x@v0.8.0"));
        let mut go = package(PackageType::GO_MODULE, "go1.20", "");
        set_version(&mut go, "1.21.1");
        assert_eq!(go.version, "go1.21.1");
    }

    #[test]
    fn a_binary_that_counts_on_its_own_keeps_its_version() {
        let mut binary = package(PackageType::DEB, "2:1.02.185-2", "");
        binary.upstreams.push(Upstream { name: "lvm2".into(), version: Some("2.03.16-2".into()) });
        set_version(&mut binary, "2.03.16-3");
        assert_eq!(binary.version, "2:1.02.185-2");
        assert_eq!(binary.upstreams[0].version.as_deref(), Some("2.03.16-3"));
        let mut rebuilt = package(PackageType::DEB, "1:9.1-2+b1", "");
        rebuilt.upstreams.push(Upstream { name: "shadow".into(), version: Some("1:9.1-2".into()) });
        set_version(&mut rebuilt, "1:9.1-3");
        assert_eq!(rebuilt.version, "1:9.1-3");
    }

    #[test]
    fn a_cpe_without_version_stays() {
        for text in ["cpe:2.3:a:x:x:*:*:*:*:*:*:*:*", "cpe:2.3:a:x:x:-:*", "cpe:2.3:a:x", ""] {
            assert_eq!(cpe_with_version(text, "2"), text);
        }
        assert_eq!(cpe_with_version("cpe:2.3:a:a\\:b:x:1:*", "2+3~4"), "cpe:2.3:a:a\\:b:x:2\\+3\\~4:*");
    }
}
