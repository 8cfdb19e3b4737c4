//! The layers below a flag: its variable, the configuration file, its default.
//!
//! The definitions name the variable of each flag. Before the command line is read, what is set there becomes the
//! flag's default, so that one parser sees all four layers and a test can bring an environment of its own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _};

use super::arguments::Arguments;
use super::booleans::{Boolean, boolean};
use super::failure::Failure;
use super::settings::Settings;

/// A setting that its flag does not accept. It matters to the command of that flag alone.
#[derive(Debug)]
struct Fault {
    /// The words of the command, such as `image add`; empty for a flag of all commands.
    command: String,
    text: String,
}

/// The command tree with what is set as defaults.
#[derive(Debug)]
pub(super) struct Layered {
    pub(super) command: Command,
    faults: Vec<Fault>,
}

impl Layered {
    /// Parses a command line.
    pub(super) fn matches(
        self,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Result<ArgMatches, Failure>, clap::Error> {
        let matches = self.command.try_get_matches_from(arguments)?;
        let mut words = Vec::new();
        let mut at = &matches;
        while let Some((word, below)) = at.subcommand() {
            words.push(word);
            at = below;
        }
        let command = words.join(" ");
        let matter = self.faults.into_iter().filter(|fault| fault.command.is_empty() || fault.command == command);
        let faults: Vec<String> = matter.map(|fault| fault.text).collect();
        Ok(if faults.is_empty() { Ok(matches) } else { Err(Failure::several(faults)) })
    }
}

/// Puts the layers into the command tree.
pub(super) fn with_settings(settings: &Settings) -> Layered {
    let mut faults = Vec::new();
    let command = layered(Arguments::command(), "", settings, &mut faults);
    Layered { command, faults }
}

fn layered(command: Command, path: &str, settings: &Settings, faults: &mut Vec<Fault>) -> Command {
    let mut said = Vec::new();
    let command = command.mut_args(|arg| with_layers(arg, settings, &mut said));
    faults.extend(said.into_iter().map(|text| Fault { command: path.to_owned(), text }));
    command.mut_subcommands(|command| {
        let path = format!("{path} {}", command.get_name()).trim_start().to_owned();
        layered(command, &path, settings, faults)
    })
}

fn with_layers(arg: Arg, settings: &Settings, faults: &mut Vec<String>) -> Arg {
    let name = arg.get_env().map(|name| name.to_string_lossy().into_owned());
    let arg = if is_boolean(&arg) { as_boolean(arg) } else { arg };
    let Some(name) = name else { return arg };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    // The parser itself would read the environment of the process.
    let arg = arg.env(None::<&'static str>).help(format!("{help} [env: {name}]"));
    let Some((value, place)) = settings.find(&name) else { return arg };
    match accepted(&arg, &value) {
        Ok(value) if matches!(arg.get_action(), ArgAction::Append) => {
            arg.default_values(value.split(',').map(str::to_owned).collect::<Vec<_>>())
        }
        Ok(value) => arg.default_value(value),
        Err(words) => {
            faults.push(format!("{place} is `{value}`: expected {words}"));
            arg
        }
    }
}

/// The value as the parser accepts it, else which words it would accept.
fn accepted(arg: &Arg, value: &str) -> Result<String, String> {
    if is_boolean(arg) {
        return boolean(value).map(|value| value.to_string()).ok_or_else(|| "true or false".to_owned());
    }
    let words: Vec<String> = arg.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
    let fits = words.is_empty() || value.split(',').all(|part| words.iter().any(|word| word == part));
    if fits { Ok(value.to_owned()) } else { Err(format!("one of {}", words.join(", "))) }
}

fn is_boolean(arg: &Arg) -> bool {
    let words = arg.get_possible_values();
    matches!(arg.get_action(), ArgAction::SetTrue)
        || (words.len() == 2 && words.iter().all(|word| Boolean::WORDS.contains(&word.get_name())))
}

/// `--flag` is `--flag=true`, so that `--flag=false` can undo a variable.
fn as_boolean(arg: Arg) -> Arg {
    // `Option<bool>` has no default: absent is a third answer.
    let lacks_default = matches!(arg.get_action(), ArgAction::SetTrue) && arg.get_default_values().is_empty();
    let arg = arg
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(Boolean)
        .value_name("true|false")
        .hide_possible_values(true);
    if lacks_default { arg.default_value("false").hide_default_value(true) } else { arg }
}

/// The configuration file that the command line names: it must be known before the rest can be read.
pub(super) fn config_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            return None;
        }
        if text == "-c" || text == "--config" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--config=").or_else(|| short_with_value(&text)) {
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// `-cFILE`.
fn short_with_value(text: &str) -> Option<&str> {
    text.strip_prefix("-c").filter(|rest| !rest.is_empty() && !text.starts_with("--"))
}
