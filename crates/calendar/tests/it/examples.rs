//! The worked examples of the law file, E1 to E36, each named with its rule.

use calendar::{Counting, Due, WhyNotInForce};

use crate::world::{World, day, instant, pair};

const REPLY: &str = "suggestion-reply-ordinary";
const URGENT: &str = "suggestion-reply-urgent";

fn on(text: &str) -> Due {
    Due::On(day(text))
}

#[test]
fn e01_reply_two_months_end_on_a_working_day_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2019-03-15"), pair("2019-05-15", "2019-05-15"));
}

#[test]
fn e02_reply_without_corresponding_day_ends_on_leap_day_and_rolls_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2019-12-31"), pair("2020-02-29", "2020-03-02"));
}

#[test]
fn e03_reply_rolls_past_the_extended_spring_festival_of_2020_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2019-11-25"), pair("2020-01-25", "2020-02-03"));
}

#[test]
fn e04_reply_without_29_february_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2020-12-29"), pair("2021-02-28", "2021-03-01"));
}

#[test]
fn e05_reply_ends_on_a_make_up_saturday_without_rolling_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2021-07-18"), pair("2021-09-18", "2021-09-18"));
}

#[test]
fn e06_reply_rolls_onto_a_make_up_saturday_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2023-08-04"), pair("2023-10-04", "2023-10-07"));
}

#[test]
fn e07_two_days_of_receipt_have_one_month_end_j1_21() {
    let world = World::new();
    assert_eq!(world.ends(REPLY, "2024-12-30"), pair("2025-02-28", "2025-02-28"));
    assert_eq!(world.ends(REPLY, "2024-12-31"), pair("2025-02-28", "2025-02-28"));
}

#[test]
fn e08_reply_rolls_past_national_day_2024_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2024-08-02"), pair("2024-10-02", "2024-10-08"));
}

#[test]
fn e09_reply_rolls_past_national_day_2025_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2025-08-06"), pair("2025-10-06", "2025-10-09"));
}

#[test]
fn e10_reply_ends_on_the_make_up_saturday_of_february_2026_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2025-12-14"), pair("2026-02-14", "2026-02-14"));
}

#[test]
fn e11_reply_ends_on_the_make_up_saturday_of_october_2026_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2026-08-10"), pair("2026-10-10", "2026-10-10"));
}

#[test]
fn e12_reply_rolls_past_mid_autumn_2026_j1_21() {
    assert_eq!(World::new().ends(REPLY, "2026-07-27"), pair("2026-09-27", "2026-09-28"));
}

#[test]
fn e13_urgent_reply_rolls_past_spring_festival_j1_21() {
    assert_eq!(World::new().ends(URGENT, "2026-02-05"), pair("2026-02-20", "2026-02-24"));
}

#[test]
fn e14_urgent_reply_rolls_past_national_day_j1_21() {
    assert_eq!(World::new().ends(URGENT, "2026-09-16"), pair("2026-10-01", "2026-10-08"));
}

#[test]
fn e15_review_is_chained_from_the_rolled_end_j2_47() {
    let world = World::new();
    let reply = world.count(REPLY, "2024-08-02");
    let expired = reply.due.date().to_string();
    assert_eq!(expired, "2024-10-08");
    assert_eq!(world.ends("pil-review-admin", &expired), pair("2024-11-08", "2024-11-08"));
}

#[test]
fn e16_review_extended_by_a_month_from_its_base_end_j2_47() {
    let deadline = World::new().count_with("pil-review-admin", "2024-10-08", &[], &[1]);
    assert_eq!((deadline.raw, deadline.due), (on("2024-12-08"), on("2024-12-09")));
}

#[test]
fn e17_review_with_41_days_of_appraisal_j2_48() {
    let appraisal = [("2026-05-20", "2026-06-30")];
    let deadline = World::new().count_with("pil-review-admin", "2026-05-11", &appraisal, &[]);
    assert_eq!((deadline.raw, deadline.due), (on("2026-07-22"), on("2026-07-22")));
}

#[test]
fn e18_service_of_the_filing_decision_rolls_past_labour_day_j2_70() {
    let ends = World::new().ends("filing-serve-agency", "2026-04-27");
    assert_eq!(ends, pair("2026-05-04", "2026-05-06"));
}

#[test]
fn e19_service_then_filing_upward_j2_75_76() {
    let world = World::new();
    let served = world.ends("suggestion-serve", "2026-09-23");
    assert_eq!(served, pair("2026-09-26", "2026-09-28"));
    let filed = world.ends("suggestion-file-upward", &served.1);
    assert_eq!(filed, pair("2026-10-03", "2026-10-08"));
}

#[test]
fn e20_civil_notice_then_review_j1_13_j2_47() {
    let world = World::new();
    let notice = world.count("civil-notice-30d", "2026-01-20");
    assert_eq!((notice.raw, notice.due), (on("2026-02-19"), on("2026-02-24")));
    assert_eq!(notice.may_act_from, Some(day("2026-02-25")));
    let review = world.ends("pil-review-civil", &notice.due.to_string());
    assert_eq!(review, pair("2026-05-24", "2026-05-25"));
}

#[test]
fn e21_reasons_due_on_a_make_up_sunday_j4_560() {
    assert_eq!(
        World::new().ends("police-reason-7d", "2025-12-26"),
        pair("2026-01-02", "2026-01-04")
    );
}

#[test]
fn e22_police_must_file_within_15_days_j4_563() {
    let ends = World::new().ends("police-must-file-15d", "2026-09-20");
    assert_eq!(ends, pair("2026-10-05", "2026-10-08"));
}

#[test]
fn e23_police_review_in_both_readings_g310_8() {
    let deadline = World::new().count("police-review-3d", "2025-09-26");
    assert_eq!((deadline.raw, deadline.due), (on("2025-09-29"), on("2025-09-29")));
    assert_eq!(deadline.due_tolerant, Some(day("2025-09-30")));
}

#[test]
fn e24_delivery_in_24_hours_does_not_roll_g310_5() {
    let due = World::new().count_hours("transfer-deliver-24h", "2026-09-30T16:30");
    assert_eq!(due, instant("2026-10-01T16:30"));
}

#[test]
fn e25_hearing_request_in_5_working_days_cf_64() {
    let due = World::new().count("penalty-hearing-request", "2026-02-12").due;
    assert_eq!(due, on("2026-02-26"));
}

#[test]
fn e26_publication_in_7_working_days_d3_65() {
    assert_eq!(World::new().count("penalty-publish", "2026-04-28").due, on("2026-05-11"));
}

#[test]
fn e27_penalty_decision_in_90_days_with_20_excluded_cf_60() {
    let world = World::new();
    let limit = "penalty-decision-90d";
    assert_eq!(world.ends(limit, "2026-03-02"), pair("2026-05-31", "2026-06-01"));
    let monitoring = [("2026-04-01", "2026-04-21")];
    let deadline = world.count_with(limit, "2026-03-02", &monitoring, &[]);
    assert_eq!((deadline.raw, deadline.due), (on("2026-06-20"), on("2026-06-22")));
}

#[test]
fn e28_hearing_notice_keeps_7_full_working_days_cf_64() {
    let deadline = World::new().count("penalty-hearing-notice", "2026-10-12");
    assert_eq!(deadline.due, on("2026-09-23"));
}

#[test]
fn e29_urging_counts_criminal_months_from_month_end_j4_564() {
    let world = World::new();
    let ends = world.ends("case-urge-3m", "2026-02-28");
    assert_eq!(ends, pair("2026-05-31", "2026-06-01"));
    let civil = world.calendar.due_only(day("2026-02-28"), 3, Counting::Months);
    assert_eq!(civil, Ok(day("2026-05-28")));
}

#[test]
fn e30_emergency_report_runs_through_the_holiday_night_d4_3() {
    let world = World::new();
    let learned = "2026-02-17T23:20";
    assert_eq!(world.count_hours("emergency-report-4h", learned), instant("2026-02-18T03:20"));
    assert_eq!(world.count_hours("emergency-report-2h", learned), instant("2026-02-18T01:20"));
}

#[test]
fn e31_re_grading_starts_the_shorter_clock_anew_d4_3() {
    let world = World::new();
    let first = world.count_hours("emergency-report-4h", "2026-03-10T10:00");
    assert_eq!(first, instant("2026-03-10T14:00"));
    let second = world.count_hours("emergency-report-2h", "2026-03-10T11:10");
    assert_eq!(second, instant("2026-03-10T13:10"));
}

#[test]
fn e32_investigation_in_60_days_d5_16() {
    let ends = World::new().ends("incident-investigation-60d", "2026-08-03");
    assert_eq!(ends, pair("2026-10-02", "2026-10-08"));
}

#[test]
fn e33_negotiation_then_judicial_confirmation_p3_23_ms_205() {
    let world = World::new();
    assert_eq!(world.ends("negotiation-90d", "2026-06-30"), pair("2026-09-28", "2026-09-28"));
    assert_eq!(world.ends("judicial-confirm-30d", "2026-09-28"), pair("2026-10-28", "2026-10-28"));
}

#[test]
fn e34_withdrawal_in_3_working_days_ends_on_a_make_up_saturday_cf_48() {
    assert_eq!(World::new().count("revoke-publication", "2026-09-30").due, on("2026-10-10"));
}

#[test]
fn e35_entrusted_investigation_in_30_days_j2_43() {
    let ends = World::new().ends("entrusted-investigation-30d", "2026-04-02");
    assert_eq!(ends, pair("2026-05-02", "2026-05-06"));
}

#[test]
fn e36_the_day_of_service_decides_between_pilot_and_interpretation_js_40_j1_21() {
    let world = World::new();
    let pilot = world.ends("suggestion-reply-pilot", "2018-02-27");
    assert_eq!(pilot, pair("2018-03-27", "2018-03-27"));
    assert_eq!(world.ends(REPLY, "2018-03-02"), pair("2018-05-02", "2018-05-02"));

    let refused = world.law.version_on(REPLY, day("2018-02-27")).expect_err("not yet in force");
    assert_eq!(refused.why, WhyNotInForce::NotYet { from: day("2018-03-02") });
    assert_eq!(refused.applied.expect("the pilot").limit, "suggestion-reply-pilot");
    let ended = world.law.version_on("suggestion-reply-pilot", day("2018-03-02"));
    assert_eq!(ended.expect_err("ended").applied.expect("J1").limit, REPLY);
}

/// Guiding case 49: the suggestion of 3 December 2015, answered on 4 January 2016, was in time.
#[test]
fn the_fengxiang_reply_of_4_january_2016_is_on_time() {
    let deadline = World::new().count("suggestion-reply-pilot", "2015-12-03");
    assert_eq!((deadline.raw, deadline.due), (on("2016-01-03"), on("2016-01-04")));
    assert!(!deadline.is_overdue(instant("2016-01-04T23:59")));
    assert_eq!(deadline.days_left(instant("2016-01-04T09:00")), 0);
    assert!(deadline.is_overdue(instant("2016-01-05T00:00")));
    assert_eq!(deadline.ends_at(), instant("2016-01-05T00:00"));
}
