//! Build information of Go programs (package `debug/buildinfo`): toolchain, modules and build settings.
//!
//! Since Go 1.18 it lies inline behind a magic; before that the magic is followed by pointers to strings.
//! Programs packed with UPX are not unpacked.

use std::io;

use memchr::memmem;
use stopgate_archive::ReadAt;

use crate::executable::{Format, Image};

/// What the linker wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BuildInfo {
    /// `go1.22.1`, possibly with ` X:experiment` behind it.
    pub(super) go_version: String,
    /// Import path of the main package.
    pub(super) path: String,
    pub(super) main: Option<Module>,
    pub(super) dependencies: Vec<Module>,
    pub(super) settings: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) path: String,
    pub(super) version: String,
    pub(super) sum: String,
    pub(super) replaced_by: Option<Box<Module>>,
}

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: u64 = 16;
const HEADER: usize = 32;
/// Data that is searched for the magic when no section is named after it.
const LONGEST_SEARCH: u64 = 64 << 20;
const LONGEST_STRING: u64 = 32 << 20;
const CHUNK: u64 = 1 << 20;

/// The build information of a program; `None` when it is not one of Go's.
pub(super) fn read(content: &dyn ReadAt, image: &Image) -> io::Result<Option<BuildInfo>> {
    let Some((address, header)) = find(content, image) else { return Ok(None) };
    let (version, modules) = strings(content, image, address, &header)?;
    if version.is_empty() {
        return Ok(None);
    }
    let mut info = parse(&modules);
    info.go_version = version;
    Ok(Some(info))
}

/// Address and header of the information.
fn find(content: &dyn ReadAt, image: &Image) -> Option<(u64, [u8; HEADER])> {
    let named = match image.format {
        Format::Elf => image.section(".go.buildinfo"),
        Format::MachO => image.section("__go_buildinfo"),
        Format::Pe => None,
    };
    let data = || image.segments.iter().find(|segment| segment.writable_data && segment.size > 0);
    let place = named.or_else(data)?;
    let finder = memmem::Finder::new(MAGIC);
    let end = place.size.min(LONGEST_SEARCH);
    let mut at = 0;
    let mut buffer = Vec::new();
    while at < end {
        let length = (end - at).min(CHUNK + HEADER as u64);
        buffer.resize(length as usize, 0);
        content.read_exact_at(place.offset.saturating_add(at), &mut buffer).ok()?;
        for hit in finder.find_iter(&buffer) {
            let address = place.address.wrapping_add(at + hit as u64);
            let header = buffer.get(hit..hit + HEADER).and_then(|header| header.try_into().ok());
            if let Some(header) = header.filter(|_| address.is_multiple_of(ALIGNMENT)) {
                return Some((address, header));
            }
        }
        at += CHUNK;
    }
    None
}

/// Toolchain version and module information.
fn strings(content: &dyn ReadAt, image: &Image, address: u64, header: &[u8; HEADER]) -> io::Result<(String, String)> {
    let [.., pointer_size, flags, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = header;
    let (version, modules) = if flags & 2 == 0 {
        let pointers = Pointers { content, image, size: usize::from(*pointer_size), big: *flags != 0 };
        let field = |at: usize| pointers.number(header.get(at..).unwrap_or_default());
        let version = pointers.string(field(16))?;
        (version, pointers.string(field(16 + pointers.size))?)
    } else {
        let (version, next) = inline(content, image, address + HEADER as u64)?;
        (version, inline(content, image, next)?.0)
    };
    // Sixteen bytes at each end let a debugger find it.
    let length = modules.len();
    let modules = match length.checked_sub(17).and_then(|end| modules.get(end)) {
        Some(b'\n') if length >= 33 => modules.get(16..length - 16).unwrap_or_default(),
        _ => &[],
    };
    Ok((String::from_utf8_lossy(&version).into_owned(), String::from_utf8_lossy(modules).into_owned()))
}

/// A string behind its length; and the address after it.
fn inline(content: &dyn ReadAt, image: &Image, address: u64) -> io::Result<(Vec<u8>, u64)> {
    let (mut length, mut at) = (0_u64, address);
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        image.read_address(content, at, &mut byte)?;
        at += 1;
        length |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok((bytes(content, image, at, length)?, at + length));
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn bytes(content: &dyn ReadAt, image: &Image, address: u64, length: u64) -> io::Result<Vec<u8>> {
    if length > LONGEST_STRING.min(content.size()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length as usize];
    image.read_address(content, address, &mut bytes)?;
    Ok(bytes)
}

/// The form before Go 1.18.
struct Pointers<'a> {
    content: &'a dyn ReadAt,
    image: &'a Image,
    size: usize,
    big: bool,
}

impl Pointers<'_> {
    fn number(&self, bytes: &[u8]) -> u64 {
        let bytes = bytes.get(..self.size.min(8)).unwrap_or_default();
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        if self.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }

    /// The string whose header (pointer and length) lies at an address; nothing at address 0.
    fn string(&self, address: u64) -> io::Result<Vec<u8>> {
        if address == 0 || !matches!(self.size, 4 | 8) {
            return Ok(Vec::new());
        }
        let mut header = vec![0; self.size * 2];
        self.image.read_address(self.content, address, &mut header)?;
        let (data, length) = (self.number(&header), self.number(header.get(self.size..).unwrap_or_default()));
        bytes(self.content, self.image, data, length)
    }
}

/// Reads the lines of the module information; unknown ones are skipped.
fn parse(text: &str) -> BuildInfo {
    let mut info = BuildInfo::default();
    let mut last_is_main = false;
    for line in text.lines() {
        let Some((key, value)) = line.split_once('\t') else { continue };
        match key {
            "path" => value.clone_into(&mut info.path),
            "mod" => {
                info.main = Some(module(value));
                last_is_main = true;
            }
            "dep" => {
                info.dependencies.push(module(value));
                last_is_main = false;
            }
            "=>" => {
                let last = if last_is_main { info.main.as_mut() } else { info.dependencies.last_mut() };
                if let Some(last) = last {
                    last.replaced_by = Some(Box::new(module(value)));
                }
            }
            "build" => info.settings.extend(setting(value)),
            _ => {}
        }
    }
    info
}

fn module(text: &str) -> Module {
    let mut parts = text.split('\t').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Module { path: next(), version: next(), sum: next(), replaced_by: None }
}

/// `key=value`, each quoted when it holds special characters.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, rest) = match text.strip_prefix(['"', '`']) {
        Some(inner) => {
            let quote = text.chars().next()?;
            let end =
                inner.match_indices(quote).map(|(at, _)| at).find(|at| !inner.get(..*at).is_some_and(is_escaped))?;
            (text.get(..end + 2)?, inner.get(end + 1..)?)
        }
        None => text.split_at(text.find('=')?),
    };
    let key = unquoted(key);
    (!key.is_empty()).then(|| (key, unquoted(rest.strip_prefix('=').unwrap_or(rest))))
}

fn is_escaped(before: &str) -> bool {
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}

/// A Go string literal without its quotes; other text as it is.
fn unquoted(text: &str) -> String {
    if let Some(raw) = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        return raw.to_owned();
    }
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return text.to_owned() };
    let mut out = String::new();
    let mut rest = inner;
    while let Some((plain, after)) = rest.split_once('\\') {
        out.push_str(plain);
        let (digits, one) = match after.chars().next() {
            Some('n') => (0, '\n'),
            Some('r') => (0, '\r'),
            Some('t') => (0, '\t'),
            Some('x') => (2, ' '),
            Some('u') => (4, ' '),
            Some('U') => (8, ' '),
            Some(other) => (0, other),
            None => break,
        };
        let code = after.get(1..=digits).unwrap_or("");
        let coded = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        out.push(if digits == 0 { one } else { coded.unwrap_or(char::REPLACEMENT_CHARACTER) });
        let used = after.chars().next().map_or(0, char::len_utf8) + code.len();
        rest = after.get(used..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::{read, setting};
    use crate::executable::images;
    use crate::executable::tests::tiny_elf;

    /// An executable with inline build information.
    pub(in crate::go) fn program(version: &str, modules: &str) -> Vec<u8> {
        let mut section = b"\xff Go buildinf:\x08\x02".to_vec();
        section.resize(32, 0);
        let framed = format!("0123456789abcdef{modules}0123456789abcdef");
        for text in [version, &framed] {
            let mut length = text.len();
            while length >= 0x80 {
                section.push(length as u8 | 0x80);
                length >>= 7;
            }
            section.push(length as u8);
            section.extend(text.bytes());
        }
        tiny_elf(&[(".text", b"code"), (".go.buildinfo", &section)])
    }

    #[test]
    fn inline_information_is_read() {
        let modules = "path\texample.org/app\nmod\texample.org/app\t(devel)\t\ndep\ta.example/x\tv1.0.0\th1:AAAA=\n\
                       =>\tb.example/x\tv2.0.0\th1:BBBB=\nbuild\tGOARCH=amd64\nbuild\t-ldflags=\"-X \\\"main.v=1\\\"\"\n";
        let file = program("go1.22.1", modules);
        let info = read(&file, &images(&file).unwrap()[0]).unwrap().unwrap();
        assert_eq!((info.go_version.as_str(), info.path.as_str()), ("go1.22.1", "example.org/app"));
        assert_eq!(info.main.unwrap().version, "(devel)");
        assert_eq!(info.dependencies[0].replaced_by.as_ref().unwrap().sum, "h1:BBBB=");
        assert_eq!(info.settings[1], ("-ldflags".to_owned(), "-X \"main.v=1\"".to_owned()));
    }

    #[test]
    fn pointers_are_followed() {
        // Header, then string headers and strings; the section lies at 0x1000 plus its offset.
        let at = 0x1000 + 128_u64;
        let modules = format!("{}mod\texample.org/app\tv1.2.3\t\n{}", "x".repeat(16), "y".repeat(16));
        let mut section = b"\xff Go buildinf:\x08\x00".to_vec();
        section.extend((at + 32).to_le_bytes());
        section.extend((at + 48).to_le_bytes());
        for (address, length) in [(at + 64, 6), (at + 70, modules.len() as u64)] {
            section.extend(address.to_le_bytes());
            section.extend(length.to_le_bytes());
        }
        section.extend(b"go1.17");
        section.extend(modules.bytes());
        let file = tiny_elf(&[(".data", &section)]);
        let found = file.windows(4).position(|window| window == b"\xff Go").unwrap();
        assert_eq!(found, 128, "the test's addresses");
        let info = read(&file, &images(&file).unwrap()[0]).unwrap().unwrap();
        assert_eq!((info.go_version.as_str(), info.main.unwrap().path.as_str()), ("go1.17", "example.org/app"));
    }

    #[test]
    fn settings_may_be_quoted() {
        for (text, expected) in [
            ("CGO_ENABLED=0", ("CGO_ENABLED", "0")),
            ("-ldflags=\"a\\x41\\u00e4\\n\"", ("-ldflags", "aA\u{e4}\n")),
            ("\"a=b\"=`c\"`", ("a=b", "c\"")),
        ] {
            assert_eq!(setting(text).unwrap(), (expected.0.to_owned(), expected.1.to_owned()));
        }
        assert_eq!(setting("nothing"), None);
        assert_eq!(setting("\"open"), None);
    }

    proptest! {
        #[test]
        fn damaged_programs_never_panic(at in 0..400_usize, byte: u8, cut in 0..500_usize) {
            let mut file = program("go1.22.1", "path\tx\nmod\tx\tv1.0.0\t\nbuild\ta=\"\\\"\n");
            let length = file.len();
            file[at % length] = byte;
            file.truncate(length - cut % length);
            for image in images(&file).unwrap_or_default() {
                let _ = read(&file, &image);
            }
        }
    }
}
