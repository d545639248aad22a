//! What a form sent: every field as text, in order, nothing lost.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::request::Parts;
use procedure::Raw;

use crate::error::WebError;

/// The fields of a form or of an address, in the order sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// Most bytes of a form without files.
pub const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;

impl Fields {
    /// Reads `a=1&b=2`.
    #[must_use]
    pub fn read(urlencoded: &[u8]) -> Self {
        Self::of(form_urlencoded::parse(urlencoded).into_owned())
    }

    /// The fields of these pairs. The character NUL falls away: nobody types it, and no database
    /// keeps it in a text.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let without_nul = |(name, value): (String, String)| {
            (name, if value.contains('\0') { value.replace('\0', "") } else { value })
        };
        Self(pairs.into_iter().map(without_nul).collect())
    }

    /// The first value of a field without space around it; empty when it was not sent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    /// The first value of a field exactly as it was sent (passwords).
    #[must_use]
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The first value of a field that is not empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .find(|value| !value.is_empty())
    }

    /// Every value of a field that is not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Whether a field was sent, empty or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// A field read as something else; `None` when it is empty or cannot be read.
    #[must_use]
    pub fn parsed<V: std::str::FromStr>(&self, name: &str) -> Option<V> {
        self.given(name)?.parse().ok()
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The fields whose names begin so, with that beginning cut off, as the rules read them.
    #[must_use]
    pub fn raw(&self, beginning: &str) -> Raw {
        let mut raw = Raw::new();
        for (name, value) in &self.0 {
            if let Some(field) = name.strip_prefix(beginning) {
                raw.entry(field.to_owned()).or_default().push(value.clone());
            }
        }
        raw
    }

    /// The same fields with one set to a value, or without it when the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let kept = self.0.iter().filter(|(field, _)| field != name).cloned();
        let set = (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()));
        Self(kept.chain(set).collect())
    }

    /// The same fields without some.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(field, _)| !names.contains(&field.as_str())).cloned().collect())
    }

    /// `?a=1&b=2`, empty fields left out; nothing when nothing is left.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(_, value)| !value.trim().is_empty()));
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let body = read_body(request.into_body(), FORM_BYTES_MAX).await?;
        Ok(Self::read(&body))
    }
}

/// What stands after the `?` of an address.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Fields::read(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// A form with one file: its fields, and the file with its name.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The fields.
    pub fields: Fields,
    /// The file's name as given.
    pub file_name: String,
    /// Its bytes; empty when none was chosen.
    pub bytes: Bytes,
}

/// Longest name of a file that is kept, in characters.
const FILE_NAME_CHARS_MAX: usize = 200;

impl Sent {
    /// Reads a form with one file of at most so many bytes.
    ///
    /// # Errors
    /// [`WebError::TooLarge`], or [`WebError::Bad`] when it is no such form.
    pub async fn read(request: Request, most: usize) -> Result<Self, WebError> {
        let wrong = |_| WebError::bad("error.bad-detail");
        let (parts, body) = request.into_parts();
        // Beside the file stand a few short fields and the boundaries.
        let body = read_body(body, most + FORM_BYTES_MAX).await?;
        let request = Request::from_parts(parts, axum::body::Body::from(body));
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| WebError::bad("error.bad-detail"))?;
        let (mut sent, mut pairs) = (Self::default(), Vec::new());
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or_default().to_owned();
            if let Some(file) = field.file_name() {
                let file: String = file.chars().take(FILE_NAME_CHARS_MAX).collect();
                let bytes = field.bytes().await.map_err(wrong)?;
                if bytes.len() > most {
                    return Err(WebError::TooLarge);
                }
                (sent.file_name, sent.bytes) = (file, bytes);
            } else {
                pairs.push((name, field.text().await.map_err(wrong)?));
            }
        }
        sent.fields = Fields::of(pairs);
        Ok(sent)
    }
}

/// The whole of a body of at most so many bytes.
pub(crate) async fn read_body(body: axum::body::Body, most: usize) -> Result<Bytes, WebError> {
    use http_body_util::{BodyExt as _, LengthLimitError, Limited};
    match Limited::new(body, most).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(WebError::TooLarge),
        // The asker went away or the connection broke.
        Err(_) => Err(WebError::bad("error.bad-detail")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_form_sent_is_lost() {
        let fields = Fields::read("a=1&b=%E5%87%A4%E7%BF%94&a=2&empty=&f.x=+y+".as_bytes());
        assert_eq!(fields.get("b"), "凤翔");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("empty"), "");
        assert!(fields.has("empty") && !fields.has("absent"));
        assert_eq!(fields.raw("f.")["x"], [" y "]);
        assert_eq!(fields.with("a", "3").without(&["f.x"]).query(), "?b=%E5%87%A4%E7%BF%94&a=3");
        assert_eq!(Fields::default().query(), "");
        assert_eq!(Fields::read(b"q=a%00b%00").get("q"), "ab");
    }
}
