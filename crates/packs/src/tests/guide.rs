//! The guide for authors of packs is complete and true.

use crate::{Condition, Control, Key};

const GUIDE: &str = include_str!("../../../../docs/guides/write-a-pack.md");

#[test]
fn the_guide_names_every_prerequisite_and_condition() {
    for name in Key::NAMES.iter().copied().chain(Condition::all().map(Condition::name)) {
        assert!(GUIDE.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_control_of_the_guide_is_one() {
    let example = GUIDE.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let control: Control = serde_json::from_str(example).unwrap();
    assert_eq!((control.id.as_str(), control.rules.len()), ("4.10", 2));
}
