//! All claims of all catalogers, compiled: one look at a path tells who wants the file.
//!
//! Every claim is filed under something that a path must have (its last part, its extension, the name of
//! its folder, or a piece of text), so a path that nobody wants costs a few hash look-ups and no pattern.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::AhoCorasick;
use globset::{GlobBuilder, GlobMatcher};
use stopgate_model::{Gap, GapCode};

use crate::{CATALOGERS, Cataloger, Claim, Claimed, Facts, ReadError, SourceClass, Sources, cpe};

/// The claims of the catalogers that run for one class of source.
pub struct ClaimIndex {
    by_name: HashMap<&'static str, Vec<Rule>>,
    by_extension: HashMap<String, Vec<Rule>>,
    by_folder: HashMap<&'static str, Vec<Rule>>,
    /// Rules with no such key: `needles` finds the text that the rule of the same position needs.
    others: Vec<Rule>,
    needles: Option<AhoCorasick>,
    always: Vec<Rule>,
    executables: Vec<usize>,
}

struct Rule {
    cataloger: usize,
    test: Test,
}

enum Test {
    /// The key decides.
    None,
    /// The path ends with this, ASCII case aside.
    Suffix(&'static str),
    Glob(Box<GlobMatcher>),
}

impl ClaimIndex {
    /// Compiles the claims of [`CATALOGERS`].
    pub fn new(source: SourceClass) -> Self {
        Self::of(CATALOGERS, source)
    }

    /// Compiles the claims of these catalogers.
    pub fn of(catalogers: &[&'static Cataloger], source: SourceClass) -> Self {
        let mut index = Self {
            by_name: HashMap::new(),
            by_extension: HashMap::new(),
            by_folder: HashMap::new(),
            others: Vec::new(),
            needles: None,
            always: Vec::new(),
            executables: Vec::new(),
        };
        let mut needles = Vec::new();
        for (number, cataloger) in catalogers.iter().enumerate() {
            if !cataloger.sources.include(source) {
                continue;
            }
            for claim in cataloger.claims {
                index.add(number, *claim, &mut needles);
            }
        }
        index.needles = AhoCorasick::new(&needles).ok();
        if index.needles.is_none() {
            // Never seen: a set of short texts always compiles. Every pattern is then tried on every path.
            index.always.append(&mut index.others);
        }
        index
    }

    /// Positions in the list of catalogers of those that want a file at this path (no leading slash).
    /// Each is named once, in the order of the list.
    pub fn candidates(&self, path: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(rules) = self.by_name.get(name) {
            collect(rules, path, &mut found);
        }
        if let Some((_, extension)) = name.rsplit_once('.')
            && !self.by_extension.is_empty()
            && extension.len() <= LONGEST_EXTENSION
        {
            let rules = if extension.bytes().any(|byte| byte.is_ascii_uppercase()) {
                self.by_extension.get(&extension.to_ascii_lowercase())
            } else {
                self.by_extension.get(extension)
            };
            collect(rules.map_or(&[], Vec::as_slice), path, &mut found);
        }
        if let Some(rules) = self.by_folder.get(folder.rsplit('/').next().unwrap_or(folder)) {
            collect(rules, path, &mut found);
        }
        if let Some(needles) = &self.needles {
            for hit in needles.find_overlapping_iter(path) {
                if let Some(rule) = self.others.get(hit.pattern().as_usize()) {
                    collect(std::slice::from_ref(rule), path, &mut found);
                }
            }
        }
        collect(&self.always, path, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Positions of the catalogers that want a file which begins with these bytes because it is an
    /// executable or a library: ELF, PE or Mach-O.
    pub fn executables(&self, first_bytes: &[u8]) -> &[usize] {
        if is_executable(first_bytes) { &self.executables } else { &[] }
    }

    fn add(&mut self, cataloger: usize, claim: Claim, needles: &mut Vec<&'static str>) {
        match claim {
            Claim::Name(name) => self.by_name.entry(name).or_default().push(Rule { cataloger, test: Test::None }),
            Claim::Suffix(suffix) => {
                let rule = Rule { cataloger, test: Test::Suffix(suffix) };
                match suffix.rsplit_once('.') {
                    Some((_, extension)) if !extension.contains('/') => {
                        self.by_extension.entry(extension.to_ascii_lowercase()).or_default().push(rule);
                    }
                    _ => self.always.push(rule),
                }
            }
            Claim::Executable => {
                if self.executables.last() != Some(&cataloger) {
                    self.executables.push(cataloger);
                }
            }
            Claim::Glob(pattern) => self.add_glob(cataloger, pattern, needles),
        }
    }

    fn add_glob(&mut self, cataloger: usize, pattern: &'static str, needles: &mut Vec<&'static str>) {
        let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else {
            debug_assert!(false, "claim `{pattern}` of a cataloger is no glob");
            return;
        };
        let rule = Rule { cataloger, test: Test::Glob(Box::new(glob.compile_matcher())) };
        let (folders, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let folder = folders.rsplit('/').next().unwrap_or(folders);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        // A brace may hold slashes, so then only a text outside of all of them is sure.
        let braces = pattern.contains(['{', '[']);
        match extension {
            _ if !braces && is_literal(name) => self.by_name.entry(name).or_default().push(rule),
            Some(extension) if !braces && is_literal(extension) => {
                self.by_extension.entry(extension.to_ascii_lowercase()).or_default().push(rule);
            }
            _ if !braces && is_literal(folder) && !folder.is_empty() => {
                self.by_folder.entry(folder).or_default().push(rule);
            }
            _ => match longest_literal(pattern) {
                Some(needle) => {
                    needles.push(needle);
                    self.others.push(rule);
                }
                None => self.always.push(rule),
            },
        }
    }
}

/// Extensions longer than this belong to nobody.
const LONGEST_EXTENSION: usize = 40;

fn collect(rules: &[Rule], path: &str, found: &mut Vec<usize>) {
    found.extend(rules.iter().filter(|rule| rule.test.accepts(path)).map(|rule| rule.cataloger));
}

impl Test {
    fn accepts(&self, path: &str) -> bool {
        match self {
            Self::None => true,
            Self::Suffix(suffix) => path
                .len()
                .checked_sub(suffix.len())
                .and_then(|start| path.as_bytes().get(start..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes())),
            Self::Glob(glob) => glob.is_match(path),
        }
    }
}

impl Sources {
    /// Whether a cataloger for these runs on a source of this class.
    pub const fn include(self, source: SourceClass) -> bool {
        matches!(
            (self, source),
            (Self::All, _) | (Self::Image, SourceClass::Image) | (Self::Directory, SourceClass::Directory)
        )
    }
}

fn is_literal(text: &str) -> bool {
    !text.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

/// The longest run without wildcards outside of braces.
fn longest_literal(pattern: &'static str) -> Option<&'static str> {
    let mut depth = 0_u32;
    let mut runs = Vec::new();
    let mut start = 0;
    for (position, character) in pattern.char_indices() {
        if "*?[]{}".contains(character) {
            if depth == 0 {
                runs.push(pattern.get(start..position).unwrap_or(""));
            }
            match character {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            start = position + 1;
        }
    }
    runs.push(pattern.get(start..).unwrap_or(""));
    // `**/` may stand for nothing, so a slash at either end of a run is not sure to be there.
    let runs = runs.into_iter().map(|run| run.trim_matches('/'));
    runs.filter(|run| !run.is_empty()).max_by_key(|run| run.len())
}

/// Whether a file that begins so is an ELF, PE or Mach-O file.
pub fn is_executable(first_bytes: &[u8]) -> bool {
    match first_bytes {
        [0x7f, b'E', b'L', b'F', ..]
        | [b'M', b'Z', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // Fat Mach-O: a count of architectures follows; Java classes share the magic with a version above 44.
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, count, ..] => *count > 0 && *count < 40,
        _ => false,
    }
}

/// Runs `extract` on one file and gives its packages their CPEs; a failure is a gap in the facts. Path and layer of
/// gaps are left to the caller.
pub fn extract_file(cataloger: &Cataloger, file: &Claimed<'_>) -> Facts {
    let mut facts = Facts::default();
    if let Err(error) = (cataloger.extract)(file, &mut facts) {
        facts.gaps.push(gap_of(cataloger.unreadable, file, &error));
    }
    leave_out_monsters(file, &mut facts);
    count_gaps(&mut facts.gaps);
    let mut cpes = cpe::Generator::of_file();
    for package in &mut facts.packages {
        cpes.complete(package);
    }
    facts
}

/// A name or version longer than this is garbage, and would be copied into many places.
pub(crate) const LONGEST_WORD: usize = 64 << 10;

/// Packages without a usable name; edges name packages by their position, so only the words go.
fn leave_out_monsters(file: &Claimed<'_>, facts: &mut Facts) {
    let mut seen = 0_u64;
    for package in &mut facts.packages {
        for word in [&mut package.name, &mut package.version, &mut package.purl] {
            if word.len() > LONGEST_WORD {
                *word = String::new();
                package.details = None;
                seen += 1;
            }
        }
    }
    if seen > 0 {
        let message = format!("{seen} names and versions in `{}` are longer than {LONGEST_WORD} bytes", file.path());
        facts.gaps.push(Gap { seen: Some(seen), ..Gap::new(GapCode::RecordUnreadable, message) });
    }
}

/// Gaps of one kind in one file that are kept one by one; more of it are counted.
const GAPS_KEPT: usize = 100;

fn count_gaps(gaps: &mut Vec<Gap>) {
    if gaps.len() <= GAPS_KEPT {
        return;
    }
    let mut counts: BTreeMap<GapCode, usize> = BTreeMap::new();
    gaps.retain(|gap| {
        let seen = counts.entry(gap.code).or_default();
        *seen += 1;
        *seen <= GAPS_KEPT
    });
    for (code, seen) in counts.into_iter().filter(|(_, seen)| *seen > GAPS_KEPT) {
        let more = (seen - GAPS_KEPT) as u64;
        gaps.push(Gap { seen: Some(more), ..Gap::new(code, format!("{more} more of the same kind in this file")) });
    }
}

/// The gap for a file that could not be read; `unreadable` is its code unless the file is too long.
pub(crate) fn gap_of(unreadable: GapCode, file: &Claimed<'_>, error: &ReadError) -> Gap {
    let code = match (error, unreadable) {
        (ReadError::TooLarge { .. } | ReadError::TooMany { .. }, GapCode::MetadataUnreadable) => GapCode::MetadataBytes,
        (ReadError::TooLarge { .. }, GapCode::ExecutableUnreadable) => GapCode::ExecutableBytes,
        (_, code) => code,
    };
    let gap = Gap::new(code, format!("`{}` {error}", file.path()));
    match error {
        ReadError::TooLarge { limit, seen } | ReadError::TooMany { limit, seen } => gap.limited(*limit, *seen),
        _ => gap,
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimIndex, extract_file, is_executable};
    use crate::{Assemble, CATALOGERS, Cataloger, Claim, Claimed, SourceClass, Sources};
    use stopgate_model::{Gap, GapCode, Package, PackageType};

    fn gaps_of(cataloger: &Cataloger, path: &str, content: &[u8]) -> Vec<GapCode> {
        let content = content.to_vec();
        let facts = extract_file(cataloger, &Claimed::new(path, 0o644, &content));
        facts.gaps.iter().map(|gap| gap.code).collect()
    }

    #[test]
    fn a_database_without_a_readable_package_is_unreadable() {
        for (path, cataloger) in
            [("var/lib/dpkg/status", "dpkg-db-cataloger"), ("lib/apk/db/installed", "apk-db-cataloger")]
        {
            let cataloger = CATALOGERS.iter().find(|known| known.name == cataloger).unwrap();
            let garbage = gaps_of(cataloger, path, b"\xff\x00 garbage\nmore of it\nq:z\n\nand more\n");
            assert!(garbage.contains(&GapCode::DatabaseUnreadable), "{path}: {garbage:?}");
            assert_eq!(gaps_of(cataloger, path, b""), [], "{path}");
            let flood = gaps_of(cataloger, path, &b"a\n".repeat(2_000_001));
            assert_eq!(flood, [GapCode::DatabaseUnreadable], "{path}");
        }
    }

    #[test]
    fn a_python_package_with_a_monstrous_name_is_none() {
        let cataloger = CATALOGERS.iter().find(|known| known.name == "python-installed-package-cataloger").unwrap();
        let text = format!("Metadata-Version: 2.1\nName: {}\nVersion: 1\n", "a".repeat(1 << 20));
        let gaps = gaps_of(cataloger, "usr/lib/python3/x-1.dist-info/METADATA", text.as_bytes());
        assert_eq!(gaps, [cataloger.unreadable]);
    }

    #[test]
    fn floods_of_gaps_and_monstrous_words_are_cut() {
        static FLOOD: Cataloger = Cataloger {
            extract: |_, facts| {
                facts.packages.push(Package::new(PackageType::NPM, "a".repeat(1 << 20), "1"));
                facts.gaps = vec![Gap::new(GapCode::ArchiveUnreadable, "x"); 5000];
                Ok(())
            },
            ..cataloger(Sources::All, &[])
        };
        let content = Vec::new();
        let facts = extract_file(&FLOOD, &Claimed::new("x", 0, &content));
        assert_eq!((facts.packages[0].name.as_str(), facts.gaps.len()), ("", 102));
        assert!(facts.gaps.iter().any(|gap| gap.seen == Some(4900)));
    }

    const fn cataloger(sources: Sources, claims: &'static [Claim]) -> Cataloger {
        Cataloger {
            name: "test",
            finds: &[],
            sources,
            claims,
            unreadable: GapCode::MetadataUnreadable,
            extract: |_, _| Ok(()),
            assemble: Assemble::EachFile,
        }
    }

    static NAMES: Cataloger = cataloger(Sources::All, &[Claim::Name("go.mod"), Claim::Executable]);
    static SUFFIXES: Cataloger = cataloger(Sources::Image, &[Claim::Suffix(".jar"), Claim::Suffix(".deps.json")]);
    static GLOBS: Cataloger = cataloger(
        Sources::All,
        &[
            Claim::Glob("**/lib/dpkg/status"),
            Claim::Glob("**/lib/dpkg/status.d/*"),
            Claim::Glob("**/{var/lib,usr/share}/rpm/{Packages,rpmdb.sqlite}"),
            Claim::Glob("usr/share/doc/*/copyright"),
            Claim::Glob("**/*requirements*.txt"),
            Claim::Glob("**/python*"),
        ],
    );
    static LIST: &[&Cataloger] = &[&NAMES, &SUFFIXES, &GLOBS];

    #[test]
    fn finds_who_wants_a_path() {
        let index = ClaimIndex::of(LIST, SourceClass::Image);
        for (path, expected) in [
            ("go.mod", &[0][..]),
            ("srv/app/go.mod", &[0]),
            ("srv/app/go.modx", &[]),
            ("a/b.jar", &[1]),
            ("a/B.JAR", &[1]),
            ("a/x.deps.json", &[1]),
            ("a/deps.json", &[]),
            ("var/lib/dpkg/status", &[2]),
            ("lib/dpkg/status", &[2]),
            ("x/lib/dpkg/status.d/base", &[2]),
            ("x/lib/dpkg/status.d/base/deeper", &[]),
            ("var/lib/rpm/Packages", &[2]),
            ("chroot/usr/share/rpm/rpmdb.sqlite", &[2]),
            ("var/lib/rpm/Name", &[]),
            ("usr/share/doc/bash/copyright", &[2]),
            ("x/usr/share/doc/bash/copyright", &[]),
            ("dev-requirements-x.txt", &[2]),
            ("usr/bin/python3.11", &[2]),
            ("usr/bin/python3/x", &[]),
            ("", &[]),
        ] {
            assert_eq!(index.candidates(path), expected, "{path}");
        }
        assert!(ClaimIndex::of(LIST, SourceClass::Directory).candidates("a/b.jar").is_empty());
    }

    #[test]
    fn executables_are_known_by_their_first_bytes() {
        let index = ClaimIndex::of(LIST, SourceClass::Image);
        assert_eq!(index.executables(b"\x7fELF\x02"), [0]);
        assert!(index.executables(b"#!/bin/sh").is_empty());
        assert!(is_executable(b"MZ\x90") && is_executable(&[0xcf, 0xfa, 0xed, 0xfe]));
        assert!(!is_executable(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]), "a Java class");
        assert!(!is_executable(b""));
    }

    #[test]
    fn every_claim_of_every_cataloger_compiles() {
        for source in [SourceClass::Image, SourceClass::Directory] {
            ClaimIndex::new(source).candidates("usr/lib/x.txt");
        }
    }
}
