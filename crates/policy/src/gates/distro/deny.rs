//! `distro` / `deny`: the distribution is of a denied version. Versions compare number by number.

use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::Comparison;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Deny;

params! {
    pub(crate) struct DenyParams {
        /// Id of the distribution, as in os-release.
        #[example = "debian"]
        distro: String,
        /// Version to compare with.
        #[example = "9"]
        version: String,
        /// How the version must compare.
        #[example = "<"]
        check: Comparison,
    }
}

impl Trigger for Deny {
    type Params = DenyParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Distro],
        ..TriggerInfo::new("distro", "deny", "The distribution is of a denied version.")
    };
}

impl ImageTrigger for Deny {
    fn fire(params: &DenyParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(distro) = &scene.artifact().distro else { return Ok(()) };
        if !distro.id.eq_ignore_ascii_case(&params.distro) {
            return Ok(());
        }
        let (actual, wanted) = (&distro.version_id, &params.version);
        if actual.is_empty() {
            hits.note(format!("the distribution `{}` does not say its version", distro.id));
            return Ok(());
        }
        if !params.check.holds(&segments(actual), &segments(wanted)) {
            return Ok(());
        }
        let op = params.check.word();
        let frozen = format!("Image distro {} version {actual} is denied: {op} {wanted}", distro.id);
        let message = format!("the distribution is {} {actual}, and versions {op} {wanted} are denied", distro.id);
        hits.push(
            Hit::frozen(&Self::INFO, &frozen, message)
                .about(distro.id.as_str())
                .evidence(Evidence::Config { field: "os-release".to_owned(), value: format!("{} {actual}", distro.id) })
                .because(format!("{} {op} {wanted}", params.distro), actual.as_str())
                .remedy(Remediation::Advice { text: format!("move to a newer release of {}", distro.id) }),
        )
    }
}

/// A version as its parts, numbers before words, trailing zeros left out.
fn segments(version: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = version
        .split(['.', '-', '_'])
        .map(|part| match part.parse() {
            Ok(number) => (number, String::new()),
            Err(_) => (u64::MAX, part.to_owned()),
        })
        .collect();
    while parts.last().is_some_and(|(number, _)| *number == 0) {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Gap, GapCode};

    use crate::tests::{check, image};

    fn deny(rest: &str) -> Vec<String> {
        check(&image(), &format!("stop distro.deny {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            deny("distro=debian; version=12; check=<="),
            ["stop the distribution is debian 12, and versions <= 12 are denied", "stop"]
        );
        assert_eq!(deny("distro=Debian; version=9; check=!=").len(), 2);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(deny("distro=debian; version=9; check=<"), ["pass"], "versions are no texts");
        assert_eq!(deny("distro=alpine; version=99; check=<"), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(deny("distro=debian; version=12; check=<"), ["pass"]);
        assert_eq!(deny("distro=debian; version=12.0; check==").len(), 2, "zeros at the end say nothing");
        assert_eq!(deny("distro=debian; version=12.1; check=<").len(), 2);
    }

    #[test]
    fn data_missing() {
        let rule = "stop distro.deny distro=debian; version=9; check=<";
        let none = image().with(|artifact| artifact.distro = None);
        assert_eq!(check(&none, rule), ["pass"], "an image without a distribution");
        let unknown =
            none.with(|artifact| artifact.gaps.push(Gap::new(GapCode::DistroUnknown, "os-release is broken")));
        assert_eq!(check(&unknown, rule)[1], "undecided", "one that could not be told is not a clean one");
        let unversioned = image().with(|artifact| artifact.distro.as_mut().unwrap().version_id.clear());
        assert_eq!(
            check(&unversioned, rule),
            ["! rule `r1`: the distribution `debian` does not say its version", "pass"]
        );
    }
}
