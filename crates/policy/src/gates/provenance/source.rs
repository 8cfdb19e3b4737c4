//! `provenance` / `source`: no signed provenance of the image names an allowed source.
//!
//! A provenance counts only when a trusted signature of it verifies: anyone can write an unsigned one.

use stopgate_model::{Evidence, Remediation};

use super::{provenances, seen, unlike};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::RegexText;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Source;

params! {
    pub(crate) struct SourceParams {
        /// Expression that the source must match, from its start: a URI with its revision.
        #[example = "git\\+https://github\\.com/acme/.*"]
        source: RegexText,
    }
}

impl Trigger for Source {
    type Params = SourceParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Attestations],
        trigger_id: "source:<expression>",
        ..TriggerInfo::new("provenance", "source", "No signed provenance of the image names an allowed source.")
    };
}

impl ImageTrigger for Source {
    fn fire(params: &SourceParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let mut unmet = Vec::new();
        for attestation in provenances(scene) {
            let why = match attestation.signers.as_slice() {
                [] => Some("no trusted signature of it verifies".to_owned()),
                [..] => unlike("source", Some(&params.source), attestation.source.as_deref())?,
            };
            match why {
                None => return Ok(()),
                Some(why) => unmet.push(format!("`{}`: {why}", attestation.document)),
            }
        }
        let given = scene.artifact().documents.attestations.as_ref().map_or(0, Vec::len);
        let (wanted, seen) = (params.source.as_str(), seen(given, &unmet));
        hits.push(
            Hit::with_id(
                format!("{}:{wanted}", Self::INFO.name),
                format!("no signed provenance of the image names a source like `{wanted}`: {seen}"),
            )
            .about(format!("source {wanted}"))
            .evidence(Evidence::Data { text: seen.clone() })
            .because(format!("source {wanted}"), seen)
            .remedy(Remediation::Provide {
                what: "a signed provenance that names the source: --attestation FILE --trust FILE".to_owned(),
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::Attestation;

    use crate::tests::{Case, check, digest, ids, image};

    fn from(source: Option<&str>, signers: &[&str]) -> Case {
        let attestation = Attestation {
            predicate_type: "https://slsa.dev/provenance/v0.2".to_owned(),
            subjects: vec![digest('2')],
            signers: signers.iter().map(|&signer| signer.to_owned()).collect(),
            builder: None,
            source: source.map(str::to_owned),
            document: "app.intoto.json".to_owned(),
        };
        image().with(|artifact| artifact.documents.attestations = Some(vec![attestation]))
    }

    const RULE: &str = "stop provenance.source source=git\\+https://git\\.example\\.org/";
    const GOOD: &str = "git+https://git.example.org/app@1";

    #[test]
    fn fires() {
        let other = from(Some("git+https://git.other.org/app@1"), &["release"]);
        assert!(check(&other, RULE)[0].ends_with("`app.intoto.json`: its source is `git+https://git.other.org/app@1`"));
        assert_eq!(ids(&other, RULE), ["source:git\\+https://git\\.example\\.org/"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&from(Some(GOOD), &["release"]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert!(check(&from(Some(GOOD), &[]), RULE)[0].ends_with("no trusted signature of it verifies"));
        assert!(check(&from(None, &["release"]), RULE)[0].ends_with("it names no source"));
        let behind = from(Some("https://evil.example/git+https://git.example.org/"), &["release"]);
        assert_eq!(check(&behind, RULE).last().unwrap(), "stop", "from the start");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided", "none was given");
        let none = image().with(|artifact| artifact.documents.attestations = Some(Vec::new()));
        assert_eq!(check(&none, RULE).last().unwrap(), "stop", "none is there");
    }
}
