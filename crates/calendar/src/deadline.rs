//! Counting one period: the end before and after rolling, and every step of the way in words.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exclusion::normalised;
use crate::limit::{Citation, Counting, Effect, Extension, LimitVersion, Unit};
use crate::moment::{local_date, start_of_day};
use crate::{Calendar, Due, Trigger, Words};

/// One period to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// The limit as in force on the trigger day ([`crate::Law::version_on`]).
    pub version: &'a LimitVersion,
    /// What set it running. For limits counted *before* an event, the day of the event.
    pub trigger: Trigger,
    /// Ranges of days that do not count, both ends inclusive; see [`crate::excluded_between`].
    /// A range that begins after the period has ended has no effect.
    pub excluded: &'a [(Date, Date)],
    /// Extensions granted, in the order they were granted.
    pub extensions: &'a [Extension],
}

impl<'a> Counted<'a> {
    /// A period with nothing excluded and nothing extended.
    #[must_use]
    pub fn from_trigger(version: &'a LimitVersion, trigger: Trigger) -> Self {
        Self { version, trigger, excluded: &[], extensions: &[] }
    }
}

/// The end of a period, and how it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Id of the limit.
    pub limit: String,
    /// The version that applied, by the day it came into force.
    pub version: Date,
    /// What set the period running.
    pub start: Trigger,
    /// The end by mere counting, before any rolling off rest days.
    pub raw: Due,
    /// The last day, or for hours the last instant, on which the act is in time.
    pub due: Due,
    /// Only for limits whose unit is unclear (`D?`): the last day if "日" means working days.
    /// Alarms go by `due`, which is never later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_tolerant: Option<Date>,
    /// Only for minimum periods: the first day on which one may act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act_from: Option<Date>,
    /// The answer looks at a year whose holiday table is not loaded (暂定).
    pub provisional: bool,
    /// The number is the project's own, the law names none (内部目标).
    pub internal: bool,
    /// The way from the start to the end.
    pub steps: Vec<Step>,
    /// The articles it rests on.
    pub basis: Vec<Citation>,
}

/// One step of the counting, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was done and why.
    #[serde(flatten)]
    pub words: Words,
    /// The day or instant reached.
    pub date: Due,
}

impl Deadline {
    /// The instant from which the act is late: 24:00 Asia/Shanghai of the last day, or the
    /// instant an hour limit names. At that instant it is still in time, after it no longer.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        match self.due {
            Due::On(day) => day.tomorrow().map_or(Timestamp::MAX, start_of_day),
            Due::At(at) => at,
        }
    }

    /// Whether the period is over. "Due today" is not overdue.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        match self.due {
            Due::On(day) => local_date(now) > day,
            Due::At(at) => now > at,
        }
    }

    /// Whole days left by the calendar in Asia/Shanghai: 0 when due today, negative when overdue.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> i64 {
        let days = days_between(local_date(now), self.due.date());
        if self.is_overdue(now) { days.min(-1) } else { days }
    }
}

/// Why a period cannot be counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The law names no number and the project suggests none.
    #[error("the law names no number of days or hours for `{limit}`, so there is no due date")]
    NoNumber {
        /// The limit.
        limit: String,
    },
    /// A limit of hours was given a day.
    #[error("`{limit}` runs in hours and needs the time of day, e.g. 2026-09-30T16:30")]
    InstantNeeded {
        /// The limit.
        limit: String,
    },
    /// The limit's rules do not allow the extension.
    #[error("no rule allows extending `{limit}` by {number}")]
    NoSuchExtension {
        /// The limit.
        limit: String,
        /// What was asked for.
        number: u32,
    },
    /// Excluded time ends before it begins.
    #[error("excluded time ends ({until}) before it begins ({from})")]
    ExclusionBackwards {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// Excluded time or an extension where the period runs towards an event or in hours.
    #[error("`{limit}` knows no excluded time")]
    ExclusionNotCounted {
        /// The limit.
        limit: String,
    },
    /// The end lies outside the years -9999 to 9999.
    #[error("the period ends outside the years the calendar can represent")]
    OutOfRange,
}

impl CalendarError {
    /// The message in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let en = self.to_string();
        let zh = match self {
            Self::NoNumber { limit } => {
                format!("“{limit}”：法律未规定具体期限数，无法计算届满日")
            }
            Self::InstantNeeded { limit } => {
                format!("“{limit}”按小时计算，须写明时刻，例如 2026-09-30T16:30")
            }
            Self::NoSuchExtension { limit, number } => {
                format!("“{limit}”没有可以延长{number}的依据")
            }
            Self::ExclusionBackwards { from, until } => {
                format!("不计入期间的终日（{until}）早于始日（{from}）")
            }
            Self::ExclusionNotCounted { limit } => {
                format!("“{limit}”没有不计入期间的规定")
            }
            Self::OutOfRange => "届满日超出可计算的年份范围".to_owned(),
        };
        Words { zh, en }
    }
}

/// A number and a way to count it: the law's, or the project's where the law names none.
#[derive(Clone, Copy)]
struct Period {
    number: u32,
    counting: Counting,
}

impl Period {
    fn of(version: &LimitVersion) -> Result<Self, CalendarError> {
        let suggested =
            || version.suggested.map(|s| Self { number: s.number, counting: s.counting });
        version
            .number
            .map(|number| Self { number, counting: version.counting })
            .or_else(suggested)
            .filter(|period| period.counting != Counting::None)
            .ok_or_else(|| CalendarError::NoNumber { limit: version.limit.clone() })
    }

    /// The period an extension adds or puts in this one's place.
    fn extended(self, extension: Extension) -> Self {
        let counting = match (extension.unit, self.counting) {
            (unit, counting) if counting.unit() == Some(unit) => counting,
            (Unit::Month, _) => Counting::Months,
            (Unit::Day, _) => Counting::Days,
            (Unit::WorkingDay, _) => Counting::WorkingDays,
            (Unit::Hour, _) => Counting::Hours,
        };
        Self { number: extension.number, counting }
    }

    fn words(self) -> Words {
        self.counting.unit().map(|unit| unit.words(self.number)).unwrap_or_default()
    }
}

impl Calendar {
    /// Counts a period.
    ///
    /// The trigger day is not counted. Extensions run on from the unrolled end, excluded days shift
    /// the unrolled end, and only then the end rolls to a working day where its counting says so.
    /// A chained period is counted by giving the *rolled* end of the first as the trigger of
    /// the second (a project decision; the text is silent).
    ///
    /// # Errors
    /// [`CalendarError`]: no number, an instant needed, an extension no rule allows, excluded time
    /// that ends before it begins, or an end outside the representable years.
    ///
    /// # Source
    /// Civil Code 200–204; Civil Procedure Law 85; Administrative Litigation Interpretation 48;
    /// Criminal Procedure Law 105 and its interpretation 202; Penalty Law 85.
    pub fn deadline(&self, counted: &Counted<'_>) -> Result<Deadline, CalendarError> {
        let period = Period::of(counted.version)?;
        let mut counting = Count::begin(self, counted, period);
        match period.counting {
            Counting::Hours => counting.hours()?,
            Counting::DaysBefore | Counting::WorkingDaysBefore => counting.before_event()?,
            Counting::Months
            | Counting::MonthsCriminal
            | Counting::Days
            | Counting::DaysUnclear
            | Counting::WorkingDays
            | Counting::MinimumDays
            | Counting::MinimumDaysRolled
            | Counting::None => counting.after_trigger()?,
        }
        Ok(counting.finish())
    }

    /// Only the due day: no steps, nothing allocated. For hour limits and `—` there is no day to
    /// give.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`], or [`CalendarError::NoNumber`] (without the limit's name) for
    /// [`Counting::Hours`] and [`Counting::None`].
    pub fn due_only(
        &self,
        trigger: Date,
        number: u32,
        counting: Counting,
    ) -> Result<Date, CalendarError> {
        let raw = self.raw_end(trigger, Period { number, counting })?;
        Ok(self.settled(raw, counting))
    }

    /// The unrolled end of a period.
    fn raw_end(&self, trigger: Date, period: Period) -> Result<Date, CalendarError> {
        let number = period.number;
        match period.counting {
            Counting::Months => months_later(trigger, number),
            Counting::MonthsCriminal => {
                let end = months_later(trigger, number)?;
                let from_month_end = trigger.day() == trigger.days_in_month();
                Ok(if from_month_end { end.last_of_month() } else { end })
            }
            Counting::Days
            | Counting::DaysUnclear
            | Counting::MinimumDays
            | Counting::MinimumDaysRolled => days_later(trigger, i64::from(number)),
            Counting::WorkingDays => self.working_days_later(trigger, number),
            Counting::DaysBefore => days_later(trigger, -i64::from(number) - 1),
            Counting::WorkingDaysBefore => {
                days_later(self.working_days_earlier(trigger, number)?, -1)
            }
            Counting::Hours | Counting::None => {
                Err(CalendarError::NoNumber { limit: String::new() })
            }
        }
    }

    /// Where an unrolled end comes to rest.
    fn settled(&self, raw: Date, counting: Counting) -> Date {
        match counting {
            Counting::Months
            | Counting::MonthsCriminal
            | Counting::Days
            | Counting::DaysUnclear
            | Counting::WorkingDays
            | Counting::MinimumDaysRolled => self.roll(raw),
            Counting::DaysBefore | Counting::WorkingDaysBefore => self.roll_back(raw),
            Counting::MinimumDays | Counting::Hours | Counting::None => raw,
        }
    }

    /// The day `number` working days after a day, which is not itself counted.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`].
    pub fn working_days_later(&self, from: Date, number: u32) -> Result<Date, CalendarError> {
        let mut day = from;
        for _ in 0..number {
            day = self.roll(day.tomorrow().map_err(|_| CalendarError::OutOfRange)?);
        }
        if number > 0 && !self.is_workday(day) {
            return Err(CalendarError::OutOfRange);
        }
        Ok(day)
    }

    /// The day `number` working days before a day, which is not itself counted.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`].
    pub fn working_days_earlier(&self, from: Date, number: u32) -> Result<Date, CalendarError> {
        let mut day = from;
        for _ in 0..number {
            day = self.roll_back(day.yesterday().map_err(|_| CalendarError::OutOfRange)?);
        }
        Ok(day)
    }

    /// How many working days lie in a range, both ends inclusive.
    #[must_use]
    pub fn working_days_in(&self, from: Date, until: Date) -> u32 {
        let mut number = 0;
        let mut day = from;
        while day <= until {
            number += u32::from(self.is_workday(day));
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        number
    }

    /// Whether every year between two days has its table.
    fn is_published(&self, from: Date, until: Date) -> bool {
        let (first, last) = (from.min(until).year(), from.max(until).year());
        (first..=last).all(|year| self.has_year(year))
    }
}

/// A count in progress: where it stands and what it has noted.
struct Count<'a> {
    calendar: &'a Calendar,
    counted: &'a Counted<'a>,
    period: Period,
    trigger: Date,
    raw: Due,
    due: Due,
    due_tolerant: Option<Date>,
    may_act_from: Option<Date>,
    provisional: bool,
    steps: Vec<Step>,
}

impl<'a> Count<'a> {
    fn begin(calendar: &'a Calendar, counted: &'a Counted<'a>, period: Period) -> Self {
        let trigger = counted.trigger.date();
        Self {
            calendar,
            counted,
            period,
            trigger,
            raw: Due::On(trigger),
            due: Due::On(trigger),
            due_tolerant: None,
            may_act_from: None,
            provisional: false,
            steps: Vec::new(),
        }
    }

    fn note(&mut self, date: Due, zh: String, en: String) {
        self.steps.push(Step { words: Words { zh, en }, date });
    }

    /// Periods that run on from the trigger.
    fn after_trigger(&mut self) -> Result<(), CalendarError> {
        let counting = self.period.counting;
        self.note_start();
        let base = self.base_end()?;
        let extended = self.extend(base)?;
        let raw = self.exclude(extended)?;
        let due = self.calendar.settled(raw, counting);
        self.raw = Due::On(raw);
        self.due = Due::On(due);
        self.note_roll(raw, due);
        self.read_tolerantly(extended)?;
        self.require_minimum(due)?;
        let looked_at_from = if counting == Counting::WorkingDays { self.trigger } else { raw };
        let looked_at_until = self.due_tolerant.map_or(due, |tolerant| tolerant.max(due));
        self.note_provisional(looked_at_from, looked_at_until);
        Ok(())
    }

    fn note_start(&mut self) {
        let trigger = &self.counted.version.trigger;
        let (zh, en) = (
            format!("自{}（{}）起算，当日不计入", zh_date(self.trigger), trigger.zh),
            format!(
                "Counted from {} ({}); that day itself does not count",
                self.trigger, trigger.en
            ),
        );
        self.note(Due::On(self.trigger), zh, en);
    }

    /// The end of the period as the law names it, or of the one granted in its place.
    fn base_end(&mut self) -> Result<Date, CalendarError> {
        let mut period = self.period;
        for &extension in self.counted.extensions {
            self.check_extension(extension)?;
            if extension.effect == Effect::Instead {
                period = self.period.extended(extension);
                self.note_instead(extension, period);
            }
        }
        let end = self.calendar.raw_end(self.trigger, period)?;
        self.note_base(period, end);
        Ok(end)
    }

    fn note_base(&mut self, period: Period, end: Date) {
        let (number, date) = (period.words(), zh_date(end));
        let clamped = matches!(period.counting, Counting::Months | Counting::MonthsCriminal)
            && end.day() != self.trigger.day();
        let (zh, en) = match period.counting {
            Counting::MonthsCriminal
                if clamped && self.trigger.day() == self.trigger.days_in_month() =>
            {
                (
                    format!("期间{}：起算日为当月末日，届满日为{date}（月末对月末）", number.zh),
                    format!("{}: from a month's last day to a month's last day, {end}", number.en),
                )
            }
            Counting::Months | Counting::MonthsCriminal if clamped => (
                format!("期间{}：无对应日，以月末日{date}为届满日", number.zh),
                format!("{}: no corresponding day, so the month's last day, {end}", number.en),
            ),
            Counting::Months | Counting::MonthsCriminal => (
                format!("期间{}：对应日为{date}", number.zh),
                format!("{}: the corresponding day is {end}", number.en),
            ),
            Counting::WorkingDays => (
                format!("期间{}（调休上班日计入）：至{date}", number.zh),
                format!("{}, make-up days included: to {end}", number.en),
            ),
            Counting::Days
            | Counting::DaysUnclear
            | Counting::MinimumDays
            | Counting::MinimumDaysRolled
            | Counting::DaysBefore
            | Counting::WorkingDaysBefore
            | Counting::Hours
            | Counting::None => (
                format!("期间{}（自然日）：至{date}", number.zh),
                format!("{} (natural days): to {end}", number.en),
            ),
        };
        self.note(Due::On(end), zh, en);
    }

    fn check_extension(&self, extension: Extension) -> Result<(), CalendarError> {
        let version = self.counted.version;
        version.extension_rule(extension).map(|_| ()).ok_or_else(|| {
            CalendarError::NoSuchExtension {
                limit: version.limit.clone(),
                number: extension.number,
            }
        })
    }

    fn extension_reason(&self, extension: Extension) -> Words {
        let rule = self.counted.version.extension_rule(extension);
        rule.map(|rule| rule.words.clone()).unwrap_or_default()
    }

    fn note_instead(&mut self, extension: Extension, period: Period) {
        let (number, reason) = (period.words(), self.extension_reason(extension));
        let (zh, en) = (
            format!("{}，期间改为{}", reason.zh, number.zh),
            format!("{}: the period is {} instead", reason.en, number.en),
        );
        self.note(Due::On(self.trigger), zh, en);
    }

    /// Runs the extensions on from the unrolled end (J2 art. 47: the base end is its anchor).
    fn extend(&mut self, base: Date) -> Result<Date, CalendarError> {
        let mut end = base;
        for &extension in self.counted.extensions {
            if extension.effect == Effect::Added {
                let added = self.period.extended(extension);
                end = self.calendar.raw_end(end, added)?;
                let (number, reason) = (added.words(), self.extension_reason(extension));
                let (zh, en) = (
                    format!("延长{}（{}）：至{}", number.zh, reason.zh, zh_date(end)),
                    format!("Extended by {} ({}): to {end}", number.en, reason.en),
                );
                self.note(Due::On(end), zh, en);
            }
        }
        Ok(end)
    }

    /// Shifts the unrolled end by the excluded days that fall within the period so far.
    fn exclude(&mut self, end: Date) -> Result<Date, CalendarError> {
        let mut end = end;
        for (from, until) in normalised(self.trigger, self.counted.excluded)? {
            // Time excluded from the day after the last day on still follows from an act done on
            // the last day; what begins later finds the period already over.
            let last = self.calendar.settled(end, self.period.counting);
            if days_between(last, from) > 1 {
                break;
            }
            let number = if self.period.counting == Counting::WorkingDays {
                let number = self.calendar.working_days_in(from, until);
                end = self.calendar.working_days_later(end, number)?;
                i64::from(number)
            } else {
                let number = days_between(from, until) + 1;
                end = days_later(end, number)?;
                number
            };
            let unit =
                if self.period.counting == Counting::WorkingDays { "个工作日" } else { "日" };
            let (zh, en) = (
                format!(
                    "{}至{}共{number}{unit}不计入期间，届满日相应顺延至{}",
                    zh_date(from),
                    zh_date(until),
                    zh_date(end)
                ),
                format!("{from} to {until} do not count ({number} days): shifted to {end}"),
            );
            self.note(Due::On(end), zh, en);
        }
        Ok(end)
    }

    fn note_roll(&mut self, raw: Date, due: Date) {
        let day = zh_weekday(raw);
        let name = self.calendar.holiday_name(raw);
        let (zh, en) = if due > raw {
            let zh = name.map_or_else(|| day.to_owned(), |name| format!("{name}假期"));
            let en = if name.is_some() { "a public holiday" } else { "a weekend" };
            (
                format!("{}为{zh}，顺延至其后第一个工作日{}", zh_date(raw), zh_date(due)),
                format!("{raw} is {en}: rolls to the next working day, {due}"),
            )
        } else if self.calendar.make_up_name(raw).is_some() {
            (
                format!("{}（{day}）为调休上班日，不顺延", zh_date(raw)),
                format!("{raw} is a weekend day worked in exchange (调休): does not roll"),
            )
        } else {
            return;
        };
        self.note(Due::On(due), zh, en);
    }

    /// `D?`: the working-day reading beside the natural one (the unit is disputed between
    /// the transfer rules of the State Council, the police and the ministry).
    /// As many working days as there are natural days to the end without excluded time.
    fn read_tolerantly(&mut self, end: Date) -> Result<(), CalendarError> {
        if self.period.counting != Counting::DaysUnclear {
            return Ok(());
        }
        let number = u32::try_from(days_between(self.trigger, end))
            .map_err(|_| CalendarError::OutOfRange)?;
        let mut tolerant = self.calendar.working_days_later(self.trigger, number)?;
        for (from, until) in normalised(self.trigger, self.counted.excluded)? {
            if days_between(tolerant, from) <= 1 {
                let lost = self.calendar.working_days_in(from, until);
                tolerant = self.calendar.working_days_later(tolerant, lost)?;
            }
        }
        self.due_tolerant = Some(tolerant);
        self.note(
            Due::On(tolerant),
            format!(
                "规范未明确按自然日还是工作日计算；按工作日为{}，提醒以较早者为准",
                zh_date(tolerant)
            ),
            format!(
                "The text leaves open natural or working days; in working days {tolerant}. \
                 Reminders go by the earlier"
            ),
        );
        Ok(())
    }

    fn require_minimum(&mut self, due: Date) -> Result<(), CalendarError> {
        if !matches!(self.period.counting, Counting::MinimumDays | Counting::MinimumDaysRolled) {
            return Ok(());
        }
        let first = days_later(due, 1)?;
        self.may_act_from = Some(first);
        self.note(
            Due::On(first),
            format!("此为最短期间，届满次日{}起方可采取下一步行动", zh_date(first)),
            format!("A minimum period: the next act is open from the day after, {first}"),
        );
        Ok(())
    }

    /// Periods that end so many full days before an event. The last day rolls *back*: notice is
    /// given on a working day (a project decision).
    fn before_event(&mut self) -> Result<(), CalendarError> {
        self.refuse_shifts()?;
        let event = self.trigger;
        let trigger = self.counted.version.trigger.clone();
        self.note(
            Due::On(event),
            format!("以{}（{}）为准向前倒算，当日不计入", zh_date(event), trigger.zh),
            format!("Counted back from {event} ({}); that day itself does not count", trigger.en),
        );
        let raw = self.calendar.raw_end(event, self.period)?;
        let due = self.calendar.settled(raw, self.period.counting);
        let number = self.period.words();
        self.note(
            Due::On(raw),
            format!("中间留足{}整，最迟为{}", number.zh, zh_date(raw)),
            format!("Keeping {} full between: at the latest {raw}", number.en),
        );
        if due < raw {
            self.note(
                Due::On(due),
                format!("{}为休息日，提前至{}", zh_date(raw), zh_date(due)),
                format!("{raw} is a rest day: brought forward to {due}"),
            );
        }
        self.raw = Due::On(raw);
        self.due = Due::On(due);
        self.note_provisional(due, event);
        Ok(())
    }

    /// Elapsed hours from the instant: nights and holidays count, and the end never rolls.
    fn hours(&mut self) -> Result<(), CalendarError> {
        let Trigger::Instant(start) = self.counted.trigger else {
            let limit = self.counted.version.limit.clone();
            return Err(CalendarError::InstantNeeded { limit });
        };
        self.refuse_shifts()?;
        let span = Span::new().try_hours(self.period.number);
        let end = span
            .and_then(|hours| start.checked_add(hours))
            .map_err(|_| CalendarError::OutOfRange)?;
        let trigger = self.counted.version.trigger.clone();
        self.note(
            Due::At(start),
            format!("自{}（{}）起算", zh_instant(start), trigger.zh),
            format!("Counted from the instant {} ({})", Due::At(start), trigger.en),
        );
        let number = self.period.words();
        self.note(
            Due::At(end),
            format!("连续计算{}，夜间和节假日照计，不顺延，至{}", number.zh, zh_instant(end)),
            format!(
                "{} elapsed; nights and holidays count, no rolling: {}",
                number.en,
                Due::At(end)
            ),
        );
        self.raw = Due::At(end);
        self.due = Due::At(end);
        Ok(())
    }

    fn refuse_shifts(&self) -> Result<(), CalendarError> {
        let limit = || self.counted.version.limit.clone();
        if let Some(extension) = self.counted.extensions.first() {
            return Err(CalendarError::NoSuchExtension {
                limit: limit(),
                number: extension.number,
            });
        }
        if !self.counted.excluded.is_empty() {
            return Err(CalendarError::ExclusionNotCounted { limit: limit() });
        }
        Ok(())
    }

    fn note_provisional(&mut self, from: Date, until: Date) {
        if self.calendar.is_published(from, until) {
            return;
        }
        self.provisional = true;
        self.note(
            self.due,
            "所涉年份的放假安排尚未载入，仅按周末推算，本日期暂定".to_owned(),
            "A year involved has no holiday table loaded: only weekends are known, the date is provisional".to_owned(),
        );
    }

    fn finish(mut self) -> Deadline {
        let version = self.counted.version;
        if version.is_internal() {
            let words = Words::new(
                "法律未规定期限数，此为内部目标，可由管理员调整",
                "The law names no number: this is an internal target, which an administrator may change",
            );
            self.steps.push(Step { words, date: self.due });
        }
        Deadline {
            limit: version.limit.clone(),
            version: version.from,
            start: self.counted.trigger,
            raw: self.raw,
            due: self.due,
            due_tolerant: self.due_tolerant,
            may_act_from: self.may_act_from,
            provisional: self.provisional,
            internal: version.is_internal(),
            steps: self.steps,
            basis: version.sources.clone(),
        }
    }
}

fn months_later(from: Date, number: u32) -> Result<Date, CalendarError> {
    Span::new()
        .try_months(number)
        .and_then(|months| from.checked_add(months))
        .map_err(|_| CalendarError::OutOfRange)
}

fn days_later(from: Date, number: i64) -> Result<Date, CalendarError> {
    Span::new()
        .try_days(number)
        .and_then(|days| from.checked_add(days))
        .map_err(|_| CalendarError::OutOfRange)
}

/// Days from one date to another; negative when the second is earlier.
fn days_between(from: Date, until: Date) -> i64 {
    until.duration_since(from).as_hours() / 24
}

fn zh_date(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

fn zh_instant(at: Timestamp) -> String {
    let at = crate::SHANGHAI.to_datetime(at);
    format!("{} {:02}:{:02}", zh_date(at.date()), at.hour(), at.minute())
}

fn zh_weekday(day: Date) -> &'static str {
    match day.weekday() {
        jiff::civil::Weekday::Monday => "星期一",
        jiff::civil::Weekday::Tuesday => "星期二",
        jiff::civil::Weekday::Wednesday => "星期三",
        jiff::civil::Weekday::Thursday => "星期四",
        jiff::civil::Weekday::Friday => "星期五",
        jiff::civil::Weekday::Saturday => "星期六",
        jiff::civil::Weekday::Sunday => "星期日",
    }
}
