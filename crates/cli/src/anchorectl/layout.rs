//! Text for people: boxed tables, blocks of keys and values, words and times.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::failure::printable;

const BOX: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┌', '─', '┬', '┐'))
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .header_separator(LineStyle::new('├', '─', '┼', '┤'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// A boxed table. Cells are never wrapped, since scripts look for words in them.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(BOX);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heads.iter().map(ToString::to_string).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|cell| cell_text(cell)).collect::<Vec<_>>());
    }
    let mut text = table.to_string();
    text.push('\n');
    text
}

fn cell_text(text: &str) -> String {
    printable(text).replace('\t', " ")
}

/// `Key: value`, one per line.
pub(super) fn block(lines: &[(&str, String)]) -> String {
    let mut shown = String::new();
    for (key, value) in lines {
        let _ = writeln!(shown, "{key}: {}", printable(value));
    }
    shown
}

/// `Key:` in a column of `width`, then the value, one per line.
pub(super) fn padded(indent: &str, width: usize, lines: &[(&str, String)]) -> String {
    let mut shown = String::new();
    for (key, value) in lines {
        let _ = writeln!(shown, "{indent}{:<width$}{}", format!("{key}:"), printable(value));
    }
    shown
}

/// One item per line.
pub(super) fn lines(items: &[String]) -> String {
    items.iter().map(|item| printable(item) + "\n").collect()
}

/// A text that may be absent.
pub(super) fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

/// A time, whole seconds in UTC; empty when there is none.
pub(super) fn time(value: Option<Timestamp>) -> String {
    value.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// True or false; empty when unknown.
pub(super) fn flag(value: Option<bool>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A word of the wire; empty when there is none.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_have_boxes_and_wide_cells() {
        let long = "x".repeat(120);
        let text = super::table(&["NAME", "LAYERS"], &[vec![long.clone(), "a\nb".to_owned()]]);
        assert!(
            text.starts_with("┌──") && text.contains("│ NAME ") && text.contains(&format!("│ {long} │ a      │\n"))
        );
        assert!(text.contains("├─") && text.contains("┼") && text.ends_with("┘\n"), "{text}");
        assert_eq!(super::block(&[("Tag", "a\u{1b}[2J".to_owned())]), "Tag: a\u{fffd}[2J\n");
    }
}
