//! The second story: nobody answers the suggestion, the time runs out before everybody's eyes, and the
//! case goes to court.

use jiff::ToSpan as _;

use super::{
    BUREAU, CITY_PROCURATORATE_LEADER, PROCURATORATE, PROCURATORATE_LEADER, Person, Stage,
    register_problem,
};

const TITLE: &str = "雍水河沿岸洗砂场泥浆直排";
const BUREAU_NAME: &str = "宝鸡市生态环境局凤翔分局";
const PROCURATORATE_NAME: &str = "宝鸡市凤翔区人民检察院";
const LAPSE: &str = "逾期：“书面回复检察建议”";

#[tokio::test]
async fn from_silence_to_judgment() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    the_procuratorate_finds_it_itself(&mut story).await;
    the_suggestion_is_left(&stage, &mut story).await;
    nobody_answers(&mut story).await;
    the_review(&mut story).await;
    the_suit(&mut story).await;
    the_judgment(&mut story).await;
}

async fn the_procuratorate_finds_it_itself(story: &mut Person) {
    story.as_(PROCURATORATE).await;
    let today = story.in_days(0).await;
    register_problem(story, TITLE).await;
    story.stands("已发现", PROCURATORATE_NAME).await;
    story.begin("起草线索移送函").await;
    story.pick("接收检察院", "凤翔区", PROCURATORATE_NAME).await;
    story
        .fill_in(&[
            ("线索来源", "检察机关在办案中发现"),
            ("发现日期", &today),
            ("领域", "生态环境和资源保护"),
            ("公益受损事实", "洗砂泥浆直排入河，河道淤积，水体浑浊。"),
            ("地点", "雍水河南岸"),
            ("本院自行发现", "是"),
        ])
        .await;
    story.send().await;
    story.told("已登记，编号 线索〔").await;
    story.this_is_the("公益诉讼案件线索").await;
    story.check_and_propose("提交线索", &[], &["批准后将会发生"]).await;
    story.approved_by(PROCURATORATE_LEADER, "提交线索").await;

    story.as_(PROCURATORATE).await;
    story.at_("公益诉讼案件线索").await;
    story.do_("接收登记", &[("承办检察官", "李检察官")]).await;
    story.do_("开始评估", &[]).await;
    story
        .propose(
            "决定立案",
            &[
                ("评估意见", "线索属实。"),
                (
                    "立案情形",
                    "公益受到侵害，且负有监督管理职责的行政机关可能违法行使职权或者不作为（第67条）",
                ),
            ],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "决定立案").await;
    story.as_(PROCURATORATE).await;
    story.at_("公益诉讼案件线索").await;
    story
        .check_and_do(
            "对行政机关立案",
            &[("行政机关", BUREAU_NAME), ("案由", "不依法履行水污染防治监督管理职责")],
            &["新立行政公益诉讼案件"],
        )
        .await;

    story.at_("行政公益诉讼案件").await;
    story
        .check_and_do(
            "送达立案决定书",
            &[("立案决定书送达日期", &today), ("送达方式", "直接送达")],
            &["状态由“已立案、待送达”变为“调查中”。"],
        )
        .await;
    story.do_("调查终结", &[("调查终结报告", "洗砂场无排污许可，行政机关未予查处。")]).await;
    story.do_("启动制发检察建议", &[("制发检察建议的理由", "行政机关不作为。")]).await;
}

async fn the_suggestion_is_left(stage: &Stage, story: &mut Person) {
    let today = story.today().await;
    story.at_("检察建议").await;
    story
        .check_and_propose(
            "签发检察建议书",
            &[
                ("案件来源", "履行职责中发现"),
                ("公益受到侵害的事实", "洗砂泥浆直排入河。"),
                ("不依法履职的事实和理由", "接群众反映后未予查处。"),
                ("法律依据", "《中华人民共和国生态环境法典》第1076条"),
                ("建议的具体内容", "依法查处洗砂场违法排污行为，督促恢复河道。"),
                ("情况紧急", "是"),
                ("紧急情形", "汛期将至，淤积加剧行洪风险。"),
            ],
            &["批准后将会发生", "“送达检察建议书”"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "签发检察建议书").await;

    let proof = stage.photo("留置送达.png", [120, 120, 150]);
    story.as_(PROCURATORATE).await;
    story.at_("检察建议").await;
    story.begin("留置送达").await;
    story
        .fill_in(&[
            ("送达日期", &today.to_string()),
            ("未签收情形", "拒绝签收"),
            ("拒收经过", "收发室称无权签收，拒不接收。"),
            ("见证人", "横水镇司法所 赵某"),
            ("送达照片、录像", proof.to_str().unwrap()),
        ])
        .await;
    story.uploaded("留置送达.png").await;
    story.send().await;
    story.browser.see("请核对：留置送达").await;
    story.browser.see(&format!("经手转至{BUREAU_NAME}")).await;
    story.browser.see("“书面回复检察建议”，届满日").await;
    story.browser.see("起算期间：“整改期”").await;
    story.browser.screenshot_long("story-2-confirm-leaving").await;
    story.browser.click("确认留置送达").await;
    story.told("已办理“留置送达”。").await;
    story.stands("整改中", BUREAU_NAME).await;

    // An urgent reply is short; the correction period is not.
    let reply = story.due("书面回复检察建议").await;
    let correction = story.due("整改期").await;
    assert!(reply >= today.saturating_add(15.days()), "{reply}");
    assert!(reply < today.saturating_add(1.month()), "{reply}");
    assert!(correction >= today.saturating_add(2.months()), "{correction}");
    story.explains("书面回复检察建议", &["15日", "届满日", &reply.to_string()]).await;
}

async fn nobody_answers(story: &mut Person) {
    let reply = story.due("书面回复检察建议").await;
    let correction = story.due("整改期").await;

    // The last day is still in time.
    story.move_clock_to(reply).await;
    story.as_(BUREAU).await;
    story.lists("我方应办", "今日到期").await;
    story.at_("检察建议").await;
    assert_eq!(story.times_in_timeline(LAPSE).await, 0);

    story.move_clock_to(reply.tomorrow().unwrap()).await;
    story.as_(BUREAU).await;
    story.lists("我方应办", "逾期 1 天").await;
    story.browser.screenshot("story-2-late").await;
    story.at_("检察建议").await;
    assert_eq!(story.times_in_timeline(LAPSE).await, 1);
    story.shows("#obligations", "逾期 1 天").await;

    // However often time passes afterwards, it lapsed once.
    for days in [1, 7, 8] {
        story.move_clock_to(reply.saturating_add((days + 1).days())).await;
    }
    story.as_(PROCURATORATE).await;
    story.lists("他方应办", "书面回复检察建议").await;
    story.at_("检察建议").await;
    assert_eq!(story.times_in_timeline(LAPSE).await, 1);
    // The suit is not open to them before the correction period is over, and the page says why.
    story.at_("行政公益诉讼案件").await;
    story.browser.click_css("details.refused > summary").await;
    story.shows("details.refused", "提起行政公益诉讼").await;

    story.move_clock_to(correction.tomorrow().unwrap()).await;
    story.as_(PROCURATORATE).await;
    story.at_("检察建议").await;
    story.stands("整改期满", PROCURATORATE_NAME).await;
    assert_eq!(story.times_in_timeline(LAPSE).await, 1);
    assert_eq!(story.times_in_timeline("期间届满：“整改期”").await, 1);
    story.browser.screenshot_long("story-2-correction-over").await;
}

async fn the_review(story: &mut Person) {
    story.at_("行政公益诉讼案件").await;
    story.stands("审查起诉", PROCURATORATE_NAME).await;
    let review = story.due("审查起诉").await;
    story.propose("延长审查起诉期限", &[("延长理由", "案情重大，需补充勘验。")]).await;
    story.approved_by(PROCURATORATE_LEADER, "延长审查起诉期限").await;
    story.at_("行政公益诉讼案件").await;
    let extended = story.due("审查起诉").await;
    assert!(extended > review, "{review} → {extended}");
    story.explains("审查起诉", &["延长", "1个月"]).await;

    // A month once; more is for the procuratorate one level up, after their own leader.
    story.as_(PROCURATORATE).await;
    story.at_("行政公益诉讼案件").await;
    story.browser.click_css("details.refused > summary").await;
    story
        .shows("details.refused", "已经延长过一个月；还需要延长的，报上一级人民检察院批准。")
        .await;
    story
        .propose("报上一级批准延长", &[("再次延长理由", "鉴定尚未完成。"), ("延长月数", "1")])
        .await;
    story.approved_by(PROCURATORATE_LEADER, "报上一级批准延长").await;
    story.approved_by(CITY_PROCURATORATE_LEADER, "报上一级批准延长").await;
    story.as_(PROCURATORATE).await;
    story.at_("行政公益诉讼案件").await;
    assert!(story.due("审查起诉").await > extended);
}

async fn the_suit(story: &mut Person) {
    let today = story.in_days(0).await;
    story
        .check_and_propose(
            "提起行政公益诉讼",
            &[
                ("起诉书送交法院日期", &today),
                ("受诉人民法院", "宝鸡市陈仓区人民法院"),
                ("未依法履行职责的情形", "（一）逾期不回复检察建议，也没有采取有效整改措施"),
                ("诉讼请求", "确认行政行为违法|责令依法履行法定职责"),
                ("诉讼请求具体内容", "确认被告不履行监管职责违法，责令其依法履行。"),
                ("事实与理由", "检察建议送达后，被告逾期不回复，损害仍在持续。"),
            ],
            &["批准后将会发生", "状态由“审查起诉”变为“已起诉、待法院立案”。", "行政公益诉讼起诉书"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "提起行政公益诉讼").await;
    story.at_("行政公益诉讼案件").await;
    story.stands("已起诉、待法院立案", PROCURATORATE_NAME).await;
    // The suggestion ends with it.
    story.at_("检察建议").await;
    story.shows(".head-line .state", "随案办结").await;

    story.as_(PROCURATORATE).await;
    story.at_("行政公益诉讼案件").await;
    story.do_("起诉书报上一级备案", &[]).await;
    story.do_("法院立案", &[("案号", "（2026）陕0304行初21号"), ("法院立案日期", &today)]).await;
    story.stands("一审", PROCURATORATE_NAME).await;

    // The agency answers the court on the same page.
    story.as_(BUREAU).await;
    story.at_("行政公益诉讼案件").await;
    story.do_("起诉书副本送达行政机关", &[("行政机关收到起诉书副本日期", &today)]).await;
    story.shows("#obligations", "提交证据、依据和答辩").await;
    story.do_("提交答辩和证据", &[("答辩意见", "已责令停产整治。")]).await;
    story.shows("#obligations", "已完成").await;
}

async fn the_judgment(story: &mut Person) {
    let later = story.today().await.saturating_add(50.days());
    story.move_clock_to(later).await;
    let today = story.in_days(0).await;
    story.as_(PROCURATORATE).await;
    story.at_("行政公益诉讼案件").await;
    story.do_("记录开庭", &[("开庭日期", &today), ("庭审情况", "双方到庭，法庭辩论终结。")]).await;
    story
        .do_(
            "收到一审裁判",
            &[
                ("裁判结果", "判决限期履行法定职责"),
                ("裁判形式", "判决"),
                ("裁判文书文号", "（2026）陕0304行初21号"),
                ("裁判日期", &today),
                ("裁判文书送达日期", &today),
                ("裁判主文", "责令被告于判决生效后三十日内依法履行监管职责。"),
            ],
        )
        .await;
    story.stands("一审已裁判", PROCURATORATE_NAME).await;
    let appeal = story.due("上诉期").await;
    assert!(appeal >= later.saturating_add(15.days()), "{appeal}");
    story.do_("一审裁判报上一级备案", &[]).await;

    story.move_clock_to(appeal.tomorrow().unwrap()).await;
    story.as_(PROCURATORATE).await;
    story.at_("行政公益诉讼案件").await;
    story.stands("裁判生效", PROCURATORATE_NAME).await;
    story.browser.screenshot_long("story-2-effective").await;
    story
        .check_and_propose(
            "裁判履行、办结",
            &[("裁判履行情况", "被告已关停洗砂场，河道清淤完成。")],
            &["本事项办结。"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "裁判履行、办结").await;
    story.at_("行政公益诉讼案件").await;
    story.shows(".head-line .state", "裁判履行、办结").await;
    // From the beginning to the end: what lapsed lapsed once.
    story.at_("检察建议").await;
    assert_eq!(story.times_in_timeline(LAPSE).await, 1);
}
