//! How the image was built: instructions, ports, whether the Dockerfile was given.

use stopgate_model::DockerfileMode;

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::Draft;
use crate::diff::given::Given;
use crate::diff::knowledge::{compiled, matches_all};
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::NumberList;

const TEXT: Dim = Dim { name: "text", scale: Scale::Texts };
const MODE: Dim = Dim { name: "Dockerfile", scale: Scale::Words(&["actual", "guessed"]) };
const PORT: Dim = Dim { name: "port", scale: Scale::Wholes(0, 65535) };

/// Instructions that the image configuration knows best.
const CONFIGURED: [&str; 4] = ["USER", "EXPOSE", "ENTRYPOINT", "HEALTHCHECK"];

pub(super) fn not_provided(_: &Given<'_>) -> Option<Vec<Clause>> {
    let subject = Subject::single("Dockerfile", "", |draft, _, thing| set_mode(draft, thing));
    let guessed = Test::is(MODE, "guessed");
    Some(vec![Clause::some(subject).test(guessed).fixed_id()])
}

fn set_mode(draft: &mut Draft, thing: &Thing) -> bool {
    let mode = match thing.text(MODE) {
        Some("guessed") => DockerfileMode::Guessed,
        Some(_) => DockerfileMode::Actual,
        None => return true,
    };
    let lines = draft.dockerfile.take().map(|(_, lines)| lines).unwrap_or_default();
    draft.dockerfile = Some((mode, lines));
    true
}

/// The lines of one instruction: of the Dockerfile, or as the configuration has them.
fn line(keyword: &str, in_file: bool) -> Subject {
    let place = if in_file { place_line } else { place_configured };
    Subject::many(if in_file { "line" } else { "configured line" }, keyword, place)
}

fn place_line(draft: &mut Draft, keyword: &str, thing: &Thing) -> bool {
    let Some(text) = line_text(keyword, thing) else { return false };
    set_mode(draft, thing) && draft.line(keyword, &text)
}

fn place_configured(draft: &mut Draft, keyword: &str, thing: &Thing) -> bool {
    let Some(text) = line_text(keyword, thing) else { return false };
    match keyword {
        "USER" => draft.user.clone_from(&text),
        "EXPOSE" => draft.ports.push(if text.contains('/') { text.clone() } else { format!("{text}/tcp") }),
        "ENTRYPOINT" => draft.entrypoint = vec![text.clone()],
        _ => draft.healthcheck = Some(text.trim_start_matches("CMD ").to_owned()),
    }
    // The words of the Dockerfile are what rules see of it.
    if keyword == "USER" { !text.is_empty() } else { draft.line(keyword, &text) }
}

fn line_text(keyword: &str, thing: &Thing) -> Option<String> {
    let usual = match keyword {
        "USER" => "10001",
        "EXPOSE" => "8080",
        "FROM" => "scratch",
        "HEALTHCHECK" => "CMD true",
        _ => "x",
    };
    let given = match thing.value(TEXT) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    // The text that stands for all others may be any of them.
    let is_other = given.as_deref().is_none_or(|text| text.starts_with("other"));
    let mut candidates: Vec<String> = given.into_iter().collect();
    candidates.extend(thing.samples(TEXT));
    if is_other {
        candidates.extend([usual, "x", "a b", "1"].map(str::to_owned));
    } else {
        candidates.truncate(1);
    }
    let candidates = candidates.into_iter().filter(|text| text.trim() == text);
    thing.fitting(TEXT, candidates)
}

pub(super) fn instruction(given: &Given<'_>) -> Option<Vec<Clause>> {
    let keyword = given.text("instruction")?.to_uppercase();
    let only = given.read::<bool>("actual_dockerfile_only")?;
    let in_file = only || !CONFIGURED.contains(&keyword.as_str());
    let (check, value) = (given.text("check")?, given.text("value"));
    let subject = line(&keyword, in_file);
    if check == "not_exists" {
        // A file that was guessed has no lines for a rule that wants the actual one.
        let subject = if only { Subject { name: "actual line", ..subject } } else { subject };
        return Some(vec![Clause::none(subject)]);
    }
    let key = format!("{keyword} {check} {}", value.unwrap_or_default());
    let mut clause = Clause::some(subject).ids(key, Form::Md5);
    if only {
        clause = clause.test(Test::is(MODE, "actual"));
    }
    let items = |value: &str| value.split(',').map(|item| item.trim().to_owned()).collect();
    Some(vec![match (check, value) {
        ("exists", _) => clause,
        // An operator that needs a value does nothing without one.
        (_, None) => return Some(Vec::new()),
        ("=", Some(value)) => clause.test(Test::is(TEXT, value)),
        ("!=", Some(value)) => clause.test(Test::none_of(TEXT, vec![value.to_owned()])),
        ("in", Some(value)) => clause.test(Test::one_of(TEXT, items(value))),
        ("not_in", Some(value)) => clause.test(Test::none_of(TEXT, items(value))),
        ("like" | "not_like", Some(value)) => {
            let regex = compiled(value)?;
            match (matches_all(&regex), check == "like") {
                (true, true) => clause,
                (true, false) => return Some(Vec::new()),
                (false, wanted) => clause.like(TEXT, &regex, wanted).sound(&regex, given.canonical()),
            }
        }
        _ => return None,
    }])
}

/// Ports, number by number: a range is denied when it has a denied number, and not allowed when it has one that
/// is not.
pub(super) fn ports(given: &Given<'_>) -> Option<Vec<Clause>> {
    let only = given.read::<bool>("actual_dockerfile_only")?;
    let numbers: Vec<i64> = given.read::<NumberList>("ports")?.0.into_iter().map(i64::from).collect();
    let denied = match given.text("type")? {
        "denylist" | "blacklist" => true,
        "allowlist" | "whitelist" => false,
        _ => return None,
    };
    let subject = if only {
        Subject::many("port in the Dockerfile", "", place_port_line)
    } else {
        Subject::many("port", "", place_port)
    };
    let any = numbers.contains(&0);
    let clause = Clause::some(subject).ids(format!("port denied {denied} any {any}"), Form::Md5);
    Some(vec![if any { clause } else { clause.test(Test::wholes(PORT, numbers, denied)) }])
}

fn place_port(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    draft.ports.push(format!("{}/tcp", thing.whole(PORT).unwrap_or(8080)));
    draft.ports.sort();
    true
}

fn place_port_line(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    draft.line("EXPOSE", &thing.whole(PORT).unwrap_or(8080).to_string())
}
