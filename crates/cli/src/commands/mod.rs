//! One file per command.

mod check;
mod db;
mod debug;
mod demo;
mod evidence;
mod explain;
mod limits;
mod pack;
mod policy;
mod sbom;
mod server;
mod timing;
mod vulns;

use clap::CommandFactory as _;

pub use server::Server;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::output::to_stdout;

/// Runs a command; the number is the exit code.
pub(crate) fn run(arguments: &Arguments, server: &dyn Server) -> Result<u8, Failure> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Check(check) => check::run(global, check),
        Command::Sbom(sbom) => sbom::run(global, sbom),
        Command::Vulns(vulns) => vulns::run(global, vulns),
        Command::Explain(explain) => explain::run(global, explain),
        Command::Evidence(evidence) => evidence::run(global, evidence),
        Command::Policy(command) => policy::run(global, command),
        Command::Pack(command) => pack::run(global, command),
        Command::Db(db) => db::run(global, db),
        Command::Serve(serve) => server::serve(global, serve, server),
        Command::Work(work) => server::work(global, work, server),
        Command::Migrate(installation) => server::migrate(installation, server),
        Command::Demo(demo) => demo::run(global, demo),
        Command::Limits => limits::run(),
        Command::Debug(debug) => debug::run(global, debug),
        Command::Completion { shell } => {
            // Its writer may not fail, so the script is made first.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "stopgate", &mut script);
            to_stdout(|out| out.write_all(&script))?;
            Ok(0)
        }
    }
}
