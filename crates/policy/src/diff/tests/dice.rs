//! Numbers that look random and are the same everywhere.

/// A small generator (xorshift): the same seed gives the same numbers.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }

    pub(super) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub(super) fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    /// A list of some of these, in random order.
    pub(super) fn some(&mut self, all: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        let mut list: Vec<&str> = Vec::new();
        while list.len() < count.min(all.len()) {
            let one = self.pick(all);
            if !list.contains(&one) {
                list.push(one);
            }
        }
        list.join(",")
    }
}
