//! rpm packages: by own name with an explicit epoch, by source rpm without one; AlmaLinux and RHEL's extended support
//! have rules of their own.

use std::borrow::Cow;

use stopgate_model::Package;

use crate::search::{Outcome, Search, Target};
use crate::subject::Subject;
use crate::{almalinux, streams};

pub(crate) const MATCHER: &str = "rpm-matcher";

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    if subject.package.version.is_empty() {
        return;
    }
    if search.resolution.distro == "almalinux" {
        almalinux::search(search, subject, out);
        return;
    }
    let epochs = search.options.rpm_epochs;
    let mut own = Target::own(subject, MATCHER, epochs);
    own.version = Cow::Owned(with_epoch(subject.package));
    one(search, subject, &own, out);
    for source in Target::sources(subject, MATCHER, epochs) {
        one(search, subject, &source, out);
    }
}

fn one<'d>(search: &Search<'d>, subject: &Subject<'_>, target: &Target<'_>, out: &mut Outcome<'d>) {
    let resolution = &search.resolution;
    if resolution.distro == "redhat" && resolution.channels.iter().any(|channel| channel == "eus") {
        streams::search(search, subject, target, out);
        return;
    }
    let mut partition = search.distro(subject, target, &resolution.scopes, true);
    if subject.is_owner {
        let settled = search.settled(&partition);
        out.evidence.owned(subject.package.id, settled, "Distro Not Vulnerable");
    }
    out.found.append(&mut partition.vulnerable);
}

/// The version with its epoch: a package's own epoch is known, so a missing one is 0. Only that of a source rpm is not.
pub(crate) fn with_epoch(package: &Package) -> String {
    if package.version.contains(':') {
        return package.version.clone();
    }
    format!("{}:{}", package.epoch.unwrap_or(0), package.version)
}
