//! What the gates `npms` and `ruby_gems` share. Their feeds are gone: names and versions can still be denied.

use stopgate_model::{PackageType, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::{Hit, Hits, State, TriggerInfo};

/// A feed that no longer exists.
pub(super) struct Feed {
    gate: &'static str,
    kind: PackageType,
    /// Its packages, as people call them.
    what: &'static str,
    /// COMPAT: as the engine called them.
    word: &'static str,
}

pub(super) const NPM: Feed = Feed { gate: "npms", kind: PackageType::NPM, what: "npm packages", word: "NPM" };
pub(super) const GEM: Feed = Feed { gate: "ruby_gems", kind: PackageType::GEM, what: "gems", word: "Gem" };

impl Feed {
    /// A trigger of its gate.
    pub(super) const fn trigger(&self, name: &'static str, summary: &'static str) -> TriggerInfo {
        TriggerInfo {
            state: State::Deprecated,
            superseded_by: Some("packages.denylist"),
            ..TriggerInfo::new(self.gate, name, summary)
        }
    }

    /// Reports its packages of a denied name and version.
    pub(super) fn report(
        &self,
        scene: &Scene<'_>,
        hits: &mut Hits,
        info: &TriggerInfo,
        (name, version): (&str, Option<&str>),
    ) -> Result<(), Fault> {
        let denied = scene.artifact().packages.iter().filter(|package| {
            package.package_type == self.kind
                && package.name == name
                && version.is_none_or(|version| package.version == version)
        });
        for package in denied {
            let what = version.map_or(name.to_owned(), |version| format!("{name}-{version}"));
            let message = format!("the denied package `{}` {} is installed", package.name, package.version);
            let mut hit = Hit::frozen(info, &format!("{} Package is blacklisted: {what}", self.word), message)
                .evidence(facts::package(package))
                .because(format!("package {what}"), format!("{} {}", package.name, package.version))
                .remedy(Remediation::RemovePackage { name: package.name.clone() });
            hit.package = facts::identity(package);
            hits.push(hit)?;
        }
        Ok(())
    }

    /// Says that there is nothing to compare its packages with.
    pub(super) fn compare_nothing(&self, scene: &Scene<'_>, hits: &mut Hits) {
        if scene.artifact().packages.iter().any(|package| package.package_type == self.kind) {
            hits.note(format!(
                "the feed of {} is no longer published, so that nothing was compared: use `packages.denylist` instead",
                self.what
            ));
        }
    }

    /// Says that the feed is not there.
    ///
    /// COMPAT: whether there are such packages or not.
    pub(super) fn unavailable(&self, hits: &mut Hits, info: &TriggerInfo) -> Result<(), Fault> {
        let text = format!(
            "{} packages are present but the anchore {} feed is not available - will be unable to perform checks that require feed data",
            self.word,
            self.word.to_ascii_lowercase()
        );
        hits.push(
            Hit::frozen(info, &text, format!("the feed of {} is no longer published", self.what))
                .about("feed")
                .because(format!("feed of {}", self.what), "none")
                .remedy(Remediation::Advice { text: "take the rule out of the policy".to_owned() }),
        )
    }
}

/// The cases of the triggers of both gates.
#[cfg(test)]
pub(super) mod cases {
    use super::{Feed, GEM, NPM};
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    impl Feed {
        fn rule(&self, trigger: &str) -> String {
            format!("stop {}.{trigger}", self.gate)
        }

        /// An image with one of its packages.
        fn installed(&self) -> Case {
            image().package(self.kind.clone(), "x", "1.0", "/x")
        }

        /// An image with a package of the other feed.
        fn other(&self) -> Case {
            if self.gate == NPM.gate { GEM.installed() } else { NPM.installed() }
        }

        /// A trigger that has nothing to compare with never fires, and says so.
        pub(in crate::gates) fn says_that_nothing_was_compared(&self, trigger: &str) {
            let rule = self.rule(trigger);
            let expected = [
                format!("! rule `r1`: `{}.{trigger}` is deprecated", self.gate),
                format!(
                    "! rule `r1`: the feed of {} is no longer published, so that nothing was compared: use `packages.denylist` instead",
                    self.what
                ),
                "pass".to_owned(),
            ];
            assert_eq!(check(&self.installed(), &rule), expected);
        }

        /// Without a package there is nothing to compare.
        pub(in crate::gates) fn is_silent_without_packages(&self, trigger: &str) {
            assert_eq!(check(&image(), &self.rule(trigger)).len(), 2);
        }

        /// Packages of another type are not its own.
        pub(in crate::gates) fn is_silent_about_other_packages(&self, trigger: &str) {
            assert_eq!(check(&self.other(), &self.rule(trigger)).len(), 2);
        }

        /// The feed is missing for ever, which leaves no verdict open.
        pub(in crate::gates) fn leaves_no_verdict_open(&self, trigger: &str) {
            assert_eq!(check(&self.installed(), &self.rule(trigger)).last().unwrap(), "pass");
        }

        /// A denied name, or name and version.
        pub(in crate::gates) fn reports_denied_packages(&self, trigger: &str) {
            let rule = format!("{} name=x", self.rule(trigger));
            let lines = check(&self.installed(), &rule);
            assert_eq!(lines[0], "stop the denied package `x` 1.0 is installed");
            assert_eq!(lines[1], format!("! rule `r1`: `{}.{trigger}` is deprecated", self.gate));
            let id =
                |what: &str| anchore_id(self.gate, trigger, &format!("{} Package is blacklisted: {what}", self.word));
            assert_eq!(ids(&self.installed(), &rule), [id("x")]);
            assert_eq!(ids(&self.installed(), &format!("{rule}; version=1.0")), [id("x-1.0")]);
        }

        /// Other names, and the same name of another type.
        pub(in crate::gates) fn denies_nothing_else(&self, trigger: &str) {
            assert_eq!(ids(&self.installed(), &format!("{} name=y", self.rule(trigger))).len(), 0);
            assert_eq!(ids(&self.other(), &format!("{} name=x", self.rule(trigger))).len(), 0);
        }

        /// A part of a version is no version.
        pub(in crate::gates) fn compares_whole_versions(&self, trigger: &str) {
            assert_eq!(ids(&self.installed(), &format!("{} name=x; version=1", self.rule(trigger))).len(), 0);
        }

        /// Packages are always collected, and no feed is asked.
        pub(in crate::gates) fn needs_no_feed(&self, trigger: &str) {
            assert_eq!(check(&image(), &format!("{} name=x", self.rule(trigger))).last().unwrap(), "pass");
        }

        /// The missing feed is one finding with this id, whatever is installed.
        pub(in crate::gates) fn is_unavailable(&self, id: &str) {
            let rule = self.rule("feed_data_unavailable");
            let lines = check(&image(), &rule);
            assert_eq!(lines[0], format!("stop the feed of {} is no longer published", self.what));
            assert_eq!(ids(&image(), &rule), [id]);
            assert_eq!(ids(&self.installed(), &rule), [id]);
        }
    }
}
