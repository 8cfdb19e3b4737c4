//! A real ClamAV daemon with signatures of its own, on a socket in a folder of its own.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::program::other;

/// The test file that every scanner knows (EICAR), put together here so that none finds it in the project.
pub fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD", "-ANTIVIRUS-TEST", "-FILE!$H+H*"].concat()
}

/// MD5, length and name of the test file, as a line of a signature file.
const SIGNATURE: &str = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n";

/// A running clamd that knows the test file; it ends with the value.
pub struct Clamd {
    child: Child,
    folder: tempfile::TempDir,
}

impl Clamd {
    /// Starts one that takes contents of up to a mebibyte.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("database");
        std::fs::create_dir(&database)?;
        std::fs::write(database.join("own.hdb"), SIGNATURE)?;
        let settings = format!(
            "Foreground yes\nLocalSocket {socket}\nDatabaseDirectory {database}\nTemporaryDirectory {folder}\n\
             StreamMaxLength 1M\nMaxThreads 2\n",
            socket = socket(folder.path()).display(),
            database = database.display(),
            folder = folder.path().display(),
        );
        let config = folder.path().join("clamd.conf");
        std::fs::write(&config, settings)?;
        let child = other("clamd")
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("clamd")?;
        let clamd = Self { child, folder };
        clamd.wait()?;
        Ok(clamd)
    }

    /// Path of its socket.
    pub fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }

    /// Until it listens; one that does not in half a minute has failed.
    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            if UnixStream::connect(self.socket()).is_ok() {
                return Ok(());
            }
            std::thread::yield_now();
        }
        bail!("clamd does not listen on {}", self.socket().display())
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
