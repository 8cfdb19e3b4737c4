//! `stopgate-check/1`: a verdict with all that it rests on, as `stopgate check -o json` prints it.
//!
//! `evaluation` is a `PolicyEvaluationResult` of Anchore's v2 API with nothing added; what that closed
//! shape cannot hold stands in `findings` and `gaps`. An undecided evaluation is a `fail` with `stop` there.

mod evaluation;
mod findings;

use std::io::{self, Write};

use stopgate_model::{Artifact, CheckReport, DataIdentity, Gap, MissingInput, SourceKind};

use crate::json::JsonWriter;

/// The schema that documents declare.
pub const SCHEMA: &str = "stopgate-check/1";

/// Writes a verdict.
pub fn write(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("schema", SCHEMA);
        w.key("verdict").object(|w| {
            w.text_field("decision", report.verdict.decision.name());
            w.key("exit_code").number(report.verdict.exit_code);
            w.key("missing").list(&report.evaluation.missing, missing);
        });
        w.key("artifact").object(|w| artifact(w, report.artifact, &report.evaluation.evaluated_tag));
        w.key("policy").object(|w| {
            w.text_field("id", &report.policy.id);
            w.text_field("name", &report.policy.name);
            w.key("digest").shown(&report.policy.digest);
            w.text_field("origin", &report.policy.origin);
        });
        match report.data {
            Some(identity) => w.key("data").object(|w| data(w, identity)),
            None => w.key("data").null(),
        }
        w.key("engine").object(|w| {
            w.text_field("name", &report.evaluation.engine.name);
            w.text_field("version", &report.evaluation.engine.version);
            w.text_field("semantics", &report.evaluation.engine.semantics);
        });
        w.key("evaluation").object(|w| evaluation::fields(w, report));
        w.key("findings").list(&report.evaluation.findings, |w, finding| w.object(|w| findings::extended(w, finding)));
        w.key("gaps").list(report.gaps, gap);
    });
    w.newline();
    w.finish().map(drop)
}

fn missing(w: &mut JsonWriter<'_>, missing: &MissingInput) {
    w.object(|w| {
        w.text_field("input", &missing.input);
        w.text_field("details", &missing.details);
        w.texts_field("rule_ids", &missing.rule_ids);
    });
}

fn artifact(w: &mut JsonWriter<'_>, artifact: &Artifact, tag: &str) {
    let source = &artifact.source;
    w.text_field(
        "type",
        match &source.kind {
            SourceKind::Image(_) => "image",
            SourceKind::Directory { .. } => "directory",
            SourceKind::File { .. } => "file",
            SourceKind::Other { type_name, .. } => type_name,
        },
    );
    w.text_field("id", &source.id);
    w.text_field("name", &source.name);
    w.text_field("version", &source.version);
    w.text_field("user_input", &source.user_input);
    w.text_field("tag", tag);
    if let Some(image) = source.image() {
        w.key("digest").shown(&image.manifest_digest);
        w.key("image_id").shown(&image.image_id);
        w.texts_field("repo_digests", &image.repo_digests);
        w.text_field("os", &image.os);
        w.text_field("architecture", &image.architecture);
        w.text_unless_empty("variant", &image.variant);
        w.key("size").number(image.size);
        w.key("layers").list(&image.layers, |w, layer| w.shown(&layer.diff_id));
    }
    match &artifact.distro {
        Some(distro) => w.key("distro").object(|w| {
            w.text_field("id", &distro.id);
            w.text_field("version", &distro.version_id);
            w.text_field("name", &distro.pretty_name);
        }),
        None => w.key("distro").null(),
    }
    w.key("package_count").number(artifact.packages.len() as u64);
    w.key("analyzer").object(|w| {
        w.text_field("name", &artifact.analyzer.name);
        w.text_field("version", &artifact.analyzer.version);
    });
}

fn data(w: &mut JsonWriter<'_>, data: &DataIdentity) {
    w.text_field("built", &data.built);
    w.key("digest").shown(&data.digest);
    w.text_field("schema", &data.schema);
    w.text_field("origin", &data.origin);
    w.key("providers").list(&data.providers, |w, provider| {
        w.object(|w| {
            w.text_field("provider", &provider.provider);
            w.text_field("captured", &provider.captured);
            w.key("vulnerabilities").number(provider.vulnerabilities);
            w.key("affected").number(provider.affected);
            w.key("unaffected").number(provider.unaffected);
        });
    });
}

fn gap(w: &mut JsonWriter<'_>, gap: &Gap) {
    w.object(|w| {
        w.text_field("code", gap.code.name());
        w.text_field("class", gap.class.name());
        match &gap.path {
            Some(path) => w.text_field("path", path),
            None => w.key("path").null(),
        }
        match &gap.layer {
            Some(layer) => w.key("layer").shown(layer),
            None => w.key("layer").null(),
        }
        for (name, value) in [("limit", gap.limit), ("seen", gap.seen)] {
            match value {
                Some(value) => w.key(name).number(value),
                None => w.key(name).null(),
            }
        }
        w.text_field("message", &gap.message);
    });
}
