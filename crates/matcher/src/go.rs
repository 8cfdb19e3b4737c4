//! Go modules, by module path. The main module of a binary is skipped when its version says nothing.

use crate::by_name::named;
use crate::search::{Outcome, Search};
use crate::subject::Subject;

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    let package = subject.package;
    let pseudo = package.version.starts_with("v0.0.0-") && !search.options.main_module_pseudo_versions;
    let says_nothing = pseudo || package.version.starts_with("(devel)");
    if says_nothing && !package.name.is_empty() && package.name == subject.go.main_module {
        return;
    }
    named(search, subject, "go-module-matcher", out);
}
