//! Crates of executables built with cargo-auditable: zlib-compressed JSON in the section `.dep-v0`
//! (github.com/rust-secure-code/cargo-auditable, "PARSING.md"). Crates that only the build needed are
//! left out; WebAssembly is not read.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};
use stopgate_archive::ReadAt;
use stopgate_model::{Details, Gap, GapCode, Package, PackageType};

use super::purl;
use crate::executable::{Section, images};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static RUST_AUDIT: Cataloger = Cataloger {
    name: "cargo-auditable-binary-cataloger",
    finds: &[PackageType::RUST_CRATE],
    sources: Sources::All,
    claims: &[Claim::Executable],
    unreadable: GapCode::ExecutableUnreadable,
    extract: read_program,
    assemble: Assemble::EachFile,
};

/// Two names: the second one is of early versions.
const SECTIONS: [&str; 2] = [".dep-v0", ".rust-deps-v0"];
const LONGEST: u64 = 16 << 20;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Audit {
    packages: Vec<Crate>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Crate {
    name: String,
    version: String,
    source: String,
    kind: Option<String>,
    dependencies: Vec<u64>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    source: &'a str,
}

#[expect(clippy::unnecessary_wraps, reason = "the contract of `extract`")]
fn read_program(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    // Tables that cannot be read say nothing of Rust: broken executables of all kinds lie in test folders.
    for image in images(file.content()).unwrap_or_default() {
        let Some(section) = SECTIONS.iter().find_map(|name| image.section(name)) else { continue };
        match audit(file.content(), section) {
            Ok(audit) => add(&audit, facts),
            Err(reason) => facts.gaps.push(Gap::new(
                GapCode::ExecutableUnreadable,
                format!("the list of crates in `{}` {reason}", file.path()),
            )),
        }
    }
    Ok(())
}

fn audit(content: &dyn ReadAt, section: &Section) -> Result<Audit, String> {
    if section.size > LONGEST.min(content.size()) {
        return Err(format!("is {} bytes long, the limit is {LONGEST}", section.size));
    }
    let mut packed = vec![0; section.size as usize];
    content.read_exact_at(section.offset, &mut packed).map_err(|error| format!("cannot be read: {error}"))?;
    let mut json = Vec::new();
    let decoder = ZlibDecoder::new(packed.as_slice());
    decoder.take(LONGEST + 1).read_to_end(&mut json).map_err(|error| format!("cannot be inflated: {error}"))?;
    if json.len() as u64 > LONGEST {
        return Err(format!("inflates to more than {LONGEST} bytes"));
    }
    serde_json::from_slice(&json).map_err(|error| format!("is no list of crates: {error}"))
}

fn add(audit: &Audit, facts: &mut Facts) {
    // Positions in the facts of the crates that count.
    let mut places = Vec::with_capacity(audit.packages.len());
    for one in &audit.packages {
        let counts = !one.name.is_empty() && one.kind.as_deref().is_none_or(|kind| kind == "runtime");
        places.push(counts.then_some(facts.packages.len() as u32));
        if counts {
            facts.packages.push(package(one));
        }
    }
    for (one, dependent) in audit.packages.iter().zip(&places) {
        let dependencies = one.dependencies.iter().filter_map(|position| *places.get(*position as usize)?);
        facts.dependencies.extend(dependencies.filter_map(|dependency| Some((dependency, (*dependent)?))));
    }
}

fn package(one: &Crate) -> Package {
    let mut package = Package::new(PackageType::RUST_CRATE, one.name.as_str(), one.version.as_str());
    package.purl = purl(&one.name, &one.version);
    let entry = Entry { name: &one.name, version: &one.version, source: &one.source };
    let json = serde_json::to_string(&entry).ok();
    package.details = json.map(|json| Details { type_name: "rust-cargo-audit-entry".to_owned(), json });
    package
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;

    use super::RUST_AUDIT;
    use crate::executable::tests::tiny_elf;
    use crate::{Claimed, Facts, extract_file};

    fn program(json: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(json.as_bytes()).unwrap();
        tiny_elf(&[(".text", b""), (".dep-v0", &encoder.finish().unwrap())])
    }

    fn facts(file: &[u8]) -> Facts {
        extract_file(&RUST_AUDIT, &Claimed::new("usr/bin/tool", 0o755, &file.to_vec()))
    }

    #[test]
    fn runtime_crates_are_packages() {
        let facts = facts(&program(
            r#"{"packages":[{"name":"build-only","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"left","version":"1.2.3","source":"crates.io","dependencies":[0,9]},
            {"name":"tool","version":"0.1.0","source":"local","dependencies":[1,0],"root":true}]}"#,
        ));
        let rows: Vec<_> = facts.packages.iter().map(|package| package.purl.as_str()).collect();
        assert_eq!(rows, ["pkg:cargo/left@1.2.3", "pkg:cargo/tool@0.1.0"]);
        assert_eq!(facts.dependencies, [(0, 1)]);
        let details = facts.packages[1].details.as_ref().unwrap();
        assert_eq!(details.json, r#"{"name":"tool","version":"0.1.0","source":"local"}"#);
    }

    #[test]
    fn damage_is_a_gap_and_absence_is_not() {
        for (file, gaps) in [
            (tiny_elf(&[(".dep-v0", b"not zlib")]), 1),
            (program("\"text\""), 1),
            (program("{}"), 0),
            (tiny_elf(&[(".text", b"")]), 0),
            (b"#!/bin/sh".to_vec(), 0),
        ] {
            let facts = facts(&file);
            assert_eq!((facts.packages.len(), facts.gaps.len()), (0, gaps), "{facts:?}");
        }
    }

    proptest! {
        #[test]
        fn damaged_programs_never_panic(at in 0..400_usize, byte: u8) {
            let mut file = program(r#"{"packages":[{"name":"a","version":"1","source":"","dependencies":[0]}]}"#);
            let length = file.len();
            file[at % length] = byte;
            facts(&file);
        }
    }
}
