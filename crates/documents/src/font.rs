//! Fonts: what lies on the shelf, and which families stand for which typeface of the standard.

use crate::error::Fault;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// The families for each typeface of GB/T 9704—2012, best first; as they are on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roles {
    /// 仿宋, the text.
    pub(crate) fangsong: Vec<String>,
    /// 宋体, page numbers.
    pub(crate) song: Vec<String>,
    /// 楷体, headings of the second level and signers.
    pub(crate) kai: Vec<String>,
    /// 黑体, headings of the first level.
    pub(crate) hei: Vec<String>,
    /// 小标宋, heads and titles.
    pub(crate) banner: Vec<String>,
}

/// All fonts there are.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    pub(crate) roles: Roles,
    /// Characters already looked up, each with whether some font has it.
    known: Mutex<HashMap<char, bool>>,
}

impl Shelf {
    /// Lays out the fonts; `wanted` is what the templates ask for.
    pub(crate) fn new(files: &[(String, Bytes)], wanted: Roles) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fonts = Vec::new();
        for (name, bytes) in files {
            let before = fonts.len();
            fonts.extend(Font::iter(bytes.clone()));
            if fonts.len() == before {
                faults.push(Fault {
                    file: name.clone(),
                    line: None,
                    what: "is no OpenType or TrueType font".into(),
                    mend: "take the file away, or put the font there again".into(),
                });
            }
        }
        let book = FontBook::from_fonts(&fonts);
        let mut present = |role: &str, wanted: Vec<String>| {
            let found: Vec<String> = wanted
                .iter()
                .filter(|family| book.contains_family(&family.to_lowercase()))
                .cloned()
                .collect();
            if found.is_empty() {
                faults.push(Fault {
                    file: "fonts.toml".into(),
                    line: None,
                    what: format!("no font for {role}: none of {} is there", wanted.join(", ")),
                    mend: "run `cargo xtask fonts`, or name the folder of a font of that list"
                        .into(),
                });
            }
            found
        };
        let roles = Roles {
            fangsong: present("fangsong (仿宋)", wanted.fangsong),
            song: present("song (宋体)", wanted.song),
            kai: present("kai (楷体)", wanted.kai),
            hei: present("hei (黑体)", wanted.hei),
            banner: present("banner (小标宋)", wanted.banner),
        };
        if faults.is_empty() {
            Ok(Self { book: LazyHash::new(book), fonts, roles, known: Mutex::new(HashMap::new()) })
        } else {
            Err(faults)
        }
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// The characters of `text` that no font has, each once.
    pub(crate) fn without_glyph(&self, text: &str) -> BTreeSet<char> {
        // A poisoned cache is only a cache.
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        text.chars()
            .filter(|&character| !matches!(character, '\n' | '\t'))
            .filter(|&character| {
                !*known.entry(character).or_insert_with(|| {
                    let code = u32::from(character);
                    self.fonts.iter().any(|font| font.info().coverage.contains(code))
                })
            })
            .collect()
    }
}
