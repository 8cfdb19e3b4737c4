//! An image that is hardened on purpose, with the documents that vouch for it. Each field is a property that a test can
//! break.

mod papers;
mod tree;

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};
use stopgate_archive::write::{Built, Entry, ImageBuilder};

pub use papers::{Paper, Signer};
pub use tree::{Deb, advisory};

/// What the image and its documents are made of.
#[derive(Debug, Clone)]
pub struct Hardened {
    /// os-release.
    pub release: String,
    /// Packages of the base image.
    pub debs: Vec<Deb>,
    /// Packages that the image adds.
    pub own: Vec<Deb>,
    /// `/etc/passwd`.
    pub passwd: String,
    /// `/etc/shadow`.
    pub shadow: String,
    /// Settings of the base image: path, content.
    pub settings: Vec<(&'static str, String)>,
    /// What the image adds beside packages.
    pub files: Vec<Entry>,
    /// What one layer adds and the next removes.
    pub removed: Vec<Entry>,
    /// Further layers, each with one file.
    pub layers: usize,
    /// `USER`.
    pub user: Option<&'static str>,
    /// `EXPOSE`.
    pub ports: Vec<&'static str>,
    /// What follows `HEALTHCHECK`.
    pub health: Option<&'static str>,
    /// `VOLUME`.
    pub volumes: Vec<&'static str>,
    /// `ENV`.
    pub env: Vec<(&'static str, String)>,
    /// `LABEL`.
    pub labels: Vec<(&'static str, String)>,
    /// Further lines of the Dockerfile.
    pub build: Vec<&'static str>,
    /// Name and tag of the base image.
    pub base: &'static str,
    /// Whether the Dockerfile names the base by its digest as well.
    pub pinned: bool,
    /// When the image was built.
    pub created: &'static str,
    /// Own advisories in OSV form.
    pub advisories: Vec<Value>,
    /// Signatures that malware scanners found, with their paths; `None`: no scan.
    pub malware: Option<Vec<(&'static str, &'static str)>>,
    /// Impact and status of each control of a STIG evaluation; `None`: no evaluation.
    pub stig: Option<Vec<(f64, &'static str)>>,
    /// When that evaluation ran.
    pub stig_time: &'static str,
    /// Signed statements.
    pub papers: Vec<Paper>,
}

/// When the image was built, and evaluated against a STIG.
pub const BUILT: &str = "2026-03-01T06:00:00Z";
const BASE: &str = "registry1.dso.mil/ironbank/acme/debian:12.5";
const IMAGE: &str = "registry.example.org/acme/server:1.0.0";

/// The image as it should be.
impl Default for Hardened {
    fn default() -> Self {
        let label = |name, value: &str| (name, value.to_owned());
        Self {
            release: crate::images::DEBIAN_12.to_owned(),
            debs: tree::base(),
            own: tree::own(),
            passwd: tree::PASSWD.to_owned(),
            shadow: tree::SHADOW.to_owned(),
            settings: tree::settings(),
            files: tree::application(),
            removed: Vec::new(),
            layers: 0,
            user: Some("10001:10001"),
            ports: vec!["8080"],
            health: Some(r#"CMD ["/usr/bin/acme-server", "-check"]"#),
            volumes: Vec::new(),
            env: vec![("LANG", "C.UTF-8".to_owned())],
            labels: vec![
                label("org.opencontainers.image.title", "server"),
                label("org.opencontainers.image.description", "what Acme serves"),
                label("org.opencontainers.image.licenses", "MIT"),
                label("org.opencontainers.image.vendor", "Acme"),
                label("org.opencontainers.image.version", "1.0.0"),
                label("org.opencontainers.image.source", "https://git.example.org/acme/server"),
            ],
            build: Vec::new(),
            base: BASE,
            pinned: true,
            created: BUILT,
            advisories: vec![tree::fixed_advisory()],
            malware: Some(Vec::new()),
            stig: Some(vec![(0.7, "passed"), (0.5, "passed"), (0.3, "passed")]),
            stig_time: BUILT,
            papers: papers::all(),
        }
    }
}

impl Hardened {
    /// Writes `image.tar`, `base.tar`, `Dockerfile`, `Dockerfile.arguments` (the same with the base given by Iron Bank's
    /// three arguments), `osv/`, and those of `malware.json`, `stig.json`, `attestations.jsonl` and `trust.json` that
    /// there are.
    pub fn write(&self, folder: &Path) -> Result<Written> {
        let base = self.base_image().build()?;
        let image = self.image(&base)?;
        std::fs::write(folder.join("base.tar"), base.oci_archive()?)?;
        std::fs::write(folder.join("image.tar"), image.oci_archive()?)?;
        let digest = base.manifest.digest.to_string();
        std::fs::write(folder.join("Dockerfile"), self.dockerfile(&self.base_line(&digest)))?;
        std::fs::write(folder.join("Dockerfile.arguments"), self.dockerfile(&self.base_by_arguments()))?;
        std::fs::create_dir_all(folder.join("osv"))?;
        for (at, advisory) in self.advisories.iter().enumerate() {
            std::fs::write(folder.join(format!("osv/{at}.json")), advisory.to_string())?;
        }
        let flags = self.write_papers(folder, &base, &image)?;
        Ok(Written { base_digest: digest, flags })
    }

    fn base_image(&self) -> ImageBuilder {
        let history = json!([{"created_by": "COPY rootfs / # buildkit"}]);
        ImageBuilder::new().layer(self.base_tree()).tag(self.base).config_field("history", history)
    }

    fn image(&self, base: &Built) -> Result<Built> {
        let mut builder = ImageBuilder::new().layer(self.base_tree()).layer(self.own_tree()).tag(IMAGE);
        let mut history =
            vec![json!({"created_by": "COPY rootfs / # buildkit"}), json!({"created_by": "COPY app / # buildkit"})];
        if !self.removed.is_empty() {
            let gone = self.removed.iter().map(|entry| Entry::whiteout(&entry.path)).collect();
            builder = builder.layer(self.removed.clone()).layer(gone);
            history.extend([json!({"created_by": "COPY build /"}), json!({"created_by": "RUN /bin/clean"})]);
        }
        for number in 0..self.layers {
            builder = builder.layer(vec![Entry::file(format!("srv/part-{number}"), "")]);
            history.push(json!({"created_by": format!("COPY part-{number} /srv/ # buildkit")}));
        }
        let lines = self.dockerfile(&self.base_line(&base.manifest.digest.to_string()));
        let empty = lines.lines().filter(|line| !line.starts_with("FROM") && !line.starts_with("COPY"));
        history.extend(empty.map(|line| json!({"created_by": line, "empty_layer": true})));
        let builder = builder
            .config_field("created", json!(self.created))
            .config_field("config", self.config())
            .config_field("history", Value::Array(history));
        Ok(builder.build()?)
    }

    fn base_line(&self, digest: &str) -> String {
        let digest = if self.pinned { format!("@{digest}") } else { String::new() };
        format!("FROM {}{digest}\n", self.base)
    }

    fn base_by_arguments(&self) -> String {
        let (registry, rest) = self.base.split_once('/').unwrap_or(("", self.base));
        let (name, tag) = rest.split_once(':').unwrap_or((rest, "latest"));
        format!(
            "ARG BASE_REGISTRY={registry}\nARG BASE_IMAGE={name}\nARG BASE_TAG={tag}\n\
             FROM ${{BASE_REGISTRY}}/${{BASE_IMAGE}}:${{BASE_TAG}}\n"
        )
    }

    fn dockerfile(&self, from: &str) -> String {
        let labels = self.labels.iter().map(|(name, value)| format!("LABEL {name}=\"{value}\""));
        let env = self.env.iter().map(|(name, value)| format!("ENV {name}={value}"));
        let mut lines: Vec<String> = labels.chain(env).chain(["COPY app /".to_owned()]).collect();
        lines.extend(self.build.iter().map(|line| (*line).to_owned()));
        lines.extend(self.volumes.iter().map(|volume| format!("VOLUME [\"{volume}\"]")));
        lines.extend((!self.ports.is_empty()).then(|| format!("EXPOSE {}", self.ports.join(" "))));
        lines.extend(self.user.map(|user| format!("USER {user}")));
        lines.extend(self.health.map(|health| format!("HEALTHCHECK {health}")));
        lines.push("ENTRYPOINT [\"/usr/bin/acme-server\"]".to_owned());
        lines.iter().fold(from.to_owned(), |text, line| text + line + "\n")
    }

    /// What a builder writes of those lines.
    fn config(&self) -> Value {
        let set = |names: &[&str], end: &str| -> Value {
            names.iter().map(|name| (format!("{name}{end}"), json!({}))).collect::<Map<_, _>>().into()
        };
        let test = match self.health {
            Some("NONE") => json!({"Test": ["NONE"]}),
            Some(_) => json!({"Test": ["CMD", "/usr/bin/acme-server", "-check"]}),
            None => Value::Null,
        };
        let labels: Map<String, Value> =
            self.labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "User": self.user.unwrap_or_default(),
            "ExposedPorts": set(&self.ports, "/tcp"),
            "Volumes": set(&self.volumes, ""),
            "Env": self.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            "Labels": labels,
            "Healthcheck": test,
            "Entrypoint": ["/usr/bin/acme-server"],
        })
    }
}

/// A flag with the name of its file.
pub type Flag = (&'static str, &'static str);

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Digest of the base image's manifest.
    pub base_digest: String,
    /// The flags for the documents that there are.
    pub flags: Vec<Flag>,
}
