//! Deciding about what was analysed, and keeping what was decided.
//!
//! A decision is named by everything that it rests on. As long as that is the same and time alone cannot have changed it,
//! the stored one is told; else it is made anew, with the same functions as on the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stopgate_formats::check_json;
use stopgate_matcher::{MatchOptions, find_matches};
use stopgate_model::{
    Action, Artifact, CheckReport, Engine, Evaluation, Finding, ImageReference, MatchReport, MatchSeen, PolicyIdentity,
    Severity, Verdict,
};
use stopgate_policy::{Ancestor, BaseImage, EvalContext, History, Need, Policy, evaluate};
use stopgate_store::account::{self, Account};
use stopgate_store::annotation::AnnotationRow;
use stopgate_store::content::{self, ArtifactRow};
use stopgate_store::evaluation::{self, EvaluationRow, Subject};
use stopgate_store::image::{self, Image, ImageKey};
use stopgate_store::job::{self, Job, Lane, NewJob, Priority};
use stopgate_store::policy::PolicyRow;
use stopgate_store::tag::{self, Tag, TagSummary};
use stopgate_store::{AccountId, Db, subscription};

use crate::annotation::statements;
use crate::events::Happened;
use crate::image::{AncestorView, Base, key_of};
use crate::{Caller, Service, ServiceError, clock};

/// The kind of the job.
pub(crate) const EVALUATE: &str = "evaluate";

/// For how long a stored decision is told without being made again: rules that count days change with time.
const FRESH: Duration = Duration::from_hours(1);

/// A decision with its document.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Policy's own id.
    pub policy_id: String,
    /// The name that chose the mapping.
    pub tag: String,
    /// The document `stopgate-check/1`.
    pub document: Arc<Value>,
    /// `stop`, `warn` or `go`.
    pub final_action: String,
    /// Digest of the image that was asked to be compared with.
    pub base: Option<String>,
}

/// How to answer a question for a decision.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// The policy; `None`: the active one.
    pub policy_id: Option<String>,
    /// Decide anew and keep nothing.
    pub interactive: bool,
    /// Every decision that was kept, the newest first.
    pub history: bool,
    /// The image to compare with. Such a decision is made anew and not kept.
    pub base: Option<Base>,
}

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
    /// What is decided about an image under one of its tags: at least one decision, the newest first.
    pub async fn check(
        &self,
        caller: &Caller,
        digest: &str,
        full_tag: &str,
        options: &CheckOptions,
    ) -> Result<Vec<Decided>, ServiceError> {
        let reference = ImageReference::parse(full_tag).map_err(|error| ServiceError::invalid(error.to_string()))?;
        let (view, artifact) = self.analyzed(caller, digest).await?;
        let wanted = reference.full_tag();
        let Some(tag) = view.tags.iter().find(|tag| tag.full() == wanted) else {
            return Err(ServiceError::not_found(format!("the tag `{wanted}` is none of the image {digest}")));
        };
        let policy = self.deciding(caller.account_id(), options.policy_id.as_deref()).await?;
        let base = match &options.base {
            Some(wanted) => self.base_of(caller, digest, wanted).await?,
            None => None,
        };
        if options.interactive || options.base.is_some() {
            let compared = base.as_ref().map(|base| base.digest.clone());
            let decided = self.decide(&caller.account, &view.image, &artifact, tag, (&policy, base)).await?;
            return Ok(vec![Decided { base: compared, ..decided.told }]);
        }
        let newest = self.decided(&caller.account, &view.image, &artifact, tag, &policy).await?;
        if !options.history {
            return Ok(vec![newest]);
        }
        let subject = Subject { kind: "image", id: view.image.id.0, tag: &wanted };
        let rows =
            evaluation::history(self.store().read(), caller.account_id(), subject, &policy.policy_id, 100).await?;
        let mut all = Vec::new();
        for row in rows {
            all.push(self.stored(&row, &wanted).await?);
        }
        Ok(all)
    }

    pub(crate) async fn stored(&self, row: &EvaluationRow, tag: &str) -> Result<Decided, ServiceError> {
        let bytes = self.store().blobs().read(self.store().read(), &row.document).await?;
        let json = zstd::decode_all(bytes.as_slice()).map_err(ServiceError::internal)?;
        let document: Value = serde_json::from_slice(&json).map_err(ServiceError::internal)?;
        Ok(Decided {
            policy_id: row.policy_id.clone(),
            tag: tag.to_owned(),
            document: Arc::new(document),
            final_action: row.final_action.clone(),
            base: None,
        })
    }

    /// The stored decision when it still holds, else a new one.
    async fn decided(
        &self,
        account: &Account,
        image: &Image,
        artifact: &ArtifactRow,
        tag: &Tag,
        policy: &PolicyRow,
    ) -> Result<Decided, ServiceError> {
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let known = evaluation::latest(self.store().read(), account.id, subject, &policy.policy_id).await?;
        if let Some(known) = known
            && known.cache_key == self.cache_key(image, artifact, policy, &self.notes(image).await?)
            && known.due_at.is_none_or(|due| due > clock::now())
        {
            return self.stored(&known, &full).await;
        }
        let made = self.decide(account, image, artifact, tag, (policy, None)).await?;
        let tx = self.store().begin().await?;
        self.keep_decision(tx.db(), account, image, tag, &made).await?;
        tx.commit().await?;
        Ok(made.told)
    }

    fn cache_key(&self, image: &Image, artifact: &ArtifactRow, policy: &PolicyRow, notes: &[AnnotationRow]) -> String {
        let dockerfile = image.dockerfile.as_deref().unwrap_or_default();
        self.grounds_key(&policy.revision, &artifact.analysis_blob, dockerfile, notes)
    }

    /// A digest of everything that a decision rests on beside the time.
    pub(crate) fn grounds_key(
        &self,
        revision: &str,
        analysis: &str,
        dockerfile: &str,
        notes: &[AnnotationRow],
    ) -> String {
        let data = self.data().current().map(|data| data.identity().digest.to_string()).unwrap_or_default();
        let engine = Engine::own();
        let mut hasher = Sha256::new();
        for part in [revision, analysis, dockerfile, &data, &engine.version, &engine.semantics] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        for note in notes {
            hasher.update(format!("{} {}\n", note.uuid, note.version));
        }
        hex::encode(hasher.finalize())
    }

    /// Decides anew.
    async fn decide(
        &self,
        account: &Account,
        image: &Image,
        artifact: &ArtifactRow,
        tag: &Tag,
        (policy, base): (&PolicyRow, Option<Image>),
    ) -> Result<Made, ServiceError> {
        let compiled = self.compiled(&policy.revision).await?;
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let before = evaluation::latest(self.store().read(), account.id, subject, &policy.policy_id).await?;
        let notes = self.notes(image).await?;
        let cache_key = self.cache_key(image, artifact, policy, &notes);
        let grounds = self.ground(account, image, (artifact, notes), tag, before.as_ref());
        let mut ground = Box::pin(grounds).await?;
        let ancestors = self.ancestors_of(account.id, &image.digest, artifact).await?;
        // A rule that asks what comes from the base image gets an answer also when nobody named one.
        let nearest = || ancestors.first().map(|nearest| nearest.image.clone());
        let base = if compiled.needs().contains(&Need::Base) { base.or_else(nearest) } else { base };
        if let Some(base) = &base {
            ground.base = self.base_ground(base).await?;
        }
        ground.ancestors = Some(ancestors.iter().filter_map(ancestor).collect());
        let row = policy.clone();
        let made = tokio::task::spawn_blocking(move || Made::new(&ground, &compiled, &row, cache_key)).await;
        let made = made.map_err(ServiceError::internal)??;
        Ok(Made { before, ..made })
    }

    async fn ground(
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
            if let Ok(known) = check_json::read_history(told.document.to_string().as_bytes()) {
                let since = |text: Option<&String>| text.and_then(|text| text.parse().ok());
                history.findings =
                    known.findings.iter().map(|(id, first_seen)| (id.clone(), since(first_seen.as_ref()))).collect();
            }
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

    /// Keeps a decision: as a new row when its outcome is another than before, with the events that follow from that.
    async fn keep_decision(
        &self,
        db: Db<'_>,
        account: &Account,
        image: &Image,
        tag: &Tag,
        made: &Made,
    ) -> Result<(), ServiceError> {
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let document = self.store().blobs().stage(made.document.clone()).await?;
        document.record(db).await?;
        let row = EvaluationRow { document: document.digest().to_owned(), ..made.row.clone() };
        let same = made.before.as_ref().filter(|before| before.outcome == row.outcome);
        let id = match same {
            Some(before) => {
                evaluation::confirm(db, before.id, &row).await?;
                before.id
            }
            None => evaluation::create(db, account.id, subject, &row).await?,
        };
        let active = stopgate_store::policy::active(db, account.id).await?;
        if active.is_none_or(|active| active.policy_id != row.policy_id) {
            return Ok(());
        }
        tag::set_summary(db, tag.id, &TagSummary { evaluation: id, ..made.summary.clone() }, row.checked_at).await?;
        let [violations, ..] = made.summary.findings;
        self.alert(db, account, (image, tag), (id, &row), violations).await?;
        let Some(before) = made.before.as_ref().filter(|_| same.is_none()) else { return Ok(()) };
        if before.final_action != row.final_action {
            self.tell_subscribers(
                db,
                account,
                &full,
                "policy_eval",
                "user.checks.tag.policy_evaluation.update",
                json!({
                    "policy_id": row.policy_id, "image_digest": image.digest,
                    "current": {"final_action": row.final_action, "status": status(&row.final_action)},
                    "previous": {"final_action": before.final_action, "status": status(&before.final_action)},
                }),
                format!("the verdict on `{full}` changed from {} to {}", before.final_action, row.final_action),
            )
            .await?;
        }
        if before.build != row.build {
            let message = format!("the vulnerabilities of `{full}` changed with new data");
            let details = json!({"image_digest": image.digest, "build": row.build});
            self.tell_subscribers(
                db,
                account,
                &full,
                "vuln_update",
                "user.checks.tag.vulnerabilities.update",
                details,
                message,
            )
            .await?;
        }
        Ok(())
    }

    /// Writes an event down for a tag whose subscription of this kind is active.
    #[expect(clippy::too_many_arguments, reason = "an event has that many parts")]
    async fn tell_subscribers(
        &self,
        db: Db<'_>,
        account: &Account,
        full: &str,
        topic: &str,
        kind: &str,
        details: Value,
        message: String,
    ) -> Result<(), ServiceError> {
        let wanted = subscription::list(db, account.id, Some(full), Some(topic)).await?;
        if wanted.iter().any(|subscription| subscription.active) {
            let what = Happened::new(account, kind, ("image_tag", full), message).details(details);
            self.happened(db, what).await?;
        }
        Ok(())
    }

    /// Asks for a decision about an image under a tag.
    pub(crate) async fn evaluate_tag(
        &self,
        db: Db<'_>,
        account: AccountId,
        image: ImageKey,
        full: &str,
        priority: Priority,
    ) -> Result<(), ServiceError> {
        let new = NewJob {
            kind: EVALUATE,
            account,
            dedupe_key: format!("{}:{full}", image.0),
            lane: Lane::Evaluate,
            priority,
            max_attempts: 5,
            body: json!({"image": image.0, "tag": full}),
            delay: Duration::ZERO,
        };
        Ok(job::enqueue(db, &new).await?)
    }

    /// Asks for decisions about everything that an account has now.
    pub(crate) async fn evaluate_all(&self, db: Db<'_>, account: AccountId) -> Result<(), ServiceError> {
        const AT_ONCE: u64 = 1_000;
        let mut offset = 0;
        loop {
            let filter =
                tag::TagFilter { analysis_states: &["analyzed"], states: &["active"], ..tag::TagFilter::default() };
            let rows = tag::rows(db, account, &filter, (tag::TagOrder::Created, false), AT_ONCE, offset).await?;
            for row in &rows {
                self.evaluate_tag(db, account, row.tag.image, &row.tag.full(), Priority::Changed).await?;
            }
            if (rows.len() as u64) < AT_ONCE {
                return Ok(());
            }
            offset += AT_ONCE;
        }
    }

    /// Does a job of deciding under the active policy.
    pub(crate) async fn evaluate_job(&self, job: &Job) -> Result<(), ServiceError> {
        let key = ImageKey(job.body.get("image").and_then(Value::as_i64).unwrap_or_default());
        let full = job.body.get("tag").and_then(Value::as_str).unwrap_or_default();
        let db = self.store().read();
        let made = self.made_for(db, job.account, key, full).await?;
        let tx = self.store().begin().await?;
        if let Some((account, image, tag, made)) = &made {
            self.keep_decision(tx.db(), account, image, tag, made).await?;
            account::touch(tx.db(), account.id).await?;
        }
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    async fn made_for(
        &self,
        db: Db<'_>,
        account: AccountId,
        key: ImageKey,
        full: &str,
    ) -> Result<Option<(Account, Image, Tag, Made)>, ServiceError> {
        let Some(account) = account::get(db, account).await? else { return Ok(None) };
        let Some(image) = image::get(db, account.id, key).await? else { return Ok(None) };
        let Some(row) = image.artifact else { return Ok(None) };
        let rows = content::artifacts(db, &[row]).await?;
        let tags = tag::of_images(db, account.id, &[key]).await?;
        let tag = tags.into_iter().find(|tag| tag.full() == full);
        let policy = stopgate_store::policy::active(db, account.id).await?;
        let (Some(row), Some(tag), Some(policy)) = (rows.first(), tag, policy) else { return Ok(None) };
        let made = self.decide(&account, &image, row, &tag, (&policy, None)).await?;
        Ok(Some((account, image, tag, made)))
    }

    /// Matches sets of packages again with new data, and asks for decisions about the images whose matches changed.
    pub(crate) async fn rematch(&self, job: &Job) -> Result<(), ServiceError> {
        let sets: Vec<i64> =
            job.body.get("sets").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
        let documents = content::documents_of_sets(self.store().read(), &sets).await?;
        let tx = self.store().begin().await?;
        let mut changed = Vec::new();
        for (set, blob) in documents {
            let before = content::match_times(tx.db(), set).await?;
            let artifact = self.artifact(&blob).await?;
            self.record_content(tx.db(), &artifact).await?;
            let after = content::match_times(tx.db(), set).await?;
            let ids = |times: &[content::MatchTimes]| -> BTreeSet<_> {
                times.iter().map(|t| (t.identity.clone(), t.namespace.clone(), t.vulnerability.clone())).collect()
            };
            if ids(&before) != ids(&after) {
                changed.push(set);
            }
        }
        for tag in tag::of_sets(tx.db(), &changed).await? {
            self.evaluate_tag(tx.db(), tag.account, tag.image, &tag.full(), Priority::Changed).await?;
        }
        job::complete(tx.db(), job).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}

/// `pass` or `fail`.
fn status(final_action: &str) -> &'static str {
    if final_action == "stop" { "fail" } else { "pass" }
}

/// An image that another was built from, as policies see it.
fn ancestor(view: &AncestorView) -> Option<Ancestor> {
    Some(Ancestor {
        digest: stopgate_model::Digest::parse(&view.image.digest).ok()?,
        tags: view.tags.iter().map(Tag::full).collect(),
        layers: view.layers.len(),
    })
}

/// A decision that was just made.
pub(crate) struct Made {
    pub(crate) told: Decided,
    pub(crate) row: EvaluationRow,
    summary: TagSummary,
    pub(crate) document: Vec<u8>,
    before: Option<EvaluationRow>,
}

impl Made {
    pub(crate) fn new(
        ground: &Ground,
        policy: &Policy,
        row: &PolicyRow,
        cache_key: String,
    ) -> Result<Self, ServiceError> {
        let evaluation = ground.decide(policy);
        let verdict = Verdict::of(&evaluation);
        let mut gaps = ground.artifact.gaps.clone();
        gaps.extend(ground.matches.iter().flat_map(|report| report.gaps.iter().cloned()));
        gaps.sort();
        gaps.dedup();
        let identity = PolicyIdentity {
            id: policy.id.clone(),
            name: policy.name.clone(),
            digest: policy.digest().clone(),
            origin: row.source.clone(),
        };
        let decision = verdict.decision.name().to_owned();
        let policy_json = policy.to_json();
        let report = CheckReport {
            verdict,
            artifact: &ground.artifact,
            policy: &identity,
            policy_json: &policy_json,
            data: ground.matches.as_ref().map(|report| &report.data),
            evaluation: &evaluation,
            gaps: &gaps,
            plan: None,
            first_seen: ground.matches.as_ref().map(|_| ground.first_seen.as_slice()),
        };
        let mut json = Vec::new();
        check_json::write(&report, &mut json).map_err(ServiceError::internal)?;
        let document: Value = serde_json::from_slice(&json).map_err(ServiceError::internal)?;
        let final_action = document.pointer("/evaluation/final_action").and_then(Value::as_str).unwrap_or("stop");
        let row = EvaluationRow {
            id: 0,
            policy_id: row.policy_id.clone(),
            revision: row.revision.clone(),
            cache_key,
            build: ground.matches.as_ref().map(|report| report.data.digest.to_string()).unwrap_or_default(),
            decision: decision.clone(),
            final_action: final_action.to_owned(),
            outcome: outcome(&evaluation, &decision, final_action),
            findings: i64::try_from(evaluation.findings.len()).unwrap_or(i64::MAX),
            document: String::new(),
            evaluated_at: ground.now,
            checked_at: ground.now,
            due_at: Some(ground.now + FRESH),
        };
        Ok(Self {
            told: Decided {
                policy_id: row.policy_id.clone(),
                tag: ground.tag.full_tag(),
                final_action: row.final_action.clone(),
                document: Arc::new(document),
                base: None,
            },
            summary: summary(ground, &evaluation, &decision),
            row,
            document: zstd::encode_all(json.as_slice(), 3).map_err(ServiceError::internal)?,
            before: None,
        })
    }
}

/// A digest of what was decided: equal for equal verdicts with equal findings.
fn outcome(evaluation: &Evaluation, decision: &str, final_action: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{decision}\n{final_action}\n"));
    let mut lines: Vec<String> = evaluation
        .findings
        .iter()
        .map(|finding| {
            let allowed = finding.allowlist.is_some() || finding.exception.is_some();
            format!("{}|{}|{}|{}", finding.rule_id, finding.trigger_id, finding.action.name(), allowed)
        })
        .chain(evaluation.problems.iter().map(|problem| format!("problem|{}", problem.details)))
        .collect();
    lines.sort();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}

fn summary(ground: &Ground, evaluation: &Evaluation, decision: &str) -> TagSummary {
    let count = |action: Action| evaluation.findings.iter().filter(|finding| finding.action == action).count();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let matches: Vec<_> = ground.matches.iter().flat_map(|report| &report.matches).collect();
    let of = |wanted: &[Severity]| {
        number(matches.iter().filter(|matched| wanted.contains(&matched.vulnerability.severity)).count())
    };
    TagSummary {
        verdict: decision.to_owned(),
        findings: [number(count(Action::Stop)), number(count(Action::Warn)), number(count(Action::Go))],
        severities: [
            of(&[Severity::Critical]),
            of(&[Severity::High]),
            of(&[Severity::Medium]),
            of(&[Severity::Low]),
            of(&[Severity::Negligible, Severity::Unknown]),
        ],
        kev: number(matches.iter().filter(|matched| !matched.vulnerability.kev.is_empty()).count()),
        fixable: number(matches.iter().filter(|matched| !matched.fix.versions.is_empty()).count()),
        evaluation: 0,
    }
}
