//! Findings about how the image is built: instructions, and what they set. And about accounts.

use stopgate_model::{Dockerfile, Evidence, Finding, Obstacle, Place, Remediation, StepKind};

use super::{Ask, Proposal, by_hand};
use crate::plan::apply::PASSWD;
use crate::plan::red::Key;

/// Instructions that only set something, so that one can be written without knowing the image. `…` stands for what
/// only its author knows.
const ADDABLE: &[(&str, &str)] = &[
    ("CMD", "…"),
    ("ENTRYPOINT", "…"),
    ("ENV", "…"),
    ("EXPOSE", "…"),
    ("HEALTHCHECK", "CMD …"),
    ("LABEL", "…"),
    ("MAINTAINER", "…"),
    ("SHELL", "…"),
    ("STOPSIGNAL", "SIGTERM"),
    ("VOLUME", "…"),
    ("WORKDIR", "…"),
];

/// Users that are not root, by their ids, in the order in which they are tried.
const USERS: [&str; 3] = ["10001", "65532", "1000"];

/// A shell that lets nobody in.
const NO_SHELL: &str = "/usr/sbin/nologin";

/// Another user: which one is tried out.
#[expect(clippy::unnecessary_wraps, reason = "a row of the table")]
pub(super) fn user(_: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    Ok(vec![Proposal::User])
}

/// Users to try: ids that are not root, then what the rules name.
pub(in crate::plan) fn users(ask: &Ask<'_, '_>) -> Vec<String> {
    let rules = ask.site.policy.rule_sets.iter().flat_map(|set| &set.rules);
    let named = rules.filter(|rule| rule.gate == "dockerfile").flat_map(|rule| {
        let ask = Ask { rule: Some(rule), ..*ask };
        let list = match rule.trigger.as_str() {
            "effective_user" if ask.param("type").is_some_and(|word| matches!(word, "allowlist" | "whitelist")) => {
                "users"
            }
            "instruction" if ask.is_about("USER") && matches!(ask.param("check"), Some("!=" | "not_in")) => "value",
            _ => return Vec::new(),
        };
        let values = ask.param(list).into_iter().flat_map(|users| users.split(','));
        values.map(|user| user.trim().to_owned()).filter(|user| !user.is_empty()).collect()
    });
    USERS.into_iter().map(str::to_owned).chain(named).collect()
}

/// The step that sets a user: in the last line that does, else in a new one.
pub(in crate::plan) fn set_user(file: Option<&Dockerfile>, user: &str) -> StepKind {
    match file.and_then(last_user) {
        Some(place) => StepKind::ReplaceInstruction {
            place: Some(place),
            from: "USER".to_owned(),
            keyword: "USER".to_owned(),
            arguments: user.to_owned(),
        },
        None => StepKind::AddInstruction { keyword: "USER".to_owned(), arguments: user.to_owned() },
    }
}

fn last_user(file: &Dockerfile) -> Option<Place> {
    let actual = file.mode == stopgate_model::DockerfileMode::Actual;
    let lines = file.final_stage().filter(|instruction| instruction.keyword.eq_ignore_ascii_case("USER"));
    lines.last().map(|instruction| Place { line: instruction.line, actual })
}

/// Leave the ports out.
pub(super) fn ports(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let seen = ask.finding.explain.iter().map(|condition| condition.actual.as_str());
    let ports: Vec<String> = seen.flat_map(|ports| ports.split(", ")).map(str::to_owned).collect();
    if ports.is_empty() { Err(ask.obstacle()) } else { Ok(vec![Proposal::Ports(place_of(ask.finding), ports)]) }
}

/// What declared ports rest on: their lines, else the configuration.
pub(super) fn ports_keys(finding: &Finding) -> Vec<Key> {
    let lines = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::DockerfileLine { line, .. } => Some(Key::Line(*line)),
        _ => None,
    });
    let lines: Vec<Key> = lines.collect();
    if lines.is_empty() { vec![Key::Keyword("EXPOSE".to_owned())] } else { lines }
}

/// Name of the label that a finding misses.
pub(super) fn label_name(finding: &Finding) -> Option<String> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Config { field, .. } => field.strip_prefix("Labels.").map(str::to_owned),
        _ => None,
    })
}

/// Write the label.
pub(super) fn label(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let Some(name) = label_name(ask.finding) else { return Err(ask.obstacle()) };
    Ok(vec![step(StepKind::AddInstruction { keyword: "LABEL".to_owned(), arguments: format!("{name}=\"…\"") })])
}

/// What an instruction rule asks for, by its check.
pub(super) fn instruction(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let Some(keyword) = ask.param("instruction").map(str::to_ascii_uppercase) else { return Err(ask.obstacle()) };
    let check = ask.param("check").map(str::to_ascii_lowercase).unwrap_or_default();
    let value = ask.param("value").unwrap_or_default();
    let place = place_of(ask.finding);
    let replace = |keyword: &str, from: &str, arguments: &str| {
        Ok(vec![step(StepKind::ReplaceInstruction {
            place,
            from: from.to_owned(),
            keyword: keyword.to_owned(),
            arguments: arguments.to_owned(),
        })])
    };
    if keyword == "FROM" {
        return Err(by_hand("build on another base image"));
    }
    let file = ask.site.artifact.dockerfile.as_ref();
    let is_last_user = keyword == "USER" && (place.is_none() || file.and_then(last_user) == place);
    match check.as_str() {
        "not_exists" if keyword == "USER" => Ok(vec![Proposal::User]),
        "not_exists" => match ADDABLE.iter().find(|(known, _)| *known == keyword) {
            Some((_, arguments)) => {
                Ok(vec![step(StepKind::AddInstruction { keyword, arguments: (*arguments).to_owned() })])
            }
            None => Err(ask.obstacle()),
        },
        "=" | "like" | "in" | "!=" | "not_in" | "not_like" if is_last_user => Ok(vec![Proposal::User]),
        "!=" => replace(&keyword, &keyword, value),
        "not_in" => replace(&keyword, &keyword, value.split(',').next().unwrap_or_default().trim()),
        "not_like" => Err(by_hand(&format!("write a {keyword} that matches the expression of the rule"))),
        // What `ADD` does to a file of the build's own folder, `COPY` does as well.
        _ if keyword == "ADD" && matches!(ask.finding.remediation, Some(Remediation::Dockerfile { .. })) => {
            let text = text_of(ask.finding, "ADD");
            replace("COPY", "ADD", text.as_deref().unwrap_or_default())
        }
        _ => {
            let text = text_of(ask.finding, &keyword).unwrap_or_default();
            Ok(vec![step(StepKind::RemoveInstruction { place, keyword, text })])
        }
    }
}

/// A line of the Dockerfile stands for itself, unless the configuration may say that it does not count.
pub(super) fn instruction_keys(ask: &Ask<'_, '_>) -> Vec<Key> {
    let keyword = ask.param("instruction").map(str::to_ascii_uppercase).unwrap_or_default();
    let configured = matches!(keyword.as_str(), "USER" | "EXPOSE" | "ENTRYPOINT" | "HEALTHCHECK");
    let line = place_of(ask.finding).map(|place| Key::Line(place.line));
    let whole = (line.is_none() || configured).then_some(Key::Keyword(keyword));
    line.into_iter().chain(whole).collect()
}

/// The instruction that a finding's remediation writes, when it is one.
pub(super) fn written(ask: &Ask<'_, '_>, instruction: &str) -> Result<Vec<Proposal>, Obstacle> {
    let (keyword, arguments) = instruction.split_once(' ').unwrap_or((instruction, ""));
    match (keyword, place_of(ask.finding)) {
        ("USER", _) => Ok(vec![Proposal::User]),
        (keyword, None) if ADDABLE.iter().any(|(known, _)| *known == keyword) => {
            Ok(vec![step(StepKind::AddInstruction { keyword: keyword.to_owned(), arguments: arguments.to_owned() })])
        }
        _ => Err(by_hand(instruction)),
    }
}

/// Remove the account.
pub(super) fn account(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    match account_of(ask) {
        Some(account) if account != "root" => Ok(vec![step(StepKind::RemoveAccount { account })]),
        Some(_) => Err(by_hand("the account `root` cannot be removed")),
        None => Err(ask.obstacle()),
    }
}

/// Give the account no shell.
pub(super) fn shell(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let denied = ask.param("shells").unwrap_or_default();
    match account_of(ask) {
        Some(account) if !denied.split(',').any(|shell| shell.trim() == NO_SHELL) => {
            Ok(vec![step(StepKind::ChangeShell { account, shell: NO_SHELL.to_owned() })])
        }
        Some(_) => account(ask),
        None => Err(ask.obstacle()),
    }
}

/// What an account's finding rests on.
pub(super) fn account_keys(ask: &Ask<'_, '_>) -> Vec<Key> {
    let account = account_of(ask).map(Key::Account);
    account.into_iter().chain([Key::Path(PASSWD.to_owned())]).collect()
}

/// The account in the line that a finding names.
fn account_of(ask: &Ask<'_, '_>) -> Option<String> {
    let number = ask.finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::File { path, lines, .. } if path == PASSWD => lines.first(),
        _ => None,
    })?;
    let file = ask.site.artifact.retrieved.iter().flatten().find(|file| file.path == PASSWD)?;
    let line = file.content.split(|byte| *byte == b'\n').nth((*number as usize).checked_sub(1)?)?;
    let name = std::str::from_utf8(line).ok()?.trim().split(':').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn place_of(finding: &Finding) -> Option<Place> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::DockerfileLine { line, actual, .. } => Some(Place { line: *line, actual: *actual }),
        _ => None,
    })
}

/// The instruction's text as evidence shows it: without the values of secrets.
fn text_of(finding: &Finding, keyword: &str) -> Option<String> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::DockerfileLine { text, .. } => {
            Some(text.strip_prefix(keyword).unwrap_or(text).trim_start().to_owned())
        }
        Evidence::Config { value, .. } => Some(value.clone()),
        _ => None,
    })
}

fn step(kind: StepKind) -> Proposal {
    Proposal::Step(kind)
}

impl Ask<'_, '_> {
    fn is_about(&self, keyword: &str) -> bool {
        self.param("instruction").is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }
}
