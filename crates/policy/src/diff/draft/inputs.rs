//! Inputs beside the image: what others found out about it, and what came before it.

use stopgate_model::{
    Artifact, Attestation, Digest, MalwareFinding, MalwareScan, Package, PackageType, SearchHit, StigControl,
    StigEvaluation, StigStatus,
};

use crate::engine::Ancestor;

/// Whether an input is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::diff) enum Input {
    /// It was never collected.
    Missing,
    /// It was collected, and nothing is in it.
    Empty,
    /// It has what a rule about it is likely to find.
    Filled,
}

impl Input {
    pub(in crate::diff) const ALL: [Self; 3] = [Self::Missing, Self::Empty, Self::Filled];

    fn list<T>(self, filled: impl FnOnce() -> T) -> Option<Vec<T>> {
        match self {
            Self::Missing => None,
            Self::Empty => Some(Vec::new()),
            Self::Filled => Some(vec![filled()]),
        }
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub(in crate::diff) struct Inputs {
    pub(in crate::diff) history: Input,
    pub(in crate::diff) base: Input,
    pub(in crate::diff) ancestors: Input,
    pub(in crate::diff) previous: Input,
    pub(in crate::diff) sources: Input,
    pub(in crate::diff) content: Input,
    pub(in crate::diff) malware: Input,
    pub(in crate::diff) stig: Input,
    pub(in crate::diff) attestations: Input,
    /// A text that a rule asks about, for what is filled in.
    pub(in crate::diff) hint: Option<String>,
}

impl Inputs {
    /// All collected, as far as images have them, and nothing in them.
    pub(in crate::diff) fn collected(image: bool) -> Self {
        let of_image = if image { Input::Empty } else { Input::Missing };
        Self {
            history: Input::Empty,
            base: of_image,
            ancestors: of_image,
            previous: of_image,
            sources: of_image,
            content: Input::Empty,
            malware: of_image,
            stig: of_image,
            attestations: Input::Empty,
            hint: None,
        }
    }

    /// Each of them, to be changed.
    pub(in crate::diff) fn each(&mut self) -> [&mut Input; 9] {
        [
            &mut self.history,
            &mut self.base,
            &mut self.ancestors,
            &mut self.previous,
            &mut self.sources,
            &mut self.content,
            &mut self.malware,
            &mut self.stig,
            &mut self.attestations,
        ]
    }

    fn hint(&self, usual: &str) -> String {
        self.hint.clone().unwrap_or_else(|| usual.to_owned())
    }

    pub(super) fn malware(&self) -> Option<Vec<MalwareScan>> {
        self.malware.list(|| MalwareScan {
            scanner: "clamav".to_owned(),
            findings: vec![MalwareFinding {
                path: "/opt/sample".to_owned(),
                signature: self.hint("Eicar-Test-Signature"),
            }],
            skipped: Vec::new(),
            database: String::new(),
            scanned_at: String::new(),
        })
    }

    pub(super) fn stig(&self) -> Option<Vec<StigEvaluation>> {
        self.stig.list(|| StigEvaluation {
            profile: self.hint("profile"),
            evaluated_at: "2000-01-01T00:00:00Z".to_owned(),
            controls: vec![StigControl {
                id: "SV-1".to_owned(),
                title: String::new(),
                impact: 0.7,
                status: StigStatus::Failed,
            }],
        })
    }

    pub(super) fn attestations(&self, subject: Digest) -> Option<Vec<Attestation>> {
        self.attestations.list(|| Attestation {
            predicate_type: self.hint("https://slsa.dev/provenance/v1"),
            subjects: vec![subject],
            signers: Vec::new(),
            builder: None,
            source: None,
            document: "attestation.json".to_owned(),
        })
    }

    pub(super) fn content(&self) -> Option<Vec<SearchHit>> {
        self.content.list(|| SearchHit {
            path: "/app/settings".to_owned(),
            layer: None,
            name: self.hint("TOKEN"),
            pattern: self.hint("TOKEN"),
            lines: vec![1],
        })
    }

    pub(super) fn ancestors(&self) -> Option<Vec<Ancestor>> {
        self.ancestors.list(|| Ancestor {
            digest: Digest::parse(&self.hint("")).unwrap_or_else(|_| Digest::sha256(&[0x44; 32])),
            tags: vec![self.hint("docker.io/library/base:1")],
            layers: 1,
        })
    }

    /// The image that the tag named before. Filled: one package of now had another version, the others were not there,
    /// and one that was is gone.
    pub(super) fn previous(&self, artifact: &Artifact) -> Option<Artifact> {
        match self.previous {
            Input::Missing => None,
            Input::Empty => Some(artifact.clone()),
            Input::Filled => {
                let other = |package: &Package| Package { version: "0.0.1".to_owned(), ..package.clone() };
                let mut packages: Vec<Package> = artifact.packages.iter().take(1).map(other).collect();
                packages.push(gone());
                Some(Artifact { packages, ..artifact.clone() })
            }
        }
    }

    /// The source trees of the image. Filled: with higher versions of its packages, and one that it does not have.
    pub(super) fn sources(&self, artifact: &Artifact) -> Option<Vec<Artifact>> {
        self.sources.list(|| {
            let other = |package: &Package| Package { version: "99.0".to_owned(), ..package.clone() };
            let mut packages: Vec<Package> = artifact.packages.iter().map(other).collect();
            packages.push(gone());
            Artifact { packages, ..artifact.clone() }
        })
    }
}

fn gone() -> Package {
    let mut package = Package::new(PackageType::NPM, "gone", "1.0.0");
    "pkg:npm/gone@1.0.0".clone_into(&mut package.purl);
    package
}
