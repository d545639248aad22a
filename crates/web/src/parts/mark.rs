//! Marks: the light of what is owed, the state of a matter, days and instants.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use calendar::{Due, SHANGHAI, local_date};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::filters;
use crate::message::Language;

/// From how many days before its end an obligation is near.
pub use store::matter::NEAR_DAYS;

/// The light of something owed: a colour and always its word.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/light.html")]
pub struct Light {
    /// `late`, `today`, `near`, `ok`, `paused`, `done` or `provisional`: class and icon.
    pub kind: &'static str,
    /// Its word: `剩 3 天`, `逾期 2 天`, `今日到期`.
    pub word: String,
}

impl HtmlSafe for Light {}

/// What a running clock is like.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Its end.
    pub due: Due,
    /// Whether the end crosses into a year whose holidays are not published.
    pub provisional: bool,
    /// Whether it is stopped.
    pub suspended: bool,
}

impl Light {
    /// The light of a running or stopped clock at an instant.
    #[must_use]
    pub fn of(clock: Clock, now: Timestamp, language: Language) -> Self {
        let light = |kind, word: String| Self { kind, word };
        let plain = |key: &str| language.say(key).to_owned();
        if clock.suspended {
            return light("paused", plain("light.paused"));
        }
        let left = days_between(local_date(now), clock.due.date());
        if clock.due.is_over(now) {
            return if left >= 0 {
                light("late", plain("light.late-hours"))
            } else {
                light("late", counted(language, "light.late", -left))
            };
        }
        if clock.provisional {
            return light(
                "provisional",
                language.with("light.provisional", "day", clock.due.date()),
            );
        }
        if left == 0 {
            return match clock.due {
                Due::On(_) => light("today", plain("light.today")),
                Due::At(at) => light("today", language.with("light.today-at", "time", hour(at))),
            };
        }
        let kind = if left <= NEAR_DAYS { "near" } else { "ok" };
        light(kind, counted(language, "light.left", left))
    }

    /// Done.
    #[must_use]
    pub fn done(language: Language) -> Self {
        Self { kind: "done", word: language.say("light.done").to_owned() }
    }

    /// A light of that kind with those words.
    #[must_use]
    pub fn plain(kind: &'static str, word: impl Into<String>) -> Self {
        Self { kind, word: word.into() }
    }
}

/// A number of days in words; English has one word for one.
fn counted(language: Language, key: &str, days: i64) -> String {
    if days == 1 {
        language.say(&format!("{key}-one")).to_owned()
    } else {
        language.with(key, "days", days)
    }
}

/// How many days lie between two days.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// The state of a matter in words.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/state.html")]
pub struct State {
    /// Its name.
    pub word: String,
    /// Whether the matter is over.
    pub ended: bool,
}

impl HtmlSafe for State {}

/// `2015-12-28 09:12` in Asia/Shanghai.
#[must_use]
pub fn minute(at: Timestamp) -> String {
    SHANGHAI.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `09:12` in Asia/Shanghai.
#[must_use]
pub fn hour(at: Timestamp) -> String {
    SHANGHAI.to_datetime(at).strftime("%H:%M").to_string()
}

/// The end of something owed: `2015-12-28`, or with its hour.
#[must_use]
pub fn end(due: Due) -> String {
    match due {
        Due::On(day) => day.to_string(),
        Due::At(at) => minute(at),
    }
}

/// Something that is a bar of lights by number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    /// Overdue.
    pub late: i64,
    /// Near.
    pub near: i64,
    /// In time.
    pub ok: i64,
}

/// A bar drawn as SVG, with what it says in words.
#[derive(Debug, Clone)]
pub struct Bar {
    /// The numbers.
    pub share: Share,
    /// What it says.
    pub words: String,
}

/// Width of a bar.
const BAR_WIDTH: i64 = 200;

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Share { late, near, ok } = self.share;
        let whole = (late + near + ok).max(1);
        write!(
            f,
            r#"<svg class="bar" viewBox="0 0 {BAR_WIDTH} 8" preserveAspectRatio="none" role="img" aria-label="{}">"#,
            askama::filters::escape(&self.words, askama::filters::Html).map_err(|_| fmt::Error)?
        )?;
        let mut at = 0;
        for (class, number) in [("late", late), ("near", near), ("ok", ok)] {
            let width = BAR_WIDTH * number / whole;
            if width > 0 {
                write!(f, r#"<rect class="{class}" x="{at}" width="{width}" height="8"/>"#)?;
            }
            at += width;
        }
        f.write_str("</svg>")
    }
}

impl askama::FastWritable for Bar {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(to, "{self}")?)
    }
}

impl HtmlSafe for Bar {}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(due: &str, now: &str) -> String {
        let clock = Clock { due: due.parse().unwrap(), provisional: false, suspended: false };
        let light = Light::of(clock, now.parse().unwrap(), Language::Zh);
        format!("{} {}", light.kind, light.word)
    }

    #[test]
    fn due_today_is_not_overdue() {
        assert_eq!(light("2015-12-28", "2015-12-28T23:59:00+08:00"), "today 今日到期");
        assert_eq!(light("2015-12-28", "2015-12-29T00:00:00+08:00"), "late 逾期 1 天");
        assert_eq!(light("2015-12-28", "2015-12-27T00:00:00+08:00"), "near 剩 1 天");
        assert_eq!(light("2016-02-04", "2015-12-28T00:00:00+08:00"), "ok 剩 38 天");
    }

    #[test]
    fn a_period_of_hours_ends_at_its_minute() {
        let due = "2015-12-28T16:30:00+08:00";
        assert_eq!(light(due, "2015-12-28T09:00:00+08:00"), "today 今日 16:30 到期");
        assert_eq!(light(due, "2015-12-28T17:00:00+08:00"), "late 今日逾期");
    }
}
