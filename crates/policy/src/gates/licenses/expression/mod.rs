//! `licenses` / `expression`: a package's licence cannot be met with the allowed licences alone.
//!
//! Every licence that a package states must be met. An expression (SPDX specification, annex D) is met when one
//! branch of each `OR` and all of each `AND` are.

mod allowed;
mod spelling;

use stopgate_model::{Package, Remediation};

use self::allowed::{Allowed, Judgement};
use crate::engine::Scene;
use crate::gates::facts;
use crate::gates::packages::is_of_any;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::types::{CommaList, GlobList};
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct Expression;

params! {
    pub(crate) struct ExpressionParams {
        /// SPDX ids of the allowed licences; `LicenseRef-…` and `ID WITH EXCEPTION` can be given as well.
        #[example = "MIT,Apache-2.0"]
        allow: Allowed,
        /// What becomes of packages whose licence is not stated, or is no SPDX expression: a finding, a warning, nothing.
        #[example = "warn"]
        #[default = "report"]
        unknown: Unknown,
        /// Names of packages that are left out; `*` stands for any text.
        #[example = "linux-firmware,acme-*"]
        except: Option<GlobList>,
        /// Types of the packages to consider, separated by commas; all when absent.
        #[example = "npm"]
        package_type: Option<CommaList>,
    }
}

words! {
    /// What becomes of packages whose licence cannot be judged.
    pub(crate) enum Unknown {
        /// A finding with the action of the rule.
        Report = "report" | "stop",
        /// A problem that a person sees.
        Warn = "warn",
        Ignore = "ignore" | "go",
    }
}

impl Trigger for Expression {
    type Params = ExpressionParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        trigger_id: "expression:<package>",
        ..TriggerInfo::new("licenses", "expression", "A package's licence cannot be met with the allowed licences.")
    };
}

impl ImageTrigger for Expression {
    fn fire(params: &ExpressionParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let mut unknown: Vec<&str> = Vec::new();
        for package in scene.artifact().packages.iter().filter(|package| params.considers(package)) {
            match (params.allow.judge(&package.licenses), params.unknown) {
                (Judgement::Allowed, _) | (Judgement::Unknown(_), Unknown::Ignore) => {}
                (Judgement::Denied(what), _) => hits.push(hit(package, "is not allowed", &what))?,
                (Judgement::Unknown(what), Unknown::Report) => hits.push(hit(package, "is not known", &what))?,
                (Judgement::Unknown(_), Unknown::Warn) => unknown.push(&package.name),
            }
        }
        tell(&unknown, hits);
        Ok(())
    }
}

impl ExpressionParams {
    fn considers(&self, package: &Package) -> bool {
        is_of_any(package, self.package_type.as_ref())
            && !self.except.as_ref().is_some_and(|names| names.covers(&package.name))
    }
}

/// A hit about a package; `what` names its licence.
fn hit(package: &Package, verdict: &str, what: &str) -> Hit {
    let identity = facts::identity(package);
    let message = format!("the licence of `{}` {} {verdict}: {what}", package.name, package.version);
    let mut hit = Hit::with_id(format!("{}:{identity}", Expression::INFO.name), message)
        .about(package.name.as_str())
        .evidence(facts::package(package))
        .because("licence allowed", what)
        .remedy(Remediation::Advice { text: format!("replace {}, or have its licence approved", package.name) });
    hit.package = identity;
    hit
}

fn tell(unknown: &[&str], hits: &mut Hits) {
    const SHOWN: usize = 5;
    if unknown.is_empty() {
        return;
    }
    let names = unknown.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if unknown.len() > SHOWN { " and others" } else { "" };
    hits.note(format!("the licences of {} packages are not known: {names}{more}", unknown.len()));
}

#[cfg(test)]
mod tests {
    use stopgate_model::{License, LicenseKind, PackageType};

    use crate::tests::{Case, check, ids, image, refused};

    /// Packages `p0`, `p1` … with these licences; a value in `<>` is no SPDX expression.
    fn licensed(packages: &[&[&str]]) -> Case {
        packages.iter().enumerate().fold(image(), |case, (index, values)| {
            let license = |value: &&str| License {
                value: (*value).to_owned(),
                spdx: if value.starts_with('<') { String::new() } else { (*value).to_owned() },
                kind: LicenseKind::Declared,
                urls: Vec::new(),
                locations: Vec::new(),
            };
            let licenses = values.iter().map(license).collect();
            case.package(PackageType::NPM, &format!("p{index}"), "1", "")
                .with(|artifact| artifact.packages[index].licenses = licenses)
        })
    }

    const RULE: &str = "stop licenses.expression allow=MIT, Apache-2.0, GPL-2.0-only";

    fn violates(value: &str) -> bool {
        ids(&licensed(&[&[value]]), RULE).len() == 1
    }

    #[test]
    fn fires() {
        let case = licensed(&[&["MIT"], &["MIT AND GPL-3.0-only"]]);
        assert_eq!(
            check(&case, RULE),
            ["stop the licence of `p1` 1 is not allowed: `GPL-3.0-only` in `MIT AND GPL-3.0-only`", "stop"]
        );
        assert_eq!(ids(&case, RULE), ["expression:pkg:generic/p1"]);
        for value in ["ISC", "ISC OR BSD-3-Clause", "LicenseRef-x", "GPL-3.0-or-later", "(MIT OR ISC) AND Zlib"] {
            assert!(violates(value), "{value}");
        }
        assert_eq!(ids(&licensed(&[&["MIT", "ISC", "Zlib"]]), RULE).len(), 1, "every licence counts, in one finding");
    }

    #[test]
    fn does_not_fire() {
        for value in [
            "MIT",
            "mit or isc",
            "ISC OR (Zlib AND MIT) OR Apache-2.0",
            "MIT AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-2.0",
            "GPL-2.0-or-later",
            "GPL-2.0+",
        ] {
            assert!(!violates(value), "{value}");
        }
        let case = licensed(&[&["ISC"]]);
        assert_eq!(check(&case, &format!("{RULE}; except=q*,p0")), ["pass"]);
        assert_eq!(check(&case, &format!("{RULE}; package_type=deb, gem")), ["pass"]);
    }

    #[test]
    fn boundary() {
        for (allow, value, expected) in [
            ("GPL-3.0-only", "GPL-2.0-or-later", true),
            ("GPL-3.0-or-later", "GPL-2.0-or-later", true),
            ("GPL-2.0-or-later", "GPL-2.0-only", false),
            ("GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", true),
            ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", false),
            ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", true),
            ("LGPL-2.1-only", "GPL-2.0-or-later", false),
            ("LicenseRef-acme", "LicenseRef-acme", true),
            ("EUPL-1.2", "EUPL-1.1+", true),
            ("EUPL-1.1", "EUPL-1.2", false),
        ] {
            let rule = format!("stop licenses.expression allow={allow}");
            assert_eq!(ids(&licensed(&[&[value]]), &rule).is_empty(), expected, "{value} with {allow}");
        }
        let errors = refused("stop licenses.expression allow=MIT,Apache-2");
        assert!(errors[0].contains("does not accept `MIT,Apache-2`: expected SPDX ids of licences"), "{errors:?}");
        assert!(errors[0].contains("(did you mean `Apache-2.0`?)"), "{errors:?}");
        assert!(refused("stop licenses.expression allow=NOASSERTION")[0].contains("expected SPDX ids"));
    }

    #[test]
    fn data_missing() {
        let case = licensed(&[&[], &["<see LICENSE>"], &["NOASSERTION"], &["MIT", "<custom>"], &["MIT"]]);
        assert_eq!(
            check(&case, RULE),
            [
                "stop the licence of `p0` 1 is not known: none is stated",
                "stop the licence of `p1` 1 is not known: `<see LICENSE>` is no SPDX expression",
                "stop the licence of `p2` 1 is not known: `NOASSERTION` is no SPDX expression",
                "stop the licence of `p3` 1 is not known: `<custom>` is no SPDX expression",
                "stop"
            ]
        );
        assert_eq!(
            check(&case, &format!("{RULE}; unknown=warn")),
            ["! rule `r1`: the licences of 4 packages are not known: `p0`, `p1`, `p2`, `p3`", "pass"]
        );
        assert_eq!(check(&case, &format!("{RULE}; unknown=ignore")), ["pass"]);
        let denied = licensed(&[&["ISC", "<custom>"]]);
        assert_eq!(ids(&denied, &format!("{RULE}; unknown=ignore")).len(), 1, "what is known is judged");
    }
}
