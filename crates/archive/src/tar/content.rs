//! The content of the entry at which a reader stands, and the source below it.

use std::io::{self, BufRead, Read};

use super::TarError;
use super::header::{BLOCK, Header};
use super::sparse::{Map, Place};

/// What holes are made of.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The archive and how far it was read.
pub(crate) struct Source<R> {
    reader: R,
    position: u64,
}

impl<R> Source<R> {
    pub(crate) const fn new(reader: R, position: u64) -> Self {
        Self { reader, position }
    }

    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: BufRead> Source<R> {
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Filled above: this only borrows again, which the loop could not.
        self.reader.fill_buf()
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.position += count as u64;
        self.reader.consume(count);
    }

    /// The next block; `None` at a clean end, an error inside a block.
    pub(crate) fn block(&mut self) -> Result<Option<Header>, TarError> {
        let mut header = Header::zero();
        let mut filled = 0;
        while filled < BLOCK {
            let content = self.fill()?;
            if content.is_empty() {
                return if filled == 0 { Ok(None) } else { Err(TarError::Truncated { offset: self.position }) };
            }
            let count = content.len().min(BLOCK - filled);
            if let (Some(to), Some(from)) = (header.block_mut().get_mut(filled..filled + count), content.get(..count)) {
                to.copy_from_slice(from);
            }
            filled += count;
            self.consume(count);
        }
        Ok(Some(header))
    }
}

/// Where the reader stands in an entry.
#[derive(Default)]
pub(crate) struct State {
    stored: u64,
    padding: u64,
    map: Option<Map>,
    hidden: bool,
}

impl State {
    pub(crate) const fn plain(size: u64) -> Self {
        let block = BLOCK as u64;
        Self { stored: size, padding: (block - size % block) % block, map: None, hidden: false }
    }

    /// Stored bytes that were not read yet.
    pub(crate) const fn stored_left(&self) -> u64 {
        self.stored
    }

    pub(crate) fn set_map(&mut self, map: Map) {
        self.map = Some(map);
    }

    /// Shows no content; it is still skipped.
    pub(crate) const fn hide(&mut self) {
        self.hidden = true;
    }

    /// Skips to the next header.
    pub(crate) fn skip<R: BufRead>(&mut self, source: &mut Source<R>) -> Result<(), TarError> {
        let padding = self.padding;
        let mut left = self.stored.saturating_add(padding);
        *self = Self::default();
        while left > 0 {
            let content = source.fill()?;
            if content.is_empty() && left <= padding {
                // The last padding may be cut off, as for the container runtimes.
                return Ok(());
            }
            if content.is_empty() {
                return Err(TarError::Truncated { offset: source.position() });
            }
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(content.len());
            source.consume(count);
            left -= count as u64;
        }
        Ok(())
    }
}

/// The content of one entry, holes filled with zeros. An archive that ends inside is an error of kind
/// `UnexpectedEof`.
pub struct Content<'a, R> {
    source: &'a mut Source<R>,
    state: &'a mut State,
}

impl<'a, R> Content<'a, R> {
    pub(crate) const fn new(source: &'a mut Source<R>, state: &'a mut State) -> Self {
        Self { source, state }
    }

    /// Where the content lies in the archive, and its length; `None` for a sparse file.
    pub const fn span(&self) -> Option<(u64, u64)> {
        if self.state.map.is_some() || self.state.hidden {
            return None;
        }
        Some((self.source.position(), self.state.stored))
    }

    /// Bytes that a fill may show, and whether they are a hole.
    fn place(&mut self) -> (u64, bool) {
        if self.state.hidden {
            return (0, false);
        }
        match &mut self.state.map {
            None => (self.state.stored, false),
            Some(map) => match map.place() {
                Place::Hole(count) => (count, true),
                Place::Stored(count) => (count, false),
                Place::End => (0, false),
            },
        }
    }
}

impl<R: BufRead> BufRead for Content<'_, R> {
    /// The next bytes, straight from the source's buffer; empty at the end of the content.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let (count, hole) = self.place();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count == 0 {
            return Ok(&[]);
        }
        if hole {
            return Ok(ZEROS.get(..count).unwrap_or(&ZEROS));
        }
        let position = self.source.position();
        let content = self.source.fill()?;
        if content.is_empty() {
            let error = TarError::Truncated { offset: position };
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
        }
        Ok(content.get(..count).unwrap_or(content))
    }

    fn consume(&mut self, count: usize) {
        let (_, hole) = self.place();
        if let Some(map) = &mut self.state.map {
            map.advance(count as u64);
        }
        if !hole {
            self.state.stored = self.state.stored.saturating_sub(count as u64);
            self.source.consume(count);
        }
    }
}

impl<R: BufRead> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let content = self.fill_buf()?;
        let count = content.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), content.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
