//! Arguments of the commands that run a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Where an installation keeps what it knows.
#[derive(Debug, Clone, Args)]
pub struct Installation {
    /// Folder for everything that has no other place
    #[arg(long, value_name = "FOLDER", env = "STOPGATE_DATA", default_value = "stopgate-data")]
    pub data: PathBuf,
    /// PostgreSQL instead of a file: postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL", env = "STOPGATE_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Where large documents lie instead of the folder: s3://BUCKET?endpoint=URL
    #[arg(long, value_name = "URL", env = "STOPGATE_BLOBS")]
    pub blobs: Option<String>,
}

/// What `serve` and `work` share.
#[derive(Debug, Clone, Args)]
pub struct Process {
    #[command(flatten)]
    pub installation: Installation,
    /// Name of this process in events and leases [default: the host's name]
    #[arg(long, value_name = "NAME", env = "STOPGATE_HOST_ID")]
    pub host_id: Option<String>,
    /// A network that may be reached beside public ones, as ADDRESS/BITS (repeatable)
    #[arg(long, value_name = "NETWORK", env = "STOPGATE_EGRESS_ALLOW", value_delimiter = ',')]
    pub egress_allow: Vec<String>,
    /// Jobs of each kind at a time: analyze=2,evaluate=2,notify=2,feeds=1; 0 for none
    #[arg(long, value_name = "KIND=N", value_delimiter = ',')]
    pub jobs: Vec<String>,
}

/// `stopgate serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    #[command(flatten)]
    pub process: Process,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", env = "STOPGATE_LISTEN", default_value = "127.0.0.1:8228")]
    pub listen: SocketAddr,
    /// Certificate chain (PEM): HTTPS instead of HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Folder with programs of other platforms to download: OS-ARCH/anchorectl
    #[arg(long, value_name = "FOLDER", env = "STOPGATE_CLI_DIR")]
    pub cli_dir: Option<PathBuf>,
    /// Let anybody read /metrics
    #[arg(long, env = "ANCHORE_DISABLE_METRICS_AUTH")]
    pub open_metrics: bool,
}

/// `stopgate work`.
#[derive(Debug, Clone, Args)]
pub struct Work {
    #[command(flatten)]
    pub process: Process,
    /// Read the image in this folder and end: what a worker starts for each image
    #[arg(long, value_name = "FOLDER", hide = true)]
    pub one_job: Option<PathBuf>,
}
