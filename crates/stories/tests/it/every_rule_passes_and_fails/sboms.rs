//! SBOMs: one that says all that may be asked of it, and lists of packages that no analysis of ours would find with
//! their licences.

use serde_json::{Value, json};

/// Types of packages as syft and package URLs write them.
const TYPES: [(&str, &str); 8] = [
    ("npm", "npm"),
    ("python", "pypi"),
    ("gem", "gem"),
    ("java-archive", "maven/acme"),
    ("go-module", "golang/acme.example.org"),
    ("rust-crate", "cargo"),
    ("dotnet", "nuget"),
    ("php-composer", "composer/acme"),
];

/// Licences that are denied wherever they are met, and none.
const LICENSES: [&str; 5] = ["AGPL-3.0-only", "BUSL-1.1", "CC-BY-NC-4.0", "LGPL-3.0-only", "NOASSERTION"];

/// Every type of package with a licence that applications must not have, and every licence.
fn packages() -> impl Iterator<Item = ((&'static str, &'static str), &'static str)> {
    let types = TYPES.into_iter().map(|kind| (kind, "GPL-3.0-only"));
    types.chain(LICENSES.into_iter().map(|license| (TYPES[0], license)))
}

fn purl(kind: &str, at: usize) -> String {
    format!("pkg:{kind}/part-{at}@1.0.0")
}

/// A service and a package of it, with every field that a profile asks for.
pub(super) fn whole() -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": "2026-03-01T06:00:00Z", "authors": [{"name": "Acme"}], "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "maker", "version": "1.0.0"}]},
            "component": {"type": "application", "name": "server", "version": "1.0.0", "bom-ref": "server"},
        },
        "components": [{
            "type": "library", "name": "acme-pages", "version": "1.0.0", "bom-ref": "pages",
            "purl": "pkg:npm/acme-pages@1.0.0", "supplier": {"name": "Acme"}, "licenses": [{"license": {"id": "MIT"}}],
            "hashes": [{"alg": "SHA-256", "content": "0".repeat(64)}],
        }],
        "dependencies": [{"ref": "server", "dependsOn": ["pages"]}],
    })
}

/// The packages of a service, without fields of the document.
pub(super) fn of_sources() -> Value {
    let component = |(at, ((_, kind), license)): (usize, ((&str, &str), &str))| {
        json!({"type": "library", "name": format!("part-{at}"), "version": "1.0.0", "purl": purl(kind, at),
               "licenses": [{"license": {"id": license}}]})
    };
    let components: Vec<Value> = packages().enumerate().map(component).collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
}

/// The packages of an image as syft lists them, without the image's architecture.
pub(super) fn of_image() -> Value {
    let artifact = |(at, ((kind, of_purl), license)): (usize, ((&str, &str), &str))| {
        let license =
            json!({"value": license, "spdxExpression": license, "type": "declared", "urls": [], "locations": []});
        json!({"id": at.to_string(), "name": format!("part-{at}"), "version": "1.0.0", "type": kind, "locations": [],
               "purl": purl(of_purl, at), "cpes": [], "licenses": [license]})
    };
    let artifacts: Vec<Value> = packages().enumerate().map(artifact).collect();
    let digest = format!("sha256:{}", "0".repeat(64));
    json!({
        "artifacts": artifacts, "artifactRelationships": [], "distro": {},
        "source": {"id": "server", "name": "registry.example.org/acme/server", "version": digest, "type": "image",
                   "metadata": {"userInput": "registry.example.org/acme/server:1.0.0", "imageID": digest,
                                "manifestDigest": digest, "tags": ["registry.example.org/acme/server:1.0.0"]}},
        "descriptor": {"name": "syft", "version": "1.30.0"}, "schema": {"version": "16.0.37"},
    })
}
