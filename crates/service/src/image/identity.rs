//! What a matcher reads of a package, as one key: what is equal in it matches alike, in whatever image it lies.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use stopgate_model::{Artifact, Distro, MatchReport, Package, Severity};
use stopgate_store::content::{Identity, IdentityMatch};

/// The key of a package in an artifact with this distribution.
pub(crate) fn key_of(package: &Package, distro: Option<&Distro>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    part(package.package_type.id());
    part(&package.name);
    part(&package.version);
    part(&package.epoch.map(|epoch| epoch.to_string()).unwrap_or_default());
    part(package.arch.as_deref().unwrap_or_default());
    part(package.modularity.as_deref().unwrap_or("?"));
    part(&package.purl);
    if let Some(distro) = distro {
        for text in [&distro.id, &distro.version_id, &distro.version, &distro.version_codename, &distro.variant_id] {
            part(text);
        }
    }
    for upstream in &package.upstreams {
        part(&upstream.name);
        part(upstream.version.as_deref().unwrap_or_default());
    }
    for cpe in &package.cpes {
        part(&cpe.text);
    }
    hasher.finalize().into()
}

/// Folds a name as vulnerability data does at the most: lower case, `-` for `_` and `.`.
fn folded(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Names under which data may have a package, and their folded forms.
fn names(package: &Package) -> Vec<String> {
    let mut all = BTreeSet::new();
    let mut add = |name: &str| {
        if !name.is_empty() {
            all.insert(name.to_lowercase());
            all.insert(folded(name));
        }
    };
    add(&package.name);
    for upstream in &package.upstreams {
        add(&upstream.name);
    }
    for cpe in &package.cpes {
        // `cpe:2.3:part:vendor:product:...`
        if let Some(product) = cpe.text.split(':').nth(4) {
            add(&product.replace('\\', ""));
        }
    }
    // `pkg:maven/group/artifact@1` is `group:artifact` in data, `pkg:golang/github.com/x/y@v1` is its path.
    let path = package.purl.split(['@', '?', '#']).next().unwrap_or_default();
    if let Some((_, path)) = path.trim_start_matches("pkg:").split_once('/') {
        let path = path.replace("%40", "@");
        add(&path);
        if let Some((namespace, name)) = path.rsplit_once('/') {
            add(&format!("{namespace}:{name}"));
            add(name);
        }
    }
    all.into_iter().collect()
}

/// What an artifact holds, each identity once.
pub(crate) fn identities(artifact: &Artifact) -> Vec<Identity> {
    let distro = artifact.distro.as_ref();
    let release = distro.map(|distro| format!("{} {}", distro.id, distro.version_id)).unwrap_or_default();
    let mut all: Vec<Identity> = artifact
        .packages
        .iter()
        .map(|package| Identity {
            hash: key_of(package, distro),
            kind: package.package_type.id().to_owned(),
            name: package.name.clone(),
            version: package.version.clone(),
            distro: release.clone(),
            names: names(package),
        })
        .collect();
    all.sort();
    all.dedup_by(|a, b| a.hash == b.hash);
    all
}

const fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Unknown => 0,
        Severity::Negligible => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

/// What matches the identities of an artifact, each match once.
pub(crate) fn matches_of(artifact: &Artifact, report: &MatchReport) -> Vec<IdentityMatch> {
    let distro = artifact.distro.as_ref();
    let keys: BTreeMap<_, _> = artifact.packages.iter().map(|package| (package.id, key_of(package, distro))).collect();
    let mut all = BTreeMap::new();
    for matched in &report.matches {
        let Some(identity) = keys.get(&matched.package) else { continue };
        let known = &matched.vulnerability;
        let scores = known.cvss.iter().chain(known.related.iter().flat_map(|related| &related.cvss));
        let cvss = scores
            .map(|score| score.base)
            .fold(None, |best: Option<f64>, base| Some(best.map_or(base, |best| best.max(base))));
        let epss = known
            .epss
            .iter()
            .map(|epss| epss.score)
            .fold(None, |best: Option<f64>, score| Some(best.map_or(score, |best| best.max(score))));
        let row = IdentityMatch {
            identity: *identity,
            namespace: known.namespace.clone(),
            vulnerability: known.id.clone(),
            severity: rank(known.severity),
            kev: !known.kev.is_empty(),
            fix: matched.fix.versions.join(", "),
            epss,
            cvss,
        };
        all.insert((*identity, known.namespace.clone(), known.id.clone()), row);
    }
    all.into_values().collect()
}
