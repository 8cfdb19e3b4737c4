//! Where this crate differs from the published document on purpose, each with its reason.

/// Published names that have one struct here: name there, type here, reason.
pub(crate) const SAME: &[(&str, &str, &str)] = &[
    ("UUID", "string(uuid)", "a UUID needs no name"),
    ("SourceSBOM", "object", "any document"),
    ("ImageSBOM", "object", "any document"),
    ("NativeSBOMPackage", "ImportPackage", "same fields"),
    ("NativeSBOMPackageLocation", "ImportPackageLocation", "same fields"),
    ("NativeSBOMPackageCPE", "ImportPackageCPE", "same fields"),
    ("NativeSBOMSource", "ImportSource", "same fields"),
    ("NativeSBOMDistribution", "ImportDistribution", "same fields"),
    ("NativeSBOMDescriptor", "ImportDescriptor", "same fields"),
    ("NativeSBOMSchema", "ImportSchema", "same fields"),
    ("NativeSBOMPackageRelationship", "ImportPackageRelationship", "same fields"),
    ("ImagePackageManifest", "NativeSBOM", "same fields"),
    ("SourceContentSummary", "ImageContentSummary", "same fields"),
    ("SourceContentPackageResponseContent", "PackageContent", "same fields"),
    ("SecretSearchResult", "FileContentSearchResult", "same fields"),
    ("SecretSearchList", "FileContentSearchList", "same items"),
    ("RbacManagerApiErrorResponse", "ApiErrorResponse", "one error body for all"),
    ("ImageImportContentResponse", "ImportContentResponse", "same fields"),
    ("SourceImportContentResponse", "ImportContentResponse", "same fields"),
    ("NotificationWebhookTestResult", "NotificationTestResult", "same fields"),
    ("NotificationSlackTestResult", "NotificationTestResult", "same fields"),
    ("NotificationSMTPTestResult", "NotificationTestResult", "same fields"),
    ("NotificationTeamsTestResult", "NotificationTestResult", "same fields"),
    ("NotificationGitHubTestResult", "NotificationTestResult", "same fields"),
    ("NotificationJiraTestResult", "NotificationTestResult", "same fields"),
];

/// Schemas and fields that differ: place, reason. A place that ends in `.*` stands for all fields below it.
pub(crate) const ACCEPTED: &[(&str, &str)] = &[
    ("AnchoreImage.image_status", "servers also send `deleting`"),
    ("ApiErrorResponse.httpcode", "read by clients of the older engine"),
    ("ApiErrorResponse.anchore_request_id", "the published key of the correlation header, in the body too"),
    ("ApiErrorResponse.detail.*", "the keys that clients of the older engine read in a free object"),
    ("RbacManagerApiErrorResponse.httpcode", "as in `ApiErrorResponse`"),
    ("RbacManagerApiErrorResponse.anchore_request_id", "as in `ApiErrorResponse`"),
    ("RbacManagerApiErrorResponse.detail.*", "as in `ApiErrorResponse`"),
    ("ImagePackageManifest.files", "the same document as `NativeSBOM`, where null is allowed"),
    ("IntegrationSummary.account_name", "required in `Integration`, which is the same struct and more"),
    ("IntegrationSummary.type", "required in `Integration`"),
    ("IntegrationSummary.username", "required in `Integration`"),
    ("IntegrationSummary.uuid", "required in `Integration`"),
    ("SystemConfigurationPatch.value", "`SystemConfigurationValue`, read in place"),
];
