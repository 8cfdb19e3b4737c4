//! Running the real program with a cache folder of its own.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result};

/// The program under test, with a cache of its own and no settings of the machine.
pub struct Stopgate {
    binary: PathBuf,
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.stdout).with_context(|| format!("exit code {}, {}", self.code, self.stderr))
    }
}

impl Stopgate {
    /// The program that `STOPGATE_BIN` names (`cargo xtask test` sets it).
    pub fn new() -> Result<Self> {
        let binary = std::env::var_os("STOPGATE_BIN").context("STOPGATE_BIN is not set; run `cargo xtask test`")?;
        Ok(Self { binary: binary.into(), home: tempfile::tempdir()?, variables: Vec::new() })
    }

    /// The program that holds the client commands alone, which `ANCHORECTL_BIN` names (`cargo xtask test` sets it).
    pub fn anchorectl() -> Result<Self> {
        let binary = std::env::var_os("ANCHORECTL_BIN").context("ANCHORECTL_BIN is not set; run `cargo xtask test`")?;
        Ok(Self { binary: binary.into(), home: tempfile::tempdir()?, variables: Vec::new() })
    }

    /// The same program under another name.
    pub fn called(self, name: &str) -> Result<Self> {
        let link = self.home.path().join(name);
        std::os::unix::fs::symlink(&self.binary, &link)?;
        Ok(Self { binary: link, ..self })
    }

    /// A folder that goes with this program.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Result<Run> {
        self.run_with(arguments, b"")
    }

    /// Runs it to its end with this on standard input.
    pub fn run_with<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Result<Run> {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // The program may end before it has read all.
                let _ = stdin.write_all(input);
            });
            child.wait_with_output()
        })?;
        Ok(run_of(output))
    }

    /// The command, for tests that kill it.
    #[expect(clippy::disallowed_methods, reason = "this is the module that starts programs for tests")]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("STOPGATE_CACHE_DIR", self.home.path().join("cache"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path());
        command
    }
}

impl Stopgate {
    /// A shell that runs a script in a folder, with the program's environment and nothing else.
    pub fn shell(&self, script: &Path, folder: &Path) -> Command {
        let mut command = self.tool("sh");
        command.arg(script).current_dir(folder);
        command
    }

    /// Another program, with the program's environment and nothing else.
    #[expect(clippy::disallowed_methods, reason = "this is the module that starts programs for tests")]
    pub fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .current_dir(self.home.path());
        command
    }
}

pub(crate) fn run_of(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Any other program, run to its end; an error when it fails.
#[expect(clippy::disallowed_methods, reason = "this is the module that starts programs for tests")]
pub(crate) fn other(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}
