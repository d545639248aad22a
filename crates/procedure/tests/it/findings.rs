//! What the reading of the law found out that changes how the platform is made, each with the test that
//! holds it.
//!
//! | finding | test |
//! |---|---|
//! | F1 the Ecology and Environment Code since 2026-08-15 | `story::ecology_code_1242_…`, `story::ecology_code_1057_…`: a letter cites only what applied |
//! | F2 its art. 33 makes transfer and sharing a duty | `f2_…` |
//! | F3 its art. 1073: compensation not sought opens the way to the procuratorate | `f3_…` |
//! | F4 no suit without a served suggestion and an expired correction period | `f4_…` |
//! | F5 urgency shortens the reply alone | `f5_…`, `story::from_silence_to_judgment` |
//! | F6 the review runs from the end of the correction period | `f6_…` |
//! | F7 no limits of 2021 before 2021 | `f7_…`, `story::guiding_case_49` |
//! | F8 a criminal transfer ends no duty | `f8_…` |
//! | F9 a case for each agency, one case for one agency | `f9_…` |
//! | F10 the procuratorate that files need not be the one that sues | `f10_…`, `story::the_procuratorate_of_the_court_sues` |
//! | F11 the procuratorate has no compulsory powers | `f11_…` |
//! | F12 make-up days are working days | `f12_…`, and the worked examples of `calendar` |
//! | F13 the unit is never inferred from the number | `f13_…` |
//! | F14 what the instrument before a suit is called is data | `f14_…` |

use std::collections::BTreeSet;

use calendar::Unit;
use procedure::matter::Standing;
use procedure::walk::{Scene, walk};
use procedure::{UnitId, What, Why};

use crate::civil::{COMPENSATION, claimed};
use crate::family::{Units, at};
use crate::files;
use crate::story::{
    BUREAU, CASE, OTHER_BUREAU, PROCURATORATE, Story, acknowledged, day, sue_input,
};

#[test]
fn f2_transfer_rests_on_article_33_of_the_code_from_its_first_day_and_on_the_notice_before() {
    let rules = files::rules();
    for procedure in rules.procedures() {
        let acts = procedure.actions.iter().map(|action| (action.id.as_str(), &action.basis));
        let all = acts.chain([("", &procedure.basis), ("open", &procedure.open.basis)]);
        for (act, basis) in all.filter(|(_, basis)| basis.iter().any(|code| code == "FD:33")) {
            let cited = |on: &str| -> BTreeSet<String> {
                let cited = rules.law().citations_on(basis, day(on));
                cited.into_iter().map(|cited| cited.instrument).collect()
            };
            let (before, after) = (cited("2026-08-14"), cited("2026-08-15"));
            let what = format!("{} {act}", procedure.id);
            assert!(!before.contains("FD") && after.contains("FD"), "{what}: {before:?} {after:?}");
            assert!(!before.is_empty(), "{what} rested on nothing before the Code");
        }
    }
    // A clue is transferred, handed on to another organ, and what became of it is shared.
    let clue = rules.procedure("clue").unwrap();
    for act in ["submit", "hand-on", "give-feedback"] {
        let basis = &clue.action(act).unwrap().basis;
        assert!(basis.iter().any(|code| code == "FD:33"), "{act} does not rest on FD:33");
    }
    assert!(clue.basis.iter().any(|code| code == "FD:33"));
}

#[test]
fn f3_where_the_government_neither_negotiates_nor_sues_the_procuratorate_may() {
    let mut story = claimed("2026-09-01");
    let no_start = [
        ("check-note", "已核查"),
        ("no-start-ground", "no-assets"),
        ("no-start-reason", "没有赔偿能力"),
    ];
    let take_up = [("suit-cause", "生态环境损害民事公益诉讼")];
    // Not while the department still checks.
    let early = story.refused(COMPENSATION, PROCURATORATE, "sue-instead", &take_up);
    assert_eq!(early.why, Why::State);
    story.act(COMPENSATION, BUREAU, "do-not-start", &no_start);
    story.act(COMPENSATION, PROCURATORATE, "urge", &[("urge-words", "请启动索赔")]);
    assert_eq!(story.due(COMPENSATION, "urge-answer"), day("2026-09-08"));
    story.act(COMPENSATION, PROCURATORATE, "sue-instead", &take_up);
    assert_eq!(story.state(COMPENSATION), "procuratorial-suit");
    assert_eq!(story.state("civil-public-interest-case"), "investigating");
}

#[test]
fn f3_a_department_that_negotiates_is_urged_before_the_procuratorate_sues() {
    let mut story = claimed("2026-09-01");
    let start = [("check-note", "属实"), ("obligor", "某化工公司"), ("scope", "serious")];
    story.act(COMPENSATION, BUREAU, "start", &start);
    let done = [("assessment-kind", "expert"), ("assessor", "专家组"), ("assessment", "三百万元")];
    story.act(COMPENSATION, BUREAU, "record-assessment", &done);
    let take_up = [("suit-cause", "生态环境损害民事公益诉讼")];
    let early = story.refused(COMPENSATION, PROCURATORATE, "sue-instead", &take_up);
    assert_eq!(early.why, Why::Condition, "it has not been urged");
    story.act(COMPENSATION, PROCURATORATE, "urge", &[("urge-words", "请及时磋商")]);
    story.day("2026-09-09");
    story.act(COMPENSATION, PROCURATORATE, "sue-instead", &take_up);
}

#[test]
fn f4_no_walk_comes_to_a_suit_but_past_a_served_suggestion_and_an_expired_correction_period() {
    let rules = files::rules();
    let units: Vec<_> = (1..=4).chain(11..=14).chain([21]).map(UnitId).collect();
    let file = crate::story::photo();
    let begins = at("2024-03-04T09:00:00");
    let (directory, division) = (&Units, "610305");
    let scene = Scene { rules: &rules, directory, units: &units, division, file: &file, begins };
    let mut suits = 0;
    for seed in 5_000..5_120 {
        let walked = walk(scene, CASE, seed).unwrap_or_else(|astray| panic!("{astray}"));
        let (mut served, mut over) = (BTreeSet::new(), BTreeSet::new());
        for (id, event) in walked.steps.iter().flat_map(|step| &step.events) {
            let matter = walked.family.get(id).unwrap();
            let What::Acted(act) = &event.what else { continue };
            match (matter.procedure.as_str(), act.to.as_str()) {
                ("suggestion", "in-correction") => drop(served.insert(matter.parent.clone())),
                ("suggestion", "correction-over") => drop(over.insert(matter.parent.clone())),
                (CASE, "sued") if act.from != "sued" => {
                    // A case taken over for suit stands on the suggestion of the one before.
                    let case = Some(id.clone());
                    let (case, origin) = (case, matter.origin.clone());
                    let past = |set: &BTreeSet<_>| set.contains(&case) || set.contains(&origin);
                    assert!(past(&served) && past(&over), "seed {seed}\n{}", walked.trail());
                    suits += 1;
                }
                _ => {}
            }
        }
    }
    assert!(suits > 5, "only {suits} suits");
}

#[test]
fn f4_a_suit_before_the_correction_period_is_over_is_refused() {
    let mut story = acknowledged();
    let refused = story.try_act(CASE, PROCURATORATE, "sue", &sue_input("2026-03-17"));
    assert_eq!(refused.unwrap_err().why, Why::State);
}

#[test]
fn f5_an_urgent_letter_shortens_the_reply_and_not_the_correction() {
    let dues = |urgent: bool| {
        let mut story = Story::on("2026-03-02");
        story.problem(PROCURATORATE);
        story.clue(PROCURATORATE);
        story.case();
        story.suggestion();
        let urgent: &[_] = if urgent {
            &[("urgent", "true"), ("urgent-reason", "损害持续扩大")]
        } else {
            &[]
        };
        story.issue(urgent);
        story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
        story.act("suggestion", BUREAU, "acknowledge", &[]);
        (story.due("suggestion", "reply"), story.due("suggestion", "correction"))
    };
    let (reply, correction) = dues(false);
    let (urgent_reply, urgent_correction) = dues(true);
    assert_eq!((reply, correction), (day("2026-05-06"), day("2026-05-06")));
    assert_eq!(urgent_reply, day("2026-03-17"));
    assert_eq!(urgent_correction, correction);
}

#[test]
fn f6_an_early_reply_does_not_start_the_review() {
    let mut story = acknowledged();
    story.day("2026-04-01");
    story.reply("partial");
    assert!(!story.matter(CASE).obligations.iter().any(|owed| owed.kind == "review"));
    story.day("2026-05-19");
    assert_eq!(story.state(CASE), "review-for-suit");
    // One month from 18 May, the last day of the correction period.
    assert_eq!(story.owed(CASE, "review").trigger.date(), day("2026-05-18"));
    assert_eq!(story.due(CASE, "review"), day("2026-06-18"));
}

#[test]
fn f7_steps_before_july_2021_owe_nothing_the_rules_of_2021_brought() {
    let steps = |on: &str| {
        let mut story = Story::on(on);
        story.problem(PROCURATORATE);
        story.clue(PROCURATORATE);
        story.case();
        story.suggestion();
        story.issue(&[]);
        story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
        story.act("suggestion", BUREAU, "acknowledge", &[]);
        let owed = story.family.matters().flat_map(|matter| &matter.obligations);
        let new = ["filing-service", "service", "upward-filing"];
        owed.filter(|owed| new.contains(&owed.kind.as_str())).count()
    };
    assert_eq!(steps("2020-06-30"), 0);
    assert_eq!(steps("2021-06-30"), 0);
    assert!(steps("2021-07-01") >= 2);
}

#[test]
fn f8_a_case_in_which_the_offender_was_prosecuted_goes_to_court_for_the_duty_that_remains() {
    let mut story = acknowledged();
    story.day("2026-05-19");
    let mut input = sue_input("2026-05-19");
    input[2] = ("non-performance", "criminal-but-duty-remains");
    story.act(CASE, PROCURATORATE, "sue", &input);
    assert_eq!(story.state(CASE), "sued");
}

#[test]
fn f9_each_agency_is_its_own_case_and_one_agency_is_one_case() {
    let mut story = acknowledged();
    let another = |agency: &'static str| [("other-agency", agency), ("other-cause", "监管职责")];
    let own = story.try_act(CASE, PROCURATORATE, "open-case-on-other-agency", &another("1"));
    assert_eq!(own.unwrap_err().why, Why::Condition);
    let first = story.matter(CASE).id.clone();
    story.act(CASE, PROCURATORATE, "open-case-on-other-agency", &another("2"));
    let agencies: Vec<i64> = story
        .family
        .matters()
        .filter(|matter| matter.procedure == CASE)
        .flat_map(|matter| matter.party("agency"))
        .map(|unit| unit.0)
        .collect();
    assert_eq!(agencies, [BUREAU, OTHER_BUREAU]);
    let twice = story.act_on(&first, PROCURATORATE, "open-case-on-other-agency", &another("2"));
    assert_eq!(twice.unwrap_err().why, Why::Condition);
}

#[test]
fn f10_the_review_clock_restarts_when_the_procuratorate_of_the_court_receives_the_case() {
    let mut story = acknowledged();
    story.day("2026-05-19");
    let running = story.due(CASE, "review");
    story.act(
        CASE,
        PROCURATORATE,
        "transfer-for-suit",
        &[("suer", "12"), ("transfer-ground", "jurisdiction"), ("transfer-reason", "集中管辖")],
    );
    story.day("2026-06-01");
    story.act(CASE, 12, "take-over", &[]);
    assert_eq!(story.matter(CASE).party("filer"), [UnitId(PROCURATORATE)]);
    assert_eq!(story.owed(CASE, "review").trigger.date(), day("2026-06-01"));
    assert!(story.due(CASE, "review") > running);
}

#[test]
fn f11_nothing_a_procuratorate_does_compels() {
    let rules = files::rules();
    let compelling = ["查封", "扣押", "冻结", "拘", "限制人身自由"];
    for procedure in rules.procedures() {
        for action in &procedure.actions {
            let words = &action.name.zh;
            assert!(!compelling.iter().any(|one| words.contains(one)), "{} {words}", procedure.id);
        }
        for field in &procedure.fields {
            for option in &field.options {
                let words = &option.words.zh;
                let measure = field.id.contains("measures");
                assert!(
                    !measure || !compelling.iter().any(|one| words.contains(one)),
                    "{} {words}",
                    field.id
                );
            }
        }
    }
}

#[test]
fn f12_a_period_ends_on_a_sunday_that_is_worked() {
    let mut story = Story::on("2025-10-20");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.day("2025-11-04");
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    // Sunday 4 January 2026 is worked to make up for the New Year.
    assert_eq!(story.due("suggestion", "reply"), day("2026-01-04"));
    story.day("2026-01-04");
    story.reply("complete");
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Met);
}

#[test]
fn f13_one_digit_has_its_unit_by_the_instrument() {
    let rules = files::rules();
    let mut both = BTreeSet::new();
    for limit in rules.law().limits() {
        for version in &limit.versions {
            let Some(number) = version.number else { continue };
            let penalty = version.sources.iter().any(|source| source.instrument == "CF");
            if penalty && version.unit == Some(Unit::Day) {
                assert!(![2, 3, 5, 7].contains(&number), "{} counts natural days", limit.id);
            }
            if penalty && version.unit == Some(Unit::WorkingDay) {
                assert!([2, 3, 5, 7].contains(&number), "{} counts working days", limit.id);
            }
            if number == 3 {
                both.insert(format!("{:?}", version.unit));
            }
        }
    }
    // Three days, three working days, three months: each says which.
    assert!(both.len() >= 3, "{both:?}");
}

#[test]
fn f14_the_instrument_before_a_suit_takes_another_name_without_a_line_of_code() {
    let renamed = |text: &str| text.replace("检察建议", "检察意见");
    let rules = files::rules_with(renamed);
    let mut story = Story::under(rules, "2026-03-02");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    let letter = story.matter("suggestion");
    let procedure = story.rules.of(letter).unwrap();
    assert_eq!(procedure.name.zh, "检察意见");
    let made = letter.documents.last().unwrap();
    assert_eq!(procedure.document(&made.kind).unwrap().name.zh, "检察意见书");
}

#[test]
fn pilot_38_a_case_that_ends_with_the_agencys_correction_defaulted_on_no_suit() {
    // As in guiding case 50: filed in the pilot's last weeks, never meant to be sued.
    let mut story = Story::on("2017-12-04");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    assert_eq!(story.due(CASE, "pilot-sue"), day("2018-06-04"));
    story.day("2018-11-20");
    let period = story.owed(CASE, "pilot-sue");
    assert!(period.lapsed_at.is_some() && !period.is_open(), "over, and nothing is owed");
    let owed = story.matter(CASE).obligations.iter().filter(|owed| owed.is_open());
    assert_eq!(owed.map(|owed| owed.kind.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn whoever_opens_a_clue_is_not_asked_where_it_might_be_moved() {
    let rules = files::rules();
    let clue = rules.procedure("clue").unwrap();
    let asked: Vec<_> = clue.asked_parties().map(|party| party.id.as_str()).collect();
    assert_eq!(asked, ["receiver"]);
    // What is sent all the same is not taken: it joins with the act that moves the clue.
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    story.clue(BUREAU);
    assert!(story.matter("clue").party("transferee").is_empty());
    let first = story.matter("clue").id.clone();
    let to = [("transferee", "12"), ("move-reason", "违法行为地在该区")];
    story.act("clue", PROCURATORATE, "move", &to);
    assert_eq!(story.family.get(&first).unwrap().party("transferee"), [UnitId(12)]);
}
