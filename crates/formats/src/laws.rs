//! Laws that hold for every artifact and every verdict.

use arbtest::arbtest;
use serde_json::Value;
use stopgate_model::{Artifact, Gap, PackageId};

use crate::trust::Trust;
use crate::{
    Producer, analysis, check_json, csv, cyclonedx, dsse, grype_json, hdf, junit, malware, samples, sarif, sbom, spdx,
    syft_json, vex,
};

const PRODUCER: Producer<'_> = Producer { name: "stopgate", version: "1.0.0", created: None };
const BUDGET_MS: u64 = 300;

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    out
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

#[test]
fn an_analysis_document_holds_the_whole_artifact() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let bytes = written(|out| analysis::write(&artifact, out));
        assert_eq!(analysis::read(&bytes).unwrap(), artifact);
        assert_eq!(written(|out| analysis::write(&analysis::read(&bytes).unwrap(), out)), bytes);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn damaged_analysis_documents_are_errors_not_panics() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let mut bytes = written(|out| analysis::write(&artifact, out));
        let at = u.choose_index(bytes.len())?;
        bytes[at] ^= 1 << u.int_in_range(0..=7)?;
        // The checksum covers the content; only what does not change it may still be read.
        if let Ok(read) = analysis::read(&bytes) {
            assert_eq!(read, artifact);
        }
        bytes.truncate(at);
        assert!(analysis::read(&bytes).is_err());
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn syft_json_reads_back_what_it_writes() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let first = written(|out| syft_json::write(&artifact, out));
        json(&first);
        let once = syft_json::read(&first).unwrap();
        assert_eq!(once.packages.len(), artifact.packages.len());
        let second = written(|out| syft_json::write(&once, out));
        let twice = syft_json::read(&second).unwrap();
        assert_eq!(twice, once);
        assert_eq!(gaps(&once), gaps(&artifact), "gaps survive");
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn cyclonedx_and_spdx_keep_packages_and_gaps() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let version = *u.choose(&[cyclonedx::Version::V1_4, cyclonedx::Version::V1_7])?;
        for bytes in [
            written(|out| cyclonedx::write(&artifact, version, &PRODUCER, out)),
            written(|out| spdx::write(&artifact, &PRODUCER, out)),
        ] {
            let read = sbom::detect_and_read(&bytes).unwrap();
            assert_eq!(ids(&read), ids(&artifact));
            for gap in &artifact.gaps {
                assert!(read.gaps.iter().any(|other| (other.code, other.class) == (gap.code, gap.class)), "{gap:?}");
            }
        }
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

fn ids(artifact: &Artifact) -> std::collections::BTreeSet<PackageId> {
    artifact.packages.iter().map(|package| package.id).collect()
}

// Limits are part of the message only; a gap that reading adds is not the artifact's own.
fn gaps(artifact: &Artifact) -> Vec<Gap> {
    let mut gaps: Vec<_> = artifact.gaps.iter().map(|gap| Gap { limit: None, seen: None, ..gap.clone() }).collect();
    gaps.retain(|gap| !gap.message.contains("the document"));
    gaps.sort();
    gaps.dedup();
    gaps
}

#[test]
fn readers_survive_any_bytes() {
    arbtest(|u| {
        let bytes: Vec<u8> = u.arbitrary()?;
        let _ = syft_json::read(&bytes);
        let _ = analysis::read(&bytes);
        let _ = sbom::detect_and_read(&bytes);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn readers_survive_documents_with_changed_bytes() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let mut bytes = written(|out| syft_json::write(&artifact, out));
        for _ in 0..u.int_in_range(1..=4)? {
            let at = u.choose_index(bytes.len())?;
            bytes[at] = *u.choose(b"\"{}[],:0n\\ x")?;
        }
        let _ = sbom::detect_and_read(&bytes);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn verdicts_and_matches_are_json() {
    arbtest(|u| {
        let check = samples::check(u)?;
        let value = json(&written(|out| check_json::write(&check.report(), out)));
        assert_eq!(value["findings"].as_array().unwrap().len(), check.evaluation.findings.len());
        for (finding, ours) in check.evaluation.findings.iter().zip(value["findings"].as_array().unwrap()) {
            assert_eq!(ours["message"], finding.message.as_str());
        }
        assert_eq!(value["exceptions"].as_array().unwrap().len(), check.evaluation.exceptions.len());
        assert_eq!(value["matches"].as_array().map(Vec::len), check.matches.as_ref().map(Vec::len));
        let value = json(&written(|out| sarif::write_check(&check.report(), out)));
        sarif_holds(&value, check.evaluation.findings.len());
        let matches = samples::matches(u, &check.artifact)?;
        let value = json(&written(|out| sarif::write_matches(&check.artifact, &matches, &PRODUCER, out)));
        sarif_holds(&value, matches.matches.len() + matches.removed.len());
        let value = json(&written(|out| grype_json::write(&check.artifact, &matches, &PRODUCER, out)));
        assert_eq!(value["matches"].as_array().unwrap().len(), matches.matches.len());
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

fn sarif_holds(document: &Value, results: usize) {
    let run = &document["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), results);
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!result["locations"].as_array().unwrap().is_empty());
    }
}

#[test]
fn sboms_in_xml_and_tag_value_hold_every_package() {
    arbtest(|u| {
        let artifact = samples::artifact(u)?;
        let xml = written(|out| cyclonedx::write_xml(&artifact, cyclonedx::Version::V1_6, &PRODUCER, out));
        let xml = String::from_utf8(xml).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        // The root, the tool, and the distribution when there is one.
        let others = 2 + usize::from(artifact.distro.is_some());
        assert_eq!(xml.matches("<component ").count(), artifact.packages.len() + others);
        let text = String::from_utf8(written(|out| spdx::write_tag_value(&artifact, &PRODUCER, out))).unwrap();
        let names = text.lines().filter(|line| line.starts_with("PackageName: ")).count();
        assert_eq!(names, artifact.packages.len() + others - 1);
        assert_eq!(text.matches("<text>").count(), text.matches("</text>").count());
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn verdicts_are_xml_and_csv() {
    arbtest(|u| {
        let check = samples::check(u)?;
        let xml = String::from_utf8(written(|out| junit::write(&check.report(), out))).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        let table = written(|out| csv::write(&check.report(), out));
        assert_eq!(::csv::Reader::from_reader(&table[..]).records().count(), check.evaluation.findings.len());
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

/// Reads documents about an artifact, whatever they are.
fn read_documents(bytes: &[u8]) {
    let _ = malware::read(bytes, "test");
    let _ = hdf::read(bytes);
    let _ = dsse::read(bytes, "test", &Trust::default());
    let _ = vex::read(bytes, "test");
    let _ = check_json::read_history(bytes);
}

#[test]
fn readers_of_documents_survive_any_bytes() {
    arbtest(|u| {
        read_documents(&u.arbitrary::<Vec<u8>>()?);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn readers_of_documents_survive_changed_ones() {
    arbtest(|u| {
        let mut bytes = u.choose(DOCUMENTS)?.as_bytes().to_vec();
        for _ in 0..u.int_in_range(1..=4)? {
            let at = u.choose_index(bytes.len())?;
            bytes[at] = *u.choose(b"\"{}[],:0n\\ x-@")?;
        }
        read_documents(&bytes);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

/// One of each kind.
const DOCUMENTS: &[&str] =
    &[r#"{"clamav":{"findings":[{"path":"a","signature":"b"}],"metadata":{"db_version":{"main":"1"}}}}"#];
