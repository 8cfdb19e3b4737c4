//! `anchorectl inventory`.

use clap::{Args, Subcommand};
use stopgate_api_types::inventory::InventoryItem;

use super::subscription::{answer, listing, switch};
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{table, text, time};
use crate::anchorectl::session::Session;

/// The type of subscription that watches a context.
const TYPE: &str = "runtime_inventory";

#[derive(Debug, Subcommand)]
pub(crate) enum Inventory {
    /// List images that were seen running
    List(List),
    /// Forget what was seen in a context
    #[command(visible_alias = "del")]
    Delete(Delete),
    /// Have images that are seen running analysed
    #[command(subcommand)]
    Watch(Watch),
}

/// Images that were seen running.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only in this context
    #[arg(long, env = "ANCHORECTL_INVENTORY_CONTEXT")]
    context: Option<String>,
    /// Only this image
    #[arg(long, env = "ANCHORECTL_INVENTORY_IMAGE_DIGEST")]
    image_digest: Option<String>,
    /// Only of this kind
    #[arg(long = "type", value_name = "TYPE", env = "ANCHORECTL_INVENTORY_TYPE")]
    kind: Option<String>,
}

/// What to forget.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The context
    #[arg(long, env = "ANCHORECTL_CONTEXT")]
    context: Option<String>,
    /// Only this image
    #[arg(long, env = "ANCHORECTL_IMAGE_DIGEST")]
    image_digest: Option<String>,
    /// Of which kind
    #[arg(long = "type", value_name = "TYPE", env = "ANCHORECTL_INVENTORY_INVENTORY_TYPE")]
    kind: Option<String>,
    /// Do not ask
    #[arg(short, long, env = "ANCHORECTL_CONFIRM")]
    yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Watch {
    /// Watch a context
    Activate(Context),
    /// Stop watching a context
    Deactivate(Context),
    /// List watched contexts
    List {
        /// Only this context
        #[arg(short, long, env = "ANCHORECTL_SUBSCRIPTION_KEY")]
        key: Option<String>,
    },
}

/// A context.
#[derive(Debug, Args)]
pub(crate) struct Context {
    /// CLUSTER/NAMESPACE
    context: String,
}

pub(crate) fn run(session: &mut Session, command: &Inventory) -> Result<(), Failure> {
    match command {
        Inventory::List(options) => list(session, options),
        Inventory::Delete(options) => delete(session, options),
        Inventory::Watch(command) => watch(session, command),
    }
}

fn list(session: &mut Session, options: &List) -> Result<(), Failure> {
    let reply = session.client()?.inventory_list(
        options.kind.as_deref(),
        options.context.as_deref(),
        options.image_digest.as_deref(),
    )?;
    session.done("Fetched inventory", "");
    let row = |item: &InventoryItem| {
        vec![
            text(item.context.as_ref()),
            text(item.inventory_type.as_ref()),
            text(item.image_tag.as_ref()),
            text(item.image_digest.as_ref()),
            time(item.last_seen),
        ]
    };
    let rows: Vec<Vec<String>> = reply.value.items.iter().map(row).collect();
    let ids: Vec<String> = reply.value.items.iter().filter_map(|item| item.image_digest.clone()).collect();
    let heads = ["CONTEXT", "TYPE", "IMAGE TAG", "IMAGE DIGEST", "LAST SEEN"];
    session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
}

fn delete(session: &mut Session, options: &Delete) -> Result<(), Failure> {
    let (Some(context), Some(kind)) = (options.context.as_deref(), options.kind.as_deref()) else {
        return Err(Failure::new("expected --context and --type"));
    };
    if !options.yes {
        session.confirm(&format!("Forget the inventory of `{context}`?"))?;
    }
    session.client()?.inventory_delete(kind, context, options.image_digest.as_deref())?;
    session.done("Deleted inventory", context);
    Ok(())
}

fn watch(session: &mut Session, command: &Watch) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Watch::Activate(named) => {
            let reply = switch(&client, &named.context, TYPE, true)?;
            session.done("Activate inventory watch", &named.context);
            session.print(&answer(reply))
        }
        Watch::Deactivate(named) => {
            let reply = switch(&client, &named.context, TYPE, false)?;
            session.done("Deactivate inventory watch", &named.context);
            session.print(&answer(reply))
        }
        Watch::List { key } => {
            let reply = client.subscription_list(key.as_deref(), Some(TYPE))?;
            session.done("Fetched inventory watches", "");
            session.print(&listing(reply))
        }
    }
}
