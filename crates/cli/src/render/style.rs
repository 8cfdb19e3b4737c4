//! Colours and widths of terminal text. Colour never carries meaning alone: the word stands beside it.

use anstyle::{AnsiColor, Color};
use stopgate_model::{Action, Severity};

use crate::failure::printable;

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    pub(crate) const fn new(colours: bool) -> Self {
        Self { colours }
    }

    fn paint(self, text: &str, style: anstyle::Style) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(text, anstyle::Style::new().bold())
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(text, anstyle::Style::new().dimmed())
    }

    fn colour(self, text: &str, colour: AnsiColor) -> String {
        self.paint(text, anstyle::Style::new().bold().fg_color(Some(Color::Ansi(colour))))
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.colour(text, AnsiColor::Green)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.colour(text, AnsiColor::Red)
    }

    pub(crate) fn doubt(self, text: &str) -> String {
        self.colour(text, AnsiColor::Yellow)
    }

    pub(crate) fn action(self, action: Action) -> String {
        let word = action.name().to_uppercase();
        match action {
            Action::Stop => self.bad(&word),
            Action::Warn => self.doubt(&word),
            Action::Go => self.dim(&word),
        }
    }

    /// A severity in a column of nine.
    pub(crate) fn severity(self, severity: Severity) -> String {
        let word = format!("{:9}", severity.name());
        match severity {
            Severity::Critical | Severity::High => self.bad(&word),
            Severity::Medium => self.doubt(&word),
            _ => self.dim(&word),
        }
    }
}

/// Text of an artifact, fit for one line of a terminal.
pub(crate) fn line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}
