//! Registries (OCI distribution-spec 1.1): pulling by tag and digest.
//!
//! The asynchronous client runs on two threads of its own and is seen from outside only as `Read`. Foreign
//! layers are asked for at the registry; their own addresses are never followed.

mod auth;
mod blob;
pub(crate) mod http;
mod session;
mod tags;
mod threads;
mod wait;

#[cfg(test)]
pub(crate) mod tests;

use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;
use stopgate_archive::{Found, Hasher, IntegrityError, digest_of};
use stopgate_model::{Digest, ImageReference, limits};
use tokio::sync::Mutex;

use self::blob::Download;
use self::http::Patience;
pub use self::http::{http_client, pinned_client, reason};
use self::session::{Login, Session};
pub use self::tags::{TagList, list_tags};
pub(crate) use self::threads::Threads;
use crate::blobs::Blobs;
use crate::manifest::{ACCEPTED, Descriptor, OCI_MANIFEST};
use crate::select::{Documents, Parent, Wish, choose, verify};
use crate::{Image, LayerBlob, SourceError, SourceOptions};

/// Opens an image of a registry.
pub(crate) fn open(reference: &ImageReference, options: &SourceOptions) -> Result<Image, SourceError> {
    open_with(reference, options, Patience::default())
}

fn open_with(reference: &ImageReference, options: &SourceOptions, patience: Patience) -> Result<Image, SourceError> {
    if options.offline {
        return Err(SourceError::Offline { what: reference.to_string() });
    }
    let registry = Registry::connect(reference, options, patience)?;
    let wanted = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.clone().unwrap_or_else(|| "latest".to_owned()),
    };
    let root = registry.root(&wanted)?;
    let root_digest = digest_of(&root);
    let chosen = choose(&registry, root, &Wish { platform: options.platform.as_ref(), name: None })?;
    let layers = chosen.manifest.layer_blobs(&chosen.facts, &registry.name)?;
    let name = format!("{}/{}", reference.registry, registry.session.repository);
    let mut repo_digests = vec![format!("{name}@{root_digest}")];
    if chosen.digest != root_digest {
        repo_digests.push(format!("{name}@{}", chosen.digest));
    }
    let media_type = match chosen.manifest.media_type.as_str() {
        "" => OCI_MANIFEST,
        media_type => media_type,
    };
    Ok(Image {
        reference: reference.clone(),
        tags: reference.tag.iter().map(|_| reference.full_tag()).collect(),
        repo_digests,
        media_type: media_type.to_owned(),
        manifest: chosen.bytes,
        manifest_digest: chosen.digest,
        manifest_is_local: false,
        parent: match chosen.parent {
            Parent::Inner(bytes) | Parent::Root(bytes) => Some(bytes),
            Parent::None => None,
        },
        config: chosen.config,
        config_digest: chosen.config_digest,
        layers,
        annotations: chosen.manifest.annotations,
        blobs: Arc::new(registry),
    })
}

/// One repository and the threads that talk to it.
struct Registry {
    session: Arc<Session>,
    threads: Threads,
    /// The reference, for messages.
    name: String,
}

impl Registry {
    fn connect(reference: &ImageReference, options: &SourceOptions, patience: Patience) -> Result<Self, SourceError> {
        let (host, repository) = location(reference);
        let local = is_loopback(&host);
        let client = http::registry_client(options, local)?;
        let threads = Threads::start()?;
        let base = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/"))
                .map_err(|_| SourceError::malformed(&reference.registry, "it is no valid host"))
        };
        let (plain, encrypted) = (base("http")?, base("https")?);
        let base = if options.plain_http {
            plain
        } else if local {
            let answers = threads.run(speaks_plain_http(client.clone(), plain.clone()))?;
            if answers { plain } else { encrypted }
        } else {
            encrypted
        };
        let session = Session {
            client,
            base,
            registry: reference.registry.clone(),
            repository,
            credentials: options.credentials.clone(),
            docker_config: options.docker_config.clone(),
            patience,
            login: Mutex::new(Login::default()),
        };
        Ok(Self { session: Arc::new(session), threads, name: reference.to_string() })
    }

    /// The document under a tag or digest, verified by all that is known of it.
    fn root(&self, wanted: &str) -> Result<Vec<u8>, SourceError> {
        let (bytes, announced) = self.document("manifests", wanted, Some(ACCEPTED), limits::MANIFEST_BYTES)?;
        for expected in [Digest::parse(wanted).ok(), announced].into_iter().flatten() {
            require_digest(&bytes, expected)?;
        }
        Ok(bytes)
    }

    /// A small document, with the digest that the registry announces for it.
    fn document(
        &self,
        kind: &str,
        name: &str,
        accept: Option<&'static str>,
        limit: u64,
    ) -> Result<(Vec<u8>, Option<Digest>), SourceError> {
        let url = self.session.url(kind, name)?;
        let session = Arc::clone(&self.session);
        let what = if kind == "manifests" { self.name.clone() } else { name.to_owned() };
        self.threads.run(async move {
            let mut attempt = 0;
            loop {
                let response = session.get(&url, accept, 0).await?;
                if !response.status().is_success() {
                    return Err(session.refused(response, &what).await);
                }
                let header = response.headers().get("docker-content-digest");
                let announced = header.and_then(|value| Digest::parse(value.to_str().ok()?).ok());
                match http::body(response, limit).await {
                    Ok(Some(bytes)) => return Ok((bytes, announced)),
                    Ok(None) => return Err(SourceError::Limit { what, seen: limit + 1, limit, unit: "bytes" }),
                    Err(error) if attempt + 1 >= session.patience.attempts => {
                        return Err(session.unreachable(error.reason));
                    }
                    Err(_) => session.patience.pause(attempt, None).await,
                }
                attempt += 1;
            }
        })?
    }
}

impl Documents for Registry {
    fn name(&self) -> &str {
        &self.name
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        let digest = descriptor.digest()?.to_string();
        let (bytes, _) = self.document("manifests", &digest, Some(ACCEPTED), limits::MANIFEST_BYTES)?;
        verify(&bytes, descriptor)?;
        Ok(bytes)
    }

    fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        let digest = descriptor.digest()?.to_string();
        let (bytes, _) = self.document("blobs", &digest, None, limits::CONFIG_BYTES)?;
        verify(&bytes, descriptor)?;
        Ok(bytes)
    }
}

impl Blobs for Registry {
    fn open(&self, _index: usize, layer: &LayerBlob) -> Result<Box<dyn Read + Send>, SourceError> {
        let digest = layer.digest.as_ref().unwrap_or(&layer.diff_id);
        let url = self.session.url("blobs", &digest.to_string())?;
        let session = Arc::clone(&self.session);
        let mut download = Download::start(&self.threads, session, url, layer.size);
        if layer.foreign {
            // Often absent, which the caller wants to know before it reads.
            download.wait_for_first().map_err(|error| SourceError::io(digest.to_string(), error))?;
        }
        Ok(Box::new(download))
    }
}

/// Host with port, and repository, as the registry knows them.
fn location(reference: &ImageReference) -> (String, String) {
    match reference.registry.as_str() {
        // Docker Hub answers under another name and keeps its own images below `library`.
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            let official = if reference.repository.contains('/') { "" } else { "library/" };
            let repository = format!("{official}{}", reference.repository);
            ("registry-1.docker.io".to_owned(), repository)
        }
        registry => (registry.to_owned(), reference.repository.clone()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a registry on this machine speaks plain HTTP; a TLS server answers with an error or not at all.
async fn speaks_plain_http(client: reqwest::Client, base: Url) -> bool {
    let Ok(url) = base.join("/v2/") else { return true };
    let request = http::Request { url, accept: None, from: 0, authorization: None };
    match http::get(&client, &request).await {
        Ok(response) if response.status().as_u16() == 400 => {
            let body = http::body(response, 4096).await.ok().flatten().unwrap_or_default();
            !String::from_utf8_lossy(&body).contains("HTTPS")
        }
        Ok(_) => true,
        // Refused: there is nothing; the error of the real request says so.
        Err(error) => error.reason.contains("refused"),
    }
}

fn require_digest(bytes: &[u8], expected: Digest) -> Result<(), SourceError> {
    let Some(mut hasher) = Hasher::new(expected.algorithm()) else {
        return Err(SourceError::malformed(expected.to_string(), "content is named by a weak digest"));
    };
    hasher.update(bytes);
    let digest = hasher.finish();
    if digest == expected {
        return Ok(());
    }
    Err(IntegrityError { expected, found: Found::Digest(digest) }.into())
}
