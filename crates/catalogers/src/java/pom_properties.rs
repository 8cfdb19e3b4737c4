//! `pom.properties`, which Maven puts into archives: the coordinates of what was built.

use std::collections::BTreeMap;

use serde::Serialize;

/// Coordinates, in the shape that syft writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PomProperties {
    /// Path inside the archive.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) group_id: String,
    pub(super) artifact_id: String,
    pub(super) version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) extra_fields: BTreeMap<String, String>,
}

impl PomProperties {
    /// Reads the file; `None` when a line is no property.
    pub(super) fn read(path: &str, text: &str) -> Option<Self> {
        let mut properties = Self::default();
        for line in text.lines() {
            if line.trim().is_empty() || line.trim_start_matches(' ').starts_with('#') {
                continue;
            }
            let (key, value) = line.split_at(line.find(['=', ':'])?);
            let (key, value) = (key.trim(), value.get(1..).unwrap_or("").trim().to_owned());
            match key.to_ascii_lowercase().as_str() {
                "name" => properties.name = value,
                "groupid" => properties.group_id = value,
                "artifactid" => properties.artifact_id = value,
                "version" => properties.version = value,
                "scope" => properties.scope = value,
                "path" => {}
                _ => drop(properties.extra_fields.insert(key.to_owned(), value)),
            }
        }
        path.clone_into(&mut properties.path);
        Some(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::PomProperties;

    #[test]
    fn coordinates_and_the_rest_are_read() {
        let read = PomProperties::read(
            "META-INF/maven/g/a/pom.properties",
            "#Created by Apache Maven\n\nversion=1.0\ngroupId=org.example\r\nartifactId: a\nm2e.projectName=x=y\n",
        );
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"{"path":"META-INF/maven/g/a/pom.properties","name":"","groupId":"org.example","artifactId":"a","version":"1.0","extraFields":{"m2e.projectName":"x=y"}}"#
        );
        assert_eq!(PomProperties::read("x", "version\n"), None);
    }
}
