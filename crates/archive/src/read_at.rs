//! Random access to content that lies in memory or in a temporary file, without mapping it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// Content of known length that can be read at any position.
pub trait ReadAt: Sync {
    /// Length in bytes.
    fn size(&self) -> u64;

    /// Reads at most `buffer.len()` bytes at `offset`; 0 at or past the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// All bytes, when they already lie in memory.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }

    /// Fills `buffer` from `offset`; an error when the content ends before.
    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(offset, buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    offset += count as u64;
                    buffer = buffer.get_mut(count..).unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        (**self).in_memory()
    }
}

/// A file whose length was taken when it was wrapped.
impl ReadAt for (File, u64) {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(&self.0, buffer, offset)
    }
}

/// A part of other content, for example an archive that is stored inside another one.
#[derive(Clone, Copy)]
pub struct Slice<'a> {
    content: &'a dyn ReadAt,
    start: u64,
    size: u64,
}

impl<'a> Slice<'a> {
    /// The part of `content` from `start`; `None` when it does not lie inside.
    pub fn new(content: &'a dyn ReadAt, start: u64, size: u64) -> Option<Self> {
        let end = start.checked_add(size)?;
        (end <= content.size()).then_some(Self { content, start, size })
    }

    /// All bytes, when the whole lies in memory.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.size).ok()?)?;
        self.content.in_memory()?.get(start..end)
    }
}

impl ReadAt for Slice<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        match buffer.get_mut(..count) {
            Some(part) if count > 0 => self.content.read_at(self.start + offset, part),
            _ => Ok(0),
        }
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.bytes()
    }
}

/// A position in content: `Read` and `Seek` over [`ReadAt`].
#[derive(Clone)]
pub struct Cursor<'a> {
    content: &'a dyn ReadAt,
    position: u64,
}

impl<'a> Cursor<'a> {
    /// At the start of the content.
    pub const fn new(content: &'a dyn ReadAt) -> Self {
        Self { content, position: 0 }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
            SeekFrom::End(delta) => self.content.size().checked_add_signed(delta),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};

    use super::{Cursor, ReadAt, Slice};

    #[test]
    fn reads_seeks_and_stops_at_the_end() {
        let content: &[u8] = b"0123456789";
        let owned = content.to_vec();
        let mut cursor = Cursor::new(&owned);
        cursor.seek(SeekFrom::End(-3)).unwrap();
        let mut text = String::new();
        cursor.read_to_string(&mut text).unwrap();
        assert_eq!(text, "789");
        assert!(content.read_exact_at(8, &mut [0; 3]).is_err());
        assert_eq!(content.read_at(u64::MAX, &mut [0; 3]).unwrap(), 0);
    }
    #[test]
    fn a_slice_shows_its_part_and_nothing_else() {
        let content = b"0123456789".to_vec();
        let slice = Slice::new(&content, 3, 4).unwrap();
        let mut text = String::new();
        Cursor::new(&slice).read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), slice.in_memory()), ("3456", Some(&b"3456"[..])));
        assert_eq!(slice.read_at(u64::MAX, &mut [0; 3]).unwrap(), 0);
        assert!(Slice::new(&content, 8, 3).is_none());
        assert!(Slice::new(&content, u64::MAX, 2).is_none());
    }
}
