//! Whole stories, clicked by the people of both sides in a real browser on the real program.
//!
//! Read `story/strike_off.rs` first. Everything is named as it stands on the page, in Chinese: a post
//! by unit and role, an act by the words of its button, a field by its label. A label that is renamed
//! breaks a story, and should.

mod cast;
mod kept;
mod pages;
mod strike_off;
mod suit;
mod together;
mod turns;
mod without_scripts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fantoccini::Locator;
use fantoccini::elements::Element;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::browser::{Browser, xpath_text};
use crate::program::Program;

/// Posts that appear in every story, as the page of signing in shows them.
pub(crate) const BUREAU: &str = "凤翔生态环境分局 经办人";
pub(crate) const BUREAU_LEADER: &str = "凤翔生态环境分局 审批领导";
pub(crate) const BUREAU_LIAISON: &str = "凤翔生态环境分局 联络员";
pub(crate) const PROCURATORATE: &str = "凤翔区检察院 经办人";
pub(crate) const PROCURATORATE_LEADER: &str = "凤翔区检察院 审批领导";
pub(crate) const CITY_PROCURATORATE_LEADER: &str = "宝鸡市检察院 审批领导";
pub(crate) const CITY_BUREAU: &str = "宝鸡市生态环境局 经办人";
pub(crate) const CITY_BUREAU_LEADER: &str = "宝鸡市生态环境局 审批领导";

/// A demo with its units and accounts and nothing else in it.
pub(crate) struct Stage {
    pub(crate) program: Program,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Starts it.
    pub(crate) fn empty() -> Self {
        let (folder, path) = crate::program::data();
        let program = Program::start(&["demo", "--problems", "0", "--no-retelling"], &path);
        Self { program, folder }
    }

    /// A picture somebody took, lying on their own disk.
    pub(crate) fn photo(&self, name: &str, colour: [u8; 3]) -> PathBuf {
        let path = self.folder.path().join(name);
        draw(&path, colour);
        path
    }

    /// Somebody at a browser of their own.
    pub(crate) async fn person(&self) -> Option<Person> {
        Browser::open(&self.program.url).await.map(Person::at)
    }

    /// The same with JavaScript turned off.
    pub(crate) async fn person_without_scripts(&self) -> Option<Person> {
        Browser::open_without_scripts(&self.program.url).await.map(Person::at)
    }
}

/// Somebody at a browser, who may change their post.
pub(crate) struct Person {
    pub(crate) browser: Browser,
    post: String,
    /// Where each kind of matter is found, once somebody has been there.
    places: BTreeMap<String, String>,
}

impl Person {
    pub(crate) fn at(browser: Browser) -> Self {
        Self { browser, post: String::new(), places: BTreeMap::new() }
    }

    // ---- who ------------------------------------------------------------------------------------

    /// Takes a post by one click on the page of signing in, e.g. `凤翔区检察院 经办人`, and goes to its
    /// workbench.
    pub(crate) async fn as_(&mut self, post: &str) {
        let browser = &self.browser;
        if self.post == post {
            browser.goto("/").await;
            return;
        }
        browser.goto("/sign-in").await;
        // Whoever is signed in is not asked to sign in again.
        if browser.path().await != "/sign-in" {
            self.sign_out().await;
        }
        let browser = &self.browser;
        let (unit, role) = post.split_once(' ').unwrap();
        let button = format!(
            "//button[@class='role'][small[normalize-space(.)={}]][span[normalize-space(.)={}]]",
            xpath_text(unit),
            xpath_text(role)
        );
        browser.click_xpath(&button, post).await;
        post.clone_into(&mut self.post);
        browser.element(".top-tools details").await;
    }

    /// Leaves by the menu at the top, from whatever page.
    pub(crate) async fn sign_out(&mut self) {
        if self.browser.path().await == "blank" {
            self.browser.goto("/").await;
        }
        self.browser.click_css(".top-tools > details:last-of-type > summary").await;
        self.browser.click("退出登录").await;
        self.browser.element("main.login").await;
        self.post.clear();
    }

    // ---- when -----------------------------------------------------------------------------------

    /// The platform's date, as the demo's bar shows it.
    pub(crate) async fn today(&self) -> Date {
        let time = self.browser.element(".demo-bar time").await;
        time.attr("datetime").await.unwrap().unwrap().parse().unwrap()
    }

    /// The day so many days from today, as it is typed into a field.
    pub(crate) async fn in_days(&self, days: i64) -> String {
        self.today().await.saturating_add(days.days()).to_string()
    }

    /// Moves the platform's date forward by the demo's bar.
    pub(crate) async fn move_clock_to(&mut self, day: Date) {
        self.browser.fill("移到", &day.to_string()).await;
        self.browser.click("移到此日").await;
        self.browser.see(&format!("平台日期 {day}")).await;
        assert_eq!(self.today().await, day);
    }

    // ---- where ----------------------------------------------------------------------------------

    /// Remembers the open page as that of a matter of that kind.
    pub(crate) async fn this_is_the(&mut self, kind: &str) {
        self.places.insert(kind.to_owned(), self.browser.path().await);
    }

    /// Where the matter of that kind is found.
    pub(crate) fn place(&self, kind: &str) -> String {
        self.places.get(kind).unwrap_or_else(|| panic!("nobody has been at {kind}")).clone()
    }

    /// Opens the matter of that kind: from memory, or by the tree on the page of the problem.
    pub(crate) async fn at_(&mut self, kind: &str) {
        if let Some(path) = self.places.get(kind) {
            self.browser.goto(path).await;
            return;
        }
        self.browser.goto(&self.place("环境问题")).await;
        let link =
            format!("//*[@id='tree']//a[starts-with(normalize-space(.),{})]", xpath_text(kind));
        self.browser.click_xpath(&link, kind).await;
        self.browser.element("header.head").await;
        self.this_is_the(kind).await;
    }

    // ---- what -----------------------------------------------------------------------------------

    /// Fills in fields by their labels.
    pub(crate) async fn fill_in(&self, fields: &[(&str, &str)]) {
        for (label, value) in fields {
            self.browser.fill(label, value).await;
        }
    }

    /// Finds a unit or a division by typing a part of it and choosing what is offered.
    pub(crate) async fn pick(&self, label: &str, typed: &str, chosen: &str) {
        let field = self.browser.field(label).await;
        field.clear().await.unwrap();
        field.send_keys(typed).await.unwrap();
        let option =
            format!("//li[@role='option'][starts-with(normalize-space(.),{})]", xpath_text(chosen));
        self.browser.click_xpath(&option, chosen).await;
        assert_eq!(self.browser.value(label).await, chosen);
    }

    /// Opens the form of an act by its button on the page of the matter.
    pub(crate) async fn begin(&self, act: &str) {
        let button = format!(
            "//*[@id='actions']//*[@class='btns']//a[normalize-space(.)={}]",
            xpath_text(act)
        );
        self.browser.click_xpath(&button, act).await;
        self.browser.element("form.form").await;
    }

    /// Sends the form that is open.
    pub(crate) async fn send(&self) {
        self.browser.click_css("form.form .form-foot button.primary").await;
    }

    /// Does an act that takes effect at once.
    pub(crate) async fn do_(&self, act: &str, fields: &[(&str, &str)]) {
        self.begin(act).await;
        self.fill_in(fields).await;
        self.send().await;
        self.told(&format!("已办理“{act}”。")).await;
    }

    /// Drafts an act that a leader has to approve.
    pub(crate) async fn propose(&self, act: &str, fields: &[(&str, &str)]) {
        self.begin(act).await;
        self.fill_in(fields).await;
        self.send().await;
        self.told(&format!("“{act}”已提交审批。")).await;
    }

    /// Does an act that takes effect at once, after a page that says what will happen.
    pub(crate) async fn check_and_do(&self, act: &str, fields: &[(&str, &str)], will: &[&str]) {
        self.check(act, fields, will).await;
        self.browser.click(&format!("确认{act}")).await;
        self.told(&format!("已办理“{act}”。")).await;
    }

    /// Drafts an act that a leader has to approve, after a page that says what will happen.
    pub(crate) async fn check_and_propose(
        &self,
        act: &str,
        fields: &[(&str, &str)],
        will: &[&str],
    ) {
        self.check(act, fields, will).await;
        self.browser.click(&format!("确认{act}")).await;
        self.told(&format!("“{act}”已提交审批。")).await;
    }

    /// Fills in an act up to the page that says what will happen.
    pub(crate) async fn check(&self, act: &str, fields: &[(&str, &str)], will: &[&str]) {
        self.begin(act).await;
        self.fill_in(fields).await;
        self.send().await;
        self.browser.see(&format!("请核对：{act}")).await;
        for words in will {
            self.browser.see(words).await;
        }
    }

    /// Approves, from their own list, what waits for the holder of that post.
    pub(crate) async fn approved_by(&mut self, post: &str, act: &str) {
        self.as_(post).await;
        self.browser.click_css("[aria-labelledby='h-approving'] a.name").await;
        self.browser.see(&format!("审批：{act}")).await;
        self.browser.click("同意").await;
        self.told("已同意。").await;
    }

    // ---- what is seen ---------------------------------------------------------------------------

    /// The platform says that it is done.
    pub(crate) async fn told(&self, words: &str) {
        let notice = format!("//*[@role='status'][contains(.,{})]", xpath_text(words));
        self.browser.find_xpath(&notice, words).await;
    }

    /// The words of a part of the page.
    pub(crate) async fn words_of(&self, selector: &str) -> String {
        self.browser.element(selector).await.text().await.unwrap()
    }

    /// A part of the page says so.
    pub(crate) async fn shows(&self, selector: &str, words: &str) {
        let shown = self.words_of(selector).await;
        if !shown.contains(words) {
            self.browser.fail(&format!("{selector} shows “{shown}”, not “{words}”")).await;
        }
    }

    /// In which state the matter is, and who has to go on with it.
    pub(crate) async fn stands(&self, state: &str, holder: &str) {
        self.shows(".head-line .state", state).await;
        self.shows(".head-meta", &format!("经手 {holder}")).await;
    }

    /// The clock of that name, unfolded.
    async fn clock(&self, name: &str) -> Element {
        let clock = format!(
            "//*[@class='clock'][*[@class='what'][starts-with(normalize-space(.),{})]]",
            xpath_text(name)
        );
        self.browser.find_xpath(&clock, name).await
    }

    /// The day on which something is due, as the page of the matter says.
    pub(crate) async fn due(&self, name: &str) -> Date {
        let clock = self.clock(name).await;
        let time = clock.find(Locator::Css(".when time")).await.unwrap();
        time.text().await.unwrap()[..10].parse().unwrap()
    }

    /// Unfolds how a day was reckoned and reads it.
    pub(crate) async fn explains(&self, name: &str, words: &[&str]) {
        let clock = self.clock(name).await;
        let fold = clock.find(Locator::Css("details.explain summary")).await.unwrap();
        fold.click().await.unwrap();
        let text = clock.text().await.unwrap();
        for one in words {
            if !text.contains(one) {
                self.browser.fail(&format!("the clock says “{text}”, not “{one}”")).await;
            }
        }
    }

    /// How often the timeline says so; what is older is unfolded.
    pub(crate) async fn times_in_timeline(&self, words: &str) -> usize {
        let fold = Locator::Css("#timeline details.older:not([open]) > summary");
        if let Ok(fold) = self.browser.client.find(fold).await {
            fold.click().await.unwrap();
        }
        self.words_of("#timeline").await.matches(words).count()
    }

    /// The number at the head of a list of the workbench, which must be open.
    pub(crate) async fn counter(&self, list: &str) -> i64 {
        let count = format!(
            "//section[header/h2[normalize-space(.)={}]]/header/*[contains(@class,'count')]",
            xpath_text(list)
        );
        let count = self.browser.find_xpath(&count, list).await;
        count.text().await.unwrap().trim().parse().unwrap()
    }

    /// A list of the workbench names it; the workbench must be open.
    pub(crate) async fn lists(&self, list: &str, words: &str) {
        let row = format!(
            "//section[header/h2[normalize-space(.)={}]]//li[contains(.,{})]",
            xpath_text(list),
            xpath_text(words)
        );
        self.browser.find_xpath(&row, words).await;
    }

    /// Waits until a chosen file has arrived.
    pub(crate) async fn uploaded(&self, name: &str) {
        let row = format!(
            "//*[@data-upload-list]/li[contains(.,{})][contains(.,'已上传')]",
            xpath_text(name)
        );
        self.browser.find_xpath(&row, name).await;
    }
}

/// Draws a small PNG in one colour with a lighter band, so that before and after can be told apart.
fn draw(path: &Path, [red, green, blue]: [u8; 3]) {
    const WIDE: u32 = 320;
    const HIGH: u32 = 200;
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), WIDE, HIGH);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..HIGH)
        .flat_map(|row| {
            let band = if row % 40 < 20 { 40 } else { 0 };
            let pixel = [red, green, blue].map(|part| part.saturating_add(band));
            pixel.repeat(WIDE as usize)
        })
        .collect();
    writer.write_image_data(&pixels).unwrap();
}

/// The problem every story begins with, as the bureau or the procuratorate registers it.
pub(crate) async fn register_problem(person: &mut Person, title: &str) {
    let browser = &person.browser;
    browser.goto("/").await;
    browser.click("登记环境问题").await;
    let today = person.in_days(0).await;
    person.fill_in(&[("标题", title)]).await;
    person.pick("责任单位", "凤翔生态", "宝鸡市生态环境局凤翔分局").await;
    person.fill_in(&[("地点", "长青工业园区 3 号锅炉房")]).await;
    person.pick("行政区划", "凤翔", "陕西省宝鸡市凤翔区").await;
    person
        .fill_in(&[
            ("污染类别", "大气污染"),
            ("严重程度", "严重"),
            ("问题来源", "日常巡查、执法检查"),
            ("发现日期", &today),
            ("基本事实", "燃煤锅炉颗粒物连续三日超过地方标准，周边村民反映强烈。"),
        ])
        .await;
    person.send().await;
    person.told("已登记，编号 问题〔").await;
    person.this_is_the("环境问题").await;
}
