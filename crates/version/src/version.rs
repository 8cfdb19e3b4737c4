//! A version, parsed once.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::apk::Apk;
use crate::deb::Deb;
use crate::fuzzy::Fuzzy;
use crate::gem::Gem;
use crate::maven::Maven;
use crate::portage::Portage;
use crate::python::Python;
use crate::rpm::Rpm;
use crate::semver::Semver;
use crate::{Format, VersionError, bitnami, go, jvm, pacman, semantic};

/// What a missing epoch of an installed rpm or deb package means when it is compared with the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EpochStrategy {
    /// The format's own rule: rpm ignores an epoch that one side only has, deb takes 0.
    #[default]
    Native,
    /// It is 0.
    Zero,
    /// It is the one of the data.
    Auto,
}

/// A version and what its scheme makes of it.
#[derive(Debug, Clone)]
pub struct Version {
    format: Format,
    text: Box<str>,
    epochs: EpochStrategy,
    own: Result<Parsed, VersionError>,
    /// The reading under the first other format that was asked for.
    other: OnceLock<Box<(Format, Result<Parsed, VersionError>)>>,
}

/// A parsed version; one variant per kind of scheme.
#[derive(Debug, Clone)]
enum Parsed {
    Semver(Semver),
    Apk(Apk),
    Deb(Deb),
    Rpm(Rpm),
    Pacman(Rpm),
    Python(Python),
    Gem(Gem),
    Maven(Maven),
    Portage(Portage),
    Kb(Box<str>),
    Fuzzy(Fuzzy),
}

/// Order of two versions of a format; an error when one of them cannot be read.
pub fn compare(format: Format, left: &str, right: &str) -> Result<Ordering, VersionError> {
    let left = Parsed::parse(format, left)?;
    let right = Parsed::parse(format, right)?;
    Ok(left.compare(&right, EpochStrategy::Native))
}

impl Version {
    /// The version, or why its format cannot read it.
    pub fn parse(format: Format, text: &str) -> Result<Self, VersionError> {
        let version = Self::new(format, text);
        match version.own {
            Ok(_) => Ok(version),
            Err(error) => Err(error),
        }
    }

    /// The version, readable or not: a range of another format may still be able to compare it, as in grype.
    pub fn new(format: Format, text: &str) -> Self {
        let own = Parsed::parse(format, text);
        Self { format, text: text.into(), epochs: EpochStrategy::Native, own, other: OnceLock::new() }
    }

    /// The same version, with another meaning of a missing epoch.
    #[must_use]
    pub fn with_epochs(mut self, epochs: EpochStrategy) -> Self {
        self.epochs = epochs;
        self
    }

    /// Its format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its text, as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a missing epoch means.
    pub const fn epochs(&self) -> EpochStrategy {
        self.epochs
    }

    /// Order of this (installed) version against another one; where they differ in format, this one's is tried
    /// first, then the other's.
    pub fn compare(&self, other: &Self) -> Result<Ordering, VersionError> {
        let first = self.compare_as(other, self.format);
        if first.is_ok() || self.format == other.format { first } else { self.compare_as(other, other.format) }
    }

    pub(crate) fn compare_as(&self, other: &Self, format: Format) -> Result<Ordering, VersionError> {
        Ok(self.parsed(format)?.compare(&*other.parsed(format)?, self.epochs))
    }

    fn parsed(&self, format: Format) -> Result<Held<'_>, VersionError> {
        let kept = if format == self.format {
            &self.own
        } else {
            let other = self.other.get_or_init(|| Box::new((format, Parsed::parse(format, &self.text))));
            if other.0 != format {
                return Parsed::parse(format, &self.text).map(Held::Made);
            }
            &other.1
        };
        kept.as_ref().map(Held::Kept).map_err(Clone::clone)
    }
}

enum Held<'a> {
    Kept(&'a Parsed),
    Made(Parsed),
}

impl Deref for Held<'_> {
    type Target = Parsed;

    fn deref(&self) -> &Parsed {
        match self {
            Self::Kept(parsed) => parsed,
            Self::Made(parsed) => parsed,
        }
    }
}

impl Parsed {
    fn parse(format: Format, text: &str) -> Result<Self, VersionError> {
        let parsed = match format {
            Format::Semantic => semantic::parse(text).map(Self::Semver),
            Format::Go => go::parse(text).map(Self::Semver),
            Format::Jvm => jvm::parse(text).map(Self::Semver),
            Format::Bitnami => bitnami::parse(text).map(Self::Semver),
            Format::Apk => Apk::parse(text).map(Self::Apk),
            Format::Deb => Deb::parse(text).map(Self::Deb),
            Format::Rpm => Rpm::parse(text).map(Self::Rpm),
            Format::Pacman => pacman::parse(text).map(Self::Pacman),
            Format::Python => Python::parse(text).map(Self::Python),
            Format::Gem => Gem::parse(text).map(Self::Gem),
            Format::Maven => Ok(Self::Maven(Maven::parse(text))),
            Format::Portage => Portage::parse(text).map(Self::Portage),
            Format::Kb => Ok(Self::Kb(text.into())),
            Format::Unknown => Ok(Self::Fuzzy(Fuzzy::parse(text))),
        };
        parsed.map_err(|expected| VersionError::unreadable(format, text, expected))
    }

    fn compare(&self, other: &Self, epochs: EpochStrategy) -> Ordering {
        match (self, other) {
            (Self::Semver(left), Self::Semver(right)) => left.compare(right),
            (Self::Apk(left), Self::Apk(right)) => left.compare(right),
            (Self::Deb(left), Self::Deb(right)) => left.compare(right, epochs),
            (Self::Rpm(left), Self::Rpm(right)) => left.compare(right, epochs),
            (Self::Pacman(left), Self::Pacman(right)) => pacman::compare(left, right),
            (Self::Python(left), Self::Python(right)) => left.compare(right),
            (Self::Gem(left), Self::Gem(right)) => left.compare(right),
            (Self::Maven(left), Self::Maven(right)) => left.compare(right),
            (Self::Portage(left), Self::Portage(right)) => left.compare(right),
            (Self::Fuzzy(left), Self::Fuzzy(right)) => left.compare(right),
            (Self::Kb(left), Self::Kb(right)) if left == right => Ordering::Equal,
            // COMPAT: update ids have no order; grype calls every other id larger. Other pairs do not occur, since
            // both sides are always read under one format.
            _ => Ordering::Greater,
        }
    }
}
