//! The pager under a list.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::fields::Fields;
use crate::message::{Language, T};

/// Rows of a page when nothing else is asked for.
pub const PAGE_ROWS: u32 = 20;
/// Farthest page that can be gone to by number.
pub const PAGE_NUMBER_MAX: u32 = 50_000;

/// Links to the pages of a list.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    t: T,
    words: String,
    pages: Vec<Link>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Debug, Clone)]
struct Link {
    href: String,
    number: u32,
    is_here: bool,
    is_gap: bool,
}

impl HtmlSafe for Pager {}

/// How many rows there are: exactly, or more than were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// So many.
    Exactly(i64),
    /// More than so many.
    MoreThan(i64),
}

/// The page asked for, from 1.
#[must_use]
pub fn page_number(query: &Fields) -> u32 {
    query.parsed("page").unwrap_or(1).clamp(1, PAGE_NUMBER_MAX)
}

impl Pager {
    /// The pager of a list of which `shown` rows are on page `number` of `rows` rows each.
    #[must_use]
    pub fn new(
        language: Language,
        query: &Fields,
        number: u32,
        rows: u32,
        shown: usize,
        total: Rows,
    ) -> Self {
        let (number, size) = (i64::from(number), i64::from(rows.max(1)));
        let shown = i64::try_from(shown).unwrap_or(i64::MAX);
        let first = (number - 1) * size + 1;
        let last = first + shown - 1;
        let (known, words) = match total {
            Rows::Exactly(total) => (
                total,
                language.fill("pager.of", &[("first", &first), ("last", &last), ("total", &total)]),
            ),
            Rows::MoreThan(total) => (
                total.max(last + i64::from(shown == size)),
                language.fill(
                    "pager.of-more",
                    &[("first", &first), ("last", &last), ("total", &total)],
                ),
            ),
        };
        let words = if shown == 0 { language.say("pager.none").to_owned() } else { words };
        let count = (known.max(0) + size - 1) / size;
        let href = |page: i64| query.with("page", &page.to_string()).query();
        let mut pages = Vec::new();
        let mut before = 0;
        for page in 1..=count {
            if page != 1 && page != count && (page - number).abs() > 2 {
                // The pages in between are left out; do not walk through all of them.
                if page > number + 2 {
                    break;
                }
                continue;
            }
            pages.push(link(&href, page, number, page - before > 1));
            before = page;
        }
        if count > before {
            pages.push(link(&href, count, number, count - before > 1));
        }
        let more = if matches!(total, Rows::Exactly(_)) { number < count } else { shown == size };
        Self {
            t: language.t(),
            words,
            pages: if count > 1 { pages } else { Vec::new() },
            previous: (number > 1).then(|| href(number - 1)),
            next: more.then(|| href(number + 1)),
        }
    }
}

fn link(href: &dyn Fn(i64) -> String, page: i64, here: i64, is_gap: bool) -> Link {
    Link {
        href: href(page),
        number: u32::try_from(page).unwrap_or(u32::MAX),
        is_here: page == here,
        is_gap,
    }
}
