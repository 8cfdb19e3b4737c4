//! Gate `distro`: the distribution and its version.

pub(super) mod deny;
