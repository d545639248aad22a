//! What a template is handed: plain data, made here from a draft, never markup.

use crate::draft::Draft;
use crate::error::{Missing, Refused};
use crate::font::Roles;
use crate::kind::{Form, Kind};
use crate::number::OfficialNumber;
use crate::text::{self, Block, Text};
use calendar::Words;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// Everything a page is made of.
pub(crate) struct Page<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) draft: &'a Draft,
    pub(crate) number: Option<&'a OfficialNumber>,
    /// None for a draft.
    pub(crate) issued_on: Option<Date>,
    pub(crate) title: Vec<String>,
    pub(crate) code: Option<Value>,
    pub(crate) seal: bool,
    pub(crate) roles: &'a Roles,
}

/// Latin words and numbers longer than this are given places to break, or they would leave the page.
const UNBROKEN_MAX: usize = 40;

pub(crate) fn for_template(page: &Page<'_>) -> Value {
    let Page { kind, draft, .. } = page;
    let mut items = Map::new();
    for item in &kind.items {
        if let Some(text) = draft.items.get(&item.id) {
            items.insert(
                item.id.clone(),
                json!({ "line": breakable(&text.line()), "blocks": blocks(text) }),
            );
        }
    }
    let number = match (page.number, &draft.pattern) {
        (Some(number), _) => number.to_string(),
        (None, Some(pattern)) if page.issued_on.is_none() => {
            // The year is not known before the day is: its place is left.
            pattern.to_string().replace("{year}", "　　").replace("{number}", "　")
        }
        _ if kind.numbered => "　　〔　　〕　号".to_owned(),
        _ => String::new(),
    };
    let banner = draft.banner.clone().unwrap_or_else(|| match kind.form {
        Form::RedHead => format!("{}文件", draft.issuer),
        Form::Minutes => kind.name.zh.clone(),
        Form::Letter | Form::Writ | Form::Sheet => draft.issuer.clone(),
    });
    let made = page.issued_on.unwrap_or(jiff::civil::date(2000, 1, 1));
    let heading = match &draft.title {
        Some(title) => title.replace('\n', ""),
        None => kind.name.zh.clone(),
    };
    json!({
        "kind": kind.id,
        "name": kind.name.zh,
        "heading": if page.number.is_some() { format!("{heading} {number}") } else { heading },
        "made": [made.year(), made.month(), made.day()],
        "issuer": draft.issuer,
        "mark": banner,
        "number": number,
        "numbered": kind.numbered,
        "draft": page.issued_on.is_none(),
        "title": page.title,
        "to": draft.to,
        "copies": draft.copies,
        "date": page.issued_on.map(in_chinese),
        "signer": if kind.upward { draft.signer.as_deref() } else { None },
        "secrecy": draft.secrecy,
        "urgency": draft.urgency,
        "copy-no": draft.copy_no,
        "note": draft.note,
        "annexes": draft.annexes,
        "printed": draft.printed_by.as_ref().map(|by| json!({
            "by": by,
            "on": page.issued_on.map_or_else(|| "　　年　月　日".to_owned(), in_chinese),
        })),
        "stamped": kind.stamped,
        "seal": page.seal.then_some("/seal.png"),
        "code": page.code,
        "fonts": page.roles,
        "items": items,
    })
}

/// 2026年3月2日: no leading zeros.
pub(crate) fn in_chinese(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

fn blocks(text: &Text) -> Vec<Block> {
    text.blocks()
        .iter()
        .map(|block| match block {
            Block::Paragraph { text } => Block::Paragraph { text: breakable(text) },
            Block::Heading { level, text } => {
                Block::Heading { level: *level, text: breakable(text) }
            }
            Block::Table { rows } => Block::Table {
                rows: rows
                    .iter()
                    .map(|row| row.iter().map(|cell| breakable_after(cell, 8)).collect())
                    .collect(),
            },
        })
        .collect()
}

fn breakable(words: &str) -> String {
    breakable_after(words, UNBROKEN_MAX)
}

fn breakable_after(words: &str, most: usize) -> String {
    let mut out = String::with_capacity(words.len());
    let mut run = 0;
    for character in words.chars() {
        // Chinese breaks anywhere; everything else only at a blank.
        run = if character == ' ' || character >= '\u{2e80}' { 0 } else { run + 1 };
        out.push(character);
        if run > 0 && run % most == 0 {
            out.push('\u{200b}');
        }
    }
    out
}

/// What a complete document of this kind says and this draft does not.
pub(crate) fn missing(kind: &Kind, draft: &Draft) -> Vec<Missing> {
    let mut missing = Vec::new();
    if draft.issuer.trim().is_empty() {
        missing.push(head("issuer", "发文机关", "issuer", "7.2.4"));
    }
    if kind.addressed && draft.to.is_empty() {
        missing.push(head("to", "主送机关", "recipient", "7.3.2"));
    }
    if kind.upward && draft.signer.is_none() {
        missing.push(head("signer", "签发人", "who signs it off", "7.2.6"));
    }
    for item in &kind.items {
        let written = |id: &String| draft.items.contains_key(id);
        if !item.optional && !written(&item.id) && !item.unless.iter().any(written) {
            missing.push(Missing {
                item: item.id.clone(),
                name: item.name.clone(),
                article: item.article.clone(),
            });
        }
    }
    missing
}

pub(crate) fn number_missing() -> Missing {
    head("number", "发文字号", "official number", "7.2.5")
}

fn head(item: &str, zh: &str, en: &str, clause: &str) -> Missing {
    Missing {
        item: item.to_owned(),
        name: Words { zh: zh.to_owned(), en: en.to_owned() },
        article: Some(Words {
            zh: format!("《党政机关公文格式》（GB/T 9704—2012）{clause}"),
            en: format!("Layout of official documents, GB/T 9704—2012, {clause}"),
        }),
    }
}

/// Whether the parts of the head are lines of reasonable length.
pub(crate) fn check_head(draft: &Draft, most: usize, names: usize) -> Result<(), Refused> {
    let line = |name, words: &str| {
        let fits = words.chars().take(most + 1).count() <= most;
        if fits && words.chars().all(|character| character != '\t' && text::prints(character)) {
            Ok(())
        } else {
            Err(Refused::NotALine(name))
        }
    };
    line("issuer", &draft.issuer)?;
    if let Some(title) = &draft.title {
        line("title", &title.replace('\n', ""))?;
    }
    for (name, words) in [
        ("banner", &draft.banner),
        ("note", &draft.note),
        ("signer", &draft.signer),
        ("copy_no", &draft.copy_no),
        ("secrecy", &draft.secrecy),
        ("urgency", &draft.urgency),
        ("printed_by", &draft.printed_by),
    ] {
        if let Some(words) = words {
            line(name, words)?;
        }
    }
    for (name, list) in [("to", &draft.to), ("copies", &draft.copies), ("annexes", &draft.annexes)]
    {
        if list.len() > names {
            return Err(Refused::NotALine(name));
        }
        for words in list {
            line(name, words)?;
        }
    }
    Ok(())
}

/// Every word of a draft, for looking up its characters.
pub(crate) fn all_words(draft: &Draft) -> String {
    let mut words = draft.items.values().map(ToString::to_string).collect::<String>();
    let lists = draft.to.iter().chain(&draft.copies).chain(&draft.annexes);
    let parts = [
        &draft.banner,
        &draft.title,
        &draft.note,
        &draft.signer,
        &draft.copy_no,
        &draft.secrecy,
        &draft.urgency,
        &draft.printed_by,
    ];
    for more in lists.chain(parts.into_iter().flatten()).chain([&draft.issuer]) {
        words.push_str(more);
    }
    words
}
