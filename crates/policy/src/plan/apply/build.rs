//! Instructions of the Dockerfile and what they set in the image configuration: a rule may read either, so both
//! change. And the accounts of `/etc/passwd`.

use stopgate_model::{Artifact, Dockerfile, Healthcheck, ImageConfig, Instruction, Place};

/// The accounts, passwd(5).
pub(in crate::plan) const PASSWD: &str = "/etc/passwd";

pub(super) fn add(artifact: &mut Artifact, keyword: &str, arguments: &str) {
    if let Some(file) = &mut artifact.dockerfile {
        let line = file.instructions.iter().map(|instruction| instruction.line).max().unwrap_or(0) + 1;
        let stage = file.instructions.iter().map(|instruction| instruction.stage).max().unwrap_or(0);
        let (keyword, arguments) = (keyword.to_owned(), arguments.to_owned());
        file.instructions.push(Instruction { keyword, arguments, line, stage });
    }
    if let Some(config) = &mut artifact.config {
        set(config, keyword, arguments);
    }
}

pub(super) fn replace(artifact: &mut Artifact, place: Option<Place>, from: &str, (keyword, arguments): (&str, &str)) {
    let Some(place) = place else {
        unset_all(artifact, from);
        add(artifact, keyword, arguments);
        return;
    };
    let old = take(artifact, place, |instruction| {
        keyword.clone_into(&mut instruction.keyword);
        arguments.clone_into(&mut instruction.arguments);
        true
    });
    unset(artifact, from, old.as_deref());
    if let Some(config) = &mut artifact.config {
        set(config, keyword, arguments);
    }
}

pub(super) fn remove(artifact: &mut Artifact, place: Option<Place>, keyword: &str) {
    match place {
        Some(place) => {
            let old = take(artifact, place, |_| false);
            unset(artifact, keyword, old.as_deref());
        }
        None => unset_all(artifact, keyword),
    }
}

/// Changes the instruction at a line, or removes it when `change` says no. Returns its old arguments.
fn take(artifact: &mut Artifact, place: Place, mut change: impl FnMut(&mut Instruction) -> bool) -> Option<String> {
    let file = artifact.dockerfile.as_mut()?;
    let mut old = None;
    file.instructions.retain_mut(|instruction| {
        if instruction.line != place.line || old.is_some() {
            return true;
        }
        old = Some(instruction.arguments.clone());
        change(instruction)
    });
    old
}

/// Takes ports out of the configuration and out of every line.
pub(super) fn remove_ports(artifact: &mut Artifact, ports: &[String]) {
    let named = |token: &str| ports.iter().any(|port| bare(port) == bare(token));
    if let Some(config) = &mut artifact.config {
        config.exposed_ports.retain(|port| !named(port));
    }
    let Some(file) = &mut artifact.dockerfile else { return };
    for instruction in file.instructions.iter_mut().filter(|line| line.keyword.eq_ignore_ascii_case("EXPOSE")) {
        let left: Vec<&str> = tokens(&instruction.arguments).filter(|token| !named(token)).collect();
        if left.len() < tokens(&instruction.arguments).count() {
            instruction.arguments = left.join(" ");
        }
    }
    file.instructions.retain(|line| !line.keyword.eq_ignore_ascii_case("EXPOSE") || !line.arguments.is_empty());
}

/// The ports of a line. A history that Docker made may show them as `map[80/tcp:{}]`.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.strip_prefix("map[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let words = inner.split_whitespace().map(|word| word.trim_end_matches(":{}").trim_matches(['[', ']', '"', ',']));
    words.filter(|word| !word.is_empty())
}

fn with_protocol(port: &str) -> String {
    if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") }
}

fn bare(port: &str) -> &str {
    port.strip_suffix("/tcp").unwrap_or(port)
}

/// Sets what an instruction sets. A health check without arguments of its own is a placeholder like any other.
fn set(config: &mut ImageConfig, keyword: &str, arguments: &str) {
    match keyword {
        "USER" => arguments.clone_into(&mut config.user),
        "WORKDIR" => arguments.clone_into(&mut config.working_dir),
        "STOPSIGNAL" => arguments.clone_into(&mut config.stop_signal),
        "MAINTAINER" => arguments.clone_into(&mut config.author),
        "ENTRYPOINT" => config.entrypoint = words(arguments),
        "CMD" => config.cmd = words(arguments),
        "SHELL" => config.shell = words(arguments),
        "VOLUME" => config.volumes.push(arguments.to_owned()),
        "ONBUILD" => config.on_build.push(arguments.to_owned()),
        "EXPOSE" => config.exposed_ports.extend(tokens(arguments).map(with_protocol)),
        "LABEL" => {
            if let Some((name, value)) = arguments.split_once('=') {
                config.labels.retain(|(known, _)| known != name);
                config.labels.push((name.to_owned(), value.trim_matches('"').to_owned()));
                config.labels.sort();
            }
        }
        "ENV" => config.env.push(arguments.to_owned()),
        "HEALTHCHECK" if arguments.trim() == "NONE" => {
            config.healthcheck = Some(Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() });
        }
        "HEALTHCHECK" => {
            let command = arguments.trim_start_matches("CMD").trim().to_owned();
            let test = vec!["CMD-SHELL".to_owned(), command];
            config.healthcheck = Some(Healthcheck { test, ..Healthcheck::default() });
        }
        _ => {} // What makes layers sets nothing.
    }
}

/// The words of a command in JSON form, else the shell that runs it.
fn words(arguments: &str) -> Vec<String> {
    let shell = || vec!["/bin/sh".to_owned(), "-c".to_owned(), arguments.to_owned()];
    serde_json::from_str::<Vec<String>>(arguments).unwrap_or_else(|_| shell())
}

/// Takes back what an instruction set that is gone; of what only one can set, the last that is left counts.
fn unset(artifact: &mut Artifact, keyword: &str, old: Option<&str>) {
    let left: Vec<String> = artifact.dockerfile.as_ref().map(|file| lines(file, keyword)).unwrap_or_default();
    let Some(config) = &mut artifact.config else { return };
    match keyword {
        "EXPOSE" | "LABEL" | "ENV" | "VOLUME" | "ONBUILD" => {
            let Some(old) = old else { return };
            forget(config, keyword, old);
            for arguments in &left {
                set(config, keyword, arguments);
            }
            config.exposed_ports.sort();
            config.exposed_ports.dedup();
        }
        _ => {
            clear(config, keyword);
            if let Some(last) = left.last() {
                set(config, keyword, last);
            }
        }
    }
}

/// Takes every instruction of a kind out of the final stage, with all that it set.
fn unset_all(artifact: &mut Artifact, keyword: &str) {
    if let Some(file) = &mut artifact.dockerfile {
        let last = file.instructions.iter().map(|instruction| instruction.stage).max().unwrap_or(0);
        file.instructions.retain(|line| line.stage != last || !line.keyword.eq_ignore_ascii_case(keyword));
    }
    if let Some(config) = &mut artifact.config {
        clear(config, keyword);
    }
}

fn lines(file: &Dockerfile, keyword: &str) -> Vec<String> {
    let own = file.final_stage().filter(|instruction| instruction.keyword.eq_ignore_ascii_case(keyword));
    own.map(|instruction| instruction.arguments.clone()).collect()
}

fn clear(config: &mut ImageConfig, keyword: &str) {
    match keyword {
        "USER" => config.user.clear(),
        "WORKDIR" => config.working_dir.clear(),
        "STOPSIGNAL" => config.stop_signal.clear(),
        "MAINTAINER" => config.author.clear(),
        "ENTRYPOINT" => config.entrypoint.clear(),
        "CMD" => config.cmd.clear(),
        "SHELL" => config.shell.clear(),
        "VOLUME" => config.volumes.clear(),
        "ONBUILD" => config.on_build.clear(),
        "EXPOSE" => config.exposed_ports.clear(),
        "LABEL" => config.labels.clear(),
        "ENV" => config.env.clear(),
        "HEALTHCHECK" => config.healthcheck = None,
        _ => {}
    }
}

/// Takes out what one instruction of several added.
fn forget(config: &mut ImageConfig, keyword: &str, old: &str) {
    let names: Vec<&str> = old.split_whitespace().map(|word| word.split('=').next().unwrap_or(word)).collect();
    match keyword {
        "EXPOSE" => {
            let gone: Vec<&str> = tokens(old).map(bare).collect();
            config.exposed_ports.retain(|port| !gone.contains(&bare(port)));
        }
        "LABEL" => config.labels.retain(|(name, _)| !names.contains(&name.as_str())),
        "ENV" => config.env.retain(|pair| !names.contains(&pair.split('=').next().unwrap_or(pair))),
        "VOLUME" => config.volumes.retain(|volume| !names.contains(&volume.as_str())),
        _ => config.on_build.retain(|trigger| trigger != old),
    }
}

/// Gives an account another shell, or empties its lines.
pub(super) fn change_account(artifact: &mut Artifact, account: &str, shell: Option<&str>) {
    let files = artifact.retrieved.iter_mut().flatten();
    for file in files.filter(|file| file.path == PASSWD) {
        let text = String::from_utf8_lossy(&file.content).into_owned();
        let lines = text.lines().map(|line| match (line.trim().split(':').next() == Some(account), shell) {
            (false, _) => line.to_owned(),
            // The other lines keep their numbers, by which findings name them.
            (true, None) => String::new(),
            (true, Some(shell)) => {
                let fields = line.trim().rsplit_once(':').map_or(line, |(fields, _)| fields);
                format!("{fields}:{shell}")
            }
        });
        let mut changed = lines.collect::<Vec<_>>().join("\n");
        changed.push('\n');
        file.content = changed.into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Artifact, DockerfileMode, Place, StepKind};

    use crate::plan::apply::apply;
    use crate::tests::image;

    const LINES: [&str; 8] = [
        "FROM debian:12",
        "USER root",
        "EXPOSE 22 80/tcp",
        "EXPOSE 53/udp 22",
        "ENV A=1 B=2",
        "LABEL a=b",
        "USER app",
        "HEALTHCHECK CMD true",
    ];

    fn built() -> Artifact {
        let case = image().dockerfile(DockerfileMode::Actual, &LINES).config(|config| {
            config.user = "app".to_owned();
            config.exposed_ports = ["22/tcp", "53/udp", "80/tcp"].map(str::to_owned).to_vec();
            config.env = ["PATH=/bin", "A=1", "B=2"].map(str::to_owned).to_vec();
            config.labels = vec![("a".to_owned(), "b".to_owned())];
            config.healthcheck = Some(stopgate_model::Healthcheck::default());
        });
        case.artifact
    }

    fn lines(artifact: &Artifact) -> Vec<String> {
        let file = artifact.dockerfile.as_ref().unwrap();
        file.instructions.iter().map(|line| format!("{} {}", line.keyword, line.arguments)).collect()
    }

    fn at(line: u32) -> Place {
        Place { line, actual: true }
    }

    #[test]
    fn instructions_change_in_the_file_and_in_the_configuration() {
        let remove = |line, keyword: &str| StepKind::RemoveInstruction {
            place: Some(at(line)),
            keyword: keyword.to_owned(),
            text: String::new(),
        };
        let steps = [remove(7, "USER"), remove(4, "EXPOSE"), remove(5, "ENV"), remove(8, "HEALTHCHECK")];
        let changed = apply(&built(), &steps.iter().collect::<Vec<_>>()).artifact;
        assert_eq!(lines(&changed), [LINES[0], LINES[1], LINES[2], LINES[5]]);
        let config = changed.config.unwrap();
        assert_eq!(config.user, "root", "the line before counts again");
        assert_eq!(config.exposed_ports, ["22/tcp", "80/tcp"], "another line declares 22 as well");
        assert_eq!(config.env, ["PATH=/bin"]);
        assert_eq!(config.healthcheck, None);
    }

    #[test]
    fn what_only_the_configuration_says_goes_as_well() {
        let everything = StepKind::RemoveInstruction { place: None, keyword: "EXPOSE".into(), text: String::new() };
        let user = StepKind::ReplaceInstruction {
            place: None,
            from: "USER".into(),
            keyword: "USER".into(),
            arguments: "10001".into(),
        };
        let changed = apply(&built(), &[&everything, &user]).artifact;
        let config = changed.config.as_ref().unwrap();
        assert_eq!((config.user.as_str(), config.exposed_ports.len()), ("10001", 0));
        assert_eq!(lines(&changed), [LINES[0], LINES[4], LINES[5], LINES[7], "USER 10001"]);
    }

    #[test]
    fn ports_go_one_by_one() {
        let step = StepKind::RemovePorts { place: Some(at(3)), ports: vec!["22".into()] };
        let changed = apply(&built(), &[&step]).artifact;
        assert_eq!(lines(&changed)[2..4], ["EXPOSE 80/tcp", "EXPOSE 53/udp"]);
        assert_eq!(changed.config.unwrap().exposed_ports, ["53/udp", "80/tcp"]);
    }

    #[test]
    fn instructions_are_added_and_replaced() {
        let add = |keyword: &str, arguments: &str| StepKind::AddInstruction {
            keyword: keyword.into(),
            arguments: arguments.into(),
        };
        let copy = StepKind::ReplaceInstruction {
            place: Some(at(7)),
            from: "USER".into(),
            keyword: "USER".into(),
            arguments: "7".into(),
        };
        let steps =
            [add("LABEL", "a=\"…\""), add("ENTRYPOINT", "[\"/x\"]"), add("CMD", "/y"), add("EXPOSE", "1"), copy];
        let changed = apply(&built(), &steps.iter().collect::<Vec<_>>()).artifact;
        let config = changed.config.as_ref().unwrap();
        assert_eq!(config.user, "7");
        assert_eq!(config.labels, [("a".to_owned(), "…".to_owned())]);
        assert_eq!(config.entrypoint, ["/x"]);
        assert_eq!(config.cmd, ["/bin/sh", "-c", "/y"]);
        assert!(config.exposed_ports.contains(&"1/tcp".to_owned()));
        assert_eq!(lines(&changed)[6], "USER 7");
        assert_eq!(lines(&changed).len(), LINES.len() + 4);
    }

    #[test]
    fn accounts_lose_their_shell_or_their_line() {
        let text = "root:x:0:0::/root:/bin/bash\ngames:x:5:60::/usr/games:/bin/sh\n\n#x\nodd\n";
        let case = image().retrieved("/etc/passwd", text).retrieved("/etc/group", text);
        let shell = StepKind::ChangeShell { account: "root".into(), shell: "/sbin/nologin".into() };
        let remove = StepKind::RemoveAccount { account: "games".into() };
        let files = apply(&case.artifact, &[&shell, &remove]).artifact.retrieved.unwrap();
        assert_eq!(String::from_utf8_lossy(&files[0].content), "root:x:0:0::/root:/sbin/nologin\n\n\n#x\nodd\n");
        assert_eq!(String::from_utf8_lossy(&files[1].content), text);
    }
}
