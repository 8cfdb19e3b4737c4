//! What agents report as running, and what is known of it.

use std::collections::BTreeMap;

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::bounds::not_blank;

/// Images seen running.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InventoryItems {
    #[serde(default)]
    pub items: Vec<InventoryItem>,
}

/// An image seen running in one context.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InventoryItem {
    /// `kubernetes` or `ecs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory_type: Option<String>,
    /// `cluster/namespace`, or the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// An agent's report of one cluster, whole or in batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct KubernetesInventory {
    pub cluster_name: String,
    pub timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<KubernetesInventoryNamespace>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<KubernetesInventoryNode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<Vec<KubernetesInventoryPod>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub containers: Option<Vec<KubernetesInventoryContainer>>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct KubernetesInventoryNamespace {
    pub uid: Uuid,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct KubernetesInventoryNode {
    pub uid: Uuid,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_runtime_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_proxy_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubelet_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct KubernetesInventoryPod {
    pub uid: Uuid,
    pub name: String,
    pub namespace_uid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A running container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct KubernetesInventoryContainer {
    pub id: String,
    pub name: String,
    #[schema(pattern = r"^(?!\s*$).+")]
    #[garde(custom(not_blank))]
    pub image_tag: String,
    /// As the runtime tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    pub pod_uid: Uuid,
}

/// An agent's report of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ECSInventory {
    pub cluster_arn: String,
    pub timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub tasks: Option<Vec<ECSInventoryTask>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<ECSInventoryContainer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub services: Option<Vec<ECSInventoryService>>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ECSInventoryTask {
    pub arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// A running container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ECSInventoryContainer {
    pub arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_arn: Option<String>,
    pub image_tag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ECSInventoryService {
    pub arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}
