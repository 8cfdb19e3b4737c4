//! `provenance` / `slsa`: no provenance of the image has the build level that is asked for (SLSA v1, build track).
//!
//! Level 1 is a provenance that names the image; level 2 is one that a trusted key signed; for level 3 its builder
//! must be one of those that the rule names. Whether a builder deserves its level nobody can see in an image.

use stopgate_model::{Attestation, Evidence, Remediation};

use super::{provenances, seen, unlike};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, ParamKind, ParamType, Refusal, params};
use crate::trigger::types::RegexText;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Slsa;

params! {
    #[check = SlsaParams::check]
    pub(crate) struct SlsaParams {
        /// Least SLSA build level.
        #[example = "2"]
        #[default = "1"]
        min_build_level: BuildLevel,
        /// Expression that the builder's id must match, from its start; level 3 needs it.
        #[example = "https://github\\.com/actions/runner/.*"]
        builder: Option<RegexText>,
        /// Expression that the source must match, from its start.
        #[example = "git\\+https://github\\.com/acme/.*"]
        source: Option<RegexText>,
    }
}

/// A build level, 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BuildLevel(u32);

impl ParamType for BuildLevel {
    const KIND: ParamKind =
        ParamKind { validator: "EnumString", expected: "a build level, 1 to 3", words: &["1", "2", "3"], pattern: "" };
    fn read(text: &str) -> Result<Self, Refusal> {
        match text.trim() {
            "1" => Ok(Self(1)),
            "2" => Ok(Self(2)),
            "3" => Ok(Self(3)),
            _ => Err(Refusal::word(text, Self::KIND.words)),
        }
    }
}

impl Trigger for Slsa {
    type Params = SlsaParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Attestations],
        trigger_id: "slsa:level <level>",
        ..TriggerInfo::new("provenance", "slsa", "No provenance of the image has the build level that is asked for.")
    };
}

impl ImageTrigger for Slsa {
    fn fire(params: &SlsaParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let mut unmet = Vec::new();
        for attestation in provenances(scene) {
            match params.unmet(attestation)? {
                None => return Ok(()),
                Some(why) => unmet.push(format!("`{}`: {why}", attestation.document)),
            }
        }
        let given = scene.artifact().documents.attestations.as_ref().map_or(0, Vec::len);
        hits.push(params.hit(&seen(given, &unmet)))
    }
}

impl SlsaParams {
    fn check(&self, errors: &mut Vec<ParamError>) {
        if self.min_build_level == BuildLevel(3) && self.builder.is_none() {
            errors
                .push(ParamError::across("`min_build_level` is 3: expected `builder`, which names hardened builders"));
        }
    }

    /// What a provenance lacks.
    fn unmet(&self, attestation: &Attestation) -> Result<Option<String>, Fault> {
        if self.min_build_level.0 >= 2 && attestation.signers.is_empty() {
            return Ok(Some("no trusted signature of it verifies".to_owned()));
        }
        match unlike("builder", self.builder.as_ref(), attestation.builder.as_deref())? {
            None => unlike("source", self.source.as_ref(), attestation.source.as_deref()),
            why => Ok(why),
        }
    }

    fn hit(&self, seen: &str) -> Hit {
        let BuildLevel(level) = self.min_build_level;
        let given = [("builder", &self.builder), ("source", &self.source)];
        let asked =
            given.into_iter().filter_map(|(name, value)| Some(format!("; {name}={}", value.as_ref()?.as_str())));
        let asked = format!("min_build_level={level}{}", asked.collect::<String>());
        let message = format!("no provenance of the image meets `{asked}`: {seen}");
        Hit::with_id(format!("{}:level {level}", Slsa::INFO.name), message)
            .about(format!("SLSA build level {level}"))
            .evidence(Evidence::Data { text: seen.to_owned() })
            .because(asked, seen)
            .remedy(Remediation::Provide {
                what: "a signed provenance of the image: --attestation FILE --trust FILE".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::Attestation;

    use crate::tests::{Case, check, digest, ids, image, refused};

    fn provenance() -> Attestation {
        Attestation {
            predicate_type: "https://slsa.dev/provenance/v1".to_owned(),
            subjects: vec![digest('2')],
            signers: vec!["release".to_owned()],
            builder: Some("https://ci.example.org/hosted/1".to_owned()),
            source: Some("git+https://git.example.org/app@1".to_owned()),
            document: "app.intoto.json".to_owned(),
        }
    }

    fn attested(attestations: Vec<Attestation>) -> Case {
        image().with(|artifact| artifact.documents.attestations = Some(attestations))
    }

    fn found(attestation: Attestation, rest: &str) -> String {
        check(&attested(vec![attestation]), &format!("stop provenance.slsa {rest}")).swap_remove(0)
    }

    #[test]
    fn fires() {
        let unsigned = Attestation { signers: Vec::new(), ..provenance() };
        let line = found(unsigned, "min_build_level=2");
        assert!(line.ends_with("`app.intoto.json`: no trusted signature of it verifies"), "{line}");
        let line = found(provenance(), "builder=https://other.org/");
        assert!(line.ends_with("its builder is `https://ci.example.org/hosted/1`"), "{line}");
        let line = found(Attestation { source: None, ..provenance() }, "source=git.*");
        assert!(line.ends_with("it names no source"), "{line}");
        assert_eq!(ids(&attested(vec![]), "stop provenance.slsa min_build_level=2"), ["slsa:level 2"]);
    }

    #[test]
    fn does_not_fire() {
        for rest in
            ["", "min_build_level=2", "min_build_level=3; builder=https://ci\\.example\\.org/; source=git\\+https"]
        {
            assert_eq!(found(provenance(), rest), "pass", "{rest}");
        }
    }

    #[test]
    fn boundary() {
        let unsigned = || Attestation { signers: Vec::new(), ..provenance() };
        assert_eq!(found(unsigned(), "min_build_level=1"), "pass", "level 1 asks for no signature");
        assert_ne!(found(unsigned(), "min_build_level=2"), "pass");
        let sbom = Attestation { predicate_type: "https://spdx.dev/Document".to_owned(), ..provenance() };
        assert!(found(sbom, "").ends_with("none of 1 attestations is a provenance of it"));
        let elsewhere = Attestation { subjects: vec![digest('1')], ..provenance() };
        assert_ne!(found(elsewhere, ""), "pass");
        let errors = refused("stop provenance.slsa min_build_level=3");
        assert!(errors[0].contains("expected `builder`"), "{errors:?}");
        assert!(refused("stop provenance.slsa min_build_level=4")[0].contains("expected one of `1` `2` `3`"));
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), "stop provenance.slsa")[1], "undecided", "none was given");
        assert_eq!(check(&attested(vec![]), "stop provenance.slsa").last().unwrap(), "stop", "none is there");
    }
}
