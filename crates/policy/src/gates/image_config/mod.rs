//! Gate `image_config`: the image configuration (OCI image specification, `config.md`).

pub(crate) mod age;
pub(super) mod label;
pub(super) mod user;
