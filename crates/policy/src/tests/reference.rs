//! Examples that documentation shows: they parse, together with those of all other parameters, and run.

use serde_json::{Value, json};
use stopgate_model::ProblemKind;

use super::{document, image, lines};
use crate::registry::all;
use crate::schema::full_example_rule;
use crate::{ParseOptions, example_rule, parse};

#[test]
fn examples_are_valid_together_and_run_on_an_empty_image() {
    for row in all() {
        let info = row.info();
        for rule in [example_rule(info.gate, info.name).unwrap(), full_example_rule(row)] {
            let mut policy = document(&[]);
            policy["rule_sets"][0]["rules"] = json!([rule]);
            let parsed = parse(policy.to_string().as_bytes(), ParseOptions { strict: true });
            let parsed = parsed.unwrap_or_else(|errors| panic!("{rule:#}: {errors:#?}"));
            let evaluation = image().evaluate(&parsed.policy);
            let broken = evaluation.problems.iter().any(|problem| problem.kind == ProblemKind::TriggerEvaluationError);
            assert!(!broken, "{rule:#}: {:#?}", lines(&evaluation));
        }
    }
}

#[test]
fn an_example_shows_what_is_required_and_little_more() {
    let names = |gate: &str, trigger: &str| -> Vec<String> {
        let rule = example_rule(gate, trigger).unwrap();
        let params = rule["params"].as_array().unwrap().iter();
        params.map(|param| param["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("always", "always"), Vec::<String>::new());
    assert_eq!(
        names("vulnerabilities", "package"),
        ["package_type", "severity_comparison", "severity", "cvss_v3_base_score"]
    );
    assert_eq!(example_rule("always", "never"), None::<Value>);
}
