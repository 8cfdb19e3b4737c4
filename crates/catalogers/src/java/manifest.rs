//! `META-INF/MANIFEST.MF` (JAR file specification, "JAR manifest").

use serde::Serialize;

/// A field, in the shape that syft writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Field {
    key: String,
    value: String,
}

/// Sections of fields in order; the first one is the main section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Manifest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) main: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sections: Vec<Vec<Field>>,
}

impl Manifest {
    /// Reads a manifest; lines of no known shape are skipped.
    pub(super) fn read(text: &str) -> Self {
        let mut sections: Vec<Vec<Field>> = Vec::new();
        let mut in_section = false;
        for line in text.lines() {
            if line.is_empty() {
                in_section = false;
            } else if line.starts_with(' ') {
                let last = sections.last_mut().and_then(|section| section.last_mut());
                if let Some(field) = last.filter(|_| in_section) {
                    field.value.push_str(line.trim());
                }
            } else if let Some((key, value)) = line.split_once(':') {
                let field = Field { key: key.trim().to_owned(), value: value.trim().to_owned() };
                if field.key.is_empty() {
                    continue;
                }
                match sections.last_mut().filter(|_| in_section) {
                    Some(section) => section.push(field),
                    None => sections.push(vec![field]),
                }
                in_section = true;
            }
        }
        let mut sections = sections.into_iter();
        Self { main: sections.next().unwrap_or_default(), sections: sections.collect() }
    }

    /// A field of the main section; empty when there is none.
    pub(super) fn main(&self, key: &str) -> &str {
        value_in(&self.main, key).unwrap_or("")
    }

    /// The value of a field in any section that has it, the main one first. Empty values do not count.
    pub(super) fn anywhere(&self, key: &str) -> &str {
        self.all(key).find(|value| !value.is_empty()).unwrap_or("")
    }

    /// The values of a field, one for each section that has it.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        std::iter::once(&self.main).chain(&self.sections).filter_map(move |section| value_in(section, key))
    }

    /// Whether the main section has a field.
    pub(super) fn has(&self, key: &str) -> bool {
        value_in(&self.main, key).is_some()
    }
}

fn value_in<'a>(section: &'a [Field], key: &str) -> Option<&'a str> {
    section.iter().find(|field| field.key == key).map(|field| field.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    #[test]
    fn sections_and_continuations_are_read() {
        let manifest = Manifest::read(
            " orphan\nManifest-Version: 1.0\r\nBundle-Name: A long\r\n  name\r\nno field\n\n\nName: a/b\nSealed: true\n\n odd\n: x\n",
        );
        assert_eq!(manifest.main("Bundle-Name"), "A longname");
        assert_eq!(manifest.main("Sealed"), "");
        assert_eq!(manifest.anywhere("Sealed"), "true");
        assert!(manifest.has("Manifest-Version") && !manifest.has("manifest-version"));
        assert_eq!(
            serde_json::to_string(&manifest).unwrap(),
            r#"{"main":[{"key":"Manifest-Version","value":"1.0"},{"key":"Bundle-Name","value":"A longname"}],"sections":[[{"key":"Name","value":"a/b"},{"key":"Sealed","value":"true"}]]}"#
        );
        assert_eq!(serde_json::to_string(&Manifest::read("")).unwrap(), "{}");
    }
}
