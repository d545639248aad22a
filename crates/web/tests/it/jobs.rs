//! Long work: begun, left, found again, ended with a report; and files that come in pieces.

use axum::body::Body;
use axum::http::Method;
use procedure::definition::RoleName;
use web::MovableClock as _;
use web::job::run_waiting;

use crate::matter_browser::{Answer, Browser};
use crate::matter_story::{BUREAU, PIXEL_PNG, PROCURATORATE};
use crate::world::World;

/// The table in a workbook: the words of its first sheet.
fn sheet(bytes: &[u8]) -> String {
    assert_eq!(&bytes[..2], b"PK");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut file = archive.by_name("xl/worksheets/sheet1.xml").unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    text
}

#[tokio::test]
async fn an_export_runs_in_the_background_and_its_file_is_taken_by_whoever_asked() {
    let world = World::new("2026-03-02").await;
    world.problem(BUREAU, "=1+1 长青能源化工锅炉颗粒物超标").await;
    world.problem(BUREAU, "横水镇渗滤液外溢").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    assert!(!browser.get("/").await.html().contains("排队和进行中的任务"));
    let filter = "?q=%E5%8C%96%E5%B7%A5"; // 化工
    let begun = browser.send_form(&format!("/register/export{filter}"), &[]).await;
    assert_eq!(begun.status, 303, "{}", begun.html());
    let page = begun.location().to_owned();
    let waiting = browser.get(&page).await.html();
    assert!(waiting.contains("任务已提交到后台") && waiting.contains("排队中"), "{waiting}");
    assert!(
        waiting.contains("http-equiv=\"refresh\"") && waiting.contains("hx-trigger=\"every 2s\"")
    );
    assert!(browser.get("/").await.html().contains("排队和进行中的任务"), "the shell says so");
    assert_eq!(browser.get(&format!("{page}/result")).await.status, 404, "nothing half is there");

    assert_eq!(run_waiting(&world.house).await.unwrap(), 1);
    let part = browser.send(Method::GET, &page, &[("hx-request", "true")], Body::empty()).await;
    assert!(part.html().trim_start().starts_with("<section"), "only what changes: {}", part.html());
    assert!(!part.html().contains("hx-get"), "and it changes no more");
    let done = browser.get(&page).await.html();
    assert!(
        done.contains("已完成") && done.contains("化工") && !done.contains("refresh"),
        "{done}"
    );
    let file = browser.get(&format!("{page}/result")).await;
    assert_eq!(file.status, 200);
    assert!(file.header("content-type").contains("spreadsheetml"));
    assert!(file.header("content-disposition").starts_with("attachment"));
    let text = sheet(&file.body);
    assert!(text.contains("=1+1 长青能源") && !text.contains("渗滤液"), "as it was filtered");
    assert!(!text.contains("<f>"), "a title is no formula");
    let list = browser.get("/jobs").await.html();
    assert!(list.contains("导出：问题台账") && list.contains(&format!("{page}/result")));

    // Nobody else learns that there is such a job.
    let mut other = Browser::of(&world, BUREAU, RoleName::Leader).await;
    for address in [page.clone(), format!("{page}/result")] {
        assert_eq!(other.get(&address).await.status, 404);
    }
    assert!(!other.get("/jobs").await.html().contains("导出：问题台账"));
    assert_eq!(other.send_form(&format!("{page}/cancel"), &[]).await.status, 404);

    // Who took what out of the platform is written down.
    let mut auditor = Browser::named(&world, "shenji").await;
    let journal = auditor.get("/admin/journal?act=list-exported").await.html();
    assert!(journal.contains("导出名单或者台账") && journal.contains("q=化工"), "{journal}");

    // A file is deleted in time, and the page says so.
    world.machine.move_to("2026-03-10T09:00:00+08:00".parse().unwrap());
    run_waiting(&world.house).await.unwrap();
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let gone = browser.get(&page).await.html();
    assert!(gone.contains("已到期删除"), "{gone}");
    assert_eq!(browser.get(&format!("{page}/result")).await.status, 404);
}

#[tokio::test]
async fn a_runner_wakes_when_something_is_asked_and_ends_when_it_is_told_to() {
    let world = World::new("2026-03-02").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let runner = tokio::spawn(web::job::run(world.house.clone(), stopped));
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let patience = std::time::Duration::from_secs(20);
    for _ in 0..3 {
        let page = browser.send_form("/liaisons/export", &[]).await.location().to_owned();
        let done = async {
            while !browser.get(&page).await.html().contains("已完成") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(patience, done).await.expect("nobody did the work");
    }
    stop.send(true).unwrap();
    tokio::time::timeout(patience, runner).await.expect("it goes on").unwrap();
}

#[tokio::test]
async fn what_is_exported_is_what_one_may_see_when_it_runs() {
    let world = World::new("2026-03-02").await;
    world.problem(BUREAU, "长青能源化工锅炉颗粒物超标").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = browser.send_form("/register/export", &[]).await.location().to_owned();
    let handler = world.person(BUREAU, RoleName::Handler).clone();
    let mut security = Browser::named(&world, "anquan").await;
    let unit = world.unit(BUREAU).to_string();
    let fields = [("unit", unit.as_str()), ("role", "handler"), ("reason", "调离")];
    let revoked =
        security.send_form(&format!("/admin/users/{}/revoke", handler.user), &fields).await;
    assert_eq!(revoked.status, 303, "{}", revoked.html());
    run_waiting(&world.house).await.unwrap();
    let shown = browser.get(&page).await.html();
    assert!(shown.contains("未完成") && shown.contains("岗位已不再由您担任"), "{shown}");
    assert_eq!(browser.get(&format!("{page}/result")).await.status, 403);
}

#[tokio::test]
async fn a_job_is_cancelled_once() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = browser.send_form("/liaisons/export?missing=1", &[]).await.location().to_owned();
    for said in ["任务已取消", "任务在取消之前已经结束"] {
        let answer = browser.send_form(&format!("{page}/cancel"), &[]).await;
        assert_eq!(answer.location(), page);
        assert!(browser.get(&page).await.html().contains(said));
    }
    assert_eq!(run_waiting(&world.house).await.unwrap(), 0);
    // Only so many may wait at once.
    for _ in 0..store::job::JOBS_LIVE_MAX {
        assert_eq!(browser.send_form("/liaisons/export", &[]).await.status, 303);
    }
    let full = browser.send_form("/liaisons/export", &[]).await;
    assert_eq!(full.status, 429, "{}", full.html());
    assert!(full.html().contains("后台任务在排队或者进行"));
}

#[tokio::test]
async fn short_lists_come_at_once_and_every_list_is_written_down() {
    let world = World::new("2026-03-02").await;
    world.problem(BUREAU, "长青能源化工锅炉颗粒物超标").await;
    let mut handler = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut system = Browser::named(&world, "xitong").await;
    let mut auditor = Browser::named(&world, "shenji").await;
    let register = handler.get("/register/export").await;
    assert!(sheet(&register.body).contains("长青能源"));
    let book = handler.get("/liaisons/export?division=%E5%87%A4%E7%BF%94%E5%8C%BA").await;
    assert!(sheet(&book.body).contains("凤翔"));
    assert_eq!(system.get("/admin/units/export?as=csv").await.status, 200);
    let journal = auditor.get("/admin/journal/export").await;
    let text = sheet(&journal.body);
    assert!(text.contains("导出名单或者台账") && text.contains("matters"), "{text}");
    // The same in the background.
    for (who, address) in [
        ('h', "/liaisons/export"),
        ('s', "/admin/units/export?as=xlsx"),
        ('s', "/admin/units/export?as=csv"),
        ('a', "/admin/journal/export?act=signed-in"),
    ] {
        let browser = match who {
            'h' => &mut handler,
            's' => &mut system,
            _ => &mut auditor,
        };
        let page = browser.send_form(address, &[]).await.location().to_owned();
        assert_eq!(run_waiting(&world.house).await.unwrap(), 1);
        let file = browser.get(&format!("{page}/result")).await;
        assert_eq!(file.status, 200, "{address}: {}", browser.get(&page).await.html());
        assert!(file.body.len() > 100, "{address}");
    }
    let journal = auditor.get("/admin/journal?act=list-exported").await.html();
    assert_eq!(journal.matches("导出名单或者台账").count() - 1, 8, "one entry each: {journal}");
}

#[tokio::test]
async fn a_long_list_first_asks_whether_to_begin_and_no_row_is_lost() {
    let world = World::new("2026-03-02").await;
    let mut tx = world.database.write().await.unwrap();
    for row in 0..1_500 {
        let entry = store::journal::AdminEntry {
            at: world.store.now(),
            by: store::people::Authority::Program,
            act: store::journal::AdminAct::UnitChanged,
            target: store::journal::Target::Platform,
            unit: None,
            detail: serde_json::json!({ "name": format!("甲{row}乙") }),
        };
        store::journal::admin_event_append(&mut tx, entry).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut auditor = Browser::named(&world, "shenji").await;
    let asks = auditor.get("/admin/journal/export?act=unit-changed").await;
    assert_eq!((asks.status, asks.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = asks.html();
    assert!(html.contains("超过 1000 行") && html.contains("保留 7 天"), "{html}");
    assert!(html.contains("action=\"/admin/journal/export?act=unit-changed\""), "{html}");
    assert!(auditor.get("/jobs").await.html().contains("还没有后台任务"), "looking begins nothing");
    let begun = auditor.send_form("/admin/journal/export?act=unit-changed", &[]).await;
    let page = begun.location().to_owned();
    run_waiting(&world.house).await.unwrap();
    let done = auditor.get(&page).await.html();
    assert!(done.contains("<b>1500</b>") && done.contains("修改单位"), "{done}");
    let text = sheet(&auditor.get(&format!("{page}/result")).await.body);
    for row in [0, 199, 200, 749, 1_499] {
        assert_eq!(text.matches(&format!("甲{row}乙")).count(), 1, "row {row}");
    }
}

// ---- files in pieces ----------------------------------------------------------------------------

fn token(name: &str) -> String {
    use base64::Engine as _;
    format!("filename {}", base64::engine::general_purpose::STANDARD.encode(name))
}

async fn begin(browser: &mut Browser, name: &str, size: usize) -> Answer {
    let csrf = browser.csrf().await;
    let (metadata, size) = (token(name), size.to_string());
    let headers = [
        ("x-csrf-token", csrf.as_str()),
        ("upload-length", size.as_str()),
        ("upload-metadata", metadata.as_str()),
        ("accept", "application/json"),
    ];
    browser.send(Method::POST, "/attachments/uploads", &headers, Body::empty()).await
}

async fn piece(browser: &mut Browser, address: &str, at: usize, body: Body) -> Answer {
    let csrf = browser.csrf().await;
    let at = at.to_string();
    let headers = [
        ("x-csrf-token", csrf.as_str()),
        ("tus-resumable", "1.0.0"),
        ("upload-offset", at.as_str()),
        ("content-type", "application/offset+octet-stream"),
        ("accept", "application/json"),
    ];
    browser.send(Method::PATCH, address, &headers, body).await
}

/// A body whose connection breaks after these bytes.
fn broken(bytes: &[u8]) -> Body {
    let come = Ok(axum::body::Bytes::copy_from_slice(bytes));
    let breaks = Err(std::io::Error::other("the connection broke"));
    Body::from_stream(futures_util::stream::iter([come, breaks]))
}

#[tokio::test]
async fn a_file_broken_off_goes_on_and_says_its_hash() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut bytes = PIXEL_PNG.to_vec();
    bytes.resize(500_000, 7);
    let begun = begin(&mut bureau, "整改后.png", bytes.len()).await;
    assert_eq!((begun.status, begun.header("tus-resumable")), (201, "1.0.0"), "{}", begun.html());
    assert!(begun.header("upload-expires").ends_with(" GMT"));
    let address = begun.location().to_owned();
    let cut = piece(&mut bureau, &address, 0, broken(&bytes[..200_000])).await;
    assert_eq!(cut.status, 400);
    let head = bureau.send(Method::HEAD, &address, &[], Body::empty()).await;
    assert_eq!((head.status, head.header("upload-offset")), (200, "200000"));
    assert!(head.body.is_empty() && head.header("attachment-sha256").is_empty());
    let wrong = piece(&mut bureau, &address, 0, Body::from(bytes.clone())).await;
    assert_eq!(wrong.status, 409);
    assert!(wrong.html().contains("200000"), "{}", wrong.html());
    let rest = Body::from(bytes[200_000..].to_vec());
    let done = piece(&mut bureau, &address, 200_000, rest).await;
    assert_eq!((done.status, done.header("upload-offset")), (204, "500000"), "{}", done.html());
    let sha256 = done.header("attachment-sha256").to_owned();
    assert!(done.header("attachment-id").starts_with(&format!("{sha256}%7C500000%7C")));
    let file = bureau.get(&format!("/attachments/{sha256}")).await;
    assert!(file.status == 200 && file.body == bytes);
    // The answer that was lost on its way is told again.
    let again = bureau.send(Method::HEAD, &address, &[], Body::empty()).await;
    assert_eq!(again.header("attachment-sha256"), sha256);
    // Another's file on its way does not exist.
    let mut other = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    assert_eq!(other.get(&address).await.status, 404);
    assert_eq!(piece(&mut other, &address, 0, Body::empty()).await.status, 404);
}

#[tokio::test]
async fn pieces_of_hostile_files_are_refused_in_words() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for (name, size, status) in [("a.pdf", 0, 400), ("..", 9, 400), ("a.pdf", 1024 * 1024 + 1, 413)]
    {
        let answer = begin(&mut bureau, name, size).await;
        assert_eq!(answer.status, status, "{name} {size}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let address = begin(&mut bureau, "a.pdf", 900_000).await.location().to_owned();
    let page = piece(&mut bureau, &address, 0, Body::from(vec![b'<'; 600_000])).await;
    assert_eq!(page.status, 415, "told before the rest is sent: {}", page.html());
    assert_eq!(bureau.get(&address).await.status, 404);
    let address = begin(&mut bureau, "a.pdf", 10).await.location().to_owned();
    let more = piece(&mut bureau, &address, 0, Body::from(vec![b'%'; 11])).await;
    assert_eq!(more.status, 413);
    // Without the session's token nothing is taken; another version or kind is not spoken.
    let headers = [("upload-offset", "0"), ("content-type", "application/offset+octet-stream")];
    let forged = bureau.send(Method::PATCH, &address, &headers, Body::from("x")).await;
    assert_eq!(forged.status, 403);
    let csrf = bureau.csrf().await;
    let of = |kind, version| {
        [("x-csrf-token", csrf.as_str()), ("content-type", kind), ("tus-resumable", version)]
    };
    for (headers, status) in [
        (of("application/offset+octet-stream", "0.2.2"), 400),
        (of("application/octet-stream", "1.0.0"), 415),
        (of("application/offset+octet-stream", "1.0.0"), 400),
    ] {
        let answer = bureau.send(Method::PATCH, &address, &headers, Body::from("x")).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    let token = [("x-csrf-token", csrf.as_str())];
    let dropped = bureau.send(Method::DELETE, &address, &token, Body::empty()).await;
    assert_eq!(dropped.status, 204);
    assert_eq!(bureau.get(&address).await.status, 404);
}
