//! The command lines of both programs, as a library: arguments, commands, and what they print.
//!
//! Data goes to standard output, everything else to standard error. This is the rim: the clock, the environment
//! and the file system are read here and handed down as inputs.

pub mod anchorectl;

mod arguments;
mod cases;
mod clamd;
mod clock;
mod commands;
mod decision;
mod demo;
mod download;
mod engine;
mod failure;
mod output;
mod packs;
mod places;
mod progress;
mod render;
mod sources;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;
pub use arguments::{Installation, Process, Serve, Work};
pub use commands::Server;
use failure::Failure;

/// Runs the program with its arguments, the program's own name first, and the server that it brings along.
pub fn run(arguments: impl IntoIterator<Item = OsString>, server: &dyn Server) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and version end with 0, a usage error with 2.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    start_logging(arguments.global.verbose);
    match commands::run(&arguments, server) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print(&arguments.global);
            ExitCode::from(Failure::EXIT_CODE)
        }
    }
}

fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("STOPGATE_LOG").unwrap_or_else(|_| level.into());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .try_init();
}
