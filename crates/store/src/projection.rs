//! What a matter is in the read tables: a pure function of the matter, and the difference written.
//!
//! Nothing else writes `matter`, `matter_body`, `matter_party`, `matter_scope`, `matter_term`,
//! `matter_attachment` and `obligation`, so throwing them away and writing every matter anew gives the
//! same rows.

use std::collections::{BTreeMap, BTreeSet};

use procedure::definition::{FieldKind, ObligationKind, Procedure, RoleName, Tier};
use procedure::matter::{Obligation, Source, Standing};
use procedure::{Family, Matter, MatterId, Rules, UnitId};

use crate::attachment::seal_file_name;
use crate::db::Statement;
use crate::error::StoreError;
use crate::punctuality;
use crate::role::role_id;
use crate::row::Value;
use crate::term;
use crate::vault::{Vault, field};
use crate::visibility::Provenance;

/// `matter.due_at` when no obligation runs.
pub(crate) const NEVER: i64 = i64::MAX;

/// Fields with these ids are shown in lists and found by search, whatever the procedure.
pub mod known_field {
    /// What kind of pollution: a choice or choices.
    pub const CATEGORIES: [&str; 2] = ["categories", "category"];
    /// How bad: a choice.
    pub const SEVERITY: &str = "severity";
    /// Where, in words.
    pub const PLACE: [&str; 2] = ["place", "where"];
    /// Who pollutes.
    pub const ENTERPRISE: &str = "polluter-name";
    /// Where, on the map.
    pub const POINT: &str = "point";
}

/// A change of one kept counter.
pub(crate) type Counts = BTreeMap<(UnitId, String), i64>;

/// The rows of one matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    matter: MatterId,
    root: MatterId,
    fixed: Vec<Value>,
    moving: Vec<Value>,
    due_at: i64,
    describing: Vec<Value>,
    /// The matter and its provenance as JSON; none for rows that are only compared.
    body: Option<(String, String)>,
    parties: BTreeMap<(String, UnitId), Part>,
    scope: BTreeSet<UnitId>,
    procedure: String,
    obligations: BTreeMap<u32, Vec<Value>>,
    terms: BTreeSet<String>,
    files: BTreeMap<(String, String), String>,
    counts: Counts,
}

/// How a unit takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// 0 waits, 1 holds the pen, 2 holds it and must sign for receipt.
    turn: i64,
    /// The end that comes first of what it owes.
    due_at: i64,
}

struct Summary {
    division: String,
    categories: Vec<String>,
    severity: String,
    place: String,
    enterprise: String,
    point: Option<procedure::Point>,
}

impl Projection {
    /// The rows of a matter whose body is to be written.
    pub(crate) fn of(
        rules: &Rules,
        vault: &Vault,
        family: &Family,
        matter: &Matter,
        provenance: &Provenance,
    ) -> Result<Self, StoreError> {
        let text = field::matter_to_text(vault, rules.of(matter), matter)?;
        let body = (text, json("provenance", provenance)?);
        Ok(Self::bodiless(rules, family, matter, provenance).with_body(body))
    }

    /// The same with that body and provenance: how a body is spelled does not follow from the events, for
    /// what is sealed is sealed differently each time.
    pub(crate) fn with_body(self, body: (String, String)) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The rows of a matter without its body.
    pub(crate) fn bodiless(
        rules: &Rules,
        family: &Family,
        matter: &Matter,
        provenance: &Provenance,
    ) -> Self {
        let procedure = rules.of(matter);
        let root = family.get(&matter.root).unwrap_or(matter);
        let summary = Summary::of(rules, root, matter);
        let holder = procedure
            .and_then(|procedure| procedure.state(&matter.state))
            .and_then(|state| state.holder.as_deref());
        let proposal = matter.proposal.as_ref();
        let due_at = open_dues(matter, |_| true);
        let tracker = tracker(procedure, matter, provenance, holder);
        let words = words(procedure, root, matter);
        let moving = vec![
            (&matter.state).into(),
            matter.ended.into(),
            holder.and_then(|party| matter.party(party).first().copied()).into(),
            proposal.map(|proposal| proposal.waits_for).into(),
            proposal.map_or("", |proposal| role_id(proposal.role)).into(),
            matter.changed_at.into(),
            matter.events.into(),
            tracker.into(),
        ];
        let terms = terms(matter, &summary, &words, holder);
        let describing = vec![
            (&matter.number).into(),
            (&matter.title).into(),
            (&summary.division).into(),
            summary.categories.join(" ").into(),
            summary.severity.into(),
            summary.place.into(),
            summary.enterprise.into(),
            summary.point.map(|point| point.longitude_e6).into(),
            summary.point.map(|point| point.latitude_e6).into(),
            words.into(),
        ];
        let parties: BTreeMap<_, _> = matter
            .parties
            .iter()
            .flat_map(|(party, units)| units.iter().map(move |unit| (party, *unit)))
            .map(|(party, unit)| {
                let holds = Some(party.as_str()) == holder;
                let turn = if holds { turn(procedure, matter, party, unit) } else { 0 };
                let due_at = open_dues(matter, |owed| owed.debtor == unit);
                ((party.clone(), unit), Part { turn, due_at })
            })
            .collect();
        let mut counts = Counts::new();
        count(matter, tracker, &parties, &mut counts);
        Self {
            matter: matter.id.clone(),
            root: matter.root.clone(),
            fixed: vec![
                matter.parent.as_ref().into(),
                (&matter.procedure).into(),
                matter.version.into(),
                provenance.opened_by.into(),
                matter.opened_at.into(),
            ],
            moving,
            due_at,
            describing,
            body: None,
            parties,
            scope: matter.seen_by.clone(),
            procedure: matter.procedure.clone(),
            obligations: matter.obligations.iter().map(|o| (o.number, obligation(o))).collect(),
            terms,
            files: files(matter),
            counts,
        }
    }

    /// Takes this projection's counters out of the change, for the one that takes its place.
    pub(crate) fn discount(&self, into: &mut Counts) {
        for (key, number) in &self.counts {
            *into.entry(key.clone()).or_default() -= number;
        }
    }

    /// Adds this projection's counters to the change.
    pub(crate) fn count(&self, into: &mut Counts) {
        for (key, number) in &self.counts {
            *into.entry(key.clone()).or_default() += number;
        }
    }

    /// The statements that write what differs from the rows before; everything when there were none.
    pub(crate) fn write(&self, before: Option<&Self>, into: &mut Vec<Statement>) {
        const SCOPE: &str =
            "insert into matter_scope (unit_id, procedure_id, matter_id) values ($1, $2, $3)";
        self.write_matter(before, into);
        self.write_parties(before, into);
        self.write_obligations(before, into);
        let seen = before.map(|before| &before.scope);
        let new = self.scope.iter().filter(|unit| !seen.is_some_and(|seen| seen.contains(unit)));
        into.extend(new.map(|unit| {
            let row = vec![(*unit).into(), (&self.procedure).into(), (&self.matter).into()];
            Statement::new(SCOPE, row)
        }));
        self.write_terms(before, into);
    }

    /// The statements that write the files it names and did not name before.
    pub(crate) fn write_files(
        &self,
        vault: &Vault,
        before: Option<&Self>,
        into: &mut Vec<Statement>,
    ) -> Result<(), StoreError> {
        const FILE: &str = "
            insert into matter_attachment (matter_id, field, sha256, name) values ($1, $2, $3, $4)
            on conflict (matter_id, field, sha256) do nothing";
        let old = before.map(|before| &before.files);
        let new =
            self.files.iter().filter(|(key, _)| !old.is_some_and(|old| old.contains_key(*key)));
        for ((field, sha256), name) in new {
            let name = seal_file_name(vault, sha256, name)?;
            let row = vec![(&self.matter).into(), field.into(), sha256.into(), name.into()];
            into.push(Statement::new(FILE, row));
        }
        Ok(())
    }

    fn write_matter(&self, before: Option<&Self>, into: &mut Vec<Statement>) {
        const INSERT: &str = "
            insert into matter
                (matter_id, root_id, parent_id, procedure_id, version, opener_unit_id, opened_at,
                 state, ended, holder_unit_id, approver_unit_id, approver_role, changed_at, events,
                 tracker_unit_id, due_at,
                 number, title, division_code, categories, severity, place, enterprise,
                 longitude_e6, latitude_e6, words)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                    $19, $20, $21, $22, $23, $24, $25, $26)";
        const MOVE: &str = "
            update matter
               set state = $2, ended = $3, holder_unit_id = $4, approver_unit_id = $5,
                   approver_role = $6, changed_at = $7, events = $8, tracker_unit_id = $9
             where matter_id = $1";
        // Apart, because its index is rewritten whenever it is named.
        const DUE: &str = "update matter set due_at = $2 where matter_id = $1";
        const DESCRIBE: &str = "
            update matter
               set number = $2, title = $3, division_code = $4, categories = $5, severity = $6,
                   place = $7, enterprise = $8, longitude_e6 = $9, latitude_e6 = $10, words = $11
             where matter_id = $1";
        const BODY: &str = "
            insert into matter_body (root_id, matter_id, body, provenance) values ($1, $2, $3, $4)";
        const BODY_AGAIN: &str = "
            update matter_body set body = $3, provenance = $4
             where root_id = $1 and matter_id = $2";
        let id = || vec![Value::from(&self.matter)];
        match before {
            None => {
                let mut row = id();
                row.push((&self.root).into());
                row.extend(self.fixed.iter().chain(&self.moving).cloned());
                row.push(self.due_at.into());
                row.extend(self.describing.iter().cloned());
                into.push(Statement::new(INSERT, row));
            }
            Some(before) => {
                if before.moving != self.moving {
                    into.push(Statement::new(MOVE, [id(), self.moving.clone()].concat()));
                }
                if before.due_at != self.due_at {
                    into.push(Statement::new(DUE, [id(), vec![self.due_at.into()]].concat()));
                }
                if before.describing != self.describing {
                    into.push(Statement::new(DESCRIBE, [id(), self.describing.clone()].concat()));
                }
            }
        }
        if let Some((body, provenance)) = &self.body {
            let row =
                vec![(&self.root).into(), (&self.matter).into(), body.into(), provenance.into()];
            let sql = if before.is_some() { BODY_AGAIN } else { BODY };
            into.push(Statement::new(sql, row));
        }
    }

    fn write_parties(&self, before: Option<&Self>, into: &mut Vec<Statement>) {
        const SQL: &str = "
            insert into matter_party (matter_id, party, unit_id, turn, due_at)
            values ($1, $2, $3, $4, $5)
            on conflict (matter_id, party, unit_id) do update
               set turn = excluded.turn, due_at = excluded.due_at";
        let old = before.map(|before| &before.parties);
        let changed = self
            .parties
            .iter()
            .filter(|(key, part)| old.and_then(|old| old.get(*key)) != Some(*part));
        into.extend(changed.map(|((party, unit), part)| {
            let row = vec![
                (&self.matter).into(),
                party.into(),
                (*unit).into(),
                part.turn.into(),
                part.due_at.into(),
            ];
            Statement::new(SQL, row)
        }));
    }

    fn write_obligations(&self, before: Option<&Self>, into: &mut Vec<Statement>) {
        const INSERT: &str = "
            insert into obligation
                (matter_id, number, procedure_id, due_on, due_at, standing, is_open, is_running,
                 provisional, suspended_on, met_at, lapsed_at, ended_at, urged_at, kind, nature,
                 debtor_unit_id, creditor_unit_id, limit_id, started_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                    $19, $20)";
        const UPDATE: &str = "
            update obligation
               set due_on = $3, due_at = $4, standing = $5, is_open = $6, is_running = $7,
                   provisional = $8, suspended_on = $9, met_at = $10, lapsed_at = $11,
                   ended_at = $12, urged_at = $13
             where matter_id = $1 and number = $2";
        for (number, row) in &self.obligations {
            let old = before.and_then(|before| before.obligations.get(number));
            let key = vec![Value::from(&self.matter), (*number).into()];
            if old.is_none() {
                let row = [key, vec![(&self.procedure).into()], row.clone()].concat();
                into.push(Statement::new(INSERT, row));
            } else if old != Some(row) {
                let moving = row.get(..OBLIGATION_MOVING).unwrap_or(row).to_vec();
                into.push(Statement::new(UPDATE, [key, moving].concat()));
            }
        }
    }

    fn write_terms(&self, before: Option<&Self>, into: &mut Vec<Statement>) {
        const DELETE: &str = "delete from matter_term where term = $1 and matter_id = $2";
        const ONE: &str = "insert into matter_term (matter_id, term) values ($1, $2)";
        const FOUR: &str = "
            insert into matter_term (matter_id, term)
            values ($1, $2), ($1, $3), ($1, $4), ($1, $5)";
        const SIXTEEN: &str = "
            insert into matter_term (matter_id, term)
            values ($1, $2), ($1, $3), ($1, $4), ($1, $5), ($1, $6), ($1, $7), ($1, $8), ($1, $9),
                   ($1, $10), ($1, $11), ($1, $12), ($1, $13), ($1, $14), ($1, $15), ($1, $16),
                   ($1, $17)";
        let none = BTreeSet::new();
        let old = before.map_or(&none, |before| &before.terms);
        into.extend(old.difference(&self.terms).map(|term| {
            let row = vec![term.into(), (&self.matter).into()];
            Statement::new(DELETE, row)
        }));
        // A new matter has some forty.
        let new: Vec<&String> = self.terms.difference(old).collect();
        let mut rest = new.as_slice();
        for (sql, rows) in [(SIXTEEN, 16), (FOUR, 4), (ONE, 1)] {
            while let Some((some, others)) = rest.split_at_checked(rows) {
                let mut values = vec![Value::from(&self.matter)];
                values.extend(some.iter().map(|term| Value::from(*term)));
                into.push(Statement::new(sql, values));
                rest = others;
            }
        }
    }

    /// Whether lists show its family differently now: children show where and what the root is.
    pub(crate) fn describes_differently(&self, before: &Self) -> bool {
        self.describing != before.describing
    }
}

impl Summary {
    /// A child shows what its root says where it says nothing itself.
    fn of(rules: &Rules, root: &Matter, matter: &Matter) -> Self {
        let both = [matter, root].map(|matter| Open { procedure: rules.of(matter), matter });
        let text = |ids: &[&str]| {
            let found = both.iter().find_map(|open| ids.iter().find_map(|id| open.text(id)));
            found.unwrap_or_default().to_owned()
        };
        let division = both.iter().find_map(Open::division).unwrap_or_default().to_owned();
        let categories = both
            .iter()
            .find_map(|open| known_field::CATEGORIES.iter().find_map(|id| open.choices(id)))
            .unwrap_or_default();
        let point = both.iter().find_map(|open| match open.value(known_field::POINT)? {
            procedure::Value::Point(point) => Some(*point),
            _ => None,
        });
        Self {
            division,
            categories,
            severity: text(&[known_field::SEVERITY]),
            place: text(&known_field::PLACE),
            enterprise: text(&[known_field::ENTERPRISE]),
            point,
        }
    }
}

/// A matter as far as everyone who sees it may read it.
struct Open<'a> {
    procedure: Option<&'a Procedure>,
    matter: &'a Matter,
}

impl<'a> Open<'a> {
    fn value(&self, id: &str) -> Option<&'a procedure::Value> {
        let field = self.procedure?.field(id)?;
        let open = matches!(field.tier, Tier::Public | Tier::Shared);
        self.matter.fields.get(id).filter(|value| open && !value.is_empty())
    }

    fn text(&self, id: &str) -> Option<&'a str> {
        match self.value(id)? {
            procedure::Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn choices(&self, id: &str) -> Option<Vec<String>> {
        match self.value(id)? {
            procedure::Value::Text(one) => Some(vec![one.clone()]),
            procedure::Value::Choices(many) => Some(many.clone()),
            _ => None,
        }
    }

    fn division(&self) -> Option<&'a str> {
        self.procedure?.fields.iter().filter(|field| field.kind == FieldKind::Division).find_map(
            |field| match self.value(&field.id)? {
                procedure::Value::Division(code) => Some(code.as_str()),
                _ => None,
            },
        )
    }
}

fn words(procedure: Option<&Procedure>, root: &Matter, matter: &Matter) -> String {
    let mut words = matter.number.clone();
    // A child that only repeats the title of its root would double every answer.
    if matter.id == root.id || matter.title != root.title {
        words.push(' ');
        words.push_str(&matter.title);
    }
    let open = Open { procedure, matter };
    for field in procedure.iter().flat_map(|procedure| &procedure.fields) {
        if field.kind == FieldKind::Text
            && let Some(text) = open.text(&field.id)
        {
            words.push(' ');
            words.push_str(text);
        }
    }
    term::normalised(&words)
}

fn terms(
    matter: &Matter,
    summary: &Summary,
    words: &str,
    holder: Option<&str>,
) -> BTreeSet<String> {
    let procedure = matter.procedure.as_str();
    let mut terms = term::pairs(words);
    terms.insert(term::state(procedure, &matter.state));
    terms.insert(term::ended(procedure, matter.ended));
    terms.extend(summary.categories.iter().map(|category| term::category(procedure, category)));
    for length in [4, 6] {
        terms.extend(summary.division.get(..length).map(|code| term::division(procedure, code)));
    }
    terms.extend(matter.parties.values().flatten().map(|unit| term::party(procedure, *unit)));
    let holders = holder.map_or(&[][..], |party| matter.party(party));
    terms.extend(holders.iter().map(|unit| term::holder(procedure, *unit)));
    terms
}

/// 2 when a unit that holds the pen must still sign for receipt: its liaison has an act to do here, and
/// what it owes by that act, where it owes anything by it, is open. One of several has signed when its own
/// is met, whatever the others do.
fn turn(procedure: Option<&Procedure>, matter: &Matter, holder: &str, unit: UnitId) -> i64 {
    let Some(procedure) = procedure else { return 1 };
    let mut signs = procedure.actions.iter().filter(|action| {
        action.role == RoleName::Liaison
            && !action.out_of_turn
            && action.from.contains(&matter.state)
            && action.by.iter().any(|party| party == holder)
    });
    let must_sign = signs.any(|action| {
        let mut owed = matter.obligations.iter().filter(|owed| {
            let kind = procedure.obligation(&owed.kind);
            owed.debtor == unit && kind.is_some_and(|kind| kind.met_by.contains(&action.id))
        });
        let mut any = false;
        let is_open = owed.any(|owed| {
            any = true;
            owed.is_open()
        });
        is_open || !any
    });
    if must_sign { 2 } else { 1 }
}

/// Who follows what becomes of a matter: whoever it was sent in the name of, else whoever opened it; none
/// when it is over or they hold the pen.
fn tracker(
    procedure: Option<&Procedure>,
    matter: &Matter,
    provenance: &Provenance,
    holder: Option<&str>,
) -> Option<UnitId> {
    if matter.ended {
        return None;
    }
    let sender = procedure.and_then(|procedure| procedure.open.by.first());
    let sender = sender.and_then(|party| matter.party(party).first().copied());
    let holders = holder.map_or(&[][..], |party| matter.party(party));
    [sender, provenance.opened_by].into_iter().flatten().find(|unit| !holders.contains(unit))
}

/// The end that comes first of the open obligations in question; [`NEVER`] when none runs.
fn open_dues(matter: &Matter, which: impl Fn(&Obligation) -> bool) -> i64 {
    let running = matter.obligations.iter().filter(|owed| {
        owed.is_open() && owed.nature == ObligationKind::Obligation && owed.suspended_on.is_none()
    });
    let ends = running.filter(|owed| which(owed)).map(|owed| owed.ends_at().as_microsecond());
    ends.min().unwrap_or(NEVER)
}

/// How many columns of [`obligation`] change after it has started.
const OBLIGATION_MOVING: usize = 11;

fn obligation(owed: &Obligation) -> Vec<Value> {
    let limit = match &owed.source {
        Source::Limit { limit, .. } => Some(limit),
        Source::Stated { .. } => None,
    };
    let started = match owed.trigger {
        calendar::Trigger::Day(day) => calendar::start_of_day(day),
        calendar::Trigger::Instant(at) => at,
    };
    vec![
        owed.due.date().into(),
        owed.ends_at().into(),
        standing_id(owed.standing()).into(),
        owed.is_open().into(),
        owed.is_running().into(),
        owed.provisional.into(),
        owed.suspended_on.into(),
        owed.met_at.into(),
        owed.lapsed_at.into(),
        owed.ended_at.into(),
        owed.urged_at.into(),
        (&owed.kind).into(),
        nature_id(owed.nature).into(),
        owed.debtor.into(),
        owed.creditor.into(),
        limit.into(),
        started.into(),
    ]
}

pub(crate) fn nature_id(nature: ObligationKind) -> &'static str {
    match nature {
        ObligationKind::Obligation => "obligation",
        ObligationKind::Period => "period",
    }
}

pub(crate) fn standing_id(standing: Standing) -> &'static str {
    match standing {
        Standing::Running => "running",
        Standing::Suspended => "suspended",
        Standing::Met => "met",
        Standing::MetLate => "met-late",
        Standing::Lapsed => "lapsed",
        Standing::Ended => "ended",
    }
}

/// Every file the matter names; one of a draft stands under `~FIELD`.
pub(crate) fn files(matter: &Matter) -> BTreeMap<(String, String), String> {
    let drafted = matter.proposal.iter().flat_map(|proposal| &proposal.input);
    let named = matter.fields.iter().map(|(id, value)| (id.clone(), value));
    let mut files = BTreeMap::new();
    for (field, value) in named.chain(drafted.map(|(id, value)| (format!("~{id}"), value))) {
        if let procedure::Value::Files(many) = value {
            for file in many {
                files.insert((field.clone(), file.sha256.clone()), file.name.clone());
            }
        }
    }
    files
}

/// Names of kept counters.
pub(crate) mod counter {
    pub(crate) const OWING: &str = "owing";
    pub(crate) const OVERDUE: &str = "overdue";
    pub(crate) const OWED: &str = "owed";
    pub(crate) const OWED_OVERDUE: &str = "owed-overdue";
    pub(crate) const TURN: &str = "turn";
    pub(crate) const ACKNOWLEDGE: &str = "acknowledge";
    pub(crate) const APPROVE: &str = "approve";
    pub(crate) const TRACKING: &str = "tracking";
    /// Followed by `PROCEDURE/STATE`.
    pub(crate) const STATE: &str = "state/";
    /// Followed by `PROCEDURE`: matters not over.
    pub(crate) const LIVE: &str = "live/";
}

fn count(
    matter: &Matter,
    tracker: Option<UnitId>,
    parties: &BTreeMap<(String, UnitId), Part>,
    counts: &mut Counts,
) {
    let mut add = |unit: UnitId, name: &str| {
        *counts.entry((unit, name.to_owned())).or_default() += 1;
    };
    for owed in &matter.obligations {
        if owed.is_open() && owed.nature == ObligationKind::Obligation {
            add(owed.debtor, counter::OWING);
            add(owed.creditor, counter::OWED);
            if owed.lapsed_at.is_some() {
                add(owed.debtor, counter::OVERDUE);
                add(owed.creditor, counter::OWED_OVERDUE);
            }
        }
        if let Some(name) = punctuality::counter(owed) {
            add(owed.debtor, &name);
        }
    }
    let holding: BTreeSet<_> = parties
        .iter()
        .filter(|(_, part)| part.turn > 0)
        .map(|((_, unit), part)| (unit, part.turn))
        .collect();
    for (unit, turn) in holding {
        add(*unit, counter::TURN);
        if turn == 2 {
            add(*unit, counter::ACKNOWLEDGE);
        }
    }
    if let Some(proposal) = &matter.proposal {
        add(proposal.waits_for, counter::APPROVE);
    }
    if let Some(unit) = tracker {
        add(unit, counter::TRACKING);
    }
    for unit in &matter.seen_by {
        add(*unit, &format!("{}{}/{}", counter::STATE, matter.procedure, matter.state));
        if !matter.ended {
            add(*unit, &format!("{}{}", counter::LIVE, matter.procedure));
        }
    }
}

/// The statements that add a change to the kept counters, in one order, so that two processes never
/// wait for each other.
pub(crate) fn write_counts(counts: &Counts) -> Vec<Statement> {
    const SQL: &str = "
        insert into unit_counter (unit_id, name, number) values ($1, $2, $3)
        on conflict (unit_id, name) do update set number = unit_counter.number + excluded.number";
    let changed = counts.iter().filter(|(_, change)| **change != 0);
    changed
        .map(|((unit, name), change)| {
            Statement::new(SQL, vec![(*unit).into(), name.into(), (*change).into()])
        })
        .collect()
}

fn json(what: &'static str, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(what, error))
}
