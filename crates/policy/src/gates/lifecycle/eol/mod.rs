//! `lifecycle` / `eol`: a distribution or runtime gets no security fixes any more.
//!
//! A release that the table does not have is a missing input: nobody knows whether it is still supported.

mod periods;
mod runtimes;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::{SignedDuration, tz::TimeZone};
use stopgate_model::{Distro, Evidence, Remediation};

use self::periods::{Period, period};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Eol;

params! {
    pub(crate) struct EolParams {
        /// Whether the distribution or the runtimes (Python, Node.js, PHP, Ruby, Java, Go, .NET) are checked; both when
        /// absent. A runtime that the distribution packages counts with the distribution.
        #[example = "distro"]
        scope: Option<Scope>,
        /// Days after the end of support that are accepted.
        #[example = "0"]
        #[default = "0"]
        grace_days: u32,
    }
}

words! {
    /// What is checked.
    pub(crate) enum Scope {
        Distro = "distro",
        Runtime = "runtime",
    }
}

impl Trigger for Eol {
    type Params = EolParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "eol:<name>:<release>",
        ..TriggerInfo::new("lifecycle", "eol", "A distribution or runtime is no longer supported.")
    };

    fn needs(params: &EolParams) -> Vec<Need> {
        if params.scope == Some(Scope::Runtime) { Vec::new() } else { vec![Need::Distro] }
    }
}

impl ImageTrigger for Eol {
    fn fire(params: &EolParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let distro = scene.artifact().distro.as_ref().filter(|_| params.scope != Some(Scope::Runtime));
        if let Some(distro) = distro {
            let (name, version) = (name_of(distro), distro.version_id.as_str());
            let evidence =
                Evidence::Config { field: "os-release".to_owned(), value: format!("{} {version}", distro.id) };
            let release = Release { name, version, evidence: vec![evidence] };
            // When paid support ends nobody but who pays for it knows.
            let extended = distro.extended_support;
            release.check(params, scene, hits, extended)?;
        }
        if params.scope != Some(Scope::Distro) {
            for runtime in runtimes::runtimes(scene) {
                let release = Release { name: runtime.name, version: &runtime.version, evidence: runtime.evidence };
                release.check(params, scene, hits, false)?;
            }
        }
        Ok(())
    }
}

/// The name of a distribution in the table.
fn name_of(distro: &Distro) -> &str {
    match distro.id.as_str() {
        "almalinux" => "alma",
        "amzn" => "amazon",
        "archlinux" => "arch",
        "centos" if distro.name.contains("Stream") => "centos-stream",
        "ol" => "oracle",
        "redhat" => "rhel",
        "sles_sap" | "sled" => "sles",
        id => id,
    }
}

struct Release<'a> {
    name: &'a str,
    version: &'a str,
    evidence: Vec<Evidence>,
}

impl Release<'_> {
    fn check(self, params: &EolParams, scene: &Scene<'_>, hits: &mut Hits, extended: bool) -> Result<(), Fault> {
        let Self { name, version, .. } = self;
        let unknown = || Need::SupportPeriod(format!("{name} {version}").trim_end().to_owned());
        let (release, last) = match period(name, version) {
            None => {
                hits.missing(unknown());
                return Ok(());
            }
            Some((_, Period::Rolling)) => return Ok(()),
            Some((release, Period::Until(last))) => (release, last),
        };
        let Some(end) = end_of(last, params.grace_days) else { return Ok(()) };
        if scene.context.now < end {
            hits.until(end);
            return Ok(());
        }
        if extended {
            hits.missing(unknown());
            return Ok(());
        }
        hits.push(self.hit(release, last))
    }

    fn hit(self, release: &str, last: Date) -> Hit {
        let Self { name, version, evidence } = self;
        let message = format!("{name} {release} gets no security fixes since {last} (version {version})");
        let mut hit = Hit::with_id(format!("{}:{name}:{release}", Eol::INFO.name), message)
            .about(format!("{name} {release}"))
            .because("release is supported", format!("until {last}"))
            .remedy(Remediation::Advice { text: format!("move to a release of {name} that is supported") });
        for evidence in evidence {
            hit = hit.evidence(evidence);
        }
        hit
    }
}

/// When the day after the last one begins, and the accepted days are over.
fn end_of(last: Date, grace: u32) -> Option<Timestamp> {
    let begin = last.to_zoned(TimeZone::UTC).ok()?.timestamp();
    begin.checked_add(SignedDuration::from_hours(24 * (1 + i64::from(grace)))).ok()
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Distro, FileKind, Gap, GapCode, OwnedFile, PackageType};

    use crate::tests::{Case, check, document, ids, image, policy};

    const DISTRO: &str = "stop lifecycle.eol scope=distro";
    const RUNTIME: &str = "stop lifecycle.eol scope=runtime";

    /// At the time of the tests, 2026-06-01.
    fn of(id: &str, version: &str) -> Case {
        image().with(|artifact| {
            artifact.distro = Some(Distro { id: id.to_owned(), version_id: version.to_owned(), ..Distro::default() });
        })
    }

    fn with_program(path: &str, env: &str) -> Case {
        image().files(&[(path, FileKind::Regular, 0o755)]).config(|config| config.env = vec![env.to_owned()])
    }

    #[test]
    fn fires() {
        assert_eq!(ids(&of("debian", "10"), DISTRO), ["eol:debian:10"]);
        let expected = "stop debian 10 gets no security fixes since 2024-06-30 (version 10)";
        assert_eq!(check(&of("debian", "10"), DISTRO)[0], expected);
        assert_eq!(ids(&of("alpine", "3.18.4"), "stop lifecycle.eol"), ["eol:alpine:3.18"]);
        for (id, version, found) in [
            ("ol", "7.9", "eol:oracle:7"),
            ("centos", "8", "eol:centos:8"),
            ("sles_sap", "15.4", "eol:sles:15.4"),
            ("amzn", "2018.03", "eol:amazon:2018.03"),
        ] {
            assert_eq!(ids(&of(id, version), DISTRO), [found], "{id}");
        }
        let go = image().package(PackageType::GO_MODULE, "stdlib", "go1.20.1", "/app");
        assert_eq!(ids(&go, RUNTIME), ["eol:go:1.20"]);
        assert_eq!(ids(&with_program("/usr/local/bin/python3.8", ""), RUNTIME), ["eol:python:3.8"]);
        assert_eq!(ids(&with_program("/usr/local/bin/node", "NODE_VERSION=14.21.3"), RUNTIME), ["eol:node:14"]);
        let java = with_program("/opt/java/openjdk/bin/java", "JAVA_VERSION=jdk-16.0.2+7");
        assert_eq!(ids(&java, RUNTIME), ["eol:java:16"]);
    }

    #[test]
    fn does_not_fire() {
        for (id, version) in [("debian", "12"), ("rhel", "9.4"), ("wolfi", "20230201"), ("opensuse-tumbleweed", "1")] {
            assert_eq!(check(&of(id, version), DISTRO), ["pass"], "{id}");
        }
        assert_eq!(check(&of("debian", "10"), RUNTIME), ["pass"], "the distribution is not asked for");
        assert_eq!(check(&with_program("/usr/local/bin/python3.13", ""), RUNTIME), ["pass"]);
        // What the distribution packages it maintains.
        let owned =
            OwnedFile { path: "/usr/bin/python3.6".to_owned(), digest: None, mode: None, size: None, config: false };
        let packaged = with_program("/usr/bin/python3.6", "")
            .package(PackageType::RPM, "python36", "3.6", "")
            .with(|artifact| artifact.packages[0].files = vec![owned]);
        assert_eq!(check(&packaged, RUNTIME), ["pass"]);
        // A program that the distribution has built as well.
        let built = |path: &str| packaged.clone().package(PackageType::GO_MODULE, "stdlib", "go1.19.8", path);
        assert_eq!(check(&built("/usr/bin/python3.6"), RUNTIME), ["pass"]);
        assert_eq!(ids(&built("/usr/bin/other"), RUNTIME), ["eol:go:1.19"]);
        // The environment alone is no runtime.
        assert_eq!(check(&with_program("/srv/x", "NODE_VERSION=14.21.3"), RUNTIME), ["pass"]);
    }

    #[test]
    fn boundary() {
        let at = |time: &str, rule: &str| {
            let mut case = of("fedora", "42");
            case.now = time.parse().unwrap();
            case.evaluate(&policy(&document(&[rule])))
        };
        let last = at("2026-05-13T23:59:59Z", DISTRO);
        assert_eq!((last.findings.len(), last.valid_until.as_deref()), (0, Some("2026-05-14T00:00:00Z")));
        assert_eq!(at("2026-05-14T00:00:00Z", DISTRO).findings.len(), 1);
        assert_eq!(at("2026-05-23T23:59:59Z", "stop lifecycle.eol grace_days=10").findings.len(), 0);
        assert_eq!(at("2026-05-24T00:00:00Z", "stop lifecycle.eol grace_days=10").findings.len(), 1);
        let stream = of("centos", "8").with(|artifact| {
            artifact.distro.as_mut().unwrap().name = "CentOS Stream".to_owned();
        });
        assert_eq!(ids(&stream, DISTRO), ["eol:centos-stream:8"]);
        let twice = image().package(PackageType::GO_MODULE, "stdlib", "go1.20.1", "/a").package(
            PackageType::GO_MODULE,
            "stdlib",
            "go1.20.1",
            "/b",
        );
        assert_eq!(ids(&twice, RUNTIME).len(), 1, "a version is told once");
    }

    #[test]
    fn data_missing() {
        let told = "! rule `r1`: it was not checked: it is not known until when `alpine 3.99` is supported";
        assert_eq!(check(&of("alpine", "3.99"), DISTRO), [told, "undecided"]);
        assert_eq!(check(&of("debian", ""), DISTRO).pop().unwrap(), "undecided", "a version that is not told");
        let paid = of("ubuntu", "18.04").with(|artifact| artifact.distro.as_mut().unwrap().extended_support = true);
        assert_eq!(check(&paid, DISTRO).pop().unwrap(), "undecided", "how long the contract runs is not known");
        let versionless = check(&with_program("/usr/local/bin/node", ""), RUNTIME);
        let told = "! rule `r1`: it was not checked: it is not known until when `node` is supported";
        assert_eq!(versionless, [told, "undecided"]);
        assert_eq!(check(&image().with(|artifact| artifact.distro = None), DISTRO), ["pass"], "no distribution");
        let gap = Gap::new(GapCode::DistroUnknown, "x");
        let unknown = image().with(|artifact| {
            artifact.distro = None;
            artifact.gaps.push(gap);
        });
        assert_eq!(check(&unknown, DISTRO).pop().unwrap(), "undecided");
    }
}
