//! Uploads over a connection that breaks: they go on by themselves, go on after the page was loaded
//! again, send nothing twice, and state the hash of what lies on the disk.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use crate::browser::Browser;
use crate::story::{BUREAU, Person, Stage};

const MIB: u64 = 1024 * 1024;

/// A wire between the browser and the program that can be cut in the middle of a piece.
struct Wire {
    url: String,
    state: Arc<State>,
}

struct State {
    /// Bytes the browser may still send before the wire is cut; negative: it holds.
    left: AtomicI64,
    is_cut: AtomicBool,
    /// Bytes the browser has sent.
    sent: AtomicU64,
}

impl Wire {
    fn to(program: &str) -> Self {
        let there = program.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            left: AtomicI64::new(-1),
            is_cut: AtomicBool::new(false),
            sent: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if shared.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&there) else { continue };
                let (state, near_2, far_2) =
                    (Arc::clone(&shared), near.try_clone().unwrap(), far.try_clone().unwrap());
                std::thread::spawn(move || carry(near_2, far_2, Some(&state)));
                std::thread::spawn(move || carry(far, near, None));
            }
        });
        Self { url, state }
    }

    /// The wire breaks when the browser has sent so many bytes more, and stays cut until it is mended.
    fn cut_after(&self, bytes: u64) {
        self.state.left.store(i64::try_from(bytes).unwrap(), Ordering::SeqCst);
    }

    async fn is_cut(&self, browser: &Browser) {
        for _ in 0..400 {
            if self.state.is_cut.load(Ordering::SeqCst) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        browser.fail("the browser never sent enough for the wire to be cut").await;
    }

    fn mend(&self) {
        self.state.left.store(-1, Ordering::SeqCst);
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }
}

/// Carries bytes one way until either end or the wire breaks.
fn carry(mut from: TcpStream, mut to: TcpStream, counted: Option<&State>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut bytes) {
        if read == 0 {
            break;
        }
        if let Some(state) = counted {
            state.sent.fetch_add(read as u64, Ordering::SeqCst);
            if state.left.load(Ordering::SeqCst) >= 0 {
                let left = state.left.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst);
                if left < i64::try_from(read).unwrap() {
                    state.is_cut.store(true, Ordering::SeqCst);
                }
            }
            if state.is_cut.load(Ordering::SeqCst) {
                break;
            }
        }
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// A film of so many bytes, none like the other.
fn film(folder: &Path, name: &str, bytes: u64) -> PathBuf {
    let path = folder.join(name);
    let mut film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    let mut state = bytes;
    while (film.len() as u64) < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        film.extend(state.to_le_bytes());
    }
    std::fs::write(&path, film).unwrap();
    path
}

fn hash_of(path: &Path) -> String {
    let said = Command::new("sha256sum").arg(path).output().unwrap().stdout;
    String::from_utf8(said).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Chooses a file as a person would.
async fn choose(person: &Person, path: &Path) {
    let input = person.browser.element("input[type=file][data-upload]").await;
    input.send_keys(path.to_str().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_broken_upload_goes_on_by_itself_and_after_the_page_was_loaded_again() {
    let stage = Stage::empty();
    let wire = Wire::to(&stage.program.url);
    let Some(browser) = Browser::open(&wire.url).await else { return };
    let mut person = Person::at(browser);
    person.as_(BUREAU).await;
    let folder = tempfile::tempdir().unwrap();

    // The wire breaks in the middle of a piece and is mended a while later.
    let path = film(folder.path(), "巡查录像.mp4", 20 * MIB);
    person.browser.goto("/open/problem").await;
    let before = wire.sent();
    wire.cut_after(11 * MIB);
    choose(&person, &path).await;
    wire.is_cut(&person.browser).await;
    person.browser.see("连接中断").await;
    person.browser.screenshot("upload-broken").await;
    person.browser.see_not("已上传").await;
    wire.mend();
    person.uploaded("巡查录像.mp4").await;
    person.browser.see(&format!("SHA-256 {}", hash_of(&path))).await;
    person.browser.axe().await;
    person.browser.screenshot("upload-done").await;
    let sent = wire.sent() - before;
    // At most what had come of the broken piece is sent twice: 3 MiB of 11, and 5 of 13.
    assert!(sent < 25 * MIB, "what had arrived was sent again: {sent} bytes for 20 MiB");

    // It breaks, and the page is loaded again before it is mended: the same file chosen again goes on.
    let path = film(folder.path(), "夜查录像.mp4", 21 * MIB);
    let before = wire.sent();
    wire.cut_after(13 * MIB);
    choose(&person, &path).await;
    wire.is_cut(&person.browser).await;
    person.browser.see("连接中断").await;
    wire.mend();
    person.browser.goto("/open/problem").await;
    choose(&person, &path).await;
    person.uploaded("夜查录像.mp4").await;
    person.browser.see(&format!("SHA-256 {}", hash_of(&path))).await;
    let sent = wire.sent() - before;
    assert!(sent < 28 * MIB, "what had arrived was sent again: {sent} bytes for 21 MiB");

    // Paused, it waits; given up, nothing of it stays in the form.
    let path = film(folder.path(), "长录像.mp4", 30 * MIB);
    wire.cut_after(4 * MIB);
    choose(&person, &path).await;
    wire.is_cut(&person.browser).await;
    person.browser.see("连接中断").await;
    person.browser.click("暂停").await;
    person.browser.see("已暂停").await;
    wire.mend();
    person.browser.click("继续").await;
    person.uploaded("长录像.mp4").await;
    person
        .browser
        .click_xpath("//li[contains(.,'长录像.mp4')]//button[contains(.,'移除')]", "移除")
        .await;
    person.browser.see_not("长录像.mp4").await;
    assert_eq!(person.browser.complaints().await, Vec::<String>::new());
}
