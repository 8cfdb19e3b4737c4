//! True and false as flags and variables spell them.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

/// Reads a boolean in any of its spellings.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "on" => Some(true),
        "false" | "f" | "0" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// The parser of a flag that may be written `--flag`, `--flag=true` and `--flag=false`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Boolean;

impl Boolean {
    pub(super) const WORDS: [&'static str; 2] = ["true", "false"];
}

impl TypedValueParser for Boolean {
    type Value = bool;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<bool, clap::Error> {
        value.to_str().and_then(boolean).ok_or_else(|| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            if let Some(arg) = arg {
                error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(value.to_string_lossy().into_owned()));
            let words = Self::WORDS.map(str::to_owned).to_vec();
            error.insert(ContextKind::ValidValue, ContextValue::Strings(words));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Self::WORDS.into_iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::boolean;

    #[test]
    fn spellings() {
        for text in ["true", "TRUE", "1", "t", "Yes", " true "] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "False", "0", "F", "no"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", "maybe", "2", "truee"] {
            assert_eq!(boolean(text), None, "{text}");
        }
    }
}
