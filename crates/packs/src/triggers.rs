//! What the engine can run, as far as packs need to know.

use stopgate_policy::{ArtifactType, ParamSpec, State, TRIGGERS, TriggerInfo};

/// Triggers that rules may use.
#[derive(Debug, Clone)]
pub struct Triggers(Vec<(&'static TriggerInfo, &'static [ParamSpec])>);

impl Triggers {
    /// Every trigger that this version runs, those at the end of their life left out.
    pub fn of_engine() -> Self {
        let rows = TRIGGERS.iter().map(|row| (row.info(), row.params()));
        Self(rows.filter(|(info, _)| info.state != State::Eol).collect())
    }

    /// Those for which `keep` says so.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&TriggerInfo) -> bool) -> Self {
        self.0.retain(|(info, _)| keep(info));
        self
    }

    /// The trigger of this name.
    pub(crate) fn find(&self, gate: &str, trigger: &str) -> Option<Known> {
        let called = |info: &TriggerInfo| info.name == trigger || info.aliases.contains(&trigger);
        let row = self.0.iter().find(|(info, _)| info.gate == gate && called(info));
        row.map(|(info, params)| Known { info, params })
    }
}

/// A trigger that can run.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    info: &'static TriggerInfo,
    params: &'static [ParamSpec],
}

impl Known {
    /// Whether it has a parameter of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.params.iter().any(|param| param.name == name || param.aliases.contains(&name))
    }

    /// Whether it looks at source trees.
    pub(crate) fn sees_sources(&self) -> bool {
        self.info.artifact_types.contains(&ArtifactType::Source)
    }
}
