//! Verdicts: any, and hostile ones.

use arbtest::arbitrary::{Result, Unstructured};
use stopgate_model::{
    Action, AllowlistMatch, Artifact, Condition, DataIdentity, Decision, DueDate, Engine, Evaluation, Evidence,
    ExceptionMatch, ExceptionNote, ExceptionReport, FinalReason, Finding, Gap, MappingMatch, MatchSeen, MissingInput,
    PackageId, PolicyIdentity, Problem, ProblemKind, ProblemSeverity, Remediation, Severity, Verdict,
};

use super::{any, artifact, digest, gap, json, many, maybe, name, path, text};

fn evidence(u: &mut Unstructured<'_>) -> Result<Evidence> {
    Ok(match u.int_in_range(0..=6)? {
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
        5 => Evidence::Due(Box::new(due(u)?)),
        _ => Evidence::Data { text: text(u)? },
    })
}

fn due(u: &mut Unstructured<'_>) -> Result<DueDate> {
    Ok(DueDate {
        clock: name(u)?,
        row: many(u, |u| Ok((name(u)?, text(u)?)))?,
        assumed: many(u, name)?,
        start: maybe(u, text)?,
        start_basis: text(u)?,
        hours: maybe(u, any)?,
        due_at: maybe(u, text)?,
        force: text(u)?,
        triage: maybe(u, any)?,
        overdue: u.arbitrary()?,
        source: text(u)?,
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

pub(super) fn data(u: &mut Unstructured<'_>) -> Result<DataIdentity> {
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
