//! A small universe of artifacts, tags and times.

use jiff::Timestamp;
use stopgate_model::{
    AvailableFix, Digest, DockerfileMode, FileKind, FixState, Healthcheck, ImageReference, License, LicenseKind,
    PackageType, RelatedVulnerability, SearchHit, Severity, SourceKind,
};

use super::bundles::DIGEST_A;
use super::dice::Dice;
use super::rules::{LABELS, LICENSES, NAMES, PORTS, SECRETS, USERS, VERSIONS, VULNERABILITIES};
use crate::tests::{Case, cvss, edit, epss, folder, image, kev};
use crate::{BaseImage, History};

/// Tags that mappings of random bundles tell apart.
pub(super) const TAGS: [&str; 10] = [
    "github.com/team/app:1",
    "docker.io/team/app:1",
    "docker.io/nginx:latest",
    "docker.io/library/nginx:1.2-dev",
    "quay.io/team/app:7",
    "quay.io/nginx:latest",
    "gcr.example/library/x:2-dev",
    "docker.io/other:x",
    "*/*:*",
    "quay.example:5000/a/app:12",
];

/// Times around the expiries of random bundles.
pub(super) const TIMES: [&str; 5] = [
    "2026-06-01T00:00:00Z",
    "2026-06-19T23:59:59Z",
    "2026-06-20T00:00:00Z",
    "2026-08-01T12:00:00Z",
    "2028-01-01T00:00:00Z",
];

/// An artifact made at random from what random rules ask about.
pub(super) fn artifact(seed: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0xA5A5);
    let mut case = image();
    case.history = Some(History::default());
    case.base = Some(BaseImage::default());
    case = case.config(|config| config.user = "10001".to_owned());
    // Few things at a time: what is alone shows a difference.
    for _ in 0..=dice.below(4) {
        case = add(&mut dice, case);
    }
    if dice.one_in(8)
        && let SourceKind::Image(image) = &mut case.artifact.source.kind
    {
        image.manifest_digest = Digest::parse(DIGEST_A).unwrap();
    }
    if dice.one_in(3) {
        for label in LABELS {
            case = label_set(case, label);
        }
    }
    if dice.one_in(3) {
        case = case.retrieved("/etc/passwd", "app:x:1000:1000::/:/sbin/nologin\n");
    }
    match dice.below(8) {
        0 => {
            case.artifact.source.kind = folder().artifact.source.kind;
            case.artifact.config = None;
        }
        1 => {
            let (name, version) = (dice.pick(&["github.com", "other"]), dice.pick(&["1.0", "team/x"]));
            case.artifact.source.kind = SourceKind::Other { type_name: "product".to_owned(), json: "{}".to_owned() };
            (case.artifact.source.name, case.artifact.source.version) = (name.to_owned(), version.to_owned());
            case.artifact.config = None;
        }
        _ => {}
    }
    case
}

fn label_set(case: Case, label: &str) -> Case {
    case.config(|config| config.labels.push((label.to_owned(), "x".to_owned())))
}

fn add(dice: &mut Dice, case: Case) -> Case {
    match dice.below(16) {
        0..=3 => add_configuration(dice, case),
        4..=6 => add_file(dice, case),
        7 | 8 => add_package(dice, case),
        9..=11 => add_platform(dice, case),
        _ => vulnerable(dice, case),
    }
}

fn add_configuration(dice: &mut Dice, case: Case) -> Case {
    match dice.below(5) {
        0 => {
            let user = dice.pick(&USERS).to_owned();
            case.config(|config| config.user = user)
        }
        1 => {
            let port = format!("{}/tcp", dice.pick(&PORTS[..4]));
            case.config(|config| config.exposed_ports.push(port))
        }
        2 => {
            let label = dice.pick(&LABELS);
            label_set(case, label)
        }
        3 => case.config(|config| {
            config.healthcheck = Some(Healthcheck { test: vec!["CMD".to_owned()], ..Healthcheck::default() });
        }),
        _ => {
            let mode = if dice.one_in(3) { DockerfileMode::Guessed } else { DockerfileMode::Actual };
            let lines =
                ["FROM alpine:3", "FROM scratch", "RUN make", "RUN apt-get update", "USER app", "HEALTHCHECK NONE"];
            let count = dice.below(3);
            let lines: Vec<&str> = (0..count).map(|_| dice.pick(&lines)).collect();
            case.dockerfile(mode, &lines)
        }
    }
}

fn add_file(dice: &mut Dice, case: Case) -> Case {
    match dice.below(4) {
        0 => {
            let path = dice.pick(&["/etc/passwd", "/opt/x", "/etc/app.conf", "/app/a.pem", "/srv/a.key"]);
            let mode = [0o644, 0o755, 0o4755][dice.below(3)];
            let case = case.files(&[(path, FileKind::Regular, mode)]);
            if path.starts_with("/etc") { case.retrieved(path, "root:x:0:0::/root:/bin/bash\nssl on\n") } else { case }
        }
        1 => {
            let lines = [
                "ftp:x:14:50::/var/ftp:/bin/sh",
                "root:x:0:0::/root:/bin/bash",
                "app:x:1000:1000::/:/bin/sh",
                "games:x:5:0::/:/sbin/nologin",
            ];
            case.retrieved("/etc/passwd", dice.pick(&lines))
        }
        2 => {
            let (path, content) = (dice.pick(&["/etc/app.conf", "/opt/x"]), dice.pick(&["ssl on", "", "root:x"]));
            case.retrieved(path, content)
        }
        _ => {
            let hit = SearchHit {
                path: dice.pick(&["/etc/a", "/app/b.pem", "/opt/x"]).to_owned(),
                layer: None,
                name: dice.pick(&SECRETS).to_owned(),
                pattern: "p".to_owned(),
                lines: vec![1],
            };
            case.with(|artifact| artifact.secrets.as_mut().unwrap().push(hit))
        }
    }
}

fn add_package(dice: &mut Dice, case: Case) -> Case {
    let name = dice.pick(&NAMES);
    if dice.one_in(2) {
        let kind = [PackageType::NPM, PackageType::DEB, PackageType::PYTHON][dice.below(3)].clone();
        return case.package(kind, name, dice.pick(&VERSIONS), &format!("/app/{name}"));
    }
    let kind = [PackageType::NPM, PackageType::DEB, PackageType::JAVA_ARCHIVE][dice.below(3)].clone();
    let value = format!("{}{}", dice.pick(&LICENSES), dice.pick(&["", "", "-only", " MIT"]));
    let mut case = case.package(kind, name, "1.0", "/app/l.jar");
    case.artifact.packages.last_mut().unwrap().licenses.push(License {
        value,
        spdx: String::new(),
        kind: LicenseKind::Declared,
        urls: Vec::new(),
        locations: Vec::new(),
    });
    case
}

fn add_platform(dice: &mut Dice, mut case: Case) -> Case {
    match dice.below(3) {
        0 => {
            let distros = ["debian 12", "debian 11", "alpine 3.18", "debian 9.1", "ubuntu 22.04", "debian 12.0"];
            let (id, version) = dice.pick(&distros).split_once(' ').unwrap();
            case.with(|artifact| {
                let distro = artifact.distro.as_mut().unwrap();
                (distro.id, distro.version_id) = (id.to_owned(), version.to_owned());
            })
        }
        1 => {
            let (size, architecture) =
                ([10, 1024, 1 << 20, 3 << 20][dice.below(4)], dice.pick(&["amd64", "arm64", "s390x"]));
            if let SourceKind::Image(image) = &mut case.artifact.source.kind {
                image.size = size;
                image.architecture = architecture.to_owned();
            }
            case
        }
        _ => {
            let report = case.report.as_mut().unwrap();
            let built = ["2026-05-31T00:00:00Z", "2026-05-01T00:00:00Z", "2027-12-30T00:00:00Z"];
            report.data.built = dice.pick(&built).to_owned();
            if dice.one_in(3) {
                report.distro_has_data = Some(false);
            }
            case
        }
    }
}

fn vulnerable(dice: &mut Dice, case: Case) -> Case {
    let name = dice.pick(&NAMES);
    let kind = [PackageType::NPM, PackageType::DEB, PackageType::JAVA_ARCHIVE][dice.below(3)].clone();
    let path = dice.pick(&["/app/node_modules/left-pad/package.json", "/srv/log4j-core.jar", "/x", "/app/curl"]);
    let severity = Severity::ALL[dice.below(6)];
    let id = dice.pick(&VULNERABILITIES);
    let mut case = case.package(kind, name, "1.0", path).vuln(id, severity, |matched| {
        match dice.below(4) {
            0 => {}
            1 => matched.fix.state = FixState::WontFix,
            _ => {
                matched.fix.state = FixState::Fixed;
                matched.fix.versions = vec!["2.0".to_owned()];
                let date = dice.pick(&["2026-05-30", "2026-05-20", "2026-01-01", "2026-07-20", ""]).to_owned();
                let fix = AvailableFix { version: "2.0".to_owned(), date, kind: String::new() };
                matched.fix.available = vec![fix];
            }
        }
        let exploited = dice.one_in(3);
        let scores = [(3, "3.1"), (7, "3.1"), (9, "3.0"), (10, "2.0")][dice.below(4)];
        let (has_vendor, has_nvd, predicted) = (dice.one_in(2), dice.one_in(2), dice.below(3));
        edit(matched, |record| {
            if exploited {
                record.kev.push(kev("2026-01-01"));
            }
            if has_vendor {
                let mut score = cvss(f64::from(scores.0));
                scores.1.clone_into(&mut score.version);
                record.cvss.push(score);
            }
            if has_nvd {
                record.related.push(RelatedVulnerability {
                    id: "CVE-2024-9".to_owned(),
                    namespace: "nvd:cpe".to_owned(),
                    severity: Severity::High,
                    data_source: String::new(),
                    urls: Vec::new(),
                    description: String::new(),
                    cvss: vec![cvss(7.0)],
                });
            }
            if predicted > 0 {
                record.epss.push(epss([0.0, 0.5, 0.95][predicted], 0.5));
            }
        });
    });
    let package = case.artifact.packages.last().unwrap().purl.clone();
    let key = (id.to_owned(), package);
    if dice.one_in(2) {
        let seen = ["2026-05-30T00:00:00Z", "2026-01-01T00:00:00Z"][dice.below(2)].parse().ok();
        case.history.as_mut().unwrap().first_seen.insert(key.clone(), seen);
    }
    if dice.one_in(2) {
        case.base.as_mut().unwrap().matches.insert(key);
    }
    case
}

/// The tag and time of one evaluation.
pub(super) fn somewhere(dice: &mut Dice) -> (ImageReference, Timestamp) {
    let tag = ImageReference::parse(dice.pick(&TAGS)).unwrap();
    (tag, dice.pick(&TIMES).parse().unwrap())
}
