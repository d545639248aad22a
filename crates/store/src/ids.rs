//! New ids of matters: UUIDs of version 7, ascending within one process.

use jiff::Timestamp;
use procedure::MatterId;
use sha2::{Digest as _, Sha256};

/// Makes ids from the clock's time, a counter and a secret seed.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: [u8; 32],
    made: u64,
    last_ms: u64,
    in_last_ms: u16,
}

impl Ids {
    /// Ids that nobody without the seed can guess.
    #[must_use]
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, made: 0, last_ms: 0, in_last_ms: 0 }
    }

    /// The next id. Ids of one millisecond are told apart by a counter, so that they sort as they
    /// were made.
    pub(crate) fn next(&mut self, now: Timestamp) -> MatterId {
        let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        if ms == self.last_ms {
            self.in_last_ms = self.in_last_ms.saturating_add(1);
        } else {
            (self.last_ms, self.in_last_ms) = (ms, 0);
        }
        self.made += 1;
        let hash = Sha256::new().chain_update(self.seed).chain_update(self.made.to_be_bytes());
        let mut random = [0_u8; 10];
        random.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        // The first twelve of the random bits follow the time.
        let [high, low] = self.in_last_ms.min(0x0FFF).to_be_bytes();
        let [first, second, ..] = &mut random;
        (*first, *second) = (high, low);
        let id = uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid();
        match id.hyphenated().to_string().parse() {
            Ok(id) => id,
            Err(_) => unreachable!("a hyphenated lower-case UUID is the form of a matter's id"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_sort_as_they_were_made() {
        let mut ids = Ids::new([7; 32]);
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        let made: Vec<_> = (0..1_000).map(|_| ids.next(now)).collect();
        assert!(made.is_sorted());
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
