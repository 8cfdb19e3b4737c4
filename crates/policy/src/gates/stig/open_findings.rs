//! `stig` / `open_findings`: a STIG evaluation has more open findings of a category than allowed.
//!
//! Of several evaluations of one profile the newest counts, and each that does not say when it ran. A control that
//! failed is open, and so is one whose test could not be run. One that nobody reviewed is neither open nor met: it is
//! told.

use stopgate_model::{Evidence, Remediation, StigControl, StigEvaluation, StigStatus};

use jiff::Timestamp;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct OpenFindings;

params! {
    pub(crate) struct OpenFindingsParams {
        /// How many open findings of category I are allowed.
        #[example = "0"]
        #[default = "0"]
        max_cat1: u32,
        /// How many open findings of category II are allowed; any number when absent.
        #[example = "5"]
        max_cat2: Option<u32>,
    }
}

/// Open controls that one finding shows.
const MOST_EVIDENCE: usize = 20;

impl Trigger for OpenFindings {
    type Params = OpenFindingsParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Stig],
        trigger_id: "open_findings:<category>:<profile>",
        ..TriggerInfo::new("stig", "open_findings", "A STIG evaluation has more open findings than allowed.")
    };
}

impl ImageTrigger for OpenFindings {
    fn fire(params: &OpenFindingsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let all = scene.artifact().documents.stig.as_deref().unwrap_or_default();
        if all.is_empty() {
            hits.missing(Need::Stig);
            return Ok(());
        }
        for evaluation in all.iter().filter(|evaluation| counts(evaluation, all)) {
            let limits = [(Category::One, Some(params.max_cat1)), (Category::Two, params.max_cat2)];
            for (category, most) in limits {
                let Some(most) = most else { continue };
                let controls = || evaluation.controls.iter().filter(|control| Category::of(control) == Some(category));
                let open: Vec<&StigControl> = controls().filter(|control| is_open(control)).collect();
                if open.len() as u64 > u64::from(most) {
                    hits.push(hit(evaluation, category, most, &open))?;
                }
                let unseen = controls().filter(|control| control.status == StigStatus::NotReviewed).count();
                if unseen > 0 {
                    let profile = &evaluation.profile;
                    hits.note(format!("{unseen} controls of {} of `{profile}` were not reviewed", category.name()));
                }
            }
        }
        Ok(())
    }
}

/// Category of a control, by its impact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Category {
    One,
    Two,
}

impl Category {
    fn of(control: &StigControl) -> Option<Self> {
        match control.impact {
            impact if impact >= 0.7 => Some(Self::One),
            impact if impact >= 0.4 => Some(Self::Two),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::One => "category I",
            Self::Two => "category II",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::One => "cat1",
            Self::Two => "cat2",
        }
    }
}

fn is_open(control: &StigControl) -> bool {
    matches!(control.status, StigStatus::Failed | StigStatus::Error)
}

/// Whether no newer evaluation of the same profile is there.
fn counts(evaluation: &StigEvaluation, all: &[StigEvaluation]) -> bool {
    let time = |evaluation: &StigEvaluation| evaluation.evaluated_at.parse::<Timestamp>().ok();
    let Some(own) = time(evaluation) else { return true };
    let same = all.iter().filter(|other| other.profile == evaluation.profile);
    same.filter_map(time).all(|other| other <= own)
}

fn hit(evaluation: &StigEvaluation, category: Category, most: u32, open: &[&StigControl]) -> Hit {
    let profile = &evaluation.profile;
    let (count, name) = (open.len(), category.name());
    let failed = open.iter().filter(|control| control.status == StigStatus::Error).count();
    let unrun = if failed > 0 { format!(", {failed} of which could not be tested") } else { String::new() };
    let message =
        format!("the STIG evaluation `{profile}` has {count} open findings of {name}{unrun}: expected at most {most}");
    let hit = Hit::with_id(format!("{}:{}:{profile}", OpenFindings::INFO.name, category.key()), message)
        .about(format!("{} {profile}", category.key()))
        .because(format!("open findings of {name} <= {most}"), count.to_string())
        .remedy(Remediation::Advice { text: format!("fix the open findings of {name} of `{profile}`") });
    open.iter().take(MOST_EVIDENCE).fold(hit, |hit, control| {
        let StigControl { id, title, status, .. } = control;
        hit.evidence(Evidence::Data { text: format!("{id} {}: {title}", status.name()) })
    })
}

#[cfg(test)]
mod tests {
    use stopgate_model::{StigControl, StigEvaluation, StigStatus};

    use crate::tests::{Case, check, ids, image};

    fn evaluation(time: &str, controls: &[(f64, StigStatus)]) -> StigEvaluation {
        let control = |(impact, status): &(f64, StigStatus)| StigControl {
            id: "SV-1".to_owned(),
            title: "No empty passwords".to_owned(),
            impact: *impact,
            status: *status,
        };
        let controls = controls.iter().map(control).collect();
        StigEvaluation { profile: "rhel9".to_owned(), evaluated_at: time.to_owned(), controls }
    }

    fn evaluated(evaluations: Vec<StigEvaluation>) -> Case {
        image().with(|artifact| artifact.documents.stig = Some(evaluations))
    }

    const RULE: &str = "stop stig.open_findings max_cat2=1";
    const OLD: &str = "2026-05-01T00:00:00Z";

    #[test]
    fn fires() {
        use StigStatus::{Error, Failed};
        let case = evaluated(vec![evaluation(OLD, &[(0.7, Failed), (0.9, Error), (0.5, Failed), (0.4, Failed)])]);
        assert_eq!(ids(&case, RULE), ["open_findings:cat1:rhel9", "open_findings:cat2:rhel9"]);
        assert_eq!(
            check(&case, RULE)[0],
            "stop the STIG evaluation `rhel9` has 2 open findings of category I, 1 of which could not be tested: expected at most 0"
        );
    }

    #[test]
    fn does_not_fire() {
        use StigStatus::{Failed, NotApplicable, Passed};
        let controls = [(0.7, Passed), (0.0, NotApplicable), (0.3, Failed), (0.5, Failed)];
        assert_eq!(check(&evaluated(vec![evaluation(OLD, &controls)]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        use StigStatus::{Failed, Passed};
        let two = || evaluated(vec![evaluation(OLD, &[(0.4, Failed), (0.69, Failed)])]);
        assert_eq!(ids(&two(), "stop stig.open_findings max_cat2=2").len(), 0);
        assert_eq!(ids(&two(), "stop stig.open_findings max_cat2=1").len(), 1);
        assert_eq!(ids(&two(), "stop stig.open_findings").len(), 0, "category II has no limit unless it is given");
        let (failed, passed) = ([(0.7, Failed)], [(0.7, Passed)]);
        let fixed = evaluated(vec![evaluation(OLD, &failed), evaluation("2026-05-02T00:00:00Z", &passed)]);
        assert_eq!(check(&fixed, RULE), ["pass"], "the newest of a profile counts");
        let undated = evaluated(vec![evaluation("", &failed), evaluation(OLD, &passed)]);
        assert_eq!(ids(&undated, RULE).len(), 1, "one without a time may be the newest");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided");
        assert_eq!(check(&evaluated(vec![]), RULE)[1], "undecided");
        let unseen = evaluated(vec![evaluation(OLD, &[(0.7, StigStatus::NotReviewed)])]);
        assert_eq!(check(&unseen, RULE)[0], "! rule `r1`: 1 controls of category I of `rhel9` were not reviewed");
    }
}
