//! Whole requests to the pages and to the interface for programs, as somebody who has signed in.
//!
//! An input reads like a request: `METHOD /address`, a header a line, an empty line, the body. `{matter}`
//! and the like stand for what there is; the token of the forms and that of the program are brought along
//! unless the input brings its own. Several requests are parted by a line `%%`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{OpenRequest, Raw};
use store::password::Passwords;
use store::people::{Authority, People};
use store::randomness::SystemRandomness;
use store::vault::{MasterKeys, Vault};
use store::{Clock, Database, Store};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use web::{Demo, House, MovableClock, Settings};

use crate::procedures::RULES;

/// Requests of one input at most.
const REQUESTS_MAX: usize = 4;
/// What is sent back as it came opens an element of its own.
const MARK: &str = "<q7x";
/// What would end the visit of everything that comes after.
const LEFT_OUT: [&str; 6] = [
    "POST /sign-out",
    "POST /account/password",
    "POST /account/sessions/",
    "POST /account/tokens/",
    "POST /demo/sign-in",
    "DELETE /attachments/uploads/",
];
const UNITS: [&str; 3] = ["J61030500", "G61030501", "G61030503"];
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// A file everybody knows.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n of nobody";

/// A moment at which the clock stands.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::constant(1_772_413_200, 0)
    }
}

impl MovableClock for Standing {
    fn move_to(&self, _: Timestamp) {}
}

struct Platform {
    runtime: Runtime,
    router: Router,
    cookies: String,
    csrf: String,
    token: String,
    /// What stands for what in an address.
    names: Vec<(&'static str, String)>,
    _folder: tempfile::TempDir,
}

thread_local! {
    static PLATFORM: Platform = Platform::new();
}

/// Sends what the bytes say.
pub(crate) fn whole(bytes: &[u8]) {
    PLATFORM.with(|platform| {
        let mut rest = bytes;
        for _ in 0..REQUESTS_MAX {
            let (one, more) = cut(rest, b"\n%%\n");
            if !LEFT_OUT.iter().any(|begin| one.starts_with(begin.as_bytes())) {
                platform.send(one);
            }
            match more {
                Some(more) => rest = more,
                None => break,
            }
        }
    });
}

fn cut<'b>(bytes: &'b [u8], at: &[u8]) -> (&'b [u8], Option<&'b [u8]>) {
    match bytes.windows(at.len()).position(|some| some == at) {
        Some(place) => (
            bytes.get(..place).unwrap_or_default(),
            Some(bytes.get(place + at.len()..).unwrap_or_default()),
        ),
        None => (bytes, None),
    }
}

impl Platform {
    fn new() -> Self {
        // A panic in a request must end the hunt, not be answered with a page.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let made = runtime.block_on(Self::made());
        let (folder, router, token, names) = made.unwrap_or_else(|error| panic!("{error}"));
        let mut platform = Self {
            runtime,
            router,
            cookies: String::new(),
            csrf: String::new(),
            token,
            names,
            _folder: folder,
        };
        platform.sign_in();
        platform.upload();
        platform
    }

    async fn made() -> Result<Made, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("fuzz.db").display().to_string();
        let database = Database::open(&path).await?;
        let clock = Arc::new(Standing);
        store::migration::migrate(&database, clock.now()).await?;
        let randomness = Arc::new(SystemRandomness);
        let keys = MasterKeys::generate(&*randomness)?;
        Vault::open(&database, &keys, randomness.clone(), clock.now()).await?;
        let passwords = Passwords::cheap(randomness.clone())?;
        let people =
            People::open(database.clone(), clock.clone(), randomness.clone(), passwords).await?;
        let county: String = store::unit::UNITS_CSV
            .lines()
            .enumerate()
            .filter(|(line, row)| {
                let division = row.split(',').nth(5).unwrap_or_default();
                *line == 0 || ["610305", "610300", "610000"].contains(&division)
            })
            .flat_map(|(_, row)| [row, "\n"])
            .collect();
        people.unit_import(Authority::Program, "units.csv", county.as_bytes()).await?;
        let people = Arc::new(people);
        let store = Store::open(store::Parts {
            database,
            files: folder.path().join("files"),
            file_bytes_max: 1 << 20,
            clock: clock.clone(),
            randomness: randomness.clone(),
            rules: RULES.clone(),
            directories: people.directories(),
            signer: None,
        })
        .await?;
        let directory = people.directory();
        let units: Vec<_> =
            UNITS.iter().filter_map(|code| Some(directory.by_code(code)?.id)).collect();
        let persons = people.demo_people(&units, "渭河两岸青山常在-1").await?;
        let bureau = units.get(1).copied().ok_or("no bureau")?;
        let handler = persons.get(&(bureau, RoleName::Handler)).ok_or("no handler")?;
        let token = people.api_token_create(handler.user, bureau, "fuzz", 30).await?.token;
        let raw = |pairs: &[(&str, &str)]| -> Raw {
            pairs.iter().map(|(key, value)| ((*key).into(), vec![(*value).into()])).collect()
        };
        let opening = OpenRequest {
            procedure: "problem".to_owned(),
            parent: None,
            title: "锅炉超标".to_owned(),
            parties: raw(&[("owner", "G61030501"), ("supervisor", "J61030500")]),
            input: raw(&[
                ("place", "长青镇工业园"),
                ("division", "610305"),
                ("categories", "air"),
                ("severity", "serious"),
                ("source", "patrol"),
                ("discovered-on", "2026-03-02"),
                ("facts", "锅炉颗粒物排放超过标准。"),
            ]),
        };
        let done = store.open_matter(&handler.actor(), opening, None).await?;
        let names = vec![
            ("{matter}", done.matter.as_str().to_owned()),
            ("{unit}", bureau.to_string()),
            ("{user}", handler.user.to_string()),
        ];
        let settings = Settings {
            https: false,
            trusts_proxy: false,
            upload_bytes_max: 1 << 20,
            ledger_keys: None,
            requests_per_minute_max: None,
            provider: None,
            demo: Some(Demo { clock, accounts: vec![handler.login_name.clone()] }),
        };
        let names = names.into_iter().chain([("{login}", handler.login_name.clone())]).collect();
        Ok((folder, web::router(House::new(store, people, randomness, settings)), token, names))
    }

    fn sign_in(&mut self) {
        let page = self.send(b"GET /sign-in").unwrap_or_default();
        self.keep(&page.0);
        self.csrf = hidden(&page.1, "csrf");
        let form = format!("csrf={}&user={}", self.csrf, self.name("{login}"));
        let entered = format!(
            "POST /demo/sign-in\ncontent-type: application/x-www-form-urlencoded\n\n{form}"
        );
        let answer = self.send(entered.as_bytes()).unwrap_or_default();
        self.keep(&answer.0);
        let page = self.send(b"GET /account").unwrap_or_default();
        self.csrf = hidden(&page.1, "csrf");
        assert!(!self.csrf.is_empty(), "nobody is signed in");
    }

    /// A file, and the beginning of another.
    fn upload(&mut self) {
        let mut whole = b"POST /api/v1/attachments\nx-file-name: a.png\n\n".to_vec();
        whole.extend(PNG);
        let answer = self.send(&whole).unwrap_or_default();
        let sha256 = answer.1.split('"').find(|word| word.len() == 64).unwrap_or_default();
        self.names.push(("{sha256}", sha256.to_owned()));
        let begun =
            b"POST /attachments/uploads\nupload-length: 1000\nupload-metadata: filename YS5wbmc=";
        let answer = self.send(begun).unwrap_or_default();
        let place = answer.0.get(header::LOCATION).and_then(|place| place.to_str().ok());
        let upload = place.and_then(|place| place.rsplit('/').next()).unwrap_or_default();
        assert!(!sha256.is_empty() && !upload.is_empty(), "{sha256:?} {upload:?}");
        self.names.push(("{upload}", upload.to_owned()));
    }

    fn name(&self, name: &str) -> &str {
        self.names.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap_or_default();
            let cookie = set.split(';').next().unwrap_or_default();
            self.cookies.push_str(cookie);
            self.cookies.push_str("; ");
        }
    }

    /// Sends one request; `None` when the bytes make none.
    fn send(&self, bytes: &[u8]) -> Option<(HeaderMap, String)> {
        let (head, body) = cut(bytes, b"\n\n");
        let mut head = std::str::from_utf8(head).ok()?.to_owned();
        for (name, value) in &self.names {
            head = head.replace(name, value);
        }
        let mut lines = head.lines();
        let (method, address) = lines.next()?.split_once(' ')?;
        if !address.starts_with('/') {
            return None;
        }
        let mut request = Request::builder().method(method).uri(address);
        let mut brought = HeaderMap::new();
        for line in lines.take(32) {
            let (name, value) = line.split_once(':')?;
            brought.append(
                HeaderName::from_bytes(name.trim().as_bytes()).ok()?,
                HeaderValue::from_str(value.trim()).ok()?,
            );
        }
        let ours = [
            ("cookie", self.cookies.clone()),
            ("x-csrf-token", self.csrf.clone()),
            ("authorization", format!("Bearer {}", self.token)),
            ("idempotency-key", "a-key-of-the-hunt".to_owned()),
        ];
        for (name, value) in ours {
            if !value.is_empty() && !brought.contains_key(name) {
                brought.insert(name, HeaderValue::from_str(&value).ok()?);
            }
        }
        *request.headers_mut()? = brought;
        let mut body = body.unwrap_or_default().to_vec();
        if let Ok(text) = std::str::from_utf8(&body) {
            let filled = self
                .names
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
            body = filled.into_bytes();
        }
        let request = request.body(Body::from(body)).ok()?;
        Some(self.runtime.block_on(self.answered(request)))
    }

    async fn answered(&self, request: Request<Body>) -> (HeaderMap, String) {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = self.router.clone().oneshot(request);
        let Ok(answer) = tokio::time::timeout(Duration::from_secs(20), answer).await else {
            panic!("{what}: no answer")
        };
        let Ok(answer) = answer;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(!parts.status.is_server_error(), "{what}: {} {text}", parts.status);
        let header = |name| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        if header(header::CONTENT_TYPE).starts_with("text/html") {
            assert!(!text.contains(MARK), "{what}: what was sent is an element of the page");
        }
        let place = header(header::LOCATION);
        assert!(
            place.is_empty() || (place.starts_with('/') && !place.starts_with("//")),
            "{what}: sent away to {place}"
        );
        (parts.headers, text)
    }
}

type Made = (tempfile::TempDir, Router, String, Vec<(&'static str, String)>);

fn hidden(page: &str, name: &str) -> String {
    let begin = format!("type=\"hidden\" name=\"{name}\" value=\"");
    let rest = page.split_once(&begin).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}
