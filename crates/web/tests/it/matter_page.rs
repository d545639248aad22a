//! What the page of a matter shows, and to whom.

use procedure::definition::RoleName;
use web::MovableClock as _;

use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PROCURATORATE, act, suggestion_awaiting_reply};
use crate::world::World;

/// 凤翔区水利部门, which has no part in the story.
const STRANGER: &str = "G61030503";

#[tokio::test]
async fn the_page_says_who_owes_what_by_when_and_how_that_day_was_reached() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get(&format!("/matters/{}", story.suggestion)).await;
    assert_eq!(page.status, 200);
    let html = page.html();
    // Two months from 2026-03-02 end on Saturday 2026-05-02, a holiday until the 5th.
    for words in [
        "书面回复检察建议",
        "2026-05-06",
        "自2026年3月2日",
        "劳动节",
        "这一天是怎样得出的",
        "届满日",
    ] {
        assert!(html.contains(words), "{words}");
    }
    // Who holds the pen, how they are reached, what may be done and what not.
    for words in
        ["经手", "（我方）", "联络员", "0917-", "书面回复", "暂不能办理的", "由制发检察院办理"]
    {
        assert!(html.contains(words), "{words}");
    }
    assert!(html.contains(&format!("/matters/{}/actions/reply", story.suggestion)));
    // What has to be done first is the button that stands out.
    let primary = html.split("btn primary\" href=\"").nth(1).unwrap();
    assert!(
        primary.starts_with(&format!("/matters/{}/actions/reply", story.suggestion)),
        "{}",
        &primary[..80]
    );
    // Everything under the problem, and the repair item with its picture.
    for words in
        ["关联事项", "环境问题", "行政公益诉讼案件", "锅炉除尘器提标改造", "/preview\"", "72 mg/m³"]
    {
        assert!(html.contains(words), "{words}");
    }
}

#[tokio::test]
async fn what_one_may_not_see_looks_like_what_does_not_exist() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut stranger = Browser::of(&world, STRANGER, RoleName::Handler).await;
    let nothing = "/matters/00000000-0000-7000-8000-000000000001";
    let hidden = format!("/matters/{}", story.suggestion);
    for rest in ["", "/chart", "/proposal", "/actions/reply", "/documents/2/suggestion-letter"] {
        let absent = stranger.get(&format!("{nothing}{rest}")).await;
        let secret = stranger.get(&format!("{hidden}{rest}")).await;
        assert_eq!((absent.status, secret.status), (404, 404), "{rest}");
    }
    let opening = format!("/open/clue?parent={}", story.problem);
    assert_eq!(stranger.get(&opening).await.status, 404);
    for odd in ["/matters/x", "/matters/..%2f..%2fetc", "/open/nothing", "/matters/'--/chart"] {
        assert_eq!(stranger.get(odd).await.status, 404, "{odd}");
    }
}

#[tokio::test]
async fn a_sealed_field_shows_as_masked_and_never_as_empty() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}", story.clue);
    let mut writer = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let own = writer.get(&address).await.html();
    assert!(own.contains("赵某某") && own.contains("密封"));
    for (code, role) in [
        (BUREAU, RoleName::Liaison),
        (PROCURATORATE, RoleName::Handler),
        (PROCURATORATE, RoleName::Leader),
    ] {
        let mut other = Browser::of(&world, code, role).await;
        let html = other.get(&address).await.html();
        assert!(!html.contains("赵某某"), "{code} {role:?}");
        assert!(html.contains("〔已脱敏〕"), "{code} {role:?}");
    }
}

#[tokio::test]
async fn a_lapse_turns_the_light_and_stands_in_the_timeline_once() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    world.clock.move_to("2026-05-08T09:00:00+08:00".parse().unwrap());
    world.store.pass_time().await.unwrap();
    world.store.pass_time().await.unwrap();
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let html = bureau.get(&format!("/matters/{}", story.suggestion)).await.html();
    assert!(html.contains("逾期 2 天"));
    assert_eq!(html.matches("逾期：“书面回复检察建议”2026-05-06 届满，未办").count(), 1);
    let html = bureau.get(&format!("/matters/{}", story.case)).await.html();
    assert!(html.contains("系统"));
}

#[tokio::test]
async fn a_document_stays_as_it_was_sent() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get(&format!("/matters/{}", story.suggestion)).await.html();
    let letter = page
        .split('"')
        .find(|part| part.contains("/documents/") && part.ends_with("/suggestion-letter"))
        .unwrap()
        .to_owned();
    let html = bureau.get(&letter).await.html();
    for words in
        ["凤翔区人民检察院", "检察建议书", "责令限期整改", "2026年3月2日", "class=\"paper\""]
    {
        assert!(html.contains(words), "{words}");
    }
    act(&world, PROCURATORATE, &story.suggestion, "amend", &[("demands", "改为责令停产整治。")])
        .await;
    let html = bureau.get(&letter).await.html();
    assert!(html.contains("责令限期整改") && !html.contains("停产整治"));
}

#[tokio::test]
async fn the_creditor_urges_with_one_click_and_not_twice_a_day() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}", story.suggestion);
    let mut procuratorate = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let page = procuratorate.get(&address).await;
    let html = page.html();
    let urge = html
        .split('"')
        .find(|part| part.starts_with("/matters/") && part.ends_with("/urge"))
        .expect("a button")
        .to_owned();
    let csrf = page.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("key", "urge-1"), ("next", &address)];
    let answer = procuratorate.post(&urge, &fields).await;
    assert_eq!((answer.status, answer.location()), (303, address.as_str()));
    let html = procuratorate.get(&address).await.html();
    assert!(html.contains("催办“书面回复检察建议”") && html.contains("已催办"));
    let again = procuratorate.post(&urge, &[("csrf", &csrf), ("key", "urge-2")]).await;
    assert_eq!(again.status, 422, "{}", again.html());
    assert!(again.html().contains("本次未办理"));
    // The other side has no such button.
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    assert!(!bureau.get(&address).await.html().contains(&urge));
    let foreign = bureau.get(&address).await.hidden("csrf");
    assert_eq!(bureau.post(&urge, &[("csrf", &foreign)]).await.status, 403);
    // Nobody is sent elsewhere afterwards.
    let other = bureau.post(&urge, &[("csrf", &foreign), ("next", "//evil.example")]).await;
    assert!(!other.location().contains("evil"));
}

#[tokio::test]
async fn every_page_reads_in_english_and_carries_no_style_or_script_of_its_own() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let matter = format!("/matters/{}", story.suggestion);
    let addresses = [
        matter.clone(),
        format!("{matter}/chart"),
        format!("{matter}/actions/reply"),
        format!("/matters/{}", story.problem),
        format!("/matters/{}", story.repair),
        "/open/problem".to_owned(),
        format!("/open/clue?parent={}", story.problem),
        "/drafts".to_owned(),
    ];
    let csrf = bureau.get("/drafts").await.hidden("csrf");
    bureau.post("/language", &[("csrf", &csrf), ("language", "en"), ("next", "/drafts")]).await;
    for address in &addresses {
        let page = bureau.get(address).await;
        assert_eq!(page.status, 200, "{address}");
        let html = page.html();
        assert!(html.contains("<html lang=\"en\">"), "{address}");
        for chinese in ["我可以办理", "返回", "可不填", "当前期限", "时间线", "状态图"]
        {
            assert!(!html.contains(chinese), "{address}: {chinese}");
        }
        assert!(!html.contains("style=\""), "{address}");
        assert!(!html.contains(" onclick") && !html.contains("javascript:"), "{address}");
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches("<script src=\"/static/").count(), "{address}");
    }
}
