//! What the pages about a pack say, in whatever form: its rules grouped as a person reads them.

use stopgate_model::Action;
use stopgate_packs::{AssessClass, LeftOut, RenderedControl, RenderedPack, RenderedRule, Selected};

/// Rules of a control that came from one rule of the library: one, or one for each item of a list.
pub(super) struct Group<'a> {
    pub(super) rule: &'a RenderedRule,
    /// Items, when there are any.
    pub(super) items: Vec<&'a str>,
    /// Whether it looks at source trees as well.
    pub(super) sources: bool,
}

impl Group<'_> {
    pub(super) const fn action(&self) -> Action {
        self.rule.action
    }

    /// `cis-4.3-r1`, or `cis-4.3-r1-*` for a list.
    pub(super) fn id(&self) -> String {
        let id = &self.rule.id;
        match &self.rule.item {
            Some(item) => id.strip_suffix(item.as_str()).map_or_else(|| id.clone(), |head| format!("{head}*")),
            None => id.clone(),
        }
    }

    /// What it finds, and in what.
    pub(super) fn finds(&self) -> String {
        let items = if self.items.is_empty() { String::new() } else { format!(": {}", self.items.join(", ")) };
        let values: Vec<String> = self.rule.site.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        let note = self.rule.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
        let sources = if self.sources { "; in source trees as well" } else { "" };
        format!("{}{items}{values}{note}{sources}", self.rule.summary)
    }

    pub(super) fn trigger(&self) -> String {
        format!("{}.{}", self.rule.gate, self.rule.trigger)
    }
}

/// The rules of a control, those that were made of one rule together.
pub(super) fn groups<'a>(pack: &'a RenderedPack, control: &'a RenderedControl) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for rule in pack.rules_of(control) {
        let head = |rule: &RenderedRule| (rule.library.clone(), rule.action, rule.trigger.clone());
        let same =
            |group: &&mut Group<'a>| head(group.rule) == head(rule) && (group.rule.item.is_some() || rule.for_sources);
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.sources |= rule.for_sources;
                group.items.extend(rule.item.as_deref().filter(|_| !rule.for_sources));
            }
            None => groups.push(Group { rule, items: rule.item.as_deref().into_iter().collect(), sources: false }),
        }
    }
    groups
}

/// Controls of which an artifact shows something, and the others.
pub(super) fn split(pack: &RenderedPack) -> (Vec<&RenderedControl>, Vec<&RenderedControl>) {
    pack.controls.iter().partition(|rendered| rendered.control.assess != AssessClass::None)
}

/// `44 controls: 5 in full, 13 in part, 0 as evidence for a person, 26 not at all`.
pub(super) fn counts(selected: &Selected) -> String {
    let [full, partial, supporting, none] = selected.classes();
    let all = full + partial + supporting + none;
    format!(
        "{all} controls: {full} in full, {partial} in part, {supporting} as evidence for a person, {none} not at all"
    )
}

/// What the words of the page mean, and how to try a pack that the program carries.
pub(super) fn legend(pack: &RenderedPack) -> Vec<String> {
    let mut lines = vec![
        "STOP: it must not pass as it is. WARN: somebody looks at it. GO: it is noted, for the evidence.".to_owned(),
        "In full: all that an artifact can show of the control is looked at. In part: some of it. What is left stands as \
         `not assessed`."
            .to_owned(),
    ];
    if stopgate_packs::find(&pack.name).is_ok_and(|carried| carried.is_some()) {
        let dockerfile = if needs_dockerfile(pack) { " --dockerfile Dockerfile" } else { "" };
        lines.push(format!("To see where an image stands: stopgate check IMAGE -p {}{dockerfile}", pack.name));
    }
    lines
}

fn needs_dockerfile(pack: &RenderedPack) -> bool {
    let prerequisites = pack.controls.iter().flat_map(|rendered| &rendered.control.prerequisites);
    prerequisites.flat_map(stopgate_packs::Prerequisite::keys).any(|key| *key == stopgate_packs::Key::Dockerfile)
}

/// `a port is exposed (R-PORT-3, site value missing: allowed_ports)`.
pub(super) fn left_out(rule: &LeftOut) -> String {
    format!("{} ({}, {})", rule.summary, rule.library, rule.reason)
}

/// Whose a control is of which no artifact shows anything, and why.
pub(super) fn elsewhere(control: &RenderedControl) -> String {
    let (owner, why) = (control.control.owner.name(), &control.control.not_assessed);
    match why.strip_prefix(owner) {
        Some(rest) if rest.starts_with(':') => why.clone(),
        _ => format!("{owner}; {why}"),
    }
}

/// How much of a control an artifact shows, for a person.
pub(super) const fn class(class: AssessClass) -> &'static str {
    match class {
        AssessClass::Full => "in full",
        AssessClass::Partial => "in part",
        AssessClass::Supporting => "as evidence for a person",
        AssessClass::None => "not at all",
    }
}

/// Inputs that a control needs, for a person.
pub(super) fn needs(control: &RenderedControl) -> String {
    let needs = control.control.prerequisites.iter().map(|prerequisite| {
        let all: Vec<String> = prerequisite.keys().iter().map(stopgate_packs::Key::meaning).collect();
        all.join(" or ")
    });
    needs.collect::<Vec<_>>().join("; ")
}

/// When a control has no object, for a person.
pub(super) fn conditions(control: &RenderedControl) -> Vec<String> {
    let control = &control.control;
    let meanings = |all: &[stopgate_packs::Condition]| -> Vec<&str> { all.iter().map(|one| one.meaning()).collect() };
    let mut texts = Vec::new();
    if !control.not_applicable.is_empty() {
        texts.push(format!("Does not apply when {}.", meanings(&control.not_applicable).join(", or ")));
    }
    if !control.inherently_met.is_empty() {
        texts.push(format!("Met by itself when {}.", meanings(&control.inherently_met).join(", and ")));
    }
    texts
}
