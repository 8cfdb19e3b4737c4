//! Gate `always`.

pub(super) mod always;
