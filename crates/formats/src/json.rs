//! A streaming JSON writer (RFC 8259): no tree in memory, output valid by construction.
//!
//! Objects and lists are closures, so brackets and commas always fit. A write error is kept and
//! returned by [`JsonWriter::finish`]; after one nothing more is written.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};

use stopgate_model::Digest;

const FLUSH_AT: usize = 64 * 1024;

pub(crate) struct JsonWriter<'w> {
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
    comma: bool,
    error: Option<io::Error>,
    written: u64,
}

impl<'w> JsonWriter<'w> {
    pub(crate) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, buffer: Vec::with_capacity(FLUSH_AT + 4096), comma: false, error: None, written: 0 }
    }

    /// Flushes; returns how many bytes the document has.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush();
        if let Some(error) = self.error {
            return Err(error);
        }
        self.out.flush()?;
        Ok(self.written)
    }

    /// A line end after the document.
    pub(crate) fn newline(&mut self) {
        self.buffer.push(b'\n');
    }

    // Values.

    pub(crate) fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.open(b'{');
        fields(self);
        self.close(b'}');
    }

    pub(crate) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.array(|w| items.into_iter().for_each(|item| each(w, item)));
    }

    /// A list whose items `items` writes itself.
    pub(crate) fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.open(b'[');
        items(self);
        self.close(b']');
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.begin();
        self.buffer.push(b'"');
        escape(&mut self.buffer, text.as_bytes());
        self.buffer.push(b'"');
        self.end();
    }

    /// The text of anything that can be shown.
    pub(crate) fn shown(&mut self, value: impl Display) {
        self.begin();
        self.buffer.push(b'"');
        // `Escaped` never fails, so an error can only be the value's own; what it wrote stays.
        let _ = write!(Escaped(&mut self.buffer), "{value}");
        self.buffer.push(b'"');
        self.end();
    }

    /// Bytes as hexadecimal text.
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        self.begin();
        self.buffer.push(b'"');
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        for chunk in bytes.chunks(32) {
            let mut text = [0_u8; 64];
            for (pair, byte) in text.chunks_exact_mut(2).zip(chunk) {
                pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            }
            self.buffer.extend_from_slice(text.get(..chunk.len() * 2).unwrap_or_default());
        }
        self.buffer.push(b'"');
        self.end();
    }

    /// The id of a package or file.
    pub(crate) fn id(&mut self, id: u64) {
        self.hex(&id.to_be_bytes());
    }

    /// `algorithm:hex`.
    pub(crate) fn digest(&mut self, digest: &Digest) {
        self.begin();
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(digest.algorithm().name().as_bytes());
        self.buffer.push(b':');
        self.buffer.extend_from_slice(digest.hex().as_bytes());
        self.buffer.push(b'"');
        self.end();
    }

    pub(crate) fn number(&mut self, number: impl Into<u64>) {
        self.begin();
        let _ = write!(Plain(&mut self.buffer), "{}", number.into());
        self.end();
    }

    /// A fraction; what JSON cannot say (infinite, not a number) is null.
    pub(crate) fn float(&mut self, number: f64) {
        self.begin();
        if number.is_finite() {
            let _ = write!(Plain(&mut self.buffer), "{number}");
        } else {
            self.buffer.extend_from_slice(b"null");
        }
        self.end();
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self) {
        self.raw("null");
    }

    /// JSON that is valid already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.begin();
        self.buffer.extend_from_slice(json.as_bytes());
        self.end();
    }

    // Fields of an object.

    /// A name of ours, which holds nothing to escape.
    pub(crate) fn key(&mut self, name: &'static str) -> &mut Self {
        self.begin();
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"\":");
        self.comma = false;
        self
    }

    /// A name that comes from data.
    pub(crate) fn any_key(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.buffer.push(b':');
        self.comma = false;
        self
    }

    pub(crate) fn text_field(&mut self, name: &'static str, text: &str) {
        self.key(name).text(text);
    }

    /// Nothing at all when the text is empty.
    pub(crate) fn text_unless_empty(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.text_field(name, text);
        }
    }

    pub(crate) fn texts_field<T: AsRef<str>>(&mut self, name: &'static str, texts: impl IntoIterator<Item = T>) {
        self.key(name).list(texts, |w, text| w.text(text.as_ref()));
    }

    pub(crate) fn texts_unless_empty<T: AsRef<str>>(&mut self, name: &'static str, texts: &[T]) {
        if !texts.is_empty() {
            self.texts_field(name, texts);
        }
    }

    fn open(&mut self, bracket: u8) {
        self.begin();
        self.buffer.push(bracket);
        self.comma = false;
    }

    fn close(&mut self, bracket: u8) {
        self.buffer.push(bracket);
        self.end();
    }

    fn begin(&mut self) {
        if self.comma {
            self.buffer.push(b',');
        }
    }

    fn end(&mut self) {
        self.comma = true;
        if self.buffer.len() >= FLUSH_AT {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(&self.buffer).err();
            self.written += self.buffer.len() as u64;
        }
        self.buffer.clear();
    }
}

struct Plain<'b>(&'b mut Vec<u8>);

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

struct Escaped<'b>(&'b mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text.as_bytes());
        Ok(())
    }
}

fn escape(buffer: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = first_special(rest) {
        let (plain, tail) = rest.split_at(at);
        buffer.extend_from_slice(plain);
        let Some((&byte, tail)) = tail.split_first() else { return };
        match byte {
            b'"' => buffer.extend_from_slice(b"\\\""),
            b'\\' => buffer.extend_from_slice(b"\\\\"),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            _ => {
                let _ = write!(Plain(buffer), "\\u{byte:04x}");
            }
        }
        rest = tail;
    }
    buffer.extend_from_slice(rest);
}

/// Where the first byte stands that JSON does not take as it is. Looks at eight bytes at a time.
fn first_special(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is zero; bytes above a zero one may be wrong, and are looked at again.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let mut chunks = text.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        if control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) != 0
            && let Some(found) = chunk.iter().position(special)
        {
            return Some(at + found);
        }
        at += 8;
    }
    chunks.remainder().iter().position(special).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::JsonWriter;

    fn written(build: impl FnOnce(&mut JsonWriter<'_>)) -> String {
        let mut out = Vec::new();
        let mut writer = JsonWriter::new(&mut out);
        build(&mut writer);
        assert_eq!(writer.finish().unwrap(), out.len() as u64);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn brackets_and_commas_fit() {
        let text = written(|w| {
            w.object(|w| {
                w.text_field("a", "x");
                w.key("b").list([1_u64, 2], JsonWriter::number);
                w.key("c").object(|_| {});
                w.key("d").list([(); 0], |_, ()| {});
                w.key("e").float(f64::NAN);
                w.key("f").float(9.8);
                w.text_unless_empty("g", "");
                w.key("h").list([(), ()], |w, ()| w.object(|w| w.key("i").null()));
            });
        });
        assert_eq!(text, r#"{"a":"x","b":[1,2],"c":{},"d":[],"e":null,"f":9.8,"h":[{"i":null},{"i":null}]}"#);
    }

    #[test]
    fn every_character_survives() {
        let all: String = (0..0x300_u32).chain(0xfff0..0x1_0010).filter_map(char::from_u32).collect();
        let text = written(|w| w.text(&all));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), all);
        let shown = written(|w| w.shown(&all));
        assert_eq!(shown, text);
    }

    #[test]
    fn special_bytes_are_found_at_every_place() {
        for length in 0..40 {
            for at in 0..length {
                for byte in ["\"", "\\", "\u{1f}", "\0"] {
                    let text = format!("{}{byte}{}", "é".repeat(at), "x".repeat(length - at));
                    assert_eq!(serde_json::from_str::<String>(&written(|w| w.text(&text))).unwrap(), text);
                }
            }
        }
    }

    #[test]
    fn a_failed_write_is_returned_and_ends_the_writing() {
        struct Full(usize);
        impl std::io::Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                self.0 += 1;
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut full = Full(0);
        let mut writer = JsonWriter::new(&mut full);
        writer.list(0..100_000_u32, JsonWriter::number);
        assert_eq!(writer.finish().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(full.0, 1);
    }
}
