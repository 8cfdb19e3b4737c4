//! Golden documents, and what is refused.

use super::{Advisory, Affected};

#[test]
fn a_language_advisory_with_all_that_is_read() {
    insta::assert_debug_snapshot!(Advisory::read(include_bytes!("testdata/maven.json")).unwrap());
}

#[test]
fn a_distributions_advisory_that_was_withdrawn() {
    insta::assert_debug_snapshot!(Advisory::read(include_bytes!("testdata/distribution.json")).unwrap());
}

#[test]
fn the_least_document_is_an_advisory() {
    let advisory = Advisory::read(br#"{"id": "X-1", "affected": null, "aliases": null}"#).unwrap();
    assert_eq!(advisory, Advisory { id: "X-1".into(), ..Advisory::default() });
    assert_eq!(advisory.cve(), None);
}

#[test]
fn refusals_say_what_was_expected() {
    let cases = [
        ("{}", "missing field `id`"),
        (r#"{"id": " "}"#, "`id` is empty"),
        (r#"{"id": "X", "schema_version": "2.0.0"}"#, "expected 1.x"),
        (r#"{"id": "X", "affected": [{"ranges": [{"type": "SEMVER", "events": [{"fixd": "1"}]}]}]}"#, "`introduced`"),
        (r#"{"id": "X", "database_specific": {"stopgate": {"fix_dat": "2026-01-01"}}}"#, "unknown field `fix_dat`"),
        (r#"{"id": "X", "database_specific": {"stopgate": {"epss": {"score": 0.5}}}}"#, "missing field `percentile`"),
        (
            r#"{"id": "X", "database_specific": {"stopgate": {"architecture": "amd64"}}}"#,
            "of an advisory has `architecture`: expected it in that of an affected package",
        ),
        (
            r#"{"id": "X", "affected": [{"database_specific": {"stopgate": {"kev": {}}}}]}"#,
            "of an affected package has `kev`: expected it in that of the advisory",
        ),
        (r#"{"id": "X", "affected": 7}"#, "invalid type"),
        ("[]", "OSV document cannot be read"),
        ("", "OSV document cannot be read"),
    ];
    for (text, expected) in cases {
        let error = Advisory::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let deep = format!(r#"{{"id": "X", "database_specific": {}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert!(Advisory::read(deep.as_bytes()).unwrap_err().to_string().contains("deeper"));
}

#[test]
fn what_databases_add_for_themselves_may_have_any_shape() {
    let text = r#"{"id": "X", "database_specific": "none", "affected": [{"ecosystem_specific": [1], "database_specific": 3}]}"#;
    let advisory = Advisory::read(text.as_bytes()).unwrap();
    assert!(matches!(advisory.affected.as_slice(), [Affected { go_imports, .. }] if go_imports.is_empty()));
}

#[test]
fn arbitrary_bytes_never_panic() {
    arbtest::arbtest(|u| {
        let mut document = include_bytes!("testdata/distribution.json").to_vec();
        for _ in 0..u.int_in_range(1..=8)? {
            let at = u.choose_index(document.len())?;
            document[at] = u.arbitrary()?;
        }
        let _ = Advisory::read(&document);
        Ok(())
    });
}
