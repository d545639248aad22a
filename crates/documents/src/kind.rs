//! Kinds of document, as data: which items the law asks for, and the form it takes on paper.

use calendar::{Law, Words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a document looks: which part of GB/T 9704—2012, or the procuratorates' own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// 文件格式, with a red head and a red rule.
    RedHead,
    /// 信函格式, with double red rules.
    Letter,
    /// 纪要格式.
    Minutes,
    /// 法律文书 of a procuratorate, or a paper in the same order.
    Writ,
    /// A table over one or more pages: sheets, records, receipts.
    Sheet,
}

/// A kind of document.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the paper shows or not"
)]
pub struct Kind {
    /// Folder and name, such as `suggestion/suggestion-letter`; the template is this with `.typ`.
    pub id: String,
    /// What it is called; also its title where it has no other.
    pub name: Words,
    /// How it looks.
    pub form: Form,
    /// Whether it bears an official number.
    pub numbered: bool,
    /// Whether it names whom it goes to.
    pub addressed: bool,
    /// Whether it goes to a superior (上行文) and names who signed it.
    pub upward: bool,
    /// Whether the seal goes over name and date.
    pub stamped: bool,
    /// What it must say and what it may say, in the order of the law.
    pub items: Vec<Item>,
}

/// One thing a document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name in a draft.
    pub id: String,
    /// What people call it.
    pub name: Words,
    /// The article that asks for it, named in full.
    pub article: Option<Words>,
    /// Whether a document may go out without it.
    pub optional: bool,
    /// Items that may stand in its place.
    pub unless: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindsFile {
    kinds: Vec<KindEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "as in `Kind`")]
struct KindEntry {
    id: String,
    name: Words,
    form: Form,
    #[serde(default)]
    numbered: bool,
    #[serde(default)]
    addressed: bool,
    #[serde(default)]
    upward: bool,
    #[serde(default = "yes")]
    stamped: bool,
    items: Vec<ItemEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemEntry {
    id: String,
    zh: String,
    en: String,
    law: Option<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    unless: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Reads one `kinds.toml` that lies in `folder`.
pub(crate) fn read(folder: &str, text: &str, law: &Law) -> Result<Vec<Kind>, String> {
    let file: KindsFile = toml::from_str(text).map_err(|error| error.to_string())?;
    file.kinds.into_iter().map(|entry| entry.check(folder, law)).collect()
}

impl KindEntry {
    fn check(self, folder: &str, law: &Law) -> Result<Kind, String> {
        let Self { id, name, form, numbered, addressed, upward, stamped, items } = self;
        let known: BTreeSet<String> = items.iter().map(|item| item.id.clone()).collect();
        if known.len() != items.len() {
            return Err(format!("kind “{id}”: two items have the same id"));
        }
        let items = items
            .into_iter()
            .map(|item| {
                if let Some(unknown) = item.unless.iter().find(|other| !known.contains(*other)) {
                    return Err(format!(
                        "kind “{id}”, item “{}”: unless names “{unknown}”, which is no item of it",
                        item.id
                    ));
                }
                let article = item
                    .law
                    .map(|cited| {
                        article(law, &cited).ok_or_else(|| {
                            format!(
                                "kind “{id}”, item “{}”: “{cited}” names no instrument of law/instruments.toml",
                                item.id
                            )
                        })
                    })
                    .transpose()?;
                let name = Words { zh: item.zh, en: item.en };
                Ok(Item { id: item.id, name, article, optional: item.optional, unless: item.unless })
            })
            .collect::<Result<_, String>>()?;
        let id = format!("{folder}/{id}");
        Ok(Kind { id, name, form, numbered, addressed, upward, stamped, items })
    }
}

/// `J2:75` → 《人民检察院公益诉讼办案规则》第七十五条: on paper articles are numbered in Chinese.
fn article(law: &Law, cited: &str) -> Option<Words> {
    let (id, article) = cited.split_once(':')?;
    let name = &law.instrument(id)?.name;
    let zh = match article.parse() {
        Ok(number) => format!("《{}》第{}条", name.zh, hanzi(number)),
        Err(_) => format!("《{}》{article}", name.zh),
    };
    Some(Words::new(zh, format!("{}, art. {article}", name.en)))
}

/// 1 to 9999 in Chinese, as articles are numbered.
fn hanzi(number: u16) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let mut words = String::new();
    let mut skipped = false;
    for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / unit % 10;
        if digit == 0 {
            skipped = !words.is_empty();
            continue;
        }
        if skipped {
            words.push('零');
        }
        skipped = false;
        // 十二, not 一十二.
        if !(unit == 10 && digit == 1 && words.is_empty()) {
            words.extend(DIGITS.get(usize::from(digit)));
        }
        words.push_str(name);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_numbered_in_chinese() {
        let written: Vec<String> = [1, 10, 12, 20, 75, 105, 110, 1083].map(hanzi).into();
        assert_eq!(
            written,
            ["一", "十", "十二", "二十", "七十五", "一百零五", "一百一十", "一千零八十三"]
        );
    }
}
