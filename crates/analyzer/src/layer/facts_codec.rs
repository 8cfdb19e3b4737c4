//! The binary form of what catalogers found in one file, and of gaps.
//!
//! Every struct is taken apart without `..`, so a field that is added to the model cannot be forgotten
//! here: the crate then does not compile. A change of shape needs a new `layer::FORMAT`.

use stopgate_catalogers::{Facts, Record};
use stopgate_model::{
    Confidence, Cpe, Details, Digest, DigestAlgorithm, EvidenceKind, Gap, GapClass, GapCode, License, LicenseKind,
    Location, OwnedFile, Package, PackageId, PackageType, Upstream,
};

use super::wire::{Damaged, Reader, Writer};

pub(crate) fn write_facts(w: &mut Writer, facts: &Facts) {
    let Facts { packages, dependencies, records, gaps } = facts;
    w.list(packages, write_package);
    w.list(dependencies, |w, (from, to)| {
        w.number(u64::from(*from));
        w.number(u64::from(*to));
    });
    w.list(records, |w, Record { kind, json }| {
        w.text(kind);
        w.text(json);
    });
    w.list(gaps, write_gap);
}

pub(crate) fn read_facts(r: &mut Reader<'_>) -> Result<Facts, Damaged> {
    Ok(Facts {
        packages: r.list(read_package)?,
        dependencies: r.list(|r| Ok((r.small()?, r.small()?)))?,
        records: r.list(|r| Ok(Record { kind: r.owned()?, json: r.owned()? }))?,
        gaps: r.list(read_gap)?,
    })
}

fn write_package(w: &mut Writer, package: &Package) {
    let Package {
        id,
        name,
        version,
        package_type,
        epoch,
        arch,
        purl,
        cpes,
        licenses,
        upstreams,
        modularity,
        digests,
        locations,
        found_by,
        confidence,
        files,
        details,
    } = package;
    w.number(id.0);
    w.text(name);
    w.text(version);
    w.text(package_type.id());
    w.option(epoch.as_ref(), |w, epoch| w.number(u64::from(*epoch)));
    w.option(arch.as_ref(), |w, arch| w.text(arch));
    w.text(purl);
    w.list(cpes, |w, Cpe { text, source }| {
        w.text(text);
        w.text(source);
    });
    w.list(licenses, write_license);
    w.list(upstreams, |w, Upstream { name, version }| {
        w.text(name);
        w.option(version.as_ref(), |w, version| w.text(version));
    });
    w.option(modularity.as_ref(), |w, label| w.text(label));
    w.list(digests, write_digest);
    w.list(locations, write_location);
    w.text(found_by);
    w.byte(match confidence {
        Confidence::Low => 0,
        Confidence::High => 1,
    });
    w.list(files, write_owned_file);
    w.option(details.as_ref(), |w, Details { type_name, json }| {
        w.text(type_name);
        w.text(json);
    });
}

fn read_package(r: &mut Reader<'_>) -> Result<Package, Damaged> {
    Ok(Package {
        id: PackageId(r.number()?),
        name: r.owned()?,
        version: r.owned()?,
        package_type: PackageType::named(r.text()?),
        epoch: r.option(Reader::small)?,
        arch: r.option(Reader::owned)?,
        purl: r.owned()?,
        cpes: r.list(|r| Ok(Cpe { text: r.owned()?, source: r.owned()? }))?,
        licenses: r.list(read_license)?,
        upstreams: r.list(|r| Ok(Upstream { name: r.owned()?, version: r.option(Reader::owned)? }))?,
        modularity: r.option(Reader::owned)?,
        digests: r.list(read_digest)?,
        locations: r.list(read_location)?,
        found_by: r.owned()?,
        confidence: match r.byte()? {
            0 => Confidence::Low,
            1 => Confidence::High,
            _ => return Err(Damaged),
        },
        files: r.list(read_owned_file)?,
        details: r.option(|r| Ok(Details { type_name: r.owned()?, json: r.owned()? }))?,
    })
}

fn write_license(w: &mut Writer, license: &License) {
    let License { value, spdx, kind, urls, locations } = license;
    w.text(value);
    w.text(spdx);
    w.byte(match kind {
        LicenseKind::Declared => 0,
        LicenseKind::Concluded => 1,
    });
    w.list(urls, |w, url| w.text(url));
    w.list(locations, write_location);
}

fn read_license(r: &mut Reader<'_>) -> Result<License, Damaged> {
    Ok(License {
        value: r.owned()?,
        spdx: r.owned()?,
        kind: match r.byte()? {
            0 => LicenseKind::Declared,
            1 => LicenseKind::Concluded,
            _ => return Err(Damaged),
        },
        urls: r.list(Reader::owned)?,
        locations: r.list(read_location)?,
    })
}

fn write_location(w: &mut Writer, location: &Location) {
    let Location { path, access_path, layer, evidence } = location;
    w.text(path);
    w.text(access_path);
    w.option(layer.as_ref(), write_digest);
    w.byte(match evidence {
        EvidenceKind::Primary => 0,
        EvidenceKind::Supporting => 1,
    });
}

fn read_location(r: &mut Reader<'_>) -> Result<Location, Damaged> {
    Ok(Location {
        path: r.owned()?,
        access_path: r.owned()?,
        layer: r.option(read_digest)?,
        evidence: match r.byte()? {
            0 => EvidenceKind::Primary,
            1 => EvidenceKind::Supporting,
            _ => return Err(Damaged),
        },
    })
}

fn write_owned_file(w: &mut Writer, file: &OwnedFile) {
    let OwnedFile { path, digest, mode, size, config } = file;
    w.text(path);
    w.option(digest.as_ref(), write_digest);
    w.option(mode.as_ref(), |w, mode| w.number(u64::from(*mode)));
    w.option(size.as_ref(), |w, size| w.number(*size));
    w.byte(u8::from(*config));
}

fn read_owned_file(r: &mut Reader<'_>) -> Result<OwnedFile, Damaged> {
    Ok(OwnedFile {
        path: r.owned()?,
        digest: r.option(read_digest)?,
        mode: r.option(Reader::small)?,
        size: r.option(Reader::number)?,
        config: r.byte()? == 1,
    })
}

pub(super) fn write_digest(w: &mut Writer, digest: &Digest) {
    w.text(digest.algorithm().name());
    w.text(digest.hex());
}

pub(crate) fn read_digest(r: &mut Reader<'_>) -> Result<Digest, Damaged> {
    let algorithm = DigestAlgorithm::parse(r.text()?).ok_or(Damaged)?;
    Digest::new(algorithm, r.text()?).ok_or(Damaged)
}

pub(crate) fn write_gap(w: &mut Writer, gap: &Gap) {
    let Gap { code, class, path, layer, limit, seen, message } = gap;
    w.text(code.name());
    w.text(class.name());
    w.option(path.as_ref(), |w, path| w.text(path));
    w.option(layer.as_ref(), write_digest);
    w.option(limit.as_ref(), |w, limit| w.number(*limit));
    w.option(seen.as_ref(), |w, seen| w.number(*seen));
    w.text(message);
}

pub(crate) fn read_gap(r: &mut Reader<'_>) -> Result<Gap, Damaged> {
    Ok(Gap {
        code: GapCode::parse(r.text()?).ok_or(Damaged)?,
        class: GapClass::parse(r.text()?).ok_or(Damaged)?,
        path: r.option(Reader::owned)?,
        layer: r.option(read_digest)?,
        limit: r.option(Reader::number)?,
        seen: r.option(Reader::number)?,
        message: r.owned()?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use stopgate_catalogers::{Facts, Record};
    use stopgate_model::{
        Confidence, Cpe, Details, Digest, EvidenceKind, Gap, GapCode, License, LicenseKind, Location, OwnedFile,
        Package, PackageId, PackageType, Upstream,
    };

    use super::super::wire::{Reader, Writer};
    use super::{read_facts, write_facts};

    /// Facts in which every field has a value.
    pub(crate) fn full() -> Facts {
        let location = Location {
            path: "/a".to_owned(),
            access_path: "/b".to_owned(),
            layer: Some(Digest::sha256(&[7; 32])),
            evidence: EvidenceKind::Supporting,
        };
        let package = Package {
            id: PackageId(u64::MAX),
            epoch: Some(1),
            arch: Some("amd64".to_owned()),
            purl: "pkg:x/y".to_owned(),
            cpes: vec![Cpe { text: "cpe:2.3:a".to_owned(), source: "declared".to_owned() }],
            licenses: vec![License {
                value: "MIT".to_owned(),
                spdx: "MIT".to_owned(),
                kind: LicenseKind::Concluded,
                urls: vec!["u".to_owned()],
                locations: vec![location.clone()],
            }],
            upstreams: vec![Upstream { name: "u".to_owned(), version: Some("2".to_owned()) }],
            modularity: Some(String::new()),
            digests: vec![Digest::sha1(&[1; 20])],
            locations: vec![location],
            found_by: "f".to_owned(),
            confidence: Confidence::Low,
            files: vec![OwnedFile {
                path: "/c".to_owned(),
                digest: Some(Digest::sha256(&[9; 32])),
                mode: Some(0o4755),
                size: Some(3),
                config: true,
            }],
            details: Some(Details { type_name: "t".to_owned(), json: "{}".to_owned() }),
            ..Package::new(PackageType::named("brand-new"), "n", "1")
        };
        Facts {
            packages: vec![package, Package::new(PackageType::DEB, "bash", "5")],
            dependencies: vec![(0, 1)],
            records: vec![Record { kind: "status".to_owned(), json: "{\"a\":1}".to_owned() }],
            gaps: vec![
                Gap::new(GapCode::LayerBytes, "m").at("/p").in_layer(Digest::sha256(&[1; 32])).limited(1, 2),
                Gap::new(GapCode::RecordUnreadable, "n"),
            ],
        }
    }

    fn written(facts: &Facts) -> Vec<u8> {
        let mut writer = Writer::default();
        write_facts(&mut writer, facts);
        writer.bytes
    }

    #[test]
    fn reads_back_what_was_written() {
        for facts in [full(), Facts::default()] {
            let bytes = written(&facts);
            let mut reader = Reader::new(&bytes);
            assert_eq!(read_facts(&mut reader).unwrap(), facts);
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn any_cut_or_changed_byte_is_an_error_or_other_facts_but_no_panic() {
        let bytes = written(&full());
        for length in 0..bytes.len() {
            assert!(read_facts(&mut Reader::new(&bytes[..length])).is_err(), "cut at {length}");
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[length] = value;
                let _ = read_facts(&mut Reader::new(&changed));
            }
        }
    }
}
