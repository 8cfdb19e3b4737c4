//! What a package's details say about its maker.
//!
//! Details are JSON that a cataloger wrote. Only the fields that matter here are read; long lists of files
//! come last in most records, and reading ends before them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use stopgate_model::Package;

use super::java;

/// Fields of the details of one package.
#[derive(Debug, Default)]
pub(super) enum Hints<'a> {
    /// Nothing that tells a maker.
    #[default]
    None,
    Apk {
        site: Cow<'a, str>,
    },
    Dotnet(Dotnet<'a>),
    Gem(Gem<'a>),
    Java(Box<Java<'a>>),
    Npm {
        repository: Cow<'a, str>,
        homepage: Cow<'a, str>,
    },
    Python {
        author: Cow<'a, str>,
        address: Cow<'a, str>,
    },
    Rpm {
        vendor: Cow<'a, str>,
    },
    TerraformProvider,
    Windows(VersionResource),
    Wordpress {
        folder: Cow<'a, str>,
        author: Cow<'a, str>,
        site: Cow<'a, str>,
    },
}

/// `ruby-gemspec`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Gem<'a> {
    #[serde(borrow)]
    pub(super) authors: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) homepage: Text<'a>,
}

/// `java-archive`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Java<'a> {
    #[serde(borrow)]
    pub(super) manifest: Option<Manifest<'a>>,
    #[serde(borrow)]
    pub(super) pom_properties: Option<Coordinates<'a>>,
    #[serde(borrow)]
    pub(super) pom_project: Option<Project<'a>>,
    /// Every group that these suggest.
    #[serde(skip)]
    pub(super) groups: Vec<String>,
}

/// Group and artifact.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Coordinates<'a> {
    #[serde(borrow)]
    pub(super) group_id: Text<'a>,
    #[serde(borrow)]
    pub(super) artifact_id: Text<'a>,
}

/// A project and its parent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Project<'a> {
    #[serde(borrow)]
    pub(super) parent: Option<Coordinates<'a>>,
    #[serde(borrow)]
    pub(super) group_id: Text<'a>,
    #[serde(borrow)]
    pub(super) artifact_id: Text<'a>,
}

/// A manifest of a Java archive.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest<'a> {
    #[serde(borrow)]
    main: Vec<Field<'a>>,
    #[serde(borrow)]
    sections: Vec<Vec<Field<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Field<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

impl Manifest<'_> {
    /// The values of a field, one for each section that has it.
    pub(super) fn all<'m>(&'m self, key: &'m str) -> impl Iterator<Item = &'m str> {
        let sections = std::iter::once(&self.main).chain(&self.sections);
        sections.filter_map(move |section| section.iter().find(|field| *field.key == *key).map(|field| &*field.value))
    }
}

/// The name that a record of .NET gives, and the executables that belong to it.
#[derive(Debug, Default)]
pub(super) struct Dotnet<'a> {
    pub(super) name: Text<'a>,
    pub(super) executables: Vec<DotnetExecutable<'a>>,
}

/// `dotnet-portable-executable-entry`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DotnetExecutable<'a> {
    #[serde(borrow)]
    pub(super) company_name: Text<'a>,
    #[serde(borrow)]
    pub(super) product_name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DotnetEntry<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    executables: BTreeMap<Text<'a>, DotnetExecutable<'a>>,
}

/// Fields of a version resource, in small letters.
#[derive(Debug, Default)]
pub(super) struct VersionResource {
    pub(super) company: String,
    pub(super) product: String,
    pub(super) description: String,
}

/// Text that is borrowed when it has no escapes.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Hints<'a> {
    /// Reads the details of a package. Those that cannot be read say nothing.
    pub(super) fn of(package: &'a Package) -> Self {
        let Some(details) = &package.details else { return Self::None };
        let json = details.json.as_str();
        match details.type_name.as_str() {
            "apk-db-entry" => {
                let [site] = texts(json, ["url"]);
                Self::Apk { site }
            }
            "dotnet-deps-entry" | "dotnet-packages-lock-entry" => {
                let entry: DotnetEntry<'_> = read(json);
                Self::Dotnet(Dotnet { name: entry.name, executables: entry.executables.into_values().collect() })
            }
            "dotnet-portable-executable-entry" => {
                Self::Dotnet(Dotnet { name: Text::default(), executables: vec![read(json)] })
            }
            "java-archive" => {
                let mut java: Java<'_> = read(json);
                java.groups = java::groups(&package.name, &package.version, &java);
                Self::Java(Box::new(java))
            }
            "javascript-npm-package" => {
                let [homepage, repository] = texts(json, ["homepage", "url"]);
                Self::Npm { repository, homepage }
            }
            "pe-binary" => Self::Windows(version_resource(json)),
            "python-package" => {
                let [author, address] = texts(json, ["author", "authorEmail"]);
                Self::Python { author, address }
            }
            "rpm-archive" | "rpm-db-entry" => {
                let [vendor] = texts(json, ["vendor"]);
                Self::Rpm { vendor }
            }
            "ruby-gemspec" => Self::Gem(read(json)),
            "terraform-lock-provider-entry" => Self::TerraformProvider,
            "wordpress-plugin-entry" => {
                let [folder, author, site] = texts(json, ["pluginInstallDirectory", "author", "authorUri"]);
                Self::Wordpress { folder, author, site }
            }
            _ => Self::None,
        }
    }
}

fn read<'a, T: Deserialize<'a> + Default>(json: &'a str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

/// Text fields of an object, empty when it does not have them. Reading ends with the last of them.
fn texts<'a, const N: usize>(json: &'a str, keys: [&str; N]) -> [Cow<'a, str>; N] {
    let mut values = [const { Cow::Borrowed("") }; N];
    let fields = Texts { keys, values: &mut values };
    // Ending early is an error to the parser; what was read until then counts.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(fields);
    values
}

struct Texts<'k, 'v, 'a, const N: usize> {
    keys: [&'k str; N],
    values: &'v mut [Cow<'a, str>; N],
}

impl<'a, const N: usize> Visitor<'a> for Texts<'_, '_, 'a, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let mut missing = N;
        while missing > 0 {
            let Some(key) = map.next_key::<Text<'a>>()? else { break };
            match self.keys.iter().zip(self.values.iter_mut()).find(|(known, _)| ***known == *key) {
                Some((_, value)) => {
                    *value = map.next_value::<Text<'a>>()?.0;
                    missing -= 1;
                }
                None if *key == *"files" => break,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

fn version_resource(json: &str) -> VersionResource {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Entry<'a> {
        #[serde(borrow, rename = "VersionResources")]
        fields: Vec<Field<'a>>,
    }
    let mut resource = VersionResource::default();
    for Field { key, value } in read::<Entry<'_>>(json).fields {
        match key.to_ascii_lowercase().as_str() {
            "companyname" => resource.company = value.to_lowercase(),
            "productname" => resource.product = value.to_lowercase(),
            "filedescription" => resource.description = value.to_lowercase(),
            _ => {}
        }
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn reading_ends_before_the_files() {
        let json = r#"{"a":{"vendor":"no"},"vendor":"Red \"Hat\"","files":[1,2,"#;
        assert_eq!(texts(json, ["vendor"]), ["Red \"Hat\""]);
        assert_eq!(texts(json, ["vendor", "url"]), ["Red \"Hat\"", ""]);
        assert_eq!(texts("{\"files\":[],\"url\":\"x\"}", ["url"]), [""]);
        assert_eq!(texts("[]", ["url"]), [""]);
        assert_eq!(texts("{\"url\":null}", ["url"]), [""]);
    }
}
