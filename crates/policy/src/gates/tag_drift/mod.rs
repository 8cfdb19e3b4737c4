//! Gate `tag_drift`: packages against those of the image that the tag named before.

mod drift;
pub(super) mod packages_added;
pub(super) mod packages_modified;
pub(super) mod packages_removed;
