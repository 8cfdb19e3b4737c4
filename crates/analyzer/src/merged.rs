//! The merged tree of layers with the findings of its visible files, and what assembly makes of them.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use stopgate_catalogers::{
    Assembled, CATALOGERS, Claim, ClaimIndex, Facts, FileFacts, MergedView, SourceClass, assemble,
};
use stopgate_inspectors::SECRET_PATTERNS;
use stopgate_model::{
    Digest, FileEntry, FileIndex, FileIndexBuilder, FileKind, Gap, GapCode, RetrievedFile, SearchHit, limits,
};

use crate::collect::Tools;
use crate::demand::Demand;
use crate::layer::{Content, Damaged, Finding, FindingKind, LayerFacts, Reader, below_a_link, read_digest, read_facts};
use crate::links::{HardLink, Place};
use crate::squash::{Visible, squash};

/// All that is visible.
#[derive(Default)]
pub(crate) struct Merged {
    pub(crate) files: FileIndex,
    pub(crate) facts: Vec<VisibleFacts>,
    pub(crate) secrets: Vec<SearchHit>,
    /// Secrets in files that a later layer deletes or replaces.
    pub(crate) hidden_secrets: Vec<SearchHit>,
    pub(crate) content: Vec<SearchHit>,
    pub(crate) retrieved: Vec<RetrievedFile>,
    pub(crate) gaps: Vec<Gap>,
    /// Digests beside the SHA-256, with the paths of their files.
    digests: Vec<(String, Digest)>,
    /// Raw `security.capability` attributes, with the paths of their files.
    capabilities: Vec<(String, Vec<u8>)>,
    /// Hard links that somebody may want by their name.
    pub(crate) hard_links: Vec<HardLink>,
    /// The names under which contents are kept for policies, by the path that they lead to.
    names: BTreeMap<String, Vec<String>>,
}

/// The facts that a cataloger took from a visible file.
pub(crate) struct VisibleFacts {
    pub(crate) path: String,
    pub(crate) layer: usize,
    pub(crate) cataloger: String,
    pub(crate) facts: Facts,
}

/// Merges layers, lowest first.
pub(crate) fn merge(layers: &[&LayerFacts], diff_ids: &[Digest], tools: &Tools) -> Result<Merged, Damaged> {
    let mut collector = Collector::new(layers, tools)?;
    for (layer, path) in squash(layers, |visible| collector.visit(visible))? {
        let gap = below_a_link(&path);
        collector.gaps.push(Gap { layer: diff_ids.get(layer).cloned(), ..gap });
    }
    collector.finish(layers, diff_ids)
}

struct Collector<'l> {
    claims: &'l ClaimIndex,
    demand: &'l Demand,
    files: FileIndexBuilder,
    findings: Vec<LayerFindings<'l>>,
    seen: HashSet<(usize, u32)>,
    visible: Vec<(String, usize, FindingKind<'l>)>,
    /// Hard links to files with findings: the file, the link's path.
    links: BTreeMap<(usize, u32), String>,
    /// Hard links that somebody wants by name: path, layer and row of the content.
    claimed_links: Vec<(String, usize, u32)>,
    path: String,
    entries: u64,
    /// Files that are too large for the secret search, and for the content search.
    large: (u64, u64),
    dangling: u64,
    left_out: u64,
    gaps: Vec<Gap>,
}

/// A secret that is not visible: its path, the layer, the pattern's name, the lines as they are encoded.
type Hidden<'l> = (String, usize, &'l str, &'l [u8]);

/// The findings of one layer, and how far the rows have come.
struct LayerFindings<'l> {
    all: Vec<Finding<'l>>,
    position: usize,
}

impl<'l> Collector<'l> {
    fn new(layers: &[&'l LayerFacts], tools: &'l Tools) -> Result<Self, Damaged> {
        let mut findings = Vec::with_capacity(layers.len());
        for layer in layers {
            let mut all = Vec::new();
            let mut reader = layer.findings();
            while let Some(finding) = reader.next()? {
                all.push(finding);
            }
            findings.push(LayerFindings { all, position: 0 });
        }
        Ok(Self {
            claims: &tools.claims,
            demand: &tools.demand,
            claimed_links: Vec::new(),
            files: FileIndexBuilder::default(),
            findings,
            seen: HashSet::new(),
            visible: Vec::new(),
            links: BTreeMap::new(),
            path: String::new(),
            entries: 0,
            large: (0, 0),
            dangling: 0,
            left_out: 0,
            gaps: Vec::new(),
        })
    }

    fn visit(&mut self, visible: &Visible<'_>) {
        let Visible { layer, index, row, below } = *visible;
        let Some(kind) = row.kind else { return };
        self.entries += 1;
        if self.entries > limits::IMAGE_ENTRIES {
            return;
        }
        self.path.clear();
        self.path.push('/');
        self.path.push_str(row.path);
        let target = row.link.filter(|_| kind == FileKind::HardLink).map(|target| format!("/{target}"));
        let mut entry = FileEntry {
            path: &self.path,
            kind,
            mode: row.mode,
            uid: row.uid,
            gid: row.gid,
            size: row.size,
            sha256: row.sha256,
            link: target.as_deref().or(row.link),
            layer: layer as u32,
        };
        if let Some(below) = &below {
            entry.size = below.size;
            entry.sha256 = below.sha256.as_ref();
        }
        if !self.files.push(&entry) {
            self.left_out += 1;
        }
        if kind == FileKind::Regular {
            self.large.0 += u64::from(row.size > limits::SECRET_FILE_BYTES);
            self.large.1 += u64::from(row.size > limits::CONTENT_FILE_BYTES && self.demand.content.is_some());
        }
        if kind == FileKind::HardLink {
            self.hard_link(visible);
        } else {
            self.take(layer, index);
        }
    }

    /// A second name of a file, whose findings stand at the file's own row.
    fn hard_link(&mut self, visible: &Visible<'_>) {
        let Visible { layer, index, row, below } = *visible;
        let content = match (row.content, below) {
            (Content::Row(owner), _) => (layer, owner),
            (Content::Below, Some(below)) => (below.layer, below.index),
            // The layer used the target's path again; the findings stand here, by the target's name.
            (Content::Own, _) => (layer, index),
            (Content::Below, None) => {
                self.dangling += 1;
                return;
            }
        };
        if !self.claims.candidates(row.path).is_empty() || self.demand.retrieves(row.path) {
            self.claimed_links.push((self.path.clone(), content.0, content.1));
        }
        if content == (layer, index) {
            self.take(layer, index);
        } else if self.has_findings(content) {
            self.links.entry(content).or_insert_with(|| self.path.clone());
        }
    }

    fn has_findings(&self, (layer, row): (usize, u32)) -> bool {
        let found = self.findings.get(layer).map(|findings| findings.all.binary_search_by_key(&row, |f| f.row));
        found.is_some_and(|found| found.is_ok())
    }

    /// Takes the findings of a row. The rows of a layer come in order.
    fn take(&mut self, layer: usize, row: u32) {
        let Some(findings) = self.findings.get_mut(layer) else { return };
        while let Some(finding) = findings.all.get(findings.position).filter(|finding| finding.row <= row) {
            findings.position += 1;
            if finding.row == row {
                self.seen.insert((layer, row));
                self.visible.push((self.path.clone(), layer, finding.what));
            }
        }
    }

    /// The findings of files that are only visible as hard links.
    fn take_links(&mut self) {
        for ((layer, row), path) in std::mem::take(&mut self.links) {
            if self.seen.contains(&(layer, row)) {
                continue;
            }
            let Some(findings) = self.findings.get(layer) else { continue };
            let start = findings.all.partition_point(|finding| finding.row < row);
            let own = findings.all.get(start..).unwrap_or_default().iter().take_while(|finding| finding.row == row);
            let wanted = self.claims.candidates(path.trim_start_matches('/'));
            for finding in own {
                // Who asked for the file by its name asks again by the link's.
                let asked = match finding.what {
                    FindingKind::Facts { cataloger, .. } => wanted
                        .iter()
                        .filter_map(|position| CATALOGERS.get(*position))
                        .chain(CATALOGERS.iter().filter(|cataloger| cataloger.claims.contains(&Claim::Executable)))
                        .any(|wanting| wanting.name == cataloger),
                    FindingKind::Secret { .. }
                    | FindingKind::Content { .. }
                    | FindingKind::Retrieved { .. }
                    | FindingKind::Digest { .. }
                    | FindingKind::Capability { .. } => true,
                };
                if asked {
                    self.visible.push((path.clone(), layer, finding.what));
                }
            }
        }
    }

    fn finish(mut self, layers: &[&'l LayerFacts], diff_ids: &[Digest]) -> Result<Merged, Damaged> {
        let hidden = self.hidden_secrets(layers)?;
        self.take_links();
        self.count_gaps();
        let hard_links = self.hard_links(layers)?;
        let mut merged = Merged { files: self.files.finish(), gaps: self.gaps, hard_links, ..Merged::default() };
        merged.retrieve(self.demand);
        for (path, layer, what) in self.visible {
            merged.add(path, layer, diff_ids.get(layer), what, self.demand)?;
        }
        for (path, layer, pattern, lines) in hidden {
            merged.hidden_secrets.push(secret_hit(path, diff_ids.get(layer), pattern, lines)?);
        }
        merged.sort();
        let capabilities = std::mem::take(&mut merged.capabilities);
        merged.files.add_capabilities(capabilities.iter().map(|(path, raw)| (path.as_str(), raw.as_slice())));
        Ok(merged)
    }

    /// The secrets of rows that nobody sees: the layer, their path there, the pattern's name and the lines.
    /// Files among them that are too large to be searched are counted with those that are seen.
    fn hidden_secrets(&mut self, layers: &[&'l LayerFacts]) -> Result<Vec<Hidden<'l>>, Damaged> {
        let mut hidden = Vec::new();
        let mut large = 0;
        for (number, (findings, layer)) in self.findings.iter().zip(layers).enumerate() {
            let unseen = |finding: &&Finding<'_>| {
                let place = (number, finding.row);
                !self.seen.contains(&place) && !self.links.contains_key(&place)
            };
            let mut unseen = findings.all.iter().filter(unseen).peekable();
            let mut rows = layer.rows();
            while rows.advance()? {
                let row = rows.row();
                large += u64::from(row.kind == Some(FileKind::Regular) && row.size > limits::SECRET_FILE_BYTES);
                while let Some(finding) = unseen.next_if(|finding| finding.row <= rows.index()) {
                    if let FindingKind::Secret { pattern, encoded_lines } = finding.what {
                        hidden.push((format!("/{}", rows.path()), number, pattern, encoded_lines));
                    }
                }
            }
        }
        self.large.0 = self.large.0.max(large);
        Ok(hidden)
    }

    /// The claimed hard links with the paths of their content.
    fn hard_links(&mut self, layers: &[&LayerFacts]) -> Result<Vec<HardLink>, Damaged> {
        let mut found = Vec::new();
        let mut claimed = std::mem::take(&mut self.claimed_links);
        claimed.sort_unstable_by_key(|(_, layer, row)| (*layer, *row));
        for of_layer in claimed.chunk_by(|a, b| a.1 == b.1) {
            let Some(layer) = of_layer.first().and_then(|(_, layer, _)| layers.get(*layer)) else { continue };
            let mut rows = layer.rows();
            let mut more = rows.advance()?;
            for (path, layer, row) in of_layer {
                while more && rows.index() < *row {
                    more = rows.advance()?;
                }
                let owner = rows.row();
                // A file whose path the layer used again lies behind a link only.
                let content = owner.link.unwrap_or(owner.path).to_owned();
                let content = Place { layer: *layer, path: content, sha256: owner.sha256.copied() };
                found.push(HardLink { path: path.clone(), content });
            }
        }
        Ok(found)
    }

    fn count_gaps(&mut self) {
        if self.entries > limits::IMAGE_ENTRIES {
            let message = "the image has more entries than the limit; the rest was left out";
            self.gaps.push(Gap::new(GapCode::ImageEntries, message).limited(limits::IMAGE_ENTRIES, self.entries));
        }
        if self.left_out > 0 {
            let message = format!("{} paths were left out: the tree is full", self.left_out);
            self.gaps.push(Gap { seen: Some(self.left_out), ..Gap::new(GapCode::PathRefused, message) });
        }
        let (secrets, contents) = self.large;
        if secrets > 0 {
            let message = format!("secrets were not searched in {secrets} files that are too large");
            let gap = Gap::new(GapCode::SecretFilesSkipped, message);
            self.gaps.push(Gap { limit: Some(limits::SECRET_FILE_BYTES), seen: Some(secrets), ..gap });
        }
        if contents > 0 {
            let message = format!("content searches did not look into {contents} files that are too large");
            let gap = Gap::new(GapCode::ContentFilesSkipped, message);
            self.gaps.push(Gap { limit: Some(limits::CONTENT_FILE_BYTES), seen: Some(contents), ..gap });
        }
        if self.dangling > 0 {
            let message = format!("{} hard links point at nothing", self.dangling);
            self.gaps.push(Gap { seen: Some(self.dangling), ..Gap::new(GapCode::LinkDangling, message) });
        }
    }
}

fn secret_hit(path: String, layer: Option<&Digest>, pattern: &str, lines: &[u8]) -> Result<SearchHit, Damaged> {
    let pattern = SECRET_PATTERNS.iter().find(|known| known.name == pattern).ok_or(Damaged)?;
    Ok(SearchHit {
        path,
        layer: layer.cloned(),
        name: pattern.name.to_owned(),
        pattern: pattern.text.to_owned(),
        lines: Reader::new(lines).list(Reader::small)?,
    })
}

impl Merged {
    /// Finds what the names of wanted contents lead to. One that is too long is told.
    fn retrieve(&mut self, demand: &Demand) {
        for name in demand.retrieved() {
            let name = format!("/{name}");
            let Ok(Some(entry)) = self.files.resolve(&name) else { continue };
            if entry.is_file() && entry.size > limits::RETRIEVED_FILE_BYTES {
                let message = format!("`{name}` is too long to be kept for policies");
                let gap = Gap::new(GapCode::RetrievedFileBytes, message).at(&name);
                self.gaps.push(gap.limited(limits::RETRIEVED_FILE_BYTES, entry.size));
            }
            self.names.entry(entry.path.to_owned()).or_default().push(name);
        }
    }

    /// Adds what a second look at a layer found.
    pub(crate) fn add_again(
        &mut self,
        layer: usize,
        facts: &LayerFacts,
        diff_ids: &[Digest],
        demand: &Demand,
    ) -> Result<(), Damaged> {
        let mut rows = facts.rows();
        let mut findings = facts.findings();
        let mut more = rows.advance()?;
        while let Some(finding) = findings.next()? {
            while more && rows.index() < finding.row {
                more = rows.advance()?;
            }
            self.add(format!("/{}", rows.path()), layer, diff_ids.get(layer), finding.what, demand)?;
        }
        self.sort();
        let digests = std::mem::take(&mut self.digests);
        self.files.add_digests(digests.iter().map(|(path, digest)| (path.as_str(), digest.clone())));
        Ok(())
    }

    fn add(
        &mut self,
        path: String,
        layer: usize,
        diff_id: Option<&Digest>,
        what: FindingKind<'_>,
        demand: &Demand,
    ) -> Result<(), Damaged> {
        match what {
            FindingKind::Facts { cataloger, encoded } => {
                let facts = read_facts(&mut Reader::new(encoded))?;
                self.facts.push(VisibleFacts { path, layer, cataloger: cataloger.to_owned(), facts });
            }
            FindingKind::Secret { pattern, encoded_lines } => {
                self.secrets.push(secret_hit(path, diff_id, pattern, encoded_lines)?);
            }
            FindingKind::Content { entry, encoded_lines } => {
                let search = demand.content.as_ref().ok_or(Damaged)?;
                let entry = search.entries().get(entry as usize).ok_or(Damaged)?;
                self.content.push(SearchHit {
                    path,
                    layer: diff_id.cloned(),
                    name: entry.name.clone(),
                    pattern: entry.pattern.clone(),
                    lines: Reader::new(encoded_lines).list(Reader::small)?,
                });
            }
            FindingKind::Digest { encoded } => {
                let digest = read_digest(&mut Reader::new(encoded))?;
                self.digests.push((path, digest));
            }
            FindingKind::Capability { raw } => self.capabilities.push((path, raw.to_vec())),
            FindingKind::Retrieved { content } => {
                // Under each name that leads here, and only when it is seen under one.
                for name in self.names.get(&path).into_iter().flatten() {
                    let (path, layer) = (name.clone(), diff_id.cloned());
                    self.retrieved.push(RetrievedFile { path, layer, content: content.to_vec() });
                }
            }
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.facts.sort_by(|a, b| (&a.path, &a.cataloger).cmp(&(&b.path, &b.cataloger)));
        self.secrets.sort_unstable();
        self.hidden_secrets.sort_unstable();
        self.hidden_secrets.dedup();
        self.content.sort_unstable();
        // Stable, so what was kept by its own name stays when a hard link gave it once more.
        self.retrieved.sort_by(|a, b| a.path.cmp(&b.path));
        self.retrieved.dedup_by(|a, b| a.path == b.path);
    }

    /// Packages, relationships and distribution. A fault in a cataloger is a gap, without which nothing
    /// is known.
    pub(crate) fn assemble(&self, source: SourceClass, diff_ids: &[Digest]) -> Assembled {
        let facts: Vec<_> = self
            .facts
            .iter()
            .map(|found| FileFacts {
                path: &found.path,
                layer: diff_ids.get(found.layer),
                cataloger: &found.cataloger,
                facts: &found.facts,
            })
            .collect();
        let view = MergedView { source, files: &self.files, layers: diff_ids, distro: None, facts: &facts };
        catch_unwind(AssertUnwindSafe(|| assemble(&view))).unwrap_or_else(|_| {
            let message = "putting the packages together failed; this is a fault of ours";
            Assembled { gaps: vec![Gap::new(GapCode::InternalFault, message)], ..Assembled::default() }
        })
    }
}
