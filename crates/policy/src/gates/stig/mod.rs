//! Gate `stig`: evaluations of STIG profiles that were run elsewhere.

pub(super) mod no_stig_evaluations_available;
pub(super) mod open_findings;
pub(super) mod stig_evaluations_outdated;
