//! Images of the Docker daemon and the Podman service, by their common API on a Unix socket (Docker Engine
//! API 1.25 and later, "Export an image").
//!
//! The daemon exports the image as `docker save` does; it goes through an anonymous temporary file. Only the
//! usual sockets are tried; remote daemons are left out.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use stopgate_model::{ImageReference, limits};

use crate::files::Tarball;
use crate::registry::{Threads, http};
use crate::{Image, Scheme, SourceError, SourceOptions, docker_archive};

const INSPECT_BYTES: u64 = 8 << 20;
/// Podman writes the whole archive before it sends the first byte.
const PATIENCE: Duration = Duration::from_mins(10);

/// Opens an image that a daemon holds.
pub(crate) fn open(scheme: Scheme, name: &str, options: &SourceOptions) -> Result<Image, SourceError> {
    let user = rustix::process::getuid().as_raw();
    let sockets = match scheme {
        Scheme::Podman => {
            vec![format!("/run/user/{user}/podman/podman.sock"), "/run/podman/podman.sock".to_owned()]
        }
        _ => vec!["/var/run/docker.sock".to_owned(), format!("/run/user/{user}/docker.sock")],
    };
    let is_socket = |path: &&String| Path::new(path).metadata().is_ok_and(|file| file.file_type().is_socket());
    let socket = sockets.iter().find(is_socket).map(PathBuf::from).ok_or_else(|| SourceError::Unreachable {
        registry: scheme.name().to_owned(),
        reason: format!("expected its socket at `{}`", sockets.join("` or `")),
    })?;
    open_at(&socket, scheme, name, options)
}

pub(crate) fn open_at(
    socket: &Path,
    scheme: Scheme,
    name: &str,
    options: &SourceOptions,
) -> Result<Image, SourceError> {
    let reference = ImageReference::parse(name)?;
    let threads = Threads::start()?;
    let daemon = Daemon { client: http::socket_client(socket)?, kind: scheme.name(), image: name.to_owned() };
    let (spool, repo_digests) = threads.run(async move { daemon.export().await })??;
    let mut image = docker_archive::open(Tarball::of(name.to_owned(), spool)?, None, options)?;
    image.reference = reference;
    image.repo_digests = repo_digests;
    Ok(image)
}

struct Daemon {
    client: Client,
    kind: &'static str,
    image: String,
}

impl Daemon {
    /// The image as an archive, and under which digests registries know it.
    async fn export(self) -> Result<(File, Vec<String>), SourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Inspected {
            #[serde(default)]
            repo_digests: Option<Vec<String>>,
        }
        let inspected = self.get("json").await?;
        let inspected = http::body(inspected, INSPECT_BYTES).await.map_err(|error| self.failed(error.reason))?;
        let inspected: Option<Inspected> = inspected.and_then(|body| serde_json::from_slice(&body).ok());
        let repo_digests = inspected.and_then(|inspected| inspected.repo_digests).unwrap_or_default();
        let mut response = self.get("get").await?;
        let spooled = |error| SourceError::io("a temporary file", error);
        let mut spool = tempfile::tempfile().map_err(spooled)?;
        let (mut seen, limit) = (0, limits::IMAGE_BYTES);
        loop {
            let chunk = match tokio::time::timeout(PATIENCE, response.chunk()).await {
                Ok(chunk) => chunk.map_err(|error| self.failed(http::reason(error)))?,
                Err(_) => return Err(self.failed("it stopped to send".to_owned())),
            };
            let Some(chunk) = chunk else { break };
            seen += chunk.len() as u64;
            if seen > limit {
                return Err(SourceError::Limit { what: self.image, seen, limit, unit: "bytes" });
            }
            spool.write_all(&chunk).map_err(spooled)?;
        }
        spool.rewind().map_err(spooled)?;
        Ok((spool, repo_digests))
    }

    async fn get(&self, what: &str) -> Result<reqwest::Response, SourceError> {
        // The host is not looked up: the socket is the address.
        let url = Url::parse(&format!("http://localhost/images/{}/{what}", self.image))
            .map_err(|_| SourceError::malformed(&self.image, "it makes no valid address"))?;
        let response = match tokio::time::timeout(PATIENCE, self.client.get(url).send()).await {
            Ok(response) => response.map_err(|error| self.failed(http::reason(error)))?,
            Err(_) => return Err(self.failed("it does not answer".to_owned())),
        };
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND => {
                let (what, source_name) = (self.image.clone(), self.kind.to_owned());
                Err(SourceError::MissingPart { what, source_name })
            }
            status => Err(self.failed(format!("it answers {}", status.as_u16()))),
        }
    }

    fn failed(&self, reason: String) -> SourceError {
        SourceError::Unreachable { registry: self.kind.to_owned(), reason }
    }
}
