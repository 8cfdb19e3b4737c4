//! Files that somebody wants by a name that only a link gives them.
//!
//! Claims are tried on the names under which files lie in their layers. A package database behind a
//! symbolic link of another name, or a file that policies read and that is a link, is found here, on the
//! merged tree, and its layer is then looked at once more. Links of links are followed for the target;
//! one link at a time gives a name.

use std::collections::BTreeMap;

use stopgate_catalogers::ClaimIndex;
use stopgate_model::{DigestAlgorithm, FileEntry, FileIndex, FileKind, Gap, GapClass, GapCode, limits};

use crate::demand::Demand;

/// Names behind links that are tried, and links that are followed; beyond them there is a gap.
const NAMES_TRIED: usize = 4_000_000;
const LINKS_FOLLOWED: usize = 2_000_000;
/// Links that are followed part by part, since a folder on their way is a link, too.
const HARD_CASES: usize = 50_000;

/// A file of a layer that must be read under other names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Want {
    /// Digest of its content, when it is known: a layer may have a path more than once.
    pub(crate) sha256: Option<[u8; 32]>,
    /// Path without leading slash under which the findings stand: the file's own, or that of a hard link.
    pub(crate) shown: String,
    /// Positions of catalogers, with the name under which each wants the file.
    pub(crate) catalogers: Vec<(usize, String)>,
    /// Whether its content is kept for policies.
    pub(crate) retrieved: bool,
    /// Digests of it that are wanted beside the SHA-256.
    pub(crate) digests: Vec<DigestAlgorithm>,
}

/// What is wanted of one layer, by path without leading slash.
pub(crate) type LayerWants = BTreeMap<String, Vec<Want>>;

/// What must be read again, per layer.
pub(crate) type Wants = BTreeMap<usize, LayerWants>;

/// A hard link that somebody wants by its name, and the file of a layer whose content it shares.
pub(crate) struct HardLink {
    pub(crate) path: String,
    pub(crate) content: Place,
}

/// Where a content lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) layer: usize,
    /// Path in the layer.
    pub(crate) path: String,
    pub(crate) sha256: Option<[u8; 32]>,
}

impl Place {
    /// That of a file of the tree.
    pub(crate) fn of(entry: &FileEntry<'_>) -> Self {
        let path = match (entry.kind, entry.link) {
            (FileKind::HardLink, Some(target)) => target,
            _ => entry.path,
        };
        let path = path.trim_start_matches('/').to_owned();
        Self { layer: entry.layer as usize, path, sha256: entry.sha256.copied() }
    }
}

/// Looks behind all links of a tree.
pub(crate) fn wants(
    files: &FileIndex,
    hard_links: &[HardLink],
    claims: &ClaimIndex,
    demand: &Demand,
) -> (Wants, Option<Gap>) {
    let mut search = Search {
        files,
        claims,
        wants: Wants::new(),
        names_left: NAMES_TRIED,
        links_left: LINKS_FOLLOWED,
        hard_left: HARD_CASES,
    };
    for link in hard_links {
        search.name(&link.path, &link.content, &link.path);
        if demand.retrieves(link.path.trim_start_matches('/')) {
            search.retrieve(&link.content, &link.path);
        }
    }
    for link in files.iter().filter(|entry| entry.kind == FileKind::Symlink) {
        search.link(&link);
    }
    for path in demand.retrieved() {
        // What is wanted by its own name was kept when it went by.
        if let Ok(Some(entry)) = files.resolve(path)
            && entry.is_file()
            && !demand.retrieves(entry.path.trim_start_matches('/'))
        {
            search.retrieve(&Place::of(&entry), entry.path);
        }
    }
    let gap = (search.names_left == 0 || search.links_left == 0 || search.hard_left == 0).then(|| {
        let message = "links lead to more names than are tried; a file may be known by another one";
        Gap { class: GapClass::Partial, ..Gap::new(GapCode::LinkLoop, message) }
    });
    (search.wants, gap)
}

struct Search<'a> {
    files: &'a FileIndex,
    claims: &'a ClaimIndex,
    wants: Wants,
    names_left: usize,
    links_left: usize,
    hard_left: usize,
}

/// Where a link leads.
enum Target<'a> {
    File(FileEntry<'a>),
    Folder(String),
}

impl<'a> Search<'a> {
    fn link(&mut self, link: &FileEntry<'_>) {
        let folder = match self.target(link) {
            None => return,
            Some(Target::File(entry)) => {
                return self.name(link.path, &Place::of(&entry), entry.path);
            }
            Some(Target::Folder(folder)) => folder,
        };
        let files = self.files;
        for entry in files.below(&folder) {
            self.names_left = self.names_left.saturating_sub(1);
            if self.names_left == 0 {
                return;
            }
            if entry.is_file() {
                let rest = entry.path.get(folder.trim_end_matches('/').len()..).unwrap_or_default();
                let name = format!("{}{rest}", link.path);
                self.name(&name, &Place::of(&entry), entry.path);
            }
        }
    }

    /// Follows a link. One in a circle leads nowhere.
    fn target(&mut self, link: &FileEntry<'_>) -> Option<Target<'a>> {
        let mut path = lexical(link.path, link.link.unwrap_or_default());
        for _ in 0..limits::LINK_DEPTH {
            self.links_left = self.links_left.saturating_sub(1);
            if self.links_left == 0 {
                return None;
            }
            match self.files.get(&path) {
                Some(entry) if entry.is_file() => return Some(Target::File(entry)),
                Some(entry) if entry.kind == FileKind::Directory => return Some(Target::Folder(path)),
                Some(entry) if entry.kind == FileKind::Symlink => {
                    path = lexical(entry.path, entry.link.unwrap_or_default());
                }
                Some(_) => return None,
                None => return self.hard_target(&path),
            }
        }
        None
    }

    /// There is no entry: a folder on the way is a link, or only its content implies the folder.
    fn hard_target(&mut self, path: &str) -> Option<Target<'a>> {
        if self.files.below(path).next().is_some() {
            return Some(Target::Folder(path.to_owned()));
        }
        self.hard_left = self.hard_left.checked_sub(1)?;
        match self.files.resolve(path).ok().flatten() {
            Some(entry) if entry.is_file() => Some(Target::File(entry)),
            Some(entry) if entry.kind == FileKind::Directory => Some(Target::Folder(entry.path.to_owned())),
            _ => None,
        }
    }

    /// Who wants a file by this name and not by its own.
    fn name(&mut self, name: &str, content: &Place, shown: &str) {
        let name = name.trim_start_matches('/');
        let by_link = self.claims.candidates(name);
        if by_link.is_empty() {
            return;
        }
        let by_own = self.claims.candidates(&content.path);
        for cataloger in by_link.into_iter().filter(|cataloger| !by_own.contains(cataloger)) {
            // Once per content, however many names lead to it.
            self.want(
                content,
                shown,
                |_| true,
                |want| {
                    if want.catalogers.iter().all(|(other, _)| *other != cataloger) {
                        want.catalogers.push((cataloger, name.to_owned()));
                    }
                },
            );
        }
    }

    /// Wants the content for policies, under the name of the tree.
    fn retrieve(&mut self, content: &Place, shown: &str) {
        let same_name = |want: &Want| want.shown == shown.trim_start_matches('/');
        self.want(content, shown, same_name, |want| want.retrieved = true);
    }

    fn want(&mut self, content: &Place, shown: &str, fits: impl Fn(&Want) -> bool, change: impl FnOnce(&mut Want)) {
        let wants = self.wants.entry(content.layer).or_default().entry(content.path.clone()).or_default();
        if let Some(known) = wants.iter_mut().find(|want| want.sha256 == content.sha256 && fits(want)) {
            return change(known);
        }
        let shown = shown.trim_start_matches('/').to_owned();
        let mut want = Want { sha256: content.sha256, shown, ..Want::default() };
        change(&mut want);
        wants.push(want);
    }
}

/// Where a link at a path leads when no folder on the way is a link.
fn lexical(path: &str, target: &str) -> String {
    let start = if target.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use stopgate_catalogers::{Assemble, Cataloger, Claim, ClaimIndex, SourceClass, Sources};
    use stopgate_model::{FileEntry, FileIndex, FileIndexBuilder, FileKind, GapCode};

    use super::{HardLink, Place, wants};
    use crate::AnalyzeOptions;

    static DATABASE: Cataloger = Cataloger {
        name: "database",
        finds: &[],
        sources: Sources::All,
        claims: &[Claim::Glob("**/lib/dpkg/status"), Claim::Name("os-release")],
        unreadable: GapCode::MetadataUnreadable,
        extract: |_, _| Ok(()),
        assemble: Assemble::EachFile,
    };

    /// Paths, with the target of a link.
    type Rows<'a> = &'a [(&'a str, Option<&'a str>)];

    fn tree(rows: Rows<'_>) -> FileIndex {
        let mut builder = FileIndexBuilder::default();
        for (path, link) in rows {
            let kind = if link.is_some() { FileKind::Symlink } else { FileKind::Regular };
            let entry = FileEntry { path, kind, mode: 0, uid: 0, gid: 0, size: 1, sha256: None, link: *link, layer: 3 };
            assert!(builder.push(&entry));
        }
        builder.finish()
    }

    fn wanted(rows: Rows<'_>, hard: &[HardLink]) -> Vec<String> {
        let claims = ClaimIndex::of(&[&DATABASE], SourceClass::Image);
        let options = AnalyzeOptions { retrieve: vec!["/srv/wanted".to_owned()], ..AnalyzeOptions::default() };
        let demand = options.demand();
        let (wants, gap) = wants(&tree(rows), hard, &claims, &demand);
        assert!(gap.is_none());
        let shown = |(layer, files): (&usize, &super::LayerWants)| {
            let one = |path: &str, want: &super::Want| {
                let names: Vec<_> = want.catalogers.iter().map(|(_, name)| name.as_str()).collect();
                format!("{layer}:{path} as {}{}", names.join(","), if want.retrieved { "+" } else { "" })
            };
            files.iter().flat_map(|(path, wants)| wants.iter().map(|want| one(path, want))).collect::<Vec<_>>()
        };
        wants.iter().flat_map(shown).collect()
    }

    #[test]
    fn names_that_only_links_give_are_found() {
        let cases: &[(Rows<'_>, &[&str])] = &[
            (&[("/etc/os-release", Some("../opt/x")), ("/opt/x", None)], &["3:opt/x as etc/os-release"]),
            (&[("/etc/os-release", Some("../usr/lib/os-release")), ("/usr/lib/os-release", None)], &[]),
            (
                &[("/var/lib/dpkg", Some("/data/db")), ("/data/db/status", None)],
                &["3:data/db/status as var/lib/dpkg/status"],
            ),
            (
                &[("/var/lib", Some("../data")), ("/data/dpkg/status", None)],
                &["3:data/dpkg/status as var/lib/dpkg/status"],
            ),
            (&[("/lib", Some("usr/lib")), ("/usr/lib/dpkg/status", None)], &[]),
            (&[("/a", Some("b")), ("/b", Some("a")), ("/gone", Some("x"))], &[]),
            (
                &[
                    ("/etc/os-release", Some("alias")),
                    ("/etc/alias", Some("../a/x")),
                    ("/a", Some("opt")),
                    ("/opt/x", None),
                ],
                &["3:opt/x as etc/os-release"],
            ),
            (&[("/etc", Some("conf")), ("/conf/passwd", None)], &["3:conf/passwd as +"]),
            (&[("/srv/wanted", Some("../x/other")), ("/x/other", None)], &["3:x/other as +"]),
            (&[("/srv/wanted", None), ("/x", Some("srv/wanted"))], &[]),
            (&[("/srv/wanted", Some("../etc/passwd")), ("/etc/passwd", None)], &[]),
        ];
        for (rows, expected) in cases {
            assert_eq!(wanted(rows, &[]), *expected, "{rows:?}");
        }
        let hard = |path: &str| HardLink {
            path: path.to_owned(),
            content: Place { layer: 1, path: "opt/x".to_owned(), sha256: None },
        };
        assert_eq!(wanted(&[], &[hard("/etc/os-release")]), ["1:opt/x as etc/os-release"]);
        assert_eq!(wanted(&[], &[hard("/srv/wanted")]), ["1:opt/x as +"]);
    }
}
