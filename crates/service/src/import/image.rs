//! The last step of an import: parts become an image, and a job reads them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stopgate_model::ImageReference;
use stopgate_store::content;
use stopgate_store::image::{self, AnalysisState, Image, NewImage};
use stopgate_store::import::{self, Operation};
use stopgate_store::job::{self, Job, Lane, NewJob, Priority};
use stopgate_store::{Db, account, tag};

use super::{IMPORT, Part, Subject, build, ended, still_open};
use crate::events::Happened;
use crate::image::{ANALYZE, ImageView, annotated, subscribe};
use crate::{Caller, Service, ServiceError, clock, sha256_hex};

/// How often an import is tried.
const TRIES: i64 = 3;
/// How many tags an import may name.
const TAGS: usize = 100;

/// Which parts make an image.
#[derive(Debug, Clone)]
pub struct ImportedImage {
    /// The operation that has the parts.
    pub operation: String,
    /// Digest of the manifest.
    pub digest: String,
    /// Digest of the index that it was chosen from.
    pub parent_digest: Option<String>,
    /// `registry/repository:tag`, at least one.
    pub tags: Vec<String>,
    /// Digests of the parts. Packages, manifest and configuration must be among them.
    pub contents: BTreeMap<Part, String>,
    /// What its user writes to it.
    pub annotations: Map<String, Value>,
    /// Replace what is known of it.
    pub force: bool,
    /// Watch the tags for new images.
    pub auto_subscribe: bool,
}

impl Service {
    /// Makes an image of parts. What is in it is found out by a job; an image that is known already keeps what was
    /// found in it unless that is forced, and gets the tags.
    pub async fn import_image(&self, caller: &Caller, wanted: &ImportedImage) -> Result<ImageView, ServiceError> {
        let names = names(&wanted.tags)?;
        let (account, now) = (caller.account_id(), clock::now());
        let operation = self.import(caller, Subject::Image, &wanted.operation).await?;
        still_open(&operation, now)?;
        let found = self.found_parts(&operation, &wanted.contents).await?;
        let (config, manifest) =
            (self.text(&found, Part::ImageConfig).await?, self.text(&found, Part::Manifest).await?);
        let dockerfile = self.text(&found, Part::Dockerfile).await?;
        let image_id = image_id(manifest.as_deref(), config.as_deref());
        let tx = self.store().begin().await?;
        let known = image::find(tx.db(), account, &wanted.digest).await?;
        let again = known.as_ref().is_none_or(|known| wanted.force || known.analysis_state == AnalysisState::Failed);
        let annotations = annotated(known.as_ref(), &wanted.annotations);
        let new = NewImage {
            digest: &wanted.digest,
            parent_digest: match &known {
                Some(known) if !again => &known.parent_digest,
                _ => wanted.parent_digest.as_deref().unwrap_or(&wanted.digest),
            },
            image_id: &image_id,
            annotations: &annotations,
            requester: &caller.user.name,
            imported_by: match &known {
                Some(known) if !again => known.imported_by.as_deref(),
                _ => Some(&caller.user.name),
            },
            dockerfile: dockerfile.as_deref().filter(|_| again),
            manifest: manifest.as_deref().filter(|_| again),
        };
        let key = match &known {
            Some(known) => {
                image::update(tx.db(), known.id, &new, now).await?;
                if again {
                    self.replace(tx.db(), caller, known).await?;
                }
                known.id
            }
            None => image::create(tx.db(), account, &new, now).await?,
        };
        let mut moved = Vec::new();
        for name in &names {
            let tag = name.tag.clone().unwrap_or_default();
            let parts = (name.registry.as_str(), name.repository.as_str(), tag.as_str());
            if tag::assign(tx.db(), account, parts, key, now, now).await? {
                moved.push(name.full_tag());
            }
            subscribe(tx.db(), account, &name.full_tag(), wanted.auto_subscribe, now).await?;
        }
        let contents: Map<String, Value> =
            found.iter().map(|(part, digest)| (part.name().to_owned(), digest.as_str().into())).collect();
        let submitted = json!({"digest": wanted.digest, "tags": wanted.tags, "contents": contents});
        let state = if again { "queued" } else { "complete" };
        if !import::submit(tx.db(), operation.id, state, &submitted, now).await? {
            return Err(ServiceError::conflict(format!(
                "the import operation {} was submitted before",
                operation.uuid
            )));
        }
        if again {
            let job = NewJob {
                kind: IMPORT,
                account,
                dedupe_key: operation.uuid.clone(),
                lane: Lane::Analyze,
                priority: Priority::New,
                max_attempts: TRIES,
                body: json!({"operation": operation.id, "image": key.0}),
                delay: std::time::Duration::ZERO,
            };
            job::enqueue(tx.db(), &job).await?;
        } else {
            for full in &moved {
                self.evaluate_tag(tx.db(), account, key, full, Priority::New).await?;
            }
        }
        account::touch(tx.db(), account).await?;
        tx.commit().await?;
        self.wake();
        self.image(caller, &wanted.digest).await
    }

    /// Prepares a known image for what is imported instead. That something else than this server's own reading decides
    /// from now on is written down.
    async fn replace(&self, db: Db<'_>, caller: &Caller, known: &Image) -> Result<(), ServiceError> {
        let ids: Vec<i64> = known.artifact.into_iter().collect();
        let of_server = content::artifacts(db, &ids).await?.iter().any(|artifact| artifact.origin == "server");
        // An analysis that still waits would replace what is imported.
        job::cancel(db, caller.account_id(), ANALYZE, &known.id.0.to_string()).await?;
        image::set_analysis(db, known, AnalysisState::NotAnalyzed, None, &self.options().host, clock::now()).await?;
        if of_server {
            let message = format!(
                "the analysis of the image {} by this server is replaced by one that {} imported",
                known.digest, caller.user.name
            );
            let what = Happened::new(
                &caller.account,
                "user.image.analysis.replaced",
                ("image_digest", &known.digest),
                message,
            )
            .details(json!({"imported_by": caller.user.name}))
            .request(&caller.request_id);
            self.happened(db, what).await?;
        }
        Ok(())
    }

    /// The parts that were named, all of which must have been sent.
    async fn found_parts(
        &self,
        operation: &Operation,
        named: &BTreeMap<Part, String>,
    ) -> Result<BTreeMap<Part, String>, ServiceError> {
        let mut missing = Vec::new();
        for (part, digest) in named {
            let mut sent = import::parts(self.store().read(), operation.id, part.name()).await?;
            if *part == Part::Packages {
                // COMPAT: clients that send one SBOM for everything name it so.
                sent.extend(import::parts(self.store().read(), operation.id, Part::Sbom.name()).await?);
            }
            if !sent.iter().any(|(known, ..)| known == digest) {
                let shown: String = digest.chars().take(100).collect();
                missing.push(format!("`{}` {shown}", part.name()));
            }
        }
        if missing.is_empty() {
            return Ok(named.clone());
        }
        let told = missing.join(", ");
        Err(ServiceError::invalid(format!("parts are named that were not sent to this operation: {told}")))
    }

    async fn text(&self, parts: &BTreeMap<Part, String>, part: Part) -> Result<Option<String>, ServiceError> {
        let Some(digest) = parts.get(&part) else { return Ok(None) };
        let bytes = self.store().blobs().read(self.store().read(), digest).await?;
        // Every part that is asked for here was found to be text when it was sent.
        String::from_utf8(bytes).map(Some).map_err(ServiceError::internal)
    }

    /// Does the job: reads the parts of an operation as the content of its image.
    pub(crate) async fn import_job(&self, job: &Job) -> Result<(), ServiceError> {
        let number = |name: &str| job.body.get(name).and_then(Value::as_i64).unwrap_or_default();
        let db = self.store().read();
        let Some(account) = account::get(db, job.account).await? else { return self.nothing_to_do(job).await };
        let operation = import::get(db, account.id, number("operation")).await?;
        let image = image::get(db, account.id, image::ImageKey(number("image"))).await?;
        let (Some(operation), Some(image)) = (operation, image) else {
            // The image was deleted in between.
            let tx = self.store().begin().await?;
            ended(tx.db(), job, "failed").await?;
            job::complete(tx.db(), job).await?;
            return Ok(tx.commit().await?);
        };
        let tx = self.store().begin().await?;
        import::set_state(tx.db(), operation.id, "processing", clock::now()).await?;
        tx.commit().await?;
        if image.analysis_state != AnalysisState::Analyzing {
            self.to(&image, AnalysisState::Analyzing, None).await?;
        }
        let image = Image { analysis_state: AnalysisState::Analyzing, ..image };
        let parts = self.read_parts(&operation, &image).await?;
        let built = tokio::task::spawn_blocking(move || build::document(&parts)).await;
        match built.map_err(ServiceError::internal)? {
            Ok(document) => {
                let semantics = build::semantics();
                self.keep(job, &account, &image, document, ("import", account.id, &semantics)).await
            }
            Err(cause) => self.analysis_failed(job, &account, &image, &cause).await,
        }
    }

    async fn read_parts(&self, operation: &Operation, image: &Image) -> Result<build::Parts, ServiceError> {
        let submitted = operation.submitted.as_ref();
        let contents = submitted.and_then(|submitted| submitted.get("contents"));
        let mut parts = build::Parts { digest: image.digest.clone(), ..build::Parts::default() };
        let tags = submitted.and_then(|submitted| submitted.get("tags")).and_then(Value::as_array);
        parts.tags = tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        for part in [
            Part::Packages,
            Part::Manifest,
            Part::ImageConfig,
            Part::SecretSearches,
            Part::ContentSearches,
            Part::FileContents,
            Part::Analysis,
        ] {
            let digest = contents.and_then(|contents| contents.get(part.name())).and_then(Value::as_str);
            if let Some(digest) = digest {
                let bytes = self.store().blobs().read(self.store().read(), digest).await?;
                parts.contents.insert(part, bytes);
            }
        }
        Ok(parts)
    }
}

/// Reads tags, of which there must be one.
fn names(tags: &[String]) -> Result<Vec<ImageReference>, ServiceError> {
    if tags.is_empty() || tags.len() > TAGS {
        return Err(ServiceError::invalid("`tags`: expected the names of the image, at least one"));
    }
    let parse = |text: &String| {
        let name = ImageReference::parse(text).map_err(|error| ServiceError::invalid(format!("`tags`: {error}")))?;
        if name.tag.is_none() || name.digest.is_some() {
            let message = format!("`tags`: `{text}` is no tag: expected `REGISTRY/REPOSITORY:TAG`");
            return Err(ServiceError::invalid(message));
        }
        Ok(name)
    };
    tags.iter().map(parse).collect()
}

/// Digest of the configuration: as the manifest names it, since a client may send the configuration in other bytes.
fn image_id(manifest: Option<&str>, config: Option<&str>) -> String {
    let manifest: Option<Value> = manifest.and_then(|text| serde_json::from_str(text).ok());
    let named = manifest.as_ref().and_then(|manifest| manifest.pointer("/config/digest")).and_then(Value::as_str);
    match named.and_then(|digest| stopgate_model::Digest::parse(digest).ok()) {
        Some(digest) => digest.hex().to_owned(),
        None => sha256_hex(config.unwrap_or_default().as_bytes()),
    }
}
