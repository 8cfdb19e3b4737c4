//! `stopgate policy`: what people who write policies need. One file per command.

mod convert;
mod diff;
mod explain;
mod lint;
mod simulate;
mod test;
mod validate;

use std::path::Path;

use crate::arguments::{Global, PolicyCommand};
use crate::decision::Origin;
use crate::failure::Failure;
use crate::output::{Wanted, write_all};

/// Errors in a policy, failed cases, artifacts that newly fail.
const FOUND: u8 = 1;

pub(crate) fn run(global: &Global, command: &PolicyCommand) -> Result<u8, Failure> {
    match command {
        PolicyCommand::Validate { policy, output } => validate::run(policy, output),
        PolicyCommand::Lint { policy, strict, as_of, output } => {
            lint::run(&lint::Options { policy, strict: *strict, as_of: as_of.as_deref(), output })
        }
        PolicyCommand::Convert { policy, lenient, to, output } => convert::run(policy, *lenient, to.as_deref(), output),
        PolicyCommand::Test { cases, policy, coverage, output } => {
            test::run(global, &test::Options { cases, policy: policy.as_deref(), coverage: *coverage, output })
        }
        PolicyCommand::Explain { policy, rule } => explain::run(policy, rule.as_deref()),
        PolicyCommand::Simulate { .. } => simulate::run(command),
        PolicyCommand::Diff { old, new, old_ext, new_ext, param, as_of, witness, output } => {
            let options = diff::Options {
                old: Origin::of_parts(old, old_ext.as_deref(), param)?,
                new: Origin::of_parts(new, new_ext.as_deref(), param)?,
                as_of: as_of.as_deref(),
                witness: witness.as_deref(),
                output,
            };
            diff::run(&options)
        }
        PolicyCommand::Schema { ext, output } => schema(*ext, output.as_deref()),
    }
}

/// Writes the schema of policies, or of side-cars.
fn schema(ext: bool, file: Option<&Path>) -> Result<u8, Failure> {
    let document = if ext { stopgate_policy::extension_schema() } else { stopgate_policy::schema() };
    let output = Wanted { format: (), file: file.map(Path::to_owned) };
    write_all(&[output], |(), out| writeln!(out, "{document:#}"))?;
    Ok(0)
}
