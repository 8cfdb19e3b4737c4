//! All matches of an artifact.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use stopgate_model::{
    Artifact, Distro, Gap, GapCode, Match, MatchReport, Package, PackageId, RemovedMatch, RemovedReason,
};
use stopgate_version::EpochStrategy;
use stopgate_vulndb::{Database, Resolution};

use crate::compiled::Compiled;
use crate::evidence::Evidence;
use crate::found::Found;
use crate::overlap::{Owners, covering_owner, is_comprehensive};
use crate::report::Reporter;
use crate::search::{Outcome, Search, Target, Uncomparable};
use crate::subject::Subject;
use crate::{MatchOptions, apk, by_cve, by_name, deb, go, java, rpm, rules, vex};

/// Matches the packages of an artifact against data.
pub fn find_matches(artifact: &Artifact, database: &Database, options: &MatchOptions) -> MatchReport {
    let search = prepare(artifact, database, options);
    let owners = Owners::of(artifact);
    let packages: HashMap<PackageId, &Package> =
        artifact.packages.iter().map(|package| (package.id, package)).collect();
    let comprehensive = artifact.distro.as_ref().is_some_and(|distro| is_comprehensive(&search.resolution, distro));
    let mut evidence = Evidence::default();
    let mut all = Vec::new();
    for package in &artifact.packages {
        let covered = covering_owner(package, &owners, &packages, comprehensive);
        let subject = Subject::new(package, owners.of_package(package.id), owners.is_owner(package.id));
        let mut outcome = Outcome::default();
        dispatch(&search, &subject, &mut outcome);
        if covered.is_none() {
            evidence.merge(outcome.evidence);
        }
        if !outcome.found.is_empty() {
            all.push((subject, covered, outcome.found));
        }
    }
    let mut report = MatchReport {
        matches: Vec::new(),
        removed: Vec::new(),
        data: database.identity().clone(),
        distro_has_data: artifact.distro.as_ref().map(|_| search.resolution.has_data),
        distro_namespaces: search.resolution.namespaces.clone(),
        gaps: Vec::new(),
    };
    let mut reporter = Reporter::new(database);
    for (subject, covered, found) in all {
        sort_out(&search, &mut reporter, &evidence, &subject, covered, found, &mut report);
    }
    vex::apply(artifact, &packages, &options.vex, &mut report);
    report.gaps = gaps(artifact, &search);
    report
}

fn prepare<'d>(artifact: &Artifact, database: &'d Database, options: &'d MatchOptions) -> Search<'d> {
    let resolution = artifact.distro.as_ref().map_or_else(Resolution::default, |distro| database.resolve(distro));
    let distro_text = artifact.distro.as_ref().map_or_else(String::new, |distro| distro_text(distro, &resolution));
    Search {
        database,
        options,
        resolution,
        distro_text,
        compiled: Compiled::default(),
        uncomparable: RefCell::new(BTreeMap::new()),
        ecosystems: RefCell::new(Vec::new()),
    }
}

fn distro_text(distro: &Distro, resolution: &Resolution) -> String {
    let version = [&distro.version_id, &distro.version_codename, &distro.version];
    let version = version.into_iter().find(|version| !version.is_empty()).map_or("", String::as_str);
    format!("{}:{version}", resolution.distro)
}

fn dispatch<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    match subject.package.package_type.id() {
        "apk" => apk::search(search, subject, out),
        "deb" => deb::search(search, subject, out),
        "rpm" => rpm::search(search, subject, out),
        "alpm" => search.usual(subject, &Target::own(subject, "pacman-matcher", EpochStrategy::Native), out),
        "portage" => search.usual(subject, &Target::own(subject, "portage-matcher", EpochStrategy::Native), out),
        "go-module" => go::search(search, subject, out),
        "java-archive" | "jenkins-plugin" => java::search(search, subject, out),
        _ => by_name::search(search, subject, out),
    }
}

/// Tells what counts from what does not, and why.
fn sort_out<'d>(
    search: &Search<'d>,
    reporter: &mut Reporter<'d>,
    evidence: &Evidence,
    subject: &Subject<'_>,
    covered: Option<PackageId>,
    found: Vec<Found<'d>>,
    report: &mut MatchReport,
) {
    if let Some(owner) = covered {
        let removed = |matched| RemovedMatch { matched, reason: RemovedReason::OwnedByDistroPackage(owner) };
        report.removed.extend(reporter.matches(subject, found).into_iter().map(removed));
        return;
    }
    let mut counting = Vec::with_capacity(found.len());
    let mut against: BTreeMap<&'static str, Vec<Found<'d>>> = BTreeMap::new();
    for found in found {
        let id = search.database.id(found.row.vulnerability());
        let reason = if rules::is_mistaken(subject.package, id) {
            Some("known to be about another product")
        } else {
            evidence.against(search.database, subject, &found)
        };
        match reason {
            Some(reason) => against.entry(reason).or_default().push(found),
            None => counting.push(found),
        }
    }
    for (reason, found) in against {
        let removed = |matched| RemovedMatch { matched, reason: RemovedReason::Evidence(reason.to_owned()) };
        report.removed.extend(reporter.matches(subject, found).into_iter().map(removed));
    }
    let mut matches = reporter.matches(subject, counting);
    if !search.options.kernel_headers {
        let reason = || RemovedReason::Rule("kernel headers hold no code of the kernel".to_owned());
        let (headers, others): (Vec<Match>, Vec<Match>) =
            matches.into_iter().partition(|found| rules::is_kernel_header(subject.package, found));
        report.removed.extend(headers.into_iter().map(|matched| RemovedMatch { matched, reason: reason() }));
        matches = others;
    }
    if search.options.by_cve {
        matches = by_cve::normalize(matches);
    }
    report.matches.append(&mut matches);
}

fn gaps(artifact: &Artifact, search: &Search<'_>) -> Vec<Gap> {
    let mut gaps = search.database.gaps();
    let of_distro =
        |package: &&Package| matches!(package.package_type.id(), "apk" | "deb" | "rpm" | "alpm" | "portage");
    let count = artifact.packages.iter().filter(of_distro).count() as u64;
    if count > 0 && search.resolution.distro.is_empty() {
        let mut gap = Gap::new(
            GapCode::DistroUnknown,
            "the distribution is not one that vulnerability data knows; its packages match nothing",
        );
        gap.seen = Some(count);
        gaps.push(gap);
    } else if count > 0 && !search.resolution.has_data {
        let mut gap = Gap::new(
            GapCode::DistroWithoutData,
            format!("there is no vulnerability data for `{}`; its packages match nothing", search.distro_text),
        );
        gap.seen = Some(count);
        gaps.push(gap);
    }
    for (format, all) in search.uncomparable.borrow().iter() {
        let Uncomparable { comparisons, name, version, range } = all;
        let mut gap = Gap::new(
            GapCode::VersionUncomparable,
            format!(
                "versions of format `{format}` cannot be compared with the data's, for example `{version}` of `{name}` \
                 with `{range}`"
            ),
        );
        gap.seen = Some(*comparisons);
        gaps.push(gap);
    }
    gaps.sort();
    gaps
}
