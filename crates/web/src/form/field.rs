//! The inputs of a form, made from the fields of a procedure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use procedure::definition::{Action, Bound, Field, FieldKind, Party, Procedure, Side};
use procedure::guard::Guard;
use procedure::{FieldError, Matter, Raw, Value};
use store::directory::Directory;
use store::draft::DraftBody;

use super::article::Articles;
use super::needed::Needed;
use crate::fields::Fields;
use crate::matter::Room;
use crate::matter::look::Look;
use crate::matter::place::{Drawing, picking};
use crate::matter::value::{degrees, size_words};

/// Beginnings of the names of inputs: a field, the code a picker chose for it, a file to be taken
/// away, a file to be added.
pub(super) const FIELD: &str = "f.";
pub(super) const CODE: &str = "c.";
pub(super) const AWAY: &str = "x.";
pub(super) const UPLOAD: &str = "u.";
pub(super) const PARTY: &str = "party.";

/// What is filled in, as it was typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    pub(super) title: String,
    pub(super) parties: Raw,
    pub(super) input: Raw,
    /// What pickers chose, by the name of the input.
    codes: BTreeMap<String, Vec<String>>,
}

impl Filled {
    /// What a form sent.
    pub(super) fn from_fields(fields: &Fields) -> Self {
        let away = fields.raw(AWAY);
        let mut input = fields.raw(FIELD);
        for (field, gone) in &away {
            if let Some(given) = input.get_mut(field) {
                given.retain(|one| !gone.contains(one));
            }
        }
        Self {
            title: fields.exact("title").to_owned(),
            parties: fields.raw(PARTY),
            input,
            codes: fields.raw(CODE),
        }
    }

    /// What a draft holds.
    pub(super) fn from_draft(body: DraftBody) -> Self {
        let DraftBody { title, parties, input } = body;
        Self { title, parties, input, codes: BTreeMap::new() }
    }

    /// What the rules read, and a draft keeps: where a picker chose something, its code.
    pub(super) fn body(&self, directory: &Directory) -> DraftBody {
        let chosen = |beginning: &str, raw: &Raw| {
            raw.iter()
                .map(|(field, given)| {
                    let codes = self.codes.get(&format!("{beginning}{field}"));
                    let read = |(place, text): (usize, &String)| {
                        let code = codes.and_then(|codes| codes.get(place));
                        let code = code.filter(|code| names(directory, code, text));
                        code.unwrap_or(text).clone()
                    };
                    (field.clone(), given.iter().enumerate().map(read).collect())
                })
                .collect()
        };
        DraftBody {
            title: self.title.clone(),
            parties: chosen(PARTY, &self.parties),
            input: chosen("", &self.input),
        }
    }

    /// The first value of a field as typed.
    fn first<'a>(raw: &'a Raw, field: &str) -> &'a str {
        raw.get(field).and_then(|given| given.first()).map_or("", String::as_str)
    }

    /// Every pair a form would send again, for the page between filling in and doing.
    pub(super) fn pairs(&self, directory: &Directory) -> Vec<(String, String)> {
        let DraftBody { title, parties, input } = self.body(directory);
        let under = |beginning: &'static str, raw: Raw| {
            raw.into_iter().flat_map(move |(field, given)| {
                given.into_iter().map(move |text| (format!("{beginning}{field}"), text))
            })
        };
        std::iter::once(("title".to_owned(), title))
            .chain(under(PARTY, parties))
            .chain(under(FIELD, input))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }
}

/// Whether a code a picker chose still names what stands in the input; somebody may have typed over
/// it where no script empties the code.
fn names(directory: &Directory, code: &str, text: &str) -> bool {
    let unit = directory.by_code(code).is_some_and(|unit| unit.name == text.trim());
    let division = store::division::divisions().get(code);
    unit || division.is_some_and(|one| one.name == text.trim() || one.full_name == text.trim())
}

/// An input, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// The id of the element, for labels and faults.
    pub(crate) id: String,
    field: String,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) help: String,
    pub(crate) cite: String,
    pub(crate) required: bool,
    /// When it must be filled in; empty when always or never.
    pub(crate) condition: String,
    pub(crate) error: String,
    pub(crate) control: Control,
}

/// How an input is filled in.
#[derive(Debug, Clone)]
pub(crate) enum Control {
    Line {
        value: String,
        max: i64,
    },
    Paragraphs {
        value: String,
        max: i64,
        rows: usize,
    },
    Tick {
        checked: bool,
    },
    Day {
        value: String,
        min: String,
        max: String,
        /// That the day filled in is a day of rest, or one made up for; empty for others.
        note: String,
    },
    Minute {
        value: String,
        max: String,
    },
    Number {
        value: String,
        min: String,
        max: String,
    },
    /// One of a few, all in sight.
    Radios(Vec<Chosen>),
    /// One of many.
    List(Vec<Chosen>),
    Ticks(Vec<Chosen>),
    /// Found by typing.
    Pick {
        values: Vec<Picked>,
        url: &'static str,
    },
    Files {
        kept: Vec<Kept>,
        upload: String,
        away: String,
    },
    /// Articles of law, one a line, found by typing.
    Articles(Articles),
    Place(Place),
}

/// A place: two numbers, and a map on which they can be picked.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) east: String,
    pub(crate) north: String,
    /// The map of the division that is filled in or known, else of one's own.
    pub(crate) map: Option<Drawing>,
    /// The id of the input with the code of the division; empty when none is asked for.
    pub(crate) of: String,
}

/// An option and whether it is chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) id: String,
    pub(crate) words: String,
    pub(crate) ticked: bool,
}

/// What stands in a picker.
#[derive(Debug, Clone)]
pub(crate) struct Picked {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) code_name: String,
}

/// A file that is uploaded already.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) raw: String,
    pub(crate) name: String,
    pub(crate) size: String,
    pub(crate) sha256: String,
}

impl Input {
    /// Whether faults of that name are its own.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.field == name
    }

    /// Whether files go into it.
    pub(super) fn is_files(&self) -> bool {
        matches!(self.control, Control::Files { .. })
    }

    /// Whether it is a place to be picked on a map.
    pub(super) fn is_place(&self) -> bool {
        matches!(self.control, Control::Place(_))
    }

    /// Ids of what describes the input, for those who listen.
    pub(crate) fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.help.is_empty() {
            ids.push(format!("{}-h", self.id));
        }
        match &self.control {
            Control::Articles(_) => ids.push(format!("{}-l", self.id)),
            Control::Day { .. } => ids.push(format!("{}-d", self.id)),
            Control::Line { .. }
            | Control::Paragraphs { .. }
            | Control::Tick { .. }
            | Control::Minute { .. }
            | Control::Number { .. }
            | Control::Radios(_)
            | Control::List(_)
            | Control::Ticks(_)
            | Control::Pick { .. }
            | Control::Place(_)
            | Control::Files { .. } => {}
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-e", self.id));
        }
        ids.join(" ")
    }

    /// Whether it may always be left empty.
    pub(crate) fn is_optional(&self) -> bool {
        !self.required && self.condition.is_empty() && !self.is_tick()
    }

    /// Whether it is one box to be ticked, with its label behind it.
    pub(crate) fn is_tick(&self) -> bool {
        matches!(self.control, Control::Tick { .. })
    }

    /// How its options lie: in a row while they are few and short, in columns when they are many, under
    /// one another when they are sentences.
    pub(crate) fn layout(&self) -> &'static str {
        let options = match &self.control {
            Control::Radios(options) | Control::Ticks(options) => options,
            Control::Line { .. }
            | Control::Paragraphs { .. }
            | Control::Tick { .. }
            | Control::Day { .. }
            | Control::Minute { .. }
            | Control::Number { .. }
            | Control::List(_)
            | Control::Pick { .. }
            | Control::Place(_)
            | Control::Files { .. }
            | Control::Articles(_) => return "",
        };
        let longest = options.iter().map(|option| option.words.chars().count()).max().unwrap_or(0);
        let are_many = options.len() > RADIOS_MAX;
        match longest {
            0..=SHORT_CHARS if are_many => "columns",
            0..=SHORT_CHARS => "",
            _ if are_many && longest <= SENTENCE_CHARS => "columns wide",
            _ => "down",
        }
    }

    /// Whether it is drawn as a group of boxes under one legend.
    pub(crate) fn is_group(&self) -> bool {
        matches!(self.control, Control::Radios(_) | Control::Ticks(_) | Control::Place(_))
    }
}

/// Longest words of options that stand beside one another.
const SHORT_CHARS: usize = 8;
/// Longest words of options that still stand in columns.
const SENTENCE_CHARS: usize = 32;
/// Most options that are all in sight.
const RADIOS_MAX: usize = 6;

/// The inputs of an action, required ones first as the file lists them.
pub(super) fn inputs(
    look: &Look<'_>,
    room: Option<&Room>,
    procedure: &Procedure,
    action: &Action,
    filled: &Filled,
    faults: &[FieldError],
) -> Vec<Input> {
    let mut fields: Vec<&Field> = Vec::new();
    for field in action.fields().filter_map(|id| procedure.field(id)) {
        // The day by whose law articles are cited is asked first.
        let days = field.law_on.iter().chain(&field.conduct_on);
        let asked = days.filter(|day| action.fields().any(|id| id == *day));
        for field in asked.filter_map(|day| procedure.field(day)).chain([field]) {
            if !fields.iter().any(|known| known.id == field.id) {
                fields.push(field);
            }
        }
    }
    fields
        .into_iter()
        .map(|field| input(look, room, procedure, action, field, filled, faults))
        .collect()
}

fn input(
    look: &Look<'_>,
    room: Option<&Room>,
    procedure: &Procedure,
    action: &Action,
    field: &Field,
    filled: &Filled,
    faults: &[FieldError],
) -> Input {
    let needed = Needed::of(look, procedure, action, field);
    let asked = action.input.contains(&field.id);
    Input {
        id: format!("f-{}", field.id),
        field: field.id.clone(),
        name: format!("{FIELD}{}", field.id),
        label: look.of(&field.label),
        help: [look.of(&field.help), needed.why].join(" ").trim().to_owned(),
        cite: look.cite(&field.basis),
        // A box left empty says no; that is an answer.
        required: asked && field.kind != FieldKind::Boolean,
        condition: needed.when,
        error: fault(look, faults, &field.id),
        control: control(look, room, (procedure, action), field, filled),
    }
}

fn control(
    look: &Look<'_>,
    room: Option<&Room>,
    (procedure, action): (&Procedure, &Action),
    field: &Field,
    filled: &Filled,
) -> Control {
    let given = filled.input.get(&field.id).map_or(&[][..], Vec::as_slice);
    let value = Filled::first(&filled.input, &field.id).to_owned();
    let options = || -> Vec<Chosen> {
        let options = field.options.iter();
        options
            .map(|option| Chosen {
                id: option.id.clone(),
                words: look.of(&option.words),
                ticked: given.contains(&option.id),
            })
            .collect()
    };
    let number = |number: Option<i64>| number.map(|one| one.to_string()).unwrap_or_default();
    match field.kind {
        FieldKind::Text => Control::Line { value, max: field.chars_max() },
        FieldKind::Point => Control::Place(place(look, room, (procedure, action), given, filled)),
        FieldKind::LongText => {
            let max = field.chars_max();
            let rows = (value.lines().count() + 1).clamp(4, 14);
            Control::Paragraphs { value, max, rows }
        }
        FieldKind::Boolean => {
            Control::Tick { checked: matches!(value.trim(), "true" | "on" | "1" | "yes") }
        }
        FieldKind::Date => {
            let bound = |bound: &Option<Bound>| match bound {
                Some(Bound::Day(day)) => Some(*day),
                Some(Bound::Field(other)) => room?.matter().fields.get(other)?.day(),
                None => None,
            };
            let earliest = bound(&field.not_before);
            let today = (!field.future).then(|| look.today());
            let last = [bound(&field.not_after), today].into_iter().flatten().min();
            let written = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let day = value.trim().parse().ok();
            let note = day.and_then(|day| look.rules.calendar().day_words(day));
            Control::Day {
                note: note.map(|words| look.of(&words)).unwrap_or_default(),
                value,
                min: written(earliest),
                max: written(last),
            }
        }
        FieldKind::Instant => Control::Minute {
            value: value.chars().take(16).collect(),
            max: if field.future { String::new() } else { format!("{}T23:59", look.today()) },
        },
        FieldKind::Integer => Control::Number {
            value,
            min: number(Some(field.min.unwrap_or(0))),
            max: number(field.max),
        },
        FieldKind::Choice if field.options.len() <= RADIOS_MAX => Control::Radios(options()),
        FieldKind::Choice => Control::List(options()),
        FieldKind::Choices => Control::Ticks(options()),
        FieldKind::Unit => Control::Pick {
            values: vec![picked(look, &format!("f-{}", field.id), &field.id, &value)],
            url: "/units/suggest",
        },
        FieldKind::Division => Control::Pick {
            values: vec![picked(look, &format!("f-{}", field.id), &field.id, &value)],
            url: "/divisions/suggest",
        },
        FieldKind::Articles => {
            Control::Articles(Articles::of(look, room.map(Room::matter), field, filled))
        }
        FieldKind::Files => Control::Files {
            kept: given.iter().filter_map(|raw| kept(raw)).collect(),
            upload: format!("{UPLOAD}{}", field.id),
            away: format!("{AWAY}{}", field.id),
        },
    }
}

/// The two numbers of a place as they were given, and the map they lie on.
fn place(
    look: &Look<'_>,
    room: Option<&Room>,
    (procedure, action): (&Procedure, &Action),
    given: &[String],
    filled: &Filled,
) -> Place {
    let (east, north) = match given {
        [both] => both.split_once([',', '，']).unwrap_or((both, "")),
        [east, north, ..] => (east.as_str(), north.as_str()),
        [] => ("", ""),
    };
    let divisions = || procedure.fields.iter().filter(|one| one.kind == FieldKind::Division);
    let asked = divisions().find(|one| action.fields().any(|id| *id == one.id));
    let written = asked.and_then(|one| {
        let text = Filled::first(&filled.input, &one.id);
        let codes = filled.codes.get(&format!("{CODE}{}", one.id));
        let code = codes.and_then(|codes| codes.first()).filter(|code| !code.is_empty());
        let all = store::division::divisions();
        all.find(code.map_or(text, String::as_str)).map(|division| division.code.clone())
    });
    let held = || {
        divisions().find_map(|one| match room?.matter().fields.get(&one.id) {
            Some(Value::Division(code)) => Some(code.clone()),
            _ => None,
        })
    };
    let own = || look.directory.get(look.scope.unit).map(|unit| unit.division_code.clone());
    let code = written.or_else(held).or_else(own).unwrap_or_default();
    Place {
        east: east.trim().to_owned(),
        north: north.trim().to_owned(),
        map: picking(look.language, &code),
        of: asked.map(|one| format!("f-{}-c", one.id)).unwrap_or_default(),
    }
}

/// A code is shown by its name; what was typed stays as it was typed.
fn picked(look: &Look<'_>, id: &str, code_name: &str, value: &str) -> Picked {
    let unit = look.directory.by_code(value).map(|unit| unit.name.clone());
    let division = || store::division::divisions().get(value).map(|one| one.full_name.clone());
    let name = if value.trim().is_empty() { None } else { unit.or_else(division) };
    Picked {
        id: id.to_owned(),
        code: if name.is_some() { value.to_owned() } else { String::new() },
        text: name.unwrap_or_else(|| value.to_owned()),
        code_name: format!("{CODE}{code_name}"),
    }
}

fn kept(raw: &str) -> Option<Kept> {
    let mut parts = raw.splitn(3, '|');
    let (sha256, size, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Kept {
        raw: raw.to_owned(),
        name: name.to_owned(),
        size: size_words(size.parse().unwrap_or(0)),
        sha256: sha256.to_owned(),
    })
}

/// The units that must be named when a matter is opened.
pub(super) fn parties(
    look: &Look<'_>,
    procedure: &Procedure,
    filled: &Filled,
    faults: &[FieldError],
) -> Vec<Input> {
    let opener = procedure.open.by.first();
    let asked = procedure
        .parties
        .values()
        .filter(|party| Some(&party.id) != opener && party.from.is_none());
    asked.map(|party| party_input(look, party, filled, faults)).collect()
}

/// Empty inputs offered beside those filled in, where several units may be named.
const MORE_UNITS: usize = 2;

fn party_input(look: &Look<'_>, party: &Party, filled: &Filled, faults: &[FieldError]) -> Input {
    let name = format!("{PARTY}{}", party.id);
    let given = filled.parties.get(&party.id).map_or(&[][..], Vec::as_slice);
    let mut texts: Vec<&str> =
        given.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    let more = if party.many { MORE_UNITS } else { usize::from(texts.is_empty()) };
    texts.extend(std::iter::repeat_n("", more));
    let values = texts
        .iter()
        .enumerate()
        .map(|(place, text)| {
            let id = if place == 0 {
                format!("f-party-{}", party.id)
            } else {
                format!("f-party-{}-{place}", party.id)
            };
            picked(look, &id, &name, text)
        })
        .collect();
    let side = match party.side {
        Some(Side::Government) => "form.side-government",
        Some(Side::Procuratorate) => "form.side-procuratorate",
        Some(Side::Court) => "form.side-court",
        None => "form.side-any",
    };
    let url = match party.side {
        Some(Side::Government) => "/units/suggest?side=government",
        Some(Side::Procuratorate) => "/units/suggest?side=procuratorate",
        Some(Side::Court) => "/units/suggest?side=court",
        None => "/units/suggest",
    };
    let many = if party.many { look.say("form.many-units") } else { String::new() };
    Input {
        id: format!("f-party-{}", party.id),
        field: name.clone(),
        label: look.of(&party.name),
        help: format!("{}{many}", look.say(side)),
        cite: String::new(),
        required: !party.optional,
        condition: String::new(),
        error: fault(look, faults, &name),
        control: Control::Pick { values, url },
        name,
    }
}

/// What is wrong with a field; empty when nothing is.
pub(super) fn fault(look: &Look<'_>, faults: &[FieldError], field: &str) -> String {
    let mine = faults.iter().filter(|fault| fault.field == field);
    mine.map(|fault| look.of(&fault.words)).collect::<Vec<_>>().join(look.comma())
}

/// What stands already in a letter in the making: fields of a document not yet made, or made anew by this
/// act, are taken up where they were left; everything else is written anew each time.
pub(super) fn in_the_making(room: &Room, procedure: &Procedure, action: &Action) -> Filled {
    let matter = room.matter();
    let made = |kind: &str| matter.documents.iter().any(|made| made.kind == kind);
    let is_open = |kind: &String| !made(kind) || action.documents.contains(kind);
    let letters = procedure.documents.iter().filter(|document| is_open(&document.id));
    let open: Vec<&String> =
        letters.flat_map(|document| document.contents.iter().chain(&document.number)).collect();
    // The day by whose law they were cited belongs to the articles.
    let articles = open.iter().filter_map(|id| procedure.field(id));
    let days: Vec<&String> =
        articles.flat_map(|field| field.law_on.iter().chain(&field.conduct_on)).collect();
    let mut filled = Filled::default();
    for id in action.fields().filter(|id| open.contains(id) || days.contains(id)) {
        if let Some(value) = matter.fields.get(id) {
            filled.input.insert(id.clone(), raw(value));
        }
    }
    filled
}

/// The units that usually stand in fields still empty: those of a party of the matter, or of the nearest
/// one above that has it. One with whom the act would be refused is left out.
pub(super) fn usual(
    filled: &mut Filled,
    look: &Look<'_>,
    room: &Room,
    procedure: &Procedure,
    action: &Action,
) {
    let (whole, matter) = (&room.sight.whole, room.matter());
    for id in action.fields().filter(|id| !filled.input.contains_key(*id)).collect::<Vec<_>>() {
        let party = procedure.field(id).and_then(|field| field.usually.as_ref());
        let Some(party) = party else { continue };
        let above = |matter: &&Matter| matter.parent.as_ref().and_then(|id| whole.get(id));
        let mut chain = std::iter::successors(Some(matter), above);
        let Some([unit]) = chain.find_map(|one| match one.party(party) {
            [] => None,
            units => Some(units),
        }) else {
            continue;
        };
        let mut with_it = whole.get(&matter.id).unwrap_or(matter).clone();
        with_it.fields.insert(id.clone(), Value::Unit(*unit));
        let speaks_of_it = |must: &Guard| {
            let mut found = false;
            must.terms(&mut |term| found |= term.field() == Some(id));
            found
        };
        let mut about = action.guards.iter().filter(|one| speaks_of_it(&one.must));
        if about.all(|one| one.must.holds(&with_it, whole, look.today())) {
            let code = look.directory.get(*unit).filter(|unit| unit.active);
            filled.input.extend(code.map(|unit| (id.clone(), vec![unit.code.clone()])));
        }
    }
}

/// What the matter above says already, in fields of the same name and kind: nobody enters it twice.
pub(super) fn from_parent(room: &Room, procedure: &Procedure) -> Filled {
    let mut filled = Filled::default();
    let Ok(above) = room.procedure() else { return filled };
    for id in procedure.open.fields() {
        let (here, there) = (procedure.field(id), above.field(id));
        let alike = here.zip(there).is_some_and(|(here, there)| {
            here.kind == there.kind && here.kind != FieldKind::Files && here.tier == there.tier
        });
        if let Some(value) = room.matter().fields.get(id).filter(|_| alike) {
            filled.input.insert(id.clone(), raw(value));
        }
    }
    filled
}

/// A value as a form would send it.
pub(super) fn raw(value: &Value) -> Vec<String> {
    match value {
        Value::Boolean(truth) => vec![truth.to_string()],
        Value::Integer(number) => vec![number.to_string()],
        Value::Text(text) | Value::Division(text) => vec![text.clone()],
        Value::Choices(many) => many.clone(),
        Value::Date(day) => vec![day.to_string()],
        Value::Instant(at) => {
            vec![calendar::SHANGHAI.to_datetime(*at).strftime("%Y-%m-%dT%H:%M").to_string()]
        }
        Value::Unit(unit) => vec![unit.to_string()],
        Value::Point(point) => {
            vec![format!("{},{}", degrees(point.longitude_e6), degrees(point.latitude_e6))]
        }
        Value::Files(files) => files
            .iter()
            .map(|file| format!("{}|{}|{}", file.sha256, file.size_bytes, file.name))
            .collect(),
        Value::Articles(_) => value.written(),
    }
}
