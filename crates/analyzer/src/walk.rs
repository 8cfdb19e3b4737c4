//! One pass over one layer: read, verify, inflate, hash, walk, collect.
//!
//! Reading (with the digest of the stored bytes) and inflating run on threads of their own; the digest of
//! the tar archive, the walk and the digests of files run on the caller's. All see the bytes in pieces
//! that are small enough to stay in the processor's caches on the way.

use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use stopgate_archive::tar::Drained;
use stopgate_archive::{Decoder, Hasher, IntegrityError, tar};
use stopgate_model::{Digest, Gap, GapCode, limits};

use crate::AnalyzeError;
use crate::pipe::{Consumer, pipe};

/// The bytes that an image may still inflate to, for all walks of its layers together.
#[derive(Debug)]
pub(crate) struct ImageBudget {
    left: AtomicU64,
    stopped: AtomicBool,
}

impl Default for ImageBudget {
    fn default() -> Self {
        Self { left: AtomicU64::new(limits::IMAGE_BYTES), stopped: AtomicBool::new(false) }
    }
}

impl ImageBudget {
    /// Lets all walks end: another one failed.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Takes bytes that need not be read. What is known counts, too.
    pub(crate) fn count(&self, known: u64) {
        if !self.take(known) {
            self.left.store(0, Ordering::Relaxed);
        }
    }

    fn take(&self, count: u64) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
    }
}

/// A layer's stored bytes, and what they must be.
pub(crate) struct LayerStream<'a> {
    pub(crate) stored: Box<dyn Read + Send + 'a>,
    /// Name for messages.
    pub(crate) what: &'a str,
    /// Digest that the uncompressed archive must have; `None` when none is known.
    pub(crate) diff_id: Option<&'a Digest>,
    /// Whether it claims to be an archive of a file system.
    pub(crate) filesystem: bool,
    pub(crate) budget: &'a ImageBudget,
    /// Told how many stored bytes were read.
    pub(crate) progress: &'a (dyn Fn(u64) + Sync),
}

/// Takes the entries of an archive.
pub(crate) trait Sink {
    fn entry(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()>;
    fn gap(&mut self, gap: Gap);
}

/// How a walk ended.
pub(crate) struct Walked {
    pub(crate) bytes: u64,
    /// Whether the whole layer was read and is what it says, so that it may be kept.
    pub(crate) complete: bool,
}

/// Walks a layer. An error means that the layer is not what it says or cannot be read at all.
pub(crate) fn walk(layer: LayerStream<'_>, sink: &mut impl Sink) -> Result<Walked, AnalyzeError> {
    let LayerStream { stored, what, diff_id, filesystem, budget, progress } = layer;
    thread::scope(|scope| {
        let (stored_in, stored_out) = pipe();
        let (plain_in, plain_out) = pipe();
        let reading = scope.spawn(move || stored_in.pump(Counted { inner: stored, progress }));
        let inflating = scope.spawn(move || match Decoder::new(stored_out) {
            Ok(decoder) => plain_in.pump(decoder),
            Err(error) => plain_in.pump(Failed(Some(error))),
        });
        let hasher = diff_id.and_then(|expected| Hasher::new(expected.algorithm()));
        let source = Source { plain: plain_out, hasher, bytes: 0, budget };
        let unreadable = if filesystem { GapCode::LayerUnreadable } else { GapCode::LayerNotFilesystem };
        let walked = read(source, what, (diff_id, unreadable), sink);
        // A fault there looks like a layer that ends early.
        if reading.join().is_err() | inflating.join().is_err() {
            let source = io::Error::other("the decoder failed; this is a fault of ours");
            return Err(AnalyzeError::Unreadable { what: what.to_owned(), source });
        }
        walked
    })
}

fn read(
    source: Source<'_>,
    what: &str,
    (diff_id, unreadable): (Option<&Digest>, GapCode),
    sink: &mut impl Sink,
) -> Result<Walked, AnalyzeError> {
    let mut reader = tar::Reader::new(source);
    let ended = entries(&mut reader, sink);
    let readable = ended.is_ok();
    let drained = match ended {
        Ok(()) => reader.drain(),
        Err(End::Unreadable(reason)) => {
            let message = format!("the layer was not read to its end: {reason}");
            sink.gap(Gap::new(unreadable, message));
            reader.drain()
        }
        Err(End::Io(error)) => Err(error),
    };
    match drained {
        Ok(Drained { ambiguous: true, .. }) if readable => {
            let message = "there is data behind the end of the archive, or a header that renames files: other readers may see other files";
            sink.gap(Gap::new(GapCode::LayerAmbiguous, message));
        }
        Ok(_) => {}
        Err(error) => match Limit::of(&error) {
            Some(limit) => {
                sink.gap(limit.gap());
                return Ok(Walked { bytes: reader.position(), complete: false });
            }
            None => return Err(failure(what, error)),
        },
    }
    let source = reader.into_inner();
    if let Some(expected) = diff_id {
        let found = source.hasher.unwrap_or_default().finish();
        if found != *expected {
            return Err(AnalyzeError::WrongDiffId { expected: expected.clone(), found });
        }
    }
    Ok(Walked { bytes: source.bytes, complete: true })
}

enum End {
    /// The bytes are fine as far as anyone knows, but they are no readable archive.
    Unreadable(String),
    Io(io::Error),
}

fn entries<R: BufRead>(reader: &mut tar::Reader<R>, sink: &mut impl Sink) -> Result<(), End> {
    loop {
        match reader.next_entry() {
            Ok(None) => return Ok(()),
            Ok(Some((entry, mut content))) => sink.entry(&entry, &mut content).map_err(End::of)?,
            Err(tar::TarError::Io(error)) => return Err(End::of(error)),
            Err(error) => return Err(End::Unreadable(error.to_string())),
        }
    }
}

impl End {
    /// An archive that ends inside a file's content comes as an I/O error.
    fn of(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<tar::TarError>());
        match inner {
            Some(inner) => Self::Unreadable(inner.to_string()),
            None => Self::Io(error),
        }
    }
}

fn failure(what: &str, error: io::Error) -> AnalyzeError {
    if error.get_ref().and_then(|inner| inner.downcast_ref::<Stopped>()).is_some() {
        return AnalyzeError::Stopped;
    }
    match IntegrityError::of(&error) {
        Some(integrity) => AnalyzeError::Integrity(integrity.clone()),
        None => AnalyzeError::Unreadable { what: what.to_owned(), source: error },
    }
}

/// The plain bytes of a layer: hashed and counted as they arrive.
struct Source<'a> {
    plain: Consumer,
    hasher: Option<Hasher>,
    bytes: u64,
    budget: &'a ImageBudget,
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Self { plain, hasher, bytes, budget } = self;
        plain.fill_with(|piece| {
            if budget.stopped.load(Ordering::Relaxed) {
                return Err(io::Error::other(Stopped));
            }
            *bytes += piece.len() as u64;
            if *bytes > limits::LAYER_BYTES {
                return Err(Limit::Layer.into());
            }
            if !budget.take(piece.len() as u64) {
                return Err(Limit::Image.into());
            }
            if let Some(hasher) = hasher {
                hasher.update(piece);
            }
            Ok(())
        })
    }

    fn consume(&mut self, count: usize) {
        self.plain.consume(count);
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Another walk failed; travels as an I/O error.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("another layer failed")]
struct Stopped;

/// A limit of sizes was reached; travels as an I/O error.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a size limit was reached")]
enum Limit {
    Layer,
    Image,
}

impl From<Limit> for io::Error {
    fn from(limit: Limit) -> Self {
        Self::other(limit)
    }
}

impl Limit {
    fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    fn gap(self) -> Gap {
        match self {
            Self::Layer => Gap::new(GapCode::LayerBytes, "the layer is longer than the limit; the rest was not read")
                .limited(limits::LAYER_BYTES, limits::LAYER_BYTES + 1),
            Self::Image => {
                Gap::new(GapCode::ImageBytes, "the layers together are longer than the limit; the rest was not read")
                    .limited(limits::IMAGE_BYTES, limits::IMAGE_BYTES + 1)
            }
        }
    }
}

/// A reader that fails once with what stopped it from being set up.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Tells how far the stored bytes were read.
struct Counted<'a> {
    inner: Box<dyn Read + Send + 'a>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        (self.progress)(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    use stopgate_archive::digest_of;
    use stopgate_archive::write::{Entry, tar_of};
    use stopgate_catalogers::SourceClass;
    use stopgate_model::{Digest, GapCode};

    use super::{ImageBudget, LayerStream, Walked, walk};
    use crate::AnalyzeError;
    use crate::collect::{Collector, Tools};
    use crate::demand::Demand;
    use crate::layer::LayerFacts;

    fn walked(tar: &[u8], diff_id: &Digest, tools: &Tools, budget: &ImageBudget) -> (Walked, LayerFacts) {
        let stream = LayerStream {
            stored: Box::new(tar),
            what: "layer",
            diff_id: Some(diff_id),
            filesystem: true,
            budget,
            progress: &|_| {},
        };
        let mut collector = Collector::of_layer(tools);
        let walked = walk(stream, &mut collector).unwrap();
        let complete = walked.complete && !collector.is_full();
        (Walked { complete, ..walked }, collector.finish().finish().unwrap())
    }

    fn codes(facts: &LayerFacts) -> Vec<GapCode> {
        facts.summary().gaps.iter().map(|gap| gap.code).collect()
    }

    #[test]
    fn a_walk_ends_at_the_bytes_that_the_image_may_have() {
        let tar = tar_of(&[Entry::file("a", "x"), Entry::file("b", vec![1; 2 << 20])]);
        let tools = Tools::new(SourceClass::Image, Demand::default());
        let budget = ImageBudget { left: AtomicU64::new(1 << 20), stopped: AtomicBool::new(false) };
        let (walked, facts) = walked(&tar, &digest_of(&tar), &tools, &budget);
        assert_eq!((walked.complete, codes(&facts)), (false, vec![GapCode::ImageBytes]));
        assert_eq!(facts.summary().rows, 2, "what was read stands");
    }

    #[test]
    fn entries_beyond_those_that_the_image_may_have_are_left_out() {
        let tar = tar_of(&[Entry::file("a", "x"), Entry::file("b", "x"), Entry::file("c", "x")]);
        let tools = Tools::new(SourceClass::Image, Demand::default());
        tools.count_entries(stopgate_model::limits::IMAGE_ENTRIES - 2);
        let (walked, facts) = walked(&tar, &digest_of(&tar), &tools, &ImageBudget::default());
        assert_eq!((walked.complete, codes(&facts)), (false, vec![GapCode::ImageEntries]));
        assert_eq!((facts.summary().rows, facts.summary().entries), (2, 3));
        tools.count_entries(1);
        let (_, facts) = self::walked(&tar, &digest_of(&tar), &tools, &ImageBudget::default());
        assert_eq!(facts.summary().rows, 0, "what others took is gone");
    }

    #[test]
    fn paths_and_findings_beyond_what_the_image_may_keep_are_left_out() {
        let tar = tar_of(&[Entry::file("a", "x"), Entry::file("bcd", "x"), Entry::file("e", "x")]);
        let tools = Tools::new(SourceClass::Image, Demand::default());
        tools.count_known((0, stopgate_model::limits::IMAGE_PATH_BYTES - 3));
        let (walked, facts) = walked(&tar, &digest_of(&tar), &tools, &ImageBudget::default());
        assert_eq!((walked.complete, codes(&facts)), (false, vec![GapCode::ImageEntries]));
        assert_eq!(facts.summary().rows, 1);
        let tar = tar_of(&[Entry::file("etc/passwd", "root:x")]);
        let tools = Tools::new(SourceClass::Image, Demand::default());
        tools.count_known((stopgate_model::limits::FACTS_BYTES - 5, 0));
        let (_, facts) = self::walked(&tar, &digest_of(&tar), &tools, &ImageBudget::default());
        assert_eq!(codes(&facts), [GapCode::FactsBytes], "all layers share the room");
    }

    #[test]
    fn a_walk_that_is_stopped_says_so() {
        let tools = Tools::new(SourceClass::Image, Demand::default());
        let budget = ImageBudget::default();
        budget.stop();
        let diff_id = digest_of(b"");
        let stream = LayerStream {
            stored: Box::new(io::repeat(0)),
            what: "layer",
            diff_id: Some(&diff_id),
            filesystem: true,
            budget: &budget,
            progress: &|_| {},
        };
        let ended = walk(stream, &mut Collector::of_layer(&tools));
        assert!(matches!(ended, Err(AnalyzeError::Stopped)));
    }
}
