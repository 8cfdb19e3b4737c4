//! A stranger runs the demo: two verdicts, no network, no data, no settings.

use anyhow::Result;
use stopgate_testkit::Stopgate;

#[test]
fn two_verdicts_and_the_next_command() -> Result<()> {
    let run = Stopgate::new()?.run(["demo", "--once", "--offline"])?;
    let text = run.text();
    assert_eq!(run.code, 0, "{text}\n{}", run.stderr);
    assert!(text.contains("PASS  good.tar") && text.contains("STOP  bad.tar"), "{text}");
    for said in ["CVE-2021-44228", "log4j-core 2.14.1", "2.15.0", "/root/.aws/credentials", "stopgate check IMAGE"] {
        assert!(text.contains(said), "{said} is missing in\n{text}");
    }
    Ok(())
}

#[test]
fn the_same_bytes_twice() -> Result<()> {
    let stopgate = Stopgate::new()?;
    assert_eq!(stopgate.run(["demo", "--once"])?.text(), stopgate.run(["demo", "--once"])?.text());
    Ok(())
}
