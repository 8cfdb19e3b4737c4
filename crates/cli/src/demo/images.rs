//! A clean image, and one with everything that the default pack stops: Log4Shell, root, a secret, a set-uid file, SSH.

use std::io::{Cursor, Write as _};

use serde_json::json;
use stopgate_archive::write::{Entry, ImageBuilder};
use zip::write::SimpleFileOptions;

use crate::failure::Failure;

const OS_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
    VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";

const DPKG_STATUS: &str = "Package: libc6\nStatus: install ok installed\nPriority: optional\nSection: libs\n\
    Installed-Size: 12986\nMaintainer: Demo <demo@example.com>\nArchitecture: amd64\nSource: glibc\n\
    Version: 2.36-9+deb12u13\nDescription: C library\n\n";

/// Runs as a number, has a health check, listens above 1023 and holds nothing that is known to be broken.
pub(crate) fn good_image() -> ImageBuilder {
    ImageBuilder::new()
        .layer(base())
        .layer(vec![Entry::directory("app"), Entry::file("app/server", "#!/bin/sh\nexec sleep infinity\n").mode(0o755)])
        .tag("demo/good:1.0")
        .config_field(
            "config",
            json!({
                "User": "10001",
                "Entrypoint": ["/app/server"],
                "ExposedPorts": {"8080/tcp": {}},
                "Healthcheck": {"Test": ["CMD", "/app/server", "--health"], "Interval": 30_000_000_000_u64},
            }),
        )
        .config_field(
            "history",
            json!([
                {"created_by": "ADD rootfs.tar / # buildkit"},
                {"created_by": "COPY server /app/server # buildkit"},
                {"created_by": "USER 10001", "empty_layer": true},
                {"created_by": "EXPOSE [8080/tcp]", "empty_layer": true},
                {"created_by": "HEALTHCHECK &{[\"CMD\" \"/app/server\" \"--health\"] \"30s\" \"0s\" \"0s\" '\\x00'}", "empty_layer": true},
            ]),
        )
}

/// Log4Shell in a jar, root, an AWS key, a set-uid file and port 22.
pub(crate) fn bad_image() -> Result<ImageBuilder, Failure> {
    let jar = log4j("2.14.1").map_err(|error| Failure::new(format!("the demo's jar cannot be made: {error}")))?;
    // Amazon's own documentation uses this key pair as its example.
    let credentials = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
        aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
    Ok(ImageBuilder::new()
        .layer(base())
        .layer(vec![
            Entry::file("opt/app/lib/log4j-core-2.14.1.jar", jar),
            Entry::file("root/.aws/credentials", credentials).mode(0o600),
            Entry::file("usr/local/bin/helper", "#!/bin/sh\n").mode(0o4755),
        ])
        .tag("demo/bad:1.0")
        .config_field("config", json!({"ExposedPorts": {"22/tcp": {}}, "Cmd": ["/opt/app/run"]}))
        .config_field(
            "history",
            json!([
                {"created_by": "ADD rootfs.tar / # buildkit"},
                {"created_by": "COPY app /opt/app # buildkit"},
                {"created_by": "EXPOSE [22/tcp]", "empty_layer": true},
            ]),
        ))
}

fn base() -> Vec<Entry> {
    vec![
        Entry::directory("etc"),
        Entry::file("etc/os-release", OS_RELEASE),
        Entry::file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/app:/usr/sbin/nologin\n"),
        Entry::file("var/lib/dpkg/status", DPKG_STATUS),
    ]
}

/// A jar that says it is log4j-core, and has nothing else.
fn log4j(version: &str) -> zip::result::ZipResult<Vec<u8>> {
    let group = "org.apache.logging.log4j";
    let mut jar = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    jar.start_file("META-INF/MANIFEST.MF", options)?;
    write!(
        jar,
        "Manifest-Version: 1.0\r\nImplementation-Title: Apache Log4j Core\r\nImplementation-Version: {version}\r\n\r\n"
    )?;
    jar.start_file(format!("META-INF/maven/{group}/log4j-core/pom.properties"), options)?;
    write!(jar, "version={version}\ngroupId={group}\nartifactId=log4j-core\n")?;
    Ok(jar.finish()?.into_inner())
}
