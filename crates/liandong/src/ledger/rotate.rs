//! Changing the log's key: the new one is laid ready first, then the log says so, then the files follow. A
//! power cut in between is made good by whoever comes next: the log is asked how far it got.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ledger::rotation::InForce;
use ledger::{Keys, Purpose, Signer};
use store::Database;
use store::ledger::key::{RotateError, key_changes, rotate};

use super::{KEY, KEYS, command, read, wrong};
use crate::output::Failure;
use crate::settings::Settings;

/// The key the log is about to change to.
pub(super) const NEXT: &str = "next.pem";
/// Held by whoever changes it.
const LOCK: &str = "lock";

/// Changes the log's key to the one that lies ready; says from which size of the log it signs, none when
/// none lies ready or another process is at it.
pub(crate) async fn take_up(
    settings: &Settings,
    database: &Database,
    now: jiff::Timestamp,
) -> Result<Option<InForce>, Failure> {
    let folder = settings.ledger();
    let next = folder.join(NEXT);
    if !next.exists() {
        return Ok(None);
    }
    let lock = folder.join(LOCK);
    let held = File::create(&lock).map_err(|error| wrong(&lock, &error))?;
    if held.try_lock().is_err() || !next.exists() {
        return Ok(None);
    }
    let (text, keys) = command::read(&folder.join(KEYS))?;
    let name = keys.log().origin().clone();
    let key = folder.join(KEY);
    let signer = |path: &Path| {
        Signer::from_pem(name.clone(), Purpose::Log, &read(path)?)
            .map_err(|error| wrong(path, &error))
    };
    let (old, new) = (signer(&key)?, signer(&next)?);
    let unread = |error| Failure::because("读不到日志", "cannot read the log", error);
    let history = key_changes(database).await.map_err(unread)?;
    let done = history.last().filter(|last| last.rotation.new == *new.verifier());
    let index = match done {
        Some(last) => last.index,
        None => rotate(database, &old, &new, now).await.map_err(refused)?,
    };
    let from = index.saturating_add(1);
    let changed = InForce { from, key: new.verifier().clone() };
    put(&folder, &text, &keys, &old, &changed).map_err(|error| wrong(&key, &error))?;
    Ok(Some(changed))
}

/// Makes the files say what the log says. Done again it changes nothing.
fn put(
    folder: &Path,
    text: &str,
    keys: &Keys,
    old: &Signer,
    changed: &InForce,
) -> std::io::Result<()> {
    let (key, InForce { from, key: new }) = (folder.join(KEY), changed);
    if old.verifier() != new {
        let id = old.verifier().id();
        let mut kept = OpenOptions::new();
        let path = folder.join(format!("key-{id}.pem"));
        let mut kept = kept.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        kept.write_all(&std::fs::read(&key)?)?;
        kept.sync_all()?;
    }
    if !keys.log().keys().contains(changed) {
        let line = format!("log {from} {} {new}\n", keys.side());
        command::replace(&folder.join(KEYS), with_line(text, &line).as_bytes())?;
    }
    std::fs::rename(folder.join(NEXT), &key)?;
    File::open(folder)?.sync_all()
}

/// The list with a line after the last of the log's, remarks and all.
fn with_line(text: &str, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.trim_start().starts_with("log "));
    lines.insert(last.map_or(lines.len(), |last| last + 1), line.trim_end());
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

fn refused(error: RotateError) -> Failure {
    match error {
        RotateError::NotInForce { in_force } => Failure::failed(
            format!("日志现用的密钥是 {in_force}，不是 key.pem 中的这把；未更换"),
            format!(
                "the log's key in force is {in_force}, not the one in key.pem; nothing was changed"
            ),
        ),
        other => Failure::because("未能更换日志密钥", "the log's key was not changed", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_key_stands_after_the_logs_others() {
        let text = "liandong-keys/1\n# ours\nlog 0 government K\n\nwitness court W\n";
        assert_eq!(
            with_line(text, "log 7 government N\n"),
            "liandong-keys/1\n# ours\nlog 0 government K\nlog 7 government N\n\nwitness court W\n"
        );
    }
}
