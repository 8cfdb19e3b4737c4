//! Whether a product of a VEX statement is the artifact, or a package in it.

use stopgate_model::{Digest, DigestAlgorithm, ImageReference, ImageSource, Purl, SourceDescription, SourceKind};

/// All by which an artifact is known.
pub(super) struct Identity<'a> {
    source: &'a SourceDescription,
    /// Digests of an image's manifest and configuration, or of a file's content.
    digests: Vec<Digest>,
    /// Names of an image.
    names: Vec<Name>,
}

/// A name of an image, in its full form.
#[derive(PartialEq, Eq)]
struct Name {
    registry: String,
    repository: String,
    tag: Option<String>,
}

impl<'a> Identity<'a> {
    pub(super) fn of(source: &'a SourceDescription) -> Self {
        let (digests, names) = match &source.kind {
            SourceKind::Image(image) => of_image(image),
            SourceKind::File { digests, .. } => (digests.clone(), Vec::new()),
            SourceKind::Directory { .. } | SourceKind::Other { .. } => (Vec::new(), Vec::new()),
        };
        let strong = |digest: &Digest| !matches!(digest.algorithm(), DigestAlgorithm::Md5 | DigestAlgorithm::Sha1);
        Self { source, digests: digests.into_iter().filter(strong).collect(), names }
    }

    /// Whether a product, as statements write it, is this artifact.
    pub(super) fn is(&self, product: &str) -> bool {
        if product.starts_with("pkg:") {
            return Purl::parse(product).is_ok_and(|purl| self.is_purl(&purl));
        }
        let bare = || Digest::new(DigestAlgorithm::Sha256, product);
        if let Some(digest) = Digest::parse(product).ok().or_else(bare) {
            return self.digests.contains(&digest);
        }
        match &self.source.kind {
            SourceKind::Image(_) => self.is_reference(product),
            _ => self.is_source(product),
        }
    }

    fn is_purl(&self, purl: &Purl) -> bool {
        match purl.package_type.as_str() {
            "oci" | "docker" => self.is_image_purl(purl),
            "generic" if !matches!(self.source.kind, SourceKind::Image(_)) => {
                path_of(purl) == self.source.name
                    && (purl.version.is_empty() || purl.version == self.source.version)
                    && purl.qualifiers.is_empty()
            }
            _ => false,
        }
    }

    /// The digest decides where there is one: the same bytes are the same image under any name.
    fn is_image_purl(&self, purl: &Purl) -> bool {
        let version = match Digest::parse(&purl.version) {
            Ok(digest) => return self.digests.contains(&digest),
            Err(_) => Some(purl.version.as_str()).filter(|version| !version.is_empty()),
        };
        self.names.iter().any(|name| {
            let qualified = purl.qualifiers.iter().all(|(key, value)| match key.as_str() {
                "repository_url" => is_repository(name, purl, value),
                "tag" => name.tag.as_deref() == Some(value),
                "arch" => self.source.image().is_some_and(|image| image.architecture == *value),
                "os" => self.source.image().is_some_and(|image| image.os == *value),
                _ => false,
            });
            qualified && is_named(name, purl) && version.is_none_or(|version| name.tag.as_deref() == Some(version))
        })
    }

    /// `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`; without a tag every tag of the repository.
    fn is_reference(&self, product: &str) -> bool {
        let Ok(reference) = ImageReference::parse(product) else { return false };
        if let Some(digest) = &reference.digest {
            return self.digests.contains(digest);
        }
        let has_tag = product.rsplit('/').next().is_some_and(|last| last.contains(':'));
        let wanted = full(&reference);
        let same = |name: &&Name| name.registry == wanted.registry && name.repository == wanted.repository;
        self.names.iter().filter(same).any(|name| !has_tag || name.tag == wanted.tag)
    }

    fn is_source(&self, product: &str) -> bool {
        let source = self.source;
        let is_versioned =
            || product.rsplit_once('@').is_some_and(|(name, version)| name == source.name && version == source.version);
        !source.name.is_empty() && (product == source.name || is_versioned())
    }
}

fn of_image(image: &ImageSource) -> (Vec<Digest>, Vec<Name>) {
    let mut digests = vec![image.manifest_digest.clone(), image.image_id.clone()];
    let written = image.tags.iter().chain(&image.repo_digests).filter_map(|text| ImageReference::parse(text).ok());
    let mut names = Vec::new();
    for reference in std::iter::once(image.reference.clone()).chain(written) {
        digests.extend(reference.digest.clone());
        let name = full(&reference);
        if reference.registry != "*" && !names.contains(&name) {
            names.push(name);
        }
    }
    (digests, names)
}

/// Docker's registry has several names, and its own images a folder that nobody writes.
fn full(reference: &ImageReference) -> Name {
    let registry = reference.registry.to_ascii_lowercase();
    let docker = matches!(registry.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io");
    let library = docker && !reference.repository.contains('/');
    Name {
        registry: if docker { "docker.io".to_owned() } else { registry },
        repository: if library { format!("library/{}", reference.repository) } else { reference.repository.clone() },
        tag: reference.tag.clone(),
    }
}

/// The name of `pkg:oci` is the repository's last part, that of `pkg:docker` all of it.
fn is_named(name: &Name, purl: &Purl) -> bool {
    if purl.package_type == "oci" {
        return name.repository.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&purl.name));
    }
    let path = path_of(purl);
    let library = name.registry == "docker.io" && name.repository.strip_prefix("library/") == Some(&*path);
    name.repository == path || library
}

/// Whether `repository_url` names this repository: whole, or as the registry or folder that holds it.
fn is_repository(name: &Name, purl: &Purl, url: &str) -> bool {
    let url = ["https://", "http://", "oci://"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    let url = url.trim_end_matches('/');
    [url.to_owned(), format!("{url}/{}", path_of(purl))].iter().any(|text| {
        let reference = ImageReference::parse(text).map(|reference| full(&reference));
        reference.is_ok_and(|wanted| wanted.registry == name.registry && wanted.repository == name.repository)
    })
}

fn path_of(purl: &Purl) -> String {
    if purl.namespace.is_empty() { purl.name.clone() } else { format!("{}/{}", purl.namespace, purl.name) }
}

/// Whether a package URL of a statement names a package: type, namespace and name are the same, and so is whatever
/// else the statement gives.
pub(super) fn is_package(said: &Purl, package: &Purl) -> bool {
    said.package_type == package.package_type
        && said.namespace == package.namespace
        && name_of(said) == name_of(package)
        && (said.version.is_empty() || said.version == package.version)
        && (said.subpath.is_empty() || said.subpath == package.subpath)
        && said.qualifiers.iter().all(|(key, value)| package.qualifier(key) == Some(value))
}

/// The name as its ecosystem compares it (purl types, `pypi`).
fn name_of(purl: &Purl) -> String {
    match purl.package_type.as_str() {
        "pypi" => purl.name.to_ascii_lowercase().replace('_', "-"),
        _ => purl.name.clone(),
    }
}
