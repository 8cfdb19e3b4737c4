//! The image configuration (OCI image specification, config.md; Docker image specification v1.3).
//!
//! Names match without regard to case, as Go's decoder does it, so that the capitalised form of
//! `docker inspect` reads too. A part of another type than expected is a gap and reads as absent.
//! `rootfs` is the business of `source`.

use serde_json::{Map, Value};
use stopgate_model::{Gap, GapCode, Healthcheck, HistoryEntry, ImageConfig};

/// Reads a configuration; what cannot be read is a gap.
pub fn read_image_config(bytes: &[u8]) -> (ImageConfig, Vec<Gap>) {
    let mut reader = Reader::default();
    let config = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(document)) => reader.document(&document),
        Ok(other) => {
            reader.mismatch("the document", "an object", &other);
            ImageConfig::default()
        }
        Err(error) => {
            reader.gap(format!("the image configuration is not JSON: line {}", error.line()));
            ImageConfig::default()
        }
    };
    (config, reader.gaps)
}

#[derive(Default)]
struct Reader {
    gaps: Vec<Gap>,
}

/// A JSON object with its place in the document.
#[derive(Clone, Copy)]
struct Part<'a> {
    place: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Part<'a> {
    /// The value of a field; null is absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let value = self.fields.get(name).or_else(|| {
            self.fields.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        value.filter(|value| !value.is_null())
    }

    fn path(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }
}

impl Reader {
    fn document(&mut self, fields: &Map<String, Value>) -> ImageConfig {
        let root = Part { place: "", fields };
        let empty = Map::new();
        let inner = self.object(root, "config").unwrap_or(&empty);
        let config = Part { place: "config", fields: inner };
        ImageConfig {
            user: self.text(config, "User"),
            exposed_ports: self.ports(config),
            env: self.texts(config, "Env"),
            entrypoint: self.command(config, "Entrypoint"),
            cmd: self.command(config, "Cmd"),
            working_dir: self.text(config, "WorkingDir"),
            labels: self.labels(config),
            volumes: self.keys(config, "Volumes"),
            healthcheck: self.healthcheck(config),
            stop_signal: self.text(config, "StopSignal"),
            on_build: self.texts(config, "OnBuild"),
            shell: self.command(config, "Shell"),
            created: self.text(root, "created"),
            author: self.text(root, "author"),
            architecture: self.text(root, "architecture"),
            os: self.text(root, "os"),
            variant: self.text(root, "variant"),
            history: self.history(root),
        }
    }

    fn gap(&mut self, message: String) {
        self.gaps.push(Gap::new(GapCode::ConfigUnreadable, message));
    }

    fn mismatch(&mut self, place: &str, expected: &str, seen: &Value) {
        self.gap(format!("`{place}` of the image configuration is {}, expected {expected}", kind(seen)));
    }

    fn object<'a>(&mut self, part: Part<'a>, name: &str) -> Option<&'a Map<String, Value>> {
        let value = part.get(name)?;
        if value.as_object().is_none() {
            self.mismatch(&part.path(name), "an object", value);
        }
        value.as_object()
    }

    fn text(&mut self, part: Part<'_>, name: &str) -> String {
        match part.get(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => {
                self.mismatch(&part.path(name), "a text", other);
                String::new()
            }
        }
    }

    fn texts(&mut self, part: Part<'_>, name: &str) -> Vec<String> {
        match part.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => self.items(&part.path(name), items),
            Some(other) => {
                self.mismatch(&part.path(name), "a list of texts", other);
                Vec::new()
            }
        }
    }

    fn items(&mut self, place: &str, items: &[Value]) -> Vec<String> {
        let mut texts = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text.clone()),
                other => self.mismatch(&format!("{place}[{position}]"), "a text", other),
            }
        }
        texts
    }

    /// A command: a list, or one text as Docker before 1.9 wrote it.
    fn command(&mut self, part: Part<'_>, name: &str) -> Vec<String> {
        match part.get(name) {
            Some(Value::String(text)) => vec![text.clone()],
            _ => self.texts(part, name),
        }
    }

    /// The keys of an object that stands for a set, sorted; a list of texts is accepted too.
    fn keys(&mut self, part: Part<'_>, name: &str) -> Vec<String> {
        let mut keys = match part.get(name) {
            None => Vec::new(),
            Some(Value::Object(fields)) => fields.keys().cloned().collect(),
            Some(Value::Array(items)) => self.items(&part.path(name), items),
            Some(other) => {
                self.mismatch(&part.path(name), "an object", other);
                Vec::new()
            }
        };
        keys.sort();
        keys.dedup();
        keys
    }

    fn ports(&mut self, part: Part<'_>) -> Vec<String> {
        let mut ports = self.keys(part, "ExposedPorts");
        for port in &mut ports {
            if !port.contains('/') {
                port.push_str("/tcp");
            }
        }
        ports.sort();
        ports.dedup();
        ports
    }

    fn labels(&mut self, part: Part<'_>) -> Vec<(String, String)> {
        let Some(fields) = self.object(part, "Labels") else { return Vec::new() };
        let mut labels = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            match value {
                Value::String(text) => labels.push((name.clone(), text.clone())),
                other => self.mismatch(&format!("config.Labels.{name}"), "a text", other),
            }
        }
        labels.sort();
        labels
    }

    fn healthcheck(&mut self, part: Part<'_>) -> Option<Healthcheck> {
        let fields = self.object(part, "Healthcheck")?;
        let check = Part { place: "config.Healthcheck", fields };
        Some(Healthcheck {
            test: self.command(check, "Test"),
            interval_ns: self.number(check, "Interval"),
            timeout_ns: self.number(check, "Timeout"),
            retries: self.number(check, "Retries"),
        })
    }

    fn number(&mut self, part: Part<'_>, name: &str) -> u64 {
        let Some(value) = part.get(name) else { return 0 };
        value.as_u64().unwrap_or_else(|| {
            self.mismatch(&part.path(name), "a whole number from 0", value);
            0
        })
    }

    fn history(&mut self, root: Part<'_>) -> Option<Vec<HistoryEntry>> {
        let items = match root.get("history")? {
            Value::Array(items) => items,
            other => {
                self.mismatch("history", "a list", other);
                return None;
            }
        };
        let mut history = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            let place = format!("history[{position}]");
            // A broken entry keeps its position: the map from entries to layers rests on it.
            let Value::Object(fields) = item else {
                self.mismatch(&place, "an object", item);
                history.push(HistoryEntry::default());
                continue;
            };
            let entry = Part { place: &place, fields };
            history.push(HistoryEntry {
                created: self.text(entry, "created"),
                created_by: self.text(entry, "created_by"),
                comment: self.text(entry, "comment"),
                author: self.text(entry, "author"),
                empty_layer: self.flag(entry, "empty_layer"),
            });
        }
        Some(history)
    }

    fn flag(&mut self, part: Part<'_>, name: &str) -> bool {
        let Some(value) = part.get(name) else { return false };
        value.as_bool().unwrap_or_else(|| {
            self.mismatch(&part.path(name), "true or false", value);
            false
        })
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{GapCode, ImageConfig};

    use super::read_image_config;

    fn clean(text: &str) -> ImageConfig {
        let (config, gaps) = read_image_config(text.as_bytes());
        assert_eq!(gaps, []);
        config
    }

    #[test]
    fn reads_what_docker_writes() {
        let config = clean(
            r#"{"architecture":"arm64","variant":"v8","os":"linux","created":"2024-01-02T03:04:05Z","author":"me",
            "config":{"User":"app","ExposedPorts":{"8080/tcp":{},"53/udp":{},"9000":{}},"Env":["A=1","B="],
            "Entrypoint":["/entry"],"Cmd":["run","-x"],"WorkingDir":"/srv","Labels":{"b":"2","a":"1"},
            "Volumes":{"/data":{}},"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000,"Retries":3},
            "StopSignal":"SIGTERM","OnBuild":["RUN x"],"Shell":["/bin/bash","-c"]},
            "history":[{"created":"2024-01-01T00:00:00Z","created_by":"ADD x"},{"created_by":"CMD y","empty_layer":true}]}"#,
        );
        assert_eq!(config.exposed_ports, ["53/udp", "8080/tcp", "9000/tcp"]);
        assert_eq!(config.labels, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(
            (config.user.as_str(), config.cmd.len(), config.volumes.as_slice()),
            ("app", 2, &["/data".to_owned()][..])
        );
        let check = config.healthcheck.unwrap();
        assert_eq!((check.test.len(), check.interval_ns, check.timeout_ns, check.retries), (2, 30_000_000_000, 0, 3));
        let history = config.history.unwrap();
        assert_eq!((history.len(), history[1].empty_layer, history[0].created_by.as_str()), (2, true, "ADD x"));
    }

    #[test]
    fn reads_any_case_null_and_the_old_form_of_a_command() {
        let config = clean(
            r#"{"Architecture":"amd64","Os":"linux","Config":{"user":null,"Labels":null,"Env":null,"Cmd":"sh","Healthcheck":null},"History":null}"#,
        );
        assert_eq!((config.architecture.as_str(), config.os.as_str(), config.user.as_str()), ("amd64", "linux", ""));
        assert_eq!(config.cmd, ["sh"]);
        assert_eq!((config.healthcheck, config.history), (None, None));
    }

    #[test]
    fn a_part_of_another_type_is_a_gap_and_the_rest_is_read() {
        let (config, gaps) = read_image_config(
            br#"{"os":7,"config":{"User":["x"],"Env":[1,"A=1"],"Labels":{"a":1,"b":"2"},"Healthcheck":{"Retries":-1},
            "Volumes":true},"history":[3,{"created_by":4,"empty_layer":"yes"}]}"#,
        );
        assert_eq!(config.env, ["A=1"]);
        assert_eq!(config.labels, [("b".to_owned(), "2".to_owned())]);
        assert_eq!(config.history.unwrap().len(), 2);
        assert!(gaps.iter().all(|gap| gap.code == GapCode::ConfigUnreadable));
        let messages: Vec<_> = gaps.iter().map(|gap| gap.message.as_str()).collect();
        assert_eq!(messages.len(), 9);
        assert!(messages.contains(&"`config.User` of the image configuration is a list, expected a text"));
        assert!(messages.contains(&"`config.Env[0]` of the image configuration is a number, expected a text"));
    }

    #[test]
    fn what_is_no_document_is_one_gap() {
        for bytes in [&b""[..], b"[]", b"{", b"\xff", b"null"] {
            let (config, gaps) = read_image_config(bytes);
            assert_eq!((config, gaps.len()), (ImageConfig::default(), 1));
        }
    }
}
