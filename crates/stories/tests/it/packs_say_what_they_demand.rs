//! Somebody must meet a framework: which packs there are, what one demands, what a release changed, what an artifact
//! says of each control.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stopgate_testkit::{Run, Stopgate, images};

fn ends(stopgate: &Stopgate, words: &str, code: i32) -> Result<Run> {
    let run = stopgate.run(words.split(' '))?;
    assert_eq!(run.code, code, "{words}\n{}\n{}", run.text(), run.stderr);
    Ok(run)
}

/// A manifest of a site, with what is changed in it.
fn manifest(change: impl FnOnce(&mut Value)) -> String {
    let mut manifest = json!({
        "schema": "stopgate-pack/1",
        "pack": {"id": "site", "title": "Site rules", "version": "1", "released": "2026-01-01", "prefix": "site",
                 "license": "Apache-2.0", "framework": "cis-docker", "about": "What we ask.", "sees": "images",
                 "cannot_see": "hosts"},
        "parameters": [{"key": "max_layers", "label": "layers", "type": "integer", "default": "40"}],
        "controls": [
            {"id": "4.3", "assess": "partial", "owner": "image-author", "prerequisites": ["SBOM"],
             "not_assessed": "need", "rules": ["R-BLD-16"]},
            {"id": "5.1", "assess": "none", "owner": "host", "not_assessed": "the daemon"}],
    });
    change(&mut manifest);
    manifest.to_string()
}

#[test]
fn packs_are_listed_with_what_they_can_show() -> Result<()> {
    let stopgate = Stopgate::new()?;
    images::mixed()?.write_oci_archive(&stopgate.home().join("mixed.tar"))?;
    std::fs::create_dir(stopgate.home().join("osv"))?;
    let text = ends(&stopgate, "pack list", 0)?.text();
    assert!(text.starts_with("PACK ") && text.contains("\ncis-docker "), "{text}");
    let packs = ends(&stopgate, "pack list -o json", 0)?.json()?;
    let packs = packs["packs"].as_array().context("packs")?.clone();
    assert_eq!(packs[0]["id"], "cis-docker", "the default pack is the first");
    for pack in &packs {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let checkable: u64 = pack["checkable"].as_object().into_iter().flatten().map(|(_, count)| number(count)).sum();
        assert_eq!(checkable + number(&pack["not_assessed"]), number(&pack["controls"]), "{pack:#}");
        let variants = pack["variants"].as_array().cloned().unwrap_or_default();
        let named = variants.iter().filter_map(|variant| variant["name"].as_str());
        for name in named.chain(pack["id"].as_str()) {
            assert!(text.contains(&format!("\n{name} ")), "{name}\n{text}");
            ends(&stopgate, &format!("pack show {name}"), 0)?;
            let check = format!("check mixed.tar -q -p {name} --advisories osv --as-of 2026-06-01 -o json");
            let verdict = stopgate.run(check.split(' '))?.json()?;
            assert!(verdict["verdict"]["decision"].is_string(), "{name}");
        }
    }
    assert!(ends(&stopgate, "pack list -o markdown", 0)?.text().starts_with("| Pack | Framework |"));
    Ok(())
}

#[test]
fn a_pack_is_a_page_for_a_developer() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let text = ends(&stopgate, "pack show cis-docker --param high_fix_days=7", 0)?.text();
    for part in [
        "4.1  the image runs as a dedicated unprivileged user [in full]",
        "STOP the effective user is root (cis-4.1-r1, dockerfile.effective_user)",
        "Create an unprivileged account in the build",
        "[high_fix_days = 7]",
        "gcc, make, gdb",
        "(cis-4.3-r1-*, packages.denylist)",
        "left out: a port outside the site's list is exposed (R-PORT-3, site value missing: allowed_ports)",
        "left out: a component that the site denies is installed (R-PKG-8, site value missing: denied_packages)",
        "related: 800-53 AC-6(10), CCI-002235",
        "STOP: it must not pass as it is.",
        "stopgate check IMAGE -p cis-docker --dockerfile Dockerfile",
        "needs: the Dockerfile or the history of the layers",
        "What no artifact can show",
        "allowed_ports = no value",
        "Cannot see:",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours outside a terminal");
    let page = ends(&stopgate, "pack show cis-docker -o markdown", 0)?.text();
    assert!(page.contains("### 4.1 the image runs as") && page.contains("## Parameters"), "{page}");
    let document = ends(&stopgate, "pack show cis-docker --flavour strict -o json", 0)?.json()?;
    assert_eq!(document["pack"]["flavour"], "strict");
    let controls = document["controls"].as_array().context("controls")?;
    assert_eq!(controls.len(), 44);
    assert_eq!(controls[0]["rules"], json!(["cis-4.1-r1", "cis-4.1-r3"]));
    assert_eq!(controls[0]["left_out"][0]["rule"], "R-USER-2");
    Ok(())
}

#[test]
fn a_rendered_pack_is_a_policy_that_decides_as_the_pack() -> Result<()> {
    let stopgate = Stopgate::new()?;
    images::mixed()?.write_oci_archive(&stopgate.home().join("mixed.tar"))?;
    std::fs::create_dir(stopgate.home().join("osv"))?;
    let run = ends(&stopgate, "pack render cis-docker --param max_layers=7 -o p.json", 0)?;
    assert!(run.stderr.contains("left out: R-PORT-3 of 5.9: site value missing: allowed_ports"), "{}", run.stderr);
    assert!(ends(&stopgate, "pack render cis-docker -q -o q.json", 0)?.stderr.is_empty());
    ends(&stopgate, "pack render cis-docker --flavour strict -o s.json", 0)?;
    for file in ["p.json", "q.json", "s.json"] {
        ends(&stopgate, &format!("policy validate {file}"), 0)?;
    }
    let findings = |policy: &str| -> Result<Value> {
        let check = format!("check mixed.tar -q --advisories osv --as-of 2026-06-01 {policy} -o json");
        Ok(ends(&stopgate, &check, 1)?.json()?["findings"].clone())
    };
    // The document has no room for controls.
    let plain = |mut findings: Value| {
        findings.as_array_mut().into_iter().flatten().for_each(|finding| finding["controls"] = json!([]));
        findings
    };
    assert_eq!(plain(findings("-p p.json")?), plain(findings("-p cis-docker --param max_layers=7")?));
    let report = "check mixed.tar --advisories osv --as-of 2026-06-01 --param enforcement=report -o json";
    let evaluation = ends(&stopgate, report, 0)?.json()?["evaluation"].clone();
    assert_eq!((&evaluation["status"], &evaluation["final_action"]), (&json!("pass"), &json!("warn")));
    Ok(())
}

#[test]
fn releases_and_flavours_are_compared() -> Result<()> {
    let stopgate = Stopgate::new()?;
    std::fs::write(stopgate.home().join("old.json"), manifest(|_| ()))?;
    let new = manifest(|manifest| {
        manifest["parameters"][0]["default"] = "20".into();
        manifest["controls"][0]["rules"] = json!([{"ref": "R-BLD-16", "action": "STOP"}, "R-FILE-1"]);
    });
    std::fs::write(stopgate.home().join("new.json"), new)?;
    let text = ends(&stopgate, "pack diff old.json new.json", 0)?.text();
    for part in [
        "changed 4.3: rules: `R-BLD-16` -> `R-BLD-16 as STOP, R-FILE-1`",
        "changed R-BLD-16: action: `WARN` -> `STOP`; value: `40` -> `20`",
        "added   R-FILE-1: ",
        "changed max_layers: default: `40` -> `20`",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(ends(&stopgate, "pack diff old.json old.json", 0)?.text().ends_with("they do not differ\n"));
    let document = ends(&stopgate, "pack diff old.json cis-docker -o json", 0)?.json()?;
    assert_eq!(document["new"]["title"], "cis-docker 2026.1");
    assert!(document["controls"].as_array().is_some_and(|all| all.len() > 40), "{document:#}");
    let markdown = ends(&stopgate, "pack diff cis-docker cis-docker --old-flavour strict -o markdown", 0)?.text();
    assert!(markdown.contains("| added | R-USER-2 |"), "{markdown}");
    Ok(())
}

#[test]
fn what_is_wrong_is_named_with_a_suggestion() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let write = |name: &str, text: &str| std::fs::write(stopgate.home().join(name), text);
    write("rule.json", &manifest(|manifest| manifest["controls"][0]["rules"][0] = "R-NONE".into()))?;
    write("control.json", &manifest(|manifest| manifest["controls"][0]["owner"] = "\u{1b}[2J".into()))?;
    write("deep.json", &"[".repeat(100_000))?;
    write("bytes.json", "")?;
    for (words, told) in [
        ("pack show cis-dokcer", "did you mean `cis-docker`?"),
        ("check -p cis-docke x.tar", "did you mean `cis-docker`?"),
        ("pack show cis-docker --param max_layer=3", "did you mean `max_layers`?"),
        ("pack show cis-docker --param max_layers=x", "does not accept `x`: expected a whole number"),
        ("pack show cis-docker --param max_layers", "expected KEY=VALUE"),
        ("pack render cis-docker --flavour loose", "possible values: strict, extended"),
        ("pack list -o yaml", "expected one of text, markdown, json"),
        ("pack diff cis-docker none.json", "there is no pack `none.json`"),
        ("pack show rule.json", "pack `site`, control `4.3`, rule `R-NONE`: the rule library does not have it"),
        ("pack show control.json", "pack `site`, control `4.3`: unknown variant"),
        ("pack show deep.json", "`deep.json` is not a manifest of a pack"),
        ("pack show bytes.json", "`bytes.json` is not a manifest of a pack"),
    ] {
        let run = ends(&stopgate, words, 2)?;
        assert!(run.stderr.contains(told), "{words}\n{}", run.stderr);
        assert!(run.stdout.is_empty() && !run.stderr.contains('\u{1b}'), "{words}");
    }
    Ok(())
}

/// The state of a control, as `--detail` prints it.
fn state(text: &str, control: &str) -> String {
    let controls = text.split("\nControls\n").nth(1).unwrap_or_default();
    let mut lines = controls.lines().map(str::split_whitespace);
    let found = lines.find_map(|mut words| (words.next() == Some(control)).then(|| words.next().unwrap_or_default()));
    found.unwrap_or_default().to_owned()
}

#[test]
fn a_control_without_its_data_is_not_passed() -> Result<()> {
    let stopgate = Stopgate::new()?;
    images::good().write_oci_archive(&stopgate.home().join("good.tar"))?;
    std::fs::create_dir(stopgate.home().join("osv"))?;
    std::fs::write(stopgate.home().join("Dockerfile"), "FROM scratch\nHEALTHCHECK CMD true\nUSER 1000\n")?;
    let without = ends(&stopgate, "check good.tar --detail --offline", 2)?.text();
    for control in ["4.4", "5.28"] {
        assert_eq!(state(&without, control), "not-assessed", "{without}");
    }
    let check = "check good.tar --detail --dockerfile Dockerfile --advisories osv";
    let with = stopgate.run(check.split(' '))?.text();
    assert_eq!((state(&with, "4.1"), state(&with, "4.9")), ("satisfied".to_owned(), "satisfied".to_owned()), "{with}");
    let bare = stopgate.run("check good.tar --detail --advisories osv".split(' '))?.text();
    assert_eq!((state(&bare, "4.1"), state(&bare, "4.9")), ("satisfied-in-part".to_owned(), "not-assessed".to_owned()));
    assert_eq!(state(&bare, "5.5"), "not-assessed", "how a container is started shows in no image");
    Ok(())
}

#[test]
fn a_source_tree_is_told_by_the_rules_that_look_at_it() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let tree = stopgate.home().join("tree");
    std::fs::create_dir_all(tree.join("app"))?;
    std::fs::create_dir(stopgate.home().join("osv"))?;
    std::fs::write(tree.join("app/key.pem"), "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n")?;
    let text = stopgate.run("check dir:tree --detail --advisories osv".split(' '))?.text();
    assert_eq!(state(&text, "4.10"), "not-satisfied", "{text}");
    assert_eq!(state(&text, "4.1"), "not-assessed", "{text}");
    Ok(())
}
