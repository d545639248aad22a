//! Signing in by an identity provider: a real one, Glewlwyd, on this machine.
//!
//! `LIANDONG_TEST_PROVIDER` names its program (`cargo xtask test` sees to it); without it the tests do
//! nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::Database;

use crate::command::{liandong, refused};
use crate::program::{Program, data};

/// What Debian's package fills an empty database with.
const TABLES: &str = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
/// The administrator's password in it.
const ADMIN: (&str, &str) = ("admin", "password");
const PASSWORD: &str = "渭河两岸青山常在-1";
/// Where people come by; nobody goes there in the test, the answers are carried over by hand.
const ORIGIN: &str = "http://liandong.example";
const START_SECONDS_MAX: u64 = 30;

/// Somebody with a browser who follows nothing by themselves.
struct Visitor {
    agent: ureq::Agent,
    cookies: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    location: String,
    text: String,
}

impl Visitor {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), cookies: BTreeMap::new() }
    }

    fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, "", String::new())
    }

    fn json(&mut self, method: &str, url: &str, body: &Value) -> Answer {
        self.send(method, url, "application/json", body.to_string())
    }

    fn send(&mut self, method: &str, url: &str, kind: &str, body: String) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("cookie", cookies.join("; "))
            .header("content-type", kind)
            .body(body)
            .unwrap();
        let mut answer = self.agent.run(request).unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (cookie, _) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get("location");
        let location = location.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        Answer { status, location, text: answer.body_mut().read_to_string().unwrap() }
    }
}

/// The provider, running.
struct Glewlwyd {
    child: Child,
    url: String,
    admin: Visitor,
    _folder: tempfile::TempDir,
}

impl Drop for Glewlwyd {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Glewlwyd {
    /// Starts one of its own, with nobody but its administrator.
    async fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("LIANDONG_TEST_PROVIDER") else {
            println!("skipped: LIANDONG_TEST_PROVIDER is not set; run by `cargo xtask test`");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("liandong-glewlwyd-").tempdir().unwrap();
        let database = folder.path().join("glewlwyd.db");
        let tables = std::fs::read_to_string(TABLES).unwrap();
        let opened = Database::open(&format!("sqlite:{}", database.display())).await.unwrap();
        let mut tx = opened.write().await.unwrap();
        tx.batch(&tables).await.unwrap();
        tx.commit().await.unwrap();
        opened.checkpoint().await.unwrap();
        drop(opened);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let config = folder.path().join("glewlwyd.conf");
        std::fs::write(&config, config_of(&url, port, &database)).unwrap();
        let child = Command::new(program)
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut this = Self { child, url, admin: Visitor::new(), _folder: folder };
        this.until_it_answers();
        let (username, password) = ADMIN;
        let credentials = json!({ "username": username, "password": password });
        let entered = this.admin.json("POST", &format!("{}/api/auth/", this.url), &credentials);
        assert_eq!(entered.status, 200, "{entered:?}");
        Some(this)
    }

    fn until_it_answers(&self) {
        let address = self.url.trim_start_matches("http://");
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(begun.elapsed().as_secs() < START_SECONDS_MAX, "glewlwyd does not start");
            std::thread::yield_now();
        }
    }

    fn issuer(&self) -> String {
        format!("{}/api/oidc", self.url)
    }

    fn configure(&mut self, method: &str, path: &str, body: &Value) {
        let done = self.admin.json(method, &format!("{}/api/{path}", self.url), body);
        assert_eq!(done.status, 200, "{path}: {done:?}");
    }

    /// Has it speak OpenID Connect, and sign with a key of its own; again with another key.
    fn speak_openid(&mut self, method: &str, path: &str) {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let parameters = json!({
            "iss": self.issuer(),
            "jwt-type": "ecdsa", "jwt-key-size": "256",
            "key": key.serialize_pem(), "cert": key.public_key_pem(),
            "access-token-duration": 3600, "refresh-token-duration": 1_209_600,
            "code-duration": 600, "refresh-token-rolling": true, "allow-non-oidc": false,
            "auth-type-code-enabled": true, "auth-type-token-enabled": false,
            "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
            "auth-type-password-enabled": false, "auth-type-client-enabled": false,
            "auth-type-refresh-enabled": false,
            "pkce-allowed": true, "pkce-required": true, "pkce-method-plain-allowed": false,
            "request-parameter-allow": false, "subject-type": "public",
            "name-claim": "no", "email-claim": "no", "scope": [],
            "claims": [{
                "name": "preferred_username", "user-property": "username", "type": "string",
                "mandatory": true, "on-demand": false, "scope": [],
            }],
            "additional-parameters": [],
        });
        let plugin = json!({
            "module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "enabled": true,
            "parameters": parameters,
        });
        self.configure(method, path, &plugin);
    }

    /// Makes the platform known, and somebody.
    fn know(&mut self, secret: &str, people: &[&str]) {
        let client = json!({
            "client_id": "liandong", "name": "liandong", "enabled": true, "confidential": true,
            "client_secret": secret, "scope": [],
            "redirect_uri": [format!("{ORIGIN}/sign-in/provider/return")],
            "authorization_type": ["code"], "token_endpoint_auth_method": ["client_secret_basic"],
        });
        self.configure("POST", "client/", &client);
        let profile = json!({ "name": "profile", "display_name": "profile", "scheme": {} });
        self.configure("POST", "scope/", &profile);
        for name in people {
            let user = json!({
                "username": name, "name": name, "email": "", "enabled": true, "password": PASSWORD,
                "scope": ["openid", "profile", "g_profile"],
            });
            self.configure("POST", "user/", &user);
        }
    }

    /// Somebody who has signed in with the provider and agreed that the platform may know.
    fn somebody(&self, name: &str) -> Visitor {
        let mut visitor = Visitor::new();
        let credentials = json!({ "username": name, "password": PASSWORD });
        let entered = visitor.json("POST", &format!("{}/api/auth/", self.url), &credentials);
        assert_eq!(entered.status, 200, "{entered:?}");
        let agreed = json!({ "scope": "openid profile" });
        let granted =
            visitor.json("PUT", &format!("{}/api/auth/grant/liandong", self.url), &agreed);
        assert_eq!(granted.status, 200, "{granted:?}");
        visitor
    }
}

fn config_of(url: &str, port: u16, database: &Path) -> String {
    let folder = "/usr/lib/glewlwyd";
    format!(
        "port={port}\nbind_address=\"127.0.0.1\"\nexternal_url=\"{url}\"\nlogin_url=\"login.html\"\n\
         api_prefix=\"api\"\nlog_mode=\"console\"\nlog_level=\"ERROR\"\ncookie_secure=0\n\
         session_expiration=3600\nsession_key=\"GLEWLWYD2_SESSION_ID\"\nadmin_scope=\"g_admin\"\n\
         profile_scope=\"g_profile\"\nuser_module_path=\"{folder}/user\"\n\
         client_module_path=\"{folder}/client\"\nuser_auth_scheme_module_path=\"{folder}/scheme\"\n\
         plugin_module_path=\"{folder}/plugin\"\nuse_secure_connection=false\n\
         secure_connection_key_file=\"\"\nsecure_connection_pem_file=\"\"\n\
         secure_connection_ca_file=\"\"\nhash_algorithm=\"SHA512\"\n\
         database = {{ type = \"sqlite3\"; path = \"{}\"; }};\n",
        database.display()
    )
}

/// The platform with the account `liming`, and settings that name the provider.
fn platform(path: &Path, issuer: &str, secret: &str) -> PathBuf {
    let data = path.display().to_string();
    let mut made = Command::new(env!("CARGO_BIN_EXE_liandong"))
        .args(["admin", "create", "--login", "liming", "--name", "李明", "--password-stdin"])
        .args(["--data", &data])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut made.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(made.wait().unwrap().success());
    let secret_file = path.join("provider-secret");
    std::fs::write(&secret_file, format!("{secret}\n")).unwrap();
    let config = path.join("liandong.toml");
    let text = format!(
        "origin = \"{ORIGIN}\"\noidc-issuer = \"{issuer}\"\noidc-client-id = \"liandong\"\n\
         oidc-client-secret-file = \"{}\"\noidc-name = \"省政务统一认证\"\n",
        secret_file.display()
    );
    std::fs::write(&config, text).unwrap();
    config
}

/// Goes to the provider as somebody known there and brings back the address it sends them to.
fn there_and_back(program: &Program, visitor: &mut Visitor, there: &mut Visitor) -> String {
    let away = visitor.get(&format!("{}/sign-in/provider?next=%2Faccount", program.url));
    assert_eq!(away.status, 303, "{away:?}");
    for part in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
        assert!(away.location.contains(part), "{}", away.location);
    }
    // So the provider's own page goes on once somebody has agreed.
    let back = there.get(&format!("{}&g_continue", away.location));
    let path = back.location.strip_prefix(ORIGIN).unwrap_or_else(|| panic!("{back:?}"));
    format!("{}{path}", program.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_real_provider_names_is_signed_in_as_the_account_of_that_name() {
    let Some(mut glewlwyd) = Glewlwyd::start().await else { return };
    let secret = "geheim-zwischen-beiden";
    glewlwyd.speak_openid("POST", "mod/plugin/");
    glewlwyd.know(secret, &["liming", "wangwu"]);
    let (_folder, path) = data();
    let config = platform(&path, &glewlwyd.issuer(), secret);
    let command = ["serve", "--config", config.to_str().unwrap()];
    let program = Program::start(&command, &path);
    let page = Visitor::new().get(&format!("{}/sign-in", program.url));
    assert!(page.text.contains("省政务统一认证"), "{}", page.text);

    let (mut visitor, mut there) = (Visitor::new(), glewlwyd.somebody("liming"));
    let back = there_and_back(&program, &mut visitor, &mut there);
    let entered = visitor.get(&back);
    assert_eq!((entered.status, entered.location.as_str()), (303, "/account"), "{entered:?}");
    let account = visitor.get(&format!("{}/account", program.url));
    assert!(account.text.contains("李明") && account.text.contains("统一身份认证"));
    // What came back is used up, and was nobody else's.
    let again = visitor.get(&back);
    assert!(again.status == 422 && again.text.contains("请重新登录"), "{}", again.text);
    let other = there_and_back(&program, &mut Visitor::new(), &mut there);
    let stolen = Visitor::new().get(&other);
    assert_eq!(stolen.status, 422, "a code is good only in the browser that went");

    // A code somebody made up.
    let mut visitor = Visitor::new();
    let back = there_and_back(&program, &mut visitor, &mut there);
    let (before, _) = back.split_once("code=").unwrap();
    let invented = visitor.get(&format!("{before}code=invented"));
    assert!(invented.text.contains("未通过校验"), "{}", invented.text);

    // Known there and not here: no account is made.
    let mut stranger = glewlwyd.somebody("wangwu");
    let mut visitor = Visitor::new();
    let back = there_and_back(&program, &mut visitor, &mut stranger);
    let answer = visitor.get(&back);
    assert!(answer.text.contains("账号“wangwu”在本平台没有对应账号"), "{}", answer.text);

    // Its keys change while we are running.
    glewlwyd.speak_openid("PUT", "mod/plugin/oidc");
    glewlwyd.configure("PUT", "mod/plugin/oidc/disable/", &json!({}));
    glewlwyd.configure("PUT", "mod/plugin/oidc/enable/", &json!({}));
    let (mut visitor, mut there) = (Visitor::new(), glewlwyd.somebody("liming"));
    let back = there_and_back(&program, &mut visitor, &mut there);
    let entered = visitor.get(&back);
    assert_eq!(entered.status, 303, "{}", entered.text);

    // It goes down in between; the password still opens the door.
    let mut visitor = Visitor::new();
    let back = there_and_back(&program, &mut visitor, &mut there);
    drop(glewlwyd);
    let answer = visitor.get(&back);
    assert!(answer.text.contains("暂时无法访问"), "{}", answer.text);
    assert!(program.log().contains("signing in by the identity provider failed"));
    assert!(!program.log().contains(secret));
}

#[test]
fn settings_of_a_provider_go_together() {
    let (_folder, path) = data();
    let config = path.join("liandong.toml");
    let data = path.display().to_string();
    for (text, says) in [
        ("oidc-issuer = \"https://sso.example\"", "oidc-client-id is not set"),
        ("oidc-client-id = \"x\"", "oidc-issuer is not set"),
        ("oidc-issuer = \"https://sso.example\"\noidc-client-id = \"x\"", "origin is not set"),
        (
            "origin = \"https://x.example\"\noidc-issuer = \"https://sso.example\"\n\
             oidc-client-id = \"x\"\noidc-client-secret-file = \"/nowhere\"",
            "cannot read oidc-client-secret-file /nowhere",
        ),
    ] {
        std::fs::write(&config, text).unwrap();
        let command = [
            "serve",
            "--config",
            config.to_str().unwrap(),
            "--data",
            &data,
            "--listen",
            "127.0.0.1:0",
        ];
        let said = refused(&command, 2);
        assert!(said.contains(says), "{text}: {said}");
    }
    assert!(liandong(&["serve", "--help"]).status.success());
}
