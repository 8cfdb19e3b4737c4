//! Gate `secret_scans`: secrets that the analysis found in files.

pub(super) mod content_regex_checks;
