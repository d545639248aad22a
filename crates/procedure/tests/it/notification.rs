//! Telling the other side: emergencies by the minute, notices, reports, work proposals, campaigns and
//! guidance from above.

use calendar::Due;
use procedure::Why;
use procedure::matter::Standing;

use crate::family::at;
use crate::story::{BUREAU, OTHER_BUREAU, PROCURATORATE, Story, day};

const UPPER_BUREAU: i64 = 0;
const UPPER_PROCURATORATE: i64 = 10;
const EMERGENCY: &str = "emergency";

fn known(grade: &str, sensitive: bool) -> Story {
    let mut story = Story::on("2026-10-03");
    story.problem(BUREAU);
    let mut input = vec![
        ("known-at", "2026-10-03T08:40"),
        ("place", "渭河支流"),
        ("report-source", "群众电话"),
        ("what-happened", "罐车侧翻，化学品入河"),
        ("grade", grade),
    ];
    if sensitive {
        input.push(("sensitive", "drinking-water"));
    }
    let parties = [("government", "3"), ("procuratorate", "11"), ("neighbours", "2")];
    story.open(EMERGENCY, Some("problem"), BUREAU, &parties, &input);
    story
}

const REPORT: [(&str, &str); 3] =
    [("grade", "2"), ("measures", "筑坝拦截"), ("duty-contact", "值班室")];

#[test]
fn d4_3_and_d4_4_the_first_report_is_due_to_the_minute_by_the_grade_and_never_rolls() {
    // 3 October is a holiday: hours do not wait for a working day.
    for (grade, sensitive, due) in [
        ("4", false, "2026-10-03T12:40:00"),
        ("unknown", false, "2026-10-03T12:40:00"),
        ("unknown", true, "2026-10-03T10:40:00"),
        ("2", false, "2026-10-03T10:40:00"),
    ] {
        let story = known(grade, sensitive);
        assert_eq!(story.owed(EMERGENCY, "first-report").due, Due::At(at(due)), "{grade}");
    }
}

#[test]
fn p4_figures_forbid_a_lower_grade() {
    let mut story = known("4", false);
    let mut report = vec![
        ("grade", "3"),
        ("measures", "筑坝拦截"),
        ("duty-contact", "值班室"),
        ("evacuated", "10000"),
    ];
    let low = story.refused(EMERGENCY, BUREAU, "report", &report);
    assert_eq!(low.why, Why::Condition, "ten thousand people evacuated make it grade II");
    report[0].1 = "2";
    story.act(EMERGENCY, BUREAU, "report", &report);
}

#[test]
fn an_emergency_is_reported_told_followed_up_investigated_and_closed() {
    let mut story = known("2", false);
    story.act(EMERGENCY, BUREAU, "report", &REPORT);
    // The province has an hour, the procuratorate is to be told.
    assert_eq!(story.owed(EMERGENCY, "relay").due, Due::At(at("2026-10-03T10:00:00")));
    story.act(EMERGENCY, BUREAU, "tell-procuratorate", &[("notice", "可能损害公共利益")]);
    assert_eq!(story.owed(EMERGENCY, "tell-procuratorate").standing(), Standing::Met);
    let answered = [("procuratorate-answer", "提前介入，作为线索评估")];
    story.act(EMERGENCY, PROCURATORATE, "answer", &answered);
    story.act(EMERGENCY, UPPER_BUREAU, "relay", &[("relayed-at", "2026-10-03T08:59")]);
    story.act(EMERGENCY, BUREAU, "tell-neighbours", &[("neighbour-note", "请下游加密监测")]);
    story.act(EMERGENCY, OTHER_BUREAU, "neighbour-answer", &[("neighbour-answer", "已加密")]);
    story.act(EMERGENCY, BUREAU, "follow-up", &[("follow-up", "断面达标")]);
    story.day("2026-10-10");
    let ended = [("ended-on", "2026-10-09"), ("final-report", "处置完毕")];
    story.act(EMERGENCY, BUREAU, "end-emergency", &ended);
    assert_eq!(story.due(EMERGENCY, "investigation"), day("2026-12-08"));
    // Assessing the damage does not count.
    story.act(EMERGENCY, BUREAU, "begin-assessment", &[("assessment-note", "委托评估")]);
    story.day("2026-10-20");
    story.act(EMERGENCY, BUREAU, "end-assessment", &[("assessment-note", "损失三百万元")]);
    assert!(story.due(EMERGENCY, "investigation") > day("2026-12-08"));
    story.act(EMERGENCY, BUREAU, "report-investigation", &[("investigation-report", "见报告")]);
    story.act(EMERGENCY, BUREAU, "close", &[("handling", "已移送公安，已提供线索")]);
    assert_eq!(story.state(EMERGENCY), "closed");
}

#[test]
fn d4_3_a_change_of_grade_is_reported_within_the_time_of_the_new_one() {
    let mut story = known("4", false);
    let ordinary = [("grade", "4"), ("measures", "筑坝"), ("duty-contact", "值班室")];
    story.act(EMERGENCY, BUREAU, "report", &ordinary);
    let worse = [("grade", "2"), ("regrade-reason", "取水口受影响")];
    story.act(EMERGENCY, BUREAU, "regrade", &worse);
    assert_eq!(story.owed(EMERGENCY, "report-anew").due, Due::At(at("2026-10-03T11:00:00")));
    story.act(EMERGENCY, BUREAU, "report", &REPORT);
    assert_eq!(story.owed(EMERGENCY, "report-anew").standing(), Standing::Met);
}

#[test]
fn a_notice_is_signed_for_and_answered_by_each_recipient_and_a_recall_reaches_all() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let text = [
        ("kind", "opinion"),
        ("subject", "网络反映锅炉冒黑烟"),
        ("distribution", "recipients"),
        ("body", "转载量较大"),
        ("answer-wanted", "2026-03-10"),
    ];
    let parties = [("recipients", "11"), ("recipients", "2")];
    story.open("bulletin", Some("problem"), BUREAU, &parties, &text);
    assert!(!story.sees("bulletin", OTHER_BUREAU), "a draft");
    story.act("bulletin", BUREAU, "send", &[]);
    story.act("bulletin", PROCURATORATE, "sign", &[]);
    story.act("bulletin", PROCURATORATE, "answer", &[("answer", "已关注")]);
    let open: Vec<_> = story
        .matter("bulletin")
        .obligations
        .iter()
        .filter(|owed| owed.is_open())
        .map(|owed| (owed.kind.as_str(), owed.debtor.0))
        .collect();
    assert_eq!(open, [("sign", OTHER_BUREAU), ("answer", OTHER_BUREAU)]);
    let note = [("closing-note", "已处置")];
    let early = story.refused("bulletin", BUREAU, "close", &note);
    assert_eq!(early.why, Why::Condition, "one has not answered");
    story.act("bulletin", BUREAU, "recall", &[("recall-reason", "数据有误")]);
    assert!(story.sees("bulletin", OTHER_BUREAU) && story.sees("bulletin", PROCURATORATE));
    assert!(story.matter("bulletin").obligations.iter().all(|owed| !owed.is_open()));
}

#[test]
fn a_report_of_the_procuratorate_needs_no_problem_and_closes_once_all_have_signed() {
    let mut story = Story::on("2026-03-02");
    let text = [
        ("kind", "special-report"),
        ("distribution", "both-sides"),
        ("body", "见正文"),
        ("patterns", "冬季多发"),
    ];
    story.open("report", None, PROCURATORATE, &[("recipients", "1")], &text);
    story.act("report", PROCURATORATE, "send", &[]);
    story.act("report", BUREAU, "sign", &[]);
    story.act("report", PROCURATORATE, "close", &[("closing-note", "已参阅")]);
    assert_eq!(story.state("report"), "closed");
}

#[test]
fn a_work_proposal_is_checked_planned_and_answered_and_silence_is_a_lapse() {
    let proposed = || {
        let mut story = Story::on("2026-03-02");
        let text = [("findings", "餐饮油烟投诉集中"), ("proposal", "开展排查")];
        story.open("work-proposal", None, PROCURATORATE, &[("department", "1")], &text);
        story.act("work-proposal", PROCURATORATE, "send", &[]);
        story
    };
    let mut silent = proposed();
    silent.day("2026-04-02");
    assert_eq!(silent.owed("work-proposal", "feedback").standing(), Standing::Lapsed);

    let mut story = proposed();
    story.act("work-proposal", BUREAU, "sign", &[]);
    let plan = [
        ("check-scope", "全区餐饮单位"),
        ("self-check", "发现二十家"),
        ("plan", "限期安装"),
        ("plan-by", "2026-06-30"),
    ];
    story.act("work-proposal", BUREAU, "report-check", &plan);
    story.act("work-proposal", BUREAU, "give-feedback", &[("feedback", "已安装十八家")]);
    let again = [("evaluation", "余下两家请继续"), ("answer-wanted", "2026-07-31")];
    story.act("work-proposal", PROCURATORATE, "ask-again", &again);
    assert_eq!(story.due("work-proposal", "feedback"), day("2026-07-31"));
    story.act("work-proposal", BUREAU, "give-feedback", &[("feedback", "全部完成")]);
    story.act("work-proposal", PROCURATORATE, "close", &[("evaluation", "有效")]);
    assert_eq!(story.state("work-proposal"), "closed");
}

#[test]
fn a_campaign_gives_each_unit_its_task_and_is_not_summed_up_before_they_are_done() {
    let mut story = Story::on("2026-03-02");
    let plan = [
        ("basis-papers", "省院通知"),
        ("area", "秦岭北麓"),
        ("fields", "water"),
        ("begins-on", "2026-03-10"),
        ("ends-on", "2026-09-30"),
        ("aims", "消除隐患"),
        ("stages", "一、自查"),
        ("indicators", "线索二十件"),
    ];
    story.open("campaign", None, PROCURATORATE, &[("units", "1")], &plan);
    assert!(!story.sees("campaign", BUREAU));
    story.act("campaign", PROCURATORATE, "launch", &[("number", "陕检发〔2026〕1号")]);
    assert_eq!(story.due("campaign", "campaign"), day("2026-09-30"));
    let task = [("task", "排查峪口"), ("due-on", "2026-06-30")];
    story.open("campaign-task", Some("campaign"), PROCURATORATE, &[("unit", "1")], &task);
    story.act("campaign-task", BUREAU, "sign", &[]);
    let going = [("stage", "self-check"), ("progress", "已查十处"), ("found", "3")];
    story.act("campaign-task", BUREAU, "report-progress", &going);
    let open = story.refused("campaign", PROCURATORATE, "sum-up", &[]);
    assert_eq!(open.why, Why::Condition, "a task is open");
    story.day("2026-07-01");
    assert_eq!(story.owed("campaign-task", "report").standing(), Standing::Lapsed);
    let listed = [("urging", "请抓紧"), ("listed", "true")];
    story.act("campaign-task", PROCURATORATE, "urge", &listed);
    let done = [("result", "全部排查"), ("found", "5"), ("repaired", "5")];
    story.act("campaign-task", BUREAU, "report-done", &done);
    story.act("campaign-task", PROCURATORATE, "accept", &[("acceptance", "属实")]);
    story.act("campaign", PROCURATORATE, "inspect", &[("inspection", "抽查两处")]);
    story.act("campaign", PROCURATORATE, "sum-up", &[]);
    let figures = [
        ("summary", "见总结"),
        ("clues", "20"),
        ("cases", "8"),
        ("suggestions", "6"),
        ("repaired", "6"),
        ("suits", "0"),
    ];
    story.act("campaign", PROCURATORATE, "close", &figures);
    assert_eq!(story.state("campaign"), "closed");
}

#[test]
fn urging_from_above_is_raised_step_by_step_only_when_the_day_has_passed() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let order = [
        ("guidance-kind", "urge"),
        ("level", "blue"),
        ("occasion", "群众反复投诉"),
        ("requirement", "限期报告"),
        ("report-by", "2026-03-20"),
    ];
    story.open("guidance", Some("problem"), UPPER_PROCURATORATE, &[("unit", "11")], &order);
    story.act("guidance", UPPER_PROCURATORATE, "issue", &[]);
    story.act("guidance", PROCURATORATE, "sign", &[]);
    let raised =
        [("level", "yellow"), ("requirement", "立即报告"), ("new-report-by", "2026-03-31")];
    let early = story.refused("guidance", UPPER_PROCURATORATE, "raise", &raised);
    assert_eq!(early.why, Why::Condition);
    story.day("2026-03-21");
    story.act("guidance", UPPER_PROCURATORATE, "raise", &raised);
    assert_eq!(story.due("guidance", "report-anew"), day("2026-03-31"));
    story.act("guidance", PROCURATORATE, "report", &[("result", "已立案")]);
    story.act("guidance", UPPER_PROCURATORATE, "close", &[("review", "同意")]);
    assert_eq!(story.state("guidance"), "closed");
}
