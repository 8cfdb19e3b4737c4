//! Drafts in which a rule may fire of whose trigger nothing is known: each has one thing that rules ask about, under
//! the texts of the rule's own parameters.

use stopgate_model::PackageType;

use crate::diff::draft::{Draft, File, Input, Kind, Parcel, Weakness};
use crate::document::policy::Rule;

/// Most texts of a rule that are tried.
const HINTS: usize = 6;

/// Drafts in which the rule may fire.
pub(super) fn guesses(draft: &Draft, rule: &Rule) -> Vec<Draft> {
    let mut drafts = vec![draft.clone(), with_packages(draft)];
    let values = rule.params.iter().flat_map(|param| param.value.split(','));
    let hints: Vec<&str> = values.map(str::trim).filter(|text| !text.is_empty()).take(HINTS).collect();
    for hint in std::iter::once(None).chain(hints.iter().map(|hint| Some((*hint).to_owned()))) {
        let mut hinted = with_packages(draft);
        hinted.inputs.hint = hint;
        drafts.extend(inputs(&hinted));
    }
    for hint in &hints {
        drafts.extend(named(draft, hint));
    }
    let mut push = |change: &dyn Fn(&mut Draft)| {
        let mut changed = draft.clone();
        change(&mut changed);
        drafts.push(changed);
    };
    push(&|draft| draft.user.clear());
    push(&|draft| draft.file("/opt/tool", File { mode: 0o4777, ..File::default() }));
    push(&|draft| draft.account("second:x:0:0::/root:/bin/sh"));
    push(&|draft| draft.ports.push("22/tcp".to_owned()));
    push(&|draft| draft.distro = None);
    drafts
}

/// With two packages, of which one has a vulnerability.
fn with_packages(draft: &Draft) -> Draft {
    let mut changed = draft.clone();
    let mut vulnerable = Parcel::new(Kind::Named("npm".to_owned()), "vulnerable", "1.0.0");
    vulnerable.weaknesses.push(Weakness::new("CVE-2030-90001"));
    vulnerable.licenses.push("LicenseRef-unknown".to_owned());
    changed.packages.push(vulnerable);
    changed.packages.push(Parcel::new(Kind::Named("python".to_owned()), "added", "1.0.0"));
    changed
}

/// With each input as it can be.
fn inputs(draft: &Draft) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for number in 0.. {
        for state in Input::ALL {
            let mut changed = draft.clone();
            let Some(input) = changed.inputs.each().into_iter().nth(number) else { return drafts };
            if *input != state {
                *input = state;
                drafts.push(changed);
            }
        }
    }
    drafts
}

/// With a thing of this name.
fn named(draft: &Draft, hint: &str) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut push = |change: &dyn Fn(&mut Draft)| {
        let mut changed = draft.clone();
        change(&mut changed);
        drafts.push(changed);
    };
    if hint.starts_with('/') && !hint.contains("//") {
        push(&|draft| draft.file(hint, File::default()));
    }
    for kind in [Kind::Named("npm".to_owned()), Kind::Os] {
        push(&|draft| draft.packages.push(Parcel::new(kind.clone(), hint, "1.0.0")));
    }
    if PackageType::named(hint).info().is_some() {
        push(&|draft| draft.packages.push(Parcel::new(Kind::Named(hint.to_owned()), "named", "1.0.0")));
    }
    push(&|draft| {
        let mut licensed = Parcel::new(Kind::Named("npm".to_owned()), "licensed", "1.0.0");
        licensed.licenses.push(hint.to_owned());
        draft.packages.push(licensed);
    });
    drafts
}
