//! Debian packages, by source name and by own name; with extended support also Ubuntu's ESM fixes.

use crate::search::{Outcome, Search, Target};
use crate::streams;
use crate::subject::Subject;

const MATCHER: &str = "dpkg-matcher";

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    let epochs = search.options.deb_epochs;
    let esm = search.resolution.distro == "ubuntu" && search.resolution.channels.iter().any(|channel| channel == "esm");
    for target in Target::sources(subject, MATCHER, epochs) {
        if esm {
            streams::search(search, subject, &target, out);
        } else {
            search.usual(subject, &target, out);
        }
    }
    let target = Target::own(subject, MATCHER, epochs);
    if esm {
        streams::search(search, subject, &target, out);
    } else {
        search.usual(subject, &target, out);
    }
}
