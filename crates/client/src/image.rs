//! Images: submission, record, evaluation, vulnerabilities, content, documents.

use bytes::Bytes;
use serde_json::Value;
use stopgate_api_types::ancestor::ImageAncestry;
use stopgate_api_types::content::{
    ContentFilesResponse, ContentJavaPackageResponse, ContentMalwareResponse, ContentPackageResponse, MetadataResponse,
};
use stopgate_api_types::evaluation::PolicyEvaluation;
use stopgate_api_types::image::{
    AnchoreImage, AnchoreImageList, DeleteImageResponse, DeleteImageResponseList, ImageAnalysisRequest,
};
use stopgate_api_types::search::{FileContentSearchList, RetrievedFileList};
use stopgate_api_types::vulnerability::ImagePackageVulnerabilityResponse;

use crate::call::Call;
use crate::{Client, ClientError, Reply};

/// How to submit an image.
#[derive(Debug, Clone, Copy, Default)]
pub struct AddOptions {
    /// Analyse again although an analysis is there.
    pub force: bool,
    /// Watch the tag for new images.
    pub auto_subscribe: bool,
}

/// Which images to list.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// The image's id (digest of its configuration), hexadecimal.
    pub image_id: Option<String>,
    /// A tag with registry and repository.
    pub full_tag: Option<String>,
    /// `all`, `active` or `deleting`.
    pub image_status: Option<String>,
    /// `not_analyzed`, `analyzing`, `analyzed` or `analysis_failed`.
    pub analysis_status: Option<String>,
    /// Also images that no tag points at any more.
    pub history: bool,
}

/// How to evaluate.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// The tag under which the image is evaluated, with registry and repository.
    pub tag: String,
    /// A stored policy; `None`: the active one.
    pub policy_id: Option<String>,
    /// Whether findings and policy are wanted.
    pub detail: bool,
    /// Whether earlier evaluations are wanted too.
    pub history: bool,
    /// Digest of the base image to compare with, or `auto`.
    pub base_digest: Option<String>,
}

/// Which vulnerabilities.
#[derive(Debug, Clone, Default)]
pub struct VulnerabilityOptions {
    /// Match again although a result is stored.
    pub force_refresh: bool,
    /// Only what the vendor of the distribution says it affects; `None`: the server's default.
    pub vendor_only: Option<bool>,
    /// With descriptions.
    pub include_description: bool,
}

impl Client {
    /// Submits an image: by tag, digest, import or archive.
    pub fn image_add(
        &self,
        request: &ImageAnalysisRequest,
        options: AddOptions,
    ) -> Result<Reply<AnchoreImage>, ClientError> {
        self.images_post(options).json(request).reply()
    }

    pub(crate) fn images_post(&self, options: AddOptions) -> Call<'_> {
        self.post(&["images"]).flag("force", options.force).flag("auto_subscribe", options.auto_subscribe)
    }

    /// Lists images.
    pub fn image_list(&self, filter: &ImageFilter) -> Result<Reply<AnchoreImageList>, ClientError> {
        self.get(&["images"])
            .query("image_id", filter.image_id.as_deref())
            .query("full_tag", filter.full_tag.as_deref())
            .query("image_status", filter.image_status.as_deref())
            .query("analysis_status", filter.analysis_status.as_deref())
            .flag("history", filter.history)
            .reply()
    }

    /// One image by its digest.
    pub fn image_get(&self, digest: &str) -> Result<Reply<AnchoreImage>, ClientError> {
        self.get(&["images", digest]).reply()
    }

    /// Deletes one image; `force` also when it is in use.
    pub fn image_delete(&self, digest: &str, force: bool) -> Result<Reply<DeleteImageResponse>, ClientError> {
        self.delete(&["images", digest]).flag("force", force).reply()
    }

    /// Deletes several images.
    pub fn images_delete(
        &self,
        digests: &[String],
        force: bool,
    ) -> Result<Reply<DeleteImageResponseList>, ClientError> {
        self.delete(&["images"]).query("image_digests", Some(&digests.join(","))).flag("force", force).reply()
    }

    /// Evaluates an image.
    pub fn image_check(&self, digest: &str, options: &CheckOptions) -> Result<Reply<PolicyEvaluation>, ClientError> {
        self.get(&["images", digest, "check"])
            .query("tag", Some(&options.tag))
            .query("policy_id", options.policy_id.as_deref())
            .flag("detail", options.detail)
            .flag("history", options.history)
            .query("base_digest", options.base_digest.as_deref())
            .reply()
    }

    /// The kinds of vulnerability report: `all`, `os`, `non-os`.
    pub fn image_vulnerability_types(&self, digest: &str) -> Result<Reply<Vec<String>>, ClientError> {
        self.get(&["images", digest, "vuln"]).reply()
    }

    /// Vulnerabilities of one kind.
    pub fn image_vulnerabilities(
        &self,
        digest: &str,
        kind: &str,
        options: &VulnerabilityOptions,
    ) -> Result<Reply<ImagePackageVulnerabilityResponse>, ClientError> {
        let mut call = self
            .get(&["images", digest, "vuln", kind])
            .flag("force_refresh", options.force_refresh)
            .flag("include_vuln_description", options.include_description);
        if let Some(vendor_only) = options.vendor_only {
            call = call.flag("vendor_only", vendor_only);
        }
        call.reply()
    }

    /// The kinds of content that are known of an image.
    pub fn image_content_types(&self, digest: &str) -> Result<Reply<Vec<String>>, ClientError> {
        self.get(&["images", digest, "content"]).reply()
    }

    /// Packages of one kind.
    pub fn image_content(&self, digest: &str, kind: &str) -> Result<Reply<ContentPackageResponse>, ClientError> {
        self.get(&["images", digest, "content", kind]).reply()
    }

    /// Java packages.
    pub fn image_content_java(&self, digest: &str) -> Result<Reply<ContentJavaPackageResponse>, ClientError> {
        self.get(&["images", digest, "content", "java"]).reply()
    }

    /// Every file.
    pub fn image_content_files(&self, digest: &str) -> Result<Reply<ContentFilesResponse>, ClientError> {
        self.get(&["images", digest, "content", "files"]).reply()
    }

    /// What malware scanners found.
    pub fn image_content_malware(&self, digest: &str) -> Result<Reply<ContentMalwareResponse>, ClientError> {
        self.get(&["images", digest, "content", "malware"]).reply()
    }

    /// Hits of the secret search.
    pub fn image_secret_search(&self, digest: &str) -> Result<Reply<FileContentSearchList>, ClientError> {
        self.get(&["images", digest, "artifacts", "secret-search"]).reply()
    }

    /// Hits of content searches.
    pub fn image_content_search(&self, digest: &str) -> Result<Reply<FileContentSearchList>, ClientError> {
        self.get(&["images", digest, "artifacts", "file-content-search"]).reply()
    }

    /// Files that the analysis kept.
    pub fn image_retrieved_files(&self, digest: &str) -> Result<Reply<RetrievedFileList>, ClientError> {
        self.get(&["images", digest, "artifacts", "retrieved-files"]).reply()
    }

    /// Manifest, history or Dockerfile.
    pub fn image_metadata(&self, digest: &str, kind: &str) -> Result<Reply<MetadataResponse>, ClientError> {
        self.get(&["images", digest, "metadata", kind]).reply()
    }

    /// Base images.
    pub fn image_ancestors(&self, digest: &str) -> Result<Reply<ImageAncestry>, ClientError> {
        self.get(&["images", digest, "ancestors"]).reply()
    }

    /// The SBOM as `native-json`, `cyclonedx-json` or `spdx-json`, byte for byte.
    pub fn image_sbom(&self, digest: &str, format: &str) -> Result<Bytes, ClientError> {
        self.get(&["images", digest, "sboms", format]).bytes()
    }

    /// STIG results of an image.
    pub fn image_stigs(&self, digest: &str) -> Result<Reply<Value>, ClientError> {
        self.get(&["images", digest, "stig"]).reply()
    }

    /// The VEX document as `openvex`, `cyclonedx-json` or `cyclonedx-xml`, byte for byte.
    pub fn image_vex(&self, digest: &str, format: &str) -> Result<Bytes, ClientError> {
        self.get(&["images", digest, "vex", format]).bytes()
    }
}
