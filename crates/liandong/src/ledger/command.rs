//! `liandong ledger`: what the log's keeper tells others, and whose witness it listens to.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ::ledger::{Keys, KeysError, Purpose, Side, SignedCheckpoint, Signer, Verifier, WitnessKey};
use calendar::Words;
use clap::Subcommand;
use store::ledger::key::key_changes;
use store::ledger::proof::{checkpoint_newest, forget_checkpoints};
use store::randomness::SystemRandomness;
use store::{Clock as _, Database, StoreError};

use super::rotate::NEXT;
use super::{Dice, take_up};
use crate::clock::SystemClock;
use crate::output::{Failure, Terminal};
use crate::serve::DATA;
use crate::settings::{PlaceFlags, Settings};

/// How long one waits for a running platform to change its key.
const TAKEN_UP_SECONDS_MAX: u32 = 30;

/// The arguments of `liandong ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong ledger keys > keys.txt             give this list to everybody  公钥清单，交给各方
  liandong ledger fingerprint                 a line for the minutes of the meeting  写入会议纪要的校验码
  liandong ledger rotate                      another key, signed for by the old one  更换密钥
  liandong ledger witness add procuratorate jcy.hanzhong.example+2de3617e+/2xp…
                                              from `liandong witness init` of the other side  登记对方的见证方

The private key lies in DATA/ledger/key.pem: keep a copy of it elsewhere.
私钥在数据目录的 ledger/key.pem，请另行备份。")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The public keys by which others check  公钥清单
    Keys {
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// The fingerprint of the newest checkpoint, for minutes  检查点校验码
    Fingerprint {
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// The newest checkpoint as it is signed  最新检查点
    Head {
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Change the key: the old one signs for the new in the log  更换密钥
    Rotate {
        /// A private key made elsewhere (PEM), instead of a new one  另行生成的私钥
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// The key is lost: sign anew with another, made at the next start  密钥遗失、另起签名
    Restart {
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// The witnesses whose signatures count  见证方
    Witness {
        #[command(subcommand)]
        command: WitnessCommand,
    },
}

#[derive(Debug, Subcommand)]
enum WitnessCommand {
    /// Add one  登记
    Add {
        /// Its side: government, procuratorate, court  所属方
        side: String,
        /// Its public key: NAME+ID+KEY, as its own side gives it  公钥
        key: String,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// List them  列出
    List {
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Remove one: what it has signed stays signed, and counts no more  移除
    Remove {
        /// Its name, or its whole key  名称或公钥
        name: String,
        #[command(flatten)]
        place: PlaceFlags,
    },
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Keys { place } => {
            let path = keys_path(&place.resolve(DATA)?);
            let (text, _) = read(&path)?;
            Terminal::text(&text);
            Ok(())
        }
        Command::Fingerprint { place } => {
            let settings = place.resolve(DATA)?;
            let newest = newest(&settings).await?;
            let (_, keys) = read(&keys_path(&settings))?;
            let standing = keys.judge(&newest).map_err(|error| {
                Failure::failed(
                    format!("最新检查点与公钥清单不符：{}", error.zh()),
                    format!("the newest checkpoint does not stand with the list of keys: {error}"),
                )
            })?;
            let said = newest.checkpoint();
            terminal.say(&Words::new(said.minutes_zh(), said.minutes_en()));
            for it in &standing.witnesses {
                terminal.say(&Words::new(
                    format!("已由见证方 {}（{}）副署，{}", it.name, it.side, it.at.zh()),
                    format!("cosigned by the witness {} ({}), {}", it.name, it.side, it.at.en()),
                ));
            }
            if standing.require_other_side().is_err() {
                terminal.say(&Words::new(
                    "尚无对方见证方副署",
                    "no witness of the other side has cosigned it yet",
                ));
            }
            Ok(())
        }
        Command::Head { place } => {
            let newest = newest(&place.resolve(DATA)?).await?;
            Terminal::text(&newest.to_string());
            Ok(())
        }
        Command::Rotate { key, place } => {
            rotate(&place.resolve(DATA)?, key.as_deref(), terminal).await
        }
        Command::Restart { place } => restart(&place.resolve(DATA)?, terminal).await,
        Command::Witness { command } => witness(command, terminal),
    }
}

/// Begins to sign anew. The log itself goes on, with an entry that says so; whoever holds an earlier
/// receipt verifies it with the earlier list of keys.
async fn restart(settings: &Settings, terminal: Terminal) -> Result<(), Failure> {
    let unopened = |error| Failure::because("打不开数据库", "cannot open the database", error);
    let lost = newest(settings).await?.checkpoint().origin.clone();
    let folder = settings.ledger();
    if folder.exists() {
        let shown = folder.display();
        return Err(Failure::usage(
            format!("{shown} 中还有密钥；确需另起签名的，请先把这个目录移走"),
            format!(
                "there is a key in {shown}; to begin anew all the same, move that folder away first"
            ),
        ));
    }
    let database = Database::open(&settings.database()).await.map_err(unopened)?;
    let now = SystemClock.now();
    let number = forget_checkpoints(&database, &lost, now).await.map_err(unopened)?;
    terminal.say(&Words::new(
        format!(
            "已清除 {number} 个由“{lost}”签名的检查点，并记入审计日志。下次启动时建立新密钥；请把新的公钥清单交给各方，\
             已发出的回执仍用原清单核验"
        ),
        format!(
            "removed {number} checkpoint(s) signed by `{lost}`; the journal says so. The next start makes a new \
             key: give its list to everybody. Receipts given before are verified with the list of before"
        ),
    ));
    Ok(())
}

/// Lays the new key ready and changes to it; a platform that is running does so itself.
async fn rotate(
    settings: &Settings,
    key: Option<&Path>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let folder = settings.ledger();
    let (_, keys) = read(&keys_path(settings))?;
    let next = folder.join(NEXT);
    if next.exists() {
        let shown = next.display();
        return Err(Failure::failed(
            format!("{shown} 已有待更换的密钥：平台运行时数秒内更换；不需要的请先移走"),
            format!(
                "a key lies ready in {shown} already: a running platform changes to it within seconds; \
                 move it away if it is not wanted"
            ),
        ));
    }
    let name = keys.log().origin().clone();
    let new = match key {
        None => Signer::generate(name, Purpose::Log, &mut Dice(&SystemRandomness)),
        Some(path) => {
            let pem = std::fs::read_to_string(path).map_err(|error| {
                let shown = path.display();
                Failure::usage(
                    format!("读不到私钥 {shown}：{error}"),
                    format!("cannot read the private key {shown}: {error}"),
                )
            })?;
            Signer::from_pem(name, Purpose::Log, &pem)
        }
    };
    let new = new.map_err(|error| Failure::because("私钥不可用", "the key is of no use", error))?;
    let id = new.verifier().id();
    if keys.log().keys().iter().any(|known| known.key == *new.verifier()) {
        return Err(Failure::usage(
            format!("密钥 {id} 已经用过，请另换一把"),
            format!("the log has had the key {id} before; take another"),
        ));
    }
    let pem = new
        .to_pkcs8_pem()
        .map_err(|error| Failure::because("私钥不可用", "the key is of no use", error))?;
    private(&next, pem.as_bytes()).map_err(|error| {
        let shown = next.display();
        Failure::failed(
            format!("不能写入 {shown}：{error}；密钥未更换"),
            format!("cannot write {shown}: {error}; the key was not changed"),
        )
    })?;
    match Database::open(&settings.database()).await {
        Ok(database) => {
            if let Err(failure) = take_up(settings, &database, SystemClock.now()).await {
                let changes = key_changes(&database).await;
                let is_in_log = changes.map_or(true, |changes| {
                    changes.iter().any(|change| change.rotation.new == *new.verifier())
                });
                // Nothing may change to it later, unasked; but a key the log names is not thrown away.
                if !is_in_log {
                    std::fs::remove_file(&next).ok();
                }
                return Err(failure);
            }
        }
        // The platform is running and does it itself.
        Err(StoreError::InUse { .. }) => {}
        Err(error) => {
            std::fs::remove_file(&next).ok();
            return Err(Failure::because("打不开数据库", "cannot open the database", error));
        }
    }
    for _ in 0..TAKEN_UP_SECONDS_MAX * 10 {
        let (_, now) = read(&keys_path(settings))?;
        if let Some(known) = now.log().keys().iter().find(|known| known.key == *new.verifier()) {
            let from = known.from;
            terminal.say(&Words::new(
                format!(
                    "日志密钥已更换为 {id}，自第 {from} 条起由它签名；旧密钥已为新密钥签名，写入日志。请把新的公钥清单\
                     （liandong ledger keys）交给各方，并另行备份 ledger 目录。持旧清单者仍可核验"
                ),
                format!(
                    "the log's key is now {id}, and signs from entry {from} on; the old key signed for it in the \
                     log. Give the new list (`liandong ledger keys`) to everybody and keep a copy of the folder \
                     ledger. Whoever has the old list can still verify"
                ),
            ));
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(Failure::failed(
        format!("新密钥 {id} 已就位，但运行中的平台尚未更换，请查看其日志"),
        format!(
            "the key {id} lies ready, but the running platform has not changed to it; look at its log"
        ),
    ))
}

/// Writes what only the platform may read, so that it outlasts a power cut.
fn private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn witness(command: &WitnessCommand, terminal: Terminal) -> Result<(), Failure> {
    match command {
        WitnessCommand::Add { side, key, place } => {
            add(&keys_path(&place.resolve(DATA)?), side, key, terminal)
        }
        WitnessCommand::List { place } => {
            let (_, keys) = read(&keys_path(&place.resolve(DATA)?))?;
            for WitnessKey { side, key } in keys.witnesses() {
                Terminal::line(&format!("{side}  {key}"));
            }
            if keys.witnesses().is_empty() {
                terminal.say(&Words::new(
                    "没有登记见证方：由对方运行 liandong witness init，再把公钥交来登记",
                    "there is no witness: the other side runs `liandong witness init` and gives you its key",
                ));
            }
            Ok(())
        }
        WitnessCommand::Remove { name, place } => {
            remove(&keys_path(&place.resolve(DATA)?), name, terminal)
        }
    }
}

fn add(path: &Path, side: &str, key: &str, terminal: Terminal) -> Result<(), Failure> {
    let side: Side = side.parse().map_err(|_| {
        Failure::usage(
            format!("“{side}”不能作为所属方；可用 government、procuratorate、court"),
            format!("`{side}` is no side; use government, procuratorate or court"),
        )
    })?;
    let verifier: Verifier = key.parse().map_err(|error| {
        Failure::usage(
            format!("不是见证方的公钥（名称+编号+公钥）：{error}"),
            format!("not a witness's public key (NAME+ID+KEY): {error}"),
        )
    })?;
    let (text, keys) = read(path)?;
    let known = keys.witnesses().iter().find(|known| known.key.name() == verifier.name());
    if let Some(known) = known {
        return Err(Failure::failed(
            format!("已登记同名见证方：{} {}；先移除再登记", known.side, known.key),
            format!(
                "a witness of that name is there: {} {}; remove it first",
                known.side, known.key
            ),
        ));
    }
    if keys.clone().witness(side.clone(), verifier.clone()).is_err() {
        return Err(Failure::usage(
            "这把公钥不是见证方的（可能是日志的）",
            "this key is none of a witness (it may be a log's)",
        ));
    }
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    write(path, &format!("{text}{end}witness {side} {verifier}\n"))?;
    let name = verifier.name();
    terminal.say(&Words::new(
        format!("已登记见证方 {name}（{side}），运行中的平台数秒内生效。请把新的公钥清单交给各方"),
        format!(
            "added the witness {name} ({side}); a running platform listens to it within seconds. Give \
             the new list of keys to everybody"
        ),
    ));
    if side == *keys.side() {
        terminal.say(&Words::new(
            format!("注意：日志也由 {side} 一方保管；同一方的见证不能代替对方的见证"),
            format!(
                "mind that {side} keeps the log too: its witness is no witness of the other side"
            ),
        ));
    }
    Ok(())
}

fn remove(path: &Path, name: &str, terminal: Terminal) -> Result<(), Failure> {
    let (text, keys) = read(path)?;
    let found = keys
        .witnesses()
        .iter()
        .find(|known| known.key.name().as_str() == name || known.key.to_string() == name);
    let Some(found) = found else {
        return Err(Failure::failed(
            format!("没有登记名为“{name}”的见证方"),
            format!("there is no witness `{name}`"),
        ));
    };
    let line = found.key.to_string();
    let kept = text.lines().filter(|kept| {
        let mut words = kept.split_whitespace();
        (words.next(), words.nth(1)) != (Some("witness"), Some(line.as_str()))
    });
    let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
    write(path, &kept)?;
    let name = found.key.name();
    terminal.say(&Words::new(
        format!("已移除见证方 {name}，运行中的平台数秒内生效"),
        format!("removed the witness {name}; a running platform knows within seconds"),
    ));
    Ok(())
}

async fn newest(settings: &Settings) -> Result<SignedCheckpoint, Failure> {
    let database = Database::open_to_read(&settings.database())
        .await
        .map_err(|error| Failure::because("打不开数据库", "cannot open the database", error))?;
    let newest = checkpoint_newest(&database)
        .await
        .map_err(|error| Failure::because("读不到检查点", "cannot read the checkpoint", error))?;
    newest.ok_or_else(|| {
        Failure::failed(
            "还没有检查点：平台运行后每分钟签署一次",
            "there is no checkpoint yet: the running platform signs one a minute",
        )
    })
}

/// Where the list of keys lies.
fn keys_path(settings: &Settings) -> PathBuf {
    settings.ledger().join(super::KEYS)
}

/// Reads a list of keys, as it stands and as it is meant; an error names file and line.
pub(crate) fn read(path: &Path) -> Result<(String, Keys), Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(
            format!("读不到公钥清单 {shown}：{error}；清单在平台首次启动时建立"),
            format!("cannot read the list of keys {shown}: {error}; the platform makes it at its first start"),
        )
    })?;
    let keys = parse(path, &text)?;
    Ok((text, keys))
}

fn parse(path: &Path, text: &str) -> Result<Keys, Failure> {
    let shown = path.display();
    text.parse().map_err(|error: KeysError| match error {
        KeysError::Line { line } => Failure::failed(
            format!("{shown}:{line}：不是“log 起始 所属方 公钥”或“witness 所属方 公钥”"),
            format!("{shown}:{line}: neither `log FROM SIDE KEY` nor `witness SIDE KEY`"),
        ),
        error => Failure::failed(
            format!("{shown}：不是公钥清单：{error}"),
            format!("{shown}: not a list of keys: {error}"),
        ),
    })
}

/// Puts a new list in the place of the old: whoever reads meanwhile finds one or the other, whole.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    parse(path, text)?;
    replace(path, text.as_bytes()).map_err(|error| {
        let shown = path.display();
        Failure::failed(
            format!("不能写入公钥清单 {shown}：{error}；原清单未改动"),
            format!("cannot write the list of keys {shown}: {error}; the old one is untouched"),
        )
    })
}

/// Puts a file in the place of another so that after a power cut there is one or the other, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
