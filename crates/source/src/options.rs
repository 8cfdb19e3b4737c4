//! What the caller decides about opening sources. Nothing here is read from the environment.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::Platform;

/// Credentials for a registry, given by the user.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `STOPGATE_REGISTRY_USERNAME` and `STOPGATE_REGISTRY_PASSWORD`.
    Basic {
        /// User.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// `STOPGATE_REGISTRY_TOKEN`, sent as a bearer token.
    Token(SecretString),
}

/// How to open a source.
#[derive(Debug, Clone, Default)]
pub struct SourceOptions {
    /// The platform that was asked for; `None`: linux and this machine's processor where there is a choice.
    pub platform: Option<Platform>,
    /// Plain HTTP also for registries that are not on this machine.
    pub plain_http: bool,
    /// No verification of the registry's certificate.
    pub insecure_skip_tls_verify: bool,
    /// Certificates (PEM) to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Credentials; they win over the docker configuration.
    pub credentials: Option<Credentials>,
    /// The folder of docker's `config.json` (`$DOCKER_CONFIG`, else `~/.docker`); `None`: not read.
    pub docker_config: Option<PathBuf>,
    /// No network at all.
    pub offline: bool,
}
