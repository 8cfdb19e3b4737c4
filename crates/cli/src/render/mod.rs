//! What people read: text for a terminal, Markdown for a pull request, tables.

mod check_text;
mod controls_text;
mod findings;
mod markdown;
mod plan_text;
mod style;
mod tables;

pub(crate) use check_text::check_text;
pub(crate) use controls_text::controls_text;
pub(crate) use markdown::check_markdown;
pub(crate) use style::Style;
pub(crate) use tables::{packages_table, vulnerabilities_table};
