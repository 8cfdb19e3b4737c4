//! What every format must keep: all controls, their states, and a well-formed document whatever the texts are.

use serde_json::Value;
use stopgate_model::{ControlReport, ControlState};

use super::{write_csv, write_html, write_json, write_junit, write_oscal};
use crate::samples::{Controls, controls, hostile_controls};
use crate::sarif::write_controls;

type Writer = fn(&ControlReport<'_>, &mut dyn std::io::Write) -> std::io::Result<()>;

const HOSTILE: &str = "=1+1</script><b>\"'&\u{0}\u{202e}\r\n]]>";

fn written(report: &Controls, write: Writer) -> String {
    let mut out = Vec::new();
    report.with(|report| write(report, &mut out)).unwrap();
    String::from_utf8(out).unwrap()
}

fn value(report: &Controls, write: Writer) -> Value {
    serde_json::from_str(&written(report, write)).unwrap()
}

#[test]
fn json_has_every_control_with_its_state_and_findings() {
    arbtest::arbtest(|u| {
        let report = controls(u)?;
        let document = value(&report, write_json);
        let all = document["controls"].as_array().unwrap();
        assert_eq!(all.len(), report.results.len());
        for (ours, control) in all.iter().zip(&report.results) {
            assert_eq!((&ours["id"], &ours["state"]), (&control.id.as_str().into(), &control.state.name().into()));
        }
        let summary: u64 = document["summary"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(summary as usize, report.results.len());
        Ok(())
    })
    .budget_ms(300);
}

#[test]
fn csv_has_a_row_for_each_control_and_no_formula() {
    let report = hostile_controls(HOSTILE);
    let text = written(&report, write_csv);
    let mut csv = ::csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<::csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), ControlState::ALL.len());
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.starts_with('=') && !cell.contains('\n')), "{row:?}");
    }
}

#[test]
fn a_page_escapes_what_comes_from_outside() {
    let page = written(&hostile_controls(HOSTILE), write_html);
    assert!(!page.contains("<b>") && !page.contains("</script>") && page.ends_with("</body></html>\n"));
    for state in ControlState::ALL {
        assert!(page.contains(&format!(">{}</td>", state.name())), "{}", state.name());
    }
    let elements = page.split_once("<body>").unwrap().1;
    let mut reader = quick_xml::Reader::from_str(elements);
    reader.config_mut().check_end_names = false;
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
}

#[test]
fn a_page_names_an_archive_without_a_name_by_its_file_and_sets_code() {
    let mut report = hostile_controls("a `b` <c> `d");
    report.check.evaluation.evaluated_tag = "*/*:shop".to_owned();
    report.check.artifact.source.name = "*/*".to_owned();
    report.check.artifact.source.user_input = "oci-dir:/images/shop.tar/".to_owned();
    let page = written(&report, write_html);
    assert!(page.contains(": shop.tar</h1>") && !page.contains("*/*"), "{page}");
    assert!(page.contains("a <code>b</code> &lt;c&gt; `d"), "{page}");
}

#[test]
fn a_page_says_once_what_is_not_assessed() {
    let mut report = hostile_controls("x");
    for control in &mut report.results {
        control.reason = "how it is started".to_owned();
        control.not_assessed.clone_from(&control.reason);
        control.rule_ids.retain(|_| control.state == ControlState::SatisfiedInPart);
    }
    let page = written(&report, write_html);
    assert_eq!(page.matches("<section").count(), 1, "no section that repeats a row\n{page}");
    assert_eq!(page.matches("not assessed: how it is started").count(), 2, "the row and the section\n{page}");
    assert!(!page.contains("Not assessed from the artifact"), "{page}");
}

#[test]
fn junit_skips_what_was_not_assessed_and_fails_what_is_not_satisfied() {
    let text = written(&hostile_controls("x"), write_junit);
    assert!(text.contains("tests=\"8\"") && text.contains("failures=\"1\"") && text.contains("errors=\"1\""), "{text}");
    assert_eq!(text.matches("<skipped").count(), 3);
}

#[test]
fn sarif_tells_states_by_kinds() {
    let document = value(&hostile_controls(HOSTILE), write_controls);
    let results = document["runs"][0]["results"].as_array().unwrap();
    let kinds: Vec<&str> = results.iter().map(|result| result["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["pass", "notApplicable", "review", "fail", "fail", "open", "open", "notApplicable"]);
    for result in results {
        assert_eq!(result["kind"] == "fail", result["level"] != "none");
    }
    assert!(results[3]["suppressions"][0]["status"] == "accepted");
}

#[test]
fn oscal_has_no_finding_of_what_was_not_assessed() {
    let report = hostile_controls("x");
    let document = value(&report, write_oscal);
    let result = &document["assessment-results"]["results"][0];
    let states: Vec<&str> = result["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["target"]["status"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["satisfied", "satisfied", "satisfied", "not-satisfied", "not-satisfied"]);
    let props = result["props"].as_array().unwrap();
    assert_eq!(props.iter().filter(|prop| prop["name"] == "not-assessed").count(), 3);
    let risks: Vec<&Value> = result["risks"].as_array().unwrap().iter().map(|risk| &risk["status"]).collect();
    assert_eq!(risks, ["deviation-approved", "open"]);
    assert_eq!(written(&report, write_oscal), written(&report, write_oscal), "the same bytes");
    let mut none = report;
    none.results.retain(|control| control.state == ControlState::NotAssessed);
    let document = value(&none, write_oscal);
    assert!(document["assessment-results"]["results"][0].get("findings").is_none());
}

#[test]
fn every_format_is_well_formed_whatever_the_texts_are() {
    arbtest::arbtest(|u| {
        let report = controls(u)?;
        value(&report, write_json);
        value(&report, write_oscal);
        value(&report, write_controls);
        written(&report, write_csv);
        written(&report, write_html);
        let xml = written(&report, write_junit);
        let mut reader = quick_xml::Reader::from_str(&xml);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        Ok(())
    })
    .budget_ms(500);
}
