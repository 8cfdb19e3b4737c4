//! The layers below a flag: its variable, the configuration file, its default.
//!
//! The definitions name the variable of each flag. Before the command line is read, what is set there becomes the
//! flag's default, so that one parser sees all four layers and a test can bring an environment of its own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::arguments::Arguments;
use super::booleans::{Boolean, boolean};
use super::failure::Failure;
use super::settings::Settings;

/// The command tree with what is set as defaults.
pub(super) fn with_settings(settings: &Settings) -> Result<Command, Failure> {
    let mut faults = Vec::new();
    let command = layered(Arguments::command(), settings, &mut faults);
    // A fault matters only to the command that reads the variable, but nobody sets a wrong one on purpose.
    faults.dedup();
    if faults.is_empty() { Ok(command) } else { Err(Failure::several(faults)) }
}

fn layered(command: Command, settings: &Settings, faults: &mut Vec<String>) -> Command {
    command
        .mut_args(|arg| with_layers(arg, settings, faults))
        .mut_subcommands(|command| layered(command, settings, faults))
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
