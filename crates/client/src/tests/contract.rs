//! Every call is an operation of the published API: its method, its path, and no query parameter beyond those it has.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Server, digest};
use crate::{
    AddOptions, CheckOptions, Client, EventFilter, ImageFilter, ImportPart, RepositoryOptions,
    SourceVulnerabilityOptions, VulnerabilityOptions,
};

const CONTRACT: &str = include_str!("../../../../openapi/anchore-v2.contract.json");

/// One method and path of the contract, with its query parameters.
struct Operation {
    method: String,
    path: Vec<String>,
    known: BTreeSet<String>,
    required: BTreeSet<String>,
}

impl Operation {
    fn all() -> Vec<Self> {
        let contract: Value = serde_json::from_str(CONTRACT).unwrap();
        contract["operations"].as_array().unwrap().iter().map(Self::of).collect()
    }

    fn of(operation: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query = |wanted: &dyn Fn(&Value) -> bool| {
            let query = parameters.iter().filter(|parameter| parameter["in"] == "query" && wanted(parameter));
            query.map(|parameter| text(&parameter["name"])).collect()
        };
        Self {
            method: text(&operation["method"]),
            path: text(&operation["path"]).split('/').skip(1).map(str::to_owned).collect(),
            known: query(&|_| true),
            required: query(&|parameter| parameter["required"] == true),
        }
    }

    /// How many segments are the same word; `None` when the path is another.
    fn fits(&self, method: &str, path: &[&str]) -> Option<usize> {
        let is_open = |segment: &str| segment.starts_with('{');
        let fits = self.method == method
            && self.path.len() == path.len()
            && self.path.iter().zip(path).all(|(segment, word)| is_open(segment) || segment == word);
        fits.then(|| self.path.iter().filter(|segment| !is_open(segment)).count())
    }
}

#[test]
fn every_call_is_an_operation_of_the_api() {
    let server = Server::start();
    let client = server.client();
    images(&client);
    imports(&client);
    sources(&client);
    rules(&client);
    people(&client);
    applications(&client);
    service(&client);
    let operations = Operation::all();
    let requests = server.runtime.block_on(server.server.received_requests()).unwrap();
    for request in requests {
        let path: Vec<&str> = request.url.path().strip_prefix("/v2/").unwrap().split('/').collect();
        // Ours, beside the published API.
        if path[0] == "x" {
            continue;
        }
        let said = format!("{} {}", request.method, request.url);
        let fitting = operations
            .iter()
            .filter_map(|operation| Some((operation.fits(request.method.as_str(), &path)?, operation)));
        let (_, operation) = fitting.max_by_key(|(words, _)| *words).unwrap_or_else(|| panic!("no operation: {said}"));
        let query: BTreeSet<String> = request.url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert!(query.is_subset(&operation.known), "{said}: knows {:?}", operation.known);
        assert!(operation.required.is_subset(&query), "{said}: requires {:?}", operation.required);
    }
}

/// A body of a shape; the server here refuses everything, so only the shape matters.
fn body<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn images(client: &Client) {
    let image = &digest("a");
    let request = &body(json!({}));
    let filter = ImageFilter {
        image_id: Some("i".to_owned()),
        full_tag: Some("t".to_owned()),
        image_status: Some("all".to_owned()),
        analysis_status: Some("analyzed".to_owned()),
        history: true,
    };
    let check = CheckOptions {
        tag: "t".to_owned(),
        policy_id: Some("p".to_owned()),
        base_digest: Some("auto".to_owned()),
        ..Default::default()
    };
    let vulnerabilities = VulnerabilityOptions { vendor_only: Some(true), ..Default::default() };
    let _ = client.image_add(request, AddOptions::default());
    let _ = client.image_list(&filter);
    let _ = client.image_get(image);
    let _ = client.image_delete(image, true);
    let _ = client.images_delete(&[image.clone(), digest("b")], true);
    let _ = client.image_check(image, &check);
    let _ = client.image_vulnerability_types(image);
    let _ = client.image_vulnerabilities(image, "all", &vulnerabilities);
    let _ = client.image_content_types(image);
    let _ = client.image_content(image, "os");
    let _ = client.image_content_java(image);
    let _ = client.image_content_files(image);
    let _ = client.image_content_malware(image);
    let _ = client.image_secret_search(image);
    let _ = client.image_content_search(image);
    let _ = client.image_retrieved_files(image);
    let _ = client.image_metadata(image, "manifest");
    let _ = client.image_ancestors(image);
    for format in ["native-json", "cyclonedx-json", "spdx-json"] {
        let _ = client.image_sbom(image, format);
    }
    let _ = client.image_stigs(image);
    let _ = client.image_vex(image, "openvex");
    let _ = client.archive_image_add(std::slice::from_ref(image));
    let _ = client.archive_image_list();
    let _ = client.archive_image_get(image);
    let _ = client.archive_image_delete(image, true);
    let _ = client.archive_rule_list(true);
    let _ = client.archive_rule_add(&json!({}));
    let _ = client.archive_rule_get("r");
    let _ = client.archive_rule_delete("r");
}

fn imports(client: &Client) {
    let _ = client.image_import_begin();
    for part in [
        ImportPart::Packages,
        ImportPart::Manifest,
        ImportPart::ParentManifest,
        ImportPart::ImageConfig,
        ImportPart::Dockerfile,
        ImportPart::SecretSearches,
        ImportPart::ContentSearches,
        ImportPart::FileContents,
    ] {
        let _ = client.image_import_part(Uuid::nil(), part, "text/plain", "x".into());
    }
    let _ = client.image_import_analysis(Uuid::nil(), "x".into());
    let _ = client.image_import_abandon(Uuid::nil());
    let _ = client.image_add(&body(json!({})), AddOptions::default());
    let metadata = json!({"host": "h", "repository_name": "r", "revision": "1", "contents": {"sbom": "x"}});
    let _ = client.source_import_begin();
    let _ = client.source_import_sbom(Uuid::nil(), "{}".into());
    let _ = client.source_import_finish(Uuid::nil(), &body(metadata));
}

fn sources(client: &Client) {
    let vulnerabilities = SourceVulnerabilityOptions { will_not_fix: Some(true), ..Default::default() };
    let _ = client.source_list();
    let _ = client.source_get("s");
    let _ = client.source_delete("s", true);
    let _ = client.source_check("s", Some("p"));
    let _ = client.source_vulnerability_types("s");
    let _ = client.source_vulnerabilities("s", "all", &vulnerabilities);
    let _ = client.source_content_types("s");
    let _ = client.source_content("s", "os");
    let _ = client.source_sbom("s", "native-json");
    let _ = client.inventory_list(Some("kubernetes"), Some("c"), Some("d"));
    let _ = client.inventory_delete("kubernetes", "c", Some("d"));
}

fn rules(client: &Client) {
    let record = json!({"policy_id": "p", "active": true, "account_name": "a", "policy_source": "local", "name": "n"});
    let correction = json!({"type": "package", "match": {"type": "java"}, "replace": []});
    let _ = client.policy_list(true);
    let _ = client.policy_get("p", true);
    let _ = client.policy_add(&json!({}));
    let _ = client.policy_update("p", &body(record), true);
    let _ = client.policy_delete("p");
    let _ = client.policy_spec();
    let _ = client.scan(&body(json!({})), "t", Some("p"));
    let _ = client.sbom_vulnerabilities(&json!({}));
    let _ = client.correction_list();
    let _ = client.correction_add(&body(correction));
    let _ = client.correction_get("c");
    let _ = client.correction_delete("c");
    let _ = client.subscription_list(Some("k"), Some("tag_update"));
    let _ = client.subscription_add(&body(json!({})));
    let _ = client.subscription_update("s", &body(json!({})));
    let _ = client.subscription_delete("s");
    let _ = client.repository_add("r", RepositoryOptions::default());
    let _ = client.registry_list();
    let _ = client.registry_get("h/r");
    let _ = client.registry_add(&body(json!({})), true);
    let _ = client.registry_update("h/r", &body(json!({})), true);
    let _ = client.registry_delete("h/r");
}

fn people(client: &Client) {
    let credential = json!({"type": "password", "value": "x"});
    let key = json!({"name": "k", "expires_at": "2027-01-01T00:00:00Z"});
    let _ = client.account_current();
    let _ = client.account_list(Some("enabled"));
    let _ = client.account_add(&body(json!({"name": "a"})));
    let _ = client.account_get("a");
    let _ = client.account_update("a", &body(json!({})));
    let _ = client.account_state("a", &body(json!({"state": "enabled"})));
    let _ = client.account_delete("a");
    let _ = client.user_current();
    let _ = client.user_list("a");
    let _ = client.user_list_all();
    let _ = client.user_add("a", &body(json!({"username": "u"})));
    let _ = client.user_get("a", "u");
    let _ = client.user_delete("a", "u");
    let _ = client.user_credential_set("a", "u", &body(credential.clone()));
    let _ = client.own_credential_set(&body(credential));
    let _ = client.api_key_list();
    let _ = client.api_key_add(&body(key));
    let _ = client.api_key_get("k");
    let _ = client.api_key_update("k", &body(json!({})));
    let _ = client.api_key_delete("k");
    let _ = client.role_list();
    let _ = client.role_get("r");
    let _ = client.role_members("r");
    let _ = client.role_member_add("r", &body(json!({"username": "u"})));
    let _ = client.user_group_list(Some("u"), Some("g"), Some("a"));
    let _ = client.user_group_add(&body(json!({"name": "g"})));
    let _ = client.user_group_get("g");
    let _ = client.user_group_update("g", &body(json!({"description": "d"})));
    let _ = client.user_group_delete("g");
    let _ = client.user_group_roles("g");
    let _ = client.user_group_role_add("g", &body(json!({"roles": []})));
    let _ = client.user_group_role_delete("g", "a");
    let _ = client.user_group_users("g");
    let _ = client.user_group_user_add("g", &body(json!({"usernames": []})));
    let _ = client.user_group_user_delete("g", &["u".to_owned()]);
}

fn applications(client: &Client) {
    let version = || body(json!({"version_name": "v"}));
    let artifact = json!({"artifact_type": "image", "artifact_keys": {}});
    let kinds = ["image".to_owned(), "source".to_owned()];
    let _ = client.application_list(true);
    let _ = client.application_add(&body(json!({})));
    let _ = client.application_get("a", true);
    let _ = client.application_update("a", &body(json!({})));
    let _ = client.application_delete("a");
    let _ = client.application_version_list("a");
    let _ = client.application_version_add("a", &version());
    let _ = client.application_version_update("a", "v", &version());
    let _ = client.application_version_delete("a", "v");
    let _ = client.application_artifact_list("a", "v", &kinds);
    let _ = client.application_artifact_add("a", "v", &body(artifact));
    let _ = client.application_artifact_remove("a", "v", "x");
    let _ = client.application_version_sbom("a", "v", &kinds);
    let _ = client.application_version_vulnerabilities("a", "v", Some(true));
}

fn service(client: &Client) {
    let filter = EventFilter {
        service: Some("s".to_owned()),
        host: Some("h".to_owned()),
        event_type: Some("t".to_owned()),
        resource_type: Some("r".to_owned()),
        resource_id: Some("i".to_owned()),
        level: Some("INFO".to_owned()),
        since: Some("2026-01-01T00:00:00Z".to_owned()),
        before: Some("2026-01-02T00:00:00Z".to_owned()),
    };
    let _ = client.event_list(&filter, 1);
    let _ = client.event_get("e");
    let _ = client.event_delete("e");
    let _ = client.events_delete(&filter);
    let _ = client.feed_list();
    let _ = client.feed_sync(true);
    let _ = client.feed_upload("vulnerabilities", "6", "2026-01-01T00:00:00Z", "sha256:x", b"x");
    let _ = client.version();
    let _ = client.system_status();
    let _ = client.service_delete("s", "h");
    let _ = client.integration_list();
    let _ = client.integration_get("i");
    let _ = client.integration_delete("i", true);
    let _ = client.lifecycle_policy_list();
    let _ = client.lifecycle_policy_add(&json!({}));
    let _ = client.lifecycle_policy_get("l");
    let _ = client.lifecycle_policy_update("l", &json!({}));
    let _ = client.lifecycle_policy_delete("l");
}
