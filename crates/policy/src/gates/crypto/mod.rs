//! Gate `crypto`: cryptographic modules.

pub(super) mod fips_evidence;
