//! `anchorectl`: the commands that ask a v2 server, compatible with Anchore's client.
//!
//! Data goes to standard output alone, progress and errors to standard error, and every failure ends with 1.
//! Settings come from a flag, else from the environment, else from a configuration file, else from a default.

mod analysis;
mod answer;
mod arguments;
mod booleans;
mod camel;
mod commands;
mod config;
mod failure;
mod format;
mod image_name;
mod layers;
mod layout;
mod session;
mod settings;
mod wait;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::FromArgMatches as _;

use arguments::Arguments;
use failure::Failure;
use session::{Io, Session};
use settings::Settings;

/// Runs the program with its arguments, the program's own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let settings = Settings::of_process();
    let mut io = Io {
        input: Box::new(io::stdin()),
        input_is_terminal: io::stdin().is_terminal(),
        out: Box::new(io::BufWriter::new(io::stdout())),
        err: Box::new(io::stderr()),
        err_is_terminal: io::stderr().is_terminal(),
        layers: analysis::layer_cache(),
    };
    if run_in(arguments, settings, &mut io) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The same in a given environment; whether it went well.
fn run_in(arguments: impl IntoIterator<Item = OsString>, settings: Settings, io: &mut Io<'_>) -> bool {
    let result = answer(arguments, settings, io);
    // A report that is cut short by the exit would look complete.
    let flushed = match io.out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    };
    match result.and(flushed) {
        Ok(()) => true,
        Err(failure) => {
            let _ = write!(io.err, "{failure}");
            let _ = io.err.flush();
            false
        }
    }
}

fn answer(
    arguments: impl IntoIterator<Item = OsString>,
    mut settings: Settings,
    io: &mut Io<'_>,
) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(rest) = commands::syft::arguments(&arguments) {
        return commands::syft::run(rest, &settings, io);
    }
    settings.read_config(layers::config_file(&arguments).as_deref())?;
    let parsed = layers::with_settings(&settings).matches(arguments).and_then(|matches| {
        matches
            .map(|matches| Arguments::from_arg_matches(&matches))
            .map_or_else(|fault| Ok(Err(fault)), |read| read.map(Ok))
    });
    let arguments = match parsed {
        Ok(arguments) => arguments?,
        Err(error) if !error.use_stderr() => {
            let _ = write!(io.out, "{}", error.render());
            return Ok(());
        }
        Err(error) => return Err(Failure::usage(&error)),
    };
    crate::start_logging(arguments.global.verbose);
    let mut session = Session::new(&arguments.global, settings, io)?;
    commands::run(&mut session, &arguments.command)
}
