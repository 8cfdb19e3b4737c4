//! Artifacts and verdicts for tests: arbitrary ones, and hostile ones.

mod check;
mod controls;
mod documents;
mod matches;

use arbtest::arbitrary::{Arbitrary, Result, Unstructured};
use stopgate_model::{
    Analyzer, Artifact, Confidence, ConfigHit, ConfigPlace, Cpe, Details, Digest, Distro, Dockerfile, DockerfileMode,
    Element, EvidenceKind, FileEntry, FileIndex, FileIndexBuilder, FileKind, Gap, GapClass, GapCode, Healthcheck,
    HistoryEntry, ImageConfig, ImageReference, ImageSource, Instruction, LayerInfo, License, LicenseKind, Location,
    OwnedFile, Package, PackageId, PackageType, Relationship, RelationshipKind, RetrievedFile, SbomHead, SearchHit,
    SourceDescription, SourceKind, Upstream,
};

pub(crate) use self::check::{Check, check, hostile_check};
pub(crate) use self::controls::{Controls, controls, hostile_controls};
use self::documents::documents;
pub(crate) use self::matches::{matches, vulnerability};

/// Text with all that breaks formats: quotes, control characters, markup, formulas, characters of four bytes.
pub(crate) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let pieces = [
        "a",
        "B7",
        " ",
        "\"",
        "\\",
        "'",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1}",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "\u{feff}",
        "é",
        "💥",
        "<",
        ">",
        "&",
        "]]>",
        "=1",
        "+",
        "-",
        "@",
        "/",
        "../",
        "%",
        "#",
        "{",
        "}",
        ":",
        "|",
        ",",
        ";",
        "CVE-2024-1",
    ];
    let length = u.int_in_range(0..=5)?;
    (0..length).map(|_| Ok(*u.choose(&pieces)?)).collect()
}

fn name(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(format!("n{}", text(u)?))
}

fn any<T: for<'u> Arbitrary<'u>>(u: &mut Unstructured<'_>) -> Result<T> {
    u.arbitrary()
}

pub(crate) fn many<T>(u: &mut Unstructured<'_>, each: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let length = u.int_in_range(0..=3)?;
    (0..length).map(|_| each(u)).collect()
}

pub(crate) fn maybe<T>(
    u: &mut Unstructured<'_>,
    each: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if u.arbitrary()? { each(u).map(Some) } else { Ok(None) }
}

pub(crate) fn digest(u: &mut Unstructured<'_>) -> Result<Digest> {
    Ok(if u.arbitrary()? { Digest::sha256(&u.arbitrary()?) } else { Digest::sha1(&u.arbitrary()?) })
}

fn path(u: &mut Unstructured<'_>) -> Result<String> {
    let parts = many(u, name)?;
    Ok(if parts.is_empty() { "/x".to_owned() } else { format!("/{}", parts.join("/")) })
}

fn location(u: &mut Unstructured<'_>) -> Result<Location> {
    let path = path(u)?;
    let access_path = maybe(u, self::path)?.unwrap_or_else(|| path.clone());
    let evidence = *u.choose(&[EvidenceKind::Primary, EvidenceKind::Supporting])?;
    Ok(Location { path, access_path, layer: maybe(u, digest)?, evidence })
}

fn license(u: &mut Unstructured<'_>) -> Result<License> {
    Ok(License {
        value: text(u)?,
        spdx: (*u.choose(&["", "MIT", "GPL-2.0-only OR MIT"])?).to_owned(),
        kind: *u.choose(&[LicenseKind::Declared, LicenseKind::Concluded])?,
        urls: many(u, text)?,
        locations: many(u, location)?,
    })
}

fn json(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(serde_json::json!({ "key": text(u)?, "files": [text(u)?], "n": u.arbitrary::<u32>()? }).to_string())
}

fn package(u: &mut Unstructured<'_>) -> Result<Package> {
    let types =
        [PackageType::DEB, PackageType::RPM, PackageType::NPM, PackageType::JAVA_ARCHIVE, PackageType::named("odd")];
    let mut package = Package::new(u.choose(&types)?.clone(), name(u)?, text(u)?);
    // Readers take no id of zero.
    package.id = PackageId(u.arbitrary::<u64>()?.max(1));
    package.epoch = maybe(u, any)?;
    package.arch = maybe(u, text)?;
    package.purl =
        maybe(u, |u| Ok(format!("pkg:npm/{}@1?distro=debian-12&x={}", name(u)?, text(u)?)))?.unwrap_or_default();
    package.cpes = many(u, |u| Ok(Cpe { text: text(u)?, source: text(u)? }))?;
    package.licenses = many(u, license)?;
    package.upstreams = many(u, |u| Ok(Upstream { name: name(u)?, version: maybe(u, text)? }))?;
    package.modularity = maybe(u, text)?;
    package.digests = many(u, digest)?;
    package.locations = many(u, location)?;
    package.locations.sort_by_key(|location| location.evidence);
    package.found_by = text(u)?;
    package.confidence = *u.choose(&[Confidence::Low, Confidence::High])?;
    package.files = many(u, |u| {
        Ok(OwnedFile {
            path: path(u)?,
            digest: maybe(u, digest)?,
            mode: maybe(u, any)?,
            size: maybe(u, any)?,
            config: u.arbitrary()?,
        })
    })?;
    package.details = maybe(u, |u| Ok(Details { type_name: name(u)?, json: json(u)? }))?;
    Ok(package)
}

fn tree(u: &mut Unstructured<'_>, packages: &[Package]) -> Result<FileIndex> {
    let mut tree = FileIndexBuilder::default();
    let mut paths = many(u, path)?;
    paths.push("/".to_owned());
    paths.push(name(u)?);
    paths.extend(packages.iter().flat_map(|package| &package.files).map(|file| file.path.clone()));
    let (mut digests, mut capabilities) = (Vec::new(), Vec::new());
    for path in paths {
        digests.extend(many(u, |u| Ok((path.clone(), digest(u)?)))?);
        capabilities.extend(maybe(u, |u| Ok((path.clone(), u.arbitrary::<[u8; 20]>()?)))?);
        let link = maybe(u, text)?;
        let sha256: Option<[u8; 32]> = maybe(u, any)?;
        tree.push(&FileEntry {
            path: &path,
            kind: *u.choose(&FileKind::ALL)?,
            mode: u.int_in_range(0..=0o7777)?,
            uid: u.arbitrary()?,
            gid: u.arbitrary()?,
            size: u.arbitrary()?,
            sha256: sha256.as_ref(),
            link: link.as_deref(),
            layer: u.int_in_range(0..=3)?,
        });
    }
    let mut tree = tree.finish();
    tree.add_digests(digests.iter().map(|(path, digest)| (path.as_str(), digest.clone())));
    tree.add_capabilities(capabilities.iter().map(|(path, raw)| (path.as_str(), raw.as_slice())));
    Ok(tree)
}

fn gap(u: &mut Unstructured<'_>) -> Result<Gap> {
    Ok(Gap {
        code: *u.choose(GapCode::ALL)?,
        class: *u.choose(&[GapClass::Note, GapClass::Partial, GapClass::Undecidable])?,
        path: maybe(u, path)?,
        layer: maybe(u, digest)?,
        limit: maybe(u, any)?,
        seen: maybe(u, any)?,
        message: text(u)?,
    })
}

pub(crate) fn image(u: &mut Unstructured<'_>) -> Result<ImageSource> {
    Ok(ImageSource {
        reference: ImageReference {
            registry: name(u)?,
            repository: name(u)?,
            tag: maybe(u, name)?,
            digest: maybe(u, digest)?,
        },
        tags: many(u, text)?,
        repo_digests: many(u, text)?,
        image_id: digest(u)?,
        manifest_digest: digest(u)?,
        manifest_is_local: u.arbitrary()?,
        media_type: text(u)?,
        size: u.arbitrary()?,
        layers: many(u, |u| {
            Ok(LayerInfo { diff_id: digest(u)?, digest: maybe(u, digest)?, media_type: text(u)?, size: u.arbitrary()? })
        })?,
        manifest: u.arbitrary()?,
        config: u.arbitrary()?,
        architecture: text(u)?,
        variant: text(u)?,
        os: text(u)?,
        annotations: many(u, |u| Ok((text(u)?, text(u)?)))?,
    })
}

fn source(u: &mut Unstructured<'_>) -> Result<SourceDescription> {
    let kind = match u.int_in_range(0..=3)? {
        0 => SourceKind::Directory { path: text(u)? },
        1 => SourceKind::File { path: text(u)?, digests: many(u, digest)? },
        2 => SourceKind::Other { type_name: name(u)?, json: json(u)? },
        _ => SourceKind::Image(Box::new(image(u)?)),
    };
    Ok(SourceDescription { id: name(u)?, name: text(u)?, version: text(u)?, user_input: text(u)?, kind })
}

fn config(u: &mut Unstructured<'_>) -> Result<ImageConfig> {
    Ok(ImageConfig {
        user: text(u)?,
        exposed_ports: many(u, text)?,
        env: many(u, text)?,
        labels: many(u, |u| Ok((text(u)?, text(u)?)))?,
        healthcheck: maybe(u, |u| {
            Ok(Healthcheck {
                test: many(u, text)?,
                interval_ns: u.arbitrary()?,
                timeout_ns: u.arbitrary()?,
                retries: u.arbitrary()?,
            })
        })?,
        history: maybe(u, |u| {
            many(u, |u| {
                Ok(HistoryEntry { created_by: text(u)?, empty_layer: u.arbitrary()?, ..HistoryEntry::default() })
            })
        })?,
        ..ImageConfig::default()
    })
}

fn dockerfile(u: &mut Unstructured<'_>) -> Result<Dockerfile> {
    Ok(Dockerfile {
        mode: *u.choose(&[DockerfileMode::Actual, DockerfileMode::Guessed])?,
        text: text(u)?,
        instructions: many(u, |u| {
            Ok(Instruction { keyword: text(u)?, arguments: text(u)?, line: u.arbitrary()?, stage: u.arbitrary()? })
        })?,
    })
}

fn secret(u: &mut Unstructured<'_>) -> Result<SearchHit> {
    Ok(SearchHit { path: path(u)?, layer: maybe(u, digest)?, name: text(u)?, pattern: text(u)?, lines: many(u, any)? })
}

fn config_secret(u: &mut Unstructured<'_>) -> Result<ConfigHit> {
    let place = *u.choose(&[ConfigPlace::History, ConfigPlace::Env, ConfigPlace::Labels])?;
    Ok(ConfigHit { place, field: text(u)?, name: text(u)? })
}

/// Any artifact, its packages with distinct ids.
pub(crate) fn artifact(u: &mut Unstructured<'_>) -> Result<Artifact> {
    let mut packages = many(u, package)?;
    packages.sort_by_key(|package| package.id);
    packages.dedup_by_key(|package| package.id);
    packages.sort_by(|a, b| {
        (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
    });
    let ids: Vec<_> = packages.iter().map(|package| package.id).collect();
    let element = |u: &mut Unstructured<'_>| {
        Ok(match (u.int_in_range(0..=3)?, ids.is_empty()) {
            (0, _) => Element::Source,
            (1, _) => Element::File(path(u)?),
            (2, false) => Element::Package(*u.choose(&ids)?),
            _ => Element::Foreign(name(u)?),
        })
    };
    let relationships = many(u, |u| {
        let kind = match u.int_in_range(0..=2)? {
            0 => RelationshipKind::DependencyOf,
            1 => RelationshipKind::OwnershipByFileOverlap(many(u, path)?),
            _ => RelationshipKind::Other(name(u)?),
        };
        Ok(Relationship { from: element(u)?, to: element(u)?, kind })
    })?;
    let files = maybe(u, |u| tree(u, &packages))?;
    Ok(Artifact {
        source: source(u)?,
        config: maybe(u, config)?,
        distro: maybe(u, |u| {
            Ok(Distro { id: name(u)?, version_id: text(u)?, id_like: many(u, text)?, ..Distro::default() })
        })?,
        packages,
        relationships,
        files,
        dockerfile: maybe(u, dockerfile)?,
        secrets: maybe(u, |u| many(u, secret))?,
        hidden_secrets: maybe(u, |u| many(u, secret))?,
        config_secrets: maybe(u, |u| many(u, config_secret))?,
        content: maybe(u, |u| many(u, secret))?,
        documents: documents(u)?,
        retrieved: maybe(u, |u| {
            many(u, |u| Ok(RetrievedFile { path: path(u)?, layer: maybe(u, digest)?, content: u.arbitrary()? }))
        })?,
        gaps: many(u, gap)?,
        analyzer: Analyzer { name: text(u)?, version: text(u)? },
        sbom: maybe(u, |u| {
            let supplied = many(u, |u| Ok(PackageId(u.arbitrary()?)))?;
            Ok(SbomHead { authors: many(u, text)?, created: text(u)?, contexts: many(u, text)?, supplied })
        })?,
    })
}
