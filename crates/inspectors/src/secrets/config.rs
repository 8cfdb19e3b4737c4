//! Secrets in the image configuration: history, environment, labels. Everybody who may pull an image reads them.
//!
//! A variable or label is searched as `name=value` and as its value alone, for patterns that hold at the start of a
//! line.

use std::collections::BTreeSet;

use stopgate_model::{ConfigHit, ConfigPlace, ImageConfig};

use super::{SECRET_PATTERNS, SecretSearch};

impl SecretSearch {
    /// Hits in an image configuration, sorted. Values are never kept.
    pub fn search_config(&self, config: &ImageConfig) -> Vec<ConfigHit> {
        let mut found = BTreeSet::new();
        let mut look = |place, field: &str, text: &str| {
            for hit in self.search(text.as_bytes()) {
                let Some(pattern) = SECRET_PATTERNS.get(hit.pattern) else { continue };
                found.insert(ConfigHit { place, field: field.to_owned(), name: pattern.name.to_owned() });
            }
        };
        for (entry, number) in config.history.iter().flatten().zip(1..) {
            let field = u32::to_string(&number);
            for text in [&entry.created_by, &entry.comment, &entry.author] {
                look(ConfigPlace::History, &field, text);
            }
        }
        for (variable, number) in config.env.iter().zip(1..) {
            // Without a name all of it may be the secret.
            let number = u32::to_string(&number);
            let (name, value) = variable.split_once('=').unwrap_or((&number, variable));
            look(ConfigPlace::Env, name, variable);
            look(ConfigPlace::Env, name, value);
        }
        for (name, value) in &config.labels {
            look(ConfigPlace::Labels, name, &format!("{name}={value}"));
            look(ConfigPlace::Labels, name, value);
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{ConfigHit, ConfigPlace, HistoryEntry, ImageConfig};

    use super::SecretSearch;

    fn found(config: &ImageConfig) -> Vec<(ConfigPlace, String, String)> {
        let hits = SecretSearch::new().search_config(config);
        hits.into_iter().map(|ConfigHit { place, field, name }| (place, field, name)).collect()
    }

    #[test]
    fn each_part_is_searched_and_only_names_are_kept() {
        let key = "A".repeat(20);
        let begin = "-----BEGIN PRIVATE KEY-----";
        let command = format!("RUN |1 api_key={key} /bin/sh -c build # buildkit");
        let config = ImageConfig {
            env: vec![
                "PATH=/bin".to_owned(),
                format!("AWS_ACCESS_KEY_ID={key}"),
                format!("KEY={begin}"),
                begin.to_owned(),
            ],
            labels: vec![("api_key".to_owned(), key.clone()), ("team".to_owned(), "core".to_owned())],
            history: Some(vec![
                HistoryEntry::default(),
                HistoryEntry { created_by: command, comment: begin.to_owned(), ..HistoryEntry::default() },
            ]),
            ..ImageConfig::default()
        };
        let hit = |place, field: &str, name: &str| (place, field.to_owned(), name.to_owned());
        assert_eq!(
            found(&config),
            [
                hit(ConfigPlace::History, "2", "API_KEY"),
                hit(ConfigPlace::History, "2", "PRIV_KEY"),
                hit(ConfigPlace::Env, "4", "PRIV_KEY"),
                hit(ConfigPlace::Env, "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"),
                hit(ConfigPlace::Env, "KEY", "PRIV_KEY"),
                hit(ConfigPlace::Labels, "api_key", "API_KEY"),
            ]
        );
        assert!(!format!("{:?}", found(&config)).contains(&key));
    }

    #[test]
    fn names_alone_are_no_secrets() {
        let env = ["AWS_ACCESS_KEY_ID=", "API_KEY=$KEY", "api_key"].map(str::to_owned).to_vec();
        let config = ImageConfig { env, ..ImageConfig::default() };
        assert_eq!(found(&config), []);
        assert_eq!(found(&ImageConfig::default()), []);
    }
}
