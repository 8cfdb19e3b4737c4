//! Gate `expression`: conditions that no other trigger has, written in CEL (Common Expression Language).
//!
//! An expression is bounded before it is believed: its text ([`source`]), then its tree ([`check`]) with the types of
//! its names ([`fields`]). It runs on borrowed views of the artifact ([`objects`]) on a stack of its own ([`run`]).

mod check;
pub(crate) mod fields;
pub(super) mod matches;
mod objects;
mod program;
mod run;
mod source;
