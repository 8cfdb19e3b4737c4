//! A Dockerfile that a user gives: instructions with their lines and build stages.
//!
//! Arguments are kept as text, JSON form included, and variables are not replaced: `ARG` and `ENV`
//! stand among the instructions for whoever wants to.

use stopgate_model::{Dockerfile, DockerfileMode, Gap, GapCode, Instruction};

use super::lines::split;

/// Reads a Dockerfile; what cannot be read is a gap.
pub fn read_dockerfile(bytes: &[u8]) -> (Dockerfile, Vec<Gap>) {
    let mut gaps = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        gaps.push(unreadable("the Dockerfile holds bytes that are not UTF-8; they were replaced".to_owned()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (lines, unterminated) = split(text);
    if let Some(end) = unterminated {
        let (delimiter, line) = (end.delimiter, end.line);
        gaps.push(unreadable(format!(
            "line {line} of the Dockerfile: expected a line `{delimiter}` that ends the text"
        )));
    }
    let mut instructions = Vec::with_capacity(lines.len());
    let mut stages = 0_u32;
    for line in lines {
        let trimmed = line.text.trim();
        let (keyword, arguments) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let keyword = keyword.to_uppercase();
        if keyword == "FROM" {
            stages += 1;
        }
        let arguments = arguments.trim().to_owned();
        instructions.push(Instruction { keyword, arguments, line: line.line, stage: stages.saturating_sub(1) });
    }
    if stages == 0 {
        gaps.push(unreadable("the Dockerfile has no `FROM`".to_owned()));
    }
    (Dockerfile { mode: DockerfileMode::Actual, text: text.to_owned(), instructions }, gaps)
}

fn unreadable(message: String) -> Gap {
    Gap::new(GapCode::DockerfileUnreadable, message)
}

#[cfg(test)]
mod tests {
    use stopgate_model::{DockerfileMode, GapCode};

    use super::read_dockerfile;

    #[test]
    fn counts_stages_and_keeps_arguments_as_text() {
        let text = "ARG V=1\nfrom golang:${V} AS build\nRUN go build\nFROM scratch\nCOPY --from=build /a /b\nCMD [\"/b\", \"-x\"]\n";
        let (file, gaps) = read_dockerfile(text.as_bytes());
        assert_eq!((gaps.len(), file.mode, file.text.as_str()), (0, DockerfileMode::Actual, text));
        let rows: Vec<_> =
            file.instructions.iter().map(|i| (i.keyword.as_str(), i.arguments.as_str(), i.line, i.stage)).collect();
        assert_eq!(
            rows,
            [
                ("ARG", "V=1", 1, 0),
                ("FROM", "golang:${V} AS build", 2, 0),
                ("RUN", "go build", 3, 0),
                ("FROM", "scratch", 4, 1),
                ("COPY", "--from=build /a /b", 5, 1),
                ("CMD", "[\"/b\", \"-x\"]", 6, 1),
            ]
        );
        assert_eq!(file.final_stage().map(|i| i.keyword.as_str()).collect::<Vec<_>>(), ["ARG", "FROM", "COPY", "CMD"]);
    }

    #[test]
    fn what_is_missing_or_broken_is_a_gap() {
        for bytes in [&b""[..], b"RUN x", b"FROM a\nRUN <<E\nx", b"FROM \xff"] {
            let (_, gaps) = read_dockerfile(bytes);
            assert_eq!(gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::DockerfileUnreadable]);
        }
    }

    #[test]
    fn a_byte_order_mark_and_carriage_returns_are_no_part_of_it() {
        let (file, gaps) = read_dockerfile("\u{feff}FROM a\r\nRUN x \\\r\n  y\r\n".as_bytes());
        assert!(gaps.is_empty());
        assert_eq!(file.instructions[1].arguments, "x y");
    }
}
