//! What a person sees while it works: one live line on a terminal, plain lines on request, nothing in a pipe.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{Global, ProgressMode};
use crate::failure::{printable, say};

/// The steps of a run.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
}

impl Progress {
    pub(crate) fn new(global: &Global) -> Self {
        let live = !global.quiet && global.progress == ProgressMode::Auto && std::io::stderr().is_terminal();
        let bar = live.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, plain: !global.quiet && global.progress == ProgressMode::Plain }
    }

    /// Says nothing.
    pub(crate) const fn silent() -> Self {
        Self { bar: None, plain: false }
    }

    /// A step begins.
    pub(crate) fn step(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
        if self.plain {
            say(&printable(what));
        }
    }

    /// All is done: the line goes.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
