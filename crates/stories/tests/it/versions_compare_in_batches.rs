//! Versions and ranges, asked one by one and in batches.

use anyhow::Result;
use stopgate_testkit::Stopgate;

#[test]
fn each_question_gets_its_answer_in_order() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let questions = concat!(
        r#"{"format":"deb","left":"1.0~rc1","right":"1.0"}"#,
        "\n",
        r#"{"format":"rpm","left":"1:1.0-1","right":"1.0-1"}"#,
        "\n",
        r#"{"format":"apk","left":"1.2_alpha1","right":"1.2"}"#,
        "\n",
        "nonsense\n",
    );
    let run = stopgate.run_with(["debug", "compare", "--batch"], questions.as_bytes())?;
    assert_eq!(run.code, 0);
    let text = run.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(&lines[..3], [r#"{"order":-1}"#, r#"{"order":0}"#, r#"{"order":-1}"#]);
    assert!(lines[3].contains("error"), "{text}");
    let run = stopgate.run(["debug", "satisfies", "semver", "1.2.3", ">=1.0,<2.0"])?;
    assert_eq!(run.text().trim(), r#"{"satisfied":true}"#);
    let run = stopgate.run(["debug", "satisfies", "maven", "2.14.1", "<2.15.0"])?;
    assert_eq!(run.text().trim(), r#"{"satisfied":true}"#);
    Ok(())
}
