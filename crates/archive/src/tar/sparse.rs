//! Sparse files: which parts of a file are stored, and the holes between them.

/// Parts of one sparse file that we keep; writers that make more are not known.
pub(crate) const MAX_SEGMENTS: usize = 4096;

/// A stored part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) offset: i64,
    pub(crate) length: i64,
}

/// Where a reader stands in a sparse file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a hole of this many more bytes.
    Hole(u64),
    /// In a stored part of this many more bytes.
    Stored(u64),
    /// At the end.
    End,
}

/// The map of a file, checked: parts in order, not overlapping, inside the file.
#[derive(Default)]
pub(crate) struct Map {
    segments: Vec<Segment>,
    next: usize,
    position: u64,
    size: u64,
}

impl Map {
    /// A map; `None` when the parts overlap, are out of order or lie outside the file.
    pub(crate) fn new(segments: Vec<Segment>, size: i64) -> Option<Self> {
        let mut end = 0;
        for segment in &segments {
            if segment.offset < end || segment.length < 0 {
                return None;
            }
            end = segment.offset.checked_add(segment.length)?;
        }
        let size = u64::try_from(size).ok()?;
        (end as u64 <= size).then_some(Self { segments, next: 0, position: 0, size })
    }

    /// Bytes of the file that are stored.
    pub(crate) fn stored(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length as u64).sum()
    }

    /// Where the reader stands.
    pub(crate) fn place(&mut self) -> Place {
        while let Some(segment) = self.segments.get(self.next) {
            let (start, end) = (segment.offset as u64, (segment.offset + segment.length) as u64);
            if self.position < start {
                return Place::Hole(start - self.position);
            }
            if self.position < end {
                return Place::Stored(end - self.position);
            }
            self.next += 1;
        }
        if self.position < self.size { Place::Hole(self.size - self.position) } else { Place::End }
    }

    /// Moves the reader; at most to the end of its place.
    pub(crate) const fn advance(&mut self, count: u64) {
        self.position = self.position.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, Place, Segment};

    const fn segment(offset: i64, length: i64) -> Segment {
        Segment { offset, length }
    }

    #[test]
    fn walks_holes_and_parts_in_turn() {
        let mut map = Map::new(vec![segment(2, 3), segment(8, 0), segment(8, 1)], 10).unwrap();
        assert_eq!(map.stored(), 4);
        let mut seen = Vec::new();
        loop {
            let place = map.place();
            seen.push(place);
            match place {
                Place::Hole(count) | Place::Stored(count) => map.advance(count),
                Place::End => break,
            }
        }
        assert_eq!(
            seen,
            [Place::Hole(2), Place::Stored(3), Place::Hole(3), Place::Stored(1), Place::Hole(1), Place::End]
        );
    }

    #[test]
    fn refuses_maps_that_make_no_sense() {
        assert!(Map::new(vec![segment(5, 2), segment(6, 1)], 10).is_none());
        assert!(Map::new(vec![segment(5, 6)], 10).is_none());
        assert!(Map::new(vec![segment(-1, 2)], 10).is_none());
        assert!(Map::new(vec![segment(1, -2)], 10).is_none());
        assert!(Map::new(vec![segment(i64::MAX, 2)], i64::MAX).is_none());
        assert!(Map::new(Vec::new(), -1).is_none());
        assert!(Map::new(Vec::new(), 10).is_some());
    }
}
