//! Blobs by digest: analysis documents, evaluations, SBOMs. What is small lies in the database, the rest in a folder
//! or an object store.
//!
//! A blob is staged first and recorded by the transaction that refers to it, so that a process that dies between the
//! two leaves at most a blob that nobody refers to. Keys are digests that we made; no text from outside is part of one.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::error::StoreError;
use crate::sql::{Db, sql};

/// Smaller blobs lie in the database, which spares a round trip.
const IN_DATABASE: usize = 64 << 10;

/// Large files are written in pieces of this size; a bucket takes none below 5 MiB.
const PIECE: usize = 8 << 20;

/// Where blobs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobPlace {
    /// A folder; blobs go to `blobs/` in it.
    Folder(PathBuf),
    /// An S3 bucket: `s3://BUCKET`, with an endpoint of its own for what is not Amazon's. Credentials come from the
    /// environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`).
    S3 {
        /// The bucket.
        bucket: String,
        /// `http://HOST:PORT` or `https://HOST`, when it is not Amazon's.
        endpoint: Option<String>,
    },
}

impl BlobPlace {
    /// Reads `s3://BUCKET[?endpoint=URL]` or the path of a folder.
    pub fn parse(address: &str) -> Result<Self, StoreError> {
        let Some(rest) = address.strip_prefix("s3://") else {
            return Ok(Self::Folder(PathBuf::from(address)));
        };
        let (bucket, query) = rest.split_once('?').map_or((rest, None), |(bucket, query)| (bucket, Some(query)));
        let bucket = bucket.trim_end_matches('/');
        let endpoint = query.map(|query| query.strip_prefix("endpoint="));
        match (bucket.is_empty() || bucket.contains('/'), endpoint) {
            (false, None) => Ok(Self::S3 { bucket: bucket.to_owned(), endpoint: None }),
            (false, Some(Some(url))) => Ok(Self::S3 { bucket: bucket.to_owned(), endpoint: Some(url.to_owned()) }),
            _ => Err(StoreError::Address {
                address: address.to_owned(),
                what: "blobs",
                expected: "a folder, or `s3://BUCKET?endpoint=URL`",
            }),
        }
    }
}

/// The place for blobs, opened.
#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

/// A blob that is written, or small enough to be written with its row. It counts once it is recorded.
#[derive(Debug, Clone)]
#[must_use = "a staged blob is lost unless it is recorded"]
pub struct StagedBlob {
    digest: String,
    size: i64,
    small: Option<Vec<u8>>,
}

impl StagedBlob {
    /// `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Records it, or that it is in use still.
    pub async fn record(&self, db: Db<'_>) -> Result<(), StoreError> {
        sql("INSERT INTO blob (digest, size, bytes, touched_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (digest) DO UPDATE SET touched_at = excluded.touched_at")
        .bind(self.digest.clone())
        .bind(self.size)
        .bind(self.small.clone())
        .bind(db.now().await?)
        .run(db)
        .await?;
        Ok(())
    }
}

/// The digest of bytes, as blobs are named.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Blobs {
    pub(crate) fn open(place: &BlobPlace) -> Result<Self, StoreError> {
        let failed = |error: object_store::Error| StoreError::Blob(error.to_string());
        Ok(Self(match place {
            BlobPlace::Folder(folder) => {
                let blobs = folder.join("blobs");
                std::fs::create_dir_all(&blobs)
                    .map_err(|error| StoreError::Blob(format!("`{}`: {error}", blobs.display())))?;
                Arc::new(LocalFileSystem::new_with_prefix(&blobs).map_err(failed)?.with_fsync(true))
            }
            BlobPlace::S3 { bucket, endpoint } => {
                let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                if let Some(endpoint) = endpoint {
                    let plain = endpoint.starts_with("http://");
                    builder = builder
                        .with_endpoint(endpoint)
                        .with_client_options(ClientOptions::new().with_allow_http(plain));
                }
                Arc::new(builder.build().map_err(failed)?)
            }
        }))
    }

    /// Writes a blob, unless it is so small that its row holds it.
    pub async fn stage(&self, bytes: Vec<u8>) -> Result<StagedBlob, StoreError> {
        let (digest, size) = (digest(&bytes), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        if bytes.len() < IN_DATABASE {
            return Ok(StagedBlob { digest, size, small: Some(bytes) });
        }
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.0.put_opts(&key(&digest)?, Bytes::from(bytes).into(), options).await {
            // The same digest is the same content.
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(StagedBlob { digest, size, small: None }),
            Err(error) if error.to_string().contains("No space left") => Err(StoreError::Full(error.to_string())),
            Err(error) => Err(StoreError::Blob(error.to_string())),
        }
    }

    /// Writes a file as a blob, piece by piece, whatever its size.
    pub async fn stage_file(&self, path: &std::path::Path) -> Result<StagedBlob, StoreError> {
        let unreadable = |error: std::io::Error| StoreError::Blob(format!("`{}`: {error}", path.display()));
        let (mut hasher, mut size) = (Sha256::new(), 0_u64);
        let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut buffer = vec![0; PIECE];
        loop {
            let n = file.read(&mut buffer).await.map_err(unreadable)?;
            let Some(piece) = buffer.get(..n).filter(|piece| !piece.is_empty()) else { break };
            hasher.update(piece);
            size += n as u64;
        }
        let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
        let staged = StagedBlob { digest, size: i64::try_from(size).unwrap_or(i64::MAX), small: None };
        let place = key(&staged.digest)?;
        if self.0.head(&place).await.is_ok() {
            return Ok(staged);
        }
        let failed = |error: object_store::Error| match error.to_string() {
            text if text.contains("No space left") => StoreError::Full(text),
            text => StoreError::Blob(text),
        };
        let mut upload = self.0.put_multipart(&place).await.map_err(failed)?;
        file.rewind().await.map_err(unreadable)?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let n = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(unreadable)?;
            if n == 0 {
                break;
            }
            if let Err(error) = upload.put_part(Bytes::from(piece).into()).await {
                let _ = upload.abort().await;
                return Err(failed(error));
            }
        }
        upload.complete().await.map_err(failed)?;
        Ok(staged)
    }

    /// Writes a blob that was staged as a file into a file, and verifies it.
    pub async fn read_to(&self, named: &str, path: &std::path::Path) -> Result<(), StoreError> {
        let unwritable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::StorageFull => StoreError::Full(error.to_string()),
            _ => StoreError::Blob(format!("`{}`: {error}", path.display())),
        };
        let found = match self.0.get(&key(named)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(StoreError::BlobMissing(named.to_owned())),
            Err(error) => return Err(StoreError::Blob(error.to_string())),
        };
        let (mut pieces, mut hasher) = (found.into_stream(), Sha256::new());
        let mut file = tokio::fs::File::create(path).await.map_err(unwritable)?;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| StoreError::Blob(error.to_string()))?;
            hasher.update(&piece);
            file.write_all(&piece).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        let seen = format!("sha256:{}", hex::encode(hasher.finalize()));
        if seen == named { Ok(()) } else { Err(StoreError::BlobDamaged(named.to_owned())) }
    }

    /// A blob, verified.
    pub async fn read(&self, db: Db<'_>, named: &str) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::BlobMissing(named.to_owned());
        let small = sql("SELECT bytes FROM blob WHERE digest = $1")
            .bind(named)
            .one(db, |row| row.get::<Option<Vec<u8>>>("bytes"))
            .await?
            .ok_or_else(missing)?;
        let bytes = match small {
            Some(bytes) => bytes,
            None => match self.0.get(&key(named)?).await {
                Ok(found) => found.bytes().await.map_err(|error| StoreError::Blob(error.to_string()))?.to_vec(),
                Err(object_store::Error::NotFound { .. }) => return Err(missing()),
                Err(error) => return Err(StoreError::Blob(error.to_string())),
            },
        };
        if digest(&bytes) == named { Ok(bytes) } else { Err(StoreError::BlobDamaged(named.to_owned())) }
    }
}

/// `sha256/ab/<hex>`: two digits of folders keep each of them small.
fn key(digest: &str) -> Result<Path, StoreError> {
    let hex =
        digest.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(hex) = hex else { return Err(StoreError::BlobMissing(digest.to_owned())) };
    Ok(Path::from_iter(["sha256", hex.get(..2).unwrap_or_default(), hex]))
}
