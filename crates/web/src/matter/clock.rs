//! Clocks of a matter: what is owed by whom until when, and how that day was reached.

use calendar::Verified;
use jiff::Timestamp;
use procedure::Matter;
use procedure::definition::ObligationKind;
use procedure::matter::{Obligation, Source, Standing};

use super::look::{Look, trigger};
use crate::parts::mark::{Clock as Running, Light, days_between, end, minute};
use crate::shell::weekday;

/// An obligation as one row.
#[derive(Debug, Clone)]
pub(crate) struct Owed {
    pub(crate) number: u32,
    pub(crate) name: String,
    /// The article, or where the day was stated.
    pub(crate) under: String,
    pub(crate) debtor: String,
    pub(crate) creditor: String,
    /// Time that must pass rather than an act owed.
    pub(crate) is_period: bool,
    pub(crate) from: String,
    pub(crate) due: String,
    pub(crate) light: Light,
    /// The end looks into a year whose holidays are not published.
    pub(crate) provisional: bool,
    /// When it was last urged; empty when never.
    pub(crate) urged: String,
    /// Whether the reader's unit may urge now.
    pub(crate) may_urge: bool,
    pub(crate) explain: Explain,
}

/// The running clock beside the page.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) owed: Owed,
    /// Days gone by and days in all, while both mean something.
    pub(crate) span: Option<Span>,
    /// The same in words; empty when it means nothing.
    pub(crate) span_words: String,
}

/// How far a period has run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) gone_days: i64,
    pub(crate) whole_days: i64,
}

impl Owed {
    /// Who owes it to whom; one name where both are one unit.
    pub(crate) fn between(&self) -> String {
        if self.debtor == self.creditor {
            self.debtor.clone()
        } else {
            format!("{} → {}", self.debtor, self.creditor)
        }
    }
}

/// How an end was reached.
#[derive(Debug, Clone)]
pub(crate) struct Explain {
    /// The rule's name and number; empty for a stated day.
    pub(crate) rule: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) articles: Vec<String>,
    /// What must be known beside: provisional, to be checked, another reading.
    pub(crate) notes: Vec<Note>,
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) date: String,
    pub(crate) weekday: String,
    pub(crate) words: String,
    pub(crate) is_result: bool,
}

/// A remark on an end.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// A mark of one or two words; may be empty.
    pub(crate) mark: String,
    pub(crate) words: String,
}

/// Every obligation of a matter, the open ones first by their ends, then the settled, newest first.
pub(crate) fn obligations(look: &Look<'_>, matter: &Matter) -> Vec<Owed> {
    let mut owed: Vec<&Obligation> = matter.obligations.iter().collect();
    owed.sort_by_key(|owed| {
        let settled = if owed.is_open() { 0 } else { u32::MAX - owed.number };
        (settled, owed.ends_at(), owed.number)
    });
    owed.into_iter().map(|owed| row(look, matter, owed)).collect()
}

/// The clocks that matter now: every open one; what the reader's unit owes first, then what is owed to
/// it, then the rest; obligations before mere periods, soonest first.
pub(crate) fn clocks(look: &Look<'_>, matter: &Matter) -> Vec<Clock> {
    let mut open: Vec<&Obligation> =
        matter.obligations.iter().filter(|owed| owed.is_open()).collect();
    let us = look.scope.unit;
    open.sort_by_key(|owed| {
        let others = (owed.debtor != us, owed.creditor != us);
        (owed.nature == ObligationKind::Period, others, owed.ends_at(), owed.number)
    });
    open.into_iter()
        .map(|owed| {
            let span = span(look.now, owed);
            let words = |span: Span| {
                let (gone, whole) = (span.gone_days, span.whole_days);
                look.fill("matter.clock.span", &[("gone", &gone), ("whole", &whole)])
            };
            let span_words = span.map(words).unwrap_or_default();
            Clock { owed: row(look, matter, owed), span, span_words }
        })
        .collect()
}

/// The open obligation that ends first, of a whole matter.
pub(crate) fn next_light(look: &Look<'_>, matter: &Matter) -> Option<Light> {
    let open = matter
        .obligations
        .iter()
        .filter(|owed| owed.is_open() && owed.nature == ObligationKind::Obligation);
    open.min_by_key(|owed| owed.ends_at()).map(|owed| light(look, owed))
}

/// One obligation of a matter.
pub(crate) fn row(look: &Look<'_>, matter: &Matter, owed: &Obligation) -> Owed {
    let explain = explain(look, matter, owed);
    let under = match &owed.source {
        Source::Limit { .. } => explain.articles.first().cloned().unwrap_or_default(),
        Source::Stated { .. } => look.say("matter.clock.stated"),
    };
    Owed {
        number: owed.number,
        name: look.obligation(matter, &owed.kind),
        under,
        debtor: look.unit_short(owed.debtor),
        creditor: look.unit_short(owed.creditor),
        is_period: owed.nature == ObligationKind::Period,
        from: trigger(owed.trigger, owed.due),
        due: end(owed.due),
        light: light(look, owed),
        provisional: owed.provisional && owed.is_open(),
        urged: owed.urged_at.map(minute).unwrap_or_default(),
        may_urge: may_urge(look, owed),
        explain,
    }
}

/// Whether the reader's unit may urge now; the rules decide again when it does.
fn may_urge(look: &Look<'_>, owed: &Obligation) -> bool {
    let today = look.today();
    owed.creditor == look.scope.unit
        && owed.debtor != look.scope.unit
        && owed.is_open()
        && owed.nature == ObligationKind::Obligation
        && owed.urged_at.is_none_or(|at| calendar::local_date(at) != today)
}

/// How a clock stands, in a colour and a word.
pub(crate) fn light(look: &Look<'_>, owed: &Obligation) -> Light {
    let on = |at: Option<Timestamp>| at.map(super::look::day).unwrap_or_default();
    let is_period = owed.nature == ObligationKind::Period;
    let over = is_period && owed.due.is_over(look.now);
    match owed.standing() {
        Standing::Met => {
            Light::plain("done", look.fill("matter.light.met", &[("day", &on(owed.met_at))]))
        }
        Standing::MetLate => {
            Light::plain("late", look.fill("matter.light.met-late", &[("day", &on(owed.met_at))]))
        }
        Standing::Ended => Light::plain("done", look.say("matter.light.ended")),
        Standing::Suspended => {
            let since = owed.suspended_on.map(|day| day.to_string()).unwrap_or_default();
            Light::plain("paused", look.fill("matter.light.paused", &[("day", &since)]))
        }
        Standing::Lapsed | Standing::Running if over => {
            Light::plain("done", look.say("matter.light.over"))
        }
        Standing::Running | Standing::Lapsed => {
            // That the end is provisional stands beside it; the days left are told all the same.
            let clock = Running { due: owed.due, provisional: false, suspended: false };
            Light::of(clock, look.now, look.language)
        }
    }
}

fn span(now: Timestamp, owed: &Obligation) -> Option<Span> {
    let (from, to, today) = (owed.trigger.date(), owed.due.date(), calendar::local_date(now));
    let whole_days = days_between(from, to);
    let gone_days = days_between(from, today).clamp(0, whole_days.max(0));
    let runs = owed.is_running() && whole_days > 0;
    runs.then_some(Span { gone_days, whole_days })
}

/// How the end of an obligation was reached.
pub(crate) fn explain(look: &Look<'_>, matter: &Matter, owed: &Obligation) -> Explain {
    let Some(deadline) = procedure::decide::explain(look.rules, matter, owed) else {
        let articles = Vec::new();
        return Explain { rule: String::new(), steps: Vec::new(), articles, notes: Vec::new() };
    };
    let mut steps: Vec<_> = deadline
        .steps
        .iter()
        .map(|step| Step {
            date: end(step.date),
            weekday: weekday(look.language, step.date.date().weekday()).to_owned(),
            words: look.of(&step.words),
            is_result: false,
        })
        .collect();
    steps.push(Step {
        date: end(owed.due),
        weekday: weekday(look.language, owed.due.date().weekday()).to_owned(),
        words: look.say("matter.clock.result"),
        is_result: true,
    });
    let law = look.rules.law();
    let articles = deadline
        .basis
        .iter()
        .filter(|article| law.not_in_force(&article.instrument, deadline.start.date()).is_none())
        .map(|article| look.of(&article.words))
        .collect();
    let mut explain = Explain { rule: String::new(), steps, articles, notes: Vec::new() };
    explain.note_rule(look, owed);
    explain.note_stops(look, owed);
    if deadline.provisional {
        let year = deadline.due.date().year();
        let words = look.fill("matter.clock.provisional", &[("year", &year)]);
        explain.notes.push(Note { mark: look.say("matter.clock.provisional-mark"), words });
    }
    if let Some(day) = deadline.due_tolerant {
        let words = look.fill("matter.clock.tolerant", &[("day", &day)]);
        explain.notes.push(Note { mark: look.say("matter.clock.tolerant-mark"), words });
    }
    if let Some(day) = deadline.may_act_from {
        let words = look.fill("matter.clock.act-from", &[("day", &day)]);
        explain.notes.push(Note { mark: String::new(), words });
    }
    explain
}

impl Explain {
    /// The rule's name, its number, and how well its text has been checked.
    fn note_rule(&mut self, look: &Look<'_>, owed: &Obligation) {
        let Source::Limit { limit, version } = &owed.source else {
            return;
        };
        let law = look.rules.law();
        let Ok(rule) = law.version_on(limit, owed.trigger.date()) else { return };
        let number = match (rule.number, rule.unit, rule.suggested) {
            (Some(number), Some(unit), _) => look.of(&unit.words(number)),
            (_, _, Some(own)) => own
                .counting
                .unit()
                .map_or_else(String::new, |unit| look.of(&unit.words(own.number))),
            (_, _, None) => String::new(),
        };
        self.rule = look.fill(
            "matter.clock.rule",
            &[("name", &look.of(&rule.name)), ("number", &number), ("from", version)],
        );
        let note = match rule.verified {
            Verified::Read => None,
            Verified::PartlyRead => Some("matter.clock.partly-checked"),
            Verified::FromMemory => Some("matter.clock.unchecked"),
            Verified::Decision => Some("matter.clock.decision"),
        };
        if let Some(key) = note {
            let mark = look.of(&rule.verified.words());
            self.notes.push(Note { mark, words: look.say(key) });
        } else if rule.is_internal() {
            let mark = look.of(&Verified::Decision.words());
            self.notes.push(Note { mark, words: look.say("matter.clock.decision") });
        }
        if !rule.note.is_empty() {
            self.notes.push(Note { mark: String::new(), words: look.of(&rule.note) });
        }
        if let Some(limit) = law.limit(limit)
            && owed.nature == ObligationKind::Obligation
            && !limit.lapse.is_empty()
        {
            let words = look.of(&limit.lapse);
            self.notes.push(Note { mark: look.say("matter.clock.lapse-mark"), words });
        }
    }

    /// That the clock never stopped and was never extended, or that it stands still.
    fn note_stops(&mut self, look: &Look<'_>, owed: &Obligation) {
        let words = match owed.suspended_on {
            Some(day) => look.fill("matter.clock.stands", &[("day", &day)]),
            None if owed.excluded.is_empty() && owed.extensions.is_empty() => {
                look.say("matter.clock.undisturbed")
            }
            None => return,
        };
        self.notes.push(Note { mark: String::new(), words });
    }
}
