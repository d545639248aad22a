//! What the three administrators do, each their own part.

use procedure::definition::RoleName;

use crate::matter_browser::Browser;
use crate::world::World;

#[tokio::test]
async fn an_account_is_opened_by_one_and_given_its_post_by_another() {
    let world = World::new("2026-03-02").await;
    let mut system = Browser::named(&world, "xitong").await;
    let wrong = [("login_name", "A b"), ("display_name", "王新来")];
    let answer = system.send_form("/admin/users/new", &wrong).await;
    assert_eq!(answer.status, 422);
    assert!(answer.html().contains("value=\"王新来\""), "nothing is lost");
    let right = [("login_name", "wangxinlai"), ("display_name", "王新来"), ("title", "科员")];
    let page = system.send_form("/admin/users/new", &right).await.html();
    assert!(page.contains("临时密码"));
    let (_, rest) = page.split_once("data-copy=\"").unwrap();
    let password = crate::matter_browser::unescaped(rest.split_once('"').unwrap().0);

    let mut security = Browser::named(&world, "anquan").await;
    let list = security.get("/admin/users?q=wangxinlai").await.html();
    let (_, rest) = list.split_once("<th scope=\"row\"><a href=\"").unwrap();
    let user = rest.split_once('"').unwrap().0.to_owned();
    let answer = security
        .send_form(&format!("{user}/grant"), &[("unit", "没有的局"), ("role", "handler")])
        .await;
    assert!(answer.status == 422 && answer.html().contains("没有这个单位"));
    let fields = [("unit", "G61030503"), ("role", "handler")];
    assert_eq!(security.send_form(&format!("{user}/grant"), &fields).await.status, 303);

    let mut new = Browser::new(&world);
    let fields = [("user", "wangxinlai"), ("password", password.as_str())];
    assert_eq!(new.send_form("/sign-in", &fields).await.status, 303);
    assert_eq!(new.get("/").await.location(), "/account/password", "first a password of one's own");
    let csrf = new.get("/account/password").await.hidden("csrf");
    let own = "千河水清游鱼历历可数-3";
    let fields = [
        ("csrf", csrf.as_str()),
        ("current", password.as_str()),
        ("password", own),
        ("again", own),
    ];
    assert_eq!(new.post("/account/password", &fields).await.status, 303);
    assert!(new.get("/").await.html().contains("凤翔区水利局"));

    let mut auditor = Browser::named(&world, "shenji").await;
    let journal = auditor.get("/admin/journal").await.html();
    assert!(
        journal.contains("新建账号") && journal.contains("授予角色") && journal.contains("王新来")
    );
    let none = auditor.get("/admin/journal?user=nobody").await.html();
    assert!(none.contains("没有账号“nobody”"));
}

#[tokio::test]
async fn a_refusal_about_people_says_who_may() {
    let world = World::new("2026-03-02").await;
    let mut security = Browser::named(&world, "anquan").await;
    let list = security.get("/admin/users?q=anquan").await.html();
    let (_, rest) = list.split_once("<th scope=\"row\"><a href=\"").unwrap();
    let user = rest.split_once('"').unwrap().0.to_owned();
    let answer = security.send_form(&format!("{user}/reset"), &[]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.html().contains("不得为本人"));
}

#[tokio::test]
async fn units_are_imported_after_a_look_and_all_or_nothing() {
    let world = World::new("2026-03-02").await;
    let mut system = Browser::named(&world, "xitong").await;
    let csrf = system.csrf().await;
    let token = [("csrf", csrf.as_str())];
    let head =
        "code,name,short_name,side,level,division_code,parent_code,line,basis,aliases,note\n";
    let bad = format!(
        "{head}G61030599,凤翔区测试局,凤翔区测试局,nobody,county,610305,G61030500,other,known,,\n"
    );
    let answer = system
        .post_files("/admin/units/import", &token, &[("file", "坏.csv", bad.as_bytes())])
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.html().contains("所属方") && answer.html().contains("没有导入任何内容"));
    let good = bad.replace("nobody", "government");
    let answer = system
        .post_files("/admin/units/import", &token, &[("file", "好.csv", good.as_bytes())])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.html());
    let html = answer.html();
    assert!(html.contains("凤翔区测试局"));
    let (_, rest) = html.split_once("action=\"/admin/units/import/").unwrap();
    let apply = format!("/admin/units/import/{}", rest.split_once('"').unwrap().0);
    let begun = system.post(&apply, &token).await;
    assert_eq!(begun.status, 303);
    let job = begun.location().to_owned();
    assert!(system.get(&job).await.html().contains("排队中"), "nothing is done while one waits");
    web::job::run_waiting(&world.house).await.unwrap();
    let report = system.get(&job).await.html();
    assert!(
        report.contains("导入完成") && report.contains("<span>新建单位</span><b>1</b>"),
        "{report}"
    );
    assert!(system.get("/admin/units?q=G61030599").await.html().contains("凤翔区测试局"));
    let again = system.post(&apply, &token).await.location().to_owned();
    web::job::run_waiting(&world.house).await.unwrap();
    let report = system.get(&again).await.html();
    assert!(
        report.contains("未完成") && report.contains("预览"),
        "a preview is used once: {report}"
    );
    let answer = system.post_files("/admin/units/import", &token, &[]).await;
    assert!(answer.status == 422 && answer.html().contains("请选择文件"));
    let answer =
        system.post_files("/admin/units/import", &token, &[("file", "x.xlsx", b"not a zip")]).await;
    assert_eq!(answer.status, 422);
    for file in ["csv", "xlsx"] {
        assert_eq!(system.get(&format!("/admin/units/export?as={file}")).await.status, 200);
    }
}

#[tokio::test]
async fn a_unit_is_changed_only_as_it_was_seen() {
    let world = World::new("2026-03-02").await;
    let mut system = Browser::named(&world, "xitong").await;
    let unit = world.unit("G61030503");
    let address = format!("/admin/units/{unit}/edit");
    let page = system.get(&address).await;
    let version = page.hidden("version");
    let fields = |name: &'static str, version: String| {
        [
            ("version", version),
            ("name", name.to_owned()),
            ("short_name", "凤翔区水利局".to_owned()),
            ("side", "government".to_owned()),
            ("level", "county".to_owned()),
            ("division_code", "610305".to_owned()),
            ("parent_code", "G61030500".to_owned()),
            ("line", "water".to_owned()),
            ("basis", "known".to_owned()),
            ("active", "yes".to_owned()),
        ]
    };
    let send = |fields: [(&'static str, String); 10]| fields;
    let first = send(fields("宝鸡市凤翔区水务局", version.clone()));
    let first: Vec<_> = first.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(system.send_form(&address, &first).await.status, 303);
    let second = send(fields("宝鸡市凤翔区水利水务局", version));
    let second: Vec<_> = second.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = system.send_form(&address, &second).await;
    assert_eq!(answer.status, 422, "somebody was faster");
    assert!(answer.html().contains("宝鸡市凤翔区水利水务局"), "nothing is lost");
}

#[tokio::test]
async fn a_year_of_holidays_is_loaded_from_a_file() {
    let world = World::new("2026-03-02").await;
    let mut system = Browser::named(&world, "xitong").await;
    let csrf = system.csrf().await;
    let token = [("csrf", csrf.as_str())];
    let wrong = "date,kind,name\n2027-13-01,holiday,元旦\n";
    let answer = system
        .post_files("/admin/calendar", &token, &[("file", "2027.csv", wrong.as_bytes())])
        .await;
    assert!(answer.status == 422 && answer.html().contains("第2行"), "{}", answer.html());
    let right = "date,kind,name\n2027-01-01,holiday,元旦\n";
    let answer = system
        .post_files("/admin/calendar", &token, &[("file", "2027.csv", right.as_bytes())])
        .await;
    assert_eq!(answer.status, 303);
    assert!(system.get("/admin/calendar?year=2027").await.html().contains("2027-01-01"));
    let mut auditor = Browser::named(&world, "shenji").await;
    assert!(auditor.get("/admin/journal").await.html().contains("载入节假日表"));
}

#[tokio::test]
async fn the_post_of_liaison_is_handed_over_with_a_reason() {
    let world = World::new("2026-03-02").await;
    let mut leader = Browser::of(&world, "G61030501", RoleName::Leader).await;
    let unit = world.unit("G61030501");
    let address = format!("/units/{unit}/handover");
    let page = leader.get(&address).await;
    assert_eq!(page.status, 200);
    let from = page.hidden("from");
    let to = world.person("G61030501", RoleName::Handler).user.to_string();
    let fields = [("from", from.as_str()), ("to", to.as_str()), ("reason", "")];
    let answer = leader.send_form(&address, &fields).await;
    assert!(answer.status == 422 && answer.html().contains("交接原因"));
    let fields = [("from", from.as_str()), ("to", to.as_str()), ("reason", "轮岗")];
    assert_eq!(leader.send_form(&address, &fields).await.status, 303);
    let page = leader.get(&format!("/units/{unit}")).await.html();
    assert!(page.contains(&world.person("G61030501", RoleName::Handler).display_name));
    assert!(page.contains("轮岗"));
}

#[tokio::test]
async fn telephone_numbers_of_others_are_masked() {
    let world = World::new("2026-03-02").await;
    let unit = world.unit("J61030500");
    let mut outside = Browser::of(&world, "G61030501", RoleName::Handler).await;
    assert!(outside.get(&format!("/units/{unit}")).await.html().contains("〔已脱敏〕"));
    let mut inside = Browser::of(&world, "J61030500", RoleName::Handler).await;
    assert!(!inside.get(&format!("/units/{unit}")).await.html().contains("〔已脱敏〕"));
}

#[tokio::test]
async fn settings_are_kept_within_their_bounds() {
    let world = World::new("2026-03-02").await;
    let mut security = Browser::named(&world, "anquan").await;
    let fields = |idle: &'static str| {
        [
            ("session-idle-minutes", idle),
            ("session-hours", "12"),
            ("lock-account-after", "5"),
            ("lock-address-after", "20"),
            ("lock-minutes", "15"),
        ]
    };
    let answer = security.send_form("/admin/settings", &fields("100000")).await;
    assert!(answer.status == 422 && answer.html().contains("100000"));
    assert_eq!(security.send_form("/admin/settings", &fields("60")).await.status, 303);
    assert!(security.get("/admin/settings").await.html().contains("value=\"60\""));
    // The system administrator keeps another part, and is not heard about this one.
    let mut system = Browser::named(&world, "xitong").await;
    let page = system.get("/admin/settings").await.html();
    assert!(page.contains("result-days") && !page.contains("session-idle-minutes"));
    system.send_form("/admin/settings", &fields("5")).await;
    assert!(security.get("/admin/settings").await.html().contains("value=\"60\""));
}
