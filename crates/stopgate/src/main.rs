//! The `stopgate` program.

fn main() {}
