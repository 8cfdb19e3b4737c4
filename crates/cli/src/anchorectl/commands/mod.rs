//! The commands, one file per group.

pub(super) mod account;
pub(super) mod airgap;
pub(super) mod api_key;
pub(super) mod application;
pub(super) mod archive;
pub(super) mod correction;
pub(super) mod event;
pub(super) mod feed;
pub(super) mod image;
pub(super) mod inventory;
pub(super) mod policy;
pub(super) mod registry;
pub(super) mod repo;
pub(super) mod source;
pub(super) mod subscription;
pub(super) mod syft;
pub(super) mod system;
pub(super) mod user;
pub(super) mod user_group;

mod bundle;
mod content;
mod evaluation;
mod sbom;
mod version;
mod vulnerabilities;

use std::path::Path;

use clap::CommandFactory as _;
use serde_json::Value;

use super::arguments::{Arguments, Command};
use super::failure::Failure;
use super::session::Session;

/// Runs a command.
pub(super) fn run(session: &mut Session, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Image(command) => image::run(session, command),
        Command::Source(command) => source::run(session, command),
        Command::Policy(command) => policy::run(session, command),
        Command::Subscription(command) => subscription::run(session, command),
        Command::Repo(command) => repo::run(session, command),
        Command::Registry(command) => registry::run(session, command),
        Command::Account(command) => account::run(session, command),
        Command::User(command) => user::run(session, command),
        Command::Usergroup(command) => user_group::run(session, command),
        Command::Apikey(command) => api_key::run(session, command),
        Command::Application(command) => application::run(session, command),
        Command::Correction(command) => correction::run(session, command),
        Command::Inventory(command) => inventory::run(session, command),
        Command::Event(command) => event::run(session, command),
        Command::Feed(command) => feed::run(session, command),
        Command::Airgap(command) => airgap::run(session, command),
        Command::Archive(command) => archive::run(session, command),
        Command::System(command) => system::run(session, command),
        Command::Version => version::run(session),
        Command::Completion { shell } => {
            // Its writer may not fail, so the script is made first.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "anchorectl", &mut script);
            session.print_bytes(&script)
        }
        Command::Syft { .. } => Err(Failure::new("write `anchorectl syft` without options in front of it")),
    }
}

/// Reads a JSON document that a command sends on.
fn document(session: &mut Session, path: Option<&Path>) -> Result<Value, Failure> {
    let path = path.ok_or_else(|| Failure::new("there is no document: --input names its file, `-` standard input"))?;
    let bytes = session.read(path)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("`{}` is not valid JSON: {error}", path.display())))
}

/// The same for a document of a known shape.
fn shaped<T: serde::de::DeserializeOwned>(session: &mut Session, path: Option<&Path>) -> Result<T, Failure> {
    let value = document(session, path)?;
    serde_json::from_value(value).map_err(|error| Failure::new(format!("the document does not fit: {error}")))
}

/// A number that a flag or a variable gave.
fn number(text: &str, what: &str) -> Result<i64, Failure> {
    text.trim().parse().map_err(|_| Failure::new(format!("`{text}` is not a number: expected {what}")))
}

/// `KEY=VALUE` pairs, several in one word when every part is a pair.
fn pairs(words: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let mut pairs = Vec::new();
    for word in words {
        let parts: Vec<&str> = word.split(',').collect();
        let parts = if parts.iter().all(|part| part.contains('=')) { parts } else { vec![word.as_str()] };
        for part in parts {
            match part.split_once('=').filter(|(key, _)| !key.is_empty()) {
                Some((key, value)) => pairs.push((key.trim().to_owned(), value.to_owned())),
                None => return Err(Failure::new(format!("`{part}` is not `KEY=VALUE`"))),
            }
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn pairs_may_hold_commas() {
        let read = |words: &[&str]| pairs(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let owned = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read(&["a=1,b=2", "c=x=y"]).unwrap(), [owned("a", "1"), owned("b", "2"), owned("c", "x=y")]);
        assert_eq!(read(&["note=one, two"]).unwrap(), [owned("note", "one, two")]);
        assert!(read(&["=1"]).is_err() && read(&["a"]).is_err());
    }
}
