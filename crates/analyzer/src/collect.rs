//! What is taken from each entry of a layer while it goes by: its row, digest, secrets, content that
//! policies read, and the files that catalogers claim.

use std::io::{self, BufRead};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use sha2::{Digest as _, Sha256};
use stopgate_archive::{clean_path, tar};
use stopgate_catalogers::{CATALOGERS, Cataloger, ClaimIndex, Claimed, SourceClass};
use stopgate_inspectors::{ContentHits, SECRET_PATTERNS, SecretSearch};
use stopgate_model::{ConfigHit, FileKind, Gap, GapCode, ImageConfig, limits};

use crate::demand::Demand;
use crate::layer::{EntryData, EntryKind, Found, LayerBuilder, Searched};
use crate::pool::{Held, Job, Pool, Reply, Spool, Spooling, extract};
use crate::walk::Sink;

/// Files up to this size are read by catalogers at once; larger ones by the pool.
const AT_ONCE: usize = 16 << 10;
/// Bytes that tell an executable.
pub(crate) const MAGIC: usize = 8;
// INVARIANT: what is kept for policies is at hand whole when a file is looked at.
const _: () = assert!(limits::RETRIEVED_FILE_BYTES <= limits::SECRET_FILE_BYTES);
const _: () = assert!(limits::CONTENT_FILE_BYTES <= limits::SECRET_FILE_BYTES);

/// What all walks of one analysis share.
pub(crate) struct Tools {
    pub(crate) claims: ClaimIndex,
    pub(crate) demand: Demand,
    secrets: SecretSearch,
    pub(crate) pool: Pool,
    pub(crate) spool: Spool,
    /// Entries that the artifact may still have.
    entries_left: AtomicU64,
    /// Bytes that their paths and link targets may still have.
    path_bytes_left: AtomicU64,
    /// Bytes of findings that may still be kept.
    facts_left: Arc<AtomicU64>,
}

impl Tools {
    pub(crate) fn new(source: SourceClass, demand: Demand) -> Self {
        Self {
            claims: ClaimIndex::new(source),
            demand,
            secrets: SecretSearch::new(),
            pool: Pool::default(),
            spool: Spool::default(),
            entries_left: AtomicU64::new(limits::IMAGE_ENTRIES),
            path_bytes_left: AtomicU64::new(limits::IMAGE_PATH_BYTES),
            facts_left: Arc::new(AtomicU64::new(limits::FACTS_BYTES)),
        }
    }

    /// Takes entries out of what the artifact may have.
    pub(crate) fn take_entries(&self, count: u64) -> bool {
        take(&self.entries_left, count)
    }

    /// Takes entries that need not be read. What is known counts, too.
    pub(crate) fn count_entries(&self, known: u64) {
        if !self.take_entries(known) {
            self.entries_left.store(0, Ordering::Relaxed);
        }
    }

    /// Takes what the facts of a known layer fill: findings, paths.
    pub(crate) fn count_known(&self, (findings, paths): (u64, u64)) {
        for (left, bytes) in [(&*self.facts_left, findings), (&self.path_bytes_left, paths)] {
            if !take(left, bytes) {
                left.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Looks at a content of at most `limits::SECRET_FILE_BYTES`, whoever else wants it. Returns whether everything
    /// that is looked for in contents was.
    pub(crate) fn look(&self, path: &str, content: &[u8], mut take: impl FnMut(Found)) -> Searched {
        for hit in self.secrets.search(content) {
            if let Some(pattern) = SECRET_PATTERNS.get(hit.pattern) {
                take(Found::Secret { pattern: pattern.name, lines: hit.lines });
            }
        }
        if self.demand.retrieves(path) && content.len() as u64 <= limits::RETRIEVED_FILE_BYTES {
            take(Found::Retrieved { content: content.to_vec() });
        }
        let search = self.demand.content.as_ref().filter(|_| content.len() as u64 <= limits::CONTENT_FILE_BYTES);
        let Some(hits) = search.map(|search| search.search(content)) else { return Searched::Whole };
        let Some(hits) = hits else { return Searched::NoText };
        for ContentHits { entry, lines } in hits {
            take(Found::Content { entry: entry as u32, lines });
        }
        Searched::Whole
    }

    /// Searches an image's configuration for secrets.
    pub(crate) fn config_secrets(&self, config: &ImageConfig) -> Vec<ConfigHit> {
        self.secrets.search_config(config)
    }

    /// Adds those who want a file that begins so.
    pub(crate) fn add_executables(&self, head: &[u8], wanted: &mut Vec<usize>) {
        let more = self.claims.executables(head);
        if !more.is_empty() {
            wanted.extend_from_slice(more);
            wanted.sort_unstable();
            wanted.dedup();
        }
    }
}

fn take(left: &AtomicU64, count: u64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
}

/// Collects one layer.
pub(crate) struct Collector<'t> {
    tools: &'t Tools,
    pub(crate) builder: LayerBuilder,
    scratch: Vec<u8>,
    reply: Sender<Reply>,
    replies: Receiver<Reply>,
    full: bool,
    /// Whether names that begin with `.wh.` say something of lower layers.
    marks: bool,
}

impl<'t> Collector<'t> {
    /// For a layer of an image.
    pub(crate) fn of_layer(tools: &'t Tools) -> Self {
        Self { marks: true, ..Self::of_archive(tools) }
    }

    /// For an archive that stands for itself.
    pub(crate) fn of_archive(tools: &'t Tools) -> Self {
        let (reply, replies) = channel();
        let builder = LayerBuilder::within(Arc::clone(&tools.facts_left));
        Self { tools, builder, scratch: Vec::new(), reply, replies, full: false, marks: false }
    }

    fn take(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()> {
        for Reply { number, cataloger, facts } in self.replies.try_iter() {
            self.builder.add(number, Found::Facts { cataloger, encoded: facts });
        }
        self.builder.summary().entries += 1;
        if self.full || !self.tools.take_entries(1) {
            self.too_many();
            return Ok(());
        }
        if let Some(refusal) = entry.refused {
            self.refuse(entry.path, &refusal.to_string(), refusal.limit());
            return Ok(());
        }
        let link = match (entry.kind, entry.link) {
            (FileKind::HardLink, Some(target)) => match clean_path(target.as_bytes()) {
                Ok(target) => Some(target),
                Err(refusal) => {
                    self.refuse(entry.path, &format!("of its link target {refusal}"), refusal.limit());
                    return Ok(());
                }
            },
            (_, link) => link.map(str::to_owned),
        };
        let mut data = EntryData {
            path: entry.path,
            kind: EntryKind::File(entry.kind),
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            size: entry.size,
            link: link.as_deref(),
        };
        match if self.marks { mark(entry.path) } else { Mark::None } {
            Mark::None => {}
            Mark::Whiteout(path) => {
                self.push(&EntryData { kind: EntryKind::Whiteout, link: None, path: &path, ..data });
                return Ok(());
            }
            Mark::Opaque(path) => {
                self.push(&EntryData { kind: EntryKind::Opaque, link: None, path, ..data });
                return Ok(());
            }
            Mark::Ignored => return Ok(()),
            Mark::Invalid => {
                self.refuse(entry.path, "the whiteout names nothing", None);
                return Ok(());
            }
        }
        if entry.overlay_opaque && self.marks {
            self.push(&EntryData { kind: EntryKind::Opaque, link: None, ..data });
        }
        if entry.kind != FileKind::Regular {
            data.size = 0;
            self.push(&data);
            return Ok(());
        }
        self.builder.summary().file_bytes += entry.size;
        match self.push(&data) {
            Some(number) => {
                if let Some(raw) = entry.capability {
                    self.builder.add(number, Found::Capability(raw.to_vec()));
                }
                self.file(number, entry.path, entry.mode, entry.size, content)
            }
            None => Ok(()),
        }
    }

    fn push(&mut self, data: &EntryData<'_>) -> Option<u32> {
        let text = data.path.len() + data.link.map_or(0, str::len);
        if !take(&self.tools.path_bytes_left, text as u64) {
            self.too_long();
            return None;
        }
        let number = self.builder.push(data);
        if number.is_none() {
            self.too_many();
        }
        number
    }

    fn too_many(&mut self) {
        if !std::mem::replace(&mut self.full, true) {
            let message = "the image has more entries than the limit; the rest of the layer was left out";
            let limit = limits::IMAGE_ENTRIES;
            self.builder.gap(Gap::new(GapCode::ImageEntries, message).limited(limit, limit + 1));
        }
    }

    fn too_long(&mut self) {
        if !std::mem::replace(&mut self.full, true) {
            let message =
                "the paths of the image are together longer than the limit; the rest of the layer was left out";
            let limit = limits::IMAGE_PATH_BYTES;
            self.builder.gap(Gap::new(GapCode::ImageEntries, message).limited(limit, limit + 1));
        }
    }

    fn refuse(&mut self, path: &str, reason: &str, limit: Option<u64>) {
        let mut gap = Gap::new(GapCode::PathRefused, format!("`{path}` was left out: {reason}")).at(format!("/{path}"));
        gap.limit = limit;
        self.builder.gap(gap);
    }

    /// Takes the content of a regular file.
    pub(crate) fn file(
        &mut self,
        number: u32,
        path: &str,
        mode: u32,
        size: u64,
        content: &mut impl BufRead,
    ) -> io::Result<()> {
        let mut wanted = self.tools.claims.candidates(path);
        if size > limits::SECRET_FILE_BYTES {
            return self.large_file(number, path, mode, size, &mut wanted, content);
        }
        let ready = content.fill_buf()?;
        if ready.len() as u64 >= size {
            // The usual case: the whole file lies in the buffer.
            let bytes = ready.get(..size as usize).unwrap_or(ready);
            self.small_file(number, path, mode, bytes, &mut wanted);
            content.consume(size as usize);
            return Ok(());
        }
        let mut gathered = std::mem::take(&mut self.scratch);
        gathered.clear();
        while (gathered.len() as u64) < size {
            let part = content.fill_buf()?;
            if part.is_empty() {
                break;
            }
            gathered.extend_from_slice(part);
            let count = part.len();
            content.consume(count);
        }
        self.small_file(number, path, mode, &gathered, &mut wanted);
        self.scratch = gathered;
        Ok(())
    }

    fn small_file(&mut self, number: u32, path: &str, mode: u32, bytes: &[u8], wanted: &mut Vec<usize>) {
        self.builder.set_content(number, bytes.len() as u64, Sha256::digest(bytes).into());
        let searched = self.tools.look(path, bytes, |found| self.builder.add(number, found));
        self.builder.searched(searched);
        self.tools.add_executables(bytes, wanted);
        let catalogers = catalogers(wanted);
        if catalogers.is_empty() {
            return;
        }
        let held = bytes.to_vec();
        if held.len() > AT_ONCE {
            self.submit(number, path, mode, Held::Memory(held), catalogers);
            return;
        }
        for cataloger in catalogers {
            let facts = extract(cataloger, &Claimed::new(path, mode, &held));
            self.builder.add_facts(number, cataloger.name, &facts);
        }
    }

    fn large_file(
        &mut self,
        number: u32,
        path: &str,
        mode: u32,
        size: u64,
        wanted: &mut Vec<usize>,
        content: &mut impl BufRead,
    ) -> io::Result<()> {
        let mut head = Vec::with_capacity(MAGIC);
        let mut hasher = Sha256::new();
        while head.len() < MAGIC {
            let part = content.fill_buf()?;
            let count = part.len().min(MAGIC - head.len());
            if count == 0 {
                break;
            }
            head.extend_from_slice(part.get(..count).unwrap_or(part));
            content.consume(count);
        }
        hasher.update(&head);
        let named = !wanted.is_empty();
        self.tools.add_executables(&head, wanted);
        let mut keep = self.keep(path, size, named, wanted);
        keep.write(&head);
        let mut seen = head.len() as u64;
        loop {
            let part = content.fill_buf()?;
            if part.is_empty() {
                break;
            }
            hasher.update(part);
            keep.write(part);
            let count = part.len();
            seen += count as u64;
            content.consume(count);
        }
        self.builder.set_content(number, seen, hasher.finalize().into());
        match keep {
            Keep::Nothing => {}
            Keep::Memory(bytes) => self.submit(number, path, mode, Held::Memory(bytes), catalogers(wanted)),
            Keep::Spool(spooling) => self.submit(number, path, mode, spooling.finish(), catalogers(wanted)),
            Keep::Failed(error) => {
                let message = format!("`/{path}` was not inspected: a temporary file cannot be written: {error}");
                self.builder.gap(Gap::new(GapCode::SpoolBytes, message).at(format!("/{path}")));
            }
        }
        Ok(())
    }

    /// Where the content of a large file goes.
    fn keep(&mut self, path: &str, size: u64, named: bool, wanted: &[usize]) -> Keep {
        if wanted.is_empty() {
            return Keep::Nothing;
        }
        if !named && size > limits::EXECUTABLE_BYTES {
            let message = format!("`/{path}` is an executable that is too long to be inspected");
            let gap = Gap::new(GapCode::ExecutableBytes, message).at(format!("/{path}"));
            self.builder.gap(gap.limited(limits::EXECUTABLE_BYTES, size));
            return Keep::Nothing;
        }
        if size <= limits::MEMORY_FILE_BYTES {
            return Keep::Memory(Vec::with_capacity(size as usize));
        }
        match self.tools.spool.open(size) {
            Some(Ok(spooling)) => Keep::Spool(spooling),
            Some(Err(error)) => Keep::Failed(error),
            None => {
                let message = format!("`/{path}` was not inspected: it is longer than all temporary files may be");
                let gap = Gap::new(GapCode::SpoolBytes, message).at(format!("/{path}"));
                self.builder.gap(gap.limited(limits::SPOOL_BYTES, size));
                Keep::Nothing
            }
        }
    }

    fn submit(&self, number: u32, path: &str, mode: u32, content: Held, catalogers: Vec<&'static Cataloger>) {
        if !catalogers.is_empty() {
            let path = path.to_owned();
            self.tools.pool.submit(Job { number, path, mode, content, catalogers, reply: self.reply.clone() });
        }
    }

    /// Whether entries were left out, so that the facts are not the layer's.
    pub(crate) const fn is_full(&self) -> bool {
        self.full
    }

    /// Waits for the pool and hands out all that was collected.
    pub(crate) fn finish(self) -> LayerBuilder {
        let Self { mut builder, reply, replies, .. } = self;
        drop(reply);
        for Reply { number, cataloger, facts } in replies {
            builder.add(number, Found::Facts { cataloger, encoded: facts });
        }
        builder
    }
}

impl Sink for Collector<'_> {
    fn entry(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()> {
        self.take(entry, content)
    }

    fn gap(&mut self, gap: Gap) {
        self.builder.gap(gap);
    }
}

enum Keep {
    Nothing,
    Memory(Vec<u8>),
    Spool(Spooling),
    Failed(io::Error),
}

impl Keep {
    fn write(&mut self, content: &[u8]) {
        match self {
            Self::Nothing | Self::Failed(_) => {}
            Self::Memory(bytes) => bytes.extend_from_slice(content),
            Self::Spool(spooling) => {
                if let Err(error) = spooling.write(content) {
                    *self = Self::Failed(error);
                }
            }
        }
    }
}

pub(crate) fn catalogers(wanted: &[usize]) -> Vec<&'static Cataloger> {
    wanted.iter().filter_map(|position| CATALOGERS.get(*position).copied()).collect()
}

/// What a path of a layer says of lower layers (OCI image specification, layer.md, "Whiteouts").
#[derive(Debug, PartialEq, Eq)]
enum Mark<'a> {
    None,
    Whiteout(String),
    Opaque(&'a str),
    /// Book-keeping of AUFS, which is in no file system.
    Ignored,
    Invalid,
}

fn mark(path: &str) -> Mark<'_> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(hidden) = name.strip_prefix(".wh.") else {
        // Below `.wh..wh.plnk` lie the files of AUFS's own hard links.
        return if path.starts_with(".wh..wh.") { Mark::Ignored } else { Mark::None };
    };
    match hidden {
        ".wh..opq" => Mark::Opaque(folder),
        "" | "." | ".." => Mark::Invalid,
        _ if hidden.starts_with(".wh.") => Mark::Ignored,
        _ if folder.is_empty() => Mark::Whiteout(hidden.to_owned()),
        _ => Mark::Whiteout(format!("{folder}/{hidden}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, mark};

    #[test]
    fn tells_marks_from_files() {
        for (path, expected) in [
            ("a/b", Mark::None),
            ("a/.whx", Mark::None),
            ("a/.wh.b", Mark::Whiteout("a/b".to_owned())),
            (".wh.b", Mark::Whiteout("b".to_owned())),
            ("a/.wh..wh..opq", Mark::Opaque("a")),
            (".wh..wh..opq", Mark::Opaque("")),
            (".wh..wh.plnk", Mark::Ignored),
            (".wh..wh.plnk/12.34", Mark::Ignored),
            ("a/.wh..wh.x/file", Mark::None),
            ("a/.wh.", Mark::Invalid),
            ("a/.wh...", Mark::Invalid),
            ("a/.wh..b", Mark::Whiteout("a/.b".to_owned())),
        ] {
            assert_eq!(mark(path), expected, "{path}");
        }
    }
}
