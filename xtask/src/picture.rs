//! `cargo xtask picture`: draws the terminal picture of the README from what the program really prints.

use anyhow::{Context, Result, bail};

use crate::run;

const PICTURE: &str = "docs/images/demo.svg";
/// Lines that a reader still takes in.
const LINES: usize = 36;

/// Runs the demo of the release build and draws its verdict on the bad image.
pub(crate) fn run() -> Result<()> {
    run::cargo(&["build", "--release"])?;
    let program = run::built("release");
    let program = program.to_str().context("the build folder has a name that is not UTF-8")?;
    let output = run::command(program, &["--color", "always", "demo", "--once"])
        .env("COLUMNS", "110")
        .output()
        .with_context(|| format!("`{program}` cannot be started"))?;
    let printed = String::from_utf8(output.stdout).context("the demo printed something that is not UTF-8")?;
    let lines: Vec<&str> = printed.lines().skip_while(|line| !line.contains("bad.tar")).take(LINES).collect();
    if lines.is_empty() {
        bail!("the demo printed no verdict on `bad.tar`");
    }
    let text = format!("$ stopgate demo --once\n…\n{}\n…\n", lines.join("\n"));
    let svg = anstyle_svg::Term::new().min_width_px(900).render_svg(&text);
    let path = run::root().join(PICTURE);
    std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
    std::fs::write(&path, svg).with_context(|| format!("cannot write `{PICTURE}`"))
}
