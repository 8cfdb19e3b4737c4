//! Searches over all images of an account, and over all records of the vulnerability data.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::{PackageType, Vulnerability};
use stopgate_store::content::{self, Holder};
use stopgate_store::image::{self, Image, ImageKey};
use stopgate_store::tag::{self, Tag};
use stopgate_version::{Constraint, Version};
use stopgate_vulndb::{Database, Row, ScopeKind, VulnerabilityNumber};

use crate::{Caller, Kind, Service, ServiceError};

/// An image with some of its packages.
#[derive(Debug, Clone)]
pub struct ImageWithPackages {
    /// The image.
    pub image: Image,
    /// The tags that it has or had.
    pub tags: Vec<Tag>,
    /// The packages.
    pub packages: Vec<Holder>,
}

/// Which packages are wanted.
#[derive(Debug, Clone, Default)]
pub struct PackageWanted<'a> {
    /// Name.
    pub name: &'a str,
    /// Version.
    pub version: Option<&'a str>,
    /// Type: ours, Anchore's, or `os` for all of a distribution.
    pub kind: Option<&'a str>,
}

/// A package that a record is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affected {
    /// Name.
    pub name: String,
    /// Which versions; nothing for all.
    pub versions: Option<String>,
    /// Ecosystem, or the distribution.
    pub kind: String,
    /// Whether its vendor will not mend it.
    pub will_not_fix: bool,
}

/// A record with the packages that were asked for.
#[derive(Debug, Clone)]
pub struct RecordFound {
    /// The record.
    pub record: Vulnerability,
    /// The packages.
    pub affected: Vec<Affected>,
}

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct RecordsWanted {
    /// Ids: of records or aliases.
    pub ids: Vec<String>,
    /// Namespaces; empty for all.
    pub namespaces: Vec<String>,
    /// A package that they are about.
    pub package: Option<String>,
    /// A version of it that they are about.
    pub version: Option<String>,
}

impl Service {
    /// A page of the account's images that hold a package; whether there are more.
    pub async fn images_with_package(
        &self,
        caller: &Caller,
        wanted: &PackageWanted<'_>,
        (limit, offset): (Option<u64>, u64),
    ) -> Result<(Vec<ImageWithPackages>, bool), ServiceError> {
        let (db, account) = (self.store().read(), caller.account_id());
        let mut kinds = content::kinds_named(db, wanted.name, wanted.version).await?;
        if let Some(kind) = wanted.kind {
            kinds.retain(|known| is_kind(known, kind));
        }
        // One more than is shown tells whether there is another page.
        let most = limit.map_or(u64::MAX, |limit| limit.saturating_add(1));
        let held = content::holders(db, account, (wanted.name, wanted.version, &kinds), most, offset).await?;
        let mut packages: BTreeMap<ImageKey, Vec<Holder>> = BTreeMap::new();
        for holder in held {
            packages.entry(holder.image).or_default().push(holder);
        }
        let more = limit.is_some_and(|limit| packages.len() as u64 > limit);
        let shown = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let keys: Vec<ImageKey> = packages.keys().copied().take(shown).collect();
        let mut tags: BTreeMap<ImageKey, Vec<Tag>> = BTreeMap::new();
        for tag in tag::of_images(db, account, &keys).await? {
            tags.entry(tag.image).or_default().push(tag);
        }
        let images = image::with_keys(db, account, &keys).await?.into_iter().map(|image| ImageWithPackages {
            tags: tags.remove(&image.id).unwrap_or_default(),
            packages: packages.remove(&image.id).unwrap_or_default(),
            image,
        });
        Ok((images.collect(), more))
    }

    /// Records of the vulnerability data, each once for each namespace that it is told in.
    pub async fn records(&self, wanted: RecordsWanted) -> Result<Vec<RecordFound>, ServiceError> {
        let Some(data) = self.data().current() else {
            let message = "the server has no vulnerability data: import some";
            return Err(ServiceError::new(Kind::Unavailable, message));
        };
        let found = tokio::task::spawn_blocking(move || records(&data, &wanted));
        found.await.map_err(ServiceError::internal)
    }
}

fn is_kind(known: &str, wanted: &str) -> bool {
    let known = PackageType::named(known);
    known.id().eq_ignore_ascii_case(wanted)
        || known.anchore().eq_ignore_ascii_case(wanted)
        || (wanted.eq_ignore_ascii_case("os") && known.is_os())
}

fn records(data: &Database, wanted: &RecordsWanted) -> Vec<RecordFound> {
    let numbers: BTreeSet<VulnerabilityNumber> = wanted.ids.iter().flat_map(|id| data.find(id)).collect();
    let rows: Vec<Row<'_>> = match &wanted.package {
        None => data.rows_about(&numbers),
        Some(package) => {
            let rows =
                data.scopes().flat_map(|(scope, ..)| data.lookup(scope, package)).chain(data.lookup_cpe(package));
            rows.filter(|row| numbers.contains(&row.vulnerability())).collect()
        }
    };
    let mut told: BTreeMap<(String, String), RecordFound> = BTreeMap::new();
    let mut without_rows = numbers;
    for row in &rows {
        without_rows.remove(&row.vulnerability());
        if row.unaffected() || wanted.version.as_ref().is_some_and(|version| !is_affected(row, version)) {
            continue;
        }
        let key = (data.id(row.vulnerability()).to_owned(), row.namespace());
        let found = told.entry(key).or_insert_with(|| without_packages(data.vulnerability_of(row)));
        found.affected.push(affected(data, row));
    }
    let mut all: Vec<RecordFound> = told.into_values().collect();
    if wanted.package.is_none() {
        // A record may say something of a vulnerability and name no package.
        all.extend(without_rows.iter().filter_map(|number| data.vulnerability(*number)).map(without_packages));
    }
    if !wanted.namespaces.is_empty() {
        all.retain(|found| wanted.namespaces.iter().any(|wanted| is_namespace(&found.record.namespace, wanted)));
    }
    for found in &mut all {
        found.affected.sort();
        found.affected.dedup();
    }
    all.sort_by(|a, b| (&a.record.id, &a.record.namespace).cmp(&(&b.record.id, &b.record.namespace)));
    all
}

fn without_packages(record: Vulnerability) -> RecordFound {
    RecordFound { record, affected: Vec::new() }
}

fn affected(data: &Database, row: &Row<'_>) -> Affected {
    let kind = match row.scope().and_then(|scope| data.scope(scope)) {
        Some(ScopeKind::Os(release)) => release.name.clone(),
        Some(ScopeKind::Ecosystem(ecosystem)) => ecosystem.clone(),
        None => String::new(),
    };
    Affected {
        name: row.package().to_owned(),
        versions: (!row.all_versions()).then(|| row.constraint_text().into_owned()),
        kind,
        will_not_fix: row.fix().state == stopgate_model::FixState::WontFix,
    }
}

/// Whether a row is about a version. One that cannot be compared is not known to be free of it.
fn is_affected(row: &Row<'_>, version: &str) -> bool {
    if row.all_versions() {
        return true;
    }
    row.constraints().any(|range| {
        let format = range.version_format();
        let constraint = Constraint::parse(format, range.text);
        let affected = constraint.and_then(|constraint| constraint.satisfied_by(&Version::parse(format, version)?));
        affected.unwrap_or(true)
    })
}

/// Whether a record's namespace is the one that a client names. The API says `debian:12` and `github:go` where data
/// says `debian:distro:debian:12` and `github:language:go`; a record apart from any package has its provider's name.
fn is_namespace(known: &str, wanted: &str) -> bool {
    let parts: Vec<&str> = known.split(':').collect();
    let wanted_provider = match wanted.split(':').next().unwrap_or_default() {
        "nvdv2" => "nvd",
        "amzn" => "amazon",
        "ol" => "oracle",
        "rhel" | "centos" => "rhel",
        provider => provider,
    };
    match parts.as_slice() {
        _ if known == wanted => true,
        ["nvd", ..] => wanted_provider == "nvd",
        [_, "distro", distro, release] => wanted == format!("{distro}:{release}"),
        [source, "language", language] => wanted == format!("{source}:{language}"),
        [provider] => *provider == wanted_provider,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_kind, is_namespace};

    #[test]
    fn namespaces_of_the_api_and_of_the_data() {
        for (known, wanted, expected) in [
            ("nvd:cpe", "nvdv2:cves", true),
            ("debian:distro:debian:12", "debian:12", true),
            ("debian:distro:debian:12", "debian:11", false),
            ("github:language:go", "github:go", true),
            ("debian", "debian:12", true),
            ("amazon", "amzn:2", true),
            ("github", "debian:12", false),
        ] {
            assert_eq!(is_namespace(known, wanted), expected, "{known} {wanted}");
        }
    }

    #[test]
    fn types_have_several_names() {
        assert!(is_kind("deb", "deb") && is_kind("deb", "os") && is_kind("npm", "NPM"));
        assert!(!is_kind("npm", "os") && !is_kind("npm", "gem"));
    }
}
