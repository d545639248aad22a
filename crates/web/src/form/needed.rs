//! When a field must be filled in, in words, where that depends on what else is filled in.

use procedure::Value;
use procedure::definition::{Action, Field, Procedure};
use procedure::guard::{Comparison, Guard, Question, Term};

use crate::matter::look::Look;
use crate::matter::value::words;

/// When a field must be filled in.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Said beside the label: 勾选“情况紧急”时必填; empty when it always or never is.
    pub(super) when: String,
    /// Said below it where the condition cannot be put so briefly: what the rules would answer.
    pub(super) why: String,
}

impl Needed {
    pub(super) fn of(
        look: &Look<'_>,
        procedure: &Procedure,
        action: &Action,
        field: &Field,
    ) -> Self {
        if !action.optional.contains(&field.id) {
            return Self::default();
        }
        let says = Says { look, procedure };
        let (mut when, mut why) = (Vec::new(), Vec::new());
        for rule in action.required_when.iter().filter(|rule| rule.used == field.id) {
            match rule.when.as_ref().map(|guard| says.words(guard)) {
                Some(Some(words)) => when.push(words),
                Some(None) => when.push(look.say("form.when-needed")),
                None => when.push(look.say("form.always-required")),
            }
        }
        for condition in &action.guards {
            let Some(others) = besides(&condition.must, &field.id) else { continue };
            let words: Option<Vec<_>> =
                others.iter().map(|other| says.words(&negated(other))).collect();
            match words {
                Some(words) => when.push(words.join(&look.say("form.when-and"))),
                None => why.push(look.of(&condition.refusal)),
            }
        }
        let when = if when.is_empty() {
            String::new()
        } else {
            let when = when.join(&look.say("form.when-or"));
            look.fill("form.required-when", &[("when", &when)])
        };
        Self { when, why: why.join(" ") }
    }
}

/// What else would do, where a condition asks for a field or something else.
fn besides<'g>(must: &'g Guard, field: &str) -> Option<Vec<&'g Guard>> {
    let asks_for = |guard: &Guard| match guard {
        Guard::Is(Term::Ask(Question::Has, names)) => names.first().is_some_and(|id| id == field),
        Guard::All(_) | Guard::Any(_) | Guard::Not(_) | Guard::Compare(..) | Guard::Is(_) => false,
    };
    match must {
        Guard::Any(parts) if parts.iter().any(asks_for) => {
            Some(parts.iter().filter(|part| !asks_for(part)).collect())
        }
        Guard::All(_) | Guard::Any(_) | Guard::Not(_) | Guard::Compare(..) | Guard::Is(_) => None,
    }
}

fn negated(guard: &Guard) -> Guard {
    match guard {
        Guard::All(parts) => Guard::Any(parts.iter().map(negated).collect()),
        Guard::Any(parts) => Guard::All(parts.iter().map(negated).collect()),
        Guard::Not(inner) => (**inner).clone(),
        Guard::Compare(left, how, right) => {
            let how = match how {
                Comparison::Equal => Comparison::NotEqual,
                Comparison::NotEqual => Comparison::Equal,
                Comparison::Less => Comparison::AtLeast,
                Comparison::AtMost => Comparison::More,
                Comparison::More => Comparison::AtMost,
                Comparison::AtLeast => Comparison::Less,
            };
            Guard::Compare(left.clone(), how, right.clone())
        }
        Guard::Is(_) => Guard::Not(Box::new(guard.clone())),
    }
}

/// Puts conditions into words.
struct Says<'a> {
    look: &'a Look<'a>,
    procedure: &'a Procedure,
}

impl Says<'_> {
    /// A condition in words; `None` when it speaks of something no form shows.
    fn words(&self, guard: &Guard) -> Option<String> {
        match guard {
            Guard::All(parts) => self.joined(parts, "form.when-and"),
            Guard::Any(parts) => self.joined(parts, "form.when-or"),
            Guard::Is(term) => {
                self.term(term, "form.when-ticked", "form.when-has", "form.when-party")
            }
            Guard::Not(inner) => match &**inner {
                Guard::Is(term) => self.term(
                    term,
                    "form.when-not-ticked",
                    "form.when-has-not",
                    "form.when-no-party",
                ),
                inner @ (Guard::All(_) | Guard::Any(_) | Guard::Not(_) | Guard::Compare(..)) => {
                    self.words(&negated(inner))
                }
            },
            Guard::Compare(Term::Field(id), how, Term::Text(option)) => {
                let key = match how {
                    Comparison::Equal => "form.when-is",
                    Comparison::NotEqual => "form.when-is-not",
                    Comparison::Less
                    | Comparison::AtMost
                    | Comparison::More
                    | Comparison::AtLeast => return None,
                };
                let field = self.procedure.field(id)?;
                let wanted = words(self.look, field, &Value::Text(option.clone()));
                let label = self.look.of(&field.label);
                Some(self.look.fill(key, &[("field", &label), ("value", &wanted)]))
            }
            Guard::Compare(..) => None,
        }
    }

    fn joined(&self, parts: &[Guard], key: &str) -> Option<String> {
        let words: Option<Vec<_>> = parts.iter().map(|part| self.words(part)).collect();
        Some(words?.join(&self.look.say(key)))
    }

    fn term(&self, term: &Term, ticked: &str, has: &str, party: &str) -> Option<String> {
        let (key, label) = match term {
            Term::Field(id) => (ticked, &self.procedure.field(id)?.label),
            Term::Ask(Question::Has, names) => (has, &self.procedure.field(names.first()?)?.label),
            Term::Ask(Question::Party, names) => {
                (party, &self.procedure.parties.get(names.first()?)?.name)
            }
            Term::Ask(..) | Term::Text(_) | Term::Number(_) | Term::Truth(_) | Term::Today => {
                return None;
            }
        };
        Some(self.look.fill(key, &[("field", &self.look.of(label))]))
    }
}
