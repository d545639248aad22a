//! The law and the calendar of this build, and short ways to ask them.

use calendar::{
    Calendar, Counted, Deadline, Due, Extension, Law, LimitVersion, Trigger, excluded_between,
};
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

pub(crate) struct World {
    pub(crate) law: Law,
    pub(crate) calendar: Calendar,
}

/// Read once for properties, which ask thousands of times.
static SHARED: LazyLock<World> = LazyLock::new(World::new);

pub(crate) fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

/// A local time such as `2026-09-30T16:30`.
pub(crate) fn instant(text: &str) -> Timestamp {
    let local: DateTime = text.parse().expect("a local time");
    calendar::SHANGHAI.to_timestamp(local).expect("in range")
}

impl World {
    pub(crate) fn shared() -> &'static Self {
        &SHARED
    }

    pub(crate) fn new() -> Self {
        let (law, calendar) = calendar::embedded().expect("the rule files of this build");
        Self { law, calendar }
    }

    pub(crate) fn version(&self, limit: &str, on: Date) -> &LimitVersion {
        self.law.version_on(limit, on).expect("in force")
    }

    pub(crate) fn count(&self, limit: &str, trigger: &str) -> Deadline {
        self.count_with(limit, trigger, &[], &[])
    }

    /// `excluded`: pairs of the day something began and the day its result was received.
    pub(crate) fn count_with(
        &self,
        limit: &str,
        trigger: &str,
        excluded: &[(&str, &str)],
        extensions: &[u32],
    ) -> Deadline {
        let trigger = day(trigger);
        let version = self.version(limit, trigger);
        let excluded: Vec<_> = excluded
            .iter()
            .filter_map(|(from, until)| excluded_between(day(from), day(until)).expect("in order"))
            .collect();
        let extensions: Vec<Extension> =
            extensions.iter().map(|n| version.extension(*n).expect("a rule")).collect();
        let trigger = Trigger::Day(trigger);
        self.calendar
            .deadline(&Counted { version, trigger, excluded: &excluded, extensions: &extensions })
            .expect("a due day")
    }

    pub(crate) fn count_hours(&self, limit: &str, from: &str) -> Timestamp {
        let at = instant(from);
        let version = self.version(limit, calendar::local_date(at));
        let deadline = self
            .calendar
            .deadline(&Counted::from_trigger(version, Trigger::Instant(at)))
            .expect("a due instant");
        match deadline.due {
            Due::At(at) => at,
            Due::On(day) => panic!("a day, {day}, where an instant was wanted"),
        }
    }

    /// The raw end and the due day.
    pub(crate) fn ends(&self, limit: &str, trigger: &str) -> (String, String) {
        let deadline = self.count(limit, trigger);
        (deadline.raw.to_string(), deadline.due.to_string())
    }
}

pub(crate) fn pair(raw: &str, due: &str) -> (String, String) {
    (raw.to_owned(), due.to_owned())
}
