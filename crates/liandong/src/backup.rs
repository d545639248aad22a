//! `liandong backup` and `liandong restore`: the whole house in one folder, whichever the engine.

use std::path::PathBuf;

use calendar::Words;
use store::backup::Manifest;
use store::{Clock as _, Database};

use crate::clock::SystemClock;
use crate::output::{Failure, Terminal};
use crate::serve::DATA;
use crate::settings::PlaceFlags;
use crate::vault;

/// The arguments of `liandong backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong backup /backup/2026-11-24          the platform may go on running  运行中即可备份
  liandong backup --verify /backup/2026-11-24

A backup is one moment of the database and the attachments of that moment. It can be restored into SQLite
or PostgreSQL, whichever it came from. Sessions are left out.
备份为同一时刻的数据库和附件，可恢复到任一种数据库；不含登录会话。")]
pub(crate) struct BackupArguments {
    /// A folder that is new or empty  新的或空的目录
    folder: PathBuf,
    /// Only prove that the backup there is whole  只校验已有备份
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    place: PlaceFlags,
}

/// The arguments of `liandong restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong restore /backup/2026-11-24 --data new-data
  liandong restore /backup/2026-11-24 --database postgres://liandong@db/liandong

The database must be empty. Every file is checked before anything is written.
只能恢复到空数据库；写入前逐一校验。")]
pub(crate) struct RestoreArguments {
    /// The folder of the backup  备份目录
    folder: PathBuf,
    #[command(flatten)]
    place: PlaceFlags,
}

/// Makes a backup, or proves one.
pub(crate) async fn backup(arguments: &BackupArguments, terminal: Terminal) -> Result<(), Failure> {
    let folder = &arguments.folder;
    if arguments.verify {
        let manifest = store::backup::verify(folder)
            .map_err(|error| Failure::because("备份不完整", "the backup is not whole", error))?;
        terminal.say(&told(&manifest, "备份完整", "the backup is whole"));
        return Ok(());
    }
    let settings = arguments.place.resolve(DATA)?;
    let unmade = |error| Failure::because("未备份", "no backup was made", error);
    let database = Database::open_to_read(&settings.database())
        .await
        .map_err(|error| Failure::because("打不开数据库", "cannot open the database", error))?;
    let files = settings.attachments();
    // With the key at hand, sealed attachments are proved to hold what they should.
    if let Err(failure) = vault::open_to_read(&settings, &database).await {
        terminal.warn(&failure.words);
    }
    let manifest = store::backup::backup(&database, &files, folder, SystemClock.now())
        .await
        .map_err(unmade)?;
    terminal.say(&told(&manifest, "已备份", "backed up"));
    if let Some(words) = vault::kept_besides(&settings, &database).await? {
        terminal.say(&words);
    }
    Ok(())
}

/// Restores one.
pub(crate) async fn restore(
    arguments: &RestoreArguments,
    terminal: Terminal,
) -> Result<(), Failure> {
    let settings = arguments.place.resolve(DATA)?;
    let folder = &arguments.folder;
    // A backup that is not whole leaves no empty database behind.
    store::backup::verify(folder)
        .map_err(|error| Failure::because("备份不完整", "the backup is not whole", error))?;
    let database = Database::open(&settings.database())
        .await
        .map_err(|error| Failure::because("打不开数据库", "cannot open the database", error))?;
    let files = settings.attachments();
    let manifest = store::backup::restore(folder, &database, &files, SystemClock.now())
        .await
        .map_err(|error| Failure::because("未恢复", "nothing was restored", error))?;
    terminal.say(&told(&manifest, "已恢复", "restored"));
    // The key may still have to be put in its place: better told now than at the next start.
    if let Err(failure) = vault::open_to_read(&settings, &database).await {
        terminal.warn(&failure.words);
    }
    Ok(())
}

fn told(manifest: &Manifest, zh: &str, en: &str) -> Words {
    let rows: u64 = manifest.tables.values().map(|table| table.rows).sum();
    let (tables, files) = (manifest.tables.len(), manifest.files.len() + manifest.sealed.len());
    let at = manifest.made_at;
    Words::new(
        format!("{zh}：{at} 的 {tables} 张表共 {rows} 行，{files} 个附件"),
        format!("{en}: {tables} tables with {rows} rows and {files} attachment(s) of {at}"),
    )
}
