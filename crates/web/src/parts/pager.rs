//! The pager under a list.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::fields::Fields;
use crate::filters;
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
    /// The page does not exist: said where the list would be, with the last one that does.
    beyond: Option<Beyond>,
}

/// That a page lies past the end of its list.
#[derive(Debug, Clone)]
struct Beyond {
    /// That it does not exist.
    words: String,
    /// The last page that does.
    href: String,
    /// Where that leads, in words.
    link: String,
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
                if shown == 0 { total } else { total.max(last + i64::from(shown == size)) },
                language.fill(
                    "pager.of-more",
                    &[("first", &first), ("last", &last), ("total", &total)],
                ),
            ),
        };
        let words = if shown == 0 { language.say("pager.none").to_owned() } else { words };
        let count = (known.max(0) + size - 1) / size;
        let href = |page: i64| query.with("page", &page.to_string()).query();
        let beyond = (shown == 0 && number > 1).then(|| {
            let last = count.clamp(1, number - 1);
            Beyond {
                words: language.with("pager.beyond", "page", number),
                href: href(last),
                link: language.with("pager.to-last", "page", last),
            }
        });
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
            beyond,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(number: u32, shown: usize, total: Rows) -> Pager {
        let query = Fields::read(b"state=open&page=9");
        Pager::new(Language::Zh, &query, number, 20, shown, total)
    }

    #[test]
    fn a_page_past_the_end_leads_to_the_last_one() {
        let beyond = pager(9, 0, Rows::Exactly(41)).beyond.unwrap();
        assert_eq!(beyond.words, "没有第 9 页");
        assert_eq!(beyond.href, "?state=open&page=3");
        // An empty list has one page, and it is empty.
        assert_eq!(pager(2, 0, Rows::Exactly(0)).beyond.unwrap().href, "?state=open&page=1");
        assert!(pager(1, 0, Rows::Exactly(0)).beyond.is_none());
        assert!(pager(3, 1, Rows::Exactly(41)).beyond.is_none());
        assert!(pager(9, 20, Rows::MoreThan(1_000)).beyond.is_none());
        // What was only counted so far still leads back.
        assert_eq!(pager(90, 0, Rows::MoreThan(1_000)).beyond.unwrap().href, "?state=open&page=50");
    }
}
