//! Arch Linux' pacman (`vercmp`): `[epoch:]version[-release]`.
//!
//! COMPAT: grype compares these by its rpm rules, with an epoch on one side only ignored; the real `vercmp` differs
//! in corners such as `1.0` against `1.0.0`.

use std::cmp::Ordering;

use crate::rpm::Rpm;
use crate::version::EpochStrategy;

pub(crate) fn parse(text: &str) -> Result<Rpm, &'static str> {
    Rpm::parse(text)
}

pub(crate) fn compare(left: &Rpm, right: &Rpm) -> Ordering {
    left.compare(right, EpochStrategy::Native)
}
