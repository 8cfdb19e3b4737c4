//! An arena in which every text stands once, known by its offset.

use std::hash::BuildHasher;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Texts, each with its length before it. Offset 0 is the empty text.
#[derive(Debug)]
pub(crate) struct Interner {
    arena: Vec<u8>,
    /// Offset + 1, or 0; the length is a power of two.
    slots: Vec<u64>,
    used: usize,
    /// Random, so that texts cannot be chosen to collide; offsets do not depend on it.
    seed: u64,
}

impl Default for Interner {
    fn default() -> Self {
        let mut interner = Self {
            arena: Vec::new(),
            slots: vec![0; 1 << 12],
            used: 0,
            seed: std::hash::RandomState::new().hash_one(0),
        };
        interner.intern("");
        interner
    }
}

impl Interner {
    /// The offset of this text. Offsets beyond 32 bits are refused when the file is written.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(text);
        match self.slots.get(slot) {
            Some(0) | None => {
                let offset = self.arena.len();
                write_length(&mut self.arena, text.len());
                self.arena.extend_from_slice(text.as_bytes());
                if let Some(place) = self.slots.get_mut(slot) {
                    *place = offset as u64 + 1;
                }
                self.used += 1;
                offset as u32
            }
            Some(&found) => (found - 1) as u32,
        }
    }

    /// The text at an offset.
    pub(crate) fn get(&self, offset: u32) -> &str {
        text_at(&self.arena, offset).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.arena
    }

    fn slot(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = xxh3_64_with_seed(text.as_bytes(), self.seed) as usize & mask;
        while let Some(&found) = self.slots.get(slot) {
            if found == 0 || bytes_at(&self.arena, (found - 1) as usize) == Some(text.as_bytes()) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; old.len() * 2];
        let mask = self.slots.len() - 1;
        for found in old.into_iter().filter(|found| *found != 0) {
            let text = bytes_at(&self.arena, (found - 1) as usize).unwrap_or_default();
            let mut slot = xxh3_64_with_seed(text, self.seed) as usize & mask;
            while self.slots.get(slot).is_some_and(|place| *place != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(place) = self.slots.get_mut(slot) {
                *place = found;
            }
        }
    }
}

fn write_length(arena: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        arena.push((length as u8) | 0x80);
        length >>= 7;
    }
    arena.push(length as u8);
}

fn bytes_at(arena: &[u8], offset: usize) -> Option<&[u8]> {
    let mut rest = arena.get(offset..)?;
    let mut length = 0_usize;
    for shift in (0..35).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return rest.get(..length);
        }
    }
    None
}

/// The text at an offset of an arena.
pub(crate) fn text_at(arena: &[u8], offset: u32) -> Option<&str> {
    std::str::from_utf8(bytes_at(arena, offset as usize)?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Interner, text_at};

    #[test]
    fn equal_texts_share_an_offset() {
        let mut interner = Interner::default();
        assert_eq!(interner.intern(""), 0);
        let long = "x".repeat(300);
        let offsets: Vec<u32> = (0..10_000).map(|n| interner.intern(&format!("{n}"))).collect();
        let offset = interner.intern(&long);
        assert_eq!(interner.get(offset), long);
        for (n, offset) in offsets.into_iter().enumerate() {
            assert_eq!(interner.intern(&format!("{n}")), offset);
            assert_eq!(interner.get(offset), format!("{n}"));
        }
    }

    #[test]
    fn offsets_outside_are_none() {
        assert_eq!(text_at(&[], 0), None);
        assert_eq!(text_at(&[9, b'a'], 0), None);
        assert_eq!(text_at(&[0xff; 9], 0), None);
        assert_eq!(text_at(&[1, b'a'], u32::MAX), None);
    }
}
