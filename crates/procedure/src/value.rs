//! What fields hold, and how text from the edge becomes it, once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use calendar::{Article, Law, OutOfForce, Words};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::definition::{Bound, Field, Format, Options};
use crate::file::FieldKind;
use crate::id::UnitId;
use crate::matter::Directory;
use crate::uscc;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "value", rename_all = "kebab-case")]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text, or the id of the one option chosen.
    Text(String),
    /// The ids of the options chosen.
    Choices(Vec<String>),
    /// A day in Asia/Shanghai.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
    /// A unit.
    Unit(UnitId),
    /// A division code.
    Division(String),
    /// A place.
    Point(Point),
    /// Attachments.
    Files(Vec<FileRef>),
    /// Articles of law, in the order cited.
    Articles(Vec<Article>),
}

/// A place on the map, in microdegrees, so that it can be compared and hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// East, in millionths of a degree.
    pub longitude_e6: i32,
    /// North, in millionths of a degree.
    pub latitude_e6: i32,
}

/// An attachment named by a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// SHA-256 of the bytes, in hex: its address.
    pub sha256: String,
    /// Its name as given.
    pub name: String,
    /// Its size.
    pub size_bytes: i64,
}

impl Value {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Division(text) => text.is_empty(),
            Self::Choices(many) => many.is_empty(),
            Self::Files(many) => many.is_empty(),
            Self::Articles(many) => many.is_empty(),
            Self::Boolean(_)
            | Self::Integer(_)
            | Self::Date(_)
            | Self::Instant(_)
            | Self::Unit(_)
            | Self::Point(_) => false,
        }
    }

    /// How two values of one kind are ordered; values of different kinds are not.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Text(a) | Self::Division(a), Self::Text(b) | Self::Division(b)) => {
                Some(a.cmp(b))
            }
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            (Self::Unit(a), Self::Unit(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// As a form would send it: what [`read`] turns back into the same value.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        let degrees = |microdegrees: i32| f64::from(microdegrees) / 1e6;
        match self {
            Self::Boolean(truth) => vec![truth.to_string()],
            Self::Integer(number) => vec![number.to_string()],
            Self::Text(text) | Self::Division(text) => vec![text.clone()],
            Self::Choices(many) => many.clone(),
            Self::Date(day) => vec![day.to_string()],
            Self::Instant(at) => vec![at.to_string()],
            Self::Unit(unit) => vec![unit.to_string()],
            Self::Point(point) => {
                vec![format!("{},{}", degrees(point.longitude_e6), degrees(point.latitude_e6))]
            }
            Self::Files(files) => files
                .iter()
                .map(|file| format!("{}|{}|{}", file.sha256, file.size_bytes, file.name))
                .collect(),
            Self::Articles(cited) => cited.iter().map(Article::code).collect(),
        }
    }

    /// The day it names: a date, or the Asia/Shanghai day of an instant.
    #[must_use]
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Date(day) => Some(*day),
            Self::Instant(at) => Some(calendar::local_date(*at)),
            _ => None,
        }
    }
}

/// What came from a form or the API, by field: every value as text, several for choices and files.
///
/// A file is written `sha256|size|name`; a point `longitude,latitude` in degrees; an instant
/// `2026-02-17T23:20` in Asia/Shanghai; a unit by id, code or exact name.
pub type Raw = BTreeMap<String, Vec<String>>;

/// What is wrong with one field, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field; empty for the form as a whole.
    pub field: String,
    /// What is wrong and what to do.
    pub words: Words,
}

impl FieldError {
    /// An error of that field in both languages.
    #[must_use]
    pub fn new(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field: field.to_owned(), words: Words { zh: zh.into(), en: en.into() } }
    }
}

/// Longest one-line text when the file sets none, in characters.
pub const TEXT_CHARS_MAX: i64 = 200;
/// Longest paragraphs when the file sets none, in characters.
pub const LONG_TEXT_CHARS_MAX: i64 = 20_000;
/// Most attachments in one field when the file sets none.
pub const FILES_MAX: i64 = 20;
/// Most articles in one field when the file sets none.
pub const ARTICLES_MAX: i64 = 50;
/// Longest entry of a field of articles, in characters: it may cite several.
pub const ARTICLES_CHARS_MAX: i64 = 1_000;

/// Reads one field; `Ok(None)` when nothing was given.
///
/// # Errors
/// What is wrong, in words for the one who filled it in.
pub fn read(
    field: &Field,
    given: &[String],
    directory: &dyn Directory,
    law: &Law,
    today: Date,
) -> Result<Option<Value>, FieldError> {
    let fail = |zh: String, en: String| FieldError::new(&field.id, zh, en);
    let given: Vec<&str> = given.iter().map(|text| text.trim()).filter(|t| !t.is_empty()).collect();
    let Some(&first) = given.first() else { return Ok(None) };
    let narrowed;
    let text = if is_read_narrow(field) {
        // Longitude and latitude may come one by one.
        let whole = if field.kind == FieldKind::Point { given.join(",") } else { first.to_owned() };
        narrowed = narrow(&whole);
        narrowed.trim()
    } else {
        first
    };
    let value = match field.kind {
        FieldKind::Text | FieldKind::LongText => read_text(field, text)?,
        FieldKind::Boolean => Value::Boolean(matches!(text, "true" | "on" | "1" | "yes")),
        FieldKind::Date => Value::Date(text.parse().map_err(|_| {
            fail(
                format!("“{text}”不是有效日期，请按 2026-03-02 的样式填写"),
                format!("“{text}” is not a date; write it like 2026-03-02"),
            )
        })?),
        FieldKind::Instant => Value::Instant(read_instant(text).ok_or_else(|| {
            fail(
                format!("“{text}”不是有效时间，请按 2026-03-02T09:30 的样式填写"),
                format!("“{text}” is not a time; write it like 2026-03-02T09:30"),
            )
        })?),
        FieldKind::Integer => read_integer(field, text)?,
        FieldKind::Choice => {
            known(field, &field.options, text)?;
            Value::Text(text.to_owned())
        }
        FieldKind::Choices => {
            given.iter().try_for_each(|one| known(field, &field.options, one))?;
            Value::Choices(given.iter().map(|one| (*one).to_owned()).collect())
        }
        FieldKind::Unit => Value::Unit(directory.find(text).ok_or_else(|| {
            fail(
                format!("没有名为“{text}”的单位，请从列表中选择"),
                format!("there is no unit “{text}”; choose one from the list"),
            )
        })?),
        FieldKind::Division => {
            let code = directory.division(text).ok_or_else(|| {
                fail(
                    format!("没有行政区划“{text}”，请填六位代码或从列表中选择"),
                    format!("there is no division “{text}”; give its six digits or choose one"),
                )
            })?;
            Value::Division(code)
        }
        FieldKind::Point => Value::Point(
            read_point(text).map_err(|words| FieldError { field: field.id.clone(), words })?,
        ),
        FieldKind::Files => read_files(field, &given)?,
        FieldKind::Articles => read_articles(field, &given, law)?,
    };
    if !field.future && value.day().is_some_and(|day| day > today) {
        return Err(fail(
            format!("日期不能晚于今天（{today}）"),
            format!("the day must not lie after today ({today})"),
        ));
    }
    if let Some(day) = value.day() {
        within(field, day)?;
    }
    Ok(Some(value))
}

/// Whether a day lies within the days its field names; what other fields say is looked at when all are
/// read.
fn within(field: &Field, day: Date) -> Result<(), FieldError> {
    match (&field.not_before, &field.not_after) {
        (Some(Bound::Day(earliest)), _) if day < *earliest => Err(FieldError::new(
            &field.id,
            format!("日期不能早于 {earliest}，请核对年份"),
            format!("the day must not lie before {earliest}; look at the year again"),
        )),
        (_, Some(Bound::Day(latest))) if day > *latest => Err(FieldError::new(
            &field.id,
            format!("日期不能晚于 {latest}，请核对年份"),
            format!("the day must not lie after {latest}; look at the year again"),
        )),
        _ => Ok(()),
    }
}

/// Whether full-width digits and letters mean the same as narrow ones in a field.
fn is_read_narrow(field: &Field) -> bool {
    match field.kind {
        FieldKind::Date
        | FieldKind::Instant
        | FieldKind::Integer
        | FieldKind::Division
        | FieldKind::Point => true,
        FieldKind::Text => field.format.is_some(),
        FieldKind::LongText
        | FieldKind::Boolean
        | FieldKind::Choice
        | FieldKind::Choices
        | FieldKind::Unit
        | FieldKind::Files
        | FieldKind::Articles => false,
    }
}

/// The text with full-width digits, letters and signs (１２３，ＡＢＣ) as narrow ones.
#[must_use]
pub fn narrow(text: &str) -> String {
    /// How far the full-width forms lie behind ASCII.
    const AWAY: u32 = 0xFEE0;
    let one = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - AWAY).unwrap_or(c),
        c => c,
    };
    text.chars().map(one).collect()
}

fn read_text(field: &Field, text: &str) -> Result<Value, FieldError> {
    if let Some(Format::Uscc) = field.format {
        let code = uscc::read(text);
        return code
            .map(Value::Text)
            .map_err(|wrong| FieldError { field: field.id.clone(), words: wrong.words() });
    }
    // A browser sends two characters for a line break that it counted as one.
    let text = text.replace("\r\n", "\n");
    let most = field.chars_max();
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if length > most {
        return Err(FieldError::new(
            &field.id,
            format!("最多 {most} 字，现有 {length} 字"),
            format!("at most {most} characters; there are {length}"),
        ));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(control) || (field.kind == FieldKind::Text && text.contains(['\n', '\r'])) {
        return Err(FieldError::new(
            &field.id,
            "含有不可见的控制字符或换行，请删除后重新填写",
            "contains control characters or line breaks; remove them",
        ));
    }
    Ok(Value::Text(text))
}

fn read_integer(field: &Field, text: &str) -> Result<Value, FieldError> {
    let number: i64 = text.parse().map_err(|_| {
        FieldError::new(
            &field.id,
            format!("“{text}”不是整数"),
            format!("“{text}” is not a whole number"),
        )
    })?;
    let (least, most) = (field.min.unwrap_or(0), field.max.unwrap_or(i64::MAX));
    if (least..=most).contains(&number) {
        Ok(Value::Integer(number))
    } else {
        Err(FieldError::new(
            &field.id,
            format!("应在 {least} 至 {most} 之间"),
            format!("must lie between {least} and {most}"),
        ))
    }
}

fn read_instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    calendar::SHANGHAI.to_timestamp(text.parse::<DateTime>().ok()?).ok()
}

/// Degrees east between which China lies.
pub const LONGITUDES: std::ops::RangeInclusive<f64> = 73.0..=136.0;
/// Degrees north between which China lies.
pub const LATITUDES: std::ops::RangeInclusive<f64> = 3.0..=54.0;

/// A place written as longitude and latitude in degrees, with a comma or a space between them.
fn read_point(text: &str) -> Result<Point, Words> {
    let say = |zh: String, en: String| Words { zh, en };
    let mut parts = text.split([',', '、', ';', ' ']).filter(|part| !part.is_empty());
    let degrees = |part: Option<&str>| part?.parse::<f64>().ok().filter(|one| one.is_finite());
    let (east, north) = (degrees(parts.next()), degrees(parts.next()));
    let (Some(east), Some(north), None) = (east, north, parts.next()) else {
        return Err(say(
            "坐标应有经度和纬度两个数，例如 107.39,34.52".to_owned(),
            "a place needs longitude and latitude, two numbers, e.g. 107.39,34.52".to_owned(),
        ));
    };
    let swapped = LONGITUDES.contains(&north) && LATITUDES.contains(&east);
    if swapped {
        return Err(say(
            format!("经度和纬度可能填反了，应为 {north},{east}"),
            format!("longitude and latitude seem to be swapped: {north},{east}"),
        ));
    }
    if !LONGITUDES.contains(&east) {
        return Err(say(
            format!(
                "经度 {east} 不在我国境内，应在东经 {} 至 {} 度之间",
                LONGITUDES.start(),
                LONGITUDES.end()
            ),
            format!(
                "longitude {east} is not in China, which lies between {} and {} degrees east",
                LONGITUDES.start(),
                LONGITUDES.end()
            ),
        ));
    }
    if !LATITUDES.contains(&north) {
        return Err(say(
            format!(
                "纬度 {north} 不在我国境内，应在北纬 {} 至 {} 度之间",
                LATITUDES.start(),
                LATITUDES.end()
            ),
            format!(
                "latitude {north} is not in China, which lies between {} and {} degrees north",
                LATITUDES.start(),
                LATITUDES.end()
            ),
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    let e6 = |degrees: f64| (degrees * 1e6).round() as i32;
    Ok(Point { longitude_e6: e6(east), latitude_e6: e6(north) })
}

fn known(field: &Field, options: &Options, id: &str) -> Result<(), FieldError> {
    if options.iter().any(|option| option.id == id) {
        return Ok(());
    }
    Err(FieldError::new(
        &field.id,
        format!("“{id}”不在可选范围内"),
        format!("“{id}” is not one of the options"),
    ))
}

/// Articles as people cite them, several an entry where they like; each is kept once.
fn read_articles(field: &Field, given: &[&str], law: &Law) -> Result<Value, FieldError> {
    let too_long =
        |text: &&str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX) > ARTICLES_CHARS_MAX;
    if given.iter().any(too_long) {
        return Err(FieldError::new(
            &field.id,
            format!("每行最多 {ARTICLES_CHARS_MAX} 字，请分行填写"),
            format!("a line has at most {ARTICLES_CHARS_MAX} characters; use several lines"),
        ));
    }
    let mut cited = Vec::<Article>::new();
    for text in given {
        let articles = law
            .read_articles(text)
            .map_err(|wrong| FieldError { field: field.id.clone(), words: wrong.words() })?;
        for article in articles {
            if !cited.contains(&article) {
                cited.push(article);
            }
        }
    }
    let most = field.max.unwrap_or(ARTICLES_MAX);
    if i64::try_from(cited.len()).unwrap_or(i64::MAX) > most {
        return Err(FieldError::new(
            &field.id,
            format!("最多引用 {most} 条"),
            format!("at most {most} articles"),
        ));
    }
    Ok(Value::Articles(cited))
}

/// The days whose law a field of articles may cite: the day that decides, and the day of the conduct
/// where that lies earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawDays {
    /// The day whose law decides.
    pub decides: Date,
    /// When the conduct began; `None` when that is not known or not earlier.
    pub conduct: Option<Date>,
}

impl LawDays {
    /// The days for a field, by what the other fields hold.
    #[must_use]
    pub fn of(field: &Field, fields: &BTreeMap<String, Value>, today: Date) -> Self {
        let day = |id: &Option<String>| fields.get(id.as_ref()?).and_then(Value::day);
        let decides = day(&field.law_on).unwrap_or(today);
        let conduct = day(&field.conduct_on).filter(|conduct| *conduct < decides);
        Self { decides, conduct }
    }

    /// Why an article may not be cited, and what applies instead; `None` when it may.
    #[must_use]
    pub fn refusal(self, article: &Article, law: &Law) -> Option<OutOfForce> {
        let out = law.not_in_force(&article.instrument, self.decides)?;
        match self.conduct {
            Some(conduct) => law.not_in_force(&article.instrument, conduct),
            None => Some(out),
        }
    }
}

fn read_files(field: &Field, given: &[&str]) -> Result<Value, FieldError> {
    let most = field.max.unwrap_or(FILES_MAX);
    if i64::try_from(given.len()).unwrap_or(i64::MAX) > most {
        return Err(FieldError::new(
            &field.id,
            format!("最多 {most} 个附件"),
            format!("at most {most} attachments"),
        ));
    }
    let file = |text: &str| {
        let mut parts = text.splitn(3, '|');
        let sha256 = parts.next()?.to_owned();
        let size_bytes = parts.next()?.parse().ok()?;
        let name = parts.next()?.to_owned();
        let address = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        (address && !name.is_empty()).then_some(FileRef { sha256, name, size_bytes })
    };
    given.iter().map(|text| file(text)).collect::<Option<_>>().map(Value::Files).ok_or_else(|| {
        FieldError::new(
            &field.id,
            "附件无法识别，请重新上传",
            "the attachment was not understood; upload it again",
        )
    })
}

#[cfg(test)]
mod tests {
    use calendar::Words;
    use proptest::prelude::*;

    use super::*;
    use crate::definition::{Choice, Tier};
    use crate::matter::UnitFacts;

    struct Anywhere;

    impl Directory for Anywhere {
        fn unit(&self, _: UnitId) -> Option<UnitFacts> {
            None
        }

        fn find(&self, text: &str) -> Option<UnitId> {
            text.parse().ok()
        }

        fn division(&self, text: &str) -> Option<String> {
            Some(text.to_owned())
        }
    }

    fn field(kind: FieldKind) -> Field {
        let choice = |id: &str| Choice { id: id.to_owned(), words: Words::default() };
        Field {
            id: "it".to_owned(),
            kind,
            label: Words::default(),
            help: Words::default(),
            basis: Vec::new(),
            options: vec![choice("one"), choice("two")],
            tier: Tier::Shared,
            max: None,
            min: Some(i64::MIN),
            future: true,
            not_before: None,
            not_after: None,
            format: None,
            usually: None,
            law_on: None,
            conduct_on: None,
        }
    }

    fn law() -> &'static Law {
        static LAW: std::sync::LazyLock<Law> =
            std::sync::LazyLock::new(|| calendar::embedded().unwrap().0);
        &LAW
    }

    fn values() -> impl Strategy<Value = (FieldKind, Value)> {
        let seconds = -60_000_000_000_i64..200_000_000_000;
        prop_oneof![
            any::<bool>().prop_map(|truth| (FieldKind::Boolean, Value::Boolean(truth))),
            any::<i64>().prop_map(|number| (FieldKind::Integer, Value::Integer(number))),
            "[\\PC&&\\S]{1,40}".prop_map(|text| (FieldKind::Text, Value::Text(text))),
            Just((FieldKind::Choice, Value::Text("two".to_owned()))),
            Just((FieldKind::Choices, Value::Choices(vec!["two".to_owned(), "one".to_owned()]))),
            seconds.prop_map(|seconds| {
                let at = Timestamp::from_second(seconds).unwrap();
                (FieldKind::Instant, Value::Instant(at))
            }),
            (-700_000..700_000_i32).prop_map(|days| {
                let day = jiff::civil::date(2000, 1, 1);
                let day = day.saturating_add(jiff::Span::new().days(days));
                (FieldKind::Date, Value::Date(day))
            }),
            (1..i64::MAX).prop_map(|unit| (FieldKind::Unit, Value::Unit(UnitId(unit)))),
            (73_000_000..=136_000_000_i32, 3_000_000..=54_000_000_i32).prop_map(
                |(longitude_e6, latitude_e6)| {
                    (FieldKind::Point, Value::Point(Point { longitude_e6, latitude_e6 }))
                }
            ),
            (1..1_300_u32, 1..9_u32).prop_map(|(article, paragraph)| {
                let cited = |instrument: &str, article: String| Article {
                    instrument: instrument.to_owned(),
                    article,
                };
                let register = cited("FD", format!("{article}({paragraph})"));
                let other = cited("《某县条例》", article.to_string());
                (FieldKind::Articles, Value::Articles(vec![register, other]))
            }),
            ("[0-9a-f]{64}", 0..i64::MAX, "[a-z|.照片]{1,9}").prop_map(
                |(sha256, size_bytes, name)| {
                    let file = FileRef { sha256, name, size_bytes };
                    (FieldKind::Files, Value::Files(vec![file]))
                }
            ),
        ]
    }

    fn read_one(field: &Field, given: &[&str]) -> Result<Option<Value>, FieldError> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        read(field, &given, &Anywhere, law(), jiff::civil::date(2026, 3, 2))
    }

    fn said(field: &Field, given: &[&str]) -> String {
        read_one(field, given).unwrap_err().words.zh
    }

    #[test]
    fn full_width_characters_mean_the_same() {
        let day = read_one(&field(FieldKind::Date), &["２０２６－０３－０２"]).unwrap();
        assert_eq!(day, Some(Value::Date(jiff::civil::date(2026, 3, 2))));
        let number = read_one(&field(FieldKind::Integer), &["１２"]).unwrap();
        assert_eq!(number, Some(Value::Integer(12)));
        let at = read_one(&field(FieldKind::Instant), &["２０２６-０３-０２Ｔ０９：３０"]).unwrap();
        assert_eq!(at.and_then(|at| at.day()), Some(jiff::civil::date(2026, 3, 2)));
        let point = Value::Point(Point { longitude_e6: 107_390_000, latitude_e6: 34_520_000 });
        for given in [&["１０７．３９，３４．５２"][..], &["107.39", "34.52"], &["107.39　34.52"]]
        {
            assert_eq!(read_one(&field(FieldKind::Point), given).unwrap(), Some(point.clone()));
        }
        let code = Field { format: Some(Format::Uscc), ..field(FieldKind::Text) };
        let read = read_one(&code, &["９１３５０１００ｍ０００１００ｙ４３"]).unwrap();
        assert_eq!(read, Some(Value::Text("91350100M000100Y43".to_owned())));
        // Other texts stay as they were written.
        let text = read_one(&field(FieldKind::Text), &["（２）号"]).unwrap();
        assert_eq!(text, Some(Value::Text("（２）号".to_owned())));
    }

    #[test]
    fn a_wrong_code_is_told_with_the_character() {
        let code = Field { format: Some(Format::Uscc), ..field(FieldKind::Text) };
        assert!(said(&code, &["9135O100M000100Y43"]).starts_with("第 5 位“O”有误"));
    }

    #[test]
    fn a_point_lies_in_china() {
        let point = field(FieldKind::Point);
        assert_eq!(said(&point, &["34.52,107.39"]), "经度和纬度可能填反了，应为 107.39,34.52");
        assert!(said(&point, &["10.39,34.52"]).starts_with("经度 10.39 不在我国境内"));
        assert!(said(&point, &["107.39,84.5"]).starts_with("纬度 84.5 不在我国境内"));
        for half in [&["107.39"][..], &["", "34.52"], &["北边"], &["107.39,34.52,3"], &["NaN,34"]]
        {
            assert!(said(&point, half).starts_with("坐标应有经度和纬度两个数"), "{half:?}");
        }
    }

    #[test]
    fn a_day_lies_within_its_bounds() {
        let bounded = Field {
            not_before: Some(Bound::Day(jiff::civil::date(1979, 9, 13))),
            not_after: Some(Bound::Day(jiff::civil::date(2099, 12, 31))),
            ..field(FieldKind::Date)
        };
        assert!(read_one(&bounded, &["1979-09-13"]).is_ok());
        assert!(read_one(&bounded, &["2099-12-31"]).is_ok());
        assert_eq!(said(&bounded, &["1026-03-02"]), "日期不能早于 1979-09-13，请核对年份");
        assert_eq!(said(&bounded, &["2206-03-02"]), "日期不能晚于 2099-12-31，请核对年份");
    }

    #[test]
    fn a_line_break_counts_once_however_it_is_sent() {
        let short = Field { max: Some(3), ..field(FieldKind::LongText) };
        assert_eq!(
            read_one(&short, &["一\r\n二"]).unwrap(),
            Some(Value::Text("一\n二".to_owned()))
        );
        assert_eq!(said(&short, &["一\r\n二三"]), "最多 3 字，现有 4 字");
        let lines = field(FieldKind::Text);
        assert_eq!(said(&lines, &["长".repeat(201).as_str()]), "最多 200 字，现有 201 字");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back((kind, value) in values()) {
            let today = jiff::civil::date(2026, 3, 2);
            let back = read(&field(kind), &value.written(), &Anywhere, law(), today).unwrap();
            prop_assert_eq!(back, Some(value));
        }

        #[test]
        fn no_text_is_too_strange_to_answer(text in "\\PC{0,60}", spaces in "\\s{0,3}") {
            let today = jiff::civil::date(2026, 3, 2);
            let given = [format!("{spaces}{text}")];
            for kind in [
                FieldKind::Text, FieldKind::LongText, FieldKind::Boolean, FieldKind::Date,
                FieldKind::Instant, FieldKind::Integer, FieldKind::Choice, FieldKind::Choices,
                FieldKind::Unit, FieldKind::Division, FieldKind::Point, FieldKind::Files,
                FieldKind::Articles,
            ] {
                let _ = read(&field(kind), &given, &Anywhere, law(), today);
            }
        }
    }
}
