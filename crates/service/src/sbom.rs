//! SBOM documents of an artifact.

use stopgate_formats::{Producer, cyclonedx as cdx, spdx as spdx_format, syft_json};
use stopgate_model::Artifact;

use crate::ServiceError;

const PRODUCER: Producer<'static> = Producer { name: "stopgate", version: env!("CARGO_PKG_VERSION"), created: None };

/// As syft writes it.
pub fn native(artifact: &Artifact) -> Result<Vec<u8>, ServiceError> {
    let mut out = Vec::new();
    syft_json::write(artifact, &mut out).map_err(ServiceError::internal)?;
    Ok(out)
}

/// CycloneDX in JSON.
pub fn cyclonedx(artifact: &Artifact) -> Result<Vec<u8>, ServiceError> {
    let mut out = Vec::new();
    cdx::write(artifact, cdx::Version::default(), &PRODUCER, &mut out).map_err(ServiceError::internal)?;
    Ok(out)
}

/// SPDX 2.3 in JSON.
pub fn spdx(artifact: &Artifact) -> Result<Vec<u8>, ServiceError> {
    let mut out = Vec::new();
    spdx_format::write(artifact, &PRODUCER, &mut out).map_err(ServiceError::internal)?;
    Ok(out)
}
