//! Tables in and out: CSV and XLSX files of units.
//!
//! [`table_read`] makes a [`Table`] of a file and refuses what is no table or is made to hurt;
//! [`unit_rows`] makes forms of it. Whatever is wrong names the file, the line, the column, the value
//! and the mend. [`units_csv`] and [`units_xlsx`] write files that read back without a difference.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{Cursor, Read as _};

use calamine::{Data, DataRef, Reader as _, Xlsx};
use calendar::Words;
use jiff::Timestamp;
use rust_xlsxwriter::{DataValidation, DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::unit::{UnitEntry, UnitField, UnitForm};

/// Largest file, in bytes.
pub const TABLE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Largest a workbook may become when unpacked, in bytes.
pub const TABLE_UNPACKED_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// Most rows under the headings.
pub const TABLE_ROWS_MAX: usize = 50_000;
/// Most columns.
pub const TABLE_COLUMNS_MAX: usize = 100;
/// Longest cell, in characters.
pub const CELL_CHARS_MAX: usize = 5_000;
/// Longest value repeated in an error, in characters.
const VALUE_SHOWN_CHARS: usize = 60;

/// What is wrong with one cell of a file, or with the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The file.
    pub file: String,
    /// The line, from 1, headings included; 0 for the file as a whole.
    pub line: u64,
    /// The id of the column; empty for the line as a whole.
    pub column: String,
    /// The column's heading in both languages.
    pub label: Words,
    /// What stands there.
    pub value: String,
    /// What is wrong and the mend.
    pub words: Words,
}

impl RowError {
    fn of_file(file: &str, zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        Self::of_line(file, 0, zh, en)
    }

    fn of_line(file: &str, line: u64, zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            file: file.to_owned(),
            line,
            column: String::new(),
            label: Words::default(),
            value: String::new(),
            words: Words::new(zh, en),
        })
    }

    /// The whole error on one line in Chinese: 文件第 12 行“所属方”….
    #[must_use]
    pub fn line_zh(&self) -> String {
        // Writing to a string cannot fail.
        let mut text = self.file.clone();
        if self.line > 0 {
            let _ = write!(text, " 第 {} 行", self.line);
        }
        if !self.column.is_empty() {
            let _ = write!(text, "“{}”栏", self.label.zh);
        }
        if !self.value.is_empty() {
            let _ = write!(text, "（填写内容：{}）", shown(&self.value));
        }
        format!("{text}：{}", self.words.zh)
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ": {}", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, " {:?}", shown(&self.value))?;
        }
        write!(f, ": {}", self.words.en)
    }
}

impl std::error::Error for RowError {}

fn shown(value: &str) -> String {
    if value.chars().count() <= VALUE_SHOWN_CHARS {
        return value.to_owned();
    }
    let mut short: String = value.chars().take(VALUE_SHOWN_CHARS).collect();
    short.push('…');
    short
}

/// A file read as a table, every cell as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file it came from.
    pub file: String,
    /// The cells of the first line.
    pub headings: Vec<String>,
    /// The other lines that hold anything.
    pub rows: Vec<TableRow>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// Its number in the file, from 1, headings included.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Reads a CSV or XLSX file, whichever its bytes are. CSV may be UTF-8, UTF-16 with a mark, or the
/// GB 18030 that Chinese Excel writes, with commas, semicolons or tabs.
///
/// # Errors
/// What is wrong with the file, in words.
pub fn table_read(file: &str, bytes: &[u8]) -> Result<Table, Box<RowError>> {
    if bytes.len() > TABLE_BYTES_MAX {
        let most = TABLE_BYTES_MAX / 1024 / 1024;
        return Err(RowError::of_file(
            file,
            format!("文件超过 {most} MB，请分成几个文件"),
            format!("the file is larger than {most} MB; split it"),
        ));
    }
    let table = if bytes.starts_with(b"PK\x03\x04") {
        xlsx_read(file, bytes)?
    } else if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(RowError::of_file(
            file,
            "这是旧版 Excel 文件（.xls）或加密的工作簿；请去掉密码，另存为 .xlsx 或 .csv 后再导入",
            "an old Excel file (.xls) or a workbook with a password; save it as .xlsx or .csv without one",
        ));
    } else {
        csv_read(file, bytes)?
    };
    if table.headings.iter().all(String::is_empty) {
        return Err(RowError::of_file(
            file,
            "文件没有内容；第一行应为栏目名称",
            "the file is empty; its first line names the columns",
        ));
    }
    Ok(table)
}

fn csv_read(file: &str, bytes: &[u8]) -> Result<Table, Box<RowError>> {
    let text = decode(bytes).ok_or_else(|| {
        RowError::of_file(
            file,
            "这不是 CSV 或 XLSX 文件，或文字编码无法识别；请另存为 UTF-8 编码的 CSV",
            "neither CSV nor XLSX, or in an unknown encoding; save it as CSV in UTF-8",
        )
    })?;
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let delimiter = match (count(','), count(';'), count('\t')) {
        (comma, semicolon, tab) if tab > comma && tab > semicolon => b'\t',
        (comma, semicolon, _) if semicolon > comma => b';',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut cells = Gathered::new(file);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| {
        let line = error.position().map_or(0, csv::Position::line);
        RowError::of_line(
            file,
            line,
            "本行不能按 CSV 读取；请检查引号是否成对",
            "this line is not CSV; check that quotes come in pairs",
        )
    })? {
        // The reader stands behind the record, which began its own line breaks earlier. (Its own
        // position stands before the empty lines it skipped.)
        let breaks = record.iter().flat_map(str::chars).filter(|one| *one == '\n').count() as u64;
        let line = reader.position().line().saturating_sub(1 + breaks);
        cells.add_row(line, record.iter().map(unescape_formula).collect())?;
    }
    Ok(cells.table())
}

fn decode(bytes: &[u8]) -> Option<String> {
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((
        if std::str::from_utf8(bytes).is_ok() { encoding_rs::UTF_8 } else { encoding_rs::GB18030 },
        0,
    ));
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes.get(mark..)?)?
        .into_owned();
    if text.contains('\0') {
        return None;
    }
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

fn xlsx_read(file: &str, bytes: &[u8]) -> Result<Table, Box<RowError>> {
    check_unpacked(file, bytes)?;
    let unreadable = |_| {
        RowError::of_file(
            file,
            "工作簿无法读取；请用 Excel 或 WPS 打开后另存为 .xlsx",
            "the workbook cannot be read; open it and save it as .xlsx again",
        )
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let sheet = book.sheet_names().first().cloned().unwrap_or_default();
    // Cell by cell: a lone cell at the far corner must not make us allocate the whole sheet.
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut cells = Gathered::new(file);
    let mut row: Vec<String> = Vec::new();
    let mut row_number = 0;
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (down, right) = cell.get_position();
        if down != row_number {
            cells.add_row(u64::from(row_number) + 1, std::mem::take(&mut row))?;
            row_number = down;
        }
        let text = cell_text(cell.get_value()).map_err(|shown| {
            Box::new(RowError {
                value: shown,
                ..*RowError::of_line(
                    file,
                    u64::from(down) + 1,
                    "单元格中是出错的公式；请改为文字",
                    "a cell holds a formula that failed; replace it by text",
                )
            })
        })?;
        let right = right as usize;
        if right >= TABLE_COLUMNS_MAX {
            if text.is_empty() {
                continue;
            }
            return Err(too_wide(file, u64::from(down) + 1));
        }
        if row.len() <= right {
            row.resize(right + 1, String::new());
        }
        if let Some(place) = row.get_mut(right) {
            *place = text;
        }
    }
    cells.add_row(u64::from(row_number) + 1, row)?;
    Ok(cells.table())
}

/// Refuses a workbook that unpacks to more than it may, before anything else reads it.
fn check_unpacked(file: &str, bytes: &[u8]) -> Result<(), Box<RowError>> {
    let broken = || {
        RowError::of_file(
            file,
            "工作簿已损坏；请重新导出",
            "the workbook is damaged; export it anew",
        )
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut left = TABLE_UNPACKED_BYTES_MAX;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|_| broken())?;
        let read =
            std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(read).ok_or_else(|| {
            RowError::of_file(
                file,
                "工作簿解压后过大，不予导入",
                "the workbook unpacks to too much and is refused",
            )
        })?;
    }
    Ok(())
}

/// A cell as text; a whole number without a decimal point. An error cell gives what it shows.
fn cell_text(cell: &DataRef<'_>) -> Result<String, String> {
    match Data::from(cell.clone()) {
        Data::Error(error) => Err(error.to_string()),
        other => Ok(other.to_string()),
    }
}

/// Rows as they come in, within the limits.
struct Gathered {
    file: String,
    headings: Option<Vec<String>>,
    rows: Vec<TableRow>,
}

impl Gathered {
    fn new(file: &str) -> Self {
        Self { file: file.to_owned(), headings: None, rows: Vec::new() }
    }

    fn add_row(&mut self, line: u64, mut cells: Vec<String>) -> Result<(), Box<RowError>> {
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        if cells.len() > TABLE_COLUMNS_MAX {
            return Err(too_wide(&self.file, line));
        }
        if let Some(long) = cells.iter().find(|cell| cell.chars().count() > CELL_CHARS_MAX) {
            return Err(Box::new(RowError {
                value: shown(long),
                ..*RowError::of_line(
                    &self.file,
                    line,
                    format!("单元格超过 {CELL_CHARS_MAX} 个字"),
                    format!("a cell holds more than {CELL_CHARS_MAX} characters"),
                )
            }));
        }
        if self.headings.is_none() {
            self.headings = Some(cells.iter().map(|cell| cell.trim().to_owned()).collect());
            return Ok(());
        }
        if self.rows.len() == TABLE_ROWS_MAX {
            return Err(RowError::of_line(
                &self.file,
                line,
                format!("超过 {TABLE_ROWS_MAX} 行，请分成几个文件"),
                format!("more than {TABLE_ROWS_MAX} rows; split the file"),
            ));
        }
        self.rows.push(TableRow { line, cells });
        Ok(())
    }

    fn table(self) -> Table {
        Table { file: self.file, headings: self.headings.unwrap_or_default(), rows: self.rows }
    }
}

fn too_wide(file: &str, line: u64) -> Box<RowError> {
    RowError::of_line(
        file,
        line,
        format!("超过 {TABLE_COLUMNS_MAX} 栏"),
        format!("more than {TABLE_COLUMNS_MAX} columns"),
    )
}

/// The rows of a table as forms of units, with their lines.
///
/// # Errors
/// Headings that are unknown, missing or twice there; rows with more cells than headings.
pub fn unit_rows(table: &Table) -> Result<Vec<(u64, UnitForm)>, Vec<RowError>> {
    let mut errors = Vec::new();
    let mut columns: Vec<Option<UnitField>> = Vec::new();
    for heading in &table.headings {
        let field = UnitField::read(heading);
        let wrong = if heading.is_empty() {
            None
        } else if field.is_none() {
            let zh = UnitField::ALL.map(|field| field.words().zh).join("、");
            let en = UnitField::ALL.map(UnitField::id).join(", ");
            Some((
                format!("不认识的栏目；可用的有：{zh}"),
                format!("unknown column; there are {en}"),
            ))
        } else if columns.contains(&field) {
            Some(("该栏目出现两次，请删去一个".to_owned(), "this column is there twice".to_owned()))
        } else {
            None
        };
        if let Some((zh, en)) = wrong {
            errors.push(RowError {
                value: heading.clone(),
                ..*RowError::of_line(&table.file, 1, zh, en)
            });
        }
        columns.push(field);
    }
    if errors.is_empty() && !columns.contains(&Some(UnitField::Code)) {
        errors.push(RowError {
            column: UnitField::Code.id().to_owned(),
            label: UnitField::Code.words(),
            ..*RowError::of_line(&table.file, 1, "缺少“单位代码”栏", "the column “code” is missing")
        });
    }
    let mut forms = Vec::new();
    for row in &table.rows {
        let spare = row.cells.iter().skip(columns.len());
        let unnamed = row.cells.iter().zip(&columns).filter(|(_, column)| column.is_none());
        let stray = spare.chain(unnamed.map(|(cell, _)| cell)).find(|cell| !cell.trim().is_empty());
        if let (Some(stray), true) = (stray, errors.is_empty()) {
            errors.push(RowError {
                value: stray.clone(),
                ..*RowError::of_line(
                    &table.file,
                    row.line,
                    "该内容没有对应的栏目；请检查本行逗号和引号",
                    "this cell stands under no heading; check the commas and quotes of the line",
                )
            });
        }
        let fields: BTreeMap<UnitField, String> = columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| {
                column.map(|column| (column, row.cells.get(place).cloned().unwrap_or_default()))
            })
            .collect();
        forms.push((row.line, UnitForm(fields)));
    }
    if errors.is_empty() { Ok(forms) } else { Err(errors) }
}

/// In which language a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableLanguage {
    /// Chinese headings and words.
    Chinese,
    /// English headings and ids.
    English,
}

impl TableLanguage {
    fn heading(self, field: UnitField) -> String {
        match self {
            Self::Chinese => field.words().zh,
            Self::English => field.id().to_owned(),
        }
    }

    fn text(self, entry: &UnitEntry, field: UnitField) -> String {
        match self {
            Self::Chinese => entry.text_zh(field),
            Self::English => entry.text(field),
        }
    }
}

/// Every unit as CSV in UTF-8 with a mark, so that Excel reads it right, by code. A cell that a
/// spreadsheet would take for a formula is written with `'` before it, which reading takes off.
#[must_use]
pub fn units_csv(directory: &Directory, language: TableLanguage) -> String {
    let mut text = String::from("\u{feff}");
    let mut add = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    add(UnitField::ALL.map(|field| language.heading(field)).to_vec());
    for entry in entries(directory) {
        add(UnitField::ALL.map(|field| language.text(&entry, field)).to_vec());
    }
    text
}

/// Every unit as a workbook, by code. `at` is when it says it was made.
///
/// # Errors
/// When the workbook cannot be written.
pub fn units_xlsx(
    directory: &Directory,
    language: TableLanguage,
    at: Timestamp,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(at.as_second())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = book.add_worksheet();
    sheet.set_name(match language {
        TableLanguage::Chinese => "单位",
        TableLanguage::English => "units",
    })?;
    let bold = Format::new().set_bold();
    let entries = entries(directory);
    let last = u32::try_from(entries.len()).unwrap_or(u32::MAX).saturating_add(1000);
    for (column, field) in (0_u16..).zip(UnitField::ALL) {
        sheet.write_string_with_format(0, column, language.heading(field), &bold)?;
        sheet.set_column_width(column, width(field))?;
        if let Some(choices) = choices(field, language) {
            let rule = DataValidation::new().allow_list_strings(&choices)?;
            sheet.add_data_validation(1, column, last, column, &rule)?;
        }
        for (row, entry) in (1_u32..).zip(&entries) {
            sheet.write_string(row, column, language.text(entry, field))?;
        }
    }
    sheet.set_freeze_panes(1, 2)?;
    book.save_to_buffer()
}

fn entries(directory: &Directory) -> Vec<UnitEntry> {
    let mut entries: Vec<UnitEntry> =
        directory.all().map(|unit| UnitEntry::of(unit, directory)).collect();
    entries.sort_by(|a, b| a.code.cmp(&b.code));
    entries
}

fn width(field: UnitField) -> u16 {
    match field {
        UnitField::Name | UnitField::Aliases | UnitField::Note => 36,
        UnitField::ShortName => 24,
        UnitField::Side | UnitField::Level | UnitField::Active => 12,
        UnitField::Code
        | UnitField::DivisionCode
        | UnitField::ParentCode
        | UnitField::Line
        | UnitField::Basis
        | UnitField::Phone => 18,
    }
}

fn choices(field: UnitField, language: TableLanguage) -> Option<Vec<&'static str>> {
    let (chinese, english): (&[&str], &[&str]) = match field {
        UnitField::Side => (&["政府", "检察院", "法院"], &["government", "procuratorate", "court"]),
        UnitField::Level => {
            (&["省级", "市级", "县级", "乡级"], &["province", "city", "county", "township"])
        }
        UnitField::Active => (&["启用", "停用"], &["yes", "no"]),
        _ => return None,
    };
    Some(match language {
        TableLanguage::Chinese => chinese.to_vec(),
        TableLanguage::English => english.to_vec(),
    })
}

/// Whether a spreadsheet might run it: what stands after any number of `'` tells.
fn looks_like_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// One cell of CSV, harmless in a spreadsheet, quoted when it must be.
#[must_use]
pub fn csv_cell(cell: &str) -> String {
    let mark = if looks_like_formula(cell) { "'" } else { "" };
    if cell.contains(['"', ',', ';', '\n', '\r', '\t']) || cell != cell.trim() {
        format!("\"{mark}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{mark}{cell}")
    }
}

fn unescape_formula(cell: &str) -> String {
    cell.strip_prefix('\'').filter(|rest| looks_like_formula(rest)).unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &Table) -> Vec<Vec<&str>> {
        table.rows.iter().map(|row| row.cells.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn csv_is_read_in_the_encodings_and_with_the_marks_excel_writes() {
        let text = "单位代码,单位名称\nG6100,\"甲,乙\"\n";
        let (gbk, _, _) = encoding_rs::GB18030.encode(text);
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            gbk.into_owned(),
            utf16,
            "单位代码;单位名称\nG6100;甲,乙\n".as_bytes().to_vec(),
            "单位代码\t单位名称\r\nG6100\t甲,乙\r\n".as_bytes().to_vec(),
        ] {
            let table = table_read("a.csv", &bytes).unwrap();
            assert_eq!(table.headings, ["单位代码", "单位名称"]);
            assert_eq!(cells(&table), [["G6100", "甲,乙"]]);
            assert_eq!(table.rows[0].line, 2);
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        for text in ["code\n\nA\n\"B\nb\"\n\n\nC", "code\r\n\r\nA\r\n\"B\r\nb\"\r\n\r\n\r\nC\r\n"] {
            let table = table_read("a.csv", text.as_bytes()).unwrap();
            let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [3, 4, 8], "{text:?}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused_in_words() {
        for (bytes, words) in [
            (&b""[..], "the file is empty"),
            (b"\n\n", "the file is empty"),
            (&[0xd0, 0xcf, 0x11, 0xe0, 0, 0], "an old Excel file"),
            (b"PK\x03\x04 broken", "damaged"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "neither CSV nor XLSX"),
        ] {
            let error = table_read("a.csv", bytes).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.line_zh().starts_with("a.csv"), "{}", error.line_zh());
        }
        let huge = vec![b'a'; TABLE_BYTES_MAX + 1];
        assert!(table_read("a.csv", &huge).unwrap_err().to_string().contains("larger than"));
        let long = format!("code\n{}\n", "x".repeat(CELL_CHARS_MAX + 1));
        assert_eq!(table_read("a.csv", long.as_bytes()).unwrap_err().line, 2);
        let many = "code\n".to_owned() + &"x\n".repeat(TABLE_ROWS_MAX + 1);
        assert!(
            table_read("a.csv", many.as_bytes()).unwrap_err().to_string().contains("more than")
        );
    }

    #[test]
    fn a_lone_cell_at_the_far_corner_allocates_nothing_and_is_refused() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "code").unwrap();
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let error = table_read("a.xlsx", &bytes).unwrap_err();
        assert_eq!((error.line, error.words.en.as_str()), (1_048_576, "more than 100 columns"));
    }

    #[test]
    fn numbers_in_a_workbook_are_read_as_they_look() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "code").unwrap();
        sheet.write_string(0, 1, "division_code").unwrap();
        sheet.write_string(2, 0, "J61030500").unwrap();
        sheet.write_number(2, 1, 610_305).unwrap();
        let table = table_read("a.xlsx", &book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(cells(&table), [["J61030500", "610305"]]);
        assert_eq!(table.rows[0].line, 3);
    }

    #[test]
    fn unknown_missing_and_double_headings_are_named() {
        for (text, words) in [
            ("code,colour\n", "a.csv:1 \"colour\": unknown column"),
            ("name\n", "a.csv:1: code: the column “code” is missing"),
            ("code,单位代码\n", "a.csv:1 \"单位代码\": this column is there twice"),
            ("code,name\nG6100,甲局,乙\n", "a.csv:2 \"乙\": this cell stands under no heading"),
        ] {
            let table = table_read("a.csv", text.as_bytes()).unwrap();
            let errors = unit_rows(&table).unwrap_err();
            assert!(errors[0].to_string().starts_with(words), "{}", errors[0]);
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_reads_back() {
        for cell in [
            "=1+1", "+86", "-1", "@sum", "'=1", "''+2", "'plain", "plain", "a\"b", "a,b", "a\nb",
            "\t=1", "",
        ] {
            let written = csv_cell(cell);
            assert!(!written.trim_start_matches('"').starts_with(['=', '+', '-', '@', '\t']));
            let table =
                table_read("a.csv", format!("code,name\nx,{written}\n").as_bytes()).unwrap();
            let read = table.rows[0].cells.get(1).map_or("", String::as_str);
            assert_eq!(read, cell, "{written}");
        }
    }
}
