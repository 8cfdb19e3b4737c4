//! A real PostgreSQL: one server for the tests of a process, a database for each that asks.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::program::other;

/// A running server. It ends with the process: whoever holds its standard input is gone then.
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    /// Held open for as long as the process lives.
    _open: ChildStdin,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static DATABASES: AtomicU64 = AtomicU64::new(0);

/// The address of an empty database of its own; nothing when there is no PostgreSQL on this machine.
///
/// # Panics
/// When there is none and `CI=true`, and when one is there that does not start.
#[expect(clippy::panic, clippy::print_stderr, reason = "a test cannot go on without, and a skip must be heard")]
pub fn database() -> Option<String> {
    let server = SERVER.get_or_init(|| match programs() {
        Some(programs) => Some(Server::start(programs).unwrap_or_else(|error| panic!("PostgreSQL: {error:#}"))),
        None if std::env::var("CI").as_deref() == Ok("true") => panic!("there is no PostgreSQL, and CI needs it"),
        None => {
            eprintln!("SKIPPED: there is no PostgreSQL");
            None
        }
    });
    let name = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    server.as_ref().map(|server| server.create(&name).unwrap_or_else(|error| panic!("PostgreSQL: {error:#}")))
}

/// The programs that are used.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_isready", "createdb"];

/// Where all its programs lie: on PATH, else where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    std::env::split_paths(&path)
        .chain(versions)
        .find(|folder| PROGRAMS.iter().all(|program| folder.join(program).is_file()))
}

/// The user that the server runs as: it refuses root.
fn other_user() -> Result<Option<(u32, u32)>> {
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self")?);
    if own != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:")).context("there is no user postgres")?;
    let mut fields = line.split(':').skip(2);
    let mut id = || fields.next().and_then(|field| field.parse().ok()).context("the user postgres has no id");
    Ok(Some((id()?, id()?)))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((uid, gid)) => command.uid(uid).gid(gid),
        None => command,
    }
}

impl Server {
    fn start(programs: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg").tempdir()?.keep();
        let user = other_user()?;
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid))?;
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        let data = folder.join("data");
        let made = as_user(
            other(programs.join("initdb")).args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "-D"]).arg(&data),
            user,
        )
        .current_dir("/")
        .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // The shell ends the server when its standard input closes, however the process that held it ended. It is told
        // by SIGTERM: what a shell starts in the background ignores SIGINT.
        let script = "\"$1/postgres\" -D \"$2/data\" -k \"$2\" -c listen_addresses= -c fsync=off -c full_page_writes=off \
                      -c max_connections=200 >\"$2/log\" 2>&1 </dev/null & read -r _; kill -TERM $!; wait; rm -rf \"$2\"";
        let mut child =
            as_user(other("sh").args(["-c", script, "sh"]).arg(&programs).arg(&folder).current_dir("/"), user)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()?;
        let open = child.stdin.take().context("no standard input")?;
        let server = Self { programs, folder, _open: open };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if self.client("pg_isready").output()?.status.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("it does not answer: {}", std::fs::read_to_string(self.folder.join("log")).unwrap_or_default())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = other(self.programs.join(program));
        command.args(["-U", "postgres", "-h"]).arg(&self.folder);
        command
    }

    fn create(&self, name: &str) -> Result<String> {
        let made = self.client("createdb").arg(name).output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Ok(format!("postgres://postgres@localhost/{name}?host={}", escaped(&self.folder)))
    }
}

fn escaped(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}
