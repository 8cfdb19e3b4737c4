//! The jobs of docs/ci, as they stand there, against a live server and a real registry: a bad image ends the job with 1,
//! a good one with 0. On SQLite with a folder, and on PostgreSQL with S3.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use stopgate_testkit::{Registry, S3, Server, Stopgate, have, images, postgres};

const OSV: &str = r#"{"id":"GHSA-jfh8-c2jp-5v3q","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2021-44228"],
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"Maven","name":"org.apache.logging.log4j:log4j-core"},
  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}]}]}"#;

/// Where a job runs: a server with data, a registry that asks for a password, a checkout.
struct Site {
    stopgate: Stopgate,
    server: Server,
    registry: Registry,
}

/// What the machine lacks, if anything.
fn able() -> bool {
    ["docker-registry", "skopeo", "htpasswd", "curl"].iter().all(|program| have(program))
}

impl Site {
    fn new(options: &[&str], variables: &[(&str, &str)]) -> Result<Self> {
        let stopgate =
            variables.iter().fold(Stopgate::new()?, |stopgate, (name, value)| stopgate.variable(name, value));
        let osv = stopgate.home().join("osv");
        std::fs::create_dir_all(&osv)?;
        std::fs::write(osv.join("log4shell.json"), OSV)?;
        let data = stopgate.home().join("data");
        let built = stopgate
            .command(["db", "build", "osv", "-q"])
            .env("STOPGATE_CACHE_DIR", &data)
            .stdin(Stdio::null())
            .output()?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let server = Server::with(&stopgate, options)?;
        Ok(Self { stopgate, server, registry: Registry::with_password()? })
    }

    /// A folder with an image, its Dockerfile and the credentials of the registry.
    fn checkout(&self, name: &str, good: bool) -> Result<PathBuf> {
        let folder = self.stopgate.home().join(name);
        std::fs::create_dir_all(&folder)?;
        let image = if good { images::good() } else { images::mixed()? };
        image.write_oci_archive(&folder.join("image.tar"))?;
        self.registry.push("team/app", name, &image.build()?)?;
        std::fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY app /app\nUSER 1000\nHEALTHCHECK CMD /app\n")?;
        Ok(folder)
    }

    /// Runs lines of a job as a runner does: in the checkout, with the job's variables.
    fn job(&self, folder: &Path, lines: &str, variables: &[(&str, String)]) -> Result<Output> {
        let script = folder.join("job.sh");
        std::fs::write(&script, lines)?;
        let (user, password) = self.registry.credentials().context("credentials")?;
        let docker = folder.join(".docker");
        let config = docker.join("config.json");
        std::fs::create_dir_all(&docker)?;
        let auth = stopgate_testkit::base64(&format!("{user}:{password}"));
        std::fs::write(&config, serde_json::json!({"auths": {self.registry.host(): {"auth": auth}}}).to_string())?;
        let mut command = self.stopgate.shell(&script, folder);
        command
            .env("ANCHORECTL_URL", self.server.url())
            .env("ANCHORECTL_USERNAME", "admin")
            .env("ANCHORECTL_PASSWORD", self.server.password())
            .env("DOCKER_CONFIG", &docker)
            .env("STOPGATE_POLL_MS", "100");
        for (name, value) in variables {
            command.env(name, value);
        }
        Ok(command.output()?)
    }

    fn image(&self, name: &str) -> String {
        format!("{}/team/app:{name}", self.registry.host())
    }

    fn get(&self, path: &str) -> Result<Value> {
        let user = format!("admin:{}", self.server.password());
        let url = format!("{}/v2{path}", self.server.url());
        let answer = self.stopgate.tool("curl").args(["-sS", "-u", &user, &url]).output()?;
        serde_json::from_slice(&answer.stdout).with_context(|| String::from_utf8_lossy(&answer.stdout).into_owned())
    }
}

/// The first fenced block of a page of docs/ci.
fn block(page: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ci").join(page);
    let text = std::fs::read_to_string(&path)?;
    let inside = text.split("```").nth(1).context("no block")?;
    let (_, block) = inside.split_once('\n').context("no lines")?;
    Ok(block.to_owned())
}

fn yaml(page: &str) -> Result<Value> {
    serde_saphyr::from_str(&block(page)?).with_context(|| page.to_owned())
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a job says to a good and to a bad image.
fn decides(site: &Site, lines: &str, variables: &[(&str, String)]) -> Result<()> {
    for (name, code) in [("good", 0), ("bad", 1)] {
        let folder = site.stopgate.home().join(name);
        let mut variables = variables.to_vec();
        variables.push(("IMAGE", site.image(name)));
        let done = site.job(&folder, lines, &variables)?;
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{name}\n{lines}\n{out}\n{err}\n{}", site.server.log());
        let verdict = if code == 0 { "Evaluation: pass" } else { "Evaluation: fail" };
        assert!(out.lines().any(|line| line == verdict), "{name}: {out}");
        if code == 1 {
            for part in ["vulnerabilities", "log4j-core", "Remediation:", "2.15.0"] {
                assert!(out.contains(part), "{part} is not in\n{out}");
            }
            assert!(err.contains("failed policies"), "{err}");
        }
    }
    Ok(())
}

/// The job for GitLab, which logs in, pushes, downloads, adds and checks.
fn gitlab(site: &Site) -> Result<()> {
    let job = yaml("gitlab.md")?;
    let gate = &job["gate"];
    let lines = texts(&gate["script"])
        .join("\n")
        .replace("skopeo copy", "skopeo --insecure-policy copy --dest-tls-verify=false");
    let (user, password) = site.registry.credentials().context("credentials")?;
    assert_eq!(gate["variables"]["ANCHORECTL_FAIL_BASED_ON_RESULTS"], "true");
    let variables = [
        ("CI_REGISTRY", site.registry.host()),
        ("CI_REGISTRY_USER", user.to_owned()),
        ("CI_REGISTRY_PASSWORD", password.to_owned()),
        ("ANCHORECTL_FAIL_BASED_ON_RESULTS", "true".to_owned()),
    ];
    for name in ["good", "bad"] {
        site.checkout(name, name == "good")?;
    }
    decides(site, &format!("set -eu\n{lines}"), &variables)
}

#[test]
fn the_job_for_gitlab_on_sqlite_and_the_others_beside_it() -> Result<()> {
    if !able() {
        return Ok(());
    }
    let site = Site::new(&[], &[])?;
    gitlab(&site)?;

    let github = yaml("github.md")?;
    let steps = github["jobs"]["gate"]["steps"].as_array().context("steps")?;
    let lines: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    // `tee` hides how the command before it ended; the runner's shell has `pipefail`, and the last line decides.
    decides(&site, &format!("set -eu\n{}", lines.join("\n")), &[])?;

    let jenkins = block("jenkins.md")?;
    let lines = jenkins.split("'''").nth(1).context("no script")?;
    let named = [("STOPGATE_USR", "admin".to_owned()), ("STOPGATE_PSW", site.server.password().to_owned())];
    decides(&site, &format!("set -eu\n{lines}"), &named)?;

    let azure = yaml("azure.md")?;
    let step = &azure["steps"][0];
    let fails = [("ANCHORECTL_FAIL_BASED_ON_RESULTS", step["env"]["ANCHORECTL_FAIL_BASED_ON_RESULTS"].as_str())];
    let fails = fails.map(|(name, value)| (name, value.unwrap_or_default().to_owned()));
    decides(&site, step["bash"].as_str().context("bash")?, &fails)?;

    let tekton = yaml("tekton.md")?;
    decides(&site, tekton["spec"]["steps"][0]["script"].as_str().context("script")?, &[])?;

    // What the job sent is marked as such, and by whom.
    let listed = site.get(&format!("/images?full_tag={}", site.image("bad")))?;
    assert_eq!(listed["items"][0]["annotations"]["stopgate.io/imported-by"], "admin", "{listed}");
    assert_eq!(site.server.stop()?, 0);
    Ok(())
}

#[test]
fn the_job_for_gitlab_on_postgresql_and_s3() -> Result<()> {
    if !able() {
        return Ok(());
    }
    let Some(database) = postgres::database() else { return Ok(()) };
    let s3 = S3::start()?;
    let blobs = s3.blobs();
    let site = Site::new(&["--database", &database, "--blobs", &blobs], &s3.variables())?;
    gitlab(&site)?;
    assert_eq!(site.server.stop()?, 0);
    Ok(())
}
