//! One run: its settings, its streams, its server.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stopgate_analyzer::CacheDir;
use stopgate_client::{Client, Connection};
use stopgate_model::limits;

use super::answer::{Answer, write};
use super::arguments::Global;
use super::failure::Failure;
use super::format::Format;
use super::settings::Settings;
use crate::arguments::{ProgressMode, When};
use crate::failure::printable;
use crate::progress::Progress;

/// Where input comes from and output goes.
pub(super) struct Io<'a> {
    pub(super) input: Box<dyn Read + 'a>,
    pub(super) input_is_terminal: bool,
    pub(super) out: Box<dyn Write + 'a>,
    pub(super) err_is_terminal: bool,
    pub(super) err: Box<dyn Write + 'a>,
    /// Where a local analysis keeps what it knows of layers.
    pub(super) layers: Option<CacheDir>,
}

/// One run of a command.
pub(super) struct Session<'a, 'io> {
    pub(super) settings: Settings,
    pub(super) format: Format,
    /// What was asked for; `None`: nothing.
    asked: Option<Format>,
    pub(super) io: &'a mut Io<'io>,
    quiet: bool,
    ca_file: Option<PathBuf>,
}

impl<'a, 'io> Session<'a, 'io> {
    pub(super) fn new(global: &Global, settings: Settings, io: &'a mut Io<'io>) -> Result<Self, Failure> {
        let asked = global.output.as_deref().map(Format::parse).transpose()?;
        Ok(Self {
            settings,
            format: asked.unwrap_or(Format::Text),
            asked,
            io,
            quiet: global.quiet,
            ca_file: global.ca_file.clone(),
        })
    }

    /// The server of this run.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let default = Connection::default();
        let connection = Connection {
            url: self.settings.get("ANCHORECTL_URL").unwrap_or(default.url),
            username: self.settings.get("ANCHORECTL_USERNAME").unwrap_or(default.username),
            password: self.settings.get("ANCHORECTL_PASSWORD").map(Into::into),
            account: self.settings.get("ANCHORECTL_ACCOUNT"),
            ca_file: self.ca_file.clone(),
            insecure: self.settings.flag("ANCHORECTL_HTTP_TLS_INSECURE")?,
            retry_pause: self.settings.poll().min(default.retry_pause),
            user_agent: concat!("anchorectl/", env!("CARGO_PKG_VERSION")).to_owned(),
            ..default
        };
        Ok(Client::new(&connection)?)
    }

    /// Whether somebody asked for text, rather than for nothing.
    pub(super) fn wants_text(&self) -> bool {
        self.asked == Some(Format::Text)
    }

    /// Whether the format has a row per finding.
    pub(super) fn wants_findings(&self) -> bool {
        matches!(self.format, Format::Csv | Format::JsonLegacy)
    }

    /// The options of a part of the local program that this run calls: it is to be quiet.
    pub(super) fn local(&self) -> crate::arguments::Global {
        crate::arguments::Global {
            quiet: true,
            verbose: 0,
            color: When::Never,
            progress: ProgressMode::None,
            offline: false,
            ca_file: self.ca_file.clone(),
        }
    }

    /// Something that takes its time begins: a live line on a terminal, nothing elsewhere.
    pub(super) fn live(&self, step: &str) -> Progress {
        let mode = if self.io.err_is_terminal { ProgressMode::Auto } else { ProgressMode::None };
        let line = Progress::new(&crate::arguments::Global { quiet: self.quiet, progress: mode, ..self.local() });
        line.step(step);
        line
    }

    /// A step is done: one line on standard error, unless the run is to be quiet.
    pub(super) fn done(&mut self, step: &str, detail: &str) {
        if !self.quiet {
            let line = format!(" ✔ {step:<41}{}", printable(detail));
            let _ = writeln!(self.io.err, "{}", line.trim_end());
        }
    }

    /// Something that a person should know, although it is no failure.
    pub(super) fn warn(&mut self, text: &str) {
        let _ = writeln!(self.io.err, "warning: {}", printable(text));
    }

    /// Prints an answer in the wanted format.
    pub(super) fn print(&mut self, answer: &Answer) -> Result<(), Failure> {
        answer.print(self.format, &mut self.io.out)
    }

    /// Prints bytes as they are.
    pub(super) fn print_bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        write(&mut self.io.out, bytes)
    }

    /// Reads a file, or standard input when it is `-`.
    pub(super) fn read(&mut self, path: &Path) -> Result<Vec<u8>, Failure> {
        if path != Path::new("-") {
            return Ok(crate::sources::read_file(path, limits::SBOM_BYTES)?);
        }
        let fail = |what: &dyn std::fmt::Display| Failure::new(format!("cannot read standard input: {what}"));
        let mut bytes = Vec::new();
        let mut input = (&mut self.io.input).take(limits::SBOM_BYTES + 1);
        input.read_to_end(&mut bytes).map_err(|error| fail(&error))?;
        if bytes.len() as u64 > limits::SBOM_BYTES {
            return Err(fail(&format!("it is longer than {} bytes", limits::SBOM_BYTES)));
        }
        Ok(bytes)
    }

    /// Writes an answer to a file; one that exists stays, unless it may be replaced.
    pub(super) fn write_file(&mut self, path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), Failure> {
        if path == Path::new("-") {
            return self.print_bytes(bytes);
        }
        if !overwrite && path.is_file() {
            return Err(Failure::new(format!("`{}` exists: --overwrite replaces it", path.display())));
        }
        let output = [crate::output::Wanted { format: (), file: Some(path.to_owned()) }];
        Ok(crate::output::write_all(&output, |(), out| out.write_all(bytes))?)
    }

    /// Asks on standard error whether to go on. Without a terminal nobody could answer.
    pub(super) fn confirm(&mut self, question: &str) -> Result<(), Failure> {
        if !self.io.input_is_terminal {
            return Err(Failure::new(format!("{question} Nobody can be asked here: --yes answers beforehand")));
        }
        let _ = write!(self.io.err, "{} [y/N] ", printable(question));
        let _ = self.io.err.flush();
        let mut answer = String::new();
        let mut byte = [0];
        while let Ok(1) = self.io.input.read(&mut byte) {
            if byte == *b"\n" || answer.len() > 16 {
                break;
            }
            answer.push(char::from(byte[0]));
        }
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::new("nothing was done")),
        }
    }

    /// Waits until it is time to ask again.
    pub(super) fn pause(&self) {
        self.pause_for(self.settings.poll());
    }

    /// Waits, unless the run polls without pauses.
    pub(super) fn pause_for(&self, pause: Duration) {
        if !self.settings.poll().is_zero() {
            std::thread::sleep(pause);
        }
    }
}
