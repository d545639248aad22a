//! Who asks: the visitor of every page, the account that signed in, the unit it acts for.
//!
//! Take [`SignedIn`] for work on matters, [`Account`] for one's own account, and one of the three
//! administrators' extractors for what only they may do. [`Visitor`] is for pages anybody sees.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use procedure::definition::{RoleName, Side};
use procedure::{Actor, UnitId, UserId};
use store::Scope;
use store::people::PeopleError;
use store::role::PlatformRole;
use store::session::{Session, csrf_of, same_secret};

use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::message::{Language, is_known};

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "liandong";
/// The cookie of somebody who has not signed in; only its token's origin.
const VISIT_COOKIE: &str = "liandong_visit";
const LANGUAGE_COOKIE: &str = "liandong_language";
/// When somebody last looked at what is new.
const SEEN_COOKIE: &str = "liandong_seen";
const FLASH_COOKIE: &str = "liandong_flash";
/// The cookie of somebody whose code is still missing.
const HALF_COOKIE: &str = "liandong_half";
/// The cookie of somebody who was sent to the identity provider.
const ERRAND_COOKIE: &str = "liandong_errand";
const REMEMBERED_SECONDS: u32 = 400 * 24 * 60 * 60;

/// Somebody who looks at a page, signed in or not.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The language of the page.
    pub language: Language,
    /// The token every form carries.
    pub csrf: String,
    /// The page asked for, with its query.
    pub here: String,
    /// What has just been done.
    pub flash: Option<Flash>,
    /// The account, when signed in.
    pub account: Option<Account>,
    /// A session was brought that is no longer good.
    pub has_expired: bool,
    /// How much long work of theirs waits or runs.
    pub jobs: u32,
    new_visit: Option<String>,
    /// The session's token, renewed because its person's rights were changed.
    renewed: Option<String>,
    /// The session's token as it came.
    token: Option<String>,
}

/// An account that signed in: of a unit or of the platform.
#[derive(Debug, Clone)]
pub struct Account {
    /// What the store knows of it at this moment.
    pub session: Arc<Session>,
}

/// Somebody who acts for a unit.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// The unit they act for.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Its side.
    pub side: Side,
    /// Their roles there (only the one chosen, when one was chosen).
    pub roles: BTreeSet<RoleName>,
    /// What they may see: handed to every read.
    pub scope: Scope,
    /// The language of the page.
    pub language: Language,
    /// The token every form carries.
    pub csrf: String,
    /// The account.
    pub account: Account,
    /// The visitor, for the shell.
    pub visitor: Visitor,
}

impl SignedIn {
    /// As the rules see them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { user: self.user, unit: self.unit, roles: self.roles.clone() }
    }

    /// Whether they hold a role.
    #[must_use]
    pub fn is(&self, role: RoleName) -> bool {
        self.roles.contains(&role)
    }
}

/// The address somebody comes from; a proxy's word is taken only when the settings say so.
#[derive(Debug, Clone)]
pub struct Address(pub String);

impl Address {
    /// The address a request with these headers and extensions comes from; empty when nothing says.
    pub(crate) fn of(house: &House, headers: &HeaderMap, extensions: &Extensions) -> Self {
        Self::told(house.settings.trusts_proxy, headers, extensions)
    }

    fn told(trusts_proxy: bool, headers: &HeaderMap, extensions: &Extensions) -> Self {
        // The last entry of the last line is the one our own proxy wrote; whoever asks may have sent
        // lines of their own before it.
        let told = headers.get_all("x-forwarded-for").iter().next_back();
        let told = told.and_then(|value| value.to_str().ok());
        let told = told.and_then(|all| all.rsplit(',').next()).map(|one| one.trim().to_owned());
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip().to_string());
        let address = told.filter(|_| trusts_proxy).or(peer);
        Self(address.unwrap_or_default())
    }
}

impl FromRequestParts<House> for Address {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Self::Rejection> {
        Ok(Self::of(house, &parts.headers, &parts.extensions))
    }
}

/// Words about what was done, shown once on the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// The key of the words.
    pub key: String,
    /// What fills `{it}`.
    pub about: String,
    /// It was not done.
    pub is_fault: bool,
}

/// Goes to another page, which says what was done.
#[derive(Debug, Clone)]
pub struct Done {
    to: String,
    flash: Flash,
}

impl Done {
    /// To that page, with the words of that key.
    pub fn to(page: impl Into<String>, key: &str) -> Self {
        Self::about(page, key, "")
    }

    /// To that page, with the words of that key on why nothing was done.
    pub fn sorry(page: impl Into<String>, key: &str) -> Self {
        let mut done = Self::to(page, key);
        done.flash.is_fault = true;
        done
    }

    /// The same, with `{it}` in the words filled.
    pub fn about(page: impl Into<String>, key: &str, it: impl std::fmt::Display) -> Self {
        let flash = Flash { key: key.to_owned(), about: it.to_string(), is_fault: false };
        Self { to: page.into(), flash }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = Redirect::to(&self.to).into_response();
        // [`settle`] makes the cookie of it.
        response.extensions_mut().insert(self.flash);
        response
    }
}

/// Where the guard leaves word of who asked, for the page of an error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seat(Arc<(OnceLock<Visitor>, OnceLock<Fields>)>);

impl Seat {
    pub(crate) fn visitor(&self) -> Option<Visitor> {
        self.0.0.get().cloned()
    }

    /// The form that was sent, when it may be shown to whoever sent it.
    pub(crate) fn form(&self) -> Option<Fields> {
        self.0.1.get().cloned()
    }

    /// Keeps a form at hand, until it is known to be done with. What is secret is not: it would
    /// stand in a page.
    pub(crate) fn keep(&self, form: Fields) {
        let is_secret = |name: &str| name.contains("password") || SECRETS.contains(&name);
        if !form.pairs().any(|(name, _)| is_secret(name)) {
            // Kept once: a request has one form.
            let _ = self.0.1.set(form);
        }
    }

    fn take(&self, visitor: &Visitor) {
        // Set once: a request passes the guard once.
        let _ = self.0.0.set(visitor.clone());
    }
}

/// Besides passwords, the fields whose value nobody should see again.
const SECRETS: [&str; 3] = ["code", "secret", "token"];

/// Finds out who asks, from the cookies.
pub(crate) async fn recognise(house: &House, request: &mut Request) -> Result<Visitor, WebError> {
    let headers = request.headers();
    let https = house.settings.https;
    let language = cookie_of(headers, LANGUAGE_COOKIE, https)
        .and_then(|code| Language::read(&code))
        .unwrap_or_default();
    let flash = cookie_of(headers, FLASH_COOKIE, https).and_then(|value| read_flash(&value));
    let token = cookie_of(headers, SESSION_COOKIE, https).filter(|token| !token.is_empty());
    let visit = cookie_of(headers, VISIT_COOKIE, https);
    let here = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let mut visitor = Visitor { language, flash, here: here.to_owned(), ..Visitor::default() };
    let seat = request.extensions().get::<Seat>().cloned().unwrap_or_default();
    if let Some(token) = token {
        let looks = request.method() == Method::GET;
        match signed_in(house, &mut visitor, &token, looks).await {
            Ok(true) => {}
            Ok(false) => {
                visitor.has_expired = true;
                visitor.token = Some(token);
            }
            Err(error) => {
                // The page that says so speaks their language.
                seat.take(&visitor);
                return Err(error);
            }
        }
    }
    if visitor.account.is_none() {
        let visit = if let Some(visit) = visit.filter(|visit| visit.len() == 64) {
            visit
        } else {
            let visit = house.secret()?;
            visitor.new_visit = Some(visit.clone());
            visit
        };
        visitor.csrf = csrf_of(&visit);
    }
    seat.take(&visitor);
    Ok(visitor)
}

/// Whether the session of a token is still good; then the visitor is whose it is.
async fn signed_in(
    house: &House,
    visitor: &mut Visitor,
    token: &str,
    looks: bool,
) -> Result<bool, WebError> {
    let Some(session) = house.people.session_fetch(token).await? else { return Ok(false) };
    visitor.csrf.clone_from(&session.csrf);
    visitor.jobs = house.jobs_live(session.person.id).await?;
    if session.is_to_renew && looks {
        visitor.renewed = match house.people.session_renew_marked(&session).await {
            // It is renewed at the next look; nobody is kept from reading meanwhile.
            Err(PeopleError::Store(error)) if error.outage().is_some() => None,
            renewed => renewed?,
        };
    }
    visitor.account = Some(Account { session: Arc::new(session) });
    Ok(true)
}

/// Sets and clears the cookies of a visit.
pub(crate) fn settle(
    house: &House,
    visitor: &Visitor,
    is_look: bool,
    mut response: Response,
) -> Response {
    let https = house.settings.https;
    if let Some(visit) = &visitor.new_visit {
        append(&mut response, &cookie(VISIT_COOKIE, visit, Life::Window, https));
    }
    if let Some(flash) = response.extensions().get::<Flash>() {
        let value = escaped(&flash.written());
        append(&mut response, &cookie(FLASH_COOKIE, &value, Life::Window, https));
    }
    if let Some(token) = visitor.renewed.as_ref().filter(|_| !sets_session(house, &response)) {
        response = with_session(house, token, response);
    }
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if visitor.flash.is_some() && is_look && is_page {
        append(&mut response, &cookie(FLASH_COOKIE, "", Life::Over, https));
    }
    response
}

impl Visitor {
    /// The same, of a session whose forms carry that token.
    pub(crate) fn with_csrf(&self, csrf: &str) -> Self {
        Self { csrf: csrf.to_owned(), ..self.clone() }
    }

    /// The token of the session they were in and that is no longer good.
    pub(crate) fn expired_token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether a token is this visitor's.
    pub(crate) fn is_token(&self, token: &str) -> bool {
        !self.csrf.is_empty() && same_secret(token, &self.csrf)
    }
}

/// Whether an answer gives the browser a session, or takes it away, already.
fn sets_session(house: &House, response: &Response) -> bool {
    let begins = format!("{}=", name_of(SESSION_COOKIE, house.settings.https));
    let mut set = response.headers().get_all(header::SET_COOKIE).iter();
    set.any(|cookie| cookie.as_bytes().starts_with(begins.as_bytes()))
}

/// A secret of somebody who is on the way in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Errand {
    /// The code is still missing.
    Half,
    /// They are with the identity provider.
    Provider,
}

impl Errand {
    fn cookie(self) -> &'static str {
        match self {
            Self::Half => HALF_COOKIE,
            Self::Provider => ERRAND_COOKIE,
        }
    }

    /// What the browser brought.
    pub(crate) fn brought(self, house: &House, headers: &HeaderMap) -> Option<String> {
        let token = cookie_of(headers, self.cookie(), house.settings.https);
        token.filter(|token| !token.is_empty())
    }

    /// Gives it to the browser.
    pub(crate) fn given(self, house: &House, token: &str, mut response: Response) -> Response {
        let https = house.settings.https;
        append(&mut response, &cookie(self.cookie(), token, Life::Window, https));
        response
    }

    /// Takes it away again.
    pub(crate) fn over(self, house: &House, mut response: Response) -> Response {
        let https = house.settings.https;
        append(&mut response, &cookie(self.cookie(), "", Life::Over, https));
        response
    }
}

/// Puts the cookie of a new session on an answer.
#[must_use]
pub(crate) fn with_session(house: &House, token: &str, mut response: Response) -> Response {
    let https = house.settings.https;
    append(&mut response, &cookie(SESSION_COOKIE, token, Life::Window, https));
    response
}

/// Takes the cookie of a session away, and with it what the browser keeps of what the session saw.
#[must_use]
pub(crate) fn without_session(house: &House, mut response: Response) -> Response {
    let https = house.settings.https;
    append(&mut response, &cookie(SESSION_COOKIE, "", Life::Over, https));
    let (name, kept) = (HeaderName::from_static("clear-site-data"), "\"cache\", \"storage\"");
    response.headers_mut().insert(name, HeaderValue::from_static(kept));
    response
}

/// Remembers the language.
#[must_use]
pub(crate) fn with_language(house: &House, language: Language, mut response: Response) -> Response {
    let life = Life::Seconds(REMEMBERED_SECONDS);
    append(&mut response, &cookie(LANGUAGE_COOKIE, language.code(), life, house.settings.https));
    response
}

/// Until when somebody has looked at what is new, as their browser remembers it.
#[derive(Debug, Clone, Copy)]
pub struct SeenUntil(pub Option<Timestamp>);

impl FromRequestParts<House> for SeenUntil {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Self::Rejection> {
        let seconds = cookie_of(&parts.headers, SEEN_COOKIE, house.settings.https)
            .and_then(|text| text.parse().ok());
        Ok(Self(seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())))
    }
}

/// Remembers that what is new has been looked at.
#[must_use]
pub(crate) fn with_seen(house: &House, mut response: Response) -> Response {
    let now = house.now().as_second().to_string();
    let life = Life::Seconds(REMEMBERED_SECONDS);
    append(&mut response, &cookie(SEEN_COOKIE, &now, life, house.settings.https));
    response
}

#[derive(Clone, Copy)]
enum Life {
    Window,
    Seconds(u32),
    Over,
}

/// By HTTPS, browsers take a cookie of this name from nobody but this very host.
fn name_of(name: &str, https: bool) -> String {
    if https { format!("__Host-{name}") } else { name.to_owned() }
}

fn cookie(name: &str, value: &str, life: Life, https: bool) -> String {
    let life = match life {
        Life::Window => String::new(),
        Life::Seconds(seconds) => format!("; Max-Age={seconds}"),
        Life::Over => "; Max-Age=0".to_owned(),
    };
    let secure = if https { "; Secure" } else { "" };
    let name = name_of(name, https);
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{life}{secure}")
}

fn append(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn cookie_of(headers: &HeaderMap, name: &str, https: bool) -> Option<String> {
    let name = name_of(name, https);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(';'))
        .filter_map(|one| one.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Text as it may stand in a cookie or in a part of an address.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

impl Flash {
    /// As the cookie carries it: a fault begins with an exclamation mark.
    fn written(&self) -> String {
        format!("{}{} {}", if self.is_fault { "!" } else { "" }, self.key, self.about)
    }
}

fn read_flash(value: &str) -> Option<Flash> {
    let text = percent_decode_str(value).decode_utf8().ok()?;
    let (key, about) = text.split_once(' ')?;
    let (key, is_fault) = key.strip_prefix('!').map_or((key, false), |key| (key, true));
    is_known(key).then(|| Flash { key: key.to_owned(), about: about.to_owned(), is_fault })
}

/// A page of ours to go back to, never an address elsewhere.
#[must_use]
pub fn own_page(next: &str) -> String {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.contains(|one: char| one.is_control())
        && next.parse::<Uri>().is_ok_and(|uri| uri.host().is_none());
    if is_own { next.to_owned() } else { "/".to_owned() }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The page on which a password that must be changed is changed.
pub(crate) const PASSWORD_PAGE: &str = "/account/password";
/// The page on which a second factor is set up.
pub(crate) const SECOND_FACTOR_PAGE: &str = "/account/second-factor";

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let account = visitor.account.ok_or(WebError::SignedOut)?;
        let path = parts.uri.path();
        let may_leave = ["/sign-out", "/language", "/account/still-here"].contains(&path);
        if account.session.must_change_password {
            return if may_leave || path == PASSWORD_PAGE {
                Ok(account)
            } else {
                Err(WebError::PasswordFirst)
            };
        }
        if account.session.must_enrol && !may_leave && !path.starts_with(SECOND_FACTOR_PAGE) {
            return Err(WebError::EnrolFirst);
        }
        Ok(account)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    House: FromRef<S>,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let account = Account::from_request_parts(parts, state).await?;
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let house = House::from_ref(state);
        Self::of(&house, account, visitor).ok_or_else(|| WebError::forbidden("error.no-unit"))
    }
}

impl SignedIn {
    pub(crate) fn of(house: &House, account: Account, visitor: Visitor) -> Option<Self> {
        let session = Arc::clone(&account.session);
        let Actor { user, unit, roles } = session.actor()?;
        let directory = house.directory();
        let facts = directory.get(unit)?;
        let scope = Scope {
            user,
            unit,
            side: facts.side,
            police: facts.line == POLICE_LINE,
            roles: roles.clone(),
        };
        Some(Self {
            user,
            name: session.person.display_name.clone(),
            unit,
            unit_name: facts.name.clone(),
            side: facts.side,
            roles,
            scope,
            language: visitor.language,
            csrf: visitor.csrf.clone(),
            account,
            visitor,
        })
    }
}

/// The line of the police among the units of government.
const POLICE_LINE: &str = "police";

macro_rules! officers {
    ($($(#[$doc:meta])* $name:ident: $role:ident, $refusal:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// The account.
            pub account: Account,
            /// The visitor, for the shell.
            pub visitor: Visitor,
        }

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = WebError;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &S,
            ) -> Result<Self, Self::Rejection> {
                let account = Account::from_request_parts(parts, state).await?;
                if account.session.platform == Some(PlatformRole::$role) {
                    let visitor = Visitor::from_request_parts(parts, state).await?;
                    Ok(Self { account, visitor })
                } else {
                    Err(WebError::forbidden($refusal))
                }
            }
        }
    )+};
}

officers! {
    /// 系统管理员: units, accounts, calendars; sees no matter and grants no role.
    SystemAdministrator: SystemAdministrator, "error.only-system-administrator";
    /// 安全保密管理员: roles, locks, sessions; opens no account.
    SecurityAdministrator: SecurityAdministrator, "error.only-security-administrator";
    /// 安全审计员: reads the journal; changes nothing.
    SecurityAuditor: SecurityAuditor, "error.only-security-auditor";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_gone_back_to() {
        assert_eq!(own_page("/matters?q=1"), "/matters?q=1");
        for elsewhere in ["//evil", "https://evil", "/\\evil", "javascript:alert(1)", "", "/\nx"] {
            assert_eq!(own_page(elsewhere), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn nobody_chooses_the_address_they_come_from() {
        let mut headers = HeaderMap::new();
        for told in ["10.9.9.9", "10.8.8.8, 192.0.2.7"] {
            headers.append("x-forwarded-for", HeaderValue::from_static(told));
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
        // Two lines: the first is the asker's own, and so is all but the end of the second.
        assert_eq!(Address::told(true, &headers, &extensions).0, "192.0.2.7");
        assert_eq!(Address::told(false, &headers, &extensions).0, "127.0.0.1");
    }

    #[test]
    fn what_was_done_survives_the_cookie() {
        for is_fault in [false, true] {
            let (key, about) = ("error.not-found".to_owned(), "凤翔 分局; x".to_owned());
            let flash = Flash { key, about, is_fault };
            assert_eq!(read_flash(&escaped(&flash.written())), Some(flash));
        }
        assert_eq!(read_flash("no.such.key%20x"), None);
    }
}
