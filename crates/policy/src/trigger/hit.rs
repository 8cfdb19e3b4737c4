//! What a trigger found, before the engine makes a finding of it.

use md5::{Digest as _, Md5};
use sha2::Sha256;
use stopgate_model::limits;
use stopgate_model::{AllowlistMatch, Condition, Evidence, Remediation, Severity, VexJustification, VexStatus};

use super::{Need, TriggerInfo};
use crate::engine::scene::Since;
use crate::regexes::Fault;

/// One firing of a trigger.
#[derive(Debug, Clone)]
pub struct Hit {
    pub(crate) id: String,
    pub(crate) legacy_ids: Vec<String>,
    pub(crate) message: String,
    /// What the finding is about, when it is about no vulnerability: a path or an instruction.
    pub(crate) subject: String,
    pub(crate) vulnerability: Option<String>,
    /// Package URL without version.
    pub(crate) package: String,
    /// Other ids of the vulnerability than evidence shows.
    pub(crate) aliases: Vec<String>,
    /// When a fix of the vulnerability was first seen.
    pub(crate) fix_seen: Since,
    /// When CISA listed the vulnerability as exploited.
    pub(crate) kev_added: Since,
    pub(crate) severity: Option<Severity>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) remediation: Option<Remediation>,
    pub(crate) explain: Vec<Condition>,
    /// What accepts it, other than the policy.
    pub(crate) accepted: Option<AcceptedBy>,
    /// Whether it counts as a warning at most: something comes, and has not come yet.
    pub(crate) warning: bool,
}

/// A VEX statement that says that a vulnerability does not affect the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedBy {
    /// The document.
    pub(crate) document: String,
    pub(crate) status: VexStatus,
    pub(crate) justification: Option<VexJustification>,
}

impl AcceptedBy {
    /// As findings name what accepts them.
    pub(crate) fn allowlist_match(&self) -> AllowlistMatch {
        AllowlistMatch {
            id: "vex".to_owned(),
            name: self.document.clone(),
            item_id: self.status.name().to_owned(),
            via: Some("vex"),
            expires_on: None,
        }
    }

    /// One clause.
    pub(crate) fn shown(&self) -> String {
        let why = self.justification.map_or(String::new(), |why| format!(", {}", why.name()));
        format!("{}{why} ({})", self.status.name(), self.document)
    }
}

impl Hit {
    /// A hit whose id is given.
    pub(crate) fn with_id(id: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            legacy_ids: Vec::new(),
            message: message.into(),
            subject: String::new(),
            vulnerability: None,
            package: String::new(),
            aliases: Vec::new(),
            fix_seen: Since::Never,
            kev_added: Since::Never,
            severity: None,
            evidence: Vec::new(),
            remediation: None,
            explain: Vec::new(),
            accepted: None,
            warning: false,
        }
    }

    /// A hit whose id is Anchore's md5 of gate, trigger and a frozen text.
    pub(crate) fn frozen(info: &TriggerInfo, text: &str, message: impl Into<String>) -> Self {
        Self::with_id(anchore_id(info.gate, info.name, text), message)
    }

    /// The id that an older engine gave: under the old name of the trigger, with its text.
    #[must_use]
    pub(crate) fn legacy(mut self, info: &TriggerInfo, text: &str) -> Self {
        let name = info.aliases.first().copied().unwrap_or(info.name);
        self.legacy_ids.push(anchore_id(info.gate, name, text));
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    #[must_use]
    pub(crate) fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    #[must_use]
    pub(crate) fn remedy(mut self, remediation: Remediation) -> Self {
        self.remediation = Some(remediation);
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, condition: impl Into<String>, actual: impl Into<String>) -> Self {
        self.explain.push(Condition { condition: condition.into(), actual: actual.into() });
        self
    }

    /// The hit as one that a VEX statement accepts.
    #[must_use]
    pub(crate) fn accepted(mut self, by: &AcceptedBy) -> Self {
        self.accepted = Some(by.clone());
        self.because("no VEX statement says otherwise", by.shown())
    }

    /// Stable identity of the finding: policy-independent, and the same for another version of the package.
    pub(crate) fn fingerprint(&self, info: &TriggerInfo) -> String {
        let subject = self.vulnerability.as_deref().unwrap_or(&self.subject);
        let mut hash = Sha256::new();
        for part in [info.gate, info.name, subject, &self.package] {
            hash.update(part.as_bytes());
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }
}

/// Anchore's id of a finding: md5 of gate, trigger and message, without anything between.
pub(crate) fn anchore_id(gate: &str, trigger: &str, text: &str) -> String {
    md5_hex(&[gate, trigger, text].concat())
}

/// The MD5 of a text, which ids contain. It identifies and protects nothing.
pub(crate) fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// What one rule found.
#[derive(Debug, Default)]
pub struct Hits {
    /// Id of the rule, which some ids contain.
    pub(crate) rule_id: String,
    pub(crate) found: Vec<Hit>,
    /// Seconds since the epoch from which on the rule may answer otherwise.
    pub(crate) until: Option<jiff::Timestamp>,
    /// Inputs without which some hit could not be decided.
    pub(crate) missing: Vec<Need>,
    /// What a person should know of the run.
    notes: Vec<String>,
}

impl Hits {
    /// For a rule.
    pub(crate) fn of_rule(id: &str) -> Self {
        Self { rule_id: id.to_owned(), ..Self::default() }
    }

    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Adds a hit; fails when the rule has found more than the limit.
    pub(crate) fn push(&mut self, hit: Hit) -> Result<(), Fault> {
        if self.found.len() as u64 >= limits::RULE_FINDINGS {
            return Err(Fault(format!("it has more than {} findings", limits::RULE_FINDINGS)));
        }
        self.found.push(hit);
        Ok(())
    }

    /// Says that the answer holds only until this time.
    pub(crate) fn until(&mut self, time: jiff::Timestamp) {
        self.until = Some(self.until.map_or(time, |earlier| earlier.min(time)));
    }

    /// Tells a person something; of very many notes only the first are kept.
    pub(crate) fn note(&mut self, text: String) {
        const MOST: usize = 20;
        match self.notes.len() {
            0..MOST => self.notes.push(text),
            MOST => self.notes.push("there is more of this kind".to_owned()),
            _ => {}
        }
    }

    pub(crate) fn missing(&mut self, need: Need) {
        if !self.missing.contains(&need) {
            self.missing.push(need);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{anchore_id, md5_hex};

    #[test]
    fn ids_equal_the_published_ones() {
        for line in include_str!("testdata/ids.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.split('\t');
            let mut part = || parts.next().unwrap();
            let (gate, trigger, text, id) = (part(), part(), part(), part());
            assert_eq!(anchore_id(gate, trigger, text), id, "{line}");
        }
        assert_eq!(md5_hex("/usr/bin/eicar.com"), "84ecc83e950239bbbdd76ee919282cb1");
    }
}
