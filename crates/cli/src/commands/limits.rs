//! `stopgate limits`: the one table of limits.

use std::io::Write as _;

pub(crate) fn run() {
    let mut out = std::io::stdout().lock();
    for limit in stopgate_model::limits::TABLE {
        let name = limit.name.to_lowercase();
        let _ = writeln!(out, "{name:24} {:>14} {:8} {}", limit.value, limit.unit, limit.bounds.trim());
    }
}
