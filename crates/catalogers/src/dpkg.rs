//! Packages installed by dpkg (Debian, Ubuntu and their kin, distroless images) and by opkg (OpenWrt, Yocto).
//!
//! The status file names the packages; `info/NAME.md5sums` and `.conffiles` list their files, and
//! `/usr/share/doc/NAME/copyright` tells the licences. The files may lie in different layers, so each is
//! read for itself and they are joined once the tree is merged. Format: deb-control(5), dpkg(1).

mod control;
mod copyright;
mod package;

use stopgate_model::{Gap, GapCode, PackageType, limits};

use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources, claims};

/// `dpkg-db-cataloger`.
pub(crate) static DPKG_DB: Cataloger = Cataloger {
    name: NAME,
    finds: &[PackageType::DEB],
    sources: Sources::All,
    claims: &[
        Claim::Glob("**/lib/dpkg/status"),
        Claim::Glob("**/lib/dpkg/status.d/*"),
        Claim::Glob("**/lib/dpkg/info/*.md5sums"),
        Claim::Glob("**/lib/dpkg/info/*.conffiles"),
        Claim::Glob("**/lib/opkg/status"),
        Claim::Glob("**/lib/opkg/info/*.control"),
        Claim::Glob("**/lib/opkg/info/*.conffiles"),
        Claim::Glob("usr/share/doc/**/copyright"),
    ],
    unreadable: GapCode::DatabaseUnreadable,
    extract: read,
    assemble: Assemble::Joined(package::join),
};

pub(crate) const NAME: &str = "dpkg-db-cataloger";

/// Lines of `DIGEST  PATH`, as text.
const MD5SUMS: &str = "md5sums";
/// Lines of `PATH [DIGEST]`, as text.
const CONFFILES: &str = "conffiles";
const STATUS: &str = "status";
const COPYRIGHT: &str = "copyright";

fn read(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    if file.name() == "copyright" {
        match copyright::read(file) {
            Ok(read) => facts.record(COPYRIGHT, &read),
            Err(error) => facts.gaps.push(claims::gap_of(GapCode::MetadataUnreadable, file, &error)),
        }
        return Ok(());
    }
    let text = file.text(limits::METADATA_BYTES)?;
    if file.name().ends_with(".md5sums") {
        // A list is kept as it is: it is split when its package is put together.
        facts.record(MD5SUMS, &*text);
        let bad = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().contains(' ')).count();
        if bad > 0 {
            let message = format!("{bad} lines of `{}` are no digest and path", file.path());
            facts.gaps.push(Gap::new(GapCode::RecordUnreadable, message));
        }
    } else if file.name().ends_with(".conffiles") {
        facts.record(CONFFILES, &*text);
    } else {
        let stanzas = control::stanzas(&text, facts);
        if !stanzas.is_empty() {
            facts.record(STATUS, &stanzas);
        } else if facts.gaps.iter().any(|gap| gap.code == GapCode::RecordUnreadable) {
            return Err(ReadError::Malformed("has no package that can be read".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(image "dpkg": typical, empty, corrupt, distroless, opkg, links);
}
