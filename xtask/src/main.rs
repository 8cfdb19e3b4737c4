//! Tasks of the project: `cargo xtask lint | test | gen | picture | bench`.
//!
//! The same commands run locally and in CI. Nothing of the product lives here.

mod arrows;
mod bench;
mod bench_packs;
mod bench_policy;
mod generate;
mod picture;
mod python;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str =
    "usage: cargo xtask lint | test | gen [--check] | picture | bench [--packs] [--binary FILE] [IMAGES_DIR]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["lint"] => lint(),
        ["test", rest @ ..] => test::run(rest),
        ["gen"] => generate::run(false),
        ["gen", "--check"] => generate::run(true),
        ["picture"] => picture::run(),
        ["bench", rest @ ..] => bench::run(rest),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn lint() -> anyhow::Result<()> {
    run::cargo(&["fmt", "--all", "--check"])?;
    arrows::check()?;
    tidy::check()?;
    run::cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    generate::run(true)
}
