//! `expression` / `matches`: an expression is true for the artifact, or for one of its packages, vulnerabilities or
//! files.

use stopgate_model::{FileIndex, Remediation};

use super::check::{self, Root, Survey};
use super::objects::Of;
use super::program::Expression;
use super::run::{self, Objects, Outcome};
use crate::engine::Scene;
use crate::gates::facts;
use crate::gates::vulnerabilities::finding;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, params, words};
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Matches;

params! {
    #[check = check]
    pub(crate) struct MatchesParams {
        /// Condition in CEL, over `image`, `config`, `distro` and `dockerfile`, and `packages`, `pkg`,
        /// `vulnerability` or `file` (docs/reference/expressions.md).
        #[example = "distro.id == 'debian' && image.size > 500000000"]
        expression: Expression,
        /// What it is asked for: the artifact once, or each package, vulnerability or file.
        #[example = "artifact"]
        #[default = "artifact"]
        for_each: ForEach,
        /// What findings say; the expression when absent.
        #[example = "large images are not built on Debian"]
        message: Option<String>,
    }
}

words! {
    /// What an expression is asked for.
    pub(crate) enum ForEach {
        Artifact = "artifact",
        Package = "package",
        Vulnerability = "vulnerability",
        File = "file",
    }
}

impl ForEach {
    const fn names(self) -> &'static [Root] {
        use Root::{Config, Distro, Dockerfile, File, Image, Package, Packages, Vulnerability};
        match self {
            Self::Artifact => &[Image, Config, Distro, Dockerfile, Packages],
            Self::Package => &[Image, Config, Distro, Dockerfile, Package],
            Self::Vulnerability => &[Image, Config, Distro, Dockerfile, Package, Vulnerability],
            Self::File => &[Image, Config, Distro, Dockerfile, File],
        }
    }
}

fn check(params: &MatchesParams, errors: &mut Vec<ParamError>) {
    if let Err(what) = params.survey() {
        errors.push(ParamError::across(format!("`expression` cannot be used: {what}")));
    }
}

impl Trigger for Matches {
    type Params = MatchesParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        trigger_id: "matches:<rule>:<subject>, <rule>+file://<path> or <vulnerability>+<package>",
        ..TriggerInfo::new("expression", "matches", "An expression of the policy's own is true.")
    };

    fn needs(params: &MatchesParams) -> Vec<Need> {
        let roots = params.survey().map(|survey| survey.roots).unwrap_or_default();
        let subject = match params.for_each {
            ForEach::Artifact | ForEach::Package => None,
            ForEach::Vulnerability => Some(Need::Vulnerabilities),
            ForEach::File => Some(Need::Files),
        };
        let read = roots.into_iter().filter_map(|root| match root {
            Root::Config => Some(Need::Config),
            Root::Distro => Some(Need::Distro),
            Root::Dockerfile => Some(Need::Dockerfile),
            Root::Image | Root::Packages | Root::Package | Root::Vulnerability | Root::File => None,
        });
        subject.into_iter().chain(read).collect()
    }
}

impl ImageTrigger for Matches {
    fn fire(params: &MatchesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let survey = params.survey().map_err(Fault)?;
        if survey.roots.contains(&Root::Image) && scene.artifact().source.image().is_none() {
            hits.missing(Need::Config);
            return Ok(());
        }
        let outcome = params.outcome(&survey, scene);
        for position in outcome.fired {
            if let Some(hit) = params.hit(scene, position, &hits.rule_id) {
                hits.push(hit)?;
            }
        }
        outcome.fault.map_or(Ok(()), |fault| Err(Fault(format!("`{}`: {fault}", params.expression.as_str()))))
    }
}

impl MatchesParams {
    fn survey(&self) -> Result<Survey, String> {
        check::survey(self.expression.program().expression(), self.for_each.names())
    }

    fn outcome(&self, survey: &Survey, scene: &Scene<'_>) -> Outcome {
        let (artifact, expression) = (scene.artifact(), &self.expression);
        match self.for_each {
            ForEach::Artifact => {
                let objects = std::iter::once(Vec::new());
                run::run(expression, survey.steps, scene.context, Objects { count: 1, objects })
            }
            ForEach::Package => {
                let objects = artifact.packages.iter().map(|package| vec![(Root::Package, Of::Package(package))]);
                run::run(expression, survey.steps, scene.context, Objects { count: artifact.packages.len(), objects })
            }
            ForEach::Vulnerability => {
                let objects = scene.matches().iter().map(|view| {
                    vec![(Root::Vulnerability, Of::Vulnerability(view)), (Root::Package, Of::Package(view.package))]
                });
                run::run(expression, survey.steps, scene.context, Objects { count: scene.matches().len(), objects })
            }
            ForEach::File => {
                let files = artifact.files.as_ref();
                let objects =
                    files.into_iter().flat_map(FileIndex::iter).map(|file| vec![(Root::File, Of::File(file))]);
                let count = files.map_or(0, FileIndex::len);
                run::run(expression, survey.steps, scene.context, Objects { count, objects })
            }
        }
    }

    fn hit(&self, scene: &Scene<'_>, position: usize, rule: &str) -> Option<Hit> {
        let name = Matches::INFO.name;
        let artifact = scene.artifact();
        let hit = match self.for_each {
            ForEach::Artifact => Hit::with_id(format!("{name}:{rule}:artifact"), self.says("the artifact")),
            ForEach::Package => {
                let package = artifact.packages.get(position)?;
                let identity = facts::identity(package);
                let message = self.says(&format!("the package `{}` {}", package.name, package.version));
                let mut hit = Hit::with_id(format!("{name}:{rule}:{identity}"), message);
                hit.package = identity;
                hit.evidence(facts::package(package))
            }
            ForEach::Vulnerability => {
                let view = scene.matches().get(position)?;
                let subject = format!("{} in `{}` {}", view.id(), view.package.name, view.package.version);
                let mut hit = finding::hit(view);
                hit.message = self.says(&subject);
                hit
            }
            ForEach::File => {
                let entry = artifact.files.as_ref()?.at(position)?;
                let message = self.says(&format!("the file `{}`", entry.path));
                Hit::with_id(format!("{rule}+file://{}", entry.path), message)
                    .evidence(facts::file(scene, &entry, Some(entry.st_mode())))
                    .about(entry.path)
            }
        };
        // Two rules of this trigger find different things about one subject.
        let subject = format!("{} {}", hit.subject, self.expression.as_str());
        let advice = Remediation::Advice { text: format!("change what `{}` is true for", self.expression.as_str()) };
        let remediation = hit.remediation.clone().unwrap_or(advice);
        Some(hit.about(subject).because(self.expression.as_str(), "true").remedy(remediation))
    }

    fn says(&self, subject: &str) -> String {
        match &self.message {
            Some(message) => format!("{message}: {subject}"),
            None => format!("`{}` is true for {subject}", self.expression.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
    use proptest::sample::select;
    use stopgate_model::{DockerfileMode, FileKind, License, LicenseKind, PackageType, Severity};

    use crate::tests::{Case, check, edit, folder, ids, image, kev, refused};

    fn case() -> Case {
        image()
            .package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status")
            .vuln("CVE-2024-1", Severity::High, |matched| edit(matched, |record| record.kev.push(kev("2024-02-01"))))
            .package(PackageType::NPM, "left-pad", "1.3.0", "/app/node_modules/left-pad/package.json")
            .files(&[("/usr/bin/su", FileKind::Regular, 0o4755), ("/etc/x", FileKind::Regular, 0o644)])
            .config(|config| {
                config.env = vec!["PATH=/bin".to_owned(), "DEBUG=1".to_owned()];
                config.labels = vec![("team".to_owned(), "red".to_owned())];
            })
    }

    fn rule(rest: &str) -> String {
        format!("stop expression.matches expression={rest}")
    }

    fn is_true(expression: &str) -> bool {
        let lines = check(&case(), &rule(expression));
        assert!(lines.len() <= 2 && lines[0] != "undecided" && !lines[0].starts_with('!'), "{expression}: {lines:?}");
        lines.len() == 2
    }

    #[test]
    fn fires() {
        assert_eq!(
            check(&case(), &rule("distro.id == \"debian\"")),
            ["stop `distro.id == \"debian\"` is true for the artifact", "stop"]
        );
        let id = |rest: &str| ids(&case(), &rule(rest));
        assert_eq!(id("image.tag == '1'; for_each=artifact"), ["matches:r1:artifact"]);
        assert_eq!(id("pkg.type == 'npm'; for_each=package"), ["matches:r1:pkg:generic/left-pad"]);
        assert_eq!(id("vulnerability.known_exploited && pkg.os; for_each=vulnerability"), ["CVE-2024-1+openssl"]);
        assert_eq!(id("file.setuid; for_each=file"), ["r1+file:///usr/bin/su"]);
        let message = check(&case(), &rule("pkg.name == 'openssl'; for_each=package; message=no openssl"));
        assert_eq!(message[0], "stop no openssl: the package `openssl` 3.0.1");
        for expression in [
            "packages.exists(p, p.name == 'left-pad' && p.version.startsWith('1.'))",
            "packages.filter(p, p.os).size() == 1 && packages.exists_one(p, p.type == 'npm')",
            "config.labels['team'] == 'red' && config.labels.team != 'blue' && 'team' in config.labels",
            "config.env.exists(e, e.matches('^DEBUG=(1|true)$')) && !has(config.labels.other)",
            "config.user in ['', 'root', '0'] && config.label_names.exists(name, name == 'team')",
            "image.size >= 1048576 && image.size / 1024 == 1024 && double(image.layers) < 0.5",
            "image.name == image.registry + '/' + image.repository + ':' + image.tag",
            "size(config.labels) == 1 && packages.size() == 2 && size(packages) == 2",
            "packages[0].name == 'openssl' || packages[1].name == 'openssl'",
            "distro.version == '12' ? true : false // a note",
        ] {
            assert!(is_true(expression), "{expression}");
        }
        let source = folder().package(PackageType::NPM, "x", "1", "/package.json");
        let mut document = crate::tests::document(&[&rule("pkg.name == 'x'; for_each=package")]);
        document["source_mappings"] = serde_json::json!([
            {"id": "s", "name": "s", "host": "*", "repository": "*", "rule_set_ids": ["rs"], "allowlist_ids": []}
        ]);
        document["rule_sets"][0]["artifact_type"] = "source".into();
        document["mappings"] = serde_json::json!([]);
        assert_eq!(source.evaluate(&crate::tests::policy(&document)).findings.len(), 1, "for source trees as well");
    }

    #[test]
    fn does_not_fire() {
        for expression in [
            "distro.id == 'alpine'",
            "packages.exists(p, p.name == 'none')",
            "packages.all(p, p.os)",
            "config.env.exists(e, e.matches('^EBUG'))",
            "false && config.labels['none'] == 'x'",
        ] {
            assert!(!is_true(expression), "{expression}");
        }
        assert_eq!(check(&image(), &rule("true; for_each=package")), ["pass"], "there is no package");
        assert_eq!(check(&image(), &rule("true; for_each=file")), ["pass"]);
    }

    #[test]
    fn boundary() {
        let long = |bytes: usize| format!("'{}' == ''", "x".repeat(bytes - 8));
        assert!(!is_true(&long(2048)));
        for (expression, part) in [
            (long(2049), "it has 2049 bytes: at most 2048 are accepted"),
            (format!("{}true{}", "(".repeat(17), ")".repeat(17)), "its brackets nest deeper than 16"),
            (format!("1{} == 1", "+1".repeat(100)), "it has 101 operators: at most 100 are accepted"),
            ("distro.id ==".to_owned(), "expected a CEL expression (line 1, column 13"),
            ("packages.map(p, p.name) == []".to_owned(), "there is no function `map`"),
            ("packges.size() > 1".to_owned(), "there is no name `packges`: did you mean `packages`?"),
            ("pkg.name == 'x'".to_owned(), "there is no name `pkg`"),
            ("distro.idd == ''".to_owned(), "`distro` has no field `idd`: did you mean `id`?"),
            ("distro.id.x == ''".to_owned(), "there is no field `x` of a text"),
            ("distro.id.startswith('d')".to_owned(), "there is no function `startswith`: did you mean `startsWith`?"),
            ("distro.id.matches(distro.version)".to_owned(), "`matches` expects an expression in quotes"),
            ("distro.id.matches('(')".to_owned(), "the pattern `(` does not compile"),
            ("packages == []".to_owned(), "`pkg` is used as a whole"),
            ("packages.exists(distro, true)".to_owned(), "the variable `distro` has the name of something else"),
            ("config.env + config.env == []".to_owned(), "`+` joins numbers or texts"),
            ("{'a': 1}['a'] == 1".to_owned(), "it writes a map"),
            ("config.labels.exists(l, true)".to_owned(), "it passes over a map, which is no list"),
            ("config.labels * 2 == 4".to_owned(), "a map is used as a whole"),
            ("string(distro) == ''".to_owned(), "`distro` is used as a whole"),
            ("(true ? config.labels : 1).exists(l, true)".to_owned(), "a map is used as a whole"),
            ("packages.exists(p, packages.exists(q, p.name == q.name))".to_owned(), "it may take 100000000 steps"),
        ] {
            let errors = refused(&rule(&expression));
            assert!(errors.len() == 1 && errors[0].contains(part), "{expression}: {errors:?}");
        }
        // The lists of one package are short enough to be passed over for each.
        assert!(!is_true("packages.exists(p, p.licenses.exists(l, l == 'x'))"));
        let errors = refused(&rule("packages.exists(p, p.licenses.exists(l, p.upstreams.exists(u, u == l)))"));
        assert!(errors[0].contains("at most 1000000 are accepted"), "{errors:?}");
    }

    #[test]
    fn data_missing() {
        let broken = |case: &Case, expression: &str, part: &str| {
            let lines = check(case, &rule(expression));
            assert!(lines[0].contains("it could not be run and counts as stop"), "{expression}: {lines:?}");
            assert!(lines[0].contains(part), "{expression}: {lines:?}");
            assert_eq!(lines.last().unwrap(), "stop");
        };
        broken(&case(), "1 + 1", "it gives a value of type `int`: expected true or false");
        broken(&case(), "config.labels['none'] == 'x'", "No such key: none");
        broken(&case(), "1 / 0 == 1", "Division by zero");
        broken(&case(), "9223372036854775807 + 1 > 0", "Overflow");
        let without = |change: fn(&mut stopgate_model::Artifact)| case().with(change);
        for (case, expression) in [
            (without(|artifact| artifact.config = None), "config.user == ''"),
            (without(|artifact| artifact.files = None), "true; for_each=file"),
            (case(), "dockerfile.actual"),
        ] {
            assert_eq!(check(&case, &rule(expression)).last().unwrap(), "undecided", "{expression}");
        }
        let mut unmatched = case();
        unmatched.report = None;
        assert_eq!(check(&unmatched, &rule("true; for_each=vulnerability")).last().unwrap(), "undecided");
        assert_eq!(ids(&case().dockerfile(DockerfileMode::Guessed, &["FROM x"]), &rule("!dockerfile.actual")).len(), 1);
    }

    #[test]
    fn what_is_cut_breaks_the_rule() {
        let license = |n: usize| License {
            value: format!("L{n}"),
            spdx: String::new(),
            kind: LicenseKind::Declared,
            urls: Vec::new(),
            locations: Vec::new(),
        };
        let licensed =
            |count| case().with(|artifact| artifact.packages[0].licenses = (0..count).map(license).collect());
        let expression = rule("true || pkg.licenses.size() > 0; for_each=package");
        assert_eq!(ids(&licensed(101), &expression).len(), 2, "what is not looked at is not cut");
        let expression = rule("pkg.licenses.exists(l, l == 'L0') || true; for_each=package");
        assert_eq!(ids(&licensed(100), &expression).len(), 2);
        let lines = check(&licensed(101), &expression);
        assert!(lines[1].contains("the list `pkg.licenses` is longer than an expression may see"), "{lines:?}");
        assert_eq!((lines.len(), lines[2].as_str()), (3, "stop"), "the other package is decided: {lines:?}");
        let labelled = case().config(|config| config.labels[0].1 = "x".repeat(20_000));
        let lines = check(&labelled, "warn expression.matches expression=config.labels.team == ''");
        assert!(lines[0].contains("the text `config.labels` is longer"), "{lines:?}");
        let many = (0..10_001).fold(image(), |case, n| case.package(PackageType::NPM, &format!("p{n}"), "1", ""));
        let lines = check(&many, &rule("packages.exists(p, p.name == 'none')"));
        assert!(lines[0].contains("the list `packages` is longer"), "{lines:?}");
        assert_eq!(ids(&many, &rule("pkg.name == 'p10000'; for_each=package")).len(), 1, "one by one they all count");
    }

    #[test]
    fn what_nests_to_the_limit_fits_the_stack() {
        for expression in [
            format!("{}true{}", "(".repeat(16), ")".repeat(16)),
            format!("1{} == 101", "+1".repeat(99)),
            format!("{}true", "true ? true : ".repeat(50)),
            format!("{}true{}", "(true ? true : true ? true : true ? true : ".repeat(16), ")".repeat(16)),
            format!("{}true{}", "[1].exists(x, x == 1 && (".repeat(8), "))".repeat(8)),
            format!("{}1{} == []", "[".repeat(16), "]".repeat(16)),
            format!("distro.id{} == 1", ".size()".repeat(98)),
            format!("config.env{} == ''", "[0]".repeat(90)),
        ] {
            let lines = std::panic::catch_unwind(|| {
                let document = crate::tests::document(&[&rule(&expression)]);
                let parsed = crate::parse(document.to_string().as_bytes(), crate::ParseOptions::default());
                parsed.map(|parsed| case().evaluate(&parsed.policy)).is_ok()
            });
            assert!(lines.is_ok(), "{expression}");
        }
    }

    const LEAVES: &[&str] =
        &["1", "-2.5", "'a'", "true", "null", "distro.id", "pkg.name", "pkg.licenses", "config.env", "x", "[]"];

    /// Expressions over others.
    const FORMS: &[&str] = &[
        "(A)",
        "!A",
        "-A",
        "A + B",
        "A * B",
        "A / B",
        "A && B",
        "A || B",
        "A == B",
        "A < B",
        "A in B",
        "[A, B]",
        "A[B]",
        "A ? B : C",
        "size(A)",
        "string(A)",
        "int(A)",
        "A.size()",
        "A.contains(B)",
        "A.exists(x, B)",
        "A.all(x, B)",
        "A.filter(x, B)",
        "A.exists_one(x, B)",
        "A.matches('a+')",
    ];

    /// Expressions that are likely to be valid.
    fn likely() -> impl Strategy<Value = String> {
        select(LEAVES).prop_map(str::to_owned).prop_recursive(8, 40, 3, |inner| {
            let parts = (select(FORMS), inner.clone(), inner.clone(), inner);
            parts.prop_map(|(form, a, b, c)| form.replace('A', &a).replace('B', &b).replace('C', &c))
        })
    }

    /// Evaluates a rule with any text as its expression twice, when it is accepted.
    fn evaluations(text: String, for_each: &str) -> Option<[stopgate_model::Evaluation; 2]> {
        let mut document =
            crate::tests::document(&[&format!("stop expression.matches expression=true; for_each={for_each}")]);
        document["rule_sets"][0]["rules"][0]["params"][0]["value"] = text.into();
        let parsed = crate::parse(document.to_string().as_bytes(), crate::ParseOptions::default()).ok()?;
        Some([(); 2].map(|()| case().evaluate(&parsed.policy)))
    }

    const PARTS: [&str; 40] = [
        "distro",
        ".id",
        "pkg",
        "packages",
        ".exists(",
        "p",
        ",",
        ")",
        "(",
        "[",
        "]",
        "{",
        "}",
        "==",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "?",
        ":",
        "in",
        "'a'",
        "\"",
        "'",
        "1",
        "0x",
        "1.5",
        "e",
        "true",
        "null",
        ".size()",
        ".filter(",
        "has(",
        "config.labels",
        "matches(",
        "//",
        "\n",
        "\\",
        "\u{e9}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever the text, it is refused, or runs to an answer or a fault, the same each time.
        #[test]
        fn any_text_is_refused_or_decided(
            words in proptest::collection::vec(0..PARTS.len(), 0..40), noise in "\\PC{0,24}", before in any::<bool>(),
        ) {
            let words: String = words.into_iter().map(|word| PARTS[word]).collect();
            let text = if before { format!("{noise}{words}") } else { format!("{words}{noise}") };
            if let Some([one, other]) = evaluations(text, "artifact") {
                prop_assert_eq!(one, other);
            }
        }

        #[test]
        fn what_is_likely_to_be_valid_is_decided(text in likely()) {
            if let Some([one, other]) = evaluations(text, "package") {
                prop_assert_eq!(one, other);
            }
        }
    }
}
