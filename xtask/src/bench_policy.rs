//! What an evaluation takes: the default pack, a policy of a thousand rules with fifty thousand allowlist items, and
//! how the time grows with rules and packages. Vulnerability data is what the user has imported.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::run;

const RULES: usize = 1_000;
const ITEMS: usize = 50_000;
/// By how much rules and packages are multiplied.
const GROWTH: usize = 10;

/// Measures the evaluation of one image.
pub(crate) fn measure(binary: &Path, image: &Path) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("stopgate-bench-policy-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let bench = Bench { binary, folder };
    let outcome = bench.run(image);
    let _ = std::fs::remove_dir_all(&bench.folder);
    outcome
}

struct Bench<'a> {
    binary: &'a Path,
    folder: PathBuf,
}

impl Bench<'_> {
    fn run(&self, image: &Path) -> Result<()> {
        let archive = format!("oci-archive:{}", image.display());
        let analysis = self.folder.join("analysis.json.zst");
        let (sbom, tenfold) = (self.folder.join("sbom.json"), self.folder.join("tenfold.json"));
        let outputs = [format!("analysis={}", analysis.display()), format!("syft-json={}", sbom.display())];
        self.stopgate(&["sbom", &archive, "-q", "-o", &outputs[0], "-o", &outputs[1]])?;
        multiply(&sbom, &tenfold)?;
        let (large, larger) = (self.write("large.json", RULES)?, self.write("larger.json", RULES * GROWTH)?);
        let analysis = format!("analysis:{}", analysis.display());
        let (sbom, tenfold) = (format!("sbom:{}", sbom.display()), format!("sbom:{}", tenfold.display()));
        run::say("\n| evaluation | rules | packages | findings | median ms |\n|---|---:|---:|---:|---:|");
        for (name, source, policy) in [
            ("default pack", analysis.as_str(), "cis-docker"),
            ("many rules, long allowlist", &analysis, &large),
            ("ten times the rules", &analysis, &larger),
            ("SBOM alone", &sbom, &large),
            ("ten times the packages", &tenfold, &large),
        ] {
            self.row(name, source, policy)?;
        }
        Ok(())
    }

    fn row(&self, name: &str, source: &str, policy: &str) -> Result<()> {
        let output = self.stopgate(&["debug", "evaluate", source, "-p", policy, "-q", "--runs", "20"])?;
        let told: Value = serde_json::from_slice(&output)?;
        let number = |key: &str| told.get(key).and_then(Value::as_u64).unwrap_or_default();
        let took = number("median_us") as f64 / 1000.0;
        run::say(&format!(
            "| {name} | {} | {} | {} | {took:.1} |",
            number("rules"),
            number("packages"),
            number("findings")
        ));
        Ok(())
    }

    fn stopgate(&self, words: &[&str]) -> Result<Vec<u8>> {
        let mut command = run::command(&self.binary.to_string_lossy(), words);
        let output = command.output().context("stopgate cannot be started")?;
        if !output.status.success() {
            bail!("`{}` ended with {}: {}", words.join(" "), output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    }

    fn write(&self, name: &str, rules: usize) -> Result<String> {
        let path = self.folder.join(name);
        std::fs::write(&path, policy(rules).to_string())?;
        Ok(path.display().to_string())
    }
}

/// Rules as large policies have them: single vulnerabilities, packages, names of files, instructions, severities.
fn policy(rules: usize) -> Value {
    let rules: Vec<Value> = (0..rules).map(rule).collect();
    let items: Vec<Value> = (0..ITEMS).map(item).collect();
    json!({
        "id": "bench", "name": "bench", "version": "2",
        "rule_sets": [{"id": "rs", "name": "rules", "version": "2", "rules": rules}],
        "allowlists": [{"id": "al", "name": "accepted", "version": "2", "items": items}],
        "mappings": [{"id": "m", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs"], "allowlist_ids": ["al"]}],
    })
}

fn rule(number: usize) -> Value {
    let severities = ["low", "medium", "high", "critical"];
    let severity = severities.get(number / 10 % severities.len()).copied().unwrap_or("high");
    let (gate, trigger, params) = match number % 10 {
        0 => (
            "vulnerabilities",
            "package",
            vec![
                ("package_type", "all".to_owned()),
                ("severity_comparison", "=".to_owned()),
                ("severity", severity.to_owned()),
                ("package_path_exclude", format!("/opt/part{number}/.*")),
            ],
        ),
        1 => ("packages", "denylist", vec![("name", format!("package-{number}"))]),
        2 => ("files", "name_match", vec![("regex", format!(r".*/secret-{number}\.pem$"))]),
        3 => (
            "dockerfile",
            "instruction",
            vec![
                ("instruction", "RUN".to_owned()),
                ("check", "like".to_owned()),
                ("value", format!(".*tool-{number}.*")),
            ],
        ),
        _ => ("vulnerabilities", "denylist", vec![("vulnerability_ids", format!("CVE-2021-{number}"))]),
    };
    let params: Vec<Value> = params.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"id": format!("r{number}"), "gate": gate, "trigger": trigger, "action": "WARN", "params": params})
}

fn item(number: usize) -> Value {
    let id = match number % 4 {
        0 => format!("CVE-2019-{number}+*"),
        1 => format!("CVE-2020-{number}+package-{number}"),
        2 => format!("*+package-{number}"),
        _ => format!("{number:032x}"),
    };
    json!({"id": format!("i{number}"), "gate": "vulnerabilities", "trigger_id": id})
}

/// The same SBOM with its packages several times, under other names.
fn multiply(from: &Path, to: &Path) -> Result<()> {
    let mut document: Value = serde_json::from_slice(&std::fs::read(from)?)?;
    let Some(artifacts) = document.get("artifacts").and_then(Value::as_array).cloned() else { bail!("no artifacts") };
    let all: Vec<Value> = (0..GROWTH).flat_map(|copy| artifacts.iter().map(move |one| renamed(one, copy))).collect();
    if let Some(fields) = document.as_object_mut() {
        fields.insert("artifacts".to_owned(), Value::Array(all));
        fields.insert("artifactRelationships".to_owned(), json!([]));
    }
    Ok(std::fs::write(to, document.to_string())?)
}

fn renamed(artifact: &Value, copy: usize) -> Value {
    let mut artifact = artifact.clone();
    if let (Some(fields), true) = (artifact.as_object_mut(), copy > 0) {
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
        let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = format!("{copy:x}{}", id.get(1..).unwrap_or_default());
        let name = format!("{name}-{copy}");
        fields.insert("id".to_owned(), id.into());
        fields.insert("name".to_owned(), name.into());
    }
    artifact
}
