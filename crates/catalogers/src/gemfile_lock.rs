//! Gems that a `Gemfile.lock` pins (bundler.io, "Gemfile.lock").
//!
//! Sections begin at the margin; below `specs:` a gem stands at four blanks, what it needs at six. Checksums,
//! platforms and the Ruby version are left out.

use stopgate_model::{Gap, GapCode, Package, PackageType, Purl, limits};

use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static GEMFILE_LOCK: Cataloger = Cataloger {
    name: "ruby-gemfile-cataloger",
    finds: &[PackageType::GEM],
    sources: Sources::Directory,
    claims: &[Claim::Name("Gemfile.lock"), Claim::Name("Gemfile.next.lock")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_lock_file,
    assemble: Assemble::EachFile,
};

/// Sections that pin gems; a plug-in of Bundler is a gem too.
const SECTIONS: [&str; 4] = ["GEM", "GIT", "PATH", "PLUGIN SOURCE"];

fn read_lock_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    let (mut section, mut sections) = ("", 0);
    for line in text.lines() {
        if !line.starts_with(' ') {
            if !line.trim().is_empty() {
                section = line.trim();
                sections += usize::from(SECTIONS.contains(&section));
            }
        } else if SECTIONS.contains(&section) {
            facts.packages.extend(gem(line));
        }
    }
    if sections == 0 {
        let message = "the lock file has no section of gems: expected `GEM`, `GIT` or `PATH`";
        facts.gaps.push(Gap::new(GapCode::MetadataUnreadable, message));
    }
    Ok(())
}

/// `    name (version)`, at four blanks exactly.
fn gem(line: &str) -> Option<Package> {
    let rest = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' '))?;
    let (name, version) = rest.trim_end().split_once(" (")?;
    let version = version.strip_suffix(')')?;
    let mut package = Package::new(PackageType::GEM, name, version);
    package.purl = Purl::new("gem", "", name, version).to_string();
    Some(package)
}

#[cfg(test)]
mod tests {
    use crate::golden::golden;

    golden!(directory "gemfile_lock": typical, empty, corrupt, odd);
}
