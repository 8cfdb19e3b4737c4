//! The gates: one folder each, one file per trigger, one line here.

mod always;

use crate::trigger::{AnyTrigger, OfImage};

/// The registry.
pub(crate) static TRIGGERS: &[&dyn AnyTrigger] = &[
    &OfImage(always::always::Always),
];
