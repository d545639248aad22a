//! Many measurements as a few numbers.

use std::time::Duration;

/// The middle and the slow end of many times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread {
    /// Half were quicker.
    pub(crate) p50: Duration,
    /// One in a hundred was slower.
    pub(crate) p99: Duration,
}

impl Spread {
    /// Of these times.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |hundredths: usize| {
            let place = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99) }
    }
}

/// `1.23 ms`.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
