//! `stopgate demo`: a verdict with nothing but this program.

use std::path::{Path, PathBuf};

use crate::arguments::{Demo, Global, SourceArguments};
use crate::decision::{Decision, Ground, Origin};
use crate::failure::Failure;
use crate::output::to_stdout;
use crate::progress::Progress;
use crate::render::{self, Style};
use crate::{clock, demo, sources};

pub(crate) fn run(global: &Global, options: &Demo) -> Result<u8, Failure> {
    let scratch =
        tempfile::tempdir().map_err(|error| Failure::new(format!("there is no temporary folder: {error}")))?;
    let folder = options.keep.as_deref().unwrap_or(scratch.path());
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let (good, bad) = (folder.join("good.tar"), folder.join("bad.tar"));
    demo::good_image().write_oci_archive(&good).map_err(|error| unwritable(&good, &error))?;
    demo::bad_image()?.write_oci_archive(&bad).map_err(|error| unwritable(&bad, &error))?;
    let database = demo::database(&scratch.path().join("db"))?;
    let style = Style::new(global.colours_stdout());
    for (name, path) in [("good.tar", &good), ("bad.tar", &bad)] {
        let decision = check(global, name, path, &database)?;
        let document = decision.loaded.policy.to_json();
        to_stdout(|out| {
            render::check_text(&decision.report(&document), &[], false, style, out)?;
            writeln!(out)
        })?;
    }
    to_stdout(|out| {
        writeln!(out, "{}", style.dim(&format!("Evaluated as of {}, the day of the demo's data.", demo::AS_OF)))?;
        writeln!(out, "Next: `stopgate db update`, then `stopgate check IMAGE` with an image of your own.")
    })?;
    Ok(0)
}

fn check<'d>(
    global: &Global,
    name: &str,
    path: &Path,
    database: &'d stopgate_vulndb::Database,
) -> Result<Decision<'d>, Failure> {
    let options = SourceArguments::of(format!("oci-archive:{}", path.display()));
    let mut artifact = sources::uncached(global, &options, &Progress::silent())?;
    name.clone_into(&mut artifact.source.user_input);
    let tag = sources::tag(&options, &artifact)?;
    let now = clock::now(Some(demo::AS_OF))?;
    Decision::make(Ground::new(artifact, tag, Some(database), now), Origin::named("cis-docker").load_valid()?)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", PathBuf::from(path).display()))
}
