//! Guesses for one field of a CPE: the vendor, or the product.

use std::borrow::Cow;

/// Bytes of a field that is used. Real names are much shorter.
pub(super) const FIELD_BYTES: usize = 512;

/// Guesses that are paired with those of the other field; the shortest ones are kept.
const PAIRED: usize = 64;

/// Guesses that are held at all.
const HELD: usize = 256;

/// Parts from the front of one name that are guesses of their own.
const PARTS: usize = 10;

/// What may be derived from a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Nothing: it is known to be written just so.
    Exact,
    /// The same name with the other separators.
    Whole,
    /// That, and its parts from the front.
    Open,
}

/// Different guesses. One that comes twice may be varied as the more liberal of the two.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates<'a>(Vec<(Cow<'a, str>, Form)>);

impl<'a> Candidates<'a> {
    /// Adds a guess of which anything may be derived.
    pub(super) fn add(&mut self, value: impl Into<Cow<'a, str>>) {
        self.push(value.into(), Form::Open);
    }

    /// Adds a guess.
    pub(super) fn push(&mut self, value: Cow<'a, str>, form: Form) {
        let value = without_quotes(value);
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == value) {
            *known = form.max(*known);
        } else if self.0.len() < HELD && value.len() <= FIELD_BYTES {
            self.0.push((value, form));
        }
    }

    /// Adds the guesses of another set.
    pub(super) fn extend(&mut self, others: &Candidates<'a>) {
        for (value, form) in &others.0 {
            self.push(value.clone(), *form);
        }
    }

    /// Removes a value.
    pub(super) fn remove(&mut self, value: &str) {
        self.0.retain(|(known, _)| known != value);
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the value is one of them.
    pub(super) fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|(known, _)| known == value)
    }

    /// Removes what would match anything.
    pub(super) fn remove_wildcards(&mut self) {
        self.0.retain(|(value, _)| !matches!(&**value, "" | "*"));
    }

    /// Adds each name once with hyphens and once with underscores.
    pub(super) fn vary_separators(&mut self) {
        for at in 0..self.0.len() {
            let Some((value, form)) = self.0.get(at).filter(|(_, form)| *form > Form::Exact) else { continue };
            let form = *form;
            let varied =
                [('-', "_"), ('_', "-")].map(|(from, to)| value.contains(from).then(|| value.replace(from, to)));
            for value in varied.into_iter().flatten() {
                self.push(Cow::Owned(value), form);
            }
        }
    }

    /// Adds the parts of names from the front: `jenkins` of `jenkins-ci`.
    pub(super) fn add_parts(&mut self) {
        for at in 0..self.0.len() {
            let Some((value, _)) = self.0.get(at).filter(|(_, form)| *form == Form::Open) else { continue };
            if value.contains(['-', '_']) {
                let value = value.clone();
                each_part(&value, |part| {
                    if !self.contains(part) {
                        self.add(part.to_owned());
                    }
                });
            }
        }
    }

    /// Adds names that end in digits without them: `Qt` of `Qt5`.
    pub(super) fn add_without_digits(&mut self) {
        for at in 0..self.0.len() {
            let Some((value, _)) = self.0.get(at) else { continue };
            let stem = value.trim_end_matches(|symbol: char| symbol.is_ascii_digit());
            if !stem.is_empty() && stem.len() < value.len() {
                let stem = stem.to_owned();
                self.add(stem);
            }
        }
    }

    /// Keeps only this value.
    pub(super) fn keep_only(&mut self, value: &str) {
        self.0.retain(|(known, _)| known == value);
    }
}

/// The guesses that are paired with those of the other field.
pub(super) fn bounded<'c>(candidates: &'c Candidates<'_>) -> Vec<&'c str> {
    let mut values: Vec<&str> = candidates.0.iter().map(|(value, _)| &**value).collect();
    if values.len() > PAIRED {
        values.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        values.truncate(PAIRED);
    }
    values
}

/// Beginnings of a name that end before a separator, and the name; separators in a row count as the last.
fn each_part(name: &str, mut add: impl FnMut(&str)) {
    let (mut whole, mut separator, mut count) = (String::with_capacity(name.len()), None, 0);
    for token in name.split_inclusive(['-', '_']) {
        let part = token.trim_end_matches(['-', '_']);
        if !part.is_empty() {
            whole.extend(separator.filter(|_| !whole.is_empty()));
            whole.push_str(part);
            add(&whole);
            count += 1;
        }
        if count == PARTS {
            break;
        }
        separator = token.chars().next_back();
    }
}

/// A value that its author wrote in quotes.
fn without_quotes(value: Cow<'_, str>) -> Cow<'_, str> {
    let bare = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let inner = match value.as_bytes().first() {
        Some(b'"') => bare('"').filter(|inner| !inner.contains(['"', '\\', '\n'])),
        Some(b'`') => bare('`').filter(|inner| !inner.contains(['`', '\r'])),
        Some(b'\'') => bare('\'').filter(|inner| !inner.contains(['\'', '\\', '\n']) && inner.chars().count() == 1),
        _ => None,
    };
    let Some(inner) = inner.map(str::to_owned) else { return value };
    Cow::Owned(inner)
}

#[cfg(test)]
mod tests {
    use super::{Candidates, Form, bounded, each_part};

    fn values(candidates: &Candidates<'_>) -> Vec<String> {
        let mut values: Vec<_> = bounded(candidates).into_iter().map(str::to_owned).collect();
        values.sort_unstable();
        values
    }

    fn parts(name: &str) -> Vec<String> {
        let mut parts = Vec::new();
        each_part(name, |part| parts.push(part.to_owned()));
        parts
    }

    #[test]
    fn parts_are_taken_from_the_front() {
        for (name, expected) in [
            ("jenkins", &["jenkins"][..]),
            ("jenkins-ci", &["jenkins", "jenkins-ci"]),
            ("jenkins--ci", &["jenkins", "jenkins-ci"]),
            ("jenkins-_ci", &["jenkins", "jenkins_ci"]),
            ("jenkins_ci_tools", &["jenkins", "jenkins_ci", "jenkins_ci_tools"]),
            ("-jenkins", &["jenkins"]),
            ("jenkins_", &["jenkins"]),
            ("", &[]),
            ("-", &[]),
        ] {
            assert_eq!(parts(name), expected, "{name}");
        }
        assert_eq!(parts("a_b_c_d_e_f_g_h_i_j_k_l").last().unwrap(), "a_b_c_d_e_f_g_h_i_j", "ten at most");
    }

    #[test]
    fn what_may_be_derived_depends_on_the_form() {
        let derived = |form| {
            let mut candidates = Candidates::default();
            candidates.push("some-vendor".into(), form);
            candidates.vary_separators();
            candidates.add_parts();
            values(&candidates).join(" ")
        };
        assert_eq!(derived(Form::Exact), "some-vendor");
        assert_eq!(derived(Form::Whole), "some-vendor some_vendor");
        assert_eq!(derived(Form::Open), "some some-vendor some_vendor");
        let mut twice = Candidates::default();
        twice.push("a-b".into(), Form::Open);
        twice.push("a-b".into(), Form::Exact);
        twice.vary_separators();
        assert_eq!(values(&twice), ["a-b", "a_b"]);
    }

    #[test]
    fn quotes_and_wildcards_go_away() {
        let mut candidates = Candidates::default();
        for value in ["\"quoted\"", "`back`", "'c'", "'no'", "\"", "\"a\"b\"", "*", ""] {
            candidates.add(value);
        }
        candidates.remove_wildcards();
        assert_eq!(values(&candidates), ["\"", "\"a\"b\"", "'no'", "back", "c", "quoted"]);
    }

    #[test]
    fn many_and_long_guesses_are_bounded() {
        let mut candidates = Candidates::default();
        candidates.add("x".repeat(513));
        for length in (1..=100).rev() {
            candidates.add("x".repeat(length));
        }
        let kept = bounded(&candidates);
        assert_eq!((kept.len(), kept[0], kept[63].len()), (64, "x", 64));
    }

    #[test]
    fn digits_at_the_end_may_be_left_out() {
        let mut candidates = Candidates::default();
        for value in ["Qt5", "libfoo123", "baz", "42"] {
            candidates.add(value);
        }
        candidates.add_without_digits();
        assert_eq!(values(&candidates), ["42", "Qt", "Qt5", "baz", "libfoo", "libfoo123"]);
    }
}
