//! Files: in whole or not at all, and opened only in scope.

use store::attachment::{Attachment, UploadError};

use crate::world::{WATER, World, actor, each_engine, officer, prosecutor, refused};
use procedure::definition::RoleName;

async fn upload(
    world: &World,
    who: &procedure::Actor,
    name: &str,
    bytes: &[u8],
) -> Result<Attachment, UploadError> {
    let mut upload = world.store.attachment_begin(&world.scope(who), name).await?;
    for part in bytes.chunks(7) {
        upload.write(part).await?;
    }
    upload.finish().await
}

const PDF: &[u8] = b"%PDF-1.7\nreport";

#[tokio::test]
async fn a_file_is_opened_by_those_who_see_it_and_nobody_else() {
    each_engine(async |world| {
        let file = upload(world, &officer(), "报告.pdf", PDF).await.unwrap();
        assert_eq!(file.size_bytes, PDF.len() as u64);
        assert_eq!(file.media_type, "application/pdf");
        let stranger = world.scope(&actor(5, WATER, &[RoleName::Handler]));
        let prosecutors = world.scope(&prosecutor());
        assert!(world.store.attachment_open(&stranger, &file.sha256).await.unwrap().is_none());
        assert!(world.store.attachment_open(&prosecutors, &file.sha256).await.unwrap().is_none());
        let (_, mut open) = world
            .store
            .attachment_open(&world.scope(&officer()), &file.sha256)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(open.read_all().await.unwrap(), PDF);

        // Knowing the hash opens nothing: naming another unit's file is refused.
        let input = [("photos", file.raw())];
        let input: Vec<_> = input.iter().map(|(field, raw)| (*field, raw.as_str())).collect();
        let stolen = refused(world.open("trouble", None, "渭河", &prosecutor(), &[], &input).await);
        assert_eq!(stolen.refusal.fields[0].field, "photos");

        let root = world.open("trouble", None, "渭河", &officer(), &[], &input).await.unwrap();
        assert_eq!(world.number("select count(*) from matter_attachment").await, 1);
        let above = world.scope(&actor(6, crate::world::CITY_BUREAU, &[RoleName::Viewer]));
        assert!(world.store.attachment_open(&above, &file.sha256).await.unwrap().is_some());
        assert!(world.store.attachment_open(&stranger, &file.sha256).await.unwrap().is_none());
        assert_eq!(
            world.store.attachment_matters(&above, &file.sha256).await.unwrap(),
            [root.matter]
        );
    })
    .await;
}

#[tokio::test]
async fn a_file_of_a_hidden_field_stays_closed() {
    each_engine(async |world| {
        let root = world.trouble("渭河").await;
        let file = upload(world, &prosecutor(), "内部.pdf", PDF).await.unwrap();
        let raw = file.raw();
        let to = crate::world::BUREAU.to_string();
        let parties = [("recipient", to.as_str())];
        let letter = world
            .open("letter", Some(&root.matter), "", &prosecutor(), &parties, &[("files", &raw)])
            .await
            .unwrap();
        world.act(&prosecutor(), &letter.matter, "serve", &[("words", "x")]).await.unwrap();
        let approve = procedure::Request {
            matter: letter.matter.clone(),
            seen: None,
            command: procedure::Command::Approve,
        };
        world.store.act(&crate::world::chief(), approve, None).await.unwrap();
        let theirs = world.scope(&officer());
        assert!(world.store.matter_fetch(&theirs, &letter.matter).await.unwrap().is_some());
        assert!(world.store.attachment_open(&theirs, &file.sha256).await.unwrap().is_none());
        let above = actor(6, crate::world::PROVINCE_PROCURATORATE, &[RoleName::Handler]);
        let above = world.scope(&above);
        assert!(world.store.attachment_open(&above, &file.sha256).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_taken_leaves_nothing_behind() {
    each_engine(async |world| {
        let who = officer();
        let large = vec![b'a'; 1_000_001];
        assert!(matches!(
            upload(world, &who, "a.txt", &large).await,
            Err(UploadError::TooLarge { most_bytes: 1_000_000 })
        ));
        assert!(matches!(upload(world, &who, "a.txt", b"").await, Err(UploadError::Empty)));
        assert!(matches!(upload(world, &who, "..", b"x").await, Err(UploadError::Name)));
        let page = upload(world, &who, "a.pdf", b"<script>").await;
        assert!(matches!(page, Err(UploadError::Kind { .. })));
        let incoming = world.folder.join("files/incoming");
        assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
        assert_eq!(world.number("select count(*) from attachment").await, 0);
        // The same bytes twice are one file.
        let first = upload(world, &who, "甲.pdf", PDF).await.unwrap();
        let second = upload(world, &prosecutor(), "乙.pdf", PDF).await.unwrap();
        assert_eq!(first.sha256, second.sha256);
        assert_eq!(world.number("select count(*) from attachment").await, 1);
        let (named, _) = world
            .store
            .attachment_open(&world.scope(&prosecutor()), &first.sha256)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(named.name, "乙.pdf");
    })
    .await;
}

/// A report of so many bytes, none like the other.
fn report(bytes: usize) -> Vec<u8> {
    let mut report = b"%PDF-1.7\n".to_vec();
    report.extend((0..bytes).map(|at| u8::try_from(at * at % 251).unwrap()));
    report
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    store::randomness::hex(&sha2::Sha256::digest(bytes))
}

fn lying(world: &World, folder: &str) -> usize {
    std::fs::read_dir(world.folder.join("files").join(folder)).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_file_broken_off_goes_on_where_it_stood() {
    each_engine(async |world| {
        let scope = world.scope(&officer());
        let bytes = report(700_000);
        let size = bytes.len() as u64;
        let store = &world.store;
        let begun = store.partial_begin(&scope, "报告.pdf", size, None).await.unwrap();
        // The connection breaks in the middle: what has come stays.
        let mut piece = store.partial_resume(&scope, &begun.id, 0).await.unwrap();
        for part in bytes[..300_001].chunks(8_000) {
            piece.write(part).await.unwrap();
        }
        drop(piece);
        let stands = store.partial_fetch(&scope, &begun.id).await.unwrap().unwrap();
        assert_eq!((stands.offset_bytes, stands.attachment), (300_001, None));
        // The program is killed: another goes on with the same file.
        let other = world.another_store().await;
        let wrong = other.partial_resume(&scope, &begun.id, 300_000).await.err();
        assert!(matches!(wrong, Some(UploadError::Offset { stands_at: 300_001 })), "{wrong:?}");
        let mut piece = other.partial_resume(&scope, &begun.id, 300_001).await.unwrap();
        piece.write(&bytes[300_001..]).await.unwrap();
        let whole = piece.finish().await.unwrap().attachment.unwrap();
        assert_eq!(whole.sha256, sha256(&bytes));
        assert_eq!((whole.size_bytes, whole.media_type.as_str()), (size, "application/pdf"));
        let (_, mut file) = store.attachment_open(&scope, &whole.sha256).await.unwrap().unwrap();
        let read = file.read_all().await.unwrap();
        assert!(read == bytes);
        assert_eq!(lying(world, "partial"), 0);
        // The answer to the last piece was lost: it is given again.
        let again = store.partial_fetch(&scope, &begun.id).await.unwrap().unwrap();
        assert_eq!((again.offset_bytes, again.attachment), (size, Some(whole)));
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn of_two_senders_of_one_file_one_is_refused() {
    each_engine(async |world| {
        let scope = world.scope(&officer());
        let bytes = report(600_000);
        let store = &world.store;
        let size = bytes.len() as u64;
        let begun = store.partial_begin(&scope, "a.pdf", size, None).await.unwrap();
        // One hangs in a dead connection, the other goes on.
        let mut hangs = store.partial_resume(&scope, &begun.id, 0).await.unwrap();
        let mut goes_on = store.partial_resume(&scope, &begun.id, 0).await.unwrap();
        goes_on.write(&bytes).await.unwrap();
        let late = hangs.write(&bytes).await.err();
        assert!(
            matches!(late, Some(UploadError::Offset { stands_at }) if stands_at > 0),
            "{late:?}"
        );
        drop(hangs);
        let whole = goes_on.finish().await.unwrap().attachment.unwrap();
        assert_eq!(whole.sha256, sha256(&bytes));
    })
    .await;
}

#[tokio::test]
async fn pieces_of_what_is_not_taken_are_thrown_away() {
    each_engine(async |world| {
        let who = world.scope(&officer());
        let store = &world.store;
        let start = async |name: &str, size: u64, hash: Option<&str>| {
            store.partial_begin(&who, name, size, hash).await
        };
        assert!(matches!(start("a.pdf", 0, None).await, Err(UploadError::Empty)));
        assert!(matches!(start("..", 9, None).await, Err(UploadError::Name)));
        assert!(matches!(
            start("a.pdf", 1_000_001, None).await,
            Err(UploadError::TooLarge { most_bytes: 1_000_000 })
        ));
        assert!(matches!(start("a.pdf", 9, Some("no hash")).await, Err(UploadError::Digest)));
        // The kind is told as soon as the beginning has come, not after the last byte.
        let page = start("a.pdf", 900_000, None).await.unwrap();
        let mut piece = store.partial_resume(&who, &page.id, 0).await.unwrap();
        let refused = piece.write(&vec![b'<'; 300_000]).await;
        assert!(matches!(refused, Err(UploadError::Kind { .. })), "{refused:?}");
        assert!(store.partial_fetch(&who, &page.id).await.unwrap().is_none());
        // A short one is judged when it is whole.
        let short = start("a.pdf", 4, None).await.unwrap();
        let mut piece = store.partial_resume(&who, &short.id, 0).await.unwrap();
        piece.write(b"<a/>").await.unwrap();
        assert!(matches!(piece.finish().await, Err(UploadError::Kind { .. })));
        // More than was announced.
        let more = start("a.pdf", 10, None).await.unwrap();
        let mut piece = store.partial_resume(&who, &more.id, 0).await.unwrap();
        let refused = piece.write(b"%PDF-1.7 and more").await;
        assert!(matches!(refused, Err(UploadError::Overrun { size_bytes: 10 })), "{refused:?}");
        drop(piece);
        assert!(store.partial_drop(&who, &more.id).await.unwrap());
        assert!(!store.partial_drop(&who, &more.id).await.unwrap());
        // The hash that was announced is held against what came.
        let bytes = report(2_000);
        let size = bytes.len() as u64;
        for (hash, is_right) in [(sha256(PDF), false), (sha256(&bytes), true)] {
            let begun = start("a.pdf", size, Some(&hash)).await.unwrap();
            let mut piece = store.partial_resume(&who, &begun.id, 0).await.unwrap();
            piece.write(&bytes).await.unwrap();
            let finished = piece.finish().await;
            assert_eq!(finished.is_ok(), is_right, "{finished:?}");
        }
        assert_eq!(lying(world, "partial"), 0);
    })
    .await;
}

#[tokio::test]
async fn a_file_on_its_way_is_its_senders_alone_and_forgotten_in_time() {
    each_engine(async |world| {
        let store = &world.store;
        let (mine, theirs) = (world.scope(&officer()), world.scope(&prosecutor()));
        let begun = store.partial_begin(&mine, "a.pdf", 100, None).await.unwrap();
        assert!(store.partial_fetch(&theirs, &begun.id).await.unwrap().is_none());
        assert!(!store.partial_drop(&theirs, &begun.id).await.unwrap());
        let stolen = store.partial_resume(&theirs, &begun.id, 0).await.err();
        assert!(matches!(stolen, Some(UploadError::Gone)));
        for odd in ["", "../../etc/passwd", &"0".repeat(64), &begun.id.to_uppercase()] {
            assert!(store.partial_fetch(&mine, odd).await.unwrap().is_none(), "{odd:?}");
        }
        // As many and as much as may be on their way at once.
        for _ in 1..store::attachment::PARTIALS_MAX {
            store.partial_begin(&mine, "a.pdf", 100, None).await.unwrap();
        }
        let many = store.partial_begin(&mine, "a.pdf", 100, None).await;
        assert!(matches!(many, Err(UploadError::TooMany)));
        for _ in 0..store::attachment::PARTIAL_BYTES_TIMES {
            store.partial_begin(&theirs, "a.pdf", 1_000_000, None).await.unwrap();
        }
        let much = store.partial_begin(&theirs, "a.pdf", 1, None).await;
        assert!(matches!(much, Err(UploadError::TooMany)));
        // A piece puts the end off.
        world.clock.set("2026-03-02T20:00:00");
        let mut piece = store.partial_resume(&mine, &begun.id, 0).await.unwrap();
        piece.write(b"%PDF-1.7").await.unwrap();
        piece.finish().await.unwrap();
        world.clock.set("2026-03-03T10:00:00");
        let left = u64::from(store::attachment::PARTIALS_MAX) - 1;
        let times = store::attachment::PARTIAL_BYTES_TIMES;
        assert_eq!(store.partial_sweep().await.unwrap(), left + times);
        assert_eq!(store.partial_fetch(&mine, &begun.id).await.unwrap().unwrap().offset_bytes, 8);
        assert_eq!(lying(world, "partial"), 1);
        world.clock.set("2026-03-04T10:00:00");
        assert_eq!(store.partial_sweep().await.unwrap(), 1);
        assert_eq!(lying(world, "partial"), 0);
    })
    .await;
}
