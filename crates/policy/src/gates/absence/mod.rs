//! Triggers that report that an input was never collected. Each decides with its own action where
//! other rules could only say that they were not checked.

pub(super) mod no_ancestors_analyzed;
pub(super) mod no_stig_evaluations_available;
pub(super) mod scan_not_run;
