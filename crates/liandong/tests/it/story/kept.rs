//! What is written is never lost: not with the tab that is closed, not with the session that ended.
//! And what can be done by hand can be done by keys.

use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

use super::{BUREAU, PROCURATORATE, Person, Stage, register_problem};

const WORDS: &str = "排口水体发黑，已采样送检，\n结果三日内补报。";

#[tokio::test]
async fn a_closed_tab_loses_no_word() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    at_a_form(&mut story).await;
    story.fill_in(&[("进展情况", WORDS)]).await;
    // Nobody presses anything: a few seconds later it is on the server.
    saved(&story).await;
    let new = story.browser.client.new_window(true).await.unwrap().handle;
    story.browser.client.close_window().await.unwrap();
    story.browser.client.switch_to_window(new).await.unwrap();
    story.as_(BUREAU).await;
    story.lists("我的草稿", "续报进展").await;
    story.at_("环境问题").await;
    story.begin("续报进展").await;
    story.browser.see("已载入您").await;
    assert_eq!(story.browser.value("进展情况").await, WORDS);
    story.send().await;
    story.told("已办理“续报进展”。").await;
    // Done is done: no draft is left to be sent twice.
    story.as_(BUREAU).await;
    assert_eq!(story.counter("我的草稿").await, 0);
}

#[tokio::test]
async fn a_lost_session_loses_no_word() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    at_a_form(&mut story).await;
    let problem = story.place("环境问题");
    let form = story.browser.client.window().await.unwrap();
    let other = story.browser.client.new_window(true).await.unwrap().handle;
    story.browser.client.switch_to_window(other.clone()).await.unwrap();
    story.sign_out().await;

    story.browser.client.switch_to_window(form.clone()).await.unwrap();
    story.fill_in(&[("进展情况", WORDS)]).await;
    story.browser.see("登录已失效，文字已保留在本窗口").await;
    story.browser.screenshot("kept-signed-out").await;

    story.browser.client.switch_to_window(other).await.unwrap();
    story.as_(BUREAU).await;
    story.browser.client.switch_to_window(form).await.unwrap();
    story.browser.field("进展情况").await.send_keys("现场照片随后附上。").await.unwrap();
    saved(&story).await;
    story.send().await;
    story.told("已办理“续报进展”。").await;
    story.browser.goto(&problem).await;
    assert_eq!(story.times_in_timeline("续报进展").await, 1);
}

#[tokio::test]
async fn keys_do_what_the_mouse_does() {
    let stage = Stage::empty();
    let Some(mut story) = stage.person().await else { return };
    story.as_(PROCURATORATE).await;
    let browser = &story.browser;
    // The first key leads past the navigation.
    press(&story, [Key::Tab]).await;
    assert_eq!(focused(&story).await, "跳到正文");
    browser.goto("/open/problem").await;
    let owner = browser.field("责任单位").await;
    owner.send_keys("凤翔水利").await.unwrap();
    browser.element("[role='option']").await;
    press(&story, [Key::Down, Key::Enter]).await;
    assert_eq!(browser.value("责任单位").await, "宝鸡市凤翔区水利局");
    // A choice among a few is one stop for the keys, and arrows move within it.
    browser.fill("严重程度", "一般").await;
    press(&story, [Key::Down, Key::Down]).await;
    let chosen = browser.element("fieldset input[type='radio']:checked").await;
    assert_eq!(chosen.attr("value").await.unwrap().as_deref(), Some("serious"));
    // An error summary takes the focus, and its first line leads to the field.
    story.send().await;
    browser.element(".errors").await;
    assert_eq!(focused(&story).await.lines().next(), Some("有 7 处需要修改，填写的内容均已保留"));
    press(&story, [Key::Tab, Key::Enter]).await;
    press(&story, ['某', '处']).await;
    assert_eq!(browser.value("标题").await, "某处");
}

async fn at_a_form(story: &mut Person) {
    story.as_(BUREAU).await;
    register_problem(story, "陈村镇洗煤厂废水直排").await;
    story.begin("续报进展").await;
}

/// Waits until the form says that its words are on the server.
async fn saved(story: &Person) {
    let state = "//*[@data-draft-state][contains(.,'草稿已存')]";
    story.browser.find_xpath(state, "草稿已存").await;
}

/// Presses keys where the focus is.
async fn press(story: &Person, keys: impl IntoIterator<Item = impl Into<char>>) {
    for key in keys {
        let value = key.into();
        let stroke = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        story.browser.client.perform_actions(stroke).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The words of what has the focus.
async fn focused(story: &Person) -> String {
    let at = story.browser.client.active_element().await.unwrap();
    at.text().await.unwrap()
}
