//! Backups beside a platform at work, broken off, and tampered with.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Load, at_work, audited, failed, shown, until};
use crate::command::{liandong, printed};
use crate::program::{Program, data};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_people_at_work_holds_all_that_was_acknowledged_before_it() {
    let (_folder, path) = data();
    let from = path.join("data");
    std::fs::create_dir(&from).unwrap();
    let (program, handler, token) = at_work(&from).await;
    let load = Load::begin(&handler, 8);
    until(&handler, 60).await;
    let before = handler.acknowledged();
    let into = shown(&path.join("backup"));
    let command = [into.clone(), shown(&from)];
    let said = tokio::task::spawn_blocking(move || {
        printed(&["backup", &command[0], "--data", &command[1]])
    });
    assert!(said.await.unwrap().contains("backed up"));
    until(&handler, before.len() + 40).await;
    assert!(load.end().await.is_empty(), "nobody was kept from working");
    handler.finds(&handler.acknowledged()).await;
    assert!(program.stop().success());

    let to = path.join("restored");
    std::fs::create_dir(&to).unwrap();
    // What is kept besides a backup.
    for kept in ["ledger", "vault"] {
        std::fs::rename(from.join(kept), to.join(kept)).unwrap();
    }
    printed(&["restore", &into, "--data", &shown(&to)]);
    audited(&["--data", &shown(&to)]);
    let restored = Program::start(&["serve"], &to);
    handler.at(&restored.url, &token).finds(&before).await;
    assert!(restored.stop().success());
}

/// A platform with some attachments, and a backup of it.
struct House {
    _folder: tempfile::TempDir,
    path: PathBuf,
    data: PathBuf,
}

impl House {
    async fn with_files(number: u8) -> Self {
        let (folder, path) = data();
        let data = path.join("data");
        std::fs::create_dir(&data).unwrap();
        let (program, handler, _) = at_work(&data).await;
        handler.must(&handler.opening("柳林镇污水")).await;
        for file in 0..number {
            let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
            bytes.extend([file; 5_000]);
            let answer = handler.upload(&format!("{file}.png"), &bytes).await;
            assert!(answer.status.is_success(), "{answer:?}");
        }
        assert!(program.stop().success());
        Self { _folder: folder, path, data }
    }

    fn backup(&self) -> PathBuf {
        let into = self.path.join("backup");
        printed(&["backup", &shown(&into), "--data", &shown(&self.data)]);
        into
    }
}

/// Every file under a folder, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The attachment a backup comes to last.
fn last_attachment(house: &House) -> PathBuf {
    let mut all = files(&house.data.join("attachments"));
    // Beside them lie pictures made of them, which no backup needs.
    all.retain(|path| !path.components().any(|part| part.as_os_str() == "preview"));
    all.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_broken_off_goes_on_and_copies_no_attachment_twice() {
    let house = House::with_files(6).await;
    let (into, from) = (house.path.join("backup"), shown(&house.data));
    // The last attachment cannot be read: the backup is broken off there.
    let last = last_attachment(&house);
    let away = house.path.join("away");
    std::fs::rename(&last, &away).unwrap();
    let said = failed(&["backup", &shown(&into), "--data", &from]);
    assert!(said.contains("no backup was made") && said.contains("is missing"), "{said}");
    // What is not finished is no backup.
    let said = failed(&["backup", "--verify", &shown(&into)]);
    assert!(said.contains("holds no finished backup"), "{said}");
    let target = shown(&house.path.join("target"));
    assert!(failed(&["restore", &shown(&into), "--data", &target]).contains("no finished backup"));

    let copied = files(&into.join("files"));
    assert_eq!(copied.len(), 5);
    let written = |path: &PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
    let times: Vec<_> = copied.iter().map(written).collect();
    // As a copy that a power cut has broken off leaves it.
    std::fs::write(copied[0].with_extension("part"), "half").unwrap();
    std::fs::rename(&away, &last).unwrap();
    let said = printed(&["backup", &shown(&into), "--data", &from]);
    assert!(said.contains("6 attachment(s)") && said.contains("5 of them there before"), "{said}");
    assert_eq!(copied.iter().map(written).collect::<Vec<_>>(), times, "copied again");
    printed(&["backup", "--verify", &shown(&into)]);
    // A finished one is never written over.
    let said = failed(&["backup", &shown(&into), "--data", &from]);
    assert!(said.contains("is not empty"), "{said}");

    // Somebody else's folder is left alone.
    let other = house.path.join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("letter.txt"), "mine").unwrap();
    assert!(failed(&["backup", &shown(&other), "--data", &from]).contains("is not empty"));
    assert_eq!(files(&other), [other.join("letter.txt")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_went_bad_while_it_was_broken_off_is_not_called_whole() {
    let house = House::with_files(2).await;
    let (into, from) = (house.path.join("backup"), shown(&house.data));
    let last = last_attachment(&house);
    let away = house.path.join("away");
    std::fs::rename(&last, &away).unwrap();
    failed(&["backup", &shown(&into), "--data", &from]);
    std::fs::rename(&away, &last).unwrap();
    std::fs::write(&files(&into.join("files"))[0], "something else").unwrap();
    let said = failed(&["backup", &shown(&into), "--data", &from]);
    assert!(said.contains("was changed or cut off"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_or_partial_backup_is_refused_by_name_and_leaves_nothing() {
    let house = House::with_files(2).await;
    let good = house.backup();
    let target = house.path.join("target");
    // The key of what is sealed is kept besides the backup, and lies ready.
    let settings = house.path.join("settings.toml");
    let key = shown(&house.data.join("vault/key"));
    std::fs::write(&settings, format!("vault-key-file = {key:?}\n")).unwrap();
    let settings = shown(&settings);
    let into = |target: &Path| {
        ["--data".to_owned(), shown(target), "--config".to_owned(), settings.clone()]
    };
    let restore = |from: &Path, target: &Path, more: &[&str]| {
        let (from, into) = (shown(from), into(target));
        let words = into.iter().map(String::as_str);
        let all: Vec<&str> =
            ["restore", &from].into_iter().chain(words).chain(more.iter().copied()).collect();
        liandong(&all)
    };
    let refused = |from: &Path, target: &Path| {
        let output = restore(from, target, &[]);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let attachment = files(&good.join("files"))[0].strip_prefix(&good).unwrap().to_owned();
    let events = PathBuf::from("tables/event.jsonl");
    let cut = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let changed = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("柳林镇"));
        std::fs::write(path, text.replace("柳林镇", "陈村镇")).unwrap();
    };
    let bytes_changed = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let gone = |path: &Path| std::fs::remove_file(path).unwrap();
    let added = |path: &Path| std::fs::write(path, "x").unwrap();
    let row_less = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        std::fs::write(path, rest).unwrap();
    };
    // A change around which the manifest was made anew: only the log finds it.
    let disguised = |path: &Path| {
        changed(path);
        let sum: String = Sha256::digest(std::fs::read(path).unwrap())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let manifest = path.ancestors().nth(2).unwrap().join("manifest.json");
        let text = std::fs::read_to_string(&manifest).unwrap();
        let mut read: serde_json::Value = serde_json::from_str(&text).unwrap();
        read["tables"]["event"]["sha256"] = sum.into();
        std::fs::write(&manifest, read.to_string()).unwrap();
    };
    let elsewhere = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut read: serde_json::Value = serde_json::from_str(&text).unwrap();
        read["files"]["../../../escaped"] = 1.into();
        std::fs::write(path, read.to_string()).unwrap();
    };
    let manifest = PathBuf::from("manifest.json");
    type Kind<'a> = (&'a str, &'a Path, &'a dyn Fn(&Path), &'a str);
    let kinds: [Kind<'_>; 13] = [
        ("a row changed", &events, &changed, "event.jsonl is not what"),
        ("a row missing", &events, &row_less, "event.jsonl is not what"),
        ("a table cut off", &events, &cut, "event.jsonl is not what"),
        ("a table missing", &events, &gone, "event.jsonl is missing"),
        ("a table too much", Path::new("tables/more.jsonl"), &added, "more.jsonl does not belong"),
        ("an attachment changed", &attachment, &bytes_changed, "is not what the manifest says"),
        ("an attachment cut off", &attachment, &cut, "is not what the manifest says"),
        ("an attachment missing", &attachment, &gone, "is missing"),
        ("an attachment too much", Path::new("files/evil"), &added, "evil does not belong"),
        ("no manifest", &manifest, &gone, "no finished backup"),
        ("half a manifest", &manifest, &cut, "no finished backup"),
        ("a name that leads elsewhere", &manifest, &elsewhere, "manifest.json is not what"),
        ("a disguised change", &events, &disguised, "the log in the backup does not hold"),
    ];
    for (kind, path, tamper, says) in kinds {
        let bad = house.path.join("bad");
        copy_all(&good, &bad);
        tamper(&bad.join(path));
        let said = refused(&bad, &target);
        assert!(said.contains(says), "{kind}: {said}");
        assert!(!target.exists(), "{kind}: something was left in the target");
        std::fs::remove_dir_all(&bad).unwrap();
    }
    let output = restore(&good, &target, &[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    audited(&into(&target).each_ref().map(String::as_str));
    let there = std::fs::read(target.join("liandong.db")).unwrap();

    // A database in use is not touched either.
    let said = refused(&good, &target);
    assert!(said.contains("the database is not empty"), "{said}");
    assert_eq!(std::fs::read(target.join("liandong.db")).unwrap(), there);
    audited(&into(&target).each_ref().map(String::as_str));

    // When there is nothing better, what does not hold is restored on demand, and the audit says so.
    let bad = house.path.join("bad");
    copy_all(&good, &bad);
    disguised(&bad.join(&events));
    let other = house.path.join("other");
    let output = restore(&bad, &other, &["--despite-broken-log"]);
    assert!(output.status.success(), "{output:?}");
    let audit = [&["audit".to_owned()][..], &into(&other)].concat();
    let said = liandong(&audit.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.status.code(), Some(1), "{said:?}");

    // Without the key of what is sealed it is restored, and told to be unchecked.
    let last = shown(&house.path.join("last"));
    let output = liandong(&["restore", &shown(&good), "--data", &last]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("the log was not checked"), "{said}");
}

fn copy_all(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file, target).unwrap();
    }
}
