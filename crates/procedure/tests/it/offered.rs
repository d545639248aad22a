//! What is offered while there is something to do, and what stays owed although the matter is over.

use procedure::Why;
use procedure::decide::{World, offers};
use procedure::matter::Standing;

use crate::family::Units;
use crate::story::{
    BUREAU, CASE, PROCURATORATE, Story, acknowledged, day, hand, judgment, sue_input,
};

/// Whether a handler is offered an act; the words of the rule when not.
fn offered(story: &Story, procedure: &str, unit: i64, action: &str) -> Result<(), String> {
    let world = World { rules: &story.rules, directory: &Units, now: story.now };
    let all = offers(world, &story.family, story.matter(procedure), &hand(unit));
    let offer = all.into_iter().find(|offer| offer.action.id == action).unwrap();
    offer.refusal.map_or(Ok(()), |refusal| Err(refusal.words.zh))
}

#[test]
fn a_recusal_is_decided_when_somebody_asked_for_it() {
    let mut story = acknowledged();
    let nobody = Err("没有待决定的回避申请。".to_owned());
    assert_eq!(offered(&story, CASE, PROCURATORATE, "decide-recusal"), nobody);
    let why = [("recusal-person", "张某"), ("recusal-reason", "与本案有利害关系")];
    story.act(CASE, BUREAU, "ask-recusal", &why);
    assert_eq!(offered(&story, CASE, PROCURATORATE, "decide-recusal"), Ok(()));
    story.act(CASE, PROCURATORATE, "decide-recusal", &[("recusal-decision", "不予回避")]);
    assert_eq!(offered(&story, CASE, PROCURATORATE, "decide-recusal"), nobody);
    story.act(CASE, BUREAU, "ask-recusal-reconsideration", &[("recusal-reason", "再议")]);
    assert_eq!(offered(&story, CASE, PROCURATORATE, "decide-recusal"), Ok(()));
}

#[test]
fn a_letter_is_registered_and_filed_once() {
    let mut story = acknowledged();
    // It was filed when the story began; an amended letter is another.
    let filed = Err("这份检察建议书已经报上一级备案。".to_owned());
    assert_eq!(offered(&story, "suggestion", PROCURATORATE, "file-upward"), filed);
    let hands = [("handling-department", "大气科"), ("handling-person", "王某")];
    assert!(offered(&story, "suggestion", BUREAU, "reassign").is_err());
    story.act("suggestion", BUREAU, "register", &hands);
    assert!(offered(&story, "suggestion", BUREAU, "register").is_err());
    story.act("suggestion", BUREAU, "reassign", &hands);
    story.act(
        "suggestion",
        PROCURATORATE,
        "amend",
        &[
            ("change-reason", "补充事实"),
            ("harm-facts", "颗粒物排放超标"),
            ("non-performance-facts", "仅作罚款"),
            ("legal-basis", "《大气污染防治法》第九十九条"),
            ("demands", "依法全面履行监督管理职责"),
        ],
    );
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    assert_eq!(offered(&story, "suggestion", BUREAU, "register"), Ok(()));
    assert_eq!(offered(&story, "suggestion", PROCURATORATE, "file-upward"), Ok(()));
}

#[test]
fn what_was_not_filed_in_time_is_late_and_still_owed() {
    let mut story = done_at_once();
    story.day("2026-03-10");
    assert_eq!(story.owed("suggestion", "file-upward").standing(), Standing::Lapsed);
    story.act("suggestion", PROCURATORATE, "file-upward", &[]);
    assert_eq!(story.owed("suggestion", "file-upward").standing(), Standing::MetLate);
}

/// A suggestion served, answered and verified on one day.
fn done_at_once() -> Story {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    story.clue(BUREAU);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    story.reply("complete");
    story.act("suggestion", PROCURATORATE, "begin-follow-up", &[("follow-up-plan", "现场核实")]);
    let seen = [("verified-on", "2026-03-02"), ("verification", "监测达标")];
    story.act("suggestion", PROCURATORATE, "verify-effective", &seen);
    story
}

/// `J2:75`: within five days of service, whatever became of the suggestion in them.
#[test]
fn a_suggestion_done_within_five_days_is_still_filed_upward() {
    let mut story = done_at_once();
    assert!(story.matter("suggestion").ended);
    assert_eq!(story.owed("suggestion", "file-upward").standing(), Standing::Running);
    assert_eq!(story.due("suggestion", "file-upward"), day("2026-03-09"));
    assert_eq!(story.owed("suggestion", "correction").standing(), Standing::Ended);
    story.act("suggestion", PROCURATORATE, "file-upward", &[]);
    assert_eq!(story.owed("suggestion", "file-upward").standing(), Standing::Met);
    let again = story.try_act("suggestion", PROCURATORATE, "file-upward", &[]);
    assert_eq!(again.unwrap_err().why, Why::Condition);
    let nothing_more = story.try_act("suggestion", BUREAU, "make-plan", &[("plan", "方案")]);
    assert_eq!(nothing_more.unwrap_err().why, Why::Ended);
}

/// `J2:46`, `J2:58`: what the court has decided is reported although the case is closed.
#[test]
fn a_complaint_and_a_judgment_are_filed_once_even_after_the_case_is_closed() {
    let mut story = acknowledged();
    story.day("2026-05-19");
    story.act(CASE, PROCURATORATE, "sue", &sue_input("2026-05-19"));
    let docketed = [("docket-no", "（2026）陕7101行初1号"), ("docketed-on", "2026-05-19")];
    story.act(CASE, PROCURATORATE, "court-dockets", &docketed);
    let decided = judgment("perform", "judgment", "2026-05-19");
    story.act(CASE, PROCURATORATE, "record-judgment", &decided);
    story.day("2026-06-04");
    story.act(CASE, PROCURATORATE, "close", &[("closing-note", "已履行")]);
    for (act, kind) in
        [("file-indictment-upward", "indictment-filing"), ("report-judgment", "judgment-report")]
    {
        assert_eq!(story.owed(CASE, kind).standing(), Standing::Lapsed, "{act}");
        story.act(CASE, PROCURATORATE, act, &[]);
        assert_eq!(story.owed(CASE, kind).standing(), Standing::MetLate, "{act}");
        assert!(offered(&story, CASE, PROCURATORATE, act).is_err(), "{act}");
    }
    assert!(offered(&story, CASE, PROCURATORATE, "report-appeal-copy").is_err());
}

/// `XS:85`: only rulings not to docket, to dismiss or on jurisdiction can be appealed.
#[test]
fn a_ruling_without_appeal_is_confirmed_at_once() {
    let mut story = acknowledged();
    story.day("2026-05-19");
    story.act(CASE, PROCURATORATE, "sue", &sue_input("2026-05-19"));
    let docketed = [("docket-no", "（2026）陕7101行初1号"), ("docketed-on", "2026-05-19")];
    story.act(CASE, PROCURATORATE, "court-dockets", &docketed);
    let decided = judgment("perform", "final-ruling", "2026-05-19");
    story.act(CASE, PROCURATORATE, "record-judgment", &decided);
    assert!(!story.matter(CASE).obligations.iter().any(|owed| owed.kind == "appeal-period"));
    for (unit, act) in [(PROCURATORATE, "appeal"), (BUREAU, "agency-appeals")] {
        let refused = offered(&story, CASE, unit, act).unwrap_err();
        assert_eq!(refused, "该裁定不可上诉，请确认裁判生效。");
    }
    story.act(CASE, PROCURATORATE, "confirm-effective", &[]);
    assert_eq!(story.state(CASE), "effective");
}
