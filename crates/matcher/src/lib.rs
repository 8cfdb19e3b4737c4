//! Packages against vulnerability data: which records hold for an artifact, and which do not count and why.
//!
//! Everything follows grype 0.121, quirks included, so that both find the same. What removes a match is kept with its
//! reason, what cannot be decided is a gap. Pure: the same artifact, data and options give the same report.
//!
//! Read in this order: [`find_matches`], what a package brings along ([`subject`]), the searches, one file per matcher,
//! then what removes matches and how records become matches.

mod find;
mod options;

mod overlap;
mod rootio;
mod subject;

mod compiled;
mod cpe;
mod found;
mod ids;
mod qualifier;
mod search;
mod target_software;

mod almalinux;
mod apk;
mod by_cpe;
mod by_name;
mod deb;
mod go;
mod java;
mod rpm;
mod streams;

mod by_cve;
mod evidence;
mod fixes;
mod report;
mod rules;
mod vex;

pub use find::find_matches;
pub use options::MatchOptions;

#[cfg(test)]
mod tests;
