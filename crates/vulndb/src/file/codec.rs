//! Small variable-length records: numbers as LEB128, texts with their length before them.

/// Writes a record.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number of either sign.
    pub(crate) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t str>) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads a record. Every method is `None` past the end or on bytes of another shape.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'d> {
    rest: &'d [u8],
}

impl<'d> Decoder<'d> {
    pub(crate) const fn new(bytes: &'d [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some(((value >> 1) as i64) ^ -((value & 1) as i64))
    }

    /// A count of things that take at least one byte each, so never more than bytes are left.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    pub(crate) fn text(&mut self) -> Option<&'d str> {
        let length = self.count()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    pub(crate) fn string(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    pub(crate) fn strings(&mut self) -> Option<Vec<String>> {
        (0..self.count()?).map(|_| self.string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Encoder};

    #[test]
    fn what_is_written_is_read() {
        let mut encoder = Encoder::default();
        for value in [0, 1, 127, 128, 300, u64::MAX] {
            encoder.number(value);
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            encoder.signed(value);
        }
        encoder.texts(["", "grün"].into_iter());
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        for value in [0, 1, 127, 128, 300, u64::MAX] {
            assert_eq!(decoder.number(), Some(value));
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(decoder.signed(), Some(value));
        }
        assert_eq!(decoder.strings().unwrap(), ["", "grün"]);
        assert_eq!(decoder.number(), None);
    }

    #[test]
    fn nonsense_is_none() {
        assert_eq!(Decoder::new(&[0xff; 20]).number(), None);
        assert_eq!(Decoder::new(&[5, b'a']).text(), None);
        assert_eq!(Decoder::new(&[1, 0xff]).text(), None);
        assert_eq!(Decoder::new(&[0xff, 0xff, 0xff, 0x7f]).strings(), None);
    }
}
