//! Receipts, and what a witness is shown: over HTTP, verified by the keys alone.

use std::sync::Arc;

use ledger::{Instant, Keys, Look, Purpose, Receipt, Shown, Signer, Witness};
use procedure::definition::RoleName;
use serde_json::json;

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PROCURATORATE};
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
