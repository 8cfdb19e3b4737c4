//! The `stopgate` program: the command line with a server and a fast allocator.

mod server;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stopgate_cli::run(std::env::args_os(), &server::Own)
}
