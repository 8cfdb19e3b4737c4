//! Base images that are known, by shared layers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::list;

list! {
    /// The known ancestors of an image.
    ImageAncestry of ImageAncestor
}

/// An image whose layers begin the layers of another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageAncestor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_digest: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// The shared layers' digests.
    #[serde(default)]
    pub layers: Vec<String>,
    /// Someone annotated it as a base image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_marked_base: Option<bool>,
    /// What `base_digest=auto` compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_base_image: Option<bool>,
}
