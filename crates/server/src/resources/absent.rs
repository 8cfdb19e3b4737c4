//! What is published and not in this server: lists are empty, what would change something is refused with a sentence.

use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use stopgate_api_types::action::{ActionPlan, ActionPlans};
use stopgate_api_types::lifecycle::{
    ArtifactLifecyclePolicy, ArtifactLifecyclePolicyList, ArtifactLifecyclePolicyResponse,
};
use stopgate_api_types::saml::{
    RbacManagerIdpUserGroupPost, RbacManagerIdpUserGroups, RbacManagerSamlConfiguration,
    RbacManagerSamlConfigurationGet, RbacManagerTokenResponse,
};
use stopgate_service::permission::granted;
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;

use crate::App;
use crate::answer::{Answer, Created, Done, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    const LIFECYCLE: &str = "/system/artifact-lifecycle-policies/{policy_uuid}";
    const IDP: &str = "/rbac-manager/saml/idps/{name}";
    const MAPPINGS: &str = "/rbac-manager/saml/idps/{name}/user-group-mappings";
    routes
        .get("/actions", actions)
        .post("/actions", add_action)
        .fails(501)
        .get("/system/artifact-lifecycle-policies", lifecycles)
        .post("/system/artifact-lifecycle-policies", add_lifecycle)
        .fails(501)
        .get(LIFECYCLE, lifecycle)
        .put(LIFECYCLE, update_lifecycle)
        .fails(501)
        .delete(LIFECYCLE, delete_lifecycle)
        .fails(501)
        .get("/system/artifact-lifecycle-policies/{policy_uuid}/versions", lifecycle_version)
        .get("/archives", archives)
        .get("/archives/images", archived)
        .get("/archives/rules", archived)
        .get("/artifact-relationships", relationships)
        .get("/rbac-manager/saml/idps", idps)
        .post("/rbac-manager/saml/idps", add_idp)
        .fails(501)
        .fails(409)
        .get(IDP, idp)
        .put(IDP, update_idp)
        .fails(501)
        .delete(IDP, delete_idp)
        .fails(501)
        .get(MAPPINGS, idp_groups)
        .post(MAPPINGS, add_idp_groups)
        .fails(501)
        .fails(409)
        .delete(MAPPINGS, delete_idp_groups)
        .fails(501)
        .get("/rbac-manager/saml/login/{idp_name}", log_in)
        .fails(501)
        .post("/rbac-manager/saml/sso/{idp_name}", log_in)
        .fails(501)
        .get("/reporting/scheduled-query-results/{result_uuid}", report)
        .get("/reporting/reports/global/scheduled-query-results/{result_uuid}", report);
}

fn absent<T>(sentence: &str) -> Result<T, ApiError> {
    Err(ServiceError::new(Kind::NotImplemented, sentence).into())
}

#[derive(Debug, Deserialize, IntoParams)]
#[expect(dead_code, reason = "an empty list is empty under every filter")]
struct PlansAsked {
    /// `registry/repository:tag`.
    image_tag: Option<String>,
    /// Digest of an image.
    image_digest: Option<String>,
    /// Made after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_after: Option<Timestamp>,
}

async fn actions(_: Call<granted::GetActions>, _: ApiQuery<PlansAsked>) -> Result<Answer<ActionPlans>, ApiError> {
    Ok(Answer(ActionPlans::default()))
}

async fn add_action(_: Call<granted::AddAction>, _: ApiJson<ActionPlan>) -> Result<Answer<ActionPlan>, ApiError> {
    absent("this server sends no action plans: subscribe to `policy_eval`, or take the plan from `stopgate plan`")
}

const NO_LIFECYCLE: &str = "this server deletes no images by age: delete them with `DELETE /images`";

async fn lifecycles(
    _: Call<granted::GetArtifactLifecyclePolicy>,
) -> Result<Answer<ArtifactLifecyclePolicyList>, ApiError> {
    Ok(Answer(ArtifactLifecyclePolicyList::default()))
}

async fn add_lifecycle(
    _: Call<granted::CreateArtifactLifecyclePolicy>,
    _: ApiJson<ArtifactLifecyclePolicy>,
) -> Result<Created<ArtifactLifecyclePolicyResponse>, ApiError> {
    absent(NO_LIFECYCLE)
}

fn no_lifecycle<T>(uuid: &str) -> Result<T, ApiError> {
    Err(ServiceError::not_found(format!("there is no lifecycle policy {uuid}")).into())
}

async fn lifecycle(
    _: Call<granted::GetArtifactLifecyclePolicy>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<ArtifactLifecyclePolicyResponse>, ApiError> {
    no_lifecycle(&uuid)
}

async fn update_lifecycle(
    _: Call<granted::UpdateArtifactLifecyclePolicy>,
    ApiPath(uuid): ApiPath<String>,
    _: ApiJson<ArtifactLifecyclePolicy>,
) -> Result<Answer<ArtifactLifecyclePolicyResponse>, ApiError> {
    no_lifecycle(&uuid)
}

async fn delete_lifecycle(
    _: Call<granted::DeleteArtifactLifecyclePolicy>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<NoContent, ApiError> {
    no_lifecycle(&uuid)
}

#[derive(Debug, Deserialize, IntoParams)]
#[expect(dead_code, reason = "there is no policy, in no version")]
struct VersionAsked {
    /// A version.
    version: Option<u64>,
    /// The newest version.
    latest: Option<bool>,
}

async fn lifecycle_version(
    _: Call<granted::GetArtifactLifecyclePolicy>,
    ApiPath(uuid): ApiPath<String>,
    _: ApiQuery<VersionAsked>,
) -> Result<Answer<ArtifactLifecyclePolicyResponse>, ApiError> {
    no_lifecycle(&uuid)
}

async fn archives(_: Call<granted::ListArchives>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!({"images": {}, "rules": {}})))
}

async fn archived(_: Call<granted::ListArchives>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!([])))
}

async fn relationships(_: Call<granted::ListArtifactRelationships>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!([])))
}

const NO_SAML: &str = "this server does not log users in through SAML";

fn no_idp<T>(name: &str) -> Result<T, ApiError> {
    Err(ServiceError::not_found(format!("there is no identity provider `{name}`: {NO_SAML}")).into())
}

async fn idps(_: Call<granted::Administer>) -> Result<Answer<Vec<String>>, ApiError> {
    Ok(Answer(Vec::new()))
}

async fn add_idp(
    _: Call<granted::Administer>,
    _: ApiJson<RbacManagerSamlConfiguration>,
) -> Result<Answer<RbacManagerSamlConfiguration>, ApiError> {
    absent(NO_SAML)
}

async fn idp(
    _: Call<granted::Administer>,
    ApiPath(name): ApiPath<String>,
) -> Result<Answer<RbacManagerSamlConfigurationGet>, ApiError> {
    no_idp(&name)
}

async fn update_idp(
    _: Call<granted::Administer>,
    ApiPath(name): ApiPath<String>,
    _: ApiJson<RbacManagerSamlConfiguration>,
) -> Result<Answer<RbacManagerSamlConfiguration>, ApiError> {
    no_idp(&name)
}

async fn delete_idp(_: Call<granted::Administer>, ApiPath(name): ApiPath<String>) -> Result<NoContent, ApiError> {
    no_idp(&name)
}

async fn idp_groups(
    _: Call<granted::Administer>,
    ApiPath(name): ApiPath<String>,
) -> Result<Answer<RbacManagerIdpUserGroups>, ApiError> {
    no_idp(&name)
}

async fn add_idp_groups(
    _: Call<granted::Administer>,
    ApiPath(name): ApiPath<String>,
    _: ApiJson<RbacManagerIdpUserGroupPost>,
) -> Result<Answer<RbacManagerIdpUserGroups>, ApiError> {
    no_idp(&name)
}

#[derive(Debug, Deserialize, IntoParams)]
#[expect(dead_code, reason = "there is no provider to take a group from")]
struct GroupTaken {
    /// Ids of groups, joined by commas.
    user_group: String,
}

async fn delete_idp_groups(
    _: Call<granted::Administer>,
    ApiPath(name): ApiPath<String>,
    _: ApiQuery<GroupTaken>,
) -> Result<NoContent, ApiError> {
    no_idp(&name)
}

async fn log_in(
    State(_): State<App>,
    ApiPath(_): ApiPath<String>,
) -> Result<Answer<RbacManagerTokenResponse>, ApiError> {
    absent(NO_SAML)
}

#[derive(Debug, Deserialize, IntoParams)]
#[expect(dead_code, reason = "a result that is not there has no pages")]
struct PageAsked {
    /// Which page.
    page: Option<u64>,
}

async fn report(
    _: Call<granted::ViewReports>,
    ApiPath(uuid): ApiPath<String>,
    _: ApiQuery<PageAsked>,
) -> Result<Done, ApiError> {
    Err(ServiceError::not_found(format!("there is no result {uuid} of a scheduled report")).into())
}
