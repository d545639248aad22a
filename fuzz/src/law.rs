//! Files of the law, tables of holidays, days, deadlines, cited articles.

use std::sync::LazyLock;

use calendar::{Calendar, Counted, Due, Law, Trigger, excluded_between};
use jiff::civil::Date;

/// The law and the calendar everybody has.
pub(crate) static EMBEDDED: LazyLock<(Law, Calendar)> =
    LazyLock::new(|| calendar::embedded().unwrap_or_else(|error| panic!("{error}")));

/// Reads two files, of limits and of instruments, and counts by every limit they have.
pub(crate) fn files(bytes: &[u8]) {
    let Some(parts) = crate::parts(bytes) else { return };
    let limits = parts.first().copied().unwrap_or_default();
    let instruments = parts.get(1).copied().unwrap_or_default();
    match Law::parse(limits, instruments) {
        Ok(law) => {
            let calendar = &EMBEDDED.1;
            for limit in law.limits() {
                for version in &limit.versions {
                    for day in ["2024-02-29", "2026-09-30", "9999-12-31", "-009999-01-01"] {
                        let Ok(trigger) = day.parse().map(Trigger::Day) else { continue };
                        let counted = Counted::from_trigger(version, trigger);
                        told(calendar.deadline(&counted).map(drop).map_err(|why| why.words()));
                    }
                }
            }
        }
        Err(errors) => errors.iter().for_each(|error| said(&error.to_string())),
    }
}

/// Reads a table of holidays and walks over it.
pub(crate) fn holidays(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Calendar::parse(text, "holidays.csv") {
        Ok(calendar) => {
            for year in calendar.years().take(20) {
                let Ok(first) = Date::new(year, 1, 1) else { continue };
                let _ = calendar.working_days_later(first, 40);
                let _ = calendar.working_days_earlier(first, 40);
                let rolled = calendar.roll(calendar.roll_back(first));
                assert!(calendar.is_workday(rolled) || rolled == Date::MAX, "{rolled}");
                let _ = calendar.day_words(first);
            }
            drop(EMBEDDED.1.clone().merged_with(calendar));
        }
        Err(error) => said(&error.to_string()),
    }
}

/// Counts a deadline as `liandong deadline` and the pages are asked to: limit, trigger, then what is
/// excluded as `A..B` and what is added as a number, a line each.
pub(crate) fn deadline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (law, calendar) = &*EMBEDDED;
    let mut lines = text.lines();
    let (limit, from) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if let Ok(due) = from.parse::<Due>() {
        let written = due.to_string();
        assert_eq!(written.parse::<Due>().ok(), Some(due), "{written}");
        let _ = due.ends_at();
        let _ = due.later_by(36_500);
    }
    let Ok(trigger) = from.parse::<Trigger>() else { return };
    let version = match law.version_on(limit, trigger.date()) {
        Ok(version) => version,
        Err(refusal) => return said(&refusal.words().zh),
    };
    let (mut excluded, mut extensions) = (Vec::new(), Vec::new());
    for line in lines.take(8) {
        if let Some((from, until)) = line.split_once("..") {
            let (Ok(from), Ok(until)) = (from.parse(), until.parse()) else { continue };
            excluded.extend(excluded_between(from, until).ok().flatten());
        } else if let Ok(number) = line.parse() {
            extensions.extend(version.extension(number).ok());
        }
    }
    let counted = Counted { version, trigger, excluded: &excluded, extensions: &extensions };
    match calendar.deadline(&counted) {
        Ok(deadline) => {
            let _ = deadline.ends_at();
            let _ = deadline.days_left(jiff::Timestamp::MIN);
            let _ = deadline.days_left(jiff::Timestamp::MAX);
        }
        Err(refusal) => said(&refusal.words().en),
    }
}

/// Reads cited articles, and reads again what was read.
pub(crate) fn articles(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let law = &EMBEDDED.0;
    match law.read_articles(text) {
        Ok(cited) => {
            for article in &cited {
                let _ = article.words(law);
                let again = law.read_articles(&article.code());
                assert_eq!(
                    again.as_deref().ok(),
                    Some(std::slice::from_ref(article)),
                    "{article:?}"
                );
            }
        }
        Err(error) => said(&error.words().zh),
    }
}

fn told(answer: Result<(), calendar::Words>) {
    if let Err(words) = answer {
        said(&words.zh);
        said(&words.en);
    }
}

/// Whatever is refused is refused in words.
pub(crate) fn said(words: &str) {
    assert!(!words.trim().is_empty(), "refused without a word");
}
