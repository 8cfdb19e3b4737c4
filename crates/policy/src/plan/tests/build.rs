//! Steps about files, instructions and accounts.

use stopgate_model::{DockerfileMode, FileKind, PackageType, SearchHit};

use super::{NO_DATA, World};
use crate::tests::{Case, image};

fn plan(case: Case, rules: &[&str]) -> Vec<String> {
    World::new(case, NO_DATA).plan(rules)
}

fn tree() -> Case {
    image().files(&[
        ("/usr/bin/su", FileKind::Regular, 0o4755),
        ("/etc/key.pem", FileKind::Regular, 0o644),
        ("/srv", FileKind::Directory, 0o755),
        ("/srv/.npmrc", FileKind::Regular, 0o644),
    ])
}

#[test]
fn files_go_or_lose_rights() {
    assert_eq!(plan(tree(), &["stop files.suid_or_guid_set"]), ["chmod 0755 /usr/bin/su (1)", "pass"]);
    assert_eq!(plan(tree(), &["stop files.name_match regex=.*\\.pem"]), ["remove /etc/key.pem (1)", "pass"]);
    for (params, expected) in [
        ("mode=644; mode_op=not_equals", "chmod 0644 /usr/bin/su (1)"),
        ("mode=4755", "chmod 0755 /usr/bin/su (1)"),
        ("checksum=abababababababababababababababababababababababababababababababab", "remove /usr/bin/su (1)"),
    ] {
        let rule = format!("stop files.attribute_match filename=/usr/bin/su; {params}");
        assert_eq!(plan(tree(), &[&rule]), [expected, "pass"], "{params}");
    }
    for params in [
        "filename=/none; skip_missing=false",
        "filename=/usr/bin/su; checksum_match=not_equals; checksum=0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert_eq!(
            plan(tree(), &[&format!("stop files.attribute_match {params}")]),
            ["! r1: no step is known that ends findings of `files.attribute_match`", "stop"],
            "what a file must hold nobody can derive"
        );
    }
}

#[test]
fn one_file_that_stops_twice_goes_once() {
    let hit = |name: &str| SearchHit {
        path: "/srv/.npmrc".into(),
        layer: None,
        name: name.into(),
        pattern: "x".into(),
        lines: vec![1],
    };
    let case = tree().with(|artifact| artifact.secrets = Some(vec![hit("A"), hit("B")]));
    let rules = ["stop secret_scans.content_regex_checks", "stop files.name_match regex=.*npmrc"];
    let steps = plan(case, &rules);
    assert_eq!(steps, ["remove /srv/.npmrc (3)", "pass"]);
}

#[test]
fn a_folder_takes_what_is_below_it() {
    let hit = |path: &str| SearchHit {
        path: path.into(),
        layer: None,
        name: "A".into(),
        pattern: "x".into(),
        lines: vec![1],
    };
    let case = tree().with(|artifact| artifact.secrets = Some(vec![hit("/srv/.npmrc")]));
    let rules = ["stop secret_scans.content_regex_checks", "stop files.name_match regex=/srv$"];
    assert_eq!(plan(case, &rules), ["remove /srv (2)", "pass"]);
}

#[test]
fn a_database_of_packages_is_no_package() {
    let case = image().package(PackageType::DEB, "bash", "5", "/var/lib/dpkg/status").files(&[(
        "/var/lib/dpkg/status",
        FileKind::Regular,
        0o644,
    )]);
    let rules = ["stop vulnerabilities.package package_type=all", "stop files.name_match regex=/var/lib/dpkg/status"];
    let world = World::new(case, &["CVE-1 bash"]);
    assert_eq!(
        world.plan(&rules),
        ["remove /var/lib/dpkg/status (1)", "! r1: no fixed version of bash is known", "stop"],
        "a package does not go by hiding it"
    );
}

fn built(lines: &[&str]) -> Case {
    image().dockerfile(DockerfileMode::Actual, lines)
}

#[test]
fn the_user_is_set_where_it_stands() {
    let root = ["stop dockerfile.effective_user users=root; type=denylist", "stop image_config.user check=uid_zero"];
    assert_eq!(plan(built(&["FROM a", "RUN x"]), &root), ["add to the Dockerfile: USER 10001 (2)", "pass"]);
    let case = built(&["FROM a", "USER root", "RUN x"]).config(|config| config.user = "root".into());
    assert_eq!(plan(case.clone(), &root), ["Dockerfile line 2: USER 10001 (2)", "pass"]);
    let allowed = ["stop dockerfile.effective_user users=app,web; type=allowlist"];
    assert_eq!(plan(case.clone(), &allowed), ["Dockerfile line 2: USER app (1)", "pass"], "one that the rule allows");
    let both = [allowed[0], "stop image_config.user check=not_numeric"];
    let plan = plan(case, &both);
    assert_eq!(plan.last().unwrap(), "stop", "no user is allowed and a number: {plan:?}");
}

#[test]
fn instructions_come_and_go() {
    let lines = ["FROM a", "ADD app.tar /srv", "ENV DB_PASSWORD=hunter2", "RUN sudo x", "USER root", "USER app"];
    let case = built(&lines).config(|config| config.user = "app".into());
    for (rule, step) in [
        ("instruction=HEALTHCHECK; check=not_exists", "add to the Dockerfile: HEALTHCHECK CMD …"),
        ("instruction=ADD; check=exists", "Dockerfile line 2: COPY app.tar /srv"),
        ("instruction=RUN; check=like; value=.*sudo.*", "Dockerfile line 4: remove RUN sudo x"),
        ("instruction=ENV; check=like; value=.*hunter2", "Dockerfile line 3: remove ENV DB_PASSWORD=…"),
        ("instruction=USER; check==; value=root", "Dockerfile line 5: remove USER root"),
        ("instruction=USER; check==; value=app", "Dockerfile line 6: USER 10001"),
        ("instruction=RUN; check=not_in; value=a,b", "Dockerfile line 4: RUN a"),
        ("instruction=LABEL; check=not_exists", "add to the Dockerfile: LABEL …"),
    ] {
        let rule = format!("stop dockerfile.instruction {rule}");
        assert_eq!(plan(case.clone(), &[&rule]), [format!("{step} (1)").as_str(), "pass"], "{rule}");
    }
    for (rule, why) in [
        ("instruction=FROM; check==; value=a", "it must be decided by hand: build on another base image"),
        (
            "instruction=RUN; check=not_like; value=x",
            "it must be decided by hand: write a RUN that matches the expression of the rule",
        ),
        ("instruction=COPY; check=not_exists", "no step is known that ends findings of `dockerfile.instruction`"),
    ] {
        let rule = format!("stop dockerfile.instruction {rule}");
        assert_eq!(plan(case.clone(), &[&rule]), [format!("! r1: {why}").as_str(), "stop"], "{rule}");
    }
}

#[test]
fn what_only_the_configuration_says_changes_as_well() {
    let case = image().config(|config| {
        config.exposed_ports = vec!["22/tcp".into(), "80/tcp".into()];
        config.entrypoint = vec!["/x".into()];
    });
    let plan = |rule: &str| plan(case.clone(), &[rule]);
    assert_eq!(
        plan("stop dockerfile.exposed_ports ports=22; type=denylist"),
        ["declare no longer the ports 22 (1)", "pass"]
    );
    assert_eq!(
        plan("stop dockerfile.exposed_ports ports=0; type=denylist"),
        ["declare no longer the ports 22, 80 (1)", "pass"]
    );
    assert_eq!(
        plan("stop dockerfile.instruction instruction=ENTRYPOINT; check=exists"),
        ["remove from the Dockerfile: ENTRYPOINT [\"/x\"] (1)", "pass"]
    );
}

#[test]
fn ports_of_one_line_are_one_step() {
    let case = built(&["FROM a", "EXPOSE 22 23", "EXPOSE 80 21/tcp"]).config(|config| {
        config.exposed_ports = ["21/tcp", "22/tcp", "23/tcp", "80/tcp"].map(str::to_owned).to_vec();
    });
    assert_eq!(
        plan(case, &["stop dockerfile.exposed_ports ports=80; type=allowlist"]),
        [
            "Dockerfile line 2: leave out the ports 22, 23 (2)",
            "Dockerfile line 3: leave out the ports 21/tcp (1)",
            "pass"
        ]
    );
}

#[test]
fn labels_are_written_one_by_one() {
    assert_eq!(
        plan(image(), &["stop image_config.label required=a,b"]),
        ["add to the Dockerfile: LABEL a=\"…\" (1)", "add to the Dockerfile: LABEL b=\"…\" (1)", "pass"]
    );
}

#[test]
fn accounts_go_or_lose_their_shell() {
    let text = "root:x:0:0:root:/root:/bin/bash\ngames:x:5:60:games:/usr/games:/bin/bash\ntoor:x:0:0::/:/bin/sh\n";
    let case = image().retrieved("/etc/passwd", text);
    let plan = |rule: &str| plan(case.clone(), &[rule]);
    assert_eq!(
        plan("stop passwd_file.denylist_shells shells=/bin/bash"),
        [
            "give the account games the shell /usr/sbin/nologin (1)",
            "give the account root the shell /usr/sbin/nologin (1)",
            "pass"
        ]
    );
    assert_eq!(plan("stop passwd_file.denylist_usernames user_names=games"), ["remove the account games (1)", "pass"]);
    assert_eq!(
        plan("stop passwd_file.denylist_userids user_ids=0"),
        [
            "remove the account toor (1)",
            "! r1: it must be decided by hand: the account `root` cannot be removed",
            "stop"
        ]
    );
    assert_eq!(plan("stop accounts.uid_zero"), ["remove the account toor (1)", "pass"]);
}
