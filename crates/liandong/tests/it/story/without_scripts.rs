//! The third story: the same pages with JavaScript turned off. Nothing is lost, only comfort.

use super::{BUREAU, BUREAU_LEADER, PROCURATORATE, Person, Stage};

const TITLE: &str = "横水镇垃圾填埋场渗滤液外溢";
const FACTS: &str = "填埋场渗滤液漫过围堰，流入雍水河支沟。\n现场气味明显。";
const HARM: &str = "渗滤液外溢，支沟水体发黑发臭，仍在持续。";

#[tokio::test]
async fn everything_works_without_scripts() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person_without_scripts().await else { return };
    a_form_with_faults_keeps_what_was_typed(&stage, &mut story).await;
    a_draft_is_kept_and_taken_up(&mut story).await;
    the_clue_is_received(&mut story).await;
    a_false_picture_is_refused_and_a_true_one_taken(&stage, &mut story).await;
}

async fn a_form_with_faults_keeps_what_was_typed(stage: &Stage, story: &mut Person) {
    story.as_(BUREAU).await;
    story.browser.click("登记环境问题").await;
    let today = story.in_days(0).await;
    let tomorrow = story.in_days(1).await;
    let photo = stage.photo("渗滤液.png", [60, 52, 40]);
    story
        .fill_in(&[
            ("标题", TITLE),
            // Where no list is offered, the name is typed.
            ("责任单位", "凤翔生态环境分局"),
            ("地点", "横水镇三串村"),
            ("行政区划", "610305"),
            ("污染类别", "水污染|固体废物污染"),
            ("问题来源", "日常巡查、执法检查"),
            ("发现日期", &tomorrow),
            ("基本事实", FACTS),
            ("现场照片、影像", photo.to_str().unwrap()),
        ])
        .await;
    story.send().await;
    story.browser.see("有 2 处需要修改，填写的内容均已保留").await;
    story.shows(".errors", "严重程度").await;
    story.shows(".errors", "发现日期").await;
    story.browser.screenshot_long("story-3-faults").await;
    for (label, typed) in [
        ("标题", TITLE),
        ("责任单位", "凤翔生态环境分局"),
        ("地点", "横水镇三串村"),
        ("发现日期", &tomorrow),
        ("基本事实", FACTS),
    ] {
        assert_eq!(story.browser.value(label).await, typed, "{label}");
    }
    // The picture is there already; it need not be chosen again.
    story.browser.see("渗滤液.png").await;
    story.fill_in(&[("严重程度", "较重"), ("发现日期", &today)]).await;
    story.send().await;
    story.told("已登记，编号 问题〔").await;
    story.this_is_the("环境问题").await;
    story.shows("#facts", "水污染").await;
    story.shows("#facts", "固体废物污染").await;
    story.shows("#materials", "渗滤液.png").await;
    story.shows("#materials", "文件指纹").await;
}

async fn a_draft_is_kept_and_taken_up(story: &mut Person) {
    let today = story.in_days(0).await;
    story.begin("起草线索移送函").await;
    story.fill_in(&[("公益受损事实", HARM), ("发现日期", &today)]).await;
    story.browser.click("存草稿").await;
    story.told("草稿已存").await;
    story.as_(BUREAU).await;
    assert_eq!(story.counter("我的草稿").await, 1);
    story.lists("我的草稿", "起草线索移送函").await;
    story.browser.click_css("[aria-labelledby='h-drafts'] a.name").await;
    story.browser.see("已载入您").await;
    assert_eq!(story.browser.value("公益受损事实").await, HARM);
    assert_eq!(story.browser.value("发现日期").await, today);
    story
        .fill_in(&[
            ("接收检察院", "凤翔区检察院"),
            ("线索来源", "其他在履行职责中发现"),
            ("领域", "生态环境和资源保护"),
            ("地点", "横水镇三串村"),
        ])
        .await;
    story.send().await;
    story.told("已登记，编号 线索〔").await;
    story.this_is_the("公益诉讼案件线索").await;
    story.as_(BUREAU).await;
    assert_eq!(story.counter("我的草稿").await, 0);
}

async fn the_clue_is_received(story: &mut Person) {
    story.at_("公益诉讼案件线索").await;
    story.check_and_propose("提交线索", &[], &["批准后将会发生", "办理后不能更改"]).await;
    story.approved_by(BUREAU_LEADER, "提交线索").await;
    story.as_(PROCURATORATE).await;
    story.lists("我方应办", "接收登记并出具回执").await;
    story.at_("公益诉讼案件线索").await;
    let due = story.due("接收登记并出具回执").await;
    story.explains("接收登记并出具回执", &["3个工作日", "届满日", &due.to_string()]).await;
    story.do_("接收登记", &[("承办检察官", "张检察官")]).await;
    story.shows(".head-line .state", "已登记").await;
    story.shows("#documents", "线索接收回执").await;
}

async fn a_false_picture_is_refused_and_a_true_one_taken(stage: &Stage, story: &mut Person) {
    let liar = stage.photo("假照片.png", [0, 0, 0]);
    std::fs::write(&liar, "#!/bin/sh\nrm -rf /\n").unwrap();
    let photo = stage.photo("围堰.png", [70, 110, 80]);
    story.as_(BUREAU).await;
    story.at_("环境问题").await;
    story.begin("续报进展").await;
    story
        .fill_in(&[("进展情况", "已加高围堰，外溢停止。"), ("进展附件", liar.to_str().unwrap())])
        .await;
    story.send().await;
    story.browser.see("不接受这类文件，或者内容与扩展名不符").await;
    assert_eq!(story.browser.value("进展情况").await, "已加高围堰，外溢停止。");
    story.browser.screenshot_long("story-3-false-picture").await;
    story.fill_in(&[("进展附件", photo.to_str().unwrap())]).await;
    story.send().await;
    story.told("已办理“续报进展”。").await;
    story.shows("#materials", "围堰.png").await;
    story.browser.see_not("假照片.png").await;
    assert_eq!(story.times_in_timeline("续报进展").await, 1);
}
