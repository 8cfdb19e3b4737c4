//! The kept inventory of ECS clusters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of containers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSContainers {
    #[serde(default)]
    pub containers: Vec<ECSContainer>,
}

/// A container that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSContainer {
    pub arn: String,
    pub task_arn: String,
    pub account_name: String,
    pub context: String,
    pub image_tag: String,
    pub image_digest: String,
}

/// A page of services.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSServices {
    #[serde(default)]
    pub services: Vec<ECSService>,
}

/// A service that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSService {
    pub arn: String,
    pub cluster_arn: String,
    pub tags: BTreeMap<String, String>,
    pub account_name: String,
}

/// A page of tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSTasks {
    #[serde(default)]
    pub tasks: Vec<ECSTask>,
}

/// A task that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ECSTask {
    pub arn: String,
    pub cluster_arn: String,
    pub service_arn: String,
    pub task_definition_arn: String,
    pub tags: BTreeMap<String, String>,
    pub account_name: String,
}
