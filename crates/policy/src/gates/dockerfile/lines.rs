//! The instructions that made the image: lines of the Dockerfile, or what the configuration says.

use stopgate_model::{DockerfileMode, Evidence, Healthcheck, ImageConfig};

use crate::engine::Scene;

/// An instruction with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// All after the keyword.
    pub(super) text: String,
    /// Number of the line, and whether the Dockerfile was given; `None`: only the configuration says so.
    pub(super) place: Option<(u32, bool)>,
}

impl Line {
    pub(super) fn evidence(&self, keyword: &str) -> Evidence {
        let text = redacted(keyword, &self.text);
        match self.place {
            Some((line, actual)) => Evidence::DockerfileLine { line, text: format!("{keyword} {text}"), actual },
            None => Evidence::Config { field: field(keyword).to_owned(), value: text },
        }
    }

    /// Its number in the Dockerfile that the user gave.
    pub(super) fn number(&self) -> Option<u32> {
        self.place.filter(|(_, actual)| *actual).map(|(line, _)| line)
    }
}

/// Instructions that the image configuration knows best.
pub(super) const CONFIGURED: [&str; 4] = ["USER", "EXPOSE", "ENTRYPOINT", "HEALTHCHECK"];

/// The instructions of one kind. With `only_file`, those of the Dockerfile whatever the configuration says.
pub(super) fn of(scene: &Scene<'_>, keyword: &str, only_file: bool) -> Vec<Line> {
    let written = in_file(scene, keyword);
    let Some(config) = scene.artifact().config.as_ref().filter(|_| !only_file && CONFIGURED.contains(&keyword)) else {
        return written;
    };
    match configured(config, keyword) {
        None => Vec::new(),
        Some(_) if !written.is_empty() => written,
        Some(text) => vec![Line { text, place: None }],
    }
}

/// The lines of the Dockerfile.
pub(super) fn in_file(scene: &Scene<'_>, keyword: &str) -> Vec<Line> {
    let Some(file) = &scene.artifact().dockerfile else { return Vec::new() };
    let actual = file.mode == DockerfileMode::Actual;
    file.final_stage()
        .filter(|instruction| instruction.keyword.eq_ignore_ascii_case(keyword))
        .map(|instruction| Line { text: instruction.arguments.clone(), place: Some((instruction.line, actual)) })
        .collect()
}

/// What the configuration says, in the words of a Dockerfile.
fn configured(config: &ImageConfig, keyword: &str) -> Option<String> {
    let text = match keyword {
        "USER" => config.user.clone(),
        "EXPOSE" => config.exposed_ports.join(" "),
        "ENTRYPOINT" => arguments(&config.entrypoint),
        _ => config.healthcheck.as_ref().map(health).unwrap_or_default(),
    };
    (!text.is_empty()).then_some(text)
}

fn arguments(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { serde_json::Value::from(words.to_vec()).to_string() }
}

fn health(check: &Healthcheck) -> String {
    match check.test.split_first() {
        None => String::new(),
        Some((kind, _)) if kind == "NONE" => "NONE".to_owned(),
        Some((kind, rest)) if kind == "CMD-SHELL" => format!("CMD {}", rest.join(" ")),
        Some((_, rest)) => format!("CMD {}", arguments(rest)),
    }
}

/// The field of the configuration that an instruction sets.
pub(super) fn field(keyword: &str) -> &'static str {
    match keyword {
        "USER" => "User",
        "EXPOSE" => "ExposedPorts",
        "ENTRYPOINT" => "Entrypoint",
        "HEALTHCHECK" => "Healthcheck",
        _ => "config",
    }
}

/// The text of an instruction without the values of what looks like secrets: a report must not spread them.
pub(super) fn redacted(keyword: &str, text: &str) -> String {
    if !matches!(keyword, "ENV" | "ARG") {
        return text.to_owned();
    }
    const WORDS: [&str; 7] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "PWD", "AUTH"];
    let is_secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        WORDS.iter().any(|word| name.contains(word))
    };
    match text.split_once(char::is_whitespace) {
        // The old form `ENV NAME value` has one name.
        Some((name, _)) if keyword == "ENV" && !name.contains('=') && is_secret(name) => format!("{name} …"),
        _ if !text.contains('=') => text.to_owned(),
        _ => {
            let mut hiding = false;
            let words = text.split(' ').filter_map(|word| match word.split_once('=') {
                Some((name, _)) => {
                    hiding = is_secret(name);
                    Some(if hiding { format!("{name}=…") } else { word.to_owned() })
                }
                // A value in quotes goes on behind blanks.
                None => (!hiding).then(|| word.to_owned()),
            });
            words.collect::<Vec<_>>().join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn values_of_secrets_are_not_shown() {
        assert_eq!(redacted("ENV", "A=1 DB_PASSWORD=\"hun ter2\" B=2"), "A=1 DB_PASSWORD=… B=2");
        assert_eq!(redacted("ENV", "MYSQL_ROOT_PASSWORD secret word"), "MYSQL_ROOT_PASSWORD …");
        assert_eq!(redacted("ARG", "API_TOKEN=x"), "API_TOKEN=…");
        assert_eq!(redacted("RUN", "PASSWORD=1"), "PASSWORD=1");
        assert_eq!(redacted("ENV", "PATH=/usr/bin"), "PATH=/usr/bin");
    }
}
