//! What people read: text for a terminal, Markdown for a pull request, tables.

mod check_text;
mod controls_text;
mod findings;
mod markdown;
mod pack_markdown;
mod pack_page;
mod pack_text;
mod plan_text;
mod style;
mod tables;

pub(crate) use check_text::check_text;
pub(crate) use controls_text::controls_text;
pub(crate) use markdown::{check_markdown, escape};
pub(crate) use pack_markdown::pack_markdown;
pub(crate) use pack_text::pack_text;
pub(crate) use style::Style;
pub(crate) use tables::{columns, packages_table, vulnerabilities_table};
