//! What a decision is made of: the artifact, its matches, and what is known from before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stopgate_formats::check_json;
use stopgate_matcher::{MatchOptions, find_matches};
use stopgate_model::{Artifact, Engine, Evaluation, Finding, ImageReference, MatchReport, MatchSeen};
use stopgate_policy::{Ancestor, BaseImage, EvalContext, History, Policy, evaluate};
use stopgate_store::account::Account;
use stopgate_store::annotation::AnnotationRow;
use stopgate_store::content::{self, ArtifactRow};
use stopgate_store::evaluation::EvaluationRow;
use stopgate_store::image::{self, Image};
use stopgate_store::tag::{self, Tag};

use crate::annotation::statements;
use crate::error::with_causes;
use crate::image::{AncestorView, key_of};
use crate::{Service, ServiceError, clock};

/// What a decision is made of.
pub(crate) struct Ground {
    pub(crate) artifact: Artifact,
    pub(crate) tag: ImageReference,
    pub(crate) matches: Option<MatchReport>,
    /// Whether it was read from an SBOM, which does not say what else was looked for.
    pub(crate) from_sbom: bool,
    pub(crate) history: Option<History>,
    pub(crate) previous: Option<Artifact>,
    /// Images that this one was built from, the nearest first; `None` for what is no image.
    pub(crate) ancestors: Option<Vec<Ancestor>>,
    /// The image to compare with, and its matches.
    pub(crate) base: Option<(Artifact, Option<MatchReport>)>,
    pub(crate) first_seen: Vec<MatchSeen>,
    pub(crate) now: Timestamp,
}

impl Ground {
    pub(crate) fn decide(&self, policy: &Policy) -> Evaluation {
        let base = self.base.as_ref().map(|(artifact, matches)| self.base_image(policy, artifact, matches.as_ref()));
        let mut context = self.context(&self.artifact, self.matches.as_ref());
        context.from_sbom = self.from_sbom;
        context.history = self.history.as_ref();
        context.previous = self.previous.as_ref();
        context.ancestors = self.ancestors.as_deref();
        context.base = base.as_ref();
        evaluate(policy, &context)
    }

    fn context<'a>(&'a self, artifact: &'a Artifact, matches: Option<&'a MatchReport>) -> EvalContext<'a> {
        let mut context = EvalContext::new(artifact, &self.tag, self.now, Engine::own());
        context.matches = matches;
        context.from_sbom = artifact.sbom.is_some();
        context
    }

    /// The base image, decided with the same policy under the same tag.
    fn base_image(&self, policy: &Policy, artifact: &Artifact, matches: Option<&MatchReport>) -> BaseImage {
        let evaluation = evaluate(policy, &self.context(artifact, matches));
        let key = |finding: &Finding| (finding.gate.clone(), finding.trigger.clone(), finding.trigger_id.clone());
        BaseImage {
            digest: artifact.source.image().map(|image| image.manifest_digest.clone()),
            findings: evaluation.findings.iter().map(key).collect(),
            matches: match_keys(artifact, matches),
        }
    }
}

/// Vulnerability id and package URL of each match.
pub(crate) fn match_keys(artifact: &Artifact, matches: Option<&MatchReport>) -> BTreeSet<(String, String)> {
    let packages: BTreeMap<_, _> = artifact.packages.iter().map(|package| (package.id, &package.purl)).collect();
    let all = matches.into_iter().flat_map(|report| &report.matches);
    all.filter_map(|matched| Some((matched.vulnerability.id.clone(), (*packages.get(&matched.package)?).clone())))
        .collect()
}

impl Service {
    pub(super) async fn ground(
        &self,
        account: &Account,
        image: &Image,
        (row, notes): (&ArtifactRow, Vec<AnnotationRow>),
        tag: &Tag,
        before: Option<&EvaluationRow>,
    ) -> Result<Ground, ServiceError> {
        let reference = ImageReference::parse(&format!("{}@{}", tag.full(), image.digest));
        let reference = reference.map_err(ServiceError::internal)?;
        let artifact = self.artifact_of(image, row).await?;
        // What was found in the image cannot have been seen in it before it was analysed.
        let arrived = image.analyzed_at.unwrap_or_else(clock::now);
        let mut ground = self.dated_ground((artifact, notes), reference, Some((row.content_set, arrived))).await?;
        let mut history = ground.history.take().unwrap_or_default();
        if let Some(before) = before {
            let told = self.stored(before, &tag.full()).await?;
            // A past that cannot be read is not "no past": without it findings would count as new.
            let known = check_json::read_history(told.document.to_string().as_bytes());
            let known = known.map_err(|error| ServiceError::internal(with_causes(&error)))?;
            let since = |text: Option<&String>| text.and_then(|text| text.parse().ok());
            history.findings =
                known.findings.iter().map(|(id, first_seen)| (id.clone(), since(first_seen.as_ref()))).collect();
            history.evaluated_at = Some(before.checked_at);
        }
        let previous = self.before(account, tag).await?;
        Ok(Ground { history: Some(history), previous, ..ground })
    }

    /// An artifact with its matches, and since when it has them: by its content set, and not before it was there. What is
    /// not kept has no past.
    pub(crate) async fn dated_ground(
        &self,
        (artifact, notes): (Artifact, Vec<AnnotationRow>),
        tag: ImageReference,
        kept: Option<(i64, Timestamp)>,
    ) -> Result<Ground, ServiceError> {
        let now = clock::now();
        let (artifact, matches) = self.matched(artifact, notes).await?;
        let mut ground = Ground {
            from_sbom: artifact.sbom.is_some(),
            artifact,
            tag,
            matches,
            history: None,
            previous: None,
            ancestors: None,
            base: None,
            first_seen: Vec::new(),
            now,
        };
        let Some((set, arrived)) = kept else { return Ok(ground) };
        let times: BTreeMap<(Vec<u8>, String, String), Timestamp> = content::match_times(self.store().read(), set)
            .await?
            .into_iter()
            .map(|times| ((times.identity, times.namespace, times.vulnerability), times.first_seen.max(arrived)))
            .collect();
        let distro = ground.artifact.distro.as_ref();
        let packages: BTreeMap<_, _> = ground.artifact.packages.iter().map(|package| (package.id, package)).collect();
        let mut first_seen = BTreeMap::new();
        for matched in ground.matches.iter().flat_map(|report| &report.matches) {
            let Some(package) = packages.get(&matched.package) else { continue };
            let known = &matched.vulnerability;
            let place = (key_of(package, distro).to_vec(), known.namespace.clone(), known.id.clone());
            let seen = times.get(&place).copied().unwrap_or(now);
            first_seen.insert((known.id.clone(), package.purl.clone()), Some(seen));
        }
        let seen = first_seen.iter().map(|((vulnerability, purl), seen)| MatchSeen {
            vulnerability: vulnerability.clone(),
            purl: purl.clone(),
            first_seen: seen.map(|seen| seen.to_string()),
        });
        ground.first_seen = seen.collect();
        // A server knows when it looked: at the latest when it analysed the image.
        ground.history = Some(History { first_seen, evaluated_at: Some(arrived), ..History::default() });
        Ok(ground)
    }

    /// An artifact with its matches; `None` when there is no data.
    pub(crate) async fn matched(
        &self,
        artifact: Artifact,
        notes: Vec<AnnotationRow>,
    ) -> Result<(Artifact, Option<MatchReport>), ServiceError> {
        let data = self.data().current();
        let matched = tokio::task::spawn_blocking(move || {
            let options = MatchOptions { vex: statements(&notes, &artifact), ..MatchOptions::default() };
            let matches = data.map(|data| find_matches(&artifact, &data, &options));
            (artifact, matches)
        });
        matched.await.map_err(ServiceError::internal)
    }

    /// What an image is compared with; nothing when it is not known what is in that one.
    pub(crate) async fn base_ground(
        &self,
        base: &Image,
    ) -> Result<Option<(Artifact, Option<MatchReport>)>, ServiceError> {
        let ids: Vec<i64> = base.artifact.into_iter().collect();
        let rows = content::artifacts(self.store().read(), &ids).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let artifact = self.artifact_of(base, row).await?;
        Ok(Some(self.matched(artifact, Vec::new()).await?))
    }

    /// What the tag named before.
    async fn before(&self, account: &Account, tag: &Tag) -> Result<Option<Artifact>, ServiceError> {
        let db = self.store().read();
        for older in tag::before(db, account.id, tag).await? {
            let Some(image) = image::get(db, account.id, older.image).await? else { continue };
            let Some(row) = image.artifact else { continue };
            if let Some(row) = content::artifacts(db, &[row]).await?.first() {
                return Ok(Some(self.artifact_of(&image, row).await?));
            }
        }
        Ok(None)
    }
}

/// An image that another was built from, as policies see it.
pub(super) fn ancestor(view: &AncestorView) -> Option<Ancestor> {
    Some(Ancestor {
        digest: stopgate_model::Digest::parse(&view.image.digest).ok()?,
        tags: view.tags.iter().map(Tag::full).collect(),
        layers: view.layers.len(),
    })
}
