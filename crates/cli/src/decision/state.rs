//! What was there before, and what the artifact was built from: inputs of an evaluation that come from other
//! artifacts, or from an earlier verdict.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stopgate_model::{Artifact, Digest, Evaluation, ImageReference, ImageSource, MatchReport, MatchSeen};
use stopgate_policy::{Ancestor, BaseImage, History};

use crate::failure::Failure;

/// An artifact with its matches, evaluated with the policy in question.
pub(crate) struct Other {
    pub(crate) artifact: Artifact,
    pub(crate) matches: Option<MatchReport>,
    pub(crate) evaluation: Evaluation,
}

impl Other {
    /// Vulnerability id and package URL of each match.
    fn match_keys(&self) -> impl Iterator<Item = (String, String)> {
        let packages: BTreeMap<_, _> =
            self.artifact.packages.iter().map(|package| (package.id, package.purl.as_str())).collect();
        let matches = self.matches.iter().flat_map(|report| &report.matches);
        let keys = matches.filter_map(move |matched| {
            Some((matched.vulnerability.id.clone(), (*packages.get(&matched.package)?).to_owned()))
        });
        keys.collect::<Vec<_>>().into_iter()
    }

    /// The previous state that an artifact is: what it has was there, since when is not known.
    pub(crate) fn history(&self) -> History {
        History {
            first_seen: self.match_keys().map(|key| (key, None)).collect(),
            findings: self.evaluation.findings.iter().map(|finding| (finding.fingerprint.clone(), None)).collect(),
            ..History::default()
        }
    }

    /// The base image that an artifact is.
    pub(crate) fn base_image(&self) -> BaseImage {
        let of = |text: &String| text.clone();
        BaseImage {
            digest: self.artifact.source.image().map(|image| image.manifest_digest.clone()),
            findings: self
                .evaluation
                .findings
                .iter()
                .map(|finding| (of(&finding.gate), of(&finding.trigger), of(&finding.trigger_id)))
                .collect(),
            matches: self.match_keys().collect(),
        }
    }
}

/// The ancestor that an image is, when its layers are a proper prefix of the artifact's.
pub(crate) fn ancestor(artifact: &Artifact, base: &Artifact, given: &str) -> Result<Ancestor, Failure> {
    let image = |artifact: &Artifact, name: &str| -> Result<ImageSource, Failure> {
        let image = artifact.source.image().cloned();
        image.ok_or_else(|| Failure::new(format!("`{name}` is no image, so `--base` cannot be used with it")))
    };
    let (own, below) = (image(artifact, &artifact.source.user_input)?, image(base, given)?);
    let layers =
        |image: &ImageSource| -> Vec<Digest> { image.layers.iter().map(|layer| layer.diff_id.clone()).collect() };
    let (own, prefix) = (layers(&own), layers(&below));
    if prefix.len() >= own.len() || !own.starts_with(&prefix) {
        return Err(Failure::new(format!(
            "`{given}` is no base of `{}`: expected its {} layers to be the first of the image's {}",
            artifact.source.user_input,
            prefix.len(),
            own.len()
        ))
        .help("the image may have been built from another version of that base"));
    }
    Ok(Ancestor { digest: below.manifest_digest.clone(), tags: tags(&below), layers: prefix.len() })
}

fn tags(image: &ImageSource) -> Vec<String> {
    let named = image.tags.iter().filter_map(|tag| ImageReference::parse(tag).ok());
    let mut tags: Vec<String> = named.map(|tag| tag.full_tag()).collect();
    let own = image.reference.full_tag();
    if image.reference != ImageReference::bare() && !tags.contains(&own) {
        tags.push(own);
    }
    tags
}

/// The matches of an artifact with the time at which each was first seen. With a previous state, what that does not
/// know is new, so it is first seen now.
pub(crate) fn first_seen(
    artifact: &Artifact,
    matches: Option<&MatchReport>,
    history: Option<&History>,
    now: Timestamp,
) -> Vec<MatchSeen> {
    let packages: BTreeMap<_, _> = artifact.packages.iter().map(|package| (package.id, &package.purl)).collect();
    let all = matches.iter().flat_map(|report| &report.matches);
    let mut seen: Vec<MatchSeen> = all
        .filter_map(|matched| {
            let key = (matched.vulnerability.id.clone(), (*packages.get(&matched.package)?).clone());
            let first_seen = history.and_then(|history| match history.first_seen.get(&key) {
                Some(known) => known.map(|time| time.to_string()),
                None => Some(now.to_string()),
            });
            Some(MatchSeen { vulnerability: key.0, purl: key.1, first_seen })
        })
        .collect();
    seen.sort_by(|a, b| (&a.vulnerability, &a.purl).cmp(&(&b.vulnerability, &b.purl)));
    seen.dedup();
    seen
}
