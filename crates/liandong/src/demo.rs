//! What the demo shows: Shaanxi's units, guiding cases retold on their real dates, and living problems
//! around today.
//!
//! Everything happens through the store as people would do it; nothing is written behind its back. The
//! cases are scripts in `data/demo/retelling/` (see [`retelling`]), the living problems are made by a
//! simulator with a seed (see [`simulator`]) from `data/demo/scenarios.toml` and `texts.toml`.

mod chance;
mod people;
mod photo;
mod retelling;
mod scenario;
mod simulator;
mod stage;
mod story;
#[cfg(test)]
mod tests;
mod text;

use calendar::Words;
use jiff::Timestamp;
use procedure::Refusal;
use store::attachment::UploadError;
use store::{PeopleError, StoreError};

pub(crate) use self::people::Account;
use self::stage::Stage;
use crate::clock::MovableClock;
use crate::house::House;

/// How much the demo shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// How many living problems.
    pub(crate) problems: usize,
    /// Whether the guiding cases are retold.
    pub(crate) retells: bool,
    /// The seed of their chance; the same seed on the same day gives the same problems.
    pub(crate) seed: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { problems: 300, retells: true, seed: 2019 }
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Accounts to try, in the order they are best shown.
    pub(crate) accounts: Vec<Account>,
    /// Units in the directory.
    pub(crate) units: usize,
    /// Problems, the retold ones included.
    pub(crate) problems: usize,
    /// What people did.
    pub(crate) acts: usize,
    /// What the rules refused of the living problems: nothing, unless procedures and stories have
    /// parted ways.
    pub(crate) refused: Vec<String>,
}

/// Fills an empty house with the demo. The clock is held while the past is played and runs again when
/// this returns.
///
/// # Errors
/// [`DemoError`]; what was written until then stays, so the house had better be thrown away.
pub(crate) async fn fill(
    house: &House,
    clock: &MovableClock,
    size: Size,
    password: &str,
    progress: &(dyn Fn(&Words) + Sync),
) -> Result<Report, DemoError> {
    let now = store::Clock::now(clock);
    let report = play(house, clock, now, size, password, progress).await;
    clock.release();
    report
}

async fn play(
    house: &House,
    clock: &MovableClock,
    now: Timestamp,
    size: Size,
    password: &str,
    progress: &(dyn Fn(&Words) + Sync),
) -> Result<Report, DemoError> {
    clock.hold_at(retelling::curtain()?);
    progress(&Words::new("导入单位……", "importing units …"));
    people::units_import(&house.people).await?;
    let directory = house.people.directory();
    let cast = scenario::Cast::read(&directory)?;
    let scripts = if size.retells { retelling::scripts(&directory)? } else { Vec::new() };
    let plans = story::plans(&cast, &house.store.rules(), size, now);
    let mut units = people::shown(&directory)?;
    units.extend(scripts.iter().flat_map(retelling::Script::units));
    units.extend(plans.iter().flat_map(story::Plan::units));
    people::with_those_above(&directory, &mut units);
    progress(&Words::new("建立演示账号……", "making the demo's people …"));
    let made = people::people_make(&house.people, &units, password).await?;
    let accounts = people::accounts(&directory, &made)?;
    let mut stage = Stage::new(&house.store, clock, made);

    progress(&Words::new("重述指导性案例……", "retelling the guiding cases …"));
    let told = retelling::play(&stage, &scripts).await?;
    let lived = simulator::play(&mut stage, &cast, plans, now, progress).await?;
    Ok(Report {
        accounts,
        units: directory.len(),
        problems: scripts.len() + lived.problems,
        acts: told + lived.acts,
        refused: lived.refused,
    })
}

/// Why the demo could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The rules refused a step. A step is named by its script and instant.
    #[error("{step}: refused: {refusal}")]
    Refused {
        /// Which.
        step: String,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// A file of `data/demo` says something that cannot be played.
    #[error("{place}: {fault}")]
    Script {
        /// Which file, which step.
        place: String,
        /// What is wrong.
        fault: String,
    },
    /// Nobody of the demo holds that role there.
    #[error("nobody at {unit} is its {role}")]
    Nobody {
        /// The unit.
        unit: String,
        /// The role.
        role: String,
    },
    /// A matter is not there, or not to be seen by whoever acts.
    #[error("{matter} is not there")]
    Lost {
        /// Which.
        matter: String,
    },
    /// Units or accounts could not be made.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A picture could not be drawn.
    #[error("cannot draw a picture")]
    Picture(#[from] std::io::Error),
    /// A picture could not be kept.
    #[error(transparent)]
    Upload(#[from] UploadError),
}

fn refused(step: &str, refusal: Refusal) -> DemoError {
    DemoError::Refused { step: step.to_owned(), refusal: Box::new(refusal) }
}

fn fault(place: impl Into<String>, fault: impl Into<String>) -> DemoError {
    DemoError::Script { place: place.into(), fault: fault.into() }
}
