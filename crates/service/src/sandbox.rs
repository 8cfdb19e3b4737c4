//! The process that reads an image: whatever is in it, it can reach no network, start no program, and write nowhere but
//! into its own folder. What it needs was fetched before it was started.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{SeccompAction, SeccompFilter, TargetArch, apply_filter};
use serde::{Deserialize, Serialize};
use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_source::{SourceOptions, SourceSpec};

use crate::ServiceError;
use crate::error::with_causes;

/// What is to be read, as `job.json` in the folder of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OneJob {
    /// The name under which the image is known.
    pub(crate) reference: String,
    /// Paths whose content policies read.
    pub(crate) retrieve: Vec<String>,
    /// Whether files are compared with what package databases record.
    pub(crate) verify: bool,
}

/// Where the image lies in a job's folder, and where its result is written.
const LAYOUT: &str = "image";
const OUT: &str = "out";
const RESULT: &str = "analysis";
const FAILURE: &str = "failure";
/// How long an image may be read.
const TIME: Duration = Duration::from_mins(30);
/// Address space of the process.
const MEMORY: u64 = 8 << 30;
/// The largest file that it may write.
const FILE: u64 = 8 << 30;

/// The body of `work --one-job FOLDER`: reads the image in the folder, and writes what is in it or why that is not known.
/// `false` when it is not known.
pub fn run_one_job(folder: &Path) -> Result<bool, ServiceError> {
    let failed = |error: std::io::Error| ServiceError::internal(format!("`{}`: {error}", folder.display()));
    let job = std::fs::read(folder.join("job.json")).map_err(failed)?;
    let job: OneJob = serde_json::from_slice(&job).map_err(ServiceError::internal)?;
    let out = folder.join(OUT);
    std::fs::create_dir_all(out.join("tmp")).map_err(failed)?;
    confine(folder)?;
    let read = read(folder, &job);
    let (name, bytes) = match &read {
        Ok(bytes) => (RESULT, bytes.as_slice()),
        Err(cause) => (FAILURE, cause.as_bytes()),
    };
    // Whole or not at all: the parent may find it after this process was killed.
    let temporary = out.join("tmp").join(name);
    std::fs::write(&temporary, bytes).map_err(failed)?;
    std::fs::rename(&temporary, out.join(name)).map_err(failed)?;
    Ok(read.is_ok())
}

fn read(folder: &Path, job: &OneJob) -> Result<Vec<u8>, String> {
    let name = format!("oci-dir:{}", folder.join(LAYOUT).display());
    let spec = SourceSpec::parse(&name).map_err(|error| with_causes(&error))?;
    let options = SourceOptions { offline: true, ..SourceOptions::default() };
    let opened = stopgate_source::open(&spec, &options).map_err(|error| with_causes(&error))?;
    let reference = stopgate_model::ImageReference::parse(&job.reference).map_err(|error| with_causes(&error))?;
    let analyzing = AnalyzeOptions {
        reference: Some(reference),
        user_input: job.reference.clone(),
        retrieve: job.retrieve.clone(),
        verify: job.verify,
        ..AnalyzeOptions::default()
    };
    let artifact = analyze(&opened, &analyzing).map_err(|error| with_causes(&error))?;
    let mut bytes = Vec::new();
    stopgate_formats::analysis::write(&artifact, &mut bytes).map_err(|error| with_causes(&error))?;
    Ok(bytes)
}

/// Takes from this process what reading an image does not need. Threads that are started later have no more.
fn confine(folder: &Path) -> Result<(), ServiceError> {
    let refused = |what: &str, error: &dyn std::fmt::Display| ServiceError::internal(format!("{what}: {error}"));
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Fsize, FILE),
        (Resource::Cpu, TIME.as_secs() * 4),
        (Resource::Core, 0),
        (Resource::Nofile, 1_024),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| refused("a limit of the process cannot be set", &error))?;
    }
    // A kernel without Landlock still has the other two walls.
    let abi = ABI::V3;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(Ruleset::create)
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules([folder], AccessFs::from_read(abi))))
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules([folder.join(OUT)], AccessFs::from_all(abi))))
        // How many processors there are is read there.
        .and_then(|ruleset| {
            ruleset.add_rules(path_beneath_rules(["/proc", "/sys/fs/cgroup"], AccessFs::from_read(abi)))
        })
        .and_then(landlock::RulesetCreated::restrict_self);
    ruleset.map_err(|error| refused("the process cannot be kept in its folder", &error))?;
    let filter = SeccompFilter::new(
        DENIED.iter().map(|number| (*number, Vec::new())).collect::<BTreeMap<_, _>>(),
        SeccompAction::Allow,
        SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap_or(1)),
        TargetArch::try_from(std::env::consts::ARCH).map_err(|error| refused("seccomp", &error))?,
    );
    let program: seccompiler::BpfProgram =
        filter.and_then(TryInto::try_into).map_err(|error| refused("seccomp", &error))?;
    apply_filter(&program).map_err(|error| refused("seccomp", &error))
}

/// System calls that reading an image never needs.
const DENIED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
];

/// A folder for one job; it goes with the value.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new(folder: &Path) -> Result<Self, ServiceError> {
        let made = tempfile::Builder::new().prefix("job").tempdir_in(folder.join("scratch"));
        made.map(Self).map_err(|error| ServiceError::internal(format!("no scratch folder: {error}")))
    }

    /// Where the image goes.
    pub(crate) fn layout(&self) -> std::path::PathBuf {
        self.0.path().join(LAYOUT)
    }

    /// Reads the image in a process of its own; what is in it, or why that is not known.
    pub(crate) async fn run(&self, program: &Path, job: &OneJob) -> Result<Result<Vec<u8>, String>, ServiceError> {
        let folder = self.0.path();
        let io = |error: std::io::Error| ServiceError::internal(format!("the process of a job: {error}"));
        std::fs::write(folder.join("job.json"), serde_json::to_vec(job).map_err(ServiceError::internal)?)
            .map_err(io)?;
        let mut child = tokio::process::Command::new(program)
            .arg("work")
            .arg("--one-job")
            .arg(folder)
            .env_clear()
            .env("TMPDIR", folder.join(OUT).join("tmp"))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(io)?;
        let ended = tokio::time::timeout(TIME, child.wait()).await;
        let Ok(status) = ended else {
            let _ = child.kill().await;
            return Ok(Err(format!("reading it took longer than {} minutes", TIME.as_secs() / 60)));
        };
        let status = status.map_err(io)?;
        let out = folder.join(OUT);
        match (std::fs::read(out.join(RESULT)), std::fs::read_to_string(out.join(FAILURE))) {
            (Ok(bytes), _) if status.success() => Ok(Ok(bytes)),
            (_, Ok(cause)) => Ok(Err(cause)),
            _ => Ok(Err(format!("the process that read it ended without a word ({status})"))),
        }
    }
}
