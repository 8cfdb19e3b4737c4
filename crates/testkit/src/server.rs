//! The server of the real program, on a port of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::Stopgate;

/// A running server; it ends with the value.
pub struct Server {
    child: Child,
    url: String,
    log: Arc<Mutex<String>>,
    data: PathBuf,
}

/// The password of `admin`.
const PASSWORD: &str = "correct horse battery";

impl Server {
    /// Starts one that keeps everything in a folder beside the program's.
    pub fn start(stopgate: &Stopgate) -> Result<Self> {
        Self::with(stopgate, &[])
    }

    /// Starts one with further options.
    pub fn with(stopgate: &Stopgate, options: &[&str]) -> Result<Self> {
        let data = stopgate.home().join("data");
        let mut words = vec!["serve", "--listen", "127.0.0.1:0", "--data"];
        let folder = data.display().to_string();
        words.push(&folder);
        words.extend(options);
        let mut child = stopgate
            .command(words)
            .env("STOPGATE_ADMIN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().context("no standard error")?;
        let log = Arc::new(Mutex::new(String::new()));
        let copy = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = copy.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut server = Self { child, url: String::new(), log, data };
        server.url = server.wait()?;
        Ok(server)
    }

    /// Until it says where it listens; one that does not in a minute has failed.
    fn wait(&mut self) -> Result<String> {
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            let log = self.log();
            if let Some(url) = log.lines().find_map(|line| line.strip_prefix("listening on ")) {
                return Ok(url.to_owned());
            }
            if self.child.try_wait()?.is_some() {
                bail!("the server ended: {log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server does not listen: {}", self.log())
    }

    /// Its address, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it keeps what it knows.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The password of `admin`.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it as an operator does; how it ended.
    pub fn stop(mut self) -> Result<i32> {
        let id = self.child.id().to_string();
        crate::program::other("kill").args(["-TERM", &id]).status()?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server does not stop: {}", self.log())
    }

    /// Ends it without a word.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
