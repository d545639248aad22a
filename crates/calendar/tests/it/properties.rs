//! What holds for every day, every number and every holiday table.

use calendar::{Calendar, Counting};
use jiff::civil::Date;
use proptest::prelude::*;

use crate::world::{World, day};

/// A day from 2014 to 2028, so that both ends lie outside the tables.
fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..15 * 365).prop_map(|n| later(day("2014-01-01"), n))
}

fn later(from: Date, days: i64) -> Date {
    from.checked_add(jiff::Span::new().days(days)).expect("in range")
}

const ROLLING: [Counting; 6] = [
    Counting::Months,
    Counting::MonthsCriminal,
    Counting::Days,
    Counting::DaysUnclear,
    Counting::WorkingDays,
    Counting::MinimumDaysRolled,
];

/// The unrolled end, counted the plain way.
fn plain_end(from: Date, number: u32, counting: Counting) -> Date {
    let months =
        || from.checked_add(jiff::Span::new().months(i64::from(number))).expect("in range");
    match counting {
        Counting::MonthsCriminal if from == from.last_of_month() => months().last_of_month(),
        Counting::Months | Counting::MonthsCriminal => months(),
        _ => later(from, i64::from(number)),
    }
}

/// A table that lists these days as holidays.
fn listed(days: Vec<Date>) -> Calendar {
    let days = std::collections::BTreeSet::from_iter(days);
    let mut lines = vec!["date,kind,name".to_owned()];
    lines.extend(days.iter().map(|day| format!("{day},holiday,试")));
    Calendar::parse(&lines.join("\n"), "test").expect("a table")
}

proptest! {
    #[test]
    fn never_due_before_the_raw_end_and_always_on_a_working_day(
        from in any_day(), number in 1_u32..120, which in 0_usize..ROLLING.len(),
    ) {
        let calendar = &World::shared().calendar;
        let counting = ROLLING[which];
        let due = calendar.due_only(from, number, counting).expect("in range");
        prop_assert!(due >= plain_end(from, number, counting));
        prop_assert!(due > from);
        prop_assert!(calendar.is_workday(due));
    }

    #[test]
    fn nothing_but_rest_days_lies_between_raw_end_and_due_day(
        from in any_day(), number in 1_u32..60,
    ) {
        let calendar = &World::shared().calendar;
        let raw = plain_end(from, number, Counting::Days);
        let mut at = raw;
        let due = calendar.due_only(from, number, Counting::Days).expect("in range");
        while at < due {
            prop_assert!(!calendar.is_workday(at));
            at = at.tomorrow().expect("in range");
        }
    }

    #[test]
    fn adding_holidays_never_brings_a_due_day_forward(
        from in any_day(), number in 1_u32..60, which in 0_usize..ROLLING.len(),
        days in prop::collection::vec(any_day(), 1..20),
    ) {
        let calendar = &World::shared().calendar;
        let counting = ROLLING[which];
        let before = calendar.due_only(from, number, counting).expect("in range");
        // Laid over single days, not over whole years: holidays are only added.
        let days: Vec<_> = days.into_iter().filter(|day| day.day_of_year() != 1).collect();
        if !days.is_empty() {
            let more = calendar.merged_with(listed(days));
            prop_assert!(more.due_only(from, number, counting).expect("in range") >= before);
        }
    }

    #[test]
    fn months_keep_the_day_or_end_with_the_month(from in any_day(), number in 1_u32..40) {
        let end = plain_end(from, number, Counting::Months);
        prop_assert!(end.day() == from.day() || end == end.last_of_month() && end.day() < from.day());
    }

    #[test]
    fn criminal_months_lead_from_month_end_to_month_end(from in any_day(), number in 1_u32..40) {
        let calendar = &World::shared().calendar;
        let from = from.last_of_month();
        let due = calendar.due_only(from, number, Counting::MonthsCriminal).expect("in range");
        let end = plain_end(from, number, Counting::MonthsCriminal);
        prop_assert_eq!(end, end.last_of_month());
        prop_assert_eq!(due, calendar.roll(end));
    }

    #[test]
    fn working_days_are_exact(from in any_day(), number in 1_u32..80) {
        let calendar = &World::shared().calendar;
        let due = calendar.due_only(from, number, Counting::WorkingDays).expect("in range");
        let first = from.tomorrow().expect("in range");
        prop_assert_eq!(calendar.working_days_in(first, due), number);
    }

    #[test]
    fn notice_before_an_event_keeps_its_full_days(event in any_day(), number in 1_u32..30) {
        let calendar = &World::shared().calendar;
        let last = calendar.due_only(event, number, Counting::WorkingDaysBefore).expect("in range");
        let between = (last.tomorrow().expect("in range"), event.yesterday().expect("in range"));
        prop_assert!(calendar.working_days_in(between.0, between.1) >= number);
        prop_assert!(calendar.is_workday(last));
    }

    #[test]
    fn a_longer_period_never_ends_sooner(from in any_day(), number in 1_u32..60) {
        let calendar = &World::shared().calendar;
        for counting in ROLLING {
            let short = calendar.due_only(from, number, counting).expect("in range");
            let long = calendar.due_only(from, number + 1, counting).expect("in range");
            prop_assert!(long >= short);
        }
    }

    #[test]
    fn the_tolerant_reading_is_never_earlier(from in any_day()) {
        let world = World::shared();
        let deadline = world.count("police-review-3d", &from.to_string());
        prop_assert!(deadline.due_tolerant.expect("two readings") >= deadline.due.date());
    }

    #[test]
    fn excluded_days_never_bring_a_due_day_forward(
        from in any_day(), start in -30_i64..200, length in 1_i64..90,
    ) {
        let world = World::shared();
        let from = from.max(day("2021-07-15"));
        let plain = world.count("penalty-decision-90d", &from.to_string());
        let (a, b) = (later(from, start), later(from, start + length));
        let days = [(a.to_string(), b.to_string())];
        let days: Vec<_> = days.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let longer = world.count_with("penalty-decision-90d", &from.to_string(), &days, &[]);
        prop_assert!(longer.due.date() >= plain.due.date());
        prop_assert!(longer.due.date() <= world.calendar.roll(later(plain.raw.date(), length)));
    }
}
