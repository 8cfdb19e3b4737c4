//! The values that stand for all others: a finite list for each property, made from the landmarks of every rule
//! that asks about it.
//!
//! A scale promises: for every value that a thing can have, the list has a value on which every predicate with
//! landmarks of that scale answers the same. Proofs by enumeration rest on that promise alone.

use std::collections::HashSet;

use stopgate_model::PackageType;

use super::value::{Test, Value};

/// What values a property has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scale {
    /// These words. Predicates may be any.
    Words(&'static [&'static str]),
    /// Any text. Predicates compare it with their landmarks for equality.
    Texts,
    /// The same, of absolute paths.
    Paths,
    /// Contents of a file: expressions ask for any of its lines and words, so that what they say is independent.
    Contents,
    /// The same, or none. Predicates reject what is not there.
    MaybeTexts,
    /// Any text. Predicates compare it with their landmarks for equality, or ask whether it contains one, and then
    /// hold for more texts the more they contain.
    Contained,
    /// Real numbers of at least -1. Predicates compare with their landmarks.
    Reals,
    /// Whole numbers between two bounds. Predicates compare with their landmarks.
    Wholes(i64, i64),
    /// Whole numbers and nothing else, without one. Predicates compare with their landmarks or reject what is not there.
    MaybeWholes(i64, i64),
    /// Names of package types. Predicates ask for types by syft's or Anchore's name.
    PackageTypes,
    /// What only its own triggers know: a list made from the landmarks.
    Own(fn(&[Value]) -> Vec<Point>),
}

/// A value with whether it stands for itself alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) value: Value,
    /// Whether no other value is meant, so that an expression may be asked about it.
    pub(super) exact: bool,
}

impl Point {
    pub(super) const fn exact(value: Value) -> Self {
        Self { value, exact: true }
    }
    pub(super) const fn any(value: Value) -> Self {
        Self { value, exact: false }
    }
}

impl Scale {
    /// The values that stand for all others under these tests, which are all about one property.
    pub(super) fn points<'t>(self, tests: impl Iterator<Item = &'t Test>) -> Vec<Point> {
        let mut landmarks: Vec<Value> = Vec::new();
        let mut texts_seen: HashSet<&str> = HashSet::new();
        for landmark in tests.flat_map(|test| &test.landmarks) {
            let is_new = match landmark.as_text() {
                Some(text) => texts_seen.insert(text),
                None => !landmarks.contains(landmark),
            };
            if is_new {
                landmarks.push(landmark.clone());
            }
        }
        match self {
            Self::Words(words) => words.iter().map(|word| Point::any(Value::text(*word))).collect(),
            Self::Texts | Self::Paths | Self::Contents => texts(landmarks),
            Self::MaybeTexts => texts(landmarks).into_iter().chain([Point::any(Value::None)]).collect(),
            Self::Contained => contained(landmarks),
            Self::Reals => reals(&landmarks),
            Self::Wholes(low, high) => wholes(&landmarks, low, high),
            Self::MaybeWholes(low, high) => {
                let mut points = wholes(&landmarks, low, high);
                points.push(Point::any(Value::None));
                points
            }
            Self::PackageTypes => package_types(&landmarks),
            Self::Own(make) => make(&landmarks),
        }
    }
}

/// Each landmark, and another text: under equality all other texts are alike.
fn texts(landmarks: Vec<Value>) -> Vec<Point> {
    let other = fresh(&landmarks);
    let mut points: Vec<Point> = landmarks.into_iter().map(Point::exact).collect();
    points.push(Point::any(Value::Text(other)));
    points
}

/// A text that is no landmark and is part of none.
pub(super) fn fresh(landmarks: &[Value]) -> String {
    let taken = |text: &str| landmarks.iter().filter_map(Value::as_text).any(|landmark| landmark.contains(text));
    let mut number = 0u32;
    loop {
        let text = if number == 0 { "other".to_owned() } else { format!("other{number}") };
        if !taken(&text) {
            return text;
        }
        number += 1;
    }
}

/// Each landmark alone, each landmark inside a longer text, and a text that contains none.
///
/// A text that is no landmark and contains some has at least the parts of one landmark inside a longer text; as
/// predicates of containment only gain by more parts, what holds there holds for it.
fn contained(landmarks: Vec<Value>) -> Vec<Point> {
    // Frames of a letter that no landmark has add no part.
    let all: String = landmarks.iter().filter_map(Value::as_text).collect();
    let frame = "ZQXJKVW".chars().chain('\u{e000}'..=char::MAX).find(|c| !all.contains(*c)).unwrap_or('Z');
    let framed = |text: &str| Point::any(Value::Text(format!("{frame}{text}{frame}")));
    let mut points: Vec<Point> = landmarks.iter().filter_map(Value::as_text).map(framed).collect();
    points.push(framed(""));
    let exact = landmarks.into_iter().map(Point::exact);
    exact.chain(points).collect()
}

/// -1, each landmark, a number between two neighbours and one above all: between neighbours comparisons do not change.
fn reals(landmarks: &[Value]) -> Vec<Point> {
    const LEAST: f64 = -1.0;
    let mut bounds: Vec<f64> =
        landmarks.iter().filter_map(Value::as_number).filter(|number| *number >= LEAST).collect();
    bounds.push(LEAST);
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let above = bounds.iter().skip(1).copied().chain([f64::INFINITY]);
    let mut points = Vec::new();
    for (low, high) in bounds.iter().copied().zip(above) {
        points.push(Point::any(Value::Number(low)));
        // Two neighbours may have nothing between them.
        points.extend(
            Some(Value::Between(low, high))
                .filter(|value| value.as_number().is_some_and(|number| low < number && number < high))
                .map(Point::any),
        );
    }
    points
}

/// Each landmark with its neighbours, and the bounds.
fn wholes(landmarks: &[Value], low: i64, high: i64) -> Vec<Point> {
    let mut all = vec![low, high];
    for landmark in landmarks.iter().filter_map(Value::as_whole) {
        all.extend([landmark.saturating_sub(1), landmark, landmark.saturating_add(1)]);
    }
    all.retain(|number| (low..=high).contains(number));
    all.sort_unstable();
    all.dedup();
    // What stands between two neighbours of landmarks, so that a witness need not have an extreme value.
    let middle: Vec<i64> = [1, 10, 100].into_iter().filter(|n| (low..=high).contains(n) && !all.contains(n)).collect();
    middle.into_iter().chain(all).map(|number| Point::any(Value::Whole(number))).collect()
}

/// Every type that a landmark names in either way, the landmark itself as an unknown type, and types of either class
/// that none names.
fn package_types(landmarks: &[Value]) -> Vec<Point> {
    let names: Vec<&str> = landmarks.iter().filter_map(Value::as_text).collect();
    let named = |id: &str, anchore: &str| names.iter().any(|name| *name == id || anchore.eq_ignore_ascii_case(name));
    let mut ids: Vec<&str> = Vec::new();
    let mut others: [Option<&str>; 2] = [None, None];
    for row in [PackageType::NPM, PackageType::DEB].iter().filter_map(PackageType::info).chain(PackageType::TABLE) {
        let other = others.get_mut(usize::from(row.os));
        match other {
            _ if named(row.id, row.anchore) => ids.push(row.id),
            Some(other) if other.is_none() => *other = Some(row.id),
            _ => {}
        }
    }
    ids.extend(names.iter().copied());
    ids.extend(others.into_iter().flatten());
    let mut points: Vec<Point> = Vec::new();
    for id in ids {
        let point = Point::any(Value::text(id));
        if !points.contains(&point) {
            points.push(point);
        }
    }
    // A type that no table has and no rule names.
    points.push(Point::any(Value::Text(fresh(landmarks))));
    points
}
