//! What an executable says of itself: machine, sections and loaded segments of ELF (System V gABI), PE
//! (Microsoft PE/COFF specification) and Mach-O files, fat ones too.
//!
//! Only tables are read, by position, so a file of any length costs a few small reads. Relocations,
//! symbols and debug data are left out.

use std::io;

use stopgate_archive::ReadAt;

/// One program in a file; a fat Mach-O file holds several.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// The machine by the name that Go's format readers give it, lower case: `x86_64`, `arm64`, `34404`.
    pub machine: String,
    pub format: Format,
    pub sections: Vec<Section>,
    /// What is loaded into memory: the segments, in PE files the sections.
    pub segments: Vec<Section>,
    /// Where the names of symbols lie in the file: offset and length.
    pub symbol_names: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Elf,
    Pe,
    MachO,
}

/// A part of the file with a place in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub name: String,
    pub address: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// Bytes that it has in the file.
    pub size: u64,
    /// Initialised data that the program may write and not execute.
    pub writable_data: bool,
}

/// Tables longer than this are not believed.
const LONGEST_TABLE: u64 = 16 << 20;
const MOST_ROWS: usize = 1 << 16;
const MOST_FAT: usize = 40;

/// The programs in a file; none when its format is unknown. An error when its tables cannot be read.
pub(crate) fn images(content: &dyn ReadAt) -> io::Result<Vec<Image>> {
    let head = read(content, 0, 64.min(content.size()))?;
    Ok(match head.as_slice() {
        [0x7f, b'E', b'L', b'F', ..] => vec![elf(content, &head)?],
        [b'M', b'Z', ..] => pe(content, &head)?.into_iter().collect(),
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] => fat(content, &head)?,
        _ => macho(content, 0)?.into_iter().collect(),
    })
}

impl Image {
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Fills the buffer from an address in memory.
    pub(crate) fn read_address(&self, content: &dyn ReadAt, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        let inside = |segment: &&Section| {
            address
                .checked_sub(segment.address)
                .is_some_and(|skip| skip.checked_add(buffer.len() as u64).is_some_and(|end| end <= segment.size))
        };
        let segment = self.segments.iter().find(inside).ok_or(io::ErrorKind::UnexpectedEof)?;
        content.read_exact_at(segment.offset.saturating_add(address - segment.address), buffer)
    }
}

fn read(content: &dyn ReadAt, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    // A length is only believed once the file is known to be long enough.
    if length > LONGEST_TABLE || offset.checked_add(length).is_none_or(|end| end > content.size()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut bytes = vec![0; length as usize];
    content.read_exact_at(offset, &mut bytes)?;
    Ok(bytes)
}

/// How numbers are written: byte order, and whether addresses have 8 bytes.
#[derive(Clone, Copy)]
struct Shape {
    big: bool,
    wide: bool,
}

impl Shape {
    const fn of(self, bytes: &[u8]) -> Fields<'_> {
        Fields { bytes, shape: self }
    }
}

/// Numbers in a piece of a table.
#[derive(Clone, Copy)]
struct Fields<'a> {
    bytes: &'a [u8],
    shape: Shape,
}

impl Fields<'_> {
    /// A number of `size` bytes; 0 past the end.
    fn number(&self, at: usize, size: usize) -> u64 {
        let bytes = self.bytes.get(at..at + size).unwrap_or_default();
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        if self.shape.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }

    /// One of two places, by the width of addresses, with the width of an address.
    fn address(&self, narrow: usize, wide: usize) -> u64 {
        if self.shape.wide { self.number(wide, 8) } else { self.number(narrow, 4) }
    }

    fn pick(&self, narrow: usize, wide: usize, size: usize) -> u64 {
        self.number(if self.shape.wide { wide } else { narrow }, size)
    }
}

/// Text up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// Rows of a table: `count` rows of `width` bytes each.
fn rows(content: &dyn ReadAt, offset: u64, count: usize, width: usize) -> io::Result<Vec<Vec<u8>>> {
    if count == 0 || width == 0 {
        return Ok(Vec::new());
    }
    if count > MOST_ROWS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let table = read(content, offset, count as u64 * width as u64)?;
    Ok(table.chunks_exact(width).map(<[u8]>::to_vec).collect())
}

fn elf(content: &dyn ReadAt, head: &[u8]) -> io::Result<Image> {
    let (wide, big) = (head.get(4) == Some(&2), head.get(5) == Some(&2));
    let shape = Shape { big, wide };
    let header = shape.of(head);
    let (start, width) = (header.address(32, 40), header.pick(46, 58, 2) as usize);
    let mut count = header.pick(48, 60, 2) as usize;
    let mut names_at = header.pick(50, 62, 2) as usize;
    if start != 0 && (count == 0 || names_at == 0xffff) {
        // Numbers that do not fit are kept in the first row.
        let first = rows(content, start, 1, width)?;
        let first = shape.of(first.first().map_or(&[], Vec::as_slice));
        count = if count == 0 { first.address(20, 32) as usize } else { count };
        names_at = if names_at == 0xffff { first.pick(24, 40, 4) as usize } else { names_at };
    }
    let table = if start == 0 { Vec::new() } else { rows(content, start, count, width)? };
    let place = |row: &[u8]| (shape.of(row).address(16, 24), shape.of(row).address(20, 32));
    let names = match table.get(names_at).map(|row| place(row)) {
        Some((offset, size)) => read(content, offset, size)?,
        None => Vec::new(),
    };
    let sections = table.iter().map(|row| {
        let fields = shape.of(row);
        let (offset, size) = place(row);
        // Type 8 (NOBITS) has no bytes in the file.
        let size = if fields.number(4, 4) == 8 { 0 } else { size };
        let name = names.get(fields.number(0, 4) as usize..).map(text).unwrap_or_default();
        Section { name, address: fields.address(12, 16), offset, size, writable_data: false }
    });
    let sections: Vec<Section> = sections.collect();
    let symbol_names =
        sections.iter().find(|section| section.name == ".strtab").map(|names| (names.offset, names.size));
    let programs =
        rows(content, header.address(28, 32), header.pick(44, 56, 2) as usize, header.pick(42, 54, 2) as usize)?;
    let segments = programs.iter().map(|row| shape.of(row)).filter(|row| row.number(0, 4) == 1).map(|row| Section {
        name: String::new(),
        address: row.address(8, 16),
        offset: row.address(4, 8),
        size: row.address(16, 32),
        writable_data: row.pick(24, 4, 4) & 3 == 2,
    });
    let segments = segments.collect();
    Ok(Image { machine: elf_machine(header.number(18, 2)), format: Format::Elf, sections, segments, symbol_names })
}

fn elf_machine(number: u64) -> String {
    let name = match number {
        3 => "386",
        8 => "mips",
        20 => "ppc",
        21 => "ppc64",
        22 => "s390",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv",
        258 => "loongarch",
        _ => return number.to_string(),
    };
    name.to_owned()
}

fn pe(content: &dyn ReadAt, head: &[u8]) -> io::Result<Option<Image>> {
    let little = Shape { big: false, wide: false };
    let start = little.of(head).number(0x3c, 4);
    // A program for DOS alone has nothing there.
    let Ok(header) = read(content, start, 24 + 32) else { return Ok(None) };
    if !header.starts_with(b"PE\0\0") {
        return Ok(None);
    }
    let header = little.of(&header);
    let base = if header.number(24, 2) == 0x20b { header.number(24 + 24, 8) } else { header.number(24 + 28, 4) };
    let table = start + 24 + header.number(20, 2);
    let sections: Vec<_> = rows(content, table, header.number(6, 2) as usize, 40)?
        .iter()
        .map(|row| {
            let fields = little.of(row);
            // Initialised data, readable and writable; the alignment that linkers of Go set is ignored.
            let writable_data = fields.number(36, 4) & !0x0060_0000 == 0xc000_0040 && fields.number(12, 4) != 0;
            Section {
                name: text(row.get(..8).unwrap_or_default()),
                address: base.wrapping_add(fields.number(12, 4)),
                offset: fields.number(20, 4),
                size: fields.number(16, 4),
                writable_data,
            }
        })
        .collect();
    // Names follow the symbols, which have 18 bytes each; their total length comes first.
    let names = header.number(12, 4) + header.number(16, 4) * 18;
    let length = read(content, names, 4).ok().filter(|_| header.number(12, 4) != 0);
    let symbol_names = length.map(|length| (names, little.of(&length).number(0, 4)));
    let machine = header.number(4, 2).to_string();
    Ok(Some(Image { machine, format: Format::Pe, segments: sections.clone(), sections, symbol_names }))
}

fn fat(content: &dyn ReadAt, head: &[u8]) -> io::Result<Vec<Image>> {
    let wide = head.get(3) == Some(&0xbf);
    let shape = Shape { big: true, wide };
    let count = shape.of(head).number(4, 4) as usize;
    // Java classes have the same magic; their version stands in the place of the count.
    if count > MOST_FAT {
        return Ok(Vec::new());
    }
    let mut images = Vec::new();
    for row in rows(content, 8, count, if wide { 32 } else { 20 })? {
        images.extend(macho(content, shape.of(&row).address(8, 8))?);
    }
    Ok(images)
}

fn macho(content: &dyn ReadAt, base: u64) -> io::Result<Option<Image>> {
    let Ok(head) = read(content, base, 32) else { return Ok(None) };
    let (big, wide) = match head.as_slice() {
        [0xfe, 0xed, 0xfa, 0xce, ..] => (true, false),
        [0xfe, 0xed, 0xfa, 0xcf, ..] => (true, true),
        [0xce, 0xfa, 0xed, 0xfe, ..] => (false, false),
        [0xcf, 0xfa, 0xed, 0xfe, ..] => (false, true),
        _ => return Ok(None),
    };
    let shape = Shape { big, wide };
    let header = shape.of(head.as_slice());
    let commands = read(content, base + if wide { 32 } else { 28 }, header.number(20, 4))?;
    let machine = match header.number(4, 4) {
        7 => "386".to_owned(),
        12 => "arm".to_owned(),
        0x0100_0007 => "amd64".to_owned(),
        0x0100_000c => "arm64".to_owned(),
        other => other.to_string(),
    };
    let mut image = Image { machine, format: Format::MachO, ..Image::default() };
    let mut rest = commands.as_slice();
    for _ in 0..header.number(16, 4).min(MOST_ROWS as u64) {
        let size = shape.of(rest).number(4, 4) as usize;
        let Some(command) = rest.get(..size).filter(|_| size >= 8) else { break };
        rest = rest.get(size..).unwrap_or_default();
        let command = shape.of(command);
        match command.number(0, 4) {
            0x19 if wide => macho_segment(command, base, &mut image),
            1 if !wide => macho_segment(command, base, &mut image),
            2 => image.symbol_names = Some((base.saturating_add(command.number(16, 4)), command.number(20, 4))),
            _ => {}
        }
    }
    Ok(Some(image))
}

fn macho_segment(segment: Fields<'_>, base: u64, image: &mut Image) {
    image.segments.push(Section {
        name: text(segment.bytes.get(8..24).unwrap_or_default()),
        address: segment.address(24, 24),
        offset: base.saturating_add(segment.address(32, 40)),
        size: segment.address(36, 48),
        writable_data: segment.pick(40, 56, 4) == 3 && segment.pick(44, 60, 4) == 3,
    });
    let (first, width) = if segment.shape.wide { (72, 80) } else { (56, 68) };
    let count = (segment.pick(48, 64, 4) as usize).min(MOST_ROWS);
    for row in segment.bytes.get(first..).unwrap_or_default().chunks_exact(width).take(count) {
        let fields = segment.shape.of(row);
        image.sections.push(Section {
            name: text(row.get(..16).unwrap_or_default()),
            address: fields.address(32, 32),
            offset: base.saturating_add(fields.pick(40, 48, 4)),
            size: fields.address(36, 40),
            writable_data: false,
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::{Format, images};

    /// A 64-bit ELF file for x86-64 with these sections, all loaded at `0x1000` plus their offset.
    pub(crate) fn tiny_elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = vec![0; 64 + 56];
        let mut names = vec![0];
        let mut rows = vec![0; 64];
        let mut row = |name: u32, kind: u32, address: u64, offset: u64, size: u64| {
            let mut bytes = [0; 64];
            bytes[..4].copy_from_slice(&name.to_le_bytes());
            bytes[4..8].copy_from_slice(&kind.to_le_bytes());
            bytes[16..24].copy_from_slice(&address.to_le_bytes());
            bytes[24..32].copy_from_slice(&offset.to_le_bytes());
            bytes[32..40].copy_from_slice(&size.to_le_bytes());
            rows.extend(bytes);
        };
        for (name, data) in sections {
            file.resize(file.len().next_multiple_of(16), 0);
            row(names.len() as u32, 1, 0x1000 + file.len() as u64, file.len() as u64, data.len() as u64);
            file.extend(*data);
            names.extend(name.as_bytes());
            names.push(0);
        }
        let name = names.len() as u32;
        names.extend(b".shstrtab\0");
        row(name, 3, 0, file.len() as u64, names.len() as u64);
        file.extend(names);
        let table = file.len() as u64;
        file.extend(rows);
        let total = file.len() as u64;
        file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[40..48].copy_from_slice(&table.to_le_bytes());
        file[54..56].copy_from_slice(&56_u16.to_le_bytes());
        file[56..58].copy_from_slice(&1_u16.to_le_bytes());
        file[58..60].copy_from_slice(&64_u16.to_le_bytes());
        file[60..62].copy_from_slice(&(sections.len() as u16 + 2).to_le_bytes());
        file[62..64].copy_from_slice(&(sections.len() as u16 + 1).to_le_bytes());
        // One writable segment that holds the whole file.
        file[64..72].copy_from_slice(&[1, 0, 0, 0, 6, 0, 0, 0]);
        file[80..88].copy_from_slice(&0x1000_u64.to_le_bytes());
        file[96..104].copy_from_slice(&total.to_le_bytes());
        file
    }

    #[test]
    fn reads_sections_and_memory() {
        let file = tiny_elf(&[(".one", b"first"), (".two", b"second!")]);
        let all = images(&file).unwrap();
        let image = &all[0];
        assert_eq!((image.machine.as_str(), image.format), ("x86_64", Format::Elf));
        let two = image.section(".two").unwrap();
        assert_eq!(two.size, 7);
        let mut bytes = [0; 7];
        image.read_address(&file, two.address, &mut bytes).unwrap();
        assert_eq!(&bytes, b"second!");
        assert!(image.read_address(&file, u64::MAX, &mut bytes).is_err());
        assert!(image.segments[0].writable_data);
    }

    #[test]
    fn other_files_hold_no_program() {
        for content in [&b""[..], b"MZ", b"#!/bin/sh\n", &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]] {
            assert!(images(&content.to_vec()).unwrap().is_empty());
        }
        assert!(images(&b"\x7fELF\x02\x01".to_vec()).is_ok_and(|images| images[0].sections.is_empty()));
    }

    proptest! {
        #[test]
        fn garbage_is_refused_quietly(mut garbage in proptest::collection::vec(any::<u8>(), 0..400), magic in 0..5_usize) {
            let magics: [&[u8]; 5] = [b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"MZ", &[0xcf, 0xfa, 0xed, 0xfe], &[0xca, 0xfe, 0xba, 0xbe]];
            let magic = magics[magic];
            if garbage.len() >= magic.len() {
                garbage[..magic.len()].copy_from_slice(magic);
            }
            let _ = images(&garbage);
        }
    }
}
