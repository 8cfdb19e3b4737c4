//! A real S3 server over a folder: it checks signatures, and knows one bucket.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

/// The bucket.
const BUCKET: &str = "scans";
const KEY: &str = "test-key";
const SECRET: &str = "test-secret";

/// A running server; it ends with the value.
pub struct S3 {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl S3 {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join(BUCKET))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let files = FileSystem::new(folder.path()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let service = {
            let mut builder = S3ServiceBuilder::new(files);
            builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
            builder.build()
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).context("S3")?;
        let address = listener.local_addr()?;
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let served = Builder::new(TokioExecutor::new());
                    let _ = served.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Self { address, _runtime: runtime, folder })
    }

    /// Where blobs go, as `--blobs` takes it.
    pub fn blobs(&self) -> String {
        format!("s3://{BUCKET}?endpoint=http://{}", self.address)
    }

    /// Variables of whoever uses it.
    pub fn variables(&self) -> [(&'static str, &'static str); 3] {
        [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_REGION", "us-east-1")]
    }

    /// How many objects it holds.
    pub fn objects(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
        }
        count(&self.folder.path().join(BUCKET))
    }
}
