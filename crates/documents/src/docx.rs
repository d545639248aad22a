//! The same content in the same order for those who go on in WPS or Word.
//!
//! The template leaves a mark beside all it sets; the marks are read here. So there is one template a
//! kind, and a DOCX that says what the PDF says.

use crate::draft::{Draft, Numbered};
use crate::error::PrintError;
use crate::press::{Marks, Press};
use docx_rs::{
    AlignmentType, BorderType, DocGrid, DocGridType, Docx, Footer, LineSpacing, LineSpacingType,
    PageMargin, PageNum, Paragraph, ParagraphBorder, ParagraphBorderPosition, ParagraphBorders,
    Run, RunFonts, SpecialIndentType, Table, TableCell, TableLayoutType, TableRow, VAlignType,
    WidthType,
};
use serde::Deserialize;
use std::io::Cursor;
use typst::foundations::{Label, Selector};
use typst::introspection::MetadataElem;
use typst::layout::PagedDocument;
use typst::utils::PicoStr;

/// One piece of a document, as the template marks it.
#[derive(Debug, Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
enum Part {
    /// The red head.
    Banner {
        text: String,
    },
    /// A procuratorate's name over its document.
    Organ {
        text: String,
    },
    /// What a document or sheet is called.
    Name {
        text: String,
    },
    /// The number, centred, or at the left of who signs.
    Number {
        text: String,
        signer: Option<String>,
    },
    /// The number, at the right.
    NumberRight {
        text: String,
    },
    /// The red rule across the printed area.
    RedRule,
    Title {
        lines: Vec<String>,
    },
    Flush {
        text: String,
    },
    Para {
        text: String,
    },
    Head {
        level: u8,
        text: String,
    },
    Table {
        rows: Vec<Vec<String>>,
    },
    Sheet {
        rows: Vec<Vec<Cell>>,
    },
    Annexes {
        list: Vec<String>,
    },
    Sign {
        name: String,
        date: Option<String>,
    },
    Imprint {
        copies: Vec<String>,
        printed: Option<Printed>,
    },
}

#[derive(Debug, Deserialize)]
struct Cell {
    words: String,
    span: usize,
    label: bool,
}

#[derive(Debug, Deserialize)]
struct Printed {
    by: String,
    on: String,
}

// Names of the typefaces as WPS and Word know them on an office's machine.
const FANGSONG: &str = "仿宋_GB2312";
const KAI: &str = "楷体_GB2312";
const HEI: &str = "黑体";
const SONG: &str = "宋体";
const BANNER: &str = "方正小标宋简体";
const RED: &str = "D9001B";

// Half points.
const SIZE_BODY: usize = 32;
const SIZE_SMALL: usize = 28;
const SIZE_CELL: usize = 24;
const SIZE_TITLE: usize = 44;
const SIZE_BANNER: usize = 88;
// Twentieths of a point: 37 mm, 28 mm …, and the pitch of 22 lines.
const TOP: i32 = 2098;
const LEFT: i32 = 1588;
const RIGHT: i32 = 1474;
const BOTTOM: i32 = 1984;
const PITCH: i32 = 592;
const WIDTH: usize = 8844;
const CHARACTER: i32 = 316;

impl Press {
    /// The DOCX of a numbered document.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn docx(&self, numbered: &Numbered) -> Result<Vec<u8>, PrintError> {
        let number = numbered.number.as_ref();
        let marks = Marks::default();
        pack(&self.set(&numbered.draft, number, Some(numbered.issued_on), &marks)?)
    }

    /// The DOCX of a draft.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn docx_of_draft(&self, draft: &Draft) -> Result<Vec<u8>, PrintError> {
        pack(&self.set(draft, None, None, &Marks::default())?)
    }
}

fn pack(document: &PagedDocument) -> Result<Vec<u8>, PrintError> {
    let mut docx = Docx::new()
        .page_size(11906, 16838)
        .page_margin(
            PageMargin::new()
                .top(TOP)
                .left(LEFT)
                .right(RIGHT)
                .bottom(BOTTOM)
                .footer(1440)
                .header(850),
        )
        .default_size(SIZE_BODY)
        .default_fonts(fonts(FANGSONG))
        .footer(page_number());
    // 22 lines of 28 characters, as Word counts them.
    docx.document = docx.document.doc_grid(
        DocGrid::new().grid_type(DocGridType::LinesAndChars).line_pitch(592).char_space(-848),
    );
    for part in parts(document)? {
        docx = part.add_to(docx);
    }
    let mut bytes = Cursor::new(Vec::new());
    docx.build().pack(&mut bytes).map_err(|error| PrintError::Docx(error.to_string()))?;
    Ok(bytes.into_inner())
}

fn parts(document: &PagedDocument) -> Result<Vec<Part>, PrintError> {
    let wrong = |what: String| PrintError::Docx(what);
    let label = Label::new(PicoStr::intern("part"))
        .ok_or_else(|| wrong("the label of marks is empty".into()))?;
    document
        .introspector
        .query(&Selector::Label(label))
        .iter()
        .filter_map(|content| content.to_packed::<MetadataElem>())
        .map(|mark| {
            let value =
                serde_json::to_value(&mark.value).map_err(|error| wrong(error.to_string()))?;
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
        })
        .collect()
}

fn fonts(name: &str) -> RunFonts {
    RunFonts::new().ascii(name).hi_ansi(name).east_asia(name)
}

fn run(words: &str, font: &str, size: usize) -> Run {
    Run::new().add_text(words).fonts(fonts(font)).size(size)
}

fn paragraph() -> Paragraph {
    Paragraph::new().line_spacing(LineSpacing::new().line_rule(LineSpacingType::Exact).line(PITCH))
}

/// A paragraph as high as its type, for what is larger than a line.
fn tall(words: &str, font: &str, size: usize, color: Option<&str>) -> Paragraph {
    let mut run = run(words, font, size);
    if let Some(color) = color {
        run = run.color(color);
    }
    Paragraph::new().align(AlignmentType::Center).add_run(run)
}

fn indented(words: &str, font: &str) -> Paragraph {
    paragraph()
        .align(AlignmentType::Both)
        .indent(None, Some(SpecialIndentType::FirstLine(2 * CHARACTER)), None, None)
        .add_run(run(words, font, SIZE_BODY))
}

fn rule(position: ParagraphBorderPosition, eighths: usize, color: &str) -> ParagraphBorders {
    ParagraphBorders::with_empty().set(
        ParagraphBorder::new(position).val(BorderType::Single).size(eighths).space(4).color(color),
    )
}

fn with_borders(mut paragraph: Paragraph, borders: ParagraphBorders) -> Paragraph {
    paragraph.property = paragraph.property.set_borders(borders);
    paragraph
}

/// — 1 — in 4号 宋体.
fn page_number() -> Footer {
    Footer::new().add_paragraph(
        Paragraph::new()
            .align(AlignmentType::Center)
            .add_run(run("— ", SONG, SIZE_SMALL))
            .add_page_num(PageNum::new())
            .add_run(run(" —", SONG, SIZE_SMALL)),
    )
}

fn cell(words: &str, width: usize, span: usize, font: &str, centred: bool) -> TableCell {
    let align = if centred { AlignmentType::Center } else { AlignmentType::Left };
    words.lines().fold(
        TableCell::new()
            .width(width, WidthType::Dxa)
            .grid_span(span)
            .vertical_align(VAlignType::Center),
        |cell, line| {
            cell.add_paragraph(Paragraph::new().align(align).add_run(run(line, font, SIZE_CELL)))
        },
    )
}

fn table(grid: Vec<usize>, rows: Vec<TableRow>) -> Table {
    Table::new(rows).set_grid(grid).width(WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

impl Part {
    fn add_to(self, docx: Docx) -> Docx {
        match self {
            Self::Banner { text } => docx
                .add_paragraph(paragraph())
                .add_paragraph(tall(&text, BANNER, banner_size(&text), Some(RED)))
                .add_paragraph(paragraph()),
            Self::Organ { text } => docx.add_paragraph(tall(&text, BANNER, SIZE_TITLE, None)),
            Self::Name { text } => docx.add_paragraph(tall(&text, BANNER, SIZE_TITLE + 8, None)),
            Self::Number { text, signer: None } => docx.add_paragraph(
                paragraph().align(AlignmentType::Center).add_run(run(&text, FANGSONG, SIZE_BODY)),
            ),
            Self::Number { text, signer: Some(signer) } => docx.add_paragraph(
                paragraph()
                    .indent(Some(CHARACTER), None, Some(CHARACTER), None)
                    .add_run(run(&format!("{text}　　　　　　签发人："), FANGSONG, SIZE_BODY))
                    .add_run(run(&signer, KAI, SIZE_BODY)),
            ),
            Self::NumberRight { text } => docx.add_paragraph(
                paragraph().align(AlignmentType::Right).add_run(run(&text, FANGSONG, SIZE_BODY)),
            ),
            Self::RedRule => docx
                .add_paragraph(with_borders(
                    paragraph(),
                    rule(ParagraphBorderPosition::Top, 16, RED),
                ))
                .add_paragraph(paragraph()),
            Self::Title { lines } => lines
                .iter()
                .fold(docx, |docx, line| docx.add_paragraph(tall(line, BANNER, SIZE_TITLE, None)))
                .add_paragraph(paragraph()),
            Self::Flush { text } => {
                docx.add_paragraph(paragraph().add_run(run(&text, FANGSONG, SIZE_BODY)))
            }
            Self::Para { text } => docx.add_paragraph(indented(&text, FANGSONG)),
            Self::Head { level, text } => {
                let font = match level {
                    1 => HEI,
                    2 => KAI,
                    _ => FANGSONG,
                };
                let outline = usize::from(level.saturating_sub(1));
                docx.add_paragraph(indented(&text, font).outline_lvl(outline).keep_next(true))
            }
            Self::Table { rows } => {
                let columns = rows.first().map_or(1, Vec::len).max(1);
                let width = WIDTH / columns;
                let rows = rows
                    .iter()
                    .enumerate()
                    .map(|(number, row)| {
                        let font = if number == 0 { HEI } else { FANGSONG };
                        TableRow::new(
                            row.iter().map(|words| cell(words, width, 1, font, true)).collect(),
                        )
                    })
                    .collect();
                docx.add_table(table(vec![width; columns], rows))
            }
            Self::Sheet { rows } => {
                let grid = vec![1700, 2722, 1700, 2722];
                let rows = rows
                    .iter()
                    .map(|row| {
                        let cells = row
                            .iter()
                            .map(|part| {
                                let width = match (part.label, part.span) {
                                    (true, _) => 1700,
                                    (false, 1) => 2722,
                                    (false, _) => 7144,
                                };
                                cell(&part.words, width, part.span, FANGSONG, part.label)
                            })
                            .collect();
                        TableRow::new(cells)
                    })
                    .collect();
                docx.add_table(table(grid, rows))
            }
            Self::Annexes { list } => annexes(docx, &list),
            Self::Sign { name, date } => docx
                .add_paragraph(paragraph())
                .add_paragraph(signed(&name))
                .add_paragraph(signed(date.as_deref().unwrap_or("　　年　月　日"))),
            Self::Imprint { copies, printed } => imprint(docx, &copies, printed.as_ref()),
        }
    }
}

/// A long head is set smaller, so that it stays on one line.
fn banner_size(words: &str) -> usize {
    let fits = WIDTH / 10 / words.chars().count().max(1);
    fits.min(SIZE_BANNER)
}

fn signed(words: &str) -> Paragraph {
    paragraph()
        .align(AlignmentType::Right)
        .indent(None, None, Some(4 * CHARACTER), None)
        .add_run(run(words, FANGSONG, SIZE_BODY))
}

fn annexes(docx: Docx, list: &[String]) -> Docx {
    list.iter().enumerate().fold(docx.add_paragraph(paragraph()), |docx, (index, name)| {
        let label = if index == 0 { "附件：" } else { "　　　" };
        let number = if list.len() == 1 { String::new() } else { format!("{}.", index + 1) };
        docx.add_paragraph(paragraph().indent(Some(2 * CHARACTER), None, None, None).add_run(run(
            &format!("{label}{number}{name}"),
            FANGSONG,
            SIZE_BODY,
        )))
    })
}

fn imprint(docx: Docx, copies: &[String], printed: Option<&Printed>) -> Docx {
    let mut lines = Vec::new();
    if !copies.is_empty() {
        lines.push(format!("抄送：{}。", copies.join("，")));
    }
    if let Some(printed) = printed {
        lines.push(format!("{}　　　　{}印发", printed.by, printed.on));
    }
    lines.iter().fold(docx.add_paragraph(paragraph()), |docx, line| {
        docx.add_paragraph(with_borders(
            paragraph()
                .indent(Some(CHARACTER), None, Some(CHARACTER), None)
                .add_run(run(line, FANGSONG, SIZE_SMALL)),
            rule(ParagraphBorderPosition::Top, 8, "000000"),
        ))
    })
}
