//! Long work at a real browser: begun, its page changes by itself, it is left and found again.

use serde_json::json;

use crate::browser::Browser;
use crate::story::{BUREAU, Stage};

/// Asks for a list as the page of a long one does.
async fn ask(browser: &Browser, address: &str) {
    let script = "
        const form = document.createElement('form');
        const token = document.createElement('input');
        form.method = 'post';
        form.action = arguments[0];
        token.name = 'csrf';
        token.value = document.querySelector('meta[name=csrf]').content;
        form.append(token);
        document.body.append(form);
        form.submit();";
    browser.client.execute(script, vec![json!(address)]).await.unwrap();
    browser.see("任务已提交到后台").await;
}

#[tokio::test]
async fn work_is_left_and_found_again_with_its_file() {
    let stage = Stage::empty();
    let Some(mut person) = stage.person().await else { return };
    person.as_(BUREAU).await;
    let browser = &person.browser;
    browser.goto("/jobs").await;
    browser.see("还没有后台任务").await;
    browser.axe().await;
    ask(browser, "/liaisons/export?missing=1").await;
    // Nobody loads the page again: it changes by itself.
    browser.see("下载文件").await;
    browser.see("SHA-256").await;
    browser.axe().await;
    browser.screenshot("job-done").await;
    browser.goto("/").await;
    browser.click_css(".top-tools > details:last-of-type > summary").await;
    browser.click("后台任务").await;
    browser.see("导出：联络簿").await;
    browser.axe().await;
    browser.click("导出：联络簿").await;
    browser.click("下载文件").await;
    browser.see_not("没有找到").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
