//! What a receipt proves and what it does not: as data, and in words, in both languages.

use crate::checkpoint::Checkpoint;
use crate::content::Commitments;
use crate::entry::{Actor, Entry};
use crate::error::{CheckpointError, ProofError, ReceiptError, RotationError, TrustError};
use crate::key::KeyId;
use crate::label::{Instant, Label, Name, Side};
use crate::proof::Head;
use crate::receipt::Receipt;
use crate::rotation::InForce;
use crate::trust::Standing;

/// What came of verifying a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the checkpoint is worth.
    pub standing: Standing,
    /// What is proved.
    pub proved: Vec<Proved>,
    /// What is not, and could be thought to be.
    pub not_proved: Vec<NotProved>,
}

/// Something a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proved {
    /// The entry stood in the log, unchanged since.
    Stood {
        /// The log.
        origin: Name,
        /// The entry's index, from 0.
        index: u64,
        /// The tree it stood in.
        head: Head,
    },
    /// The entry says that something happened to a matter.
    SaysEvent {
        /// The matter.
        matter: Label,
        /// The event's place among the matter's, from 1.
        sequence: u32,
        /// What was done.
        action: Label,
        /// Who did it.
        actor: Actor,
        /// When, by the log's clock.
        at: Instant,
    },
    /// The entry says that something happened to the platform itself.
    SaysHouse {
        /// What was done.
        action: Label,
        /// Who did it.
        actor: Actor,
        /// When, by the log's clock.
        at: Instant,
    },
    /// The entry changes the log's key, and both keys signed it.
    SaysRotation {
        /// The key before.
        old: KeyId,
        /// The key after.
        new: KeyId,
        /// When, by the log's clock.
        at: Instant,
    },
    /// These members of the content are what was recorded.
    Shown {
        /// Their names.
        names: Vec<Label>,
    },
    /// Files with these hashes belong to it.
    Files {
        /// The hashes, as `sha256:…` or `sm3:…`.
        hashes: Vec<String>,
    },
    /// The log signed for it.
    Signed {
        /// The log.
        name: Name,
        /// Its key.
        key: KeyId,
        /// When, by its own clock, if it says so.
        at: Option<Instant>,
    },
    /// The log's key was changed in the log itself: these are the keys that follow the newest one in the
    /// list at hand, each signed for by the one before.
    Followed {
        /// The keys, with the smallest size each signs.
        keys: Vec<(u64, KeyId)>,
    },
    /// A witness saw the log at this size, grown from what it had seen before.
    Witnessed {
        /// The witness.
        name: Name,
        /// Its side.
        side: Side,
        /// Whether that is another side than the log's.
        other_side: bool,
        /// When, by the witness's own clock.
        at: Instant,
    },
}

/// Something a receipt does not prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotProved {
    /// That what was recorded is true.
    Truth,
    /// That the log's clock was right when it recorded the time. A witness's time bounds it from
    /// above, when there is one.
    Clock {
        /// The earliest witness's look.
        not_after: Option<Instant>,
    },
    /// That the others were shown the same log: no witness of the other side has signed.
    OneHistory,
    /// What the members kept back say.
    Hidden {
        /// Their names.
        names: Vec<Label>,
    },
    /// That a file at hand is the file meant, before its hash has been compared.
    FilesAtHand,
    /// What was recorded after the checkpoint, such as a later correction.
    Later {
        /// The size of the log then.
        size: u64,
    },
}

impl Verdict {
    /// `followed`: the keys the receipt led to beyond those at hand.
    pub(crate) fn of(receipt: &Receipt, standing: Standing, followed: &[InForce]) -> Self {
        let mut proved = vec![
            Proved::Stood {
                origin: standing.origin.clone(),
                index: receipt.index,
                head: standing.head,
            },
            says(&receipt.entry),
        ];
        let mut not_proved = Vec::new();
        let all = receipt.entry.content().into_iter().flat_map(Commitments::iter);
        let (shown, hidden): (Vec<Label>, Vec<Label>) =
            all.map(|(name, _)| name.clone()).partition(|name| receipt.openings.contains_key(name));
        if !shown.is_empty() {
            proved.push(Proved::Shown { names: shown });
        }
        let hashes: Vec<String> = receipt.entry.files().map(ToString::to_string).collect();
        let has_files = !hashes.is_empty();
        if has_files {
            proved.push(Proved::Files { hashes });
        }
        proved.push(Proved::Signed {
            name: standing.origin.clone(),
            key: standing.key,
            at: standing.at,
        });
        if !followed.is_empty() {
            let keys = followed.iter().map(|next| (next.from, next.key.id())).collect();
            proved.push(Proved::Followed { keys });
        }
        proved.extend(standing.witnesses.iter().map(|witness| Proved::Witnessed {
            name: witness.name.clone(),
            side: witness.side.clone(),
            other_side: witness.side != standing.side,
            at: witness.at,
        }));

        not_proved.push(NotProved::Truth);
        let not_after = standing.of_the_other_side().map(|witness| witness.at).min();
        not_proved.push(NotProved::Clock { not_after });
        if standing.of_the_other_side().next().is_none() {
            not_proved.push(NotProved::OneHistory);
        }
        if !hidden.is_empty() {
            not_proved.push(NotProved::Hidden { names: hidden });
        }
        if has_files {
            not_proved.push(NotProved::FilesAtHand);
        }
        not_proved.push(NotProved::Later { size: standing.head.size });
        Self { standing, proved, not_proved }
    }
}

fn says(entry: &Entry) -> Proved {
    match entry {
        Entry::Event(event) => Proved::SaysEvent {
            matter: event.matter.clone(),
            sequence: event.sequence,
            action: event.action.clone(),
            actor: event.actor,
            at: event.at,
        },
        Entry::House(act) => {
            Proved::SaysHouse { action: act.action.clone(), actor: act.actor, at: act.at }
        }
        Entry::Rotation(rotation) => {
            Proved::SaysRotation { old: rotation.old.id(), new: rotation.new.id(), at: rotation.at }
        }
    }
}

impl Proved {
    /// A key for each kind of statement, for programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Stood { .. } => "stood",
            Self::SaysEvent { .. } => "says-event",
            Self::SaysHouse { .. } => "says-house",
            Self::SaysRotation { .. } => "says-rotation",
            Self::Shown { .. } => "shown",
            Self::Files { .. } => "files",
            Self::Signed { .. } => "signed",
            Self::Followed { .. } => "followed",
            Self::Witnessed { .. } => "witnessed",
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Stood { origin, index, head } => format!(
                "该记录是日志“{origin}”的第{}条，日志共有{}条记录时已在其中，此后未被改动",
                index + 1,
                head.size
            ),
            Self::SaysEvent { matter, sequence, action, actor, at } => format!(
                "记录载明：事项{matter}的第{sequence}个事件，办理“{action}”，{}，时间为{}",
                actor_zh(*actor),
                at.zh()
            ),
            Self::SaysHouse { action, actor, at } => {
                format!("记录载明：平台管理操作“{action}”，{}，时间为{}", actor_zh(*actor), at.zh())
            }
            Self::SaysRotation { old, new, at } => {
                format!("记录载明：日志密钥由{old}更换为{new}，新旧密钥均已签名，时间为{}", at.zh())
            }
            Self::Shown { names } => format!("所示下列内容与记录一致：{}", list(names, "、")),
            Self::Files { hashes } => {
                format!("该记录附有{}个文件，文件指纹为：{}", hashes.len(), hashes.join("、"))
            }
            Self::Signed { name, key, at } => match at {
                Some(at) => format!("日志“{name}”以密钥{key}签名确认，其时钟为{}", at.zh()),
                None => format!("日志“{name}”以密钥{key}签名确认"),
            },
            Self::Followed { keys } => {
                let keys: Vec<String> =
                    keys.iter().map(|(from, key)| format!("第{from}条更换为{key}")).collect();
                format!("日志密钥已在日志中更换，均由前一把密钥签名：{}", keys.join("，"))
            }
            Self::Witnessed { name, side, other_side, at } => format!(
                "见证方“{name}”（{}，{}）于{}查验并副署，此前所见均未被改动",
                side_zh(side),
                if *other_side { "对方" } else { "与日志同属一方" },
                at.zh()
            ),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Stood { origin, index, head } => format!(
                "the entry is number {} of the log {origin}; it stood there when the log had {} \
                 entries, and has not been changed since",
                index + 1,
                head.size
            ),
            Self::SaysEvent { matter, sequence, action, actor, at } => format!(
                "it says: event {sequence} of matter {matter}, act “{action}”, {}, at {}",
                actor_en(*actor),
                at.en()
            ),
            Self::SaysHouse { action, actor, at } => {
                format!(
                    "it says: administrative act “{action}”, {}, at {}",
                    actor_en(*actor),
                    at.en()
                )
            }
            Self::SaysRotation { old, new, at } => format!(
                "it says: the log's key changed from {old} to {new}, signed by both, at {}",
                at.en()
            ),
            Self::Shown { names } => {
                format!("the content shown is what was recorded: {}", list(names, ", "))
            }
            Self::Files { hashes } => {
                format!(
                    "{} file(s) belong to it, with the hashes {}",
                    hashes.len(),
                    hashes.join(", ")
                )
            }
            Self::Signed { name, key, at } => match at {
                Some(at) => {
                    format!(
                        "the log {name} signed for it with key {key}, at {} by its clock",
                        at.en()
                    )
                }
                None => format!("the log {name} signed for it with key {key}"),
            },
            Self::Followed { keys } => {
                let keys: Vec<String> =
                    keys.iter().map(|(from, key)| format!("to {key} by entry {from}")).collect();
                format!(
                    "the log's key was changed in the log itself, each time signed by the key before: {}",
                    keys.join(", ")
                )
            }
            Self::Witnessed { name, side, other_side, at } => format!(
                "the witness {name} ({side}, {}) looked and cosigned at {}: nothing it had seen before \
                 was changed",
                if *other_side { "the other side" } else { "the log's own side" },
                at.en()
            ),
        }
    }
}

impl NotProved {
    /// A key for each kind of statement, for programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Truth => "truth",
            Self::Clock { .. } => "clock",
            Self::OneHistory => "one-history",
            Self::Hidden { .. } => "hidden",
            Self::FilesAtHand => "files-at-hand",
            Self::Later { .. } => "later",
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Truth => "不证明所记内容属实，只证明当时如此记录".to_owned(),
            Self::Clock { not_after: Some(at) } => {
                format!("不证明平台时钟准确；但据对方见证，记录不晚于{}", at.zh())
            }
            Self::Clock { not_after: None } => {
                "不证明平台时钟准确；没有对方见证，时间只凭平台一方所记".to_owned()
            }
            Self::OneHistory => {
                "没有对方副署，不证明他人看到的是同一份日志，不能排除平台向不同的人出示不同的日志"
                    .to_owned()
            }
            Self::Hidden { names } => {
                format!("不证明未出示的内容是什么：{}", list(names, "、"))
            }
            Self::FilesAtHand => "不证明手头的文件就是所附文件，须逐一核对文件指纹".to_owned(),
            Self::Later { size } => format!("不证明第{size}条以后的情况，例如此后的更正或者撤回"),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Truth => {
                "not that what was recorded is true, only that it was recorded so".to_owned()
            }
            Self::Clock { not_after: Some(at) } => format!(
                "not that the platform's clock was right; by the other side's witness, it was \
                 recorded no later than {}",
                at.en()
            ),
            Self::Clock { not_after: None } => {
                "not that the platform's clock was right; without a witness of the other side, the \
                 time is the platform's word alone"
                    .to_owned()
            }
            Self::OneHistory => {
                "not that others were shown the same log: no witness of the other side has cosigned, \
                 and the platform could have shown others another log"
                    .to_owned()
            }
            Self::Hidden { names } => {
                format!("not what the content kept back says: {}", list(names, ", "))
            }
            Self::FilesAtHand => {
                "not that a file at hand is the one meant: compare its hash".to_owned()
            }
            Self::Later { size } => {
                format!("not what was recorded after entry {size}, such as a later correction")
            }
        }
    }
}

impl ReceiptError {
    /// In Chinese: why the receipt proves nothing.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Canonical(crate::CanonicalError::NotCanonical { byte }) => format!(
                "回执文本不是原样：从第{}个字节起有改动，或者被其他软件重新保存过",
                byte + 1
            ),
            Self::Canonical(_) => "回执文本不完整或者不是回执".to_owned(),
            Self::OtherVersion => "回执版本不同，本程序不能验证".to_owned(),
            Self::Members(_) => "回执缺少应有的内容或者含有不明内容".to_owned(),
            Self::Entry(_) => "回执中的记录无法读取".to_owned(),
            Self::Checkpoint(CheckpointError::Note(_)) => "回执中的检查点签名格式有误".to_owned(),
            Self::Checkpoint(_) => "回执中的检查点无法读取".to_owned(),
            Self::Content(crate::ContentError::Differs(name)) => {
                format!("出示的内容“{name}”与当时记录的不一致")
            }
            Self::Content(crate::ContentError::Unknown(name)) => {
                format!("出示的内容“{name}”在记录中不存在")
            }
            Self::Content(_) => "出示的内容不符合格式".to_owned(),
            Self::Proof(ProofError::NoSuchLeaf { .. }) => {
                "检查点的记录数小于该记录的序号".to_owned()
            }
            Self::Proof(_) => {
                "该记录不在检查点所指的日志之中：记录、序号、证明或者检查点有改动".to_owned()
            }
            Self::Trust(error) => error.zh(),
            Self::Rotation(_) => "更换密钥的记录没有新旧两把密钥的有效签名".to_owned(),
            Self::Keys(error) => format!("所附的密钥更换不能成立：{}", error.zh()),
        }
    }
}

impl RotationError {
    /// In Chinese: why a change of the log's key is not followed.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::OtherLog => "是另一份日志的密钥更换".to_owned(),
            Self::OtherKey => "被更换的不是当时在用的密钥".to_owned(),
            Self::OutOfOrder => "先后次序不对".to_owned(),
            Self::TooMany => "更换次数过多".to_owned(),
            Self::Signature(_) => "没有新旧两把密钥的有效签名".to_owned(),
            Self::Proof(_) => "没有证明它在日志之中".to_owned(),
            Self::Checkpoint(error) => error.zh(),
            Self::NotARotation => "不是更换密钥的记录".to_owned(),
            Self::Receipt(error) => error.zh(),
        }
    }
}

impl TrustError {
    /// In Chinese: why a checkpoint does not stand.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::OtherLog { expected, found } => {
                format!("检查点属于日志“{found}”，所给公钥属于日志“{expected}”")
            }
            Self::NotSigned { id } => format!("检查点没有日志密钥{id}的签名"),
            Self::BadSignature { name, id } => {
                format!("“{name}”（密钥{id}）的签名与检查点不符：检查点或者签名有改动")
            }
            Self::NotWitnessed => "检查点没有对方见证的副署".to_owned(),
        }
    }
}

impl Checkpoint {
    /// One line for the minutes of a meeting, in Chinese.
    #[must_use]
    pub fn minutes_zh(&self) -> String {
        let at = self.at.map(|at| format!("，{}", at.zh())).unwrap_or_default();
        format!(
            "日志“{}”截至第{}条{at}，校验码：{}",
            self.origin,
            self.head.size,
            self.fingerprint()
        )
    }

    /// One line for the minutes of a meeting, in English.
    #[must_use]
    pub fn minutes_en(&self) -> String {
        let at = self.at.map(|at| format!(", {}", at.en())).unwrap_or_default();
        format!(
            "log {} up to entry {}{at}, fingerprint: {}",
            self.origin,
            self.head.size,
            self.fingerprint()
        )
    }
}

fn actor_zh(actor: Actor) -> String {
    match (actor.unit, actor.user) {
        (Some(unit), Some(user)) => format!("办理人为单位{unit}的用户{user}"),
        (Some(unit), None) => format!("办理单位为{unit}"),
        (None, Some(user)) => format!("办理人为用户{user}"),
        (None, None) => "由平台自动记录".to_owned(),
    }
}

fn actor_en(actor: Actor) -> String {
    match (actor.unit, actor.user) {
        (Some(unit), Some(user)) => format!("by user {user} for unit {unit}"),
        (Some(unit), None) => format!("by unit {unit}"),
        (None, Some(user)) => format!("by user {user}"),
        (None, None) => "recorded by the platform itself".to_owned(),
    }
}

/// The sides the notice knows have Chinese names; any other is shown as it is written.
fn side_zh(side: &Side) -> &str {
    match side.as_str() {
        "government" => "政府方",
        "procuratorate" => "检察方",
        "court" => "法院方",
        other => other,
    }
}

fn list(names: &[Label], between: &str) -> String {
    names.iter().map(Label::as_str).collect::<Vec<_>>().join(between)
}
