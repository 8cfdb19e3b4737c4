//! Artifacts and verdicts for tests: arbitrary ones, and hostile ones.

use std::sync::Arc;

use arbtest::arbitrary::{Arbitrary, Result, Unstructured};
use stopgate_model::{
    Action, AllowlistMatch, Analyzer, Artifact, AvailableFix, Condition, Confidence, Cpe, Cvss, DataIdentity, Decision,
    Details, Digest, Distro, Dockerfile, DockerfileMode, Element, Engine, Epss, Evaluation, Evidence, EvidenceKind,
    ExceptionMatch, ExceptionNote, ExceptionReport, FileEntry, FileIndex, FileIndexBuilder, FileKind, FinalReason,
    Finding, Fix, FixState, Gap, GapClass, GapCode, Healthcheck, HistoryEntry, ImageConfig, ImageReference,
    ImageSource, Instruction, Kev, LayerInfo, License, LicenseKind, Location, MappingMatch, Match, MatchDetail,
    MatchKind, MatchReport, MatchSeen, MissingInput, OwnedFile, Package, PackageId, PackageType, PolicyIdentity,
    Problem, ProblemKind, ProblemSeverity, RelatedVulnerability, Relationship, RelationshipKind, Remediation,
    RemovedMatch, RemovedReason, RetrievedFile, SearchHit, Severity, SourceDescription, SourceKind, Upstream, Verdict,
    VexJustification, VexStatus, Vulnerability,
};

use crate::samples_documents::documents;

/// Text with all that breaks formats: quotes, control characters, markup, formulas, characters of four bytes.
pub(crate) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let pieces = [
        "a",
        "B7",
        " ",
        "\"",
        "\\",
        "'",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1}",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "\u{feff}",
        "é",
        "💥",
        "<",
        ">",
        "&",
        "]]>",
        "=1",
        "+",
        "-",
        "@",
        "/",
        "../",
        "%",
        "#",
        "{",
        "}",
        ":",
        "|",
        ",",
        ";",
        "CVE-2024-1",
    ];
    let length = u.int_in_range(0..=5)?;
    (0..length).map(|_| Ok(*u.choose(&pieces)?)).collect()
}

fn name(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(format!("n{}", text(u)?))
}

fn any<T: for<'u> Arbitrary<'u>>(u: &mut Unstructured<'_>) -> Result<T> {
    u.arbitrary()
}

pub(crate) fn many<T>(u: &mut Unstructured<'_>, each: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let length = u.int_in_range(0..=3)?;
    (0..length).map(|_| each(u)).collect()
}

pub(crate) fn maybe<T>(
    u: &mut Unstructured<'_>,
    each: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if u.arbitrary()? { each(u).map(Some) } else { Ok(None) }
}

pub(crate) fn digest(u: &mut Unstructured<'_>) -> Result<Digest> {
    Ok(if u.arbitrary()? { Digest::sha256(&u.arbitrary()?) } else { Digest::sha1(&u.arbitrary()?) })
}

fn path(u: &mut Unstructured<'_>) -> Result<String> {
    let parts = many(u, name)?;
    Ok(if parts.is_empty() { "/x".to_owned() } else { format!("/{}", parts.join("/")) })
}

fn location(u: &mut Unstructured<'_>) -> Result<Location> {
    let path = path(u)?;
    let access_path = maybe(u, self::path)?.unwrap_or_else(|| path.clone());
    let evidence = *u.choose(&[EvidenceKind::Primary, EvidenceKind::Supporting])?;
    Ok(Location { path, access_path, layer: maybe(u, digest)?, evidence })
}

fn license(u: &mut Unstructured<'_>) -> Result<License> {
    Ok(License {
        value: text(u)?,
        spdx: (*u.choose(&["", "MIT", "GPL-2.0-only OR MIT"])?).to_owned(),
        kind: *u.choose(&[LicenseKind::Declared, LicenseKind::Concluded])?,
        urls: many(u, text)?,
        locations: many(u, location)?,
    })
}

fn json(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(serde_json::json!({ "key": text(u)?, "files": [text(u)?], "n": u.arbitrary::<u32>()? }).to_string())
}

fn package(u: &mut Unstructured<'_>) -> Result<Package> {
    let types =
        [PackageType::DEB, PackageType::RPM, PackageType::NPM, PackageType::JAVA_ARCHIVE, PackageType::named("odd")];
    let mut package = Package::new(u.choose(&types)?.clone(), name(u)?, text(u)?);
    // Readers take no id of zero.
    package.id = PackageId(u.arbitrary::<u64>()?.max(1));
    package.epoch = maybe(u, any)?;
    package.arch = maybe(u, text)?;
    package.purl =
        maybe(u, |u| Ok(format!("pkg:npm/{}@1?distro=debian-12&x={}", name(u)?, text(u)?)))?.unwrap_or_default();
    package.cpes = many(u, |u| Ok(Cpe { text: text(u)?, source: text(u)? }))?;
    package.licenses = many(u, license)?;
    package.upstreams = many(u, |u| Ok(Upstream { name: name(u)?, version: maybe(u, text)? }))?;
    package.modularity = maybe(u, text)?;
    package.digests = many(u, digest)?;
    package.locations = many(u, location)?;
    package.locations.sort_by_key(|location| location.evidence);
    package.found_by = text(u)?;
    package.confidence = *u.choose(&[Confidence::Low, Confidence::High])?;
    package.files = many(u, |u| {
        Ok(OwnedFile {
            path: path(u)?,
            digest: maybe(u, digest)?,
            mode: maybe(u, any)?,
            size: maybe(u, any)?,
            config: u.arbitrary()?,
        })
    })?;
    package.details = maybe(u, |u| Ok(Details { type_name: name(u)?, json: json(u)? }))?;
    Ok(package)
}

fn tree(u: &mut Unstructured<'_>, packages: &[Package]) -> Result<FileIndex> {
    let mut tree = FileIndexBuilder::default();
    let mut paths = many(u, path)?;
    paths.push("/".to_owned());
    paths.push(name(u)?);
    paths.extend(packages.iter().flat_map(|package| &package.files).map(|file| file.path.clone()));
    for path in paths {
        let link = maybe(u, text)?;
        let sha256: Option<[u8; 32]> = maybe(u, any)?;
        tree.push(&FileEntry {
            path: &path,
            kind: *u.choose(&FileKind::ALL)?,
            mode: u.int_in_range(0..=0o7777)?,
            uid: u.arbitrary()?,
            gid: u.arbitrary()?,
            size: u.arbitrary()?,
            sha256: sha256.as_ref(),
            link: link.as_deref(),
            layer: u.int_in_range(0..=3)?,
        });
    }
    Ok(tree.finish())
}

fn gap(u: &mut Unstructured<'_>) -> Result<Gap> {
    Ok(Gap {
        code: *u.choose(GapCode::ALL)?,
        class: *u.choose(&[GapClass::Note, GapClass::Partial, GapClass::Undecidable])?,
        path: maybe(u, path)?,
        layer: maybe(u, digest)?,
        limit: maybe(u, any)?,
        seen: maybe(u, any)?,
        message: text(u)?,
    })
}

pub(crate) fn image(u: &mut Unstructured<'_>) -> Result<ImageSource> {
    Ok(ImageSource {
        reference: ImageReference {
            registry: name(u)?,
            repository: name(u)?,
            tag: maybe(u, name)?,
            digest: maybe(u, digest)?,
        },
        tags: many(u, text)?,
        repo_digests: many(u, text)?,
        image_id: digest(u)?,
        manifest_digest: digest(u)?,
        manifest_is_local: u.arbitrary()?,
        media_type: text(u)?,
        size: u.arbitrary()?,
        layers: many(u, |u| {
            Ok(LayerInfo { diff_id: digest(u)?, digest: maybe(u, digest)?, media_type: text(u)?, size: u.arbitrary()? })
        })?,
        manifest: u.arbitrary()?,
        config: u.arbitrary()?,
        architecture: text(u)?,
        variant: text(u)?,
        os: text(u)?,
        annotations: many(u, |u| Ok((text(u)?, text(u)?)))?,
    })
}

fn source(u: &mut Unstructured<'_>) -> Result<SourceDescription> {
    let kind = match u.int_in_range(0..=3)? {
        0 => SourceKind::Directory { path: text(u)? },
        1 => SourceKind::File { path: text(u)?, digests: many(u, digest)? },
        2 => SourceKind::Other { type_name: name(u)?, json: json(u)? },
        _ => SourceKind::Image(Box::new(image(u)?)),
    };
    Ok(SourceDescription { id: name(u)?, name: text(u)?, version: text(u)?, user_input: text(u)?, kind })
}

fn config(u: &mut Unstructured<'_>) -> Result<ImageConfig> {
    Ok(ImageConfig {
        user: text(u)?,
        exposed_ports: many(u, text)?,
        env: many(u, text)?,
        labels: many(u, |u| Ok((text(u)?, text(u)?)))?,
        healthcheck: maybe(u, |u| {
            Ok(Healthcheck {
                test: many(u, text)?,
                interval_ns: u.arbitrary()?,
                timeout_ns: u.arbitrary()?,
                retries: u.arbitrary()?,
            })
        })?,
        history: maybe(u, |u| {
            many(u, |u| {
                Ok(HistoryEntry { created_by: text(u)?, empty_layer: u.arbitrary()?, ..HistoryEntry::default() })
            })
        })?,
        ..ImageConfig::default()
    })
}

fn dockerfile(u: &mut Unstructured<'_>) -> Result<Dockerfile> {
    Ok(Dockerfile {
        mode: *u.choose(&[DockerfileMode::Actual, DockerfileMode::Guessed])?,
        text: text(u)?,
        instructions: many(u, |u| {
            Ok(Instruction { keyword: text(u)?, arguments: text(u)?, line: u.arbitrary()?, stage: u.arbitrary()? })
        })?,
    })
}

fn secret(u: &mut Unstructured<'_>) -> Result<SearchHit> {
    Ok(SearchHit { path: path(u)?, layer: maybe(u, digest)?, name: text(u)?, pattern: text(u)?, lines: many(u, any)? })
}

/// Any artifact, its packages with distinct ids.
pub(crate) fn artifact(u: &mut Unstructured<'_>) -> Result<Artifact> {
    let mut packages = many(u, package)?;
    packages.sort_by_key(|package| package.id);
    packages.dedup_by_key(|package| package.id);
    packages.sort_by(|a, b| {
        (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
    });
    let ids: Vec<_> = packages.iter().map(|package| package.id).collect();
    let element = |u: &mut Unstructured<'_>| {
        Ok(match (u.int_in_range(0..=3)?, ids.is_empty()) {
            (0, _) => Element::Source,
            (1, _) => Element::File(path(u)?),
            (2, false) => Element::Package(*u.choose(&ids)?),
            _ => Element::Foreign(name(u)?),
        })
    };
    let relationships = many(u, |u| {
        let kind = match u.int_in_range(0..=2)? {
            0 => RelationshipKind::DependencyOf,
            1 => RelationshipKind::OwnershipByFileOverlap(many(u, path)?),
            _ => RelationshipKind::Other(name(u)?),
        };
        Ok(Relationship { from: element(u)?, to: element(u)?, kind })
    })?;
    let files = maybe(u, |u| tree(u, &packages))?;
    Ok(Artifact {
        source: source(u)?,
        config: maybe(u, config)?,
        distro: maybe(u, |u| {
            Ok(Distro { id: name(u)?, version_id: text(u)?, id_like: many(u, text)?, ..Distro::default() })
        })?,
        packages,
        relationships,
        files,
        dockerfile: maybe(u, dockerfile)?,
        secrets: maybe(u, |u| many(u, secret))?,
        content: maybe(u, |u| many(u, secret))?,
        documents: documents(u)?,
        retrieved: maybe(u, |u| {
            many(u, |u| Ok(RetrievedFile { path: path(u)?, layer: maybe(u, digest)?, content: u.arbitrary()? }))
        })?,
        gaps: many(u, gap)?,
        analyzer: Analyzer { name: text(u)?, version: text(u)? },
    })
}

fn evidence(u: &mut Unstructured<'_>) -> Result<Evidence> {
    Ok(match u.int_in_range(0..=5)? {
        0 => Evidence::Package {
            id: PackageId(u.arbitrary()?),
            name: name(u)?,
            version: text(u)?,
            package_type: text(u)?,
            purl: text(u)?,
            path: maybe(u, path)?,
            layer: maybe(u, digest)?,
        },
        1 => Evidence::Vulnerability {
            id: name(u)?,
            aliases: many(u, text)?,
            severity: *u.choose(&Severity::ALL)?,
            fixed_in: many(u, text)?,
            fix_state: text(u)?,
            link: text(u)?,
            known_exploited: u.arbitrary()?,
        },
        2 => Evidence::File { path: path(u)?, mode: maybe(u, any)?, layer: maybe(u, digest)?, lines: many(u, any)? },
        3 => Evidence::DockerfileLine { line: u.arbitrary()?, text: text(u)?, actual: u.arbitrary()? },
        4 => Evidence::Config { field: text(u)?, value: text(u)? },
        _ => Evidence::Data { text: text(u)? },
    })
}

fn remediation(u: &mut Unstructured<'_>) -> Result<Remediation> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Remediation::UpgradePackage { name: name(u)?, from: text(u)?, to: text(u)?, command: maybe(u, text)? },
        1 => Remediation::NoFix { name: name(u)?, state: text(u)? },
        2 => Remediation::RemovePackage { name: name(u)? },
        3 => Remediation::RemoveFile { path: path(u)?, revoke: u.arbitrary()? },
        4 => Remediation::ChangeMode { path: path(u)?, from: u.arbitrary()?, to: u.arbitrary()? },
        5 => Remediation::Dockerfile { line: maybe(u, any)?, instruction: text(u)? },
        6 => Remediation::Provide { what: text(u)? },
        _ => Remediation::Advice { text: text(u)? },
    })
}

fn action(u: &mut Unstructured<'_>) -> Result<Action> {
    u.choose(&[Action::Go, Action::Warn, Action::Stop]).copied()
}

fn finding(u: &mut Unstructured<'_>) -> Result<Finding> {
    Ok(Finding {
        trigger_id: text(u)?,
        legacy_ids: many(u, text)?,
        gate: text(u)?,
        trigger: text(u)?,
        message: text(u)?,
        action: action(u)?,
        rule_action: action(u)?,
        rule_id: (*u.choose(&["r1", "r2", "r=3"])?).to_owned(),
        rule_set_id: text(u)?,
        rule_set_name: text(u)?,
        recommendation: text(u)?,
        allowlist: maybe(u, |u| {
            Ok(AllowlistMatch {
                id: text(u)?,
                name: text(u)?,
                item_id: text(u)?,
                via: *u.choose(&[None, Some("legacy_id")])?,
                expires_on: maybe(u, text)?,
            })
        })?,
        exception: maybe(u, |u| {
            Ok(ExceptionMatch {
                id: text(u)?,
                reason: text(u)?,
                justification: text(u)?,
                owner: text(u)?,
                approver: text(u)?,
                ticket: text(u)?,
                expires: text(u)?,
            })
        })?,
        inherited_from_base: u.arbitrary()?,
        is_new: u.arbitrary()?,
        first_seen: maybe(u, text)?,
        due: maybe(u, text)?,
        fingerprint: text(u)?,
        severity: maybe(u, |u| u.choose(&Severity::ALL).copied())?,
        controls: many(u, text)?,
        evidence: many(u, evidence)?,
        remediation: maybe(u, remediation)?,
        explain: many(u, |u| Ok(Condition { condition: text(u)?, actual: text(u)? }))?,
    })
}

fn engine(u: &mut Unstructured<'_>) -> Result<Engine> {
    Ok(Engine { name: "stopgate".to_owned(), version: text(u)?, semantics: text(u)? })
}

/// A verdict that owns all that a report borrows.
pub(crate) struct Check {
    pub(crate) artifact: Artifact,
    pub(crate) policy: PolicyIdentity,
    pub(crate) policy_json: String,
    pub(crate) data: Option<DataIdentity>,
    pub(crate) evaluation: Evaluation,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) matches: Option<Vec<MatchSeen>>,
}

impl Check {
    pub(crate) fn report(&self) -> stopgate_model::CheckReport<'_> {
        stopgate_model::CheckReport {
            verdict: Verdict::of(&self.evaluation),
            artifact: &self.artifact,
            policy: &self.policy,
            policy_json: &self.policy_json,
            data: self.data.as_ref(),
            evaluation: &self.evaluation,
            gaps: &self.gaps,
            plan: None,
            first_seen: self.matches.as_deref(),
        }
    }
}

/// The policy of every sample: two rules that fire, and one that does not.
pub(crate) const POLICY: &str = r#"{"id":"p","name":"P","version":"2","rule_sets":[{"id":"s","name":"S","version":"2","rules":[
    {"id":"r1","gate":"vulnerabilities","trigger":"package","action":"STOP","params":[]},
    {"id":"r2","gate":"dockerfile","trigger":"instruction","action":"WARN","params":[],"recommendation":"do it"},
    {"id":"quiet","gate":"always","trigger":"always","action":"GO","params":[]}]}]}"#;

/// Any verdict.
pub(crate) fn check(u: &mut Unstructured<'_>) -> Result<Check> {
    let evaluation = Evaluation {
        policy_id: text(u)?,
        policy_name: text(u)?,
        evaluated_tag: text(u)?,
        evaluated_at: "2026-01-02T03:04:05Z".to_owned(),
        decision: *u.choose(&[Decision::Pass, Decision::Stop, Decision::Undecided])?,
        policy_action: action(u)?,
        final_action: action(u)?,
        reason: *u.choose(&[FinalReason::PolicyEvaluation, FinalReason::Allowlisted, FinalReason::Denylisted])?,
        mapping: maybe(u, |u| Ok(MappingMatch { id: text(u)?, name: text(u)?, json: json(u)? }))?,
        allowed_image: None,
        denied_image: None,
        findings: many(u, finding)?,
        problems: many(u, |u| {
            Ok(Problem {
                severity: *u.choose(&[ProblemSeverity::Warn, ProblemSeverity::Error])?,
                kind: *u.choose(&[ProblemKind::DataUnavailable, ProblemKind::TriggerEvaluationError])?,
                rule_id: maybe(u, |_| Ok("quiet".to_owned()))?,
                details: text(u)?,
            })
        })?,
        exceptions: many(u, |u| {
            Ok(ExceptionReport {
                id: text(u)?,
                matched: u.arbitrary()?,
                expires: text(u)?,
                owner: text(u)?,
                notes: many(u, |u| u.choose(&[ExceptionNote::Expiring, ExceptionNote::TooBroad]).copied())?,
            })
        })?,
        missing: many(u, |u| Ok(MissingInput { input: text(u)?, details: text(u)?, rule_ids: many(u, text)? }))?,
        valid_until: None,
        engine: engine(u)?,
    };
    Ok(Check {
        artifact: artifact(u)?,
        policy: PolicyIdentity { id: text(u)?, name: text(u)?, digest: digest(u)?, origin: text(u)? },
        policy_json: POLICY.to_owned(),
        data: maybe(u, data)?,
        evaluation,
        gaps: many(u, gap)?,
        matches: maybe(u, |u| {
            many(u, |u| Ok(MatchSeen { vulnerability: text(u)?, purl: text(u)?, first_seen: None }))
        })?,
    })
}

fn data(u: &mut Unstructured<'_>) -> Result<DataIdentity> {
    Ok(DataIdentity { built: text(u)?, digest: digest(u)?, schema: text(u)?, origin: text(u)?, providers: Vec::new() })
}

/// A verdict all of whose texts are this one.
pub(crate) fn hostile_check(text: &str) -> Check {
    let mut u = Unstructured::new(&[]);
    let mut check = check(&mut u).unwrap_or_else(|_| unreachable!("an empty source gives the first choice"));
    let owned = || text.to_owned();
    check.evaluation.evaluated_tag = owned();
    check.evaluation.findings.push(Finding {
        trigger_id: owned(),
        legacy_ids: Vec::new(),
        gate: owned(),
        trigger: owned(),
        message: owned(),
        action: Action::Stop,
        rule_action: Action::Stop,
        rule_id: owned(),
        rule_set_id: owned(),
        rule_set_name: owned(),
        recommendation: owned(),
        allowlist: None,
        exception: None,
        is_new: None,
        first_seen: None,
        due: None,
        inherited_from_base: None,
        fingerprint: owned(),
        severity: Some(Severity::Critical),
        controls: vec![owned()],
        evidence: vec![Evidence::File { path: owned(), mode: None, layer: None, lines: vec![3] }],
        remediation: Some(Remediation::Advice { text: owned() }),
        explain: Vec::new(),
    });
    check
}

pub(crate) fn vulnerability(u: &mut Unstructured<'_>) -> Result<Vulnerability> {
    let cvss = |u: &mut Unstructured<'_>| {
        Ok(Cvss {
            source: text(u)?,
            kind: text(u)?,
            version: "3.1".to_owned(),
            vector: text(u)?,
            base: f64::from(u.int_in_range(0..=100_u32)?) / 10.0,
            exploitability: maybe(u, |_| Ok(1.5))?,
            impact: None,
        })
    };
    Ok(Vulnerability {
        id: name(u)?,
        namespace: text(u)?,
        provider: text(u)?,
        aliases: many(u, text)?,
        severity: *u.choose(&Severity::ALL)?,
        cvss: many(u, cvss)?,
        related: many(u, |u| {
            Ok(RelatedVulnerability {
                id: name(u)?,
                namespace: text(u)?,
                severity: *u.choose(&Severity::ALL)?,
                data_source: text(u)?,
                urls: many(u, text)?,
                description: text(u)?,
                cvss: many(u, cvss)?,
            })
        })?,
        data_source: text(u)?,
        urls: many(u, text)?,
        description: text(u)?,
        kev: many(u, |u| Ok(Kev { cve: text(u)?, ..Kev::default() }))?,
        epss: many(u, |u| Ok(Epss { cve: text(u)?, score: 0.5, percentile: 0.9, date: text(u)? }))?,
        cwes: many(u, text)?,
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
    })
}

fn found(u: &mut Unstructured<'_>, packages: &[Package]) -> Result<Match> {
    let package = if packages.is_empty() { PackageId(7) } else { u.choose(packages)?.id };
    Ok(Match {
        package,
        vulnerability: Arc::new(vulnerability(u)?),
        fix: Fix {
            state: *u.choose(&[FixState::Unknown, FixState::Fixed, FixState::NotFixed, FixState::WontFix])?,
            versions: many(u, text)?,
            available: many(u, |u| Ok(AvailableFix { version: text(u)?, date: text(u)?, kind: text(u)? }))?,
        },
        suggested_version: maybe(u, text)?,
        details: many(u, |u| {
            Ok(MatchDetail {
                kind: *u.choose(&[MatchKind::ExactDirect, MatchKind::ExactIndirect, MatchKind::Cpe])?,
                matcher: text(u)?,
                searched_name: text(u)?,
                searched_version: text(u)?,
                searched_scope: text(u)?,
                found_constraint: text(u)?,
                found_cpe: text(u)?,
            })
        })?,
    })
}

/// Any matches of an artifact.
pub(crate) fn matches(u: &mut Unstructured<'_>, artifact: &Artifact) -> Result<MatchReport> {
    Ok(MatchReport {
        matches: many(u, |u| found(u, &artifact.packages))?,
        removed: many(u, |u| {
            Ok(RemovedMatch {
                matched: found(u, &artifact.packages)?,
                reason: match u.int_in_range(0..=2)? {
                    0 => RemovedReason::Evidence(text(u)?),
                    1 => RemovedReason::OwnedByDistroPackage(PackageId(u.arbitrary()?)),
                    _ => RemovedReason::Vex {
                        document: text(u)?,
                        status: VexStatus::NotAffected,
                        justification: maybe(u, |_| Ok(VexJustification::ComponentNotPresent))?,
                    },
                },
            })
        })?,
        data: data(u)?,
        distro_has_data: None,
        distro_namespaces: Vec::new(),
        gaps: many(u, gap)?,
    })
}
