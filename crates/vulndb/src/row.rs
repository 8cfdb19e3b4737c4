//! Rows: one statement of data about one package name in one scope.

use std::borrow::Cow;

use stopgate_model::{Advisory, AvailableFix, Fix, FixState};

use crate::{ConstraintId, ScopeId, VulnerabilityNumber};

/// A version constraint as data has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constraint<'d> {
    /// Equal for equal (format, text) pairs of one build.
    pub id: ConstraintId,
    /// The constraint; empty means every version.
    pub text: &'d str,
    /// The format's name as data has it (`dpkg`, `semver`, `java`, empty): for `stopgate_version::Format::of_data`.
    pub format: &'d str,
}

/// What data says about the fix of one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixStatement<'d> {
    /// State.
    pub state: FixState,
    /// Whether the state is `not-affected`, which [`FixState`] does not have.
    pub not_affected: bool,
    /// Version; empty when there is none.
    pub version: &'d str,
    /// When it became available.
    pub available: Option<AvailableFix>,
    /// Advisories.
    pub advisories: Vec<Advisory>,
}

/// One range of versions and its fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range<'d> {
    /// Versions.
    pub constraint: Constraint<'d>,
    /// Fix, when data has one.
    pub fix: Option<FixStatement<'d>>,
}

/// Symbols of a Go package that make a module vulnerable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoImport<'d> {
    /// Import path.
    pub path: &'d str,
    /// Symbols; none means the whole package.
    pub symbols: Vec<&'d str>,
}

/// What must hold of a package beside its version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Qualifiers<'d> {
    /// Module `name:stream`; present and empty: must not be modular.
    pub rpm_modularity: Option<&'d str>,
    /// Architecture.
    pub architecture: Option<&'d str>,
    /// CPEs of platforms, one of which must be the artifact's.
    pub platform_cpes: Vec<&'d str>,
    /// Go symbols.
    pub go_imports: Vec<GoImport<'d>>,
    /// Holds for packages of Root.io alone.
    pub rootio: bool,
}

/// CPE attributes of a row; empty means any. Versions stand in the ranges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpeAttributes<'d> {
    /// `a`, `o` or `h`.
    pub part: &'d str,
    /// Vendor.
    pub vendor: &'d str,
    /// Product.
    pub product: &'d str,
    /// Edition.
    pub edition: &'d str,
    /// Language.
    pub language: &'d str,
    /// Software edition.
    pub software_edition: &'d str,
    /// Target hardware.
    pub target_hardware: &'d str,
    /// Target software.
    pub target_software: &'d str,
    /// Other.
    pub other: &'d str,
}

/// One statement: this vulnerability affects (or does not affect) these versions of this package.
#[derive(Debug, Clone, Copy)]
pub struct Row<'d> {
    vulnerability: VulnerabilityNumber,
    unaffected: bool,
    name: &'d str,
}

impl<'d> Row<'d> {
    /// The vulnerability.
    pub const fn vulnerability(&self) -> VulnerabilityNumber {
        self.vulnerability
    }
    /// Whether the row says that the versions are not affected.
    pub const fn unaffected(&self) -> bool {
        self.unaffected
    }
    /// Where the row belongs; `None` for rows that were found by CPE.
    pub const fn scope(&self) -> Option<ScopeId> {
        None
    }
    /// Package name as data has it; for CPE rows the product.
    pub const fn package(&self) -> &'d str {
        self.name
    }
    /// The ranges. None at all: every version is affected.
    pub fn ranges(&self) -> impl Iterator<Item = Range<'d>> + use<'d> {
        std::iter::empty()
    }
    /// All constraints joined with `||`, for people.
    pub fn constraint_text(&self) -> Cow<'d, str> {
        Cow::Borrowed("")
    }
    /// The alphabetically first format of the ranges, for people and for constraints that were joined.
    pub const fn constraint_format(&self) -> &'d str {
        ""
    }
    /// State and versions over all ranges, as grype joins them.
    pub fn fix(&self) -> Fix {
        Fix::default()
    }
    /// Advisories of all ranges.
    pub fn advisories(&self) -> Vec<Advisory> {
        Vec::new()
    }
    /// Whether there are qualifiers at all.
    pub const fn is_qualified(&self) -> bool {
        false
    }
    /// Qualifiers.
    pub fn qualifiers(&self) -> Qualifiers<'d> {
        Qualifiers::default()
    }
    /// CVE ids of this statement.
    pub fn cves(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        std::iter::empty()
    }
    /// CPE attributes of a CPE row.
    pub fn cpe(&self) -> Option<CpeAttributes<'d>> {
        None
    }
    /// grype's namespace, for example `debian:distro:debian:12`.
    pub fn namespace(&self) -> String {
        String::new()
    }
}
