//! What the rule files say: limits, their dated versions, and the instruments they stand in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Words;
use crate::deadline::CalendarError;

/// One period the law (or, marked so, the project) sets: who must do what, counted from what.
///
/// Its numbers live in [`LimitVersion`]s, because the text in force on the trigger day decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The key by which procedures and people name it, e.g. `suggestion-reply-ordinary`.
    pub id: String,
    /// What is to be done.
    pub name: Words,
    /// Key of whoever must do it; [`crate::Law::actor`] has its words.
    pub actor: String,
    /// What sets the period running.
    pub trigger: Words,
    /// What follows when it is not met; both texts say so when the law is silent.
    pub lapse: Words,
    /// Time that does not count, in words; empty when there is none.
    pub exclusions: Words,
    /// The limit that applied before the first version came into force, where there was one.
    pub before: Option<String>,
    /// The limit that applies after the last version went out of force, where there is one.
    pub after: Option<String>,
    /// Versions by the day they came into force; later ones are looked at first.
    pub versions: Vec<LimitVersion>,
}

/// A limit as it stood between two days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitVersion {
    /// Id of the limit.
    pub limit: String,
    /// Name of the limit, repeated here so that a deadline can explain itself.
    pub name: Words,
    /// What sets the period running, repeated likewise.
    pub trigger: Words,
    /// First day in force.
    pub from: Date,
    /// Last day in force; `None` while it is.
    pub until: Option<Date>,
    /// How many; `None` exactly when `counting` is [`Counting::None`].
    pub number: Option<u32>,
    /// Months, days, working days or hours; `None` together with `number`.
    pub unit: Option<Unit>,
    /// How it is counted.
    pub counting: Counting,
    /// The project's own target where the law names no number.
    pub suggested: Option<Suggested>,
    /// Extensions the law knows; none means it cannot be extended.
    pub extensions: Vec<ExtensionRule>,
    /// Articles it rests on.
    pub sources: Vec<Citation>,
    /// How well the text has been checked.
    pub verified: Verified,
    /// A remark for the reader; empty when there is none.
    pub note: Words,
}

impl LimitVersion {
    /// Whether this version was in force on a day.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The extension of `number` that this limit's rules allow.
    ///
    /// # Errors
    /// [`CalendarError::NoSuchExtension`] when no rule allows it.
    pub fn extension(&self, number: u32) -> Result<Extension, CalendarError> {
        self.extensions
            .iter()
            .filter(|rule| number > 0 && rule.number.is_none_or(|most| number <= most))
            // "7 days instead" means exactly 7; "up to 30 more" means any number up to 30.
            .find(|rule| rule.effect == Effect::Added || rule.number == Some(number))
            .map(|rule| Extension { number, unit: rule.unit, effect: rule.effect })
            .ok_or_else(|| CalendarError::NoSuchExtension { limit: self.limit.clone(), number })
    }

    /// The rule an extension rests on.
    #[must_use]
    pub fn extension_rule(&self, extension: Extension) -> Option<&ExtensionRule> {
        let fits =
            |rule: &&ExtensionRule| rule.unit == extension.unit && rule.effect == extension.effect;
        let exact =
            self.extensions.iter().filter(fits).find(|r| r.number == Some(extension.number));
        let up_to = || {
            let allowed =
                |rule: &&ExtensionRule| rule.number.is_none_or(|most| extension.number <= most);
            self.extensions.iter().filter(fits).find(allowed)
        };
        exact.or_else(up_to).filter(|_| extension.number > 0)
    }

    /// Whether the number is the project's own and not the law's: shown as 内部目标.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.counting == Counting::None || self.verified == Verified::Decision
    }
}

/// Unit of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Calendar months.
    Month,
    /// Natural days (自然日).
    Day,
    /// Working days (工作日).
    WorkingDay,
    /// Hours.
    Hour,
}

impl Unit {
    /// A number of this unit in words: `2个月`, `2 months`.
    #[must_use]
    pub fn words(self, number: u32) -> Words {
        let s = if number == 1 { "" } else { "s" };
        match self {
            Self::Month => Words::new(format!("{number}个月"), format!("{number} month{s}")),
            Self::Day => Words::new(format!("{number}日"), format!("{number} day{s}")),
            Self::WorkingDay => {
                Words::new(format!("{number}个工作日"), format!("{number} working day{s}"))
            }
            Self::Hour => Words::new(format!("{number}小时"), format!("{number} hour{s}")),
        }
    }
}

/// How a period is counted. The day of the trigger is never counted; an hour limit runs from
/// the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// `M+R`: to the corresponding day, else the month's last day; rolls to a working day
    /// (Civil Code 201–203).
    Months,
    /// `Mc+R`: as criminal procedure counts: from a month's last day to a month's last day; rolls
    /// (Criminal Procedure Law 105, its judicial interpretation 202).
    MonthsCriminal,
    /// `D+R`: natural days; rolls.
    Days,
    /// `D?`: "日" in an instrument without a counting clause: natural days, with the
    /// working-day reading beside it.
    DaysUnclear,
    /// `W`: working days, make-up days included.
    WorkingDays,
    /// `H`: elapsed hours; nights and holidays count, the end never rolls.
    Hours,
    /// `≥D`: at least so many days must pass; one may act on the day after.
    MinimumDays,
    /// `≥D (+R)`: the same, and the last day rolls.
    MinimumDaysRolled,
    /// Not later than so many full natural days before the event.
    DaysBefore,
    /// Not later than so many full working days before the event.
    WorkingDaysBefore,
    /// `—`: the law names no number (立即, 及时, or none needed).
    None,
}

impl Counting {
    /// The unit this way of counting counts; `None` for [`Counting::None`].
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        match self {
            Self::Months | Self::MonthsCriminal => Some(Unit::Month),
            Self::Days
            | Self::DaysUnclear
            | Self::MinimumDays
            | Self::MinimumDaysRolled
            | Self::DaysBefore => Some(Unit::Day),
            Self::WorkingDays | Self::WorkingDaysBefore => Some(Unit::WorkingDay),
            Self::Hours => Some(Unit::Hour),
            Self::None => None,
        }
    }

    /// The method in words.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Months => Words::new(
                "按月计算至对应日，末日为休息日的顺延",
                "months to the corresponding day; rolls off rest days",
            ),
            Self::MonthsCriminal => Words::new(
                "按刑事诉讼月计算（月末至月末），末日为节假日的顺延",
                "criminal-procedure months (month-end to month-end); rolls off rest days",
            ),
            Self::Days => {
                Words::new("自然日，末日为休息日的顺延", "natural days; rolls off rest days")
            }
            Self::DaysUnclear => Words::new(
                "规范未明确自然日或工作日：按自然日计算，另列工作日算法",
                "unit of “day” unclear: natural days, working-day reading shown beside",
            ),
            Self::WorkingDays => {
                Words::new("工作日（含调休上班日）", "working days, make-up days included")
            }
            Self::Hours => Words::new("小时，不顺延", "elapsed hours; never rolls"),
            Self::MinimumDays => Words::new(
                "最短期间（自然日），届满次日起方可行动",
                "minimum period in natural days; act from the day after",
            ),
            Self::MinimumDaysRolled => Words::new(
                "最短期间（自然日，末日顺延），届满次日起方可行动",
                "minimum period in natural days, rolled; act from the day after",
            ),
            Self::DaysBefore => {
                Words::new("事件前的自然日，中间留足整日", "full natural days before the event")
            }
            Self::WorkingDaysBefore => {
                Words::new("事件前的工作日，中间留足整日", "full working days before the event")
            }
            Self::None => Words::new("法律未规定期限数", "the law names no number"),
        }
    }
}

/// The project's own target where the law says only 及时 or nothing: always marked 内部目标.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggested {
    /// How many.
    pub number: u32,
    /// How counted; never [`Counting::None`].
    pub counting: Counting,
}

/// How well a rule's text has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verified {
    /// The article's full text was read.
    #[serde(rename = "V")]
    Read,
    /// An excerpt or a secondary source stating the very point was read.
    #[serde(rename = "V~")]
    PartlyRead,
    /// From memory: shown as 待核.
    #[serde(rename = "FM")]
    FromMemory,
    /// A project decision; the law is silent: shown as 内部目标.
    #[serde(rename = "D")]
    Decision,
}

impl Verified {
    /// The code of the rule files: `V`, `V~`, `FM`, `D`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Read => "V",
            Self::PartlyRead => "V~",
            Self::FromMemory => "FM",
            Self::Decision => "D",
        }
    }

    /// The mark in words.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Read => Words::new("已核对原文", "text read in full"),
            Self::PartlyRead => Words::new("部分核对", "partly checked"),
            Self::FromMemory => Words::new("待核", "to be checked"),
            Self::Decision => Words::new("内部目标（法律未规定）", "internal target (law silent)"),
        }
    }
}

/// An extension the law allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRule {
    /// The most that may be granted at once; `None` when the law names no number.
    #[serde(default)]
    pub number: Option<u32>,
    /// Its unit.
    pub unit: Unit,
    /// Whether it lengthens the period or takes its place.
    #[serde(default)]
    pub effect: Effect,
    /// Key of whoever approves it.
    pub approver: String,
    /// When it may be granted.
    pub words: Words,
}

/// What an extension does to the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It runs on from the unrolled end of the period (延长).
    #[default]
    Added,
    /// It replaces the number: 7 days *instead of* 3.
    Instead,
}

/// An extension that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// How many.
    pub number: u32,
    /// Of what.
    pub unit: Unit,
    /// Added to the period, or in its place.
    #[serde(default)]
    pub effect: Effect,
}

impl Extension {
    /// An extension that lengthens the period.
    #[must_use]
    pub fn added(number: u32, unit: Unit) -> Self {
        Self { number, unit, effect: Effect::Added }
    }
}

/// A law, interpretation, rule or notice that limits rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its code, e.g. `J2`.
    pub id: String,
    /// Its title.
    pub name: Words,
    /// Document number or date of adoption; empty when not seen.
    #[serde(default)]
    pub number: String,
    /// First day in force of the text used here; `None` when not known.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day in force; `None` while it is.
    #[serde(default)]
    pub until: Option<Date>,
    /// Code of the instrument that took its place; `None` when none did.
    #[serde(default)]
    pub after: Option<String>,
    /// How well it has been checked.
    pub verified: Verified,
    /// Remarks: other versions, what displaced it; empty when there are none.
    #[serde(default)]
    pub note: Words,
}

/// An article of an instrument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// Code of the instrument, e.g. `J2`.
    pub instrument: String,
    /// Article or clause as written in the rule file, e.g. `70`, `25(4)`, `二(一)`; empty for the
    /// instrument as a whole.
    pub article: String,
    /// In full: 《人民检察院公益诉讼办案规则》第70条.
    #[serde(flatten)]
    pub words: Words,
}

impl Citation {
    /// The short form of the rule files: `J2:70`.
    #[must_use]
    pub fn code(&self) -> String {
        if self.article.is_empty() {
            self.instrument.clone()
        } else {
            format!("{}:{}", self.instrument, self.article)
        }
    }
}
