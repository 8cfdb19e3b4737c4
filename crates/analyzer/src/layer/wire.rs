//! The primitives of the cache's binary form: variable-length numbers, texts with their length.
//!
//! Reading is total: any bytes give a value or [`Damaged`], never a panic and never an allocation
//! larger than the input.

/// The bytes are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cached facts are damaged")]
pub(crate) struct Damaged;

/// Appends values.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// LEB128.
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(crate) fn count(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(crate) fn slice(&mut self, value: &[u8]) {
        self.count(value.len());
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.slice(value.as_bytes());
    }

    pub(crate) fn list<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.count(values.len());
        for value in values {
            write(self, value);
        }
    }

    pub(crate) fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes values from the front.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.rest.split_first().ok_or(Damaged)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Damaged> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // Ten groups hold 70 bits: the last may carry one.
                return if shift == 63 && byte > 1 { Err(Damaged) } else { Ok(value) };
            }
        }
        Err(Damaged)
    }

    #[inline]
    pub(crate) fn small(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    /// How many items follow, each at least one byte long.
    pub(crate) fn count(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len()).ok_or(Damaged)
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(crate) fn slice(&mut self) -> Result<&'a [u8], Damaged> {
        let length = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        self.take(length)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.slice()?).map_err(|_| Damaged)
    }

    pub(crate) fn owned(&mut self) -> Result<String, Damaged> {
        self.text().map(str::to_owned)
    }

    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
        let count = self.count()?;
        // A count is checked against the bytes, not against the items' size in memory.
        let mut values = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Ok(values)
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Damaged>,
    ) -> Result<Option<T>, Damaged> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Damaged, Reader, Writer};

    proptest! {
        #[test]
        fn numbers_and_texts_read_back(numbers in proptest::collection::vec(any::<u64>(), 0..20), text in "\\PC*") {
            let mut writer = Writer::default();
            writer.list(&numbers, |w, n| w.number(*n));
            writer.text(&text);
            writer.option(Some(&text), |w, t| w.text(t));
            let mut reader = Reader::new(&writer.bytes);
            prop_assert_eq!(reader.list(Reader::number).unwrap(), numbers);
            prop_assert_eq!(reader.text().unwrap(), text.as_str());
            prop_assert_eq!(reader.option(Reader::owned).unwrap(), Some(text));
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        for bytes in [&b""[..], &[0xff; 11], &[5, 1], &[0xff, 0xff, 0xff, 0xff, 0x0f, 1]] {
            assert_eq!(Reader::new(bytes).slice(), Err(Damaged), "{bytes:?}");
            assert!(Reader::new(bytes).list(Reader::number).is_err(), "{bytes:?}");
        }
    }
}
