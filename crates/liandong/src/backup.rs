//! `liandong backup` and `liandong restore`: the whole house in one folder, whichever the engine.

use std::path::{Path, PathBuf};

use calendar::Words;
use store::backup::{LogCheck, Manifest};
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

One that was broken off is gone on with by the same command; attachments already copied are not copied
again. A backup is one moment of the database and the attachments of that moment. It can be restored into SQLite
or PostgreSQL, whichever it came from. Sessions are left out.
备份为同一时刻的数据库和附件，可恢复到任一种数据库；不含登录会话。中断后重新执行同一命令即可续备，已复制的附件不再复制。")]
pub(crate) struct BackupArguments {
    /// A folder that is new or empty, or holds one that was broken off  新的、空的或者备份中断的目录
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

The database must be empty. Every file is checked before anything is written, and the log over all of it
before it is kept.
只能恢复到空数据库；写入前逐一校验文件，提交前重新计算存证日志。")]
pub(crate) struct RestoreArguments {
    /// The folder of the backup  备份目录
    folder: PathBuf,
    /// Restore it even when its log does not hold  日志校验不通过也恢复
    #[arg(long)]
    despite_broken_log: bool,
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
    let made = store::backup::backup(&database, &files, folder, SystemClock.now())
        .await
        .map_err(unmade)?;
    let mut words = told(&made.manifest, "已备份", "backed up");
    if made.were_there > 0 {
        words.zh = format!("{}，其中 {} 个附件上次已复制", words.zh, made.were_there);
        words.en = format!("{}, {} of them there before", words.en, made.were_there);
    }
    terminal.say(&words);
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
    let manifest = store::backup::verify(folder)
        .map_err(|error| Failure::because("备份不完整", "the backup is not whole", error))?;
    let masters = vault::at_hand(&settings.vault_key_file())?;
    let address = settings.database();
    let made = Database::file_of(&address).filter(|path| !path.exists());
    let database = Database::open(&address)
        .await
        .map_err(|error| Failure::because("打不开数据库", "cannot open the database", error))?;
    let (files, now) = (settings.attachments(), SystemClock.now());
    let check = if arguments.despite_broken_log {
        LogCheck::Without
    } else {
        LogCheck::With(masters.as_ref())
    };
    let restored = store::backup::restore(folder, manifest, &database, &files, check, now).await;
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            drop(database);
            if let Some(path) = &made {
                leave_nothing(path);
            }
            return Err(Failure::because("未恢复", "nothing was restored", error));
        }
    };
    terminal.say(&told(&restored.manifest, "已恢复", "restored"));
    if !restored.log_was_checked {
        terminal.warn(&Words::new(
            "存证日志未校验；请在密钥就位、平台启动一次之后运行 liandong audit",
            "the log was not checked; run `liandong audit` once the key is in its place and the platform was \
             started",
        ));
    }
    // The key may still have to be put in its place: better told now than at the next start.
    if let Err(failure) = vault::open_to_read(&settings, &database).await {
        terminal.warn(&failure.words);
    }
    Ok(())
}

/// Takes away the empty database file that was made for nothing, and its folder when nothing else is there.
fn leave_nothing(path: &Path) {
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        // What failed is told, not this: an empty file is no harm.
        drop(std::fs::remove_file(name));
    }
    drop(path.parent().map(std::fs::remove_dir));
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
