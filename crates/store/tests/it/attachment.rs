//! Files: in whole or not at all, and opened only in scope.

use store::attachment::{Attachment, UploadError};
use tokio::io::AsyncReadExt as _;

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
        let mut bytes = Vec::new();
        open.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, PDF);

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
