//! Base images compared as a whole line.

use super::{LintInfo, LintSeverity, LintSubject};

pub(super) static FROM_COMPARED: LintInfo = LintInfo {
    code: "from-compared",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "`FROM` must equal one image exactly.",
    why: "`!=` and `not_in` compare all that stands behind `FROM`, so `IMAGE AS name`, `--platform=… IMAGE` and \
          `IMAGE@sha256:…` differ from `IMAGE`. Here the last stage is asked; Anchore's engine asks every stage, so \
          there each file with several stages fires. Use `not_like` with an expression, or \
          `ancestry.allowed_base_image_tag`.",
    bad: &["rule stop dockerfile.instruction instruction=FROM; check=!=; value=alpine:3.20"],
    good: &["rule stop dockerfile.instruction instruction=FROM; check=not_like; value=^alpine:3\\.20(\\s|@|$)"],
    check: |scope, told| {
        for at in scope.rules_with("dockerfile", "instruction") {
            let is_from = at.setting("instruction").text().is_some_and(|word| word.eq_ignore_ascii_case("FROM"));
            let one = match (at.setting("check").text(), at.setting("value").text()) {
                (Some("!="), Some(_)) => true,
                (Some("not_in"), Some(value)) => !value.contains(','),
                _ => false,
            };
            if is_from && one {
                let message = format!(
                    "{} fires for every `FROM` line that is not exactly this text, so for `IMAGE AS name` too",
                    at.name()
                );
                told.tell(
                    at.param_pointer("value"),
                    message,
                    "use `not_like` with an expression that ends in `(\\s|@|$)`",
                );
            }
        }
    },
};
