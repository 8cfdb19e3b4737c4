//! Tests through the front door: a pack is rendered, an artifact evaluated with it, and the states are told.

mod conditions;
mod differences;
mod guide;
mod invariants;
mod patterns;
mod rendering;
mod states;
mod triggers;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stopgate_model::{
    Analyzer, Artifact, ControlResult, DataIdentity, Digest, DigestAlgorithm, Distro, Documents, Engine, FileEntry,
    FileIndex, FileIndexBuilder, FileKind, ImageConfig, ImageReference, ImageSource, MatchReport, Package, PackageType,
    SourceDescription, SourceKind,
};
use stopgate_policy::{EvalContext, Extension, ParseOptions, evaluate, parse_extended};

use crate::library::Library;
use crate::manifest::Manifest;
use crate::render::render_with;
use crate::{Flavour, PACKS, RenderOptions, RenderedPack, Selected, control_states};

const NOW: &str = "2026-06-01T00:00:00Z";

/// Every pack in every variant, and all its controls.
fn every_selection() -> Vec<Selected> {
    let mut all = Vec::new();
    for pack in PACKS {
        let selected = pack.load().unwrap();
        let variants: Vec<String> = selected.manifest.variants.iter().map(|variant| variant.id.clone()).collect();
        all.extend(variants.iter().map(|variant| selected.clone().with_variant(variant)));
        all.push(Selected { variant: None, variant_named: false, ..selected });
    }
    all
}

fn rules(pack: &RenderedPack) -> Vec<&Value> {
    let sets = pack.policy["rule_sets"].as_array().unwrap().iter();
    sets.flat_map(|set| set["rules"].as_array().unwrap()).collect()
}

/// A pack `t` with these controls, and a library with these rules.
fn small(controls: &Value, rules: &Value, parameters: &Value) -> (Selected, Library) {
    let named: Vec<Value> = controls
        .as_array()
        .unwrap()
        .iter()
        .map(|control| json!({"id": control["id"], "title": format!("title of {}", control["id"])}))
        .collect();
    let framework = json!({
        "schema": "stopgate-framework/1", "id": "f", "name": "Frame", "version": "1", "published": "", "publisher": "",
        "url": "", "text_license": "", "origin": "", "controls": named,
    });
    let manifest = json!({
        "schema": "stopgate-pack/1",
        "pack": {"id": "t", "title": "Test", "version": "1", "released": "", "prefix": "t", "license": "",
                 "framework": "f", "about": "", "sees": "", "cannot_see": ""},
        "parameters": parameters, "controls": controls,
    });
    let library = json!({"schema": "stopgate-rule-library/1", "patterns": {"RX-BAD": "^/bad.*"}, "rules": rules});
    let selected = Selected {
        manifest: Manifest::parse("t", &manifest.to_string()).unwrap(),
        framework: serde_json::from_value(framework).unwrap(),
        variant: None,
        variant_named: false,
    };
    (selected, Library::parse(&library.to_string()).unwrap())
}

fn rule(gate: &str, trigger: &str, action: &str, params: &Value) -> Value {
    json!({"gate": gate, "trigger": trigger, "action": action, "summary": "it is bad", "recommendation": "Make it good.",
           "params": params})
}

fn digest(fill: char) -> Digest {
    Digest::new(DigestAlgorithm::Sha256, &fill.to_string().repeat(64)).unwrap()
}

fn tree(paths: &[&str]) -> FileIndex {
    let mut tree = FileIndexBuilder::default();
    for path in paths {
        let kind = if path.ends_with('/') { FileKind::Directory } else { FileKind::Regular };
        let path = path.trim_end_matches('/');
        tree.push(&FileEntry { path, kind, mode: 0o644, uid: 0, gid: 0, size: 1, sha256: None, link: None, layer: 0 });
    }
    tree.finish()
}

fn package(kind: PackageType) -> Package {
    Package::new(kind, "x", "1")
}

/// An artifact with what is known beside it. It begins as an image with everything collected and nothing in it.
struct Case {
    artifact: Artifact,
    report: Option<MatchReport>,
    from_sbom: bool,
    ancestors: Option<Vec<stopgate_policy::Ancestor>>,
    ext: Option<Value>,
}

fn case() -> Case {
    let source = ImageSource {
        reference: ImageReference::parse("docker.io/team/app:1").unwrap(),
        tags: Vec::new(),
        repo_digests: Vec::new(),
        image_id: digest('1'),
        manifest_digest: digest('2'),
        manifest_is_local: false,
        media_type: String::new(),
        size: 1,
        layers: Vec::new(),
        manifest: Vec::new(),
        config: Vec::new(),
        architecture: "amd64".to_owned(),
        variant: String::new(),
        os: "linux".to_owned(),
        annotations: Vec::new(),
    };
    let data = DataIdentity {
        built: "2026-05-31T00:00:00Z".to_owned(),
        digest: digest('3'),
        schema: "osv".to_owned(),
        origin: "test".to_owned(),
        providers: Vec::new(),
    };
    Case {
        artifact: Artifact {
            source: SourceDescription {
                id: "x".to_owned(),
                name: "app".to_owned(),
                version: String::new(),
                user_input: "app".to_owned(),
                kind: SourceKind::Image(Box::new(source)),
            },
            config: Some(ImageConfig { os: "linux".to_owned(), ..ImageConfig::default() }),
            distro: Some(Distro { id: "debian".to_owned(), version_id: "12".to_owned(), ..Distro::default() }),
            packages: Vec::new(),
            relationships: Vec::new(),
            files: Some(tree(&[])),
            dockerfile: None,
            secrets: Some(Vec::new()),
            hidden_secrets: Some(Vec::new()),
            config_secrets: Some(Vec::new()),
            content: None,
            retrieved: Some(Vec::new()),
            documents: Documents::default(),
            gaps: Vec::new(),
            analyzer: Analyzer { name: "stopgate".to_owned(), version: "0".to_owned() },
            sbom: None,
        },
        report: Some(MatchReport {
            matches: Vec::new(),
            removed: Vec::new(),
            data,
            distro_has_data: Some(true),
            distro_namespaces: Vec::new(),
            gaps: Vec::new(),
        }),
        from_sbom: false,
        ancestors: None,
        ext: None,
    }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn files(self, paths: &[&str]) -> Self {
        self.with(|case| case.artifact.files = Some(tree(paths)))
    }

    /// The states of a pack's controls.
    fn states(&self, (selected, library): &(Selected, Library)) -> Vec<ControlResult> {
        let pack = render_with(selected, &RenderOptions::new(Flavour::Extended), library).unwrap();
        let id = pack.policy["id"].as_str().unwrap();
        let extension = match &self.ext {
            Some(ext) => stopgate_policy::parse_extension(ext.to_string().as_bytes()).unwrap(),
            None => Extension::empty(id),
        };
        let document = pack.policy.to_string().into_bytes();
        let policy = parse_extended(&document, extension, &BTreeMap::new(), ParseOptions::default()).unwrap().policy;
        let tag = ImageReference::parse("docker.io/team/app:1").unwrap();
        let engine = Engine { name: "stopgate".to_owned(), version: "0".to_owned(), semantics: String::new() };
        let mut context = EvalContext::new(&self.artifact, &tag, NOW.parse().unwrap(), engine);
        context.matches = self.report.as_ref();
        context.from_sbom = self.from_sbom;
        context.ancestors = self.ancestors.as_deref();
        let evaluation = evaluate(&policy, &context);
        control_states(&pack, &policy, &evaluation, &context)
    }
}
