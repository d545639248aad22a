//! The log's key while the platform runs: changed, followed by whoever has the first, watched over HTTPS,
//! and a database that was put in the place of another.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::command::{liandong, printed, refused};
use crate::ledger::{House, prosecutor, words};
use crate::program::Program;
use crate::tls::certificate;

/// A private key as `openssl ecparam -name SM2 -genkey` writes it; a key of the tests alone.
const OWN_KEY: &str = "-----BEGIN SM2 PARAMETERS-----
BggqgRzPVQGCLQ==
-----END SM2 PARAMETERS-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgQESH+oOFgP97Ounw
lnqIc1u1CnyPrLJT7n5p597CT/ihRANCAASrxWmyJB1Y78tqnalJ6yNv+tW3qrgS
RL1SWm5LD9ELQipXk/EYulvkF1rxqsVFl3zzjkuG3os1uA8fZvhcnysj
-----END PRIVATE KEY-----
";

/// Asks again and again until the answer will do.
async fn until<Answer>(what: &str, mut ask: impl FnMut() -> Option<Answer>) -> Answer {
    for _ in 0..300 {
        if let Some(answer) = ask() {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited in vain until {what}");
}

/// What a running program answers; nothing while there is nothing at that address.
fn page(url: &str) -> String {
    let answer = ureq::get(url).call().ok();
    answer.map(|mut answer| answer.body_mut().read_to_string().unwrap()).unwrap_or_default()
}

/// Asks a running program what the log shows, until it shows so many changes of the key.
async fn shown(url: &str, changes: usize, into: &str) {
    until("the new key has signed", || {
        let text = page(&format!("{url}/api/v1/ledger/shown?size=0"));
        std::fs::write(into, &text).unwrap();
        (text.matches("new_signature").count() == changes).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_changed_while_the_platform_runs_and_the_first_list_of_keys_still_verifies() {
    let house = House::new().await;
    let root = house.open("渭河异味", &[]).await;
    house.store.checkpoint().await.unwrap().unwrap();
    let before = house.receipt(&prosecutor(), &root, 1, "before.json").await;
    let (keys, first) = (house.keys(), house.path("first.txt"));
    std::fs::copy(&keys, &first).unwrap();
    let data = PathBuf::from(house.path("data"));
    let (rules, rotate) = (house.path("rules"), house.command(&["ledger", "rotate"]));
    let (said_by_log, state) = (house.path("shown.json"), house.path("witness"));
    let mut add = house.command(&["ledger", "witness", "add"]);
    let folder = house.leave().await;

    let program = Program::start(&["serve", "--rules", &rules], &data);
    let said = printed(&words(&rotate));
    assert!(said.contains("the log's key is now"), "{said}");
    let list = std::fs::read_to_string(&keys).unwrap();
    let logs: Vec<&str> = list.lines().filter(|line| line.starts_with("log ")).collect();
    assert_eq!(logs.len(), 2, "{list}");
    assert!(list.contains("# a remark of the keeper"), "{list}");
    assert!(!data.join("ledger/next.pem").exists());
    let id = logs[1].split('+').nth(1).unwrap();
    // The running platform has taken it up: it gives out the new list and signs with the new key.
    let url = program.url.clone();
    until("the new list is given out", || {
        page(&format!("{url}/api/v1/ledger/keys")).contains(&format!("+{id}+")).then_some(())
    })
    .await;
    shown(&url, 1, &said_by_log).await;
    let said = printed(&["verify", &said_by_log, "--keys", &first]);
    assert!(said.contains("HOLDS") && said.contains(&format!("to {id} by entry")), "{said}");

    // A witness with the first list follows, and is heard without a restart.
    let key = printed(&["witness", "init", "--name", "jcy.example", "--state", &state]);
    add.splice(3..3, ["procuratorate".to_owned(), key.trim().to_owned()]);
    printed(&words(&add));
    let run = ["witness", "run", "--state", &state, "--url", &url, "--once", "--log-keys", &first];
    until("the witness is heard", || liandong(&run).status.success().then_some(())).await;
    assert!(page(&format!("{url}/api/v1/ledger/checkpoint")).contains("jcy.example"));
    assert!(program.stop().success());

    // Receipts and exports lead from the first key; what was given before holds as it is.
    let house = House::back(folder).await;
    let after = house.receipt(&prosecutor(), &root, 1, "after.json").await;
    let zip = house.path("after.zip");
    let file = std::fs::File::create(&zip).unwrap();
    let scope = house.scope(&prosecutor());
    house.store.bundle(&scope, &root, file).await.unwrap().unwrap();
    let said = printed(&["verify", &before, &after, &zip, "--keys", &first]);
    assert_eq!(said.matches("the log's key was changed in the log itself").count(), 2, "{said}");
    assert!(said.contains("exported matter: HOLDS") && !said.contains("DOES NOT"), "{said}");
    printed(&["verify", &before, &after, &zip, "--keys", &keys]);
    let text = std::fs::read_to_string(&after).unwrap();
    let forged = house.path("forged.json");
    let begin = text.find("\"old_signature\":\"").unwrap() + 17;
    let digit = if &text[begin..=begin] == "0" { "1" } else { "0" };
    std::fs::write(&forged, format!("{}{digit}{}", &text[..begin], &text[begin + 1..])).unwrap();
    let output = liandong(&["verify", &forged, "--keys", &first]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("DOES NOT HOLD") && said.contains("change of the log's key"), "{said}");

    // Again, while the platform is stopped, with a key of one's own; the audit knows both changes.
    let own = house.path("own.pem");
    std::fs::write(&own, OWN_KEY).unwrap();
    let (audit, old) = (house.command(&["audit"]), PathBuf::from(house.path("old")));
    let folder = house.leave().await;
    std::fs::create_dir(&old).unwrap();
    for name in ["key.pem", "keys.txt"] {
        std::fs::copy(data.join("ledger").join(name), old.join(name)).unwrap();
    }
    let mut with_key = rotate.clone();
    with_key.extend(["--key".to_owned(), own.clone()]);
    printed(&words(&with_key));
    assert!(refused(&words(&with_key), 2).contains("has had the key"));
    let said = printed(&words(&audit));
    assert!(said.contains("nothing was changed"), "{said}");
    let program = Program::start(&["serve", "--rules", &rules], &data);
    shown(&program.url, 2, &said_by_log).await;
    printed(&["verify", &said_by_log, "--keys", &first]);
    assert!(program.stop().success());

    // Keys of another time than the log's are refused at the start.
    for name in ["key.pem", "keys.txt"] {
        std::fs::copy(old.join(name), data.join("ledger").join(name)).unwrap();
    }
    let at = data.display().to_string();
    let serve = ["serve", "--rules", &rules, "--data", &at, "--listen", "127.0.0.1:0"];
    assert!(refused(&serve, 1).contains("not of one time"));
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_keys_that_a_power_cut_broke_off_is_finished_at_the_start() {
    let house = House::new().await;
    house.open("渭河异味", &[]).await;
    let data = PathBuf::from(house.path("data"));
    let (rules, rotate) = (house.path("rules"), house.command(&["ledger", "rotate"]));
    let (said_by_log, first) = (house.path("shown.json"), house.path("first.txt"));
    let keys = data.join("ledger/keys.txt");
    std::fs::copy(&keys, &first).unwrap();
    let (old, list) = (std::fs::read(data.join("ledger/key.pem")), std::fs::read(&keys).unwrap());
    let folder = house.leave().await;
    printed(&words(&rotate));
    // The log says so; the files are as before, the new key still lies ready.
    std::fs::rename(data.join("ledger/key.pem"), data.join("ledger/next.pem")).unwrap();
    std::fs::write(data.join("ledger/key.pem"), old.unwrap()).unwrap();
    std::fs::write(&keys, list).unwrap();
    let program = Program::start(&["serve", "--rules", &rules], &data);
    shown(&program.url, 1, &said_by_log).await;
    printed(&["verify", &said_by_log, "--keys", &first]);
    assert!(!data.join("ledger/next.pem").exists());
    assert!(program.stop().success());
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_laid_there_before_the_first_start_is_the_logs_first() {
    let house = House::new().await;
    let data = PathBuf::from(house.path("data"));
    let keys = house.command(&["ledger", "keys"]);
    let rules = house.path("rules");
    let folder = house.leave().await;
    std::fs::remove_dir_all(data.join("ledger")).unwrap();
    std::fs::create_dir(data.join("ledger")).unwrap();
    std::fs::write(data.join("ledger/key.pem"), OWN_KEY).unwrap();
    let program = Program::start(&["serve", "--rules", &rules], &data);
    let list = printed(&words(&keys));
    assert_eq!(list, page(&format!("{}/api/v1/ledger/keys", program.url)));
    let name = list.split(' ').nth(3).and_then(|key| key.split('+').next()).unwrap();
    let own = ledger::Signer::from_pem(name.parse().unwrap(), ledger::Purpose::Log, OWN_KEY);
    assert!(list.contains(&own.unwrap().verifier().to_string()), "{list}");
    assert!(program.stop().success());
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_looks_over_https_and_is_not_confused_by_being_killed() {
    let house = House::new().await;
    house.open("渭河异味", &[]).await;
    let (keys, state) = (house.keys(), house.path("witness"));
    let data = PathBuf::from(house.path("data"));
    let mut add = house.command(&["ledger", "witness", "add"]);
    let rules = house.path("rules");
    let folder = house.leave().await;
    certificate(folder.path());
    let (ca, settings) = (folder.path().join("it.pem"), folder.path().join("liandong.toml"));
    let (ca, settings) = (ca.display().to_string(), settings.display().to_string());
    let program = Program::start(&["serve", "--config", &settings, "--rules", &rules], &data);
    assert!(program.url.starts_with("https://"), "{}", program.url);
    let key = printed(&["witness", "init", "--name", "jcy.example", "--state", &state]);
    add.splice(3..3, ["procuratorate".to_owned(), key.trim().to_owned()]);
    printed(&words(&add));

    let url = program.url.clone();
    let run = ["witness", "run", "--state", &state, "--url", &url, "--log-keys", &keys];
    // A certificate that nobody it trusts has vouched for; and one of somebody else.
    let stranger = tempfile::tempdir().unwrap();
    certificate(stranger.path());
    let other = stranger.path().join("it.pem").display().to_string();
    for trusted in [&[][..], &["--ca", other.as_str()][..]] {
        let output = liandong(&[&run[..], &["--once"], trusted].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("does not answer"), "{said}");
    }
    let run = [&run[..], &["--ca", &ca]].concat();
    let once = [&run[..], &["--once"]].concat();
    until("the witness is heard", || liandong(&once).status.success().then_some(())).await;

    // Killed at any moment it remembers what it has signed, and goes on.
    for turn in 0..6 {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_liandong"))
            .args(&run)
            .args(["--every", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(30 + 90 * turn)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let said = printed(&["witness", "show", "--state", &state]);
        assert!(said.contains("last look") && said.contains("never seen two"), "{said}");
    }
    let said = printed(&once);
    assert!(said.contains("nothing seen before was changed"), "{said}");
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_in_the_place_of_the_newer_is_named_by_the_platform_itself() {
    let house = House::new().await;
    let root = house.open("渭河异味", &[]).await;
    let data = PathBuf::from(house.path("data"));
    let (rules, audit) = (house.path("rules"), house.command(&["audit"]));
    let folder = house.leave().await;
    let (now, older) = (data.join("liandong.db"), data.join("older.db"));
    std::fs::copy(&now, &older).unwrap();
    let house = House::back(folder).await;
    house.served(&root).await;
    let folder = house.leave().await;
    let program = Program::start(&["serve", "--rules", &rules], &data);
    let kept = data.join("ledger/checkpoint.txt");
    until("the checkpoint is kept outside", || kept.exists().then_some(())).await;
    assert!(program.stop().success());
    assert!(printed(&words(&audit)).contains("nothing was changed"));

    replace(&now, &older);
    let output = liandong(&words(&audit));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("older database was put in its place"), "{said}");
    let program = Program::start(&["serve", "--rules", &rules], &data);
    until("the log says so", || program.log().contains("has not grown").then_some(())).await;
    assert!(program.stop().success());
    drop(folder);
}

/// Puts another SQLite file in the place of one.
fn replace(file: &Path, by: &Path) {
    for beside in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{beside}", file.display())).ok();
    }
    std::fs::copy(by, file).unwrap();
}
