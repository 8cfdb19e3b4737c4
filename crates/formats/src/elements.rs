//! What a reader of SBOMs collects beside packages: gaps for broken elements, and the rules that all
//! SBOM formats share (limits, sorting, what a package URL says beyond the document).

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Cpe, Distro, Element, Gap, GapClass, GapCode, Package, PackageId, PackageType, Purl, Relationship,
    RelationshipKind, Upstream, limits,
};

use crate::error::plain;
use crate::list::List;

const GAPS_NAMED: u64 = 1000;
/// Files, relationships: as many as an image may have entries.
const OTHERS: u64 = limits::IMAGE_ENTRIES;

/// The list of packages of a document.
pub(crate) type Packages<'a> = List<'a, { limits::SBOM_PACKAGES }>;
/// Any other long list of a document.
pub(crate) type Others<'a> = List<'a, OTHERS>;

/// Gaps of broken elements; past the first thousand only their number is kept.
#[derive(Default)]
pub(crate) struct Broken {
    gaps: Vec<Gap>,
    count: u64,
}

impl Broken {
    pub(crate) fn add(&mut self, message: String) {
        self.gap(Gap::new(GapCode::SbomElementUnreadable, message));
    }

    pub(crate) fn gap(&mut self, gap: Gap) {
        self.count += 1;
        if self.count <= GAPS_NAMED {
            self.gaps.push(gap);
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Gap> {
        if self.count > GAPS_NAMED {
            let message = "more elements could not be read than are named one by one";
            self.gaps.push(Gap::new(GapCode::SbomElementUnreadable, message).limited(GAPS_NAMED, self.count));
        }
        self.gaps.sort_unstable();
        self.gaps.dedup();
        self.gaps
    }

    /// The packages of a list, as many as the limit allows.
    pub(crate) fn packages<'a>(&mut self, list: Option<Packages<'a>>) -> Vec<&'a RawValue> {
        let List { kept, seen } = list.unwrap_or_default();
        let limit = limits::SBOM_PACKAGES;
        if seen > limit {
            let message = format!("the document has {seen} packages: only the first {limit} were read");
            self.gap(Gap::new(GapCode::SbomPackages, message).limited(limit, seen));
        }
        kept
    }

    /// The elements of any other list.
    pub(crate) fn others<'a>(&mut self, what: &str, list: Option<Others<'a>>) -> Vec<&'a RawValue> {
        let List { kept, seen } = list.unwrap_or_default();
        if seen > OTHERS {
            let message = format!("the document has {seen} {what}: only the first {OTHERS} were read");
            self.gap(Gap::new(GapCode::SbomElementUnreadable, message).limited(OTHERS, seen));
        }
        kept
    }

    /// Reads an object; a broken one is a gap that says where it stands.
    pub(crate) fn object<'a, T: Deserialize<'a>>(&mut self, what: &str, at: usize, raw: &'a RawValue) -> Option<T> {
        // serde would take a list of values in the order of the fields as well.
        if raw.get().starts_with('{') {
            return self.any(what, at, raw);
        }
        self.add(format!("{what} {at} of the document cannot be read: expected an object"));
        None
    }

    /// Reads a value of any kind; a broken one is a gap that says where it stands.
    pub(crate) fn any<'a, T: Deserialize<'a>>(&mut self, what: &str, at: usize, raw: &'a RawValue) -> Option<T> {
        match serde_json::from_str(raw.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(format!("{what} {at} of the document cannot be read: {}", plain(&error)));
                None
            }
        }
    }
}

/// `CODE: MESSAGE` or `CODE (CLASS): MESSAGE`, as we write them.
pub(crate) fn named_gap(text: &str) -> Option<Gap> {
    let (head, message) = text.split_once(": ")?;
    let (code, class) = match head.split_once(" (") {
        Some((code, class)) => (code, Some(GapClass::parse(class.strip_suffix(')')?)?)),
        None => (head, None),
    };
    let mut gap = Gap::new(GapCode::parse(code)?, message);
    gap.class = class.unwrap_or(gap.class);
    Some(gap)
}

/// Packages by the ids that the document gives them.
pub(crate) struct Ids {
    by_text: HashMap<String, PackageId>,
    /// What is taken, each with an id that is tried next.
    taken: HashMap<PackageId, PackageId>,
}

impl Default for Ids {
    fn default() -> Self {
        // Zero stands for a package without an id.
        Self { by_text: HashMap::new(), taken: HashMap::from([(PackageId(0), after(PackageId(0)))]) }
    }
}

impl Ids {
    /// The id of a package that the document knows as `text`: `hint` when that is 16 hexadecimal digits and
    /// not taken, else a hash.
    pub(crate) fn assign(&mut self, text: &str, hint: &str, package: &Package) -> PackageId {
        let wish = parse_id(hint).unwrap_or_else(|| {
            let path = package.primary_location().map_or("", |location| &location.path);
            hash(&[text, &package.name, &package.version, package.package_type.id(), &package.purl, path])
        });
        let id = self.take(wish);
        if !text.is_empty() {
            self.by_text.entry(text.to_owned()).or_insert(id);
        }
        id
    }

    /// Takes an id, or the first free one behind it. Who was on the way points behind it from then on, so that a
    /// million equal packages do not try all ids of their like.
    fn take(&mut self, wish: PackageId) -> PackageId {
        let (mut id, mut on_the_way) = (wish, Vec::new());
        while let Some(next) = self.taken.get(&id) {
            on_the_way.push(id);
            id = *next;
        }
        self.taken.insert(id, after(id));
        for passed in on_the_way {
            self.taken.insert(passed, after(id));
        }
        id
    }

    pub(crate) fn get(&self, text: &str) -> Option<PackageId> {
        self.by_text.get(text).copied()
    }

    /// The element of this id: a package, else something that only the document knows.
    pub(crate) fn element(&self, text: &str) -> Element {
        self.get(text).map_or_else(|| Element::Foreign(text.to_owned()), Element::Package)
    }
}

const fn after(id: PackageId) -> PackageId {
    PackageId(id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
}

fn parse_id(text: &str) -> Option<PackageId> {
    let hexadecimal = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(text, 16).ok().filter(|_| hexadecimal).map(PackageId)
}

// FNV-1a, parts separated by a byte that UTF-8 does not have.
fn hash(parts: &[&str]) -> PackageId {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    PackageId(hash)
}

/// Sorts packages and edges as an artifact holds them.
pub(crate) fn sort(packages: &mut [Package], relationships: &mut Vec<Relationship>) {
    packages.sort_by(|a, b| {
        (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
    });
    relationships.sort_unstable();
    relationships.dedup();
}

/// An edge between two packages of which `dependent` needs `dependency`.
pub(crate) fn dependency(ids: &Ids, dependency: &str, dependent: &str) -> Option<Relationship> {
    let (from, to) = (ids.get(dependency)?, ids.get(dependent)?);
    (from != to).then_some(Relationship {
        from: Element::Package(from),
        to: Element::Package(to),
        kind: RelationshipKind::DependencyOf,
    })
}

/// Fills what the document leaves open from the package URL, as syft and grype do.
pub(crate) fn fill_from_purl(package: &mut Package) {
    let Ok(purl) = Purl::parse(&package.purl) else { return };
    if package.package_type.id().is_empty() {
        package.package_type = type_of(&purl);
    }
    if package.name.is_empty() {
        package.name = name_of(&purl);
    }
    if package.version.is_empty() {
        package.version.clone_from(&purl.version);
    }
    if package.arch.is_none() {
        package.arch = purl.qualifier("arch").map(str::to_owned);
    }
    if package.package_type == PackageType::RPM {
        fill_rpm(package, &purl);
    }
    if package.epoch.is_none() && package.package_type == PackageType::DEB {
        package.epoch = package.version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok());
    }
    if package.upstreams.is_empty() {
        package.upstreams.extend(purl.qualifier("upstream").and_then(|text| upstream(package, text)));
    }
    for text in purl.qualifier("cpes").into_iter().flat_map(|texts| texts.split(',')) {
        if text.starts_with("cpe:") && !package.cpes.iter().any(|cpe| cpe.text == text) {
            package.cpes.push(Cpe { text: text.to_owned(), source: "declared".to_owned() });
        }
    }
}

fn fill_rpm(package: &mut Package, purl: &Purl) {
    let written = package.version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok());
    if let Some(epoch) = purl.qualifier("epoch").and_then(|epoch| epoch.parse::<u32>().ok()) {
        if written.is_none() {
            package.version = format!("{epoch}:{}", package.version);
        }
        package.epoch.get_or_insert(epoch);
    }
    if package.epoch.is_none() {
        package.epoch = written;
    }
    if package.modularity.is_none() {
        package.modularity = purl.qualifier("rpmmod").map(str::to_owned);
    }
}

fn upstream(package: &Package, text: &str) -> Option<Upstream> {
    if package.package_type == PackageType::RPM {
        return source_rpm(&package.name, text);
    }
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version.to_owned())),
        None => (text, None),
    };
    (!name.is_empty() && name != package.name).then(|| Upstream { name: name.to_owned(), version })
}

/// Name and version in the file name of a source package, `NAME-VERSION-RELEASE.ARCH.rpm`, when the name is another.
pub(crate) fn source_rpm(package: &str, file: &str) -> Option<Upstream> {
    let (rest, _arch) = file.strip_suffix(".rpm")?.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty() && name != package)
        .then(|| Upstream { name: name.to_owned(), version: Some(format!("{version}-{release}")) })
}

/// The package type of a package URL; of several types with the same one, the first of the table.
pub(crate) fn type_of(purl: &Purl) -> PackageType {
    let found = PackageType::TABLE
        .iter()
        .find(|row| row.purl == purl.package_type && row.id != "linux-kernel" && row.id != "binary")
        .map(|row| PackageType::named(row.id));
    found.unwrap_or(match purl.package_type.as_str() {
        "alpine" => PackageType::APK,
        "generic" => PackageType::BINARY,
        _ => PackageType::UNKNOWN,
    })
}

/// The name by which syft knows the package of a package URL.
pub(crate) fn name_of(purl: &Purl) -> String {
    let alone = matches!(
        purl.package_type.as_str(),
        "alpine" | "alpm" | "apk" | "conan" | "cpan" | "deb" | "maven" | "qpkg" | "rpm" | "swid"
    );
    if alone || purl.namespace.is_empty() { purl.name.clone() } else { format!("{}/{}", purl.namespace, purl.name) }
}

/// The distribution that most package URLs name (`distro=debian-12`), when the document itself names none.
pub(crate) fn distro_of(packages: &[Package]) -> Option<Distro> {
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.package_type.is_os()) {
        if let Some(text) = Purl::parse(&package.purl).ok().as_ref().and_then(|purl| purl.qualifier("distro")) {
            *votes.entry(text.to_owned()).or_default() += 1;
        }
    }
    let (text, _) = votes.into_iter().max_by(|(a, x), (b, y)| x.cmp(y).then_with(|| b.cmp(a)))?;
    let (id, version_id) = match text.rsplit_once('-') {
        Some((id, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => (id, version),
        _ => (text.as_str(), ""),
    };
    Some(Distro { id: id.to_ascii_lowercase(), version_id: version_id.to_owned(), ..Distro::default() })
}

/// The gap of a document whose operating-system packages belong to no distribution.
pub(crate) fn distro_gap(packages: &[Package], distro: Option<&Distro>) -> Option<Gap> {
    let lost = packages.iter().filter(|package| package.package_type.is_os()).count();
    (distro.is_none() && lost > 0).then(|| {
        Gap::new(
            GapCode::DistroUnknown,
            format!("the document names no distribution for its {lost} operating-system packages"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use stopgate_model::{Package, PackageId, PackageType};

    use super::{Ids, after};

    #[test]
    fn equal_packages_get_different_ids_in_no_time() {
        let package = Package::new(PackageType::NPM, "a".to_owned(), "1".to_owned());
        let (mut ids, mut seen) = (Ids::default(), HashSet::new());
        // Trying all ids of the like each time would be 20 thousand million steps.
        for _ in 0..200_000 {
            assert!(seen.insert(ids.assign("", "", &package)));
        }
        let mut hint = PackageId(1);
        for _ in 0..1000 {
            assert!(seen.insert(ids.assign("", &format!("{:016x}", hint.0), &package)));
            hint = after(hint);
        }
        assert!(!seen.contains(&PackageId(0)));
    }
}
