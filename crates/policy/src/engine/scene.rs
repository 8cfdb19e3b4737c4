//! What an evaluation is about: the context that the caller gives, and the view of it that triggers see.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use stopgate_model::{
    Artifact, Cvss, Digest, DigestAlgorithm, DockerfileMode, Engine, FixState, GapCode, ImageReference, Match,
    MatchReport, Package, PackageId, RemovedReason, RetrievedFile, Severity, SourceKind, Vulnerability,
};

use super::assessed::{Assessed, Known};
use super::paths::{PathHits, PathTexts};
use crate::document::Policy;
use crate::trigger::hit::AcceptedBy;
use crate::trigger::{ArtifactType, Need, Presence};

/// All that an evaluation rests on. The same context gives the same result, byte for byte.
pub struct EvalContext<'a> {
    /// The artifact.
    pub artifact: &'a Artifact,
    /// Its matches; `None` when there is no vulnerability data at all.
    pub matches: Option<&'a MatchReport>,
    /// The reference that mappings are asked with.
    pub tag: &'a ImageReference,
    /// The time.
    pub now: Timestamp,
    /// Whether `docker.io/nginx` and `docker.io/library/nginx` are different names.
    pub strict_names: bool,
    /// Whether the artifact was read from an SBOM.
    pub from_sbom: bool,
    /// Who evaluates.
    pub engine: Engine,
    /// When matches and findings were first seen; `None` when there is no previous state.
    pub history: Option<&'a History>,
    /// The base image; `None` when it is not known.
    pub base: Option<&'a BaseImage>,
    /// The images that this one was built from, the nearest first; `None` when none was ever looked for.
    pub ancestors: Option<&'a [Ancestor]>,
    /// The artifact that the tag named before; `None` when it is not known.
    pub previous: Option<&'a Artifact>,
    /// The source trees that the image was built from; `None` when none is known.
    pub sources: Option<&'a [Artifact]>,
}

impl<'a> EvalContext<'a> {
    /// A context without matches, history and base image.
    pub const fn new(artifact: &'a Artifact, tag: &'a ImageReference, now: Timestamp, engine: Engine) -> Self {
        Self {
            artifact,
            matches: None,
            tag,
            now,
            strict_names: false,
            from_sbom: false,
            engine,
            history: None,
            base: None,
            ancestors: None,
            previous: None,
            sources: None,
        }
    }

    /// Which kind of rule set the artifact is evaluated with first.
    pub(crate) const fn artifact_type(&self) -> ArtifactType {
        match &self.artifact.source.kind {
            SourceKind::Image(_) => ArtifactType::Image,
            _ if self.from_sbom => ArtifactType::Sbom,
            SourceKind::Other { .. } => ArtifactType::Sbom,
            SourceKind::Directory { .. } | SourceKind::File { .. } => ArtifactType::Source,
        }
    }
}

/// The previous state: what was there before, and since when. What is not listed is new.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Matches by vulnerability id and package URL; `None`: since when is not known.
    pub first_seen: BTreeMap<(String, String), Option<Timestamp>>,
    /// Findings by fingerprint; `None`: since when is not known.
    pub findings: BTreeMap<String, Option<Timestamp>>,
    /// Since when the artifact's repository has its matches, where that is kept apart; `None`: `first_seen` says it.
    pub in_repository: Option<BTreeMap<(String, String), Option<Timestamp>>>,
    /// When the artifact, or the one before it, was evaluated last; `None`: it is not known.
    pub evaluated_at: Option<Timestamp>,
}

/// An image whose layers are a proper prefix of the artifact's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// Manifest digest.
    pub digest: Digest,
    /// Its tags, as `registry/repository:tag`.
    pub tags: Vec<String>,
    /// Number of its layers.
    pub layers: usize,
}

/// What is known of the base image, evaluated with the same policy and tag.
#[derive(Debug, Clone, Default)]
pub struct BaseImage {
    /// Its digest.
    pub digest: Option<Digest>,
    /// Gate, trigger and trigger id of its findings; empty when it was not evaluated.
    pub findings: BTreeSet<(String, String, String)>,
    /// Vulnerability id and package URL of its matches.
    pub matches: BTreeSet<(String, String)>,
}

/// CVSS 3 scores; -1 where there is none, as Anchore compares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scores {
    pub(crate) base: f64,
    pub(crate) exploitability: f64,
    pub(crate) impact: f64,
}

const NO_SCORES: Scores = Scores { base: -1.0, exploitability: -1.0, impact: -1.0 };

/// A match with its package, and what triggers compare.
#[derive(Debug)]
pub struct MatchView<'a> {
    pub(crate) matched: &'a Match,
    pub(crate) package: &'a Package,
    /// Highest CVSS 3 scores that NVD gives.
    pub(crate) nvd: Scores,
    /// Highest CVSS 3 scores of the record itself, when it is not NVD's.
    pub(crate) vendor: Scores,
    /// Highest CVSS 4 base score of the record and its CVEs; -1 when there is none.
    pub(crate) cvss_v4: f64,
    /// The VEX statement by which the match does not count.
    pub(crate) vex: Option<AcceptedBy>,
    /// Highest exploit prediction; -1 when there is none.
    pub(crate) epss_score: f64,
    pub(crate) epss_percentile: f64,
    /// Whether the artifact is an image: keys of packages differ.
    pub(crate) in_image: bool,
}

impl<'a> MatchView<'a> {
    fn new(matched: &'a Match, package: &'a Package, in_image: bool) -> Self {
        let record = &matched.vulnerability;
        let mut nvd = NO_SCORES;
        let mut vendor = NO_SCORES;
        raise(if is_nvd(&record.namespace, &record.provider) { &mut nvd } else { &mut vendor }, &record.cvss);
        for related in record.related.iter().filter(|related| is_nvd(&related.namespace, "")) {
            raise(&mut nvd, &related.cvss);
        }
        let highest = |values: &mut dyn Iterator<Item = f64>| values.fold(-1.0, f64::max);
        let scores = record.cvss.iter().chain(record.related.iter().flat_map(|related| &related.cvss));
        Self {
            matched,
            package,
            nvd,
            vendor,
            cvss_v4: highest(&mut scores.filter(|score| score.version.starts_with('4')).map(|score| score.base)),
            vex: None,
            epss_score: highest(&mut record.epss.iter().map(|epss| epss.score)),
            epss_percentile: highest(&mut record.epss.iter().map(|epss| epss.percentile)),
            in_image,
        }
    }

    pub(crate) fn id(&self) -> &'a str {
        &self.matched.vulnerability.id
    }

    /// The CVE of the weakness, else the record's own id.
    pub(crate) fn cve(&self) -> &'a str {
        let record: &'a Vulnerability = &self.matched.vulnerability;
        let related = record.related.iter().map(|related| related.id.as_str());
        std::iter::once(record.id.as_str())
            .chain(record.aliases.iter().map(String::as_str))
            .chain(related)
            .filter(|id| id.starts_with("CVE-"))
            .min_by_key(|id| (*id != record.id, *id))
            .unwrap_or(&record.id)
    }

    /// Every id of the weakness.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a str> {
        let record: &'a Vulnerability = &self.matched.vulnerability;
        let related = record.related.iter().map(|related| related.id.as_str());
        std::iter::once(record.id.as_str()).chain(record.aliases.iter().map(String::as_str)).chain(related)
    }

    /// Severity by NVD's scores: CVSS 3, else 2; the record's own word where NVD scored nothing.
    pub(crate) fn nvd_severity(&self) -> Severity {
        let record = &self.matched.vulnerability;
        if self.nvd.base >= 0.0 {
            return match self.nvd.base {
                score if score >= 9.0 => Severity::Critical,
                score => rated(score),
            };
        }
        let own = record.cvss.iter().filter(|_| is_nvd(&record.namespace, &record.provider));
        let related = record.related.iter().filter(|related| is_nvd(&related.namespace, ""));
        let scores = own.chain(related.flat_map(|related| &related.cvss)).filter(|cvss| cvss.version.starts_with('2'));
        scores.map(|cvss| cvss.base).reduce(f64::max).map_or(record.severity, rated)
    }

    pub(crate) fn is_fixable(&self) -> bool {
        self.matched.fix.state != FixState::WontFix && !self.matched.fix.versions.is_empty()
    }

    /// When a fix was first seen.
    pub(crate) fn fix_seen(&self) -> Since {
        let fix = &self.matched.fix;
        match Since::earliest(fix.available.iter().map(|fix| fix.date.as_str())) {
            Since::Never if self.is_fixable() => Since::Unknown,
            since => since,
        }
    }

    /// When CISA listed the vulnerability as exploited.
    pub(crate) fn kev_added(&self) -> Since {
        Since::earliest(self.matched.vulnerability.kev.iter().map(|kev| kev.date_added.as_str()))
    }

    /// Primary location of the package.
    pub(crate) fn path(&self) -> Option<&'a str> {
        self.package.primary_location().map(|location| location.path.as_str())
    }
}

/// Since when something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// It is not so.
    Never,
    /// It is so, since when is not known.
    Unknown,
    At(Timestamp),
}

impl Since {
    /// The earliest of some dates `YYYY-MM-DD…`.
    fn earliest<'d>(dates: impl Iterator<Item = &'d str>) -> Self {
        let times = dates.map(|date| Some(date.get(..10)?.parse::<Date>().ok()?.in_tz("UTC").ok()?.timestamp()));
        times.fold(Self::Never, |earliest, time| match (earliest, time) {
            (Self::At(earliest), Some(time)) => Self::At(earliest.min(time)),
            (Self::Never | Self::Unknown, Some(time)) => Self::At(time),
            (Self::Never, None) => Self::Unknown,
            (earliest, None) => earliest,
        })
    }
}

fn is_nvd(namespace: &str, provider: &str) -> bool {
    provider == "nvd" || namespace == "nvd" || namespace.starts_with("nvd:")
}

/// The words that CVSS 2 and 3 have alike.
fn rated(score: f64) -> Severity {
    match score {
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Negligible,
    }
}

fn raise(scores: &mut Scores, cvss: &[Cvss]) {
    for score in cvss.iter().filter(|score| score.version.starts_with('3')) {
        scores.base = scores.base.max(score.base);
        scores.exploitability = scores.exploitability.max(score.exploitability.unwrap_or(-1.0));
        scores.impact = scores.impact.max(score.impact.unwrap_or(-1.0));
    }
}

/// A match where it stands: in this artifact, at this time.
pub(crate) struct Occurrence<'s, 'a> {
    pub(crate) view: &'s MatchView<'a>,
    pub(crate) scene: &'s Scene<'a>,
}

/// When an occurrence was first seen.
#[derive(Clone, Copy)]
pub(crate) enum FirstSeen {
    At(Timestamp),
    Unknown,
}

impl Occurrence<'_, '_> {
    fn key(&self) -> (String, String) {
        (self.view.id().to_owned(), self.view.package.purl.clone())
    }

    pub(crate) fn first_seen(&self) -> FirstSeen {
        self.since(|history| &history.first_seen)
    }

    /// When the repository had it first: another build of the image does not begin anew.
    pub(crate) fn first_seen_in_repository(&self) -> FirstSeen {
        self.since(|history| history.in_repository.as_ref().unwrap_or(&history.first_seen))
    }

    fn since(&self, kept: impl FnOnce(&History) -> &BTreeMap<(String, String), Option<Timestamp>>) -> FirstSeen {
        let Some(history) = self.scene.context.history else { return FirstSeen::Unknown };
        match kept(history).get(&self.key()) {
            Some(Some(time)) => FirstSeen::At(*time),
            Some(None) => FirstSeen::Unknown,
            // With a history, what it does not know is new.
            None => FirstSeen::At(self.scene.context.now),
        }
    }

    /// Whether the base image has the same match; `None` without a base image.
    pub(crate) fn is_inherited(&self) -> Option<bool> {
        self.scene.context.base.map(|base| base.matches.contains(&self.key()))
    }
}

/// Whether inputs are there, as the rules of a policy that read them would find.
pub fn presence(context: &EvalContext<'_>, needs: &[Need]) -> Vec<Presence> {
    let scene = Scene::new(context);
    needs.iter().map(|need| scene.presence(need)).collect()
}

/// The context, prepared for triggers.
pub struct Scene<'a> {
    pub(crate) context: &'a EvalContext<'a>,
    /// The matches that count, then those that a VEX statement removes.
    matches: Vec<MatchView<'a>>,
    counted: usize,
    /// Matches whose package the artifact does not have.
    pub(crate) strays: usize,
    by_vulnerability: OnceCell<HashMap<&'a str, Vec<usize>>>,
    /// The texts that the policy's rules look for in paths; without a policy there are none.
    path_texts: Option<&'a PathTexts>,
    path_hits: OnceCell<PathHits>,
    /// What the site knows of vulnerabilities.
    assessed: Assessed<'a>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(context: &'a EvalContext<'a>) -> Self {
        let packages: HashMap<PackageId, &Package> =
            context.artifact.packages.iter().rev().map(|package| (package.id, package)).collect();
        let in_image = context.artifact_type() == ArtifactType::Image;
        let all = context.matches.map_or(&[][..], |report| report.matches.as_slice());
        let view = |matched: &'a Match| Some(MatchView::new(matched, packages.get(&matched.package)?, in_image));
        let mut matches: Vec<MatchView<'a>> = all.iter().filter_map(view).collect();
        let counted = matches.len();
        let strays = all.len() - counted;
        let removed = context.matches.map_or(&[][..], |report| report.removed.as_slice());
        matches.extend(removed.iter().filter_map(|removed| {
            let RemovedReason::Vex { document, status, justification } = &removed.reason else { return None };
            let vex = AcceptedBy { document: document.clone(), status: *status, justification: *justification };
            Some(MatchView { vex: Some(vex), ..view(&removed.matched)? })
        }));
        Self {
            context,
            matches,
            counted,
            strays,
            by_vulnerability: OnceCell::new(),
            path_texts: None,
            path_hits: OnceCell::new(),
            assessed: Assessed::default(),
        }
    }

    /// The same for the rules of a policy, which can look for names together.
    pub(crate) fn of_policy(context: &'a EvalContext<'a>, policy: &'a Policy) -> Self {
        Self { path_texts: Some(&policy.path_texts), assessed: Assessed::of(policy), ..Self::new(context) }
    }

    /// Positions of the paths that contain one of these texts, sorted. `None`: every path must be tried.
    pub(crate) fn paths_with(&self, texts: &[String]) -> Option<Vec<u32>> {
        let (known, files) = (self.path_texts?, self.artifact().files.as_ref()?);
        known.positions(self.path_hits.get_or_init(|| known.search(files)), texts)
    }

    pub(crate) const fn artifact(&self) -> &'a Artifact {
        self.context.artifact
    }

    /// The matches that count.
    pub(crate) fn matches(&self) -> &[MatchView<'a>] {
        self.matches.get(..self.counted).unwrap_or_default()
    }

    /// The matches that a VEX statement removes.
    pub(crate) fn removed_by_vex(&self) -> &[MatchView<'a>] {
        self.matches.get(self.counted..).unwrap_or_default()
    }

    /// The matches of a vulnerability, by its id or an alias, those that a VEX statement removes as well.
    pub(crate) fn matches_of(&self, id: &str) -> impl Iterator<Item = &MatchView<'a>> {
        let index = self.by_vulnerability.get_or_init(|| self.index_vulnerabilities());
        index.get(id).into_iter().flatten().filter_map(|position| self.matches.get(*position))
    }

    fn index_vulnerabilities(&self) -> HashMap<&'a str, Vec<usize>> {
        let mut index: HashMap<&'a str, Vec<usize>> = HashMap::new();
        for (position, view) in self.matches.iter().enumerate() {
            let record: &'a Vulnerability = &view.matched.vulnerability;
            let related = record.related.iter().map(|related| related.id.as_str());
            let ids: BTreeSet<&str> = std::iter::once(record.id.as_str())
                .chain(record.aliases.iter().map(String::as_str))
                .chain(related)
                .collect();
            for id in ids {
                index.entry(id).or_default().push(position);
            }
        }
        index
    }

    /// What the site knows of the vulnerability of a match.
    pub(crate) fn assessment(&self, view: &MatchView<'_>) -> Known<'a> {
        self.assessed.about(view, self.context)
    }

    /// A file whose content was kept. `/etc//passwd` and `etc/./passwd` are `/etc/passwd`.
    pub(crate) fn retrieved(&self, path: &str) -> Option<&'a RetrievedFile> {
        fn parts(path: &str) -> impl Iterator<Item = &str> {
            path.split('/').filter(|part| !part.is_empty() && *part != ".")
        }
        self.artifact().retrieved.as_ref()?.iter().find(|file| parts(&file.path).eq(parts(path)))
    }

    /// Whether an input is there.
    pub(crate) fn presence(&self, need: &Need) -> Presence {
        let artifact = self.artifact();
        let of = |there: bool| if there { Presence::Present } else { Presence::Missing };
        let filled = |empty: Option<bool>| match empty {
            Some(false) => Presence::Present,
            Some(true) => Presence::Empty,
            None => Presence::Missing,
        };
        match need {
            Need::Vulnerabilities => of(self.context.matches.is_some()),
            Need::Dockerfile => filled(artifact.dockerfile.as_ref().map(|file| file.instructions.is_empty())),
            Need::ActualDockerfile => {
                of(artifact.dockerfile.as_ref().is_some_and(|file| file.mode == DockerfileMode::Actual))
            }
            Need::ConfigOrDockerfile => of(artifact.config.is_some() || artifact.dockerfile.is_some()),
            Need::Config => of(artifact.config.is_some()),
            Need::Distro => self.presence_of_distro(),
            Need::Files => filled(artifact.files.as_ref().map(stopgate_model::FileIndex::is_empty)),
            Need::RetrievedFile(path) => self.presence_of_file(path),
            Need::Secrets => filled(artifact.secrets.as_ref().map(Vec::is_empty)),
            Need::HiddenSecrets => filled(artifact.hidden_secrets.as_ref().map(Vec::is_empty)),
            Need::ConfigSecrets => filled(artifact.config_secrets.as_ref().map(Vec::is_empty)),
            Need::FirstSeen | Need::Baseline => of(self.context.history.is_some()),
            Need::LastEvaluation => match self.context.history {
                None => Presence::Empty,
                Some(history) => of(history.evaluated_at.is_some()),
            },
            Need::Base => of(self.context.base.is_some()),
            Need::ContentSearch => filled(artifact.content.as_ref().map(Vec::is_empty)),
            // A scanner that ran and found nothing has a document.
            Need::Malware => filled(artifact.documents.malware.as_ref().map(Vec::is_empty)),
            Need::Stig => filled(artifact.documents.stig.as_ref().map(Vec::is_empty)),
            Need::Attestations => filled(artifact.documents.attestations.as_ref().map(Vec::is_empty)),
            Need::Ancestry => filled(self.context.ancestors.map(<[Ancestor]>::is_empty)),
            Need::PreviousImage => of(self.context.previous.is_some()),
            Need::Sources => filled(self.context.sources.map(<[Artifact]>::is_empty)),
            Need::PackageFiles => self.presence_of_package_files(),
            Need::PackageDigests => self.presence_of_package_digests(),
            Need::CreationTime => of(crate::gates::creation_time(self).is_some()),
            // Whether one is wanting is told match by match, release by release or name by name, while the trigger runs.
            Need::Assessment | Need::SupportPeriod(_) | Need::SecretSearch(_) => Presence::Present,
            Need::FileCapabilities => of(artifact.files.is_some() && !self.context.from_sbom),
        }
    }

    fn presence_of_distro(&self) -> Presence {
        let unknown = || self.artifact().gaps.iter().any(|gap| gap.code == GapCode::DistroUnknown);
        match &self.artifact().distro {
            Some(_) => Presence::Present,
            None if unknown() => Presence::Missing,
            None => Presence::Empty,
        }
    }

    /// An SBOM may name packages without saying which files they own. An image was searched for what its package
    /// databases say, so that one which says nothing is an answer.
    fn presence_of_package_files(&self) -> Presence {
        let packages = &self.artifact().packages;
        let searched = self.artifact().files.is_some() && !self.context.from_sbom;
        match packages.iter().any(|package| !package.files.is_empty()) {
            true => Presence::Present,
            false if packages.iter().any(|package| package.package_type.is_os()) && !searched => Presence::Missing,
            false => Presence::Empty,
        }
    }

    /// Package databases record MD5 or SHA-1 where the tree has SHA-256, and an analysis computes those only when it
    /// is asked to. One that did has some of them; a single file whose digest is wanting is a gap of its own.
    fn presence_of_package_digests(&self) -> Presence {
        let artifact = self.artifact();
        let Some(files) = artifact.files.as_ref().filter(|files| files.further_digests().next().is_none()) else {
            return Presence::Present;
        };
        let owned = artifact.packages.iter().filter(|package| package.package_type.is_os());
        let mut unlike = owned.flat_map(|package| &package.files).filter(|owned| {
            let digest = owned.digest.as_ref().filter(|_| !owned.config);
            digest.is_some_and(|digest| digest.algorithm() != DigestAlgorithm::Sha256)
        });
        if unlike.any(|owned| files.resolve(&owned.path).is_ok_and(|entry| entry.is_some_and(|e| e.is_file()))) {
            Presence::Missing
        } else {
            Presence::Present
        }
    }

    /// The content of a file: which files are kept is up to the analysis, so one that stands in the tree
    /// and was not kept is missing, not empty.
    fn presence_of_file(&self, path: &str) -> Presence {
        if self.retrieved(path).is_some() {
            return Presence::Present;
        }
        match (&self.artifact().retrieved, &self.artifact().files) {
            (Some(_), Some(files)) if !matches!(files.resolve(path), Ok(Some(_))) => Presence::Empty,
            _ => Presence::Missing,
        }
    }
}
