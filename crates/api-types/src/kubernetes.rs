//! The kept inventory of Kubernetes clusters.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of containers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesContainers {
    #[serde(default)]
    pub containers: Vec<KubernetesContainer>,
}

/// A container that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesContainer {
    pub id: String,
    pub name: String,
    pub pod_id: String,
    pub account_name: String,
    pub context: String,
    pub image_tag: String,
    pub image_digest: String,
}

/// A page of namespaces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesNamespaces {
    #[serde(default)]
    pub namespaces: Vec<KubernetesNamespace>,
}

/// A namespace that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesNamespace {
    pub uid: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// A page of nodes. The key of the list is `namespaces`, as published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesNodes {
    #[serde(default)]
    pub namespaces: Vec<KubernetesNode>,
}

/// A node that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesNode {
    pub uid: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// A page of pods. The key of the list is `namespaces`, as published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesPods {
    #[serde(default)]
    pub namespaces: Vec<KubernetesPod>,
}

/// A pod that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KubernetesPod {
    pub id: String,
    pub name: String,
    pub account_name: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}
