//! What fields hold, in words.

use calendar::{Article, Verified};
use procedure::Value;
use procedure::definition::{Field, FieldKind, Tier};
use procedure::value::FileRef;
use store::visibility::Seen;

use super::look::Look;
use crate::parts::mark::minute;

/// One field with its label, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) label: String,
    pub(crate) shown: Shown,
    /// Takes the whole width.
    pub(crate) wide: bool,
    /// Who alone may read it; empty for what both sides read.
    pub(crate) tier: String,
}

/// What a field holds, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// Words on one line.
    Words(String),
    /// Paragraphs, one a line of the text.
    Paragraphs(Vec<String>),
    /// Attachments.
    Files(Vec<Attached>),
    /// Articles of law.
    Articles(Vec<Cited>),
    /// Held, but not for the reader.
    Masked,
}

/// An article somebody cites, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cited {
    /// In full.
    pub(crate) words: String,
    /// The page of its instrument; empty for one outside the register.
    pub(crate) href: String,
    /// What the reader should know of how far it was checked; empty when its text was read in full.
    pub(crate) mark: String,
}

impl Cited {
    /// Of an article that a field names.
    pub(crate) fn of(look: &Look<'_>, article: &Article) -> Self {
        let law = look.rules.law();
        let words = look.of(&article.words(law));
        let Some(instrument) = law.instrument(&article.instrument) else {
            let (href, mark) = (String::new(), look.say("matter.article-unlisted"));
            return Self { words, href, mark };
        };
        let is_read = instrument.verified == Verified::Read;
        Self {
            words,
            href: format!("/rules/instruments/{}", instrument.id),
            mark: if is_read { String::new() } else { look.say("matter.article-unchecked") },
        }
    }
}

/// An attachment, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    pub(crate) name: String,
    pub(crate) size: String,
    pub(crate) sha256: String,
    /// The first digits, enough to compare by eye.
    pub(crate) short: String,
    pub(crate) href: String,
    /// Where a picture of it is, when it is one.
    pub(crate) preview: Option<String>,
}

/// Digits of a hash that people compare.
const HASH_DIGITS: usize = 12;

impl Attached {
    /// Of a file that a field names.
    pub(crate) fn of(file: &FileRef) -> Self {
        let sha256 = file.sha256.to_ascii_lowercase();
        let preview = is_picture(&file.name).then(|| format!("/attachments/{sha256}/preview"));
        Self {
            name: file.name.clone(),
            size: size_words(u64::try_from(file.size_bytes).unwrap_or(0)),
            short: sha256.chars().take(HASH_DIGITS).collect(),
            href: format!("/attachments/{sha256}"),
            preview,
            sha256,
        }
    }

    /// Its icon.
    pub(crate) fn icon(&self) -> &'static str {
        if self.preview.is_some() { "image" } else { "file" }
    }
}

fn is_picture(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "webp")
}

/// `86 KB`, `1.2 MB`.
pub(crate) fn size_words(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = KB * KB;
    if bytes < KB {
        format!("{bytes} B")
    } else if bytes < MB {
        format!("{} KB", bytes.div_ceil(KB))
    } else {
        let tenths = bytes.saturating_mul(10) / MB;
        format!("{}.{} MB", tenths / 10, tenths % 10)
    }
}

impl Entry {
    /// A field as its reader may see it.
    pub(crate) fn of(look: &Look<'_>, field: &Field, seen: Seen<'_>) -> Self {
        let shown = match seen {
            Seen::Value(value) => shown(look, field, value),
            Seen::Masked => Shown::Masked,
        };
        Self::shown(look, field, shown)
    }

    /// A field whose value the reader gave or may read anyway.
    pub(crate) fn plain(look: &Look<'_>, field: &Field, value: &Value) -> Self {
        Self::shown(look, field, shown(look, field, value))
    }

    fn shown(look: &Look<'_>, field: &Field, shown: Shown) -> Self {
        let wide = match &shown {
            Shown::Paragraphs(_) | Shown::Files(_) | Shown::Articles(_) => true,
            Shown::Words(words) => words.chars().count() > WORDS_NARROW_MAX,
            Shown::Masked => false,
        };
        Self { label: look.of(&field.label), shown, wide, tier: tier_words(look, field.tier) }
    }
}

/// Longest words that share a row with another field.
const WORDS_NARROW_MAX: usize = 22;

/// Who alone may read fields of a tier; empty for what both sides read.
pub(crate) fn tier_words(look: &Look<'_>, tier: Tier) -> String {
    match tier {
        Tier::Public | Tier::Shared => String::new(),
        Tier::Procuratorate => look.say("matter.tier.procuratorate"),
        Tier::Criminal => look.say("matter.tier.criminal"),
        Tier::Sealed => look.say("matter.tier.sealed"),
    }
}

/// A value in words.
pub(crate) fn shown(look: &Look<'_>, field: &Field, value: &Value) -> Shown {
    if let Value::Files(files) = value {
        return Shown::Files(files.iter().map(Attached::of).collect());
    }
    if let Value::Articles(cited) = value {
        return Shown::Articles(cited.iter().map(|article| Cited::of(look, article)).collect());
    }
    let words = words(look, field, value);
    // What was written before the field asked for articles one by one.
    let is_old_text = field.kind == FieldKind::Articles;
    if is_old_text || field.kind == FieldKind::LongText {
        Shown::Paragraphs(words.lines().map(str::to_owned).collect())
    } else {
        Shown::Words(words)
    }
}

/// A value as one text.
pub(crate) fn words(look: &Look<'_>, field: &Field, value: &Value) -> String {
    match value {
        Value::Boolean(true) => look.say("matter.yes"),
        Value::Boolean(false) => look.say("matter.no"),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => option_words(look, field, text),
        Value::Choices(many) => {
            let words: Vec<_> = many.iter().map(|id| option_words(look, field, id)).collect();
            words.join(look.comma())
        }
        Value::Date(day) => day.to_string(),
        Value::Instant(at) => minute(*at),
        Value::Unit(unit) => look.unit(*unit),
        Value::Division(code) => division_words(code),
        Value::Point(point) => {
            format!("{}°E, {}°N", degrees(point.longitude_e6), degrees(point.latitude_e6))
        }
        Value::Files(files) => {
            let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
            names.join(look.comma())
        }
        Value::Articles(cited) => {
            let law = look.rules.law();
            let names: Vec<_> = cited.iter().map(|one| look.of(&one.words(law))).collect();
            names.join(look.comma())
        }
    }
}

fn option_words(look: &Look<'_>, field: &Field, id: &str) -> String {
    let option = field.options.iter().find(|option| option.id == id);
    option.map_or_else(|| id.to_owned(), |option| look.of(&option.words))
}

/// A division with all above it: 陕西省宝鸡市凤翔区.
pub(crate) fn division_words(code: &str) -> String {
    store::division::divisions()
        .get(code)
        .map_or_else(|| code.to_owned(), |division| division.full_name.clone())
}

/// Microdegrees as degrees, without trailing zeros.
pub(crate) fn degrees(micro: i32) -> String {
    let (sign, micro) = (if micro < 0 { "-" } else { "" }, micro.unsigned_abs());
    let digits = format!("{:06}", micro % 1_000_000);
    let digits = digits.trim_end_matches('0');
    let whole = micro / 1_000_000;
    if digits.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_places_read_as_people_write_them() {
        assert_eq!(size_words(12), "12 B");
        assert_eq!(size_words(88_064), "86 KB");
        assert_eq!(size_words(1_258_292), "1.2 MB");
        assert_eq!(degrees(107_198_000), "107.198");
        assert_eq!(degrees(-500_000), "-0.5");
        assert_eq!(degrees(34_000_000), "34");
    }

    #[test]
    fn only_pictures_have_a_preview() {
        let file = |name: &str| {
            let (sha256, name) = ("AB".repeat(32), name.to_owned());
            Attached::of(&FileRef { sha256, name, size_bytes: 10 })
        };
        assert_eq!(
            file("a.PNG").preview,
            Some(format!("/attachments/{}/preview", "ab".repeat(32)))
        );
        assert_eq!(file("a.svg").preview, None);
        assert_eq!(file("a.png.html").preview, None);
    }
}
