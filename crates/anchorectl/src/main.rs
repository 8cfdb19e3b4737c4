//! The `anchorectl` program: the client commands alone, with a fast allocator.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stopgate_cli::anchorectl::run(std::env::args_os())
}
