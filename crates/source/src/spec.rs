//! What the user typed: `SCHEME:TARGET`, a path, an image reference, or `-`.

use std::path::Path;

use stopgate_model::ImageReference;

use crate::SourceError;

/// How a source is to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The output of `docker save`.
    DockerArchive,
    /// A tar archive of an OCI layout.
    OciArchive,
    /// A folder with an OCI layout.
    OciDir,
    /// A folder.
    Dir,
    /// One file.
    File,
    /// A registry.
    Registry,
    /// The Docker daemon.
    Docker,
    /// The Podman service.
    Podman,
    /// containerd.
    Containerd,
    /// A Singularity image file.
    Singularity,
    /// An SBOM document.
    Sbom,
    /// A document of `stopgate sbom -o analysis`.
    Analysis,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 12] = [
        Self::DockerArchive,
        Self::OciArchive,
        Self::OciDir,
        Self::Dir,
        Self::File,
        Self::Registry,
        Self::Docker,
        Self::Podman,
        Self::Containerd,
        Self::Singularity,
        Self::Sbom,
        Self::Analysis,
    ];

    /// Name in front of the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::OciArchive => "oci-archive",
            Self::OciDir => "oci-dir",
            Self::Dir => "dir",
            Self::File => "file",
            Self::Registry => "registry",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Singularity => "singularity",
            Self::Sbom => "sbom",
            Self::Analysis => "analysis",
        }
    }

    /// The scheme of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

/// A source to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpec {
    /// As the user typed it.
    pub user_input: String,
    /// How to open it; `None`: a path whose content decides.
    pub scheme: Option<Scheme>,
    /// Path or image reference; `-` is standard input.
    pub target: String,
}

impl SourceSpec {
    /// Reads what the user typed. Without a scheme an existing path is a path, anything else an image
    /// reference.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let spec = |scheme, target: &str| Self { user_input: text.to_owned(), scheme, target: target.to_owned() };
        if text == "-" {
            return Ok(spec(Some(Scheme::Sbom), text));
        }
        if let Some((name, target)) = text.split_once(':')
            && let Some(scheme) = Scheme::parse(name)
        {
            if target.is_empty() {
                return Err(SourceError::EmptyTarget { scheme: name.to_owned() });
            }
            if scheme == Scheme::Registry {
                ImageReference::parse(target)?;
            }
            return Ok(spec(Some(scheme), target));
        }
        if Path::new(text).symlink_metadata().is_ok() {
            return Ok(spec(None, text));
        }
        // A spelling that only a path has is not sent to a registry.
        if text.starts_with(['/', '.', '~']) {
            return Err(SourceError::Missing { path: text.to_owned() });
        }
        ImageReference::parse(text)?;
        Ok(spec(Some(Scheme::Registry), text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Scheme, SourceSpec};

    #[test]
    fn tells_schemes_paths_and_references() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        for (text, scheme, target) in [
            ("oci-archive:a:b.tar", Some(Scheme::OciArchive), "a:b.tar"),
            ("dir:.", Some(Scheme::Dir), "."),
            ("registry:localhost:5000/a:1", Some(Scheme::Registry), "localhost:5000/a:1"),
            ("-", Some(Scheme::Sbom), "-"),
            (path, None, path),
            ("alpine:3.20", Some(Scheme::Registry), "alpine:3.20"),
            ("localhost:5000/a", Some(Scheme::Registry), "localhost:5000/a"),
        ] {
            let spec = SourceSpec::parse(text).unwrap();
            assert_eq!((spec.scheme, spec.target.as_str()), (scheme, target), "{text}");
        }
    }

    #[test]
    fn a_missing_path_is_no_reference() {
        for text in ["/no/such/file", "./none.tar", "registry:", "dir:", "a b", ""] {
            assert!(SourceSpec::parse(text).is_err(), "{text}");
        }
    }
}
