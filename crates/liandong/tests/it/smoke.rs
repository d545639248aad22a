//! The harness itself: what a person can do, with scripts and without.

use crate::browser::{Browser, Scripts};
use crate::page;

const PAGE: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>检察建议</title>
<main><h1>检察建议</h1><p>收到：{asked}</p>
<form action=/answer><p><label for=reply>回复 <span>*</span></label><textarea id=reply name=reply></textarea></p>
<p><label>单位 <select name=unit><option value=a>甲局</option><option value=b>乙局</option></select></label></p>
<p><label for=day>整改期限</label><input id=day type=date name=day></p>
<fieldset><legend>是否到场</legend><label><input type=radio name=came value=yes> 到场</label>
<label><input type=radio name=came value=no> 未到场</label></fieldset>
<details><summary>更多</summary><p><label><input type=checkbox name=urgent> 情况紧急</label></p></details>
<button>提交</button></form><p><a href=/elsewhere>其他事项</a></p></main></html>";

async fn a_person_fills_the_form(browser: &Browser) {
    browser.goto("/").await;
    browser.see("收到：/").await;
    browser.see_not("情况紧急").await;
    browser.fill("回复", "已整改，'照片'附后").await;
    browser.fill("单位", "乙局").await;
    browser.fill("整改期限", "2026-03-02").await;
    browser.tick("未到场").await;
    browser.click("更多").await;
    browser.tick("情况紧急").await;
    assert_eq!(browser.value("整改期限").await, "2026-03-02");
    browser.click("提交").await;
    browser.see("unit=b&day=2026-03-02&came=no&urgent=on").await;
    browser.click("其他事项").await;
    assert_eq!(browser.path().await, "/elsewhere");
}

#[tokio::test]
async fn a_person_finds_things_by_their_words() {
    let Some(browser) = Browser::open(&page::serve(PAGE)).await else { return };
    a_person_fills_the_form(&browser).await;
    browser.axe().await;
    browser.screenshot("smoke").await;
}

#[tokio::test]
async fn a_person_without_scripts_finds_them_too() {
    const SCRIPTED: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>x</title>
<div>页面<noscript><p>没有脚本，照常可用</p></noscript></div>";
    let Some(browser) = Browser::open_without_scripts(&page::serve(SCRIPTED)).await else { return };
    assert_eq!(browser.scripts(), Scripts::Off);
    browser.goto("/").await;
    // With scripts, what stands in `noscript` is text and no element.
    browser.element("noscript p").await;
    drop(browser);

    let Some(browser) = Browser::open_without_scripts(&page::serve(PAGE)).await else { return };
    a_person_fills_the_form(&browser).await;
    browser.screenshot("smoke-without-scripts").await;
}

#[tokio::test]
#[should_panic(expected = "the page shows “检察建议”")]
async fn a_barrier_or_a_missing_word_fails_with_the_words_of_the_page() {
    let Some(browser) = Browser::open(&page::serve(PAGE)).await else {
        panic!("the page shows “检察建议”");
    };
    browser.goto("/").await;
    browser.see_not("检察建议").await;
}
