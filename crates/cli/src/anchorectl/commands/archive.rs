//! `anchorectl archive`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use stopgate_api_types::image::{AnalysisArchiveSource, ImageAnalysisRequest, ImageSource};
use stopgate_client::{AddOptions, Client};

use super::{document, number};
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Archive {
    /// Archived analyses
    #[command(subcommand)]
    Image(ArchiveImage),
    /// Rules that move analyses
    #[command(subcommand)]
    Rule(Rule),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveImage {
    /// Archive analyses
    Add {
        /// Digests of the images
        #[arg(required = true, value_name = "DIGEST")]
        digests: Vec<String>,
    },
    /// List archived analyses
    List,
    /// Show one archived analysis
    Get {
        /// Digest of the image
        digest: String,
    },
    /// Delete an archived analysis
    #[command(visible_alias = "del")]
    Delete {
        /// Digest of the image
        digest: String,
        /// Also while it is being archived
        #[arg(long, env = "ANCHORECTL_ARCHIVE_IMAGE_FORCE")]
        force: bool,
    },
    /// Bring an archived analysis back
    Restore {
        /// Digest of the image
        digest: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// Add a rule
    Add(Box<AddRule>),
    /// List rules
    List {
        /// With those of the whole system
        #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_ARCHIVE_RULE_GLOBAL")]
        global: bool,
    },
    /// Show one rule
    Get {
        /// Id
        id: String,
    },
    /// Delete a rule
    #[command(visible_alias = "del")]
    Delete {
        /// Id
        id: String,
    },
}

/// A rule to add.
#[derive(Debug, Args)]
pub(crate) struct AddRule {
    /// At least so many days since the analysis
    #[arg(long, value_name = "DAYS", env = "ANCHORECTL_ARCHIVE_RULE_ANALYSIS_AGE_DAYS")]
    analysis_age_days: Option<String>,
    /// At least so many newer images of the tag
    #[arg(long, value_name = "NUMBER", env = "ANCHORECTL_ARCHIVE_RULE_TAG_VERSIONS_NEWER")]
    tag_versions_newer: Option<String>,
    /// Beyond so many images of the account
    #[arg(long, value_name = "NUMBER", env = "ANCHORECTL_ARCHIVE_RULE_MAX_IMAGES_PER_ACCOUNT")]
    max_images_per_account: Option<String>,
    /// Images of this registry
    #[arg(long, default_value = "*", env = "ANCHORECTL_ARCHIVE_RULE_SELECTOR_REGISTRY")]
    selector_registry: String,
    /// Images of this repository
    #[arg(long, default_value = "*", env = "ANCHORECTL_ARCHIVE_RULE_SELECTOR_REPOSITORY")]
    selector_repository: String,
    /// Images of this tag
    #[arg(long, default_value = "*", env = "ANCHORECTL_ARCHIVE_RULE_SELECTOR_TAG")]
    selector_tag: String,
    /// But not of this registry
    #[arg(long, env = "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_SELECTOR_REGISTRY")]
    exclude_selector_registry: Option<String>,
    /// But not of this repository
    #[arg(long, env = "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_SELECTOR_REPOSITORY")]
    exclude_selector_repository: Option<String>,
    /// But not of this tag
    #[arg(long, env = "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_SELECTOR_TAG")]
    exclude_selector_tag: Option<String>,
    /// The exception ends after so many days
    #[arg(long, value_name = "DAYS", env = "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_EXPIRATION_DAYS")]
    exclude_expiration_days: Option<String>,
    /// But not what ran within so many days
    #[arg(long, value_name = "DAYS", env = "ANCHORECTL_ARCHIVE_RULE_EXCLUDE_LAST_SEEN_IN_DAYS")]
    exclude_last_seen_in_days: Option<String>,
    /// What becomes of them
    #[arg(long, value_parser = ["archive", "delete"], default_value = "archive",
        env = "ANCHORECTL_ARCHIVE_RULE_TRANSITION")]
    transition: String,
    /// For all accounts
    #[arg(long, env = "ANCHORECTL_ARCHIVE_RULE_SYSTEM_GLOBAL")]
    system_global: bool,
    /// The rule's id
    #[arg(long, env = "ANCHORECTL_ARCHIVE_RULE_RULE_ID")]
    rule_id: Option<String>,
    #[command(flatten)]
    document: InputFile,
}

pub(crate) fn run(session: &mut Session, command: &Archive) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Archive::Image(command) => images(session, &client, command),
        Archive::Rule(command) => rules(session, &client, command),
    }
}

fn images(session: &mut Session, client: &Client, command: &ArchiveImage) -> Result<(), Failure> {
    match command {
        ArchiveImage::Add { digests } => {
            let reply = client.archive_image_add(digests)?;
            session.done("Added archive-images", "");
            let columns = [("IMAGE DIGEST", "digest"), ("STATUS", "status"), ("DETAIL", "detail")];
            session.print(&listing(reply.raw, &columns, "digest"))
        }
        ArchiveImage::List => {
            let reply = client.archive_image_list()?;
            session.done("Fetched archive-images", "");
            session.print(&listing(reply.raw, &IMAGE_COLUMNS, "image_digest"))
        }
        ArchiveImage::Get { digest } => {
            let reply = client.archive_image_get(digest)?;
            session.done("Fetched archive-image", digest);
            session.print(&one(reply.raw, "image_digest"))
        }
        ArchiveImage::Delete { digest, force } => {
            client.archive_image_delete(digest, *force)?;
            session.done("Deleted archive-image", digest);
            session.print(&Answer::new(Value::Null, String::new()).ids([digest.clone()]))
        }
        ArchiveImage::Restore { digest } => {
            let archive = Some(AnalysisArchiveSource { digest: digest.clone() });
            let source = Some(ImageSource { archive, ..ImageSource::default() });
            let request = ImageAnalysisRequest { source, ..ImageAnalysisRequest::default() };
            let reply = client.image_add(&request, AddOptions::default())?;
            session.done("Restored archive-image", digest);
            session.print(&super::image::answer(&reply))
        }
    }
}

const IMAGE_COLUMNS: [(&str, &str); 5] = [
    ("IMAGE DIGEST", "image_digest"),
    ("TAGS", "image_detail"),
    ("STATUS", "status"),
    ("ARCHIVE SIZE", "archive_size_bytes"),
    ("ANALYZED AT", "analyzed_at"),
];
const RULE_COLUMNS: [(&str, &str); 6] = [
    ("RULE ID", "rule_id"),
    ("TRANSITION", "transition"),
    ("ANALYSIS AGE (DAYS)", "analysis_age_days"),
    ("TAG VERSIONS NEWER", "tag_versions_newer"),
    ("GLOBAL", "system_global"),
    ("LAST UPDATED", "last_updated"),
];

fn rules(session: &mut Session, client: &Client, command: &Rule) -> Result<(), Failure> {
    match command {
        Rule::Add(options) => {
            let rule = match &options.document.input {
                Some(path) => document(session, Some(path))?,
                None => rule_of(options)?,
            };
            let reply = client.archive_rule_add(&rule)?;
            session.done("Added archive-rule", "");
            session.print(&one(reply.raw, "rule_id"))
        }
        Rule::List { global } => {
            let reply = client.archive_rule_list(*global)?;
            session.done("Fetched archive-rules", "");
            session.print(&listing(reply.raw, &RULE_COLUMNS, "rule_id"))
        }
        Rule::Get { id } => {
            let reply = client.archive_rule_get(id)?;
            session.done("Fetched archive-rule", id);
            session.print(&one(reply.raw, "rule_id"))
        }
        Rule::Delete { id } => {
            client.archive_rule_delete(id)?;
            session.done("Deleted archive-rule", id);
            session.print(&Answer::new(Value::Null, String::new()).ids([id.clone()]))
        }
    }
}

fn rule_of(options: &AddRule) -> Result<Value, Failure> {
    let mut rule = Map::new();
    rule.insert("transition".to_owned(), json!(options.transition));
    rule.insert("system_global".to_owned(), json!(options.system_global));
    rule.insert(
        "selector".to_owned(),
        json!({"registry": options.selector_registry, "repository": options.selector_repository,
            "tag": options.selector_tag}),
    );
    for (key, value) in [
        ("analysis_age_days", &options.analysis_age_days),
        ("tag_versions_newer", &options.tag_versions_newer),
        ("max_images_per_account", &options.max_images_per_account),
    ] {
        if let Some(value) = value {
            rule.insert(key.to_owned(), json!(number(value, "a whole number")?));
        }
    }
    if let Some(id) = &options.rule_id {
        rule.insert("rule_id".to_owned(), json!(id));
    }
    if let Some(exclude) = exclusion(options)? {
        rule.insert("exclude".to_owned(), exclude);
    }
    Ok(Value::Object(rule))
}

/// What the rule leaves alone; `None` when nothing is said of it.
fn exclusion(options: &AddRule) -> Result<Option<Value>, Failure> {
    let mut exclude = Map::new();
    let parts =
        [&options.exclude_selector_registry, &options.exclude_selector_repository, &options.exclude_selector_tag];
    if parts.iter().any(|part| part.is_some()) {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        let [registry, repository, tag] = parts.map(part);
        let selector = json!({"registry": registry, "repository": repository, "tag": tag});
        exclude.insert("selector".to_owned(), selector);
    }
    for (key, days) in [
        ("expiration_days", &options.exclude_expiration_days),
        ("last_seen_in_days", &options.exclude_last_seen_in_days),
    ] {
        if let Some(days) = days {
            exclude.insert(key.to_owned(), json!(number(days, "a number of days")?));
        }
    }
    Ok((!exclude.is_empty()).then_some(Value::Object(exclude)))
}

/// A table of a body that has no wire struct: the named keys of each of its items.
fn listing(raw: Value, columns: &[(&str, &str)], id: &str) -> Answer {
    let items = raw.get("items").unwrap_or(&raw).as_array().cloned().unwrap_or_default();
    let heads: Vec<&str> = columns.iter().map(|(head, _)| *head).collect();
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| columns.iter().map(|(_, key)| shown(item.get(*key).unwrap_or(&Value::Null))).collect())
        .collect();
    let ids: Vec<String> = items.iter().filter_map(|item| item.get(id)?.as_str()).map(str::to_owned).collect();
    Answer::new(raw, table(&heads, &rows)).ids(ids)
}

fn one(raw: Value, id: &str) -> Answer {
    let lines: Vec<(&str, String)> =
        raw.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), shown(value))).collect();
    let text = block(&lines);
    let ids = raw.get(id).and_then(Value::as_str).map(str::to_owned);
    Answer::new(raw, text).ids(ids)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.get("pull_string").or_else(|| item.get("full_tag")).map_or_else(|| shown(item), shown))
            .collect::<Vec<_>>()
            .join("\n"),
        other => other.to_string(),
    }
}
