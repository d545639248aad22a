//! Where everything stands on the finished pages, in millimetres from the page's upper left corner.

use serde::Serialize;
use typst::layout::{Abs, Frame, FrameItem, PagedDocument, Point};
use typst::visualize::Geometry;

/// A finished document, measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// Page by page.
    pub pages: Vec<PageLayout>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageLayout {
    /// Its lines of text, from above to below; what stands on one base line is one line.
    pub lines: Vec<Line>,
    /// Its horizontal rules, from above to below.
    pub rules: Vec<Rule>,
}

/// What stands on one base line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The words, from left to right.
    pub text: String,
    /// The left edge of its first character.
    pub left_mm: f64,
    /// The right edge of its last character.
    pub right_mm: f64,
    /// The base line.
    pub base_mm: f64,
    /// The largest type on it, in points.
    pub size_pt: f64,
}

/// A horizontal rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Where it begins.
    pub left_mm: f64,
    /// Its length.
    pub length_mm: f64,
    /// Its middle.
    pub middle_mm: f64,
    /// How thick it is.
    pub weight_mm: f64,
}

/// Type on lines nearer than this is on one line.
const SAME_LINE_MM: f64 = 0.4;

impl Layout {
    pub(crate) fn of(document: &PagedDocument) -> Self {
        let pages = document
            .pages
            .iter()
            .map(|page| {
                let mut found = Found::default();
                found.walk(&page.frame, Point::zero());
                found.page()
            })
            .collect();
        Self { pages }
    }
}

#[derive(Default)]
struct Found {
    words: Vec<Line>,
    rules: Vec<Rule>,
}

impl Found {
    fn walk(&mut self, frame: &Frame, origin: Point) {
        for (at, item) in frame.items() {
            let at = origin + *at;
            match item {
                FrameItem::Group(group) => {
                    let (right, down) = (group.transform.tx, group.transform.ty);
                    // What is turned (a watermark) is no line of text.
                    if group.transform.ky.is_zero() {
                        self.walk(&group.frame, at + Point::new(right, down));
                    }
                }
                FrameItem::Text(text) => self.words.push(Line {
                    text: text.text.to_string(),
                    left_mm: at.x.to_mm(),
                    right_mm: (at.x + text.width()).to_mm(),
                    base_mm: at.y.to_mm(),
                    size_pt: text.size.to_pt(),
                }),
                FrameItem::Shape(shape, _) => {
                    if let (Geometry::Line(to), Some(stroke)) = (&shape.geometry, &shape.stroke)
                        && to.y == Abs::zero()
                    {
                        self.rules.push(Rule {
                            left_mm: at.x.to_mm(),
                            length_mm: to.x.to_mm(),
                            middle_mm: at.y.to_mm(),
                            weight_mm: stroke.thickness.to_mm(),
                        });
                    }
                }
                FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
            }
        }
    }

    fn page(mut self) -> PageLayout {
        self.words.sort_by(|a, b| a.base_mm.total_cmp(&b.base_mm));
        let mut lines: Vec<Vec<Line>> = Vec::new();
        for word in self.words {
            match lines.last_mut() {
                Some(line)
                    if line
                        .first()
                        .is_some_and(|first| word.base_mm - first.base_mm < SAME_LINE_MM) =>
                {
                    line.push(word);
                }
                _ => lines.push(vec![word]),
            }
        }
        self.rules.sort_by(|a, b| a.middle_mm.total_cmp(&b.middle_mm));
        PageLayout { lines: lines.into_iter().filter_map(joined).collect(), rules: self.rules }
    }
}

fn joined(mut words: Vec<Line>) -> Option<Line> {
    words.sort_by(|a, b| a.left_mm.total_cmp(&b.left_mm));
    words.into_iter().reduce(|line, word| Line {
        text: line.text + &word.text,
        left_mm: line.left_mm,
        right_mm: line.right_mm.max(word.right_mm),
        base_mm: line.base_mm,
        size_pt: line.size_pt.max(word.size_pt),
    })
}
