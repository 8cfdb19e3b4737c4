//! Items of allowlists that accept nothing: of a gate that no rule has, or with an id that none of its
//! triggers makes.

use std::collections::{BTreeMap, BTreeSet};

use super::patterns::{is_expression, overlap};
use super::scope::{Scope, Told};
use super::{LintInfo, LintSeverity, LintSubject};
use crate::TRIGGERS;
use crate::document::error::child;
use crate::document::policy::Bound;
use crate::document::suggest::{did_you_mean, quoted, shown};
use crate::document::{AllowlistItem, Rule};
use crate::pattern::Pattern;

pub(super) static ITEM_NEVER_MATCHES: LintInfo = LintInfo {
    code: "item-never-matches",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An allowlist item cannot match any finding.",
    why: "No rule that is mapped together with the allowlist has its gate, or the triggers of those rules make ids of \
          another form: ids of vulnerabilities are `<vulnerability>+<package>`, most others are the 32 digits of an \
          md5. An expression that does not compile matches nothing either. Copy the id from the finding.",
    bad: &["rule stop vulnerabilities.kev_list", "item vulnerabilities CVE-2021-44228"],
    good: &["rule stop vulnerabilities.kev_list", "item vulnerabilities CVE-2021-44228+*"],
    check: never_matches,
};

fn never_matches(scope: &Scope<'_>, told: &mut Told<'_>) {
    let Some(forms) = forms_by_list(scope, told) else { return };
    for (list, allowlist) in scope.policy.allowlists.iter().enumerate() {
        // Nothing is mapped together with a list that no mapping names.
        let Some(gates) = forms.get(&list) else { continue };
        for (index, item) in allowlist.items.iter().enumerate() {
            let at = child(&child(&child("/allowlists", list), "items"), index);
            if let Some((field, message, help)) = fault(item, gates) {
                told.tell(child(&at, field), message, &help);
            }
        }
    }
}

/// The form of a trigger's ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// 32 hexadecimal digits.
    Md5,
    /// One of these texts, with stars where ids differ.
    Globs(Vec<String>),
    /// Not known.
    Any,
}

type Gates<'p> = BTreeMap<&'p str, BTreeSet<Form>>;

/// For each allowlist that is mapped, the forms of ids of the rules that are mapped together with it.
fn forms_by_list<'p>(scope: &Scope<'p>, told: &mut Told<'_>) -> Option<BTreeMap<usize, Gates<'p>>> {
    let mut sets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for mapping in scope.mappings().iter().flat_map(|(_, mappings)| mappings.iter()) {
        for list in &mapping.allowlists {
            if !told.spend(1 + mapping.rule_sets.len()) {
                return None;
            }
            sets.entry(*list).or_default().extend(&mapping.rule_sets);
        }
    }
    let mut forms: BTreeMap<usize, Gates<'p>> = BTreeMap::new();
    for (list, sets) in sets {
        let gates = forms.entry(list).or_default();
        for set in sets {
            let rules = scope.policy.rule_sets.get(set).map_or(&[][..], |set| &set.rules);
            if !told.spend(1 + rules.len()) {
                return None;
            }
            for rule in rules {
                gates.entry(&rule.gate).or_default().insert(form(rule));
            }
        }
    }
    Some(forms)
}

fn form(rule: &Rule) -> Form {
    let Bound::Runs { info, .. } = &rule.bound else { return Form::Any };
    let runs = TRIGGERS.iter().any(|row| row.info().gate == info.gate && row.info().name == info.name);
    if runs { form_of(info.trigger_id) } else { Form::Any }
}

/// The form in what a trigger says of its ids: `<vulnerability>+<package>`, or several with `, ` and ` or ` between.
pub(crate) fn form_of(text: &str) -> Form {
    if text.starts_with("md5") {
        return Form::Md5;
    }
    Form::Globs(text.split(", ").flat_map(|part| part.split(" or ")).map(glob).collect())
}

fn glob(text: &str) -> String {
    let mut glob = String::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once('<') {
        glob.push_str(literal);
        glob.push('*');
        rest = behind.split_once('>').map_or("", |(_, rest)| rest);
    }
    glob + rest
}

impl Form {
    /// Whether an id of this form may match.
    pub(crate) fn may_match(&self, pattern: &Pattern) -> bool {
        if is_expression(pattern) {
            return pattern.fault().is_none();
        }
        match self {
            Self::Any => true,
            Self::Globs(globs) => globs.iter().any(|glob| overlap(glob, pattern.as_str())),
            Self::Md5 => {
                let digits: Vec<u8> = pattern.as_str().bytes().filter(|byte| *byte != b'*').collect();
                let fits = if pattern.literal().is_some() { digits.len() == 32 } else { digits.len() <= 32 };
                fits && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
        }
    }
}

/// Why an item matches nothing: the field to blame, the message, what to do.
fn fault(item: &AllowlistItem, gates: &Gates<'_>) -> Option<(&'static str, String, String)> {
    let (gate, id) = (shown(&item.gate), shown(&item.trigger_id));
    if let Some(fault) = item.pattern.fault() {
        return Some(("trigger_id", format!("`{id}` does not compile and accepts nothing: {fault}"), String::new()));
    }
    let Some(forms) = gates.get(item.gate.as_str()) else {
        let known = || gates.keys().copied();
        let help = did_you_mean(&item.gate, known()).unwrap_or_else(|| match gates.len() {
            0 => String::new(),
            _ => format!("the gates of those rules are {}", quoted(known())),
        });
        let message = format!("no rule that is mapped together with this allowlist has the gate `{gate}`");
        return Some(("gate", message, help));
    };
    if forms.iter().any(|form| form.may_match(&item.pattern)) {
        return None;
    }
    let help = match forms.first() {
        Some(Form::Globs(globs)) if *globs == ["*+*"] => format!("for example `{id}+*`"),
        Some(Form::Globs(globs)) => format!("ids have the form {}", quoted(globs.iter().map(String::as_str))),
        _ => "ids are the 32 digits of an md5, in lower case".to_owned(),
    };
    Some(("trigger_id", format!("no rule of gate `{gate}` makes an id like `{id}`"), help))
}

#[cfg(test)]
mod tests {
    use super::{Form, form_of};
    use crate::pattern::Pattern;

    #[test]
    fn forms_say_which_ids_can_be() {
        let md5 = "md5 of gate, trigger and a fixed text";
        for (form, id, expected) in [
            (md5, "41cb7cdf04850e33a11f80c42bf660b3", true),
            (md5, "41CB7CDF04850E33A11F80C42BF660B3", false),
            (md5, "41cb7cdf04850e33a11f80c42bf660b", false),
            (md5, "41cb*", true),
            (md5, "CVE-1+x", false),
            (md5, "*", true),
            (md5, "regexp:.*", true),
            (md5, "regexp:(", false),
            ("always", "always", true),
            ("always", "alw*", true),
            ("always", "never", false),
            ("<vulnerability>+<package>", "CVE-1", false),
            ("<vulnerability>+<package>", "CVE-1+a-1.0", true),
            ("<rule>+file://<path>", "r1+file:///etc/passwd", true),
            ("<rule>+file://<path>", "r1+/etc/passwd", false),
        ] {
            assert_eq!(form_of(form).may_match(&Pattern::new(id)), expected, "{form}: {id}");
        }
        let several = form_of("x:<a>, <a>+file://<b> or <a>+<b>");
        assert_eq!(several, Form::Globs(["x:*", "*+file://*", "*+*"].map(str::to_owned).to_vec()));
        assert!(several.may_match(&Pattern::new("x:y")) && !several.may_match(&Pattern::new("y")));
    }
}
