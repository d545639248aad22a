//! Pages, forms and the static files of the platform.
//!
//! Read [`House`] for what handlers are given, [`session`] for who asks, [`error`] for every answer
//! that is not what was asked for, [`shell`] for what surrounds a page. A page is a folder beside its
//! `.rs`.

use std::fmt::{self, Write as _};
use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ::ledger::Keys;
use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use store::directory::Directory;
use store::job::Jobs;
use store::people::People;
use store::randomness::{NoRandomness, Randomness};
use store::{Clock, Store};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::error::WebError;
use crate::pace::{Asker, Pace};
use crate::provider::Provider;

mod account;
mod admin;
pub mod api;
pub mod asset;
mod attachment;
mod document;
mod draft;
pub mod error;
pub mod fields;
mod filters;
mod form;
mod guard;
pub mod job;
mod lapsed;
mod ledger;
mod liaison;
mod matter;
pub mod mechanism;
pub mod message;
mod news;
mod pace;
pub mod parts;
pub mod provider;
mod register;
mod rules;
mod search;
pub mod session;
pub mod shell;
mod sign_in;
mod unit;
mod workbench;

/// The whole of the pages.
///
/// From the outside in: headers, compression, the page of an error, who asks and whether the form is
/// ours, the handler.
pub fn router(house: House) -> Router {
    Router::new()
        .merge(sign_in::routes())
        .merge(provider::routes())
        .merge(workbench::routes())
        .merge(account::routes())
        .merge(admin::routes())
        .merge(news::routes())
        .merge(register::routes())
        .merge(rules::routes())
        .merge(ledger::routes())
        .merge(liaison::routes())
        .merge(search::routes())
        .merge(unit::routes())
        .merge(matter::routes())
        .merge(form::routes())
        .merge(draft::routes())
        .merge(document::routes())
        .merge(attachment::routes())
        .merge(job::routes())
        .merge(api::routes())
        .route("/static/{name}", get(asset::show))
        .route("/healthz", get(health))
        .layer(from_fn_with_state(house.clone(), guard::enter))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(house.clone(), error::dress))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(house.clone(), guard::headers))
        .with_state(house)
}

/// A name no other process has, for the claims on long work.
fn runner_name(randomness: &dyn Randomness) -> String {
    let secret = store::randomness::secret(randomness).unwrap_or_default();
    let some: String = secret.chars().take(RUNNER_DIGITS).collect();
    // Without randomness the number of the process still tells those of one machine apart.
    format!("{}-{some}", std::process::id())
}

/// Random digits of a runner's name.
const RUNNER_DIGITS: usize = 12;

/// `GET /healthz`: whether the database answers.
async fn health(State(house): State<House>) -> Response {
    error::health(house.store.read().await.is_ok())
}

/// A defect of ours ends one request, not the program.
#[expect(clippy::needless_pass_by_value, reason = "the shape the layer asks for")]
fn panicked(what: Box<dyn std::any::Any + Send>) -> Response {
    let words = what
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| what.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    WebError::internal(format!("a handler panicked: {words}")).into_response()
}

/// Everything a handler needs; cheap to clone.
#[derive(Clone)]
pub struct House(Arc<Rooms>);

/// What is in the house.
pub struct Rooms {
    /// Matters.
    pub store: Store,
    /// Units, users, roles, sessions, tokens.
    pub people: Arc<People>,
    /// Where random bytes come from.
    pub randomness: Arc<dyn Randomness>,
    /// How it is set up.
    pub settings: Settings,
    keys: RwLock<Option<Arc<Keys>>>,
    pace: Option<Pace>,
    failures: AtomicU64,
    pub(crate) jobs: Jobs,
    pub(crate) bell: job::Bell,
}

/// How the pages are set up.
#[derive(Clone)]
pub struct Settings {
    /// Whether people reach the platform by HTTPS; cookies then travel in no other way.
    pub https: bool,
    /// Whether a proxy in front says from which address somebody comes (`X-Forwarded-For`).
    pub trusts_proxy: bool,
    /// Most requests a minute of one account, or of one address while nobody has signed in; none:
    /// as many as they like.
    pub requests_per_minute_max: Option<NonZeroU32>,
    /// Most bytes of one attachment.
    pub upload_bytes_max: u64,
    /// The keys by which anybody checks the log, as they are at the start; none: no receipts are given.
    pub ledger_keys: Option<Keys>,
    /// The identity provider people may sign in by; none: by password alone.
    pub provider: Option<Provider>,
    /// The demo's clock and accounts; none outside the demo.
    pub demo: Option<Demo>,
}

/// What only the demo has.
#[derive(Clone)]
pub struct Demo {
    /// The clock that can be moved.
    pub clock: Arc<dyn MovableClock>,
    /// The accounts offered on the page of signing in, by login name.
    pub accounts: Vec<String>,
}

/// A clock that can be moved forward.
pub trait MovableClock: Clock {
    /// Moves to a later instant; earlier ones are not taken.
    fn move_to(&self, to: Timestamp);
}

impl Deref for House {
    type Target = Rooms;

    fn deref(&self) -> &Rooms {
        &self.0
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").finish_non_exhaustive()
    }
}

impl House {
    /// A house with these rooms.
    #[must_use]
    pub fn new(
        store: Store,
        people: Arc<People>,
        randomness: Arc<dyn Randomness>,
        settings: Settings,
    ) -> Self {
        let pace = settings.requests_per_minute_max.map(Pace::new);
        let failures = AtomicU64::new(0);
        let jobs = Jobs::new(&store, &people, runner_name(randomness.as_ref()));
        let bell = job::Bell::default();
        let keys = RwLock::new(settings.ledger_keys.clone().map(Arc::new));
        let rooms = Rooms { store, people, randomness, settings, keys, pace, failures, jobs, bell };
        Self(Arc::new(rooms))
    }

    /// The keys by which anybody checks the log, as they are now.
    pub(crate) fn known_keys(&self) -> Option<Arc<Keys>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the list of keys as it was read again; whether it says anything new.
    pub fn read_keys(&self, keys: Keys) -> bool {
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.as_deref() != Some(&keys);
        if is_new {
            *known = Some(Arc::new(keys));
        }
        is_new
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`WebError::TooFast`].
    pub(crate) fn count_request(&self, asker: &Asker) -> Result<(), WebError> {
        self.pace.as_ref().map_or(Ok(()), |pace| pace.ask(asker))
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// The present day in Asia/Shanghai.
    #[must_use]
    pub fn today(&self) -> Date {
        calendar::local_date(self.now())
    }

    /// The newest snapshot of the directory.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.people.directory()
    }

    /// A fresh secret of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn secret(&self) -> Result<String, NoRandomness> {
        store::randomness::secret(self.randomness.as_ref())
    }

    /// A number under which a failure is found in the log, such as `R-4F21-0C77`.
    pub(crate) fn reference(&self) -> String {
        let mut bytes = [0_u8; 4];
        // Without randomness the count alone still tells failures apart.
        let _ = self.randomness.fill(&mut bytes);
        let count = self.failures.fetch_add(1, Ordering::Relaxed);
        let mut reference = String::from("R");
        for (at, byte) in bytes.iter().enumerate() {
            let dash = if at % 2 == 0 { "-" } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(reference, "{dash}{byte:02X}");
        }
        let _ = write!(reference, "-{count}");
        reference
    }
}
