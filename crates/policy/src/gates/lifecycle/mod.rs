//! Gate `lifecycle`: support periods of distributions and runtimes.

pub(super) mod eol;
