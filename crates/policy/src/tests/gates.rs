//! Gates that engines know and no longer run.

use super::{check, image};

#[test]
fn old_gates_are_loaded_with_a_problem() {
    let lines = check(&image(), "stop DOCKERFILECHECK.NOFROM");
    assert!(lines[0].contains("is at the end of its life"), "{lines:?}");
    assert_eq!(lines[1], "pass");
}
