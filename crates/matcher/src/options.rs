//! What a caller can choose; the defaults are grype's.

use stopgate_model::VexStatement;
use stopgate_version::EpochStrategy;

/// Options of matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchOptions {
    /// Report the CVE of a record in place of its own id, where it has one.
    pub by_cve: bool,
    /// Keep matches of kernel headers that were found through the kernel's source package.
    pub kernel_headers: bool,
    /// Search by CPE for packages that no other data is about (binaries, Java runtimes, PHP …) and for apk.
    pub by_cpe: bool,
    /// Compare the main module of a Go binary even when its version is a pseudo version.
    pub main_module_pseudo_versions: bool,
    /// What a missing epoch of an rpm package means.
    pub rpm_epochs: EpochStrategy,
    /// What a missing epoch of a deb package means.
    pub deb_epochs: EpochStrategy,
    /// What suppliers say, in the order of their documents: of equally old statements the last one holds.
    pub vex: Vec<VexStatement>,
}

impl Default for MatchOptions {
    fn default() -> Self {
        Self {
            by_cve: false,
            kernel_headers: false,
            by_cpe: true,
            main_module_pseudo_versions: false,
            rpm_epochs: EpochStrategy::Auto,
            deb_epochs: EpochStrategy::Zero,
            vex: Vec::new(),
        }
    }
}
