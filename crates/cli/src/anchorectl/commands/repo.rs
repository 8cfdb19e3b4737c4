//! `anchorectl repo`: watched repositories, which are subscriptions of a type of their own.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_client::RepositoryOptions;
use stopgate_model::ImageReference;

use super::subscription::{answer, existing, listing, switch};
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;

const TYPE: &str = "repo_update";

#[derive(Debug, Subcommand)]
pub(crate) enum Repo {
    /// Watch a repository and have its tags analysed
    Add(Add),
    /// List watched repositories
    List(List),
    /// Show one watched repository
    Get(Named),
    /// Watch it again
    Watch(Named),
    /// Stop watching it for a while
    Unwatch(Named),
    /// Forget it
    #[command(visible_alias = "del")]
    Delete(Named),
}

/// A repository to watch.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// [HOST[:PORT]/]REPOSITORY
    repo: String,
    /// Also watch every tag for new images
    #[arg(long, env = "ANCHORECTL_REPO_AUTO_SUBSCRIBE")]
    auto_subscribe: bool,
    /// Only show which tags would be added
    #[arg(long, env = "ANCHORECTL_REPO_DRY_RUN")]
    dry_run: bool,
    /// Leave the tags that are there alone
    #[arg(long, env = "ANCHORECTL_REPO_EXCLUDE_EXISTING_TAGS")]
    exclude_existing_tags: bool,
}

/// Watched repositories.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this one
    #[arg(long, env = "ANCHORECTL_REPOSITORY_NAME")]
    repository: Option<String>,
}

/// One repository.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// [HOST[:PORT]/]REPOSITORY
    repo: String,
}

pub(crate) fn run(session: &mut Session, command: &Repo) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Repo::Add(options) => {
            let how = RepositoryOptions {
                auto_subscribe: options.auto_subscribe,
                dry_run: options.dry_run,
                exclude_existing_tags: options.exclude_existing_tags,
            };
            let reply = client.repository_add(&full_name(&options.repo)?, how)?;
            session.done("Added repo", "");
            session.print(&listing(reply))
        }
        Repo::List(options) => {
            let name = options.repository.as_deref().map(full_name).transpose()?;
            let reply = client.subscription_list(name.as_deref(), Some(TYPE))?;
            session.done("Fetched repos", "");
            session.print(&listing(reply))
        }
        Repo::Get(named) => {
            let (reply, _) = existing(&client, &full_name(&named.repo)?, TYPE)?;
            session.done("Fetched repo", "");
            session.print(&answer(reply))
        }
        Repo::Watch(named) => {
            let reply = switch(&client, &full_name(&named.repo)?, TYPE, true)?;
            session.done("Watch repo", "");
            session.print(&answer(reply))
        }
        Repo::Unwatch(named) => {
            let reply = switch(&client, &full_name(&named.repo)?, TYPE, false)?;
            session.done("Unwatch repo", "");
            session.print(&answer(reply))
        }
        Repo::Delete(named) => {
            let (_, id) = existing(&client, &full_name(&named.repo)?, TYPE)?;
            client.subscription_delete(&id)?;
            session.done("Deleted repo", &named.repo);
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
    }
}

fn full_name(repo: &str) -> Result<String, Failure> {
    let reference = ImageReference::parse(repo).map_err(|error| Failure::new(error.to_string()))?;
    Ok(format!("{}/{}", reference.registry, reference.repository))
}
