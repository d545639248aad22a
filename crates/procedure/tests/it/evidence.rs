//! A procuratorate asks an agency for evidence: given and returned piece by piece, or objected to,
//! refused and reported; nothing ever compels.

use procedure::Why;
use procedure::matter::Standing;

use crate::story::{BUREAU, CASE, PROCURATORATE, Story, acknowledged, day, photo};

const REQUEST: &str = "evidence-request";
const ITEM: &str = "custody-item";
const UPPER_BUREAU: i64 = 0;
const UPPER_PROCURATORATE: i64 = 10;

fn drafted() -> Story {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    story.open(REQUEST, Some("problem"), PROCURATORATE, &[("provider", "1")], &[]);
    assert!(!story.sees(REQUEST, BUREAU));
    story
}

fn issue(story: &mut Story) {
    let input = [
        ("kinds", "files"),
        ("purpose", "查明监管履职情况"),
        ("bounds", "2025年度对该企业的执法卷宗一册"),
        ("necessity", "与待查事实直接相关"),
        ("legal-basis", "《人民检察院公益诉讼办案规则》第三十五条"),
        ("staff", "张某、李某"),
        ("provide-by", "2026-03-16"),
    ];
    story.act(REQUEST, PROCURATORATE, "issue", &input);
    assert!(story.sees(REQUEST, BUREAU) && story.sees(REQUEST, UPPER_PROCURATORATE));
    assert!(story.sees(REQUEST, UPPER_BUREAU), "what it asks for is seen by both superiors");
}

fn list(story: &mut Story) {
    let file = photo();
    let input = [
        ("item-name", "执法卷宗"),
        ("item-kind", "case-file"),
        ("item-quantity", "一册"),
        ("item-form", "original"),
        ("item-purpose", "查明履职情况"),
        ("item-files", &file),
        ("item-return-by", "2026-04-30"),
    ];
    story.act(REQUEST, BUREAU, "add-item", &input);
}

#[test]
fn evidence_is_given_signed_for_used_and_returned() {
    let mut story = drafted();
    issue(&mut story);
    assert_eq!(story.due(REQUEST, "provision"), day("2026-03-16"));
    story.day("2026-03-10");
    list(&mut story);
    let given = [("answer-kind", "whole"), ("answer-words", "全部提供")];
    let unsigned = story.refused(REQUEST, BUREAU, "provide", &given);
    assert_eq!(unsigned.why, Why::Condition, "the file has not been handed over");
    story.act(ITEM, BUREAU, "hand-over", &[("handed-by", "王某"), ("handed-on", "2026-03-10")]);
    story.act(REQUEST, BUREAU, "provide", &given);
    assert_eq!(story.owed(REQUEST, "provision").standing(), Standing::Met);
    let check = [("check-note", "与清单一致")];
    let unreceived = story.refused(REQUEST, PROCURATORATE, "accept-evidence", &check);
    assert_eq!(unreceived.why, Why::Condition, "the file has not been signed for");
    let signed =
        [("received-by", "张某、李某"), ("received-on", "2026-03-10"), ("condition", "完好")];
    story.act(ITEM, PROCURATORATE, "sign-in", &signed);
    assert_eq!(story.due(ITEM, "return"), day("2026-04-30"));
    story.act(REQUEST, PROCURATORATE, "accept-evidence", &check);
    let used = [("used-by", "鉴定机构"), ("used-on", "2026-03-10"), ("use", "委托鉴定")];
    story.act(ITEM, PROCURATORATE, "record-use", &used);
    let early = story.refused(REQUEST, PROCURATORATE, "close", &[("close-note", "已结")]);
    assert_eq!(early.why, Why::Condition, "the file has not been returned");
    story.day("2026-04-20");
    let back = [("sent-back-by", "张某"), ("sent-back-on", "2026-04-20")];
    story.act(ITEM, PROCURATORATE, "send-back", &back);
    assert_eq!(story.owed(ITEM, "return").standing(), Standing::Met);
    let taken =
        [("taken-back-by", "王某"), ("taken-back-on", "2026-04-20"), ("return-condition", "完好")];
    story.act(ITEM, BUREAU, "take-back", &taken);
    story.act(REQUEST, PROCURATORATE, "close", &[("close-note", "全部返还")]);
    assert_eq!((story.state(ITEM), story.state(REQUEST)), ("returned", "closed"));
}

#[test]
fn a_request_too_broad_is_objected_to_put_to_the_higher_procuratorate_and_narrowed() {
    let mut story = drafted();
    issue(&mut story);
    let question = [("scope-question", "范围是否过宽")];
    let early = story.refused(REQUEST, BUREAU, "refer-scope", &question);
    assert_eq!(early.why, Why::Condition, "the requesting procuratorate is asked first");
    let objection = [("objection-ground", "over-broad"), ("objection", "与案件无关的年度过多")];
    story.act(REQUEST, BUREAU, "object", &objection);
    // Nothing is overdue while the objection waits.
    story.day("2026-03-17");
    assert_eq!(story.owed(REQUEST, "provision").standing(), Standing::Ended);
    assert_eq!(story.due(REQUEST, "objection-answer"), day("2026-03-17"));
    let upheld = [("objection-answer", "均属必要"), ("provide-by", "2026-03-31")];
    story.act(REQUEST, PROCURATORATE, "answer-objection", &upheld);
    story.act(REQUEST, BUREAU, "refer-scope", &question);
    let narrowed = [
        ("scope-finding", "限于2025年度"),
        ("bounds", "2025年度执法卷宗"),
        ("provide-by", "2026-04-10"),
    ];
    story.act(REQUEST, UPPER_PROCURATORATE, "uphold-scope", &narrowed);
    assert_eq!(story.due(REQUEST, "provision"), day("2026-04-10"));
    let part = [("answer-kind", "part"), ("answer-words", "部分提供")];
    let silent = story.refused(REQUEST, BUREAU, "provide", &part);
    let missing: Vec<_> = silent.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(missing, ["withheld", "withheld-ground"], "part needs its reasons");
    list(&mut story);
    story.act(REQUEST, PROCURATORATE, "withdraw", &[("withdraw-reason", "另行取得")]);
    assert_eq!((story.state(REQUEST), story.state(ITEM)), ("withdrawn", "struck-off"));
}

#[test]
fn a_refusal_leads_to_reports_and_to_nothing_else() {
    let mut story = drafted();
    issue(&mut story);
    let report = [
        ("refusal-facts", "逾期未提供"),
        ("refusal-measures", "peoples-congress"),
        ("refusal-report", "报告同级人大常委会"),
    ];
    let early = story.refused(REQUEST, PROCURATORATE, "escalate", &report);
    assert_eq!(early.why, Why::Condition);
    story.day("2026-03-17");
    assert_eq!(story.owed(REQUEST, "provision").standing(), Standing::Lapsed);
    story.act(REQUEST, PROCURATORATE, "escalate", &report);
    let procedure = story.rules.procedure(REQUEST).unwrap();
    let measures = &procedure.field("refusal-measures").unwrap().options;
    let measures: Vec<_> = measures.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(measures, ["peoples-congress", "discipline", "superior"], "no more than rule 45");
    // The agency may still give what was asked for.
    list(&mut story);
    story.act(ITEM, BUREAU, "hand-over", &[("handed-by", "王某"), ("handed-on", "2026-03-17")]);
    let given = [("answer-kind", "whole"), ("answer-words", "全部提供")];
    story.act(REQUEST, BUREAU, "provide", &given);
    assert_eq!(story.state(REQUEST), "provided");
}

#[test]
fn a_request_drafted_in_a_case_does_not_show_the_case_to_the_agency_asked() {
    let mut story = acknowledged();
    story.act(CASE, PROCURATORATE, "request-evidence", &[("evidence-provider", "2")]);
    issue_to(&mut story);
    assert!(story.sees(REQUEST, 2) && story.sees("problem", 2));
    assert!(!story.sees(CASE, 2));
}

fn issue_to(story: &mut Story) {
    let input = [
        ("kinds", "evidence"),
        ("purpose", "查明土地性质"),
        ("bounds", "地块登记资料一份"),
        ("necessity", "与待查事实相关"),
        ("legal-basis", "《人民检察院公益诉讼办案规则》第三十五条"),
        ("staff", "张某、李某"),
        ("provide-by", "2026-03-31"),
    ];
    story.act(REQUEST, PROCURATORATE, "issue", &input);
}

#[test]
fn another_procuratorate_entrusted_answers_within_thirty_days() {
    let mut story = Story::on("2026-04-02");
    story.problem(BUREAU);
    story.open(REQUEST, Some("problem"), PROCURATORATE, &[("provider", "1")], &[]);
    let to = [("entrusted", "12"), ("entrust-matter", "询问在该县的证人")];
    story.act(REQUEST, PROCURATORATE, "entrust", &to);
    assert_eq!(story.due(REQUEST, "entrusted-answer"), day("2026-05-06"));
    story.act(REQUEST, 12, "answer-entrustment", &[("entrust-answer", "已询问")]);
    story.act(REQUEST, PROCURATORATE, "close-entrustment", &[("close-note", "已查清")]);
    assert!(!story.sees(REQUEST, BUREAU));
}
