//! Gate `secret_scans`: secrets that the analysis found in files, in lower layers and in the image configuration.

pub(super) mod content_regex_checks;
pub(super) mod layers;
pub(super) mod metadata;

/// Lines as a message names them.
fn in_lines(lines: &[u32]) -> String {
    let shown: Vec<String> = lines.iter().take(5).map(u32::to_string).collect();
    match shown.as_slice() {
        [] => String::new(),
        [line] => format!(" in line {line}"),
        lines => format!(" in lines {}", lines.join(", ")),
    }
}
