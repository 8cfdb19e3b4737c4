//! The image configuration (OCI image specification, config.md), as policies read it.

/// A health check (Docker image specification).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Healthcheck {
    /// `NONE`, or `CMD` / `CMD-SHELL` and its arguments.
    pub test: Vec<String>,
    /// Nanoseconds between checks; zero: inherited.
    pub interval_ns: u64,
    /// Nanoseconds that a check may take.
    pub timeout_ns: u64,
    /// Failures in a row until unhealthy.
    pub retries: u64,
}

/// One entry of the image's history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HistoryEntry {
    /// RFC 3339, as written.
    pub created: String,
    /// The command.
    pub created_by: String,
    /// Comment.
    pub comment: String,
    /// Author.
    pub author: String,
    /// Whether the entry made no layer.
    pub empty_layer: bool,
}

/// What the image's configuration says. Empty fields are absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ImageConfig {
    /// `config.User`.
    pub user: String,
    /// `config.ExposedPorts`, as `port/protocol`, sorted.
    pub exposed_ports: Vec<String>,
    /// `config.Env`, in order.
    pub env: Vec<String>,
    /// `config.Entrypoint`.
    pub entrypoint: Vec<String>,
    /// `config.Cmd`.
    pub cmd: Vec<String>,
    /// `config.WorkingDir`.
    pub working_dir: String,
    /// `config.Labels`, sorted by name.
    pub labels: Vec<(String, String)>,
    /// `config.Volumes`, sorted.
    pub volumes: Vec<String>,
    /// `config.Healthcheck`; `None` when the configuration has none.
    pub healthcheck: Option<Healthcheck>,
    /// `config.StopSignal`.
    pub stop_signal: String,
    /// `config.OnBuild`.
    pub on_build: Vec<String>,
    /// `config.Shell`.
    pub shell: Vec<String>,
    /// `created`, RFC 3339, as written.
    pub created: String,
    /// `author`.
    pub author: String,
    /// `architecture`.
    pub architecture: String,
    /// `os`.
    pub os: String,
    /// `variant`.
    pub variant: String,
    /// `history`; `None` when the configuration has none.
    pub history: Option<Vec<HistoryEntry>>,
}
