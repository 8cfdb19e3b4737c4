//! A fix plan is carried out: the image is built again as its steps say, analysed from nothing, and decided.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use stopgate_archive::write::{Entry, ImageBuilder};
use stopgate_testkit::{Stopgate, images, jar};

const DATE: &str = "2026-06-01";

/// Own advisories: id, ecosystem, package, first fixed version, vector.
const ADVISORIES: [(&str, &str, &str, &str, &str); 6] = [
    ("CVE-2023-5363", "Debian:12", "openssl", "3.0.11-1~deb12u2", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"),
    ("CVE-2024-0727", "Debian:12", "openssl", "3.0.13-1~deb12u1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"),
    (
        "CVE-2021-44228",
        "Maven",
        "org.apache.logging.log4j:log4j-core",
        "2.15.0",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
    ),
    ("CVE-2021-23337", "npm", "lodash", "4.17.21", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"),
    ("CVE-2022-37434", "Alpine:v3.18", "zlib", "1.2.12-r2", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ("CVE-2023-30861", "PyPI", "flask", "2.2.5", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"),
];

/// What an image is built from.
#[derive(Clone)]
struct Recipe {
    release: &'static str,
    /// Type, name, version.
    packages: Vec<(&'static str, String, String)>,
    files: BTreeMap<String, &'static str>,
    dockerfile: String,
}

impl Recipe {
    fn debian() -> Self {
        let package = |kind, name: &str, version: &str| (kind, name.to_owned(), version.to_owned());
        Self {
            release: images::DEBIAN_12,
            packages: vec![
                // Two binaries of one source, which move together.
                package("deb", "openssl", "3.0.11-1~deb12u1"),
                package("deb", "libssl3", "3.0.11-1~deb12u1"),
                package("java-archive", "log4j-core", "2.14.1"),
                package("npm", "lodash", "4.17.15"),
            ],
            files: BTreeMap::new(),
            dockerfile: "FROM debian:12\nCOPY app /app\nEXPOSE 22 8080\n".to_owned(),
        }
    }

    fn alpine() -> Self {
        let package = |kind, name: &str, version: &str| (kind, name.to_owned(), version.to_owned());
        Self {
            release: "ID=alpine\nVERSION_ID=3.18.4\nNAME=\"Alpine Linux\"\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
            packages: vec![package("apk", "zlib", "1.2.12-r1"), package("python", "flask", "2.2.2")],
            files: [("root/.aws/credentials", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"), ("app/app.py", "pass\n")]
                .map(|(path, content)| (path.to_owned(), content))
                .into(),
            dockerfile: "FROM alpine:3.18\nCOPY app /app\nUSER root\n".to_owned(),
        }
    }

    fn write(&self, home: &Path) -> Result<()> {
        let mut system =
            vec![Entry::file("etc/os-release", self.release), Entry::file("etc/passwd", "root:x:0:0::/:/bin/sh\n")];
        let (mut dpkg, mut apk, mut app) = (String::new(), String::new(), Vec::new());
        for (kind, name, version) in &self.packages {
            match *kind {
                "deb" => dpkg += &images::dpkg(name, version).replace("Status:", "Source: openssl\nStatus:"),
                "apk" => writeln!(apk, "P:{name}\nV:{version}\nA:x86_64\n")?,
                "npm" => app.push(Entry::file(
                    format!("app/node_modules/{name}/package.json"),
                    json!({"name": name, "version": version}).to_string(),
                )),
                "python" => app.push(Entry::file(
                    format!("usr/lib/python3.11/site-packages/{name}-{version}.dist-info/METADATA"),
                    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
                )),
                _ => app.push(Entry::file(
                    format!("app/{name}-{version}.jar"),
                    jar::maven("org.apache.logging.log4j", name, version)?,
                )),
            }
        }
        system.extend((!dpkg.is_empty()).then(|| Entry::file("var/lib/dpkg/status", dpkg)));
        system.extend((!apk.is_empty()).then(|| Entry::file("lib/apk/db/installed", apk)));
        app.extend(self.files.iter().map(|(path, content)| Entry::file(path.as_str(), *content)));
        ImageBuilder::new()
            .layer(system)
            .layer(app)
            .tag("app:1")
            .config_field("config", self.config())
            .write_oci_archive(&home.join("app.tar"))?;
        Ok(std::fs::write(home.join("Dockerfile"), &self.dockerfile)?)
    }

    /// What a builder takes over from the Dockerfile.
    fn config(&self) -> Value {
        let mut config = json!({});
        for line in self.dockerfile.lines() {
            match line.split_once(' ') {
                Some(("USER", user)) => config["User"] = json!(user),
                Some(("EXPOSE", ports)) => {
                    let ports = ports.split(' ').map(|port| (format!("{port}/tcp"), json!({})));
                    config["ExposedPorts"] = ports.collect::<serde_json::Map<_, _>>().into();
                }
                Some(("HEALTHCHECK", check)) => config["Healthcheck"] = json!({"Test": ["CMD-SHELL", check]}),
                _ => {}
            }
        }
        config
    }

    /// Does what a step says, as a developer would.
    fn carry_out(&mut self, step: &Value) -> Result<()> {
        let text = |key: &str| step[key].as_str().with_context(|| format!("no `{key}` in {step}"));
        match text("kind")? {
            "upgrade_packages" => {
                for named in step["packages"].as_array().context("no packages")? {
                    let same = |(kind, name, version): &&mut (&str, String, String)| {
                        step["type"] == *kind && named["name"] == **name && named["version"] == **version
                    };
                    let package = self.packages.iter_mut().find(same).context("no such package")?;
                    text("to")?.clone_into(&mut package.2);
                }
            }
            "remove_file" => {
                let path = text("path")?.trim_start_matches('/');
                self.files.remove(path).with_context(|| format!("there is no `{path}`"))?;
            }
            "remove_ports" => {
                let number = step["line"].as_u64().context("no line")?;
                let line = self.dockerfile.lines().nth(number as usize - 1).context("no such line")?.to_owned();
                let gone: Vec<&str> =
                    step["ports"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let kept: Vec<&str> = line.split(' ').filter(|word| !gone.contains(word)).collect();
                self.replace_line(step, &kept.join(" "))?;
            }
            "add_instruction" | "replace_instruction" => {
                let line = format!("{} {}", text("instruction")?, text("arguments")?);
                if step["line"].is_null() {
                    writeln!(self.dockerfile, "{line}")?;
                } else {
                    self.replace_line(step, &line)?;
                }
            }
            other => bail!("the story knows no step `{other}`: {step}"),
        }
        Ok(())
    }

    fn replace_line(&mut self, step: &Value, with: &str) -> Result<()> {
        let number = step["line"].as_u64().context("no line")?;
        let lines = self.dockerfile.lines().zip(1..).map(|(line, at)| if at == number { with } else { line });
        self.dockerfile = lines.fold(String::new(), |text, line| text + line + "\n");
        Ok(())
    }
}

fn policy() -> Value {
    let rule = |id: &str, gate: &str, trigger: &str, params: &[(&str, &str)]| {
        let params: Vec<Value> = params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({"id": id, "gate": gate, "trigger": trigger, "action": "STOP", "params": params})
    };
    let rules = [
        rule("high", "vulnerabilities", "package", &[("package_type", "all"), ("severity", "medium")]),
        rule("user", "dockerfile", "effective_user", &[("users", "root,0"), ("type", "denylist")]),
        rule("ports", "dockerfile", "exposed_ports", &[("ports", "22"), ("type", "denylist")]),
        rule("secret", "secret_scans", "content_regex_checks", &[]),
        rule("health", "dockerfile", "instruction", &[("instruction", "HEALTHCHECK"), ("check", "not_exists")]),
    ];
    json!({
        "id": "p", "name": "team", "version": "2",
        "rule_sets": [{"id": "rs", "name": "rules", "version": "2", "rules": rules}],
        "mappings": [{"id": "m", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs"], "allowlist_ids": []}],
    })
}

/// Builds the image, and decides it with a program that knows nothing yet.
fn decide(recipe: &Recipe) -> Result<(i32, Value)> {
    let stopgate = Stopgate::new()?;
    let home = stopgate.home();
    recipe.write(home)?;
    std::fs::write(home.join("p.json"), policy().to_string())?;
    std::fs::create_dir(home.join("osv"))?;
    for (id, ecosystem, name, fixed, vector) in ADVISORIES {
        let affected = json!([{"package": {"ecosystem": ecosystem, "name": name},
                               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]);
        let document = json!({"id": id, "modified": "2026-01-01T00:00:00Z", "affected": affected,
                              "severity": [{"type": "CVSS_V3", "score": vector}]});
        std::fs::write(home.join(format!("osv/{id}.json")), document.to_string())?;
    }
    let words = format!(
        "check app.tar --dockerfile Dockerfile -p p.json --advisories osv --as-of {DATE} --fix-plan -q -o json"
    );
    let run = stopgate.run(words.split(' '))?;
    Ok((run.code, run.json()?))
}

/// Rule and trigger id of all that stops.
fn stops(report: &Value, list: &Value) -> BTreeSet<(String, String)> {
    let fields = |finding: &Value| (finding["rule_id"].to_string(), finding["trigger_id"].to_string());
    let stopping = |finding: &&Value| finding.get("action").is_none_or(|action| action == "stop");
    assert!(list.is_array(), "{report:#}");
    list.as_array().into_iter().flatten().filter(stopping).map(fields).collect()
}

/// All steps lead to what the plan says, and without any one of them the image is stopped.
fn holds(recipe: &Recipe, kinds: &[&str]) -> Result<()> {
    let (code, report) = decide(recipe)?;
    assert_eq!(code, 1, "{report:#}");
    let plan = &report["fix_plan"];
    let steps = plan["steps"].as_array().cloned().unwrap_or_default();
    let told: Vec<&str> = steps.iter().filter_map(|step| step["kind"].as_str()).collect();
    assert_eq!((told.as_slice(), &plan["decision"]), (kinds, &json!("pass")), "{plan:#}");
    let mut cleared = BTreeSet::new();
    let mut whole = recipe.clone();
    for step in &steps {
        cleared.extend(stops(&report, &step["clears"]));
        whole.carry_out(step)?;
    }
    assert_eq!(cleared, stops(&report, &report["findings"]), "every stop ends by a step");
    let (code, after) = decide(&whole)?;
    assert_eq!((code, stops(&after, &after["findings"]).len()), (0, 0), "{after:#}");
    for left_out in 0..steps.len() {
        let mut part = recipe.clone();
        for (_, step) in steps.iter().enumerate().filter(|(at, _)| *at != left_out) {
            part.carry_out(step)?;
        }
        let (code, partly) = decide(&part)?;
        let (left, own) = (stops(&partly, &partly["findings"]), stops(&report, &steps[left_out]["clears"]));
        assert_eq!(code, 1, "without {}", steps[left_out]);
        assert!(!left.is_empty() && left.len() <= own.len(), "{left:?} of {own:?}");
    }
    Ok(())
}

#[test]
fn a_debian_image_is_mended() -> Result<()> {
    let upgrade = "upgrade_packages";
    holds(&Recipe::debian(), &[upgrade, upgrade, upgrade, "add_instruction", "add_instruction", "remove_ports"])
}

#[test]
fn an_alpine_image_is_mended() -> Result<()> {
    let kinds = ["upgrade_packages", "upgrade_packages", "add_instruction", "replace_instruction", "remove_file"];
    holds(&Recipe::alpine(), &kinds)
}
