//! The `stopgate` program: the command line with a server and a fast allocator.

mod server;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.first().and_then(|name| Path::new(name).file_stem());
    if called.is_some_and(|name| name == "anchorectl") {
        return stopgate_cli::anchorectl::run(arguments);
    }
    stopgate_cli::run(arguments, &server::Own)
}
