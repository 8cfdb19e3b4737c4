//! The job that reads an image: its layers are fetched here, and read in a process of their own.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use stopgate_matcher::{MatchOptions, find_matches};
use stopgate_model::{Artifact, Engine, ImageReference, limits};
use stopgate_policy::Need;
use stopgate_source::Image as Opened;
use stopgate_store::account::{self, Account};
use stopgate_store::content::{self, ArtifactRow, NewArtifact};
use stopgate_store::image::{self, AnalysisState, Image, ImageKey};
use stopgate_store::job::{self, Job, Priority};
use stopgate_store::{AccountId, policy, tag};

use super::{identities, matches_of};
use crate::error::with_causes;
use crate::events::Happened;
use crate::sandbox::{OneJob, Scratch};
use crate::{Service, ServiceError, clock, import};

/// The kind of the job.
pub(crate) const ANALYZE: &str = "analyze";

/// What an analysis collects beside what it always does.
struct Demands {
    retrieve: Vec<String>,
    verify: bool,
}

impl Demands {
    /// Part of the key under which an artifact is kept: another demand may find more.
    fn key(&self, engine: &Engine) -> String {
        format!("{}|{}|{}|{}", engine.version, engine.semantics, self.verify, self.retrieve.join(","))
    }
}

impl Service {
    /// Does the job. A failure that will not pass by itself ends in the state `analysis_failed` with its cause.
    pub(crate) async fn analyze(&self, job: &Job) -> Result<(), ServiceError> {
        let number = |name: &str| job.body.get(name).and_then(Value::as_i64);
        let key = ImageKey(number("image").unwrap_or_default());
        let db = self.store().read();
        let Some(account) = account::get(db, job.account).await? else { return self.nothing_to_do(job).await };
        let Some(image) = image::get(db, account.id, key).await? else { return self.nothing_to_do(job).await };
        if image.analysis_state != AnalysisState::Analyzing {
            self.to(&image, AnalysisState::Analyzing, None).await?;
        }
        let image = Image { analysis_state: AnalysisState::Analyzing, ..image };
        let demands = self.demands(account.id).await?;
        let semantics = demands.key(&Engine::own());
        let force = job.body.get("force").and_then(Value::as_bool).unwrap_or(false);
        if !force && let Some(known) = content::shared_artifact(db, &image.digest, &semantics).await? {
            // The account has read the manifest with credentials of its own; what is in it was found before.
            return self.analyzed_as(job, &account, &image, known.id).await;
        }
        let pull = job.body.get("pull").and_then(Value::as_str).unwrap_or_default();
        let admin = job.body.get("admin").and_then(Value::as_bool).unwrap_or(false);
        match self.read_image(&account, &image, pull, admin, &demands).await? {
            Ok(bytes) => self.keep(job, &account, &image, bytes, ("server", AccountId::SHARED, &semantics)).await,
            Err(cause) => self.analysis_failed(job, &account, &image, &cause).await,
        }
    }

    pub(crate) async fn nothing_to_do(&self, job: &Job) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn to(
        &self,
        image: &Image,
        state: AnalysisState,
        cause: Option<&str>,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        image::set_analysis(tx.db(), image, state, cause, &self.options().host, clock::now()).await?;
        Ok(tx.commit().await?)
    }

    /// What the policies of an account read.
    async fn demands(&self, account: AccountId) -> Result<Demands, ServiceError> {
        let mut demands = Demands { retrieve: Vec::new(), verify: false };
        for row in policy::list(self.store().read(), account).await? {
            // A policy that this version cannot read decides nothing, so it demands nothing.
            let Ok(compiled) = self.compiled(&row.revision).await else { continue };
            for need in compiled.needs() {
                match need {
                    Need::RetrievedFile(path) => demands.retrieve.push(path),
                    Need::PackageDigests => demands.verify = true,
                    _ => {}
                }
            }
        }
        demands.retrieve.sort();
        demands.retrieve.dedup();
        Ok(demands)
    }

    /// Fetches the image and reads it; the analysis document, or why there is none.
    async fn read_image(
        &self,
        account: &Account,
        image: &Image,
        pull: &str,
        admin: bool,
        demands: &Demands,
    ) -> Result<Result<Vec<u8>, String>, ServiceError> {
        let reference = ImageReference::parse(pull).map_err(ServiceError::internal)?;
        let options = match self.source_options(account.id, admin, &reference, None).await {
            Ok(options) => options,
            Err(error) => return Ok(Err(error.message)),
        };
        let opened = match self.open_image(&reference, options).await {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error.message)),
        };
        if opened.manifest_digest.to_string() != image.digest {
            return Ok(Err(format!("the registry gave {} for {}", opened.manifest_digest, image.digest)));
        }
        let scratch = Scratch::new(&self.options().folder)?;
        let layout = scratch.layout();
        let fetched =
            tokio::task::spawn_blocking(move || fetch(&opened, &layout)).await.map_err(ServiceError::internal)?;
        if let Err(cause) = fetched {
            return Ok(Err(cause));
        }
        let names = tag::of_images(self.store().read(), account.id, &[image.id]).await?;
        let reference = names.first().map_or_else(|| pull.to_owned(), tag::Tag::full);
        let job = OneJob { reference, retrieve: demands.retrieve.clone(), verify: demands.verify };
        scratch.run(&self.options().program, &job).await
    }

    /// Keeps what was found in an image, in one transaction with the end of its job.
    pub(crate) async fn keep(
        &self,
        job: &Job,
        account: &Account,
        image: &Image,
        document: Vec<u8>,
        (origin, owner, semantics): (&str, AccountId, &str),
    ) -> Result<(), ServiceError> {
        let bytes = document.clone();
        let artifact = tokio::task::spawn_blocking(move || stopgate_formats::analysis::read(&bytes)).await;
        let artifact = artifact.map_err(ServiceError::internal)?.map_err(ServiceError::internal)?;
        let staged = self.store().blobs().stage(document).await?;
        let now = clock::now();
        let tx = self.store().begin().await?;
        staged.record(tx.db()).await?;
        let set = self.record_content(tx.db(), &artifact).await?;
        let source = artifact.source.image();
        let layers: Vec<String> =
            source.iter().flat_map(|image| &image.layers).map(|layer| layer.diff_id.to_string()).collect();
        let new = NewArtifact {
            account: owner,
            manifest_digest: &image.digest,
            origin,
            semantics,
            content_set: set,
            analysis_blob: staged.digest(),
            chain_id: &artifact.source.id,
            layers: &layers.join("\n"),
            distro: artifact.distro.as_ref().map_or("", |distro| &distro.id),
            distro_version: artifact.distro.as_ref().map_or("", |distro| &distro.version_id),
            architecture: source.map_or("", |image| &image.architecture),
            size: i64::try_from(source.map_or(0, |image| image.size)).unwrap_or(i64::MAX),
            gaps: i64::try_from(artifact.gaps.len()).unwrap_or(i64::MAX),
        };
        let row = content::record_artifact(tx.db(), &new, now).await?;
        self.finish(tx, job, account, image, row).await
    }

    /// Keeps the packages of an artifact and what matches them; the key of the set.
    pub(crate) async fn record_content(
        &self,
        db: stopgate_store::Db<'_>,
        artifact: &Artifact,
    ) -> Result<i64, ServiceError> {
        let all = identities(artifact);
        let set = content::record_set(db, &all).await?;
        if let Some(data) = self.data().current() {
            let report = find_matches(artifact, &data, &MatchOptions::default());
            let hashes: Vec<[u8; 32]> = all.iter().map(|identity| identity.hash).collect();
            content::record_matches(db, &hashes, &matches_of(artifact, &report), clock::now()).await?;
        }
        Ok(set)
    }

    async fn analyzed_as(&self, job: &Job, account: &Account, image: &Image, row: i64) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        self.finish(tx, job, account, image, row).await
    }

    async fn finish(
        &self,
        tx: stopgate_store::Tx,
        job: &Job,
        account: &Account,
        image: &Image,
        row: i64,
    ) -> Result<(), ServiceError> {
        let now = clock::now();
        let host = &self.options().host;
        image::set_artifact(tx.db(), image.id, row, now).await?;
        image::set_analysis(tx.db(), image, AnalysisState::Analyzed, None, host, now).await?;
        for tag in tag::of_images(tx.db(), account.id, &[image.id]).await?.iter().filter(|tag| tag.current) {
            self.evaluate_tag(tx.db(), account.id, image.id, &tag.full(), Priority::New).await?;
        }
        let message = format!("the image {} was analysed", image.digest);
        let what = Happened::new(account, "user.image.analysis.completed", ("image_digest", &image.digest), message);
        self.happened(tx.db(), what).await?;
        account::touch(tx.db(), account.id).await?;
        import::ended(tx.db(), job, "complete").await?;
        job::complete(tx.db(), job).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Ends the analysis of an image that cannot be read.
    pub(crate) async fn analysis_failed(
        &self,
        job: &Job,
        account: &Account,
        image: &Image,
        cause: &str,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        self.mark_failed(tx.db(), account, image, cause).await?;
        import::ended(tx.db(), job, "failed").await?;
        // The job was done: it is known that the image cannot be read.
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down that an image cannot be analysed, and why.
    pub(crate) async fn mark_failed(
        &self,
        db: stopgate_store::Db<'_>,
        account: &Account,
        image: &Image,
        cause: &str,
    ) -> Result<(), ServiceError> {
        let cause: String = cause.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect();
        image::set_analysis(db, image, AnalysisState::Failed, Some(&cause), &self.options().host, clock::now()).await?;
        let message = format!("the image {} could not be analysed: {cause}", image.digest);
        let what = Happened::new(account, "user.image.analysis.failed", ("image_digest", &image.digest), message)
            .details(serde_json::json!({"error": cause}));
        self.happened(db, what).await?;
        account::touch(db, account.id).await?;
        Ok(())
    }

    /// The image of a job that is over because its worker vanished too often.
    pub(crate) async fn analysis_lost(&self, job: &Job) -> Result<(), ServiceError> {
        let key = ImageKey(job.body.get("image").and_then(Value::as_i64).unwrap_or_default());
        let tx = self.store().begin().await?;
        if let Some(account) = account::get(tx.db(), job.account).await?
            && let Some(image) = image::get(tx.db(), account.id, key).await?
            && image.analysis_state != AnalysisState::Analyzed
        {
            let cause = job.error.as_deref().unwrap_or(job::WORKER_LOST);
            self.mark_failed(tx.db(), &account, &image, cause).await?;
        }
        import::ended(tx.db(), job, "failed").await?;
        Ok(tx.commit().await?)
    }

    /// An artifact with the Dockerfile that was given with its image.
    pub(crate) async fn artifact_of(&self, image: &Image, row: &ArtifactRow) -> Result<Artifact, ServiceError> {
        let known = self.artifact(&row.analysis_blob).await?;
        let mut artifact = (*known).clone();
        if let Some(dockerfile) = &image.dockerfile {
            let options = stopgate_analyzer::AnalyzeOptions {
                dockerfile: Some(stopgate_analyzer::NamedFile {
                    name: "Dockerfile".to_owned(),
                    content: dockerfile.clone().into_bytes(),
                }),
                ..stopgate_analyzer::AnalyzeOptions::default()
            };
            stopgate_analyzer::complete(&mut artifact, &options);
        }
        Ok(artifact)
    }
}

/// Writes an image as an OCI layout: layers are verified while they are written.
fn fetch(image: &Opened, layout: &Path) -> Result<(), String> {
    let blobs = layout.join("blobs").join("sha256");
    let io = |error: std::io::Error| format!("the image cannot be stored: {error}");
    std::fs::create_dir_all(&blobs).map_err(io)?;
    std::fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).map_err(io)?;
    std::fs::write(blobs.join(image.manifest_digest.hex()), &image.manifest).map_err(io)?;
    std::fs::write(blobs.join(image.config_digest.hex()), &image.config).map_err(io)?;
    let index = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [{"mediaType": image.media_type, "digest": image.manifest_digest.to_string(),
                       "size": image.manifest.len()}],
    });
    std::fs::write(layout.join("index.json"), index.to_string()).map_err(io)?;
    let mut left = limits::IMAGE_COMPRESSED_BYTES;
    for (number, layer) in image.layers.iter().enumerate() {
        let Some(digest) = &layer.digest else { return Err(format!("layer {number} has no digest")) };
        let path = blobs.join(digest.hex());
        if path.exists() {
            continue;
        }
        let stored = image.open_layer(number).map_err(|error| with_causes(&error))?;
        let mut file = std::fs::File::create(&path).map_err(io)?;
        let taken = std::io::copy(&mut stored.take(left + 1), &mut file)
            .map_err(|error| format!("layer {digest} cannot be read: {error}"))?;
        left = left.checked_sub(taken).ok_or_else(|| "the image is larger than is read".to_owned())?;
    }
    Ok(())
}
