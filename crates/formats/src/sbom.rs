//! SBOMs of any format that is read: told by content, not by name.

use serde::Deserialize;
use stopgate_model::Artifact;

use crate::FormatError;
use crate::error::bounded;
use crate::syft_json;

/// The fields by which formats are told.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    artifacts: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "bomFormat")]
    bom_format: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "spdxVersion")]
    spdx_version: Option<&'a serde_json::value::RawValue>,
}

/// Tells the format of an SBOM and reads it.
pub fn detect_and_read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    const EXPECTED: &str = "an SBOM in syft-json";
    let text = bounded("SBOM", bytes)?;
    let head: Head<'_> = serde_json::from_str(text).map_err(|source| FormatError::Json { format: "SBOM", source })?;
    match head {
        Head { artifacts: Some(_), .. } => syft_json::read(bytes),
        Head { bom_format: Some(_), .. } => {
            Err(FormatError::invalid("CycloneDX", format!("it is not read yet, expected {EXPECTED}")))
        }
        Head { spdx_version: Some(_), .. } => {
            Err(FormatError::invalid("SPDX", format!("it is not read yet, expected {EXPECTED}")))
        }
        _ => Err(FormatError::Unknown { expected: EXPECTED }),
    }
}
