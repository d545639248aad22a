//! Articles of law as people cite them: read from what is typed, told in words, judged by the day.
//!
//! ```
//! let (law, _) = calendar::embedded()?;
//! let cited = law.read_articles("《中华人民共和国环境保护法》第四十二条第一款、第六十一条；FD:1076")?;
//! let codes: Vec<String> = cited.iter().map(calendar::Article::code).collect();
//! assert_eq!(codes, ["HBF:42(1)", "HBF:61", "FD:1076"]);
//! // What the Code repealed may not be cited for a day after it came into force.
//! assert!(law.not_in_force("HBF", "2026-08-15".parse()?).is_some());
//! assert!(law.not_in_force("HBF", "2026-08-14".parse()?).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Words;
use crate::law::Law;
use crate::limit::{Citation, Instrument};

/// An article somebody cites.
///
/// An instrument of the register is named by its code; any other by its title in 《》, which the
/// platform keeps as written and cannot judge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Article {
    /// Code in the register, e.g. `FD`, or a title with its marks, e.g. `《陕西省节约用水条例》`.
    pub instrument: String,
    /// `25`, `25(4)` for paragraph 4, `25[3]` for item 3, `133.1` for 第133条之1, `22-36`; empty for the
    /// instrument as a whole.
    pub article: String,
}

/// Longest title of an instrument outside the register, in characters.
const TITLE_CHARS_MAX: usize = 80;
/// Highest number of an article, a paragraph or an item.
const NUMBER_MAX: u32 = 9_999;
/// Most characters of a faulty text that a message repeats.
const REST_CHARS: usize = 24;
/// Most instruments a message names.
const NAMED_MAX: usize = 3;
/// Longest chain of `after` that is followed.
const CHAIN_MAX: usize = 8;
/// What most titles of national laws begin with, and people leave out.
const STATE: &str = "中华人民共和国";

impl Article {
    /// The short form: `FD:1076`, `《陕西省节约用水条例》:12`, `FD`.
    #[must_use]
    pub fn code(&self) -> String {
        if self.article.is_empty() {
            self.instrument.clone()
        } else {
            format!("{}:{}", self.instrument, self.article)
        }
    }

    /// In full: 《中华人民共和国生态环境法典》第1076条; a code the register no longer has stands for
    /// itself.
    #[must_use]
    pub fn words(&self, law: &Law) -> Words {
        match law.instrument(&self.instrument) {
            Some(instrument) => in_full(&instrument.name, &self.article),
            None if is_title(&self.instrument) => {
                let title = self.instrument.trim_start_matches('《').trim_end_matches('》');
                let english = format!("《{title}》");
                in_full(&Words::new(title, english), &self.article)
            }
            None => Words::new(self.code(), self.code()),
        }
    }
}

/// Whether an instrument is named by its title, not by a code of the register.
fn is_title(instrument: &str) -> bool {
    instrument.starts_with('《')
}

/// A text that cites no article, with the place where it stops making sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words().en)]
pub struct NotAnArticle {
    /// The text from there on, cut short.
    pub rest: String,
    /// What was expected there.
    pub wanted: Wanted,
}

/// What a citation lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// An instrument; these of the register are near.
    Instrument(Vec<Words>),
    /// The number of an article.
    Number,
}

impl NotAnArticle {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let rest = &self.rest;
        match &self.wanted {
            Wanted::Number => Words::new(
                format!("“{rest}”不是条款序号，请写成“第42条”“第42条第1款”或者“第四十二条”"),
                format!("“{rest}” is no number of an article; write art. 42 or art. 42(1)"),
            ),
            Wanted::Instrument(near) if near.is_empty() => Words::new(
                format!(
                    "“{rest}”不是规范清单中的名称或者代码；清单以外的规范请写全称并加书名号，例如《陕西省节约用水条例》第12条"
                ),
                format!(
                    "“{rest}” is no instrument of the register; write any other by its full title in 《》"
                ),
            ),
            Wanted::Instrument(near) => {
                let zh: Vec<_> = near.iter().map(|name| format!("《{}》", name.zh)).collect();
                let zh = zh.join("、");
                let en: Vec<&str> = near.iter().map(|name| name.en.as_str()).collect();
                Words::new(
                    format!("“{rest}”不是规范清单中的名称；是否为{zh}"),
                    format!(
                        "“{rest}” is no instrument of the register; did you mean {}",
                        en.join(" / ")
                    ),
                )
            }
        }
    }
}

/// An instrument that was not in force on a day, and what was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfForce {
    /// Its title.
    pub name: Words,
    /// The day asked about.
    pub on: Date,
    /// First day in force, when that day came later.
    pub not_before: Option<Date>,
    /// Last day in force, when that day had passed.
    pub until: Option<Date>,
    /// What applied on the day instead, with the first and last day in force.
    pub instead: Vec<(Words, Option<Date>, Option<Date>)>,
}

impl OutOfForce {
    /// That it does not apply, and what does, in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let Self { name, on, .. } = self;
        let (zh, en) = match (self.until, self.not_before) {
            (Some(until), _) => (
                format!("《{}》施行至{until}，{on}已不适用", name.zh),
                format!("{} was in force until {until}, not on {on}", name.en),
            ),
            (None, Some(from)) => (
                format!("《{}》自{from}起施行，{on}尚未施行", name.zh),
                format!("{} is in force from {from}, not yet on {on}", name.en),
            ),
            (None, None) => return Words::default(),
        };
        if self.instead.is_empty() {
            return Words::new(zh, en);
        }
        let named = || self.instead.iter().take(NAMED_MAX);
        let days = |from: Option<Date>, until: Option<Date>| match (from, until) {
            (_, Some(until)) => (format!("（至{until}）"), format!(" (until {until})")),
            (Some(from), None) => (format!("（自{from}起施行）"), format!(" (from {from})")),
            (None, None) => (String::new(), String::new()),
        };
        let zh_names: String = named()
            .map(|(name, from, until)| format!("《{}》{}", name.zh, days(*from, *until).0))
            .collect::<Vec<_>>()
            .join("、");
        let en_names: Vec<String> = named()
            .map(|(name, from, until)| format!("{}{}", name.en, days(*from, *until).1))
            .collect();
        let is_more = self.instead.len() > NAMED_MAX;
        let (zh_more, en_more) = if is_more { ("等", " and others") } else { ("", "") };
        Words::new(
            format!("{zh}；该日适用{zh_names}{zh_more}"),
            format!("{en}; what applies on that day: {}{en_more}", en_names.join(", ")),
        )
    }
}

impl Instrument {
    /// Whether it was in force on a day, as far as its days are known.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl Law {
    /// The articles a text cites, each once, in the order written.
    ///
    /// People write `《环境保护法》第四十二条第一款、第六十一条`, `环境保护法 42(1)`, `HBF:42(1)` or
    /// `Environmental Protection Law, art. 42(1)`; several follow one another.
    ///
    /// # Errors
    /// [`NotAnArticle`] at the first place that is neither an instrument nor the number of an article.
    pub fn read_articles(&self, text: &str) -> Result<Vec<Article>, NotAnArticle> {
        let text = halved(text);
        let mut reader = Reader { law: self, rest: &text, cited: Vec::new() };
        reader.read()?;
        Ok(reader.cited)
    }

    /// The instruments in force on a day, by code.
    pub fn in_force_on(&self, day: Date) -> impl Iterator<Item = &Instrument> {
        self.instruments().filter(move |instrument| instrument.in_force_on(day))
    }

    /// Those of some `instrument:article` whose instrument was in force on a day, in full. What is shown
    /// of the law beside a matter goes through here, so that nobody reads an article before its time
    /// or after it.
    #[must_use]
    pub fn citations_on<'c>(
        &self,
        codes: impl IntoIterator<Item = &'c String>,
        day: Date,
    ) -> Vec<Citation> {
        codes
            .into_iter()
            .filter_map(|code| self.citation(code))
            .filter(|citation| self.not_in_force(&citation.instrument, day).is_none())
            .collect()
    }

    /// Why an instrument does not apply on a day, and what does; `None` when it does, or when it is not
    /// in the register.
    #[must_use]
    pub fn not_in_force(&self, instrument: &str, on: Date) -> Option<OutOfForce> {
        let instrument = self.instrument(instrument)?;
        if instrument.in_force_on(on) {
            return None;
        }
        let until = instrument.until.filter(|until| *until < on);
        let not_before = instrument.from.filter(|from| *from > on);
        let instead = if until.is_some() {
            self.followers(instrument).find(|next| next.in_force_on(on)).into_iter().collect()
        } else {
            self.forerunners(instrument, on)
        };
        let instead =
            instead.into_iter().map(|one| (one.name.clone(), one.from, one.until)).collect();
        Some(OutOfForce { name: instrument.name.clone(), on, not_before, until, instead })
    }

    /// What replaced an instrument, and what replaced that.
    pub fn followers<'l>(&'l self, of: &'l Instrument) -> impl Iterator<Item = &'l Instrument> {
        let next = |one: &&'l Instrument| self.instrument(one.after.as_ref()?);
        std::iter::successors(self.instrument(of.after.as_deref().unwrap_or_default()), next)
            .take(CHAIN_MAX)
    }

    /// What an instrument replaced and was in force on a day, those whose days are known first.
    fn forerunners<'l>(&'l self, of: &'l Instrument, on: Date) -> Vec<&'l Instrument> {
        let replaced = |one: &&Instrument| one.after.as_ref() == Some(&of.id);
        let mut found: Vec<_> =
            self.instruments().filter(replaced).filter(|one| one.in_force_on(on)).collect();
        // The one best known stands first.
        found.sort_by_key(|one| (one.from.is_none(), one.from));
        found
    }
}

/// An instrument with one of its articles, in full.
pub(crate) fn in_full(name: &Words, article: &str) -> Words {
    // The title of one outside the register is the same in both languages and brings its marks.
    let (zh, en) = (format!("《{}》", name.zh), name.en.as_str());
    if article.is_empty() {
        return Words::new(zh, en);
    }
    match Place::of_code(article) {
        Some(place) => {
            Words::new(format!("{zh}{}", place.zh()), format!("{en}, art. {}", place.en()))
        }
        // A clause of the notice, e.g. 二(三).
        None => Words::new(format!("{zh}{article}"), format!("{en}, {article}")),
    }
}

/// Where in an instrument: an article with its paragraph and item, or a run of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    from: Number,
    to: Option<Number>,
    paragraph: Option<u32>,
    item: Option<u32>,
}

/// The number of an article: 133, or 133之1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number {
    article: u32,
    inserted: Option<u32>,
}

impl Number {
    fn code(self) -> String {
        match self.inserted {
            Some(inserted) => format!("{}.{inserted}", self.article),
            None => self.article.to_string(),
        }
    }

    fn zh(self) -> String {
        match self.inserted {
            Some(inserted) => format!("第{}条之{inserted}", self.article),
            None => format!("第{}条", self.article),
        }
    }
}

impl Place {
    /// `25`, `25(4)`, `25(4)[2]`, `133.1`, `22-36`.
    fn of_code(code: &str) -> Option<Self> {
        let mut rest = code;
        let place = Self::eat(&mut rest)?;
        rest.is_empty().then_some(place)
    }

    fn eat(rest: &mut &str) -> Option<Self> {
        let from = eat_code_number(rest)?;
        if let Some(after) = rest.strip_prefix('-') {
            *rest = after;
            let to = eat_code_number(rest)?;
            return (to.article > from.article).then_some(Self {
                from,
                to: Some(to),
                paragraph: None,
                item: None,
            });
        }
        let paragraph = eat_between(rest, '(', ')')?;
        let item = eat_between(rest, '[', ']')?;
        Some(Self { from, to: None, paragraph, item })
    }

    fn code(self) -> String {
        if let Some(to) = self.to {
            return format!("{}-{}", self.from.code(), to.code());
        }
        let paragraph = self.paragraph.map(|one| format!("({one})")).unwrap_or_default();
        let item = self.item.map(|one| format!("[{one}]")).unwrap_or_default();
        format!("{}{paragraph}{item}", self.from.code())
    }

    fn zh(self) -> String {
        if let Some(to) = self.to {
            return format!("{}至{}", self.from.zh(), to.zh());
        }
        let paragraph = self.paragraph.map(|one| format!("第{one}款")).unwrap_or_default();
        let item = self.item.map(|one| format!("第{one}项")).unwrap_or_default();
        format!("{}{paragraph}{item}", self.from.zh())
    }

    fn en(self) -> String {
        let item = self.item.map(|one| format!(" item {one}")).unwrap_or_default();
        let plain = Self { item: None, ..self };
        format!("{}{item}", plain.code())
    }
}

fn eat_digits(rest: &mut &str) -> Option<u32> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    let number = digits.parse().ok().filter(|number| (1..=NUMBER_MAX).contains(number))?;
    *rest = after;
    Some(number)
}

fn eat_code_number(rest: &mut &str) -> Option<Number> {
    let article = eat_digits(rest)?;
    let inserted = match rest.strip_prefix('.').filter(|after| after.starts_with(is_digit)) {
        Some(mut after) => {
            let inserted = eat_digits(&mut after)?;
            *rest = after;
            Some(inserted)
        }
        None => None,
    };
    Some(Number { article, inserted })
}

/// `(4)`: `Some(Some(4))`; nothing there: `Some(None)`; something else between the marks: `None`.
#[expect(clippy::option_option, reason = "there, not there, and there but wrong are three things")]
fn eat_between(rest: &mut &str, open: char, close: char) -> Option<Option<u32>> {
    let Some(mut after) = rest.strip_prefix(open) else { return Some(None) };
    let number = eat_digits(&mut after)?;
    *rest = after.strip_prefix(close)?;
    Some(Some(number))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Full-width digits and marks as half-width ones.
fn halved(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '０'..='９' | '（' | '）' | '：' | '［' | '］' | '．' => {
                u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c)
            }
            '–' | '—' | '－' | '~' | '～' => '-',
            other => other,
        })
        .collect()
}

/// Numerals as laws are numbered: 一百零八, 一千零七十六, also 一〇七六.
fn chinese_number(text: &str) -> Option<u32> {
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|one| one == c);
    let chars: Vec<char> = text.chars().map(|c| if c == '零' { '〇' } else { c }).collect();
    let unit = |c: char| match c {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1000),
        _ => None,
    };
    let as_u32 = |number: usize| u32::try_from(number).ok();
    if !chars.iter().any(|c| unit(*c).is_some()) {
        let mut number = 0_u32;
        for c in chars {
            number = number.checked_mul(10)?.checked_add(as_u32(digit(c)?)?)?;
        }
        return (1..=NUMBER_MAX).contains(&number).then_some(number);
    }
    // Units must fall: 一百零八 is a number, 八百一千 is none.
    let (mut number, mut waiting, mut last_unit) = (0_u32, None, u32::MAX);
    for (at, c) in chars.iter().enumerate() {
        if let Some(unit) = unit(*c) {
            let times = match waiting.take() {
                Some(times) => times,
                // 十 alone, and 十二, without 一 before.
                None if at == 0 && unit == 10 => 1,
                None => return None,
            };
            if unit >= last_unit || times == 0 {
                return None;
            }
            last_unit = unit;
            number += times * unit;
        } else {
            let one = as_u32(digit(*c)?)?;
            match waiting {
                None | Some(0) => waiting = Some(one),
                Some(_) => return None,
            }
        }
    }
    match waiting {
        Some(0) => return None,
        Some(one) => number += one,
        None => {}
    }
    (1..=NUMBER_MAX).contains(&number).then_some(number)
}

/// Whether a character may stand in a number.
fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || "零〇一二三四五六七八九十百千".contains(c)
}

/// What stands between citations.
const BETWEEN: [&str; 13] =
    ["、", "，", ",", "；", ";", "。", "和", "及", "与", "以及", "或者", "|", "."];

/// A text being read.
struct Reader<'a> {
    law: &'a Law,
    rest: &'a str,
    cited: Vec<Article>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), NotAnArticle> {
        let mut instrument: Option<String> = None;
        // The article a lone 第三款 belongs to.
        let mut last: Option<Number> = None;
        loop {
            self.skip();
            if self.rest.is_empty() {
                return Ok(());
            }
            if let Some(named) = self.instrument()? {
                last = None;
                let is_clause = self.eat(":");
                self.skip_spaces();
                if is_clause {
                    let article = self.code_article()?;
                    self.cite(&named, article);
                } else if !self.at_article() {
                    self.cite(&named, String::new());
                }
                instrument = Some(named);
                continue;
            }
            let Some(named) = instrument.clone() else { return Err(self.no_instrument()) };
            if !self.at_article() {
                return Err(self.no_instrument());
            }
            let place = self.place(last)?;
            last = Some(place.from);
            self.cite(&named, place.code());
        }
    }

    fn cite(&mut self, instrument: &str, article: String) {
        let article = Article { instrument: instrument.to_owned(), article };
        if !self.cited.contains(&article) {
            self.cited.push(article);
        }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn skip(&mut self) {
        loop {
            self.skip_spaces();
            if !BETWEEN.iter().any(|mark| self.eat(mark)) {
                return;
            }
        }
    }

    fn eat(&mut self, beginning: &str) -> bool {
        match self.rest.strip_prefix(beginning) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The instrument that stands here: by title in its marks, by title alone, or by code.
    fn instrument(&mut self) -> Result<Option<String>, NotAnArticle> {
        if let Some(after) = self.rest.strip_prefix('《') {
            let Some((title, after)) = after.split_once('》') else {
                return Err(self.no_instrument());
            };
            let title = title.trim();
            let is_strange = title.is_empty()
                || title.chars().count() > TITLE_CHARS_MAX
                || title.contains(|c: char| c.is_control() || matches!(c, '《' | ':'));
            if is_strange {
                return Err(self.no_instrument());
            }
            self.rest = after.trim_start_matches([',', ' ']);
            return Ok(Some(self.titled(title).unwrap_or_else(|| format!("《{title}》"))));
        }
        if self.rest.starts_with(is_numeral) || self.rest.starts_with('第') {
            return Ok(None);
        }
        let known = self.law.instruments().flat_map(|instrument| {
            let zh = halved(&instrument.name.zh);
            let short = zh.trim_start_matches(STATE).to_owned();
            [zh, short, instrument.name.en.clone(), instrument.id.clone()]
                .map(|name| (name, instrument))
        });
        let longest = known
            .filter(|(name, _)| begins_with(self.rest, name))
            .max_by_key(|(name, _)| name.len());
        let Some((name, instrument)) = longest else { return Ok(None) };
        self.rest = self.rest.get(name.len()..).unwrap_or_default();
        self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
        Ok(Some(instrument.id.clone()))
    }

    fn titled(&self, title: &str) -> Option<String> {
        let halved_title = |name: &str| halved(name) == title;
        let named = |one: &&Instrument| {
            let name = &one.name.zh;
            halved_title(name) || halved_title(name.trim_start_matches(STATE))
        };
        self.law.instruments().find(named).map(|one| one.id.clone())
    }

    fn at_article(&self) -> bool {
        let rest = self.rest.trim_start();
        let in_chinese = rest.strip_prefix('第').is_some_and(|after| {
            after.trim_start().starts_with(|c: char| is_numeral(c) || c == '(')
        });
        in_chinese || rest.starts_with(is_digit) || ART.iter().any(|art| begins_with(rest, art))
    }

    /// After a colon: the way rule files write it, or as people do.
    fn code_article(&mut self) -> Result<String, NotAnArticle> {
        if self.rest.starts_with('第') || ART.iter().any(|art| begins_with(self.rest, art)) {
            return self.place(None).map(Place::code);
        }
        let clause = |c: char| is_numeral(c) || matches!(c, '(' | ')' | '[' | ']' | '-' | '.');
        let end = self.rest.find(|c| !clause(c)).unwrap_or(self.rest.len());
        let (code, after) = self.rest.split_at(end);
        let code = code.trim_end_matches('.');
        let is_clause =
            !code.is_empty() && !code.contains(is_digit) && code.starts_with(is_numeral);
        let article = match Place::of_code(code) {
            Some(place) => place.code(),
            None if is_clause => code.to_owned(),
            None => return Err(self.no_number()),
        };
        self.rest = after;
        Ok(article)
    }

    /// 第四十二条第一款, 第三款 of the article before, 第22条至第36条, 42(1), art. 42(1).
    fn place(&mut self, last: Option<Number>) -> Result<Place, NotAnArticle> {
        self.skip_spaces();
        let start = self.rest;
        let wrong = |reader: &mut Self| {
            reader.rest = start;
            reader.no_number()
        };
        if let Some(art) = ART.iter().find(|art| begins_with(self.rest, art)) {
            self.rest = self.rest.get(art.len()..).unwrap_or_default().trim_start();
        }
        if self.rest.starts_with(is_digit) {
            let place = Place::eat(&mut self.rest).ok_or_else(|| wrong(self))?;
            let item = self.rest.strip_prefix(" item ").and_then(|mut after| {
                let item = eat_digits(&mut after)?;
                self.rest = after;
                Some(item)
            });
            return self.ended(Place { item: place.item.or(item), ..place }, start);
        }
        let Some(first) = self.ordinal() else { return Err(wrong(self)) };
        let (from, paragraph, item) = if self.eat("条") {
            let from = self.inserted(first).ok_or_else(|| wrong(self))?;
            if self.eat("至") || self.eat("-") {
                let to = self.ordinal().filter(|_| self.eat("条"));
                let to = to.and_then(|to| self.inserted(to)).filter(|to| to.article > from.article);
                let to = Some(to.ok_or_else(|| wrong(self))?);
                return self.ended(Place { from, to, paragraph: None, item: None }, start);
            }
            let paragraph = self.part("款");
            (from, paragraph, self.part("项"))
        } else {
            // Of the same article as before.
            let from = last.ok_or_else(|| wrong(self))?;
            if self.eat("款") {
                (from, Some(first), self.part("项"))
            } else if self.eat("项") {
                (from, None, Some(first))
            } else {
                return Err(wrong(self));
            }
        };
        self.ended(Place { from, to: None, paragraph, item }, start)
    }

    /// A citation ends where another begins, at a mark between them, or with the text.
    fn ended(&mut self, place: Place, start: &'a str) -> Result<Place, NotAnArticle> {
        let rest = self.rest;
        let ends = rest.is_empty()
            || rest.starts_with(char::is_whitespace)
            || rest.starts_with('《')
            || BETWEEN.iter().any(|mark| rest.starts_with(mark));
        if ends {
            return Ok(place);
        }
        self.rest = start;
        Err(self.no_number())
    }

    /// 第N, 第(N).
    fn ordinal(&mut self) -> Option<u32> {
        let after = self.rest.strip_prefix('第')?.trim_start();
        let (after, is_bracketed) =
            after.strip_prefix('(').map_or((after, false), |inner| (inner, true));
        let end = after.find(|c| !is_numeral(c)).unwrap_or(after.len());
        let (digits, after) = after.split_at(end);
        let number = match digits.parse() {
            Ok(number) => Some(number).filter(|number| (1..=NUMBER_MAX).contains(number)),
            Err(_) => chinese_number(digits),
        }?;
        let after = if is_bracketed { after.strip_prefix(')')? } else { after };
        self.rest = after.trim_start();
        Some(number)
    }

    /// 之一 after 条.
    fn inserted(&mut self, article: u32) -> Option<Number> {
        if !self.eat("之") {
            return Some(Number { article, inserted: None });
        }
        let end = self.rest.find(|c| !is_numeral(c)).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at(end);
        let inserted = digits.parse().ok().or_else(|| chinese_number(digits))?;
        self.rest = after;
        Some(Number { article, inserted: Some(inserted) })
    }

    /// 第N款, 第N项, when it stands here.
    fn part(&mut self, kind: &str) -> Option<u32> {
        let before = self.rest;
        let number = self.ordinal();
        if number.is_some() && self.eat(kind) {
            return number;
        }
        self.rest = before;
        None
    }

    fn no_number(&self) -> NotAnArticle {
        NotAnArticle { rest: cut(self.rest), wanted: Wanted::Number }
    }

    fn no_instrument(&self) -> NotAnArticle {
        let typed = self.rest.split(['第', ':', ' ', '、', '；', '，', '\n']).next();
        let typed = typed.unwrap_or_default().trim_matches(['《', '》']);
        let alike = |one: &&Instrument| {
            typed.chars().count() >= 2 && one.name.zh.contains(typed)
                || typed.len() >= 4 && one.name.en.to_lowercase().contains(&typed.to_lowercase())
        };
        let near = self.law.instruments().filter(alike).take(NAMED_MAX);
        let wanted = Wanted::Instrument(near.map(|one| one.name.clone()).collect());
        NotAnArticle { rest: cut(self.rest), wanted }
    }
}

/// What English citations write before the number.
const ART: [&str; 4] = ["arts. ", "art. ", "articles ", "article "];

/// Whether a text begins with a name, whatever the case of Latin letters; a name in Latin letters must
/// end there.
fn begins_with(text: &str, name: &str) -> bool {
    let head = text.get(..name.len());
    let is_alike = !name.is_empty() && head.is_some_and(|head| head.eq_ignore_ascii_case(name));
    let goes_on = || {
        let next = text.get(name.len()..).and_then(|rest| rest.chars().next());
        let is_latin = name.ends_with(|c: char| c.is_ascii_alphanumeric());
        is_latin && next.is_some_and(|next| next.is_ascii_alphanumeric())
    };
    is_alike && !goes_on()
}

fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(REST_CHARS).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn law() -> &'static Law {
        static LAW: std::sync::LazyLock<Law> =
            std::sync::LazyLock::new(|| crate::embedded().unwrap().0);
        &LAW
    }

    fn codes(text: &str) -> Vec<String> {
        law().read_articles(text).unwrap().iter().map(Article::code).collect()
    }

    #[test]
    fn what_people_write_is_read() {
        assert_eq!(codes("FD:1076"), ["FD:1076"]);
        assert_eq!(codes("生态环境法典第一千零七十六条"), ["FD:1076"]);
        assert_eq!(codes("《生态环境法典》第1076条第2款"), ["FD:1076(2)"]);
        assert_eq!(codes("生态环境法典 1062[9]"), ["FD:1062[9]"]);
        assert_eq!(codes("《中华人民共和国生态环境法典》第１０６２条第（九）项"), ["FD:1062[9]"]);
        assert_eq!(
            codes(
                "《中华人民共和国环境保护法》第四十二条、《中华人民共和国大气污染防治法》第十八条、第九十九条。"
            ),
            ["HBF:42", "DQF:18", "DQF:99"]
        );
        assert_eq!(codes("环境保护法第四十二条第一款、第三款"), ["HBF:42(1)", "HBF:42(3)"]);
        assert_eq!(codes("海洋环境保护法"), ["HYF"]);
        assert_eq!(codes("刑法第三百三十八条之一"), ["XF:338.1"]);
        assert_eq!(codes("生态环境法典第一千一百二十八条至第一千一百三十条"), ["FD:1128-1130"]);
        assert_eq!(codes("Ecology and Environment Code, art. 25(4) item 2"), ["FD:25(4)[2]"]);
        assert_eq!(codes("NOTICE:二(三)"), ["NOTICE:二(三)"]);
        assert_eq!(codes(" \n"), Vec::<String>::new());
        assert_eq!(codes("HBF:6\nHBF:6"), ["HBF:6"]);
    }

    #[test]
    fn what_the_register_lacks_is_kept_by_its_title() {
        let cited = law().read_articles("《陕西省节约用水条例》第十二条").unwrap();
        assert_eq!(cited[0].instrument, "《陕西省节约用水条例》");
        assert_eq!(cited[0].words(law()).zh, "《陕西省节约用水条例》第12条");
        assert_eq!(cited[0].words(law()).en, "《陕西省节约用水条例》, art. 12");
        assert!(law().not_in_force(&cited[0].instrument, "2026-11-24".parse().unwrap()).is_none());
    }

    #[test]
    fn what_cites_nothing_is_told_at_its_place() {
        let wrong = |text: &str| law().read_articles(text).unwrap_err();
        assert_eq!(wrong("第四十二条").wanted, Wanted::Instrument(Vec::new()));
        assert!(matches!(&wrong("节约用水条例第十二条").wanted, Wanted::Instrument(_)));
        assert!(
            matches!(&wrong("公益诉讼第十二条").wanted, Wanted::Instrument(near) if !near.is_empty())
        );
        assert_eq!(wrong("环境保护法第四十二").wanted, Wanted::Number);
        assert_eq!(wrong("环境保护法第八百一千条").wanted, Wanted::Number);
        assert_eq!(wrong("HBF:").wanted, Wanted::Number);
        assert_eq!(wrong("HBF:42的规定").rest, "的规定");
        assert_eq!(wrong("环境保护法第42条第0款").wanted, Wanted::Number);
        assert_eq!(wrong("HBF:36-22").wanted, Wanted::Number);
    }

    #[test]
    fn numbers_are_read_as_laws_write_them() {
        for (text, number) in [
            ("十", 10),
            ("十二", 12),
            ("二十", 20),
            ("一百零八", 108),
            ("一百一十", 110),
            ("一千零七十六", 1076),
            ("一千二百四十二", 1242),
            ("一〇七六", 1076),
        ] {
            assert_eq!(chinese_number(text), Some(number), "{text}");
        }
        for text in ["", "百", "零", "一一十", "十百", "一百零"] {
            assert_eq!(chinese_number(text), None, "{text}");
        }
    }

    #[test]
    fn the_code_replaces_ten_statutes_on_15_august_2026() {
        let (law, last) = (law(), "2026-08-14".parse().unwrap());
        let first = "2026-08-15".parse().unwrap();
        let statutes = ["HBF", "HPF", "HYF", "DQF", "SWF", "TRF", "GFF", "ZSF", "FSF", "QJF"];
        for id in statutes {
            assert!(law.not_in_force(id, last).is_none(), "{id}");
            let out = law.not_in_force(id, first).unwrap();
            assert_eq!(out.instead[0].0.zh, "中华人民共和国生态环境法典", "{id}");
        }
        let early = law.not_in_force("FD", last).unwrap();
        assert_eq!(early.instead.len(), statutes.len());
        assert!(early.words().zh.starts_with("《中华人民共和国生态环境法典》自2026-08-15起施行"));
        let late = law.not_in_force("HBF", first).unwrap().words();
        assert_eq!(
            late.zh,
            "《中华人民共和国环境保护法》施行至2026-08-14，2026-08-15已不适用；\
             该日适用《中华人民共和国生态环境法典》（自2026-08-15起施行）"
        );
        let (fd, hbf) = ("FD:33".to_owned(), "HBF:6".to_owned());
        let shown = |day| {
            let both = law.citations_on([&fd, &hbf], day);
            both.iter().map(Citation::code).collect::<Vec<_>>()
        };
        assert_eq!((shown(last), shown(first)), (vec![hbf.clone()], vec![fd.clone()]));
    }

    proptest! {
        #[test]
        fn an_article_in_words_reads_back(
            instrument in prop::sample::select(vec!["FD", "HBF", "J2", "XS14", "《某县条例》"]),
            article in 1..1300_u32, paragraph in prop::option::of(1..9_u32), item in prop::option::of(1..20_u32),
            inserted in prop::option::of(1..4_u32),
        ) {
            let law = law();
            let place = Place { from: Number { article, inserted }, to: None, paragraph, item };
            let cited = Article { instrument: instrument.to_owned(), article: place.code() };
            let words = cited.words(law);
            for text in [words.zh, words.en, cited.code()] {
                prop_assert_eq!(law.read_articles(&text).unwrap(), vec![cited.clone()], "{}", text);
            }
        }

        #[test]
        fn no_text_is_too_strange_to_read(text in "[第条款项之至一百千0-9()\\[\\]《》:FD, 、环境保护法.art-]{0,40}") {
            let _ = law().read_articles(&text);
        }
    }
}
