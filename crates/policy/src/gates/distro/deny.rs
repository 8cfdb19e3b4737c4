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
