//! Every trigger of the engine serves a pack, or it is said why not.

use std::collections::BTreeSet;

use stopgate_policy::TRIGGERS;

use super::every_selection;
use super::invariants::examples;
use crate::{Flavour, RenderOptions, render};

const FEED: &str = "its feed is no longer published; `packages.denylist` says the same of every ecosystem";
const SOURCES: &str = "it needs the source trees of an image, which no single evaluation has; Anchore gave the gate up";

/// Triggers that no pack uses, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "passwd_file.denylist_userids",
        "id 0 is root's in every image, so it would fire everywhere; other ids are up to a site",
    ),
    ("passwd_file.content_not_available", "the prerequisite RET(/etc/passwd) and the condition `no-accounts` tell it"),
    ("packages.required_package", "no framework names a package that every image must have; which one is up to a site"),
    ("always.always", "it fires on everything: for tests of mappings, not for a framework"),
    ("ancestry.denylist_ancestor_image_digest", "frameworks ask for approved bases, not for a list of refused ones"),
    ("ancestry.denylist_ancestor_image_tag", "frameworks ask for approved bases, not for a list of refused ones"),
    ("npms.newer_version_in_feed", FEED),
    ("npms.unknown_in_feeds", FEED),
    ("npms.version_not_in_feeds", FEED),
    ("npms.blacklisted_name_version", FEED),
    ("npms.feed_data_unavailable", FEED),
    ("ruby_gems.newer_version_found_in_feed", FEED),
    ("ruby_gems.not_found_in_feed", FEED),
    ("ruby_gems.version_not_found_in_feed", FEED),
    ("ruby_gems.blacklist", FEED),
    ("ruby_gems.feed_data_unavailable", FEED),
    ("image_source_drift.no_related_sources", SOURCES),
    ("image_source_drift.package_downgraded", SOURCES),
    ("image_source_drift.package_removed", SOURCES),
    (
        "attestation.statement",
        "`signature.verified` and `provenance.slsa` ask what frameworks demand; this asks for any statement by name",
    ),
    ("expression.matches", "conditions in CEL are for what a site adds; a pack demands by triggers that have a name"),
    ("packages.metadata", "frameworks name packages, not fields of their records; `packages.denylist` serves them"),
    ("passwd_file.denylist_full_entry", "no framework knows the whole line of an account beforehand"),
    ("passwd_file.denylist_groupids", "frameworks speak of users and of group 0 of files, not of numbers of groups"),
    (
        "passwd_file.denylist_shells",
        "a shell in `/etc/passwd` is no breach by itself; logging in is what packs look at",
    ),
    (
        "retrieved_files.content_not_available",
        "most images lack most of the files: a missing one is told by the prerequisite of the control",
    ),
];

#[test]
fn every_trigger_is_used_by_a_pack_or_an_explained_exception() {
    let mut used = BTreeSet::new();
    for selected in every_selection() {
        for flavour in Flavour::ALL {
            let options = RenderOptions { values: examples(&selected), ..RenderOptions::new(flavour) };
            let pack = render(&selected, &options).unwrap();
            used.extend(pack.rules.iter().map(|rule| format!("{}.{}", rule.gate, rule.trigger)));
        }
    }
    let excepted: BTreeSet<String> = EXCEPTIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(excepted.len(), EXCEPTIONS.len(), "an exception stands there twice");
    assert!(EXCEPTIONS.iter().all(|(_, reason)| reason.len() > 20));
    let known: BTreeSet<String> =
        TRIGGERS.iter().map(|row| format!("{}.{}", row.info().gate, row.info().name)).collect();
    let unexplained: Vec<&String> = known.difference(&used).filter(|name| !excepted.contains(*name)).collect();
    assert!(unexplained.is_empty(), "no pack uses {unexplained:#?}");
    let needless: Vec<&String> =
        excepted.iter().filter(|name| used.contains(*name) || !known.contains(*name)).collect();
    assert!(needless.is_empty(), "these are used, or there is no such trigger: {needless:#?}");
}
