//! Order and ranges of package versions, one file per scheme.
//!
//! Which scheme a text follows is a [`Format`]. Each scheme orders as grype 0.121 does, quirks included: a scan must
//! find what grype finds. Where an ecosystem's own tool orders otherwise, the scheme's file says so with `COMPAT`.
//! A text that a scheme cannot read is an error, never an order.
//!
//! What holds for every format: `compare` is total over readable texts, takes time linear in the text and never
//! panics. It is antisymmetric except for `kb` (which knows only "same" and "other") and `python` texts with a local
//! part (which are compared as package against range). It is transitive for apk, deb, gem, python, portage and bitnami;
//! for the others grype's rules are not (rpm: `1 = 1.0`, but `1 < 1.a < 1.0`), and the rules come first.

mod constraint;
mod error;
mod expression;
mod format;
mod order;
mod version;

mod apk;
mod bitnami;
mod deb;
mod fuzzy;
mod gem;
mod go;
mod jvm;
mod maven;
mod pacman;
mod portage;
mod python;
mod rpm;
mod semantic;
mod semver;

pub use constraint::Constraint;
pub use error::VersionError;
pub use format::Format;
pub use version::{EpochStrategy, Version, compare};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tables;
