//! Lists of numbers, each list stored once: a count, then members.

use std::collections::HashMap;

/// Lists by offset. Offset 0 is the empty list.
#[derive(Debug)]
pub(crate) struct Lists {
    words: Vec<u32>,
    seen: HashMap<Box<[u32]>, u32>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { words: vec![0], seen: HashMap::new() }
    }
}

impl Lists {
    /// The offset of this list.
    pub(crate) fn add(&mut self, list: &[u32]) -> u32 {
        if list.is_empty() {
            return 0;
        }
        if let Some(&offset) = self.seen.get(list) {
            return offset;
        }
        let offset = self.words.len() as u32;
        self.words.push(list.len() as u32);
        self.words.extend_from_slice(list);
        self.seen.insert(list.into(), offset);
        offset
    }

    /// The list at an offset.
    pub(crate) fn get(&self, offset: u32) -> &[u32] {
        let start = offset as usize;
        let count = self.words.get(start).copied().unwrap_or(0) as usize;
        self.words.get(start + 1..start + 1 + count).unwrap_or_default()
    }

    /// Replaces every member; counts stay.
    pub(crate) fn map(&mut self, change: impl Fn(u32) -> u32) {
        self.seen.clear();
        let mut at = 1;
        while let Some(&count) = self.words.get(at) {
            for word in self.words.iter_mut().skip(at + 1).take(count as usize) {
                *word = change(*word);
            }
            at += 1 + count as usize;
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Lists;

    #[test]
    fn equal_lists_share_an_offset_and_members_can_be_renumbered() {
        let mut lists = Lists::default();
        assert_eq!(lists.add(&[]), 0);
        let (a, b) = (lists.add(&[1, 2]), lists.add(&[3]));
        assert_eq!(lists.add(&[1, 2]), a);
        lists.map(|member| member * 10);
        assert_eq!((lists.get(a), lists.get(b), lists.get(0)), (&[10, 20][..], &[30][..], &[][..]));
        assert!(lists.get(u32::MAX - 1).is_empty());
    }
}
