//! What people write in a document: paragraphs, levels and tables, and nothing else.
//!
//! The notation is what an office types anyway. A line is a paragraph. A line that begins with a level mark
//! (`一、` `（一）` `1.` `（1）`), is short and ends without a full stop is a heading of that level. Lines
//! between bars (`| 甲 | 乙 |`) are rows of a table whose first row is its head. Nothing is markup: a
//! text that looks like a command prints as it stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of one item.
pub const ITEM_CHARACTERS_MAX: usize = 30_000;
/// The most rows of all tables of one item.
pub const ITEM_ROWS_MAX: usize = 300;
/// The most columns of a table: more do not fit the printed width.
pub const TABLE_COLUMNS_MAX: usize = 8;
/// The most characters of one cell.
pub const CELL_CHARACTERS_MAX: usize = 400;
/// A line with a level mark is a heading up to this length.
const HEADING_CHARACTERS_MAX: usize = 40;

/// Structured text, made only by parsing; kept and sent as its notation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text {
    blocks: Vec<Block>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// A paragraph, numbered or not: the number is part of its words.
    Paragraph {
        /// Its words.
        text: String,
    },
    /// A heading with its mark.
    Heading {
        /// 1 for 一、 to 4 for （1）.
        level: u8,
        /// Its words, mark included.
        text: String,
    },
    /// A table; every row has as many cells as the first.
    Table {
        /// The head, then the rows.
        rows: Vec<Vec<String>>,
    },
}

/// Why a text is not taken, with the line it is about (from 1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Nothing but blanks.
    #[error("nothing is written")]
    Empty,
    /// Longer than [`ITEM_CHARACTERS_MAX`].
    #[error("{characters} characters, at most {ITEM_CHARACTERS_MAX}")]
    TooLong {
        /// How many there are.
        characters: usize,
    },
    /// A character that does not print, or turns the direction of writing.
    #[error("line {line}: a character that cannot be printed, U+{code:04X}")]
    Unprintable {
        /// The line.
        line: usize,
        /// The character.
        code: u32,
    },
    /// A row with another number of cells than the table's first.
    #[error("line {line}: {found} cells, the table's first row has {expected}")]
    Uneven {
        /// The line.
        line: usize,
        /// Its cells.
        found: usize,
        /// The cells of the table's first row.
        expected: usize,
    },
    /// A row that does not end with a bar.
    #[error("line {line}: a row of a table begins and ends with “|”")]
    OpenRow {
        /// The line.
        line: usize,
    },
    /// More columns than [`TABLE_COLUMNS_MAX`].
    #[error("line {line}: {columns} columns, at most {TABLE_COLUMNS_MAX}")]
    TooWide {
        /// The line.
        line: usize,
        /// How many there are.
        columns: usize,
    },
    /// A cell longer than [`CELL_CHARACTERS_MAX`].
    #[error("line {line}: a cell of more than {CELL_CHARACTERS_MAX} characters")]
    LongCell {
        /// The line.
        line: usize,
    },
    /// More rows than [`ITEM_ROWS_MAX`].
    #[error("more than {ITEM_ROWS_MAX} rows in tables")]
    TooManyRows,
}

impl Text {
    /// Reads the notation.
    ///
    /// # Errors
    /// [`NotText`] names the line and what is wrong with it.
    pub fn parse(notation: &str) -> Result<Self, NotText> {
        // Counting stops at the limit, so that a huge text costs no more than one just too long.
        let characters = notation.chars().take(ITEM_CHARACTERS_MAX + 1).count();
        if characters > ITEM_CHARACTERS_MAX {
            return Err(NotText::TooLong { characters: notation.chars().count() });
        }
        let mut blocks = Vec::new();
        let mut rows_in_all = 0;
        let mut in_table = false;
        for (index, raw) in notation.lines().enumerate() {
            let line = index + 1;
            if let Some(bad) = raw.chars().find(|&character| !prints(character)) {
                return Err(NotText::Unprintable { line, code: u32::from(bad) });
            }
            let words = raw.trim();
            if words.is_empty() {
                in_table = false;
                continue;
            }
            if !words.starts_with('|') {
                in_table = false;
                blocks.push(written(words));
                continue;
            }
            let Some(cells) = cells(words, line)? else { continue };
            rows_in_all += 1;
            if rows_in_all > ITEM_ROWS_MAX {
                return Err(NotText::TooManyRows);
            }
            match blocks.last_mut() {
                Some(Block::Table { rows }) if in_table => {
                    let expected = rows.first().map_or(0, Vec::len);
                    if cells.len() != expected {
                        return Err(NotText::Uneven { line, found: cells.len(), expected });
                    }
                    rows.push(cells);
                }
                _ => blocks.push(Block::Table { rows: vec![cells] }),
            }
            in_table = true;
        }
        if blocks.is_empty() { Err(NotText::Empty) } else { Ok(Self { blocks }) }
    }

    /// Its pieces, in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many characters it has.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.to_string().chars().count()
    }

    /// All its words in one line, for use within a sentence.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = String::new();
        for block in &self.blocks {
            match block {
                Block::Paragraph { text } | Block::Heading { text, .. } => line.push_str(text),
                Block::Table { rows } => line.push_str(&rows.concat().join("　")),
            }
        }
        line
    }
}

impl fmt::Display for Text {
    /// The notation, which parses to the same text again.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after_table = false;
        for (index, block) in self.blocks.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            match block {
                Block::Paragraph { text } | Block::Heading { text, .. } => {
                    write!(out, "{text}")?;
                    after_table = false;
                }
                Block::Table { rows } => {
                    if after_table {
                        // Without a blank line two tables would read as one.
                        writeln!(out)?;
                    }
                    for (number, row) in rows.iter().enumerate() {
                        if number > 0 {
                            writeln!(out)?;
                        }
                        write!(out, "| {} |", row.join(" | "))?;
                    }
                    after_table = true;
                }
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Text {
    type Error = NotText;

    fn try_from(notation: String) -> Result<Self, NotText> {
        Self::parse(&notation)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.to_string()
    }
}

/// Whether a character may stand in a document: no controls, nothing that turns the direction of
/// writing or hides, no private use. Tabs are blanks.
pub(crate) fn prints(character: char) -> bool {
    if character == '\t' {
        return true;
    }
    !(character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}'))
}

fn written(words: &str) -> Block {
    let text = words.replace('\t', " ");
    match level(&text) {
        Some(level)
            if text.chars().count() <= HEADING_CHARACTERS_MAX
                && !text.ends_with(['。', '；', '：', '！', '？', '，', '、', '.', ';']) =>
        {
            Block::Heading { level, text }
        }
        _ => Block::Paragraph { text },
    }
}

/// The level of the mark a line begins with: 一、 1, （一） 2, 1. 3, （1） 4.
fn level(text: &str) -> Option<u8> {
    let bracketed = text.strip_prefix(['（', '(']);
    let body = bracketed.unwrap_or(text);
    let chinese = |character: char| "一二三四五六七八九十百".contains(character);
    let after_chinese = body.trim_start_matches(chinese);
    let after_digits = body.trim_start_matches(|character: char| character.is_ascii_digit());
    let marked = |rest: &str, ends: &[char], most: usize| {
        let length = body.len() - rest.len();
        length > 0
            && body.get(..length).is_some_and(|mark| mark.chars().count() <= most)
            && rest.strip_prefix(ends).is_some_and(|after| !after.trim().is_empty())
    };
    match bracketed {
        Some(_) if marked(after_chinese, &['）', ')'], 3) => Some(2),
        Some(_) if marked(after_digits, &['）', ')'], 3) => Some(4),
        None if marked(after_chinese, &['、'], 3) => Some(1),
        // “3.5吨” is a number, not a mark.
        None if marked(after_digits, &['.', '．'], 3)
            && !after_digits.chars().nth(1).is_some_and(|next| next.is_ascii_digit()) =>
        {
            Some(3)
        }
        _ => None,
    }
}

/// The cells of a row; none for a line of dashes under a head, which some write from habit.
fn cells(words: &str, line: usize) -> Result<Option<Vec<String>>, NotText> {
    let inner = words
        .strip_prefix('|')
        .and_then(|rest| rest.strip_suffix('|'))
        .ok_or(NotText::OpenRow { line })?;
    let columns = inner.split('|').count();
    if columns > TABLE_COLUMNS_MAX {
        return Err(NotText::TooWide { line, columns });
    }
    let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().replace('\t', " ")).collect();
    if cells
        .iter()
        .all(|cell| cell.len() >= 3 && cell.chars().all(|mark| matches!(mark, '-' | ':')))
    {
        return Ok(None);
    }
    if cells.iter().any(|cell| cell.chars().count() > CELL_CHARACTERS_MAX) {
        return Err(NotText::LongCell { line });
    }
    Ok(Some(cells))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(notation: &str) -> Vec<Option<u8>> {
        Text::parse(notation)
            .unwrap()
            .blocks()
            .iter()
            .map(|block| match block {
                Block::Heading { level, .. } => Some(*level),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn marks_of_the_four_levels_are_headings_when_short_and_without_a_full_stop() {
        assert_eq!(
            levels(
                "一、基本情况\n（一）来源\n1.第一项\n（1）甲\n1.依法履行职责。\n3.5吨废渣\n（注）附后"
            ),
            [Some(1), Some(2), Some(3), Some(4), None, None, None]
        );
    }

    #[test]
    fn lines_between_bars_are_one_table_until_a_blank_line() {
        let text = Text::parse("|证据|页数|\n|---|---|\n|笔录|3|\n\n|另|表|").unwrap();
        assert_eq!(
            text.blocks(),
            [
                Block::Table {
                    rows: vec![vec!["证据".into(), "页数".into()], vec!["笔录".into(), "3".into()]]
                },
                Block::Table { rows: vec![vec!["另".into(), "表".into()]] }
            ]
        );
        assert_eq!(
            Text::parse("|甲|乙|\n|丙|"),
            Err(NotText::Uneven { line: 2, found: 1, expected: 2 })
        );
        assert_eq!(Text::parse("|甲|乙"), Err(NotText::OpenRow { line: 1 }));
    }

    #[test]
    fn what_cannot_be_printed_is_named_with_its_line() {
        assert_eq!(
            Text::parse("甲\n乙\u{202e}丙"),
            Err(NotText::Unprintable { line: 2, code: 0x202e })
        );
        assert_eq!(Text::parse(" \n\t\n"), Err(NotText::Empty));
        let long = "长".repeat(ITEM_CHARACTERS_MAX + 1);
        assert_eq!(
            Text::parse(&long),
            Err(NotText::TooLong { characters: ITEM_CHARACTERS_MAX + 1 })
        );
    }

    #[test]
    fn what_was_parsed_reads_the_same_again() {
        // Every text of up to four of these pieces: marks, bars, blanks, line ends.
        const PIECES: [&str; 9] = ["一、", "（一）", "1.", "|", "甲", "。", "\n", " ", "---"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| PIECES.iter().map(move |piece| format!("{text}{piece}")))
                .collect();
            for notation in &texts {
                if let Ok(text) = Text::parse(notation) {
                    assert_eq!(Text::parse(&text.to_string()), Ok(text), "{notation:?}");
                }
            }
        }
    }
}
