//! `GET /v2/system/anchorectl`: the command line of this version, as a tar.gz that holds `anchorectl`.

use std::path::{Path, PathBuf};

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;
use utoipa::openapi::Content;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::App;
use crate::error::ApiError;
use crate::extract::ApiQuery;
use crate::routes;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Platform {
    /// `linux`, `darwin` or `windows`.
    operating_system: String,
    /// `amd64` or `arm64`.
    architecture: String,
}

const SYSTEMS: [&str; 3] = ["linux", "darwin", "windows"];
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The archive, with a name and a digest that a script can check.
pub(crate) struct Archive {
    name: String,
    digest: String,
    bytes: Bytes,
}

impl IntoResponse for Archive {
    fn into_response(self) -> Response {
        let mut response = self.bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
        for (name, text) in [
            ("content-disposition", format!("attachment; filename=\"{}\"", self.name)),
            ("etag", format!("\"{}\"", self.digest)),
            ("x-checksum-sha256", self.digest),
        ] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl routes::Output for Archive {
    fn describe(operation: &mut routes::Described) {
        let schema =
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        operation.answer = Some((200, Some(("application/gzip", Content::new(Some(schema))))));
        operation.statuses.extend([400, 404]);
    }
}

/// No credentials are asked for: CI downloads the tool before it has any.
pub(crate) async fn download(
    State(app): State<App>,
    ApiQuery(platform): ApiQuery<Platform>,
) -> Result<Archive, ApiError> {
    let (system, architecture) = (platform.operating_system.as_str(), platform.architecture.as_str());
    if !SYSTEMS.contains(&system) {
        return Err(unknown("operating_system", system, &SYSTEMS).into());
    }
    if !ARCHITECTURES.contains(&architecture) {
        return Err(unknown("architecture", architecture, &ARCHITECTURES).into());
    }
    let program = if system == "windows" { "anchorectl.exe" } else { "anchorectl" };
    let found = find(app.0.cli_folder.as_deref(), system, architecture, program);
    let Some(path) = found else {
        let message = format!(
            "this installation holds no anchorectl for {system}/{architecture}; put it into the folder of STOPGATE_CLI_DIR as {system}-{architecture}/{program}"
        );
        return Err(ServiceError::not_found(message).into());
    };
    let packed = tokio::task::spawn_blocking(move || pack(&path, program)).await.map_err(ServiceError::internal)?;
    let bytes = packed.map_err(ServiceError::internal)?;
    let name = format!("anchorectl_{}_{system}_{architecture}.tar.gz", env!("CARGO_PKG_VERSION"));
    Ok(Archive { name, digest: stopgate_service::sha256_hex(&bytes), bytes: bytes.into() })
}

fn unknown(field: &str, value: &str, known: &[&str]) -> ServiceError {
    let shown: String = value.chars().take(50).collect();
    ServiceError::new(Kind::Invalid, format!("`{field}` is `{shown}`: expected one of {}", known.join(", ")))
}

/// The program for a platform: from the folder, else, for its own platform, this program, which is one too.
fn find(folder: Option<&Path>, system: &str, architecture: &str, program: &str) -> Option<PathBuf> {
    let kept = folder.map(|folder| folder.join(format!("{system}-{architecture}")).join(program));
    if let Some(path) = kept.filter(|path| path.is_file()) {
        return Some(path);
    }
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        _ => return None,
    };
    if system != std::env::consts::OS || architecture != own {
        return None;
    }
    let running = std::env::current_exe().ok()?;
    // The small one beside it is what CI wants to download.
    let beside = running.with_file_name(program);
    Some(if beside.is_file() { beside } else { running })
}

/// A tar.gz with one member at its top; equal programs give equal bytes.
fn pack(path: &Path, program: &str) -> std::io::Result<Vec<u8>> {
    let content = std::fs::read(path)?;
    let encoder = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::new(6));
    let mut archive = tar::Builder::new(encoder);
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    header.set_mtime(0);
    header.set_cksum();
    archive.append_data(&mut header, program, content.as_slice())?;
    archive.into_inner()?.finish()
}
