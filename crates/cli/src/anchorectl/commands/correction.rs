//! `anchorectl correction`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::correction::{Correction as Record, CorrectionFieldMatch, CorrectionMatch, CorrectionType};
use stopgate_client::Reply;

use super::{pairs, shaped};
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Correction {
    /// Correct what packages are taken for
    Add(Add),
    /// List corrections
    List,
    /// Show one correction
    Get(Named),
    /// Delete a correction
    #[command(visible_alias = "del")]
    Delete(Named),
}

/// A correction to add.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Type of the packages
    #[arg(long = "type", value_parser = ["os", "npm", "gem", "python", "java", "go"],
        env = "ANCHORECTL_CORRECTION_TYPE")]
    kind: Option<String>,
    /// FIELD=VALUE that a package must have (repeatable)
    #[arg(long = "match", value_name = "FIELD=VALUE", env = "ANCHORECTL_CORRECTION_MATCH")]
    matching: Vec<String>,
    /// FIELD=VALUE that it gets (repeatable)
    #[arg(long, value_name = "FIELD=VALUE", env = "ANCHORECTL_CORRECTION_REPLACE")]
    replace: Vec<String>,
    /// Why
    #[arg(long, env = "ANCHORECTL_CORRECTION_DESCRIPTION")]
    description: Option<String>,
    #[command(flatten)]
    document: InputFile,
}

/// One correction.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Id
    id: String,
}

pub(crate) fn run(session: &mut Session, command: &Correction) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Correction::Add(options) => {
            let record = match &options.document.input {
                Some(path) => shaped(session, Some(path))?,
                None => correction_of(options)?,
            };
            let reply = client.correction_add(&record)?;
            session.done("Added correction", "");
            session.print(&answer(&reply))
        }
        Correction::List => {
            let reply = client.correction_list()?;
            session.done("Fetched corrections", "");
            let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
            let ids: Vec<String> = reply.value.0.iter().map(id).collect();
            let heads = ["ID", "TYPE", "MATCH", "REPLACE", "DESCRIPTION"];
            session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
        }
        Correction::Get(named) => {
            let reply = client.correction_get(&named.id)?;
            session.done("Fetched correction", &named.id);
            session.print(&answer(&reply))
        }
        Correction::Delete(named) => {
            client.correction_delete(&named.id)?;
            session.done("Deleted correction", &named.id);
            session.print(&Answer::new(Value::Null, String::new()).ids([named.id.clone()]))
        }
    }
}

fn correction_of(options: &Add) -> Result<Record, Failure> {
    let kind = options.kind.clone().ok_or_else(|| Failure::new("there is no type: expected --type or --input"))?;
    let replace = fields(&options.replace)?;
    if replace.is_empty() {
        return Err(Failure::new("nothing is replaced: expected --replace FIELD=VALUE or --input"));
    }
    let matching = fields(&options.matching)?;
    Ok(Record {
        uuid: None,
        kind: CorrectionType::Package,
        description: options.description.clone(),
        matching: CorrectionMatch { kind, field_matches: Some(matching) },
        replace,
        created_at: None,
        last_updated: None,
    })
}

fn fields(words: &[String]) -> Result<Vec<CorrectionFieldMatch>, Failure> {
    let field = |(field_name, field_value)| CorrectionFieldMatch { field_name, field_value };
    Ok(pairs(words)?.into_iter().map(field).collect())
}

fn id(record: &Record) -> String {
    record.uuid.map(|id| id.to_string()).unwrap_or_default()
}

fn shown(fields: &[CorrectionFieldMatch]) -> String {
    let pair = |field: &CorrectionFieldMatch| format!("{}={}", field.field_name, field.field_value);
    fields.iter().map(pair).collect::<Vec<_>>().join(", ")
}

fn row(record: &Record) -> Vec<String> {
    vec![
        id(record),
        record.matching.kind.clone(),
        shown(record.matching.field_matches.as_deref().unwrap_or_default()),
        shown(&record.replace),
        text(record.description.as_ref()),
    ]
}

fn answer(reply: &Reply<Record>) -> Answer {
    let record = &reply.value;
    let lines = block(&[
        ("Id", id(record)),
        ("Type", record.matching.kind.clone()),
        ("Match", shown(record.matching.field_matches.as_deref().unwrap_or_default())),
        ("Replace", shown(&record.replace)),
        ("Description", text(record.description.as_ref())),
        ("Created At", time(record.created_at)),
    ]);
    Answer::new(reply.raw.clone(), lines).ids([id(record)])
}
