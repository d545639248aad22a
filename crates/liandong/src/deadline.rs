//! `liandong deadline`: when a period ends, and why.

use std::io::Write;

use calendar::{
    Calendar, Citation, Counted, Deadline, Due, Extension, Law, LimitVersion, Trigger, Verified,
    Words, excluded_between,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::command::{CommandError, Lang};

/// Says when a period of the law ends, with every step of the counting.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  liandong deadline suggestion-reply-ordinary --from 2024-08-02
  liandong deadline transfer-deliver-24h --from 2026-09-30T16:30 --lang en
  liandong deadline pil-review-admin --from 2026-05-11 --exclude 2026-05-20..2026-06-30 --json
  liandong deadline pil-review-admin --from 2024-10-08 --extend 1

`liandong law list` shows all limits. The day of the trigger is never counted.")]
pub struct DeadlineArgs {
    /// The limit, e.g. suggestion-reply-ordinary.
    pub limit: String,
    /// What set it running: the day of receipt, decision … or, for limits of hours, the moment
    /// (Asia/Shanghai unless it carries an offset). For limits counted before an event, the
    /// event's day.
    #[arg(long, value_name = "DATE|DATETIME")]
    pub from: String,
    /// Time that does not count: from the day A something was entrusted or suspended (not itself
    /// excluded) to the day B its result was received or it was resumed. May be given several
    /// times.
    #[arg(long, value_name = "A..B")]
    pub exclude: Vec<String>,
    /// An extension granted, in the unit of the limit's rule. May be given several times, or with
    /// several numbers.
    #[arg(long, value_name = "N", num_args = 1..)]
    pub extend: Vec<String>,
    /// Apply the text in force on this day instead of on the day of the trigger.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// Answer in JSON, both languages in one.
    #[arg(long)]
    pub json: bool,
    /// Language of the answer and of messages.
    #[arg(long, value_enum, default_value_t)]
    pub lang: Lang,
}

/// Counts the period asked about and writes the answer.
///
/// # Errors
/// [`CommandError::Asked`] for an unknown limit, a text that is no date, a trigger outside the
/// time the limit was in force, or anything the calendar refuses.
pub fn run(
    args: &DeadlineArgs,
    law: &Law,
    calendar: &Calendar,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let asked = |words: Words| CommandError::Asked(args.lang.of(&words).to_owned());
    if law.limit(&args.limit).is_none() {
        // Told before anything else: with a wrong name no other message helps.
        let unknown = law.version_on(&args.limit, Date::ZERO).err();
        return Err(asked(unknown.map(|unknown| unknown.words()).unwrap_or_default()));
    }
    let trigger = parse_trigger(&args.from).map_err(asked)?;
    let as_of = args.as_of.as_deref().map(|text| parse_date("--as-of", text)).transpose();
    let on = as_of.map_err(asked)?.unwrap_or_else(|| trigger.date());
    let version = law.version_on(&args.limit, on).map_err(|refused| asked(refused.words()))?;
    let excluded = parse_exclusions(&args.exclude).map_err(asked)?;
    let extensions = parse_extensions(version, &args.extend).map_err(asked)?;
    let counted = Counted { version, trigger, excluded: &excluded, extensions: &extensions };
    let deadline = calendar.deadline(&counted).map_err(|refused| asked(refused.words()))?;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &deadline).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        write_text(&deadline, version, args.lang, out)?;
    }
    Ok(())
}

/// A day, or a moment: Asia/Shanghai unless it carries an offset.
fn parse_trigger(text: &str) -> Result<Trigger, Words> {
    if let Some(day) = iso_date(text) {
        return Ok(Trigger::Day(day));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Trigger::Instant(at));
    }
    let local = || text.contains(':').then(|| text.parse::<DateTime>().ok()).flatten();
    local().and_then(|local| calendar::SHANGHAI.to_timestamp(local).ok()).map_or_else(
        || {
            Err(Words::new(
                format!("--from：“{text}”不是日期或者时刻，请写成 2026-09-30 或者 2026-09-30T16:30"),
                format!(
                    "--from: `{text}` is neither a date nor a time, write 2026-09-30 or \
                     2026-09-30T16:30"
                ),
            ))
        },
        |at| Ok(Trigger::Instant(at)),
    )
}

fn parse_date(option: &str, text: &str) -> Result<Date, Words> {
    iso_date(text).ok_or_else(|| {
        Words::new(
            format!("{option}：“{text}”不是日期，请写成 2026-09-30"),
            format!("{option}: `{text}` is not a date, write 2026-09-30"),
        )
    })
}

/// Only `YYYY-MM-DD`: a longer text would lose its time unnoticed.
fn iso_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == 10)
}

fn parse_exclusions(texts: &[String]) -> Result<Vec<(Date, Date)>, Words> {
    let mut excluded = Vec::with_capacity(texts.len());
    for text in texts {
        let (from, until) = text.split_once("..").ok_or_else(|| {
            Words::new(
                format!("--exclude：“{text}”应写成 2026-05-20..2026-06-30"),
                format!("--exclude: write `{text}` as 2026-05-20..2026-06-30"),
            )
        })?;
        let days = (parse_date("--exclude", from)?, parse_date("--exclude", until)?);
        excluded.extend(excluded_between(days.0, days.1).map_err(|refused| refused.words())?);
    }
    Ok(excluded)
}

fn parse_extensions(version: &LimitVersion, texts: &[String]) -> Result<Vec<Extension>, Words> {
    texts
        .iter()
        .map(|text| {
            let number: u32 = text.parse().map_err(|_| {
                Words::new(
                    format!("--extend：“{text}”不是数"),
                    format!("--extend: `{text}` is not a number"),
                )
            })?;
            version.extension(number).map_err(|refused| refused.words())
        })
        .collect()
}

fn write_text(
    deadline: &Deadline,
    version: &LimitVersion,
    lang: Lang,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let marks = marks(deadline, version);
    writeln!(out, "{}  {}", deadline.limit, lang.of(&version.name))?;
    writeln!(out, "{} {}{}", lang.pick("届满", "due"), deadline.due, lang.of(&marks))?;
    if let Some(tolerant) = deadline.due_tolerant {
        writeln!(out, "{} {tolerant}", lang.pick("按工作日", "in working days"))?;
    }
    if let Some(first) = deadline.may_act_from {
        writeln!(out, "{} {first}", lang.pick("可行动日", "may act from"))?;
    }
    let text = lang.pick("所用文本", "text in force from");
    writeln!(out, "{text} {}  {}", deadline.version, lang.of(&version.verified.words()))?;
    for (number, step) in deadline.steps.iter().enumerate() {
        writeln!(out, "  {}. {}", number + 1, lang.of(&step.words))?;
    }
    write_basis(&deadline.basis, lang, out)?;
    if !version.note.is_empty() {
        writeln!(out, "{} {}", lang.pick("说明", "note"), lang.of(&version.note))?;
    }
    Ok(())
}

/// What the reader must know before trusting the date.
fn marks(deadline: &Deadline, version: &LimitVersion) -> Words {
    let mut marks = Words::default();
    let mut mark = |zh: &str, en: &str| {
        marks.zh.push_str(zh);
        marks.en.push_str(en);
    };
    if let Due::On(day) = deadline.due {
        let (zh, en) = weekday(day);
        mark(zh, en);
    }
    if deadline.provisional {
        mark("〔暂定〕", " [provisional]");
    }
    if deadline.internal {
        mark("〔内部目标〕", " [internal target]");
    }
    if version.verified == Verified::FromMemory {
        mark("〔待核〕", " [to be checked]");
    }
    marks
}

fn weekday(day: Date) -> (&'static str, &'static str) {
    match day.weekday() {
        jiff::civil::Weekday::Monday => ("（星期一）", " (Monday)"),
        jiff::civil::Weekday::Tuesday => ("（星期二）", " (Tuesday)"),
        jiff::civil::Weekday::Wednesday => ("（星期三）", " (Wednesday)"),
        jiff::civil::Weekday::Thursday => ("（星期四）", " (Thursday)"),
        jiff::civil::Weekday::Friday => ("（星期五）", " (Friday)"),
        jiff::civil::Weekday::Saturday => ("（星期六）", " (Saturday)"),
        jiff::civil::Weekday::Sunday => ("（星期日）", " (Sunday)"),
    }
}

fn write_basis(basis: &[Citation], lang: Lang, out: &mut dyn Write) -> Result<(), CommandError> {
    if basis.is_empty() {
        return Ok(());
    }
    let basis: Vec<&str> = basis.iter().map(|citation| lang.of(&citation.words)).collect();
    let text = basis.join(lang.pick("；", "; "));
    writeln!(out, "{} {text}", lang.pick("依据", "basis"))?;
    Ok(())
}
