//! Gate `image_source_drift`: packages of the image against those of the source trees that it was built from.
//! Deprecated: no newer engine runs it.

pub(super) mod no_related_sources;
pub(super) mod package_downgraded;
pub(super) mod package_removed;
mod sources;
