//! What surrounds every page: head, navigation, breadcrumb, what was just done.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Weekday;
use procedure::definition::RoleName;
use store::role::role_words;
use store::session::Session;
use store::setting::Setting;

use crate::House;
use crate::error::WebError;
use crate::mechanism::MECHANISMS;
use crate::message::Language;
use crate::session::{SignedIn, Visitor};

/// What the layout shows. Every page's template has a field `shell: Shell` and a field `t: T`.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The language of the page.
    pub language: Language,
    /// The token every form carries.
    pub csrf: String,
    /// The title of the page.
    pub title: String,
    /// The address of the page, to come back to.
    pub here: String,
    /// Whether the search box is shown.
    pub can_search: bool,
    /// What was searched for.
    pub searched: String,
    /// The demo's bar.
    pub demo: Option<DemoBar>,
    /// Who is signed in.
    pub user: Option<UserMenu>,
    /// The navigation.
    pub nav: Vec<NavEntry>,
    /// The words of the entry we are at.
    pub nav_here: String,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What was just done.
    pub flash: Option<String>,
    /// Or rather not done.
    pub flash_is_fault: bool,
    /// Whether the page takes the whole width (registers).
    pub wide: bool,
    /// Who printed it and when.
    pub printed: String,
    /// How much long work of one's own waits or runs.
    pub jobs: u32,
    /// After so many minutes without use the reader is signed out; 0 when nobody is signed in.
    pub idle_minutes: u32,
}

/// The bar above everything in the demo.
#[derive(Debug, Clone)]
pub struct DemoBar {
    /// The platform's day.
    pub today: String,
    /// The platform's day with its weekday.
    pub words: String,
    /// The day after.
    pub next: String,
}

/// The menus of somebody signed in.
#[derive(Debug, Clone)]
pub struct UserMenu {
    /// Their name.
    pub name: String,
    /// The post they act in.
    pub post: String,
    /// Every post they hold.
    pub posts: Vec<PostChoice>,
}

/// A post somebody may act in.
#[derive(Debug, Clone)]
pub struct PostChoice {
    /// `UNIT` or `UNIT:ROLE`.
    pub value: String,
    /// Unit and role in words.
    pub words: String,
    /// Whether it is the one in use.
    pub is_now: bool,
}

/// An entry of the navigation; without an address, the head of a group.
#[derive(Debug, Clone, Default)]
pub struct NavEntry {
    /// Where it leads.
    pub href: String,
    /// Its icon.
    pub icon: &'static str,
    /// Its words.
    pub words: String,
    /// How much waits there.
    pub count: i64,
    /// Whether something there is overdue.
    pub is_hot: bool,
    /// Whether we are there.
    pub is_here: bool,
}

/// A step of the way here; the last has no address.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Its address.
    pub href: String,
    /// Its words.
    pub words: String,
}

/// A page whose template is rendered on the way out.
#[derive(Debug)]
pub struct Page<P>(pub P);

impl<P: Template> IntoResponse for Page<P> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => WebError::from(error).into_response(),
        }
    }
}

impl House {
    /// The shell of a page for somebody who acts for a unit, with what waits for them.
    ///
    /// `place` is the navigation entry the page belongs to: `home`, `register`, a mechanism's id,
    /// `library`, `liaison`, `rules`, `admin`; empty for none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shell(&self, who: &SignedIn, place: &str, title: &str) -> Result<Shell, WebError> {
        let counters = self.store.counters(who.unit).await?;
        let mut shell = Shell::of(self, &who.visitor, place, title);
        if let Some(home) = shell.nav.iter_mut().find(|entry| entry.href == "/") {
            home.count = counters.owing + counters.to_acknowledge;
            if who.is(RoleName::Leader) {
                home.count += counters.to_approve;
            }
            home.is_hot = counters.overdue > 0;
        }
        Ok(shell)
    }
}

impl Shell {
    /// The shell of a page for anybody.
    #[must_use]
    pub fn of(house: &House, visitor: &Visitor, place: &str, title: &str) -> Self {
        let language = visitor.language;
        let session = visitor.account.as_ref().map(|account| account.session.as_ref());
        let today = house.today();
        let demo = house.settings.demo.as_ref().map(|_| DemoBar {
            today: today.to_string(),
            words: language.fill(
                "shell.day",
                &[("day", &today), ("weekday", &weekday(language, today.weekday()))],
            ),
            next: today.tomorrow().unwrap_or(today).to_string(),
        });
        let user = session.map(|session| user_menu(house, language, session));
        let nav = session.map(|session| nav(language, session, place)).unwrap_or_default();
        let nav_here = nav.iter().find(|entry| entry.is_here).map(|entry| entry.words.clone());
        let flash =
            visitor.flash.as_ref().map(|flash| language.with(&flash.key, "it", &flash.about));
        let name = session.map(|session| session.person.display_name.as_str()).unwrap_or_default();
        Self {
            language,
            csrf: visitor.csrf.clone(),
            title: title.to_owned(),
            here: visitor.here.clone(),
            can_search: session.is_some_and(|session| session.unit.is_some()),
            searched: String::new(),
            demo,
            user,
            nav_here: nav_here.unwrap_or_else(|| title.to_owned()),
            nav,
            crumbs: Vec::new(),
            flash,
            flash_is_fault: visitor.flash.as_ref().is_some_and(|flash| flash.is_fault),
            wide: false,
            printed: language.fill("shell.printed", &[("name", &name), ("day", &today)]),
            jobs: visitor.jobs,
            idle_minutes: session
                .map_or(0, |_| house.people.settings().get(Setting::SessionIdleMinutes)),
        }
        .start(session.is_some())
    }

    /// One step of the way here.
    #[must_use]
    pub fn crumb(mut self, href: impl Into<String>, words: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { href: href.into(), words: words.into() });
        self
    }

    /// The last step: this page.
    #[must_use]
    pub fn crumb_here(mut self, words: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { href: String::new(), words: words.into() });
        self
    }

    /// The page takes the whole width.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    fn start(self, is_signed_in: bool) -> Self {
        if is_signed_in {
            let home = self.language.say("nav.home").to_owned();
            self.crumb("/", home)
        } else {
            self
        }
    }
}

/// A weekday in words.
#[must_use]
pub fn weekday(language: Language, day: Weekday) -> &'static str {
    let t = language.t();
    match day {
        Weekday::Monday => t("weekday.monday"),
        Weekday::Tuesday => t("weekday.tuesday"),
        Weekday::Wednesday => t("weekday.wednesday"),
        Weekday::Thursday => t("weekday.thursday"),
        Weekday::Friday => t("weekday.friday"),
        Weekday::Saturday => t("weekday.saturday"),
        Weekday::Sunday => t("weekday.sunday"),
    }
}

/// A weekday in one or two characters, for narrow columns.
#[must_use]
pub fn weekday_short(language: Language, day: Weekday) -> &'static str {
    let t = language.t();
    match day {
        Weekday::Monday => t("weekday.short-monday"),
        Weekday::Tuesday => t("weekday.short-tuesday"),
        Weekday::Wednesday => t("weekday.short-wednesday"),
        Weekday::Thursday => t("weekday.short-thursday"),
        Weekday::Friday => t("weekday.short-friday"),
        Weekday::Saturday => t("weekday.short-saturday"),
        Weekday::Sunday => t("weekday.short-sunday"),
    }
}

fn user_menu(house: &House, language: Language, session: &Session) -> UserMenu {
    let directory = house.directory();
    let mut posts = Vec::new();
    for (unit, roles) in &session.posts {
        let unit_name =
            directory.get(*unit).map_or_else(|| format!("#{unit}"), |unit| unit.short_name.clone());
        let said: Vec<String> =
            roles.iter().map(|role| language.of(&role_words(*role)).to_owned()).collect();
        let is_unit = session.unit == Some(*unit);
        posts.push(PostChoice {
            value: unit.to_string(),
            words: format!("{unit_name} · {}", said.join(language.say("shell.and"))),
            is_now: is_unit && session.role.is_none(),
        });
        if roles.len() > 1 {
            posts.extend(roles.iter().zip(&said).map(|(role, said)| PostChoice {
                value: format!("{unit}:{}", store::role::role_id(*role)),
                words: format!("{unit_name} · {said}"),
                is_now: is_unit && session.role == Some(*role),
            }));
        }
    }
    if let Some(role) = session.platform {
        let words = language.of(&role.words()).to_owned();
        posts.push(PostChoice { value: "platform".to_owned(), words, is_now: true });
    }
    let now = posts.iter().find(|post| post.is_now).map(|post| post.words.clone());
    let post = now.unwrap_or_else(|| language.say("shell.no-post").to_owned());
    UserMenu { name: session.person.display_name.clone(), post, posts }
}

fn nav(language: Language, session: &Session, place: &str) -> Vec<NavEntry> {
    let entry = |href: &str, icon: &'static str, id: &str| NavEntry {
        href: href.to_owned(),
        icon,
        words: language.say(&format!("nav.{id}")).to_owned(),
        is_here: id == place,
        ..NavEntry::default()
    };
    let group = |id: &str| NavEntry {
        words: language.say(&format!("nav.{id}")).to_owned(),
        ..NavEntry::default()
    };
    let mut nav = Vec::new();
    if session.unit.is_some() {
        nav.push(entry("/", "home", "home"));
        nav.push(entry("/register", "register", "register"));
        nav.push(group("mechanisms"));
        nav.extend(MECHANISMS.iter().map(|one| entry(&format!("/{}", one.id), one.id, one.id)));
        nav.push(group("general"));
        nav.push(entry("/library", "cases", "library"));
    } else {
        nav.push(entry("/", "home", "home"));
    }
    nav.push(entry("/liaisons", "liaison", "liaison"));
    nav.push(entry("/rules", "tree", "rules"));
    let keeps_unit = session.posts.values().any(|roles| roles.contains(&RoleName::UnitAdmin));
    if session.platform.is_some() || keeps_unit {
        nav.push(entry("/admin", "admin", "admin"));
    }
    nav
}
