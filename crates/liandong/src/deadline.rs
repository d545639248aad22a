//! `liandong deadline`: when a period ends, and why.

use std::path::PathBuf;

use calendar::{
    Calendar, Citation, Counted, Deadline, Due, Extension, Law, LimitVersion, Trigger, Verified,
    Words, excluded_between,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::output::{Failure, Language, Terminal};
use crate::rules::RuleTexts;

/// The arguments of `liandong deadline`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong deadline suggestion-reply-ordinary --from 2024-08-02
  liandong deadline transfer-deliver-24h --from 2026-09-30T16:30
  liandong deadline pil-review-admin --from 2026-05-11 --exclude 2026-05-20..2026-06-30 --json
  liandong deadline pil-review-admin --from 2024-10-08 --extend 1

`liandong law list` shows all limits. The day of the trigger is never counted.
用 liandong law list 查看全部期限；起算当日不计入期间。")]
pub(crate) struct Arguments {
    /// The limit, e.g. suggestion-reply-ordinary  期限标识
    limit: String,
    /// What set it running: a day, or for limits of hours the moment (Beijing time unless it
    /// carries an offset); for limits counted back from an event, the event's day
    /// 起算日；按小时计算的写明时刻
    #[arg(long, value_name = "DATE|DATETIME")]
    from: String,
    /// Time that does not count: from the day something was entrusted or suspended (itself not
    /// excluded) to the day of its result or resumption; may be repeated
    /// 不计入期间：委托（中止）之日..收到结果（恢复）之日
    #[arg(long, value_name = "A..B")]
    exclude: Vec<String>,
    /// An extension granted, in the unit of the limit's own rule; may be repeated  批准延长
    #[arg(long, value_name = "N", num_args = 1.., allow_negative_numbers = true)]
    extend: Vec<String>,
    /// Apply the text in force on this day, not on the day of the trigger  按该日有效的文本计算
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Answer in JSON, with both languages  以 JSON 输出
    #[arg(long)]
    json: bool,
    /// A folder with law/ of your own  自有规则目录
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

/// Counts the period asked about and prints the answer.
///
/// # Errors
/// A [`Failure`] of usage for an unknown limit, a text that is no date, a trigger outside the time
/// the limit was in force, or anything the calendar refuses.
pub(crate) fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let texts = RuleTexts::with_folder(arguments.rules.as_deref())?;
    let (law, calendar) = (texts.law()?, texts.calendar()?);
    Terminal::text(&answer(arguments, terminal.language, &law, &calendar)?);
    Ok(())
}

/// The whole answer, ending in a line break.
fn answer(
    arguments: &Arguments,
    language: Language,
    law: &Law,
    calendar: &Calendar,
) -> Result<String, Failure> {
    let (version, deadline) = count(arguments, law, calendar).map_err(refused)?;
    if arguments.json {
        let mut json = serde_json::to_string_pretty(&deadline)
            .map_err(|error| Failure::because("不能输出 JSON", "cannot write JSON", error))?;
        json.push('\n');
        return Ok(json);
    }
    Ok(text(&deadline, version, language))
}

/// What was asked has no answer; the words say why, and what may be asked instead.
fn refused(words: Words) -> Failure {
    Failure::usage(words.zh, words.en)
}

fn count<'a>(
    arguments: &Arguments,
    law: &'a Law,
    calendar: &Calendar,
) -> Result<(&'a LimitVersion, Deadline), Words> {
    // Told before anything else: with a wrong name no other message helps.
    known(law, &arguments.limit)?;
    let trigger = parse_trigger(&arguments.from)?;
    let as_of = arguments.as_of.as_deref().map(|text| parse_date("--as-of", text)).transpose()?;
    let on = as_of.unwrap_or_else(|| trigger.date());
    let version = law.version_on(&arguments.limit, on).map_err(|refusal| refusal.words())?;
    let excluded = parse_exclusions(&arguments.exclude)?;
    let extensions = parse_extensions(version, &arguments.extend)?;
    let counted = Counted { version, trigger, excluded: &excluded, extensions: &extensions };
    let deadline = calendar.deadline(&counted).map_err(|refusal| refusal.words())?;
    Ok((version, deadline))
}

/// Whether the limit exists; if not, what is near.
fn known(law: &Law, id: &str) -> Result<(), Words> {
    match law.version_on(id, Date::ZERO) {
        Err(refusal) if law.limit(id).is_none() => Err(refusal.words()),
        _ => Ok(()),
    }
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
                format!(
                    "--from：“{text}”不是日期或者时刻，请写成 2026-09-30 或者 2026-09-30T16:30"
                ),
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
                    format!("--extend：“{text}”不是延长的数量，请写正整数，例如 1"),
                    format!("--extend: `{text}` is no number to extend by; write a whole number such as 1"),
                )
            })?;
            version.extension(number).map_err(|refused| refused.words())
        })
        .collect()
}

/// The answer for people.
fn text(deadline: &Deadline, version: &LimitVersion, language: Language) -> String {
    let pick = |words: &Words| language.pick(words).to_owned();
    let label = |zh: &str, en: &str| pick(&Words::new(zh, en));
    let mut lines = vec![
        format!("{}  {}", deadline.limit, pick(&version.name)),
        format!("{} {}{}", label("届满", "due"), deadline.due, pick(&marks(deadline, version))),
    ];
    if let Some(tolerant) = deadline.due_tolerant {
        lines.push(format!("{} {tolerant}", label("按工作日计算", "read as working days")));
    }
    if let Some(first) = deadline.may_act_from {
        lines.push(format!("{} {first}", label("可以行动之日", "may act from")));
    }
    lines.push(format!(
        "{} {}  {}",
        label("适用文本施行于", "text in force from"),
        deadline.version,
        pick(&version.verified.words())
    ));
    for (number, step) in deadline.steps.iter().enumerate() {
        lines.push(format!("  {}. {}", number + 1, pick(&step.words)));
    }
    lines.extend(basis(&deadline.basis, language));
    if !version.note.is_empty() {
        lines.push(format!("{} {}", label("说明", "note"), pick(&version.note)));
    }
    lines.join("\n") + "\n"
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

fn basis(basis: &[Citation], language: Language) -> Option<String> {
    let all: Vec<&str> = basis.iter().map(|citation| language.pick(&citation.words)).collect();
    let words = Words::new(format!("依据 {}", all.join("；")), format!("basis {}", all.join("; ")));
    (!all.is_empty()).then(|| language.pick(&words).to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn ask(line: &str) -> Result<String, Words> {
        let words = std::iter::once("deadline").chain(line.split_whitespace());
        let arguments = Line::try_parse_from(words).expect("a command line").arguments;
        let (law, calendar) = calendar::embedded().expect("the rule files of this build");
        answer(&arguments, Language::Zh, &law, &calendar).map_err(|failure| {
            assert_eq!(failure.code, 2);
            assert_eq!(failure.words.zh.lines().count(), 1);
            assert_eq!(failure.words.en.lines().count(), 1);
            failure.words
        })
    }

    fn json(line: &str) -> serde_json::Value {
        serde_json::from_str(&ask(&format!("{line} --json")).expect("an answer")).expect("JSON")
    }

    #[test]
    fn a_reply_is_due_after_national_day() {
        let answer = ask("suggestion-reply-ordinary --from 2024-08-02").expect("an answer");
        assert!(answer.contains("届满 2024-10-08（星期二）"), "{answer}");
        assert!(answer.contains("国庆节假期"), "{answer}");
        assert!(answer.contains("第21条"), "{answer}");
    }

    #[test]
    fn json_gives_every_key_the_reader_is_promised() {
        let answer = json("police-review-3d --from 2025-09-26");
        assert_eq!(answer["due"], "2025-09-29");
        assert_eq!(answer["due_tolerant"], "2025-09-30");
        for key in ["limit", "version", "start", "raw", "provisional", "steps", "basis"] {
            assert!(answer.get(key).is_some(), "{key}");
        }
        let step = &answer["steps"][0];
        assert!(["zh", "en", "date"].iter().all(|key| step[key].is_string()));
        let plain = json("suggestion-reply-ordinary --from 2024-08-02");
        assert!(plain.get("due_tolerant").is_none());
    }

    #[test]
    fn an_hour_limit_answers_with_an_instant_in_legal_time() {
        for from in ["2026-09-30T16:30", "2026-09-30T16:30:00+08:00", "2026-09-30T08:30:00Z"] {
            let due = json(&format!("transfer-deliver-24h --from {from}"))["due"].clone();
            assert_eq!(due, "2026-10-01T16:30:00+08:00");
        }
    }

    #[test]
    fn excluded_time_and_extensions_are_counted() {
        let excluded = "pil-review-admin --from 2026-05-11 --exclude 2026-05-20..2026-06-30";
        assert_eq!(json(excluded)["due"], "2026-07-22");
        assert_eq!(json("pil-review-admin --from 2024-10-08 --extend 1")["due"], "2024-12-09");
    }

    #[test]
    fn the_text_of_another_day_may_be_asked_for() {
        let answer = json("police-review-3d --from 2016-12-01 --as-of 2017-02-01");
        assert_eq!(answer["version"], "2017-01-25");
    }

    #[test]
    fn a_wrong_question_is_told_in_one_line() {
        let told = |line: &str| ask(line).expect_err("no answer").en;
        assert!(told("suggestion-replay-ordinary --from 2024-08-02").contains("-reply-ordinary"));
        assert!(told("nonsense --from never").contains("law list"));
        assert!(told("suggestion-reply-ordinary --from 2024-02-30").contains("2024-02-30"));
        assert!(told("suggestion-reply-ordinary --from 20240802").contains("20240802"));
        assert!(told("transfer-deliver-24h --from 2026-09-30").contains("hours"));
        assert!(told("clue-register --from 2026-09-30").contains("no number"));
        assert!(told("suggestion-serve --from 2026-05-11 --extend 2").contains("no rule"));
        let negative = told("pil-review-admin --from 2024-10-08 --extend -1");
        assert!(negative.contains("`-1` is no number to extend by"), "{negative}");
        let exclude = "pil-review-admin --from 2026-05-11 --exclude";
        assert!(told(&format!("{exclude} 2026-06-30..2026-05-20")).contains("before it begins"));
        assert!(told(&format!("{exclude} 2026-06-30")).contains(".."));
    }

    #[test]
    fn a_trigger_before_the_limit_is_told_what_applied_then() {
        let told = ask("suggestion-reply-ordinary --from 2018-02-27").expect_err("not in force");
        assert!(told.en.contains("suggestion-reply-pilot"), "{}", told.en);
        assert!(told.zh.contains("2018-03-02") && told.zh.contains("1个月"), "{}", told.zh);
    }

    use proptest::prelude::*;

    fn day() -> impl Strategy<Value = String> {
        prop_oneof![
            "(-00|[0-9])[0-9]{3}-[01][0-9]-[0-3][0-9]",
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9](Z|[+-][0-2][0-9]:[0-9]{2})?",
            Just("9999-12-31".to_owned()),
            Just("-009999-01-01".to_owned()),
            "\\PC{0,12}",
        ]
    }

    static RULES: std::sync::LazyLock<(Law, Calendar)> =
        std::sync::LazyLock::new(|| calendar::embedded().expect("the rule files of this build"));

    fn question() -> impl Strategy<Value = Arguments> {
        let known: Vec<String> = RULES.0.limits().map(|limit| limit.id.clone()).collect();
        let limit = prop_oneof![9 => proptest::sample::select(known), 1 => "\\PC{0,20}"];
        let exclude =
            (day(), "(\\.\\.)?", day()).prop_map(|(from, dots, until)| from + &dots + &until);
        let exclude = proptest::collection::vec(exclude, 0..3);
        let extend = proptest::collection::vec("-?[0-9]{1,11}", 0..3);
        let as_of = proptest::option::of(day());
        (limit, day(), exclude, extend, as_of).prop_map(|(limit, from, exclude, extend, as_of)| {
            Arguments { limit, from, exclude, extend, as_of, json: false, rules: None }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_asked_is_answered_or_refused_in_words(question in question()) {
            let (law, calendar) = &*RULES;
            match answer(&question, Language::En, law, calendar) {
                Ok(told) => prop_assert!(told.contains("due")),
                Err(failure) => {
                    prop_assert_eq!(failure.code, 2);
                    prop_assert!(!failure.words.zh.is_empty() && !failure.words.en.is_empty());
                }
            }
        }
    }
}
