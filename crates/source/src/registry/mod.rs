//! Registries (OCI distribution-spec 1.1): pulling by tag and digest.

use stopgate_model::ImageReference;

use crate::{Image, SourceError, SourceOptions};

pub(crate) fn open(reference: &ImageReference, options: &SourceOptions) -> Result<Image, SourceError> {
    if options.offline {
        return Err(SourceError::Offline { what: reference.to_string() });
    }
    Err(SourceError::Unsupported { scheme: "registry", instead: "`oci-archive:` or `docker-archive:`" })
}
