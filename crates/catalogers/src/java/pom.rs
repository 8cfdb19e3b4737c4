//! `pom.xml` of Maven (maven.apache.org/pom.html): coordinates, licences and properties.
//!
//! Expressions (`${…}`) are resolved from the file and, where the caller has them, its parents; a value
//! with an expression that nothing resolves is empty. Profiles are not activated.

use std::borrow::Cow;

use quick_xml::events::Event;
use quick_xml::{Reader, escape::resolve_predefined_entity};
use serde::{Deserialize, Serialize};

use super::details::{PomParent, PomProject};

/// An element: its own text and its children.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Element {
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<Element>,
}

/// A project.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Pom(Element);

/// What expressions mean: `project.…` in one project, properties in the first of several that has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) project: &'a Pom,
    /// Never empty: the project whose build it is, then its parents.
    pub(super) chain: &'a [&'a Pom],
}

/// Coordinates.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
}

/// Which parts of a file are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// What describes the project itself.
    Project,
    /// Dependencies as well.
    Dependencies,
}

const DEEPEST: usize = 64;
const SKIPPED: [&str; 10] = [
    "build",
    "reporting",
    "repositories",
    "pluginRepositories",
    "distributionManagement",
    "developers",
    "contributors",
    "ciManagement",
    "mailingLists",
    "modules",
];
const DEPENDENCIES: [&str; 3] = ["dependencies", "dependencyManagement", "profiles"];

impl Element {
    /// The last child of a name: of an element given twice Maven takes the last.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().rev().find(|child| child.name == name)
    }

    pub(super) fn children_of<'a>(&'a self, list: &'a str, item: &'a str) -> impl Iterator<Item = &'a Self> {
        let lists = self.children.iter().filter(move |child| child.name == list);
        lists.flat_map(move |list| list.children.iter().filter(move |child| child.name == item))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

impl Pom {
    /// Reads a file; an error is one clause that says why it is no project.
    pub(super) fn read(bytes: &[u8], parts: Parts) -> Result<Self, String> {
        let text = decoded(bytes);
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Element> = Vec::new();
        loop {
            match reader.read_event().map_err(|error| format!("is no XML: {error}"))? {
                Event::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    let skipped = SKIPPED.contains(&name.as_str())
                        || (parts == Parts::Project && DEPENDENCIES.contains(&name.as_str()));
                    if open.len() == 1 && skipped {
                        reader.read_to_end(start.name()).map_err(|error| format!("is no XML: {error}"))?;
                    } else if open.len() >= DEEPEST {
                        return Err("has too deeply nested elements".to_owned());
                    } else {
                        open.push(Element { name, ..Element::default() });
                    }
                }
                Event::Empty(start) => {
                    if let Some(parent) = open.last_mut() {
                        let name = start.local_name().as_ref().to_owned();
                        parent.children.push(Element { name, ..Element::default() });
                    }
                }
                Event::End(_) => {
                    let Some(done) = open.pop() else { return Err("closes an element that is not open".to_owned()) };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None if done.name == "project" => return Ok(Self(done)),
                        None => return Err("is no Maven project".to_owned()),
                    }
                }
                Event::Text(text) => push(&mut open, &text.into_inner()),
                Event::CData(text) => push(&mut open, &text.into_inner()),
                Event::GeneralRef(reference) => {
                    if let Ok(Some(c)) = reference.resolve_char_ref() {
                        push(&mut open, c.encode_utf8(&mut [0; 4]));
                    } else if let Some(text) = resolve_predefined_entity(&reference.into_inner()) {
                        push(&mut open, text);
                    }
                }
                Event::Eof => return Err("ends before its first element does".to_owned()),
                _ => {}
            }
        }
    }

    pub(super) fn root(&self) -> &Element {
        &self.0
    }

    /// The value of `project.…`, by the names of elements; the version is inherited.
    fn project_field(&self, key: &str) -> Option<&str> {
        let path = key.strip_prefix("project.")?;
        if path == "version" && self.0.child("version").is_none() {
            return self.0.child("parent")?.text("version");
        }
        let mut element = &self.0;
        for part in path.split('.') {
            element = element.child(part)?;
        }
        Some(&element.text)
    }

    /// Names and addresses of the licences, as written.
    pub(super) fn licenses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .children_of("licenses", "license")
            .map(|license| (license.text("name").unwrap_or(""), license.text("url").unwrap_or("")))
            .filter(|(name, url)| !name.is_empty() || !url.is_empty())
    }

    /// syft's summary of a project at a path in an archive, where parents are not to be had.
    pub(super) fn summary(&self, path: &str) -> PomProject {
        let summary = self.own_scope(|scope| scope.summary(path));
        PomProject { description: one_line(&summary.description), ..summary }
    }

    /// Coordinates, as far as this file alone tells them.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is not general over the lifetime")]
    pub(super) fn coordinates(&self) -> Coordinates {
        self.own_scope(|scope| scope.coordinates())
    }

    /// Asks something of this file alone.
    pub(super) fn own_scope<T>(&self, ask: impl Fn(Scope<'_>) -> T) -> T {
        ask(Scope { project: self, chain: &[self] })
    }
}

impl Scope<'_> {
    /// What a value means; empty when an expression cannot be resolved.
    pub(super) fn resolve(self, value: Option<&str>) -> String {
        value.and_then(|value| self.expand(value, &mut Vec::new())).unwrap_or_default()
    }

    fn expand(self, value: &str, open: &mut Vec<String>) -> Option<String> {
        let mut out = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((key, after)) = after.split_once('}').filter(|(key, _)| !key.is_empty()) else { break };
            out.push_str(before);
            out.push_str(&self.property(key.trim(), open)?);
            rest = after;
            // Properties that name each other twice would grow without end.
            if out.len() > LONGEST_VALUE {
                return None;
            }
        }
        out.push_str(rest);
        Some(out)
    }

    fn property(self, key: &str, open: &mut Vec<String>) -> Option<String> {
        if open.len() > DEEPEST || open.iter().any(|known| known == key) {
            return None;
        }
        open.push(key.to_owned());
        let value = self.project.project_field(key).filter(|value| !value.is_empty()).or_else(|| {
            let mut properties = self.chain.iter().filter_map(|pom| pom.0.child("properties"));
            properties.find_map(|properties| properties.text(key))
        });
        let value = value.and_then(|value| self.expand(value, open));
        open.pop();
        value
    }

    /// Coordinates; group and version are inherited when the project does not give them.
    pub(super) fn coordinates(self) -> Coordinates {
        let root = &self.project.0;
        let own = |name: &str| root.text(name).filter(|text| !text.is_empty());
        let inherited = |name: &str| own(name).or_else(|| root.child("parent")?.text(name));
        Coordinates {
            group: self.resolve(inherited("groupId")),
            artifact: self.resolve(own("artifactId")),
            version: self.resolve(inherited("version")),
        }
    }

    /// Coordinates of the parent.
    pub(super) fn parent(self) -> Option<Coordinates> {
        let parent = self.project.0.child("parent")?;
        let field = |name: &str| self.resolve(parent.text(name));
        let parent = Coordinates { group: field("groupId"), artifact: field("artifactId"), version: field("version") };
        (parent != Coordinates::default()).then_some(parent)
    }

    /// syft's summary of the project.
    pub(super) fn summary(self, path: &str) -> PomProject {
        let own = self.coordinates();
        let field = |name: &str| self.resolve(self.project.0.text(name));
        PomProject {
            path: path.to_owned(),
            parent: self.parent().map(PomParent::from),
            group_id: own.group,
            artifact_id: own.artifact,
            version: own.version,
            name: field("name"),
            description: field("description"),
            url: field("url"),
        }
    }
}

impl From<Coordinates> for PomParent {
    fn from(parent: Coordinates) -> Self {
        Self { group_id: parent.group, artifact_id: parent.artifact, version: parent.version }
    }
}

const LONGEST_VALUE: usize = 64 << 10;

fn push(open: &mut [Element], text: &str) {
    // White space between elements is no value of any of them.
    if let Some(element) = open.last_mut().filter(|element| element.children.is_empty() || !text.trim().is_empty()) {
        element.text.push_str(text);
    }
}

/// UTF-8, else Latin-1, the only other encoding that projects of the past used.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Parts, Pom, Scope};

    fn pom(inner: &str) -> Pom {
        Pom::read(format!("<?xml version=\"1.0\"?><project xmlns=\"x\">{inner}</project>").as_bytes(), Parts::Project)
            .unwrap()
    }

    #[test]
    fn expressions_are_resolved_or_the_value_is_empty() {
        let pom = pom("<parent><groupId>org.p</groupId><artifactId>p</artifactId><version>2</version></parent>\
             <artifactId>a-${rev}</artifactId><name>${project.artifactId} of ${project.parent.artifactId}</name>\
             <url>${unknown}/x</url><description>\n  one\n  two\n</description><inceptionYear>1999</inceptionYear>\
             <properties><rev>${major}.1</rev><major>3</major><loop>${loop}</loop><y>${project.inceptionYear}</y></properties>");
        let summary = serde_json::to_string(&pom.summary("META-INF/pom.xml")).unwrap();
        assert_eq!(
            summary,
            r#"{"path":"META-INF/pom.xml","parent":{"groupId":"org.p","artifactId":"p","version":"2"},"groupId":"org.p","artifactId":"a-3.1","version":"2","name":"a-3.1 of p","description":"one two"}"#
        );
        let scope = Scope { project: &pom, chain: &[&pom] };
        assert_eq!(scope.resolve(Some("${loop}")), "");
        assert_eq!(scope.resolve(Some("${project.version}-${y}")), "2-1999");
        assert_eq!(scope.resolve(Some("${open")), "${open");
    }

    #[test]
    fn licences_text_and_entities_are_read() {
        let pom = pom(
            "<build><x><![CDATA[</build>]]></x></build><licenses><license><name>A &amp; B &#169; &nbsp;</name></license>\
             <license><url>u</url></license><license/></licenses><dependencies><dependency/></dependencies>",
        );
        assert_eq!(pom.licenses().collect::<Vec<_>>(), [("A & B © ", ""), ("", "u")]);
        assert_eq!(pom.root().children_of("dependencies", "dependency").count(), 0);
    }

    #[test]
    fn other_documents_are_refused() {
        for text in ["", "x", "<html></html>", "<project>", "<project></a>", "<project><a></project>"] {
            assert!(Pom::read(text.as_bytes(), Parts::Project).is_err(), "{text}");
        }
        let latin = Pom::read(b"<project><name>\xe4</name></project>", Parts::Project).unwrap();
        assert_eq!(latin.summary("").name, "ä");
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "[<>/!a-c&;{}$ \\[\\]]{0,80}") {
            if let Ok(pom) = Pom::read(format!("<project>{text}").as_bytes(), Parts::Dependencies) {
                pom.summary("");
            }
        }
    }
}
