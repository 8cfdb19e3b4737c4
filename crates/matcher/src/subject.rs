//! A package with what matching reads of it beside its typed fields.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{Package, PackageId, Purl};
use stopgate_version::Format;

use crate::rootio;

/// A package to match.
pub(crate) struct Subject<'a> {
    pub(crate) package: &'a Package,
    /// Format of its version.
    pub(crate) format: Format,
    /// Packages that own files which prove this one.
    pub(crate) owners: &'a [PackageId],
    /// Whether it owns files that prove other packages, so that evidence about it counts for those.
    pub(crate) is_owner: bool,
    /// Maven group of a Java package.
    pub(crate) group: String,
    /// What a Go binary says of itself.
    pub(crate) go: GoBinary,
    java: JavaNames,
}

/// What a Go binary says of itself.
#[derive(Default)]
pub(crate) struct GoBinary {
    /// Path of the main module; empty when unknown.
    pub(crate) main_module: String,
    /// Functions by import path, in the words of Go's vulnerability data; empty when they were not captured.
    pub(crate) symbols: HashMap<String, Vec<String>>,
}

#[derive(Default)]
struct JavaNames {
    artifact: String,
    manifest: String,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(package: &'a Package, owners: &'a [PackageId], is_owner: bool) -> Self {
        let mut subject = Self {
            package,
            format: Format::of_package_type(package.package_type.id()),
            owners,
            is_owner,
            group: String::new(),
            go: GoBinary::default(),
            java: JavaNames::default(),
        };
        match subject.details_type() {
            "java-archive" => subject.read_java(),
            "go-module-buildinfo-entry" => subject.read_go(),
            _ if package.package_type.id() == "java-archive" => subject.read_java_purl(),
            _ => {}
        }
        if subject.is_java_runtime() {
            subject.format = Format::Jvm;
        }
        subject
    }

    /// The names under which data may know the package.
    pub(crate) fn names(&self) -> Vec<Cow<'a, str>> {
        let package = self.package;
        let mut names: Vec<Cow<'a, str>> = match package.package_type.id() {
            "java-archive" | "jenkins-plugin" => self.java_names(),
            "swift" => swift_names(package),
            _ => vec![Cow::Borrowed(&package.name)],
        };
        if names.is_empty() {
            names.push(Cow::Borrowed(&package.name));
        }
        if self.is_rootio() {
            let variants: Vec<String> =
                names.iter().flat_map(|name| rootio::variants(&package.package_type, name)).collect();
            for variant in variants {
                if !names.contains(&Cow::Borrowed(variant.as_str())) {
                    names.push(Cow::Owned(variant));
                }
            }
        }
        names
    }

    /// Whether Root.io built it.
    pub(crate) fn is_rootio(&self) -> bool {
        let package = self.package;
        rootio::is_build(&package.package_type, &package.name, &package.version, &self.group)
    }

    fn details_type(&self) -> &str {
        self.package.details.as_ref().map_or("", |details| &details.type_name)
    }

    fn is_java_runtime(&self) -> bool {
        const NAMES: [&str; 8] = ["java_se", "jre", "jdk", "zulu", "openjdk", "java", "java/jre", "java/jdk"];
        let by_name = self.package.package_type.id() == "binary" && NAMES.contains(&&*self.package.name);
        by_name || self.details_type() == "java-jvm-installation"
    }

    fn details<T: Deserialize<'a> + Default>(&self) -> T {
        let json: &'a str = self.package.details.as_ref().map_or("{}", |details| &details.json);
        serde_json::from_str(json).unwrap_or_default()
    }

    fn read_java(&mut self) {
        let archive: JavaArchive<'a> = self.details();
        match archive.pom_properties {
            Some(pom) => {
                self.group = pom.group_id;
                self.java.artifact = pom.artifact_id;
            }
            None => self.read_java_purl(),
        }
        // Few manifests name themselves; the others need not be read.
        let manifest = archive.manifest.map(RawValue::get).filter(|manifest| manifest.contains("\"Name\""));
        let manifest: Manifest = manifest.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        self.java.manifest = manifest.main.name().unwrap_or_default();
    }

    fn read_java_purl(&mut self) {
        if let Ok(purl) = Purl::parse(&self.package.purl) {
            self.group = purl.namespace;
            self.java.artifact = purl.name;
        }
    }

    fn java_names(&self) -> Vec<Cow<'a, str>> {
        let mut names = Vec::new();
        if !self.group.is_empty() {
            let parts = [&self.java.artifact, &self.java.manifest];
            let filled = parts.into_iter().filter(|part| !part.is_empty());
            names.extend(filled.map(|part| format!("{}:{part}", self.group)));
        }
        if let Ok(purl) = Purl::parse(&self.package.purl) {
            names.push(format!("{}:{}", purl.namespace, purl.name));
        }
        names.sort();
        names.dedup();
        names.into_iter().map(Cow::Owned).collect()
    }

    fn read_go(&mut self) {
        let binary: GoDetails = self.details();
        self.go.main_module = binary.main_module;
        self.go.symbols = binary
            .symbols
            .into_iter()
            .map(|(path, symbols)| (path, symbols.iter().map(|symbol| go_symbol(symbol)).collect()))
            .collect();
    }
}

/// Swift advisories name repositories, which only the package URL has.
fn swift_names(package: &Package) -> Vec<Cow<'_, str>> {
    let mut names = vec![Cow::Borrowed(package.name.as_str())];
    if let Ok(purl) = Purl::parse(&package.purl)
        && !purl.namespace.is_empty()
    {
        names.push(Cow::Owned(format!("{}/{}", purl.namespace, purl.name)));
    }
    names
}

/// A symbol of a binary in the words of Go's vulnerability data: `(*T[int]).M-fm` is `T.M`.
fn go_symbol(symbol: &str) -> String {
    let bare = symbol.replace("(*", "").replace(')', "");
    let bare = bare.strip_suffix("-fm").unwrap_or(&bare);
    let mut plain = String::with_capacity(bare.len());
    let mut rest = bare;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        if let Some((_, behind)) = after.split_once(']') {
            rest = behind;
        } else {
            plain.push('[');
            rest = after;
        }
    }
    plain + rest
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct JavaArchive<'a> {
    pom_properties: Option<PomProperties>,
    #[serde(borrow)]
    manifest: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PomProperties {
    group_id: String,
    artifact_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Manifest {
    main: MainSection,
}

/// syft wrote a map at first and a list of pairs later.
#[derive(Deserialize)]
#[serde(untagged)]
enum MainSection {
    Pairs(Vec<Pair>),
    Map(HashMap<String, String>),
    Other(serde::de::IgnoredAny),
}

impl Default for MainSection {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    value: String,
}

impl MainSection {
    fn name(self) -> Option<String> {
        match self {
            Self::Pairs(pairs) => pairs.into_iter().rfind(|pair| pair.key == "Name").map(|pair| pair.value),
            Self::Map(mut map) => map.remove("Name"),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct GoDetails {
    main_module: String,
    symbols: HashMap<String, Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::{Subject, go_symbol};
    use stopgate_model::{Details, Package, PackageType};
    use stopgate_version::Format;

    #[test]
    fn symbols_are_plain() {
        assert_eq!(go_symbol("(*Decoder).Decode"), "Decoder.Decode");
        assert_eq!(go_symbol("(*T[go.shape.int]).M-fm"), "T.M");
        assert_eq!(go_symbol("a[b"), "a[b");
    }

    #[test]
    fn a_jar_has_up_to_three_names() {
        let mut jar = Package::new(PackageType::JAVA_ARCHIVE, "log4j-core", "2.14.1");
        jar.purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1".into();
        let json =
            r#"{"pomProperties":{"groupId":"g","artifactId":"a"},"manifest":{"main":[{"key":"Name","value":"m"}]}}"#;
        jar.details = Some(Details { type_name: "java-archive".into(), json: json.into() });
        let names = Subject::new(&jar, &[], false).names();
        assert_eq!(names, ["g:a", "g:m", "org.apache.logging.log4j:log4j-core"]);
    }

    #[test]
    fn runtimes_have_their_own_format() {
        let jdk = Package::new(PackageType::BINARY, "jdk", "17.0.1");
        assert_eq!(Subject::new(&jdk, &[], false).format, Format::Jvm);
        let bash = Package::new(PackageType::BINARY, "bash", "5");
        assert_eq!(Subject::new(&bash, &[], false).format, Format::Unknown);
    }
}
