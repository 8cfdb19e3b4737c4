//! `stopgate evidence`: what an auditor takes away. A folder with the verdict, the SBOM, the identity of the data, the
//! states of a framework's controls, and a manifest of digests. The same inputs give the same bytes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stopgate_formats::{check_json, controls, cyclonedx, sarif};
use stopgate_model::{ControlReport, Digest};

use crate::arguments::{Evidence, Global};
use crate::clock;
use crate::decision::{Decision, Origin, data, ground};
use crate::failure::Failure;
use crate::output::{Wanted, wanted, write_all};
use crate::render::{self, Style};
use crate::{engine, sources};

const SCHEMA: &str = "stopgate-evidence/1";
const MANIFEST: &str = "manifest.json";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Csv,
    Html,
    Sarif,
    Junit,
    Oscal,
}

const FORMATS: &[(&str, Format)] = &[
    ("text", Format::Text),
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("html", Format::Html),
    ("sarif", Format::Sarif),
    ("junit", Format::Junit),
    ("oscal", Format::Oscal),
];

/// The documents about controls that a folder holds.
const CONTROLS: [(&str, Format); 6] = [
    ("controls.json", Format::Json),
    ("controls.csv", Format::Csv),
    ("controls.html", Format::Html),
    ("controls.sarif", Format::Sarif),
    ("controls.junit.xml", Format::Junit),
    ("assessment-results.oscal.json", Format::Oscal),
];

pub(crate) fn run(global: &Global, options: &Evidence) -> Result<u8, Failure> {
    let outputs = wanted(&options.output, FORMATS, Format::Text)?;
    if let Some(folder) = &options.dir {
        prepare(folder)?;
    }
    let deciding = &options.deciding;
    let now = clock::now(deciding.as_of.as_deref())?;
    let loaded = Origin::of(&deciding.policy)?.load_valid()?;
    let Some(pack) = loaded.pack.as_ref().map(|pack| pack.identity.clone()) else {
        return Err(Failure::new(format!("`{}` is a policy without controls", deciding.policy.policy))
            .help("evidence needs a pack: `stopgate pack list` names them"));
    };
    let database = data(deciding.advisories.as_deref(), now)?;
    let ground = ground(global, &options.source, deciding, &loaded, database.as_ref(), now)?;
    let decision = Decision::make(ground, loaded)?;
    let (controls, document) = (decision.controls(), decision.loaded.policy.to_json());
    let report = ControlReport { check: decision.report(&document), pack: &pack, controls: &controls };
    if let Some(folder) = &options.dir {
        Folder { path: folder, files: Vec::new() }.fill(&report, &document)?;
    }
    write_all(&outputs, |format, out| document_of(format, &report, Style::new(global.colours_stdout()), out))?;
    sources::say_gaps(global, &decision.gaps);
    Ok(0)
}

fn document_of(format: Format, report: &ControlReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => render::controls_text(report, style, out),
        Format::Json => controls::write_json(report, out),
        Format::Csv => controls::write_csv(report, out),
        Format::Html => controls::write_html(report, out),
        Format::Sarif => sarif::write_controls(report, out),
        Format::Junit => controls::write_junit(report, out),
        Format::Oscal => controls::write_oscal(report, out),
    }
}

/// Makes the folder. One that holds anything else than earlier evidence is left alone.
fn prepare(folder: &Path) -> Result<(), Failure> {
    let fail = |error: &io::Error| Failure::new(format!("cannot use the folder `{}`: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(|error| fail(&error))?;
    let manifest = folder.join(MANIFEST);
    let earlier = fs::read(&manifest).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    if earlier.is_some_and(|earlier| earlier.get("schema").is_some_and(|schema| schema == SCHEMA)) {
        // Until the new manifest is there, the folder claims nothing.
        return fs::remove_file(&manifest).map_err(|error| fail(&error));
    }
    if fs::read_dir(folder).map_err(|error| fail(&error))?.next().is_some() {
        return Err(Failure::new(format!("the folder `{}` holds something else than evidence", folder.display()))
            .help("name an empty folder, or one that does not exist"));
    }
    Ok(())
}

/// The folder that is being filled.
struct Folder<'a> {
    path: &'a Path,
    /// Names with digests and sizes.
    files: Vec<Value>,
}

impl Folder<'_> {
    fn fill(mut self, report: &ControlReport<'_>, policy: &str) -> Result<(), Failure> {
        let check = &report.check;
        self.write("verdict.json", |out| check_json::write(check, out))?;
        self.write("sbom.cdx.json", |out| {
            cyclonedx::write(check.artifact, cyclonedx::Version::default(), &engine::producer(None), out)
        })?;
        self.write("policy.json", |out| out.write_all(policy.as_bytes()))?;
        self.write("data.json", |out| writeln!(out, "{:#}", identity(report)))?;
        for (name, format) in CONTROLS {
            self.write(name, |out| document_of(format, report, Style::new(false), out))?;
        }
        let (name, digest) = (&check.evaluation.evaluated_tag, check.artifact.source.image());
        let manifest = json!({
            "schema": SCHEMA,
            "pack": report.pack.id,
            "pack_version": report.pack.version,
            "artifact": name,
            "digest": digest.map(|image| image.manifest_digest.to_string()),
            "evaluation_time": check.evaluation.evaluated_at,
            "files": std::mem::take(&mut self.files),
        });
        self.write(MANIFEST, |out| writeln!(out, "{manifest:#}"))
    }

    fn write(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let path = self.path.join(name);
        write(&mut bytes).map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
        let digest = Digest::sha256(&Sha256::digest(&bytes).into());
        self.files.push(json!({"name": name, "digest": digest.to_string(), "size": bytes.len()}));
        let file = Wanted { format: (), file: Some(path) };
        write_all(&[file], |(), out| out.write_all(&bytes))
    }
}

/// Which data, engine and policy the verdict rests on.
fn identity(report: &ControlReport<'_>) -> Value {
    let check = &report.check;
    let data = check.data.map(|data| {
        let provider = |row: &stopgate_model::ProviderRows| json!({"name": row.provider, "captured": row.captured});
        json!({
            "built": data.built, "digest": data.digest.to_string(), "schema": data.schema, "origin": data.origin,
            "providers": data.providers.iter().map(provider).collect::<Vec<_>>(),
        })
    });
    let engine = &check.evaluation.engine;
    json!({
        "data": data,
        "policy": {"id": check.policy.id, "digest": check.policy.digest.to_string()},
        "engine": {"name": engine.name, "version": engine.version, "semantics": engine.semantics},
    })
}
