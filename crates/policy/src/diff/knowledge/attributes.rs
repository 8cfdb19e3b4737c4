//! Attributes of the image as a whole, each of which has one value: size, platform, distribution.

use std::cmp::Ordering;

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::Draft;
use crate::diff::given::Given;
use crate::diff::knowledge::{compiled, matches_all};
use crate::diff::points::{Point, Scale, fresh};
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::Comparison;

const ID: Dim = Dim { name: "distribution", scale: Scale::Texts };
const RELEASE: Dim = Dim { name: "release", scale: Scale::Own(releases) };
const COUNT: Dim = Dim { name: "value", scale: Scale::Own(counts) };
const WORD: Dim = Dim { name: "value", scale: Scale::Own(words) };
const VERSION: Dim = Dim { name: "value", scale: Scale::Own(versions) };

pub(super) fn distro(given: &Given<'_>) -> Option<Vec<Clause>> {
    let (id, wanted) = (given.text("distro")?.to_ascii_lowercase(), given.text("version")?.to_owned());
    let check = given.read::<Comparison>("check")?;
    let key = format!("{} {wanted}", check.word());
    let own = segments(&wanted);
    let release = Test::new(RELEASE, vec![Value::Text(wanted)], move |value| {
        value.as_text().is_some_and(|actual| !actual.is_empty() && check.holds(&segments(actual), &own))
    });
    let subject = Subject::single("distribution", "", |draft, _, thing| {
        let (id, version) = draft.distro.clone().unwrap_or_default();
        let id = thing.text(ID).map_or(id, str::to_owned);
        let version = match thing.value(RELEASE) {
            Some(release) => release.as_text().unwrap_or_default().to_owned(),
            None => version,
        };
        draft.distro = Some((id, version));
        true
    });
    Some(vec![Clause::some(subject).ids(key, Form::Md5).test(Test::is(ID, &id)).test(release)])
}

/// A version as its parts, as the trigger has them: numbers before words, trailing zeros left out.
fn segments(version: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = version
        .split(['.', '-', '_'])
        .map(|part| match part.parse() {
            Ok(number) => (number, String::new()),
            Err(_) => (u64::MAX, part.to_owned()),
        })
        .collect();
    while parts.last().is_some_and(|(number, _)| *number == 0) {
        parts.pop();
    }
    parts
}

/// The landmarks, and a release below, between and above them.
fn releases(landmarks: &[Value]) -> Vec<Point> {
    let mut points: Vec<Point> = landmarks.iter().cloned().map(Point::any).collect();
    points.extend(between_versions(landmarks, |a, b| segments(a).cmp(&segments(b))));
    points.push(Point::any(Value::None));
    points
}

/// Versions below, between and above these, of which orders only see parts divided by dots.
///
/// `0` has no parts and is below all that have one. Behind a version, enough zeros and a one give a version that
/// is greater and yet less than every greater one that was given: where that has a part which is not zero, ours has a zero.
fn between_versions(landmarks: &[Value], compare: fn(&str, &str) -> Ordering) -> Vec<Point> {
    let mut bounds: Vec<&str> = landmarks.iter().filter_map(Value::as_text).collect();
    bounds.sort_by(|a, b| compare(a, b));
    let longest = bounds.iter().map(|text| text.split(['.', '-', '_']).count()).max().unwrap_or(0);
    let zeros = ".0".repeat(longest + 1);
    let mut found: Vec<String> = Vec::new();
    match bounds.first() {
        Some(first) => found.extend(Some("0".to_owned()).filter(|zero| compare(zero, first).is_lt())),
        None => found.push("1".to_owned()),
    }
    let above = bounds.iter().skip(1).map(|text| Some(*text)).chain([None]);
    for (lower, upper) in bounds.iter().zip(above) {
        let inside =
            |text: &String| compare(text, lower).is_gt() && upper.is_none_or(|upper| compare(text, upper).is_lt());
        let nice = [format!("{lower}.1"), format!("{lower}.5"), format!("{lower}{zeros}.1")];
        found.extend(nice.into_iter().find(inside));
    }
    found.into_iter().map(|text| Point::any(Value::Text(text))).collect()
}

/// How an attribute compares.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// A size in bytes.
    Size,
    Count,
    Version,
    Text,
}

pub(super) fn attribute(given: &Given<'_>) -> Option<Vec<Clause>> {
    let name = given.text("attribute")?;
    let (order, dim) = match name {
        "size" => (Order::Size, COUNT),
        "layer_count" => (Order::Count, COUNT),
        "distro_version" => (Order::Version, VERSION),
        "architecture" | "os_type" | "distro" | "like_distro" => (Order::Text, WORD),
        _ => return None,
    };
    let (check, value) = (given.text("check")?, given.text("value"));
    let key = format!("{name} {check} {}", value.unwrap_or_default());
    // Attributes of the distribution are not asked for while it is unknown.
    let subject = if name.contains("distro") {
        Subject::single("attribute", name, place)
    } else {
        Subject::certain("attribute", name, place)
    };
    let clause = Clause::some(subject).ids(key, Form::Md5);
    let test = match (check, value) {
        ("exists", _) => Test::new(dim, Vec::new(), |value| *value != Value::None),
        ("not_exists", _) => Test::new(dim, Vec::new(), |value| *value == Value::None),
        // An operator that needs a value does nothing without one.
        (_, None) => return Some(Vec::new()),
        ("in" | "not_in", Some(value)) => {
            let items: Vec<String> = value.split(',').map(|item| item.trim().to_owned()).collect();
            if check == "in" { Test::one_of(dim, items) } else { Test::none_of(dim, items) }
        }
        ("like" | "not_like", Some(value)) => {
            let regex = compiled(value)?;
            let there = Test::new(dim, Vec::new(), |value| *value != Value::None);
            return Some(match (matches_all(&regex), check == "like") {
                (true, true) => vec![clause.test(there)],
                (true, false) => Vec::new(),
                (false, wanted) => vec![clause.test(there).like(dim, &regex, wanted).sound(&regex, given.canonical())],
            });
        }
        (_, Some(value)) => compared(dim, order, given.read("check")?, value)?,
    };
    Some(vec![clause.test(test)])
}

/// The comparison with a value; `None` when the order around it is not one.
fn compared(dim: Dim, order: Order, check: Comparison, value: &str) -> Option<Test> {
    let landmark = match order {
        Order::Size => Value::text(bytes(value)?.to_string()),
        Order::Count => Value::text(value.trim().parse::<u64>().ok()?.to_string()),
        // Among versions that are no numbers texts compare, so that the order has circles.
        Order::Version => Value::text(numbers(value).map(|_| value)?),
        Order::Text => Value::text(value),
    };
    let wanted = value.to_owned();
    Some(Test::new(dim, vec![landmark], move |actual| {
        let Some(actual) = actual.as_text() else { return false };
        let ordering = match order {
            Order::Size => bytes(actual).cmp(&bytes(&wanted)),
            Order::Count => actual.parse::<u64>().ok().cmp(&wanted.trim().parse().ok()),
            Order::Version => match (numbers(actual), numbers(&wanted)) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => actual.cmp(wanted.as_str()),
            },
            Order::Text => actual.cmp(wanted.as_str()),
        };
        check.holds(&ordering, &Ordering::Equal)
    }))
}

/// Bytes of `10`, `1kb`, as the trigger reads them.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit {
        "" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        "t" | "tb" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// `12.04` as numbers, trailing zeros left out, as the trigger has them.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let mut parts: Vec<u64> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

/// Numbers as they are written: each landmark with its neighbours, nothing, and much.
fn counts(landmarks: &[Value]) -> Vec<Point> {
    let texts = landmarks.iter().filter_map(Value::as_text);
    let bounds: Vec<u64> = texts.filter_map(|text| text.parse::<u64>().ok()).collect();
    let exact = bounds.iter().map(|number| Point::exact(Value::Text(number.to_string())));
    let mut near: Vec<u64> = vec![1, 0, 1 << 20, u64::MAX];
    near.extend(bounds.iter().flat_map(|number| [number.saturating_add(1), number.saturating_sub(1)]));
    near.retain(|number| !bounds.contains(number));
    near.sort_unstable();
    near.dedup();
    exact.chain(near.into_iter().map(|number| Point::any(Value::Text(number.to_string())))).collect()
}

/// Texts in their order: each landmark, and texts below, between and above.
///
/// Behind a text and before the next one there is the text with a character of code 0 behind it, or nothing.
fn words(landmarks: &[Value]) -> Vec<Point> {
    let mut bounds: Vec<&str> = landmarks.iter().filter_map(Value::as_text).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut points: Vec<Point> = bounds.iter().map(|text| Point::exact(Value::text(*text))).collect();
    let mut others: Vec<String> = Vec::new();
    match bounds.first() {
        Some(first) => others.extend(["0", "!", "\0"].into_iter().find(|text| text < first).map(str::to_owned)),
        None => others.push("other".to_owned()),
    }
    let above = bounds.iter().skip(1).map(|text| Some(*text)).chain([None]);
    for (lower, upper) in bounds.iter().zip(above) {
        let behind = ["x", "-other", "\0"].into_iter().map(|suffix| format!("{lower}{suffix}"));
        others.extend(behind.into_iter().find(|text| upper.is_none_or(|upper| text.as_str() < upper)));
    }
    points.extend(others.into_iter().map(|text| Point::any(Value::Text(text))));
    points.push(Point::any(Value::None));
    points
}

/// Versions: those of numbers in their order, under the spelling of each landmark and under another one, and those of
/// words, which compare as texts with the landmarks of numbers.
fn versions(landmarks: &[Value]) -> Vec<Point> {
    let other = fresh(landmarks);
    let numeric: Vec<Value> =
        landmarks.iter().filter(|value| value.as_text().is_some_and(|text| numbers(text).is_some())).cloned().collect();
    let mut points: Vec<Point> = landmarks.iter().cloned().map(Point::exact).collect();
    points.extend(between_versions(&numeric, |a, b| numbers(a).cmp(&numbers(b))));
    for text in numeric.iter().filter_map(Value::as_text) {
        // Enough zeros for a spelling that no landmark has, and what no number has: `!` stands before all digits.
        let longest = landmarks.iter().filter_map(Value::as_text).map(str::len).max().unwrap_or(0);
        points.push(Point::any(Value::Text(format!("{text}{}", ".0".repeat(longest + 1)))));
        points.push(Point::any(Value::Text(format!("{text}!{other}"))));
    }
    points.push(Point::any(Value::Text(format!("!{other}"))));
    points.push(Point::any(Value::Text(other)));
    points.push(Point::any(Value::None));
    points
}

fn place(draft: &mut Draft, name: &str, thing: &Thing) -> bool {
    let value = thing.value(COUNT).cloned();
    let text = value.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned();
    let candidates = std::iter::once(text.clone()).chain(thing.samples(WORD)).chain(usual(name));
    // A value that stands for others may be another one when an expression wants that.
    let Some(text) = (if value == Some(Value::None) { Some(String::new()) } else { thing.fitting(WORD, candidates) })
    else {
        return false;
    };
    let (id, version) = draft.distro.clone().unwrap_or(("debian".to_owned(), "12".to_owned()));
    match name {
        "size" => match text.parse() {
            Ok(size) => draft.size = size,
            Err(_) => return false,
        },
        "layer_count" => match text.parse() {
            Ok(layers) => draft.layers = layers,
            Err(_) => return false,
        },
        "architecture" => draft.architecture = text,
        "os_type" => draft.os = text,
        "distro" if text.is_empty() => draft.distro = None,
        "distro" => draft.distro = Some((text, version)),
        "distro_version" => draft.distro = Some((id, text)),
        "like_distro" => draft.id_like = text.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        _ => return false,
    }
    true
}

/// Values that images have.
fn usual(name: &str) -> Vec<String> {
    let values: &[&str] = match name {
        "size" => &["1048576", "104857600", "0"],
        "layer_count" => &["1", "5", "20"],
        "architecture" => &["amd64", "arm64", "s390x"],
        "os_type" => &["linux", "windows"],
        "distro" => &["debian", "alpine", "ubuntu", "rhel"],
        "distro_version" => &["12", "11", "3.20", "9", "sid"],
        _ => &["debian", "rhel,fedora", "suse"],
    };
    values.iter().map(|value| (*value).to_owned()).collect()
}
