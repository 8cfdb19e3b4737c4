//! What matching and policy need of a package's `metadata`, for every ecosystem that has it.
//!
//! Fields are read one by one: a field of an unexpected kind is a field that is not there.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{Digest, DigestAlgorithm, Location, OwnedFile, Package, Upstream};

use crate::elements;

/// Today's name of a `metadataType`; syft's names before schema 12 ended in `Metadata` or `MetadataType`.
pub(super) fn current_name<'a>(name: &'a str, locations: &[Location]) -> &'a str {
    let at = |suffix: &str| locations.iter().any(|location| location.path.to_ascii_lowercase().ends_with(suffix));
    let stem = name.strip_suffix("Type").unwrap_or(name);
    match stem.strip_suffix("Metadata").unwrap_or(stem) {
        _ if !name.starts_with(|c: char| c.is_ascii_uppercase()) => name,
        "Alpm" => "alpm-db-entry",
        "Apk" => "apk-db-entry",
        "Binary" => "binary-signature",
        "Cocoapods" => "cocoa-podfile-lock-entry",
        "ConanLock" => "c-conan-lock-entry",
        "Conan" => "c-conan-file-entry",
        "DartPub" => "dart-pubspec-lock-entry",
        "DotnetDeps" => "dotnet-deps-entry",
        "Dpkg" => "dpkg-db-entry",
        "Gem" => "ruby-gemspec",
        "Golang" | "GolangBin" => "go-module-buildinfo-entry",
        "GolangMod" => "go-module-entry",
        "Hackage" if at(".yaml") => "haskell-hackage-stack-entry",
        "Hackage" => "haskell-hackage-stack-lock-entry",
        "Java" => "java-archive",
        "KbPatch" => "microsoft-kb-patch",
        "LinuxKernel" => "linux-kernel-archive",
        "LinuxKernelModule" => "linux-kernel-module",
        "MixLock" => "elixir-mix-lock-entry",
        "NixStore" => "nix-store-entry",
        "NpmPackageJson" | "NpmPackageJSON" => "javascript-npm-package",
        "NpmPackageLockJson" | "NpmPackageLockJSON" => "javascript-npm-package-lock-entry",
        "YarnLockJson" | "YarnLockJSON" => "javascript-yarn-lock-entry",
        "PhpComposerJson" | "PhpComposerJSON" => "php-composer-lock-entry",
        "PhpPecl" => "php-pecl-entry",
        "Portage" => "portage-db-entry",
        "PythonPackage" => "python-package",
        "PythonPipfileLock" => "python-pipfile-lock-entry",
        "PythonPoetryLock" => "python-poetry-lock-entry",
        "PythonRequirements" => "python-pip-requirements-entry",
        "RebarLock" => "erlang-rebar-lock-entry",
        "RDescriptionFile" => "r-description",
        "Rpm" if at(".rpm") => "rpm-archive",
        "Rpm" | "Rpmdb" => "rpm-db-entry",
        "RustCargoPackage" if at("cargo.lock") => "rust-cargo-lock-entry",
        "RustCargoPackage" => "rust-cargo-audit-entry",
        "SwiftPackageManager" => "swift-package-manager-lock-entry",
        "Wordpress" => "wordpress-plugin-entry",
        "CondaPackage" => "conda-metadata-entry",
        _ => name,
    }
}

type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Known<'a> {
    #[serde(borrow)]
    architecture: Raw<'a>,
    #[serde(borrow)]
    arch: Raw<'a>,
    #[serde(borrow)]
    epoch: Raw<'a>,
    #[serde(borrow)]
    source: Raw<'a>,
    #[serde(borrow)]
    source_version: Raw<'a>,
    #[serde(borrow)]
    source_rpm: Raw<'a>,
    #[serde(borrow)]
    modularity_label: Raw<'a>,
    #[serde(borrow)]
    origin_package: Raw<'a>,
    #[serde(borrow)]
    site_packages_root_path: Raw<'a>,
    #[serde(borrow)]
    digest: Raw<'a>,
    #[serde(borrow)]
    backup: Raw<'a>,
    #[serde(borrow)]
    files: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct File<'a> {
    #[serde(borrow)]
    path: Raw<'a>,
    #[serde(borrow)]
    digest: Raw<'a>,
    #[serde(borrow)]
    mode: Raw<'a>,
    #[serde(borrow)]
    permissions: Raw<'a>,
    #[serde(borrow)]
    size: Raw<'a>,
    #[serde(borrow)]
    flags: Raw<'a>,
    #[serde(borrow, rename = "isConfigFile")]
    config: Raw<'a>,
}

/// Fills the typed fields of a package from the metadata of its type.
pub(super) fn fill(package: &mut Package, type_name: &str, raw: &RawValue) {
    let Ok(known) = serde_json::from_str::<Known<'_>>(raw.get()) else { return };
    let arch = text(known.architecture).or(text(known.arch)).filter(|arch| !arch.is_empty());
    match type_name {
        "dpkg-db-entry" | "dpkg-archive-entry" => {
            package.arch = arch.map(Cow::into_owned);
            package.epoch = package.version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok());
            package.upstreams.extend(dpkg_source(text(known.source), text(known.source_version)));
            package.files = files(known.files, |file| Some(owned(file)));
        }
        "rpm-db-entry" | "rpm-archive" => {
            package.arch = arch.map(Cow::into_owned);
            package.epoch = number(known.epoch).and_then(|epoch| u32::try_from(epoch).ok());
            package.modularity = text(known.modularity_label).map(Cow::into_owned);
            package.upstreams.extend(text(known.source_rpm).and_then(|rpm| elements::source_rpm(&package.name, &rpm)));
            package.files = files(known.files, rpm_file);
        }
        "apk-db-entry" => {
            package.arch = arch.map(Cow::into_owned);
            let origin = text(known.origin_package).filter(|origin| !origin.is_empty() && **origin != package.name);
            package.upstreams.extend(origin.map(|name| Upstream { name: name.into_owned(), version: None }));
            package.files = files(known.files, |file| Some(apk_file(file)));
        }
        "alpm-db-entry" => {
            package.arch = arch.map(Cow::into_owned);
            package.files = files(known.files, |file| Some(owned(file)));
            for config in files(known.backup, |file| Some(owned(file))) {
                for file in package.files.iter_mut().filter(|file| file.path == config.path) {
                    file.config = true;
                }
            }
        }
        "python-package" => {
            let root = text(known.site_packages_root_path).unwrap_or_default();
            package.files = files(known.files, |file| Some(python_file(file, &root)));
        }
        "portage-db-entry"
        | "conda-metadata-entry"
        | "nix-store-entry"
        | "bitnami-sbom-entry"
        | "java-jvm-installation"
        | "cpan-distribution" => {
            package.files = files(known.files, |file| Some(owned(file)));
        }
        "java-archive" => {
            package.digests = digests(known.digest);
        }
        _ => package.arch = arch.map(Cow::into_owned),
    }
    package.files.retain(|file| file.path != "/");
}

// Documents before syft split it write `NAME (VERSION)`.
fn dpkg_source(source: Option<Cow<'_, str>>, version: Option<Cow<'_, str>>) -> Option<Upstream> {
    let source = source.filter(|source| !source.is_empty())?;
    let version = version.filter(|version| !version.is_empty()).map(Cow::into_owned);
    Some(match source.split_once(" (") {
        Some((name, written)) => Upstream {
            name: name.to_owned(),
            version: version.or_else(|| Some(written.trim_end_matches(')').to_owned())),
        },
        None => Upstream { name: source.into_owned(), version },
    })
}

fn files(list: Raw<'_>, each: impl Fn(&File<'_>) -> Option<OwnedFile>) -> Vec<OwnedFile> {
    let Some(elements) = list.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok()) else {
        return Vec::new();
    };
    let read = |raw: &RawValue| match serde_json::from_str::<File<'_>>(raw.get()) {
        Ok(file) => each(&file),
        // Some lists hold bare paths.
        Err(_) => each(&File { path: Some(raw), ..File::default() }),
    };
    elements.into_iter().filter_map(read).collect()
}

fn owned(file: &File<'_>) -> OwnedFile {
    let path = text(file.path).unwrap_or_default();
    OwnedFile {
        path: if path.starts_with('/') { path.into_owned() } else { format!("/{path}") },
        digest: digests(file.digest).into_iter().next(),
        mode: None,
        size: number(file.size),
        config: file.config.is_some_and(|raw| raw.get() == "true"),
    }
}

fn rpm_file(file: &File<'_>) -> Option<OwnedFile> {
    const TYPE: u64 = 0o170_000;
    const FOLDER: u64 = 0o040_000;
    let mode = number(file.mode);
    if mode.is_some_and(|mode| mode & TYPE == FOLDER) {
        return None;
    }
    let config = text(file.flags).is_some_and(|flags| flags.contains('c'));
    Some(OwnedFile { mode: mode.map(|mode| (mode & 0o7777) as u32), config, ..owned(file) })
}

fn apk_file(file: &File<'_>) -> OwnedFile {
    let mode = match text(file.permissions) {
        Some(octal) if !octal.is_empty() => u32::from_str_radix(&octal, 8).ok(),
        // apk leaves out a mode that is 0644.
        _ => Some(0o644),
    };
    OwnedFile { mode, ..owned(file) }
}

fn python_file(file: &File<'_>, root: &str) -> OwnedFile {
    let path = text(file.path).unwrap_or_default();
    let whole = if path.starts_with('/') { path.into_owned() } else { format!("{root}/{path}") };
    let mut parts = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    OwnedFile { path: format!("/{}", parts.join("/")), ..owned(file) }
}

/// One digest, or a list of them, in the spellings of syft's catalogers.
fn digests(raw: Raw<'_>) -> Vec<Digest> {
    #[derive(Deserialize)]
    struct Pair<'a> {
        #[serde(borrow)]
        algorithm: Raw<'a>,
        #[serde(borrow)]
        value: Raw<'a>,
    }
    let Some(raw) = raw else { return Vec::new() };
    let pairs = serde_json::from_str::<Vec<Pair<'_>>>(raw.get())
        .or_else(|_| serde_json::from_str::<Pair<'_>>(raw.get()).map(|pair| vec![pair]));
    let read = |pair: Pair<'_>| digest(&text(pair.algorithm)?, &text(pair.value)?);
    pairs.unwrap_or_default().into_iter().filter_map(read).collect()
}

fn digest(algorithm: &str, value: &str) -> Option<Digest> {
    // apk: `Q1` and the base64 of a SHA-1, `Q2` and that of a SHA-256.
    if let Some(encoded) = value.strip_prefix("Q1") {
        return Some(Digest::sha1(&STANDARD.decode(encoded).ok()?.try_into().ok()?));
    }
    if let Some(encoded) = value.strip_prefix("Q2") {
        return Some(Digest::sha256(&STANDARD.decode(encoded).ok()?.try_into().ok()?));
    }
    let algorithm = DigestAlgorithm::parse(algorithm)?;
    Digest::new(algorithm, value).or_else(|| {
        // Python's RECORD has them in base64 for URLs.
        let bytes = URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).ok()?;
        Digest::new(algorithm, &hex::encode(bytes))
    })
}

fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let raw = raw?.get();
    // Without a backslash the text stands in the document as it is.
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
    }
}

// Some ecosystems write numbers as texts.
fn number(raw: Raw<'_>) -> Option<u64> {
    raw?.get().trim_matches('"').parse().ok()
}
