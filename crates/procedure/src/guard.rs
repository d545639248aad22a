//! Conditions: the small language of `when` and `must`.
//!
//! ```text
//! urgent and not has(reply-received-on)
//! reply-kind == 'partial' or count(repair-item, 'struck-off') < count(repair-item)
//! over(correction) and met(serve)
//! ```
//!
//! Names are field ids. `has(field)` is true when the field holds something; `met`, `lapsed`,
//! `running`, `started`, `over`, `extended` ask about an obligation; `party(name)` whether somebody holds that
//! capacity; `made(document)` whether that document has been made, `made(document, other)` whether it has
//! been made since the other was last made (or the other never was); `count(procedure)` counts child matters, `count(procedure, 'state', …)` those in one of
//! the states, `open(procedure)` those not over; `taken(procedure, party, field)` is true when another
//! matter of the same problem runs that procedure with the unit in `field` as that party.

use std::fmt;

use jiff::civil::Date;

use crate::matter::{Family, Matter, Obligation};
use crate::value::Value;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Guard {
    /// All hold.
    All(Vec<Guard>),
    /// One holds.
    Any(Vec<Guard>),
    /// It does not hold.
    Not(Box<Guard>),
    /// Two terms compare so.
    Compare(Term, Comparison, Term),
    /// A term that is true.
    Is(Term),
}

/// How two terms compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What a condition speaks of.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A field's value.
    Field(String),
    /// A written text.
    Text(String),
    /// A written number.
    Number(i64),
    /// A written truth.
    Truth(bool),
    /// The day of the act.
    Today,
    /// A question about the matter.
    Ask(Question, Vec<String>),
}

/// The questions a condition may put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the module's text says what each asks")]
pub enum Question {
    Has,
    Met,
    Lapsed,
    Running,
    Started,
    Over,
    Extended,
    Party,
    Count,
    Open,
    Taken,
    Made,
}

const QUESTIONS: [(&str, Question); 12] = [
    ("has", Question::Has),
    ("met", Question::Met),
    ("lapsed", Question::Lapsed),
    ("running", Question::Running),
    ("started", Question::Started),
    ("over", Question::Over),
    ("extended", Question::Extended),
    ("party", Question::Party),
    ("count", Question::Count),
    ("open", Question::Open),
    ("taken", Question::Taken),
    ("made", Question::Made),
];

/// A condition that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("condition {text:?}: {what}")]
pub struct NotAGuard {
    /// The condition as written.
    pub text: String,
    /// What is wrong with it.
    pub what: String,
}

impl Guard {
    /// Parses a condition.
    ///
    /// # Errors
    /// [`NotAGuard`] says what was expected instead.
    pub fn parse(text: &str) -> Result<Self, NotAGuard> {
        let fail = |what: String| NotAGuard { text: text.to_owned(), what };
        let tokens = tokens(text).map_err(fail)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let guard = parser.any().map_err(fail)?;
        match parser.peek() {
            None => Ok(guard),
            Some(rest) => Err(fail(format!("`{rest}` stands where the condition should end"))),
        }
    }

    /// Calls `see` on every term, so that `check` can prove each name exists.
    pub fn terms(&self, see: &mut dyn FnMut(&Term)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.terms(see)),
            Self::Not(inner) => inner.terms(see),
            Self::Compare(left, _, right) => {
                see(left);
                see(right);
            }
            Self::Is(term) => see(term),
        }
    }

    /// Every field, obligation, document, party or procedure it names.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::names).collect(),
            Self::Not(inner) => inner.names(),
            Self::Compare(left, _, right) => [left.names(), right.names()].concat(),
            Self::Is(term) => term.names(),
        }
    }

    /// Whether it holds for a matter among its family on a day.
    #[must_use]
    pub fn holds(&self, matter: &Matter, family: &Family, today: Date) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(matter, family, today)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(matter, family, today)),
            Self::Not(inner) => !inner.holds(matter, family, today),
            Self::Compare(left, how, right) => {
                let left = left.value(matter, family, today);
                let right = right.value(matter, family, today);
                compare(left.as_ref(), *how, right.as_ref())
            }
            Self::Is(term) => {
                matches!(term.value(matter, family, today), Some(Value::Boolean(true)))
            }
        }
    }
}

fn compare(left: Option<&Value>, how: Comparison, right: Option<&Value>) -> bool {
    let order = match (left, right) {
        (Some(Value::Choices(many)), Some(Value::Text(one))) => {
            let within = many.contains(one);
            return if how == Comparison::NotEqual { !within } else { within };
        }
        (Some(left), Some(right)) => left.order(right),
        // An empty field differs from every value and is neither before nor after one.
        _ => None,
    };
    match how {
        Comparison::Equal => order == Some(std::cmp::Ordering::Equal),
        Comparison::NotEqual => order != Some(std::cmp::Ordering::Equal),
        Comparison::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::More => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

impl Term {
    /// The field it speaks of, if any: what it says waits for that to be filled in.
    #[must_use]
    pub fn field(&self) -> Option<&String> {
        match self {
            Self::Field(id) => Some(id),
            Self::Ask(Question::Has, names) => names.first(),
            Self::Ask(Question::Taken, names) => names.get(2),
            Self::Ask(
                Question::Met
                | Question::Lapsed
                | Question::Running
                | Question::Started
                | Question::Over
                | Question::Extended
                | Question::Party
                | Question::Count
                | Question::Open
                | Question::Made,
                _,
            )
            | Self::Text(_)
            | Self::Number(_)
            | Self::Truth(_)
            | Self::Today => None,
        }
    }

    fn names(&self) -> Vec<&str> {
        match self {
            Self::Field(id) => vec![id],
            Self::Ask(_, names) => names.iter().map(String::as_str).collect(),
            Self::Text(_) | Self::Number(_) | Self::Truth(_) | Self::Today => Vec::new(),
        }
    }

    fn value(&self, matter: &Matter, family: &Family, today: Date) -> Option<Value> {
        match self {
            Self::Field(id) => matter.fields.get(id).cloned(),
            Self::Text(text) => Some(Value::Text(text.clone())),
            Self::Number(number) => Some(Value::Integer(*number)),
            Self::Truth(truth) => Some(Value::Boolean(*truth)),
            Self::Today => Some(Value::Date(today)),
            Self::Ask(question, names) => Some(answer(*question, names, matter, family)),
        }
    }
}

fn answer(question: Question, names: &[String], matter: &Matter, family: &Family) -> Value {
    let first = names.first().map_or("", String::as_str);
    let of_kind = || matter.obligations.iter().filter(move |owed| owed.kind == first);
    let count = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let children = || family.children(&matter.id).filter(move |child| child.procedure == first);
    match question {
        Question::Has => {
            Value::Boolean(matter.fields.get(first).is_some_and(|value| !value.is_empty()))
        }
        Question::Met => Value::Boolean(of_kind().any(|owed| owed.met_at.is_some())),
        Question::Lapsed => Value::Boolean(of_kind().any(|owed| owed.lapsed_at.is_some())),
        Question::Running => Value::Boolean(of_kind().any(Obligation::is_open)),
        Question::Started => Value::Boolean(of_kind().next().is_some()),
        // The newest decides: an amended letter starts its periods anew.
        Question::Over => {
            Value::Boolean(of_kind().next_back().is_some_and(|owed| owed.lapsed_at.is_some()))
        }
        // The newest decides here too: a review that starts anew may be extended anew.
        Question::Extended => {
            Value::Boolean(of_kind().next_back().is_some_and(|owed| !owed.extensions.is_empty()))
        }
        Question::Party => {
            Value::Boolean(matter.parties.get(first).is_some_and(|units| !units.is_empty()))
        }
        Question::Count => {
            let states = names.get(1..).unwrap_or_default();
            count(children().filter(|c| states.is_empty() || states.contains(&c.state)).count())
        }
        Question::Open => count(children().filter(|child| !child.ended).count()),
        Question::Made => {
            let last = |kind: &str| {
                let made = matter.documents.iter().filter(|made| made.kind == kind);
                made.map(|made| made.event).max()
            };
            let other = names.get(1).and_then(|other| last(other));
            Value::Boolean(last(first).is_some_and(|made| Some(made) > other))
        }
        Question::Taken => {
            let party = names.get(1).map_or("", String::as_str);
            let unit = names.get(2).and_then(|field| matter.fields.get(field));
            Value::Boolean(family.matters().any(|other| {
                other.id != matter.id
                    && other.procedure == first
                    && other.parties.get(party).is_some_and(|units| {
                        units.iter().any(|held| unit == Some(&Value::Unit(*held)))
                    })
            }))
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Number(number) => number.fmt(f),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

const SIGNS: [&str; 9] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let taken = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            sign.len()
        } else if first == '\'' {
            let inner = rest.get(1..).unwrap_or_default();
            let end = inner.find('\'').ok_or("a text lacks its closing '")?;
            found.push(Token::Text(inner.get(..end).unwrap_or_default().to_owned()));
            end + 2
        } else if first.is_ascii_alphanumeric() {
            let end =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            found.push(word.parse().map_or_else(|_| Token::Word(word.to_owned()), Token::Number));
            end
        } else {
            return Err(format!("`{first}` is not part of the language of conditions"));
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    Ok(found)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let here = self.peek() == Some(wanted);
        if here {
            self.at += 1;
        }
        here
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        if self.take(&Token::Sign(sign)) { Ok(()) } else { Err(format!("a `{sign}` is missing")) }
    }

    fn any(&mut self) -> Result<Guard, String> {
        let mut parts = vec![self.all()?];
        while self.take(&Token::Word("or".to_owned())) {
            parts.push(self.all()?);
        }
        Ok(single(parts, Guard::Any))
    }

    fn all(&mut self) -> Result<Guard, String> {
        let mut parts = vec![self.one()?];
        while self.take(&Token::Word("and".to_owned())) {
            parts.push(self.one()?);
        }
        Ok(single(parts, Guard::All))
    }

    fn one(&mut self) -> Result<Guard, String> {
        if self.take(&Token::Word("not".to_owned())) {
            return Ok(Guard::Not(Box::new(self.one()?)));
        }
        if self.take(&Token::Sign("(")) {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.term()?;
        let how = match self.peek() {
            Some(Token::Sign("==")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::AtMost,
            Some(Token::Sign(">")) => Comparison::More,
            Some(Token::Sign(">=")) => Comparison::AtLeast,
            _ => return Ok(Guard::Is(left)),
        };
        self.at += 1;
        Ok(Guard::Compare(left, how, self.term()?))
    }

    fn term(&mut self) -> Result<Term, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Term::Text(text)),
            Some(Token::Number(number)) => Ok(Term::Number(number)),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Ok(Term::Truth(true)),
                "false" => Ok(Term::Truth(false)),
                "today" => Ok(Term::Today),
                "and" | "or" | "not" => Err(format!("a name is missing before `{word}`")),
                _ if self.take(&Token::Sign("(")) => self.question(&word),
                _ => Ok(Term::Field(word)),
            },
            Some(Token::Sign(sign)) => Err(format!("a name is missing before `{sign}`")),
            None => Err("a name is missing at the end".to_owned()),
        }
    }

    fn question(&mut self, word: &str) -> Result<Term, String> {
        let question = QUESTIONS
            .iter()
            .find_map(|(name, question)| (*name == word).then_some(*question))
            .ok_or_else(|| {
                let known: Vec<_> = QUESTIONS.iter().map(|(name, _)| *name).collect();
                format!("`{word}(…)` is no question; there are {}", known.join(", "))
            })?;
        let mut names = Vec::new();
        loop {
            match self.next() {
                Some(Token::Word(name) | Token::Text(name)) => names.push(name),
                _ => return Err(format!("`{word}(…)` lacks a name")),
            }
            if !self.take(&Token::Sign(",")) {
                break;
            }
        }
        self.expect(")")?;
        Ok(Term::Ask(question, names))
    }
}

fn single(mut parts: Vec<Guard>, many: fn(Vec<Guard>) -> Guard) -> Guard {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_they_are_meant() {
        let guard = Guard::parse("urgent and not has(plan) or count(repair-item, 'open') >= 2");
        let Guard::Any(parts) = guard.unwrap() else { panic!("`or` binds least") };
        assert_eq!(parts.len(), 2);
        assert!(matches!(&parts[0], Guard::All(inner) if inner.len() == 2));
        assert!(matches!(
            &parts[1],
            Guard::Compare(Term::Ask(Question::Count, names), Comparison::AtLeast, Term::Number(2))
                if names.len() == 2
        ));
    }

    #[test]
    fn what_does_not_parse_says_what_is_missing() {
        for (text, part) in [
            ("", "missing at the end"),
            ("urgent and", "missing at the end"),
            ("(urgent", "a `)` is missing"),
            ("kind == 'x", "closing"),
            ("maybe(x)", "is no question"),
            ("a b", "should end"),
            ("a ; b", "language of conditions"),
            ("has()", "lacks a name"),
        ] {
            let error = Guard::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
