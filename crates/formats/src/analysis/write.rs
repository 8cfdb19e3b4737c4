//! Writes the document.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stopgate_model::{Artifact, Digest, Documents, limits};

use super::{SCHEMA, documents, files, packages, parts, source};
use crate::json::JsonWriter;

// Level 3 is the library's default: twice as small as level 1 is slow.
const LEVEL: i32 = 3;

/// Writes the whole artifact. Fails when the document would be longer than readers accept.
pub fn write(artifact: &Artifact, out: &mut dyn Write) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    let length = write_json(artifact, &mut encoder)?;
    encoder.finish()?;
    if length > limits::SBOM_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the analysis document is {length} bytes long, the limit is {}", limits::SBOM_BYTES),
        ));
    }
    Ok(())
}

pub(super) fn write_json(artifact: &Artifact, out: &mut dyn Write) -> io::Result<u64> {
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("schema", SCHEMA);
        w.key("analyzer").object(|w| {
            w.text_field("name", &artifact.analyzer.name);
            w.text_field("version", &artifact.analyzer.version);
        });
        if let Some(config) = &artifact.config {
            w.key("config").object(|w| parts::config(w, config));
        }
        if let Some(hits) = &artifact.config_secrets {
            w.key("config_secrets").list(hits, |w, hit| w.object(|w| parts::config_hit(w, hit)));
        }
        if let Some(content) = &artifact.content {
            w.key("content").list(content, |w, hit| w.object(|w| parts::search_hit(w, hit)));
        }
        if let Some(distro) = &artifact.distro {
            w.key("distro").object(|w| parts::distro(w, distro));
        }
        if let Some(dockerfile) = &artifact.dockerfile {
            w.key("dockerfile").object(|w| parts::dockerfile(w, dockerfile));
        }
        if artifact.documents != Documents::default() {
            w.key("documents").object(|w| documents::write(w, &artifact.documents));
        }
        if let Some(tree) = &artifact.files {
            w.key("files").array(|w| files::write(w, tree));
        }
        w.key("gaps").list(&artifact.gaps, |w, gap| w.object(|w| parts::gap(w, gap)));
        if let Some(hits) = &artifact.hidden_secrets {
            w.key("hidden_secrets").list(hits, |w, hit| w.object(|w| parts::search_hit(w, hit)));
        }
        w.key("packages").list(&artifact.packages, |w, package| w.object(|w| packages::write(w, package)));
        w.key("relationships").list(&artifact.relationships, |w, edge| w.object(|w| parts::relationship(w, edge)));
        if let Some(retrieved) = &artifact.retrieved {
            w.key("retrieved").list(retrieved, |w, file| {
                w.object(|w| {
                    w.text_field("content", &STANDARD.encode(&file.content));
                    digest_field(w, "layer", file.layer.as_ref());
                    w.text_field("path", &file.path);
                });
            });
        }
        if let Some(head) = &artifact.sbom {
            w.key("sbom").object(|w| parts::sbom_head(w, head));
        }
        if let Some(secrets) = &artifact.secrets {
            w.key("secrets").list(secrets, |w, secret| w.object(|w| parts::search_hit(w, secret)));
        }
        w.key("source").object(|w| source::write(w, &artifact.source));
    });
    w.newline();
    w.finish()
}

pub(super) fn digest_field(w: &mut JsonWriter<'_>, name: &'static str, digest: Option<&Digest>) {
    if let Some(digest) = digest {
        w.key(name).digest(digest);
    }
}
