//! Which prerequisites are missing: computed from what an artifact and its documents really hold, and from what
//! absence triggers say. A rule that does not fire proves nothing unless its inputs were there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use stopgate_model::{DockerfileMode, Evaluation, Finding, Gap, GapClass, GapCode, SourceKind};
use stopgate_policy::{EvalContext, Need, Presence, presence};

use crate::prerequisite::Key;
use crate::{Prerequisite, RenderedPack, RenderedRule};

/// What an absence trigger says is missing.
struct Mark {
    key: Key,
    rule_id: String,
    message: String,
    /// Whether the data is there and old.
    stale: bool,
}

/// The prerequisites of a pack's controls.
pub(crate) struct Inputs<'a> {
    pack: &'a RenderedPack,
    context: &'a EvalContext<'a>,
    /// Why an input is missing, for those that are.
    missing: BTreeMap<Key, String>,
    marks: Vec<Mark>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn of(pack: &'a RenderedPack, evaluation: &Evaluation, context: &'a EvalContext<'a>) -> Self {
        let controls = pack.controls.iter().flat_map(|rendered| &rendered.control.prerequisites);
        let keys: BTreeSet<&Key> = controls.flat_map(Prerequisite::keys).collect();
        let missing = absent(&keys, context);
        let marks = evaluation.findings.iter().filter_map(|finding| mark(pack, finding)).collect();
        Self { pack, context, missing, marks }
    }

    /// Why a control cannot be assessed for want of an input; `rules` are those of its rules that count.
    pub(crate) fn lacking(&self, prerequisites: &[Prerequisite], rules: &[&RenderedRule]) -> Option<String> {
        for prerequisite in prerequisites {
            let reasons: Vec<String> = prerequisite.keys().iter().filter_map(|key| self.lacks(key, rules)).collect();
            if reasons.len() == prerequisite.keys().len() {
                return Some(format!("missing input: {prerequisite} ({})", reasons.join("; ")));
            }
        }
        // An absence that one of its own rules reports counts, whether the manifest foresees it or not.
        let named: Vec<&Key> = prerequisites.iter().flat_map(Prerequisite::keys).collect();
        let own = |mark: &&Mark| rules.iter().any(|rule| rule.id == mark.rule_id) && !named.contains(&&mark.key);
        self.marks.iter().find(own).map(|mark| format!("missing input: {} ({})", mark.key, mark.message))
    }

    fn lacks(&self, key: &Key, rules: &[&RenderedRule]) -> Option<String> {
        let asks_for_age = || rules.iter().any(|rule| is_age(rule));
        let concerns = |mark: &&Mark| {
            mark.key == *key && (!mark.stale || !asks_for_age() || rules.iter().any(|rule| rule.id == mark.rule_id))
        };
        let marked = || self.marks.iter().find(concerns).map(|mark| mark.message.clone());
        let old = || (*key == Key::Vulnerabilities).then(|| self.old(rules)).flatten();
        self.missing.get(key).cloned().or_else(marked).or_else(old)
    }

    /// Data older than the control's own rule allows, else than the strictest of the pack. What the rules say of it
    /// may be switched off; this is not.
    fn old(&self, rules: &[&RenderedRule]) -> Option<String> {
        let days_of = |rule: &RenderedRule| rule.param("max_days_since_sync")?.parse::<u32>().ok();
        let own = rules.iter().filter(|rule| is_age(rule)).filter_map(|rule| days_of(rule)).min();
        let of_rules = || self.pack.rules.iter().filter(|rule| is_age(rule)).filter_map(days_of).min();
        let of_parameters = || {
            let ages = self.pack.parameters.iter().filter(|known| known.parameter.key.ends_with("max_data_age"));
            ages.filter_map(|known| known.value.parse::<u32>().ok()).min()
        };
        let days = own.or_else(of_rules).or_else(of_parameters)?;
        let built = &self.context.matches?.data.built;
        let Some(time) = time(built) else {
            return Some(format!("the vulnerability data does not say when it was built (`{built}`)"));
        };
        let end = time.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
        (self.context.now > end).then(|| format!("vulnerability data of {built} is older than {days} days"))
    }

    /// A gap that leaves a part of these inputs unread.
    pub(crate) fn partial_gap(&self, prerequisites: &[Prerequisite]) -> Option<&'a Gap> {
        let content = |key: &Key| !matches!(key, Key::Config | Key::History | Key::Dockerfile | Key::Cluster);
        let reads = prerequisites.iter().flat_map(Prerequisite::keys).any(content);
        // What the data lacks says nothing of a control that does without it.
        let matched = prerequisites.iter().flat_map(Prerequisite::keys).any(|key| *key == Key::Vulnerabilities);
        let of_data = self.context.matches.iter().filter(|_| matched).flat_map(|report| &report.gaps);
        let of_artifact = self.context.artifact.gaps.iter().filter(|_| reads);
        of_artifact.chain(of_data).find(|gap| {
            let told = matches!(gap.code, GapCode::DistroUnknown | GapCode::DistroWithoutData);
            gap.class == GapClass::Partial && !told
        })
    }
}

fn is_age(rule: &RenderedRule) -> bool {
    rule.gate == "vulnerabilities" && rule.trigger == "stale_feed_data"
}

/// Triggers that say that an input is missing or old. They are no findings of a control.
pub(crate) fn is_absence(gate: &str, trigger: &str) -> bool {
    marked_key(gate, trigger, || None).is_some()
}

fn marked_key(gate: &str, trigger: &str, path: impl Fn() -> Option<String>) -> Option<Key> {
    Some(match (gate, trigger) {
        ("vulnerabilities", "stale_feed_data" | "vulnerability_data_unavailable") => Key::Vulnerabilities,
        ("malware", "scan_not_run") => Key::Malware,
        ("stig", "no_stig_evaluations_available") => Key::Stig,
        ("ancestry", "no_ancestors_analyzed") => Key::Base,
        ("dockerfile", "no_dockerfile_provided") => Key::Dockerfile,
        ("passwd_file", "content_not_available") => Key::Retrieved("/etc/passwd".to_owned()),
        ("retrieved_files", "content_not_available") => Key::Retrieved(path().unwrap_or_default()),
        _ => return None,
    })
}

fn mark(pack: &RenderedPack, finding: &Finding) -> Option<Mark> {
    if !is_absence(&finding.gate, &finding.trigger) {
        return None;
    }
    let rule = pack.rules.iter().find(|rule| rule.id == finding.rule_id)?;
    let key = marked_key(&finding.gate, &finding.trigger, || rule.param("path").map(str::to_owned))?;
    let stale = is_age(rule);
    Some(Mark { key, rule_id: finding.rule_id.clone(), message: finding.message.clone(), stale })
}

/// Why inputs are missing, for those that are.
fn absent(keys: &BTreeSet<&Key>, context: &EvalContext<'_>) -> BTreeMap<Key, String> {
    // Asked together, since to ask is to look through the artifact.
    let (asked, needs): (Vec<&Key>, Vec<Need>) = keys.iter().filter_map(|key| Some((*key, need_of(key)?))).unzip();
    let found = presence(context, &needs);
    let mut missing = BTreeMap::new();
    for ((key, need), presence) in asked.into_iter().zip(&needs).zip(found) {
        let there = presence == Presence::Present || (presence == Presence::Empty && may_be_empty(key));
        if !there {
            missing.insert(key.clone(), need.missing());
        }
    }
    for key in keys {
        let reason = match key {
            Key::History if !has_history(context) => Some("the image has no history".to_owned()),
            Key::Vulnerabilities => without_data(context),
            Key::Cluster => Some("nothing is known of what runs in a cluster".to_owned()),
            _ => None,
        };
        let unread = unread(key, context).map(|gap| format!("the analysis is not complete: {}", gap.message));
        if let Some(reason) = unread.or(reason) {
            missing.insert((*key).clone(), reason);
        }
    }
    if is_source(context) {
        missing.remove(&Key::Sources);
    }
    missing
}

/// What rules call an input; `None` for those that are told otherwise.
fn need_of(key: &Key) -> Option<Need> {
    Some(match key {
        Key::Dockerfile => Need::ActualDockerfile,
        Key::Config => Need::Config,
        Key::Files => Need::Files,
        Key::PackageFiles => Need::PackageFiles,
        Key::Secrets => Need::Secrets,
        Key::Retrieved(path) => Need::RetrievedFile(path.clone()),
        Key::Malware => Need::Malware,
        Key::Signatures => Need::Attestations,
        Key::Stig => Need::Stig,
        Key::Base => Need::Ancestry,
        Key::Sources => Need::Sources,
        Key::Sbom | Key::History | Key::Vulnerabilities | Key::Cluster => return None,
    })
}

/// Whether nothing found is an answer, as in a list of files. Where there is no document, nobody looked.
const fn may_be_empty(key: &Key) -> bool {
    matches!(key, Key::Files | Key::PackageFiles | Key::Secrets | Key::Retrieved(_))
}

/// A gap by which an input is not known to its end.
fn unread<'a>(key: &Key, context: &EvalContext<'a>) -> Option<&'a Gap> {
    let of_config = matches!(key, Key::Config | Key::History);
    let of_content = matches!(
        key,
        Key::Files | Key::PackageFiles | Key::Secrets | Key::Vulnerabilities | Key::Sbom | Key::Retrieved(_)
    );
    context.artifact.gaps.iter().find(|gap| {
        let config = gap.code == GapCode::ConfigUnreadable;
        gap.class == GapClass::Undecidable && if config { of_config } else { of_content }
    })
}

fn has_history(context: &EvalContext<'_>) -> bool {
    let artifact = context.artifact;
    let guessed = artifact
        .dockerfile
        .as_ref()
        .filter(|file| file.mode == DockerfileMode::Guessed && !file.instructions.is_empty());
    let history = artifact.config.as_ref().and_then(|config| config.history.as_ref());
    guessed.is_some() || history.is_some_and(|entries| !entries.is_empty())
}

fn is_source(context: &EvalContext<'_>) -> bool {
    matches!(context.artifact.source.kind, SourceKind::Directory { .. } | SourceKind::File { .. })
}

fn without_data(context: &EvalContext<'_>) -> Option<String> {
    let Some(report) = context.matches else { return Some(Need::Vulnerabilities.missing()) };
    let unknown = || {
        let mut gaps = report.gaps.iter().chain(&context.artifact.gaps);
        gaps.any(|gap| gap.code == GapCode::DistroUnknown)
    };
    match report.distro_has_data {
        Some(false) => Some("there is no vulnerability data for the distribution".to_owned()),
        None if unknown() => Some(Need::Distro.missing()),
        Some(true) | None => None,
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| text.parse::<Date>().ok()?.in_tz("UTC").ok().map(|time| time.timestamp()))
}
