//! Small jars.

use std::io::{Cursor, Write as _};

use anyhow::Result;
use zip::write::SimpleFileOptions;

/// A zip archive of these entries, deflated, with fixed times.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in entries {
        zip.start_file(*name, options)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// A jar that Maven made: `group:artifact:version`.
pub fn maven(group: &str, artifact: &str, version: &str) -> Result<Vec<u8>> {
    let manifest = format!("Manifest-Version: 1.0\r\nImplementation-Version: {version}\r\n\r\n");
    let properties = format!("version={version}\ngroupId={group}\nartifactId={artifact}\n");
    zip_of(&[
        ("META-INF/MANIFEST.MF", manifest.as_bytes()),
        (&format!("META-INF/maven/{group}/{artifact}/pom.properties"), properties.as_bytes()),
    ])
}
