//! `liandong audit`: the log computed again from what it is about, and the read tables from the events.

use calendar::Words;
use store::Database;
use store::ledger::audit::{Against, Audit, audit_all};

use crate::ledger::{LogKey, kept};
use crate::output::{Failure, Terminal};
use crate::rules::RuleTexts;
use crate::serve::DATA;
use crate::settings::PlaceFlags;

/// The arguments of `liandong audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong audit                     beside the running platform, in one moment of the database  运行中即可核查
  liandong audit --json              for programs  供程序读取

Exit code 0: nothing found; 1: something was found, or it could not be looked at.
An audit proves nothing to the other side: checkpoints its witness has signed do.
退出码 0 为未发现问题，1 为发现问题或者不能核查。自查不能向对方证明什么，对方见证的检查点才能。")]
pub(crate) struct Arguments {
    /// One JSON object  输出 JSON
    #[arg(long)]
    json: bool,
    /// Do not hash the attachments again  不核对附件内容
    #[arg(long)]
    without_files: bool,
    #[command(flatten)]
    place: PlaceFlags,
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let settings = arguments.place.resolve(DATA)?;
    let rules = RuleTexts::with_folder(settings.rules.as_deref())?.rules()?;
    let database = Database::open_to_read(&settings.database())
        .await
        .map_err(|error| Failure::because("打不开数据库", "cannot open the database", error))?;
    crate::vault::open_to_read(&settings, &database).await?;
    // Before the first start there are neither keys nor anything signed.
    let keys = if settings.ledger().exists() { Some(LogKey::keys(&settings)?) } else { None };
    let kept = kept(&settings).map_err(|error| {
        Failure::failed(
            format!("读不到平台目录中另存的检查点 ledger/checkpoint.txt：{error}"),
            format!("cannot read the checkpoint kept in ledger/checkpoint.txt: {error}"),
        )
    })?;
    let files = settings.attachments();
    let against = Against {
        rules: &rules,
        keys: keys.as_ref(),
        kept: kept.as_ref(),
        files: (!arguments.without_files).then_some(files.as_path()),
    };
    let audit = audit_all(&database, against)
        .await
        .map_err(|error| Failure::because("不能核查", "cannot look", error))?;
    let told = found(&audit);
    if arguments.json {
        Terminal::line(&json(&audit).to_string());
    } else {
        let Audit { leaves, checkpoints, matters, files, .. } = audit;
        terminal.say(&Words::new(
            format!(
                "已核查：日志 {leaves} 条逐条重算，已签检查点 {checkpoints} 个，事项 {matters} 件的数据表\
                 与记录逐行比对，各单位计数和编号重新汇总，附件 {files} 个逐一重算"
            ),
            format!(
                "looked at {leaves} leaves of the log, each computed again; {checkpoints} signed \
                 checkpoint(s); the read tables of {matters} matter(s), each row compared with the \
                 events; every kept counter and number summed again; {files} attachment(s) hashed again"
            ),
        ));
        for finding in &audit.findings {
            terminal.say(&finding.words());
        }
    }
    match told {
        0 if arguments.json => Ok(()),
        0 => {
            terminal.say(&Words::new("未发现改动", "nothing was changed"));
            Ok(())
        }
        told => Err(Failure::failed(
            format!(
                "发现 {told} 处与当时所写不符：有人绕过平台改动了数据库。请保全现场，与对方见证方核对"
            ),
            format!(
                "{told} finding(s): the database was changed behind the platform's back. Keep it as it \
                 is, and compare with the other side's witness"
            ),
        )),
    }
}

fn found(audit: &Audit) -> u64 {
    audit.findings.len() as u64 + audit.more
}

fn json(audit: &Audit) -> serde_json::Value {
    let findings: Vec<serde_json::Value> = audit
        .findings
        .iter()
        .map(|finding| {
            let words = finding.words();
            serde_json::json!({ "finding": finding.key(), "zh": words.zh, "en": words.en })
        })
        .collect();
    serde_json::json!({
        "leaves": audit.leaves,
        "checkpoints": audit.checkpoints,
        "matters": audit.matters,
        "files": audit.files,
        "findings": findings,
        "more": audit.more,
    })
}
