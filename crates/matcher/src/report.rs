//! From records to matches: several records of one weakness from one source are one match.

use std::collections::HashMap;
use std::sync::Arc;

use stopgate_model::{Fix, FixState, Match, MatchDetail, Vulnerability};
use stopgate_version::Format;
use stopgate_vulndb::{Database, ScopeId, VulnerabilityNumber};

use crate::by_cpe::formatted;
use crate::fixes::suggested;
use crate::found::Found;
use crate::subject::Subject;

/// Makes matches; records that several packages share are described once.
pub(crate) struct Reporter<'d> {
    database: &'d Database,
    described: HashMap<(VulnerabilityNumber, Option<ScopeId>), Vec<Described<'d>>>,
}

struct Described<'d> {
    cves: Vec<&'d str>,
    record: Arc<Vulnerability>,
}

impl<'d> Reporter<'d> {
    pub(crate) fn new(database: &'d Database) -> Self {
        Self { database, described: HashMap::new() }
    }

    /// The matches of a package, by id and source.
    pub(crate) fn matches(&mut self, subject: &Subject<'_>, found: Vec<Found<'d>>) -> Vec<Match> {
        let database = self.database;
        let mut keyed: Vec<(&str, String, Found<'d>)> = found
            .into_iter()
            .map(|found| (database.id(found.row.vulnerability()), found.row.namespace(), found))
            .collect();
        keyed.sort_by(|one, two| (one.0, &one.1).cmp(&(two.0, &two.1)));
        let groups = keyed.chunk_by(|one, two| one.0 == two.0 && one.1 == two.1);
        groups.map(|group| self.one_match(subject, group)).collect()
    }

    fn one_match(&mut self, subject: &Subject<'_>, group: &[(&str, String, Found<'d>)]) -> Match {
        let mut records: Vec<&Found<'d>> = group.iter().map(|(_, _, found)| found).collect();
        // The record that was found in the surest way describes the match.
        records.sort_by(|one, two| (one.kind, one.row.package()).cmp(&(two.kind, two.row.package())));
        let mut vulnerability = None;
        let mut fix = Fix::default();
        for (position, found) in records.iter().enumerate() {
            let described = self.described(found);
            if position == 0 {
                fix = fix_of(found);
                vulnerability = Some(described);
            } else {
                fix = merged_fix(fix, fix_of(found));
                vulnerability = vulnerability.map(|base| merged(base, &described));
            }
        }
        let mut details: Vec<MatchDetail> = records.iter().map(|found| detail(found)).collect();
        details.sort();
        details.dedup();
        let suggested_version = suggested(subject.format, &subject.package.version, &fix.versions);
        let vulnerability = vulnerability.unwrap_or_else(|| Arc::new(empty()));
        Match { package: subject.package.id, vulnerability, fix, suggested_version, details }
    }

    fn described(&mut self, found: &Found<'d>) -> Arc<Vulnerability> {
        let row = &found.row;
        let cves: Vec<&'d str> = row.cves().collect();
        let advisories = row.advisories();
        let all = self.described.entry((row.vulnerability(), row.scope())).or_default();
        let known = all.iter().find(|known| {
            known.cves == cves && known.record.advisories == advisories && known.record.namespace == row.namespace()
        });
        let record = if let Some(known) = known {
            Arc::clone(&known.record)
        } else {
            let record = Arc::new(self.database.vulnerability_of(row));
            all.push(Described { cves, record: Arc::clone(&record) });
            record
        };
        match found.correction.as_ref().and_then(|correction| correction.advisories.as_ref()) {
            Some(advisories) => Arc::new(Vulnerability { advisories: advisories.clone(), ..(*record).clone() }),
            None => record,
        }
    }
}

fn fix_of(found: &Found<'_>) -> Fix {
    found.correction.as_ref().map_or_else(|| found.row.fix(), |correction| correction.fix.clone())
}

fn detail(found: &Found<'_>) -> MatchDetail {
    let searched = &found.searched;
    let constraint = found.correction.as_ref().and_then(|correction| correction.constraint.clone());
    MatchDetail {
        kind: found.kind,
        matcher: searched.matcher.to_owned(),
        searched_name: searched.name.clone(),
        searched_version: searched.version.clone(),
        searched_scope: searched.scope.clone(),
        found_constraint: constraint.unwrap_or_else(|| constraint_of(found)),
        found_cpe: found.row.cpe().map(|cpe| formatted(&cpe)).unwrap_or_default(),
    }
}

fn constraint_of(found: &Found<'_>) -> String {
    let text = found.row.constraint_text();
    let text = if text.is_empty() { "none" } else { &text };
    format!("{text} ({})", Format::of_data(found.row.constraint_format()))
}

/// What both say of a fix; one that is known wins.
pub(crate) fn merged_fix(base: Fix, other: Fix) -> Fix {
    let mut versions = base.versions;
    versions.extend(other.versions);
    versions.sort();
    versions.dedup();
    let mut available = base.available;
    for one in other.available {
        if !available.contains(&one) {
            available.push(one);
        }
    }
    Fix { state: stronger(base.state, other.state), versions, available }
}

/// What says more: a fix, no fix yet, never a fix, nothing.
fn stronger(one: FixState, two: FixState) -> FixState {
    let rank = |state: FixState| match state {
        FixState::Unknown => 0,
        FixState::WontFix => 1,
        FixState::NotFixed => 2,
        FixState::Fixed => 3,
    };
    if rank(two) > rank(one) { two } else { one }
}

/// The record with what another one knows beyond it.
fn merged(base: Arc<Vulnerability>, other: &Arc<Vulnerability>) -> Arc<Vulnerability> {
    if Arc::ptr_eq(&base, other) || (base.related == other.related && base.advisories == other.advisories) {
        return base;
    }
    let mut record = Arc::unwrap_or_clone(base);
    for related in &other.related {
        if !record.related.iter().any(|known| known.id == related.id && known.namespace == related.namespace) {
            record.related.push(related.clone());
        }
    }
    record.related.sort_by(|one, two| (&one.namespace, &one.id).cmp(&(&two.namespace, &two.id)));
    for advisory in &other.advisories {
        if !record.advisories.contains(advisory) {
            record.advisories.push(advisory.clone());
        }
    }
    record.advisories.sort_by(|one, two| (&one.id, &one.link).cmp(&(&two.id, &two.link)));
    Arc::new(record)
}

fn empty() -> Vulnerability {
    Vulnerability {
        id: String::new(),
        namespace: String::new(),
        provider: String::new(),
        aliases: Vec::new(),
        severity: stopgate_model::Severity::Unknown,
        cvss: Vec::new(),
        related: Vec::new(),
        data_source: String::new(),
        urls: Vec::new(),
        description: String::new(),
        kev: Vec::new(),
        epss: Vec::new(),
        cwes: Vec::new(),
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
    }
}
