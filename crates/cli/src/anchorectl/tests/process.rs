//! What every command does: settings, precedence, formats, errors.

use std::fs;

use clap::CommandFactory as _;
use serde_json::json;

use super::{Server, run_in};
use crate::anchorectl::arguments::Arguments;
use crate::anchorectl::layers::with_settings;
use crate::anchorectl::settings::Settings;

/// Parses a command line; what one flag became, else the error.
fn flag(line: &str, variables: &[(&str, &str)], config: &str, id: &str) -> Result<String, String> {
    let home = tempfile::tempdir().unwrap();
    if !config.is_empty() {
        fs::write(home.path().join(".anchorectl.yaml"), config).unwrap();
    }
    let mut settings = Settings::of(variables, home.path());
    settings.read_config(None).map_err(|failure| failure.to_string())?;
    let matches = with_settings(&settings).matches(line.split(' ').map(Into::into));
    let matches = matches.map_err(|error| error.to_string())?.map_err(|failure| failure.to_string())?;
    let mut at = &matches;
    while let Some((_, below)) = at.subcommand() {
        at = below;
    }
    let raw = at.get_raw(id).into_iter().flatten();
    Ok(raw.map(|value| value.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "))
}

#[test]
fn the_command_tree_is_sound() {
    Arguments::command().debug_assert();
    with_settings(&Settings::default()).command.debug_assert();
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let add = "anchorectl image add app:1";
    let wait = [("ANCHORECTL_IMAGE_WAIT", "true")];
    let file = "image:\n  wait: true\n  platform: linux/arm64\n";
    for (line, variables, config, id, value) in [
        (add, &[][..], "", "wait", "false"),
        (add, &wait[..], "", "wait", "true"),
        (add, &[][..], file, "wait", "true"),
        (add, &[("ANCHORECTL_IMAGE_WAIT", "no")][..], file, "wait", "false"),
        ("anchorectl image add --wait app:1", &[("ANCHORECTL_IMAGE_WAIT", "0")][..], "", "wait", "true"),
        ("anchorectl image add --wait=false app:1", &wait[..], "", "wait", "false"),
        (add, &[][..], file, "platform", "linux/arm64"),
        (add, &[("ANCHORECTL_IMAGE_PLATFORM", "linux/amd64")][..], file, "platform", "linux/amd64"),
        ("anchorectl image add -p linux/s390x app:1", &[][..], file, "platform", "linux/s390x"),
        (add, &[("ANCHORECTL_IMAGE_PLATFORM", "")][..], "", "platform", ""),
        (add, &[("ANCHORECTL_IMAGE_ANNOTATION", "a=1,b=2")][..], "", "annotation", "a=1 b=2"),
        ("anchorectl policy list", &[][..], "", "detail", "true"),
        ("anchorectl policy list --detail=false", &[][..], "", "detail", "false"),
        ("anchorectl policy list", &[("ANCHORECTL_DETAIL", "F")][..], "", "detail", "false"),
        ("anchorectl registry add h", &[("ANCHORECTL_REGISTRY_TYPE", "awsecr")][..], "", "kind", "awsecr"),
        ("anchorectl source add h/r@1", &[("ANCHORECTL_BRANCH", "main")][..], "", "branch", "main"),
        ("anchorectl version", &[("ANCHORECTL_OUTPUT", "json")][..], "", "output", "json"),
        ("anchorectl version", &[("ANCHORECTL_OUTPUT", "json"), ("ANCHORECTL_FORMAT", "id")][..], "", "output", "id"),
        ("anchorectl -o csv version", &[][..], "", "output", "csv"),
        ("anchorectl version -o csv", &[("ANCHORECTL_FORMAT", "id")][..], "", "output", "csv"),
    ] {
        assert_eq!(flag(line, variables, config, id).as_deref(), Ok(value), "{line} {variables:?} {config:?}");
    }
}

#[test]
fn short_flags_stand_together() {
    for (id, value) in [("wait", "true"), ("force", "true"), ("no_auto_subscribe", "true"), ("image", "app:1")] {
        assert_eq!(flag("anchorectl image add -wfn app:1", &[], "", id).as_deref(), Ok(value), "{id}");
    }
}

#[test]
fn a_wrong_word_in_a_variable_names_the_variable() {
    for (line, variables, config, said) in [
        (
            "anchorectl image add app:1",
            &[("ANCHORECTL_FORCE", "maybe")][..],
            "",
            "the variable ANCHORECTL_FORCE is `maybe`: expected true or false",
        ),
        (
            "anchorectl registry add h",
            &[("ANCHORECTL_REGISTRY_TYPE", "x")][..],
            "",
            "expected one of docker_v2, awsecr",
        ),
        ("anchorectl image add app:1", &[][..], "image: {wait: perhaps}", "the setting image_wait of `"),
    ] {
        let error = flag(line, variables, config, "none").unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let elsewhere = flag("anchorectl image list", &[("ANCHORECTL_FORCE", "maybe")], "", "history");
    assert_eq!(elsewhere.as_deref(), Ok("false"), "only the command of the flag minds");
}

#[test]
fn every_flag_of_the_reference_has_its_variable() {
    let command = Arguments::command();
    for (path, flag, variable) in VARIABLES {
        let group = path.split(' ').fold(&command, |at, name| at.find_subcommand(name).unwrap());
        let arg = group.get_arguments().find(|arg| arg.get_long() == Some(flag));
        let arg = arg.unwrap_or_else(|| panic!("`{path}` has no --{flag}"));
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable), "{path} --{flag}");
    }
}

/// A sample over all groups of what the reference page lists.
const VARIABLES: [(&str, &str, &str); 34] = [
    ("image add", "annotation", "ANCHORECTL_IMAGE_ANNOTATION"),
    ("image add", "application", "ANCHORECTL_APPLICATION"),
    ("image add", "dockerfile", "ANCHORECTL_IMAGE_DOCKERFILE"),
    ("image add", "force", "ANCHORECTL_FORCE"),
    ("image add", "from", "ANCHORECTL_IMAGE_FROM"),
    ("image add", "get", "ANCHORECTL_IMAGE_GET"),
    ("image add", "no-auto-subscribe", "ANCHORECTL_IMAGE_NO_AUTO_SUBSCRIBE"),
    ("image add", "platform", "ANCHORECTL_IMAGE_PLATFORM"),
    ("image add", "wait", "ANCHORECTL_IMAGE_WAIT"),
    ("image check", "detail", "ANCHORECTL_IMAGE_CHECK_DETAIL"),
    ("image check", "fail-based-on-results", "ANCHORECTL_FAIL_BASED_ON_RESULTS"),
    ("image check", "history", "ANCHORECTL_IMAGE_CHECK_HISTORY"),
    ("image check", "policy", "ANCHORECTL_POLICY"),
    ("image check", "tag", "ANCHORECTL_IMAGE_TAG"),
    ("image evaluate", "tag", "ANCHORECTL_IMAGE_TAG"),
    ("image vuln", "type", "ANCHORECTL_VULNERABILITY_TYPE"),
    ("image vulns", "vendor-only", "ANCHORECTL_VULNERABILITY_VENDOR_ONLY"),
    ("image list", "image-status", "ANCHORECTL_IMAGE_STATUS"),
    ("image contents", "type", "ANCHORECTL_CONTENT_TYPES"),
    ("image del", "force", "ANCHORECTL_IMAGE_DELETE_FORCE"),
    ("image metadata", "type", "ANCHORECTL_METADATA_TYPE"),
    ("image ancestor", "base", "ANCHORECTL_ANCESTOR_BASE"),
    ("source check", "policy", "ANCHORECTL_POLICY"),
    ("source vuln", "will-not-fix", "ANCHORECTL_WILL_NOT_FIX"),
    ("source sbom", "file", "ANCHORECTL_SBOM_FILE"),
    ("policy add", "input", "ANCHORECTL_INPUT"),
    ("repo add", "dry-run", "ANCHORECTL_REPO_DRY_RUN"),
    ("registry update", "secure-connection", "ANCHORECTL_REGISTRY_SECURE_CONNECTION"),
    ("user add", "idp_name", "ANCHORECTL_IDP_NAME"),
    ("usergroup user del", "user", "ANCHORECTL_USER"),
    ("inventory del", "yes", "ANCHORECTL_CONFIRM"),
    ("event list", "page", "ANCHORECTL_PAGE"),
    ("feed sync", "force_sync", "ANCHORECTL_FORCE_SYNC"),
    ("archive rule add", "exclude-selector-tag", "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_SELECTOR_TAG"),
];

#[test]
fn errors_have_anchores_form_and_code_one() {
    let home = tempfile::tempdir().unwrap();
    for (line, said) in [
        ("image", "\t* the command is not complete\n\nImages:"),
        ("image add", "required arguments were not provided: <IMAGE>"),
        ("image add app:1 --bogus", "\t* unexpected argument '--bogus' found"),
        ("-o xml version", "there is no output format `xml`"),
        ("-c no.yaml version", "cannot read `no.yaml`"),
        ("image check", "\t* there is no image: expected IMAGE or --tag"),
    ] {
        let run = run_in(line, &[("ANCHORECTL_URL", "http://127.0.0.1:1")], home.path(), "");
        assert!(!run.ok && run.out.is_empty(), "{run:?}");
        assert!(run.err.starts_with("error: 1 error occurred:\n\t* ") && run.err.contains(said), "{}", run.err);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let home = tempfile::tempdir().unwrap();
    for (line, said) in [
        ("--help", "Usage: anchorectl"),
        ("image add --help", "[env: ANCHORECTL_IMAGE_WAIT]"),
        ("--version", "anchorectl 0"),
    ] {
        let run = run_in(line, &[], home.path(), "");
        assert!(run.ok && run.err.is_empty() && run.out.contains(said), "{run:?}");
    }
    let run = run_in("version", &[], home.path(), "");
    assert!(run.out.starts_with("Application:        anchorectl\nVersion:            0"), "{}", run.out);
    assert_eq!(run_in("version -o json", &[], home.path(), "").json()["application"], "anchorectl");
}

#[test]
fn the_file_names_server_and_user() {
    let server = Server::start();
    server.on("GET", "/v2/policies", &json!([]));
    let config = format!("url: {}/v2/\nusername: me\npassword: secret\naccount: shop\n", server.mocks.uri());
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("anchorectl")).unwrap();
    fs::write(home.path().join("anchorectl/config.yaml"), config).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = home.path().to_str().unwrap();
    let run = run_in("policy list", &[("XDG_CONFIG_HOME", folder)], elsewhere.path(), "");
    assert!(run.ok, "{run:?}");
    let requests = server.runtime.block_on(server.mocks.received_requests()).unwrap();
    assert_eq!(requests[0].headers["x-anchore-account"], "shop");
    // me:secret
    assert_eq!(requests[0].headers["authorization"], "Basic bWU6c2VjcmV0");
}

#[test]
fn quiet_leaves_the_data_alone() {
    let server = Server::start();
    server.on("GET", "/v2/policies", &json!([]));
    let loud = server.run("policy list");
    assert_eq!(loud.err, " ✔ Fetched policies\n");
    for (line, variables) in
        [("policy list -q", &[][..]), ("-q policy list", &[][..]), ("policy list", &[("ANCHORECTL_QUIET", "1")][..])]
    {
        let quiet = server.run_with(line, variables, "");
        assert_eq!((quiet.ok, quiet.err.as_str(), quiet.out.as_str()), (true, "", loud.out.as_str()), "{line}");
    }
}

#[test]
fn a_format_that_a_command_lacks_is_its_text() {
    let server = Server::start();
    server.on("GET", "/v2/policies", &json!([]));
    let text = server.run("policy list").out;
    for format in ["csv", "table", "text", "spdx-json"] {
        assert_eq!(server.run_with("policy list", &[("ANCHORECTL_FORMAT", format)], "").out, text, "{format}");
    }
}

#[test]
fn wrong_credentials_and_no_server_are_failures() {
    let server = Server::start();
    server.fails("GET", "/v2/system", 401, &json!("Unauthorized"));
    let run = server.run("system status");
    assert!(!run.ok && run.err.contains("does not accept the user name and password"), "{run:?}");
    let home = tempfile::tempdir().unwrap();
    let run = run_in(
        "system status",
        &[("ANCHORECTL_URL", "http://127.0.0.1:1"), ("STOPGATE_POLL_MS", "0")],
        home.path(),
        "",
    );
    assert!(!run.ok && run.err.contains("cannot reach `http://127.0.0.1:1`"), "{run:?}");
}
