//! Ways out of the folders: static files, attachments, rules, the names of files that come in.

use procedure::definition::RoleName;
use store::import::table_read;

use crate::matter_browser::Browser;
use crate::matter_story::BUREAU;
use crate::routes::listed;
use crate::world::World;

const WAYS: [&str; 14] = [
    "..",
    "../..",
    "..%2f..%2fCargo.toml",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cetc%5cpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "%c0%ae%c0%ae/etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "app.css%00.png",
    "file:%2f%2f%2fetc%2fpasswd",
    "C:%5cwindows%5cwin.ini",
    "app.css/..",
];

#[tokio::test]
async fn no_address_leads_out_of_what_it_names() {
    let world = World::new("2026-03-02").await;
    let mut people = vec![Browser::new(&world)];
    people.push(Browser::of(&world, BUREAU, RoleName::Handler).await);
    people.push(Browser::named(&world, "xitong").await);
    for (method, path, _) in listed() {
        if method != "GET" || !path.contains('{') {
            continue;
        }
        let (before, _) = path.split_once('{').unwrap();
        for way in WAYS {
            for person in &mut people {
                let answer = person.get(&format!("{before}{way}")).await;
                let text = answer.html();
                assert!(answer.status != 200 || before == "/work/", "{before}{way}: {text}");
                assert!(answer.status < 500, "{before}{way}");
                assert!(!text.contains("root:") && !text.contains("[workspace]"), "{before}{way}");
            }
        }
    }
}

#[tokio::test]
async fn the_name_of_a_file_is_a_name_and_no_place() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for (turn, (name, kept)) in [
        ("../../../../etc/cron.d/x.png", "x.png"),
        ("..\\..\\windows\\x.png", "x.png"),
        ("/absolute/x.png", "x.png"),
        ("a\0b.png", "ab.png"),
        ("a\r\nSet-Cookie: x=y.png", "aSet-Cookie: x=y.png"),
        ("\u{202e}gnp.x.png", "gnp.x.png"),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = [b"\x89PNG\r\n\x1a\n".as_slice(), &[u8::try_from(turn).unwrap()]].concat();
        let csrf = bureau.csrf().await;
        let given = web::session::escaped(name);
        let headers = [
            ("x-csrf-token", csrf.as_str()),
            ("x-file-name", &given),
            ("accept", "application/json"),
        ];
        let answer = bureau.send(http::Method::POST, "/attachments", &headers, bytes.into()).await;
        assert_eq!(answer.status, 201, "{name:?}: {}", answer.html());
        let taken: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(taken["name"], kept, "{name:?}");
        let sha256 = taken["sha256"].as_str().unwrap();
        let file = bureau.get(&format!("/attachments/{sha256}")).await;
        let said = file.header("content-disposition");
        assert!(
            said.starts_with("attachment; filename=\"") && !said.contains(['\r', '\n']),
            "{said}"
        );
        assert_eq!(file.header("set-cookie"), "", "{name:?}");
    }
}

#[test]
fn a_workbook_whose_parts_have_names_that_lead_out_writes_nothing() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.txt");
    let mut bytes = Vec::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(&mut bytes));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["../../../../../../tmp/liandong-out.txt", &out.display().to_string(), "xl/../../x"]
    {
        archive.start_file(name, options).unwrap();
        archive.write_all(b"out").unwrap();
    }
    archive.finish().unwrap();
    assert!(table_read("units.xlsx", &bytes).is_err());
    assert!(!out.exists());
}
