//! Limits of law, and when a period ends: what `liandong deadline` answers.

use axum::extract::{Path, State};
use calendar::{
    Citation, Counted, Deadline, Extension, Law, Limit, LimitVersion, Trigger, Words,
    excluded_between,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use procedure::Rules;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::body::{Faults, Json, Members};
use super::caller::Caller;
use super::query::Asked;
use super::view::{Bilingual, Day, Moment, Named};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::message::Language;

/// Most stretches of excluded time, and most extensions, of one question.
const STRETCHES_MAX: usize = 100;

/// A limit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LimitView {
    /// Its id.
    id: String,
    /// What is to be done.
    name: Bilingual,
    /// Who must do it.
    actor: Named,
    /// What sets the period running.
    trigger: Bilingual,
    /// What follows when it is not met.
    lapse: Option<Bilingual>,
    /// Time that does not count.
    exclusions: Option<Bilingual>,
    /// The limit that applied before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The limit that applies after.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Its versions.
    versions: Vec<VersionView>,
}

/// A limit as it stood between two days.
#[derive(Debug, Serialize, JsonSchema)]
struct VersionView {
    /// First day in force.
    from: Day,
    /// Last day in force; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// The period in words; absent where the law names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Bilingual>,
    /// How it is counted.
    counting: Bilingual,
    /// Whether the number is the project's own.
    internal: bool,
    /// Extensions the law knows.
    extensions: Vec<ExtensionView>,
    /// How well the text has been checked: `V`, `V~`, `FM` or `D`.
    verified: String,
    /// Articles.
    basis: Vec<CitationView>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Bilingual>,
}

/// An extension the law allows.
#[derive(Debug, Serialize, JsonSchema)]
struct ExtensionView {
    /// The most that may be granted at once; absent when the law names no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u32>,
    /// Its unit in words.
    unit: Bilingual,
    /// Who approves it.
    approver: Named,
    /// When it may be granted.
    words: Bilingual,
}

/// An article.
#[derive(Debug, Serialize, JsonSchema)]
struct CitationView {
    /// Code of the instrument.
    instrument: String,
    /// The article.
    article: String,
    /// In full, Chinese.
    zh: String,
    /// In full, English.
    en: String,
}

impl From<&Citation> for CitationView {
    fn from(citation: &Citation) -> Self {
        Self {
            instrument: citation.instrument.clone(),
            article: citation.article.clone(),
            zh: citation.words.zh.clone(),
            en: citation.words.en.clone(),
        }
    }
}

/// The end of a period, and how it was reached.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeadlineView {
    /// The limit; empty for a day people agreed on.
    limit: String,
    /// The version that applied, by the day it came into force.
    version: Day,
    /// What set the period running.
    start: Moment,
    /// The end by mere counting.
    raw: Moment,
    /// The last day, or the last instant, in time.
    due: Moment,
    /// Only where the unit of "day" is unclear: the last day if working days are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_tolerant: Option<Day>,
    /// Only for minimum periods: the first day on which one may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    may_act_from: Option<Day>,
    /// It looks at a year whose holidays are not published.
    provisional: bool,
    /// The number is the project's own.
    internal: bool,
    /// The way from the start to the end.
    steps: Vec<StepView>,
    /// Articles.
    basis: Vec<CitationView>,
}

/// One step of the counting.
#[derive(Debug, Serialize, JsonSchema)]
struct StepView {
    /// What was done and why, Chinese.
    zh: String,
    /// What was done and why, English.
    en: String,
    /// The day or instant reached.
    date: Moment,
}

impl From<&Deadline> for DeadlineView {
    fn from(deadline: &Deadline) -> Self {
        let step = |step: &calendar::Step| StepView {
            zh: step.words.zh.clone(),
            en: step.words.en.clone(),
            date: step.date.into(),
        };
        Self {
            limit: deadline.limit.clone(),
            version: deadline.version.into(),
            start: deadline.start.into(),
            raw: deadline.raw.into(),
            due: deadline.due.into(),
            due_tolerant: deadline.due_tolerant.map(Day::from),
            may_act_from: deadline.may_act_from.map(Day::from),
            provisional: deadline.provisional,
            internal: deadline.internal,
            steps: deadline.steps.iter().map(step).collect(),
            basis: deadline.basis.iter().map(CitationView::from).collect(),
        }
    }
}

/// `GET /limits`.
pub(super) async fn list(State(house): State<House>, _: Caller) -> Json<Vec<LimitView>> {
    let rules = house.store.rules();
    Json(rules.law().limits().map(|limit| view(rules.law(), limit)).collect())
}

/// `GET /limits/{limit}`.
pub(super) async fn show(
    State(house): State<House>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<LimitView>, WebError> {
    let rules = house.store.rules();
    let limit = rules.law().limit(&id).ok_or(WebError::NotFound)?;
    Ok(Json(view(rules.law(), limit)))
}

fn view(law: &Law, limit: &Limit) -> LimitView {
    LimitView {
        id: limit.id.clone(),
        name: (&limit.name).into(),
        actor: Named::new(&limit.actor, law.actor(&limit.actor)),
        trigger: (&limit.trigger).into(),
        lapse: Bilingual::given(&limit.lapse),
        exclusions: Bilingual::given(&limit.exclusions),
        before: limit.before.clone(),
        after: limit.after.clone(),
        versions: limit.versions.iter().map(|version| version_view(law, version)).collect(),
    }
}

fn version_view(law: &Law, version: &LimitVersion) -> VersionView {
    let own = version.suggested.and_then(|own| Some(own.counting.unit()?.words(own.number)));
    let period = version.number.zip(version.unit).map(|(number, unit)| unit.words(number)).or(own);
    let extension = |rule: &calendar::ExtensionRule| ExtensionView {
        most: rule.number,
        unit: Bilingual::from(&rule.unit.words(rule.number.unwrap_or(1))),
        approver: Named::new(&rule.approver, law.actor(&rule.approver)),
        words: (&rule.words).into(),
    };
    VersionView {
        from: version.from.into(),
        until: version.until.map(Day::from),
        period: period.as_ref().map(Bilingual::from),
        counting: Bilingual::from(&version.counting.words()),
        internal: version.is_internal(),
        extensions: version.extensions.iter().map(extension).collect(),
        verified: version.verified.code().to_owned(),
        basis: version.sources.iter().map(CitationView::from).collect(),
        note: Bilingual::given(&version.note),
    }
}

/// `GET /deadlines?limit=…&from=…`.
pub(super) async fn deadline_asked(
    State(house): State<House>,
    _: Caller,
    query: Query,
) -> Result<Json<DeadlineView>, WebError> {
    let mut asked = Asked::of(query);
    let mut question = Question {
        limit: asked.text("limit").unwrap_or_default(),
        from: asked.text("from").unwrap_or_default(),
        as_of: asked.day("as_of"),
        ..Question::default()
    };
    let given = asked.fields().clone();
    for text in given.all("exclude") {
        match text.split_once("..") {
            Some((from, until)) => question.exclude.push((from.to_owned(), until.to_owned())),
            None => asked.faults().tell("exclude", "api.want-stretch", &[]),
        }
    }
    for text in given.all("extend") {
        match text.parse() {
            Ok(number) => question.extend.push(number),
            Err(_) => asked.faults().tell("extend", "api.want-number", &[]),
        }
    }
    let faults = std::mem::take(asked.faults());
    question.answer(&house.store.rules(), faults)
}

/// `POST /deadlines`.
pub(super) async fn deadline_sent(
    State(house): State<House>,
    _: Caller,
    mut members: Members,
) -> Result<Json<DeadlineView>, WebError> {
    let mut question = Question {
        limit: members.needed_text("limit"),
        from: members.needed_text("from"),
        ..Question::default()
    };
    if let Some(text) = members.text("as_of") {
        match text.parse().ok().filter(|_| text.len() == 10) {
            Some(day) => question.as_of = Some(day),
            None => members.faults().tell("as_of", "api.want-day", &[("given", &text)]),
        }
    }
    for stretch in members.array("exclude") {
        let text = |name: &str| Some(stretch.get(name)?.as_str()?.to_owned());
        let is_ours = stretch.as_object().is_some_and(|object| object.len() == 2);
        match text("from").zip(text("until")).filter(|_| is_ours) {
            Some(stretch) => question.exclude.push(stretch),
            None => members.wrong("exclude", "api.want-stretch"),
        }
    }
    for number in members.array("extend") {
        match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) => question.extend.push(number),
            None => members.wrong("extend", "api.want-number"),
        }
    }
    question.answer(&house.store.rules(), members.into_faults())
}

/// When a period ends: what was asked, as text.
#[derive(Debug, Default)]
struct Question {
    limit: String,
    from: String,
    exclude: Vec<(String, String)>,
    extend: Vec<u32>,
    as_of: Option<Date>,
}

impl Question {
    fn answer(self, rules: &Rules, mut faults: Faults) -> Result<Json<DeadlineView>, WebError> {
        let deadline = self.count(rules, &mut faults);
        faults.finish()?;
        let deadline = deadline.ok_or_else(|| WebError::internal("no deadline and no fault"))?;
        Ok(Json(DeadlineView::from(&deadline)))
    }

    /// The end; none when a fault was told.
    fn count(&self, rules: &Rules, faults: &mut Faults) -> Option<Deadline> {
        if self.exclude.len() > STRETCHES_MAX || self.extend.len() > STRETCHES_MAX {
            let field = if self.extend.len() > STRETCHES_MAX { "extend" } else { "exclude" };
            faults.tell(field, "api.too-many-values", &[("most", &STRETCHES_MAX)]);
            return None;
        }
        let law = rules.law();
        let trigger = trigger(&self.from);
        if trigger.is_none() {
            faults.tell("from", "api.want-moment", &[("given", &self.from)]);
        }
        let mut excluded = Vec::new();
        for (from, until) in &self.exclude {
            match (day(from), day(until)) {
                (Some(from), Some(until)) => match excluded_between(from, until) {
                    Ok(days) => excluded.extend(days),
                    Err(error) => faults.push("exclude", error.words()),
                },
                _ => faults.tell("exclude", "api.want-stretch", &[]),
            }
        }
        let on = self.as_of.or(trigger.map(Trigger::date)).unwrap_or(Date::ZERO);
        let version = match law.version_on(&self.limit, on) {
            Ok(version) => version,
            Err(refused) => {
                if law.limit(&self.limit).is_none() {
                    let ids = law.limits().map(|limit| limit.id.as_str());
                    faults.unknown("limit", &self.limit, ids);
                } else if trigger.is_some() {
                    // Without a day nothing can be said of versions.
                    faults.push("limit", refused.words());
                }
                return None;
            }
        };
        let mut extensions: Vec<Extension> = Vec::new();
        for number in &self.extend {
            match version.extension(*number) {
                Ok(extension) => extensions.push(extension),
                Err(error) => faults.push("extend", error.words()),
            }
        }
        let trigger = trigger?;
        let counted = Counted { version, trigger, excluded: &excluded, extensions: &extensions };
        match rules.calendar().deadline(&counted) {
            Ok(deadline) => Some(deadline),
            Err(error) => {
                let words: Words = error.words();
                faults.push("from", words);
                None
            }
        }
    }
}

fn day(text: &str) -> Option<Date> {
    text.trim().parse().ok().filter(|_| text.trim().len() == 10)
}

/// A day, or a moment: Asia/Shanghai unless it carries an offset.
fn trigger(text: &str) -> Option<Trigger> {
    let text = text.trim();
    if let Some(day) = day(text) {
        return Some(Trigger::Day(day));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Trigger::Instant(at));
    }
    let local = text.parse::<DateTime>().ok().filter(|_| text.contains(':'))?;
    calendar::SHANGHAI.to_timestamp(local).ok().map(Trigger::Instant)
}

/// The body of a question.
pub(super) fn deadline_schema(rules: &Rules, language: Language) -> Value {
    let ids: Vec<&str> = rules.law().limits().map(|limit| limit.id.as_str()).collect();
    let say = |name: &str| json!(language.say(&format!("api.parameter.{name}")));
    let day = || json!({ "type": "string", "format": "date" });
    json!({
        "type": "object",
        "properties": {
            "limit": { "type": "string", "enum": ids, "description": say("limit") },
            "from": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$",
                "description": say("from"),
            },
            "exclude": {
                "type": "array",
                "description": say("exclude"),
                "maxItems": STRETCHES_MAX,
                "items": {
                    "type": "object",
                    "properties": { "from": day(), "until": day() },
                    "required": ["from", "until"],
                    "additionalProperties": false,
                },
            },
            "extend": {
                "type": "array",
                "description": say("extend"),
                "maxItems": STRETCHES_MAX,
                "items": { "type": "integer", "minimum": 1 },
            },
            "as_of": { "type": "string", "format": "date", "description": say("as-of") },
        },
        "required": ["limit", "from"],
        "additionalProperties": false,
    })
}
