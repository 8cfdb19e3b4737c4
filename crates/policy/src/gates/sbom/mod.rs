//! Gate `sbom`: quality of the SBOM.

pub(super) mod quality;
