//! What breaks under a running platform: the disk, the database, the clock, a backup half made. Each
//! test says what the people saw, and that nothing acknowledged was lost.

mod backup;
mod clock;
mod disk;
mod flood;
mod postgres;
mod upgrade;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::command::liandong;
use crate::http::{Answer, Http};
use crate::power::{Prepared, prepared, problem};
use crate::program::Program;

/// The program of a handler, and what it was told was done.
#[derive(Clone)]
struct Handler {
    http: Http,
    done: Arc<Mutex<Vec<Done>>>,
    keys: Arc<AtomicUsize>,
}

/// What was acknowledged.
#[derive(Debug, Clone)]
struct Done {
    matter: String,
    version: u64,
}

/// Something to be done under a key.
struct Wish {
    path: String,
    key: String,
    body: Value,
}

impl Handler {
    fn new(url: &str, token: &str) -> Self {
        let http = Http::new(url).with_token(token);
        Self { http, done: Arc::default(), keys: Arc::default() }
    }

    /// The same person at another address, who remembers what was done.
    fn at(&self, url: &str, token: &str) -> Self {
        Self { http: Http::new(url).with_token(token), ..self.clone() }
    }

    fn wish(&self, path: &str, body: Value) -> Wish {
        let number = self.keys.fetch_add(1, Ordering::SeqCst);
        Wish { path: path.to_owned(), key: format!("wish-{number}"), body }
    }

    fn opening(&self, title: &str) -> Wish {
        self.wish("/api/v1/matters", problem(title))
    }

    fn progress(&self, matter: &str, words: &str) -> Wish {
        let path = format!("/api/v1/matters/{matter}/actions/record-progress");
        self.wish(&path, json!({ "input": { "progress": words } }))
    }

    async fn ask(&self, wish: &Wish) -> Result<Answer, String> {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", wish.key.as_str()),
            ("if-match", "*"),
        ];
        let answer = self.http.send("POST", &wish.path, &headers, wish.body.to_string()).await?;
        if answer.status.is_success() {
            let said = answer.json();
            let matter = said["matter"].as_str().unwrap().to_owned();
            let version = said["version"].as_u64().unwrap();
            self.done.lock().unwrap().push(Done { matter, version });
        }
        Ok(answer)
    }

    /// Asks for something that is done; says the matter.
    async fn must(&self, wish: &Wish) -> String {
        let answer = self.ask(wish).await.unwrap();
        assert!(answer.status.is_success(), "{}: {answer:?}", wish.path);
        answer.json()["matter"].as_str().unwrap().to_owned()
    }

    /// Uploads a file; says its SHA-256.
    async fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        let headers = [("x-file-name", name)];
        self.http.send("POST", "/api/v1/attachments", &headers, bytes.to_vec()).await.unwrap()
    }

    fn acknowledged(&self) -> Vec<Done> {
        self.done.lock().unwrap().clone()
    }

    /// Everything acknowledged is there.
    async fn finds(&self, all: &[Done]) {
        for done in all {
            let answer = self.http.get(&format!("/api/v1/matters/{}", done.matter)).await.unwrap();
            assert!(answer.status.is_success(), "{done:?} was acknowledged: {answer:?}");
            let version = answer.json()["version"].as_u64().unwrap();
            assert!(version >= done.version, "{done:?}, now {version}");
        }
    }
}

/// Handlers who open problems and report on them until they are told to stop. Whoever gets no answer
/// asks again for the same.
struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Answer>>,
}

impl Load {
    fn begin(handler: &Handler, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut set = JoinSet::new();
        for client in 0..clients {
            let (handler, stop) = (handler.clone(), stop.clone());
            set.spawn(async move {
                let mut refused = Vec::new();
                let mut wish = handler.opening(&format!("演练 {client}"));
                for number in 0.. {
                    let matter = loop {
                        match handler.ask(&wish).await {
                            Ok(answer) if answer.status.is_success() => {
                                break answer.json()["matter"].as_str().unwrap().to_owned();
                            }
                            Ok(answer) => refused.push(answer),
                            // The connection broke: nobody can say what became of it.
                            Err(_) => {}
                        }
                        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    };
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    wish = handler.progress(&matter, &format!("第{number}次续报"));
                }
                refused
            });
        }
        Self { stop, clients: set }
    }

    /// Lets them finish what they have begun; says what was answered instead of what they asked for.
    async fn end(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}

/// Waits until so many acts are acknowledged.
async fn until(handler: &Handler, number: usize) {
    while handler.done.lock().unwrap().len() < number {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Everything is as the log says.
fn audited(arguments: &[&str]) {
    let output = liandong(&[&["audit"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("nothing was changed"), "{arguments:?}: {output:?}");
}

/// What a command says that must not succeed, whatever its code.
fn failed(arguments: &[&str]) -> String {
    let output = liandong(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A platform running on a data folder, somebody at work in it, and their token.
async fn at_work(data: &Path) -> (Program, Handler, String) {
    let token = settled(data).await.token;
    let program = Program::start(&["serve"], data);
    let handler = Handler::new(&program.url, &token);
    (program, handler, token)
}

/// Units, people and a token in the database of a data folder.
async fn settled(data: &Path) -> Prepared {
    prepared(&shown(&data.join("liandong.db"))).await
}
