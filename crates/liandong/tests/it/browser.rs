//! A person at a browser: real Chromium, driven over WebDriver.
//!
//! Elements are named as a person would: a button by its words, a field by its label. Whatever is
//! looked for is waited for; what does not come fails the test with a picture of the page in
//! `target/screenshots/`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::http::Http;

/// How long a person would wait for something to appear.
const PATIENCE: Duration = Duration::from_secs(10);
const AXE: &str = include_str!("../assets/axe.min.js");

/// Flags without which Chromium does not run as root or looks for hosts that are not there.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
];

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A browser window of its own, without memory of any other.
pub(crate) struct Browser {
    /// For what the words of this module do not say.
    pub(crate) client: Client,
    base: String,
    scripts: Scripts,
    session: String,
    driver_at: SocketAddr,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// A browser that opens the pages of `base`, or none with the reason printed, when the tests
    /// are run without one.
    pub(crate) async fn open(base: &str) -> Option<Self> {
        Self::start(base, Scripts::On).await
    }

    /// The same with JavaScript turned off.
    pub(crate) async fn open_without_scripts(base: &str) -> Option<Self> {
        Self::start(base, Scripts::Off).await
    }

    async fn start(base: &str, scripts: Scripts) -> Option<Self> {
        let Some(chromium) = std::env::var_os("LIANDONG_TEST_BROWSER") else {
            println!(
                "skipped: LIANDONG_TEST_BROWSER is not set; run the tests by `cargo xtask test`"
            );
            return None;
        };
        let program = std::env::var_os("LIANDONG_TEST_DRIVER").unwrap_or("chromedriver".into());
        let mut driver = Command::new(program)
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start chromedriver");
        let port = driver_port(&mut driver);
        let driver_at = SocketAddr::from(([127, 0, 0, 1], port));

        let profile = tempfile::Builder::new().prefix("liandong-browser-").tempdir().unwrap();
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push("--lang=zh-CN".to_owned());
        flags.push("--window-size=1366,900".to_owned());
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let allowed = if scripts == Scripts::On { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": PathBuf::from(chromium),
                "args": flags,
                "prefs": {
                    "intl.accept_languages": "zh-CN,zh",
                    "credentials_enable_service": false,
                    "profile.managed_default_content_settings.javascript": allowed,
                    "download.default_directory": profile.path().join("downloads"),
                },
            },
            "goog:loggingPrefs": { "browser": "WARNING" },
            "timeouts": { "implicit": 0, "pageLoad": 60_000, "script": 60_000 },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{driver_at}"))
            .await
            .expect("start Chromium");
        let session = client.session_id().await.unwrap().unwrap_or_default();
        Some(Self {
            client,
            base: base.to_owned(),
            scripts,
            session,
            driver_at,
            driver,
            _profile: profile,
        })
    }

    /// Opens a page of ours, e.g. `/matters`.
    pub(crate) async fn goto(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        if let Err(error) = self.client.goto(&url).await {
            self.fail(&format!("cannot open {path}: {error}")).await;
        }
    }

    /// The path and query of the page that is open.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// The words a person can read on the page.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the words are on the page.
    pub(crate) async fn see(&self, words: &str) {
        let seen = tokio::time::timeout(PATIENCE, async {
            while !self.text().await.contains(words) {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        });
        if seen.await.is_err() {
            self.fail(&format!("the page does not show “{words}”")).await;
        }
    }

    /// The words are not on the page as it stands.
    pub(crate) async fn see_not(&self, words: &str) {
        if self.text().await.contains(words) {
            self.fail(&format!("the page shows “{words}”")).await;
        }
    }

    /// Clicks the button, link, tab, fold or label of those words.
    pub(crate) async fn click(&self, words: &str) {
        let quoted = xpath_text(words);
        let kinds = "self::button or self::a or self::summary or self::label or @role='button'";
        let whole = format!("//*[{kinds}][normalize-space(.)={quoted}]");
        let button = format!("//input[@type='submit' or @type='button'][@value={quoted}]");
        let named = format!("//*[{kinds}][@aria-label={quoted} or @title={quoted}]");
        let part = format!("//*[{kinds}][contains(normalize-space(.),{quoted})]");
        let element = self.wait_for(&[&whole, &button, &named, &part], words).await;
        self.click_on(&element, words).await;
    }

    /// Clicks what a CSS selector finds, where words do not tell.
    pub(crate) async fn click_css(&self, selector: &str) {
        let element = self.element(selector).await;
        self.click_on(&element, selector).await;
    }

    /// Clicks what an XPath finds; `words` name it should it be missing.
    pub(crate) async fn click_xpath(&self, xpath: &str, words: &str) {
        let element = self.wait_for(&[xpath], words).await;
        self.click_on(&element, words).await;
    }

    /// What an XPath finds; `words` name it should it be missing.
    pub(crate) async fn find_xpath(&self, xpath: &str, words: &str) -> Element {
        self.wait_for(&[xpath], words).await
    }

    /// The element a CSS selector finds; waits for it.
    pub(crate) async fn element(&self, selector: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => element,
            Err(_) => self.fail(&format!("the page has no {selector}")).await,
        }
    }

    /// Fills the field of that label: text, a long text, a choice by its words, a day `2026-03-02`,
    /// a file by its path.
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        let field = self.field(label).await;
        let tag = field.tag_name().await.unwrap_or_default();
        let kind = field.attr("type").await.ok().flatten().unwrap_or_default();
        let done = match (tag.as_str(), kind.as_str()) {
            ("select", _) => self.choose(&field, value).await,
            ("input", "radio" | "checkbox") => return self.tick_in(label, value).await,
            ("input", "file") => field.send_keys(value).await,
            ("input", "date" | "datetime-local" | "time" | "month") => {
                self.fill_by_value(&field, value).await
            }
            _ => match field.clear().await {
                Ok(()) => field.send_keys(value).await,
                Err(error) => Err(error),
            },
        };
        if let Err(error) = done {
            self.fail(&format!("cannot fill “{label}” with “{value}”: {error}")).await;
        }
    }

    /// Ticks the boxes of those words, each parted by `|`, in the group of that label; a box that
    /// stands alone is ticked by saying `是`.
    async fn tick_in(&self, label: &str, value: &str) {
        if value == "是" {
            return self.tick(label).await;
        }
        let quoted = xpath_text(label);
        for words in value.split('|') {
            let box_of = format!(
                "//fieldset[legend[normalize-space(text()[1])={quoted}]]\
                 //label[normalize-space(.)={}]",
                xpath_text(words)
            );
            let found = self.wait_for(&[&box_of], words).await;
            self.click_on(&found, words).await;
        }
    }

    /// Ticks the box, or picks the radio button, of that label.
    pub(crate) async fn tick(&self, label: &str) {
        let field = self.field(label).await;
        if !field.is_selected().await.unwrap_or(false) {
            self.click_on(&field, label).await;
        }
    }

    /// What is written in the field of that label.
    pub(crate) async fn value(&self, label: &str) -> String {
        let field = self.field(label).await;
        field.prop("value").await.ok().flatten().unwrap_or_default()
    }

    /// The field of a label.
    pub(crate) async fn field(&self, label: &str) -> Element {
        let quoted = xpath_text(label);
        // A label may carry a note or a star behind its words.
        let is = format!("(normalize-space(.)={quoted} or normalize-space(text()[1])={quoted})");
        let begins = format!("starts-with(normalize-space(.),{quoted})");
        let fields = "self::input or self::select or self::textarea";
        let named = |test: &str| format!("//*[{fields}][@id=//label[{test}]/@for]");
        let inside = |test: &str| format!("//label[{test}]//*[{fields}]");
        let group = format!("//fieldset[legend[{is}]]//*[{fields}]");
        let aria = format!("//*[{fields}][@aria-label={quoted}]");
        let ways = [named(&is), inside(&is), aria, group, named(&begins), inside(&begins)];
        let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
        self.wait_for(&ways, label).await
    }

    /// Makes the window as wide and high as that.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// Makes what is seen of the page as wide and high as that, whatever the window has around it.
    pub(crate) async fn screen(&self, width: u32, height: u32) {
        self.resize(width, height).await;
        let inner = self.client.execute("return window.innerHeight;", vec![]).await.unwrap();
        let around = height.saturating_sub(u32::try_from(inner.as_u64().unwrap()).unwrap());
        self.resize(width, height + around).await;
    }

    /// Keeps a picture of the page as `target/screenshots/NAME.png`.
    pub(crate) async fn screenshot(&self, name: &str) {
        if let Ok(picture) = self.client.screenshot().await {
            let folder = screenshots();
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        }
    }

    /// Keeps a picture of the whole length of the page.
    pub(crate) async fn screenshot_long(&self, name: &str) {
        let (width, height) = self.client.get_window_size().await.unwrap();
        let script = "return document.documentElement.scrollHeight";
        let long = self.client.execute(script, vec![]).await.ok().and_then(|long| long.as_u64());
        let long = long.unwrap_or(height).clamp(300, 12_000);
        self.resize(u32::try_from(width).unwrap(), u32::try_from(long).unwrap() + 140).await;
        self.screenshot(name).await;
        self.resize(u32::try_from(width).unwrap(), u32::try_from(height).unwrap()).await;
    }

    /// Asks axe-core for barriers to people with disabilities; there must be none.
    pub(crate) async fn axe(&self) {
        let found = self.barriers().await;
        if !found.is_empty() {
            self.fail(&format!("axe found:\n  {}", found.join("\n  "))).await;
        }
    }

    /// What axe-core finds that shuts people out.
    pub(crate) async fn barriers(&self) -> Vec<String> {
        let run = "
            const done = arguments[arguments.length - 1];
            for (const fold of document.querySelectorAll('details:not(.menu):not(.nav-menu)')) {
                fold.open = true;
            }
            const only = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, { runOnly: only, resultTypes: ['violations'] })
                .then(answer => done(answer.violations.map(rule =>
                    rule.id + ': ' + rule.help + '\\n    ' + rule.nodes.slice(0, 3).map(node =>
                        node.html.slice(0, 200) + ' | ' + node.failureSummary).join('\\n    '))))
                .catch(error => done(['axe failed: ' + error]));";
        let loaded = "return typeof axe !== 'undefined';";
        if self.client.execute(loaded, vec![]).await.expect("ask for axe") != json!(true) {
            self.client.execute(AXE, vec![]).await.expect("load axe");
        }
        let found = self.client.execute_async(run, vec![]).await.expect("run axe");
        serde_json::from_value(found).unwrap()
    }

    /// What the browser itself complains of since it was last asked: scripts that fail, what the
    /// policy of the page forbids. Answers that are errors are pages, not complaints.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let driver = Http::new(&format!("http://{}", self.driver_at));
        let log = format!("/session/{}/se/log", self.session);
        let answer = driver.post(&log, "log", &json!({ "type": "browser" })).await.unwrap().json();
        let lines = answer["value"].as_array().cloned().unwrap_or_default();
        let ours = lines.iter().filter(|line| line["source"] != "network");
        ours.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Fails the test with a picture and the words of the page.
    pub(crate) async fn fail(&self, what: &str) -> ! {
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        self.screenshot(&format!("failure-{name}")).await;
        let path = self.path().await;
        let shown = self.text().await;
        panic!("{what}\n--- {path} ---\n{shown}\n---");
    }

    async fn choose(
        &self,
        field: &Element,
        words: &str,
    ) -> Result<(), fantoccini::error::CmdError> {
        let quoted = xpath_text(words);
        let whole = format!("./option[normalize-space(.)={quoted} or @value={quoted}]");
        let grouped = format!(".//option[contains(normalize-space(.),{quoted})]");
        let option = match field.find(Locator::XPath(&whole)).await {
            Ok(option) => option,
            Err(_) => field.find(Locator::XPath(&grouped)).await?,
        };
        option.click().await
    }

    /// Days are typed in an order that depends on the browser's language; the value does not.
    async fn fill_by_value(
        &self,
        field: &Element,
        value: &str,
    ) -> Result<(), fantoccini::error::CmdError> {
        let script = "
            arguments[0].value = arguments[1];
            arguments[0].dispatchEvent(new Event('input', { bubbles: true }));
            arguments[0].dispatchEvent(new Event('change', { bubbles: true }));";
        let element = serde_json::to_value(field).unwrap();
        self.client.execute(script, vec![element, json!(value)]).await.map(drop)
    }

    async fn click_on(&self, element: &Element, words: &str) {
        // A person scrolls until nothing that sticks to an edge lies over it.
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });";
        let argument = serde_json::to_value(element).unwrap();
        self.client.execute(script, vec![argument]).await.ok();
        if let Err(error) = element.click().await {
            self.fail(&format!("cannot click “{words}”: {error}")).await;
        }
    }

    /// The first element a person can see that one of the ways finds, the ways in their order.
    async fn wait_for(&self, ways: &[&str], words: &str) -> Element {
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                for way in ways {
                    for element in
                        self.client.find_all(Locator::XPath(way)).await.unwrap_or_default()
                    {
                        // A box under a drawn one counts, its label is what is seen.
                        let kind = element.attr("type").await.ok().flatten().unwrap_or_default();
                        let drawn = matches!(kind.as_str(), "checkbox" | "radio" | "file");
                        if drawn || element.is_displayed().await.unwrap_or(false) {
                            return element;
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        });
        match found.await {
            Ok(element) => element,
            Err(_) => self.fail(&format!("the page has no “{words}”")).await,
        }
    }

    /// Whether pages may run scripts here.
    pub(crate) fn scripts(&self) -> Scripts {
        self.scripts
    }
}

impl Drop for Browser {
    /// Closes the window also when a test fails: over a plain socket, since no other code may run
    /// then, and so that no Chromium is left behind.
    fn drop(&mut self) {
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.session, self.driver_at
        );
        if let Ok(mut socket) = TcpStream::connect(self.driver_at) {
            socket.set_read_timeout(Some(Duration::from_secs(5))).ok();
            socket.write_all(request.as_bytes()).ok();
            // The answer itself says nothing; that it came means that the window is closed.
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Reads the port chromedriver has taken from what it says; what follows is read and dropped.
fn driver_port(driver: &mut Child) -> u16 {
    let mut said = BufReader::new(driver.stdout.take().unwrap());
    let mut line = String::new();
    let port = loop {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "chromedriver ended at its start");
        if let Some((_, port)) = line.trim().trim_end_matches('.').rsplit_once("on port ")
            && line.contains("successfully")
        {
            break port.parse().unwrap();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    port
}

/// Where pictures are kept: `target/screenshots`.
pub(crate) fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots")
}

/// Text as an XPath literal, whatever quotes it holds.
pub(crate) fn xpath_text(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(",\"'\","))
}
