//! Core metadata of a distribution (packaging.python.org, "core metadata"): the header of `METADATA` and
//! `PKG-INFO`, mail-like fields up to the first empty line.

use serde::{Deserialize, Serialize};

/// The fields that we read.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) author: String,
    pub(super) author_email: String,
    pub(super) platform: String,
    pub(super) requires_python: String,
    pub(super) requires_dist: Vec<String>,
    pub(super) provides_extra: Vec<String>,
    pub(super) license: String,
    pub(super) license_expression: String,
    pub(super) license_file: String,
}

impl Metadata {
    /// Reads the header. Lines of no known shape are skipped: files in the wild follow the format loosely.
    pub(super) fn read(text: &str) -> Self {
        let mut metadata = Self::default();
        let mut key = String::new();
        for line in text.lines() {
            if line.is_empty() {
                // Leading empty lines are skipped; a description follows the first one after a field.
                if key.is_empty() {
                    continue;
                }
                break;
            }
            if line.starts_with(' ') {
                if let Some(value) = metadata.current(&key) {
                    value.push_str("\n ");
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) {
                key = name.trim().replace('-', "").to_ascii_lowercase();
                metadata.set(&key, value.trim());
            }
        }
        metadata
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "requiresdist" => self.requires_dist.push(value.to_owned()),
            "providesextra" => self.provides_extra.push(value.to_owned()),
            // Of a field given twice the last one counts.
            _ => {
                if let Some(field) = self.current(key) {
                    value.clone_into(field);
                }
            }
        }
    }

    /// The value that a continuation line extends.
    fn current(&mut self, key: &str) -> Option<&mut String> {
        Some(match key {
            "name" => &mut self.name,
            "version" => &mut self.version,
            "author" => &mut self.author,
            "authoremail" => &mut self.author_email,
            "platform" => &mut self.platform,
            "requirespython" => &mut self.requires_python,
            "requiresdist" => self.requires_dist.last_mut()?,
            "providesextra" => self.provides_extra.last_mut()?,
            "license" => &mut self.license,
            "licenseexpression" => &mut self.license_expression,
            "licensefile" => &mut self.license_file,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    #[test]
    fn reads_the_header_and_stops_at_the_description() {
        let text = "\nMetadata-Version: 2.1\r\nName: Some_Package\nVersion: 1.0\nPlatform: UNKNOWN\nPlatform: any\n\
                    License: MIT\n        of a kind\nAuthor-email: a@example.org\nRequires-Dist: x (>=1)\n\
                    Requires-Dist: y;\n   extra == 'z'\nno field\n\nName: other\n";
        let metadata = Metadata::read(text);
        assert_eq!(
            metadata,
            Metadata {
                name: "Some_Package".to_owned(),
                version: "1.0".to_owned(),
                author_email: "a@example.org".to_owned(),
                platform: "any".to_owned(),
                requires_dist: vec!["x (>=1)".to_owned(), "y;\n extra == 'z'".to_owned()],
                license: "MIT\n of a kind".to_owned(),
                ..Metadata::default()
            }
        );
        assert_eq!(Metadata::read(" orphan\n: x\n"), Metadata::default());
    }
}
