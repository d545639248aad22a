//! What only some may read lies sealed wherever the database holds it, and opens in its place only.

use std::path::Path;
use std::sync::Arc;

use procedure::{MatterId, Value};
use store::backup;
use store::draft::{Draft, DraftBody};
use store::ledger::audit::{Against, audit_all};
use store::matter::Page;
use store::randomness::SystemRandomness;
use store::vault::{MasterKeys, Vault, VaultError};
use store::{Engine, StoreError};

use crate::world::{
    World, chief, each_engine, key, masters, officer, prosecutor, raw, refused, request,
};

const INFORMANT: &str = "王举报";
const PLAN: &str = "夜间暗访取样";

async fn sealed_trouble(world: &World) -> MatterId {
    let input = [("informant", INFORMANT), ("plan", PLAN), ("place", "渭河大桥")];
    let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await;
    root.unwrap().matter
}

async fn informant(world: &World, matter: &MatterId) -> Result<Option<Value>, StoreError> {
    let sight = world.store.matter_fetch(&world.scope(&prosecutor()), matter).await?;
    Ok(sight.unwrap().seen.matter.fields.get("informant").cloned())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if holds(&std::fs::read(&path).unwrap(), text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn what_is_sealed_lies_nowhere_in_the_clear() {
    each_engine(async |world| {
        let root = sealed_trouble(world).await;
        // Again with a key, in a draft, in an act that is refused, and in one that waits for approval.
        let again = [("informant", INFORMANT), ("division", "610305"), ("categories", "water")];
        let asked = procedure::OpenRequest {
            procedure: "trouble".to_owned(),
            parent: None,
            title: "千河异味".to_owned(),
            parties: raw(&[]),
            input: raw(&again),
        };
        let first =
            world.store.open_matter(&prosecutor(), asked.clone(), key("once-and-again")).await;
        let second = world.store.open_matter(&prosecutor(), asked, key("once-and-again")).await;
        assert_eq!(first.unwrap().matter, second.unwrap().matter);
        let draft = Draft {
            form: "open/trouble".to_owned(),
            matter: None,
            unit: prosecutor().unit,
            body: DraftBody { input: raw(&again), title: INFORMANT.into(), ..DraftBody::default() },
            refusal: None,
            saved_at: world.store.now(),
        };
        world.store.draft_put(prosecutor().user, &draft).await.unwrap();
        let kept = world.store.draft_list(prosecutor().user).await.unwrap();
        assert_eq!(kept, [draft]);
        let wrong = [("informant", INFORMANT), ("division", "no division")];
        refused(world.open("trouble", None, "x", &chief(), &[], &wrong).await);
        let name = format!("{INFORMANT}的身份证.pdf");
        let ours = world.scope(&prosecutor());
        let mut upload = world.store.attachment_begin(&ours, &name).await.unwrap();
        let content = format!("%PDF-1.7 {INFORMANT}");
        upload.write(content.as_bytes()).await.unwrap();
        let file = upload.finish().await.unwrap();
        // One that has only half come.
        let half = world.store.partial_begin(&ours, &name, 99, None).await.unwrap();
        let mut piece = world.store.partial_resume(&ours, &half.id, 0).await.unwrap();
        piece.write(content.as_bytes()).await.unwrap();
        assert_eq!(piece.finish().await.unwrap().offset_bytes, content.len() as u64);
        let to = crate::world::BUREAU.to_string();
        let parties = [("recipient", to.as_str())];
        let letter = world
            .open("letter", Some(&root), "", &prosecutor(), &parties, &[("files", &file.raw())])
            .await
            .unwrap();
        world
            .act(&prosecutor(), &letter.matter, "serve", &[("words", "请依法履职")])
            .await
            .unwrap();

        // Every row of every table, and on SQLite the very bytes of the file and its log.
        let into = world.folder.join("rows");
        let files = world.folder.join("files");
        backup::backup(&world.database, &files, &into, world.store.now()).await.unwrap();
        for hidden in [INFORMANT, PLAN] {
            assert_eq!(holding(&world.folder, hidden), Vec::<String>::new());
        }
        // The same look finds what is not sealed.
        assert!(!holding(&into, "渭河大桥").is_empty());
        if world.database.engine() == Engine::Sqlite {
            assert!(
                holding(&world.folder, "渭河大桥").iter().any(|path| path.contains("it.sqlite"))
            );
        }

        // Whoever may read it does, everywhere.
        assert_eq!(informant(world, &root).await.unwrap(), Some(Value::Text(INFORMANT.into())));
        let events = world.store.timeline(&ours, &root).await.unwrap().unwrap();
        assert!(serde_json::to_string(&events[0].event).unwrap().contains(INFORMANT));
        assert!(world.store.timelines(&ours, &root).await.unwrap().contains_key(&root));
        world.store.checkpoint().await.unwrap();
        let receipt = world.store.receipt(&ours, &root, 1).await.unwrap().unwrap();
        assert!(receipt.to_text().unwrap().contains(INFORMANT));
        let (open, mut bytes) =
            world.store.attachment_open(&ours, &file.sha256).await.unwrap().unwrap();
        assert_eq!(open.name, name);
        assert_eq!(bytes.read_all().await.unwrap(), content.as_bytes());
        for nobody in [INFORMANT, PLAN] {
            let found = world.store.matter_search(&ours, nobody, Page::first(10)).await.unwrap();
            assert_eq!(found.rows, []);
        }
        // And the log says what it said: every leaf is computed again from what was opened.
        let found =
            audit_all(&world.database, Against::rules(&crate::world::rules())).await.unwrap();
        assert!(found.is_clean() && found.leaves > 3, "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn a_key_sent_twice_is_known_without_telling_what_was_sent() {
    each_engine(async |world| {
        let root = sealed_trouble(world).await;
        let act = |words: &str| request(&root, None, "note", &[("place", words)]);
        let note = world.store.act(&prosecutor(), act("东岸"), key("the-same-key")).await.unwrap();
        let again = world.store.act(&prosecutor(), act("东岸"), key("the-same-key")).await.unwrap();
        assert!(again.repeated && again.events == note.events);
        let other = world.store.act(&prosecutor(), act("西岸"), key("the-same-key")).await;
        assert!(matches!(other, Err(store::ActError::KeyReused)));
    })
    .await;
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_matter_does_not_open() {
    each_engine(async |world| {
        let (one, two) = (sealed_trouble(world).await, sealed_trouble(world).await);
        let body = |id: &MatterId| format!("select body from matter_body where matter_id = '{id}'");
        let (mine, theirs) =
            (world.column(&body(&one)).await.remove(0), world.column(&body(&two)).await.remove(0));
        let sealed = |text: &str| {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            json["fields"]["informant"]["value"].as_str().unwrap().to_owned()
        };
        let moved = mine.replace(&sealed(&mine), &sealed(&theirs));
        let put = "update matter_body set body = $1 where matter_id = $2";
        world.execute(put, &[moved.into(), (&one).into()]).await.unwrap();
        let error = informant(world, &one).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(informant(world, &two).await.unwrap().is_some());
        let found =
            audit_all(&world.database, Against::rules(&crate::world::rules())).await.unwrap();
        assert!(!found.is_clean());
    })
    .await;
}

#[tokio::test]
async fn what_was_written_before_there_was_a_vault_is_still_read() {
    each_engine(async |world| {
        let root = sealed_trouble(world).await;
        let sight = world.store.matter_fetch(&world.scope(&prosecutor()), &root).await.unwrap();
        let clear = serde_json::to_string(&sight.unwrap().seen.matter).unwrap();
        assert!(clear.contains(INFORMANT));
        let put = "update matter_body set body = $1 where matter_id = $2";
        world.execute(put, &[clear.into(), (&root).into()]).await.unwrap();
        assert_eq!(informant(world, &root).await.unwrap(), Some(Value::Text(INFORMANT.into())));
        // The next act seals it.
        world.act(&prosecutor(), &root, "note", &[("place", "东岸")]).await.unwrap();
        let body = world.column("select body from matter_body").await.remove(0);
        assert!(!body.contains(INFORMANT) && body.contains("sm4:1:"));
        assert_eq!(informant(world, &root).await.unwrap(), Some(Value::Text(INFORMANT.into())));
    })
    .await;
}

#[tokio::test]
async fn a_new_master_key_opens_what_was_sealed_and_the_old_one_no_more() {
    each_engine(async |world| {
        let root = sealed_trouble(world).await;
        let renewed = masters().renewed(&SystemRandomness).unwrap();
        let now = world.store.now();
        let random = || Arc::new(SystemRandomness);
        let keys = Vault::rotate(&world.database, &renewed, &*random(), now).await.unwrap();
        assert_eq!(keys, 2);
        assert_eq!(Vault::wanted(&world.database).await.unwrap(), [renewed.id()]);
        let other = || async { store::Database::open_to_read(&world.url).await.unwrap() };
        let old = Vault::open_to_read(&other().await, &masters()).await;
        assert!(matches!(old, Err(VaultError::WrongKey { wanted }) if wanted == renewed.id()));
        // The line of the old key may go.
        let text = renewed.to_text();
        let first = text.lines().find(|line| !line.starts_with('#')).unwrap();
        let alone: MasterKeys = first.parse().unwrap();
        let database = other().await;
        Vault::open_to_read(&database, &alone).await.unwrap();
        let found = audit_all(&database, Against::rules(&crate::world::rules())).await.unwrap();
        assert!(found.is_clean(), "{found:?}");
        // Without any key nothing is said to have been changed: it cannot be looked at.
        let closed = store::ledger::audit::audit(&other().await).await;
        assert!(matches!(closed, Err(StoreError::VaultClosed)));
        assert!(informant(world, &root).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_data_key_that_was_changed_is_told() {
    each_engine(async |world| {
        world.execute("update vault_key set sealed = $1", &[vec![7_u8; 44].into()]).await.unwrap();
        let database = store::Database::open_to_read(&world.url).await.unwrap();
        let error = Vault::open_to_read(&database, &masters()).await.unwrap_err();
        assert!(matches!(error, VaultError::Damaged { id: 1 }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn nobody_else_opens_a_draft() {
    each_engine(async |world| {
        let wrong = [("informant", INFORMANT), ("division", "no division")];
        refused(world.open("trouble", None, "x", &prosecutor(), &[], &wrong).await);
        world.execute("update draft set user_id = $1", &[officer().user.into()]).await.unwrap();
        let moved = world.store.draft_list(officer().user).await;
        assert!(matches!(moved, Err(StoreError::Damaged { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_sealed_file_that_was_changed_cut_or_moved_does_not_open() {
    each_engine(async |world| {
        let ours = world.scope(&prosecutor());
        let mut stored = Vec::new();
        for filler in [b'a', b'b'] {
            let mut upload = world.store.attachment_begin(&ours, "大.pdf").await.unwrap();
            let bytes = [b"%PDF-1.7 ".to_vec(), vec![filler; 200_000]].concat();
            for piece in bytes.chunks(70_001) {
                upload.write(piece).await.unwrap();
            }
            stored.push((upload.finish().await.unwrap().sha256, bytes));
        }
        let path = |sha256: &str| {
            let (folder, rest) = sha256.split_at(2);
            world.folder.join("files").join(folder).join(format!("{rest}.sealed"))
        };
        let read = |sha256: String| {
            let (store, ours) = (world.store.clone(), ours.clone());
            async move {
                let (_, mut file) = match store.attachment_open(&ours, &sha256).await {
                    Ok(found) => found.unwrap(),
                    Err(_) => return None,
                };
                file.read_all().await.ok()
            }
        };
        for (sha256, bytes) in &stored {
            assert_eq!(read(sha256.clone()).await.as_ref(), Some(bytes));
        }
        let (sha256, other) = (&stored[0].0, &stored[1].0);
        let whole = std::fs::read(path(sha256)).unwrap();
        // The mark, the key, the first piece, the last, and the end.
        for at in [0, 20, 100, 150_000, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(path(sha256), &changed).unwrap();
            assert_eq!(read(sha256.clone()).await, None, "byte {at}");
        }
        for length in [30, 100, 52 + 65_552, whole.len() - 1] {
            std::fs::write(path(sha256), &whole[..length]).unwrap();
            assert_eq!(read(sha256.clone()).await, None, "cut at {length}");
        }
        std::fs::copy(path(other), path(sha256)).unwrap();
        assert_eq!(read(sha256.clone()).await, None, "another file in its place");
        std::fs::write(path(sha256), &whole).unwrap();
        assert!(read(sha256.clone()).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_file_stored_before_there_was_a_vault_is_still_read_and_sealed_when_it_comes_again() {
    each_engine(async |world| {
        let ours = world.scope(&prosecutor());
        let upload = async || {
            let mut upload = world.store.attachment_begin(&ours, "旧.pdf").await.unwrap();
            upload.write(b"%PDF-1.7 old").await.unwrap();
            upload.finish().await.unwrap().sha256
        };
        let sha256 = upload().await;
        let (folder, rest) = sha256.split_at(2);
        let folder = world.folder.join("files").join(folder);
        let (clear, sealed) = (folder.join(rest), folder.join(format!("{rest}.sealed")));
        std::fs::remove_file(&sealed).unwrap();
        std::fs::write(&clear, b"%PDF-1.7 old").unwrap();
        let (_, mut file) = world.store.attachment_open(&ours, &sha256).await.unwrap().unwrap();
        assert_eq!(file.read_all().await.unwrap(), b"%PDF-1.7 old");
        assert_eq!(upload().await, sha256);
        assert!(sealed.exists() && !clear.exists());
    })
    .await;
}
