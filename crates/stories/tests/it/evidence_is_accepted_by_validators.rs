//! An auditor's tools read what was handed over: readers that others made accept the documents, find in them what the
//! control table says, and refuse them when they are damaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stopgate_testkit::{Python, Stopgate, images};

const PACKS: [&str; 2] = ["cis-docker", "nist-800-53-moderate"];

const OSV: &str = r#"{"id":"GHSA-jfh8-c2jp-5v3q","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2021-44228"],
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"Maven","name":"org.apache.logging.log4j:log4j-core"},
  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}]}]}"#;

/// Reads each file and tells what it says or why it was refused; what was read is written again beside it.
const OSCAL: &str = r#"
import json, sys
from pathlib import Path
from trestle.oscal.assessment_results import AssessmentResults

def told(document, name):
    (result,) = document.results
    selection = result.reviewed_controls.control_selections[0]
    props = lambda of, name: [prop.value for prop in of.props or [] if prop.name == name]
    document.oscal_write(Path(name.replace(".json", ".again.json")))
    return {
        "findings": [[f.title.split(" ")[0], f.target.status.state.value, props(f, "state")[0]] for f in result.findings],
        "selected": len(selection.include_controls or []),
        "not_assessed": props(result, "not-assessed"),
        "observations": sorted(props(o, "rule-id")[0] for o in result.observations or []),
        "risks": len(result.risks or []),
    }

answers = []
for name in sys.argv[1:]:
    try:
        document = AssessmentResults.oscal_read(Path(name))
    except Exception as error:
        answers.append({"refused": str(error) or type(error).__name__})
    else:
        answers.append(told(document, name))
print(json.dumps(answers))
"#;

/// The same for JUnit. Its reader has no schema: what a document lacks shows when it is asked for.
const JUNIT: &str = r#"
import json, sys
from junitparser import JUnitXml

def read(name):
    document = JUnitXml.fromfile(name)
    cases = []
    for suite in document:
        properties = {each.name: each.value for each in suite.properties()}
        for case in suite:
            result = case.result[0] if case.result else None
            kind = type(result).__name__.lower() if result else "passed"
            cases.append([case.name.split(" ")[0], kind, result.type if result else None, result.message if result else None])
        counts = [suite.tests, suite.failures, suite.errors, suite.skipped]
    document.write(name.replace(".xml", ".again.xml"))
    return {"cases": cases, "counts": counts, "pack": properties["pack"]}

answers = []
for name in sys.argv[1:]:
    try:
        answers.append(read(name))
    except Exception as error:
        answers.append({"refused": str(error) or type(error).__name__})
print(json.dumps(answers))
"#;

/// A failing image, and the folder of evidence for a pack.
struct Auditor {
    stopgate: Stopgate,
}

impl Auditor {
    fn new() -> Result<Self> {
        let stopgate = Stopgate::new()?;
        images::mixed()?.write_oci_archive(&stopgate.home().join("mixed.tar"))?;
        std::fs::create_dir(stopgate.home().join("osv"))?;
        std::fs::write(stopgate.home().join("osv/log4shell.json"), OSV)?;
        Ok(Self { stopgate })
    }

    fn run(&self, words: &str, code: i32) -> Result<Vec<u8>> {
        let run = self.stopgate.run(words.split(' '))?;
        anyhow::ensure!(run.code == code, "{words}: {}\n{}", run.code, run.stderr);
        Ok(run.stdout)
    }

    /// Writes the evidence for a pack.
    fn evidence(&self, pack: &str) -> Result<Evidence> {
        self.run(&format!("evidence mixed.tar --pack {pack} --dir {pack} --advisories osv --as-of 2026-06-01 -q"), 0)?;
        let folder = self.stopgate.home().join(pack);
        let document: Value = serde_json::from_slice(&std::fs::read(folder.join("controls.json"))?)?;
        let controls = document["controls"].as_array().cloned().context("controls")?;
        Ok(Evidence { folder, summary: document["summary"].clone(), controls })
    }
}

/// A folder of evidence: what the control table says, against which the other documents are held.
struct Evidence {
    folder: PathBuf,
    summary: Value,
    controls: Vec<Value>,
}

impl Evidence {
    fn states(&self) -> BTreeMap<String, String> {
        self.controls.iter().map(|control| (text(&control["id"]), text(&control["state"]))).collect()
    }

    fn in_state(&self, states: &[&str]) -> usize {
        states.iter().filter_map(|state| self.summary[*state].as_u64()).sum::<u64>() as usize
    }

    fn json(&self, name: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(self.folder.join(name))?)?)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a script says of files, one answer each.
fn asked(python: &Python, script: &str, files: &[PathBuf]) -> Result<Vec<Value>> {
    let run = python.run(script, files)?;
    let answers = run.json()?.as_array().cloned().context("no list of answers")?;
    anyhow::ensure!(answers.len() == files.len(), "{answers:#?}");
    Ok(answers)
}

/// A way to damage a document of JSON: the place, and what stands there instead; nothing = it is taken away.
type Damage = (&'static str, &'static str, Option<Value>);

fn damaged(document: &Value, (place, key, instead): &Damage) -> Result<Value> {
    let mut document = document.clone();
    let parent = document.pointer_mut(place).and_then(Value::as_object_mut);
    let parent = parent.with_context(|| format!("there is no `{place}`"))?;
    match instead {
        Some(value) => drop(parent.insert((*key).to_owned(), value.clone())),
        None => drop(parent.remove(*key).with_context(|| format!("there is no `{key}` in `{place}`"))?),
    }
    Ok(document)
}

#[test]
fn trestle_reads_the_oscal_and_refuses_it_damaged() -> Result<()> {
    let Some(python) = Python::find() else { return Ok(()) };
    let auditor = Auditor::new()?;
    for pack in PACKS {
        let evidence = auditor.evidence(pack)?;
        let path = evidence.folder.join("assessment-results.oscal.json");
        let told = asked(&python, OSCAL, std::slice::from_ref(&path))?.remove(0);
        assert!(told.get("refused").is_none(), "{pack}: {told:#}");
        oscal_says_what_the_table_says(&evidence, &told);

        // What trestle writes of what it read is the same document, but for how it writes times.
        let ours = evidence.json("assessment-results.oscal.json")?;
        let again = std::fs::read_to_string(evidence.folder.join("assessment-results.oscal.again.json"))?;
        let again: Value = serde_json::from_str(&again.replace("+00:00\"", "Z\""))?;
        assert_eq!(again, ours, "{pack}");

        let result = "/assessment-results/results/0";
        let finding = "/assessment-results/results/0/findings/0";
        let damages: [Damage; 9] = [
            ("/assessment-results", "uuid", None),
            ("/assessment-results", "metadata", None),
            ("/assessment-results", "import-ap", None),
            (result, "reviewed-controls", None),
            (finding, "target", None),
            ("/assessment-results", "uuid", Some(json!("4.1"))),
            ("/assessment-results/metadata", "last-modified", Some(json!("yesterday"))),
            ("/assessment-results/results/0/findings/0/target/status", "state", Some(json!("perhaps"))),
            (finding, "verdict", Some(json!("a field that OSCAL does not have"))),
        ];
        let files: Result<Vec<PathBuf>> = damages
            .iter()
            .enumerate()
            .map(|(at, damage)| evidence.write(&format!("damaged-{at}.json"), &damaged(&ours, damage)?.to_string()))
            .collect();
        for (answer, damage) in asked(&python, OSCAL, &files?)?.iter().zip(&damages) {
            assert!(answer["refused"].is_string(), "{pack}: {damage:?} was accepted");
        }
    }
    Ok(())
}

fn oscal_says_what_the_table_says(evidence: &Evidence, told: &Value) {
    let holds = ["satisfied", "satisfied-in-part", "inherently-met"];
    let fails = ["not-satisfied", "accepted"];
    let (mut states, mut unfinished) = (evidence.states(), Vec::new());
    states.retain(|control, state| {
        let assessed = holds.contains(&state.as_str()) || fails.contains(&state.as_str());
        unfinished.extend((!assessed).then(|| control.clone()));
        assessed
    });
    let mut found = BTreeMap::new();
    for finding in told["findings"].as_array().into_iter().flatten() {
        let (control, state) = (text(&finding[0]), text(&finding[2]));
        let expected = if holds.contains(&state.as_str()) { "satisfied" } else { "not-satisfied" };
        assert_eq!(finding[1], expected, "{control} is {state}");
        found.insert(control, state);
    }
    assert_eq!(found, states, "each assessed control has a finding with its state, no other has");
    let mut named: Vec<String> = told["not_assessed"].as_array().into_iter().flatten().map(text).collect();
    named.sort();
    unfinished.sort();
    assert_eq!(named, unfinished, "each other control is named");
    assert_eq!(told["risks"], evidence.in_state(&fails));
    assert_eq!(told["selected"], states.len());
    let rules = evidence.controls.iter().flat_map(|control| control["findings"].as_array().into_iter().flatten());
    let mut rules: Vec<(String, String)> =
        rules.map(|finding| (text(&finding["rule_id"]), text(&finding["trigger_id"]))).collect();
    rules.sort();
    rules.dedup();
    let rules: Vec<String> = rules.into_iter().map(|(rule, _)| rule).collect();
    assert!(!rules.is_empty() && told["observations"] == json!(rules), "{:#}\n{rules:#?}", told["observations"]);
}

#[test]
fn junitparser_reads_the_junit_and_refuses_it_damaged() -> Result<()> {
    let Some(python) = Python::find() else { return Ok(()) };
    let auditor = Auditor::new()?;
    for pack in PACKS {
        let evidence = auditor.evidence(pack)?;
        let path = evidence.folder.join("controls.junit.xml");
        let told = asked(&python, JUNIT, std::slice::from_ref(&path))?.remove(0);
        assert!(told.get("refused").is_none(), "{pack}: {told:#}");
        junit_says_what_the_table_says(&evidence, &told);
        // What junitparser writes of what it read says the same.
        let again = asked(&python, JUNIT, &[evidence.folder.join("controls.junit.again.xml")])?.remove(0);
        assert_eq!(again, told, "{pack}");

        let xml = std::fs::read_to_string(&path)?;
        let (before, after) = xml.split_once("<testcase name=\"").context("no test case")?;
        let (_, after) = after.split_once('"').context("no name")?;
        let damages = [
            ("no name of a case", format!("{before}<testcase{after}")),
            ("no end", xml.replace("</testsuites>", "")),
            ("another root", xml.replace("testsuites", "report")),
            ("a count that is no number", replaced(&xml, " tests=\"", " tests=\"many")),
            ("a character that XML does not have", replaced(&xml, "<testcase", "\u{1}<testcase")),
        ];
        let files: Result<Vec<PathBuf>> = damages
            .iter()
            .enumerate()
            .map(|(at, (_, text))| evidence.write(&format!("damaged-{at}.xml"), text))
            .collect();
        for (answer, (damage, _)) in asked(&python, JUNIT, &files?)?.iter().zip(&damages) {
            assert!(answer["refused"].is_string(), "{pack}: {damage} was accepted");
        }
    }
    Ok(())
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no `{from}`");
    text.replace(from, to)
}

fn junit_says_what_the_table_says(evidence: &Evidence, told: &Value) {
    let cases = told["cases"].as_array().cloned().unwrap_or_default();
    assert_eq!(cases.len(), evidence.controls.len());
    for (case, control) in cases.iter().zip(&evidence.controls) {
        let state = text(&control["state"]);
        let kind = match state.as_str() {
            "satisfied" | "satisfied-in-part" | "inherently-met" => "passed",
            "not-satisfied" => "failure",
            "error" => "error",
            _ => "skipped",
        };
        assert_eq!((&case[0], &case[1]), (&control["id"], &json!(kind)), "{control:#}");
        match kind {
            "failure" | "error" => assert_eq!(case[2], state.as_str()),
            "skipped" => assert!(text(&case[3]).starts_with(&format!("{state}: ")), "{case}"),
            _ => {}
        }
    }
    let skipped = evidence.in_state(&["not-assessed", "not-applicable", "accepted"]);
    let counts = [cases.len(), evidence.in_state(&["not-satisfied"]), evidence.in_state(&["error"]), skipped];
    assert_eq!(told["counts"], json!(counts));
    assert!(counts[1] > 0 && counts[3] > 0, "the image fails some controls, others cannot be assessed: {counts:?}");
}

/// The schema of SARIF 2.1.0 that the crate `serde-sarif` is made from.
fn sarif_schema() -> Result<jsonschema::Validator> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut command = cargo_metadata::MetadataCommand::new();
    // What other platforms need was not fetched for a build on this one.
    let options = ["--offline", "--locked", "--filter-platform", "host-tuple"].map(str::to_owned);
    let metadata = command.manifest_path(manifest).other_options(options).exec()?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "serde-sarif");
    let folder = package.and_then(|package| package.manifest_path.parent()).context("no crate `serde-sarif`")?;
    let text = std::fs::read_to_string(folder.join("src/schema.json"))?;
    // The pattern of languages has a `]` that closes nothing, which JSON Schema's expressions do not take.
    let schema: Value = serde_json::from_str(&replaced(&text, "{2}]?$", "{2}?$"))?;
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7).should_validate_formats(true);
    options.build(&schema).map_err(|error| anyhow::anyhow!("{error}"))
}

#[test]
fn the_schema_accepts_the_sarif_and_refuses_it_damaged() -> Result<()> {
    let schema = sarif_schema()?;
    let auditor = Auditor::new()?;
    for pack in PACKS {
        let evidence = auditor.evidence(pack)?;
        let ours = evidence.json("controls.sarif")?;
        schema.validate(&ours).map_err(|error| anyhow::anyhow!("{pack}: {error}"))?;
        sarif_says_what_the_table_says(&evidence, &ours);
        // Read into types and written again, nothing is lost.
        let typed: serde_sarif::sarif::Sarif = serde_json::from_value(ours.clone())?;
        assert_eq!(serde_json::to_value(&typed)?, ours, "{pack}");

        let result = "/runs/0/results/0";
        let damages: [Damage; 10] = [
            ("", "runs", None),
            ("/runs/0", "tool", None),
            ("/runs/0/tool/driver", "name", None),
            ("/runs/0/tool/driver/rules/0", "id", None),
            (result, "message", None),
            ("", "version", Some(json!("2.0.0"))),
            (result, "ruleIndex", Some(json!("0"))),
            (result, "kind", Some(json!("perhaps"))),
            (result, "locations", Some(json!({}))),
            (result, "verdict", Some(json!("a field that SARIF does not have"))),
        ];
        for damage in &damages {
            assert!(!schema.is_valid(&damaged(&ours, damage)?), "{pack}: {damage:?} was accepted");
        }
    }
    auditor.run("db build osv --as-of 2026-06-01", 0)?;
    for (words, code) in [("check mixed.tar -q -o sarif", 1), ("vulns mixed.tar -q -o sarif", 0)] {
        let document: Value = serde_json::from_slice(&auditor.run(words, code)?)?;
        schema.validate(&document).map_err(|error| anyhow::anyhow!("{words}: {error}"))?;
        assert!(document["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()), "{words}");
    }
    Ok(())
}

fn sarif_says_what_the_table_says(evidence: &Evidence, document: &Value) {
    let results = document["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), evidence.controls.len());
    for (result, control) in results.iter().zip(&evidence.controls) {
        let kind = match control["state"].as_str().unwrap_or_default() {
            "satisfied" => "pass",
            "satisfied-in-part" => "review",
            "not-satisfied" | "accepted" => "fail",
            "not-applicable" | "inherently-met" => "notApplicable",
            _ => "open",
        };
        let told = (&result["ruleId"], &result["kind"], &result["properties"]["state"]);
        assert_eq!(told, (&control["id"], &json!(kind), &control["state"]), "{result:#}");
        let rule = result["ruleIndex"].as_u64().unwrap_or(u64::MAX) as usize;
        assert_eq!(document["runs"][0]["tool"]["driver"]["rules"][rule]["id"], control["id"]);
        let level = if kind == "fail" { result["level"] != "none" } else { result["level"] == "none" };
        assert!(level, "{result:#}");
    }
}
