//! A real registry: Debian's `docker-registry` on a port of its own, with or without basic authentication.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use stopgate_archive::write::Built;

use crate::program::other;

/// `tester` / `correct horse`, as `htpasswd -nbB` writes it.
const HTPASSWD: &str = "tester:$2y$05$";

/// A running registry; it ends with the value.
pub struct Registry {
    address: SocketAddr,
    child: Child,
    folder: tempfile::TempDir,
    credentials: Option<(&'static str, &'static str)>,
}

impl Registry {
    /// Starts one that anybody may use.
    pub fn start() -> Result<Self> {
        Self::launch(false)
    }

    /// Starts one that asks for a user and a password.
    pub fn with_password() -> Result<Self> {
        Self::launch(true)
    }

    fn launch(password: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let mut settings = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: {address}}}\n",
            folder.path().join("data").display()
        );
        if password {
            let file = folder.path().join("htpasswd");
            let line = other("htpasswd").args(["-nbB", "tester", "correct horse"]).output().context("htpasswd")?;
            if !line.status.success() || !line.stdout.starts_with(HTPASSWD.as_bytes()) {
                bail!("htpasswd gave no bcrypt line");
            }
            std::fs::write(&file, &line.stdout)?;
            let _ = writeln!(settings, "auth: {{htpasswd: {{realm: test, path: {}}}}}", file.display());
        }
        let config = folder.path().join("config.yml");
        std::fs::write(&config, settings)?;
        let child = other("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("docker-registry")?;
        let registry = Self { address, child, folder, credentials: password.then_some(("tester", "correct horse")) };
        registry.wait()?;
        Ok(registry)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// User and password, when it asks for them.
    pub fn credentials(&self) -> Option<(&'static str, &'static str)> {
        self.credentials
    }

    /// Puts an image under `repository:tag`.
    pub fn push(&self, repository: &str, tag: &str, image: &Built) -> Result<()> {
        let layout = self.folder.path().join(format!("layout-{}", tag.replace(['/', ':'], "-")));
        image.write_oci_dir(&layout)?;
        let mut command = other("skopeo");
        command.args(["copy", "-q", "--dest-tls-verify=false"]);
        if let Some((user, password)) = self.credentials {
            command.arg(format!("--dest-creds={user}:{password}"));
        }
        let to = format!("docker://{}/{repository}:{tag}", self.host());
        let done = command.arg(format!("oci:{}", layout.display())).arg(to).output().context("skopeo")?;
        if !done.status.success() {
            bail!("skopeo: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }

    /// Until it listens; a registry that does not in ten seconds has failed.
    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            std::thread::yield_now();
        }
        bail!("docker-registry does not listen on {}", self.address)
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
