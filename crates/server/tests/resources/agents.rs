//! What agents tell, and what is told of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN, As, Server, with_servers};

const NAMESPACE: &str = "5b1c9c5e-0001-4a6e-9d2f-000000000001";
const POD: &str = "5b1c9c5e-0002-4a6e-9d2f-000000000002";
const NODE: &str = "5b1c9c5e-0003-4a6e-9d2f-000000000003";

fn kubernetes(containers: &Value) -> Value {
    json!({
        "cluster_name": "prod", "timestamp": "2024-03-01T00:00:00Z", "serverVersionMetadata": {"new": true},
        "namespaces": [{"uid": NAMESPACE, "name": "shop", "labels": {"team": "a"}}],
        "nodes": [{"uid": NODE, "name": "n1"}],
        "pods": [{"uid": POD, "name": "cart-1", "namespace_uid": NAMESPACE, "node_uid": NODE}],
        "containers": containers,
    })
}

#[test]
fn what_runs_in_clusters() {
    with_servers(|server: Server| async move {
        server.account("team", "read-write").await;
        let team = As("team", None);
        let digest = server.image("team", "docker.io/shop/cart:1").await;
        let one = json!([
            {"id": "c1", "name": "cart", "image_tag": "shop/cart:1", "image_digest": digest, "pod_uid": POD},
            {"id": "c2", "name": "side", "image_tag": "side:2", "pod_uid": POD},
        ]);
        let made = server.post(team, "/kubernetes-inventory", kubernetes(&one)).await;
        assert_eq!((made.status.as_u16(), made.text.as_str()), (201, ""));
        // A second part about a pod of the first one, and the same container again.
        let part = json!({
            "cluster_name": "prod", "timestamp": "2024-03-01T00:00:00Z",
            "containers": [{"id": "c3", "name": "cart", "image_tag": "shop/cart:1",
                            "image_digest": format!("docker-pullable://shop/cart@{digest}"), "pod_uid": POD}],
        });
        server.post(team, "/kubernetes-inventory", part).await.expect(201);

        let all = server.get(team, "/inventories").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
        let path = format!("/inventories?inventory_type=kubernetes&context=prod/shop&image_digest={digest}");
        let found = server.get(team, &path).await.expect(200);
        assert_eq!(found["items"][0]["image_tag"], "shop/cart:1");
        assert_eq!(found["items"][0]["context"], "prod/shop");
        let running = server.get(team, "/summaries/image-tags?runtime=true").await.expect(200);
        assert_eq!(running["total_rows"], 1);

        let containers = server.get(team, "/kubernetes-containers?page=1&page_size=2").await.expect(200);
        assert_eq!(containers["containers"].as_array().unwrap().len(), 2);
        assert_eq!(containers["containers"][0]["pod_id"], POD);
        let rest = server.get(team, "/kubernetes-containers?page=2&page_size=2").await.expect(200);
        assert_eq!(rest["containers"][0]["id"], "c3");
        assert_eq!(rest["containers"][0]["image_digest"], digest.as_str());
        let namespaces = server.get(team, "/kubernetes-namespaces?page=1").await.expect(200);
        assert_eq!(namespaces["namespaces"][0]["labels"]["team"], "a");
        let pods = server.get(team, "/kubernetes-pods?page=1").await.expect(200);
        assert_eq!(pods["namespaces"][0]["namespace_id"], NAMESPACE);
        server.get(team, &format!("/kubernetes-nodes/{NODE}")).await.expect(200);
        server.get(team, &format!("/kubernetes-pods/{POD}")).await.expect(200);

        // Another account sees nothing of it.
        server.account("other", "full-control").await;
        let other = As("other", None);
        let none = server.get(other, "/inventories").await.expect(200);
        assert_eq!(none["items"], json!([]));
        server.get(other, &format!("/kubernetes-pods/{POD}")).await.refused(404);
        server.delete(other, "/inventories?inventory_type=kubernetes&context=prod").await.refused(404);

        server.delete(team, "/kubernetes-namespaces?cluster_name=prod").await.expect(204);
        let gone = server.get(team, "/summaries/image-tags?runtime=true").await.expect(200);
        assert_eq!(gone["total_rows"], 0);
        server.get(team, &format!("/kubernetes-nodes/{NODE}")).await.expect(200);
        server.delete(team, "/inventories?inventory_type=kubernetes&context=prod").await.expect(204);
        server.get(team, &format!("/kubernetes-nodes/{NODE}")).await.refused(404);
    });
}

#[test]
fn reports_that_do_not_fit() {
    with_servers(|server: Server| async move {
        let unknown = server.post(As("admin", Some("nobody")), "/kubernetes-inventory", kubernetes(&json!([]))).await;
        let told = unknown.refused(404);
        assert!(told.contains("User account not found"), "{told}");
        let blank = json!([{"id": "c", "name": "c", "image_tag": " ", "pod_uid": POD}]);
        server.post(ADMIN, "/kubernetes-inventory", kubernetes(&blank)).await.refused(400);
        server.post(ADMIN, "/kubernetes-inventory", json!({"cluster_name": 1})).await.refused(400);
        server.get(ADMIN, "/kubernetes-pods").await.refused(400);
        server.get(ADMIN, "/kubernetes-pods?page=0").await.refused(400);
        server.get(ADMIN, "/inventories?inventory_type=swarm").await.refused(400);
        server.delete(ADMIN, "/kubernetes-namespaces").await.refused(400);
        // An agent may tell, and nothing else.
        server.account("agent", "inventory-agent").await;
        let agent = As("agent", None);
        server.post(agent, "/kubernetes-inventory", kubernetes(&json!([]))).await.expect(201);
        server.get(agent, "/inventories").await.refused(403);
        server.post(As("agent", Some("admin")), "/kubernetes-inventory", kubernetes(&json!([]))).await.refused(403);
    });
}

#[test]
fn what_runs_in_ecs() {
    with_servers(|server: Server| async move {
        let report = json!({
            "cluster_arn": "arn:aws:ecs:eu:1:cluster/a", "timestamp": "2024-03-01T00:00:00Z",
            "tasks": [{"arn": "arn:task/t1", "service_arn": "arn:service/s1", "tags": {"k": "v"}}],
            "services": [{"arn": "arn:service/s1"}],
            "containers": [{"arn": "arn:container/c1", "task_arn": "arn:task/t1", "image_tag": "a:1"}],
        });
        server.post(ADMIN, "/ecs-inventory", report).await.expect(204);
        let tasks = server.get(ADMIN, "/ecs-tasks?page=1").await.expect(200);
        assert_eq!(tasks["tasks"][0]["cluster_arn"], "arn:aws:ecs:eu:1:cluster/a");
        assert_eq!(tasks["tasks"][0]["tags"]["k"], "v");
        let services = server.get(ADMIN, "/ecs-services?page=1").await.expect(200);
        assert_eq!(services["services"][0]["account_name"], "admin");
        let containers = server.get(ADMIN, "/ecs-containers?page=1").await.expect(200);
        assert_eq!(containers["containers"][0]["context"], "arn:aws:ecs:eu:1:cluster/a");
    });
}

fn registration(instance: &str) -> Value {
    json!({
        "registration_id": "prod-agent", "registration_instance_id": instance, "type": "k8s_inventory_agent",
        "name": "prod", "username": "agent", "health_report_interval": 60, "uptime": 1.5, "newer": {"key": 1},
    })
}

#[test]
fn agents_make_themselves_known() {
    with_servers(|server: Server| async move {
        const PATH: &str = "/system/integrations/registration";
        let new = server.post(ADMIN, PATH, registration("a")).await.expect(201);
        let uuid = new["uuid"].as_str().unwrap().to_owned();
        assert_eq!(new["integration_status"]["state"], "registered");
        let again = server.post(ADMIN, PATH, registration("a")).await.expect(200);
        assert_eq!(again["uuid"], uuid.as_str());
        server.post(ADMIN, PATH, registration("b")).await.refused(409);
        let mut short = registration("a");
        short["health_report_interval"] = json!(1);
        server.post(ADMIN, PATH, short).await.refused(400);

        let report = |uuid: &str, errors: Value| {
            json!({
                "uuid": uuid, "protocol_version": 1, "timestamp": "2024-03-01T00:00:00Z", "uptime": 60.0,
                "health_report_interval": 60,
                "health_data": {"type": "k8s_inventory_agent", "version": 1, "errors": errors},
            })
        };
        let path = format!("/system/integrations/{uuid}/health-report");
        server.post(ADMIN, &path, report(&uuid, json!([]))).await.expect(201);
        let known = server.get(ADMIN, &format!("/system/integrations/{uuid}")).await.expect(200);
        assert_eq!(known["integration_status"]["state"], "active");
        assert_eq!(known["reported_status"]["state"], "healthy");
        let well = server.get(ADMIN, "/system/integrations?only_degraded=true").await.expect(200);
        assert_eq!(well["items"], json!([]));
        server.post(ADMIN, &path, report(&uuid, json!(["no access"]))).await.expect(201);
        let unwell = server.get(ADMIN, "/system/integrations?only_degraded=true").await.expect(200);
        assert_eq!(unwell["items"][0]["reported_status"]["reason"], "no access");

        let other = "5b1c9c5e-0009-4a6e-9d2f-000000000009";
        server.post(ADMIN, &path, report(other, json!([]))).await.refused(400);
        let lost = format!("/system/integrations/{other}/health-report");
        server.post(ADMIN, &lost, report(other, json!([]))).await.refused(404);
        server.account("team", "full-control").await;
        let team = As("team", None);
        server.get(team, &format!("/system/integrations/{uuid}")).await.refused(404);
        server.post(team, PATH, registration("a")).await.refused(409);
        server.get(ADMIN, "/system/integrations/no-uuid").await.refused(400);

        server.delete(ADMIN, &format!("/system/integrations/{uuid}")).await.refused(400);
        server.delete(ADMIN, &format!("/system/integrations/{uuid}?force=true")).await.expect(204);
        let gone = server.ask(ADMIN, Method::GET, &format!("/system/integrations/{uuid}"), None).await;
        gone.refused(404);
    });
}
