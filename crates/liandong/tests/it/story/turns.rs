//! The turns a matter may take off the main road: an objection, a clock that stops, a claim that is
//! changed or withdrawn, an appeal, a suit by another procuratorate, pollution that comes back. Each
//! begins where other stories have been, brought there over the API.

use jiff::ToSpan as _;
use serde_json::json;

use super::cast::{BUREAU_CODE, CITY_BUREAU_CODE, Matters};
use super::{
    BUREAU, BUREAU_LEADER, CITY_BUREAU, PROCURATORATE, PROCURATORATE_LEADER, Person, Stage,
};

const CITY_PROCURATORATE: &str = "宝鸡市检察院 经办人";
const BUREAU_NAME: &str = "宝鸡市生态环境局凤翔分局";
const PROCURATORATE_NAME: &str = "宝鸡市凤翔区人民检察院";
const CITY_PROCURATORATE_NAME: &str = "宝鸡市人民检察院";
const CITY_BUREAU_NAME: &str = "宝鸡市生态环境局";
const CASE: &str = "行政公益诉讼案件";
const LETTER: &str = "检察建议";

/// Somebody on a stage on which a suggestion has been signed for.
async fn after_the_suggestion(title: &str) -> Option<(Stage, super::cast::Cast, Person, Matters)> {
    let (stage, cast) = Stage::with_programs().await;
    let mut story = stage.person().await?;
    story.as_(PROCURATORATE).await;
    let today = story.in_days(0).await;
    let matters = cast.acknowledged(title, &today).await;
    story.knows(&matters);
    Some((stage, cast, story, matters))
}

/// The same, the correction period over without an answer and the suit filed.
async fn in_court(title: &str) -> Option<(Stage, super::cast::Cast, Person, Matters)> {
    let (stage, cast, mut story, matters) = after_the_suggestion(title).await?;
    the_correction_period_passes(&mut story).await;
    let today = story.in_days(0).await;
    cast.sued(&matters.case, &today).await;
    story.at_(CASE).await;
    story.stands("一审", PROCURATORATE_NAME).await;
    Some((stage, cast, story, matters))
}

async fn the_correction_period_passes(story: &mut Person) {
    story.as_(PROCURATORATE).await;
    story.at_(LETTER).await;
    let correction = story.due("整改期").await;
    story.move_clock_to(correction.tomorrow().unwrap()).await;
    story.as_(PROCURATORATE).await;
}

#[tokio::test]
async fn an_objection_is_reviewed_and_the_letter_stands() {
    let Some((_stage, _cast, mut story, _)) = after_the_suggestion("异议复核").await else {
        return;
    };
    story.as_(BUREAU).await;
    story.at_(LETTER).await;
    let reply = story.due("书面回复检察建议").await;
    story.propose("提出异议", &[("异议事项与理由", "部分事项不属本局职责。")]).await;
    story.approved_by(BUREAU_LEADER, "提出异议").await;
    story.at_(LETTER).await;
    story.stands("异议复核中", PROCURATORATE_NAME).await;

    story.as_(PROCURATORATE).await;
    story.at_(LETTER).await;
    story.propose("异议不成立", &[("复核意见", "职责清单载明由该局监督管理，异议不成立。")]).await;
    story.approved_by(PROCURATORATE_LEADER, "异议不成立").await;
    story.at_(LETTER).await;
    story.stands("整改中", BUREAU_NAME).await;
    // The clock of the reply ran on.
    assert_eq!(story.due("书面回复检察建议").await, reply);
}

#[tokio::test]
async fn a_suspended_review_goes_on_with_what_was_left() {
    let Some((_stage, _cast, mut story, _)) = after_the_suggestion("中止与恢复").await else {
        return;
    };
    story.as_(BUREAU).await;
    story.at_(LETTER).await;
    let before = story.due("整改期").await;
    story
        .propose(
            "申请中止审查",
            &[
                ("客观原因", "工程建设周期"),
                ("客观原因说明", "除尘改造须停产施工四十日。"),
                ("已作出的行政决定", "责令改正决定书〔2026〕12号。"),
            ],
        )
        .await;
    story.approved_by(BUREAU_LEADER, "申请中止审查").await;

    story.as_(PROCURATORATE).await;
    story.at_(LETTER).await;
    story.stands("申请中止、待审", PROCURATORATE_NAME).await;
    story
        .check_and_propose(
            "中止审查",
            &[
                ("客观原因", "工程建设周期"),
                ("中止审查理由", "改造方案已批准，施工周期属实。"),
                ("已核实行政机关没有怠于履职", "是"),
            ],
            &["批准后将会发生"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "中止审查").await;
    story.at_(LETTER).await;
    story.shows(".head-line .state", "中止审查").await;
    story.shows("#obligations", "中止").await;

    // While it stands still nothing runs out, however long that is.
    story.move_clock_to(before.saturating_add(10.days())).await;
    story.as_(PROCURATORATE).await;
    story.at_(LETTER).await;
    story.shows(".head-line .state", "中止审查").await;
    assert_eq!(story.times_in_timeline("期间届满：“整改期”").await, 0);
    story.propose("恢复审查", &[("恢复审查理由", "改造完成，障碍消除。")]).await;
    story.approved_by(PROCURATORATE_LEADER, "恢复审查").await;
    story.at_(LETTER).await;
    story.stands("整改中", BUREAU_NAME).await;
    let after = story.due("整改期").await;
    assert!(after > before.saturating_add(10.days()), "{before} → {after}");
}

#[tokio::test]
async fn a_claim_is_changed_and_the_agency_appeals() {
    let Some((_stage, _cast, mut story, _)) = in_court("变更诉讼请求与上诉").await else {
        return;
    };
    let today = story.in_days(0).await;
    story
        .propose(
            "变更诉讼请求",
            &[("变更方式", "变更为请求确认原行政行为违法"), ("变更内容和理由", "被告已责令停产。")],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "变更诉讼请求").await;
    story.as_(PROCURATORATE).await;
    story.at_(CASE).await;
    story.do_("提交变更、撤回决定书", &[("提交法院日期", &today)]).await;
    story
        .do_(
            "收到一审裁判",
            &[
                ("裁判结果", "判决确认违法（可同时责令采取补救措施）"),
                ("裁判形式", "判决"),
                ("裁判文书文号", "（2026）陕0304行初22号"),
                ("裁判日期", &today),
                ("裁判文书送达日期", &today),
                ("裁判主文", "确认被告未依法履行监督管理职责违法。"),
            ],
        )
        .await;
    story.stands("一审已裁判", PROCURATORATE_NAME).await;

    story.as_(BUREAU).await;
    story.at_(CASE).await;
    story
        .check_and_do(
            "行政机关上诉",
            &[("上诉日期", &today), ("上诉请求与理由", "请求撤销一审判决。")],
            &["状态由“一审已裁判”变为“二审”。"],
        )
        .await;
    story.shows(".head-line .state", "二审").await;

    story.as_(PROCURATORATE).await;
    story.at_(CASE).await;
    story
        .do_(
            "收到二审裁判",
            &[
                ("二审结果", "驳回上诉，维持原判决、裁定"),
                ("裁判文书文号", "（2026）陕03行终7号"),
                ("裁判日期", &today),
                ("裁判主文", "驳回上诉，维持原判。"),
            ],
        )
        .await;
    story.stands("裁判生效", PROCURATORATE_NAME).await;
}

#[tokio::test]
async fn a_suit_is_withdrawn_when_every_claim_is_met() {
    let Some((_stage, _cast, mut story, _)) = in_court("撤回起诉").await else { return };
    let today = story.in_days(0).await;
    story.propose("决定撤回起诉", &[("撤回起诉理由", "诉讼请求已全部实现。")]).await;
    story.approved_by(PROCURATORATE_LEADER, "决定撤回起诉").await;
    story.as_(PROCURATORATE).await;
    story.at_(CASE).await;
    story.do_("提交变更、撤回决定书", &[("提交法院日期", &today)]).await;
    story
        .check_and_do(
            "法院准许撤诉",
            &[("法院裁定文号", "（2026）陕0304行初22号之一"), ("裁判日期", &today)],
            &["本事项办结。"],
        )
        .await;
    story.shows(".head-line .state", "撤回起诉").await;
}

#[tokio::test]
async fn the_procuratorate_of_the_court_takes_the_case_over() {
    let Some((_stage, _cast, mut story, _)) = after_the_suggestion("移送起诉").await else {
        return;
    };
    the_correction_period_passes(&mut story).await;
    story.at_(CASE).await;
    story.stands("审查起诉", PROCURATORATE_NAME).await;
    story
        .check_and_propose(
            "移送其他检察院起诉",
            &[
                ("移送起诉情形", "立案管辖与诉讼管辖不对应"),
                ("受移送检察院", CITY_PROCURATORATE_NAME),
                ("移送起诉说明", "本案由宝鸡市中级人民法院管辖。"),
            ],
            &["批准后将会发生"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "移送其他检察院起诉").await;
    story.at_(CASE).await;
    story.shows(".head-line .state", "已移送其他检察院起诉").await;

    // A case of their own, in which the review begins with the day they receive it.
    story.move_clock_to(story.today().await.saturating_add(5.days())).await;
    let received = story.today().await;
    story.as_(CITY_PROCURATORATE).await;
    story.at_("环境问题").await;
    let newest = format!("(//*[@id='tree']//a[starts-with(normalize-space(.),'{CASE}')])[last()]");
    story.browser.click_xpath(&newest, CASE).await;
    story.browser.element("header.head").await;
    story.stands("已立案、待送达", CITY_PROCURATORATE_NAME).await;
    story.do_("接收移送起诉案件", &[]).await;
    story.stands("审查起诉", CITY_PROCURATORATE_NAME).await;
    assert!(story.due("审查起诉").await >= received.saturating_add(1.month()));
}

#[tokio::test]
async fn a_return_visit_that_finds_it_back_reopens_the_problem() {
    let (stage, cast) = Stage::with_programs().await;
    let Some(mut story) = stage.person().await else { return };
    story.as_(CITY_BUREAU).await;
    let today = story.in_days(0).await;
    let later = story.in_days(30).await;
    let problem = cast.problem("回头看反弹", &today).await;
    let (ours, above) = (BUREAU_CODE, CITY_BUREAU_CODE);
    cast.act(ours, &problem, "take-on-repair", json!({ "repair-by": later })).await;
    let asked = json!({ "repair-report": "整改完成。", "acceptance-by": later });
    cast.act(ours, &problem, "ask-acceptance", asked).await;
    let accepted = json!({ "accepted-on": today, "acceptance-opinion": "同意通过验收。" });
    cast.act(above, &problem, "accept", accepted).await;
    cast.act(above, &problem, "strike-off", json!({ "strike-off-reason": "整改到位。" })).await;

    story.knows_one("环境问题", &problem);
    story.move_clock_to(story.today().await.saturating_add(90.days())).await;
    let visited = story.in_days(0).await;
    story.as_(CITY_BUREAU).await;
    story.at_("环境问题").await;
    story.stands("已销号、待回头看", CITY_BUREAU_NAME).await;
    story
        .do_(
            "回头看",
            &[
                ("回头看日期", &visited),
                ("回头看结果", "反弹"),
                ("回头看情况", "除尘设施停运，颗粒物再次超标。"),
            ],
        )
        .await;
    story.stands("反弹复开", BUREAU_NAME).await;

    story.as_(BUREAU).await;
    story.at_("环境问题").await;
    let again = story.in_days(30).await;
    story.do_("重新整改", &[("整改完成期限", &again)]).await;
    story.stands("整改中", BUREAU_NAME).await;
    assert!(story.times_in_timeline("销号").await > 0);
}
