//! `liandong verify`: what a file proves and what it does not, offline and with public keys only.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use ::ledger::bundle::{LOG_PATH, MANIFEST_BYTES_MAX, MANIFEST_PATH};
use ::ledger::witness::SHOWN_BYTES_MAX;
use ::ledger::{
    Check, Checked, Instant, Keys, ManifestError, NotProved, Proved, Receipt, Shown,
    SignedCheckpoint, SplitView, Standing, StateError, TrustError, Verdict, WhySplit,
};
use calendar::Words;
use store::ledger::bundle::Archive;

use crate::ledger::command;
use crate::output::{Failure, Language, Terminal};

/// The most bytes of a file that is not a bundle.
const FILE_BYTES_MAX: u64 = 1 << 24;
/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 16;

/// The arguments of `liandong verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong verify receipt.json --keys keys.txt
  liandong verify receipts/*.json matter.zip --keys keys.txt --require-witness
  liandong verify evidence/001.json --keys keys.txt        what a witness holds against the log  见证方留存的证据

A FILE is a receipt, a checkpoint, what the log shows (GET /api/v1/ledger/shown), an exported matter (its zip, or the folder it was unpacked to), or a
witness's evidence. The list of keys comes from the log's keeper (`liandong ledger keys`); compare it with
the copy of the other side. Nothing is asked over the network.
FILE 可以是回执、检查点、日志出示的内容（GET /api/v1/ledger/shown）、导出的卷宗（zip 或者解开的目录）、见证方的证据。公钥清单由日志方给出，请与对方所持核对。
全程不联网。退出码：0 成立，1 不成立，2 用法有误。")]
pub(crate) struct Arguments {
    /// What is to be verified  待验证的文件
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The public keys one trusts  公钥清单
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Without a witness of the other side nothing is proved  必须有对方见证
    #[arg(long)]
    require_witness: bool,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let Some(keys) = &arguments.keys else {
        return Err(Failure::usage(
            "须用 --keys keys.txt 给出公钥清单。清单由日志方用 liandong ledger keys 导出，请从日志方和见证方\
             两处取得并核对一致；随文件附带的公钥一律不信",
            "give the public keys with --keys keys.txt. The log's keeper prints the list with `liandong \
             ledger keys`; get it from both sides and compare. Keys that come with the file itself are \
             never trusted",
        ));
    };
    let (_, keys) = command::read(keys)?;
    let verifying = Verifying { keys, require_witness: arguments.require_witness, terminal };
    let (mut failed, mut misused) = (0, None);
    for path in &arguments.files {
        match verifying.file(path) {
            Ok(said) => {
                failed += usize::from(!said.holds());
                verifying.say(path, &said);
            }
            Err(failure) => {
                terminal.fail(&failure);
                misused = Some(failure.code);
            }
        }
    }
    let all = arguments.files.len();
    if let Some(code) = misused {
        let words = Words::new("有文件不能读取", "some files could not be read");
        return Err(Failure { words, code });
    }
    if failed > 0 {
        return Err(Failure::failed(
            format!("{all} 个文件中有 {failed} 个不能成立"),
            format!("{failed} of {all} file(s) do not hold"),
        ));
    }
    Ok(())
}

struct Verifying {
    keys: Keys,
    require_witness: bool,
    terminal: Terminal,
}

/// What is said of a file.
struct Said {
    what: Words,
    /// Why it does not hold; none when it does.
    against: Vec<Words>,
    proves: Vec<Words>,
    does_not: Vec<Words>,
}

impl Said {
    fn new(zh: &str, en: &str) -> Self {
        let what = Words::new(zh, en);
        Self { what, against: Vec::new(), proves: Vec::new(), does_not: Vec::new() }
    }

    fn against(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.against.push(Words::new(zh, en));
        self
    }

    fn holds(&self) -> bool {
        self.against.is_empty()
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.proves.extend(verdict.proved.iter().map(|it: &Proved| Words::new(it.zh(), it.en())));
        let not = verdict.not_proved.iter().map(|it: &NotProved| Words::new(it.zh(), it.en()));
        self.does_not.extend(not);
    }

    fn require(&mut self, standing: &Standing) {
        if let Err(error) = standing.require_other_side() {
            self.against.push(Words::new(error.zh(), error.to_string()));
        }
    }
}

impl Verifying {
    fn say(&self, path: &Path, said: &Said) {
        let shown = path.display();
        let result = if said.holds() {
            Words::new("成立", "HOLDS")
        } else {
            Words::new("不成立", "DOES NOT HOLD")
        };
        self.terminal.say(&Words::new(
            format!("{shown}：{}，{}", said.what.zh, result.zh),
            format!("{shown}: {}: {}", said.what.en, result.en),
        ));
        let (proves, does_not) = match self.terminal.language {
            Language::Zh => ("证明", "不证明"),
            Language::En => ("proves", "does not prove"),
        };
        let pick = |words: &Words| self.terminal.language.pick(words).to_owned();
        for words in &said.against {
            Terminal::line(&format!("  ✗ {}", pick(words)));
        }
        // What a file that does not hold would prove is nothing to be read.
        if said.holds() {
            for words in &said.proves {
                Terminal::line(&format!("  {proves}: {}", pick(words)));
            }
            for words in &said.does_not {
                Terminal::line(&format!("  {does_not}: {}", pick(words)));
            }
        }
    }

    fn file(&self, path: &Path) -> Result<Said, Failure> {
        if path.is_dir() {
            return self.folder(path);
        }
        let unread = |error: std::io::Error| unreadable(path, &error);
        let mut file = File::open(path).map_err(unread)?;
        let mut begin = [0; 4];
        let found = file.read(&mut begin).map_err(unread)?;
        file.rewind().map_err(unread)?;
        if begin.get(..found) == Some(b"PK\x03\x04") || is_zip(path) {
            return Ok(self.zip(path, file));
        }
        if file.metadata().map_err(unread)?.len() > FILE_BYTES_MAX {
            return Ok(unknown());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unread)?;
        Ok(self.bytes(&bytes))
    }

    fn bytes(&self, bytes: &[u8]) -> Said {
        // By what it calls itself, so that a damaged one is still told what is wrong with it.
        let says = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if bytes.starts_with(b"{") {
            if says("\"liandong-evidence/1\"") {
                return self.evidence(bytes);
            }
            if says("\"liandong-witness/1\"") {
                return Said::new("见证方的状态文件", "a witness's state").against(
                    "这是见证方自用的状态文件，本身不证明什么；请验证 evidence 目录中的文件",
                    "the state of a witness proves nothing by itself; verify the files in evidence/",
                );
            }
            if says("\"liandong-shown/1\"") {
                return self.shown(bytes);
            }
            return self.receipt(bytes);
        }
        if says("liandong-receipt/1") {
            return self.receipt(bytes);
        }
        if bytes.starts_with(b"liandong-bundle/1") {
            return Said::new("卷宗清单", "a bundle's manifest").against(
                "这是卷宗的清单，请给出整个目录或者 zip 文件",
                "this is the manifest of a bundle; give the whole folder or the zip",
            );
        }
        if says("\u{2014} ") {
            return self.checkpoint(bytes);
        }
        unknown()
    }

    fn receipt(&self, bytes: &[u8]) -> Said {
        let mut said = Said::new("回执", "receipt");
        let read = Receipt::parse(bytes);
        match read.and_then(|receipt| receipt.verify(&self.keys)) {
            Err(error) => said.against(error.zh(), reason(&error)),
            Ok(verdict) => {
                said.verdict(&verdict);
                if self.require_witness {
                    said.require(&verdict.standing);
                }
                said
            }
        }
    }

    /// What the log shows its witnesses: its newest checkpoint, and the keys that lead to it.
    fn shown(&self, bytes: &[u8]) -> Said {
        match self.led_by(Some(bytes)) {
            (_, Some(why)) => {
                Said::new("日志出示的内容", "what the log shows").against(why.zh, why.en)
            }
            (keys, None) => {
                let shown = Shown::parse(bytes).map(|shown| shown.checkpoint.to_string());
                let led = Self { keys, ..*self };
                let mut said = led.checkpoint(shown.unwrap_or_default().as_bytes());
                said.proves.extend(self.followed(&led.keys));
                said
            }
        }
    }

    /// The keys one has and those a log's word leads to; and why it leads nowhere.
    fn led_by(&self, log: Option<&[u8]>) -> (Keys, Option<Words>) {
        let followed = log.map(|bytes| match Shown::parse(bytes) {
            Ok(shown) => self.keys.followed_to(&shown).map_err(|error| {
                Words::new(format!("密钥更换不能成立：{}", error.zh()), reason(&error))
            }),
            Err(error) => {
                let why = reason(&error);
                Err(Words::new(format!("日志出示的内容无法读取：{why}"), why))
            }
        });
        match followed {
            None => (self.keys.clone(), None),
            Some(Ok(keys)) => (keys, None),
            Some(Err(why)) => (self.keys.clone(), Some(why)),
        }
    }

    /// The keys that were followed beyond those one has.
    fn followed(&self, keys: &Keys) -> Option<Words> {
        let newer = keys.newer_than(&self.keys);
        let keys: Vec<_> = newer.iter().map(|next| (next.from, next.key.id())).collect();
        let followed = Proved::Followed { keys: keys.clone() };
        (!keys.is_empty()).then(|| Words::new(followed.zh(), followed.en()))
    }

    fn checkpoint(&self, bytes: &[u8]) -> Said {
        let mut said = Said::new("检查点", "checkpoint");
        let signed = match SignedCheckpoint::parse(bytes) {
            Ok(signed) => signed,
            Err(error) => {
                let why = reason(&error);
                return said.against(format!("检查点无法读取：{why}"), why);
            }
        };
        match self.keys.judge(&signed) {
            Err(error) => said.against(error.zh(), reason(&error)),
            Ok(standing) => {
                let checkpoint = signed.checkpoint();
                said.proves.push(Words::new(
                    format!("日志方签署过：{}", checkpoint.minutes_zh()),
                    format!("the log signed: {}", checkpoint.minutes_en()),
                ));
                said.proves.extend(standing.witnesses.iter().map(|it| {
                    let (name, side) = (&it.name, &it.side);
                    Words::new(
                        format!("见证方“{name}”（{side}）于{}查验并副署", it.at.zh()),
                        format!("the witness {name} ({side}) looked and cosigned, {}", it.at.en()),
                    )
                }));
                said.does_not.push(Words::new(
                    "检查点本身不证明某条记录在日志之中，须有回执",
                    "that any entry stands in the log: a receipt does",
                ));
                if standing.require_other_side().is_err() {
                    let one = NotProved::OneHistory;
                    said.does_not.push(Words::new(one.zh(), one.en()));
                }
                if self.require_witness {
                    said.require(&standing);
                }
                said
            }
        }
    }

    fn evidence(&self, bytes: &[u8]) -> Said {
        let mut said = Said::new("见证方的证据", "a witness's evidence");
        let split = match SplitView::parse(bytes) {
            Ok(split) => split,
            Err(error) => {
                let why = reason::<StateError>(&error);
                return said.against(format!("证据无法读取：{why}"), why);
            }
        };
        match split.verify(self.keys.log()) {
            Err(error) => said.against(
                format!("两份检查点不都是这份日志签署的：{}", error.zh()),
                format!("not both checkpoints are this log's: {}", reason(&error)),
            ),
            Ok(false) => said
                .against("两份检查点并不矛盾", "the two checkpoints do not contradict each other"),
            Ok(true) => {
                said.proves.push(Words::new(split.zh(), split.en()));
                if split.why == WhySplit::NoProof {
                    said.does_not.push(Words::new(
                        "不证明历史已被改动：日志方仍可补充从前者到后者的证明",
                        "that history was changed: the log's side may still show a proof from one to the other",
                    ));
                }
                said.does_not.push(Words::new(
                    "不证明改动了哪一条、由谁改动",
                    "which entry was changed, and by whom",
                ));
                said
            }
        }
    }

    fn folder(&self, path: &Path) -> Result<Said, Failure> {
        let said = Said::new("导出的卷宗", "exported matter");
        let manifest = path.join(MANIFEST_PATH);
        let bytes = match File::open(&manifest) {
            Ok(file) => limited(file, MANIFEST_BYTES_MAX).map_err(|e| unreadable(&manifest, &e))?,
            Err(_) => {
                return Ok(said.against(
                    format!("目录中没有 {MANIFEST_PATH}，不是导出的卷宗"),
                    format!("there is no {MANIFEST_PATH} in it: not an exported matter"),
                ));
            }
        };
        let log = path.join(LOG_PATH);
        let shown = match File::open(&log) {
            Ok(file) => Some(limited(file, SHOWN_BYTES_MAX).map_err(|e| unreadable(&log, &e))?),
            Err(_) => None,
        };
        let (keys, astray) = self.led_by(shown.as_deref());
        let said = led_astray(said, astray);
        let mut check = match Check::new(&bytes, &keys) {
            Ok(check) => check,
            Err(error) => return Ok(no_manifest(said, &error)),
        };
        let mut files = Vec::new();
        gather(path, &mut files).map_err(|error| unreadable(path, &error))?;
        for file in files {
            let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
            if name == MANIFEST_PATH {
                continue;
            }
            let mut from = File::open(&file).map_err(|error| unreadable(&file, &error))?;
            let mut checking = check.begin(&name);
            copy(&mut from, |bytes| {
                checking.update(bytes);
                Ok(())
            })
            .map_err(|error| unreadable(&file, &error))?;
            check.end(checking);
        }
        Ok(self.bundle(said, &check.finish(), &keys))
    }

    fn zip(&self, path: &Path, file: File) -> Said {
        let said = Said::new("导出的卷宗", "exported matter");
        let same = match File::open(path) {
            Ok(same) => same,
            Err(error) => return damaged(said, &error.to_string()),
        };
        let mut archive = match zip::ZipArchive::new(BufReader::new(file)) {
            Ok(archive) => archive,
            Err(error) => return damaged(said, &error.to_string()),
        };
        let manifest = match archive.by_name(MANIFEST_PATH) {
            Ok(manifest) => limited(manifest, MANIFEST_BYTES_MAX),
            Err(error) => Err(error.into()),
        };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error) => {
                return said.against(
                    format!("{MANIFEST_PATH} 无法读取：{error}"),
                    format!("{MANIFEST_PATH} cannot be read: {error}"),
                );
            }
        };
        // One that cannot be read is named with its file below.
        let shown = archive.by_name(LOG_PATH).ok();
        let shown = shown.and_then(|file| limited(file, SHOWN_BYTES_MAX).ok());
        let (keys, astray) = self.led_by(shown.as_deref());
        let said = led_astray(said, astray);
        let mut check = match Check::new(&manifest, &keys) {
            Ok(check) => check,
            Err(error) => return no_manifest(said, &error),
        };
        // Its files lie one after another: made again in that order, the archive has the same bytes.
        let mut again = Archive::new(Same::new(same));
        let mut said = said;
        for index in 0..archive.len() {
            let mut file = match archive.by_index(index) {
                Ok(file) => file,
                Err(error) => return damaged(said, &error.to_string()),
            };
            let path = match file.name() {
                Ok(name) => name.into_owned(),
                Err(error) => return damaged(said, &error.to_string()),
            };
            let mut checking = check.begin(&path);
            let read = again.begin(&path).and_then(|()| {
                copy(&mut file, |bytes| {
                    checking.update(bytes);
                    again.write_all(bytes)
                })
            });
            if let Err(error) = read {
                said = said.against(
                    format!("{path} 无法完整读取：{error}"),
                    format!("{path} cannot be read to its end: {error}"),
                );
            }
            if path != MANIFEST_PATH {
                check.end(checking);
            }
        }
        let mut said = self.bundle(said, &check.finish(), &keys);
        let differs = match again.finish() {
            Ok(same) => same.differs(),
            Err(error) => return damaged(said, &error.to_string()),
        };
        if let Some(byte) = differs.filter(|_| said.holds()) {
            said = said.against(
                format!("各文件完好，但压缩包本身从第{}个字节起不是导出时的原样；可解开后验证目录", byte + 1),
                format!(
                    "its files are whole, but the archive around them is not as it was exported, from \
                     byte {}; unpack it and verify the folder",
                    byte + 1
                ),
            );
        }
        said
    }

    fn bundle(&self, mut said: Said, checked: &Checked, keys: &Keys) -> Said {
        for difference in &checked.differences {
            said.against.push(Words::new(difference.zh(), difference.en()));
        }
        let manifest = &checked.manifest;
        let (files, receipts) = (manifest.files.len(), checked.verdicts.len());
        let (zh, en) = (Instant::zh(manifest.at), Instant::en(manifest.at));
        let (matter, origin) = (&manifest.matter, &manifest.origin);
        said.proves.push(Words::new(
            format!("日志“{origin}”于{zh}导出事项 {matter}，{files} 个文件均为当时原样"),
            format!("the log {origin} exported matter {matter}, {en}; its {files} file(s) are as they were"),
        ));
        said.proves.push(Words::new(
            format!("其中 {receipts} 份回执全部成立，各事项的记录连续无缺"),
            format!("its {receipts} receipt(s) hold, and no event is missing between them"),
        ));
        said.proves.extend(self.followed(keys));
        let standings = checked.verdicts.values().map(|verdict| &verdict.standing);
        let witnessed = standings.filter(|it| it.require_other_side().is_ok()).count();
        said.proves.push(Words::new(
            format!("{witnessed} 份回执有对方见证方副署"),
            format!("{witnessed} receipt(s) are cosigned by a witness of the other side"),
        ));
        let kept = manifest.withheld.len() + manifest.withheld_files.len();
        if kept > 0 {
            said.does_not.push(Words::new(
                format!("不证明未向导出人提供的 {kept} 项记录和附件是什么"),
                format!(
                    "what the {kept} event(s) and attachment(s) kept back from the exporter are"
                ),
            ));
        }
        said.does_not.push(Words::new(
            "不证明所记内容属实，也不证明导出以后的情况",
            "that what was recorded is true, or what happened after the export",
        ));
        if self.require_witness
            && let Err(error) = checked.require_other_side()
        {
            said.against.push(Words::new(error.zh(), reason::<TrustError>(&error)));
        }
        said
    }
}

/// Compares what is written to it with a file.
struct Same {
    file: BufReader<File>,
    place: u64,
    differs: Option<u64>,
}

impl Same {
    fn new(file: File) -> Self {
        Self { file: BufReader::new(file), place: 0, differs: None }
    }

    fn differs(mut self) -> Option<u64> {
        let more = self.file.read(&mut [0]).unwrap_or(0) > 0;
        self.differs.or(more.then_some(self.place))
    }
}

impl Write for Same {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut found = vec![0; bytes.len()];
        let mut read = 0;
        while let Some(rest) = found.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest)? {
                0 => break,
                some => read += some,
            }
        }
        let there = found.get(..read).unwrap_or_default();
        let first = bytes.iter().zip(there).position(|(one, other)| one != other);
        let first = first.or((read < bytes.len()).then_some(read));
        if let Some(first) = first.and_then(|first| u64::try_from(first).ok()) {
            self.differs.get_or_insert(self.place + first);
        }
        self.place += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn copy(
    from: &mut impl Read,
    mut to: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece)?;
        let bytes = piece.get(..read).filter(|bytes| !bytes.is_empty());
        let Some(bytes) = bytes else { return Ok(()) };
        to(bytes)?;
    }
}

fn limited(from: impl Read, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than allowed, so that its reader can say that it is too long.
    from.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Files under a folder; links are not followed.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(())
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

fn unknown() -> Said {
    Said::new("不明文件", "unknown file").against(
        "不是回执、检查点、导出的卷宗，也不是见证方的证据，或者开头已有改动",
        "neither a receipt nor a checkpoint, an exported matter or a witness's evidence; or changed at its beginning",
    )
}

fn led_astray(said: Said, why: Option<Words>) -> Said {
    match why {
        None => said,
        Some(why) => {
            said.against(format!("{LOG_PATH}：{}", why.zh), format!("{LOG_PATH}: {}", why.en))
        }
    }
}

fn damaged(said: Said, why: &str) -> Said {
    said.against(format!("zip 文件已损坏：{why}"), format!("the zip is damaged: {why}"))
}

fn no_manifest(said: Said, error: &ManifestError) -> Said {
    let zh = match error {
        ManifestError::Line { line } => format!("清单 {MANIFEST_PATH} 第 {line} 行有误"),
        ManifestError::Trust(error) => format!("清单 {MANIFEST_PATH} 不能成立：{}", error.zh()),
        other => format!("清单 {MANIFEST_PATH} 无法读取：{}", reason(other)),
    };
    said.against(zh, format!("{MANIFEST_PATH}: {}", reason(error)))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    Failure::usage(format!("读不到 {shown}：{error}"), format!("cannot read {shown}: {error}"))
}

/// An error with what lies behind it.
fn reason<E: std::error::Error>(error: &E) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        behind = error.source();
    }
    text
}
