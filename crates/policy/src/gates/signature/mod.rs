//! Gate `signature`: signatures of the image and of its base.

pub(super) mod verified;
