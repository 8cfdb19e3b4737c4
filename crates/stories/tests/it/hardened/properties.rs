//! Properties of the image, each broken alone, and the controls that name it.
//!
//! Pins are one text: packs by their short names, separated by bars, each followed by the ids of its controls.

mod build;
mod knowledge;
mod tree;

use stopgate_testkit::hardened::Hardened;

/// What is known from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// The whole image was evaluated on the day before.
    DayBefore,
    /// This image was evaluated at this time, and not since.
    Evaluated(&'static str),
    /// This image was evaluated at this time for the first time, and on the day before for the last.
    Known(&'static str),
    /// As the day before, but the vulnerability data was built at this time.
    DataOf(&'static str),
    /// The whole image is what the tag named before. It is there itself, and no evaluation of it.
    Image,
}

/// One property.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// What is broken.
    pub(crate) what: &'static str,
    pub(crate) breaks: fn(&mut Hardened),
    /// Controls that are not satisfied any more.
    pub(crate) fails: &'static str,
    /// Controls that cannot be assessed any more.
    pub(crate) unknown: &'static str,
    pub(crate) past: Past,
    /// What the site says otherwise.
    pub(crate) site: &'static [(&'static str, &'static str)],
}

/// Nothing is broken.
pub(crate) const WHOLE: Row = row("nothing", |_| (), "");

pub(crate) const fn row(what: &'static str, breaks: fn(&mut Hardened), fails: &'static str) -> Row {
    Row { what, breaks, fails, unknown: "", past: Past::DayBefore, site: &[] }
}

impl Row {
    const fn unknown(self, unknown: &'static str) -> Self {
        Self { unknown, ..self }
    }

    pub(crate) const fn past(self, past: Past) -> Self {
        Self { past, ..self }
    }

    const fn site(self, site: &'static [(&'static str, &'static str)]) -> Self {
        Self { site, ..self }
    }
}

/// All properties.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [tree::ROWS, build::ROWS, knowledge::ROWS].into_iter().flatten()
}
