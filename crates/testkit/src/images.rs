//! Small images with known content.

use anyhow::Result;
use serde_json::json;
use stopgate_archive::write::{Entry, ImageBuilder};

use crate::jar;

/// os-release of Debian 12.
pub const DEBIAN_12: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
    VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";

/// A paragraph of dpkg's status file.
pub fn dpkg(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

/// A static program, a numeric user, a health check, and nothing that a default policy minds.
pub fn good() -> ImageBuilder {
    ImageBuilder::new()
        .layer(vec![Entry::file("server", "\u{7f}not really a program").mode(0o755)])
        .tag("good:1")
        .config_field(
            "config",
            json!({"User": "10001:10001", "Entrypoint": ["/server"], "ExposedPorts": {"8080/tcp": {}},
                   "Healthcheck": {"Test": ["CMD", "/server", "-check"]}}),
        )
}

/// Debian 12 with a jar, an npm package and a dpkg database in two layers; runs as root and exposes 22.
pub fn mixed() -> Result<ImageBuilder> {
    let status = dpkg("openssl", "3.0.11-1~deb12u1") + &dpkg("bash", "5.2.15-2+b2");
    Ok(ImageBuilder::new()
        .layer(vec![Entry::file("etc/os-release", DEBIAN_12), Entry::file("var/lib/dpkg/status", status)])
        .layer(vec![
            Entry::file("app/log4j-core-2.14.1.jar", jar::maven("org.apache.logging.log4j", "log4j-core", "2.14.1")?),
            Entry::file(
                "app/node_modules/lodash/package.json",
                r#"{"name":"lodash","version":"4.17.15","license":"MIT"}"#,
            ),
            Entry::file("usr/bin/tool", "#!/bin/sh\n").mode(0o4755),
            Entry::symlink("usr/bin/other", "tool"),
        ])
        .tag("mixed:1")
        .config_field("config", json!({"User": "root", "ExposedPorts": {"22/tcp": {}}}))
        .config_field(
            "history",
            json!([{"created_by": "ADD rootfs / # buildkit"}, {"created_by": "COPY app /app # buildkit"}]),
        ))
}
