//! Gate `ancestry`: the images that an image was built from.

pub(super) mod no_ancestors_analyzed;
