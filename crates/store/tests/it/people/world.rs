//! A world of its own for each test: database, clock, and the people a test is about.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use procedure::UnitId;
use procedure::UserId;
use procedure::definition::RoleName;
use procedure::matter::Directory as _;
use store::journal::{AdminAct, AdminEvent, AdminEventFilter};
use store::password::Passwords;
use store::people::Authority::Person;
use store::randomness::SystemRandomness;
use store::role::PlatformRole;
use store::session::NewSession;
use store::sign_in::{Entry, SignIn};
use store::unit::{UnitField, UnitForm};
use store::user::{FirstAdministrator, UserForm};
use store::{Authority, Clock, Database, People, PeopleError, PeopleRefusal};

pub(crate) const PASSWORD: &str = "渭水清清又清清渭水长";

pub(crate) struct MovedClock(Mutex<Timestamp>);

impl MovedClock {
    pub(crate) fn forward(&self, minutes: i64) {
        let mut at = self.0.lock().unwrap();
        *at = at.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    }

    pub(crate) fn seconds(&self, seconds: i64) {
        let mut at = self.0.lock().unwrap();
        *at = at.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct World {
    pub(crate) people: People,
    pub(crate) database: Database,
    pub(crate) clock: Arc<MovedClock>,
    /// Tells what signing in costs.
    pub(crate) passwords: Passwords,
    folder: Option<std::path::PathBuf>,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("liandong-people-{}", unique()));
        let url = format!("sqlite:{}", folder.join("it.db").display());
        Self::on(&url, Some(folder)).await
    }

    pub(crate) async fn on_postgres() -> Option<Self> {
        let url = std::env::var("LIANDONG_TEST_POSTGRES").ok()?;
        let schema = format!("people_{}", unique());
        let mut tx = Database::open(&url).await.unwrap().write().await.unwrap();
        tx.batch(&format!("create schema {schema}")).await.unwrap();
        tx.commit().await.unwrap();
        Some(Self::on(&format!("{url}?options=-csearch_path%3D{schema}"), None).await)
    }

    async fn on(url: &str, folder: Option<std::path::PathBuf>) -> Self {
        let database = Database::open(url).await.unwrap();
        let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let clock = Arc::new(MovedClock(Mutex::new(start)));
        store::migration::migrate(&database, start).await.unwrap();
        crate::world::open_vault(&database).await;
        let randomness = Arc::new(SystemRandomness);
        let passwords = Passwords::cheap(randomness.clone()).unwrap();
        let people = People::open(database.clone(), clock.clone(), randomness, passwords.clone());
        Self { people: people.await.unwrap(), database, clock, passwords, folder }
    }

    /// The three administrators, who sign in as `system`, `security` and `auditor`.
    pub(crate) async fn administrators(&self) -> [Authority; 3] {
        let first = PlatformRole::ALL.map(|role| FirstAdministrator {
            form: user_form(match role {
                PlatformRole::SystemAdministrator => "system",
                PlatformRole::SecurityAdministrator => "security",
                PlatformRole::SecurityAuditor => "auditor",
            }),
            role,
            password: Some(PASSWORD.to_owned()),
        });
        let made = self.people.administrators_create(&first).await.unwrap();
        let users: Vec<UserId> = made.iter().map(|one| one.user).collect();
        [Person(users[0]), Person(users[1]), Person(users[2])]
    }

    /// A unit of 凤翔: the ecology bureau.
    pub(crate) async fn bureau(&self) -> UnitId {
        self.unit("G61030501", "宝鸡市生态环境局凤翔分局", "government").await
    }

    /// A unit of 凤翔: the procuratorate.
    pub(crate) async fn procuratorate(&self) -> UnitId {
        self.unit("J61030500", "宝鸡市凤翔区人民检察院", "procuratorate").await
    }

    pub(crate) async fn unit(&self, code: &str, name: &str, side: &str) -> UnitId {
        let form = unit_form(code, name).with(UnitField::Side, side);
        self.people.unit_create(Authority::Program, &form).await.unwrap()
    }

    /// A person with these roles at a unit and the password [`PASSWORD`].
    pub(crate) async fn person(&self, login: &str, unit: UnitId, roles: &[RoleName]) -> UserId {
        let made = self.people.user_create(Authority::Program, &user_form(login)).await.unwrap();
        for role in roles {
            self.people.role_grant(Authority::Program, made.user, unit, *role).await.unwrap();
        }
        let session = self.sign_in(login, &made.password).await.unwrap().session;
        self.people.password_change(&session, &made.password, PASSWORD).await.unwrap();
        self.people.sign_out(&session).await.unwrap();
        made.user
    }

    pub(crate) async fn sign_in(
        &self,
        login: &str,
        password: &str,
    ) -> Result<NewSession, PeopleError> {
        self.sign_in_from("10.1.2.3", login, password).await
    }

    pub(crate) async fn sign_in_from(
        &self,
        address: &str,
        login: &str,
        password: &str,
    ) -> Result<NewSession, PeopleError> {
        match self.enter(address, login, password).await? {
            Entry::Whole(session) => Ok(*session),
            Entry::Half(_) => panic!("{login} is asked for a code"),
        }
    }

    /// The first step of signing in, whatever comes of it.
    pub(crate) async fn enter(
        &self,
        address: &str,
        login: &str,
        password: &str,
    ) -> Result<Entry, PeopleError> {
        let given = SignIn { login_name: login, password, address, agent: "Firefox" };
        self.people.sign_in(&given).await
    }

    /// The journal's entries of an act, newest first.
    pub(crate) async fn journal(&self, act: AdminAct) -> Vec<AdminEvent> {
        let filter = AdminEventFilter { act: Some(act), ..AdminEventFilter::default() };
        self.people.admin_event_list(Authority::Program, &filter, 200).await.unwrap()
    }

    /// Runs a statement past every rule but the database's own.
    pub(crate) async fn raw(&self, sql: &str) -> Result<u64, store::StoreError> {
        let mut tx = self.database.write().await?;
        let touched = tx.execute(sql, &[]).await?;
        tx.commit().await?;
        Ok(touched)
    }

    pub(crate) fn find(&self, text: &str) -> Option<UnitId> {
        self.people.directory().find(text)
    }
}

pub(crate) fn user_form(login: &str) -> UserForm {
    UserForm {
        login_name: login.to_owned(),
        display_name: "李明".to_owned(),
        title: "检察官".to_owned(),
        phone: "0917-0000001".to_owned(),
    }
}

pub(crate) fn unit_form(code: &str, name: &str) -> UnitForm {
    UnitForm::default()
        .with(UnitField::Code, code)
        .with(UnitField::Name, name)
        .with(UnitField::Side, "government")
        .with(UnitField::Level, "county")
        .with(UnitField::DivisionCode, "610305")
        .with(UnitField::Line, "ecology")
}

/// The refusal, where one is expected.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, PeopleError>) -> PeopleRefusal {
    match result {
        Err(PeopleError::Refused(refusal)) => {
            let words = refusal.words();
            assert!(!words.is_empty() && !words.is_half(), "{refusal:?}");
            refusal
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// The fields that are wrong, where some are expected.
#[track_caller]
pub(crate) fn wrong_fields<T: std::fmt::Debug>(result: Result<T, PeopleError>) -> Vec<String> {
    match result {
        Err(PeopleError::Fields(errors)) => {
            assert!(errors.iter().all(|error| !error.words.is_half() && !error.words.is_empty()));
            errors.into_iter().map(|error| error.field).collect()
        }
        other => panic!("no fields wrong: {other:?}"),
    }
}

fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
