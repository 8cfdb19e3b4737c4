//! A Dockerfile guessed from an image's history, for images that come without one.
//!
//! COMPAT: as Anchore does it, the guess starts with `FROM scratch`, an entry of Docker's classic
//! builder with the mark `#(nop)` is the instruction after it, and any other entry is `RUN` and its
//! text. Entries of BuildKit are instructions already, which Anchore misses.

use stopgate_model::{Dockerfile, DockerfileMode, HistoryEntry, Instruction};

const NO_OPERATION: &str = "#(nop)";
const BUILDKIT_NOTE: &str = "# buildkit";

const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// Guesses a Dockerfile. Entries without a command say nothing and are left out.
pub fn guess_dockerfile(history: &[HistoryEntry]) -> Dockerfile {
    let mut instructions = vec![instruction("FROM", "scratch", 0)];
    for (entry, number) in history.iter().zip(1_u32..) {
        let command = one_line(&entry.created_by);
        if !command.is_empty() {
            instructions.push(guess(&command, number));
        }
    }
    let mut text = String::new();
    for Instruction { keyword, arguments, .. } in &instructions {
        text.push_str(keyword);
        text.push(' ');
        text.push_str(arguments);
        text.push('\n');
    }
    Dockerfile { mode: DockerfileMode::Guessed, text, instructions }
}

fn guess(command: &str, number: u32) -> Instruction {
    if let Some(rest) = after_no_operation(command) {
        let (keyword, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
        return instruction(&keyword.to_uppercase(), arguments.trim(), number);
    }
    let command = command.strip_suffix(BUILDKIT_NOTE).map_or(command, str::trim_end);
    let (keyword, arguments) = command.split_once(' ').unwrap_or((command, ""));
    // Metadata instructions of BuildKit carry no note, so the word must do.
    if KEYWORDS.contains(&keyword) {
        let arguments = if keyword == "EXPOSE" { ports(arguments) } else { arguments.trim().to_owned() };
        return instruction(keyword, &arguments, number);
    }
    instruction("RUN", command, number)
}

/// The text after the classic builder's mark, whatever shell stands before it.
fn after_no_operation(command: &str) -> Option<&str> {
    let (shell, rest) = command.split_once(NO_OPERATION)?;
    let known = ["/bin/sh -c", "cmd /S /C", "powershell"].iter().any(|known| shell.contains(known));
    (known || shell.trim().is_empty()).then(|| rest.trim()).filter(|rest| !rest.is_empty())
}

/// BuildKit writes the port set as Go prints it: `map[80/tcp:{}]` or `[80/tcp 53/udp]`.
fn ports(arguments: &str) -> String {
    let inner = arguments.trim().strip_prefix("map").unwrap_or(arguments.trim());
    let Some(inner) = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) else {
        return arguments.trim().to_owned();
    };
    inner.split(' ').map(|port| port.strip_suffix(":{}").unwrap_or(port)).collect::<Vec<_>>().join(" ")
}

/// The text on one line: the guess must read back line by line.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ").replace('\t', " ")
}

fn instruction(keyword: &str, arguments: &str, line: u32) -> Instruction {
    Instruction { keyword: keyword.to_owned(), arguments: arguments.to_owned(), line, stage: 0 }
}

#[cfg(test)]
mod tests {
    use stopgate_model::HistoryEntry;

    use super::guess_dockerfile;

    fn guessed(commands: &[&str]) -> Vec<String> {
        let history: Vec<_> = commands
            .iter()
            .map(|command| HistoryEntry { created_by: (*command).to_owned(), ..HistoryEntry::default() })
            .collect();
        guess_dockerfile(&history).text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn reads_the_classic_builder_as_anchore_does() {
        assert_eq!(
            guessed(&[
                "/bin/sh -c #(nop) ADD file:0ab in / ",
                "/bin/sh -c #(nop)  CMD [\"bash\"]",
                "/bin/sh -c apt-get update",
                "|1 A=b /bin/sh -c make",
                "cmd /S /C #(nop)  USER app",
                "bazel build ...",
            ]),
            [
                "FROM scratch",
                "ADD file:0ab in /",
                "CMD [\"bash\"]",
                "RUN /bin/sh -c apt-get update",
                "RUN |1 A=b /bin/sh -c make",
                "USER app",
                "RUN bazel build ...",
            ]
        );
    }

    #[test]
    fn reads_buildkit() {
        assert_eq!(
            guessed(&[
                "RUN /bin/sh -c apt-get update # buildkit",
                "COPY . /app # buildkit",
                "ENV A=B",
                "CMD [\"x\"]",
                "EXPOSE map[8080/tcp:{} 53/udp:{}]",
                "EXPOSE [80/tcp]",
                "USER 1000:1000",
                "RUN /bin/sh -c <<EOF\nset -e\n\techo x\nEOF # buildkit",
            ]),
            [
                "FROM scratch",
                "RUN /bin/sh -c apt-get update",
                "COPY . /app",
                "ENV A=B",
                "CMD [\"x\"]",
                "EXPOSE 8080/tcp 53/udp",
                "EXPOSE 80/tcp",
                "USER 1000:1000",
                "RUN /bin/sh -c <<EOF set -e echo x EOF",
            ]
        );
    }

    #[test]
    fn an_instruction_names_its_entry_and_an_empty_one_makes_none() {
        let history = ["", "USER x"].map(|c| HistoryEntry { created_by: c.to_owned(), ..HistoryEntry::default() });
        let file = guess_dockerfile(&history);
        assert_eq!(file.instructions.iter().map(|i| i.line).collect::<Vec<_>>(), [0, 2]);
    }
}
