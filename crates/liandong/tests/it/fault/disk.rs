//! A disk that is full, and one that can only be read.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Handler, at_work, audited, failed, settled, shown};
use crate::http::{Answer, Http};
use crate::power::PASSWORD;
use crate::program::{Program, data};

/// A small disk of its own; unmounted when dropped.
struct Disk {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Disk {
    /// None where nobody may mount: then the test says so and is skipped.
    fn of(mebibytes: u32) -> Option<Self> {
        let (folder, path) = data();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { _folder: folder, path });
        }
        println!("SKIPPED: a full disk cannot be made here; run the tests as root");
        None
    }

    fn fill(&self) {
        use std::io::Write as _;
        let mut filler = std::fs::File::create(self.path.join("filler")).unwrap();
        for size in [1 << 16, 1 << 12, 1 << 9, 1] {
            let block = vec![0_u8; size];
            while filler.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.path.join("filler")).unwrap();
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.path).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.path).output().ok();
    }
}

/// Somebody at a browser, without a screen: cookies and forms.
struct Person {
    http: Http,
    cookies: Vec<String>,
}

impl Person {
    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, String::new()).await
    }

    async fn send(&mut self, method: &str, path: &str, body: String) -> Answer {
        let cookies = self.cookies.join("; ");
        let headers =
            [("cookie", cookies.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.http.send(method, path, &headers, body).await.unwrap();
        for set in answer.headers.get_all("set-cookie") {
            let cookie = set.to_str().unwrap().split(';').next().unwrap();
            let name = cookie.split_once('=').unwrap().0;
            self.cookies.retain(|known| !known.starts_with(&format!("{name}=")));
            self.cookies.push(cookie.to_owned());
        }
        answer
    }

    async fn signed_in(url: &str, login: &str) -> Self {
        let mut person = Self { http: Http::new(url), cookies: Vec::new() };
        let page = person.get("/sign-in").await.text;
        let form = format!(
            "csrf={}&user={login}&password={}",
            hidden(&page, "csrf"),
            PASSWORD.replace(' ', "+"),
        );
        let answer = person.send("POST", "/sign-in", form).await;
        assert_eq!(answer.status.as_u16(), 303, "{answer:?}");
        person
    }
}

fn hidden(page: &str, name: &str) -> String {
    let begin = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The form of a page that is sent to that place, as a browser would send it.
fn form_of(page: &str, place: &str) -> String {
    let begin = format!("action=\"{place}\">");
    let (_, form) = page.split_once(&begin).unwrap_or_else(|| panic!("no form in {page}"));
    form.split("</form>")
        .next()
        .unwrap()
        .split("<input type=\"hidden\" ")
        .skip(1)
        .filter_map(|input| {
            let name = input.strip_prefix("name=\"")?.split('"').next()?;
            let value = input.split_once("value=\"")?.1.split('"').next()?;
            let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            Some(format!("{name}={value}"))
        })
        .collect::<Vec<_>>()
        .join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_reading_goes_on_and_acts_are_refused_until_there_is_space() {
    let Some(disk) = Disk::of(32) else { return };
    let data = disk.path.join("data");
    std::fs::create_dir(&data).unwrap();
    let settled = settled(&data).await;
    let program = Program::start(&["serve"], &data);
    let handler = Handler::new(&program.url, &settled.token);
    let matter = handler.must(&handler.opening("柳林镇污水")).await;
    let picture = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 30_000]].concat();
    assert!(handler.upload("a.png", &picture).await.status.is_success());
    let mut person = Person::signed_in(&program.url, &settled.login).await;
    let place = format!("/matters/{matter}/actions/record-progress");
    let form = person.get(&place).await.text;
    disk.fill();

    // A program is told what is wrong, and to come again.
    let wish = handler.progress(&matter, &"已整改。".repeat(2_000));
    let answer = handler.ask(&wish).await.unwrap();
    assert_eq!(answer.status.as_u16(), 507, "{answer:?}");
    assert!(answer.json()["type"].as_str().unwrap().ends_with("full"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), "60");
    let other: Vec<u8> = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![8; 300_000]].concat();
    assert_eq!(handler.upload("b.png", &other).await.status.as_u16(), 507);
    // A person too, and keeps what was filled in.
    let words = "沿沟已清淤".repeat(1_500);
    let body = format!(
        "csrf={}&key={}&version={}&step=confirm&f.progress={words}",
        hidden(&form, "csrf"),
        hidden(&form, "key"),
        hidden(&form, "version"),
    );
    let page = person.send("POST", &place, body).await;
    assert_eq!(page.status.as_u16(), 507, "{}", page.text);
    assert!(page.text.contains("平台存储空间已满，本次未办理"), "{}", page.text);
    assert!(page.text.contains("重新提交") && page.text.contains(&words), "{}", page.text);
    // Reading goes on, for both; who comes now sees that nobody new can be let in.
    handler.finds(&handler.acknowledged()).await;
    for path in ["/", "/register", &format!("/matters/{matter}"), &place, "/news", "/account"] {
        let page = person.get(path).await;
        assert!(page.status.is_success(), "{path}: {page:?}");
    }
    assert!(handler.http.get("/healthz").await.unwrap().status.is_success());
    assert!(!program.log().contains("panicked"), "{}", program.log());

    // There is room again: the very same is done, without anybody restarting anything.
    disk.make_room();
    let again = person.send("POST", &place, form_of(&page.text, &place)).await;
    assert_eq!(again.status.as_u16(), 303, "{}", again.text);
    let twice = person.send("POST", &place, form_of(&page.text, &place)).await;
    assert_eq!(twice.status.as_u16(), 303, "the same key acts once: {}", twice.text);
    handler.must(&wish).await;
    assert!(handler.upload("b.png", &other).await.status.is_success());
    handler.finds(&handler.acknowledged()).await;
    let shown_now = person.get(&format!("/matters/{matter}")).await.text;
    assert!(shown_now.contains("沿沟已清淤沿沟"), "{shown_now}");
    assert!(program.stop().success());
    audited(&["--data", &shown(&data)]);
    // Nothing half-written is left among the attachments.
    let left = std::fs::read_dir(data.join("attachments/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_disk_that_can_only_be_read_it_says_so_and_does_not_start() {
    let Some(disk) = Disk::of(32) else { return };
    let data = disk.path.join("data");
    std::fs::create_dir(&data).unwrap();
    let (program, handler, token) = at_work(&data).await;
    handler.must(&handler.opening("柳林镇污水")).await;
    assert!(program.stop().success());

    disk.remount("ro");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &shown(&data)];
    let said = failed(&serve);
    assert!(said.contains("Read-only file system"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "one clear line: {said}");
    disk.remount("rw");
    let program = Program::start(&["serve"], &data);
    handler.at(&program.url, &token).finds(&handler.acknowledged()).await;
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_on_a_disk_that_can_only_be_read_are_refused_and_the_rest_goes_on() {
    let Some(disk) = Disk::of(8) else { return };
    let (_folder, data) = data();
    std::os::unix::fs::symlink(&disk.path, data.join("attachments")).unwrap();
    let (program, handler, _) = at_work(&data).await;
    let picture = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 30_000]].concat();
    let uploaded = handler.upload("a.png", &picture).await;
    assert!(uploaded.status.is_success());
    let sha256 = uploaded.json()["sha256"].as_str().unwrap().to_owned();

    disk.remount("ro");
    let other = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![8; 30_000]].concat();
    let answer = handler.upload("b.png", &other).await;
    assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
    assert!(answer.json()["type"].as_str().unwrap().ends_with("read-only"), "{answer:?}");
    handler.must(&handler.opening("柳林镇污水")).await;
    let file = handler.http.get(&format!("/api/v1/attachments/{sha256}")).await.unwrap();
    assert!(file.status.is_success());
    disk.remount("rw");
    assert!(handler.upload("b.png", &other).await.status.is_success());
    assert!(program.stop().success());
    audited(&["--data", &shown(Path::new(&data))]);
}
