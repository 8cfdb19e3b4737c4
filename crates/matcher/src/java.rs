//! Java archives and Jenkins plugins, by the names that `subject` gathers from pom, manifest and package URL.

use crate::by_name::named;
use crate::search::{Outcome, Search};
use crate::subject::Subject;

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    named(search, subject, "java-matcher", out);
}
