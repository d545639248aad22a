//! How often one may ask: so many requests a minute an account, or an address while nobody has signed
//! in. Whoever asks faster is told when to come again, and takes nothing away from the others.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Extensions, HeaderMap};
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use procedure::UserId;

use crate::House;
use crate::error::WebError;
use crate::session::Address;

/// After so many questions those who have not asked for a while are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// An account, wherever it asks from: an office shares one address.
    Account(UserId),
    /// An address, while nobody has signed in; empty when the connection does not say.
    Address(String),
}

impl Asker {
    /// Somebody of whom only the address is known.
    pub(crate) fn of_address(house: &House, headers: &HeaderMap, extensions: &Extensions) -> Self {
        Self::Address(Address::of(house, headers, extensions).0)
    }
}

/// The counts of everybody who asked of late.
pub(crate) struct Pace {
    clock: MonotonicClock,
    limiter: RateLimiter<
        Asker,
        DashMapStateStore<Asker>,
        MonotonicClock,
        NoOpMiddleware<<MonotonicClock as governor::clock::Clock>::Instant>,
    >,
    asked: AtomicU32,
}

impl Pace {
    /// Lets everybody ask `a_minute` times at once and as often again each minute.
    pub(crate) fn new(a_minute: NonZeroU32) -> Self {
        let clock = MonotonicClock;
        let limiter = RateLimiter::dashmap_with_clock(Quota::per_minute(a_minute), clock.clone());
        Self { clock, limiter, asked: AtomicU32::new(0) }
    }

    /// Counts one question.
    ///
    /// # Errors
    /// [`WebError::TooFast`] with the seconds to wait.
    pub(crate) fn ask(&self, asker: &Asker) -> Result<(), WebError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(asker).map_err(|later| {
            let wait = later.wait_time_from(self.clock.now());
            WebError::TooFast { wait_seconds: wait.as_secs() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_too_often_waits_and_nobody_else_does() {
        let pace = Pace::new(NonZeroU32::new(2).unwrap());
        let (one, other) = (Asker::Account(UserId(1)), Asker::Account(UserId(2)));
        assert!(pace.ask(&one).is_ok());
        assert!(pace.ask(&one).is_ok());
        let Err(WebError::TooFast { wait_seconds }) = pace.ask(&one) else {
            panic!("asked thrice")
        };
        assert!((1..=31).contains(&wait_seconds), "{wait_seconds}");
        assert!(pace.ask(&other).is_ok());
        assert!(pace.ask(&Asker::Address(String::new())).is_ok());
    }
}
