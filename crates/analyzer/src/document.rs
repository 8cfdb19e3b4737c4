//! What a document about an artifact lets us know beyond its packages: an SBOM of an image often carries the
//! image's configuration, and a Dockerfile may be given beside it.

use stopgate_inspectors::{SecretSearch, guess_dockerfile, read_image_config};
use stopgate_model::Artifact;

use crate::AnalyzeOptions;
use crate::image::given_dockerfile;

/// Completes an artifact that was read from a document: its configuration from the bytes that the document
/// has of it, its Dockerfile from `options` or guessed from the history. What is there already stays, but
/// for the Dockerfile, of which a given one counts.
pub fn complete(artifact: &mut Artifact, options: &AnalyzeOptions<'_>) {
    let mut gaps = Vec::new();
    if artifact.config.is_none()
        && let Some(image) = artifact.source.image().filter(|image| !image.config.is_empty())
    {
        let (config, found) = read_image_config(&image.config);
        // Of a configuration that is damaged what is missing would look like what is not set.
        artifact.config = found.is_empty().then_some(config);
        gaps.extend(found);
    }
    if artifact.config_secrets.is_none() && artifact.source.image().is_some() {
        let config = artifact.config.as_ref();
        artifact.config_secrets = config.map(|config| SecretSearch::new().search_config(config));
    }
    if let Some(given) = given_dockerfile(options, &mut gaps) {
        artifact.dockerfile = Some(given);
    } else if artifact.dockerfile.is_none() {
        let history = artifact.config.as_ref().and_then(|config| config.history.as_deref());
        artifact.dockerfile = history.map(guess_dockerfile);
    }
    if !gaps.is_empty() {
        artifact.gaps.append(&mut gaps);
        artifact.gaps.sort_unstable();
        artifact.gaps.dedup();
    }
}
