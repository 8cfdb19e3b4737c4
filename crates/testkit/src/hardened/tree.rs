//! The file trees: a small Debian with records of its files, and a service on top.

use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use stopgate_archive::write::Entry;

use super::Hardened;

/// A Debian package with its files.
#[derive(Debug, Clone)]
pub struct Deb {
    /// Name.
    pub name: &'static str,
    /// Version.
    pub version: &'static str,
    /// Licence, an SPDX id as dpkg's copyright files name it.
    pub license: &'static str,
    /// Path, content, mode.
    pub files: Vec<(&'static str, &'static str, u32)>,
}

impl Deb {
    /// A package without files of its own.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, license: "MIT", files: Vec::new() }
    }

    fn stanza(&self) -> String {
        format!(
            "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: Acme <deb@example.org>\n\
             Version: {}\n\n",
            self.name, self.version
        )
    }

    fn entries(&self) -> Vec<Entry> {
        let info = |end: &str| format!("var/lib/dpkg/info/{}.{end}", self.name);
        let sum =
            |content: &str| Md5::digest(content).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let sums = self.files.iter().map(|(path, content, _)| format!("{}  {path}\n", sum(content)));
        let list = self.files.iter().map(|(path, ..)| format!("/{path}\n"));
        let copyright = format!(
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: {}\n",
            self.license
        );
        let own = self.files.iter().map(|(path, content, mode)| Entry::file(*path, *content).mode(*mode));
        own.chain([
            Entry::file(info("md5sums"), sums.collect::<String>()),
            Entry::file(info("list"), list.collect::<String>()),
            Entry::file(format!("usr/share/doc/{}/copyright", self.name), copyright),
        ])
        .collect()
    }
}

pub(super) const PASSWD: &str = "root:x:0:0:root:/root:/usr/sbin/nologin\nserver:x:10001:10001::/:/usr/sbin/nologin\n";
pub(super) const SHADOW: &str = "root:*:19700:0:99999:7:::\nserver:!:19700:0:99999:7:::\n";
/// The certificates of authorities that are trusted.
pub(super) const AUTHORITIES: &str = "authorities\n";
const GROUP: &str = "root:x:0:\nserver:x:10001:\n";

pub(super) fn base() -> Vec<Deb> {
    vec![
        Deb { files: vec![("usr/sbin/nologin", "\u{7f}nologin", 0o755)], ..Deb::new("login", "1:4.13+dfsg1-1+b1") },
        Deb {
            files: vec![
                ("usr/lib/x86_64-linux-gnu/libssl.so.3", "\u{7f}libssl", 0o644),
                ("usr/lib/x86_64-linux-gnu/ossl-modules/fips.so", "\u{7f}fips", 0o644),
            ],
            license: "Apache-2.0",
            ..Deb::new("openssl", "3.0.13-1~deb12u1")
        },
    ]
}

pub(super) fn own() -> Vec<Deb> {
    vec![Deb { files: vec![("usr/bin/acme-server", "\u{7f}server", 0o755)], ..Deb::new("acme-server", "1.0.0-1") }]
}

pub(super) fn settings() -> Vec<(&'static str, String)> {
    vec![
        ("etc/crypto-policies/config", "FIPS\n".to_owned()),
        ("etc/ssl/certs/ca-certificates.crt", AUTHORITIES.to_owned()),
        ("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\n".to_owned()),
        ("etc/yum.conf", "[main]\ngpgcheck=1\n".to_owned()),
        ("etc/ssl/openssl.cnf", "[system_default_sect]\nMinProtocol = TLSv1.2\n".to_owned()),
    ]
}

pub(super) fn application() -> Vec<Entry> {
    let package =
        json!({"name": "acme-pages", "version": "1.0.0", "license": "MIT", "author": "Acme <js@example.org>"});
    vec![Entry::file("usr/share/acme/node_modules/acme-pages/package.json", package.to_string())]
}

/// What was fixed by the version that is installed.
pub(super) fn fixed_advisory() -> Value {
    advisory("CVE-2023-5363", "Debian:12", "openssl", "3.0.11-1~deb12u2", "high")
}

/// An advisory of ours: affected are all versions before the fixed one.
pub fn advisory(id: &str, ecosystem: &str, package: &str, fixed: &str, severity: &str) -> Value {
    json!({
        "id": id, "modified": "2026-01-01T00:00:00Z",
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
        "database_specific": {"stopgate": {"severity": severity}},
    })
}

impl Hardened {
    pub(super) fn base_tree(&self) -> Vec<Entry> {
        let folders = ["etc", "tmp", "usr", "usr/bin", "usr/lib", "usr/sbin", "var", "var/log"];
        let mode = |path: &str| if path == "tmp" { 0o1777 } else { 0o755 };
        let mut entries: Vec<Entry> = folders.iter().map(|path| Entry::directory(*path).mode(mode(path))).collect();
        entries.extend([
            Entry::file("etc/os-release", self.release.as_str()),
            Entry::file("etc/passwd", self.passwd.as_str()),
            Entry::file("etc/group", GROUP),
            Entry::file("etc/shadow", self.shadow.as_str()).mode(0o640),
            Entry::file("var/lib/dpkg/status", self.debs.iter().map(Deb::stanza).collect::<String>()),
        ]);
        entries.extend(self.settings.iter().map(|(path, content)| Entry::file(*path, content.as_str())));
        entries.extend(self.debs.iter().flat_map(Deb::entries));
        entries
    }

    pub(super) fn own_tree(&self) -> Vec<Entry> {
        let status = self.debs.iter().chain(&self.own).map(Deb::stanza).collect::<String>();
        let mut entries = vec![Entry::file("var/lib/dpkg/status", status)];
        entries.extend(self.own.iter().flat_map(Deb::entries));
        entries.extend(self.files.clone());
        entries
    }
}
