//! The stage: the store with the demo's people on it and a clock that stands still between acts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procedure::definition::{RoleName, Side};
use procedure::{Actor, Family, Matter, MatterId, OpenRequest, Request, UnitId, UserId};
use store::demo_people::DemoPerson;
use store::{ActError, Done, Scope, Store};

use super::photo::{self, Photo};
use super::{DemoError, refused};
use crate::clock::MovableClock;

/// The store, the clock and the people of the demo.
pub(super) struct Stage<'a> {
    pub(super) store: &'a Store,
    clock: &'a MovableClock,
    people: BTreeMap<(UnitId, RoleName), DemoPerson>,
    /// The pictures used so far: how a form names them, and their hash.
    pictures: BTreeMap<Photo, (String, String)>,
    /// What each person has uploaded.
    uploaded: BTreeSet<(UserId, Photo)>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        store: &'a Store,
        clock: &'a MovableClock,
        people: BTreeMap<(UnitId, RoleName), DemoPerson>,
    ) -> Self {
        Self { store, clock, people, pictures: BTreeMap::new(), uploaded: BTreeSet::new() }
    }

    /// Holds the clock at this instant.
    pub(super) fn at(&self, instant: Timestamp) {
        self.clock.hold_at(instant);
    }

    /// Somebody's name.
    pub(super) fn name(&self, unit: UnitId, role: RoleName) -> &str {
        self.people.get(&(unit, role)).map_or("", |person| person.display_name.as_str())
    }

    /// The person with that role at that unit.
    pub(super) fn actor(&self, unit: UnitId, role: RoleName) -> Result<Actor, DemoError> {
        let person = self.people.get(&(unit, role));
        person.map(DemoPerson::actor).ok_or_else(|| DemoError::Nobody {
            unit: self.store.directory().name(unit),
            role: store::role::role_id(role).to_owned(),
        })
    }

    /// The same person as a reader.
    pub(super) fn scope(&self, unit: UnitId, role: RoleName) -> Result<Scope, DemoError> {
        let actor = self.actor(unit, role)?;
        let directory = self.store.directory();
        let unit = directory.get(unit);
        Ok(Scope {
            user: actor.user,
            unit: actor.unit,
            side: unit.map_or(Side::Government, |unit| unit.side),
            police: unit.is_some_and(|unit| unit.line == "police"),
            roles: BTreeSet::from([role]),
        })
    }

    /// The whole family of a matter, as its unit's handler may act on it.
    pub(super) async fn family(
        &self,
        unit: UnitId,
        matter: &MatterId,
    ) -> Result<Family, DemoError> {
        let scope = self.scope(unit, RoleName::Handler)?;
        let sight = self.store.matter_fetch(&scope, matter).await?;
        sight.map(|sight| sight.whole).ok_or_else(|| DemoError::Lost { matter: matter.to_string() })
    }

    /// Opens a matter.
    pub(super) async fn open(
        &self,
        what: &str,
        actor: &Actor,
        request: OpenRequest,
    ) -> Result<Done, DemoError> {
        let answer = self.store.open_matter(actor, request, None).await;
        answer.map_err(|error| told(what, error))
    }

    /// Acts on a matter.
    pub(super) async fn act(
        &self,
        what: &str,
        actor: &Actor,
        request: Request,
    ) -> Result<Done, DemoError> {
        self.store.act(actor, request, None).await.map_err(|error| told(what, error))
    }

    /// Lets everything run out that has by this instant.
    pub(super) async fn pass_time(&self, instant: Timestamp) -> Result<u64, DemoError> {
        self.at(instant);
        Ok(self.store.pass_time().await?)
    }

    /// The picture as a form of this unit's handler names it: uploaded when they first use it, unless
    /// the family shows it already.
    pub(super) async fn photo(
        &mut self,
        unit: UnitId,
        picture: Photo,
        family: Option<&Family>,
    ) -> Result<String, DemoError> {
        let scope = self.scope(unit, RoleName::Handler)?;
        if let Some((raw, sha256)) = self.pictures.get(&picture) {
            let mut files = family.into_iter().flat_map(Family::matters).flat_map(Matter::files);
            let shown = files.any(|(_, file)| file.sha256 == *sha256);
            if shown || self.uploaded.contains(&(scope.user, picture)) {
                return Ok(raw.clone());
            }
        }
        let bytes = photo::png(picture)?;
        let mut upload = self.store.attachment_begin(&scope, picture.name()).await?;
        upload.write(&bytes).await?;
        let file = upload.finish().await?;
        let raw = file.raw();
        self.uploaded.insert((scope.user, picture));
        self.pictures.insert(picture, (raw.clone(), file.sha256));
        Ok(raw)
    }
}

/// Why an act did not happen, with what it was.
pub(super) fn told(what: &str, error: ActError) -> DemoError {
    match error {
        ActError::Refused(answer) => refused(what, answer.refusal),
        ActError::NotFound | ActError::KeyReused => DemoError::Lost { matter: what.to_owned() },
        ActError::Store(error) => error.into(),
    }
}
