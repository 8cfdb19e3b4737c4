//! `vulnerabilities` / `package`: a known vulnerability affects a package.

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Condition, FixState, Severity};

use super::{Vex, finding};
use crate::engine::MatchView;
use crate::engine::scene::{FirstSeen, Occurrence, Since};
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params, words};
use crate::trigger::types::{CommaList, Comparison, Number, RegexText};
use crate::trigger::{ANY, Admission, Hit, MatchTrigger, Need, RemovedByVex, Trigger, TriggerInfo};

pub(crate) struct Package;

params! {
    pub(crate) struct PackageParams {
        /// Which packages to consider: those of the distribution, all others, or both.
        #[example = "all"]
        package_type: PackageScope,
        /// How the severity must compare with `severity`.
        #[example = ">="]
        #[default = ">"]
        severity_comparison: Comparison,
        /// Severity to compare with.
        #[example = "high"]
        #[default = "unknown"]
        severity: Severity,
        /// How the highest CVSS 3 base score of NVD must compare with `cvss_v3_base_score`.
        #[example = ">="]
        #[default = ">="]
        cvss_v3_base_score_comparison: Comparison,
        /// CVSS 3 base score of NVD to compare with; a vulnerability without one counts as -1.
        #[example = "7.0"]
        cvss_v3_base_score: Option<Number>,
        /// How the highest CVSS 3 exploitability score of NVD must compare with `cvss_v3_exploitability_score`.
        #[example = ">="]
        #[default = ">="]
        cvss_v3_exploitability_score_comparison: Comparison,
        /// CVSS 3 exploitability score of NVD to compare with; a vulnerability without one counts as -1.
        #[example = "2.8"]
        cvss_v3_exploitability_score: Option<Number>,
        /// How the highest CVSS 3 impact score of NVD must compare with `cvss_v3_impact_score`.
        #[example = ">="]
        #[default = ">="]
        cvss_v3_impact_score_comparison: Comparison,
        /// CVSS 3 impact score of NVD to compare with; a vulnerability without one counts as -1.
        #[example = "5.9"]
        cvss_v3_impact_score: Option<Number>,
        /// Whether a fix must be known, or must not be known.
        #[example = "true"]
        fix_available: Option<bool>,
        /// Whether vulnerabilities that the vendor will not fix are left out, unless `fix_state` names them.
        #[example = "false"]
        #[default = "true"]
        vendor_only: bool,
        /// Days since the match was first seen in this artifact, before which it does not count.
        #[example = "7"]
        max_days_since_creation: Option<u32>,
        /// Days since the fix was first seen, before which it does not count; needs `fix_available` to be true.
        #[example = "30"]
        max_days_since_fix: Option<u32>,
        /// How the highest CVSS 3 base score of the vendor must compare with `vendor_cvss_v3_base_score`.
        #[example = ">="]
        #[default = ">="]
        vendor_cvss_v3_base_score_comparison: Comparison,
        /// CVSS 3 base score of the vendor to compare with; a vulnerability without one counts as -1.
        #[example = "7.0"]
        vendor_cvss_v3_base_score: Option<Number>,
        /// How the vendor's highest CVSS 3 exploitability score must compare with its parameter.
        #[example = ">="]
        #[default = ">="]
        vendor_cvss_v3_exploitability_score_comparison: Comparison,
        /// CVSS 3 exploitability score of the vendor to compare with; a vulnerability without one counts as -1.
        #[example = "2.8"]
        vendor_cvss_v3_exploitability_score: Option<Number>,
        /// How the vendor's highest CVSS 3 impact score must compare with its parameter.
        #[example = ">="]
        #[default = ">="]
        vendor_cvss_v3_impact_score_comparison: Comparison,
        /// CVSS 3 impact score of the vendor to compare with; a vulnerability without one counts as -1.
        #[example = "5.9"]
        vendor_cvss_v3_impact_score: Option<Number>,
        /// Expression of paths, from their start; packages that no distribution ships are left out there.
        #[example = ".*/test/.*\\.jar"]
        package_path_exclude: Option<RegexText>,
        /// Whether only findings that the base image has as well, or only the others, are considered.
        #[example = "false"]
        inherited_from_base: Option<bool>,
        /// Whether the vulnerability must be, or must not be, known to be exploited (CISA KEV).
        #[example = "true"]
        known_exploited_vulnerability: Option<bool>,
        /// How the EPSS score must compare with `epss_score`.
        #[example = ">="]
        #[default = ">="]
        epss_score_comparison: Comparison,
        /// EPSS score to compare with, 0 to 1 or above that in percent; a vulnerability without one counts as -1.
        #[example = "0.5"]
        epss_score: Option<Number>,
        /// How the EPSS percentile must compare with `epss_percentile`.
        #[example = ">="]
        #[default = ">="]
        epss_percentile_comparison: Comparison,
        /// EPSS percentile to compare with, 0 to 1 or above that in percent; without one a vulnerability counts as -1.
        #[example = "0.95"]
        epss_percentile: Option<Number>,
        /// States of the fix, one of which the vulnerability must have; any when absent.
        #[example = "not-fixed,unknown"]
        fix_state: Option<FixStates>,
        /// How the highest CVSS 4 base score must compare with `cvss_v4_base_score`.
        #[example = ">="]
        #[default = ">="]
        cvss_v4_base_score_comparison: Comparison,
        /// CVSS 4 base score to compare with; a vulnerability without one counts as -1.
        #[example = "7.0"]
        cvss_v4_base_score: Option<Number>,
        /// Whether a VEX statement that a vulnerability does not affect the artifact accepts the finding.
        #[example = "ignore"]
        #[default = "respect"]
        vex: Vex,
        /// Whose rating the severity is: the vendor's word, or NVD's score (CVSS 3, else 2, else the vendor's word).
        #[example = "nvd"]
        #[default = "vendor"]
        severity_source: SeveritySource,
        /// Where a match counts as seen: in this artifact, or in its repository, where another build changes nothing.
        #[example = "first_seen_in_repository"]
        #[default = "first_seen"]
        clock: SeenIn,
    }
}

words! {
    /// Whose rating the severity is.
    pub(crate) enum SeveritySource {
        Vendor = "vendor",
        Nvd = "nvd",
    }
}

words! {
    /// Where a match counts as seen.
    pub(crate) enum SeenIn {
        Artifact = "first_seen",
        Repository = "first_seen_in_repository",
    }
}

words! {
    /// Classes of packages.
    pub(crate) enum PackageScope {
        All = "all",
        Os = "os",
        NonOs = "non-os",
    }
}

/// States of fixes, separated by commas.
#[derive(Debug)]
pub(crate) struct FixStates(Vec<FixState>);

const FIX_STATES: &[&str] = &["fixed", "not-fixed", "wont-fix", "unknown"];

impl ParamType for FixStates {
    const KIND: ParamKind = ParamKind {
        validator: "DelimitedEnumString",
        expected: "states of fixes, separated by commas",
        words: &[],
        pattern: r"^\s*(fixed|not-fixed|wont-fix|unknown)\s*(,\s*(fixed|not-fixed|wont-fix|unknown)\s*)*$",
    };
    fn read(text: &str) -> Result<Self, Refusal> {
        let state = |word: &String| FixState::parse(word).ok_or_else(|| Refusal::word(word, FIX_STATES));
        CommaList::read(text)?.0.iter().map(state).collect::<Result<_, _>>().map(Self)
    }
}

impl FixStates {
    fn shown(&self) -> String {
        self.0.iter().map(|state| state.name()).collect::<Vec<_>>().join(", ")
    }
}

impl Trigger for Package {
    type Params = PackageParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        trigger_id: "<vulnerability>+<package>",
        ..TriggerInfo::new(
            "vulnerabilities",
            "package",
            "A known vulnerability that meets every condition affects a package.",
        )
    };
}

impl MatchTrigger for Package {
    fn decide(params: &PackageParams, view: &MatchView<'_>) -> Result<Option<Hit>, Fault> {
        Ok(params.accepts(view).then(|| params.explained(finding::hit(view), view)))
    }

    fn refusals(params: &PackageParams, occurrence: &Occurrence<'_, '_>) -> Vec<Condition> {
        let view = occurrence.view;
        let unmet = params.checks(view).filter(|(_, holds)| !holds);
        let unmet: Vec<Condition> = unmet.map(|(check, _)| params.condition(&check, view)).collect();
        if unmet.is_empty() { params.inadmissible(occurrence).into_iter().collect() } else { unmet }
    }

    fn vex(params: &PackageParams) -> RemovedByVex {
        match params.vex {
            Vex::Respect => RemovedByVex::Accepted,
            Vex::Ignore => RemovedByVex::Counted,
        }
    }

    fn admits(params: &PackageParams, occurrence: &Occurrence<'_, '_>) -> Result<Admission, Fault> {
        let view = occurrence.view;
        if let (Some(regex), false, Some(path)) =
            (&params.package_path_exclude, view.package.package_type.is_os(), view.path())
            && regex.regex()?.matches(path)?
        {
            return Ok(Admission::No);
        }
        if let Some(wanted) = params.inherited_from_base {
            match occurrence.is_inherited() {
                None => return Ok(Admission::Missing(Need::Base)),
                Some(inherited) if inherited != wanted => return Ok(Admission::No),
                Some(_) => {}
            }
        }
        Ok(params.admits_now(occurrence))
    }
}

impl PackageParams {
    /// Every condition that rests on the match and the package alone.
    fn accepts(&self, view: &MatchView<'_>) -> bool {
        self.checks(view).all(|(_, holds)| holds)
    }

    /// The conditions that are given, without their texts: many are asked and few are shown.
    fn checks(&self, view: &MatchView<'_>) -> impl Iterator<Item = (Check, bool)> {
        let record = &view.matched.vulnerability;
        let state = view.matched.fix.state;
        let class = match self.package_type {
            PackageScope::All => None,
            PackageScope::Os => Some(view.package.package_type.is_os()),
            PackageScope::NonOs => Some(!view.package.package_type.is_os()),
        };
        // What the vendor says counts only where the state itself is not asked for.
        let (states, vendor) = match &self.fix_state {
            Some(states) => (Some(states.0.contains(&state)), None),
            None => (None, self.vendor_only.then_some(state != FixState::WontFix)),
        };
        [
            (Check::Severity, Some(self.severity_comparison.holds(&self.rating(view), &self.severity))),
            (Check::PackageType, class),
            (Check::FixState, states),
            (Check::VendorOnly, vendor),
            (Check::FixAvailable, self.fix_available.map(|wanted| view.is_fixable() == wanted)),
            (Check::KnownExploited, self.known_exploited_vulnerability.map(|wanted| record.kev.is_empty() != wanted)),
        ]
        .into_iter()
        .filter_map(|(check, holds)| Some((check, holds?)))
        .chain(self.scores(view).map(|score| {
            let holds = score.holds();
            (Check::Score(score), holds)
        }))
    }

    fn rating(&self, view: &MatchView<'_>) -> Severity {
        match self.severity_source {
            SeveritySource::Vendor => view.matched.vulnerability.severity,
            SeveritySource::Nvd => view.nvd_severity(),
        }
    }

    /// A condition with the value that was seen.
    fn condition(&self, check: &Check, view: &MatchView<'_>) -> Condition {
        let severity = |severity: Severity| severity.name().to_lowercase();
        let record = &view.matched.vulnerability;
        let given = |wanted: Option<bool>| wanted.unwrap_or_default();
        let (condition, actual) = match check {
            Check::Severity => (
                format!("severity {} {}", self.severity_comparison.word(), severity(self.severity)),
                match self.severity_source {
                    SeveritySource::Vendor => severity(record.severity),
                    SeveritySource::Nvd => format!("{} (NVD)", severity(self.rating(view))),
                },
            ),
            Check::PackageType => {
                (format!("package_type {}", self.package_type.word()), view.package.package_type.id().to_owned())
            }
            Check::FixState => {
                let states = self.fix_state.as_ref().map(FixStates::shown).unwrap_or_default();
                (format!("fix_state in {states}"), view.matched.fix.state.name().to_owned())
            }
            Check::VendorOnly => ("vendor_only true".to_owned(), view.matched.fix.state.name().to_owned()),
            Check::FixAvailable => {
                let versions = view.matched.fix.versions.join(", ");
                let shown = if versions.is_empty() { "none".to_owned() } else { versions };
                (format!("fix_available {}", given(self.fix_available)), shown)
            }
            Check::KnownExploited => (
                format!("known_exploited_vulnerability {}", given(self.known_exploited_vulnerability)),
                (!record.kev.is_empty()).to_string(),
            ),
            Check::Score(score) => {
                (format!("{} {} {}", score.name, score.comparison.word(), score.wanted), score.actual.to_string())
            }
        };
        Condition { condition, actual }
    }

    /// The conditions on numbers that are given.
    fn scores(&self, view: &MatchView<'_>) -> impl Iterator<Item = Score> {
        let (nvd, vendor) = (view.nvd, view.vendor);
        let fraction = |number: Option<Number>| number.map(|Number(n)| Number(if n > 1.0 { n / 100.0 } else { n }));
        [
            ("cvss_v3_base_score", self.cvss_v3_base_score_comparison, self.cvss_v3_base_score, nvd.base),
            (
                "cvss_v3_exploitability_score",
                self.cvss_v3_exploitability_score_comparison,
                self.cvss_v3_exploitability_score,
                nvd.exploitability,
            ),
            ("cvss_v3_impact_score", self.cvss_v3_impact_score_comparison, self.cvss_v3_impact_score, nvd.impact),
            (
                "vendor_cvss_v3_base_score",
                self.vendor_cvss_v3_base_score_comparison,
                self.vendor_cvss_v3_base_score,
                vendor.base,
            ),
            (
                "vendor_cvss_v3_exploitability_score",
                self.vendor_cvss_v3_exploitability_score_comparison,
                self.vendor_cvss_v3_exploitability_score,
                vendor.exploitability,
            ),
            (
                "vendor_cvss_v3_impact_score",
                self.vendor_cvss_v3_impact_score_comparison,
                self.vendor_cvss_v3_impact_score,
                vendor.impact,
            ),
            ("epss_score", self.epss_score_comparison, fraction(self.epss_score), view.epss_score),
            ("epss_percentile", self.epss_percentile_comparison, fraction(self.epss_percentile), view.epss_percentile),
            ("cvss_v4_base_score", self.cvss_v4_base_score_comparison, self.cvss_v4_base_score, view.cvss_v4),
        ]
        .into_iter()
        .filter_map(|(name, comparison, wanted, actual)| Some(Score { name, comparison, wanted: wanted?.0, actual }))
    }

    /// The windows of time. What is known to pass the one that needs no history is checked first.
    fn admits_now(&self, occurrence: &Occurrence<'_, '_>) -> Admission {
        let now = occurrence.scene.context.now;
        if let (Some(days), Some(true)) = (self.max_days_since_fix, self.fix_available)
            && let Since::At(seen) = occurrence.view.fix_seen()
            && let Some(end) = after(seen, days)
            && now < end
        {
            return Admission::From(end);
        }
        let Some(days) = self.max_days_since_creation else { return Admission::Yes };
        let seen = match self.clock {
            SeenIn::Artifact => occurrence.first_seen(),
            SeenIn::Repository => occurrence.first_seen_in_repository(),
        };
        match seen {
            FirstSeen::Unknown => Admission::Missing(Need::FirstSeen),
            FirstSeen::At(time) => match after(time, days) {
                Some(end) if now < end => Admission::From(end),
                _ => Admission::Yes,
            },
        }
    }

    /// The hit with the conditions that were given and the values that met them.
    fn explained(&self, mut hit: Hit, view: &MatchView<'_>) -> Hit {
        // That a vendor has not refused a fix is what everybody expects.
        let shown = self.checks(view).filter(|(check, _)| !matches!(check, Check::VendorOnly));
        hit.explain.extend(shown.map(|(check, _)| self.condition(&check, view)));
        for (name, days) in
            [("max_days_since_creation", self.max_days_since_creation), ("max_days_since_fix", self.max_days_since_fix)]
        {
            if let Some(days) = days {
                hit = hit.because(format!("{name} {days}"), "passed");
            }
        }
        hit
    }

    /// What keeps an occurrence of an accepted match from counting.
    fn inadmissible(&self, occurrence: &Occurrence<'_, '_>) -> Option<Condition> {
        let because = |condition: &str, actual: String| Condition { condition: condition.to_owned(), actual };
        match Package::admits(self, occurrence) {
            Ok(Admission::Yes | Admission::Until(_)) => None,
            Ok(Admission::No) => {
                let path = occurrence.view.path().unwrap_or("no path");
                let inherited = match occurrence.is_inherited() {
                    Some(true) => "in the base image",
                    Some(false) => "not in the base image",
                    None => "no base image",
                };
                Some(because("package_path_exclude or inherited_from_base", format!("{path}, {inherited}")))
            }
            Ok(Admission::From(time)) => {
                Some(because("max_days_since_creation or max_days_since_fix", format!("counts from {time}")))
            }
            Ok(Admission::Missing(need)) => Some(because("an input is missing", need.missing())),
            Err(fault) => Some(because("the rule cannot be run", fault.0)),
        }
    }
}

/// A condition that a rule gives.
enum Check {
    Severity,
    PackageType,
    FixState,
    VendorOnly,
    FixAvailable,
    KnownExploited,
    Score(Score),
}

struct Score {
    name: &'static str,
    comparison: Comparison,
    wanted: f64,
    actual: f64,
}

impl Score {
    fn holds(&self) -> bool {
        self.comparison.holds(&self.actual, &self.wanted)
    }
}

/// A time some days later.
fn after(time: Timestamp, days: u32) -> Option<Timestamp> {
    time.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Decision, FixState, PackageType, RemovedMatch, RemovedReason, Severity};
    use stopgate_model::{VexJustification, VexStatus};

    use crate::tests::{Case, check, cvss, document, edit, fixed, ids, image, policy};

    fn openssl() -> Case {
        image().package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status")
    }

    fn high() -> Case {
        openssl().vuln("CVE-2024-1", Severity::High, fixed("3.0.2", "2026-05-01"))
    }

    fn rule(rest: &str) -> String {
        format!("stop vulnerabilities.package package_type=all; {rest}")
    }

    /// The case with its only match removed by a VEX statement.
    fn vexed(mut case: Case) -> Case {
        let report = case.report.as_mut().unwrap();
        let matched = report.matches.pop().unwrap();
        let reason = RemovedReason::Vex {
            document: "app.vex.json".to_owned(),
            status: VexStatus::NotAffected,
            justification: Some(VexJustification::VulnerableCodeNotPresent),
        };
        report.removed.push(RemovedMatch { matched, reason });
        case
    }

    #[test]
    fn fires() {
        assert_eq!(
            check(&high(), &rule("severity=high; severity_comparison=>=")),
            ["stop high vulnerability CVE-2024-1 in `openssl` 3.0.1 (deb): fixed in 3.0.2", "stop"]
        );
        assert_eq!(ids(&high(), &rule("fix_state=fixed")), ["CVE-2024-1+openssl"]);
        let refused = openssl().vuln("CVE-2024-1", Severity::High, |matched| matched.fix.state = FixState::WontFix);
        assert_eq!(ids(&refused, &rule("fix_state=wont-fix, unknown")).len(), 1, "although vendor_only is true");
        assert_eq!(ids(&vexed(high()), &rule("vex=ignore")), ["CVE-2024-1+openssl"]);
    }

    #[test]
    fn does_not_fire() {
        for rest in [
            "severity=critical; severity_comparison==",
            "fix_state=not-fixed,unknown",
            "package_path_exclude=x; fix_available=false",
        ] {
            assert_eq!(check(&high(), &rule(rest)), ["pass"], "{rest}");
        }
        assert_eq!(check(&openssl(), &rule("")), ["pass"]);
        let mut elsewhere = vexed(high());
        elsewhere.report.as_mut().unwrap().removed[0].reason = RemovedReason::Evidence("not vulnerable".to_owned());
        assert_eq!(check(&elsewhere, &rule("vex=ignore")), ["pass"], "only VEX statements can be ignored");
    }

    #[test]
    fn boundary() {
        let scored = |score: f64| {
            openssl().vuln("CVE-2024-1", Severity::High, move |matched| {
                let mut cvss = cvss(score);
                cvss.version = "4.0".to_owned();
                edit(matched, |record| record.cvss.push(cvss));
            })
        };
        assert_eq!(ids(&scored(7.0), &rule("cvss_v4_base_score=7.0")).len(), 1);
        assert_eq!(ids(&scored(6.9), &rule("cvss_v4_base_score=7.0")).len(), 0);
        assert_eq!(ids(&scored(7.0), &rule("cvss_v3_base_score=0; cvss_v3_base_score_comparison=>=")).len(), 0);
        assert_eq!(ids(&high(), &rule("cvss_v4_base_score=0; cvss_v4_base_score_comparison=<")).len(), 1, "none is -1");
        let errors = crate::tests::refused(&rule("fix_state=fixed,not_fixed"));
        assert!(errors[0].ends_with("(did you mean `not-fixed`?)"), "{errors:?}");
    }

    #[test]
    fn a_vex_statement_accepts_the_finding() {
        let evaluation = vexed(high()).evaluate(&policy(&document(&[&rule("")])));
        assert_eq!(evaluation.decision, Decision::Pass);
        let [finding] = evaluation.findings.as_slice() else { panic!("{evaluation:?}") };
        let accepted = finding.allowlist.as_ref().unwrap();
        assert_eq!((accepted.id.as_str(), accepted.name.as_str()), ("vex", "app.vex.json"));
        assert_eq!((accepted.item_id.as_str(), accepted.via), ("not_affected", Some("vex")));
        assert_eq!(finding.explain.last().unwrap().actual, "not_affected, vulnerable_code_not_present (app.vex.json)");
        let windowed = vexed(high()).evaluate(&policy(&document(&[&rule("max_days_since_creation=7")])));
        assert_eq!(windowed.decision, Decision::Pass, "no history is needed for what is accepted: {windowed:?}");
    }

    #[test]
    fn the_severity_is_the_vendors_or_nvds() {
        let scored = |version: &str, score: f64| {
            let mut cvss = cvss(score);
            cvss.version = version.to_owned();
            openssl().vuln("CVE-2024-1", Severity::Low, move |matched| {
                edit(matched, |record| {
                    record.namespace = "nvd:cpe".to_owned();
                    record.cvss.push(cvss);
                });
            })
        };
        let by = |case: &Case, source: &str, severity: &str| {
            let rest = format!("severity_source={source}; severity_comparison==; severity={severity}");
            ids(case, &rule(&rest)).len()
        };
        for (score, severity) in [(9.0, "critical"), (8.9, "high"), (6.9, "medium"), (3.9, "low"), (0.0, "negligible")]
        {
            assert_eq!(by(&scored("3.1", score), "nvd", severity), 1, "{score}");
        }
        assert_eq!(by(&scored("2.0", 9.9), "nvd", "high"), 1, "version 2 has nothing above high");
        assert_eq!((by(&scored("3.1", 9.9), "vendor", "low"), by(&openssl(), "nvd", "low")), (1, 0));
        assert_eq!(by(&high(), "nvd", "high"), 1, "without a score the vendor's word counts");
    }

    #[test]
    fn another_build_of_the_image_does_not_begin_anew() {
        let key = ("CVE-2024-1".to_owned(), "pkg:generic/openssl@3.0.1".to_owned());
        let seen = |time: &str| [(key.clone(), Some(time.parse().unwrap()))].into();
        let mut rebuilt = high();
        let in_repository = Some(seen("2026-05-01T00:00:00Z"));
        rebuilt.history = Some(crate::History { in_repository, ..crate::History::default() });
        assert_eq!(check(&rebuilt, &rule("max_days_since_creation=7")), ["pass"], "new in this build");
        let clock = "max_days_since_creation=7; clock=first_seen_in_repository";
        assert_eq!(ids(&rebuilt, &rule(clock)).len(), 1);
        rebuilt.history =
            Some(crate::History { first_seen: seen("2026-05-01T00:00:00Z"), ..crate::History::default() });
        assert_eq!(ids(&rebuilt, &rule(clock)).len(), 1, "where one state alone is kept, it is the repository's");
        assert_eq!(check(&high(), &rule(clock))[1], "undecided", "no history");
    }

    #[test]
    fn data_missing() {
        let mut case = high();
        case.report = None;
        assert_eq!(check(&case, &rule("")).last().unwrap(), "undecided");
        assert_eq!(check(&high(), &rule("max_days_since_creation=7"))[1], "undecided", "no history");
        assert_eq!(check(&high(), &rule("inherited_from_base=true"))[1], "undecided", "no base image");
    }
}
