//! Deciding about an SBOM that is sent with the question, of which nothing is kept.

use std::sync::Arc;

use serde_json::Value;
use stopgate_analyzer::AnalyzeOptions;
use stopgate_model::{Artifact, ImageReference};

use crate::error::with_causes;
use crate::evaluation::{Decided, Made};
use crate::import::{FoundElsewhere, KeptElsewhere, hits_of, retrieved_of};
use crate::vulnerability::Vulnerable;
use crate::{Caller, Service, ServiceError};

/// What is sent beside an SBOM: lists of findings as the published API has them.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Hits of the search for secrets.
    pub secrets: Option<Value>,
    /// Hits of the search for what a site looks for.
    pub content: Option<Value>,
    /// Kept files.
    pub files: Option<Value>,
}

fn list<T: serde::de::DeserializeOwned>(name: &str, value: Option<Value>) -> Result<Option<Vec<T>>, ServiceError> {
    let read = |value| {
        serde_json::from_value(value)
            .map_err(|error| ServiceError::invalid(format!("`{name}`: not what is expected: {error}")))
    };
    value.map(read).transpose()
}

impl Service {
    /// The artifact that an SBOM describes.
    pub async fn read_sbom(&self, sbom: Vec<u8>) -> Result<Artifact, ServiceError> {
        let read = tokio::task::spawn_blocking(move || {
            let read = stopgate_formats::sbom::detect_and_read(&sbom);
            let mut artifact = read
                .map_err(|error| ServiceError::invalid(format!("the SBOM cannot be read: {}", with_causes(&error))))?;
            stopgate_analyzer::complete(&mut artifact, &AnalyzeOptions::default());
            Ok(artifact)
        });
        read.await.map_err(ServiceError::internal)?
    }

    /// Vulnerabilities of an artifact that is not kept.
    pub async fn scan(&self, artifact: Artifact) -> Result<Vec<Vulnerable>, ServiceError> {
        let found = self.vulnerable(&Arc::new(artifact)).await?;
        let new = |(matched, package)| Vulnerable { matched, package, detected_at: None, fix_observed_at: None };
        Ok(found.into_iter().map(new).collect())
    }

    /// What is decided about an artifact that is not kept.
    pub async fn check_scan(
        &self,
        caller: &Caller,
        mut artifact: Artifact,
        beside: Beside,
        (full_tag, policy_id): (&str, Option<&str>),
    ) -> Result<Decided, ServiceError> {
        let name = ImageReference::parse(full_tag).map_err(|error| ServiceError::invalid(format!("`tag`: {error}")))?;
        if let Some(found) = list::<FoundElsewhere>("secret_scan", beside.secrets)? {
            artifact.secrets = Some(hits_of(found));
        }
        if let Some(found) = list::<FoundElsewhere>("content_search", beside.content)? {
            artifact.content = Some(hits_of(found));
        }
        if let Some(found) = list::<KeptElsewhere>("retrieved_files", beside.files)? {
            artifact.retrieved = Some(retrieved_of(found)?);
        }
        let policy = self.deciding(caller.account_id(), policy_id).await?;
        let compiled = self.compiled(&policy.revision).await?;
        let ground = self.dated_ground((artifact, Vec::new()), name, None).await?;
        let made = tokio::task::spawn_blocking(move || Made::new(&ground, &compiled, &policy, String::new())).await;
        Ok(made.map_err(ServiceError::internal)??.told)
    }
}
