//! The smaller parts: configuration, distribution, Dockerfile, gaps, edges, hits of searches.

use serde::Deserialize;
use stopgate_model::{
    ConfigHit, ConfigPlace, Distro, Dockerfile, DockerfileMode, Element, Gap, GapClass, GapCode, Healthcheck,
    HistoryEntry, ImageConfig, Instruction, Relationship, RelationshipKind, SbomHead, SearchHit,
};

use super::packages::{id, layer};
use super::read::{Invalid, all, invalid};
use super::write::digest_field;
use crate::json::JsonWriter;

pub(super) fn config(w: &mut JsonWriter<'_>, config: &ImageConfig) {
    w.text_unless_empty("architecture", &config.architecture);
    w.text_unless_empty("author", &config.author);
    w.texts_unless_empty("cmd", &config.cmd);
    w.text_unless_empty("created", &config.created);
    w.texts_unless_empty("entrypoint", &config.entrypoint);
    w.texts_unless_empty("env", &config.env);
    w.texts_unless_empty("exposed_ports", &config.exposed_ports);
    if let Some(check) = &config.healthcheck {
        w.key("healthcheck").object(|w| {
            w.key("interval_ns").number(check.interval_ns);
            w.key("retries").number(check.retries);
            w.texts_field("test", &check.test);
            w.key("timeout_ns").number(check.timeout_ns);
        });
    }
    if let Some(history) = &config.history {
        w.key("history").list(history, |w, entry| {
            w.object(|w| {
                w.text_unless_empty("author", &entry.author);
                w.text_unless_empty("comment", &entry.comment);
                w.text_unless_empty("created", &entry.created);
                w.text_unless_empty("created_by", &entry.created_by);
                if entry.empty_layer {
                    w.key("empty_layer").boolean(true);
                }
            });
        });
    }
    if !config.labels.is_empty() {
        w.key("labels").list(&config.labels, |w, (name, value)| w.list([name, value], |w, text| w.text(text)));
    }
    w.texts_unless_empty("on_build", &config.on_build);
    w.text_unless_empty("os", &config.os);
    w.texts_unless_empty("shell", &config.shell);
    w.text_unless_empty("stop_signal", &config.stop_signal);
    w.text_unless_empty("user", &config.user);
    w.text_unless_empty("variant", &config.variant);
    w.texts_unless_empty("volumes", &config.volumes);
    w.text_unless_empty("working_dir", &config.working_dir);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct ConfigRow {
    architecture: String,
    author: String,
    cmd: Vec<String>,
    created: String,
    entrypoint: Vec<String>,
    env: Vec<String>,
    exposed_ports: Vec<String>,
    healthcheck: Option<HealthcheckRow>,
    history: Option<Vec<HistoryRow>>,
    labels: Vec<(String, String)>,
    on_build: Vec<String>,
    os: String,
    shell: Vec<String>,
    stop_signal: String,
    user: String,
    variant: String,
    volumes: Vec<String>,
    working_dir: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthcheckRow {
    interval_ns: u64,
    retries: u64,
    test: Vec<String>,
    timeout_ns: u64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct HistoryRow {
    author: String,
    comment: String,
    created: String,
    created_by: String,
    empty_layer: bool,
}

impl From<ConfigRow> for ImageConfig {
    fn from(row: ConfigRow) -> Self {
        let healthcheck = row.healthcheck.map(|check| Healthcheck {
            test: check.test,
            interval_ns: check.interval_ns,
            timeout_ns: check.timeout_ns,
            retries: check.retries,
        });
        let entry = |entry: HistoryRow| HistoryEntry {
            created: entry.created,
            created_by: entry.created_by,
            comment: entry.comment,
            author: entry.author,
            empty_layer: entry.empty_layer,
        };
        Self {
            user: row.user,
            exposed_ports: row.exposed_ports,
            env: row.env,
            entrypoint: row.entrypoint,
            cmd: row.cmd,
            working_dir: row.working_dir,
            labels: row.labels,
            volumes: row.volumes,
            healthcheck,
            stop_signal: row.stop_signal,
            on_build: row.on_build,
            shell: row.shell,
            created: row.created,
            author: row.author,
            architecture: row.architecture,
            os: row.os,
            variant: row.variant,
            history: row.history.map(|history| history.into_iter().map(entry).collect()),
        }
    }
}

pub(super) fn distro(w: &mut JsonWriter<'_>, distro: &Distro) {
    w.text_unless_empty("bug_report_url", &distro.bug_report_url);
    w.text_unless_empty("build_id", &distro.build_id);
    w.text_unless_empty("cpe_name", &distro.cpe_name);
    if distro.extended_support {
        w.key("extended_support").boolean(true);
    }
    w.text_unless_empty("home_url", &distro.home_url);
    w.text_unless_empty("id", &distro.id);
    w.texts_unless_empty("id_like", &distro.id_like);
    w.text_unless_empty("image_id", &distro.image_id);
    w.text_unless_empty("image_version", &distro.image_version);
    w.text_unless_empty("name", &distro.name);
    w.text_unless_empty("pretty_name", &distro.pretty_name);
    w.text_unless_empty("privacy_policy_url", &distro.privacy_policy_url);
    w.text_unless_empty("support_end", &distro.support_end);
    w.text_unless_empty("support_url", &distro.support_url);
    w.text_unless_empty("variant", &distro.variant);
    w.text_unless_empty("variant_id", &distro.variant_id);
    w.text_unless_empty("version", &distro.version);
    w.text_unless_empty("version_codename", &distro.version_codename);
    w.text_unless_empty("version_id", &distro.version_id);
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DistroRow {
    bug_report_url: String,
    build_id: String,
    cpe_name: String,
    extended_support: bool,
    home_url: String,
    id: String,
    id_like: Vec<String>,
    image_id: String,
    image_version: String,
    name: String,
    pretty_name: String,
    privacy_policy_url: String,
    support_end: String,
    support_url: String,
    variant: String,
    variant_id: String,
    version: String,
    version_codename: String,
    version_id: String,
}

impl From<DistroRow> for Distro {
    fn from(row: DistroRow) -> Self {
        Self {
            id: row.id,
            id_like: row.id_like,
            name: row.name,
            pretty_name: row.pretty_name,
            version: row.version,
            version_id: row.version_id,
            version_codename: row.version_codename,
            build_id: row.build_id,
            image_id: row.image_id,
            image_version: row.image_version,
            variant: row.variant,
            variant_id: row.variant_id,
            home_url: row.home_url,
            support_url: row.support_url,
            bug_report_url: row.bug_report_url,
            privacy_policy_url: row.privacy_policy_url,
            cpe_name: row.cpe_name,
            support_end: row.support_end,
            extended_support: row.extended_support,
        }
    }
}

pub(super) fn dockerfile(w: &mut JsonWriter<'_>, dockerfile: &Dockerfile) {
    w.key("instructions").list(&dockerfile.instructions, |w, instruction| {
        w.object(|w| {
            w.text_field("arguments", &instruction.arguments);
            w.text_field("keyword", &instruction.keyword);
            w.key("line").number(instruction.line);
            w.key("stage").number(instruction.stage);
        });
    });
    w.text_field(
        "mode",
        match dockerfile.mode {
            DockerfileMode::Actual => "actual",
            DockerfileMode::Guessed => "guessed",
        },
    );
    w.text_field("text", &dockerfile.text);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DockerfileRow {
    instructions: Vec<InstructionRow>,
    mode: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstructionRow {
    arguments: String,
    keyword: String,
    line: u32,
    stage: u32,
}

impl DockerfileRow {
    pub(super) fn dockerfile(self) -> Result<Dockerfile, Invalid> {
        let instruction = |row: InstructionRow| Instruction {
            keyword: row.keyword,
            arguments: row.arguments,
            line: row.line,
            stage: row.stage,
        };
        Ok(Dockerfile {
            mode: match self.mode.as_str() {
                "actual" => DockerfileMode::Actual,
                "guessed" => DockerfileMode::Guessed,
                other => return Err(invalid("mode of a Dockerfile", other)),
            },
            text: self.text,
            instructions: self.instructions.into_iter().map(instruction).collect(),
        })
    }
}

pub(super) fn gap(w: &mut JsonWriter<'_>, gap: &Gap) {
    w.text_field("class", gap.class.name());
    w.text_field("code", gap.code.name());
    digest_field(w, "layer", gap.layer.as_ref());
    if let Some(limit) = gap.limit {
        w.key("limit").number(limit);
    }
    w.text_field("message", &gap.message);
    if let Some(path) = &gap.path {
        w.text_field("path", path);
    }
    if let Some(seen) = gap.seen {
        w.key("seen").number(seen);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GapRow {
    class: String,
    code: String,
    layer: Option<String>,
    limit: Option<u64>,
    message: String,
    path: Option<String>,
    seen: Option<u64>,
}

impl GapRow {
    pub(super) fn gap(self) -> Result<Gap, Invalid> {
        Ok(Gap {
            code: GapCode::parse(&self.code).ok_or_else(|| invalid("gap code", &self.code))?,
            class: GapClass::parse(&self.class).ok_or_else(|| invalid("gap class", &self.class))?,
            path: self.path,
            layer: layer(self.layer.as_deref())?,
            limit: self.limit,
            seen: self.seen,
            message: self.message,
        })
    }
}

pub(super) fn relationship(w: &mut JsonWriter<'_>, edge: &Relationship) {
    w.key("from").object(|w| element(w, &edge.from));
    match &edge.kind {
        RelationshipKind::DependencyOf => w.text_field("kind", "dependency_of"),
        RelationshipKind::OwnershipByFileOverlap(paths) => {
            w.text_field("kind", "ownership_by_file_overlap");
            w.texts_field("paths", paths);
        }
        RelationshipKind::Other(name) => w.text_field("other", name),
    }
    w.key("to").object(|w| element(w, &edge.to));
}

fn element(w: &mut JsonWriter<'_>, element: &Element) {
    match element {
        // The only element of its kind has no name.
        Element::Source => {}
        Element::Package(id) => w.key("package").id(id.0),
        Element::File(path) => w.text_field("file", path),
        Element::Foreign(id) => w.text_field("foreign", id),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationshipRow {
    from: ElementRow,
    kind: Option<String>,
    other: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    to: ElementRow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElementRow {
    file: Option<String>,
    foreign: Option<String>,
    package: Option<String>,
}

impl RelationshipRow {
    pub(super) fn relationship(self) -> Result<Relationship, Invalid> {
        let kind = match (self.kind.as_deref(), self.other) {
            (Some("dependency_of"), None) => RelationshipKind::DependencyOf,
            (Some("ownership_by_file_overlap"), None) => RelationshipKind::OwnershipByFileOverlap(self.paths),
            (None, Some(name)) => RelationshipKind::Other(name),
            (kind, _) => return Err(invalid("kind of relationship", kind.unwrap_or_default())),
        };
        Ok(Relationship { from: self.from.element()?, to: self.to.element()?, kind })
    }
}

impl ElementRow {
    fn element(self) -> Result<Element, Invalid> {
        Ok(match self {
            Self { package: Some(text), .. } => Element::Package(id(&text)?),
            Self { file: Some(path), .. } => Element::File(path),
            Self { foreign: Some(id), .. } => Element::Foreign(id),
            _ => Element::Source,
        })
    }
}

pub(super) fn search_hit(w: &mut JsonWriter<'_>, hit: &SearchHit) {
    digest_field(w, "layer", hit.layer.as_ref());
    w.key("lines").list(&hit.lines, |w, line| w.number(*line));
    w.text_field("name", &hit.name);
    w.text_field("path", &hit.path);
    w.text_field("pattern", &hit.pattern);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchRow {
    layer: Option<String>,
    lines: Vec<u32>,
    name: String,
    path: String,
    pattern: String,
}

impl SearchRow {
    pub(super) fn hit(self) -> Result<SearchHit, Invalid> {
        Ok(SearchHit {
            path: self.path,
            layer: layer(self.layer.as_deref())?,
            name: self.name,
            pattern: self.pattern,
            lines: self.lines,
        })
    }
}

pub(super) fn config_hit(w: &mut JsonWriter<'_>, hit: &ConfigHit) {
    w.text_field("field", &hit.field);
    w.text_field("name", &hit.name);
    w.text_field("place", hit.place.name());
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigHitRow {
    field: String,
    name: String,
    place: String,
}

impl ConfigHitRow {
    pub(super) fn hit(self) -> Result<ConfigHit, Invalid> {
        let place = ConfigPlace::parse(&self.place).ok_or_else(|| invalid("place of a secret", &self.place))?;
        Ok(ConfigHit { place, field: self.field, name: self.name })
    }
}

pub(super) fn sbom_head(w: &mut JsonWriter<'_>, head: &SbomHead) {
    w.texts_unless_empty("authors", &head.authors);
    w.texts_unless_empty("contexts", &head.contexts);
    w.text_unless_empty("created", &head.created);
    w.key("supplied").list(&head.supplied, JsonWriter::shown);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SbomRow {
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    created: String,
    supplied: Vec<String>,
}

impl SbomRow {
    pub(super) fn head(self) -> Result<SbomHead, Invalid> {
        let Self { authors, contexts, created, supplied } = self;
        Ok(SbomHead { authors, contexts, created, supplied: all(supplied, |text| id(&text))? })
    }
}
