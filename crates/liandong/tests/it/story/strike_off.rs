//! The first story: a county bureau finds pollution it cannot stop, the procuratorate takes the clue,
//! and what was broken is repaired, checked, struck off and looked at again.

use super::{
    BUREAU, BUREAU_LEADER, BUREAU_LIAISON, CITY_BUREAU, CITY_BUREAU_LEADER, PROCURATORATE,
    PROCURATORATE_LEADER, Person, Stage, register_problem,
};
use jiff::ToSpan as _;

const TITLE: &str = "长青工业园区燃煤锅炉颗粒物超标排放";
const CLUE: &str = "公益诉讼案件线索";
const CASE: &str = "行政公益诉讼案件";
const SUGGESTION: &str = "检察建议";
const REPAIR: &str = "整改项";
const PROBLEM: &str = "环境问题";

const BUREAU_NAME: &str = "宝鸡市生态环境局凤翔分局";
const PROCURATORATE_NAME: &str = "宝鸡市凤翔区人民检察院";
const CITY_BUREAU_NAME: &str = "宝鸡市生态环境局";

#[tokio::test]
async fn from_the_problem_to_the_return_visit() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    the_problem(&mut story).await;
    the_clue(&mut story).await;
    the_case(&mut story).await;
    the_suggestion(&mut story).await;
    the_acknowledgement(&mut story).await;
    the_repair(&stage, &mut story).await;
    the_reply(&mut story).await;
    the_check(&stage, &mut story).await;
    the_end_of_the_case(&mut story).await;
    the_striking_off(&mut story).await;
    the_return_visit(&mut story).await;
}

async fn the_problem(story: &mut Person) {
    story.as_(BUREAU).await;
    assert_eq!(story.counter("我方应办").await, 0);
    register_problem(story, TITLE).await;
    story.shows("h1", TITLE).await;
    story.stands("已发现", BUREAU_NAME).await;
    story.browser.see("法律未规定交办期限，应及时交办或者移送线索。").await;

    let by = story.in_days(60).await;
    story.do_("主动整改", &[("整改完成期限", &by)]).await;
    story.stands("整改中", BUREAU_NAME).await;
    assert_eq!(story.due("完成整改并申请验收").await.to_string(), by);
    story.browser.goto("/").await;
    assert_eq!(story.counter("我方应办").await, 1);
    story.lists("我方应办", TITLE).await;
}

async fn the_clue(story: &mut Person) {
    let today = story.in_days(0).await;
    story.at_(PROBLEM).await;
    story.begin("起草线索移送函").await;
    story.fill_in(&[("线索来源", "国家机关、社会团体和人大代表、政协委员等转交")]).await;
    story.pick("接收检察院", "凤翔区", PROCURATORATE_NAME).await;
    story
        .fill_in(&[
            ("发现日期", &today),
            ("领域", "生态环境和资源保护"),
            ("公益受损事实", "颗粒物排放超标，园区周边空气质量持续下降。"),
            ("地点", "长青工业园区"),
            ("涉及行政机关及其职责", "凤翔生态环境分局负有大气污染防治监督管理职责。"),
            ("举报人", "刘老汉"),
            ("举报人联系方式", "13900001234"),
            ("实名举报", "是"),
        ])
        .await;
    story.send().await;
    story.told("已登记，编号 线索〔").await;
    story.this_is_the(CLUE).await;
    // Whoever took the tip reads who gave it.
    story.shows("#facts", "刘老汉").await;

    story
        .check_and_propose(
            "提交线索",
            &[],
            &[
                &format!("报{BUREAU_NAME}的审批领导审批；批准前不生效，对方看不到。"),
                "批准后将会发生",
                "状态由“拟稿”变为“已提交、待接收”。",
                &format!("经手转至{PROCURATORATE_NAME}"),
                "接收登记并出具回执",
                "办理后不能更改",
                "公益诉讼案件线索移送函",
            ],
        )
        .await;
    story.stands("拟稿", BUREAU_NAME).await;
    story.shows(".head-line", "待凤翔生态环境分局审批领导审批").await;

    // The other side sees nothing of it yet.
    story.as_(PROCURATORATE).await;
    let clue = story.place(CLUE);
    story.browser.goto(&clue).await;
    story.browser.see("没有找到").await;

    story.approved_by(BUREAU_LEADER, "提交线索").await;
    story.at_(CLUE).await;
    story.stands("已提交、待接收", PROCURATORATE_NAME).await;

    story.as_(PROCURATORATE).await;
    assert_eq!(story.counter("我方应办").await, 1);
    story.lists("我方应办", "接收登记并出具回执").await;
    story.at_(CLUE).await;
    story.shows("#facts", "〔已脱敏〕").await;
    story.browser.see_not("刘老汉").await;
    story.browser.see_not("13900001234").await;
    story.do_("接收登记", &[("承办检察官", "张检察官"), ("线索编号", "凤检线〔2026〕7号")]).await;
    story.do_("开始评估", &[]).await;
    story
        .propose(
            "决定立案",
            &[
                ("评估意见", "线索属实，具有可查性，行政机关未依法全面履职。"),
                (
                    "立案情形",
                    "公益受到侵害，且负有监督管理职责的行政机关可能违法行使职权或者不作为（第67条）",
                ),
            ],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "决定立案").await;

    // What the procuratorate thinks of it stays with the procuratorate.
    story.as_(BUREAU).await;
    story.at_(CLUE).await;
    story.shows(".head-line .state", "已决定立案").await;
    story.browser.see_not("具有可查性").await;
}

async fn the_case(story: &mut Person) {
    let today = story.in_days(0).await;
    story.as_(PROCURATORATE).await;
    story.at_(CLUE).await;
    story.begin("对行政机关立案").await;
    story.pick("行政机关", "凤翔生态", BUREAU_NAME).await;
    story.fill_in(&[("案由", "不依法履行大气污染防治监督管理职责")]).await;
    story.send().await;
    story.browser.see("请核对：对行政机关立案").await;
    story.browser.see(&format!("新立{CASE}")).await;
    story.browser.click("确认对行政机关立案").await;
    story.told("已办理“对行政机关立案”。").await;
    story
        .do_("反馈移送单位并办结", &[("反馈内容", "已对凤翔生态环境分局立案审查，感谢移送。")])
        .await;
    story.shows(".head-line .state", "办结").await;

    story.at_(CASE).await;
    story.stands("已立案、待送达", PROCURATORATE_NAME).await;
    story.explains("送达立案决定书", &["届满日", "《人民检察院公益诉讼办案规则》第70条"]).await;
    story
        .check_and_do(
            "送达立案决定书",
            &[("立案决定书送达日期", &today), ("送达方式", "平台送达")],
            &[
                "状态由“已立案、待送达”变为“调查中”。",
                "此后可以查看本事项：陕西省人民政府、宝鸡市人民政府、",
                "“送达立案决定书”即告完成",
                "立案决定书",
            ],
        )
        .await;
    story
        .do_(
            "记录调查",
            &[
                ("调查措施", "询问|勘验物证、现场"),
                ("调查人员", "张检察官、李检察官助理"),
                ("调查记录", "现场勘验，3 号锅炉除尘设施停运。"),
            ],
        )
        .await;
    story.do_("调查终结", &[("调查终结报告", "事实已查清：仅作罚款，未责令限制生产。")]).await;
    story
        .do_("启动制发检察建议", &[("制发检察建议的理由", "公益受损，行政机关未依法全面履职。")])
        .await;
    story.stands("制发检察建议中", PROCURATORATE_NAME).await;
}

async fn the_suggestion(story: &mut Person) {
    story.at_(SUGGESTION).await;
    story.stands("起草中", PROCURATORATE_NAME).await;
    story
        .check_and_propose(
            "签发检察建议书",
            &[
                ("案件来源", "行政机关移送"),
                ("公益受到侵害的事实", "颗粒物排放超标，空气质量持续下降。"),
                ("不依法履职的事实和理由", "仅作罚款，未责令限制生产、停产整治。"),
                ("法律依据", "《中华人民共和国生态环境法典》第一千零七十六条"),
                ("建议的具体内容", "依法全面履行监督管理职责，督促企业完成除尘改造。"),
            ],
            // What the leader will sign, and what runs from then on.
            &["报宝鸡市凤翔区人民检察院的审批领导审批", "批准后将会发生", "“送达检察建议书”"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "签发检察建议书").await;

    story.as_(PROCURATORATE).await;
    story.at_(SUGGESTION).await;
    story.stands("待送达", PROCURATORATE_NAME).await;
    // Three days to serve it.
    let serve_by = story.due("送达检察建议书").await;
    assert!(serve_by >= story.today().await.saturating_add(3.days()));
    story.browser.screenshot("story-1-to-serve").await;

    // Until it is served the recipient does not know of it.
    let suggestion = story.place(SUGGESTION);
    story.as_(BUREAU).await;
    story.browser.goto(&suggestion).await;
    story.browser.see("没有找到").await;

    story.as_(PROCURATORATE).await;
    story.at_(SUGGESTION).await;
    story
        .check_and_do(
            "直接送达",
            &[],
            &[
                &format!("经手转至{BUREAU_NAME}"),
                "状态由“待送达”变为“已送出、待签收”。",
                "此后可以查看本事项：陕西省人民政府、宝鸡市人民政府、",
                "“送达检察建议书”即告完成",
                "送达回证",
            ],
        )
        .await;
    story.stands("已送出、待签收", BUREAU_NAME).await;
}

async fn the_acknowledgement(story: &mut Person) {
    let tomorrow = story.today().await.tomorrow().unwrap();
    story.move_clock_to(tomorrow).await;
    story.as_(BUREAU_LIAISON).await;
    assert_eq!(story.counter("待签收").await, 1);
    story.browser.screenshot("story-1-to-acknowledge").await;
    story.browser.click_css("[aria-labelledby='h-signing'] a.btn.primary").await;
    story.browser.see("签收之日起计算回复期、整改期和异议期。").await;
    story.browser.see("“书面回复检察建议”，届满日").await;
    story.send().await;
    story.told("已办理“签收”。").await;
    story.this_is_the(SUGGESTION).await;
    story.stands("整改中", BUREAU_NAME).await;

    // Two months from the day of acknowledgement, and not before the next working day.
    let reply = story.due("书面回复检察建议").await;
    assert!(reply >= tomorrow.saturating_add(2.months()), "{reply}");
    assert!(reply <= tomorrow.saturating_add(2.months()).saturating_add(12.days()), "{reply}");
    assert_eq!(story.due("整改期").await, reply);
    story
        .explains(
            "书面回复检察建议",
            &[&tomorrow.to_string(), "2个月", "届满日", &reply.to_string(), "第21条"],
        )
        .await;
    story.browser.screenshot_long("story-1-acknowledged").await;
    story.browser.goto("/").await;
    assert_eq!(story.counter("待签收").await, 0);
    story.lists("我方应办", "书面回复检察建议").await;

    // The other side counts the same days.
    story.as_(PROCURATORATE).await;
    story.lists("他方应办", "书面回复检察建议").await;
    story.at_(SUGGESTION).await;
    assert_eq!(story.due("书面回复检察建议").await, reply);
    story.do_("报上一级备案", &[("备案说明", "送达后五日内报备")]).await;
    // Urged once, and both sides can see it.
    story.browser.click_css("#obligations button").await;
    story.told("已催办“书面回复检察建议”").await;
    assert_eq!(story.times_in_timeline("催办“书面回复检察建议”").await, 1);
}

async fn the_repair(stage: &Stage, story: &mut Person) {
    let month = story.in_days(30).await;
    story.as_(BUREAU).await;
    story.lists("我方应办", "已催办").await;
    story.at_(SUGGESTION).await;
    story.do_("登记分办", &[("承办部门", "大气环境科"), ("承办人", "王科长")]).await;
    story.do_("报送整改方案", &[("整改方案", "一、限产；二、除尘改造；三、监测验收。")]).await;
    let before = stage.photo("整改前.png", [96, 84, 72]);
    story.begin("新增整改项").await;
    story
        .fill_in(&[
            ("整改内容", "3 号锅炉除尘改造"),
            ("点位", "3 号锅炉房"),
            ("整改措施", "更换布袋除尘器"),
            ("完成时限", &month),
            ("核实方式", "监测报告、现场查看"),
            ("整改前照片", before.to_str().unwrap()),
            ("整改前监测值", "86 毫克/立方米"),
        ])
        .await;
    story.uploaded("整改前.png").await;
    story.browser.screenshot_long("story-1-repair-item").await;
    story.send().await;
    story.told("已办理“新增整改项”。").await;

    // “All repaired” is not true yet, and what was written stays.
    story.begin("书面回复").await;
    story.fill_in(&all_repaired()).await;
    story.send().await;
    story.browser.see("还有整改项未报告完成，不能回复“已全部整改到位”").await;
    assert_eq!(story.browser.value("采取的整改措施").await, all_repaired()[1].1);
    story.browser.screenshot_long("story-1-reply-refused").await;

    let later = story.today().await.saturating_add(25.days());
    story.move_clock_to(later).await;
    story.as_(BUREAU).await;
    story.at_(REPAIR).await;
    story.stands("待整改", BUREAU_NAME).await;
    story.do_("开始整改", &[]).await;
    let after = stage.photo("整改后.png", [88, 160, 96]);
    story.begin("报告完成").await;
    let today = story.in_days(0).await;
    story
        .fill_in(&[
            ("完成日期", &today),
            ("完成情况", "布袋除尘器已投运。"),
            ("整改后照片", after.to_str().unwrap()),
            ("整改后监测值", "9 毫克/立方米"),
        ])
        .await;
    story.uploaded("整改后.png").await;
    story.send().await;
    story.told("已办理“报告完成”。").await;
    story.stands("已报完成、待核实", PROCURATORATE_NAME).await;
    let problem = story.place(PROBLEM);
    story.browser.goto(&problem).await;
    story.shows("#repairs", "整改前").await;
    story.shows("#repairs", "86 毫克/立方米").await;
    story.shows("#repairs", "9 毫克/立方米").await;
    let pictures = story.browser.client.find_all(fantoccini::Locator::Css("#repairs img")).await;
    assert_eq!(pictures.unwrap().len(), 2);
    story.browser.screenshot_long("story-1-before-and-after").await;
}

fn all_repaired() -> [(&'static str, &'static str); 3] {
    [
        ("回复类型", "已全部整改到位"),
        ("采取的整改措施", "责令限产，督促企业更换布袋除尘器。"),
        ("完成情况", "3 号锅炉除尘改造已完成，颗粒物稳定达标。"),
    ]
}

async fn the_reply(story: &mut Person) {
    story.at_(SUGGESTION).await;
    let due = story.due("书面回复检察建议").await;
    // The refused reply was kept and is taken up again, with why it was refused.
    story.begin("书面回复").await;
    story.browser.see("已载入上次未能办理的内容").await;
    story.browser.see("还有整改项未报告完成").await;
    assert_eq!(story.browser.value("采取的整改措施").await, all_repaired()[1].1);
    story.send().await;
    story.browser.see("请核对：书面回复").await;
    story.browser.see(&format!("报{BUREAU_NAME}的审批领导审批")).await;
    story.browser.see(&format!("“书面回复检察建议”即告完成，届满日 {due}。")).await;
    story.browser.see("“整改期”不受影响").await;
    story.browser.screenshot_long("story-1-confirm-reply").await;
    story.browser.axe().await;
    story.browser.click("确认书面回复").await;
    story.told("“书面回复”已提交审批。").await;
    // Signing is the leader's; the other side still waits.
    story.as_(PROCURATORATE).await;
    story.at_(SUGGESTION).await;
    story.stands("整改中", BUREAU_NAME).await;
    story.approved_by(BUREAU_LEADER, "书面回复").await;
    story.at_(SUGGESTION).await;
    story.stands("已回复、待核实", PROCURATORATE_NAME).await;
    story.shows("#obligations", "已完成").await;
    story.shows("#documents", "检察建议回复函").await;
}

async fn the_check(stage: &Stage, story: &mut Person) {
    let in_five_days = story.today().await.saturating_add(5.days());
    story.move_clock_to(in_five_days).await;
    story.as_(PROCURATORATE).await;
    story.lists("待我方推进", TITLE).await;
    story.at_(SUGGESTION).await;
    story.do_("开展跟进调查", &[("跟进调查安排", "到现场核对，调取在线监测数据。")]).await;
    story.at_(REPAIR).await;
    let today = story.in_days(0).await;
    let visit = story.in_days(180).await;
    let seen = stage.photo("核实.png", [80, 140, 170]);
    story.begin("核实通过").await;
    story
        .fill_in(&[
            ("核实日期", &today),
            ("核实人员", "张检察官、李检察官助理"),
            ("核实情况", "除尘设施正常运行，在线监测达标。"),
            ("计划回访日期", &visit),
            ("核实照片、报告", seen.to_str().unwrap()),
        ])
        .await;
    story.uploaded("核实.png").await;
    story.send().await;
    story.told("已办理“核实通过”。").await;
    story.stands("核实通过", PROCURATORATE_NAME).await;
    story.at_(SUGGESTION).await;
    story
        .check_and_propose(
            "核实：整改到位",
            &[("核实日期", &today), ("核实情况", "整改到位，公益得到有效保护。")],
            &[
                "状态由“跟进核实中”变为“核实有效、办结”。",
                "本事项办结。",
                "状态变为“整改到位、待终结”",
            ],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "核实：整改到位").await;
    story.at_(SUGGESTION).await;
    story.shows(".head-line .state", "核实有效、办结").await;
}

async fn the_end_of_the_case(story: &mut Person) {
    // While the case is open the problem cannot be struck off; first it must be accepted anyway.
    let acceptance = story.in_days(10).await;
    story.as_(BUREAU).await;
    story.at_(PROBLEM).await;
    story
        .propose(
            "申请验收",
            &[("整改完成情况", "整改项已全部核实通过，申请验收。"), ("约定验收日期", &acceptance)],
        )
        .await;
    story.approved_by(BUREAU_LEADER, "申请验收").await;
    story.at_(PROBLEM).await;
    story.stands("待验收", CITY_BUREAU_NAME).await;
    assert_eq!(story.due("组织验收").await.to_string(), acceptance);

    let today = story.in_days(0).await;
    story.as_(CITY_BUREAU).await;
    story.lists("我方应办", "组织验收").await;
    story.at_(PROBLEM).await;
    story.propose("验收通过", &[("验收日期", &today), ("验收意见", "同意通过验收。")]).await;
    story.approved_by(CITY_BUREAU_LEADER, "验收通过").await;

    story.as_(CITY_BUREAU).await;
    story.at_(PROBLEM).await;
    story.stands("验收通过、待销号", CITY_BUREAU_NAME).await;
    // Not on offer yet, and the page says by which rule.
    story.browser.click_css("details.refused > summary").await;
    let why = "该问题下还有未办结的行政公益诉讼案件（含检察建议），不能销号";
    story.shows("details.refused", why).await;

    story.as_(PROCURATORATE).await;
    story.at_(CASE).await;
    story.stands("整改到位、待终结", PROCURATORATE_NAME).await;
    story
        .check_and_propose(
            "终结案件",
            &[
                ("终结案件情形", "（三）行政机关已经全面采取整改措施依法履行职责"),
                ("审查终结报告", "行政机关已全面整改，建议终结案件。"),
            ],
            &["状态由“整改到位、待终结”变为“终结案件”。", "终结案件决定书"],
        )
        .await;
    story.approved_by(PROCURATORATE_LEADER, "终结案件").await;
}

async fn the_striking_off(story: &mut Person) {
    story.as_(CITY_BUREAU).await;
    story.at_(PROBLEM).await;
    story.begin("销号").await;
    story.fill_in(&[("销号说明", "整改到位，验收通过。")]).await;
    story.send().await;
    story.browser.see("请核对：销号").await;
    story.browser.see("状态由“验收通过、待销号”变为“已销号、待回头看”。").await;
    story.browser.see("“回头看”，届满日").await;
    story.browser.see("环境问题销号单").await;
    story.browser.screenshot_long("story-1-confirm-strike-off").await;
    story.browser.click("确认销号").await;
    story.told("“销号”已提交审批。").await;
    story.approved_by(CITY_BUREAU_LEADER, "销号").await;
    story.at_(PROBLEM).await;
    story.stands("已销号、待回头看", CITY_BUREAU_NAME).await;
    let today = story.today().await;
    let visit = story.due("回头看").await;
    assert!(visit >= today.saturating_add(6.months()), "{visit}");
    story.explains("回头看", &[&today.to_string(), "6个月", "届满日"]).await;
}

async fn the_return_visit(story: &mut Person) {
    let visit = story.due("回头看").await;
    story.move_clock_to(visit.saturating_sub(10.days())).await;
    let today = story.in_days(0).await;
    story.as_(CITY_BUREAU).await;
    story.lists("我方应办", "回头看").await;
    story.at_(PROBLEM).await;
    story
        .do_(
            "回头看",
            &[
                ("回头看日期", &today),
                ("回头看结果", "未反弹"),
                ("回头看情况", "除尘设施正常运行，群众无新的反映。"),
            ],
        )
        .await;
    story.shows(".head-line .state", "回头看完成、办结").await;
    story.shows("#obligations", "已完成").await;
    for act in ["登记环境问题", "主动整改", "申请验收", "验收通过", "销号", "回头看"]
    {
        assert!(story.times_in_timeline(act).await > 0, "{act} is in the timeline");
    }
    assert_eq!(story.times_in_timeline("逾期：").await, 0);
    story.browser.screenshot_long("story-1-closed").await;
    // The repair items went with it.
    story.at_(REPAIR).await;
    story.shows(".head-line .state", "回访完成、办结").await;
    story.browser.goto("/").await;
    assert_eq!(story.counter("我方应办").await, 0);

    // Whoever found it still reads the whole story, with everything the others did.
    story.as_(BUREAU).await;
    story.at_(PROBLEM).await;
    story.shows("#tree", CASE).await;
    story.shows("#tree", "终结案件").await;
    story.browser.axe().await;
}
