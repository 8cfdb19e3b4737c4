//! Source trees.

use anyhow::Result;
use serde_json::{Value, json};
use stopgate_testkit::hardened::advisory;
use stopgate_testkit::images::DEBIAN_12;

use super::artifacts::{SECRETS, vulnerabilities};
use crate::hardened::{Desk, NOW, Past, Subject};

/// A source tree.
pub(super) struct Tree {
    pub(super) what: &'static str,
    /// Path, content.
    files: fn() -> Vec<(&'static str, String)>,
    advisories: fn() -> Vec<Value>,
    pub(super) past: Past,
}

impl Tree {
    /// Writes it, and gives the words after `check`.
    pub(super) fn words(&self, desk: &Desk, folder: &str) -> Result<String> {
        std::fs::create_dir_all(desk.folder(&format!("{folder}/osv")))?;
        for (at, advisory) in (self.advisories)().iter().enumerate() {
            std::fs::write(desk.folder(&format!("{folder}/osv/{at}.json")), advisory.to_string())?;
        }
        for (path, content) in (self.files)() {
            let path = desk.folder(&format!("{folder}/tree/{path}"));
            path.parent().map(std::fs::create_dir_all).transpose()?;
            std::fs::write(path, content)?;
        }
        let past = desk.past(Subject { folder, name: "tree" }, self.past)?;
        Ok(format!("{folder}/tree --as-of {NOW} {past}"))
    }
}

const DAY_BEFORE: Past = Past::Evaluated("2026-03-02T12:00:00Z");
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n";

/// A lock file of npm with one package.
fn lock() -> String {
    let package = json!({"version": "1.0.0", "license": "MIT"});
    json!({"name": "server", "version": "1.0.0", "lockfileVersion": 3,
           "packages": {"": {"name": "server", "version": "1.0.0", "license": "MIT"}, "node_modules/acme-pages": package}})
    .to_string()
}

/// A service with the root file system that its image is made from.
fn sources() -> Vec<(&'static str, String)> {
    let status = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n\
        Maintainer: Acme <deb@example.org>\nVersion: 3.0.13-1~deb12u1\n\n";
    vec![
        ("package-lock.json", lock()),
        ("etc/os-release", DEBIAN_12.to_owned()),
        ("var/lib/dpkg/status", status.to_owned()),
        ("LICENSE.txt", "MIT\n".to_owned()),
    ]
}

fn fixed() -> Vec<Value> {
    vec![advisory("CVE-2023-5363", "Debian:12", "openssl", "3.0.11-1~deb12u2", "high")]
}

/// What is not fixed in the tree.
fn open() -> Vec<Value> {
    let mut all = vulnerabilities("Debian:12", "openssl", "3.0.14-1~deb12u1");
    all.extend(vulnerabilities("npm", "acme-pages", "1.0.1"));
    all.push(advisory("CVE-2021-44228", "npm", "acme-pages", "1.0.1", "low"));
    let mut known = advisory("CVE-2026-0003", "npm", "acme-pages", "1.0.1", "high");
    known["database_specific"]["stopgate"]["kev"] =
        json!({"cve": "CVE-2026-0003", "date_added": "2026-02-01", "due_date": "2026-02-22"});
    all.push(known);
    all
}

pub(super) static TREES: &[Tree] = &[
    Tree { what: "a source tree", files: sources, advisories: fixed, past: DAY_BEFORE },
    Tree {
        what: "a source tree with old vulnerabilities of every severity",
        files: sources,
        advisories: open,
        past: Past::Known("2025-02-01T00:00:00Z"),
    },
    Tree {
        what: "a source tree, looked at with old data",
        files: sources,
        advisories: fixed,
        past: Past::DataOf("2026-01-20T00:00:00Z"),
    },
    Tree {
        what: "a source tree of a distribution without data",
        files: sources,
        advisories: Vec::new,
        past: DAY_BEFORE,
    },
    Tree {
        what: "a source tree with secrets, and with a list of packages that cannot be read",
        files: || {
            vec![
                ("settings", SECRETS.to_owned()),
                ("server.key", KEY.to_owned()),
                ("package-lock.json", "{".to_owned()),
            ]
        },
        advisories: fixed,
        past: DAY_BEFORE,
    },
];
