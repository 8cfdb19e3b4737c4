//! Scopes: where rows belong, an operating system's release or an ecosystem.

use stopgate_model::Distro;

/// Number of a scope inside one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// What data says about a distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Name of the distribution in the data's words before aliases (`redhat`, `almalinux`, `debian`); empty when it
    /// could not be told.
    pub distro: String,
    /// Major part of its version; empty when it has none.
    pub major: String,
    /// Minor part of its version; empty when it has none.
    pub minor: String,
    /// Scopes to search for disclosures, after aliases and fallbacks, without channel.
    pub scopes: Vec<ScopeId>,
    /// Channels in use (`eus`, `esm`), lower case.
    pub channels: Vec<String>,
    /// Scopes of those channels, to search for fixes beside `scopes`.
    pub channel_scopes: Vec<ScopeId>,
    /// Scopes of exactly this distribution, no alias (AlmaLinux's corrections).
    pub exact_scopes: Vec<ScopeId>,
    /// grype namespaces of the rows in `scopes`, sorted.
    pub namespaces: Vec<String>,
    /// Whether any row stands in `scopes`.
    pub has_data: bool,
    /// End of life, `YYYY-MM-DD`, of exactly this release.
    pub end_of_life: Option<String>,
    /// End of active support, `YYYY-MM-DD`, of exactly this release.
    pub end_of_active_support: Option<String>,
}

pub(crate) fn resolve(_distro: &Distro) -> Resolution {
    Resolution::default()
}
