//! Which days are worked: the yearly holiday tables.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};

use crate::Words;

/// The years a table may speak of. Outside them a date is surely a slip of the pen.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2199;

/// Working days and rest days, from the yearly notices of the State Council.
///
/// Monday to Friday are worked except listed holidays; Saturday and Sunday are not, except listed
/// make-up days (调休上班日). A year without a table has only its weekends, and every answer that
/// looks at it is provisional.
///
/// # Source
/// Regulation on Public Holidays (全国年节及纪念日放假办法); Civil Procedure Law 85.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Year of `years[0]`.
    first: i16,
    /// Consecutive years; a gap is an empty, incomplete year.
    years: Vec<Year>,
}

/// One year: a bit a day, and the names of the days listed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Year {
    complete: bool,
    /// Bit `n` is the day with ordinal `n + 1`; set when it is worked.
    worked: [u64; 6],
    listed: BTreeMap<i16, Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    kind: Kind,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Holiday,
    MakeUp,
}

/// A holiday table that cannot be read: where, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}; {}", problem.mend())]
pub struct TableError {
    /// The file as it was named by whoever loaded it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: TableProblem,
}

impl TableError {
    /// The message in both languages, for the page that imports a table.
    #[must_use]
    pub fn words(&self) -> Words {
        let (what, mend) = match &self.problem {
            TableProblem::Header => {
                ("首行不是“date,kind,name”".to_owned(), "请在首行写“date,kind,name”")
            }
            TableProblem::Columns => {
                ("该行不足三列".to_owned(), "请写成“2026-10-01,holiday,国庆节”")
            }
            TableProblem::Date(text) => {
                (format!("“{text}”不是日期"), "请写成 YYYY-MM-DD，例如 2026-10-01")
            }
            TableProblem::Year(day) => (format!("{day}不在1990年至2199年之间"), "请更正年份"),
            TableProblem::Kind(text) => (
                format!("“{text}”不是日期类别"),
                "请写“holiday”（放假）或者“makeup-workday”（调休上班）",
            ),
            TableProblem::Twice(day) => (format!("{day}重复列出"), "请保留其中一行"),
            TableProblem::MakeUpOnWeekday(day) => {
                (format!("{day}为星期一至星期五，无须列为调休上班日"), "请更正日期或者删除该行")
            }
            TableProblem::Empty => ("表中没有任何日期".to_owned(), "请至少列出一年的放假安排"),
        };
        let (file, line) = (&self.file, self.line);
        Words::new(format!("{file}第{line}行：{what}；{mend}"), self.to_string())
    }
}

/// What is wrong with a line of a holiday table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// The first line does not name the columns.
    #[error("the first line is not `date,kind,name`")]
    Header,
    /// A line has fewer than three columns.
    #[error("the line has fewer than three columns")]
    Columns,
    /// The first column is no date.
    #[error("`{0}` is not a date")]
    Date(String),
    /// A date far from any year a table may speak of.
    #[error("{0} is outside the years 1990 to 2199")]
    Year(Date),
    /// The second column is neither of the two kinds.
    #[error("`{0}` is not a kind of day")]
    Kind(String),
    /// A day is listed twice.
    #[error("{0} is listed twice")]
    Twice(Date),
    /// A make-up working day on a day that is worked anyway.
    #[error("{0} is a Monday to Friday, which needs no make-up entry")]
    MakeUpOnWeekday(Date),
    /// Nothing but the header.
    #[error("the table lists no day")]
    Empty,
}

impl TableProblem {
    /// What to do about it, as a clause that ends the message.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Header => "begin the file with the line `date,kind,name`",
            Self::Columns => "write the line as `2026-10-01,holiday,国庆节`",
            Self::Date(_) => "write the date as YYYY-MM-DD, e.g. 2026-10-01",
            Self::Year(_) => "correct the year",
            Self::Kind(_) => "write `holiday` or `makeup-workday`",
            Self::Twice(_) => "keep one of the two lines",
            Self::MakeUpOnWeekday(_) => "correct the date or delete the line",
            Self::Empty => "add the days of at least one year",
        }
    }
}

impl Calendar {
    /// Reads a table with the columns `date,kind,name` (further columns are ignored), where
    /// `kind` is `holiday` or `makeup-workday`. `file` is only used in messages.
    ///
    /// A year counts as having its table when 1 January is listed as a holiday: it always is one,
    /// while days of a neighbouring year (31 December before a New Year block) and a later
    /// amendment do not make a table.
    ///
    /// # Errors
    /// [`TableError`] at the first line that cannot be read.
    pub fn parse(csv: &str, file: &str) -> Result<Self, TableError> {
        let at = |line: usize, problem| TableError { file: file.to_owned(), line, problem };
        let csv = csv.strip_prefix('\u{feff}').unwrap_or(csv);
        let mut lines = csv.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        match lines.next() {
            Some((_, header)) if is_header(header) => {}
            Some((n, _)) => return Err(at(n + 1, TableProblem::Header)),
            None => return Err(at(1, TableProblem::Header)),
        }
        let mut calendar = Self::default();
        for (n, line) in lines {
            let (day, listed) = parse_line(line).map_err(|problem| at(n + 1, problem))?;
            if !calendar.list(day, listed) {
                return Err(at(n + 1, TableProblem::Twice(day)));
            }
        }
        if calendar.years.is_empty() {
            return Err(at(1, TableProblem::Empty));
        }
        Ok(calendar)
    }

    /// This calendar with another laid over it: a year whose table `other` has replaces ours; single
    /// days that `other` lists for further years are added to ours.
    #[must_use]
    pub fn merged_with(&self, other: Calendar) -> Calendar {
        let mut merged = self.clone();
        for (number, year) in (other.first..).zip(other.years) {
            let Some(slot) = merged.year_slot(number) else { continue };
            if year.complete {
                *slot = year;
            } else {
                for (ordinal, listed) in year.listed {
                    slot.overlay(ordinal, listed);
                }
            }
        }
        merged
    }

    /// Whether the year's table is loaded. Without it an answer that looks at the year is
    /// provisional (暂定).
    #[must_use]
    pub fn has_year(&self, year: i16) -> bool {
        self.year(year).is_some_and(|year| year.complete)
    }

    /// The years whose tables are loaded, earliest first.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        (self.first..).zip(&self.years).filter(|(_, year)| year.complete).map(|(number, _)| number)
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn is_workday(&self, day: Date) -> bool {
        match self.year(day.year()) {
            Some(year) => year.is_worked(day.day_of_year()),
            None => is_weekday(day),
        }
    }

    /// The day itself when it is worked, else the next day that is.
    ///
    /// # Source
    /// Civil Procedure Law 85; Civil Code 203.
    #[must_use]
    pub fn roll(&self, day: Date) -> Date {
        let mut day = day;
        while !self.is_workday(day) {
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break, // The last day of the year 9999.
            }
        }
        day
    }

    /// The day itself when it is worked, else the last day before it that is.
    #[must_use]
    pub fn roll_back(&self, day: Date) -> Date {
        let mut day = day;
        while !self.is_workday(day) {
            match day.yesterday() {
                Ok(previous) => day = previous,
                Err(_) => break,
            }
        }
        day
    }

    /// The name of the holiday a day is listed as, e.g. `国庆节`; `None` for working days and
    /// ordinary weekends.
    #[must_use]
    pub fn holiday_name(&self, day: Date) -> Option<&str> {
        self.listed(day).filter(|listed| listed.kind == Kind::Holiday).map(|l| l.name.as_str())
    }

    /// The name of the holiday a make-up working day makes up for; `None` for all other days.
    #[must_use]
    pub fn make_up_name(&self, day: Date) -> Option<&str> {
        self.listed(day).filter(|listed| listed.kind == Kind::MakeUp).map(|l| l.name.as_str())
    }

    /// What is out of the ordinary about a day: a holiday, a weekend, a make-up working day; `None` for
    /// days worked as usual.
    #[must_use]
    pub fn day_words(&self, day: Date) -> Option<Words> {
        let (zh, en) = match day.weekday() {
            Weekday::Saturday => ("星期六", "a Saturday"),
            Weekday::Sunday => ("星期日", "a Sunday"),
            Weekday::Monday
            | Weekday::Tuesday
            | Weekday::Wednesday
            | Weekday::Thursday
            | Weekday::Friday => ("", ""),
        };
        if let Some(name) = self.holiday_name(day) {
            return Some(Words::new(
                format!("{day}为节假日（{name}）"),
                format!("{day} is a holiday ({name})"),
            ));
        }
        if let Some(name) = self.make_up_name(day) {
            return Some(Words::new(
                format!("{day}为{zh}，调休上班（{name}）"),
                format!("{day} is {en} worked to make up for a holiday ({name})"),
            ));
        }
        (!zh.is_empty()).then(|| {
            Words::new(format!("{day}为{zh}，休息日"), format!("{day} is {en}, a day of rest"))
        })
    }

    /// Every day listed, in order, with the holiday's name and whether it is a make-up working day.
    pub fn listed_days(&self) -> impl Iterator<Item = ListedDay<'_>> {
        (self.first..).zip(&self.years).flat_map(|(number, year)| {
            year.listed.iter().filter_map(move |(ordinal, listed)| {
                let new_year = Date::new(number, 1, 1).ok()?;
                let day =
                    new_year.checked_add(jiff::Span::new().try_days(ordinal - 1).ok()?).ok()?;
                Some(ListedDay { day, is_make_up: listed.kind == Kind::MakeUp, name: &listed.name })
            })
        })
    }

    fn listed(&self, day: Date) -> Option<&Listed> {
        self.year(day.year())?.listed.get(&day.day_of_year())
    }

    fn year(&self, year: i16) -> Option<&Year> {
        let index = usize::try_from(i32::from(year) - i32::from(self.first)).ok()?;
        self.years.get(index)
    }

    /// The place of a year, made if need be together with any years between.
    fn year_slot(&mut self, year: i16) -> Option<&mut Year> {
        if self.years.is_empty() {
            self.first = year;
        }
        while year < self.first {
            self.first -= 1;
            self.years.insert(0, Year::plain(self.first));
        }
        let index = usize::try_from(i32::from(year) - i32::from(self.first)).ok()?;
        for missing in (self.first..=year).skip(self.years.len()) {
            self.years.push(Year::plain(missing));
        }
        self.years.get_mut(index)
    }

    /// Adds a day; false when it was listed before.
    fn list(&mut self, day: Date, listed: Listed) -> bool {
        let Some(year) = self.year_slot(day.year()) else { return false };
        if year.listed.contains_key(&day.day_of_year()) {
            return false;
        }
        year.overlay(day.day_of_year(), listed);
        true
    }
}

/// A day a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedDay<'a> {
    /// The day.
    pub day: Date,
    /// Worked although a Saturday or Sunday; otherwise it is a holiday.
    pub is_make_up: bool,
    /// The holiday it belongs to.
    pub name: &'a str,
}

impl Year {
    /// A year of which nothing is known but its weekends.
    fn plain(number: i16) -> Self {
        let mut year = Self { complete: false, worked: [0; 6], listed: BTreeMap::new() };
        let mut day = Date::new(number, 1, 1).ok();
        while let Some(today) = day.filter(|day| day.year() == number) {
            year.set_worked(today.day_of_year(), is_weekday(today));
            day = today.tomorrow().ok();
        }
        year
    }

    fn overlay(&mut self, ordinal: i16, listed: Listed) {
        self.complete |= ordinal == 1 && listed.kind == Kind::Holiday;
        self.set_worked(ordinal, listed.kind == Kind::MakeUp);
        self.listed.insert(ordinal, listed);
    }

    fn set_worked(&mut self, ordinal: i16, worked: bool) {
        let (word, bit) = place(ordinal);
        if let Some(word) = self.worked.get_mut(word) {
            if worked {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    fn is_worked(&self, ordinal: i16) -> bool {
        let (word, bit) = place(ordinal);
        self.worked.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// The word and the bit of a day of the year (1 to 366).
fn place(ordinal: i16) -> (usize, u64) {
    let index = usize::from(ordinal.unsigned_abs()).saturating_sub(1);
    (index / 64, 1 << (index % 64))
}

fn is_weekday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_header(line: &str) -> bool {
    line.split(',').map(str::trim).take(3).eq(["date", "kind", "name"])
}

fn parse_line(line: &str) -> Result<(Date, Listed), TableProblem> {
    let mut columns = line.split(',').map(str::trim);
    let (Some(date), Some(kind), Some(name)) = (columns.next(), columns.next(), columns.next())
    else {
        return Err(TableProblem::Columns);
    };
    let is_iso = date.len() == 10; // `20261001` is a date to the parser, and too easily mistyped.
    let day: Date =
        date.parse().ok().filter(|_| is_iso).ok_or_else(|| TableProblem::Date(date.to_owned()))?;
    if !YEARS.contains(&day.year()) {
        return Err(TableProblem::Year(day));
    }
    let kind = match kind {
        "holiday" => Kind::Holiday,
        "makeup-workday" => Kind::MakeUp,
        other => return Err(TableProblem::Kind(other.to_owned())),
    };
    if kind == Kind::MakeUp && is_weekday(day) {
        return Err(TableProblem::MakeUpOnWeekday(day));
    }
    Ok((day, Listed { kind, name: name.to_owned() }))
}
