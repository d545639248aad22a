//! Whoever polluted pays: the civil public-interest suit after its notice, and the compensation the
//! government claims first; where it does not, the procuratorate may.

use procedure::matter::Standing;
use procedure::{Value, Why};

use crate::story::{BUREAU, PROCURATORATE, Story, day};

const CIVIL: &str = "civil-public-interest-case";
const NOTICE: &str = "pre-suit-notice";
pub(crate) const COMPENSATION: &str = "damage-compensation";

/// A civil case opened from a clue, concluded and published on Tuesday 20 January 2026.
fn published() -> Story {
    let mut story = Story::on("2026-01-20");
    story.problem(BUREAU);
    story.clue(BUREAU);
    let filing = [("evaluation", "行为人明确"), ("filing-ground", "civil")];
    story.act("clue", PROCURATORATE, "decide-filing", &filing);
    let agency = [("agency", "1"), ("cause", "监管职责")];
    let refusal = story.refused("clue", PROCURATORATE, "open-case", &agency);
    assert_eq!(refusal.why, Why::Condition, "filing was decided for a civil case alone");
    story.act("clue", PROCURATORATE, "open-civil-case", &[("civil-cause", "环境污染民事公益诉讼")]);
    let done = [("conclusion", "事实已查清"), ("offender", "某化工公司")];
    story.act(CIVIL, PROCURATORATE, "conclude-investigation", &done);
    story.act(CIVIL, PROCURATORATE, "start-notice", &[("notice-ground", "公益受损")]);
    let notice = [
        ("harm", "非法倾倒危险废物"),
        ("told", "适格主体可以起诉"),
        ("contact", "张某 0917-0000000"),
        ("media", "正义网"),
        ("published-on", "2026-01-20"),
    ];
    story.act(NOTICE, PROCURATORATE, "publish", &notice);
    story
}

fn suit(on: &str) -> [(&str, &str); 8] {
    [
        ("suit-kind", "civil"),
        ("suing-condition", "no-body"),
        ("sued-on", on),
        ("court-name", "宝鸡市中级人民法院"),
        ("defendants", "某化工公司"),
        ("claims", "restoration-cost"),
        ("claims-detail", "赔偿修复费用"),
        ("indictment-facts", "见起诉书"),
    ]
}

#[test]
fn a_civil_suit_follows_thirty_days_of_notice_and_a_judgment_nobody_appeals() {
    let mut story = published();
    // Thirty days end in the Spring Festival, three months later on a Sunday.
    assert_eq!(story.due(NOTICE, "notice"), day("2026-02-24"));
    let early = story.refused(CIVIL, PROCURATORATE, "sue", &suit("2026-01-20"));
    assert_eq!(early.why, Why::State);
    story.day("2026-03-02");
    assert_eq!((story.state(NOTICE), story.state(CIVIL)), ("over", "review-for-suit"));
    assert_eq!(story.due(CIVIL, "review"), day("2026-05-25"));
    story.act(CIVIL, PROCURATORATE, "sue", &suit("2026-03-02"));
    assert_eq!(story.due(CIVIL, "indictment-filing"), day("2026-03-09"));
    story.act(CIVIL, PROCURATORATE, "file-indictment-upward", &[]);
    let docket = [("docket-no", "（2026）陕03民初1号"), ("docketed-on", "2026-03-02")];
    story.act(CIVIL, PROCURATORATE, "court-dockets", &docket);
    assert_eq!(story.due(CIVIL, "first-instance"), day("2026-09-02"));
    story.day("2026-06-01");
    let judgment = [
        ("judgment-kind", "granted"),
        ("judgment-form", "judgment"),
        ("judgment-no", "（2026）陕03民初1号"),
        ("judged-on", "2026-06-01"),
        ("judgment-received-on", "2026-06-01"),
        ("judgment-words", "赔偿修复费用"),
    ];
    story.act(CIVIL, PROCURATORATE, "record-judgment", &judgment);
    story.day("2026-06-17");
    assert_eq!(story.state(CIVIL), "effective");
    story.act(CIVIL, PROCURATORATE, "close", &[("closing-note", "已履行")]);
    let clue = story.matter("clue");
    assert_eq!(clue.fields.get("civil-progress"), Some(&Value::Text("closed".to_owned())));
}

#[test]
fn while_the_claimant_negotiates_the_procuratorate_does_not_sue_and_its_suit_is_stayed() {
    let mut story = published();
    let told = [("claimant", "1"), ("claimant-words", "启动赔偿程序")];
    story.act(CIVIL, PROCURATORATE, "tell-claimant", &told);
    assert_eq!(story.state(COMPENSATION), "checking");
    story.day("2026-03-02");
    let start = [("check-note", "属实"), ("obligor", "某化工公司"), ("scope", "serious")];
    story.act(COMPENSATION, BUREAU, "start", &start);
    let barred = story.refused(CIVIL, PROCURATORATE, "sue", &suit("2026-03-02"));
    assert_eq!(barred.why, Why::Condition, "the claimant has started");
    let ground = [("termination-ground", "compensation"), ("termination-report", "赔偿已启动")];
    story.act(CIVIL, PROCURATORATE, "terminate", &ground);
    assert_eq!(story.state(CIVIL), "terminated");
}

#[test]
fn appraisal_does_not_count_and_the_court_of_another_procuratorate_starts_the_review_anew() {
    let mut story = published();
    story.day("2026-03-02");
    let out = [
        ("entrusted-on", "2026-03-02"),
        ("appraisal-body", "某鉴定中心"),
        ("appraisal-matter", "损害数额"),
    ];
    story.act(CIVIL, PROCURATORATE, "entrust-appraisal", &out);
    story.day("2026-04-01");
    let back = [("appraisal-received-on", "2026-04-01"), ("appraisal-result", "三百万元")];
    story.act(CIVIL, PROCURATORATE, "receive-appraisal", &back);
    assert!(story.due(CIVIL, "review") > day("2026-06-20"), "thirty days do not count");
    let to = [("suer", "12"), ("transfer-reason", "中级人民法院管辖")];
    story.act(CIVIL, PROCURATORATE, "transfer-for-suit", &to);
    story.act(CIVIL, 12, "take-over", &[]);
    assert_eq!(story.due(CIVIL, "review"), day("2026-07-01"));
    story.act(CIVIL, 12, "sue", &suit("2026-04-01"));
    assert_eq!(story.state(CIVIL), "sued");
}

/// A claim the bureau has started.
pub(crate) fn claimed(on: &str) -> Story {
    let mut story = Story::on(on);
    story.problem(BUREAU);
    let parties = [("claimant", "1"), ("procuratorate", "11")];
    let input =
        [("facts", "非法倾倒危险废物"), ("clue-source", "penalty"), ("obligor", "某化工公司")];
    story.open(COMPENSATION, Some("problem"), BUREAU, &parties, &input);
    story
}

fn negotiating() -> Story {
    let mut story = claimed("2026-06-01");
    assert_eq!(story.due(COMPENSATION, "check"), day("2026-07-01"));
    let start = [("check-note", "属实"), ("obligor", "某化工公司"), ("scope", "serious")];
    story.act(COMPENSATION, BUREAU, "start", &start);
    let done = [("assessment-kind", "expert"), ("assessor", "专家组"), ("assessment", "三百万元")];
    story.act(COMPENSATION, BUREAU, "record-assessment", &done);
    story.day("2026-06-30");
    let notice = [
        ("notice-words", "请于期限内答复"),
        ("notice-served-on", "2026-06-30"),
        ("answer-until", "2026-07-15"),
    ];
    story.act(COMPENSATION, BUREAU, "serve-notice", &notice);
    assert_eq!(story.due(COMPENSATION, "negotiation"), day("2026-09-28"));
    story
}

#[test]
fn compensation_is_agreed_confirmed_and_the_restoration_assessed() {
    let mut story = negotiating();
    let meeting = [("meeting-number", "1"), ("met-on", "2026-06-30"), ("meeting-note", "原则同意")];
    story.act(COMPENSATION, BUREAU, "record-meeting", &meeting);
    story.day("2026-09-28");
    let agreement = [
        ("agreement", "分期修复"),
        ("agreement-effective-on", "2026-09-28"),
        ("perform-by", "2027-06-30"),
    ];
    story.act(COMPENSATION, BUREAU, "reach-agreement", &agreement);
    assert_eq!(story.due(COMPENSATION, "confirmation"), day("2026-10-28"));
    story.day("2026-10-09");
    let asked = [("applied-on", "2026-10-09"), ("court-name", "宝鸡市中级人民法院")];
    story.act(COMPENSATION, BUREAU, "apply-confirmation", &asked);
    story.act(COMPENSATION, BUREAU, "record-court-notice", &[("court-published-on", "2026-10-09")]);
    let ruling = [("ruling-no", "（2026）陕03民特1号"), ("ruling-words", "协议有效")];
    let early = story.refused(COMPENSATION, BUREAU, "confirmed", &ruling);
    assert_eq!(early.why, Why::Condition, "the court's notice is not over");
    story.day("2026-11-12");
    story.act(COMPENSATION, BUREAU, "confirmed", &ruling);
    story.day("2027-06-01");
    let done = [("effect", "达到修复目标"), ("closing-note", "修复完成")];
    story.act(COMPENSATION, BUREAU, "close", &done);
    assert_eq!(story.owed(COMPENSATION, "performance").standing(), Standing::Met);
    assert!(story.sees(COMPENSATION, PROCURATORATE));
}

#[test]
fn negotiation_that_runs_out_has_failed_and_the_department_sues() {
    let mut story = negotiating();
    story.day("2026-09-29");
    assert_eq!(story.state(COMPENSATION), "to-sue");
    let suit =
        [("sued-on", "2026-09-29"), ("court-name", "宝鸡市中级人民法院"), ("claims", "赔偿")];
    story.act(COMPENSATION, BUREAU, "sue", &suit);
    assert_eq!(story.state(COMPENSATION), "in-suit");
}
