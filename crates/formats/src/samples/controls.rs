//! States of controls: any, and hostile ones.

use arbtest::arbitrary::{Result, Unstructured};
use stopgate_model::{CheckReport, ControlClass, ControlReport, ControlResult, ControlState, PackIdentity};

use super::{Check, check, hostile_check, many, text};

/// A report that owns all that it shows.
pub(crate) struct Controls {
    pub(crate) check: Check,
    pub(crate) pack: PackIdentity,
    pub(crate) results: Vec<ControlResult>,
}

impl Controls {
    /// Does something with the report.
    pub(crate) fn with<T>(&self, what: impl FnOnce(&ControlReport<'_>) -> T) -> T {
        let check: CheckReport<'_> = self.check.report();
        what(&ControlReport { check, pack: &self.pack, controls: &self.results })
    }
}

/// Any report; the rules of a control are those of findings.
pub(crate) fn controls(u: &mut Unstructured<'_>) -> Result<Controls> {
    let check = check(u)?;
    let rules: Vec<String> = check.evaluation.findings.iter().map(|finding| finding.rule_id.clone()).collect();
    let controls = many(u, |u| {
        let mut rule_ids = many(u, text)?;
        if !rules.is_empty() {
            rule_ids.push(u.choose(&rules)?.clone());
        }
        Ok(ControlResult {
            id: text(u)?,
            title: text(u)?,
            class: *u.choose(&[ControlClass::Full, ControlClass::Partial, ControlClass::None])?,
            oscal_id: text(u)?,
            objective_ids: many(u, text)?,
            state: *u.choose(&ControlState::ALL)?,
            reason: text(u)?,
            rule_ids,
            stops: u.int_in_range(0..=3)?,
            warnings: u.int_in_range(0..=3)?,
            accepted: u.int_in_range(0..=3)?,
            not_assessed: text(u)?,
        })
    })?;
    let pack = PackIdentity {
        id: text(u)?,
        title: text(u)?,
        version: text(u)?,
        framework: text(u)?,
        framework_name: text(u)?,
        framework_version: text(u)?,
        publisher: text(u)?,
    };
    Ok(Controls { check, pack, results: controls })
}

/// One control in each state, all texts of which are this one.
pub(crate) fn hostile_controls(text: &str) -> Controls {
    let check = hostile_check(text);
    let rules: Vec<String> = check.evaluation.findings.iter().map(|finding| finding.rule_id.clone()).collect();
    let control = |(at, state): (usize, ControlState)| ControlResult {
        id: format!("{at}{text}"),
        title: text.to_owned(),
        class: ControlClass::Partial,
        oscal_id: String::new(),
        objective_ids: if at == 2 { vec![text.to_owned()] } else { Vec::new() },
        state,
        reason: text.to_owned(),
        rule_ids: rules.clone(),
        stops: 1,
        warnings: 0,
        accepted: 0,
        not_assessed: text.to_owned(),
    };
    let pack = PackIdentity {
        id: text.to_owned(),
        title: text.to_owned(),
        version: text.to_owned(),
        framework: text.to_owned(),
        framework_name: text.to_owned(),
        framework_version: text.to_owned(),
        publisher: text.to_owned(),
    };
    Controls { check, pack, results: ControlState::ALL.into_iter().enumerate().map(control).collect() }
}
