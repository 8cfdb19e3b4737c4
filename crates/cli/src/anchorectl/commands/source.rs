//! `anchorectl source`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use stopgate_api_types::evaluation::{EvaluationStatus, SourcePolicyEvaluationFinding};
use stopgate_api_types::source::{Source as Record, SourceManifest};
use stopgate_client::{Client, Reply, SourceVulnerabilityOptions};

use super::sbom::{SbomFile, Service};
use super::{content, evaluation, policy, vulnerabilities::Reports};
use crate::anchorectl::answer::{Answer, Rows};
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, lines, table, text, time, word};
use crate::anchorectl::session::Session;

mod add;
mod name;

use name::SourceName;

#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// Import the SBOM of a source revision
    Add(add::Add),
    /// Evaluate a source revision; without -f the exit code is 0 also when it fails
    #[command(visible_alias = "evaluate")]
    Check(Check),
    /// List the known vulnerabilities of a source revision
    #[command(visible_aliases = ["vulns", "vuln"])]
    Vulnerabilities(Vulnerabilities),
    /// Fetch the SBOM of a source revision: syft-json, cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value, table
    Sbom(Sbom),
    /// List what a source revision is made of
    #[command(visible_alias = "contents")]
    Content(Content),
    /// List source revisions
    List,
    /// Show one source revision
    Get(Named),
    /// Delete a source revision
    #[command(visible_alias = "del")]
    Delete(Delete),
}

/// One source revision.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
}

/// A source revision to evaluate.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
    /// Exit with 1 when it fails
    #[arg(short, long, env = "ANCHORECTL_FAIL_BASED_ON_RESULTS")]
    fail_based_on_results: bool,
    /// Evaluate with this policy instead of the active one
    #[arg(short, long, value_name = "NAME|ID", env = "ANCHORECTL_POLICY")]
    policy: Option<String>,
}

/// A source revision whose vulnerabilities are wanted.
#[derive(Debug, Args)]
pub(crate) struct Vulnerabilities {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
    /// List the kinds of report instead
    #[arg(short, long)]
    available_types: bool,
    /// With descriptions
    #[arg(long, env = "ANCHORECTL_VULNERABILITY_INCLUDE_DESCRIPTION")]
    include_description: bool,
    /// Match again although a result is stored
    #[arg(long, env = "ANCHORECTL_REFRESH")]
    refresh: bool,
    /// Which packages (repeatable): all, os, non-os
    #[arg(short = 't', long = "type", value_parser = ["all", "os", "non-os"], env = "ANCHORECTL_VULNERABILITY_TYPE")]
    kinds: Vec<String>,
    /// Only what the vendor will not fix, or only the rest
    #[arg(short = 'n', long, value_parser = Boolean, env = "ANCHORECTL_WILL_NOT_FIX")]
    will_not_fix: Option<bool>,
}

/// The SBOM of a source revision.
#[derive(Debug, Args)]
pub(crate) struct Sbom {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE", env = "ANCHORECTL_SBOM_FILE")]
    file: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, env = "ANCHORECTL_SBOM_OVERWRITE")]
    overwrite: bool,
}

/// A source revision whose content is wanted.
#[derive(Debug, Args)]
pub(crate) struct Content {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
    /// List the kinds of content instead
    #[arg(short, long, env = "ANCHORECTL_AVAILABLE_TYPES")]
    available_types: bool,
    /// Which content (repeatable); without it every kind that there is
    #[arg(short = 't', long = "type", value_name = "TYPE", env = "ANCHORECTL_CONTENT_TYPES")]
    kinds: Vec<String>,
}

/// A source revision to delete.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// HOST/REPOSITORY@REVISION, or an id
    source: String,
    /// Also when it is in use
    #[arg(long, env = "ANCHORECTL_SOURCE_DELETE_FORCE")]
    force: bool,
}

pub(crate) fn run(session: &mut Session, command: &Source) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Source::Add(options) => add::run(session, &client, options),
        Source::Check(options) => check(session, &client, options),
        Source::Vulnerabilities(options) => vulnerabilities(session, &client, options),
        Source::Sbom(options) => {
            let id = SourceName::parse(&options.source)?.id(&client)?;
            let service: &Service<'_> = &|format| client.source_sbom(&id, format);
            let file = SbomFile { path: options.file.as_deref(), overwrite: options.overwrite };
            super::sbom::fetch(session, service, &file)
        }
        Source::Content(options) => show_content(session, &client, options),
        Source::List => list(session, &client),
        Source::Get(named) => {
            let reply = client.source_get(&SourceName::parse(&named.source)?.id(&client)?)?;
            session.done("Fetched source", &named.source);
            session.print(&answer(&reply))
        }
        Source::Delete(options) => {
            let id = SourceName::parse(&options.source)?.id(&client)?;
            client.source_delete(&id, options.force)?;
            session.done("Deleted source", &options.source);
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
    }
}

fn check(session: &mut Session, client: &Client, options: &Check) -> Result<(), Failure> {
    let id = SourceName::parse(&options.source)?.id(client)?;
    let policy_id = options.policy.as_deref().map(|policy| policy::id_of(client, policy)).transpose()?;
    let reply = client.source_check(&id, policy_id.as_deref())?;
    let value = &reply.value;
    let source = format!("{}/{}@{}", value.host, value.repository_name, value.revision);
    let passed = value.status == EvaluationStatus::Pass;
    let word_of = if passed { "[passed]" } else { "[failed]" };
    session.done("Evaluated against policy", &format!("{word_of:<11}{source}"));
    let policy = value.policy.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut shown = block(&[
        ("Source", source),
        ("Source ID", value.source_id.clone()),
        ("Policy ID", policy.to_owned()),
        ("Last Evaluation", time(Some(value.evaluation_time))),
        ("Evaluation", word(&value.status)),
        ("Final Action", word(&value.final_action)),
        ("Reason", word(&value.final_action_reason)),
    ]);
    shown.push_str(&evaluation::problems(&value.evaluation_problems));
    shown.push_str("\nPolicy Evaluation Details:\n");
    let findings: Vec<evaluation::Finding> = value.findings.iter().map(finding).collect();
    shown.push_str(&evaluation::findings(&findings));
    let rows = rows(&reply.value.findings, &value.source_id, policy);
    session.print(&Answer::new(reply.raw.clone(), shown).ids([id]).csv(rows))?;
    if options.fail_based_on_results && !passed { Err(Failure::new("failed policies:")) } else { Ok(()) }
}

fn finding(finding: &SourcePolicyEvaluationFinding) -> evaluation::Finding {
    evaluation::Finding {
        gate: text(finding.gate.as_ref()),
        trigger: text(finding.trigger.as_ref()),
        message: text(finding.message.as_ref()),
        action: word(&finding.action),
        allowlisted: finding.allowlisted == Some(true),
    }
}

fn rows(findings: &[SourcePolicyEvaluationFinding], source: &str, policy: &str) -> Rows {
    let row = |finding: &SourcePolicyEvaluationFinding| {
        vec![
            source.to_owned(),
            policy.to_owned(),
            text(finding.gate.as_ref()),
            text(finding.trigger.as_ref()),
            text(finding.trigger_id.as_ref()),
            text(finding.rule_id.as_ref()),
            word(&finding.action),
            text(finding.message.as_ref()),
            (finding.allowlisted == Some(true)).to_string(),
            text(finding.recommendation.as_ref()),
        ]
    };
    let heads = vec![
        "source_id",
        "policy_id",
        "gate",
        "trigger",
        "trigger_id",
        "rule_id",
        "action",
        "message",
        "allowlisted",
        "recommendation",
    ];
    Rows { heads, rows: findings.iter().map(row).collect() }
}

fn vulnerabilities(session: &mut Session, client: &Client, options: &Vulnerabilities) -> Result<(), Failure> {
    let id = SourceName::parse(&options.source)?.id(client)?;
    if options.available_types {
        let reply = client.source_vulnerability_types(&id)?;
        let mut kinds = reply.value;
        kinds.sort_unstable();
        return session.print(&Answer::new(reply.raw, lines(&kinds)).ids(kinds));
    }
    let wanted = SourceVulnerabilityOptions {
        force_refresh: options.refresh,
        include_description: options.include_description,
        will_not_fix: options.will_not_fix,
    };
    let kinds = if options.kinds.is_empty() { vec!["all".to_owned()] } else { options.kinds.clone() };
    let replies =
        kinds.iter().map(|kind| client.source_vulnerabilities(&id, kind, &wanted)).collect::<Result<Vec<_>, _>>()?;
    let (values, raw): (Vec<_>, Vec<_>) = replies.into_iter().map(|reply| (reply.value, reply.raw)).unzip();
    let found: Vec<_> = values.iter().flat_map(|report| &report.vulnerabilities).collect();
    session.done("Fetched vulnerabilities", &format!("[{} vulnerabilities]", found.len()));
    session.print(&Reports { raw, found, subject: Some(("source_id", id)) }.answer())
}

fn show_content(session: &mut Session, client: &Client, options: &Content) -> Result<(), Failure> {
    let id = SourceName::parse(&options.source)?.id(client)?;
    let mut kinds = options.kinds.clone();
    if options.available_types || kinds.is_empty() {
        let reply = client.source_content_types(&id)?;
        let mut known = reply.value;
        known.sort_unstable();
        if options.available_types {
            return session.print(&Answer::new(reply.raw, lines(&known)).ids(known));
        }
        kinds = known;
    }
    let mut parts = Vec::new();
    for kind in &kinds {
        let reply = client.source_content(&id, kind)?;
        parts.push(content::Part::new(kind, reply.raw, &content::PACKAGES, content::packages(&reply.value.content)));
    }
    session.done("Fetched content", &kinds.join(", "));
    session.print(&content::answer(parts))
}

fn list(session: &mut Session, client: &Client) -> Result<(), Failure> {
    let reply = client.source_list()?;
    session.done("Fetched sources", "");
    let row = |source: &Record| {
        vec![
            source.uuid.map(|id| id.to_string()).unwrap_or_default(),
            text(source.host.as_ref()),
            text(source.repository_name.as_ref()),
            text(source.revision.as_ref()),
            word(&source.analysis_status),
            word(&source.source_status),
        ]
    };
    let rows: Vec<Vec<String>> = reply.value.items.iter().map(row).collect();
    let ids: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    let heads = ["UUID", "HOST", "REPOSITORY", "REVISION", "ANALYSIS", "STATUS"];
    session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
}

fn answer(reply: &Reply<SourceManifest>) -> Answer {
    let source = &reply.value;
    let id = source.uuid.map(|id| id.to_string()).unwrap_or_default();
    let shown = block(&[
        ("UUID", id.clone()),
        ("Host", text(source.host.as_ref())),
        ("Repository", text(source.repository_name.as_ref())),
        ("Revision", text(source.revision.as_ref())),
        ("Analysis", word(&source.analysis_status)),
        ("Status", word(&source.source_status)),
    ]);
    Answer::new(reply.raw.clone(), shown).ids([id])
}

/// The keys that tell an application which source is meant.
fn keys(id: &str) -> Value {
    json!({"uuid": id})
}
