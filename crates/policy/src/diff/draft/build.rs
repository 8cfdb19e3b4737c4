//! From a draft to the artifact and all that an evaluation of it rests on.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use stopgate_model::{
    Analyzer, Artifact, DataIdentity, Digest, Distro, Dockerfile, Documents, Engine, Evaluation, EvidenceKind,
    FileEntry, FileIndex, FileIndexBuilder, FileKind, Healthcheck, ImageConfig, ImageReference, ImageSource,
    Instruction, LayerInfo, License, LicenseKind, Location, Match, MatchReport, Package, PackageId, PackageType,
    RetrievedFile, SearchHit, SourceDescription, SourceKind,
};

use super::{Draft, Input, Kind, Parcel, advisory};
use crate::document::policy::Policy;
use crate::engine::{Ancestor, BaseImage, EvalContext, History, Scene};
use crate::trigger::{ArtifactType, BoundTrigger, Hits, Presence};

/// A draft that is finished.
#[derive(Debug, Clone)]
pub(in crate::diff) struct Built {
    pub(in crate::diff) artifact: Artifact,
    pub(in crate::diff) report: MatchReport,
    /// Own advisories from which the matches follow.
    pub(in crate::diff) advisories: Vec<Value>,
    pub(in crate::diff) tag: ImageReference,
    pub(in crate::diff) now: Timestamp,
    pub(in crate::diff) strict_names: bool,
    pub(in crate::diff) history: Option<History>,
    pub(in crate::diff) base: Option<BaseImage>,
    pub(in crate::diff) previous: Option<Artifact>,
    pub(in crate::diff) sources: Option<Vec<Artifact>>,
    pub(in crate::diff) ancestors: Option<Vec<Ancestor>>,
}

impl Built {
    /// Evaluates a policy on it.
    pub(in crate::diff) fn evaluate(&self, policy: &Policy) -> Evaluation {
        crate::engine::evaluate(policy, &self.context())
    }

    /// What one rule finds in it, nothing when an input is missing; `None` when the rule fails.
    pub(in crate::diff) fn run(&self, trigger: &dyn BoundTrigger, rule_id: &str) -> Option<Hits> {
        let context = self.context();
        let scene = Scene::new(&context);
        let mut hits = Hits::of_rule(rule_id);
        if trigger.needs().iter().any(|need| scene.presence(need) == Presence::Missing) {
            return Some(hits);
        }
        trigger.run(&scene, &mut hits).ok().map(|()| hits)
    }

    fn context(&self) -> EvalContext<'_> {
        let engine = Engine { name: "stopgate".to_owned(), version: String::new(), semantics: String::new() };
        let mut context = EvalContext::new(&self.artifact, &self.tag, self.now, engine);
        context.matches = Some(&self.report);
        context.strict_names = self.strict_names;
        context.history = self.history.as_ref();
        context.base = self.base.as_ref();
        context.ancestors = self.ancestors.as_deref();
        context.previous = self.previous.as_ref();
        context.sources = self.sources.as_deref();
        context
    }
}

impl Draft {
    /// The finished draft; `None` when vulnerability data cannot say what it holds.
    pub(in crate::diff) fn build(&self) -> Option<Built> {
        let packages: Vec<Package> =
            self.packages.iter().enumerate().map(|(number, parcel)| self.package(parcel, number)).collect();
        let mut matches = Vec::new();
        let mut advisories = Vec::new();
        let mut history = History::default();
        let mut base = BaseImage::default();
        for (parcel, package) in self.packages.iter().zip(&packages) {
            for weakness in &parcel.weaknesses {
                advisories.push(advisory::document(self, parcel, weakness)?);
                matches.push(self.matched(parcel, weakness, package.id));
                let key = (weakness.id.clone(), package.purl.clone());
                if let Some(days) = weakness.seen {
                    let seen = self.now.checked_sub(SignedDuration::from_hours(24 * days)).ok()?;
                    history.first_seen.insert(key.clone(), Some(seen));
                }
                if weakness.inherited {
                    base.matches.insert(key);
                }
            }
        }
        let of_distro = self.packages.iter().any(|parcel| parcel.kind == Kind::Os && !parcel.weaknesses.is_empty());
        let filler = if self.distro_data || of_distro { advisory::filler(self) } else { None };
        let distro_has_data = self.distro.as_ref().map(|_| filler.is_some());
        advisories.extend(filler);
        let artifact = self.artifact(packages)?;
        Some(Built {
            report: self.report(matches, distro_has_data)?,
            advisories,
            tag: self.place.tag.clone(),
            now: self.now,
            strict_names: self.strict_names,
            history: (self.inputs.history != Input::Missing).then_some(history),
            base: (self.inputs.base != Input::Missing).then_some(base),
            previous: self.inputs.previous(&artifact),
            sources: self.inputs.sources(&artifact),
            ancestors: self.inputs.ancestors(),
            artifact,
        })
    }

    fn package(&self, parcel: &Parcel, number: usize) -> Package {
        let kind = match &parcel.kind {
            Kind::Os => self.os_type(),
            Kind::Named(id) => PackageType::named(id),
        };
        let purl_type = kind.info().map_or("generic", |info| if info.purl.is_empty() { "generic" } else { info.purl });
        let mut package = Package::new(kind, &parcel.name, &parcel.version);
        package.id = PackageId(0x5700_0000 + number as u64);
        package.purl = format!("pkg:{purl_type}/{}@{}", parcel.name, parcel.version);
        if !parcel.path.is_empty() {
            package.locations.push(Location {
                path: parcel.path.clone(),
                access_path: parcel.path.clone(),
                layer: None,
                evidence: EvidenceKind::Primary,
            });
        }
        let license = |value: &String| License {
            value: value.clone(),
            spdx: String::new(),
            kind: LicenseKind::Declared,
            urls: Vec::new(),
            locations: Vec::new(),
        };
        package.licenses = parcel.licenses.iter().map(license).collect();
        package
    }

    fn matched(&self, parcel: &Parcel, weakness: &super::Weakness, package: PackageId) -> Match {
        let fix = advisory::fix(self, weakness);
        Match {
            package,
            vulnerability: Arc::new(advisory::record(self, parcel, weakness)),
            suggested_version: fix.versions.first().cloned(),
            fix,
            details: Vec::new(),
        }
    }

    fn report(&self, matches: Vec<Match>, distro_has_data: Option<bool>) -> Option<MatchReport> {
        let built = self.now.checked_sub(SignedDuration::from_hours(self.data_age.checked_mul(24)?)).ok()?;
        Some(MatchReport {
            matches,
            removed: Vec::new(),
            data: DataIdentity {
                built: built.to_string(),
                digest: Digest::sha256(&[0; 32]),
                schema: "osv".to_owned(),
                origin: "policy diff".to_owned(),
                providers: Vec::new(),
            },
            distro_has_data,
            distro_namespaces: Vec::new(),
            gaps: Vec::new(),
        })
    }

    fn artifact(&self, packages: Vec<Package>) -> Option<Artifact> {
        let image = self.kind == ArtifactType::Image;
        let mut retrieved: Vec<RetrievedFile> = self
            .retrieved
            .iter()
            .map(|(path, content)| RetrievedFile { path: path.clone(), layer: None, content: content.clone().into() })
            .collect();
        retrieved.sort_by(|a, b| a.path.cmp(&b.path));
        let hit = |path: &str, name: &str| SearchHit {
            path: path.to_owned(),
            layer: None,
            name: name.to_owned(),
            pattern: "x".to_owned(),
            lines: vec![1],
        };
        let secrets = self.secrets.as_ref();
        Some(Artifact {
            source: self.source()?,
            config: image.then(|| self.config()),
            distro: self.distro.as_ref().map(|(id, version)| Distro {
                id: id.clone(),
                version_id: version.clone(),
                id_like: self.id_like.clone(),
                ..Distro::default()
            }),
            packages,
            relationships: Vec::new(),
            files: Some(self.tree()?),
            dockerfile: self.dockerfile(),
            secrets: secrets.map(|hits| hits.iter().map(|(path, name)| hit(path, name)).collect()),
            hidden_secrets: image.then(Vec::new),
            config_secrets: image.then(Vec::new),
            content: self.inputs.content(),
            retrieved: Some(retrieved),
            documents: Documents {
                malware: self.inputs.malware(),
                stig: self.inputs.stig(),
                attestations: self.inputs.attestations(self.manifest_digest()),
            },
            gaps: Vec::new(),
            analyzer: Analyzer { name: "stopgate".to_owned(), version: String::new() },
            sbom: None,
        })
    }

    fn manifest_digest(&self) -> Digest {
        self.place.digest.clone().unwrap_or_else(|| Digest::sha256(&[0x22; 32]))
    }

    fn source(&self) -> Option<SourceDescription> {
        let (name, version) = &self.place.name;
        let image_id = self.place.image_id.clone().unwrap_or_else(|| Digest::sha256(&[0x11; 32]));
        let kind = match self.kind {
            ArtifactType::Image => SourceKind::Image(Box::new(ImageSource {
                reference: self.place.tag.clone(),
                tags: Vec::new(),
                repo_digests: Vec::new(),
                image_id,
                manifest_digest: self.manifest_digest(),
                manifest_is_local: true,
                media_type: String::new(),
                size: self.size,
                layers: self.layer_infos()?,
                manifest: Vec::new(),
                config: Vec::new(),
                architecture: self.architecture.clone(),
                variant: String::new(),
                os: self.os.clone(),
                annotations: Vec::new(),
            })),
            ArtifactType::Source => SourceKind::Directory { path: ".".to_owned() },
            ArtifactType::Sbom => SourceKind::Other { type_name: "product".to_owned(), json: "{}".to_owned() },
        };
        Some(SourceDescription {
            id: "0".repeat(64),
            name: name.clone(),
            version: version.clone(),
            user_input: name.clone(),
            kind,
        })
    }

    fn layer_infos(&self) -> Option<Vec<LayerInfo>> {
        // An image of very many layers is no witness that anybody could build.
        const MOST: u64 = 10_000;
        let layer = |number: u64| {
            let mut bytes = [0x33; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            LayerInfo { diff_id: Digest::sha256(&bytes), digest: None, media_type: String::new(), size: 0 }
        };
        (self.layers <= MOST).then(|| (0..self.layers).map(layer).collect())
    }

    fn config(&self) -> ImageConfig {
        let test = |command: &String| Healthcheck {
            test: vec!["CMD-SHELL".to_owned(), command.clone()],
            ..Healthcheck::default()
        };
        ImageConfig {
            user: self.user.clone(),
            exposed_ports: self.ports.clone(),
            entrypoint: self.entrypoint.clone(),
            healthcheck: self.healthcheck.as_ref().map(test),
            labels: self.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            ..ImageConfig::default()
        }
    }

    fn dockerfile(&self) -> Option<Dockerfile> {
        let (mode, lines) = self.dockerfile.as_ref()?;
        let text: Vec<String> = lines.iter().map(|(keyword, text)| format!("{keyword} {text}")).collect();
        let instruction = |(number, (keyword, text)): (usize, &(String, String))| Instruction {
            keyword: keyword.clone(),
            arguments: text.clone(),
            line: number as u32 + 1,
            stage: 0,
        };
        let instructions = lines.iter().enumerate().map(instruction).collect();
        Some(Dockerfile { mode: *mode, text: text.join("\n"), instructions })
    }

    fn tree(&self) -> Option<FileIndex> {
        let mut builder = FileIndexBuilder::default();
        for (path, file) in &self.files {
            let pushed = builder.push(&FileEntry {
                path,
                kind: FileKind::Regular,
                mode: file.mode,
                uid: 0,
                gid: 0,
                size: 1,
                sha256: file.sha256.as_ref(),
                link: None,
                layer: 0,
            });
            if !pushed {
                return None;
            }
        }
        Some(builder.finish())
    }
}
