//! The gates: one folder each, one file per trigger, one line here.

mod accounts;
mod always;
mod ancestry;
mod attestation;
mod completeness;
mod crypto;
mod distro;
mod dockerfile;
pub(crate) mod expression;
mod facts;
mod feeds;
mod files;
mod image_config;
mod image_source_drift;
mod licenses;
mod lifecycle;
mod malware;
mod metadata;
mod npms;
mod packages;
mod passwd_file;
mod programs;
mod provenance;
mod retrieved_files;
mod ruby_gems;
mod sbom;
mod scan;
mod secret_scans;
mod signature;
mod stig;
mod tag_drift;
mod vulnerabilities;

use crate::trigger::{AnyTrigger, OfImage, OfMatch};

pub(crate) use image_config::age::created as creation_time;
pub(crate) use vulnerabilities::upgrade_command;

/// The registry.
pub(crate) static TRIGGERS: &[&dyn AnyTrigger] = &[
    &OfImage(always::Always),
    &OfImage(accounts::uid_zero::UidZero),
    &OfImage(accounts::duplicates::Duplicates),
    &OfImage(accounts::weak_hash::WeakHash),
    &OfImage(accounts::empty_password::EmptyPassword),
    &OfImage(ancestry::allowed_base_image_digest::AllowedBaseImageDigest),
    &OfImage(ancestry::allowed_base_image_tag::AllowedBaseImageTag),
    &OfImage(ancestry::denylist_ancestor_image_digest::DenylistAncestorImageDigest),
    &OfImage(ancestry::denylist_ancestor_image_tag::DenylistAncestorImageTag),
    &OfImage(ancestry::no_ancestors_analyzed::NoAncestorsAnalyzed),
    &OfImage(attestation::statement::Statement),
    &OfImage(completeness::gaps_present::GapsPresent),
    &OfImage(crypto::fips_evidence::FipsEvidence),
    &OfImage(distro::deny::Deny),
    &OfImage(dockerfile::instruction::Instruction),
    &OfImage(dockerfile::effective_user::EffectiveUser),
    &OfImage(dockerfile::exposed_ports::ExposedPorts),
    &OfImage(dockerfile::no_dockerfile_provided::NoDockerfileProvided),
    &OfImage(expression::matches::Matches),
    &OfImage(files::content_regex_match::ContentRegexMatch),
    &OfImage(files::name_match::NameMatch),
    &OfImage(files::attribute_match::AttributeMatch),
    &OfImage(files::suid_or_guid_set::SuidOrGuidSet),
    &OfImage(files::capabilities::Capabilities),
    &OfImage(files::permissions::Permissions),
    &OfImage(image_config::age::Age),
    &OfImage(image_config::label::Label),
    &OfImage(image_config::user::User),
    &OfImage(image_source_drift::package_downgraded::PackageDowngraded),
    &OfImage(image_source_drift::package_removed::PackageRemoved),
    &OfImage(image_source_drift::no_related_sources::NoRelatedSources),
    &OfImage(licenses::denylist_exact_match::ExactMatch),
    &OfImage(licenses::denylist_partial_match::PartialMatch),
    &OfImage(licenses::expression::Expression),
    &OfImage(lifecycle::eol::Eol),
    &OfImage(malware::scans::Scans),
    &OfImage(malware::scan_not_run::ScanNotRun),
    &OfImage(metadata::attribute::Attribute),
    &OfImage(packages::required_package::RequiredPackage),
    &OfImage(packages::denylist::Denylist),
    &OfImage(packages::metadata::Metadata),
    &OfImage(packages::verify::Verify),
    &OfImage(packages::unowned_executables::UnownedExecutables),
    &OfImage(passwd_file::content_not_available::ContentNotAvailable),
    &OfImage(passwd_file::denylist_usernames::DenylistUsernames),
    &OfImage(passwd_file::denylist_userids::DenylistUserids),
    &OfImage(passwd_file::denylist_groupids::DenylistGroupids),
    &OfImage(passwd_file::denylist_shells::DenylistShells),
    &OfImage(passwd_file::denylist_full_entry::DenylistFullEntry),
    &OfImage(provenance::slsa::Slsa),
    &OfImage(provenance::source::Source),
    &OfImage(retrieved_files::content_not_available::ContentNotAvailable),
    &OfImage(retrieved_files::content_regex::ContentRegex),
    &OfImage(sbom::quality::Quality),
    &OfImage(scan::freshness::Freshness),
    &OfImage(secret_scans::content_regex_checks::ContentRegexChecks),
    &OfImage(secret_scans::metadata::Metadata),
    &OfImage(secret_scans::layers::Layers),
    &OfImage(signature::verified::Verified),
    &OfImage(stig::no_stig_evaluations_available::NoStigEvaluationsAvailable),
    &OfImage(stig::stig_evaluations_outdated::StigEvaluationsOutdated),
    &OfImage(stig::open_findings::OpenFindings),
    &OfImage(tag_drift::packages_added::PackagesAdded),
    &OfImage(tag_drift::packages_removed::PackagesRemoved),
    &OfImage(tag_drift::packages_modified::PackagesModified),
    &OfMatch(vulnerabilities::package::Package),
    &OfImage(vulnerabilities::denylist::Denylist),
    &OfImage(vulnerabilities::stale_feed_data::StaleFeedData),
    &OfImage(vulnerabilities::vulnerability_data_unavailable::VulnerabilityDataUnavailable),
    &OfMatch(vulnerabilities::kev_list::KevList),
    &OfImage(vulnerabilities::count::Count),
    &OfMatch(vulnerabilities::kev_due::KevDue),
    &OfMatch(vulnerabilities::remediation_due::RemediationDue),
    &OfImage(npms::blacklisted_name_version::DeniedNpm),
    &OfImage(npms::newer_version_in_feed::NewerVersionInFeed),
    &OfImage(npms::unknown_in_feeds::UnknownInFeeds),
    &OfImage(npms::version_not_in_feeds::VersionNotInFeeds),
    &OfImage(npms::feed_data_unavailable::FeedDataUnavailable),
    &OfImage(ruby_gems::blacklist::DeniedGem),
    &OfImage(ruby_gems::newer_version_found_in_feed::NewerVersionFoundInFeed),
    &OfImage(ruby_gems::not_found_in_feed::NotFoundInFeed),
    &OfImage(ruby_gems::version_not_found_in_feed::VersionNotFoundInFeed),
    &OfImage(ruby_gems::feed_data_unavailable::FeedDataUnavailable),
];
