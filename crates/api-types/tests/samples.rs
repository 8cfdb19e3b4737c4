//! Samples of the shapes that are easiest to get wrong: read, written, and the same again.

#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail, and reads better with literals"
)]

use garde::Validate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stopgate_api_types::account::AccountCreationRequest;
use stopgate_api_types::annotation::{Justification, PackageVulnerabilityAnnotation};
use stopgate_api_types::api_key::UserApiKey;
use stopgate_api_types::configuration::{SystemConfigurationPut, SystemConfigurationValue};
use stopgate_api_types::error::{ApiErrorResponse, ErrorDetail};
use stopgate_api_types::evaluation::{Action, PolicyEvaluation, PolicyEvaluationFinding};
use stopgate_api_types::image::{AnalysisStatus, AnchoreImage, AnchoreImageList, ImageAnalysisRequest, ImageStatus};
use stopgate_api_types::import::SourceImportMetadata;
use stopgate_api_types::integration::{HealthReport, Integration, IntegrationType};
use stopgate_api_types::inventory::{ECSInventory, KubernetesInventory};
use stopgate_api_types::lifecycle::ArtifactLifecyclePolicyResponse;
use stopgate_api_types::notification::{
    NotificationGitHubEndpointConfigurationPost, NotificationMessage, NotificationSelector,
    NotificationSlackEndpointConfiguration, NotificationWebhookEndpointConfiguration,
};
use stopgate_api_types::policy::{Policy, PolicyList, PolicyRecord};
use stopgate_api_types::query::PaginatedVulnerabilityList;
use stopgate_api_types::registry::RegistryConfigurationRequest;
use stopgate_api_types::sbom::NativeSBOM;
use stopgate_api_types::scan::ScanRequest;
use stopgate_api_types::user::UserCreationRequest;
use stopgate_api_types::vulnerability::ImagePackageVulnerability;

#[track_caller]
fn same<T: Serialize + DeserializeOwned>(sample: Value) -> T {
    let read: T = serde_json::from_value(sample.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), sample);
    read
}

fn evaluation() -> Value {
    json!({
        "policy_id": "p-1", "image_digest": "sha256:9f", "evaluated_tag": "registry.example/shop/cart:1.4",
        "evaluations": [{
            "details": {
                "policy": {"id": "p-1", "name": "P", "version": "2", "rule_sets": [], "mappings": [], "last_updated": 7},
                "findings": [{
                    "trigger_id": "CVE-2026-0001+openssl", "gate": "vulnerabilities", "trigger": "package",
                    "message": "m", "action": "stop", "policy_id": "r1", "recommendation": "", "rule_id": "rule-7",
                    "allowlisted": false, "allowlist_match": null, "inherited_from_base": null
                }],
                "policy_action": "stop", "remediations": []
            },
            "comparison_image_digest": null, "evaluation_time": "2026-01-02T03:04:05Z", "evaluation_problems": [],
            "status": "fail", "final_action": "stop", "final_action_reason": "policy_evaluation",
            "image_allowlisted": false, "matched_allowlisted_images_rule": null, "image_denylisted": false,
            "matched_denylisted_images_rule": null, "image_mapped_to_rule": true,
            "matched_mapping_rule": {
                "id": "m1", "name": "all", "allowlist_ids": [], "rule_set_ids": ["r1"], "registry": "*",
                "repository": "*", "image": {"type": "tag", "value": "*"}
            },
            "number_of_findings": 1
        }]
    })
}

#[test]
fn an_evaluation_sends_every_null_that_clients_look_for() {
    let read: PolicyEvaluation = same(evaluation());
    let result = &read.evaluations[0];
    assert_eq!(result.final_action, Action::Stop);

    let mut brief = evaluation();
    brief["evaluations"][0]["details"] = Value::Null;
    let read: PolicyEvaluation = same(brief);
    assert!(read.evaluations[0].details.is_none());
}

#[test]
fn an_evaluation_of_an_older_server_lacks_keys_that_may_be_null() {
    let mut finding = evaluation()["evaluations"][0]["details"]["findings"][0].clone();
    let keys = finding.as_object_mut().unwrap();
    keys.remove("allowlist_match");
    keys.remove("inherited_from_base");
    let read: PolicyEvaluationFinding = serde_json::from_value(finding).unwrap();
    assert!(read.allowlist_match.is_none() && read.inherited_from_base.is_none());
}

#[test]
fn a_stored_policy_keeps_its_body_whatever_it_is() {
    let record = json!({
        "policy_id": "p-1", "active": true, "account_name": "shop", "policy_source": "local",
        "policy": {"id": "p-1", "whitelists": [], "last_updated": 1.5}, "name": "P"
    });
    let list: PolicyList = same(json!([record]));
    assert_eq!(list.0.len(), 1);
    let without: PolicyRecord = serde_json::from_value(json!({
        "policy_id": "p", "active": false, "account_name": "a", "policy_source": "local", "policy": null, "name": "n"
    }))
    .unwrap();
    assert!(without.policy.is_none());
}

#[test]
fn a_typed_policy_refuses_other_keys() {
    let body = json!({"id": "p", "name": "P", "version": "2", "rule_sets": [], "mappings": [], "policies": []});
    assert!(serde_json::from_value::<Policy>(body).is_err());
}

#[test]
fn requests_ignore_keys_that_are_newer_than_they() {
    let body = json!({"source": {"tag": {"pull_string": "shop/cart:1", "mirror": true}}, "priority": 3});
    let request: ImageAnalysisRequest = serde_json::from_value(body).unwrap();
    let source = request.source.unwrap();
    assert_eq!(source.tag.unwrap().pull_string, "shop/cart:1");
    assert!(source.digest.is_none() && source.import.is_none() && source.archive.is_none());
}

#[test]
fn an_import_names_its_parts() {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let _: ImageAnalysisRequest = same(json!({"source": {"import": {
        "contents": {
            "packages": digest("a"), "image_config": digest("b"), "manifest": digest("c"), "dockerfile": digest("d")
        },
        "tags": ["registry.example/shop/cart:1.4"], "digest": digest("9"), "local_image_id": "4c",
        "operation_uuid": "0b0e4c7e-8f2c-4f0a-9f0e-3b1f6a3c2d11"
    }}}));
    let _: SourceImportMetadata = same(json!({
        "host": "github.com", "repository_name": "shop/cart", "revision": "abc", "contents": {"sbom": digest("e")}
    }));
}

#[test]
fn null_is_taken_where_agents_send_it() {
    let report = json!({
        "cluster_arn": "arn:aws:ecs:1", "timestamp": "2026-01-02T03:04:05Z", "tasks": null, "services": null,
        "containers": [{"arn": "a", "image_tag": "shop/cart:1", "task_arn": null}]
    });
    let read: ECSInventory = serde_json::from_value(report).unwrap();
    assert!(read.tasks.is_none());
    assert_eq!(read.containers.unwrap()[0].image_tag, "shop/cart:1");
}

#[test]
fn parts_that_kinds_share_lie_flat() {
    let read: NotificationWebhookEndpointConfiguration = same(json!({
        "uuid": "0b0e4c7e-8f2c-4f0a-9f0e-3b1f6a3c2d11", "description": "ci", "verify_tls": true,
        "created_at": "2026-01-02T03:04:05.25Z", "url": "https://hooks.example/x", "username": "u", "password": "p"
    }));
    assert_eq!(read.endpoint.description.as_deref(), Some("ci"));
    let _: Integration = same(json!({
        "uuid": "0b0e4c7e-8f2c-4f0a-9f0e-3b1f6a3c2d11", "type": "k8s_inventory_agent", "account_name": "a",
        "username": "u", "explicitly_account_bound": [], "accounts": ["a"], "health_report_interval": 60,
        "uptime": 1.5, "description": "d", "namespaces": ["n"]
    }));
    let _: ImagePackageVulnerability = same(json!({
        "vuln": "CVE-2026-0001", "fix": "None", "epss": [{"epss": 0.5, "percentile": 0.9}],
        "nvd_data": [{"id": "CVE-2026-0001", "cvss_v3": {"base_score": 9.8, "exploitability_score": null, "impact_score": null}}],
        "inherited_from_base": true
    }));
    let _: NotificationMessage = same(json!({
        "id": "e-1", "type": "user.image.analysis.completed", "level": "INFO", "message": "m", "details": {},
        "timestamp": "2026-01-02T03:04:05Z", "resource": {"account_name": "a", "id": "i", "type": "image_tag"},
        "source": {"service_name": "s", "host_id": "h", "base_url": "b", "request_id": "r"}
    }));
    let page: PaginatedVulnerabilityList = same(json!({
        "page": "1", "next_page": "", "returned_count": 0, "vulnerabilities": []
    }));
    assert_eq!(page.page.next_page.as_deref(), Some(""));
}

#[test]
fn a_clean_up_policy_is_read_with_a_list_of_conditions() {
    let condition = json!({
        "version": 2, "even_if_exists_in_runtime_inventory": false, "days_since_analyzed": 90, "artifact_type": "image"
    });
    let read: ArtifactLifecyclePolicyResponse = same(json!({
        "action": "delete", "name": "old", "policy_conditions": [condition]
    }));
    assert_eq!(read.policy_conditions[0].days_since_analyzed, 90);
}

#[test]
fn a_setting_takes_every_kind_of_value() {
    for value in [json!(null), json!("text"), json!(5), json!(0.5), json!(true), json!(["a", 1, {"k": "v"}])] {
        let _: SystemConfigurationPut = same(json!({"key": "k", "value": value}));
    }
    let null: SystemConfigurationPut = serde_json::from_value(json!({"key": "k", "value": null})).unwrap();
    assert_eq!(null.value, SystemConfigurationValue::Null);
}

#[test]
fn an_sbom_takes_both_forms_of_licences_and_cpes() {
    let location = json!({"path": "/lib/apk/db/installed", "layerID": "sha256:1"});
    let sbom = json!({
        "artifacts": [{
            "id": "1", "name": "n", "version": "1", "type": "apk", "foundBy": "apk-db-cataloger", "locations": [location],
            "licenses": ["MIT", {"value": "GPL", "spdxExpression": "GPL-2.0-only", "type": "declared", "urls": []}],
            "language": "", "cpes": ["cpe:2.3:a:n:n:1", {"cpe": "cpe:2.3:a:m:n:1", "source": "syft-generated"}],
            "purl": "pkg:apk/n@1", "metadataType": "apk-db-entry", "metadata": {"size": 3}
        }],
        "source": {"type": "image", "target": {"tags": []}}, "distro": {"name": "alpine", "versionID": "3.20"},
        "descriptor": {"name": "syft", "version": "1"}, "schema": {"version": "16.1.10", "url": "u"},
        "artifactRelationships": [{"parent": "1", "child": "2", "type": "contains"}]
    });
    let _: NativeSBOM = same(sbom.clone());
    let mut unknown = sbom;
    unknown["somethingNew"] = json!({"kept": true});
    let _: ScanRequest = same(json!({"sbom": unknown}));
}

#[test]
fn words_that_only_the_other_side_knows_are_kept() {
    let image: AnchoreImage =
        serde_json::from_value(json!({"image_status": "archived", "analysis_status": "analysis_failed"})).unwrap();
    assert_eq!(image.image_status, Some(ImageStatus::Other("archived".to_owned())));
    assert_eq!(image.analysis_status, Some(AnalysisStatus::AnalysisFailed));
    let kind: IntegrationType = same(json!("ecs_inventory_agent"));
    assert_eq!(kind.as_str(), "ecs_inventory_agent");
    let status: ImageStatus = same(json!("deleting"));
    assert_eq!(status, ImageStatus::Deleting);
}

#[test]
fn a_list_of_a_reply_is_sent_empty_rather_than_left_out() {
    assert_eq!(serde_json::to_value(AnchoreImageList::default()).unwrap(), json!({"items": []}));
}

#[test]
fn the_expiry_of_a_key_has_no_fraction() {
    let key: UserApiKey =
        serde_json::from_value(json!({"name": "ci", "expires_at": "2027-01-01T00:00:00.987654Z"})).unwrap();
    assert_eq!(serde_json::to_value(key).unwrap()["expires_at"], "2027-01-01T00:00:00Z");
}

#[test]
fn secrets_stay_out_of_debug_texts() {
    let request: RegistryConfigurationRequest =
        same(json!({"registry": "r", "registry_user": "u", "registry_pass": "hunter2"}));
    assert!(!format!("{request:?}").contains("hunter2"));
    assert_eq!(request.registry_pass.unwrap().expose(), "hunter2");
}

#[test]
fn an_error_has_the_keys_of_both_generations() {
    let error = ApiErrorResponse {
        code: Some(404),
        error_type: Some("resource_not_found".to_owned()),
        message: Some("there is no such image".to_owned()),
        detail: Some(ErrorDetail::default()),
        httpcode: Some(404),
        anchore_request_id: Some("3f2a".to_owned()),
    };
    assert_eq!(
        serde_json::to_value(error).unwrap(),
        json!({
            "code": 404, "error_type": "resource_not_found", "message": "there is no such image",
            "detail": {"error_codes": []}, "httpcode": 404, "anchore_request_id": "3f2a"
        })
    );
    let foreign: ApiErrorResponse =
        serde_json::from_value(json!({"message": "m", "detail": {"error_codes": ["UNKNOWN"], "raw": 1}})).unwrap();
    assert_eq!(foreign.detail.unwrap().more["raw"], 1);
    let schema_check: ApiErrorResponse = serde_json::from_value(json!({
        "type": "about:blank", "title": "Bad Request", "detail": "'tag' is a required property", "status": 400
    }))
    .unwrap();
    assert_eq!(schema_check.detail.unwrap().more["text"], "'tag' is a required property");
}

#[test]
fn a_note_says_why_or_nothing() {
    let note: PackageVulnerabilityAnnotation = same(json!({
        "annotation": {
            "vulnerability_id": "CVE-2026-0001", "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path"
        },
        "package_identifier": {"name": "n", "version": "1", "type": "apk"}
    }));
    assert_eq!(note.annotation.justification, Some(Justification::VulnerableCodeNotInExecutePath));
}

#[track_caller]
fn accepts<T: DeserializeOwned + Validate<Context = ()>>(body: Value) -> bool {
    serde_json::from_value::<T>(body).unwrap().validate().is_ok()
}

#[test]
fn bounds_are_those_of_the_document() {
    assert!(accepts::<AccountCreationRequest>(json!({"name": "shop team", "email": "a@b.example"})));
    assert!(!accepts::<AccountCreationRequest>(json!({"name": "ab"})));
    assert!(!accepts::<AccountCreationRequest>(json!({"name": " shop"})));
    assert!(!accepts::<AccountCreationRequest>(json!({"name": "shop", "email": "nobody"})));
    assert!(accepts::<UserCreationRequest>(json!({"username": "ann:ci", "password": "secret"})));
    assert!(!accepts::<UserCreationRequest>(json!({"username": "ann", "password": "short"})));
    assert!(accepts::<NotificationSlackEndpointConfiguration>(json!({"url": "https://hooks.example/T/B"})));
    assert!(!accepts::<NotificationSlackEndpointConfiguration>(json!({"url": "file:///etc/passwd"})));
    assert!(!accepts::<NotificationGitHubEndpointConfigurationPost>(json!({
        "url": "ftp://x", "username": "u", "access_token": "t", "owner": "o", "repository": "r"
    })));
    let selector = |kind| json!({"scope": "account", "event": {"level": "*", "resource_type": "*", "type": kind}});
    assert!(accepts::<NotificationSelector>(selector("user.checks.*")));
    assert!(!accepts::<NotificationSelector>(selector("User Checks")));
    let source = |dockerfile| json!({"source": {"tag": {"pull_string": "a:1", "dockerfile": dockerfile}}});
    assert!(accepts::<ImageAnalysisRequest>(source("RlJPTSBhbHBpbmUK")));
    assert!(!accepts::<ImageAnalysisRequest>(source("FROM alpine")));
    let archive = |digest: &str| json!({"source": {"archive": {"digest": digest}}});
    assert!(accepts::<ImageAnalysisRequest>(archive(&format!("sha256:{}", "a".repeat(64)))));
    assert!(!accepts::<ImageAnalysisRequest>(archive("sha256:a")));
}

#[test]
fn bounds_reach_into_what_agents_report() {
    let uid = "0b0e4c7e-8f2c-4f0a-9f0e-3b1f6a3c2d11";
    let inventory = |tag| {
        json!({"cluster_name": "c", "timestamp": "2026-01-02T03:04:05Z",
            "containers": [{"id": "i", "name": "n", "image_tag": tag, "pod_uid": uid}]})
    };
    assert!(accepts::<KubernetesInventory>(inventory("shop/cart:1")));
    assert!(!accepts::<KubernetesInventory>(inventory("  ")));
    let health = |interval, last| {
        json!({"uuid": uid, "protocol_version": 1, "timestamp": "2026-01-02T03:04:05Z", "uptime": 1.0,
            "health_report_interval": interval,
            "health_data": {"type": "k8s_inventory_agent", "version": 1, "account_k8s_inventory_reports": {"a": {
                "report_timestamp": "2026-01-02T03:04:05Z", "account_name": "a", "sent_as_user": "u", "batch_size": 1,
                "last_successful_index": last, "has_errors": false, "batches": []}}}})
    };
    assert!(accepts::<HealthReport>(health(30, -1)));
    assert!(!accepts::<HealthReport>(health(29, -1)));
    assert!(!accepts::<HealthReport>(health(601, -1)));
    assert!(!accepts::<HealthReport>(health(30, -2)));
}
