//! A ustar writer with PAX headers where ustar does not suffice. All times are zero.

use std::io::{self, Write};

const BLOCK: usize = 512;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file with its content.
    File(Vec<u8>),
    /// A directory.
    Directory,
    /// A symbolic link to a target.
    Symlink(String),
    /// A hard link to a path of the same archive.
    HardLink(String),
    /// A character device.
    CharDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// An entry to write. The path is written as it is, so that tests can write hostile ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path, without leading slash by convention.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// What it is.
    pub kind: Kind,
    /// Raw `security.capability` attribute.
    pub capability: Option<Vec<u8>>,
}

impl Entry {
    fn new(path: impl Into<String>, mode: u32, kind: Kind) -> Self {
        Self { path: path.into(), mode, uid: 0, gid: 0, kind, capability: None }
    }

    /// A file of mode 0644.
    pub fn file(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, 0o644, Kind::File(content.into()))
    }

    /// A directory of mode 0755.
    pub fn directory(path: impl Into<String>) -> Self {
        Self::new(path, 0o755, Kind::Directory)
    }

    /// A symbolic link.
    pub fn symlink(path: impl Into<String>, target: impl Into<String>) -> Self {
        Self::new(path, 0o777, Kind::Symlink(target.into()))
    }

    /// A hard link to a path of the same archive.
    pub fn hard_link(path: impl Into<String>, target: impl Into<String>) -> Self {
        Self::new(path, 0o644, Kind::HardLink(target.into()))
    }

    /// The mark that removes a path of lower layers.
    pub fn whiteout(path: &str) -> Self {
        let mark = match path.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/.wh.{name}"),
            None => format!(".wh.{path}"),
        };
        Self::file(mark, "")
    }

    /// The mark that hides everything that lower layers have in a folder.
    pub fn opaque(folder: &str) -> Self {
        Self::file(format!("{folder}/.wh..wh..opq"), "")
    }

    /// The same entry with another mode.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// The same entry with another owner and group.
    #[must_use]
    pub const fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.uid = uid;
        self.gid = gid;
        self
    }
}

/// The archive of these entries.
pub fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut writer = TarWriter::new(Vec::new());
    // Writing to memory does not fail.
    for entry in entries {
        let _ = writer.append(entry);
    }
    writer.finish().unwrap_or_default()
}

/// Writes entries one after another.
pub struct TarWriter<W: Write> {
    inner: W,
}

impl<W: Write> TarWriter<W> {
    /// At the start of an archive.
    pub const fn new(inner: W) -> Self {
        Self { inner }
    }

    /// Appends an entry.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let (flag, link, content, device) = match &entry.kind {
            Kind::File(content) => (b'0', "", content.as_slice(), (0, 0)),
            Kind::HardLink(target) => (b'1', target.as_str(), &[][..], (0, 0)),
            Kind::Symlink(target) => (b'2', target.as_str(), &[][..], (0, 0)),
            Kind::CharDevice(major, minor) => (b'3', "", &[][..], (*major, *minor)),
            Kind::Directory => (b'5', "", &[][..], (0, 0)),
            Kind::Fifo => (b'6', "", &[][..], (0, 0)),
        };
        let directory = flag == b'5' && !entry.path.ends_with('/');
        let path = if directory { format!("{}/", entry.path) } else { entry.path.clone() };
        let fields = Fields {
            path: path.as_bytes(),
            link: link.as_bytes(),
            flag,
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            size: content.len() as u64,
            device,
        };
        let extended = fields.records(entry.capability.as_deref());
        if !extended.is_empty() {
            let header = Fields { path: b"PaxHeaders/0", flag: b'x', size: extended.len() as u64, ..Fields::default() };
            self.write_entry(&header, &extended)?;
        }
        self.write_entry(&fields, content)
    }

    fn write_entry(&mut self, fields: &Fields<'_>, content: &[u8]) -> io::Result<()> {
        self.inner.write_all(&fields.block())?;
        self.inner.write_all(content)?;
        let padding = content.len().next_multiple_of(BLOCK) - content.len();
        self.inner.write_all([0; BLOCK].get(..padding).unwrap_or_default())
    }

    /// Writes the end mark.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&[0; 2 * BLOCK])?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

/// What goes into a header block.
#[derive(Default)]
struct Fields<'a> {
    path: &'a [u8],
    link: &'a [u8],
    flag: u8,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    device: (u32, u32),
}

const MAX_OCTAL_7: u64 = 0o7_777_777;
const MAX_OCTAL_11: u64 = 0o77_777_777_777;

impl Fields<'_> {
    /// Extended records for what does not fit the block.
    fn records(&self, capability: Option<&[u8]>) -> Vec<u8> {
        let mut records = Vec::new();
        if self.path.len() > 100 {
            records.extend(pax_record("path", self.path));
        }
        if self.link.len() > 100 {
            records.extend(pax_record("linkpath", self.link));
        }
        for (name, value, limit) in [
            ("uid", u64::from(self.uid), MAX_OCTAL_7),
            ("gid", u64::from(self.gid), MAX_OCTAL_7),
            ("size", self.size, MAX_OCTAL_11),
        ] {
            if value > limit {
                records.extend(pax_record(name, value.to_string().as_bytes()));
            }
        }
        if let Some(capability) = capability {
            records.extend(pax_record("SCHILY.xattr.security.capability", capability));
        }
        records
    }

    fn block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8], room: usize| {
            let bytes = bytes.get(..room).unwrap_or(bytes);
            if let Some(field) = block.get_mut(at..at + bytes.len()) {
                field.copy_from_slice(bytes);
            }
        };
        let octal = |value: u64, digits: usize| format!("{value:0digits$o}").into_bytes();
        put(0, self.path, 100);
        put(100, &octal(u64::from(self.mode), 7), 7);
        put(108, &octal(u64::from(self.uid).min(MAX_OCTAL_7), 7), 7);
        put(116, &octal(u64::from(self.gid).min(MAX_OCTAL_7), 7), 7);
        put(124, &octal(self.size.min(MAX_OCTAL_11), 11), 11);
        put(136, &octal(0, 11), 11);
        put(148, b"        ", 8);
        put(156, &[self.flag], 1);
        put(157, self.link, 100);
        put(257, b"ustar\x0000", 8);
        put(329, &octal(u64::from(self.device.0), 7), 7);
        put(337, &octal(u64::from(self.device.1), 7), 7);
        let checksum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(field) = block.get_mut(at..at + bytes.len()) {
                field.copy_from_slice(bytes);
            }
        };
        put(148, &octal(checksum, 6));
        put(154, b"\0 ");
        block
    }
}

/// One PAX record: its own length, keyword and value.
pub fn pax_record(keyword: &str, value: &[u8]) -> Vec<u8> {
    // The length counts its own digits, which may be one more because of them.
    let rest = keyword.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    let mut record = format!("{length} {keyword}=").into_bytes();
    record.extend_from_slice(value);
    record.push(b'\n');
    record
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Entry, pax_record, tar_of};

    #[test]
    fn records_count_their_own_length() {
        assert_eq!(pax_record("a", b"b"), b"6 a=b\n");
        for length in 80..120 {
            let record = pax_record("path", &vec![b'x'; length]);
            let text = String::from_utf8(record.clone()).unwrap();
            assert_eq!(text.split_once(' ').unwrap().0.parse::<usize>().unwrap(), record.len());
        }
    }

    #[test]
    fn another_reader_agrees() {
        let long = format!("{}/file", "long".repeat(60));
        let entries = [
            Entry::directory("usr"),
            Entry::file("usr/a", "content").mode(0o4755).owner(1000, 3_000_000),
            Entry::file(long.clone(), vec![7; 1000]),
            Entry::symlink("usr/l", "a"),
            Entry::hard_link("usr/h", "usr/a"),
            Entry::whiteout("usr/gone"),
            Entry::opaque("opt"),
        ];
        let bytes = tar_of(&entries);
        assert_eq!(bytes, tar_of(&entries));
        let mut seen = Vec::new();
        for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let header = entry.header().clone();
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            seen.push((path, header.mode().unwrap(), content.len(), entry.link_name().unwrap().is_some()));
        }
        let expected = [
            ("usr/".to_owned(), 0o755, 0, false),
            ("usr/a".to_owned(), 0o4755, 7, false),
            (long, 0o644, 1000, false),
            ("usr/l".to_owned(), 0o777, 0, true),
            ("usr/h".to_owned(), 0o644, 0, true),
            ("usr/.wh.gone".to_owned(), 0o644, 0, false),
            ("opt/.wh..wh..opq".to_owned(), 0o644, 0, false),
        ];
        assert_eq!(seen, expected);
    }
}
