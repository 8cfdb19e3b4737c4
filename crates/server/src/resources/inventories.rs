//! What runs: reports of agents, and lists of what they told.

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stopgate_api_types::ecs::{ECSContainer, ECSContainers, ECSService, ECSServices, ECSTask, ECSTasks};
use stopgate_api_types::inventory::{
    ECSInventory, ECSInventoryContainer, ECSInventoryService, ECSInventoryTask, InventoryItem, InventoryItems,
    KubernetesInventory, KubernetesInventoryContainer, KubernetesInventoryNamespace, KubernetesInventoryNode,
    KubernetesInventoryPod,
};
use stopgate_api_types::kubernetes::{
    KubernetesContainer, KubernetesContainers, KubernetesNamespace, KubernetesNamespaces, KubernetesNode,
    KubernetesNodes, KubernetesPod, KubernetesPods,
};
use stopgate_service::ServiceError;
use stopgate_service::inventory::Reported;
use stopgate_service::permission::granted;
use stopgate_service::store::inventory::{self as stored, InventoryRow};
use utoipa::IntoParams;

use crate::answer::{Answer, Made, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .post("/kubernetes-inventory", take_kubernetes)
        .post("/ecs-inventory", take_ecs)
        .get("/inventories", list)
        .delete("/inventories", delete)
        .get("/kubernetes-containers", containers)
        .get("/kubernetes-namespaces", namespaces)
        .delete("/kubernetes-namespaces", delete_namespaces)
        .get("/kubernetes-namespaces/{namespace_id}", namespace)
        .get("/kubernetes-nodes", nodes)
        .get("/kubernetes-nodes/{node_id}", node)
        .get("/kubernetes-pods", pods)
        .get("/kubernetes-pods/{pod_id}", pod)
        .get("/ecs-containers", ecs_containers)
        .get("/ecs-services", ecs_services)
        .get("/ecs-tasks", ecs_tasks);
}

const KUBERNETES: &str = "kubernetes";
const ECS: &str = "ecs";

fn reported<T: Serialize>(
    resource: &'static str,
    (id, name): (String, String),
    parent: Option<String>,
    told: &T,
) -> Result<Reported, ApiError> {
    let body = serde_json::to_value(told).map_err(ServiceError::internal)?;
    Ok(Reported { resource, id, name, parent, image_tag: None, image_digest: None, body })
}

async fn take_kubernetes(
    call: Call<granted::SyncInventory>,
    ApiJson(report): ApiJson<KubernetesInventory>,
) -> Result<Made, ApiError> {
    let mut all = Vec::new();
    for told in report.namespaces.iter().flatten() {
        all.push(reported("namespace", (told.uid.to_string(), told.name.clone()), None, told)?);
    }
    for told in report.nodes.iter().flatten() {
        all.push(reported("node", (told.uid.to_string(), told.name.clone()), None, told)?);
    }
    for told in report.pods.iter().flatten() {
        let parent = Some(told.namespace_uid.to_string());
        all.push(reported("pod", (told.uid.to_string(), told.name.clone()), parent, told)?);
    }
    for told in report.containers.iter().flatten() {
        let parent = Some(told.pod_uid.to_string());
        let item = reported("container", (told.id.clone(), told.name.clone()), parent, told)?;
        let image_digest = told.image_digest.clone();
        all.push(Reported { image_tag: Some(told.image_tag.clone()), image_digest, ..item });
    }
    call.service().take_inventory(&call, KUBERNETES, &report.cluster_name, all).await?;
    Ok(Made)
}

async fn take_ecs(
    call: Call<granted::SyncInventory>,
    ApiJson(report): ApiJson<ECSInventory>,
) -> Result<NoContent, ApiError> {
    let mut all = Vec::new();
    let named = |arn: &String| (arn.clone(), arn.rsplit('/').next().unwrap_or_default().to_owned());
    for told in report.tasks.iter().flatten() {
        all.push(reported("task", named(&told.arn), told.service_arn.clone(), told)?);
    }
    for told in report.services.iter().flatten() {
        all.push(reported("service", named(&told.arn), None, told)?);
    }
    for told in report.containers.iter().flatten() {
        let item = reported("container", named(&told.arn), told.task_arn.clone(), told)?;
        let image_digest = told.image_digest.clone();
        all.push(Reported { image_tag: Some(told.image_tag.clone()), image_digest, ..item });
    }
    call.service().take_inventory(&call, ECS, &report.cluster_arn, all).await?;
    Ok(NoContent)
}

/// Refuses what is no sort of inventory.
fn check_kind(kind: &str) -> Result<(), ServiceError> {
    if [KUBERNETES, ECS].contains(&kind) {
        return Ok(());
    }
    Err(ServiceError::invalid("`inventory_type`: expected `ecs` or `kubernetes`"))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// `ecs` or `kubernetes`.
    inventory_type: Option<String>,
    /// Digest of an image.
    image_digest: Option<String>,
    /// `cluster/namespace`, or a cluster.
    context: Option<String>,
}

async fn list(
    call: Call<granted::ListRuntimeInventories>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<InventoryItems>, ApiError> {
    filter.inventory_type.as_deref().map_or(Ok(()), check_kind)?;
    let (kind, digest) = (filter.inventory_type.as_deref(), filter.image_digest.as_deref());
    let db = call.service().store().read();
    let found = stored::images(db, call.account_id(), kind, digest, filter.context.as_deref()).await?;
    let items = found.into_iter().map(|image| InventoryItem {
        inventory_type: Some(image.kind),
        context: Some(image.context),
        image_tag: image.image_tag,
        image_digest: image.image_digest,
        created_at: Some(image.created_at),
        last_updated: Some(image.seen_at),
        last_seen: Some(image.seen_at),
    });
    Ok(Answer(InventoryItems { items: items.collect() }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Forgotten {
    /// `ecs` or `kubernetes`.
    inventory_type: String,
    /// `cluster/namespace`, or a cluster.
    context: String,
    /// Only this image.
    image_digest: Option<String>,
}

async fn delete(
    call: Call<granted::DeleteInventory>,
    ApiQuery(which): ApiQuery<Forgotten>,
) -> Result<NoContent, ApiError> {
    check_kind(&which.inventory_type)?;
    let digest = which.image_digest.as_deref();
    call.service().forget_inventory(&call, &which.inventory_type, &which.context, digest).await?;
    Ok(NoContent)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Page {
    /// Which page, from 1.
    #[param(minimum = 1)]
    page: u64,
    /// How many on a page.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    page_size: Option<u64>,
}

const ON_A_PAGE: u64 = 1_000;

async fn page<P>(
    call: &Call<P>,
    asked: &Page,
    sort: (&'static str, &'static str),
) -> Result<Vec<InventoryRow>, ApiError> {
    let size = asked.page_size.unwrap_or(ON_A_PAGE);
    if asked.page == 0 || size == 0 || size > ON_A_PAGE {
        return Err(ServiceError::invalid("`page` begins at 1, `page_size` is 1 to 1000").into());
    }
    let offset = (asked.page - 1).saturating_mul(size);
    Ok(stored::page(call.service().store().read(), call.account_id(), sort, size, offset).await?)
}

async fn one<P>(call: &Call<P>, sort: (&'static str, &'static str), id: &str) -> Result<InventoryRow, ApiError> {
    let found = stored::find(call.service().store().read(), call.account_id(), sort, id).await?;
    Ok(found.ok_or_else(|| ServiceError::not_found(format!("there is no {} `{id}` in the account", sort.1)))?)
}

/// What the agent told of it.
fn of_agent<T: DeserializeOwned>(row: &InventoryRow) -> Result<T, ApiError> {
    Ok(serde_json::from_value(row.body.clone()).map_err(ServiceError::internal)?)
}

fn told_container(row: InventoryRow, account: &str) -> Result<KubernetesContainer, ApiError> {
    let told: KubernetesInventoryContainer = of_agent(&row)?;
    Ok(KubernetesContainer {
        id: row.resource_id,
        name: row.name,
        pod_id: told.pod_uid.to_string(),
        account_name: account.to_owned(),
        context: row.context,
        image_tag: told.image_tag,
        image_digest: row.image_digest.unwrap_or_default(),
    })
}

async fn containers(
    call: Call<granted::GetKubernetesContainers>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<KubernetesContainers>, ApiError> {
    let rows = page(&call, &asked, (KUBERNETES, "container")).await?;
    let containers = rows.into_iter().map(|row| told_container(row, &call.account.name)).collect::<Result<_, _>>()?;
    Ok(Answer(KubernetesContainers { containers }))
}

fn told_namespace(row: InventoryRow) -> Result<KubernetesNamespace, ApiError> {
    let told: KubernetesInventoryNamespace = of_agent(&row)?;
    Ok(KubernetesNamespace {
        uid: row.resource_id,
        name: row.name,
        labels: told.labels.unwrap_or_default(),
        annotations: told.annotations.unwrap_or_default(),
        last_seen: Some(row.seen_at),
    })
}

async fn namespaces(
    call: Call<granted::GetKubernetesNamespaces>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<KubernetesNamespaces>, ApiError> {
    let rows = page(&call, &asked, (KUBERNETES, "namespace")).await?;
    Ok(Answer(KubernetesNamespaces { namespaces: rows.into_iter().map(told_namespace).collect::<Result<_, _>>()? }))
}

async fn namespace(
    call: Call<granted::GetKubernetesNamespaces>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<KubernetesNamespace>, ApiError> {
    Ok(Answer(told_namespace(one(&call, (KUBERNETES, "namespace"), &id).await?)?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Cluster {
    /// The cluster; none is forgotten without its name.
    cluster_name: Option<String>,
}

async fn delete_namespaces(
    call: Call<granted::DeleteKubernetesNamespaces>,
    ApiQuery(which): ApiQuery<Cluster>,
) -> Result<NoContent, ApiError> {
    let cluster = which.cluster_name.ok_or_else(|| ServiceError::invalid("`cluster_name` is missing"))?;
    call.service().forget_namespaces(&call, &cluster).await?;
    Ok(NoContent)
}

fn told_node(row: InventoryRow) -> Result<KubernetesNode, ApiError> {
    let told: KubernetesInventoryNode = of_agent(&row)?;
    Ok(KubernetesNode {
        uid: row.resource_id,
        name: row.name,
        labels: told.labels.unwrap_or_default(),
        annotations: told.annotations.unwrap_or_default(),
        last_seen: Some(row.seen_at),
    })
}

async fn nodes(
    call: Call<granted::GetKubernetesNodes>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<KubernetesNodes>, ApiError> {
    let rows = page(&call, &asked, (KUBERNETES, "node")).await?;
    Ok(Answer(KubernetesNodes { namespaces: rows.into_iter().map(told_node).collect::<Result<_, _>>()? }))
}

async fn node(
    call: Call<granted::GetKubernetesNodes>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<KubernetesNode>, ApiError> {
    Ok(Answer(told_node(one(&call, (KUBERNETES, "node"), &id).await?)?))
}

fn told_pod(row: InventoryRow, account: &str) -> Result<KubernetesPod, ApiError> {
    let told: KubernetesInventoryPod = of_agent(&row)?;
    Ok(KubernetesPod {
        id: row.resource_id,
        name: row.name,
        account_name: account.to_owned(),
        labels: told.labels.unwrap_or_default(),
        annotations: told.annotations.unwrap_or_default(),
        node_id: told.node_uid.map(|id| id.to_string()),
        namespace_id: Some(told.namespace_uid.to_string()),
        last_seen: Some(row.seen_at),
    })
}

async fn pods(
    call: Call<granted::GetKubernetesPods>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<KubernetesPods>, ApiError> {
    let rows = page(&call, &asked, (KUBERNETES, "pod")).await?;
    let pods = rows.into_iter().map(|row| told_pod(row, &call.account.name)).collect::<Result<_, _>>()?;
    Ok(Answer(KubernetesPods { namespaces: pods }))
}

async fn pod(
    call: Call<granted::GetKubernetesPods>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<KubernetesPod>, ApiError> {
    Ok(Answer(told_pod(one(&call, (KUBERNETES, "pod"), &id).await?, &call.account.name)?))
}

async fn ecs_containers(
    call: Call<granted::GetECSContainers>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<ECSContainers>, ApiError> {
    let mut containers = Vec::new();
    for row in page(&call, &asked, (ECS, "container")).await? {
        let told: ECSInventoryContainer = of_agent(&row)?;
        containers.push(ECSContainer {
            arn: told.arn,
            task_arn: told.task_arn.unwrap_or_default(),
            account_name: call.account.name.clone(),
            context: row.context,
            image_tag: told.image_tag,
            image_digest: row.image_digest.unwrap_or_default(),
        });
    }
    Ok(Answer(ECSContainers { containers }))
}

async fn ecs_services(
    call: Call<granted::GetECSServices>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<ECSServices>, ApiError> {
    let mut services = Vec::new();
    for row in page(&call, &asked, (ECS, "service")).await? {
        let told: ECSInventoryService = of_agent(&row)?;
        services.push(ECSService {
            arn: told.arn,
            cluster_arn: row.cluster,
            tags: told.tags.unwrap_or_default(),
            account_name: call.account.name.clone(),
        });
    }
    Ok(Answer(ECSServices { services }))
}

async fn ecs_tasks(
    call: Call<granted::GetECSTasks>,
    ApiQuery(asked): ApiQuery<Page>,
) -> Result<Answer<ECSTasks>, ApiError> {
    let mut tasks = Vec::new();
    for row in page(&call, &asked, (ECS, "task")).await? {
        let told: ECSInventoryTask = of_agent(&row)?;
        tasks.push(ECSTask {
            arn: told.arn,
            cluster_arn: row.cluster,
            service_arn: told.service_arn.unwrap_or_default(),
            task_definition_arn: told.task_definition_arn.unwrap_or_default(),
            tags: told.tags.unwrap_or_default(),
            account_name: call.account.name.clone(),
        });
    }
    Ok(Answer(ECSTasks { tasks }))
}
