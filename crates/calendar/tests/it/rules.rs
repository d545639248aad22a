//! The rule files of this build, and what an answer says.

use calendar::{Calendar, CalendarError, Counted, Counting, Due, Extension, Trigger, Unit};

use crate::world::{World, day, instant};

#[test]
fn every_version_with_a_number_can_be_counted_and_explains_itself() {
    let world = World::new();
    for limit in world.law.limits() {
        for version in &limit.versions {
            let on = version.from.max(day("2015-03-02"));
            let trigger = match version.counting.unit().or(version.suggested.map(|_| Unit::Hour)) {
                Some(Unit::Hour) => Trigger::Instant(calendar::start_of_day(on)),
                _ => Trigger::Day(on),
            };
            let answer = world.calendar.deadline(&Counted::from_trigger(version, trigger));
            if version.number.is_none() && version.suggested.is_none() {
                let limit = limit.id.clone();
                assert_eq!(answer, Err(CalendarError::NoNumber { limit }));
            } else {
                let deadline = answer.expect("counted");
                assert!(!deadline.steps.is_empty(), "{}", limit.id);
                assert!(deadline.steps.iter().all(|step| !step.words.is_half()), "{}", limit.id);
            }
        }
    }
}

#[test]
fn the_tables_reach_from_2015_to_2026() {
    let world = World::new();
    assert!(world.calendar.years().eq(2015..=2026));
    assert!(!world.calendar.has_year(2027));
    assert_eq!(world.calendar.holiday_name(day("2026-10-01")), Some("国庆节"));
    assert_eq!(world.calendar.make_up_name(day("2026-10-10")), Some("国庆节"));
}

#[test]
fn a_day_out_of_the_ordinary_says_so() {
    let calendar = World::new().calendar;
    let zh = |text: &str| calendar.day_words(day(text)).map(|words| words.zh);
    assert_eq!(zh("2026-10-01").as_deref(), Some("2026-10-01为节假日（国庆节）"));
    assert_eq!(zh("2026-10-10").as_deref(), Some("2026-10-10为星期六，调休上班（国庆节）"));
    assert_eq!(zh("2026-11-22").as_deref(), Some("2026-11-22为星期日，休息日"));
    assert_eq!(zh("2026-11-24"), None);
}

#[test]
fn the_first_working_day_of_2016_is_the_fourth_of_january() {
    assert_eq!(World::new().calendar.roll(day("2016-01-01")), day("2016-01-04"));
}

#[test]
fn the_victory_day_of_2015_was_a_holiday_made_up_on_sunday() {
    let calendar = World::new().calendar;
    assert!(!calendar.is_workday(day("2015-09-03")) && !calendar.is_workday(day("2015-09-04")));
    assert!(calendar.is_workday(day("2015-09-06")));
}

#[test]
fn working_days_a_year_are_those_of_three_independent_tables() {
    // The ten years from 2017 have 2,493 working days in each of the three sources compared.
    let calendar = World::new().calendar;
    assert_eq!(calendar.working_days_in(day("2017-01-01"), day("2026-12-31")), 2493);
}

#[test]
fn a_period_into_a_year_without_a_table_is_provisional_until_the_table_is_loaded() {
    let mut world = World::new();
    let before = world.count("suggestion-reply-ordinary", "2026-12-01");
    assert_eq!((before.due, before.provisional), (Due::On(day("2027-02-01")), true));

    let table = "date,kind,name\n2027-01-01,holiday,元旦\n2027-02-01,holiday,春节\n";
    let table = Calendar::parse(table, "2027.csv").expect("a table");
    world.calendar = world.calendar.merged_with(table);
    let after = world.count("suggestion-reply-ordinary", "2026-12-01");
    assert_eq!((after.due, after.provisional), (Due::On(day("2027-02-02")), false));
}

#[test]
fn a_single_amended_day_does_not_make_a_year_known() {
    let amended = Calendar::parse("date,kind,name\n2027-02-01,holiday,春节\n", "x").expect("days");
    let calendar = World::new().calendar.merged_with(amended);
    assert!(!calendar.has_year(2027));
    assert!(!calendar.is_workday(day("2027-02-01")));
}

#[test]
fn a_suspension_on_the_last_day_still_stops_the_clock() {
    let world = World::new();
    let days = [("2026-05-15", "2026-06-15")];
    let deadline = world.count_with("suggestion-reply-ordinary", "2026-03-15", &days, &[]);
    assert_eq!(deadline.due, Due::On(day("2026-06-15")));
}

#[test]
fn time_excluded_after_the_end_changes_nothing() {
    let world = World::new();
    let days = [("2026-06-20", "2026-06-30")];
    let deadline = world.count_with("suggestion-reply-ordinary", "2026-03-16", &days, &[]);
    assert_eq!(deadline.due, Due::On(day("2026-05-18")));
}

#[test]
fn overlapping_exclusions_count_once() {
    let world = World::new();
    let twice = [("2026-05-20", "2026-06-30"), ("2026-05-25", "2026-06-10")];
    let deadline = world.count_with("pil-review-admin", "2026-05-11", &twice, &[]);
    assert_eq!(deadline.due, Due::On(day("2026-07-22")));
}

#[test]
fn excluded_working_days_are_skipped() {
    // 3 working days from Monday 6 July 2026, Tuesday to Thursday excluded: Friday, Monday, Tuesday.
    let world = World::new();
    let days = [("2026-07-06", "2026-07-09")];
    let deadline = world.count_with("revoke-publication", "2026-07-06", &days, &[]);
    assert_eq!(deadline.due, Due::On(day("2026-07-14")));
}

#[test]
fn police_may_take_seven_days_instead_of_three() {
    let deadline = World::new().count_with("police-review-3d", "2026-03-02", &[], &[7]);
    assert_eq!(deadline.due, Due::On(day("2026-03-09")));
    assert_eq!(deadline.due_tolerant, Some(day("2026-03-11")));
}

#[test]
fn a_reply_cannot_be_extended() {
    let world = World::new();
    let version = world.version("suggestion-reply-ordinary", day("2026-03-02"));
    let limit = version.limit.clone();
    assert_eq!(version.extension(1), Err(CalendarError::NoSuchExtension { limit, number: 1 }));
    let extensions = [Extension::added(1, Unit::Month)];
    let trigger = Trigger::Day(day("2026-03-02"));
    let counted = Counted { version, trigger, excluded: &[], extensions: &extensions };
    assert!(world.calendar.deadline(&counted).is_err());
}

#[test]
fn an_hour_limit_needs_the_hour() {
    let world = World::new();
    let version = world.version("transfer-deliver-24h", day("2026-03-02"));
    let counted = Counted::from_trigger(version, Trigger::Day(day("2026-03-02")));
    let limit = version.limit.clone();
    assert_eq!(world.calendar.deadline(&counted), Err(CalendarError::InstantNeeded { limit }));
}

#[test]
fn a_suggested_number_says_it_is_the_projects_own() {
    let world = World::new();
    let version = world.version("bulletin-mutual", day("2026-03-02"));
    let at = Trigger::Instant(instant("2026-03-02T08:00"));
    let deadline = world.calendar.deadline(&Counted::from_trigger(version, at)).expect("counted");
    assert!(deadline.internal);
    assert_eq!(deadline.due.to_string(), "2026-03-03T08:00:00+08:00");
}

#[test]
fn an_instant_just_after_midnight_in_shanghai_is_the_new_day() {
    let at = instant("2026-03-02T00:10");
    assert_eq!(calendar::local_date(at), day("2026-03-02"));
    assert_eq!(Trigger::Instant(at).date(), day("2026-03-02"));
}

#[test]
fn one_late_second_after_an_hour_limit_is_overdue_by_a_day_at_least() {
    let world = World::new();
    let version = world.version("emergency-report-2h", day("2026-03-02"));
    let at = Trigger::Instant(instant("2026-03-02T08:00"));
    let deadline = world.calendar.deadline(&Counted::from_trigger(version, at)).expect("counted");
    assert_eq!(deadline.days_left(instant("2026-03-02T10:00")), 0);
    assert_eq!(deadline.days_left(instant("2026-03-02T10:00:01")), -1);
}

#[test]
fn near_names_are_offered_for_a_slip() {
    let law = World::new().law;
    assert_eq!(law.near("sugestion-reply-ordinary").first(), Some(&"suggestion-reply-ordinary"));
    assert!(law.near("reply").iter().all(|id| id.contains("reply")));
    assert!(law.near("zzzzzzzzzzzzzzz").is_empty());
}

#[test]
fn a_citation_is_written_out() {
    let law = World::new().law;
    let citation = law.citation("XS:25(4)").expect("known");
    assert_eq!(citation.words.zh, "《中华人民共和国行政诉讼法》第25条第4款");
    assert_eq!(citation.code(), "XS:25(4)");
    assert!(law.citation("X9:1").is_none());
}

#[test]
fn the_due_day_alone_agrees_with_the_full_count() {
    let world = World::new();
    let received = day("2024-08-02");
    assert_eq!(
        world.calendar.due_only(received, 2, Counting::Months),
        Ok(world.count("suggestion-reply-ordinary", "2024-08-02").due.date())
    );
}

#[test]
fn a_deadline_survives_json() {
    let deadline = World::new().count("police-review-3d", "2025-09-26");
    let text = serde_json::to_string(&deadline).expect("json");
    assert_eq!(serde_json::from_str::<calendar::Deadline>(&text).expect("json"), deadline);
    insta::assert_snapshot!(serde_json::to_string_pretty(&deadline).expect("json"));
}
