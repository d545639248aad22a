//! Receipts, and what a witness is shown: over HTTP, verified by the keys alone.

use std::sync::Arc;

use ledger::{Instant, Keys, Look, Purpose, Receipt, Shown, Signer, Witness};
use procedure::definition::RoleName;
use serde_json::json;
use web::MovableClock as _;
use web::job::run_waiting;

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PROCURATORATE, suggestion_awaiting_reply};
use crate::world::World;

/// Keys of the tests alone, the same in each.
const LOG_KEY: &str = include_str!("../../../ledger/tests/keys/log.pem");
const WITNESS_KEY: &str = include_str!("../../../ledger/tests/keys/witness.pem");

/// The log's key in every world.
pub fn signer() -> Arc<Signer> {
    let name = "liandong.example".parse().unwrap();
    Arc::new(Signer::from_pkcs8_pem(name, Purpose::Log, LOG_KEY).unwrap())
}

fn witness() -> Signer {
    let name = "jcy.example/witness".parse().unwrap();
    Signer::from_pkcs8_pem(name, Purpose::Witness, WITNESS_KEY).unwrap()
}

/// What everybody may know: the log's key and the witness of the procuratorate.
pub fn keys() -> Keys {
    Keys::new("government".parse().unwrap(), signer().verifier().clone())
        .unwrap()
        .witness("procuratorate".parse().unwrap(), witness().verifier().clone())
        .unwrap()
}

#[tokio::test]
async fn whoever_sees_a_matter_takes_a_receipt_that_verifies_offline() {
    let world = World::new("2026-03-02").await;
    let place = world.problem(BUREAU, "渭河异味").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = browser.get(&place).await;
    let link = format!("{place}/receipts/1");
    assert!(page.html().contains(&link), "the timeline leads to it");
    let page = browser.get(&link).await;
    assert_eq!(page.status, 200, "{}", page.html());
    for words in ["证明什么", "不证明什么", "liandong verify --keys keys.txt"] {
        assert!(page.html().contains(words), "{words}: {}", page.html());
    }
    let file = browser.get(&format!("{link}/file")).await;
    assert!(file.header("content-disposition").contains("attachment"));
    let receipt = Receipt::parse(&file.body).unwrap();
    receipt.verify(&keys()).unwrap();

    // A unit that does not see the matter, an event that is not, another number.
    let mut stranger = Browser::of(&world, "G61030507", RoleName::Handler).await;
    assert_eq!(stranger.get(&link).await.status, 404);
    assert_eq!(stranger.get(&format!("{link}/file")).await.status, 404);
    assert_eq!(browser.get(&format!("{place}/receipts/999")).await.status, 404);
}

#[tokio::test]
async fn a_witness_is_shown_the_log_and_its_signature_stands_on_receipts() {
    let world = World::new("2026-03-02").await;
    let place = world.problem(BUREAU, "渭河异味").await;
    let id = place.strip_prefix("/matters/").unwrap();
    let anybody = Program::without_token(&world);
    let owner = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    assert_eq!(anybody.get("/ledger/shown").await.status, 404, "nothing is signed yet");
    world.store.checkpoint().await.unwrap();

    let list = anybody.get("/ledger/keys").await;
    assert_eq!(String::from_utf8(list.bytes).unwrap(), keys().to_string());
    let shown = anybody.get("/ledger/shown?size=0").await;
    let shown = Shown::parse(&shown.bytes).unwrap();
    let mut memory = Witness::new(signer().verifier().clone()).unwrap();
    let at = Instant::from_micros(world.store.now().as_microsecond()).unwrap();
    let Look::Cosigned { checkpoint, .. } = memory.look(&shown, &witness(), at).unwrap() else {
        panic!("a first look")
    };
    let hand_in = async |text: String| {
        let call =
            anybody.call("POST", "/ledger/cosignatures").header("content-type", "text/plain");
        let call = call.body(text.into());
        call.send().await.status
    };
    assert_eq!(hand_in(checkpoint.to_string()).await, 204);
    assert_eq!(hand_in(checkpoint.to_string()).await, 204, "said twice");
    assert_eq!(hand_in(shown.checkpoint.to_string()).await, 400, "no witness has signed it");
    assert_eq!(hand_in("nonsense".to_owned()).await, 400);
    let wrong = anybody.call("POST", "/ledger/cosignatures").json(&json!({})).send().await;
    assert_eq!(wrong.status, 415);

    let newest = anybody.get("/ledger/checkpoint").await;
    assert_eq!(String::from_utf8(newest.bytes).unwrap(), checkpoint.to_string());
    let receipt = owner.get(&format!("/matters/{id}/receipts/1")).await;
    let verdict = Receipt::parse(&receipt.bytes).unwrap().verify(&keys()).unwrap();
    verdict.standing.require_other_side().unwrap();
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let page = browser.get("/ledger").await.html();
    assert!(page.contains("jcy.example/witness") && page.contains("检察机关"), "{page}");
}

/// A file of an exported matter as text.
fn text_in(zip: &[u8], path: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut file = archive.by_name(path).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    text
}

#[tokio::test]
async fn a_matter_is_exported_from_its_page_with_all_its_reader_may_see() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let place = format!("/matters/{}", story.suggestion);
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    assert!(browser.get(&place).await.html().contains(&format!("{place}/export")));
    let ask = browser.get(&format!("{place}/export")).await;
    assert!(
        ask.html().contains("liandong verify") && ask.html().contains("开始"),
        "{}",
        ask.html()
    );
    let begun = browser.send_form(&format!("{place}/export"), &[]).await;
    assert_eq!(begun.status, 303, "{}", begun.html());
    let page = begun.location().to_owned();
    assert_eq!(run_waiting(&world.house).await.unwrap(), 1);
    let done = browser.get(&page).await.html();
    assert!(done.contains("卷宗已导出") && done.contains("导出卷宗："), "{done}");
    let file = browser.get(&format!("{page}/result")).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/zip"));

    let index = text_in(&file.body, "index.html");
    assert!(index.contains("documents/") && !index.contains("<script"), "{index}");
    let archive = zip::ZipArchive::new(std::io::Cursor::new(&file.body)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for (code, words) in [("zh", "检察建议"), ("en", "Basis")] {
        let ending = format!("-suggestion-letter.{code}.html");
        let letter = names.iter().find(|name| name.ends_with(&ending)).expect(&ending);
        let letter = text_in(&file.body, letter);
        assert!(letter.contains(words) && letter.contains("default-src 'none'"), "{letter}");
    }
    let receipt = names.iter().find(|name| name.starts_with("receipts/")).unwrap();
    let receipt = text_in(&file.body, receipt);
    Receipt::parse(receipt.as_bytes()).unwrap().verify(&keys()).unwrap();

    // It stands in the journal, and a stranger learns of nothing.
    let mut auditor = Browser::named(&world, "shenji").await;
    let journal = auditor.get("/admin/journal?act=matter-exported").await.html();
    assert!(journal.contains("导出卷宗"), "{journal}");
    let mut stranger = Browser::of(&world, "G61030507", RoleName::Handler).await;
    assert_eq!(stranger.get(&format!("{place}/export")).await.status, 404);
    assert_eq!(stranger.send_form(&format!("{place}/export"), &[]).await.status, 404);

    // A program asks for the same.
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    let begun = program.post(&format!("{place}/export"), json!({})).await;
    let address = begun.header("location").to_owned();
    begun.well();
    run_waiting(&world.house).await.unwrap();
    let job = program.get(&address).await.well();
    assert_eq!(job["state"], "done", "{job:#}");
    let file = program.get(job["result"]["address"].as_str().unwrap()).await;
    assert!(text_in(&file.bytes, "manifest.txt").starts_with("liandong-bundle/1\n"));
}

#[tokio::test]
async fn the_page_of_the_log_warns_when_the_other_side_has_stopped_looking() {
    let world = World::new("2026-03-02").await;
    world.problem(BUREAU, "渭河异味").await;
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    world.store.checkpoint().await.unwrap();
    let page = browser.get("/ledger").await.html();
    assert!(page.contains("从未副署") && !page.contains("对方见证已中断"), "{page}");
    let mut memory = Witness::new(signer().verifier().clone()).unwrap();
    let shown = world.store.shown(0).await.unwrap().unwrap();
    let at = Instant::from_micros(world.store.now().as_microsecond()).unwrap();
    let Look::Cosigned { checkpoint, .. } = memory.look(&shown, &witness(), at).unwrap() else {
        panic!("a first look")
    };
    assert!(world.store.cosigned(&keys(), &checkpoint).await.unwrap());
    let page = browser.get("/ledger").await.html();
    assert!(page.contains("不到一小时"), "{page}");
    // Nothing has happened since: however long ago the look was, nothing waits for a witness.
    let later = |hours: i64| world.store.now() + jiff::SignedDuration::from_hours(hours);
    world.clock.move_to(later(30));
    let page = browser.get("/ledger").await.html();
    assert!(page.contains("距今 30 小时") && !page.contains("对方见证已中断"), "{page}");
    world.problem(BUREAU, "又一处").await;
    world.store.checkpoint().await.unwrap();
    assert!(!browser.get("/ledger").await.html().contains("对方见证已中断"));
    world.clock.move_to(later(25));
    let page = browser.get("/ledger").await.html();
    assert!(page.contains("对方见证已中断") && page.contains("已超过 24 小时"), "{page}");
}

#[tokio::test]
async fn a_list_of_keys_that_was_read_again_is_the_one_given_out() {
    let world = World::new("2026-03-02").await;
    let anybody = Program::without_token(&world);
    let more = keys().witness("court".parse().unwrap(), witness().verifier().clone()).unwrap();
    assert!(world.house.read_keys(more.clone()));
    assert!(!world.house.read_keys(more.clone()), "nothing new");
    let list = anybody.get("/ledger/keys").await;
    assert_eq!(String::from_utf8(list.bytes).unwrap(), more.to_string());
}
