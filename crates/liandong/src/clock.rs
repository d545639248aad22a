//! The only reader of the machine's time, and the demo's clock that runs beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use store::Clock;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The demo's clock: the machine's, moved forward as far as people have asked, or held still at one
/// moment while the past is retold. How far it is moved outlives the program.
#[derive(Debug)]
pub(crate) struct MovableClock {
    machine: SystemClock,
    file: PathBuf,
    /// Microseconds ahead of the machine's clock.
    ahead: AtomicI64,
    /// Microseconds since 1970 at which it stands still; [`RUNS`] when it runs.
    held_at: AtomicI64,
}

/// No moment: the clock runs.
const RUNS: i64 = i64::MIN;

impl MovableClock {
    /// The clock whose place is kept in `file`; one that shows the machine's time when there is no
    /// such file, or one nobody can read.
    pub(crate) fn kept_in(file: &Path) -> Self {
        let kept = std::fs::read_to_string(file).ok();
        let ahead = kept.and_then(|text| text.trim().parse().ok()).filter(|ahead| *ahead >= 0);
        Self {
            machine: SystemClock,
            file: file.to_owned(),
            ahead: AtomicI64::new(ahead.unwrap_or(0)),
            held_at: AtomicI64::new(RUNS),
        }
    }

    /// Stands still at this moment, earlier or later than now.
    pub(crate) fn hold_at(&self, moment: Timestamp) {
        self.held_at.store(moment.as_microsecond(), Ordering::SeqCst);
    }

    /// Runs again, from where it would be had it never stood still.
    pub(crate) fn release(&self) {
        self.held_at.store(RUNS, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let held_at = self.held_at.load(Ordering::SeqCst);
        let machine = self.machine.now();
        let moved = if held_at == RUNS {
            machine.as_microsecond().saturating_add(self.ahead.load(Ordering::SeqCst))
        } else {
            held_at
        };
        // Nobody can move it past the last year that has a name.
        Timestamp::from_microsecond(moved).unwrap_or(machine)
    }
}

impl web::MovableClock for MovableClock {
    fn move_to(&self, to: Timestamp) {
        let further = to.as_microsecond().saturating_sub(self.now().as_microsecond());
        if further <= 0 {
            return;
        }
        let ahead = self.ahead.fetch_add(further, Ordering::SeqCst) + further;
        if let Err(error) = std::fs::write(&self.file, format!("{ahead}\n")) {
            tracing::warn!(%error, "the demo's clock is moved, but will be back after a restart");
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use web::MovableClock as _;

    use super::*;

    #[test]
    fn a_moved_clock_never_goes_back_and_is_still_moved_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let clock = MovableClock::kept_in(&file);
        let later = clock.now() + (24 * 40).hours();
        clock.move_to(later);
        assert!(clock.now() >= later);
        clock.move_to(later - 48.hours());
        assert!(clock.now() >= later);
        assert!(MovableClock::kept_in(&file).now() >= later);
    }

    #[test]
    fn a_held_clock_stands_still_and_then_runs_on() {
        let folder = tempfile::tempdir().unwrap();
        let clock = MovableClock::kept_in(&folder.path().join("clock"));
        let then = "2015-12-03T09:00:00+08:00".parse().unwrap();
        clock.hold_at(then);
        assert_eq!(clock.now(), then);
        clock.release();
        assert!(clock.now() > then);
    }
}
