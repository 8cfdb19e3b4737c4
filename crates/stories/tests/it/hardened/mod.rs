//! The hardened image of the test kit, what can be broken about it, and the program that looks at it. Several stories
//! use them.

mod desk;
mod properties;

pub(crate) use desk::{Desk, Given, NOW, Subject, site};
pub(crate) use properties::{Past, Row, WHOLE, row, rows};
