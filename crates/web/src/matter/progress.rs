//! How far a matter has come on the main path of its procedure.

use jiff::Timestamp;
use procedure::{Matter, Procedure};

use super::look::{Look, day};

/// One state of the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Milestone {
    pub(crate) name: String,
    /// The day it was first reached; empty when it was not.
    pub(crate) reached: String,
    /// `past`, `now` or nothing.
    pub(crate) class: &'static str,
}

/// The main path with the days its states were reached. A state beside the path stands behind the
/// last one passed.
pub(crate) fn strip(look: &Look<'_>, matter: &Matter) -> Vec<Milestone> {
    let Some(procedure) = look.procedure(matter) else { return Vec::new() };
    let at = |state: &str| matter.reached.get(state).copied();
    let milestone = |state: &str, class| Milestone {
        name: look.state_of(matter, state),
        reached: at(state).map(day).unwrap_or_default(),
        class,
    };
    let (here, furthest) = furthest(procedure, matter);
    let mut strip: Vec<_> = procedure
        .main_path
        .iter()
        .enumerate()
        .map(|(place, state)| {
            let passed = furthest.is_some_and(|furthest| place <= furthest);
            let class = match here {
                Some(now) if now == place => "now",
                _ if passed && at(state).is_some() => "past",
                _ => "",
            };
            let mut milestone = milestone(state, class);
            if class.is_empty() {
                milestone.reached.clear();
            }
            milestone
        })
        .collect();
    if here.is_none() {
        let place = furthest.map_or(0, |furthest| furthest + 1);
        strip.insert(place.min(strip.len()), milestone(&matter.state, "now"));
        // What an end beside the path left out will never come.
        if matter.ended {
            strip.truncate(place + 1);
        }
    }
    strip
}

/// Where on the main path a matter stands, if it stands there; and how far along it has come.
pub(super) fn furthest(procedure: &Procedure, matter: &Matter) -> (Option<usize>, Option<usize>) {
    let at = |state: &str| matter.reached.get(state).copied();
    let here = procedure.main_path.iter().position(|state| *state == matter.state);
    let furthest = here.or_else(|| {
        let now: Timestamp = at(&matter.state)?;
        procedure.main_path.iter().rposition(|state| at(state).is_some_and(|then| then <= now))
    });
    (here, furthest)
}
