//! What the page of a matter shows, and to whom.

use procedure::definition::RoleName;
use web::MovableClock as _;

use crate::matter_browser::{Answer, Browser};
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

/// Opens a form that carries no key and sends it.
async fn send(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(address).await.hidden("csrf");
    let fields: Vec<_> = [("csrf", csrf.as_str())].iter().chain(fields).copied().collect();
    browser.post(address, &fields).await
}

#[tokio::test]
async fn a_seal_is_asked_for_and_opened_on_the_pages() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}", story.clue);
    let mut liaison = Browser::of(&world, BUREAU, RoleName::Liaison).await;
    let mut leader = Browser::of(&world, BUREAU, RoleName::Leader).await;
    let form = format!("{address}/seals/informant");
    assert!(liaison.get(&address).await.html().contains(&form));
    let silent = send(&mut liaison, &form, &[("reason", " ")]).await;
    assert!(silent.status == 422 && silent.html().contains("请说明理由"));
    let asked = send(&mut liaison, &form, &[("reason", "核实举报<b>内容</b>")]).await;
    assert_eq!(asked.status, 303, "{}", asked.html());
    assert!(!liaison.get(&address).await.html().contains("赵某某"));

    let page = leader.get(&address).await.html();
    assert!(page.contains("核实举报&#60;b&#62;内容") || page.contains("核实举报&lt;b&gt;内容"));
    let answer = format!("{address}/openings/1");
    assert!(page.contains(&answer) && !page.contains("赵某某"));
    let undecided = send(&mut leader, &answer, &[("answer", "")]).await;
    assert_eq!(undecided.status, 422);
    let silent = send(&mut leader, &answer, &[("answer", "keep"), ("refusal", "")]).await;
    assert_eq!(silent.status, 422);
    // Who asked does not answer, and who has no part in it does not learn of it.
    assert_eq!(liaison.get(&answer).await.status, 404);
    let mut other = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    assert_eq!(other.get(&answer).await.status, 404);
    assert!(!other.get(&address).await.html().contains("核实举报"));
    let opened = send(&mut leader, &answer, &[("answer", "open")]).await;
    assert_eq!(opened.status, 303, "{}", opened.html());

    let page = liaison.get(&address).await.html();
    assert!(page.contains("赵某某") && page.contains("已批准，开放至 2026-03-03"), "{page}");
    assert!(!leader.get(&address).await.html().contains("赵某某"));
    world.clock.move_to("2026-03-04T09:00:00+08:00".parse().unwrap());
    assert!(!liaison.get(&address).await.html().contains("赵某某"));
}

#[tokio::test]
async fn who_has_looked_is_told_to_those_it_concerns() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}", story.clue);
    let mut writer = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let html = writer.get(&address).await.html();
    let (_, fold) = html.split_once("谁看过").unwrap();
    assert!(fold.contains("2026-03-02 ") && fold.contains("举报人"), "the reading itself");
    // The other side may not read the informant's name, nor know who has.
    let mut prosecutor = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    let html = prosecutor.get(&address).await.html();
    assert!(!html.split_once("id=\"access\"").is_some_and(|(_, fold)| fold.contains("举报人")));
    // Where nothing is of that kind, nothing is said.
    assert!(!writer.get(&format!("/matters/{}", story.repair)).await.html().contains("谁看过"));
}

#[tokio::test]
async fn a_field_stands_under_the_act_that_wrote_it_last() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let address = format!("/matters/{}", story.suggestion);
    let group = |html: &str, words: &str| -> String {
        let (_, facts) = html.split_once("id=\"facts\"").unwrap();
        let (facts, _) = facts.split_once("</section>").unwrap();
        let mut groups = facts.split("<h3>").skip(1);
        groups.find(|group| group.contains(words)).unwrap().to_owned()
    };
    let before = group(&bureau.get(&address).await.html(), "责令限期整改");
    assert!(before.starts_with("签发检察建议书 <small class=\"muted\">2026-03-02 · "), "{before}");
    world.clock.move_to("2026-03-09T09:00:00+08:00".parse().unwrap());
    act(&world, PROCURATORATE, &story.suggestion, "amend", &[("demands", "改为责令停产整治。")])
        .await;
    let after = group(&bureau.get(&address).await.html(), "停产整治");
    assert!(after.starts_with("变更检察建议 <small class=\"muted\">2026-03-09 · "), "{after}");
    let html = bureau.get(&address).await.html();
    let (_, facts) = html.split_once("id=\"facts\"").unwrap();
    let (facts, _) = facts.split_once("</section>").unwrap();
    assert!(!facts.contains("责令限期整改"), "what was there before is told by the timeline");
}

#[tokio::test]
async fn only_what_is_called_for_stands_out() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut prosecutor = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let page = format!("/matters/{}", story.suggestion);
    let acts = |html: &str| -> String {
        let (_, acts) = html.split_once("id=\"actions\"").unwrap();
        acts.split_once("<details").unwrap().0.to_owned()
    };
    // The procuratorate still owes the record upward; that stands out, whoever holds the pen.
    let html = acts(&prosecutor.get(&page).await.html());
    let (_, primary) = html.split_once("btn primary\" href=\"").unwrap();
    assert!(primary.contains("/actions/file-upward\""), "{}", &primary[..120]);
    act(&world, PROCURATORATE, &story.suggestion, "file-upward", &[]).await;
    let html = acts(&prosecutor.get(&page).await.html());
    assert!(html.contains("/actions/amend\""), "it could be amended");
    assert!(!html.contains("btn primary"), "but nobody waits for that: {html}");
    // What leads on and ends our own clock comes before what only sends back.
    act(&world, BUREAU, &story.suggestion, "reply", &[("reply-kind", "partial")]).await;
    let html = acts(&prosecutor.get(&page).await.html());
    assert_eq!(html.matches("btn primary").count(), 1);
    let (_, primary) = html.split_once("btn primary\" href=\"").unwrap();
    assert!(primary.contains("/actions/begin-follow-up\""), "{}", &primary[..120]);
}

#[tokio::test]
async fn the_chart_opens_where_the_matter_stands() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let matter = format!("/matters/{}", story.suggestion);
    assert!(bureau.get(&matter).await.html().contains(&format!("{matter}/chart#now\"")));
    let html = bureau.get(&format!("{matter}/chart")).await.html();
    assert_eq!(html.matches("id=\"now\"").count(), 1);
    let (_, state) = html.split_once("chart-marked\" id=\"now\" data-state=\"").unwrap();
    assert!(state.starts_with("in-correction\""), "{}", &state[..40]);
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
