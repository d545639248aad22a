//! Every kind of page: nobody is shut out, nothing needs sideways scrolling, and a picture of each is
//! kept to be looked at, in both languages, light and dark, on the common office screen and a phone.

use std::collections::BTreeMap;

use serde_json::json;

use super::{PROCURATORATE, Person, Stage, register_problem};
use crate::program::{Program, data};

/// Wide and high, as a name in the pictures.
const SCREENS: [(u32, u32); 2] = [(1366, 768), (390, 844)];

/// Pages that are looked at in the dark as well: one of each build.
const ALSO_DARK: [&str; 12] = [
    "sign-in",
    "workbench",
    "register",
    "problem",
    "suggestion",
    "form",
    "form-with-faults",
    "confirm",
    "unit",
    "liaisons",
    "admin-users",
    "not-found",
];

/// What stands on a page, by the name of its pictures.
type Addresses = BTreeMap<&'static str, String>;

#[tokio::test]
async fn chinese_pages_shut_nobody_out() {
    every_page("zh").await;
}

#[tokio::test]
async fn english_pages_shut_nobody_out() {
    every_page("en").await;
}

async fn every_page(language: &str) {
    let (folder, path) = data();
    let program = Program::start(&["demo", "--problems", "40"], &path);
    let stage = Stage { program, folder };
    let Some(mut person) = stage.person().await else { return };
    let mut faults = Vec::new();
    person.browser.goto("/sign-in").await;
    take_language(&person, language).await;
    look(&person, "sign-in", language, &mut faults).await;
    take_language(&person, "zh").await;

    person.as_(PROCURATORATE).await;
    let pages = addresses(&mut person).await;
    person.browser.goto("/").await;
    take_language(&person, language).await;
    for (name, address) in &pages {
        person.browser.goto(address).await;
        look(&person, name, language, &mut faults).await;
    }
    // A form with faults, and the page between filling in and doing.
    person.browser.goto("/open/problem").await;
    person.send().await;
    person.browser.element(".errors").await;
    look(&person, "form-with-faults", language, &mut faults).await;
    person.browser.goto(&format!("{}/actions/submit", pages["clue"])).await;
    person.send().await;
    person.browser.element(".will").await;
    look(&person, "confirm", language, &mut faults).await;

    let offices: [(&str, &[(&str, &str)]); 3] = [
        (
            "平台 系统管理员",
            &[
                ("admin-users", "/admin/users"),
                ("admin-units", "/admin/units"),
                ("admin-import", "/admin/units/import"),
                ("admin-new-unit", "/admin/units/new"),
                ("admin-calendar", "/admin/calendar"),
                ("admin-settings", "/admin/settings"),
            ],
        ),
        ("平台 安全保密管理员", &[("admin-roles", "/admin/users")]),
        ("平台 安全审计员", &[("admin-journal", "/admin/journal")]),
    ];
    for (office, pages) in offices {
        person.browser.goto("/").await;
        take_language(&person, "zh").await;
        person.as_(office).await;
        take_language(&person, language).await;
        for (name, address) in pages {
            person.browser.goto(address).await;
            look(&person, name, language, &mut faults).await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Finds, as a reader would, a page of each kind.
async fn addresses(person: &mut Person) -> Addresses {
    let mut found = Addresses::from([
        ("workbench", "/".to_owned()),
        ("register", "/register".to_owned()),
        ("correction", "/correction".to_owned()),
        ("liaisons", "/liaisons".to_owned()),
        ("rules", "/rules".to_owned()),
        ("limits", "/rules/limits".to_owned()),
        ("limit", "/rules/limits/suggestion-reply-ordinary".to_owned()),
        ("procedure", "/rules/procedures/suggestion".to_owned()),
        ("instruments", "/rules/instruments".to_owned()),
        ("lights", "/lights".to_owned()),
        ("owed", "/work/owed".to_owned()),
        ("password", "/account/password".to_owned()),
        ("drafts", "/drafts".to_owned()),
        ("account", "/account".to_owned()),
        ("search", "/search?q=%E9%94%85%E7%82%89".to_owned()),
        ("form", "/open/problem".to_owned()),
        ("not-found", "/matters/01a20c5d-0000-7000-b394-000000000000".to_owned()),
    ]);
    for (name, list) in
        [("problem", "/register"), ("suggestion", "/correction?procedure=suggestion")]
    {
        person.browser.goto(list).await;
        person.browser.click_css("main table tbody a").await;
        person.browser.element("header.head").await;
        found.insert(name, person.browser.path().await);
    }
    found.insert("chart", format!("{}/chart", found["suggestion"]));
    person.browser.click_css("#parties a").await;
    person.browser.element("main h1").await;
    found.insert("unit", person.browser.path().await);

    register_problem(person, "长青工业园区燃煤锅炉颗粒物超标排放").await;
    person.begin("起草线索移送函").await;
    let today = person.in_days(0).await;
    person.pick("接收检察院", "凤翔区", "宝鸡市凤翔区人民检察院").await;
    person
        .fill_in(&[
            ("线索来源", "其他在履行职责中发现"),
            ("发现日期", &today),
            ("领域", "生态环境和资源保护"),
            ("公益受损事实", "颗粒物排放超标，周边空气质量下降。"),
            ("地点", "长青工业园区"),
        ])
        .await;
    person.send().await;
    person.told("已登记，编号 线索〔").await;
    found.insert("clue", person.browser.path().await);
    found
}

/// Takes a language by the button at the top, unless it is spoken already.
async fn take_language(person: &Person, language: &str) {
    let tag = if language == "zh" { "zh-CN" } else { "en" };
    let spoken = "return document.documentElement.lang;";
    let now = person.browser.client.execute(spoken, vec![]).await.unwrap();
    if now.as_str() == Some(tag) {
        return;
    }
    person.browser.click_css(".top-tools button[name='language']").await;
    person.browser.element(&format!("html[lang='{tag}']")).await;
}

/// Looks at the open page on both screens, in the light and in the dark.
async fn look(person: &Person, name: &str, language: &str, faults: &mut Vec<String>) {
    let browser = &person.browser;
    let themes = if ALSO_DARK.contains(&name) { ["light", "dark"].as_slice() } else { &["light"] };
    for theme in themes {
        let dress = "document.documentElement.dataset.theme = arguments[0];";
        browser.client.execute(dress, vec![json!(theme)]).await.unwrap();
        for (wide, high) in SCREENS {
            person.browser.screen(wide, high).await;
            let picture = format!("page-{name}.{language}.{theme}.{wide}");
            browser.screenshot(&picture).await;
            let over = "const page = document.documentElement;
                        return [page.scrollWidth, page.clientWidth];";
            let widths = browser.client.execute(over, vec![]).await.unwrap();
            let [inner, outer] = [0, 1].map(|place| widths[place].as_u64().unwrap());
            if inner > outer {
                faults.push(format!("{picture}: {inner} px wide on a screen of {outer}"));
            }
            // The dark differs in its colours alone, so one screen tells.
            let told = *theme == "dark" && wide != SCREENS[0].0;
            let barriers = if told { Vec::new() } else { browser.barriers().await };
            if !barriers.is_empty() {
                faults.push(format!("{picture}: axe found:\n  {}", barriers.join("\n  ")));
            }
        }
    }
    for complaint in browser.complaints().await {
        faults.push(format!("page-{name}.{language}: {complaint}"));
    }
    browser.screen(1366, 768).await;
    browser.screenshot_long(&format!("long-{name}.{language}")).await;
}
