//! Chance that is the same on every run: SplitMix64.

use jiff::{SignedDuration, Timestamp};

/// A stream of chance.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// Chance that belongs to one question: the same whenever and however often it is asked.
    pub(super) fn about(seed: u64, question: &str) -> Self {
        // FNV-1a: any steady scattering will do.
        let scattered = question.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(scattered)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when the limit is.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from((most - least).max(0)).unwrap_or(0) + 1;
        least + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// Whether something happens that does so in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// An instant from `least` to `most` hours later.
    pub(super) fn later(&mut self, from: Timestamp, least: i64, most: i64) -> Timestamp {
        let minutes = self.between(least * 60, most * 60);
        from.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance() {
        let draw = |seed| {
            let mut chance = Chance::about(seed, "draw");
            (0..8).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let once = Chance::about(7, "reply").between(3, 9);
        assert_eq!(once, Chance::about(7, "reply").between(3, 9));
        assert!((3..=9).contains(&once));
    }
}
