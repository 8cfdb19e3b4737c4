//! `stopgate limits`: the one table of limits.

use crate::failure::Failure;
use crate::output::to_stdout;

pub(crate) fn run() -> Result<u8, Failure> {
    to_stdout(|out| {
        for limit in stopgate_model::limits::TABLE {
            let name = limit.name.to_lowercase();
            writeln!(out, "{name:24} {:>14} {:8} {}", limit.value, limit.unit, limit.bounds.trim())?;
        }
        Ok(())
    })?;
    Ok(0)
}
