//! The search by CPE: records of NVD about a product, for packages that no other data is about.

use std::borrow::Cow;
use std::rc::Rc;

use stopgate_model::MatchKind;
use stopgate_version::{EpochStrategy, Format, Version};
use stopgate_vulndb::{CpeAttributes, IdNumber, RecordStatus, Row};

use crate::compiled::Holds;
use crate::cpe::Cpe;
use crate::found::{Found, Searched};
use crate::ids::NumberSet;
use crate::qualifier::Traits;
use crate::search::{Outcome, Search};
use crate::subject::Subject;
use crate::target_software;

/// What to search for.
pub(crate) struct CpeTarget<'a> {
    pub(crate) cpes: Vec<Cpe>,
    /// The package's version, for CPEs without one.
    pub(crate) version: Cow<'a, str>,
    pub(crate) matcher: &'static str,
}

impl<'a> CpeTarget<'a> {
    /// The package's own CPEs.
    pub(crate) fn own(subject: &Subject<'a>, matcher: &'static str) -> Self {
        let cpes = subject.package.cpes.iter().filter_map(|cpe| Cpe::parse(&cpe.text)).collect();
        Self { cpes, version: Cow::Borrowed(&subject.package.version), matcher }
    }
}

impl<'d> Search<'d> {
    /// Records about the products of the CPEs that affect the version; what does not is evidence for the packages
    /// that this one owns.
    pub(crate) fn cpes(&self, subject: &Subject<'_>, target: &CpeTarget<'_>, out: &mut Outcome<'d>) -> Vec<Found<'d>> {
        let mut found = Vec::new();
        let mut settled = NumberSet::default();
        for cpe in &target.cpes {
            self.cpe(subject, target, cpe, &mut found, &mut settled);
        }
        if subject.is_owner {
            out.evidence.owned(subject.package.id, settled, "CPE not vulnerable");
        }
        found
    }

    fn cpe(
        &self,
        subject: &Subject<'_>,
        target: &CpeTarget<'_>,
        cpe: &Cpe,
        found: &mut Vec<Found<'d>>,
        settled: &mut NumberSet<IdNumber>,
    ) {
        if cpe.product.is_empty() {
            return;
        }
        let Some(text) = searched_version(subject, target, cpe) else { return };
        let shown = Cpe { version: text.clone().into_owned(), ..cpe.clone() };
        let version = version(subject, cpe, &text);
        let traits = Traits { subject, distro: &self.resolution.distro, as_source: false };
        let (mut others, first) = (Vec::new(), found.len());
        let mut searched: Option<Rc<Searched>> = None;
        for row in self.database.lookup_cpe(&cpe.product) {
            let Some(attributes) = row.cpe() else { continue };
            let fits = is_about(cpe, &attributes)
                && self.database.status(row.vulnerability()) != RecordStatus::Rejected
                && target_software::fits(&subject.package.package_type, &target.cpes, &attributes)
                && traits.fit(self.database, &row);
            if !fits {
                continue;
            }
            if row.unaffected() {
                if self.compiled.any(&row, version.as_ref()) {
                    settled.extend(self.database.identities(row.vulnerability()));
                }
                continue;
            }
            match self.affects(subject, &row, version.as_ref()) {
                Holds::Yes => {
                    let searched = searched.get_or_insert_with(|| {
                        Rc::new(Searched {
                            matcher: target.matcher,
                            name: shown.to_string(),
                            version: subject.package.version.clone(),
                            scope: String::new(),
                        })
                    });
                    found.push(self.found(row, MatchKind::Cpe, searched));
                }
                Holds::No | Holds::Uncomparable => others.push(row),
                Holds::Unreadable => {}
            }
        }
        if subject.is_owner {
            let rows: Vec<Row<'d>> = found.iter().skip(first).map(|found| found.row).collect();
            settled.extend(self.not_among(&others, &rows));
        }
    }
}

/// The version to compare: the CPE's, else the package's; `None` when neither is known.
fn searched_version<'t>(subject: &Subject<'_>, target: &'t CpeTarget<'_>, cpe: &'t Cpe) -> Option<Cow<'t, str>> {
    let of_cpe = if subject.format == Format::Apk { without_revision(&cpe.version) } else { &cpe.version };
    let unknown = |text: &str| text.eq_ignore_ascii_case("unknown");
    let text = if matches!(of_cpe, "" | "-") || unknown(of_cpe) { &*target.version } else { of_cpe };
    (!unknown(text)).then_some(Cow::Borrowed(text))
}

fn version(subject: &Subject<'_>, cpe: &Cpe, text: &str) -> Option<Version> {
    if text.is_empty() {
        return None;
    }
    // Before JEP 223 the update of a runtime stands in a field of its own.
    let old = subject.format == Format::Jvm && text.starts_with("1.") && !text.contains('_');
    let text = match cpe.update.as_str() {
        "" | "-" => Cow::Borrowed(text),
        update if old => Cow::Owned(format!("{text}_{}", update.strip_prefix("update").unwrap_or(update))),
        _ => Cow::Borrowed(text),
    };
    Some(Version::new(subject.format, &text).with_epochs(EpochStrategy::Native))
}

/// `1.2.3` of `1.2.3-r4`: as a pre-release of 1.2.3 it would compare wrongly with NVD's ranges.
fn without_revision(version: &str) -> &str {
    match version.split_once("-r") {
        Some((release, revision)) if !revision.contains("-r") => release,
        _ => version,
    }
}

/// Whether every attribute that the package's CPE gives is the record's.
fn is_about(cpe: &Cpe, found: &CpeAttributes<'_>) -> bool {
    let same = |ours: &str, theirs: &str| ours.is_empty() || ours.eq_ignore_ascii_case(theirs);
    same(&cpe.part, found.part)
        && same(&cpe.vendor, found.vendor)
        && same(&cpe.edition, found.edition)
        && same(&cpe.language, found.language)
        && same(&cpe.software_edition, found.software_edition)
        && same(&cpe.target_software, found.target_software)
        && same(&cpe.target_hardware, found.target_hardware)
        && same(&cpe.other, found.other)
}

/// A record's CPE as a formatted string.
pub(crate) fn formatted(found: &CpeAttributes<'_>) -> String {
    let cpe = Cpe {
        part: found.part.to_owned(),
        vendor: found.vendor.to_owned(),
        product: found.product.to_owned(),
        version: String::new(),
        update: String::new(),
        edition: found.edition.to_owned(),
        language: found.language.to_owned(),
        software_edition: found.software_edition.to_owned(),
        target_software: found.target_software.to_owned(),
        target_hardware: found.target_hardware.to_owned(),
        other: found.other.to_owned(),
    };
    cpe.to_string()
}

#[cfg(test)]
mod tests {
    use super::without_revision;

    #[test]
    fn revisions_of_apk_are_cut_off() {
        assert_eq!(without_revision("1.2.3-r4"), "1.2.3");
        assert_eq!(without_revision("1.2.3"), "1.2.3");
        assert_eq!(without_revision("1-rc1-r4"), "1-rc1-r4");
    }
}
