//! As much of DER (X.690) as a public key needs: definite lengths in their shortest form.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// What is left to read.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next value, when it has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(2)?;
        let &[found, first] = head else { return None };
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&length, rest) = rest.split_first()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        let shortest = match first {
            0x81 => length > 0x7f,
            0x82 => length > 0xff,
            _ => true,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag && shortest).then_some(content)
    }

    /// The content of the only value.
    pub(super) fn only(bytes: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let mut der = Self(bytes);
        der.take(tag).filter(|_| der.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{Der, INTEGER};

    #[test]
    fn lengths_are_definite_and_shortest() {
        let long = |head: &[u8], length: usize| [head, &vec![7; length]].concat();
        let good = [
            (vec![2, 0], 0),
            (vec![2, 1, 7], 1),
            (long(&[2, 0x81, 0x80], 128), 128),
            (long(&[2, 0x82, 1, 0], 256), 256),
        ];
        for (bytes, length) in good {
            assert_eq!(Der::only(&bytes, INTEGER).unwrap().len(), length);
        }
        let bad = [
            vec![],
            vec![2],
            vec![2, 2, 7],
            vec![3, 1, 7],
            vec![2, 1, 7, 0],
            vec![2, 0x80, 0, 0],
            vec![2, 0x81, 1, 7],
            long(&[2, 0x82, 0, 0x80], 128),
            long(&[2, 0x83, 0, 1, 0], 256),
        ];
        for bytes in bad {
            assert_eq!(Der::only(&bytes, INTEGER), None, "{bytes:?}");
        }
    }
}
