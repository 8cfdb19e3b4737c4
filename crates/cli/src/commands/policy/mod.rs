//! `stopgate policy`: what people who write policies need. One file per command.

mod convert;
mod explain;
mod lint;
mod simulate;
mod test;
mod validate;

use crate::arguments::{Global, PolicyCommand};
use crate::failure::Failure;

/// Errors in a policy, failed cases, artifacts that newly fail.
const FOUND: u8 = 1;

pub(crate) fn run(global: &Global, command: &PolicyCommand) -> Result<u8, Failure> {
    match command {
        PolicyCommand::Validate { policy, output } => validate::run(policy, output),
        PolicyCommand::Lint { policy, strict, as_of, output } => {
            lint::run(&lint::Options { policy, strict: *strict, as_of: as_of.as_deref(), output })
        }
        PolicyCommand::Convert { policy, to, output } => convert::run(policy, to.as_deref(), output),
        PolicyCommand::Test { cases, policy, coverage, output } => {
            test::run(global, &test::Options { cases, policy: policy.as_deref(), coverage: *coverage, output })
        }
        PolicyCommand::Explain { policy, rule } => explain::run(policy, rule.as_deref()),
        PolicyCommand::Simulate { .. } => simulate::run(command),
        _ => Err(Failure::new("this command is not built yet")),
    }
}
