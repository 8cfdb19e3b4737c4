//! `attestation` / `statement`: no signed statement about the image meets all that is asked.
//!
//! A statement counts only when a trusted signature of it verifies: anyone can write an unsigned one.

use stopgate_model::{Attestation, Digest, Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::{CommaList, GlobText};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Statement;

params! {
    pub(crate) struct StatementParams {
        /// Type of the predicate; `*` stands for any text.
        #[example = "https://slsa.dev/provenance/*"]
        predicate_type: Option<GlobText>,
        /// Names of trusted keys or identities, one of which must have signed; any trusted one when absent.
        #[example = "release-key,build@example.org"]
        signer: Option<CommaList>,
        /// Builder that a provenance names; `*` stands for any text.
        #[example = "https://github.com/actions/runner/*"]
        builder: Option<GlobText>,
        /// Source that a provenance names; `*` stands for any text.
        #[example = "git+https://github.com/acme/*"]
        source: Option<GlobText>,
    }
}

impl Trigger for Statement {
    type Params = StatementParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Attestations],
        trigger_id: "statement:<what is asked>",
        ..TriggerInfo::new("attestation", "statement", "No signed statement about the image meets all that is asked.")
    };
}

impl ImageTrigger for Statement {
    fn fire(params: &StatementParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(image) = scene.artifact().source.image() else { return Ok(()) };
        let all = scene.artifact().documents.attestations.as_deref().unwrap_or_default();
        let about: Vec<&Attestation> =
            all.iter().filter(|attestation| attestation.subjects.contains(&image.manifest_digest)).collect();
        let mut unmet = Vec::new();
        for attestation in &about {
            match params.unmet(attestation) {
                None => return Ok(()),
                Some(why) => unmet.push(format!("`{}`: {why}", attestation.document)),
            }
        }
        if about.is_empty() && image.manifest_is_local {
            hits.note(
                "the manifest was made while the archive was read, so that no attestation can name it".to_owned(),
            );
        }
        hits.push(params.hit(&image.manifest_digest, all.len(), &unmet))
    }
}

impl StatementParams {
    /// What a statement lacks.
    fn unmet(&self, attestation: &Attestation) -> Option<String> {
        let Attestation { predicate_type, signers, builder, source, .. } = attestation;
        if self.predicate_type.as_ref().is_some_and(|wanted| !wanted.covers(predicate_type)) {
            return Some(format!("it is a `{predicate_type}`"));
        }
        if signers.is_empty() {
            return Some("no trusted signature of it verifies".to_owned());
        }
        if self.signer.as_ref().is_some_and(|wanted| !signers.iter().any(|signer| wanted.contains(signer))) {
            return Some(format!("it is signed by {}", quoted(signers)));
        }
        [("builder", &self.builder, builder), ("source", &self.source, source)].into_iter().find_map(
            |(name, wanted, own)| {
                let wanted = wanted.as_ref()?;
                match own {
                    Some(own) if wanted.covers(own) => None,
                    Some(own) => Some(format!("its {name} is `{own}`")),
                    None => Some(format!("it names no {name}")),
                }
            },
        )
    }

    /// All that is asked, as pairs.
    fn asked(&self) -> Vec<(&'static str, String)> {
        let text = |glob: &Option<GlobText>| glob.as_ref().map(|glob| glob.as_str().to_owned());
        [
            ("predicate_type", text(&self.predicate_type)),
            ("signer", self.signer.as_ref().map(|list| list.0.join(","))),
            ("builder", text(&self.builder)),
            ("source", text(&self.source)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    fn hit(&self, digest: &Digest, given: usize, unmet: &[String]) -> Hit {
        const SHOWN: usize = 3;
        let mut asked: Vec<String> = self.asked().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if asked.is_empty() {
            asked.push("any".to_owned());
        }
        let asked = asked.join(";");
        let seen = match unmet {
            [] => format!("none of {given} attestations is about it"),
            [..] => unmet.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; "),
        };
        let message = format!("no signed attestation of the image `{digest}` meets `{asked}`: {seen}");
        Hit::with_id(format!("{}:{asked}", Statement::INFO.name), message)
            .about(format!("attestation {asked}"))
            .evidence(Evidence::Data { text: seen.clone() })
            .because(format!("attestation with {asked}"), seen)
            .remedy(Remediation::Provide { what: "a signed attestation of the image: --attestation FILE".to_owned() })
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Attestation, SourceKind};

    use crate::tests::{Case, check, digest, ids, image};

    fn attestation() -> Attestation {
        Attestation {
            predicate_type: "https://slsa.dev/provenance/v1".to_owned(),
            subjects: vec![digest('9'), digest('2')],
            signers: vec!["release".to_owned()],
            builder: Some("https://ci.example.org/runner/1".to_owned()),
            source: Some("git+https://git.example.org/app@1".to_owned()),
            document: "app.intoto.json".to_owned(),
        }
    }

    fn attested(attestations: Vec<Attestation>) -> Case {
        image().with(|artifact| artifact.documents.attestations = Some(attestations))
    }

    fn found(attestation: Attestation, rest: &str) -> String {
        check(&attested(vec![attestation]), &format!("stop attestation.statement {rest}")).swap_remove(0)
    }

    const ALL: &str = "predicate_type=https://slsa.dev/*; signer=other, release; builder=https://ci.example.org/*; source=git+https://git.example.org/app@*";

    #[test]
    fn fires() {
        for (rest, why) in [
            ("predicate_type=https://spdx.dev/*", "it is a `https://slsa.dev/provenance/v1`"),
            ("signer=other", "it is signed by `release`"),
            ("builder=https://ci.other.org/*", "its builder is `https://ci.example.org/runner/1`"),
            ("source=git+https://git.example.org/other@*", "its source is `git+https://git.example.org/app@1`"),
        ] {
            let line = found(attestation(), rest);
            assert!(line.ends_with(&format!("meets `{rest}`: `app.intoto.json`: {why}")), "{line}");
        }
        let id = "statement:predicate_type=x;signer=a,b";
        assert_eq!(ids(&attested(vec![]), "stop attestation.statement predicate_type=x; signer=a, b"), [id]);
        let bare = Attestation { builder: None, ..attestation() };
        assert!(found(bare, "builder=*").ends_with("it names no builder"));
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(found(attestation(), ALL), "pass");
        assert_eq!(found(attestation(), ""), "pass");
        let other = Attestation { predicate_type: "x".to_owned(), ..attestation() };
        assert_eq!(
            check(&attested(vec![other, attestation()]), &format!("stop attestation.statement {ALL}")),
            ["pass"]
        );
    }

    #[test]
    fn boundary() {
        // One statement must meet everything: two that meet half each do not.
        let builder = Attestation { source: None, ..attestation() };
        let source = Attestation { builder: None, ..attestation() };
        let rule = "stop attestation.statement builder=*; source=*";
        assert_eq!(check(&attested(vec![builder, source]), rule).last().unwrap(), "stop");
        let unsigned = Attestation { signers: Vec::new(), ..attestation() };
        assert!(found(unsigned, "").ends_with("no trusted signature of it verifies"), "anyone can write one");
        let elsewhere = Attestation { subjects: vec![digest('1')], ..attestation() };
        assert!(
            found(elsewhere, "").ends_with("none of 1 attestations is about it"),
            "the image id is no digest of it"
        );
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), "stop attestation.statement")[1], "undecided", "none was given");
        assert_eq!(check(&attested(vec![]), "stop attestation.statement").last().unwrap(), "stop", "none is there");
        let archive = attested(vec![]).with(|artifact| {
            let SourceKind::Image(image) = &mut artifact.source.kind else { return };
            image.manifest_is_local = true;
        });
        assert!(check(&archive, "stop attestation.statement")[1].contains("no attestation can name it"));
    }
}
