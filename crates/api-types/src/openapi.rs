//! The schemas of this crate as OpenAPI components.

use serde_json::Value;
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{OpenApi as Document, RefOr, Type};
use utoipa::{Modify, OpenApi};

use crate::{
    account, action, alert, ancestor, annotation, api_key, application, configuration, content, correction, ecs, error,
    evaluation, event, feed, image, import, integration, inventory, kubernetes, lifecycle, notification, policy, query,
    rbac, registry, saml, scan, search, source, spec, stig, subscription, summary, system, token, user, user_group,
    vulnerability, webhook,
};

/// Every schema of this crate. Only those that no other one uses are listed; the rest comes with them.
#[derive(OpenApi)]
#[openapi(
    modifiers(&AbsentNotNull),
    components(schemas(
        account::AccountCreationRequest,
        account::AccountInfo,
        account::AccountList,
        account::AccountStatus,
        action::ActionPlans,
        alert::AlertSummaryList,
        alert::ComplianceViolationAlertList,
        alert::ComplianceViolationAlertState,
        ancestor::ImageAncestry,
        annotation::PackageVulnerabilityAnnotationResponseList,
        api_key::ApiKeyList,
        api_key::ApiKeyUpdate,
        application::ApplicationList,
        application::ApplicationVersionSbom,
        application::ApplicationVersionVulnerabilityReport,
        application::ArtifactAssociationRequest,
        application::ArtifactAssociationResponse,
        application::ArtifactListResponse,
        configuration::SystemConfigurationList,
        configuration::SystemConfigurationPatch,
        content::ContentFilesResponse,
        content::ContentJavaPackageResponse,
        content::ContentMalwareResponse,
        content::ContentPackageResponse,
        content::ImageContentSummary,
        content::LicenseReviewResponse,
        content::MetadataResponse,
        content::SourceContentPackageResponse,
        correction::CorrectionList,
        ecs::ECSContainers,
        ecs::ECSServices,
        ecs::ECSTasks,
        error::ApiErrorResponse,
        evaluation::SourcePolicyEvaluation,
        event::EventTypesList,
        event::EventsList,
        feed::FeedDataRecord,
        feed::FeedMetadata,
        feed::FeedSyncStarted,
        image::AnchoreImageList,
        image::DeleteImageResponseList,
        image::ImageAnalysisRequest,
        import::ImageImportContentSearchList,
        import::ImageImportFileContentList,
        import::ImageImports,
        import::ImportContentDigestList,
        import::ImportContentResponse,
        import::SourceImportList,
        import::SourceImportMetadata,
        integration::HealthReport,
        integration::Integration,
        integration::IntegrationListResponse,
        integration::IntegrationRegister,
        inventory::ECSInventory,
        inventory::InventoryItems,
        inventory::KubernetesInventory,
        kubernetes::KubernetesContainers,
        kubernetes::KubernetesNamespaces,
        kubernetes::KubernetesNodes,
        kubernetes::KubernetesPods,
        lifecycle::ArtifactLifecyclePolicy,
        lifecycle::ArtifactLifecyclePolicyList,
        notification::NotificationEndpointEnabledStatus,
        notification::NotificationEndpointList,
        notification::NotificationGitHubEndpointConfigurationList,
        notification::NotificationGitHubEndpointConfigurationPost,
        notification::NotificationGitHubEndpointConfigurationPut,
        notification::NotificationJiraEndpointConfigurationList,
        notification::NotificationJiraEndpointConfigurationPost,
        notification::NotificationJiraEndpointConfigurationPut,
        notification::NotificationMessage,
        notification::NotificationOperationalStatus,
        notification::NotificationSMTPEndpointConfigurationList,
        notification::NotificationSelectorList,
        notification::NotificationSlackEndpointConfigurationList,
        notification::NotificationTeamsEndpointConfigurationList,
        notification::NotificationTestResult,
        notification::NotificationWebhookEndpointConfigurationList,
        policy::PolicyList,
        query::PaginatedImageList,
        query::PaginatedVulnerabilityList,
        rbac::RbacManagerRoleMemberList,
        rbac::RbacManagerRoleSummaryList,
        rbac::RbacManagerUserRoleListing,
        rbac::RbacManagerUserRoleMembership,
        registry::RegistryConfigurationList,
        registry::RegistryConfigurationRequest,
        saml::RbacManagerIdpUserGroupPost,
        saml::RbacManagerIdpUserGroups,
        saml::RbacManagerSamlConfigurationGet,
        saml::RbacManagerTokenResponse,
        scan::ScanRequest,
        scan::ScanResponse,
        search::FileContentSearchList,
        search::RetrievedFileList,
        source::SourceManifest,
        source::SourcesList,
        spec::GateSpecList,
        stig::STIGMetadataResponseList,
        subscription::SubscriptionList,
        subscription::SubscriptionRequest,
        subscription::SubscriptionUpdate,
        summary::AnchoreImageSummaryCounts,
        summary::AnchoreImageTagSummaryList,
        system::AnchoreErrorCode,
        system::LoggingLevelResponse,
        system::ServiceVersion,
        system::SystemStatusResponse,
        token::RevokeRequest,
        token::TokenRequest,
        token::TokenResponse,
        user::CredentialList,
        user::UserCreationRequest,
        user::Users,
        user_group::UserGroupList,
        user_group::UserGroupPatch,
        user_group::UserGroupPost,
        user_group::UserGroupRolePost,
        user_group::UserGroupUsers,
        user_group::UserGroupUsersPost,
        vulnerability::ImagePackageVulnerabilityResponse,
        vulnerability::SourcePackageVulnerabilityResponse,
        vulnerability::VulnerabilityType,
        webhook::AnalysisUpdateNotification,
        webhook::PolicyEvalNotification,
        webhook::TagUpdateNotification,
        webhook::VulnUpdateNotification,
    ))
)]
pub struct Schemas;

/// Every schema of this crate by name, as the server's document has them.
pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
    Schemas::openapi().components.map(|all| all.schemas.into_iter().collect()).unwrap_or_default()
}

/// Takes null from optional properties, since they are left out instead.
///
/// The derive takes every `Option` for nullable. Where null is meant, the field says `default = json!(null)`.
pub struct AbsentNotNull;

impl Modify for AbsentNotNull {
    fn modify(&self, document: &mut Document) {
        for schema in document.components.iter_mut().flat_map(|all| all.schemas.values_mut()) {
            narrow_properties(schema);
        }
    }
}

fn narrow_properties(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for (name, property) in &mut object.properties {
                if !object.required.contains(name) {
                    drop_null(property);
                }
            }
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(narrow_properties),
        _ => {}
    }
}

fn drop_null(property: &mut RefOr<Schema>) {
    match property {
        RefOr::T(Schema::Object(object)) if object.default != Some(Value::Null) => narrow(&mut object.schema_type),
        RefOr::T(Schema::Array(array)) if array.default != Some(Value::Null) => narrow(&mut array.schema_type),
        RefOr::T(Schema::OneOf(choice)) if choice.default != Some(Value::Null) => {
            choice.items.retain(|item| !is_null(item));
            if let [RefOr::Ref(only)] = choice.items.as_slice() {
                let mut only = only.clone();
                only.description = choice.description.clone().unwrap_or_default();
                *property = RefOr::Ref(only);
            }
        }
        _ => {}
    }
}

fn narrow(schema_type: &mut SchemaType) {
    if let SchemaType::Array(types) = schema_type {
        types.retain(|each| *each != Type::Null);
        if let [only] = types.as_slice() {
            *schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
