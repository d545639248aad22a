//! Suspected crimes from the agency to the police and back: the straight road to the judgment, the
//! refusals on either side, the procuratorate's opinion, and the penalty after a non-prosecution.

use procedure::matter::Standing;
use procedure::{Value, Why};

use crate::story::{BUREAU, PROCURATORATE, Story, day, photo};

const POLICE: i64 = 3;
const OTHER_POLICE: i64 = 4;
const UPPER_PROCURATORATE: i64 = 10;
const CRIME: &str = "suspected-crime-transfer";
const OPINION: &str = "procuratorial-opinion-transfer";
const REVERSE: &str = "non-prosecution-penalty";
const ITEM: &str = "custody-item";

fn text(story: &Story, procedure: &str, field: &str) -> String {
    match story.matter(procedure).fields.get(field) {
        Some(Value::Text(text)) => text.clone(),
        other => panic!("{procedure} {field}: {other:?}"),
    }
}

/// A problem and a suspicion that is being checked.
fn suspicion(on: &str, threshold: bool) -> Story {
    let mut story = Story::on(on);
    story.problem(BUREAU);
    let mut input = vec![
        ("facts", "利用暗管向河道排放含铬废水"),
        ("found-on", on),
        ("place", "长青工业园区"),
        ("officers", "王某、赵某"),
    ];
    if threshold {
        input.push(("thresholds", "evasion"));
    }
    let parties = [("police", "3"), ("procuratorate", "11")];
    story.open(CRIME, Some("problem"), BUREAU, &parties, &input);
    assert!(!story.sees(CRIME, POLICE) && !story.sees(CRIME, PROCURATORATE));
    story
}

fn report(story: &mut Story) {
    let input = [("charge", "pollution"), ("transfer-report", "建议移送公安机关")];
    story.act(CRIME, BUREAU, "report", &input);
}

/// The five items of the transfer.
fn deliver(story: &mut Story) {
    let file = photo();
    let input = [
        ("letter-no", "陈环移〔2026〕1号"),
        ("charge", "pollution"),
        ("charge-basis", "《刑法》第三百三十八条"),
        ("contact", "王某 0917-0000000"),
        ("investigation-report", &file),
        ("item-list", "水泵一台"),
        ("test-reports", &file),
        ("other-evidence", &file),
    ];
    story.act(CRIME, BUREAU, "deliver", &input);
}

/// Approved on Tuesday 3 March, accepted by the police on Wednesday.
fn accepted() -> Story {
    let mut story = suspicion("2026-03-02", true);
    report(&mut story);
    story.day("2026-03-03");
    story.lead(CRIME, BUREAU, "approve-transfer", &[]);
    deliver(&mut story);
    story.day("2026-03-04");
    let input = [("acceptor", "李某"), ("accepted-on", "2026-03-04")];
    story.act(CRIME, POLICE, "accept", &input);
    story
}

fn refuse_filing(story: &mut Story, on: &str) {
    let input =
        [("no-filing-ground", "slight"), ("no-filing-reason", "情节显著轻微"), ("decided-on", on)];
    story.act(CRIME, POLICE, "decide-refusal", &input);
    story.act(CRIME, POLICE, "serve-refusal", &[("served-on", on)]);
}

fn file(story: &mut Story, on: &str) {
    let input =
        [("filing-no", "宝陈公立字〔2026〕1号"), ("decided-on", on), ("filed-charge", "pollution")];
    story.act(CRIME, POLICE, "decide-filing", &input);
    story.act(CRIME, POLICE, "serve-filing", &[("served-on", on)]);
}

#[test]
fn a_crime_goes_to_judgment_and_the_sender_sees_every_step() {
    let mut story = suspicion("2026-03-02", true);
    report(&mut story);
    assert_eq!(story.due(CRIME, "approval"), day("2026-03-05"));
    story.day("2026-03-03");
    story.lead(CRIME, BUREAU, "approve-transfer", &[]);
    // Twenty-four hours from nine o'clock.
    assert_eq!(story.due(CRIME, "delivery"), day("2026-03-04"));
    let file_one = photo();
    let short = story.refused(
        CRIME,
        BUREAU,
        "deliver",
        &[
            ("letter-no", "陈环移〔2026〕1号"),
            ("charge", "pollution"),
            ("charge-basis", "《刑法》第三百三十八条"),
            ("contact", "王某"),
            ("investigation-report", &file_one),
            ("item-list", "水泵一台"),
        ],
    );
    let missing: Vec<_> = short.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(missing, ["other-evidence", "test-reports"], "four of five items do not leave");
    deliver(&mut story);
    assert!(story.sees(CRIME, POLICE) && story.sees(CRIME, PROCURATORATE));
    assert_eq!(story.owed(CRIME, "delivery").standing(), Standing::Met);

    story.day("2026-03-04");
    story.act(CRIME, POLICE, "accept", &[("acceptor", "李某"), ("accepted-on", "2026-03-04")]);
    // 7 March is a Saturday.
    assert_eq!(story.due(CRIME, "review"), day("2026-03-09"));
    story.act(CRIME, POLICE, "confirm-complete", &[]);
    story.day("2026-03-06");
    file(&mut story, "2026-03-06");
    assert_eq!(story.due(CRIME, "handover"), day("2026-03-09"));
    let item = [
        ("item-name", "水泵"),
        ("item-kind", "seized"),
        ("item-quantity", "一台"),
        ("item-form", "original"),
        ("item-purpose", "证明排污方式"),
    ];
    story.act(CRIME, BUREAU, "add-item", &item);
    let early = story.refused(CRIME, BUREAU, "complete-handover", &[("handover-note", "已移交")]);
    assert_eq!(early.why, Why::Condition, "the pump is still with the bureau");
    story.act(ITEM, BUREAU, "hand-over", &[("handed-by", "王某"), ("handed-on", "2026-03-06")]);
    let signed = [("received-by", "李某"), ("received-on", "2026-03-06"), ("condition", "相符")];
    story.act(ITEM, POLICE, "sign-in", &signed);
    assert!(story.sees(ITEM, PROCURATORATE), "the procuratorate watches the handover");
    story.act(CRIME, BUREAU, "complete-handover", &[("handover-note", "已移交")]);
    assert_eq!(story.owed(CRIME, "handover").standing(), Standing::Met);

    story.day("2026-04-10");
    let arrest = [("arrest", "approved"), ("arrest-on", "2026-04-10")];
    story.act(CRIME, PROCURATORATE, "record-arrest", &arrest);
    story.day("2026-06-01");
    let referred = [("referred-on", "2026-06-01"), ("filed-charge", "pollution")];
    story.act(CRIME, POLICE, "refer-prosecution", &referred);
    let prosecuted = [
        ("prosecuted-on", "2026-06-01"),
        ("court-name", "宝鸡市陈仓区人民法院"),
        ("prosecuted-charge", "pollution"),
    ];
    story.act(CRIME, PROCURATORATE, "prosecute", &prosecuted);
    story.day("2026-09-01");
    let judgment = [
        ("judgment-result", "guilty"),
        ("judgment-no", "（2026）陕0304刑初1号"),
        ("judged-on", "2026-09-01"),
        ("judgment-words", "有期徒刑并处罚金"),
    ];
    story.act(CRIME, PROCURATORATE, "record-judgment", &judgment);
    story.act(CRIME, PROCURATORATE, "close", &[("execution", "罚金已缴纳")]);
    let matter = story.matter(CRIME);
    assert!(matter.ended && matter.seen_by.iter().any(|unit| unit.0 == BUREAU));
    let told = matter.documents.iter().filter(|made| made.kind == "milestone-letter").count();
    assert_eq!(told, 3, "prosecution, judgment and close each tell the sender");
}

#[test]
fn police_that_stay_silent_are_supervised_until_the_upper_procuratorate_consults() {
    let mut story = accepted();
    let too_soon = [("supervision-request", "应当立案")];
    let refusal = story.refused(CRIME, BUREAU, "suggest-supervision", &too_soon);
    assert_eq!(refusal.why, Why::Condition);
    story.act(CRIME, POLICE, "ask-supplement", &[("missing", "补充监测报告")]);
    assert_eq!(story.owed(CRIME, "completeness").standing(), Standing::Met);
    story.day("2026-03-06");
    story.act(CRIME, BUREAU, "supplement", &[("supplement", "见附件")]);
    // Nothing is decided by Monday 9 March.
    story.day("2026-03-10");
    assert_eq!(story.owed(CRIME, "review").standing(), Standing::Lapsed);
    let longer = [("review-length", "thirty"), ("checking-reason", "案情复杂")];
    assert_eq!(story.refused(CRIME, POLICE, "lengthen-review", &longer).why, Why::Condition);
    story.act(CRIME, BUREAU, "suggest-supervision", &too_soon);
    story.act(CRIME, PROCURATORATE, "demand-reasons", &[("demand-words", "说明逾期不决的理由")]);
    assert_eq!(story.due(CRIME, "reasons"), day("2026-03-17"));
    story.day("2026-03-17");
    story.act(CRIME, POLICE, "explain", &[("explanation", "正在查证")]);
    let order = [("supervision-finding", "理由不成立"), ("filing-order", "暗管排放含铬废水")];
    story.act(CRIME, PROCURATORATE, "order-filing", &order);
    assert_eq!(story.due(CRIME, "must-file"), day("2026-04-01"));
    let correction = [("correction", "依法立案")];
    assert_eq!(
        story.refused(CRIME, PROCURATORATE, "demand-correction", &correction).why,
        Why::Condition
    );
    story.day("2026-04-02");
    story.act(CRIME, PROCURATORATE, "demand-correction", &correction);
    story.act(CRIME, PROCURATORATE, "report-upward", &[("upward-report", "请予协商")]);
    let result = [("upper-result", "file"), ("upper-words", "同级公安机关同意立案")];
    story.act(CRIME, UPPER_PROCURATORATE, "record-consultation", &result);
    assert_eq!(story.state(CRIME), "must-file");
    file(&mut story, "2026-04-02");
    assert_eq!(story.owed(CRIME, "must-file").standing(), Standing::Met);
    // Filed after supervision: three months, then a reminder.
    assert_eq!(story.due(CRIME, "urging"), day("2026-07-02"));
    let urge = [("urge-words", "请反馈侦查进展")];
    assert_eq!(
        story.refused(CRIME, PROCURATORATE, "urge-investigation", &urge).why,
        Why::Condition
    );
    story.day("2026-07-03");
    story.act(CRIME, PROCURATORATE, "urge-investigation", &urge);
    story.act(CRIME, POLICE, "answer-urging", &[("investigation-note", "正在鉴定")]);
}

#[test]
fn where_no_procuratorate_is_above_supervision_ends_with_the_sender_told() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let input = [
        ("facts", "利用暗管向河道排放含铬废水"),
        ("found-on", "2026-03-02"),
        ("place", "长青工业园区"),
        ("officers", "王某、赵某"),
    ];
    let top = UPPER_PROCURATORATE;
    story.open(CRIME, Some("problem"), BUREAU, &[("police", "3"), ("procuratorate", "10")], &input);
    report(&mut story);
    story.lead(CRIME, BUREAU, "approve-transfer", &[]);
    deliver(&mut story);
    story.act(CRIME, POLICE, "accept", &[("acceptor", "李某"), ("accepted-on", "2026-03-02")]);
    story.day("2026-03-06");
    story.act(CRIME, top, "supervise-own", &[("supervision-finding", "逾期不决")]);
    story.act(CRIME, top, "demand-reasons", &[("demand-words", "说明逾期不决的理由")]);
    story.day("2026-03-16");
    story.act(CRIME, top, "demand-correction", &[("correction", "说明理由")]);
    let upward = story.refused(CRIME, top, "report-upward", &[("upward-report", "请予协商")]);
    assert_eq!(upward.why, Why::Condition);
    let ended = [("supervision-finding", "公安机关坚持不立案")];
    story.act(CRIME, top, "stand-by-refusal", &ended);
    story.act(CRIME, top, "tell-sender", &[("tell-words", "监督终结")]);
    assert_eq!(story.state(CRIME), "back-with-agency");
}

#[test]
fn a_refusal_to_file_is_reconsidered_in_time_and_ends_with_a_penalty() {
    let mut story = accepted();
    story.day("2026-03-06");
    refuse_filing(&mut story, "2026-03-06");
    assert_eq!(story.due(CRIME, "reconsider"), day("2026-03-09"));
    story.act(CRIME, BUREAU, "ask-reconsideration", &[("reconsider-reason", "已达入罪标准")]);
    let upheld = [("reconsider-words", "维持"), ("reconsider-served-on", "2026-03-06")];
    story.act(CRIME, POLICE, "uphold-refusal", &upheld);
    story.act(CRIME, BUREAU, "suggest-supervision", &[("supervision-request", "应当立案")]);
    story.act(CRIME, PROCURATORATE, "demand-reasons", &[("demand-words", "说明不立案理由")]);
    story.act(CRIME, POLICE, "explain", &[("explanation", "数量未达标准")]);
    story.act(CRIME, PROCURATORATE, "accept-reasons", &[("supervision-finding", "理由成立")]);
    assert_eq!(story.due(CRIME, "telling"), day("2026-03-16"));
    story.act(CRIME, PROCURATORATE, "tell-sender", &[("tell-words", "不立案理由成立")]);
    let handled = [("handling", "penalty"), ("handling-words", "罚款二十万元")];
    story.act(CRIME, BUREAU, "report-handling", &handled);
    assert_eq!(story.state(CRIME), "administrative");
}

#[test]
fn whoever_misses_three_days_may_no_longer_ask_for_reconsideration() {
    let mut story = accepted();
    story.day("2026-03-06");
    refuse_filing(&mut story, "2026-03-06");
    story.day("2026-03-10");
    let late =
        story.refused(CRIME, BUREAU, "ask-reconsideration", &[("reconsider-reason", "不服")]);
    assert_eq!(late.why, Why::Condition);
    // Supervision knows no such bar.
    story.act(CRIME, BUREAU, "suggest-supervision", &[("supervision-request", "应当立案")]);
    assert_eq!(story.state(CRIME), "supervision-asked");
}

#[test]
fn a_case_outside_jurisdiction_is_forwarded_and_the_sender_follows_it() {
    let mut story = accepted();
    let first = story.matter(CRIME).id.clone();
    story.act(CRIME, POLICE, "find-outside", &[("outside-since", "2026-03-04T08:30")]);
    assert_eq!(story.due(CRIME, "forwarding"), day("2026-03-05"));
    let to = [("new-police", "4"), ("forward-reason", "犯罪地在该县")];
    story.act(CRIME, POLICE, "forward", &to);
    assert_ne!(story.matter(CRIME).id, first);
    assert_eq!(story.state(CRIME), "delivered");
    assert!(story.sees(CRIME, BUREAU) && story.sees(CRIME, OTHER_POLICE));
    let accept = [("acceptor", "孙某"), ("accepted-on", "2026-03-04")];
    story.act(CRIME, OTHER_POLICE, "accept", &accept);
    let file = [("filing-no", "1号"), ("decided-on", "2026-03-04"), ("filed-charge", "pollution")];
    story.act(CRIME, OTHER_POLICE, "decide-filing", &file);
    story.act(CRIME, OTHER_POLICE, "serve-filing", &[("served-on", "2026-03-04")]);
    let before = story.family.get(&first).unwrap();
    assert_eq!(before.fields.get("forward-progress"), Some(&Value::Text("filed".to_owned())));
}

#[test]
fn a_transfer_taken_back_before_it_was_signed_for_is_delivered_again() {
    let mut story = suspicion("2026-03-02", true);
    report(&mut story);
    story.lead(CRIME, BUREAU, "approve-transfer", &[]);
    deliver(&mut story);
    story.act(CRIME, BUREAU, "recall", &[("recall-reason", "清单有误")]);
    let accept = [("acceptor", "李某"), ("accepted-on", "2026-03-02")];
    assert_eq!(story.refused(CRIME, POLICE, "accept", &accept).why, Why::State);
    assert_eq!(story.due(CRIME, "delivery"), day("2026-03-03"));
    deliver(&mut story);
    story.act(CRIME, POLICE, "accept", &accept);
    let late = story.refused(CRIME, BUREAU, "recall", &[("recall-reason", "再改")]);
    assert_eq!(late.why, Why::State, "after acceptance only the police write");
}

#[test]
fn what_does_not_look_criminal_stays_with_the_agency() {
    let mut story = suspicion("2026-03-02", false);
    story.act(CRIME, BUREAU, "conclude-not-criminal", &[("refusal-reason", "未超标")]);
    assert_eq!(story.state(CRIME), "not-transferred");
    assert!(!story.sees(CRIME, PROCURATORATE));
}

#[test]
fn a_refusal_though_a_threshold_is_met_is_seen_and_the_opinion_brings_the_transfer() {
    let mut story = suspicion("2026-03-02", true);
    report(&mut story);
    story.lead(CRIME, BUREAU, "refuse-transfer", &[("refusal-reason", "已作罚款处理")]);
    assert_eq!(story.state(CRIME), "refused");
    assert!(story.sees(CRIME, PROCURATORATE) && !story.sees(CRIME, POLICE));
    story.act(CRIME, PROCURATORATE, "issue-opinion", &[("refusal-finding", "应当移送")]);
    assert!(!story.sees(OPINION, BUREAU));
    let letter = [
        ("facts", "利用暗管排放含铬废水"),
        ("charge", "pollution"),
        ("legal-basis", "《刑法》第三百三十八条"),
        ("demands", "移送公安机关"),
    ];
    story.act(OPINION, PROCURATORATE, "issue", &letter);
    story.act(OPINION, BUREAU, "acknowledge", &[]);
    assert_eq!(story.due(OPINION, "transfer"), day("2026-03-05"));
    let again = [
        ("transfer-police", "3"),
        ("found-on", "2026-03-02"),
        ("place", "长青工业园区"),
        ("officers", "王某、赵某"),
    ];
    let refusal = story.refused(OPINION, BUREAU, "start-transfer", &again);
    assert_eq!(refusal.why, Why::Condition, "there is a transfer already");
    story.lead(CRIME, BUREAU, "approve-transfer", &[]);
    deliver(&mut story);
    assert_eq!(story.state(OPINION), "transferred");
    assert_eq!(story.owed(OPINION, "transfer").standing(), Standing::Met);
    assert_eq!(text(&story, OPINION, "transfer-progress"), "delivered");
    story.act(OPINION, PROCURATORATE, "close", &[("closing-note", "已移送")]);
}

/// A refusal the procuratorate answered with an opinion the bureau has signed for.
fn opined() -> Story {
    let mut story = suspicion("2026-03-02", true);
    story.act(CRIME, BUREAU, "conclude-not-criminal", &[("refusal-reason", "情节轻微")]);
    story.act(CRIME, PROCURATORATE, "issue-opinion", &[("refusal-finding", "应当移送")]);
    let letter = [
        ("facts", "利用暗管排放含铬废水"),
        ("charge", "pollution"),
        ("legal-basis", "《刑法》第三百三十八条"),
        ("demands", "移送公安机关"),
    ];
    story.act(OPINION, PROCURATORATE, "issue", &letter);
    story.act(OPINION, BUREAU, "acknowledge", &[]);
    story
}

#[test]
fn a_refused_transfer_follows_its_opinion() {
    let mut withdrawn = opined();
    withdrawn.act(OPINION, PROCURATORATE, "withdraw", &[("withdraw-reason", "事实有误")]);
    assert_eq!(withdrawn.state(CRIME), "refused");

    let mut accepted = opined();
    accepted.act(OPINION, BUREAU, "explain-refusal", &[("refusal-reason", "已超过追诉时效")]);
    accepted.act(OPINION, PROCURATORATE, "accept-reasons", &[("closing-note", "理由成立")]);
    assert_eq!(accepted.state(CRIME), "refusal-settled");

    let mut told = opined();
    told.act(OPINION, BUREAU, "explain-refusal", &[("refusal-reason", "情节轻微")]);
    let notice = [("police", "3"), ("police-notice", "该局应移送未移送")];
    told.act(OPINION, PROCURATORATE, "notify-police", &notice);
    let answer = [("police-result", "not-filed"), ("police-words", "情节显著轻微")];
    told.act(OPINION, POLICE, "police-answer", &answer);
    assert_eq!(told.state(CRIME), "opinion-issued");
    told.act(OPINION, PROCURATORATE, "close", &[("closing-note", "公安机关不予立案")]);
    assert_eq!(told.state(CRIME), "refusal-settled");
}

#[test]
fn an_opinion_unheeded_is_told_to_the_police() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    let facts = [("facts", "倾倒危险废物五吨"), ("charge", "pollution")];
    story.open(OPINION, Some("problem"), PROCURATORATE, &[("agency", "1")], &facts);
    let letter = [
        ("facts", "倾倒危险废物五吨"),
        ("charge", "pollution"),
        ("legal-basis", "《刑法》第三百三十八条"),
        ("demands", "移送公安机关"),
    ];
    story.act(OPINION, PROCURATORATE, "issue", &letter);
    let service = [("served-on", "2026-03-02"), ("service-note", "邮寄送达")];
    story.act(OPINION, PROCURATORATE, "record-service", &service);
    let notice = [("police", "3"), ("police-notice", "该局应移送未移送")];
    assert_eq!(story.refused(OPINION, PROCURATORATE, "notify-police", &notice).why, Why::Condition);
    story.day("2026-03-06");
    assert_eq!(story.owed(OPINION, "transfer").standing(), Standing::Lapsed);
    story.act(OPINION, PROCURATORATE, "notify-police", &notice);
    assert!(story.sees(OPINION, POLICE));
    let answer = [("police-result", "filed"), ("police-words", "已立案侦查")];
    story.act(OPINION, POLICE, "police-answer", &answer);
    story.act(OPINION, PROCURATORATE, "close", &[("closing-note", "公安机关已立案")]);
    assert_eq!(story.state(OPINION), "closed");
}

/// A case that is not prosecuted on Monday 1 June 2026.
fn not_prosecuted() -> Story {
    let mut story = accepted();
    file(&mut story, "2026-03-04");
    story.day("2026-06-01");
    let referred = [("referred-on", "2026-06-01"), ("filed-charge", "pollution")];
    story.act(CRIME, POLICE, "refer-prosecution", &referred);
    let decision = [("nonprosecution", "discretionary"), ("nonprosecuted-on", "2026-06-01")];
    story.act(CRIME, PROCURATORATE, "not-prosecute", &decision);
    assert_eq!((story.state(CRIME), story.state(REVERSE)), ("not-prosecuted", "not-prosecuted"));
    story
}

fn opinion(limitation: &'static str) -> [(&'static str, &'static str); 6] {
    [
        ("review-report", "应予处罚"),
        ("agency", "1"),
        ("violation", "利用暗管排放水污染物"),
        ("legal-basis", "《行政处罚法》第二十七条"),
        ("demands", "依法给予行政处罚"),
        ("limitation-ok", limitation),
    ]
}

#[test]
fn after_a_non_prosecution_the_penalty_follows_and_the_sender_is_told() {
    let mut story = not_prosecuted();
    assert_eq!(story.due(REVERSE, "notify"), day("2026-06-04"));
    assert_eq!(story.due(REVERSE, "internal"), day("2026-06-04"));
    story.act(REVERSE, PROCURATORATE, "notify-sender", &[("notify-words", "已作不起诉决定")]);
    story.act(REVERSE, PROCURATORATE, "hand-over", &[("internal-note", "见卷宗")]);
    // Ten working days.
    assert_eq!(story.due(REVERSE, "review"), day("2026-06-15"));
    let note = ("limitation-note", "行为终了未满二年");
    let passed = [&opinion("false")[..], &[note]].concat();
    let refusal = story.refused(REVERSE, PROCURATORATE, "issue-opinion", &passed);
    assert_eq!(refusal.why, Why::Condition, "the limitation has passed");
    story.act(REVERSE, PROCURATORATE, "issue-opinion", &[&opinion("true")[..], &[note]].concat());
    let service = [("served-on", "2026-06-01"), ("service-note", "直接送达")];
    story.act(REVERSE, PROCURATORATE, "serve", &service);
    assert_eq!(story.due(REVERSE, "reply"), day("2026-08-03"));
    assert_eq!(text(&story, CRIME, "penalty-progress"), "awaiting-reply");
    story.act(REVERSE, BUREAU, "report-filing", &[("penalty-filed-on", "2026-06-01")]);
    assert_eq!(story.due(REVERSE, "penalty"), day("2026-08-31"));
    story.day("2026-07-20");
    let decided = [
        ("penalty-result", "penalty"),
        ("penalty-decided-on", "2026-07-20"),
        ("penalty-words", "罚款二十万元"),
    ];
    story.act(REVERSE, BUREAU, "report-decision", &decided);
    story.act(REVERSE, BUREAU, "reply", &[("reply", "已处罚")]);
    story.act(REVERSE, PROCURATORATE, "close", &[("closing-note", "已处罚")]);
    assert_eq!(text(&story, CRIME, "penalty-progress"), "closed");
}

#[test]
fn a_reverse_referral_stops_for_the_police_and_is_reported_when_nobody_replies() {
    let mut story = not_prosecuted();
    story.act(REVERSE, PROCURATORATE, "hand-over", &[("internal-note", "见卷宗")]);
    story.day("2026-06-03");
    story.act(REVERSE, POLICE, "ask-reconsideration", &[("reconsider-words", "应当起诉")]);
    assert_eq!(story.due(REVERSE, "reconsideration"), day("2026-07-03"));
    assert_eq!(story.owed(REVERSE, "review").standing(), Standing::Suspended);
    let resume = story.refused(REVERSE, PROCURATORATE, "resume", &[("resume-note", "恢复")]);
    assert_eq!(resume.why, Why::Condition, "the police wait for a decision");
    story.day("2026-06-10");
    let upheld = [("reconsider-result", "维持不起诉决定")];
    story.act(REVERSE, PROCURATORATE, "decide-reconsideration", &upheld);
    assert!(story.due(REVERSE, "review") > day("2026-06-15"), "the pause does not count");
    let note = ("limitation-note", "行为终了未满二年");
    story.act(REVERSE, PROCURATORATE, "issue-opinion", &[&opinion("true")[..], &[note]].concat());
    let service = [("served-on", "2026-06-10"), ("service-note", "直接送达")];
    story.act(REVERSE, PROCURATORATE, "serve", &service);
    let word = [("report-targets", "superior-agency"), ("report-words", "逾期未回复")];
    let early = story.refused(REVERSE, PROCURATORATE, "report-superiors", &word);
    assert_eq!(early.why, Why::Condition);
    story.day("2026-08-11");
    assert_eq!(story.owed(REVERSE, "reply").standing(), Standing::Lapsed);
    story.act(REVERSE, PROCURATORATE, "report-superiors", &word);
    story.act(REVERSE, BUREAU, "reply", &[("reply", "正在办理")]);
    let undone = story.refused(REVERSE, PROCURATORATE, "close", &[("closing-note", "办结")]);
    assert_eq!(undone.why, Why::Condition, "nothing has been decided");
    let further = [("further-words", "作出处理决定"), ("further-by", "2026-09-11")];
    story.act(REVERSE, PROCURATORATE, "ask-further", &further);
    assert_eq!(story.due(REVERSE, "further"), day("2026-09-11"));
}
