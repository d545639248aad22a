//! `liandong serve` from its first start to its stop.

use crate::browser::Browser;
use crate::command::{liandong, printed, refused};
use crate::http::Http;
use crate::program::{Program, data};

#[tokio::test]
async fn it_serves_and_stops_when_asked() {
    let (_folder, path) = data();
    let program = Program::start(&["serve"], &path);
    let http = Http::new(&program.url);
    let health = http.get("/healthz").await.unwrap();
    assert!(health.status.is_success(), "{health:?}");
    let page = http.get("/sign-in").await.unwrap();
    assert!(page.status.is_success(), "{page:?}");
    assert!(program.log().contains("serving"), "{}", program.log());
    assert!(program.stop().success());
    assert!(path.join("liandong.db").is_file());
}

#[tokio::test]
async fn a_second_program_on_the_same_file_is_refused() {
    let (_folder, path) = data();
    let program = Program::start(&["serve"], &path);
    let data = path.display().to_string();
    let said = refused(&["units", "export", "units.csv", "--data", &data], 1);
    assert!(said.contains("another process is using the database"), "{said}");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
    let said = refused(&serve, 1);
    assert_eq!(said.trim().lines().count(), 1, "one clear line: {said}");
    assert!(said.contains("liandong.db; stop it first, or use PostgreSQL"), "{said}");
    let said = liandong(&[&serve[..], &["--lang", "zh"]].concat()).stderr;
    assert!(String::from_utf8_lossy(&said).contains("打不开数据库"), "{said:?}");
    // The first is not disturbed.
    let health = Http::new(&program.url).get("/healthz").await.unwrap();
    assert!(health.status.is_success(), "{health:?}");
    program.kill();
    // A power cut leaves no lock behind.
    assert!(Program::start(&["serve"], &path).stop().success());
}

#[test]
fn a_port_that_is_taken_and_a_setting_that_is_wrong_are_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (_folder, path) = data();
    let data = path.display().to_string();
    let said = refused(&["serve", "--listen", &address, "--data", &data], 1);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");

    let file = path.join("liandong.toml");
    std::fs::write(&file, "data = \"x\"\nlistne = \"127.0.0.1:1\"\n").unwrap();
    let said = refused(&["serve", "--config", file.to_str().unwrap()], 2);
    assert!(
        said.contains("liandong.toml:2: no setting `listne`; did you mean `listen`?"),
        "{said}"
    );
    let said = refused(&["serve", "--database", "mysql://x", "--data", &data], 1);
    assert!(said.contains("not the address of a database"), "{said}");
}

#[test]
fn the_first_administrator_chooses_a_password_and_the_next_gets_one() {
    let (_folder, path) = data();
    let data = path.display().to_string();
    let create = ["admin", "create", "--data", &data, "--login", "wang.xt", "--name", "王新"];
    let with_password = |password: &str| {
        use std::io::Write as _;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_liandong"))
            .args(create)
            .arg("--password-stdin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let weak = with_password("12345678\n");
    assert_eq!(weak.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&weak.stderr).contains("at least 10 characters"));

    let made = with_password("凤翔的水今年很清很清\n");
    assert!(made.status.success(), "{made:?}");
    assert!(String::from_utf8_lossy(&made.stdout).contains("The system administrator “wang.xt”"));

    let next = printed(&[
        "admin",
        "create",
        "--data",
        &data,
        "--login",
        "li.bm",
        "--name",
        "李敏",
        "--role",
        "security-administrator",
    ]);
    assert!(next.contains("shown only now"), "{next}");
    assert!(printed(&["admin", "password", "li.bm", "--data", &data]).contains("li.bm"));
    let said = refused(&["admin", "password", "nobody", "--data", &data], 1);
    assert!(said.contains("not found"), "{said}");
    let said = refused(&["admin", "second-factor", "li.bm", "--data", &data], 1);
    assert!(said.contains("there is no second factor"), "{said}");
    assert!(!liandong(&create).status.success(), "no terminal and no password");
}

#[test]
fn units_come_in_and_go_out_whole() {
    let (_folder, path) = data();
    let data = path.display().to_string();
    let first = printed(&["units", "import", "shaanxi", "--data", &data]);
    assert!(first.contains("2036 created"), "{first}");
    let file = path.join("units.xlsx");
    let name = file.to_str().unwrap();
    assert!(printed(&["units", "export", name, "--data", &data]).contains("2036 unit(s)"));
    let again = printed(&["units", "import", name, "--data", &data]);
    assert!(again.contains("0 created, 0 changed, 2036 as they were"), "{again}");
    std::fs::write(path.join("bad.csv"), "code,name\nG1,\n").unwrap();
    let bad = path.join("bad.csv");
    let said = refused(&["units", "import", bad.to_str().unwrap(), "--data", &data], 1);
    assert!(said.contains("bad.csv:"), "{said}");
}

#[test]
fn a_holiday_table_is_loaded_and_a_broken_one_names_its_line() {
    let (_folder, path) = data();
    let data = path.display().to_string();
    let file = path.join("2027.csv");
    let name = file.to_str().unwrap();
    std::fs::write(&file, "date,kind,name\n2027-01-01,holiday,元旦\n2027-13-01,holiday,x\n")
        .unwrap();
    let said = refused(&["calendar", "import", name, "--data", &data], 1);
    assert!(said.contains("2027.csv") && said.contains('3'), "{said}");
    std::fs::write(&file, "date,kind,name\n2027-01-01,holiday,元旦\n").unwrap();
    let done = printed(&["calendar", "import", name, "--data", &data]);
    assert!(done.contains("loaded 2027"), "{done}");
    assert!(printed(&["calendar", "show", "2016"]).contains("元旦"));
}

#[tokio::test]
async fn a_person_finds_the_way_in() {
    let (_folder, path) = data();
    let program = Program::start(&["serve"], &path);
    let Some(browser) = Browser::open(&program.url).await else { return };
    browser.goto("/").await;
    browser.see("登录").await;
    browser.axe().await;
    browser.screenshot("sign-in.zh").await;
    browser.resize(390, 844).await;
    browser.axe().await;
    browser.screenshot("sign-in.phone").await;
}

#[test]
fn a_backup_of_a_running_platform_is_restored_whole() {
    let (_folder, path) = data();
    let data = path.join("data");
    let from = data.display().to_string();
    printed(&["units", "import", "shaanxi", "--data", &from]);
    let program = Program::start(&["serve"], &data);
    // The first checkpoint is signed beside the pages, as soon as they are served.
    let signed = || liandong(&["ledger", "head", "--data", &from]).status.success();
    assert!((0..500).any(|_| signed()), "no checkpoint was signed");
    let backup = path.join("backup").display().to_string();
    assert!(printed(&["backup", &backup, "--data", &from]).contains("backed up"));
    assert!(printed(&["backup", "--verify", &backup]).contains("the backup is whole"));
    let said = refused(&["backup", &backup, "--data", &from], 1);
    assert!(said.contains("is not empty"), "{said}");
    program.kill();

    let to = path.join("restored").display().to_string();
    assert!(printed(&["restore", &backup, "--data", &to]).contains("restored"));
    // Nor is the vault's key in a backup: it is kept apart and put back.
    let said = refused(&["serve", "--listen", "127.0.0.1:0", "--data", &to], 1);
    assert!(said.contains("the key file of the vault"), "{said}");
    let vault = path.join("restored/vault");
    std::fs::create_dir_all(&vault).unwrap();
    std::fs::copy(data.join("vault/key"), vault.join("key")).unwrap();
    let units = path.join("units.csv").display().to_string();
    assert!(printed(&["units", "export", &units, "--data", &to]).contains("2036 unit(s)"));
    assert!(refused(&["restore", &backup, "--data", &to], 1).contains("not empty"));

    // Once the log was signed, its key belongs to the house: without it nobody signs on unasked, also not
    // after a restore, while commands that sign nothing go on.
    let said = refused(&["serve", "--listen", "127.0.0.1:0", "--data", &to], 1);
    assert!(said.contains("liandong ledger restart"), "{said}");
    let key = data.join("ledger");
    assert!(key.join("key.pem").exists());
    let kept = path.join("kept");
    std::fs::rename(&key, &kept).unwrap();
    let said = refused(&["serve", "--listen", "127.0.0.1:0", "--data", &from], 1);
    assert!(said.contains("liandong ledger restart"), "{said}");
    assert!(printed(&["ledger", "restart", "--data", &from]).contains("makes a new key"));
    Program::start(&["serve"], &data).kill();
    assert!(key.join("key.pem").exists(), "a new one");

    std::fs::write(path.join("backup/tables/unit.jsonl"), "[]").unwrap();
    let again = path.join("again").display().to_string();
    let said = refused(&["restore", &backup, "--data", &again], 1);
    assert!(said.contains("unit.jsonl is not what the manifest says"), "{said}");
    assert!(!path.join("again").exists());
}

#[tokio::test]
async fn who_is_turned_away_is_in_the_log_and_the_data_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_folder, path) = data();
    let made = path.join("made");
    let program = Program::start(&["serve"], &made);
    let rights = std::fs::metadata(&made).unwrap().permissions().mode();
    assert_eq!(rights & 0o077, 0, "{rights:o}: other accounts of the machine look into it");

    let address = program.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let forged = "POST /sign-in?next=/secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                  Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nuser=abc";
    stream.write_all(forged.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let told = async {
        loop {
            let log = program.log();
            let found = log.lines().find(|line| line.contains("a request was refused"));
            if let Some(line) = found {
                return line.to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let line = tokio::time::timeout(std::time::Duration::from_secs(20), told).await;
    let line = line.expect("it says so in the log");
    for part in ["status=403", "path=\"/sign-in\"", "address=\"127.0.0.1\""] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("secret") && !line.contains("abc"), "no words of the asker: {line}");
}

#[tokio::test]
async fn a_start_with_other_settings_or_rules_is_written_into_the_journal() {
    let (_folder, path) = data();
    let rules = path.join("rules");
    std::fs::create_dir_all(rules.join("law")).unwrap();
    let with_rules = ["serve", "--log", "json", "--rules", rules.to_str().unwrap()];
    for command in [&["serve"][..], &["serve"], &with_rules, &with_rules] {
        assert!(Program::start(command, &path).stop().success());
    }
    let holidays = "date,kind,name\n2027-01-01,holiday,元旦\n";
    std::fs::write(rules.join("law/holidays.csv"), holidays).unwrap();
    assert!(Program::start(&with_rules, &path).stop().success());

    let url = format!("sqlite:{}", path.join("liandong.db").display());
    let database = store::Database::open(&url).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select detail from admin_event where what = 'configuration-changed'
                order by admin_event_id";
    let rows = tx.rows(sql, &[]).await.unwrap();
    let said: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let changed: Vec<Vec<String>> = said
        .iter()
        .map(|text| {
            let detail: serde_json::Value = serde_json::from_str(text).unwrap();
            let facts = detail["facts"].as_array().unwrap().iter();
            facts.map(|fact| fact["fact"].as_str().unwrap().to_owned()).collect()
        })
        .collect();
    assert_eq!(changed.len(), 3, "{said:?}");
    for first in ["database", "law/limits.toml", "listen", "program"] {
        assert!(changed[0].contains(&first.to_owned()), "{first}: {said:?}");
    }
    assert_eq!(changed[1], ["log", "rules"]);
    assert_eq!(changed[2], ["law/holidays.csv"]);
}
