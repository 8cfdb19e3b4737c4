//! Alerts about tags that break their policy.

use jiff::Timestamp;
use serde::Deserialize;
use stopgate_api_types::alert::{
    AlertState, AlertSummary, AlertSummaryList, AlertType, ComplianceViolationAlert, ComplianceViolationAlertList,
    ComplianceViolationAlertState, ResourceLabel,
};
use stopgate_service::ServiceError;
use stopgate_service::alert::is_open;
use stopgate_service::permission::granted;
use stopgate_service::store::document::DocumentRow;
use utoipa::IntoParams;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery, list as parts};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/alerts/compliance-violations", list)
        .get("/alerts/compliance-violations/{uuid}", get)
        .patch("/alerts/compliance-violations/{uuid}", update)
        .get("/alerts/summaries", summaries);
}

fn told(row: DocumentRow) -> Result<ComplianceViolationAlert, ApiError> {
    let kept: ComplianceViolationAlert = serde_json::from_value(row.body).map_err(ServiceError::internal)?;
    Ok(ComplianceViolationAlert {
        uuid: row.uuid.parse().ok(),
        kind: Some(AlertType::ComplianceViolation),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
        ..kept
    })
}

fn field<'a>(row: &'a DocumentRow, name: &str) -> &'a str {
    row.body.get("resource").and_then(|resource| resource.get(name)).and_then(|text| text.as_str()).unwrap_or_default()
}

/// What all lists of alerts take.
struct Wanted<'a> {
    page: u64,
    limit: u64,
    state: Option<&'a str>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    /// Fields of what an alert is about, with the values that they must have.
    fields: Vec<(&'a str, &'a str)>,
}

/// Alerts on a page, unless others are asked for.
const ON_A_PAGE: u64 = 100;

impl Wanted<'_> {
    fn page(&self, all: Vec<DocumentRow>) -> Result<Vec<DocumentRow>, ServiceError> {
        if self.page == 0 || self.limit == 0 || self.limit > 1_000 {
            return Err(ServiceError::invalid("`page` begins at 1, `limit` is 1 to 1000"));
        }
        let open = match self.state.unwrap_or("open") {
            "open" => Some(true),
            "closed" => Some(false),
            "all" => None,
            _ => return Err(ServiceError::invalid("`state`: expected `all`, `open` or `closed`")),
        };
        let fits = |row: &DocumentRow| {
            open.is_none_or(|open| is_open(row) == open)
                && self.created_after.is_none_or(|after| row.created_at > after)
                && self.created_before.is_none_or(|before| row.created_at < before)
                && self.fields.iter().all(|(name, value)| field(row, name) == *value)
        };
        let skipped = usize::try_from((self.page - 1).saturating_mul(self.limit)).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        Ok(all.into_iter().filter(fits).skip(skipped).take(limit).collect())
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// Which page, from 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u64>,
    /// Alerts on a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// `all`, `open` or `closed`.
    #[param(default = "open")]
    state: Option<String>,
    /// Opened after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_after: Option<Timestamp>,
    /// Opened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_before: Option<Timestamp>,
    /// Digest of an image.
    resource_image_digest: Option<String>,
    /// `registry/repository:tag`.
    resource_image_tag: Option<String>,
    /// A registry.
    resource_registry: Option<String>,
    /// A repository.
    resource_repository: Option<String>,
}

async fn list(
    call: Call<granted::ListAlerts>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<ComplianceViolationAlertList>, ApiError> {
    let fields = [
        ("image_digest", &filter.resource_image_digest),
        ("image_tag", &filter.resource_image_tag),
        ("registry", &filter.resource_registry),
        ("repository", &filter.resource_repository),
    ];
    let wanted = Wanted {
        page: filter.page.unwrap_or(1),
        limit: filter.limit.unwrap_or(ON_A_PAGE),
        state: filter.state.as_deref(),
        created_after: filter.created_after,
        created_before: filter.created_before,
        fields: fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect(),
    };
    let rows = wanted.page(call.service().alerts(&call).await?)?;
    Ok(Answer(ComplianceViolationAlertList(rows.into_iter().map(told).collect::<Result<_, _>>()?)))
}

async fn get(
    call: Call<granted::GetAlert>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<ComplianceViolationAlert>, ApiError> {
    Ok(Answer(told(call.service().alert_with(&call, &uuid).await?)?))
}

async fn update(
    call: Call<granted::UpdateAlert>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(wanted): ApiJson<ComplianceViolationAlertState>,
) -> Result<Answer<ComplianceViolationAlert>, ApiError> {
    let row = call.service().set_alert(&call, &uuid, wanted.state == AlertState::Open).await?;
    Ok(Answer(told(row)?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct SummaryFilter {
    /// Which page, from 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u64>,
    /// Alerts on a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// `all` or `compliance_violation`.
    #[param(default = "all")]
    r#type: Option<String>,
    /// `all`, `open` or `closed`.
    #[param(default = "open")]
    state: Option<String>,
    /// Opened after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_after: Option<Timestamp>,
    /// Opened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_before: Option<Timestamp>,
    /// `name=value` of what an alert is about, joined by commas or repeated.
    resource_label: Option<String>,
}

async fn summaries(
    call: Call<granted::ListAlerts>,
    ApiQuery(filter): ApiQuery<SummaryFilter>,
) -> Result<Answer<AlertSummaryList>, ApiError> {
    if filter.r#type.as_deref().is_some_and(|sort| !["all", "compliance_violation"].contains(&sort)) {
        return Err(ServiceError::invalid("`type`: expected `all` or `compliance_violation`").into());
    }
    let labels = parts(filter.resource_label.as_deref());
    let labels: Option<Vec<(&str, &str)>> = labels.into_iter().map(|label| label.split_once('=')).collect();
    let wanted = Wanted {
        page: filter.page.unwrap_or(1),
        limit: filter.limit.unwrap_or(ON_A_PAGE),
        state: filter.state.as_deref(),
        created_after: filter.created_after,
        created_before: filter.created_before,
        fields: labels.ok_or_else(|| ServiceError::invalid("`resource_label`: expected `name=value`"))?,
    };
    let mut all = Vec::new();
    for row in wanted.page(call.service().alerts(&call).await?)? {
        let label =
            |name: &str| ResourceLabel { key: Some(name.to_owned()), value: Some(field(&row, name).to_owned()) };
        let resource_labels = ["image_digest", "image_tag", "registry", "repository", "policy_id"].map(label).to_vec();
        let alert = told(row)?;
        all.push(AlertSummary {
            uuid: alert.uuid,
            kind: alert.kind,
            state: alert.state,
            resource_labels,
            closed_by: alert.closed_by,
            closed_reason: alert.closed_reason,
            created_at: alert.created_at,
            last_updated: alert.last_updated,
        });
    }
    Ok(Answer(AlertSummaryList(all)))
}
