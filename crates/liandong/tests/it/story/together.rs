//! Two people at one matter at the same instant, tabs left open too long, and clicks too many.

use super::{BUREAU, BUREAU_LEADER, PROCURATORATE, Person, Stage, register_problem};
use crate::browser::Scripts;

const BUREAU_NAME: &str = "宝鸡市生态环境局凤翔分局";

/// The procuratorate has registered a problem of the bureau's; both are on its page.
async fn on_one_problem(stage: &Stage) -> Option<(Person, Person)> {
    let (ours, theirs) = tokio::join!(stage.person(), stage.person());
    let (mut ours, mut theirs) = (ours?, theirs?);
    ours.as_(PROCURATORATE).await;
    register_problem(&mut ours, "彪角镇养殖场粪污直排").await;
    theirs.as_(BUREAU).await;
    theirs.browser.goto(&ours.place("环境问题")).await;
    theirs.this_is_the("环境问题").await;
    Some((ours, theirs))
}

#[tokio::test]
async fn of_two_offices_at_the_same_instant_one_acts_and_the_other_is_told() {
    let stage = Stage::empty();
    let Some((mut ours, mut theirs)) = on_one_problem(&stage).await else { return };
    let by = ours.in_days(30).await;
    let (assigned, taken_on) = ("请于一个月内完成粪污收集池建设。", "我局自行督促建设粪污收集池。");
    tokio::join!(
        async {
            ours.begin("交办整改").await;
            ours.fill_in(&[("整改完成期限", &by), ("整改目标和要求", assigned)]).await;
        },
        async {
            theirs.begin("主动整改").await;
            theirs.fill_in(&[("整改完成期限", &by), ("整改目标和要求", taken_on)]).await;
        },
    );
    tokio::join!(ours.send(), theirs.send());
    let (we_did, they_did) = (was_done(&ours).await, was_done(&theirs).await);
    assert!(we_did != they_did, "one of two acts: {we_did} {they_did}");

    let (loser, words) = if we_did { (&mut theirs, taken_on) } else { (&mut ours, assigned) };
    loser.browser.see("本次未办理").await;
    loser.browser.screenshot("together-told").await;
    loser.browser.axe().await;
    // What was written is in the list of drafts.
    loser.browser.goto("/drafts").await;
    loser.browser.see(words).await;

    for person in [&mut ours, &mut theirs] {
        person.at_("环境问题").await;
        person.stands("整改中", BUREAU_NAME).await;
        let done = person.times_in_timeline("状态：已发现 → 整改中").await;
        assert_eq!(done, 1, "it is in repair once");
    }
}

/// Waits for the answer: done, or told that it was not.
async fn was_done(person: &Person) -> bool {
    let answer = "//*[@role='status'][contains(.,'已办理')] | //h1[contains(.,'本次未办理')]";
    person.browser.find_xpath(answer, "an answer").await;
    !person.browser.text().await.contains("本次未办理")
}

#[tokio::test]
async fn a_stale_tab_writes_nothing_and_loses_nothing() {
    let stage = Stage::empty();
    let Some((mut ours, theirs)) = on_one_problem(&stage).await else { return };
    let (said_late, said_first) = ("航拍显示粪污仍在外排。", "已责令停产整治。");
    ours.begin("续报进展").await;
    ours.fill_in(&[("进展情况", said_late)]).await;
    theirs.do_("续报进展", &[("进展情况", said_first)]).await;

    ours.send().await;
    ours.browser.see("事项已有变化，本次未办理").await;
    ours.browser.see("您打开页面之后的变化").await;
    ours.browser.screenshot("together-stale").await;
    ours.browser.axe().await;
    theirs.browser.goto(&theirs.place("环境问题")).await;
    assert_eq!(theirs.times_in_timeline("续报进展").await, 1);
    assert_eq!(theirs.times_in_timeline(said_late).await, 0);

    ours.browser.click("打开草稿").await;
    assert_eq!(ours.browser.value("进展情况").await, said_late);
    ours.send().await;
    ours.told("已办理“续报进展”。").await;
    assert_eq!(ours.times_in_timeline("续报进展").await, 2);

    // A page of sign-in left open in another tab after somebody else took the browser.
    ours.at_("环境问题").await;
    ours.begin("续报进展").await;
    ours.fill_in(&[("进展情况", "不应写入的一句。")]).await;
    let form = ours.browser.client.window().await.unwrap();
    let other = ours.browser.client.new_window(true).await.unwrap().handle;
    ours.browser.client.switch_to_window(other).await.unwrap();
    ours.as_(BUREAU).await;
    ours.browser.client.switch_to_window(form).await.unwrap();
    ours.send().await;
    ours.browser.see("页面已失效，本次未办理").await;
    theirs.browser.goto(&theirs.place("环境问题")).await;
    assert_eq!(theirs.times_in_timeline("续报进展").await, 2);
}

#[tokio::test]
async fn a_double_click_acts_once() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    story.as_(BUREAU).await;
    register_problem(&mut story, "虢王镇秸秆露天焚烧").await;
    let problem = story.place("环境问题");
    twice(&mut story, "已派员巡查。").await;
    assert_eq!(story.times_in_timeline("续报进展").await, 1);
    // A form that a bad network sends three times is one act as well.
    story.begin("续报进展").await;
    story.fill_in(&[("进展情况", "已约谈村干部。")]).await;
    let script = "const done = arguments[0];
                  const form = document.querySelector('form.form');
                  const send = () => fetch(form.action, { method: 'POST', body: new FormData(form) });
                  Promise.all([send(), send(), send()]).then(() => done(true));";
    story.browser.client.execute_async(script, vec![]).await.unwrap();
    story.browser.goto(&problem).await;
    assert_eq!(story.times_in_timeline("续报进展").await, 2);

    let Some(mut story) = stage.person_without_scripts().await else { return };
    assert_eq!(story.browser.scripts(), Scripts::Off);
    story.as_(BUREAU).await;
    story.browser.goto(&problem).await;
    story.this_is_the("环境问题").await;
    twice(&mut story, "火点已全部扑灭。").await;
    assert_eq!(story.times_in_timeline("续报进展").await, 3);
}

/// Reports progress with two clicks in the blink of an eye.
async fn twice(story: &mut Person, words: &str) {
    story.at_("环境问题").await;
    story.begin("续报进展").await;
    story.fill_in(&[("进展情况", words)]).await;
    let script = "const send = document.querySelector('form.form .form-foot button.primary');
                  send.click(); send.click();";
    story.browser.client.execute(script, vec![]).await.unwrap();
    story.browser.element("header.head").await;
    story.at_("环境问题").await;
}

#[tokio::test]
async fn of_two_windows_of_a_leader_one_approves() {
    let stage = Stage::empty();
    let (Some(mut first), Some(mut second)) = tokio::join!(stage.person(), stage.person()) else {
        return;
    };
    first.as_(BUREAU).await;
    register_problem(&mut first, "柳林镇酒厂废水异味").await;
    let unfounded =
        [("不属实情形", "经核查，反映的事实不存在"), ("核查经过", "现场核查，无异味。")];
    first.check_and_propose("认定不属实", &unfounded, &["批准后将会发生"]).await;
    let proposal = format!("{}/proposal", first.place("环境问题"));
    first.as_(BUREAU_LEADER).await;
    second.as_(BUREAU_LEADER).await;
    first.browser.goto(&proposal).await;
    second.browser.goto(&proposal).await;
    tokio::join!(first.browser.click("同意"), second.browser.click("同意"));
    let answer =
        "//*[contains(.,'已同意。') or contains(.,'本次未办理') or contains(.,'不再等待审批')]";
    let mut approved = 0;
    for person in [&first, &second] {
        person.browser.find_xpath(answer, "an answer").await;
        approved += usize::from(person.browser.text().await.contains("已同意。"));
    }
    assert_eq!(approved, 1);
    first.browser.goto(&first.place("环境问题")).await;
    first.shows(".head-line .state", "不属实").await;
    assert_eq!(first.times_in_timeline("状态：已发现 → 不属实").await, 1);
}
