//! The only reader of the machine's time, the platform's time made from it, and the demo's clock.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// How far the machine's clock may be behind what has passed and still be followed without a word: it is
/// corrected by a little all the time.
const BEHIND_MAX: Duration = Duration::from_secs(2);
/// How far it may be ahead and still be believed at once.
const AHEAD_MAX: Duration = Duration::from_secs(60 * 60);
/// How long it must stay ahead to be believed after all: a lapse that is recorded stays recorded.
const AHEAD_BELIEVED_AFTER: Duration = Duration::from_secs(10 * 60);

/// The platform's time: the machine's, which it does not follow back, and not far ahead at once.
///
/// When the machine's clock jumps back, time goes on by what passes, until the clock has come there. When
/// it jumps far ahead, it is believed only once it has stayed there for a while; till then time goes on by
/// what passes too. Both are said in the log lines.
#[derive(Debug)]
pub(crate) struct SteadyClock {
    machine: SystemClock,
    born: Instant,
    steady: Mutex<Steady>,
}

/// What [`SteadyClock`] remembers between two looks; all in microseconds.
#[derive(Debug, Clone, Copy)]
struct Steady {
    /// What was said last.
    said: i64,
    /// When, by what has passed since the program began.
    at: Duration,
    /// Since when the machine's clock is far ahead, by the same.
    ahead_since: Option<Duration>,
    is_behind: bool,
}

impl SteadyClock {
    /// The machine's time at this moment, and steady from then on.
    pub(crate) fn new() -> Self {
        let machine = SystemClock;
        let said = machine.now().as_microsecond();
        let steady = Steady { said, at: Duration::ZERO, ahead_since: None, is_behind: false };
        Self { machine, born: Instant::now(), steady: Mutex::new(steady) }
    }

    /// Goes on from a later moment than the machine's.
    pub(crate) fn go_on_from(&self, moment: Timestamp) {
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        steady.said = steady.said.max(moment.as_microsecond());
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = self.machine.now();
        let said = steady.look(machine.as_microsecond(), self.born.elapsed());
        Timestamp::from_microsecond(said).unwrap_or(machine)
    }
}

impl Steady {
    fn look(&mut self, machine: i64, passed: Duration) -> i64 {
        let expected = self.said.saturating_add(micros(passed.saturating_sub(self.at)));
        let ahead = machine.saturating_sub(expected);
        let mut said = machine;
        if ahead > micros(AHEAD_MAX) {
            let since = *self.ahead_since.get_or_insert_with(|| {
                tracing::warn!(seconds = ahead / 1_000_000, "the machine's clock jumped ahead");
                passed
            });
            if passed.saturating_sub(since) < AHEAD_BELIEVED_AFTER {
                said = expected;
            } else {
                tracing::warn!(
                    seconds = ahead / 1_000_000,
                    "the clock stays ahead and is followed"
                );
                self.ahead_since = None;
            }
        } else {
            self.ahead_since = None;
        }
        let behind = ahead < -micros(BEHIND_MAX);
        if behind && !self.is_behind {
            let seconds = -ahead / 1_000_000;
            tracing::warn!(
                seconds,
                "the machine's clock is behind; time goes on from where it was"
            );
        }
        self.is_behind = behind;
        if behind {
            said = expected;
        }
        self.said = said.max(self.said);
        self.at = passed;
        self.said
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
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

    const SECOND: i64 = 1_000_000;

    fn steady() -> Steady {
        Steady { said: 0, at: Duration::ZERO, ahead_since: None, is_behind: false }
    }

    #[test]
    fn time_never_goes_back_and_never_stands_still_for_long() {
        let mut steady = steady();
        let at = Duration::from_secs;
        assert_eq!(steady.look(10 * SECOND, at(10)), 10 * SECOND);
        // A day back: time goes on by what passes.
        let back = |second: i64| (second - 86_400) * SECOND;
        assert_eq!(steady.look(back(11), at(11)), 11 * SECOND);
        assert_eq!(steady.look(back(100), at(100)), 100 * SECOND);
        // The clock is right again.
        assert_eq!(steady.look(101 * SECOND, at(101)), 101 * SECOND);
        // A little behind, it is waited for.
        assert_eq!(steady.look(101 * SECOND, at(102)), 101 * SECOND);
        assert_eq!(steady.look(103 * SECOND, at(103)), 103 * SECOND);
    }

    #[test]
    fn a_clock_far_ahead_is_believed_only_when_it_stays_there() {
        let mut steady = steady();
        let at = Duration::from_secs;
        let ahead = |second: i64| (second + 40 * 86_400) * SECOND;
        assert_eq!(steady.look(ahead(1), at(1)), SECOND);
        assert_eq!(steady.look(ahead(599), at(599)), 599 * SECOND);
        // It was a mistake: nothing has happened.
        assert_eq!(steady.look(600 * SECOND, at(600)), 600 * SECOND);
        assert_eq!(steady.look(ahead(601), at(601)), 601 * SECOND);
        assert_eq!(steady.look(ahead(1_200), at(1_200)), 1_200 * SECOND);
        assert_eq!(steady.look(ahead(1_201), at(1_201)), ahead(1_201));
        // A quarter of an hour of sleep is followed at once.
        assert_eq!(steady.look(ahead(2_200), at(1_300)), ahead(2_200));
    }

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
