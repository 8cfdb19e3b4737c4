//! Tests through the front door: a document is parsed, an artifact evaluated, and what came out is
//! written as lines.

mod conversion;
mod documents;
mod explain;
pub(super) mod extension;
mod gates;
mod golden;
mod guide;
mod in_the_wild;
mod laws;
mod lints;
mod mappings;
mod outcomes;
mod reference;
mod registry;
mod schema;
mod vulnerabilities;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use stopgate_model::{
    Analyzer, Artifact, AvailableFix, Cvss, DataIdentity, Digest, DigestAlgorithm, Distro, Dockerfile, DockerfileMode,
    Documents, Engine, Epss, Evaluation, FileEntry, FileIndexBuilder, FileKind, Finding, Fix, FixState, ImageConfig,
    ImageReference, ImageSource, Instruction, Kev, Location, Match, MatchReport, Package, PackageId, PackageType,
    RetrievedFile, Severity, SourceDescription, SourceKind, Vulnerability,
};

use crate::lint::form_of;
use crate::pattern::Pattern;
use crate::registry::{Lookup, find};
use crate::{EvalContext, ParseOptions, Policy, evaluate, parse};

pub(super) const NOW: &str = "2026-06-01T00:00:00Z";

pub(super) fn digest(fill: char) -> Digest {
    Digest::new(DigestAlgorithm::Sha256, &fill.to_string().repeat(64)).unwrap()
}

/// An artifact under construction. It begins as an image with everything collected and nothing in it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) artifact: Artifact,
    pub(super) report: Option<MatchReport>,
    pub(super) tag: ImageReference,
    pub(super) strict: bool,
    pub(super) from_sbom: bool,
    pub(super) history: Option<crate::History>,
    pub(super) base: Option<crate::BaseImage>,
    pub(super) ancestors: Option<Vec<crate::Ancestor>>,
    pub(super) previous: Option<Artifact>,
    pub(super) sources: Option<Vec<Artifact>>,
    pub(super) now: Timestamp,
}

pub(super) fn image() -> Case {
    let source = ImageSource {
        reference: ImageReference::parse("docker.io/team/app:1").unwrap(),
        tags: Vec::new(),
        repo_digests: Vec::new(),
        image_id: digest('1'),
        manifest_digest: digest('2'),
        manifest_is_local: false,
        media_type: String::new(),
        size: 1 << 20,
        layers: Vec::new(),
        manifest: Vec::new(),
        config: Vec::new(),
        architecture: "amd64".to_owned(),
        variant: String::new(),
        os: "linux".to_owned(),
        annotations: Vec::new(),
    };
    let report = MatchReport {
        matches: Vec::new(),
        removed: Vec::new(),
        data: DataIdentity {
            built: "2026-05-30T00:00:00Z".to_owned(),
            digest: digest('3'),
            schema: "osv".to_owned(),
            origin: "test".to_owned(),
            providers: Vec::new(),
        },
        distro_has_data: Some(true),
        distro_namespaces: Vec::new(),
        gaps: Vec::new(),
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
            config: Some(ImageConfig::default()),
            distro: Some(Distro { id: "debian".to_owned(), version_id: "12".to_owned(), ..Distro::default() }),
            packages: Vec::new(),
            relationships: Vec::new(),
            files: Some(FileIndexBuilder::default().finish()),
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
        report: Some(report),
        tag: ImageReference::parse("docker.io/team/app:1").unwrap(),
        strict: false,
        from_sbom: false,
        history: None,
        base: None,
        ancestors: None,
        previous: None,
        sources: None,
        now: NOW.parse().unwrap(),
    }
}

pub(super) fn folder() -> Case {
    let mut case = image();
    case.artifact.source.kind = SourceKind::Directory { path: ".".to_owned() };
    case.artifact.config = None;
    case.tag = ImageReference::bare();
    case
}

impl Case {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Artifact)) -> Self {
        change(&mut self.artifact);
        self
    }

    pub(super) fn config(self, change: impl FnOnce(&mut ImageConfig)) -> Self {
        self.with(|artifact| change(artifact.config.as_mut().unwrap()))
    }

    pub(super) fn dockerfile(self, mode: DockerfileMode, lines: &[&str]) -> Self {
        let mut stage = 0;
        let instructions = lines.iter().enumerate().map(|(index, line)| {
            let (keyword, arguments) = line.split_once(' ').unwrap_or((line, ""));
            if keyword == "FROM" && index > 0 {
                stage += 1;
            }
            let (keyword, arguments) = (keyword.to_owned(), arguments.to_owned());
            Instruction { keyword, arguments, line: index as u32 + 1, stage }
        });
        let instructions = instructions.collect();
        self.with(|artifact| artifact.dockerfile = Some(Dockerfile { mode, text: lines.join("\n"), instructions }))
    }

    pub(super) fn files(self, files: &[(&str, FileKind, u32)]) -> Self {
        let mut builder = FileIndexBuilder::default();
        for (path, kind, mode) in files {
            let entry = FileEntry {
                path,
                kind: *kind,
                mode: *mode,
                uid: 0,
                gid: 0,
                size: 1,
                sha256: Some(&[0xab; 32]),
                link: None,
                layer: 0,
            };
            builder.push(&entry);
        }
        self.with(|artifact| artifact.files = Some(builder.finish()))
    }

    pub(super) fn retrieved(self, path: &str, content: &str) -> Self {
        let file = RetrievedFile { path: path.to_owned(), layer: None, content: content.as_bytes().to_vec() };
        self.with(|artifact| artifact.retrieved.as_mut().unwrap().push(file))
    }

    pub(super) fn package(mut self, kind: PackageType, name: &str, version: &str, path: &str) -> Self {
        let mut package = Package::new(kind, name, version);
        package.id = PackageId(self.artifact.packages.len() as u64 + 1);
        package.purl = format!("pkg:generic/{name}@{version}");
        if !path.is_empty() {
            package.locations.push(Location {
                path: path.to_owned(),
                access_path: path.to_owned(),
                layer: None,
                evidence: stopgate_model::EvidenceKind::Primary,
            });
        }
        self.artifact.packages.push(package);
        self
    }

    /// A vulnerability of the package that was added last.
    pub(super) fn vuln(mut self, id: &str, severity: Severity, change: impl FnOnce(&mut Match)) -> Self {
        let mut matched = Match {
            package: self.artifact.packages.last().unwrap().id,
            vulnerability: Arc::new(record(id, severity)),
            fix: Fix { state: FixState::NotFixed, ..Fix::default() },
            suggested_version: None,
            details: Vec::new(),
        };
        change(&mut matched);
        self.report.as_mut().unwrap().matches.push(matched);
        self
    }

    pub(super) fn evaluate(&self, policy: &Policy) -> Evaluation {
        let mut context = EvalContext::new(&self.artifact, &self.tag, self.now, engine());
        context.matches = self.report.as_ref();
        context.strict_names = self.strict;
        context.from_sbom = self.from_sbom;
        context.history = self.history.as_ref();
        context.base = self.base.as_ref();
        context.ancestors = self.ancestors.as_deref();
        context.previous = self.previous.as_ref();
        context.sources = self.sources.as_deref();
        let evaluation = evaluate(policy, &context);
        evaluation.findings.iter().for_each(has_declared_id);
        evaluation
    }
}

/// Ids have the form that their trigger declares: allowlists are written, and linted, by it.
fn has_declared_id(finding: &Finding) {
    let Lookup::Found(row) = find(&finding.gate, &finding.trigger) else { panic!("{finding:?}") };
    let form = form_of(row.info().trigger_id);
    assert!(form.may_match(&Pattern::new(&finding.trigger_id)), "{form:?}: {finding:?}");
}

pub(super) fn engine() -> Engine {
    Engine { name: "stopgate".to_owned(), version: "0".to_owned(), semantics: "t".to_owned() }
}

pub(super) fn record(id: &str, severity: Severity) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        namespace: "debian:distro:debian:12".to_owned(),
        provider: "debian".to_owned(),
        aliases: Vec::new(),
        severity,
        cvss: Vec::new(),
        related: Vec::new(),
        data_source: format!("https://example.org/{id}"),
        urls: Vec::new(),
        description: String::new(),
        kev: Vec::new(),
        epss: Vec::new(),
        cwes: Vec::new(),
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
    }
}

pub(super) fn edit(matched: &mut Match, change: impl FnOnce(&mut Vulnerability)) {
    change(Arc::get_mut(&mut matched.vulnerability).unwrap());
}

pub(super) fn fixed(version: &str, date: &str) -> impl FnOnce(&mut Match) {
    let (version, date) = (version.to_owned(), date.to_owned());
    move |matched| {
        matched.fix = Fix {
            state: FixState::Fixed,
            versions: vec![version.clone()],
            available: vec![AvailableFix { version: version.clone(), date, kind: "advisory".to_owned() }],
        };
        matched.suggested_version = Some(version);
    }
}

pub(super) fn cvss(base: f64) -> Cvss {
    Cvss {
        source: String::new(),
        kind: String::new(),
        version: "3.1".to_owned(),
        vector: String::new(),
        base,
        exploitability: Some(3.9),
        impact: Some(5.9),
    }
}

pub(super) fn kev(date: &str) -> Kev {
    Kev { date_added: date.to_owned(), ..Kev::default() }
}

pub(super) fn epss(score: f64, percentile: f64) -> Epss {
    Epss { cve: String::new(), score, percentile, date: String::new() }
}

/// A rule from `stop gate.trigger name=value; name=value`.
pub(super) fn rule(text: &str) -> Value {
    let mut words = text.splitn(3, ' ');
    let action = words.next().unwrap().to_uppercase();
    let (gate, trigger) = words.next().unwrap().split_once('.').unwrap();
    let params = words.next().unwrap_or("").split("; ").filter(|pair| !pair.is_empty());
    let params = params.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        json!({"name": name, "value": value})
    });
    json!({"id": "r", "gate": gate, "trigger": trigger, "action": action, "params": params.collect::<Vec<_>>()})
}

/// A policy document with these rules for every artifact.
pub(super) fn document(rules: &[&str]) -> Value {
    let rules = rules.iter().enumerate().map(|(index, text)| {
        let mut rule = rule(text);
        rule["id"] = Value::from(format!("r{}", index + 1));
        rule
    });
    let rules: Vec<Value> = rules.collect();
    let image = json!({"type": "tag", "value": "*"});
    json!({
        "id": "p", "name": "test", "version": "2",
        "rule_sets": [
            {"id": "rs", "name": "rules", "version": "2", "rules": rules},
        ],
        "allowlists": [{"id": "al", "name": "accepted", "version": "2", "items": []}],
        "mappings": [{"id": "m", "name": "all", "registry": "*", "repository": "*", "image": image,
                      "rule_set_ids": ["rs"], "allowlist_ids": ["al"]}],
    })
}

pub(super) fn policy(document: &Value) -> Policy {
    parse(document.to_string().as_bytes(), ParseOptions::default()).unwrap().policy
}

/// What a document with this rule is refused for, with what may help.
pub(super) fn refused(text: &str) -> Vec<String> {
    let errors = parse(document(&[text]).to_string().as_bytes(), ParseOptions::default()).unwrap_err();
    let line = |error: crate::PolicyError| match error.help {
        Some(help) => format!("{} ({help})", error.message),
        None => error.message,
    };
    errors.into_iter().map(line).collect()
}

/// Evaluates one rule: its findings, problems and the decision, a line each.
pub(super) fn check(case: &Case, text: &str) -> Vec<String> {
    lines(&case.evaluate(&policy(&document(&[text]))))
}

pub(super) fn lines(evaluation: &Evaluation) -> Vec<String> {
    let findings = evaluation.findings.iter().map(|finding| format!("{} {}", finding.action, finding.message));
    let problems = evaluation.problems.iter().map(|problem| format!("! {}", problem.details));
    findings.chain(problems).chain([evaluation.decision.name().to_owned()]).collect()
}

/// The ids of the findings of one rule.
pub(super) fn ids(case: &Case, text: &str) -> Vec<String> {
    let evaluation = case.evaluate(&policy(&document(&[text])));
    evaluation.findings.into_iter().map(|finding| finding.trigger_id).collect()
}
