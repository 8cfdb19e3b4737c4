//! `vulnerabilities` / `remediation_due`: the time that a framework gives to remedy a vulnerability has passed.
//!
//! The times are tables of `frameworks/`. What the site judges (exposure, rating, reachability) comes from the
//! side-car's assessments, else from the rule; what nobody told counts as its worse value, or leaves the rule open.

mod clock;
mod tables;

use stopgate_model::{Condition, DueDate};

use self::clock::{Begin, Clocked, Outcome};
use super::due;
use super::finding;
use crate::engine::MatchView;
use crate::engine::scene::Occurrence;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, ParamKind, ParamType, Refusal, params, words};
use crate::trigger::{ANY, Admission, Hit, MatchTrigger, Need, RemovedByVex, Trigger, TriggerInfo};

pub(crate) struct RemediationDue;

params! {
    #[check = RemediationDueParams::check]
    pub(crate) struct RemediationDueParams {
        /// Whose times count.
        #[example = "bod-26-04"]
        clock: Clock,
        /// Whether the artifact can be reached from public networks, where no assessment says it.
        #[example = "no"]
        #[default = "unknown"]
        exposed: Exposed,
        /// What inputs count as that nobody told: as their worse value, or the rule is not decided where they matter.
        #[example = "undetermined"]
        #[default = "worst"]
        unknown: Unknown,
        /// When the time of BOD 26-04 starts: the earlier of first seen and listed, or the day of the present row.
        #[example = "row_since"]
        #[default = "earliest"]
        start: StartAt,
        /// Days for what BOD 26-04 leaves to the next upgrade; there is no date when absent.
        #[example = "180"]
        upgrade_days: Option<u32>,
        /// Class of the service, which FedRAMP's times need.
        #[example = "c"]
        class: Option<Class>,
        /// Rating (potential agency impact, 1 to 5), where no assessment gives one.
        #[example = "3"]
        pain: Option<Rating>,
        /// Whether the vulnerable code can be reached from the internet, where no assessment says it.
        #[example = "true"]
        reachable: Option<bool>,
        /// Whether exploitation is likely, where no assessment says it.
        #[example = "true"]
        likely_exploitable: Option<bool>,
    }
}

words! {
    /// Clocks.
    pub(crate) enum Clock {
        Bod = "bod-26-04",
        Vdr = "fedramp-vdr",
    }
}
words! {
    /// Whether the artifact is exposed.
    pub(crate) enum Exposed {
        Yes = "yes",
        No = "no",
        Unknown = "unknown",
    }
}
words! {
    /// What unknown inputs count as.
    pub(crate) enum Unknown {
        Worst = "worst",
        Undetermined = "undetermined",
    }
}
words! {
    /// When a time starts.
    pub(crate) enum StartAt {
        Earliest = "earliest",
        RowSince = "row_since",
    }
}
words! {
    /// Classes of FedRAMP services.
    pub(crate) enum Class {
        B = "b",
        C = "c",
        D = "d",
    }
}

/// A rating, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rating(u32);

impl ParamType for Rating {
    const KIND: ParamKind = ParamKind {
        validator: "EnumString",
        expected: "a rating, 1 to 5",
        words: &["1", "2", "3", "4", "5"],
        pattern: "",
    };
    fn read(text: &str) -> Result<Self, Refusal> {
        let rating = text.trim().parse().ok().filter(|rating| (1..=5).contains(rating));
        rating.map(Self).ok_or_else(|| Refusal::word(text, Self::KIND.words))
    }
}

impl Trigger for RemediationDue {
    type Params = RemediationDueParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        trigger_id: "<vulnerability>+<package>",
        ..TriggerInfo::new(
            "vulnerabilities",
            "remediation_due",
            "The time that a framework gives to remedy a vulnerability has passed.",
        )
    };
}

impl MatchTrigger for RemediationDue {
    fn decide(_: &RemediationDueParams, view: &MatchView<'_>) -> Result<Option<Hit>, Fault> {
        Ok(Some(finding::hit(view)))
    }

    fn vex(_: &RemediationDueParams) -> RemovedByVex {
        RemovedByVex::Accepted
    }

    fn admits(params: &RemediationDueParams, occurrence: &Occurrence<'_, '_>) -> Result<Admission, Fault> {
        Ok(params.outcome(occurrence)?.1.admission())
    }

    fn placed(params: &RemediationDueParams, hit: Hit, occurrence: &Occurrence<'_, '_>) -> Hit {
        match params.outcome(occurrence) {
            Ok((clocked, Outcome::Overdue(answer))) => params.dated(hit, &clocked, answer),
            // INVARIANT: it is admitted when it is overdue alone.
            _ => hit,
        }
    }

    fn refusals(params: &RemediationDueParams, occurrence: &Occurrence<'_, '_>) -> Vec<Condition> {
        let actual = match params.outcome(occurrence) {
            Ok((_, Outcome::Overdue(_))) => return Vec::new(),
            Ok((_, Outcome::NoDate)) => "no date".to_owned(),
            Ok((_, Outcome::Later(end))) => format!("due {}", end.shown),
            Ok((_, Outcome::Missing(need))) => need.missing(),
            Err(fault) => fault.0,
        };
        vec![Condition { condition: format!("{} time has passed", params.clock.word()), actual }]
    }
}

impl RemediationDueParams {
    fn check(&self, errors: &mut Vec<ParamError>) {
        if self.clock == Clock::Vdr && self.class.is_none() {
            errors.push(ParamError::across("`clock` is `fedramp-vdr`: expected `class`, one of `b` `c` `d`"));
        }
    }

    fn outcome(&self, occurrence: &Occurrence<'_, '_>) -> Result<(Clocked, Outcome), Fault> {
        let clocked = match self.clock {
            Clock::Bod => self.bod(occurrence)?,
            Clock::Vdr => self.vdr(occurrence)?,
        };
        let outcome = clocked.decide(self.unknown, occurrence.scene.context.now);
        Ok((clocked, outcome))
    }

    fn bod(&self, occurrence: &Occurrence<'_, '_>) -> Result<Clocked, Fault> {
        let view = occurrence.view;
        let told = match self.exposed {
            Exposed::Yes => Some(true),
            Exposed::No => Some(false),
            Exposed::Unknown => None,
        };
        let known = occurrence.scene.assessment(view);
        let inputs = tables::Bod {
            exposed: known.get(|assessment| assessment.exposed).or(told),
            in_kev: !view.matched.vulnerability.kev.is_empty(),
            // The vulnerability data does not hold CISA's SSVC values.
            automatable: None,
            total_impact: None,
        };
        let begin = match self.start {
            StartAt::Earliest => Begin::earliest(occurrence.first_seen_in_repository(), view.kev_added()),
            StartAt::RowSince => Begin::row_since(occurrence.first_seen_in_repository(), view.kev_added()),
        };
        inputs.clocked(begin, self.upgrade_days)
    }

    fn vdr(&self, occurrence: &Occurrence<'_, '_>) -> Result<Clocked, Fault> {
        let known = occurrence.scene.assessment(occurrence.view);
        let rating = known.get(|assessment| assessment.rating).or(self.pain.map(|Rating(rating)| rating));
        let inputs = tables::Vdr {
            class: self.class.map_or("", Class::word),
            // More than the scale has is the most that it has; zero is no rating.
            rating: rating.filter(|rating| *rating > 0).map(|rating| rating.min(5)),
            reachable: known.get(|assessment| assessment.reachable).or(self.reachable),
            likely: known.get(|assessment| assessment.likely_exploitable).or(self.likely_exploitable),
        };
        let seen = Begin::first_seen(occurrence.first_seen_in_repository());
        let evaluated = known.get(|assessment| assessment.evaluated_at.as_ref().map(Begin::evaluated));
        inputs.clocked(evaluated, seen)
    }

    fn dated(&self, mut hit: Hit, clocked: &Clocked, answer: clock::Answer) -> Hit {
        let unknown = clocked.row.iter().filter(|(_, value)| value.is_none());
        let assumed = match self.unknown {
            Unknown::Worst => unknown.map(|(name, _)| (*name).to_owned()).collect(),
            Unknown::Undetermined => Vec::new(),
        };
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
        let row: Vec<_> = clocked.row.iter().map(|(name, given)| ((*name).to_owned(), value(given))).collect();
        let shown: Vec<String> = row.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let triage = if answer.triage == Some(true) { ", forensic triage is asked for" } else { "" };
        let what = format!(
            "{} ({}) {} be remedied {} after {}{triage}",
            self.clock.word(),
            shown.join(" "),
            clocked.force,
            clock::duration(answer.hours),
            answer.start.basis
        );
        hit.warning |= clocked.before_evaluation;
        let due = DueDate {
            clock: self.clock.word().to_owned(),
            row,
            assumed,
            start: Some(answer.start.at.to_string()),
            start_basis: answer.start.basis.to_owned(),
            hours: Some(answer.hours),
            due_at: Some(answer.end.shown),
            force: clocked.force.to_owned(),
            triage: answer.triage,
            overdue: true,
            source: clocked.source.clone(),
        };
        due::dated(hit, due, &what)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stopgate_model::{DueDate, Evidence, PackageType, Severity};

    use crate::History;
    use crate::tests::extension::extended;
    use crate::tests::{Case, check, edit, ids, image, kev, lines, refused};

    /// A vulnerability, first seen in the repository on a day, and listed on another.
    fn case(seen: Option<&str>, listed: Option<&str>) -> Case {
        let entries = listed.map(kev).into_iter().collect();
        let mut case =
            image().package(PackageType::DEB, "openssl", "3", "").vuln("CVE-2024-1", Severity::Low, |matched| {
                edit(matched, |record| record.kev = entries);
            });
        let key = ("CVE-2024-1".to_owned(), "pkg:generic/openssl@3".to_owned());
        let time = |day: &str| format!("{day}T00:00:00Z").parse().unwrap();
        let history = |day| History { first_seen: [(key, Some(time(day)))].into(), ..History::default() };
        case.history = seen.map(history);
        case
    }

    fn rule(rest: &str) -> String {
        format!("stop vulnerabilities.remediation_due clock={rest}")
    }

    fn assessed(case: &Case, rest: &str, assessment: &Value) -> Vec<String> {
        let mut assessment = assessment.clone();
        assessment["select"] = json!({"vulnerability": "CVE-2024-1"});
        lines(&case.evaluate(&extended(&[&rule(rest)], &json!({"assessments": [assessment]}))))
    }

    fn due(case: &Case, rest: &str) -> DueDate {
        let evaluation = case.evaluate(&extended(&[&rule(rest)], &json!({})));
        let evidence = evaluation.findings.into_iter().flat_map(|finding| finding.evidence).last();
        let Some(Evidence::Due(due)) = evidence else { panic!("{evidence:?}") };
        *due
    }

    #[test]
    fn fires() {
        let overdue = case(Some("2026-05-20"), Some("2026-05-28"));
        assert_eq!(ids(&overdue, &rule("bod-26-04")), ["CVE-2024-1+openssl"]);
        let date = due(&overdue, "bod-26-04");
        assert_eq!((date.start_basis.as_str(), date.hours, date.triage), ("first_seen", Some(72), None));
        assert_eq!(date.assumed, ["exposed", "automatable", "technical_impact"]);
        assert_eq!(date.source, "CERT/CC SSVC decision table cisa:BOD2604 1.0.0");
        let rated = json!({"rating": 5, "evaluated_at": "2026-05-01", "reachable": true, "likely_exploitable": true});
        let late = assessed(&case(None, None), "fedramp-vdr; class=b", &rated);
        let said = "fedramp-vdr (class=b rating=N5 reachable=yes likely_exploitable=yes) should be remedied 4 days after evaluated_at: due 2026-05-05, which has passed";
        assert!(late[0].starts_with("stop ") && late[0].ends_with(said), "{late:?}");
    }

    #[test]
    fn does_not_fire() {
        let seen = || case(Some("2026-05-30"), None);
        assert_eq!(check(&seen(), &rule("bod-26-04")), ["pass"], "three days have not passed");
        let old = case(Some("2020-01-01"), None);
        assert_eq!(check(&old, &rule("fedramp-vdr; class=d; pain=1")), ["pass"], "no time is set");
        let safe = assessed(&case(Some("2026-05-20"), None), "bod-26-04", &json!({"exposed": false}));
        assert_eq!(safe, ["pass"], "nothing exposed has 60 days, whatever the rest is");
        assert_eq!(check(&image(), &rule("bod-26-04")), ["pass"]);
    }

    #[test]
    fn boundary() {
        let seen = case(Some("2026-05-29"), None);
        assert_eq!(ids(&seen, &rule("bod-26-04")).len(), 1, "three days to the hour");
        let listed = case(Some("2026-05-30"), Some("2026-05-29"));
        assert_eq!(check(&listed, &rule("bod-26-04")), ["pass"], "a date lasts to the end of its day");
        let first = case(Some("2020-01-01"), Some("2026-05-31"));
        assert_eq!(ids(&first, &rule("bod-26-04")).len(), 1);
        assert_eq!(check(&first, &rule("bod-26-04; start=row_since")), ["pass"]);
        let unexposed = case(Some("2025-12-01"), None);
        assert_eq!(due(&unexposed, "bod-26-04; exposed=no").hours, Some(60 * 24));
        let open = "bod-26-04; exposed=no; unknown=undetermined";
        assert_eq!(check(&unexposed, &rule(open))[1], "undecided", "it may have no date at all");
        let dated = due(&unexposed, "bod-26-04; exposed=no; unknown=undetermined; upgrade_days=90");
        assert_eq!((dated.hours, dated.assumed.len(), dated.triage), (Some(90 * 24), 0, Some(false)));
        let new = case(Some("2026-05-31"), None);
        assert_eq!(check(&new, &rule("bod-26-04; unknown=undetermined")), ["pass"], "the worst has not come");
        let waiting = check(&case(Some("2026-05-20"), None), &rule("fedramp-vdr; class=c"));
        assert!(waiting[0].starts_with("warn ") && waiting[1] == "pass", "an evaluation is late: {waiting:?}");
        assert!(refused(&rule("fedramp-vdr"))[0].contains("expected `class`"));
        assert!(refused(&rule("fedramp-vdr; class=b; pain=6"))[0].contains("expected one of `1` `2`"));
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&case(None, None), &rule("bod-26-04"))[1], "undecided", "first seen, nobody knows when");
        let recent = check(&case(None, Some("2026-05-31")), &rule("bod-26-04"));
        assert_eq!(recent[1], "undecided", "it may have been seen before it was listed");
        let listed = case(None, Some("2026-05-01"));
        assert_eq!(ids(&listed, &rule("bod-26-04")).len(), 1, "late since it was listed, whenever it was seen");
        let mut none = case(None, None);
        none.report = None;
        assert_eq!(check(&none, &rule("fedramp-vdr; class=b"))[1], "undecided");
        let unrated =
            check(&case(Some("2026-05-20"), None), &rule("fedramp-vdr; class=b; pain=4; unknown=undetermined"));
        assert_eq!(unrated[1], "undecided", "8 days have passed, 32 have not: {unrated:?}");
    }
}
