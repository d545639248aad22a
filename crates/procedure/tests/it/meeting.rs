//! Both sides around one table: joint meetings with what they resolve, consultations, hearings.

use procedure::Why;
use procedure::matter::Standing;

use crate::story::{BUREAU, OTHER_BUREAU, PROCURATORATE, Story, day};

const MEETING: &str = "joint-meeting";
const RESOLUTION: &str = "resolution";

fn proposed() -> Story {
    let mut story = Story::on("2026-03-02");
    story.open(
        MEETING,
        None,
        PROCURATORATE,
        &[("counterpart", "1"), ("members", "2")],
        &[("meeting-kind", "regular"), ("collect-until", "2026-03-10")],
    );
    story
}

const CALL: [(&str, &str); 4] = [
    ("agenda", "一、超期未回复的检察建议"),
    ("held-at", "2026-03-20T09:30"),
    ("venue", "检察院三楼会议室"),
    ("answer-by", "2026-03-16"),
];

fn held() -> Story {
    let mut story = proposed();
    let topic = [("proposed-topic", "渭河支流断面超标"), ("topic-reason", "职责有争议")];
    story.act(MEETING, OTHER_BUREAU, "propose-topic", &topic);
    story.act(MEETING, PROCURATORATE, "call", &CALL);
    assert_eq!(story.owed(MEETING, "topics").standing(), Standing::Met);
    story.act(MEETING, BUREAU, "answer", &[("attendee", "王某，副局长")]);
    story.day("2026-03-20");
    let record = [("attendance", "全部到会"), ("record", "见记录")];
    story.act(MEETING, PROCURATORATE, "hold", &record);
    story
}

#[test]
fn a_meeting_is_called_held_countersigned_and_its_resolutions_are_struck_off() {
    let mut story = held();
    // The member that never answered was late; the one that did was not.
    let answers: Vec<_> = story
        .matter(MEETING)
        .obligations
        .iter()
        .filter(|owed| owed.kind.ends_with("answer"))
        .map(|owed| (owed.debtor.0, owed.lapsed_at.is_some()))
        .collect();
    assert_eq!(answers, [(BUREAU, false), (OTHER_BUREAU, true)]);

    let minutes = [("minutes", "一、限期整改"), ("countersign-by", "2026-03-27")];
    story.act(MEETING, PROCURATORATE, "submit-minutes", &minutes);
    story.act(MEETING, BUREAU, "return-minutes", &[("minutes-opinion", "时限需明确")]);
    story.act(MEETING, PROCURATORATE, "submit-minutes", &minutes);
    story.act(MEETING, BUREAU, "countersign", &[]);
    story.act(MEETING, PROCURATORATE, "issue-minutes", &[("minutes-no", "联席纪要〔2026〕1号")]);

    let resolved = [("resolved", "完成整改"), ("done-when", "监测达标"), ("due-on", "2026-04-30")];
    let parties = [("owner", "1"), ("co-owners", "2")];
    story.open(RESOLUTION, Some(MEETING), PROCURATORATE, &parties, &resolved);
    let closing = [("closing-report", "全部落实")];
    let early = story.refused(MEETING, PROCURATORATE, "close", &closing);
    assert_eq!(early.why, Why::Condition, "a resolution is open");
    story.act(RESOLUTION, BUREAU, "sign", &[]);
    story.act(RESOLUTION, OTHER_BUREAU, "report-progress", &[("progress", "已配合监测")]);
    let done = [("result", "已整改"), ("proof", &*crate::story::photo())];
    story.act(RESOLUTION, BUREAU, "report-done", &done);
    assert_eq!(story.owed(RESOLUTION, "completion").standing(), Standing::Met);
    story.act(RESOLUTION, PROCURATORATE, "strike-off", &[("confirmation", "属实")]);
    story.act(MEETING, PROCURATORATE, "close", &closing);
    assert_eq!((story.state(RESOLUTION), story.state(MEETING)), ("struck-off", "closed"));
}

#[test]
fn a_resolution_past_its_day_is_urged_put_off_and_carried_over() {
    let mut story = held();
    let minutes = [("minutes", "一、限期整改"), ("countersign-by", "2026-03-27")];
    story.act(MEETING, PROCURATORATE, "submit-minutes", &minutes);
    story.act(MEETING, BUREAU, "countersign", &[]);
    story.act(MEETING, PROCURATORATE, "issue-minutes", &[("minutes-no", "联席纪要〔2026〕1号")]);
    let resolved = [("resolved", "完成整改"), ("done-when", "监测达标"), ("due-on", "2026-04-30")];
    story.open(RESOLUTION, Some(MEETING), PROCURATORATE, &[("owner", "1")], &resolved);
    story.act(RESOLUTION, BUREAU, "sign", &[]);
    let urging = [("urging", "请说明原因")];
    let early = story.refused(RESOLUTION, PROCURATORATE, "urge", &urging);
    assert_eq!(early.why, Why::Condition, "nothing is overdue");
    story.day("2026-05-01");
    assert_eq!(story.owed(RESOLUTION, "completion").standing(), Standing::Lapsed);
    story.act(RESOLUTION, PROCURATORATE, "urge", &urging);
    let later = [("new-due-on", "2026-06-30"), ("extension-reason", "汛期不能施工")];
    story.act(RESOLUTION, PROCURATORATE, "put-off", &later);
    assert_eq!(story.due(RESOLUTION, "completion-later"), day("2026-06-30"));
    story.act(RESOLUTION, PROCURATORATE, "carry-over", &[("carry-reason", "需再次会商")]);
    story.act(MEETING, PROCURATORATE, "close", &[("closing-report", "一项转入下次会议")]);
}

#[test]
fn a_meeting_that_is_moved_is_answered_anew() {
    let mut story = proposed();
    story.act(MEETING, PROCURATORATE, "call", &CALL);
    story.act(MEETING, BUREAU, "answer", &[("attendee", "王某")]);
    let moved = [
        ("held-at", "2026-04-10T09:30"),
        ("answer-by", "2026-04-03"),
        ("postpone-reason", "与督察时间冲突"),
    ];
    story.act(MEETING, PROCURATORATE, "postpone", &moved);
    assert_eq!(story.owed(MEETING, "answer").standing(), Standing::Running);
    assert_eq!(story.due(MEETING, "answer"), day("2026-04-03"));
    assert_eq!(story.due(MEETING, "meeting"), day("2026-04-10"));
}

const CONSULTATION: &str = "consultation";

fn invited() -> Story {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let opening = [
        ("consultation-kind", "round-table"),
        ("facts", "锅炉废气超标"),
        ("topics", "一、整改方案"),
    ];
    story.open(CONSULTATION, Some("problem"), PROCURATORATE, &[("agency", "1")], &opening);
    let invitation =
        [("held-at", "2026-03-12T14:30"), ("venue", "检察院"), ("answer-by", "2026-03-09")];
    story.act(CONSULTATION, PROCURATORATE, "invite", &invitation);
    story.act(CONSULTATION, BUREAU, "answer", &[("attendee", "王某，副局长")]);
    story.day("2026-03-12");
    let record = [("attendance", "检察院、生态环境局、企业"), ("record", "见笔录")];
    story.act(CONSULTATION, PROCURATORATE, "hold", &record);
    story
}

const AGREED: [(&str, &str); 4] = [
    ("confirmed-facts", "颗粒物超标属实"),
    ("agreed", "更换除尘设施"),
    ("agreed-by", "2026-05-31"),
    ("sign-by", "2026-03-19"),
];

#[test]
fn what_a_round_table_agrees_is_signed_by_both_and_joins_the_repair_list() {
    let mut story = invited();
    story.act(CONSULTATION, PROCURATORATE, "send-for-signing", &AGREED);
    story.act(CONSULTATION, BUREAU, "sign", &[]);
    // A day both sides agreed is that day: 2026-05-31 is a Sunday and does not roll.
    assert_eq!(story.due(CONSULTATION, "repair"), day("2026-05-31"));
    let item = [
        ("item-what", "更换布袋除尘器"),
        ("item-where", "1号锅炉"),
        ("item-measure", "停炉更换"),
        ("item-by", "2026-05-20"),
        ("item-check", "监测报告"),
    ];
    story.act(CONSULTATION, BUREAU, "add-repair-item", &item);
    assert_eq!(story.state("repair-item"), "planned");
    assert_eq!(story.due("repair-item", "repair"), day("2026-05-20"));
    story.act(CONSULTATION, BUREAU, "report-repair", &[("repair-report", "已更换")]);
    let outcome = [("outcome", "repaired"), ("outcome-note", "监测达标")];
    story.act(CONSULTATION, PROCURATORATE, "close", &outcome);
    assert_eq!(story.state(CONSULTATION), "closed");
}

#[test]
fn a_round_table_without_agreement_ends_openly_and_not_before_the_day_agreed() {
    let mut story = invited();
    story.act(CONSULTATION, PROCURATORATE, "send-for-signing", &AGREED);
    story.act(CONSULTATION, BUREAU, "object", &[("objection", "期限过短")]);
    let repaired = [("outcome", "repaired"), ("outcome-note", "无")];
    let unreported = story.refused(CONSULTATION, PROCURATORATE, "close", &repaired);
    assert_eq!(unreported.why, Why::Condition, "nothing was reported repaired");
    story.act(CONSULTATION, PROCURATORATE, "send-for-signing", &AGREED);
    story.act(CONSULTATION, BUREAU, "sign", &[]);
    let failed = [("outcome", "failed"), ("outcome-note", "未落实")];
    let early = story.refused(CONSULTATION, PROCURATORATE, "close", &failed);
    assert_eq!(early.why, Why::Condition, "the day agreed has not passed");
    story.day("2026-06-01");
    assert_eq!(story.owed(CONSULTATION, "repair").standing(), Standing::Lapsed);
    story.act(CONSULTATION, PROCURATORATE, "close", &failed);
}

const HEARING: &str = "hearing";

#[test]
fn a_hearing_is_announced_three_days_before_and_its_opinion_is_followed_or_not_with_reasons() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let opening = [("hearing-ground", "plan"), ("hearing-issues", "整改方案是否可行")];
    story.open(HEARING, Some("problem"), PROCURATORATE, &[("agency", "1")], &opening);
    assert!(!story.sees(HEARING, BUREAU));
    let mut notice = vec![
        ("held-at", "2026-03-12T09:00"),
        ("venue", "检察听证室"),
        ("chair", "张某"),
        ("hearing-officers", "李某，教授"),
        ("officer-count", "3"),
        ("participants", "生态环境局、企业"),
        ("open-hearing", "false"),
        ("recusal-check", "无需回避"),
    ];
    let secret = story.refused(HEARING, PROCURATORATE, "notify", &notice);
    let missing: Vec<_> = secret.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(missing, ["closed-reason"], "a closed hearing needs its reason");
    notice.push(("closed-reason", "涉及商业秘密"));
    story.act(HEARING, PROCURATORATE, "notify", &notice);
    // Three full days before 12 March is the 8th, a Sunday: by the Friday before.
    assert_eq!(story.due(HEARING, "notice-before"), day("2026-03-06"));
    story.act(HEARING, BUREAU, "acknowledge", &[("attendee", "王某")]);
    assert_eq!(story.owed(HEARING, "notice-before").standing(), Standing::Met);
    story.day("2026-03-12");
    story.act(HEARING, PROCURATORATE, "hold", &[("record", "见笔录")]);
    story.act(HEARING, PROCURATORATE, "record-opinion", &[("officers-opinion", "方案可行")]);
    let decided = [("adopted", "yes"), ("adoption-note", "采纳")];
    story.act(HEARING, PROCURATORATE, "decide", &decided);
    assert_eq!(story.state(HEARING), "closed");
}
