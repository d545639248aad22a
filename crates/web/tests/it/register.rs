//! Lists: filters, columns, views, export; and what one may not see is not there.

use procedure::definition::RoleName;

use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PROCURATORATE, suggestion_awaiting_reply};
use crate::world::World;

#[tokio::test]
async fn a_list_shows_what_is_asked_for_and_says_what_narrows_it() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    world.problem("G61030501", "横水镇渗滤液外溢").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let all = browser.get("/register").await.html();
    assert!(
        all.contains("长青能源化工") && all.contains("横水镇渗滤液") && all.contains("共 2 件")
    );
    let some = browser
        .get("/register?q=%E6%A8%AA%E6%B0%B4&state=open&division=%E5%87%A4%E7%BF%94%E5%8C%BA")
        .await
        .html();
    assert!(
        !some.contains("长青能源化工") && some.contains("横水镇渗滤液") && some.contains("共 1 件")
    );
    assert!(some.contains("去掉条件 凤翔区"));
    let none = browser.get("/register?state=ended").await.html();
    assert!(none.contains("没有符合条件的事项"));
    // A name nobody bears narrows nothing, and the page says so instead of claiming it.
    let wide =
        browser.get("/register?division=%E5%87%A4&holder=nobody&from=yesterday").await.html();
    for words in ["没有行政区划“凤”", "没有名为“nobody”的单位", "“yesterday”不是日期", "共 2 件"]
    {
        assert!(wide.contains(words), "{words}");
    }
    assert!(!wide.contains("去掉条件"));
    let wide = browser.get("/register?state=gone&light=blue&category=noise2&sort=up").await.html();
    for words in [
        "没有状态“gone”",
        "没有期限状况“blue”",
        "没有污染类别“noise2”",
        "没有排序方式“up”",
        "共 2 件",
    ] {
        assert!(wide.contains(words), "{words}");
    }
    assert!(!wide.contains("去掉条件"));
    let backwards = browser.get("/register?from=2026-03-02&to=2026-03-01").await.html();
    assert!(backwards.contains("起始日期晚于截止日期") && backwards.contains("没有符合条件的事项"));
    let one_day = browser.get("/register?from=2026-03-02&to=2026-03-02").await.html();
    assert!(!one_day.contains("起始日期晚于") && one_day.contains("共 2 件"));
    for odd in [
        "?page=0",
        "?page=99999999",
        "?state=nonsense",
        "?light=x",
        "?from=yesterday",
        "?unit=nobody",
        "?sort=%00",
        "?q=%00",
        "?q=a%00b&division=%00&from=%00",
    ] {
        assert_eq!(browser.get(&format!("/register{odd}")).await.status, 200, "{odd}");
    }
    assert_eq!(browser.get("/search?q=%00").await.status, 200);
}

#[tokio::test]
async fn a_page_past_the_end_says_so_and_leads_back() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    for list in ["/register?page=7", "/work/turn?page=7", "/search?q=%E9%95%BF%E9%9D%92&page=7"] {
        let html = browser.get(list).await.html();
        assert!(html.contains("没有第 7 页"), "{list}: {html}");
        assert!(html.contains("page=1\""), "{list}");
        for empty in ["还没有事项", "没有找到相符的事项", "目前没有由我方经手的事项"]
        {
            assert!(!html.contains(empty), "{list}: {empty}");
        }
    }
}

#[tokio::test]
async fn siblings_are_told_apart_by_who_stands_on_the_other_side() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut prosecutor = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let name = |code: &str| {
        let directory = world.people.directory();
        let unit = procedure::Directory::find(directory.as_ref(), code).unwrap();
        directory.get(unit).unwrap().short_name.clone()
    };
    for list in ["/correction", "/correction?procedure=suggestion", "/transfer"] {
        let theirs = prosecutor.get(list).await.html();
        let ours = bureau.get(list).await.html();
        let other = |unit: &str| format!("data-label=\"对方单位\" class=\"short\">{unit}</td>");
        assert!(theirs.contains(&other(&name(BUREAU))), "{list}");
        assert!(ours.contains(&other(&name(PROCURATORATE))), "{list}");
    }
    // The case waits; what runs below it and ends first belongs to its suggestion.
    let html = prosecutor.get("/correction").await.html();
    let row = html.split("<tr>").find(|row| row.contains(story.case.as_str())).unwrap();
    assert!(row.contains("剩 7 天</span><span class=\"under\">检察建议</span>"), "{row}");
    assert!(row.contains("2026-03-09"), "{row}");
}

#[tokio::test]
async fn a_tab_says_how_many_are_open_and_the_list_how_many_of_all() {
    let world = World::new("2026-03-02").await;
    suggestion_awaiting_reply(&world).await;
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let html = browser.get("/correction").await.html();
    assert!(html.contains("行政公益诉讼案件 <span class=\"count\">在办 1</span>"));
    assert!(html.contains("共 1 件，其中在办 1 件"));
    let some = browser.get("/correction?state=open").await.html();
    assert!(some.contains("共 1 件<"), "a narrowed list is only counted");
}

#[tokio::test]
async fn the_library_holds_the_matters_of_every_procedure() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let html = browser.get("/library").await.html();
    for tab in ["行政公益诉讼案件", "检察建议", "公益诉讼案件线索", "环境问题", "整改项"]
    {
        assert!(html.contains(&format!(">{tab} <span class=\"count\">在办 1</span>")), "{tab}");
    }
    // It opens on the cases, and each tab on its own.
    assert!(html.contains(&format!("/matters/{}", story.case)));
    assert!(!html.contains(&format!("/matters/{}", story.suggestion)));
    let letters = browser.get("/library?procedure=suggestion&light=on-time").await.html();
    assert!(letters.contains(&format!("/matters/{}", story.suggestion)));
    assert!(html.contains("href=\"/library\" aria-current=\"page\""), "{html}");
    assert_eq!(browser.get("/library?procedure=nothing").await.status, 404);
    let export = browser.get("/library/export?procedure=suggestion").await;
    assert!(export.status == 200 && export.header("content-type").contains("spreadsheetml"));
}

#[tokio::test]
async fn columns_are_chosen_and_kept_under_a_name() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let page = browser.get("/register?column=severity&column=opened").await.html();
    let (_, table) = page.split_once("<table").unwrap();
    assert!(table.contains("严重程度") && !table.contains("经手单位"));
    let fields = [
        ("page", "/register"),
        ("query", "?column=severity&column=opened&state=open"),
        ("name", "我的视图"),
    ];
    let answer = browser.send_form("/views", &fields).await;
    assert_eq!(answer.location(), "/register?column=severity&column=opened&state=open");
    assert!(browser.get("/register").await.html().contains("我的视图"));
    let answer = browser.send_form("/views", &[("page", "/register"), ("name", " ")]).await;
    assert_eq!(answer.status, 400);
    browser.send_form("/views/delete", &[("page", "/register"), ("name", "我的视图")]).await;
    let page = browser.get("/account").await; // Takes the notice of deletion away.
    assert_eq!(page.status, 200);
    assert!(!browser.get("/register").await.html().contains("我的视图"));
}

#[tokio::test]
async fn a_list_is_exported_as_it_is_seen() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "=1+1 不是公式").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let answer = browser.get("/register/export?state=open").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").contains("spreadsheetml"));
    assert!(answer.header("content-disposition").starts_with("attachment; filename*=UTF-8''"));
    assert_eq!(&answer.body[..2], b"PK");
    assert_eq!(browser.get("/sharing/export").await.status, 404, "nothing runs there yet");
}

#[tokio::test]
async fn what_one_may_not_see_looks_like_what_does_not_exist() {
    let world = World::new("2026-03-02").await;
    let page = world.problem("G61030501", "只有当事单位可见的问题").await;
    let mut party = Browser::of(&world, "J61030500", RoleName::Handler).await;
    assert_eq!(party.get(&page).await.status, 200);
    let mut stranger = Browser::of(&world, "G61030507", RoleName::Handler).await;
    let hidden = stranger.get(&page).await;
    let absent = "/matters/0190b6a0-0000-7000-8000-00000000000a";
    let gone = stranger.get(absent).await;
    assert_eq!((hidden.status, gone.status), (404, 404));
    let (id, other) =
        (page.trim_start_matches("/matters/"), absent.trim_start_matches("/matters/"));
    assert_eq!(hidden.html().replace(id, ""), gone.html().replace(other, ""));
    for list in ["/register", "/search?q=%E5%BD%93%E4%BA%8B%E5%8D%95%E4%BD%8D", "/"] {
        assert!(!stranger.get(list).await.html().contains("只有当事单位可见"), "{list}");
    }
    assert!(
        party
            .get("/search?q=%E5%BD%93%E4%BA%8B%E5%8D%95%E4%BD%8D")
            .await
            .html()
            .contains("只有当事单位可见")
    );
}

#[tokio::test]
async fn a_mechanism_without_a_procedure_names_its_clause_and_leads_on() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let html = browser.get("/sharing").await.html();
    assert!(html.contains("二(七)") && html.contains("尚未在平台上开办"));
    for (page, clause, procedure) in [
        ("/notification", "二(一)", "工作建议"),
        ("/supervision", "二(二)", "专项任务"),
        ("/correction", "二(三)", "检察建议"),
        ("/meeting", "二(六)", "议定事项"),
    ] {
        let html = browser.get(page).await.html();
        assert!(html.contains(clause) && html.contains(procedure), "{page}");
    }
}

#[tokio::test]
async fn every_link_of_the_pages_leads_somewhere() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    for login in [
        world.person("G61030501", RoleName::Handler).login_name.as_str(),
        "xitong",
        "anquan",
        "shenji",
    ] {
        let mut browser = Browser::named(&world, login).await;
        let mut seen = std::collections::BTreeSet::from(["/".to_owned()]);
        let mut waiting = vec!["/".to_owned()];
        while let Some(page) = waiting.pop() {
            let answer = browser.get(&page).await;
            assert!(matches!(answer.status, 200 | 303), "{login}: {page}: {}", answer.status);
            if seen.len() > 220 || !answer.header("content-type").starts_with("text/html") {
                continue;
            }
            let html = answer.html();
            for part in html.split("href=\"").skip(1) {
                let href = crate::matter_browser::unescaped(part.split_once('"').unwrap().0);
                let whole = if href.starts_with('?') {
                    format!("{}{href}", page.split('?').next().unwrap())
                } else {
                    href.split('#').next().unwrap().to_owned()
                };
                if whole.starts_with('/')
                    && !whole.starts_with("/static/")
                    && seen.insert(whole.clone())
                {
                    waiting.push(whole);
                }
            }
        }
    }
}

#[tokio::test]
async fn what_changed_since_the_last_look_is_marked() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let first = browser.get("/news").await.html();
    assert!(first.contains("长青能源化工") && !first.contains("上次查看之后"));
    web::MovableClock::move_to(
        &*world.clock,
        world.house.now() + jiff::SignedDuration::from_mins(5),
    );
    world.problem("G61030501", "横水镇渗滤液外溢").await;
    let second = browser.get("/news").await.html();
    assert!(second.contains("上次查看之后有 1 项变化"));
    assert!(!browser.get("/news").await.html().contains("上次查看之后"));
}
