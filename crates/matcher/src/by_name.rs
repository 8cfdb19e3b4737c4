//! Packages whose data is keyed by ecosystem and name: the languages, Bitnami, Microsoft updates, and everything for
//! which nothing better is known ("stock"), which is searched by CPE too.

use stopgate_version::EpochStrategy;

use crate::by_cpe::CpeTarget;
use crate::search::{Outcome, Search, Target};
use crate::subject::Subject;

/// Matchers of this file by package type: type, grype's name of the matcher.
const TYPES: [(&str, &str); 9] = [
    ("gem", "ruby-gem-matcher"),
    ("python", "python-matcher"),
    ("dotnet", "dotnet-matcher"),
    ("npm", "javascript-matcher"),
    ("rust-crate", "rust-matcher"),
    ("hex", "hex-matcher"),
    ("erlang-otp", "hex-matcher"),
    ("bitnami", "bitnami-matcher"),
    ("msrc-kb", "msrc-matcher"),
];

/// Searches the ecosystem, and by CPE where no matcher is made for the type.
pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    let kind = subject.package.package_type.id();
    let matcher = TYPES.iter().find(|(id, _)| *id == kind).map(|(_, matcher)| *matcher);
    named(search, subject, matcher.unwrap_or("stock-matcher"), out);
    if matcher.is_none() && search.options.by_cpe {
        let mut found = search.cpes(subject, &CpeTarget::own(subject, "stock-matcher"), out);
        out.found.append(&mut found);
    }
}

/// Searches the ecosystem by all names of the package.
pub(crate) fn named<'d>(search: &Search<'d>, subject: &Subject<'_>, matcher: &'static str, out: &mut Outcome<'d>) {
    let mut target = Target::own(subject, matcher, EpochStrategy::Native);
    if matches!(subject.package.package_type.id(), "bitnami" | "msrc-kb") {
        // These are named exactly.
        target.names.truncate(1);
    }
    search.ecosystem(subject, &target, out);
}
