//! Matters and obligations as lists show them.

use std::collections::BTreeMap;

use calendar::{Due, local_date, start_of_day};
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::definition::{Action, RoleName};
use procedure::{Procedure, Rules, UnitId};
use store::directory::Directory;
use store::division::divisions;
use store::matter::MatterRow;
use store::obligation::ObligationRow;

use crate::House;
use crate::message::Language;
use crate::parts::mark::{Clock, Light, State, end, minute};

/// Fields whose options name the kinds of pollution, whatever the procedure.
const CATEGORY_FIELDS: [&str; 2] = ["categories", "category"];
/// Fields whose options say how grave a problem is.
const SEVERITY_FIELDS: [&str; 1] = ["severity"];

/// What lists need to know to put rows into words.
#[derive(Debug)]
pub struct Reader {
    language: Language,
    now: Timestamp,
    rules: std::sync::Arc<Rules>,
    directory: std::sync::Arc<Directory>,
    categories: BTreeMap<String, String>,
    severities: BTreeMap<String, String>,
}

/// A matter in a list.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its procedure.
    pub procedure: String,
    /// Where it stands.
    pub state: State,
    /// Where it lies: division and place.
    pub place: String,
    /// Its division.
    pub division: String,
    /// Kinds of pollution.
    pub categories: String,
    /// How grave it is.
    pub severity: String,
    /// The polluter.
    pub enterprise: String,
    /// Who holds the pen.
    pub holder: String,
    /// Who opened it.
    pub opener: String,
    /// The unit on the other side, where a list says so; else empty.
    pub other: String,
    /// Where the light is that of a matter below: which; else empty.
    pub below: String,
    /// The light of what ends first.
    pub light: Option<Light>,
    /// When that ends.
    pub due: String,
    /// When it was opened.
    pub opened: String,
    /// When it last changed.
    pub changed: String,
}

/// Something owed in a list.
#[derive(Debug, Clone)]
pub struct OwedLine {
    /// The page of its matter.
    pub href: String,
    /// Where it is urged.
    pub urge: String,
    /// What is owed, about what.
    pub words: String,
    /// Who owes.
    pub debtor: String,
    /// To whom.
    pub creditor: String,
    /// Under which procedure.
    pub procedure: String,
    /// The number of the matter.
    pub number: String,
    /// Its light.
    pub light: Light,
    /// Its end.
    pub due: String,
    /// When it was last urged; empty when never.
    pub urged: String,
}

impl Reader {
    /// For pages in a language.
    #[must_use]
    pub fn new(house: &House, language: Language) -> Self {
        let rules = house.store.rules();
        let options =
            |ids: &[&str]| {
                let mut words = BTreeMap::new();
                for field in rules.procedures().flat_map(|one| &one.fields) {
                    if ids.contains(&field.id.as_str()) {
                        words.extend(field.options.iter().map(|option| {
                            (option.id.clone(), language.of(&option.words).to_owned())
                        }));
                    }
                }
                words
            };
        let categories = options(&CATEGORY_FIELDS);
        let severities = options(&SEVERITY_FIELDS);
        let (now, directory) = (house.now(), house.directory());
        Self { language, now, rules, directory, categories, severities }
    }

    /// The language of the page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The kinds of pollution with their words.
    #[must_use]
    pub fn categories(&self) -> &BTreeMap<String, String> {
        &self.categories
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The short name of a unit.
    #[must_use]
    pub fn unit(&self, unit: UnitId) -> String {
        self.directory.get(unit).map_or_else(|| format!("#{unit}"), |unit| unit.short_name.clone())
    }

    /// A procedure's name.
    #[must_use]
    pub fn procedure(&self, id: &str) -> String {
        let name = |one: &Procedure| self.language.of(&one.name).to_owned();
        self.rules.procedure(id).map_or_else(|| id.to_owned(), name)
    }

    /// A matter.
    #[must_use]
    pub fn line(&self, row: MatterRow) -> Line {
        let procedure = self.rules.version(&row.procedure, row.version);
        let state = procedure.and_then(|one| one.state(&row.state));
        let word =
            state.map_or_else(|| row.state.clone(), |s| self.language.of(&s.name).to_owned());
        let unit = |id: Option<UnitId>| id.map(|id| self.unit(id)).unwrap_or_default();
        let division = divisions()
            .get(&row.division)
            .map_or_else(|| row.division.clone(), |division| division.name.clone());
        let place = if row.place.contains(&division) {
            row.place.clone()
        } else {
            format!("{division}{}", row.place)
        };
        let (light, due) = self.clock(row.due_at);
        let categories: Vec<&str> = row
            .categories
            .iter()
            .map(|id| self.categories.get(id).map_or(id.as_str(), String::as_str))
            .collect();
        Line {
            href: format!("/matters/{}", row.id),
            id: row.id.to_string(),
            number: row.number,
            title: row.title,
            procedure: self.procedure(&row.procedure),
            state: State { word, ended: row.ended },
            place,
            division,
            categories: categories.join(self.language.say("shell.and")),
            severity: self.severities.get(&row.severity).cloned().unwrap_or(row.severity),
            enterprise: row.enterprise,
            holder: unit(row.holder),
            opener: unit(row.opener),
            other: String::new(),
            below: String::new(),
            light,
            due,
            opened: local_date(row.opened_at).to_string(),
            changed: minute(row.changed_at),
        }
    }

    /// The light of an end and the end in words; neither where nothing runs.
    #[must_use]
    pub fn clock(&self, due_at: Option<Timestamp>) -> (Option<Light>, String) {
        let Some(due) = due_at.map(due_of) else { return (None, String::new()) };
        (Some(self.light(due)), end(due))
    }

    /// The light of an end.
    #[must_use]
    pub fn light(&self, due: Due) -> Light {
        let clock = Clock { due, provisional: false, suspended: false };
        Light::of(clock, self.now, self.language)
    }

    /// Something owed.
    #[must_use]
    pub fn owed(&self, row: &ObligationRow) -> OwedLine {
        let procedure = self.rules.version(&row.procedure, row.version);
        let kind = procedure.and_then(|one| one.obligation(&row.kind));
        let what = kind.map_or_else(|| row.kind.clone(), |k| self.language.of(&k.name).to_owned());
        let clock = Clock {
            due: row.due,
            provisional: row.provisional,
            suspended: row.suspended_on.is_some(),
        };
        OwedLine {
            href: format!("/matters/{}", row.matter),
            urge: format!("/matters/{}/obligations/{}/urge", row.matter, row.number),
            words: self.language.fill("line.owed", &[("what", &what), ("title", &row.title)]),
            debtor: self.unit(row.debtor),
            creditor: self.unit(row.creditor),
            procedure: self.procedure(&row.procedure),
            number: row.matter_number.clone(),
            light: Light::of(clock, self.now, self.language),
            due: end(row.due),
            urged: row.urged_at.map(minute).unwrap_or_default(),
        }
    }

    /// The act by which what was served is signed for, when the matter stands there: the liaison's
    /// act of whoever holds the pen.
    #[must_use]
    pub fn signing_act(&self, procedure: &str, version: Date, state: &str) -> Option<&Action> {
        let procedure = self.rules.version(procedure, version)?;
        let holder = procedure.state(state)?.holder.as_ref()?;
        procedure.actions.iter().find(|action| {
            action.role == RoleName::Liaison
                && !action.out_of_turn
                && action.by.contains(holder)
                && action.from.iter().any(|from| from == state)
        })
    }

    /// The page on which that is done; the matter's own when there is no such act.
    #[must_use]
    pub fn signing(&self, row: &MatterRow) -> Signing {
        match self.signing_act(&row.procedure, row.version, &row.state) {
            Some(action) => Signing {
                href: format!("/matters/{}/actions/{}", row.id, action.id),
                is_plain: action.input.is_empty() && action.required_when.is_empty(),
            },
            None => Signing { href: format!("/matters/{}", row.id), is_plain: false },
        }
    }
}

/// Whether an option is one of the kinds a list can be narrowed to.
#[must_use]
pub fn is_category(rules: &Rules, id: &str) -> bool {
    let fields = rules.procedures().flat_map(|one| &one.fields);
    let mut kinds = fields.filter(|field| CATEGORY_FIELDS.contains(&field.id.as_str()));
    kinds.any(|field| field.options.iter().any(|option| option.id == id))
}

/// How something served is signed for.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Where.
    pub href: String,
    /// Whether nothing must be filled in, so that several can be signed for at once.
    pub is_plain: bool,
}

/// The end whose instant this is: a whole day when it falls on midnight.
fn due_of(at: Timestamp) -> Due {
    let day = local_date(at);
    match day.yesterday() {
        Ok(before) if start_of_day(day) == at => Due::On(before),
        _ => Due::At(at),
    }
}
