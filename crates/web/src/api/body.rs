//! Bodies in JSON: read strictly, every fault told at once, nothing passed over in silence.

use std::collections::BTreeSet;
use std::fmt;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use calendar::Words;
use procedure::{FieldError, Refusal, Why};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::near::near;
use crate::error::WebError;
use crate::fields::{FORM_BYTES_MAX, read_body};
use crate::message::{Language, words};

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
            Err(error) => WebError::internal(error).into_response(),
        }
    }
}

/// The members of the object in a request's body.
#[derive(Debug)]
pub(super) struct Members {
    given: Map<String, Value>,
    known: BTreeSet<&'static str>,
    faults: Faults,
}

/// What is wrong with a request, gathered so that all of it is told at once.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    /// A fault in the words of a message key with its places filled.
    pub(super) fn tell(&mut self, field: &str, key: &str, places: &[(&str, &dyn fmt::Display)]) {
        let words =
            Words { zh: Language::Zh.fill(key, places), en: Language::En.fill(key, places) };
        self.0.push(FieldError { field: field.to_owned(), words });
    }

    /// A fault in words at hand.
    pub(super) fn push(&mut self, field: &str, words: Words) {
        self.0.push(FieldError { field: field.to_owned(), words });
    }

    /// A name that does not exist, with the one that looks most like it.
    pub(super) fn unknown<'a>(
        &mut self,
        field: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        match near(name, known) {
            Some(near) => self.tell(field, "api.unknown-near", &[("name", &name), ("near", &near)]),
            None => self.tell(field, "api.unknown", &[("name", &name)]),
        }
    }

    /// Nothing, when nothing is wrong.
    pub(super) fn finish(self) -> Result<(), WebError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let number = self.0.len();
        let say = |language: Language| language.with("api.faults", "number", number);
        let words = Words { zh: say(Language::Zh), en: say(Language::En) };
        Err(WebError::Refused(Box::new(Refusal {
            why: Why::Fields,
            words,
            basis: Vec::new(),
            fields: self.0,
        })))
    }
}

impl Members {
    fn of(given: Map<String, Value>) -> Self {
        Self { given, known: BTreeSet::new(), faults: Faults::default() }
    }

    /// A member, taken out; nothing and `null` are alike.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        self.given.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let Value::String(text) = self.take(name)? else {
            self.wrong(name, "api.want-text");
            return None;
        };
        Some(text)
    }

    /// A text that must be there; empty when it is not, and then told.
    pub(super) fn needed_text(&mut self, name: &'static str) -> String {
        let was_given = self.given.get(name).is_some_and(|value| !value.is_null());
        let text = self.text(name);
        if !was_given {
            self.wrong(name, "api.needed");
        }
        text.unwrap_or_default()
    }

    /// A version: a whole number from 0.
    pub(super) fn version(&mut self, name: &'static str) -> Option<u32> {
        let given = self.take(name)?;
        let version = given.as_u64().and_then(|number| u32::try_from(number).ok());
        if version.is_none() {
            self.wrong(name, "api.want-version");
        }
        version
    }

    /// An object; empty when it was not given.
    pub(super) fn object(&mut self, name: &'static str) -> Map<String, Value> {
        match self.take(name) {
            None => Map::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.wrong(name, "api.want-object");
                Map::new()
            }
        }
    }

    /// An array; empty when it was not given.
    pub(super) fn array(&mut self, name: &'static str) -> Vec<Value> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(array)) => array,
            Some(_) => {
                self.wrong(name, "api.want-array");
                Vec::new()
            }
        }
    }

    /// A fault of a member.
    pub(super) fn wrong(&mut self, name: &str, key: &str) {
        self.faults.tell(name, key, &[]);
    }

    /// Where faults are gathered.
    pub(super) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Every fault, and every member nobody asked for.
    pub(super) fn into_faults(self) -> Faults {
        let Self { given, known, mut faults } = self;
        for name in given.keys() {
            faults.unknown(name, name, known.iter().copied());
        }
        faults
    }

    /// Nothing, when nothing is wrong.
    pub(super) fn finish(self) -> Result<(), WebError> {
        self.into_faults().finish()
    }
}

impl<S: Send + Sync> FromRequest<S> for Members {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str());
        let given = read(body).await?;
        match kind {
            // Nothing to read, nothing to say what it is.
            None if given.is_empty() => return Ok(Self::of(Map::new())),
            Some(Ok(kind)) if is_json(kind) => {}
            _ => return Err(WebError::Media(words("api.media-json"))),
        }
        if given.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::of(Map::new()));
        }
        // The character NUL, which nobody types and not every database keeps.
        if given.windows(NUL.len()).any(|some| some == NUL) {
            return Err(WebError::bad("api.body-nul"));
        }
        match serde_json::from_slice::<Strict>(&given) {
            Ok(Strict(Value::Object(object))) => Ok(Self::of(object)),
            Ok(_) => Err(WebError::bad("api.body-object")),
            Err(error) => Err(not_json(&error)),
        }
    }
}

/// How JSON writes the character NUL.
const NUL: &[u8] = b"\\u0000";

async fn read(body: Body) -> Result<axum::body::Bytes, WebError> {
    read_body(body, FORM_BYTES_MAX).await
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn not_json(error: &serde_json::Error) -> WebError {
    let (line, column) = (error.line(), error.column());
    let (key, name) = match error.to_string().strip_prefix(TWICE) {
        Some(rest) => {
            ("api.body-twice", rest.split(" at line ").next().unwrap_or_default().to_owned())
        }
        None => ("api.body-json", String::new()),
    };
    let say = |language: Language| {
        language.fill(key, &[("line", &line), ("column", &column), ("name", &name)])
    };
    WebError::Bad(Words { zh: say(Language::Zh), en: say(Language::En) })
}

/// How the error of a name given twice begins.
const TWICE: &str = "given twice: ";

/// JSON in which no name stands twice: of two values one would be passed over in silence.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    // As in a form, the character NUL falls away: no database keeps it in a text.
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.replace('\0', "")))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = array.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let Strict(value) = object.next_value()?;
            if values.contains_key(&name) {
                return Err(serde::de::Error::custom(format_args!("{TWICE}{name}")));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_nul_falls_away() {
        let Strict(value) = serde_json::from_str("{\"a\": [\"凤\\u0000翔\"]}").unwrap();
        assert_eq!(value, serde_json::json!({ "a": ["凤翔"] }));
    }

    #[test]
    fn a_name_given_twice_is_told() {
        let error = serde_json::from_str::<Strict>("{\"a\": {\"b\": 1, \"b\": 2}}").err().unwrap();
        let WebError::Bad(words) = not_json(&error) else { panic!("{error}") };
        assert!(words.en.contains("“b”"), "{}", words.en);
        let whole = "{\"a\": [1, -2, 1.5, true, null, \"x\"]}";
        let Strict(value) = serde_json::from_str(whole).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(whole).unwrap());
    }

    #[test]
    fn json_is_known_by_its_type() {
        assert!(is_json("application/json; charset=utf-8") && is_json("application/merge+json"));
        assert!(!is_json("text/plain") && !is_json("application/x-www-form-urlencoded"));
    }

    #[test]
    fn every_fault_of_a_body_is_told_with_what_may_have_been_meant() {
        let given = serde_json::json!({ "tilte": "x", "seen": "7", "input": [] });
        let Value::Object(given) = given else { panic!() };
        let mut members = Members::of(given);
        assert_eq!(members.text("title"), None);
        assert_eq!(members.version("seen"), None);
        assert!(members.object("input").is_empty());
        let Err(WebError::Refused(refusal)) = members.finish() else { panic!() };
        let faults: Vec<_> = refusal.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(faults, ["seen", "input", "tilte"]);
        assert!(refusal.fields[2].words.en.contains("title"), "{:?}", refusal.fields[2]);
    }
}
