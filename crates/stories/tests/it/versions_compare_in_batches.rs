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

#[test]
fn a_line_that_is_no_question_is_answered_in_its_place() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let good = br#"{"format":"deb","left":"1","right":"2"}"#;
    let huge = [br#"{"format":"semver","left":""#.as_slice(), &vec![b'9'; 2 << 20], br#"","right":"1"}"#].concat();
    let lines: [&[u8]; 7] = [good, b"", b"\xff\xfe", &huge, b"[]", b"{\"format\":1,\"left\":[]}", good];
    let run = stopgate.run_with(["debug", "compare", "--batch"], &lines.join(&b'\n'))?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = run.text();
    let answers: Vec<&str> = text.lines().collect();
    assert_eq!(answers.len(), lines.len(), "{text}");
    assert_eq!((answers[0], answers[6]), (r#"{"order":-1}"#, r#"{"order":-1}"#));
    assert!(answers[1..6].iter().all(|answer| answer.contains("error")), "{text}");
    Ok(())
}
