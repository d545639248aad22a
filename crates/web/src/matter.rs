//! The page of a matter (事项): where it stands, who owes what, what may be done, what happened.

mod access;
mod chart;
pub(crate) mod clock;
pub(crate) mod look;
mod offer;
pub(crate) mod place;
mod progress;
pub(crate) mod proposal;
mod repair;
pub(crate) mod seal;
mod timeline;
mod tree;
mod urge;
pub(crate) mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Given};
use axum::routing::{get, post};
use jiff::Timestamp;
use procedure::definition::ObligationKind;
use procedure::matter::What;
use procedure::{Matter, MatterId, Procedure, Rules, UnitId, UserId};
use store::Scope;
use store::access::AccessKind;
use store::directory::Directory;
use store::liaison::Person;
use store::matter::Sight;
use store::visibility::SeenEvent;

use self::access::Access;
use self::clock::{Clock, Owed};
use self::look::Look;
use self::offer::Offers;
use self::place::Map;
use self::progress::Milestone;
use self::repair::Repair;
use self::seal::Seals;
use self::timeline::{Link, Material, Names};
pub(crate) use self::timeline::{Moment, moments};
use self::tree::Branch;
use self::value::{Entry, Shown};
use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::message::{Language, T};
use crate::parts::mark::{Light, State, end};
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// The pages of a matter.
pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/matters/{matter}", get(show))
        .route("/matters/{matter}/chart", get(chart::show))
        .route("/matters/{matter}/seals/{field}", get(seal::form).post(seal::ask))
        .route("/matters/{matter}/openings/{number}", get(seal::look).post(seal::answer))
        .route("/matters/{matter}/proposal", get(proposal::show).post(proposal::answer))
        .route("/matters/{matter}/obligations/{number}/urge", post(urge::urge))
}

/// A matter as its reader sees it, with everything needed to speak of it.
pub(crate) struct Room {
    pub(crate) sight: Sight,
    pub(crate) rules: Arc<Rules>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) now: Timestamp,
}

impl Room {
    /// The matter of an address; what is out of scope looks like what does not exist.
    pub(crate) async fn enter(house: &House, who: &SignedIn, id: &str) -> Result<Self, WebError> {
        let id: MatterId = id.parse().map_err(|_| WebError::NotFound)?;
        Self::enter_as(house, &who.scope, &id).await
    }

    /// The same for whoever asked before and waits elsewhere.
    pub(crate) async fn enter_as(
        house: &House,
        scope: &Scope,
        id: &MatterId,
    ) -> Result<Self, WebError> {
        let sight = house.store.matter_fetch(scope, id).await?.ok_or(WebError::NotFound)?;
        let (rules, directory) = (house.store.rules(), house.store.directory());
        Ok(Self { sight, rules, directory, now: house.now() })
    }

    /// Through the reader's eyes.
    pub(crate) fn look<'a>(&'a self, who: &'a SignedIn) -> Look<'a> {
        self.look_as(&who.scope, who.language)
    }

    pub(crate) fn look_as<'a>(&'a self, scope: &'a Scope, language: Language) -> Look<'a> {
        Look { rules: &self.rules, directory: &self.directory, scope, now: self.now, language }
    }

    /// The matter, without what the reader may not read.
    pub(crate) fn matter(&self) -> &Matter {
        &self.sight.seen.matter
    }

    /// The procedure it runs.
    pub(crate) fn procedure(&self) -> Result<&Procedure, WebError> {
        self.rules.of(self.matter()).ok_or_else(|| {
            WebError::internal(format!(
                "no procedure {} {}",
                self.matter().procedure,
                self.matter().version
            ))
        })
    }

    /// The shell of a page about it: navigation, breadcrumbs up to the matter.
    pub(crate) async fn shell(
        &self,
        house: &House,
        who: &SignedIn,
        title: &str,
    ) -> Result<Shell, WebError> {
        let procedure = self.procedure()?;
        let mechanism = crate::mechanism::of_clause(&procedure.clause);
        let place = mechanism.map_or("register", |mechanism| mechanism.id);
        let words = who.language.say(&format!("nav.{place}")).to_owned();
        let shell = house.shell(who, place, title).await?;
        Ok(shell.crumb(format!("/{place}"), words))
    }
}

/// What is written over the page of a matter.
struct Head {
    title: String,
    number: String,
    href: String,
    version: u32,
    state: State,
    /// That a draft waits for approval; empty when none does.
    waiting: String,
    procedure: String,
    procedure_id: String,
    holders: Vec<Holder>,
    problem: Option<Link>,
    opened: String,
}

/// Who holds the pen.
struct Holder {
    name: String,
    contact: String,
    is_ours: bool,
}

/// Fields that were filled in by one act.
struct Group {
    title: String,
    /// When it was done and by which unit; empty for what no act wrote.
    by: String,
    entries: Vec<Entry>,
}

/// A unit that takes part.
struct Party {
    href: String,
    name: String,
    capacities: Vec<String>,
    holds: bool,
    liaison: String,
    phone: String,
    keeper: String,
}

/// A document that was made.
struct Paper {
    href: String,
    name: String,
    at: String,
    note: String,
}

#[derive(Template)]
#[template(path = "matter/page.html")]
struct MatterPage {
    t: T,
    has_receipts: bool,
    shell: Shell,
    key: String,
    /// Local copies of drafts that are done with.
    drafts_done: Vec<String>,
    head: Head,
    strip: Vec<Milestone>,
    proposal: Option<proposal::Waiting>,
    clocks: Vec<Clock>,
    no_clock: String,
    obligations: Vec<Owed>,
    groups: Vec<Group>,
    below: Vec<Below>,
    map: Option<Map>,
    repairs: Vec<Repair>,
    moments: Vec<Moment>,
    /// Those folded away under the newest.
    older: Vec<Moment>,
    older_words: String,
    moments_number: usize,
    documents: Vec<Paper>,
    materials: Vec<Material>,
    tree: Vec<Branch>,
    offers: Offers,
    refused_words: String,
    parties: Vec<Party>,
    access: Option<Access>,
    seals: Option<Seals>,
}

/// `GET /matters/{matter}`.
async fn show(
    Given(house): Given<House>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Page<MatterPage>, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let (look, matter) = (room.look(&who), room.matter());
    let procedure = room.procedure()?;
    let (events, others) = if matter.id == matter.root {
        let mut all = house.store.timelines(&who.scope, &matter.id).await?;
        (all.remove(&matter.id).unwrap_or_default(), all)
    } else {
        let own = house.store.timeline(&who.scope, &matter.id).await?;
        (own.unwrap_or_default(), BTreeMap::new())
    };
    let people = People::of(&house, matter, &events).await?;
    house.note_reading(&who, &room, AccessKind::Read, |_| true).await?;
    let access = access::access(&house, &who, &room).await?;
    let seals = seal::seals(&house, &who, &room).await?;
    let head = head(&look, &room, &people);
    let shell = room.shell(&house, &who, &head.title).await?.crumb_here(&head.number);
    let offers = offer::all(&look, &room.sight.whole, matter);
    let refused_words = look.fill("matter.refused", &[("number", &offers.refused.len())]);
    let mut moments = story(&house, &who, &room, &events, others, &people).await?;
    let moments_number = moments.len();
    // A few more than the fold would hold are not worth folding.
    let fold =
        if moments_number > MOMENTS_NEW + MOMENTS_NEW / 2 { MOMENTS_NEW } else { moments_number };
    let older = moments.split_off(fold);
    let page = MatterPage {
        t: who.language.t(),
        shell,
        key: house.secret()?,
        drafts_done: drafts_done(matter, procedure, &events, &who.scope),
        strip: progress::strip(&look, matter),
        proposal: proposal::waiting(&look, &room.sight.seen, &people.names),
        clocks: clock::clocks(&look, matter),
        no_clock: no_clock(&look, matter, procedure),
        obligations: clock::obligations(&look, matter),
        groups: groups(&look, &room, procedure, &events),
        below: below(&look, &room),
        map: place::map(&look, matter, procedure),
        repairs: repair::repairs(&look, matter, &room.sight.family),
        moments,
        older_words: look.fill("matter.timeline.older", &[("number", &older.len())]),
        older,
        moments_number,
        documents: documents(&look, matter),
        materials: timeline::materials(&look, matter, &events, &people.names),
        tree: tree::tree(&look, &room.sight.family, &matter.id),
        offers,
        refused_words,
        parties: parties(&look, matter, procedure, &people),
        access,
        seals,
        head,
        has_receipts: house.keys().is_ok(),
    };
    Ok(Page(page))
}

impl House {
    /// Writes down which sensitive fields of a matter were read, and how.
    pub(crate) async fn note_reading(
        &self,
        who: &SignedIn,
        room: &Room,
        kind: AccessKind,
        was_read: impl Fn(&String) -> bool,
    ) -> Result<(), WebError> {
        let sensitive = room.sight.seen.sensitive.iter().filter(|field| was_read(field));
        let read: Vec<&str> = sensitive.map(String::as_str).collect();
        Ok(self.store.note_access(&who.scope, &room.matter().id, kind, &read).await?)
    }
}

/// Moments in sight; the older ones are folded away.
const MOMENTS_NEW: usize = 16;
/// Matters under a problem whose acts its page tells; more are only in the tree.
const TOLD_MATTERS_MAX: usize = 30;

/// What happened to a matter; under a problem also what happened to everything under it, in short, so
/// that one page tells what both sides did.
async fn story(
    house: &House,
    who: &SignedIn,
    room: &Room,
    events: &[SeenEvent],
    mut below: BTreeMap<MatterId, Vec<SeenEvent>>,
    people: &People,
) -> Result<Vec<Moment>, WebError> {
    let (look, matter) = (room.look(who), room.matter());
    let mut told = moments(&look, matter, events, &people.names);
    if house.keys().is_ok() {
        for moment in &mut told {
            moment.receipt = format!("/matters/{}/receipts/{}", matter.id, moment.event);
        }
    }
    if below.is_empty() {
        return Ok(told);
    }
    let mut others = Vec::new();
    let family = room.sight.family.iter().map(|seen| &seen.matter);
    for other in family.filter(|other| other.id != matter.id).take(TOLD_MATTERS_MAX) {
        others.push((other, below.remove(&other.id).unwrap_or_default()));
    }
    let acted = others.iter().flat_map(|(_, events)| users_of(events)).collect();
    let names = People::named(house, &acted).await?;
    for (other, events) in &others {
        let moments = moments(&look, other, events, &names);
        told.extend(moments.into_iter().map(|moment| moment.short(&look, other)));
    }
    // Of one instant, what was told later stays later.
    told.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    Ok(told)
}

impl Room {
    /// The moment an event of the matter opened, in words; none when it opened none.
    pub(crate) async fn moment(
        &self,
        house: &House,
        who: &SignedIn,
        events: &[SeenEvent],
        event: u32,
    ) -> Result<Option<Moment>, WebError> {
        let names = People::named(house, &users_of(events).collect()).await?;
        let told = moments(&self.look(who), self.matter(), events, &names);
        Ok(told.into_iter().find(|moment| moment.event == event))
    }
}

/// The people a page about a matter names.
pub(crate) struct People {
    pub(crate) names: Names,
    liaisons: BTreeMap<UnitId, Person>,
    keepers: BTreeMap<UnitId, Person>,
}

impl People {
    /// Everybody who acted on a matter, the liaisons of its parties, and who sees to it for them.
    pub(crate) async fn of(
        house: &House,
        matter: &Matter,
        events: &[SeenEvent],
    ) -> Result<Self, WebError> {
        let units: Vec<UnitId> = matter
            .parties
            .values()
            .flatten()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let drafted = matter.proposal.as_ref().map(|proposal| proposal.by);
        let users = users_of(events).chain(drafted).collect();
        Ok(Self {
            names: Self::named(house, &users).await?,
            liaisons: house.people.liaison_list(&units).await?,
            keepers: house.people.matter_keeper_list(&matter.id).await?,
        })
    }

    /// The names of some people.
    async fn named(house: &House, users: &BTreeSet<UserId>) -> Result<Names, WebError> {
        let people = house.people.person_list(users).await?;
        Ok(people.into_iter().map(|(id, person)| (id, person.display_name)).collect())
    }

    /// Where there is no matter yet, nobody is named.
    pub(crate) fn nobody() -> Self {
        Self { names: Names::new(), liaisons: BTreeMap::new(), keepers: BTreeMap::new() }
    }

    /// The liaison of a unit with their telephone, as one text; empty when there is none.
    pub(crate) fn liaison(&self, look: &Look<'_>, unit: UnitId) -> String {
        let Some(person) = self.liaisons.get(&unit) else { return String::new() };
        let name = format!("{} {}", look.say("matter.liaison"), person.display_name);
        if person.phone.is_empty() { name } else { format!("{name} {}", person.phone) }
    }
}

/// Everybody who acted or drafted in some events.
fn users_of(events: &[SeenEvent]) -> impl Iterator<Item = UserId> {
    events.iter().flat_map(|seen| {
        let drafter = match &seen.event.what {
            What::Acted(act) => act.drafted_by,
            _ => None,
        };
        seen.event.by.user.into_iter().chain(drafter)
    })
}

fn head(look: &Look<'_>, room: &Room, people: &People) -> Head {
    let matter = room.matter();
    let holders = look
        .holders(matter)
        .iter()
        .map(|unit| Holder {
            name: look.unit(*unit),
            contact: match people.liaison(look, *unit) {
                contact if contact.is_empty() => contact,
                contact => look.fill("matter.contact", &[("who", &contact)]),
            },
            is_ours: *unit == look.scope.unit,
        })
        .collect();
    let above = room.sight.family.iter().find(|seen| seen.matter.id == matter.root);
    let problem = above.filter(|root| root.matter.id != matter.id).map(|root| Link {
        href: format!("/matters/{}", root.matter.id),
        words: format!("{} {}", root.matter.number, root.matter.title),
    });
    let waiting = match &matter.proposal {
        Some(proposal) => look.fill(
            "matter.proposal.waiting",
            &[("unit", &look.unit_short(proposal.waits_for)), ("role", &look.role(proposal.role))],
        ),
        None => String::new(),
    };
    Head {
        title: if matter.id == matter.root {
            matter.title.clone()
        } else {
            format!("{}{}{}", look.kind(matter), look.say("matter.colon"), matter.title)
        },
        number: matter.number.clone(),
        href: format!("/matters/{}", matter.id),
        version: matter.events,
        state: State { word: look.state(matter), ended: matter.ended },
        waiting,
        procedure: look.fill(
            "matter.procedure-version",
            &[("name", &look.kind(matter)), ("version", &matter.version)],
        ),
        procedure_id: matter.procedure.clone(),
        holders,
        problem,
        opened: look::day(matter.opened_at),
    }
}

/// What is said where no clock runs: why the law sets no limit here, or that nothing is owed.
fn no_clock(look: &Look<'_>, matter: &Matter, procedure: &Procedure) -> String {
    let words = procedure.state(&matter.state).and_then(|state| state.no_limit.as_ref());
    words.map_or_else(|| look.say("matter.clock.none"), |words| look.of(words))
}

/// Its fields, each under the act that wrote it last, in the order of the acts. The same act done twice
/// stands twice, with its day.
fn groups(look: &Look<'_>, room: &Room, procedure: &Procedure, events: &[SeenEvent]) -> Vec<Group> {
    let mut writer: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for seen in events {
        let (act, input) = match &seen.event.what {
            What::Opened(opening) => ("", &opening.fields),
            What::Acted(act) => (act.action.as_str(), &act.input),
            _ => continue,
        };
        let fields = input.keys().chain(&seen.masked);
        writer.extend(fields.map(|field| (field.as_str(), groups.len())));
        let name = procedure.action(act).map_or(&procedure.open.name, |action| &action.name);
        let day = look::day(seen.event.at);
        let by = match seen.event.by.unit {
            Some(unit) => format!("{day} · {}", look.unit_short(unit)),
            None => day,
        };
        groups.push(Group { title: look.of(name), by, entries: Vec::new() });
    }
    let title = look.say("matter.other-facts");
    let mut others = Group { title, by: String::new(), entries: Vec::new() };
    for seen in room.sight.seen.fields(procedure) {
        let entry = Entry::of(look, seen.field, seen.value);
        let place = writer.get(seen.field.id.as_str());
        match place.and_then(|place| groups.get_mut(*place)) {
            Some(group) => group.entries.push(entry),
            None => others.entries.push(entry),
        }
    }
    groups.push(others);
    groups.retain(|group| !group.entries.is_empty());
    groups
}

/// A clock of a matter below, told where one's own matter has none that says it.
struct Below {
    href: String,
    matter: String,
    name: String,
    due: String,
    light: Light,
}

/// Most clocks of matters below that are told; the tree shows the light of each.
const BELOW_MAX: usize = 6;

/// The clocks that run in the matters below, soonest first.
fn below(look: &Look<'_>, room: &Room) -> Vec<Below> {
    let here = &room.matter().id;
    let family = &room.sight.family;
    let is_below = |matter: &Matter| {
        let mut above = matter.parent.as_ref();
        // A family is a tree; the bound only guards against a damaged one.
        for _ in 0..family.len() {
            match above {
                Some(id) if id == here => return true,
                Some(id) => {
                    let parent = family.iter().find(|seen| seen.matter.id == *id);
                    above = parent.and_then(|seen| seen.matter.parent.as_ref());
                }
                None => return false,
            }
        }
        false
    };
    let mut open: Vec<_> = family
        .iter()
        .map(|seen| &seen.matter)
        .filter(|matter| matter.id != *here && is_below(matter))
        .flat_map(|matter| matter.obligations.iter().map(move |owed| (matter, owed)))
        .filter(|(_, owed)| owed.is_open() && owed.nature == ObligationKind::Obligation)
        .collect();
    open.sort_by_key(|(_, owed)| owed.ends_at());
    open.into_iter()
        .take(BELOW_MAX)
        .map(|(matter, owed)| Below {
            href: format!("/matters/{}", matter.id),
            matter: format!("{} {}", look.kind(matter), matter.number),
            name: look.obligation(matter, &owed.kind),
            due: end(owed.due),
            light: clock::light(look, owed),
        })
        .collect()
}

fn parties(look: &Look<'_>, matter: &Matter, procedure: &Procedure, people: &People) -> Vec<Party> {
    let holders = look.holders(matter);
    let mut parties: Vec<(UnitId, Party)> = Vec::new();
    let held = procedure
        .parties
        .iter()
        .flat_map(|(id, party)| matter.party(id).iter().map(move |unit| (party, *unit)));
    for (party, unit) in held {
        let capacity = look.of(&party.name);
        if let Some((_, known)) = parties.iter_mut().find(|(known, _)| *known == unit) {
            known.capacities.push(capacity);
            continue;
        }
        let liaison = people.liaisons.get(&unit);
        let keeper = people.keepers.get(&unit);
        parties.push((
            unit,
            Party {
                href: format!("/units/{unit}"),
                name: look.unit(unit),
                capacities: vec![capacity],
                holds: holders.contains(&unit),
                liaison: liaison.map(|one| one.display_name.clone()).unwrap_or_default(),
                phone: liaison.map(|one| one.phone.clone()).unwrap_or_default(),
                keeper: keeper.map(|one| one.display_name.clone()).unwrap_or_default(),
            },
        ));
    }
    parties.sort_by_key(|(_, party)| !party.holds);
    parties.into_iter().map(|(_, party)| party).collect()
}

fn documents(look: &Look<'_>, matter: &Matter) -> Vec<Paper> {
    let made = matter.documents.iter().rev();
    made.filter(|made| document_is_for(look, matter, &made.kind))
        .map(|made| Paper {
            href: format!("/matters/{}/documents/{}/{}", matter.id, made.event, made.kind),
            name: look.document(matter, &made.kind),
            at: look::day(made.at),
            note: document_note(look, matter, &made.kind),
        })
        .collect()
}

/// From whom to whom a document goes.
fn document_note(look: &Look<'_>, matter: &Matter, kind: &str) -> String {
    let document = look.procedure(matter).and_then(|procedure| procedure.document(kind));
    let Some(document) = document else { return String::new() };
    let issuer = look.units(matter.party(&document.issuer));
    let recipients: Vec<UnitId> =
        document.recipients.iter().flat_map(|party| matter.party(party)).copied().collect();
    let recipients = look.units(&recipients);
    // Filed with oneself goes from nobody to nobody.
    if recipients.is_empty() || recipients == issuer {
        issuer
    } else {
        format!("{issuer} → {recipients}")
    }
}

/// Whether a document is for the reader: paper of one side that is addressed to nobody of the other
/// stays on its side.
pub(crate) fn document_is_for(look: &Look<'_>, matter: &Matter, kind: &str) -> bool {
    let document = look.procedure(matter).and_then(|procedure| procedure.document(kind));
    let Some(document) = document else { return false };
    let capacities = std::iter::once(&document.issuer).chain(&document.recipients);
    let units = capacities.flat_map(|party| matter.party(party));
    let mut sides = units.filter_map(|unit| look.directory.get(*unit)).map(|unit| unit.side);
    sides.any(|side| side == look.scope.side)
}

/// The addresses of drafts whose acts have taken effect, so that the browser forgets its copies.
fn drafts_done(
    matter: &Matter,
    procedure: &Procedure,
    events: &[SeenEvent],
    scope: &Scope,
) -> Vec<String> {
    let mine = events
        .iter()
        .rev()
        .take(RECENT_EVENTS)
        .filter(|seen| seen.event.by.user == Some(scope.user));
    let acts = mine.filter_map(|seen| match &seen.event.what {
        What::Acted(act) => Some(act.action.as_str()),
        What::Proposed(proposal) => Some(proposal.action.as_str()),
        _ => None,
    });
    let mut done: BTreeSet<String> = acts
        .map(|action| crate::draft::address(&format!("act/{action}"), Some(&matter.id)))
        .collect();
    if events.len() <= RECENT_EVENTS {
        let parent = matter.parent.as_ref();
        done.insert(crate::draft::address(&format!("open/{}", procedure.id), parent));
    }
    done.into_iter().collect()
}

/// How far back drafts are looked for that the browser may still hold.
const RECENT_EVENTS: usize = 30;
