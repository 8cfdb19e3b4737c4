//! Each trigger: it fires, it does not, the boundary, and what happens without its data.

use stopgate_model::{DockerfileMode, FileKind, Gap, GapCode, Healthcheck, PackageType, SearchHit};

use super::{check, folder, ids, image};

#[test]
fn always_fires_for_everything() {
    assert_eq!(check(&image(), "stop always.always"), ["stop the rule fires for every artifact", "stop"]);
    assert_eq!(check(&image(), "warn always.always")[1], "pass");
    assert_eq!(ids(&image(), "go ALWAYS.Always"), ["always"]);
}

#[test]
fn the_effective_user_comes_from_the_configuration_first() {
    let rule = "stop dockerfile.effective_user users=root,docker; type=denylist";
    assert_eq!(ids(&image(), rule), ["cbff271f45d32e78dcc1979dbca9c14d"]);
    assert_eq!(
        check(&image().config(|config| config.user = "0:0".to_owned()), rule)[0],
        "stop the image runs as `0:0`, which is a denied user"
    );
    let named = image().config(|config| config.user = "app".to_owned());
    let named = named.dockerfile(DockerfileMode::Actual, &["FROM x", "USER root"]);
    assert_eq!(check(&named, rule), ["pass"]);
    let allowed = "stop dockerfile.effective_user users=app; type=allowlist";
    assert_eq!(ids(&image(), allowed), ["b2605c2ddbdb02b8e2365c9248dada5a"]);
    assert_eq!(check(&named, allowed), ["pass"]);
    let only_file = image().with(|artifact| artifact.config = None);
    assert_eq!(
        check(&only_file, rule),
        [
            "! rule `r1`: it was not checked: there is no image configuration: check the image rather than its SBOM",
            "undecided"
        ]
    );
    let only_file = only_file.dockerfile(DockerfileMode::Guessed, &["FROM x", "USER docker"]);
    assert_eq!(check(&only_file, rule)[0], "stop the image runs as `docker`, which is a denied user");
}

#[test]
fn a_user_is_root_by_its_id() {
    let user = |name: &str| {
        let name = name.to_owned();
        image().config(move |config| config.user = name)
    };
    let rule = "stop image_config.user check=uid_zero";
    assert_eq!(ids(&user(""), rule), ["user:root"]);
    assert_eq!(check(&user(""), rule)[0], "stop the image sets no user and runs as root");
    assert_eq!(ids(&user("0:1000"), rule), ["user:0:1000"]);
    assert_eq!(check(&user("000"), rule)[0], "stop the image runs as `000`, which has the user id 0");
    assert_eq!(check(&user("1000"), rule), ["pass"]);
    assert_eq!(check(&user("99999999999999999999999"), rule), ["pass"]);
    let accounts =
        "app:x:0:0::/:/bin/sh\nweb:x:1001:0::/:/bin/sh\nodd:x:?:0::/:/bin/sh\nshort:x\nroot:x:7:7::/:/bin/sh\n";
    let named = |name: &str| check(&user(name).retrieved("/etc/passwd", accounts), rule);
    assert_eq!(named("app:web")[0], "stop the image runs as `app:web`, which has the user id 0");
    assert_eq!(named("web"), ["pass"]);
    assert_eq!(named("root"), ["pass"], "its line says 7");
    assert_eq!(named("odd")[0], "stop the image runs as `odd`, which has the user id 0", "as runtimes read it");
    assert_eq!(named("short")[0], "stop the image runs as `short`, which has the user id 0", "fields are missing");
    assert!(named("ghost")[0].contains("has no account `ghost`"));
    let none = user("app").with(|artifact| artifact.retrieved = None);
    assert_eq!(check(&none, rule)[1], "undecided");
    assert_eq!(check(&image().with(|artifact| artifact.config = None), rule)[1], "undecided");
    let number = "warn image_config.user check=not_numeric";
    assert_eq!(ids(&user("app"), number), ["user:app"]);
    assert_eq!(check(&user("app"), number)[0], "warn the image runs as `app`, which is not given as a number");
    assert_eq!(check(&user(""), number)[0], "warn the image runs as `root`, which is not given as a number");
    assert_eq!(check(&user("1000:app"), number), ["pass"]);
}

#[test]
fn labels_must_be_there_and_say_something() {
    let labels = [("team", "core"), ("source", " ")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let case = image().config(move |config| config.labels = labels.to_vec());
    let rule = "warn image_config.label required=team, source, Team";
    assert_eq!(ids(&case, rule), ["label:source", "label:Team"]);
    let found = check(&case, rule);
    assert_eq!(found[..2], ["warn the label `source` is empty", "warn the label `Team` is missing"]);
    assert_eq!(check(&case, "stop image_config.label required=team"), ["pass"]);
    let sbom = image().with(|artifact| artifact.config = None);
    assert_eq!(
        check(&sbom, rule)[0],
        "! rule `r1`: it was not checked: there is no image configuration: check the image rather than its SBOM"
    );
}

#[test]
fn ports_are_denied_allowed_or_none() {
    let case = image().config(|config| config.exposed_ports = vec!["22/tcp".to_owned(), "53/udp".to_owned()]);
    let deny = "stop dockerfile.exposed_ports ports=22; type=denylist";
    assert_eq!(ids(&case, deny), ["cc05c35507995b4a657b63f9b0baa281"]);
    assert_eq!(check(&image(), deny), ["pass"]);
    assert_eq!(
        check(&case, "stop dockerfile.exposed_ports ports=22; type=allowlist")[0],
        "stop the image declares port 53/udp, which is not allowed"
    );
    assert_eq!(check(&case, "stop dockerfile.exposed_ports ports=22,53; type=whitelist"), ["pass"]);
    assert_eq!(
        check(&case, "warn dockerfile.exposed_ports ports=0; type=denylist")[0],
        "warn the image declares ports, and none may be: 22, 53/udp"
    );
    let range = image().with(|artifact| artifact.config = None);
    let range = range.dockerfile(DockerfileMode::Actual, &["FROM x", "EXPOSE 8000-8010 nonsense"]);
    assert_eq!(
        check(&range, "stop dockerfile.exposed_ports ports=8005; type=denylist"),
        [
            "stop the image declares port 8000-8010, which is denied",
            "! rule `r1`: the port `nonsense` could not be read: expected a number or a range",
            "stop"
        ]
    );
}

#[test]
fn instructions_are_checked_line_by_line_in_the_last_stage() {
    let case = image().dockerfile(
        DockerfileMode::Actual,
        &["FROM golang AS build", "RUN sudo make", "FROM alpine:3.20", "ADD a.tar /a", "ENV DB_PASSWORD=hunter2"],
    );
    let instruction = |rest: &str| check(&case, &format!("stop dockerfile.instruction {rest}"));
    assert_eq!(instruction("instruction=ADD; check=exists")[0], "stop the Dockerfile has `ADD a.tar /a`");
    assert_eq!(instruction("instruction=run; check=like; value=.*sudo.*"), ["pass"]);
    assert_eq!(instruction("instruction=FROM; check=not_in; value=alpine:3.20, debian"), ["pass"]);
    assert_eq!(instruction("instruction=FROM; check=!=; value=debian").len(), 2);
    assert_eq!(instruction("instruction=FROM; check=="), ["pass"]);
    let secret = instruction("instruction=ENV; check=like; value=.*PASSWORD=.+");
    assert_eq!(secret[0], "stop `ENV DB_PASSWORD=…` meets the condition like `.*PASSWORD=.+`");
    assert_eq!(instruction("instruction=VOLUME; check=not_exists")[0], "stop the Dockerfile has no `VOLUME`");
    let broken = instruction("instruction=ENV; check=like; value=*x");
    assert!(broken[0].starts_with("! rule `r1`: it could not be run and counts as stop"), "{broken:?}");
    assert_eq!(broken[1], "stop");
}

#[test]
fn a_health_check_comes_from_the_configuration() {
    let rule = "stop dockerfile.instruction instruction=HEALTHCHECK; check=not_exists";
    assert_eq!(ids(&image(), rule), ["41cb7cdf04850e33a11f80c42bf660b3"]);
    let set = |test: &[&str]| {
        let test = test.iter().map(|word| (*word).to_owned()).collect();
        image().config(|config| config.healthcheck = Some(Healthcheck { test, ..Healthcheck::default() }))
    };
    assert_eq!(check(&set(&["CMD-SHELL", "curl x"]), rule), ["pass"]);
    assert_eq!(
        check(&set(&["NONE"]), "warn dockerfile.instruction instruction=HEALTHCHECK; check=like; value=^NONE\\b.*")[0],
        "warn `HEALTHCHECK NONE` meets the condition like `^NONE\\b.*`"
    );
    let user = "stop dockerfile.instruction instruction=USER; check=not_exists";
    assert_eq!(ids(&image(), user), ["1571e70ee221127984dcf585a56d4cff"]);
}

#[test]
fn a_guessed_dockerfile_does_not_count_as_given() {
    let guessed = image().dockerfile(DockerfileMode::Guessed, &["FROM scratch", "ADD file:1 in /"]);
    let rule = "instruction=ADD; check=exists; actual_dockerfile_only=true";
    let stop = check(&guessed, &format!("stop dockerfile.instruction {rule}"));
    assert_eq!(
        stop,
        ["! rule `r1`: it was not checked: no Dockerfile was given: provide `--dockerfile FILE`", "undecided"]
    );
    assert_eq!(check(&guessed, &format!("warn dockerfile.instruction {rule}"))[1], "pass");
    assert_eq!(ids(&guessed, "go dockerfile.no_dockerfile_provided"), ["b00b22232c1902075263067d2d2b8eea"]);
    let given = image().dockerfile(DockerfileMode::Actual, &["FROM x"]);
    assert_eq!(check(&given, "stop dockerfile.no_dockerfile_provided"), ["pass"]);
    assert_eq!(
        check(&image(), "stop dockerfile.instruction instruction=RUN; check=exists")[1],
        "undecided",
        "there is neither a Dockerfile nor a history"
    );
}

#[test]
fn files_are_found_by_name() {
    let case = image().files(&[("/app/key.pem", FileKind::Regular, 0o644), ("/etc/x", FileKind::Regular, 0o644)]);
    let rule = "stop files.name_match regex=.*\\.pem";
    assert_eq!(check(&case, rule)[0], "stop the file `/app/key.pem` has a name that the rule looks for");
    assert_eq!(check(&case, "stop files.name_match regex=key"), ["pass"]);
    assert_eq!(check(&image(), rule), ["pass"], "an empty tree is not a missing one");
    let none = image().with(|artifact| artifact.files = None);
    assert_eq!(check(&none, rule)[1], "undecided");
    assert_eq!(check(&none, "warn files.name_match regex=x")[1], "pass");
    assert_eq!(check(&case, "stop files.content_regex_match")[1], "undecided");
}

#[test]
fn set_id_bits_are_found_on_files_and_folders() {
    let case = image().files(&[
        ("/usr/bin/mount", FileKind::Regular, 0o4755),
        ("/usr/local", FileKind::Directory, 0o2775),
        ("/usr/bin/link", FileKind::Symlink, 0o4777),
        ("/tmp", FileKind::Directory, 0o1777),
    ]);
    assert_eq!(
        ids(&case, "stop files.suid_or_guid_set"),
        ["698044205a9c4a6d48b7937e66a6bf4f", "8184a3fd4d19d4be5ce6ff8ccb7f3c0b"]
    );
    assert_eq!(check(&image().with(|artifact| artifact.files = None), "stop files.suid_or_guid_set")[1], "undecided");
}

#[test]
fn attributes_of_one_file_are_compared() {
    let case = image().files(&[("/etc/shadow", FileKind::Regular, 0o640)]);
    let attribute = |rest: &str| check(&case, &format!("stop files.attribute_match filename=/etc/shadow; {rest}"));
    assert_eq!(attribute("mode=00640"), ["stop `/etc/shadow` has mode 0640", "stop"]);
    assert_eq!(attribute("mode=0o600"), ["pass"]);
    assert_eq!(attribute("mode=0o600; mode_op=not_equals")[0], "stop `/etc/shadow` has mode 0640");
    assert_eq!(attribute(&format!("checksum={}", "ab".repeat(32))).len(), 2);
    assert_eq!(attribute(&format!("checksum={}; mode=777", "ab".repeat(32))), ["pass"], "all conditions must hold");
    assert_eq!(attribute("skip_missing=false"), ["pass"], "no condition is given");
    assert_eq!(
        check(&case, "stop files.attribute_match filename=/none; skip_missing=false")[0],
        "stop the file `/none` is not there"
    );
    assert_eq!(check(&case, "stop files.attribute_match filename=/none"), ["pass"]);
}

#[test]
fn attributes_of_the_image_are_compared() {
    let metadata = |rest: &str| check(&image(), &format!("stop metadata.attribute {rest}"));
    assert_eq!(metadata("attribute=size; check=>; value=1mb"), ["pass"]);
    assert_eq!(
        metadata("attribute=size; check=>=; value=1mb")[0],
        "stop the image's size is 1048576, which meets `>= 1mb`"
    );
    assert_eq!(metadata("attribute=distro; check=in; value=alpine, debian").len(), 2);
    assert_eq!(metadata("attribute=distro_version; check=>; value=9").len(), 2, "versions are no texts");
    assert_eq!(
        metadata("attribute=like_distro; check=like; value=.*"),
        ["pass"],
        "what is not there compares with nothing"
    );
    assert_eq!(
        metadata("attribute=like_distro; check=not_exists")[0],
        "stop the image's like_distro is none, which meets `not_exists`"
    );
    assert_eq!(metadata("attribute=layer_count; check=exists").len(), 2);
}

#[test]
fn packages_are_required_or_denied() {
    let case = image().package(PackageType::DEB, "openssl", "1:3.0.1-2", "");
    let required = |rest: &str| check(&case, &format!("stop packages.required_package {rest}"));
    assert_eq!(required("name=openssl"), ["pass"]);
    assert_eq!(required("name=curl")[0], "stop the required package `curl` is not installed");
    assert_eq!(required("name=openssl; version=3.0.1-2"), ["pass"]);
    assert_eq!(
        required("name=openssl; version=3.0.1-3")[0],
        "stop the required package `openssl` has version 1:3.0.1-2, other than 3.0.1-3"
    );
    assert_eq!(required("name=openssl; version=3.0.1-1; version_match_type=minimum"), ["pass"]);
    assert_eq!(required("name=openssl; version=3.0.1-10; version_match_type=minimum").len(), 2);
    let denied = |rest: &str| check(&case, &format!("stop packages.denylist {rest}"));
    assert_eq!(denied("name=openssl")[0], "stop the denied package `openssl` 1:3.0.1-2 is installed");
    assert_eq!(denied("name=openssl; version=3.0.1").len(), 2);
    assert_eq!(denied("name=openssl; version=3.0"), ["pass"]);
    assert_eq!(denied("name=OpenSSL"), ["pass"]);
}

#[test]
fn accounts_are_read_from_the_password_file() {
    let case = image()
        .retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\nbad line\n");
    let account = |rest: &str| check(&case, &format!("stop passwd_file.{rest}"));
    let note = "! rule `r1`: line 3 of `/etc/passwd` does not have seven fields and was not checked";
    assert_eq!(
        account("denylist_usernames user_names=ftp,games"),
        ["stop `/etc/passwd` has the denied user `ftp`: account `ftp`", note, "stop"]
    );
    assert_eq!(account("blacklist_usernames usernameblacklist=nobody"), [note, "pass"]);
    assert_eq!(account("denylist_userids user_ids=0").len(), 3);
    assert_eq!(account("denylist_groupids group_ids=50").len(), 3);
    assert_eq!(account("denylist_shells shells=/bin/bash").len(), 3);
    assert_eq!(account("denylist_full_entry entry=ftp:x:14:50:FTP:/var/ftp:/bin/false").len(), 3);
    assert_eq!(account("content_not_available"), ["pass"]);
    assert_eq!(ids(&image(), "stop passwd_file.content_not_available"), ["a03e8bea98bc473ccb1dc7471b201943"]);
    assert_eq!(check(&image(), "stop passwd_file.denylist_shells shells=/bin/bash"), ["pass"], "no file, no accounts");
    let none = image().with(|artifact| artifact.retrieved = None);
    assert_eq!(check(&none, "stop passwd_file.denylist_shells shells=/bin/bash")[1], "undecided");
}

#[test]
fn secrets_are_reported_by_name_and_path() {
    let hit = SearchHit {
        path: "/app/.env".to_owned(),
        layer: None,
        name: "AWS_ACCESS_KEY".to_owned(),
        pattern: "AKIA.*".to_owned(),
        lines: vec![3],
    };
    let case = image().with(|artifact| artifact.secrets = Some(vec![hit]));
    let secret = |rest: &str| check(&case, &format!("stop secret_scans.content_regex_checks {rest}"));
    assert_eq!(secret("")[0], "stop `/app/.env` holds what looks like a secret (AWS_ACCESS_KEY) in line 3");
    assert_eq!(secret("content_regex_name=PRIV_KEY, AWS_ACCESS_KEY").len(), 2);
    assert_eq!(secret("content_regex_name=AWS"), ["pass"]);
    assert_eq!(secret("filename_regex=/etc/.*"), ["pass"]);
    assert_eq!(secret("match_type=notfound; filename_regex=/etc/.*").len(), 2);
    assert_eq!(check(&folder(), "warn always.always").last().unwrap(), "undecided", "no source mapping");
    let none = image().with(|artifact| artifact.secrets = None);
    assert_eq!(check(&none, "stop secret_scans.content_regex_checks")[1], "undecided");
}

#[test]
fn old_gates_are_loaded_with_a_problem() {
    let lines = check(&image(), "stop DOCKERFILECHECK.NOFROM");
    assert!(lines[0].contains("is at the end of its life"), "{lines:?}");
    assert_eq!(lines[1], "pass");
}

#[test]
fn contents_of_kept_files_match_or_do_not() {
    let case = image()
        .files(&[("/etc/dnf.conf", FileKind::Regular, 0o644), ("/etc/other", FileKind::Regular, 0o644)])
        .retrieved("/etc/dnf.conf", "[main]\n gpgcheck = 1\n");
    let content = |rest: &str| check(&case, &format!("stop retrieved_files.content_regex {rest}"));
    assert_eq!(
        content("path=/etc/dnf.conf; regex=(?m)^\\s*gpgcheck\\s*=\\s*1; check=match")[0],
        "stop `/etc/dnf.conf` has content like `(?m)^\\s*gpgcheck\\s*=\\s*1`"
    );
    assert_eq!(content("path=/etc/dnf.conf; regex=gpgcheck; check=no_match"), ["pass"], "the start of a word counts");
    assert_eq!(content("path=/etc/dnf.conf; regex=sslverify; check=no_match").len(), 2);
    assert_eq!(content("path=/none; regex=x; check=no_match"), ["pass"], "no file, no content");
    assert_eq!(content("path=/etc/other; regex=x; check=match")[1], "undecided", "a file that was not kept");
    let rule = "stop retrieved_files.content_regex path=/etc/dnf.conf; regex=.main; check=match";
    assert_eq!(ids(&case, rule), ["r1+file:///etc/dnf.conf"]);
    let absent = "stop retrieved_files.content_not_available path=/etc/other";
    assert_eq!(ids(&case, absent), ["013ff87ce9b12826800438355925acd3"]);
    assert_eq!(check(&case, "stop retrieved_files.content_not_available path=/etc/dnf.conf"), ["pass"]);
}

#[test]
fn licences_make_one_finding() {
    let case = image().package(PackageType::DEB, "bash", "5", "").package(PackageType::NPM, "x", "1", "");
    let case = case.with(|artifact| {
        for (index, value) in [(0, "GPL-3+ and BSD"), (1, "MIT")] {
            artifact.packages[index].licenses.push(stopgate_model::License {
                value: value.to_owned(),
                spdx: String::new(),
                kind: stopgate_model::LicenseKind::Declared,
                urls: Vec::new(),
                locations: Vec::new(),
            });
        }
    });
    let licence = |rest: &str| check(&case, &format!("stop licenses.{rest}"));
    assert_eq!(
        licence("denylist_exact_match licenses=MIT, GPL-3+")[0],
        "stop packages have denied licences: bash(GPL-3+), x(MIT)"
    );
    assert_eq!(licence("blacklist_exact_match licenses=GPL"), ["pass"]);
    assert_eq!(licence("denylist_partial_match licenses=GPL").len(), 2);
    assert_eq!(licence("denylist_exact_match licenses=MIT; package_type=dpkg"), ["pass"]);
}

#[test]
fn versions_of_the_distribution_are_denied() {
    let deny = |rest: &str| check(&image(), &format!("stop distro.deny {rest}"));
    assert_eq!(deny("distro=debian; version=9; check=<"), ["pass"]);
    assert_eq!(
        deny("distro=debian; version=12; check=<="),
        ["stop the distribution is debian 12, and versions <= 12 are denied", "stop"]
    );
    assert_eq!(deny("distro=alpine; version=99; check=<"), ["pass"]);
    assert_eq!(
        check(&image().with(|artifact| artifact.distro = None), "stop distro.deny distro=debian; version=9; check=="),
        ["pass"]
    );
}

#[test]
fn a_distribution_that_could_not_be_told_is_not_a_clean_one() {
    let unknown = image().with(|artifact| {
        artifact.distro = None;
        artifact.gaps.push(Gap::new(GapCode::DistroUnknown, "os-release could not be read"));
    });
    assert_eq!(check(&unknown, "stop distro.deny distro=debian; version=9; check=<")[1], "undecided");
    assert_eq!(check(&unknown, "stop metadata.attribute attribute=distro; check=in; value=debian")[1], "undecided");
}
