//! Statements of every format, and what is refused.

use stopgate_model::{VexStatement, limits};

use super::{Statements, TEXT, VEX, read};

/// `vulnerability[=aliases] products[ / subcomponents] status[ justification] @time: statement`.
fn shown(text: &str) -> Vec<String> {
    let line = |one: &VexStatement| {
        assert_eq!(one.document, "vex.json");
        let ids: Vec<&str> = std::iter::once(&one.vulnerability).chain(&one.aliases).map(String::as_str).collect();
        let parts =
            if one.subcomponents.is_empty() { String::new() } else { format!(" / {}", one.subcomponents.join(" ")) };
        let why = one.justification.map(|why| format!(" {}", why.name())).unwrap_or_default();
        let products = if one.products.is_empty() { "any".to_owned() } else { one.products.join(" ") };
        let time = &one.timestamp;
        format!("{} {products}{parts} {}{why} @{time}: {}", ids.join("="), one.status.name(), one.statement)
    };
    read(text.as_bytes(), "vex.json").unwrap().iter().map(line).collect()
}

fn openvex(statements: &str) -> String {
    format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "Acme",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [{statements}]}}"#
    )
}

#[test]
fn openvex_names_products_parts_and_times() {
    let statements = r#"
        {"vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]}, "status": "fixed"},
        {"vulnerability": {"name": "CVE-2026-2"}, "timestamp": "2026-02-01T00:00:00Z", "status": "not_affected",
         "justification": "component_not_present", "impact_statement": "it is not there",
         "products": [{"@id": "pkg:oci/app@sha256%3Aab", "subcomponents": [{"@id": "pkg:deb/debian/a"}, {"@id": "pkg:deb/debian/b"}]},
                      {"@id": "x", "identifiers": {"purl": "pkg:npm/y@1"}, "hashes": {"sha3-256": "00"}},
                      {"@id": "z"}]},
        {"vulnerability": {"name": "CVE-2026-3"}, "timestamp": "2026-02-01T00:00:00Z", "last_updated": "2026-03-01T00:00:00Z",
         "status": "affected", "action_statement": "upgrade", "products": [{"identifiers": {"cpe23": "cpe:2.3:a:x"}}]},
        {"vulnerability": {"name": "CVE-2026-4"}, "status": "under_investigation", "status_notes": "soon", "products": []}"#;
    assert_eq!(
        shown(&openvex(statements)),
        [
            "CVE-2026-1=GHSA-1 any fixed @2026-01-01T00:00:00Z: ",
            "CVE-2026-2 pkg:oci/app@sha256%3Aab / pkg:deb/debian/a pkg:deb/debian/b not_affected component_not_present \
             @2026-02-01T00:00:00Z: it is not there",
            "CVE-2026-2 x pkg:npm/y@1 sha3-256:00 z not_affected component_not_present @2026-02-01T00:00:00Z: it is not there",
            "CVE-2026-3 cpe:2.3:a:x affected @2026-03-01T00:00:00Z: upgrade",
            "CVE-2026-4 any under_investigation @2026-01-01T00:00:00Z: soon",
        ]
    );
}

fn csaf(vulnerabilities: &str) -> String {
    format!(
        r#"{{"document": {{"category": "csaf_vex", "csaf_version": "2.0", "tracking": {{"current_release_date": "2026-01-01T00:00:00Z"}}}},
        "product_tree": {{
          "branches": [{{"category": "vendor", "name": "Acme", "branches": [
            {{"category": "product_version", "name": "1", "product": {{"product_id": "app", "name": "App 1",
              "product_identification_helper": {{"purl": "pkg:oci/app@sha256%3Aab",
                "hashes": [{{"filename": "x", "file_hashes": [{{"algorithm": "sha256", "value": "{hash}"}}]}}]}}}}}},
            {{"category": "product_version", "name": "2", "product": {{"product_id": "lib", "name": "Lib",
              "product_identification_helper": {{"purl": "pkg:deb/debian/lib"}}}}}},
            {{"category": "product_name", "name": "3", "product": {{"product_id": "os", "name": "OS 9",
              "product_identification_helper": {{"cpe": "cpe:/o:acme:os:9"}}}}}}]}}],
          "full_product_names": [{{"product_id": "bare", "name": "A name"}}],
          "product_groups": [{{"group_id": "g", "product_ids": ["app", "bare"]}}],
          "relationships": [
            {{"category": "default_component_of", "product_reference": "lib", "relates_to_product_reference": "app",
              "full_product_name": {{"product_id": "app:lib", "name": "Lib of App"}}}},
            {{"category": "default_component_of", "product_reference": "app:lib", "relates_to_product_reference": "os",
              "full_product_name": {{"product_id": "os:app:lib", "name": "Lib of App of OS"}}}},
            {{"category": "default_component_of", "product_reference": "lib", "relates_to_product_reference": "os",
              "full_product_name": {{"product_id": "own", "name": "x", "product_identification_helper": {{"purl": "pkg:rpm/acme/lib"}}}}}},
            {{"category": "default_component_of", "product_reference": "loop", "relates_to_product_reference": "loop",
              "full_product_name": {{"product_id": "loop", "name": "x"}}}}]}},
        "vulnerabilities": [{vulnerabilities}]}}"#,
        hash = "ab".repeat(32),
    )
}

#[test]
fn csaf_names_each_product_by_its_helper_and_parts_by_their_relation() {
    let vulnerabilities = r#"
        {"cve": "CVE-2026-1", "ids": [{"system_name": "Acme", "text": "ACME-1"}],
         "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["app:lib"]}, {"label": "component_not_present", "group_ids": ["g"]}],
         "threats": [{"category": "impact", "details": "removed", "product_ids": ["app:lib"]}, {"category": "exploit_status", "details": "no", "product_ids": ["app:lib"]}],
         "remediations": [{"category": "vendor_fix", "details": "upgrade", "group_ids": ["g"]}],
         "product_status": {"known_not_affected": ["app:lib", "os:app:lib", "bare"], "known_affected": ["app"], "fixed": ["own"],
           "under_investigation": ["os"], "recommended": ["lib"]}},
        {"title": "without a status"},
        {"ids": [{"system_name": "Acme", "text": "ACME-2"}], "product_status": {"last_affected": ["lib"]}}"#;
    let app = format!("pkg:oci/app@sha256%3Aab sha256:{}", "ab".repeat(32));
    assert_eq!(
        shown(&csaf(vulnerabilities)),
        [
            "CVE-2026-1=ACME-1 pkg:rpm/acme/lib fixed @2026-01-01T00:00:00Z: ".to_owned(),
            format!(
                "CVE-2026-1=ACME-1 {app} / pkg:deb/debian/lib not_affected vulnerable_code_not_present @2026-01-01T00:00:00Z: removed"
            ),
            "CVE-2026-1=ACME-1 cpe:/o:acme:os:9 / pkg:deb/debian/lib not_affected @2026-01-01T00:00:00Z: ".to_owned(),
            "CVE-2026-1=ACME-1 A name not_affected component_not_present @2026-01-01T00:00:00Z: ".to_owned(),
            format!("CVE-2026-1=ACME-1 {app} affected @2026-01-01T00:00:00Z: upgrade"),
            "CVE-2026-1=ACME-1 cpe:/o:acme:os:9 under_investigation @2026-01-01T00:00:00Z: ".to_owned(),
            "ACME-2 pkg:deb/debian/lib affected @2026-01-01T00:00:00Z: ".to_owned(),
        ]
    );
}

fn cyclonedx(root: &str, vulnerabilities: &str) -> String {
    format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {{"timestamp": "2026-01-01T00:00:00Z"{root}}},
        "components": [{{"type": "library", "name": "a", "bom-ref": "a", "purl": "pkg:npm/a@1", "components": [
          {{"type": "library", "name": "b", "bom-ref": "b", "purl": "pkg:npm/b@1"}}]}}, {{"type": "library", "name": "c", "bom-ref": "c"}}],
        "vulnerabilities": [{vulnerabilities}]}}"#
    )
}

const AFFECTED: &str = r#"
    {"id": "CVE-2026-1", "references": [{"id": "GHSA-1"}], "affects": [{"ref": "a"}, {"ref": "urn:cdx:5d/1#b"}, {"ref": "c"}],
     "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "never called", "lastUpdated": "2026-02-01T00:00:00Z"}},
    {"id": "CVE-2026-2", "analysis": {"state": "exploitable", "firstIssued": "2026-03-01T00:00:00Z"}, "affects": [{"ref": "root"}, {"ref": "urn:cdx:5d/1"}]},
    {"id": "CVE-2026-3", "analysis": {"state": "in_triage"}, "affects": [{"ref": "urn:cdx:5d/1#pkg%3Anpm%2Fx%402"}]},
    {"id": "CVE-2026-4", "updated": "2026-04-01T00:00:00Z", "analysis": {"state": "resolved_with_pedigree"}},
    {"id": "CVE-2026-5", "analysis": {"state": "exploitable"}, "affects": [{"ref": "a", "versions": [
      {"version": "1"}, {"version": "2", "status": "unaffected"}, {"range": "vers:npm/>=3", "status": "affected"}, {"version": "4", "status": "unknown"}]}]},
    {"id": "CVE-2026-6", "affects": [{"ref": "a"}]},
    {"id": "CVE-2026-7", "analysis": {"justification": "code_not_present"}}"#;

#[test]
fn cyclonedx_without_an_image_speaks_of_packages() {
    let text = cyclonedx(r#", "component": {"type": "application", "bom-ref": "root", "name": "shop"}"#, AFFECTED);
    assert_eq!(
        shown(&text),
        [
            "CVE-2026-1=GHSA-1 pkg:npm/a@1 pkg:npm/b@1 c not_affected vulnerable_code_not_in_execute_path \
             @2026-02-01T00:00:00Z: never called",
            "CVE-2026-2 any affected @2026-03-01T00:00:00Z: ",
            "CVE-2026-3 pkg:npm/x@2 under_investigation @2026-01-01T00:00:00Z: ",
            "CVE-2026-4 any fixed @2026-04-01T00:00:00Z: ",
            "CVE-2026-5 pkg:npm/a@1 pkg:npm/a@vers%3Anpm%2F%3E%3D3 affected @2026-01-01T00:00:00Z: ",
            "CVE-2026-5 pkg:npm/a@2 not_affected @2026-01-01T00:00:00Z: ",
        ]
    );
}

#[test]
fn cyclonedx_of_an_image_speaks_of_that_image() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let roots = [
        (format!(r#", "component": {{"type": "container", "bom-ref": "root", "name": "app", "version": "{digest}"}}"#), digest),
        (r#", "component": {"type": "container", "bom-ref": "root", "name": "app", "version": "1.2"}"#.into(), "app:1.2".into()),
        (r#", "component": {"type": "container", "bom-ref": "root", "name": "app:1.2"}"#.into(), "app:1.2".into()),
        (r#", "component": {"type": "container", "bom-ref": "root", "name": "app", "version": "1", "purl": "pkg:oci/app"}"#.into(), "pkg:oci/app".into()),
    ];
    for (root, name) in roots {
        let lines = shown(&cyclonedx(&root, AFFECTED));
        assert!(
            lines[0].starts_with(&format!("CVE-2026-1=GHSA-1 {name} / pkg:npm/a@1 pkg:npm/b@1 c not")),
            "{lines:#?}"
        );
        assert!(lines[1].starts_with(&format!("CVE-2026-2 {name} affected")), "{lines:#?}");
        assert!(lines[3].starts_with(&format!("CVE-2026-4 {name} fixed")), "{lines:#?}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let statement = |fields: &str| openvex(&format!(r#"{{"vulnerability": {{"name": "CVE-1"}}, {fields}}}"#));
    let status = |status: &str| csaf(&format!(r#"{{"cve": "CVE-1", "product_status": {status}}}"#));
    let analysis = |fields: &str| cyclonedx("", &format!(r#"{{"id": "CVE-1", "analysis": {{{fields}}}}}"#));
    let cases = [
        ("{}".into(), "no known format: expected OpenVEX"),
        ("[]".into(), "no known format"),
        (r#"{"@context": "https://schema.org"}"#.into(), "no known format"),
        (r#"{"@context": "https://openvex.dev/ns/v0.0.1"}"#.into(), "version `v0.0.1`: expected v0.2"),
        (openvex(r#"{"status": "fixed"}"#), "statement 0: missing field `vulnerability`"),
        (openvex(r#"{"vulnerability": "CVE-1", "status": "fixed"}"#), "statement 0: invalid type"),
        (statement(r#""status": "okay""#), "the status `okay` of a statement is unknown"),
        (statement(r#""status": "fixed", "justification": "luck""#), "the justification `luck`"),
        (statement(r#""status": "fixed", "timestamp": "now""#), "`timestamp` is `now`"),
        (statement(r#""status": "fixed", "products": [{}]"#), "no `@id`, identifier or hash"),
        (statement(r#""status": "fixed", "products": [{"@id": "a", "subcomponents": [{"@id": ""}]}]"#), "no `@id`"),
        (statement(r#""status": "fixed", "products": ["a"]"#), "product 0 is no object"),
        (csaf("").replace("2.0", "3.0"), "version `3.0`: expected 2.0 or 2.1"),
        (csaf("").replace("2026-01-01T00:00:00Z", "2026"), "`current_release_date` is `2026`"),
        (csaf("").replace("\"csaf_version\"", "\"version\""), "missing field `csaf_version`"),
        (status(r#"{"fixed": ["none"]}"#), "the product `none` is not in the product tree"),
        (status(r#"{"fixed": ["loop"]}"#), "the relationships of product `loop` do not end"),
        (status(r#"{"fixed": [7]}"#), "one of its products is no text"),
        (csaf(r#"{"product_status": {"fixed": ["app"]}}"#), "neither `cve` nor `ids`"),
        (csaf(r#"{"cve": "CVE-1", "flags": [{"label": "x"}], "product_status": {}}"#), "the label `x` of a flag"),
        (analysis(r#""state": "fine""#), "the state of an analysis is `fine`"),
        (analysis(r#""state": "not_affected", "justification": "luck""#), "the justification of an analysis is `luck`"),
        (analysis(r#""state": "resolved", "lastUpdated": "now""#), "`lastUpdated` is `now`"),
        (cyclonedx("", "").replace("1.5", "2.0"), "version `2.0`"),
        (
            cyclonedx(
                "",
                r#"{"id": "C", "analysis": {"state": "resolved"}, "affects": [{"ref": "a", "versions": [{}]}]}"#,
            ),
            "neither `version` nor `range`",
        ),
        (
            cyclonedx(
                "",
                r#"{"id": "C", "analysis": {"state": "resolved"}, "affects": [{"ref": "a", "versions": [{"version": "1", "status": "x"}]}]}"#,
            ),
            "the status of a version is `x`",
        ),
    ];
    for (text, expected) in cases {
        let error = read(text.as_bytes(), "x").unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_small_document_cannot_ask_for_much_memory() {
    let mut statements = Statements::new(VEX);
    statements.count(limits::SBOM_BYTES as usize - 2 * TEXT - 2).unwrap();
    assert_eq!(statements.copies(&["a".to_owned(), "b".to_owned()]).unwrap(), ["a", "b"]);
    let error = statements.copy("").unwrap_err().to_string();
    assert!(error.contains("its statements are longer than"), "{error}");
    let flags = vec![r#"{"label": "component_not_present", "group_ids": ["g"]}"#; 201].join(",");
    let members = vec![r#""app""#; 5000].join(",");
    let text = csaf(&format!(r#"{{"cve": "C", "flags": [{flags}], "product_status": {{"fixed": []}}}}"#))
        .replace(r#"["app", "bare"]"#, &format!("[{members}]"));
    let error = read(text.as_bytes(), "x").unwrap_err().to_string();
    assert!(error.contains("stand for more than 1000000 products"), "{error}");
}
