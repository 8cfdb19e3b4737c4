//! What the image configuration says: the user, labels.

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::Draft;
use crate::diff::given::Given;
use crate::diff::points::{Point, Scale, fresh};
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::ListType;

const USER: Dim = Dim { name: "user", scale: Scale::Own(users) };
const LABEL: Dim = Dim { name: "label", scale: Scale::Texts };

pub(super) fn label(given: &Given<'_>) -> Option<Vec<Clause>> {
    let subject = || {
        Subject::many("label", "", |draft, _, thing| {
            draft.labels.insert(thing.text(LABEL).unwrap_or("label").to_owned(), "x".to_owned());
            true
        })
    };
    let missing =
        |name: String| Clause::none(subject()).known_ids(vec![format!("label:{name}")]).test(Test::is(LABEL, &name));
    Some(given.list("required")?.into_iter().map(missing).collect())
}

/// Every kind of user that the trigger tells apart, and how `/etc/passwd` stands to it.
const WHO: Dim = Dim {
    name: "kind of user",
    scale: Scale::Words(&[
        "number",
        "zero",
        "root",
        "account with id 0",
        "account",
        "root with another id",
        "account that is not known",
    ]),
};

pub(super) fn user(given: &Given<'_>) -> Option<Vec<Clause>> {
    let clause = Clause::some(Subject::single("configured user", "", place_user)).ids("user", Form::Any);
    let is_root = ["zero", "root", "account with id 0"];
    let words: Vec<String> = match given.text("check")? {
        "uid_zero" => is_root.map(str::to_owned).into(),
        "not_numeric" => {
            let numbers = ["number".to_owned(), "zero".to_owned()];
            return Some(vec![clause.test(Test::none_of(WHO, numbers.into()))]);
        }
        _ => return None,
    };
    Some(vec![clause.test(Test::one_of(WHO, words))])
}

fn place_user(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    let (user, line) = match thing.text(WHO).unwrap_or("number") {
        "number" => ("10001", None),
        "zero" => ("0", None),
        "root" => ("root", None),
        "account with id 0" => ("toor", Some("toor:x:0:0::/root:/sbin/nologin")),
        "account" => ("service", Some("service:x:10001:10001::/:/sbin/nologin")),
        "root with another id" => ("root", Some("root:x:10001:10001::/:/sbin/nologin")),
        _ => return false,
    };
    user.clone_into(&mut draft.user);
    if let Some(line) = line {
        draft.account(line);
    }
    true
}

pub(super) fn effective_user(given: &Given<'_>) -> Option<Vec<Clause>> {
    let listed = given.list("users")?;
    let denied = given.read::<ListType>("type")? == ListType::Deny;
    let landmarks = listed.iter().map(Value::text).collect();
    let test = Test::new(USER, landmarks, move |value| {
        value.as_text().is_some_and(|user| same_users(user).iter().any(|name| listed.contains(name)) == denied)
    });
    let subject = Subject::single("effective user", "", |draft, _, thing| {
        if let Some(user) = thing.text(USER) {
            user.clone_into(&mut draft.user);
        }
        true
    });
    Some(vec![Clause::some(subject).ids(format!("user denied {denied}"), Form::Md5).test(test)])
}

/// The names under which a list may have a user, as the trigger has them.
fn same_users(user: &str) -> Vec<String> {
    let name = user.split(':').next().unwrap_or(user);
    let mut names = vec![user.to_owned(), name.to_owned()];
    match name {
        "root" => names.push("0".to_owned()),
        _ if is_zero(name) => names.extend(["root".to_owned(), "0".to_owned()]),
        _ => {}
    }
    names
}

fn is_zero(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b == b'0')
}

/// A user is known to lists by his text, by his name, and when the name is root's by `root` and `0`. So the users
/// that stand for all are: each listed one; each listed name with a group that no list has; root by name, by number
/// and by zeros that no list has, with such a group; and one that no list knows.
fn users(landmarks: &[Value]) -> Vec<Point> {
    let other = fresh(landmarks);
    let listed: Vec<&str> = landmarks.iter().filter_map(Value::as_text).collect();
    let zeros = "0".repeat(2 + listed.iter().map(|user| user.len()).max().unwrap_or(0));
    let names = listed.iter().map(|user| user.split(':').next().unwrap_or(user));
    let names = names.chain(["root", "0", zeros.as_str()]).map(|name| format!("{name}:{other}"));
    let mut points: Vec<Point> = Vec::new();
    let all = listed.iter().map(|user| (*user).to_owned()).chain(names.collect::<Vec<_>>()).chain([other.clone()]);
    for user in all {
        let point = Point::any(Value::Text(user));
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}
