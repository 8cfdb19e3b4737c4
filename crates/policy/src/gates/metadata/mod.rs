//! Gate `metadata`: size, platform and distribution of the image.

pub(super) mod attribute;
