//! `signature` / `verified`: no signature of the image, or of its base image, verifies.
//!
//! A signature is a signed in-toto statement (DSSE envelope, Sigstore bundle) that names the manifest's digest,
//! whatever it states. Its signers are the trusted keys that verify it.

use stopgate_model::{Attestation, Digest, Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Verified;

params! {
    pub(crate) struct VerifiedParams {
        /// What must be signed.
        #[example = "image"]
        #[default = "image"]
        subject: Subject,
        /// Names of trusted keys or identities, one of which must have signed; any trusted one when absent.
        #[example = "release-key,build@example.org"]
        trust: Option<CommaList>,
    }
}

words! {
    /// What must be signed.
    pub(crate) enum Subject {
        Image = "image",
        Base = "base",
    }
}

impl Trigger for Verified {
    type Params = VerifiedParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "verified:<subject>",
        ..TriggerInfo::new("signature", "verified", "No signature of the image, or of its base image, verifies.")
    };

    fn needs(params: &VerifiedParams) -> Vec<Need> {
        match params.subject {
            Subject::Image => vec![Need::Attestations],
            Subject::Base => vec![Need::Attestations, Need::Base],
        }
    }
}

impl ImageTrigger for Verified {
    fn fire(params: &VerifiedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(image) = scene.artifact().source.image() else { return Ok(()) };
        let digest = match params.subject {
            Subject::Image => Some(&image.manifest_digest),
            Subject::Base => scene.context.base.and_then(|base| base.digest.as_ref()),
        };
        let Some(digest) = digest else {
            hits.missing(Need::Base);
            return Ok(());
        };
        let all = scene.artifact().documents.attestations.as_deref().unwrap_or_default();
        let about: Vec<&Attestation> = all.iter().filter(|one| one.subjects.contains(digest)).collect();
        if about.iter().any(|attestation| params.accepts(attestation)) {
            return Ok(());
        }
        if about.is_empty() && params.subject == Subject::Image && image.manifest_is_local {
            hits.note("the manifest was made while the archive was read, so that nobody can have signed it".to_owned());
        }
        hits.push(params.hit(digest, all.len(), &about))
    }
}

impl VerifiedParams {
    fn accepts(&self, attestation: &Attestation) -> bool {
        attestation.signers.iter().any(|signer| self.trust.as_ref().is_none_or(|trusted| trusted.contains(signer)))
    }

    fn hit(&self, digest: &Digest, given: usize, about: &[&Attestation]) -> Hit {
        let subject = self.subject.word();
        let trusted = self.trust.as_ref().map_or("a trusted key".to_owned(), |trusted| trusted.0.join(", "));
        let signers: Vec<&str> = about.iter().flat_map(|one| &one.signers).map(String::as_str).collect();
        let seen = match (about, signers.as_slice()) {
            ([], _) => format!("none of {given} signed statements is about it"),
            (_, []) => "no trusted signature verifies".to_owned(),
            (_, signers) => format!("it is signed by {}", signers.join(", ")),
        };
        let message = format!("no signature of the {subject} `{digest}` by {trusted} verifies: {seen}");
        Hit::with_id(format!("{}:{subject}", Verified::INFO.name), message)
            .about(format!("signature of the {subject}"))
            .evidence(Evidence::Data { text: format!("{digest}: {seen}") })
            .because(format!("{subject} signed by {trusted}"), seen)
            .remedy(Remediation::Provide {
                what: format!(
                    "a signature of the {subject} and the key that it verifies with: --attestation FILE --trust FILE"
                ),
            })
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Attestation, SourceKind};

    use crate::BaseImage;
    use crate::tests::{Case, check, digest, ids, image};

    fn signed(subject: char, signers: &[&str]) -> Attestation {
        Attestation {
            predicate_type: "https://sigstore.dev/cosign/sign/v1".to_owned(),
            subjects: vec![digest(subject)],
            signers: signers.iter().map(|&signer| signer.to_owned()).collect(),
            builder: None,
            source: None,
            document: "app.bundle.json".to_owned(),
        }
    }

    fn given(attestations: Vec<Attestation>) -> Case {
        let mut case = image().with(|artifact| artifact.documents.attestations = Some(attestations));
        case.base = Some(BaseImage { digest: Some(digest('b')), ..BaseImage::default() });
        case
    }

    const RULE: &str = "stop signature.verified";

    #[test]
    fn fires() {
        let unsigned = check(&given(vec![signed('2', &[])]), RULE);
        assert!(unsigned[0].ends_with("no trusted signature verifies"), "{unsigned:?}");
        let other = check(&given(vec![signed('2', &["other"])]), "stop signature.verified trust=release, backup");
        assert!(other[0].contains("by release, backup verifies: it is signed by other"), "{other:?}");
        assert_eq!(ids(&given(vec![]), RULE), ["verified:image"]);
        assert_eq!(
            ids(&given(vec![signed('2', &["release"])]), "stop signature.verified subject=base"),
            ["verified:base"]
        );
    }

    #[test]
    fn does_not_fire() {
        let both = || given(vec![signed('2', &["release"]), signed('b', &["vendor"])]);
        assert_eq!(check(&both(), RULE), ["pass"]);
        assert_eq!(check(&both(), "stop signature.verified subject=base; trust=vendor"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let parts = given(vec![signed('2', &[]), signed('b', &["release"])]);
        assert_eq!(check(&parts, RULE).last().unwrap(), "stop", "a signature of the base is none of the image");
        let several = given(vec![signed('2', &[]), signed('2', &["other", "release"])]);
        assert_eq!(check(&several, "stop signature.verified trust=release"), ["pass"], "one is enough");
        assert_eq!(check(&several, "stop signature.verified trust=rel").last().unwrap(), "stop", "names are whole");
        let archive = given(vec![]).with(|artifact| {
            let SourceKind::Image(image) = &mut artifact.source.kind else { return };
            image.manifest_is_local = true;
        });
        assert!(check(&archive, RULE)[1].contains("nobody can have signed it"));
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided", "no statement was given");
        let mut baseless = given(vec![]);
        baseless.base = None;
        assert_eq!(check(&baseless, "stop signature.verified subject=base")[1], "undecided");
        baseless.base = Some(BaseImage::default());
        assert_eq!(check(&baseless, "stop signature.verified subject=base")[1], "undecided", "its digest is not known");
    }
}
