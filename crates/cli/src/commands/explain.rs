//! `stopgate explain`: why a finding fired, or why a vulnerability did not.

use crate::arguments::{Explain, Global};
use crate::failure::Failure;

pub(crate) fn run(_: &Global, _: &Explain) -> Result<u8, Failure> {
    Err(Failure::new("this command is not built yet"))
}
