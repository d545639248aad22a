//! `liandong witness`: the other side's own look at the log, on the other side's machine.
//!
//! ```text
//! DIR/key.pem        the witness's private key (PKCS#8)
//! DIR/public.txt     its public key, for the log's keeper
//! DIR/state.json     what it saw last, and what it holds against the log
//! DIR/evidence/      the same evidence, a file each, for `liandong verify`
//! ```
//!
//! The state is on the disk before a signature leaves the machine: a witness that forgets is none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::ledger::{
    Instant, Keys, Look, Name, Purpose, Shown, SignedCheckpoint, Signer, SplitView, Verifier,
    Witness,
};
use calendar::Words;
use clap::Subcommand;
use store::Clock as _;
use store::randomness::SystemRandomness;

use crate::clock::SystemClock;
use crate::ledger::{Dice, command};
use crate::output::{Failure, Terminal};

mod client;

use client::{Client, Got};

/// What the program ends with when it saw two histories.
const TWO_HISTORIES: u8 = 3;

const KEY: &str = "key.pem";
const PUBLIC: &str = "public.txt";
const STATE: &str = "state.json";
const EVIDENCE: &str = "evidence";
const LOCK: &str = "lock";

/// The arguments of `liandong witness`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong witness init --name jcy.hanzhong.example --state /var/lib/liandong-witness
                          prints the public key; give it to the log's keeper  打印公钥，交日志方登记
  liandong witness run --state /var/lib/liandong-witness --log-keys keys.txt --url https://liandong.hanzhong.example
  liandong witness show --state /var/lib/liandong-witness

Run it on a machine of your own side. It remembers the last checkpoint and cosigns another only when the
log proves that it has grown from it. Two histories: it says so on stderr at every look, keeps both in
evidence/, and ends with 3 when run --once.
请在己方的机器上运行。只有日志证明确由此前所见增长而来，才会副署；见到两份不同的历史，每次都在标准错误输出报警，
两份均留存在 evidence 目录，--once 时退出码为 3。")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the witness's key  建立见证方密钥
    Init {
        /// Its name, without spaces and +  名称
        #[arg(long)]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Look at the log, again and again  查验并副署
    Run(Run),
    /// What it saw last, and what it holds against the log  查看状态
    Show {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The witness's folder  见证方目录
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    place: Place,
    /// The log's public keys; needed for the first look  日志方公钥清单，首次运行时必需
    #[arg(long, value_name = "FILE")]
    log_keys: Option<PathBuf>,
    /// Where the platform is  平台地址
    #[arg(long, value_name = "URL")]
    url: String,
    /// Certificates (PEM) of whoever vouches for its HTTPS, instead of the machine's own  信任的证书
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Seconds between two looks  间隔秒数
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Look once  只查验一次
    #[arg(long)]
    once: bool,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Init { name, place } => init(name, &place.state, terminal),
        Command::Run(run) => watch(run, terminal),
        Command::Show { place } => show(&place.state, terminal),
    }
}

fn init(name: &str, folder: &Path, terminal: Terminal) -> Result<(), Failure> {
    let name: Name = name.parse().map_err(|_| {
        Failure::usage(
            "名称不能有空格和 +，例如 jcy.hanzhong.example",
            "the name has no spaces and no +, e.g. jcy.hanzhong.example",
        )
    })?;
    let key = folder.join(KEY);
    if key.exists() {
        let shown = key.display();
        return Err(Failure::failed(
            format!("{shown} 已存在：见证方密钥不能覆盖；另选目录"),
            format!("{shown} is there already and is not overwritten; choose another folder"),
        ));
    }
    let signer = Signer::generate(name, Purpose::Witness, &mut Dice(&SystemRandomness))
        .map_err(|error| Failure::because("不能建立密钥", "cannot make the key", error))?;
    let pem = signer
        .to_pkcs8_pem()
        .map_err(|error| Failure::because("不能建立密钥", "cannot make the key", error))?;
    let made = || -> std::io::Result<()> {
        crate::house::make_private(&folder.join(EVIDENCE))?;
        command::replace(&folder.join(PUBLIC), format!("{}\n", signer.verifier()).as_bytes())?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    };
    made().map_err(|error| unwritten(folder, &error))?;
    Terminal::line(&signer.verifier().to_string());
    terminal.warn(&Words::new(
        "以上一行是见证方的公钥，请交日志方登记：liandong ledger witness add procuratorate <公钥>（所属方按实际填写）",
        "the line above is the witness's public key. The log's keeper adds it: liandong ledger witness add \
         procuratorate KEY (or whichever side you are)",
    ));
    Ok(())
}

/// A witness with its memory and its key, and nobody else at it.
struct Post {
    folder: PathBuf,
    signer: Signer,
    memory: Option<Witness>,
    _lock: File,
}

impl Post {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK))
            .map_err(|error| unread(&folder.join(LOCK), &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let shown = folder.display();
                return Err(Failure::failed(
                    format!("另一个见证进程正在使用 {shown}"),
                    format!("another witness is at work in {shown}"),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unread(&folder.join(LOCK), &error)),
        }
        let signer = signer(folder)?;
        let memory = memory(folder)?;
        Ok(Self { folder: folder.to_owned(), signer, memory, _lock: lock })
    }

    /// The memory, made from the list of keys at the first look and checked against it later.
    fn witness(&mut self, keys: Option<&Keys>) -> Result<&mut Witness, Failure> {
        if let (Some(memory), Some(keys)) = (&self.memory, keys)
            && memory.origin() != keys.log().origin()
        {
            let (seen, given) = (memory.origin(), keys.log().origin());
            return Err(Failure::failed(
                format!(
                    "此前见证的是日志“{seen}”，公钥清单却是“{given}”的；见证另一份日志请另建目录"
                ),
                format!(
                    "this witness watches the log {seen}, and the list of keys is of {given}; for \
                     another log make another folder"
                ),
            ));
        }
        let made = match (self.memory.take(), keys) {
            (Some(memory), _) => memory,
            (None, Some(keys)) => Witness::of(keys.log().clone()),
            (None, None) => return Err(no_keys()),
        };
        Ok(self.memory.insert(made))
    }

    /// Makes the memory durable, and the evidence in it.
    fn save(&self) -> Result<(), Failure> {
        let Some(memory) = &self.memory else { return Ok(()) };
        let odd = |error| Failure::because("不能保存状态", "cannot save the state", error);
        let text = memory.to_text().map_err(odd)?;
        let evidence = self.folder.join(EVIDENCE);
        let saved = || -> std::io::Result<()> {
            std::fs::create_dir_all(&evidence)?;
            command::replace(&self.folder.join(STATE), text.as_bytes())
        };
        saved().map_err(|error| unwritten(&self.folder, &error))?;
        for split in memory.evidence() {
            let text = split.to_text().map_err(odd)?;
            keep(&evidence, &text).map_err(|error| unwritten(&evidence, &error))?;
        }
        Ok(())
    }
}

/// Keeps evidence under the next number, unless it is there. Nothing is ever taken away: an accusation
/// that was answered stays one that was made.
fn keep(folder: &Path, text: &str) -> std::io::Result<()> {
    let mut last = 0_u32;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok());
        last = last.max(number.unwrap_or(0));
        if std::fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
            return Ok(());
        }
    }
    command::replace(&folder.join(format!("{:03}.json", last + 1)), text.as_bytes())
}

/// What came of one look.
enum Looked {
    /// Cosigned, and the platform has the signature; or nothing is wrong.
    Well,
    /// Nothing was cosigned, or the platform does not have it.
    Not,
    /// Two histories.
    TwoHistories,
}

fn watch(run: &Run, terminal: Terminal) -> Result<(), Failure> {
    let keys = run.log_keys.as_deref().map(command::read).transpose()?.map(|(_, keys)| keys);
    let mut post = Post::open(&run.place.state)?;
    post.witness(keys.as_ref())?;
    let client = Client::new(&run.url, run.ca.as_deref())?;
    loop {
        let looked = look(&mut post, &client, terminal)?;
        if run.once {
            return match looked {
                Looked::Well => Ok(()),
                Looked::Not => {
                    Err(Failure::failed("本次未副署", "nothing was cosigned at this look"))
                }
                Looked::TwoHistories => Err(Failure {
                    words: Words::new(
                        "见到两份不同的历史，证据已留存在 evidence 目录，可用 liandong verify 核对并出示",
                        "two histories were seen; the evidence is in evidence/, for `liandong verify` and \
                         for whoever must know",
                    ),
                    code: TWO_HISTORIES,
                }),
            };
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no runtime here, and nothing else to do"
        )]
        std::thread::sleep(Duration::from_secs(run.every));
    }
}

/// Looks once. A platform that does not answer is told and no failure; a disk that does not keep is one.
fn look(post: &mut Post, client: &Client, terminal: Terminal) -> Result<Looked, Failure> {
    let size = post.memory.as_ref().map_or(0, Witness::size);
    let not = |zh: String, en: String| {
        terminal.warn(&Words::new(zh, en));
        Ok(Looked::Not)
    };
    let shown = match client.shown(size) {
        Ok(Got::Text(text)) => text,
        Ok(Got::Nothing) => {
            return not(
                "平台还没有签署检查点".to_owned(),
                "the platform has signed no checkpoint yet".to_owned(),
            );
        }
        Err(why) => {
            return not(
                format!("平台没有应答：{why}"),
                format!("the platform does not answer: {why}"),
            );
        }
    };
    let shown = match Shown::parse(&shown) {
        Ok(shown) => shown,
        Err(error) => {
            return not(
                format!("平台出示的内容无法读取：{error}"),
                format!("what the platform shows cannot be read: {error}"),
            );
        }
    };
    let at = now()?;
    let Some(memory) = post.memory.as_mut() else { return Err(no_keys()) };
    let look = memory
        .look(&shown, &post.signer, at)
        .map_err(|error| Failure::because("不能签名", "cannot sign", error))?;
    // Before anybody hears of it.
    post.save()?;
    let words = Words::new(look.zh(), look.en());
    match look {
        Look::Cosigned { checkpoint, .. } => {
            terminal.say(&words);
            Ok(hand_over(client, &checkpoint, terminal))
        }
        Look::Behind { proved, .. } => {
            terminal.warn(&words);
            Ok(if proved { Looked::Well } else { Looked::Not })
        }
        Look::SplitView(_) => {
            terminal.warn(&words);
            Ok(Looked::TwoHistories)
        }
        Look::Refused(_) => {
            terminal.warn(&words);
            Ok(Looked::Not)
        }
    }
}

fn hand_over(client: &Client, checkpoint: &SignedCheckpoint, terminal: Terminal) -> Looked {
    match client.cosigned(&checkpoint.to_string()) {
        Ok(()) => Looked::Well,
        Err(why) => {
            terminal.warn(&Words::new(
                format!("已副署，但平台没有收下：{why}；下次查验时再送"),
                format!("cosigned, but the platform did not take it: {why}; it is sent again at the next look"),
            ));
            Looked::Not
        }
    }
}

fn show(folder: &Path, terminal: Terminal) -> Result<(), Failure> {
    Terminal::line(&signer(folder)?.verifier().to_string());
    let memory = memory(folder)?;
    let Some((memory, (last, at))) =
        memory.as_ref().and_then(|memory| Some((memory, memory.last()?)))
    else {
        terminal.say(&Words::new("尚未查验过", "it has not looked yet"));
        return Ok(());
    };
    let said = last.checkpoint();
    terminal.say(&Words::new(
        format!("最近一次查验：{}；{}", at.zh(), said.minutes_zh()),
        format!("last look: {}; {}", at.en(), said.minutes_en()),
    ));
    for split in memory.evidence() {
        let split: &SplitView = split;
        terminal.say(&Words::new(split.zh(), split.en()));
    }
    if memory.evidence().is_empty() {
        terminal.say(&Words::new("没有发现两份不同的历史", "it has never seen two histories"));
    }
    Ok(())
}

fn signer(folder: &Path) -> Result<Signer, Failure> {
    let (public, key) = (folder.join(PUBLIC), folder.join(KEY));
    let text = std::fs::read_to_string(&public).map_err(|error| unread(&public, &error))?;
    let verifier: Verifier = text.trim().parse().map_err(|error| broken(&public, &error))?;
    let pem = std::fs::read_to_string(&key).map_err(|error| unread(&key, &error))?;
    let signer = Signer::from_pkcs8_pem(verifier.name().clone(), Purpose::Witness, &pem)
        .map_err(|error| broken(&key, &error))?;
    if *signer.verifier() != verifier {
        return Err(broken(&key, &"it is not the key of public.txt"));
    }
    Ok(signer)
}

/// The memory; none before the first look. One that cannot be read is no reason to begin anew: whoever
/// wants to be forgotten would only have to break it.
fn memory(folder: &Path) -> Result<Option<Witness>, Failure> {
    let path = folder.join(STATE);
    match std::fs::read(&path) {
        Ok(bytes) => Witness::parse(&bytes).map(Some).map_err(|error| broken(&path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(&path, &error)),
    }
}

fn now() -> Result<Instant, Failure> {
    Instant::try_from(SystemClock.now())
        .map_err(|error| Failure::because("时钟有误", "the clock is wrong", error))
}

fn no_keys() -> Failure {
    Failure::usage(
        "首次查验须用 --log-keys keys.txt 给出日志方的公钥清单",
        "the first look needs the log's list of keys: --log-keys keys.txt",
    )
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    Failure::usage(
        format!("读不到 {shown}：{error}；先运行 liandong witness init"),
        format!("cannot read {shown}: {error}; run `liandong witness init` first"),
    )
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    Failure::failed(
        format!("不能写入 {shown}：{error}；未送出任何签名"),
        format!("cannot write in {shown}: {error}; no signature was given"),
    )
}

fn broken(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let shown = path.display();
    Failure::failed(
        format!("{shown} 不能使用：{why}；请从备份恢复"),
        format!("{shown} cannot be used: {why}; put it back from your copy"),
    )
}
