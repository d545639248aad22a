//! Tables of any length as a workbook: rows are written as they come and never all in memory; a full
//! sheet is followed by another.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sha2::{Digest as _, Sha256};
use store::job::Right;
use tokio::sync::mpsc;

use super::ask::{Ask, Head};
use crate::House;
use crate::error::WebError;
use crate::message::Language;

/// Rows of one sheet, its headings among them: what the format allows.
pub(crate) const SHEET_ROWS_MAX: u32 = 1_048_576;
/// Longest cell, in characters: what the format allows.
const CELL_CHARS_MAX: usize = 32_767;
/// Longest name of a sheet, in characters, with room for its number.
const SHEET_NAME_CHARS_MAX: usize = 24;
/// Widest column, in characters.
const COLUMN_CHARS_MAX: usize = 48;
/// Groups of rows that may wait to be written.
const GROUPS_WAITING_MAX: usize = 4;
/// Bytes hashed at once.
const HASHED_BYTES: usize = 256 * 1024;

/// How far a piece of work has come.
#[derive(Debug)]
pub(crate) struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { done: AtomicU64::new(0), total: AtomicU64::new(u64::MAX) }
    }
}

impl Progress {
    /// How much is done, and of how much when that is known.
    pub(crate) fn far(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total != u64::MAX).then_some(total))
    }

    /// Of how much.
    pub(crate) fn of(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many are done.
    pub(crate) fn is_at(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    fn more(&self, rows: u64) {
        self.done.fetch_add(rows, Ordering::Relaxed);
    }
}

/// Where rows are poured, group by group; waits while enough are on their way.
#[derive(Debug)]
pub(crate) struct Pour {
    to: mpsc::Sender<Vec<Vec<String>>>,
    progress: Arc<Progress>,
}

impl Pour {
    /// One group of rows.
    ///
    /// # Errors
    /// When the writer is gone; what it says of itself is the reason.
    pub(crate) async fn rows(&self, rows: Vec<Vec<String>>) -> Result<(), WebError> {
        let number = rows.len() as u64;
        self.to.send(rows).await.map_err(|_| WebError::internal("the workbook is closed"))?;
        self.progress.more(number);
        Ok(())
    }
}

/// A table that was written.
pub(crate) struct Table {
    workbook: Workbook,
    /// Rows under the headings.
    pub(crate) rows: u64,
}

/// Writes the table that was asked for, as far as the asker may see it; temporary files lie in `folder`.
///
/// # Errors
/// [`WebError::NotFound`] when what was asked for is no table; what reading or writing fails by.
pub(crate) async fn write_table(
    house: &House,
    ask: &Ask,
    right: &Right,
    language: Language,
    folder: PathBuf,
    progress: &Arc<Progress>,
) -> Result<Table, WebError> {
    let head = ask.head(house, right, language).ok_or(WebError::NotFound)?;
    let (to, mut groups) = mpsc::channel::<Vec<Vec<String>>>(GROUPS_WAITING_MAX);
    // Packing a long table takes a while of a core; other requests go on meanwhile.
    let writer = tokio::task::spawn_blocking(move || -> Result<Table, XlsxError> {
        let mut sheets = Sheets::new(head, &folder, SHEET_ROWS_MAX)?;
        while let Some(group) = groups.blocking_recv() {
            for row in &group {
                sheets.add(row)?;
            }
        }
        sheets.finish()
    });
    let pour = Pour { to, progress: Arc::clone(progress) };
    let poured = ask.pour(house, right, language, &pour).await;
    // The last group has been sent: the writer comes to its end.
    drop(pour);
    let written = writer.await.map_err(WebError::internal)?;
    let table = written.map_err(WebError::internal)?;
    poured.map(|()| table)
}

impl Table {
    /// As bytes.
    ///
    /// # Errors
    /// When the workbook cannot be packed.
    pub(crate) fn into_bytes(mut self) -> Result<Vec<u8>, XlsxError> {
        self.workbook.save_to_buffer()
    }

    /// As a file, durable.
    ///
    /// # Errors
    /// When the workbook cannot be packed or the disk fails.
    pub(crate) fn into_file(mut self, path: &Path) -> Result<(), XlsxError> {
        self.workbook.save(path)?;
        std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(XlsxError::IoError)
    }
}

/// SHA-256 of a file in hex, and its size.
pub(crate) fn hash_file(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut part, mut size) = (Sha256::new(), vec![0; HASHED_BYTES], 0);
    loop {
        let read = file.read(&mut part)?;
        let bytes = part.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((store::randomness::hex(&hash.finalize()), size));
        }
        hash.update(bytes);
        size += read as u64;
    }
}

struct Sheets {
    workbook: Workbook,
    head: Head,
    bold: Format,
    rows_max: u32,
    /// The row that comes next on the last sheet.
    next: u32,
    widths: Vec<usize>,
    rows: u64,
}

impl Sheets {
    fn new(head: Head, folder: &Path, rows_max: u32) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        let widths = head.columns.iter().map(|words| width(words)).collect();
        let bold = Format::new().set_bold();
        let mut sheets = Self { workbook, head, bold, rows_max, next: 0, widths, rows: 0 };
        sheets.turn()?;
        Ok(sheets)
    }

    /// Begins another sheet, with the same headings.
    fn turn(&mut self) -> Result<(), XlsxError> {
        let number = self.workbook.worksheets().len() + 1;
        let mut name: String = self.head.title.chars().take(SHEET_NAME_CHARS_MAX).collect();
        if number > 1 {
            name = format!("{name} ({number})");
        }
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(&name)?;
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_landscape();
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_footer(format!("&L{}&R&P / &N", self.head.foot));
        for (at, words) in (0_u16..).zip(&self.head.columns) {
            sheet.write_string_with_format(0, at, words, &self.bold)?;
        }
        self.next = 1;
        Ok(())
    }

    fn add(&mut self, cells: &[String]) -> Result<(), XlsxError> {
        if self.next >= self.rows_max {
            self.turn()?;
        }
        let last = self.workbook.worksheets().len() - 1;
        let sheet = self.workbook.worksheet_from_index(last)?;
        for ((at, words), widest) in (0_u16..).zip(cells).zip(&mut self.widths) {
            *widest = (*widest).max(width(words));
            // Always as text: a title that begins with `=` is no formula.
            if words.chars().count() > CELL_CHARS_MAX {
                let cut: String = words.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect();
                sheet.write_string(self.next, at, cut)?;
            } else {
                sheet.write_string(self.next, at, words)?;
            }
        }
        self.next += 1;
        self.rows += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<Table, XlsxError> {
        for sheet in self.workbook.worksheets_mut() {
            for (at, widest) in (0_u16..).zip(&self.widths) {
                let widest = u16::try_from(widest.min(&COLUMN_CHARS_MAX) + 2).unwrap_or(u16::MAX);
                sheet.set_column_width(at, f64::from(widest))?;
            }
        }
        Ok(Table { workbook: self.workbook, rows: self.rows })
    }
}

/// How wide a text stands: a Chinese character takes two places.
fn width(text: &str) -> usize {
    text.chars().map(|one| if one.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_sheet_is_followed_by_another_and_no_row_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let head = Head {
            title: "问题台账".to_owned(),
            columns: vec!["标题".to_owned(), "编号".to_owned()],
            foot: "张三 2026-03-02 导出".to_owned(),
        };
        let mut sheets = Sheets::new(head, folder.path(), 4).unwrap();
        for row in 0..7 {
            sheets.add(&[format!("=1+{row}"), row.to_string()]).unwrap();
        }
        sheets.add(&["长".repeat(40_000), String::new()]).unwrap();
        let table = sheets.finish().unwrap();
        assert_eq!(table.rows, 8);
        let path = folder.path().join("a.xlsx");
        table.into_file(&path).unwrap();
        let (sha256, size) = hash_file(&path).unwrap();
        assert_eq!((sha256.len(), size), (64, std::fs::metadata(&path).unwrap().len()));
        let bytes = std::fs::read(&path).unwrap();
        // Three sheets of three rows each, the last of two.
        let count =
            |needle: &[u8]| bytes.windows(needle.len()).filter(|part| *part == needle).count();
        assert_eq!(count(b"xl/worksheets/sheet3.xml"), 2, "in its place and in the directory");
        assert_eq!(count(b"xl/worksheets/sheet4.xml"), 0);
        drop(folder);
    }
}
