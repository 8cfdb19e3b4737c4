//! Gate `ancestry`: the images that an image was built from. The base is the nearest ancestor.

pub(super) mod allowed_base_image_digest;
pub(super) mod allowed_base_image_tag;
mod base;
pub(super) mod denylist_ancestor_image_digest;
pub(super) mod denylist_ancestor_image_tag;
pub(super) mod no_ancestors_analyzed;
mod tags;
