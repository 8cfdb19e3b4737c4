//! Go modules linked into executables: the main module, its dependencies and the standard library.
//!
//! A replaced module counts as its replacement unless that is a folder. Boring and FIPS cryptography is
//! told by symbol names, so only in programs that were not stripped.

use aho_corasick::AhoCorasick;
use serde::Serialize;
use stopgate_archive::ReadAt;
use stopgate_model::{Cpe, Details, Gap, GapCode, License, LicenseKind, Package, PackageType};

use super::build_info::{self, BuildInfo, Module};
use super::main_version::{self, DEVEL};
use super::module_licenses::ModuleCache;
use super::purl;
use crate::assembly::add_file;
use crate::executable::{Format, Image, images};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, Found, MergedView, ReadError, Sources};

pub(crate) static GO_BINARY: Cataloger = Cataloger {
    name: "go-module-binary-cataloger",
    finds: &[PackageType::GO_MODULE],
    sources: Sources::All,
    claims: &[Claim::Executable],
    unreadable: GapCode::ExecutableUnreadable,
    extract: read_program,
    assemble: Assemble::Joined(add_modules),
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    go_build_settings: &'a [Setting<'a>],
    go_compiled_version: &'a str,
    architecture: &'a str,
    #[serde(rename = "h1Digest", skip_serializing_if = "str::is_empty")]
    h1_digest: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    main_module: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    go_crypto_settings: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    go_experiments: &'a [String],
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
}

#[expect(clippy::unnecessary_wraps, reason = "the contract of `extract`")]
fn read_program(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    // Tables that cannot be read say nothing of Go: broken executables of all kinds lie in test folders.
    let images = images(file.content()).unwrap_or_default();
    let mut has_library = false;
    for image in images {
        match build_info::read(file.content(), &image) {
            Ok(Some(info)) => {
                add_program(file.content(), &image, info, facts, has_library);
                has_library = true;
            }
            Ok(None) => {}
            Err(error) => facts.gaps.push(Gap::new(
                GapCode::ExecutableUnreadable,
                format!("the build information of Go in `{}` cannot be read: {error}", file.path()),
            )),
        }
    }
    Ok(())
}

/// What all modules of a program share.
struct Program<'a> {
    go_version: &'a str,
    architecture: String,
    main: &'a str,
    crypto: Vec<String>,
    experiments: Vec<String>,
}

fn add_program(content: &dyn ReadAt, image: &Image, mut info: BuildInfo, facts: &mut Facts, has_library: bool) {
    let mut main = main_module(&mut info);
    let version = info.go_version.clone();
    let (version, rest) = version.split_once(' ').unwrap_or((&version, ""));
    let setting = |key: &str| info.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let mut crypto = crypto_by_symbols(content, image);
    crypto.extend(crypto_by_settings(&info.settings));
    let main_path = main.as_ref().map(|main| main.path.clone()).unwrap_or_default();
    let program = Program {
        go_version: version,
        architecture: setting("GOARCH").filter(|arch| !arch.is_empty()).unwrap_or(&image.machine).to_owned(),
        main: &main_path,
        crypto,
        experiments: rest
            .split(' ')
            .filter_map(|chunk| chunk.strip_prefix("X:"))
            .flat_map(|list| list.split(','))
            .map(str::to_owned)
            .collect(),
    };
    let first = facts.packages.len() as u32;
    if let Some(main) = &mut main {
        if main.version == DEVEL {
            main.version = main_version::of(&main.path, &info.settings);
        }
        let settings: Vec<_> = info.settings.iter().map(|(key, value)| Setting { key, value }).collect();
        facts.packages.push(package(main, &program, &settings));
    }
    for dependency in info.dependencies.iter().filter(|module| !main.as_ref().is_some_and(|main| main == *module)) {
        let package = package(dependency, &program, &[]);
        if package.name.is_empty() {
            continue;
        }
        if main.is_some() {
            facts.dependencies.push((facts.packages.len() as u32, first));
        }
        facts.packages.push(package);
    }
    if !has_library
        && facts.packages.len() as u32 > first
        && let Some(library) = standard_library(version)
    {
        facts.dependencies.push((facts.packages.len() as u32, first));
        facts.packages.push(library);
    }
}

/// The main module. A build of single files has none; then the only dependency that is a working copy
/// takes its place, else the path of the main package.
fn main_module(info: &mut BuildInfo) -> Option<Module> {
    let partial = Module { path: "command-line-arguments".to_owned(), ..Module::default() };
    match info.main.take().filter(|main| *main != Module::default()) {
        Some(main) if main != partial => return Some(main),
        None if info.path.is_empty() => return None,
        _ => {}
    }
    let mut copies = info.dependencies.iter().enumerate().filter(|(_, module)| module.version == DEVEL);
    if let (Some((position, _)), None) = (copies.next(), copies.next()) {
        return Some(info.dependencies.remove(position));
    }
    Some(Module { path: info.path.clone(), version: DEVEL.to_owned(), ..Module::default() })
}

fn package(module: &Module, program: &Program<'_>, settings: &[Setting<'_>]) -> Package {
    let real = module.replaced_by.as_deref().unwrap_or(module);
    let path = if real.path.starts_with(['.', '/']) { &module.path } else { &real.path };
    let version = if real.version == DEVEL { "" } else { &real.version };
    let entry = Entry {
        go_build_settings: settings,
        go_compiled_version: program.go_version,
        architecture: &program.architecture,
        h1_digest: &real.sum,
        main_module: program.main,
        go_crypto_settings: &program.crypto,
        go_experiments: &program.experiments,
    };
    of_entry(path, version, purl(path, version), &entry)
}

fn of_entry(name: &str, version: &str, purl: String, entry: &Entry<'_>) -> Package {
    let mut package = Package::new(PackageType::GO_MODULE, name, version);
    package.purl = purl;
    package.details = serde_json::to_string(entry)
        .ok()
        .map(|json| Details { type_name: "go-module-buildinfo-entry".to_owned(), json });
    package
}

/// The standard library of a toolchain; `None` for a toolchain without a version number.
fn standard_library(version: &str) -> Option<Package> {
    let entry = Entry {
        go_build_settings: &[],
        go_compiled_version: version,
        architecture: "",
        h1_digest: "",
        main_module: "",
        go_crypto_settings: &[],
        go_experiments: &[],
    };
    let cpe = library_cpe(version)?;
    let plain = version.strip_prefix("go").unwrap_or(version);
    let mut package = of_entry("stdlib", version, purl("stdlib", plain), &entry);
    package.cpes = vec![Cpe { text: cpe, source: "syft-generated".to_owned() }];
    package.licenses = vec![License {
        value: "BSD-3-Clause".to_owned(),
        spdx: "BSD-3-Clause".to_owned(),
        kind: LicenseKind::Declared,
        urls: Vec::new(),
        locations: Vec::new(),
    }];
    Some(package)
}

/// `cpe:2.3:a:golang:go:1.22:rc1:…` of `go1.22rc1`; the update is `-` for a release.
fn library_cpe(version: &str) -> Option<String> {
    let version = version.split('+').next().unwrap_or(version);
    let version = version.get(version.find(|c: char| c.is_ascii_digit())?..)?;
    let mut end = 0;
    for (count, part) in version.split('.').take(3).enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        end += digits + usize::from(count > 0);
        if digits < part.len() {
            break;
        }
    }
    let (number, rest) = version.split_at_checked(end)?;
    let update =
        rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(rest, |end| rest.get(..end).unwrap_or(""));
    let update = if update.is_empty() { "-" } else { update };
    Some(format!("cpe:2.3:a:golang:go:{number}:{update}:*:*:*:*:*:*"))
}

/// Which cryptography a program was linked with, by the names in its symbol table.
fn crypto_by_symbols(content: &dyn ReadAt, image: &Image) -> Vec<String> {
    const KINDS: [&str; 3] = ["standard-crypto", "boring-crypto", "crypto/tls/fipsonly"];
    const SIGNS: [(&str, usize); 7] = [
        ("\0crypto/sha1.(*digest)", 0),
        ("\0crypto/sha256.(*digest)", 0),
        ("\0crypto/rand.(*devReader)", 0),
        ("\0crypto/internal/boring/sig.StandardCrypto", 0),
        ("_Cfunc__goboringcrypto_", 1),
        ("\0crypto/internal/boring/sig.BoringCrypto", 1),
        ("\0crypto/internal/boring/sig.FIPSOnly", 2),
    ];
    let Some((start, size)) = image.symbol_names else { return Vec::new() };
    // Mach-O puts an underscore in front of every name.
    let lead = if image.format == Format::MachO { "\0_" } else { "\0" };
    let Ok(signs) = AhoCorasick::new(SIGNS.iter().map(|(sign, _)| sign.replace('\0', lead))) else { return Vec::new() };
    let mut seen = [false; KINDS.len()];
    let (mut at, mut buffer) = (0, Vec::new());
    while at < size {
        let length = (size - at).min(CHUNK + OVERLAP);
        buffer.resize(length as usize, 0);
        if content.read_exact_at(start.saturating_add(at), &mut buffer).is_err() {
            break;
        }
        for (_, kind) in signs.find_iter(&buffer).filter_map(|hit| SIGNS.get(hit.pattern().as_usize())) {
            if let Some(seen) = seen.get_mut(*kind) {
                *seen = true;
            }
        }
        at += CHUNK;
    }
    KINDS.iter().zip(seen).filter(|(_, seen)| *seen).map(|(kind, _)| (*kind).to_owned()).collect()
}

const CHUNK: u64 = 1 << 20;
/// No sign is longer.
const OVERLAP: u64 = 64;

fn crypto_by_settings(settings: &[(String, String)]) -> Vec<String> {
    let mut all = Vec::new();
    for (key, value) in settings {
        match key.as_str() {
            "GOFIPS140" if !value.is_empty() => all.push(format!("GOFIPS140={value}")),
            "DefaultGODEBUG" => {
                let modes = value.split(',').filter_map(|part| part.strip_prefix("fips140="));
                all.extend(modes.map(|mode| format!("GODEBUG=fips140={mode}")));
            }
            _ => {}
        }
    }
    all
}

fn add_modules(view: &MergedView<'_>, found: &mut Found) {
    let cache = ModuleCache::new(view);
    for file in view.of(GO_BINARY.name) {
        let first = found.packages.len();
        add_file(file, found);
        for package in found.packages.iter_mut().skip(first) {
            cache.add_to(package);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GO_BINARY, library_cpe};
    use crate::go::build_info::tests::program;
    use crate::{Claimed, Facts, extract_file};

    fn facts(version: &str, modules: &str) -> Facts {
        let file = program(version, modules);
        extract_file(&GO_BINARY, &Claimed::new("usr/bin/app", 0o755, &file))
    }

    fn names(facts: &Facts) -> Vec<String> {
        facts.packages.iter().map(|package| format!("{} {} {}", package.name, package.version, package.purl)).collect()
    }

    #[test]
    fn main_module_dependencies_and_library_are_packages() {
        let facts = facts(
            "go1.22.1 X:loopvar,arenas",
            "path\texample.org/App/cmd\nmod\texample.org/App\t(devel)\t\ndep\ta.example/x/v2\tv2.0.0+incompatible\th1:AAAA=\n\
             dep\tb.example/old\tv1.0.0\n=>\tc.example/new\tv3.0.0\th1:CCCC=\ndep\td.example/local\tv1.0.0\n=>\t./local\t(devel)\t\n\
             build\tGOARCH=arm64\nbuild\tDefaultGODEBUG=x=1,fips140=on\nbuild\tvcs.revision=0123456789abcdef\nbuild\tvcs.time=2024-01-02T03:04:05Z\n",
        );
        assert_eq!(
            names(&facts),
            [
                "example.org/App v0.0.0-20240102030405-0123456789ab pkg:golang/example.org/App@v0.0.0-20240102030405-0123456789ab",
                "a.example/x/v2 v2.0.0+incompatible pkg:golang/a.example/x/v2@v2.0.0%2Bincompatible",
                "c.example/new v3.0.0 pkg:golang/c.example/new@v3.0.0",
                "d.example/local  pkg:golang/d.example/local",
                "stdlib go1.22.1 pkg:golang/stdlib@1.22.1",
            ]
        );
        assert_eq!(facts.dependencies, [(1, 0), (2, 0), (3, 0), (4, 0)]);
        assert_eq!(
            facts.packages[2].details.as_ref().unwrap().json,
            r#"{"goCompiledVersion":"go1.22.1","architecture":"arm64","h1Digest":"h1:CCCC=","mainModule":"example.org/App","goCryptoSettings":["GODEBUG=fips140=on"],"goExperiments":["loopvar","arenas"]}"#
        );
        assert!(facts.gaps.is_empty());
    }

    #[test]
    fn a_build_of_single_files_gets_a_main_module() {
        let only =
            facts("go1.20", "path\tcommand-line-arguments\ndep\tx.example/own\t(devel)\t\ndep\ty.example/z\tv1.0.0\n");
        assert_eq!(names(&only)[0], "x.example/own  pkg:golang/x.example/own");
        let none = facts("go1.20", "path\tx.example/cmd\ndep\ty.example/z\tv1.0.0\n");
        assert_eq!(names(&none)[0], "x.example/cmd  pkg:golang/x.example/cmd");
        assert!(facts("go1.20", "").packages.is_empty());
    }

    #[test]
    fn truncated_information_is_a_gap() {
        let mut file = program("go1.22.1", "mod\tx\tv1.0.0\t\n");
        let at = file.windows(8).position(|window| window == b"go1.22.1").unwrap();
        file[at - 1] = 0x7f;
        file[at] = 0xff;
        let mut length = program("go1.22.1", "x");
        let at = length.windows(8).position(|window| window == b"go1.22.1").unwrap();
        length[at - 1] = 0xff;
        let facts = extract_file(&GO_BINARY, &Claimed::new("app", 0o755, &length));
        assert_eq!((facts.packages.len(), facts.gaps.len()), (0, 1), "{facts:?}");
    }

    #[test]
    fn toolchain_versions_name_the_library() {
        for (version, cpe) in [
            ("go1.22.1", Some("1.22.1:-")),
            ("go1.22rc1", Some("1.22:rc1")),
            ("go1.20.14-fips", Some("1.20.14:-")),
            ("go1.19.1+x", Some("1.19.1:-")),
            ("devel", None),
        ] {
            let expected = cpe.map(|cpe| format!("cpe:2.3:a:golang:go:{cpe}:*:*:*:*:*:*"));
            assert_eq!(library_cpe(version), expected, "{version}");
        }
    }
}
