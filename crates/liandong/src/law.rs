//! `liandong law`: the limits as the rule files have them.

use std::path::{Path, PathBuf};

use calendar::{Law, Limit, LimitVersion, Words};
use clap::Subcommand;

use crate::output::{Failure, Language, Terminal};
use crate::rules::RuleTexts;

/// The arguments of `liandong law`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong law list                               every limit and its number  列出全部期限
  liandong law show suggestion-reply-ordinary     with versions, sources, what follows a lapse
  liandong law check ours/                        built in, with those of ours/ put over them")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every limit: its id, name and number  列出期限
    List {
        /// A folder with law/ of your own  自有规则目录
        folder: Option<PathBuf>,
    },
    /// One limit with its versions, sources, extensions and what follows a lapse  查看期限
    Show {
        /// The limit, e.g. suggestion-reply-ordinary  期限标识
        id: String,
        /// A folder with law/ of your own  自有规则目录
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// Check limits, instruments and holiday tables; errors name file, line and the mend  检查规则
    Check {
        /// A folder with law/ of your own  自有规则目录
        folder: Option<PathBuf>,
    },
}

/// Runs it.
///
/// # Errors
/// A [`Failure`] of usage for an unknown limit; a plain one when the rule files have mistakes.
pub(crate) fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let language = terminal.language;
    match &arguments.command {
        Command::List { folder } => {
            let law = RuleTexts::with_folder(folder.as_deref())?.law()?;
            Terminal::text(&list(&law, language));
        }
        Command::Show { id, rules } => {
            let law = RuleTexts::with_folder(rules.as_deref())?.law()?;
            let limit = law.limit(id).ok_or_else(|| unknown(&law, id))?;
            Terminal::text(&show(&law, limit, language));
        }
        Command::Check { folder } => terminal.say(&check(folder.as_deref())?),
    }
    Ok(())
}

/// No such limit; the words name those near it.
fn unknown(law: &Law, id: &str) -> Failure {
    let refusal = law.version_on(id, jiff::civil::Date::ZERO).err();
    let Words { zh, en } = refusal.map(|refusal| refusal.words()).unwrap_or_default();
    Failure::usage(zh, en)
}

fn list(law: &Law, language: Language) -> String {
    let width = law.limits().map(|limit| limit.id.len()).max().unwrap_or_default();
    let line = |limit: &Limit| {
        let version = limit.newest()?;
        let ended = version.until.map(|_| Words::new("（已失效）", " (no longer in force)"));
        let (name, ended) = (language.pick(&limit.name), ended.unwrap_or_default());
        let number = number_words(version);
        let (ended, number) = (language.pick(&ended), language.pick(&number));
        Some(format!("{:width$}  {name}{ended}  {number}\n", limit.id))
    };
    law.limits().filter_map(line).collect()
}

/// `2个月`, or a dash where the law names no number.
fn number_words(version: &LimitVersion) -> Words {
    match (version.number, version.unit, version.suggested) {
        (Some(number), Some(unit), _) => unit.words(number),
        (_, _, Some(suggested)) => {
            let unit = suggested.counting.unit();
            let Words { zh, en } =
                unit.map(|unit| unit.words(suggested.number)).unwrap_or_default();
            Words::new(format!("{zh}（内部目标）"), format!("{en} (internal target)"))
        }
        _ => Words::new("—", "—"),
    }
}

fn show(law: &Law, limit: &Limit, language: Language) -> String {
    let pick = |words: &Words| language.pick(words).to_owned();
    let label = |zh: &str, en: &str| pick(&Words::new(zh, en));
    let actor = law.actor(&limit.actor).map(pick).unwrap_or_default();
    let mut lines = vec![
        format!("{}  {}", limit.id, pick(&limit.name)),
        format!("{} {actor}", label("义务主体", "owed by")),
        format!("{} {}", label("起算", "counted from"), pick(&limit.trigger)),
        format!("{} {}", label("逾期后果", "if it lapses"), pick(&limit.lapse)),
    ];
    if !limit.exclusions.is_empty() {
        let what = label("扣除与例外", "exclusions");
        lines.push(format!("{what} {}", pick(&limit.exclusions)));
    }
    if let Some(before) = &limit.before {
        lines.push(format!("{} {before}", label("此前适用", "before it")));
    }
    if let Some(after) = &limit.after {
        lines.push(format!("{} {after}", label("此后适用", "after it")));
    }
    for version in &limit.versions {
        lines.push(String::new());
        lines.extend(version_lines(law, version, language));
    }
    lines.join("\n") + "\n"
}

fn version_lines(law: &Law, version: &LimitVersion, language: Language) -> Vec<String> {
    let pick = |words: &Words| language.pick(words).to_owned();
    let label = |zh: &str, en: &str| pick(&Words::new(zh, en));
    let days = match version.until {
        Some(until) => {
            label(&format!("{}至{until}", version.from), &format!("{} to {until}", version.from))
        }
        None => label(&format!("{}起", version.from), &format!("from {}", version.from)),
    };
    let mut lines = vec![
        format!(
            "{days}  {}  [{} {}]",
            pick(&number_words(version)),
            version.verified.code(),
            pick(&version.verified.words())
        ),
        format!("  {} {}", label("计算", "counting"), pick(&version.counting.words())),
    ];
    for rule in &version.extensions {
        let number = rule.number.map(|number| pick(&rule.unit.words(number))).unwrap_or_default();
        let approver = law.actor(&rule.approver).map(pick).unwrap_or_default();
        let what = label("延长", "extension");
        lines.push(format!("  {what} {number} {} [{approver}]", pick(&rule.words)));
    }
    for source in &version.sources {
        let what = label("依据", "source");
        lines.push(format!("  {what} {} [{}]", pick(&source.words), source.code()));
    }
    if !version.note.is_empty() {
        lines.push(format!("  {} {}", label("说明", "note"), pick(&version.note)));
    }
    lines
}

/// Reads all three files, so that the mistakes of each are told; sums up when there are none.
fn check(folder: Option<&Path>) -> Result<Words, Failure> {
    let texts = RuleTexts::with_folder(folder)?;
    let (law, calendar) = match (texts.law(), texts.calendar()) {
        (Ok(law), Ok(calendar)) => (law, calendar),
        (Err(law), Err(calendar)) => {
            let both = |law: &str, calendar: &str| format!("{law}\n{calendar}");
            return Err(Failure::failed(
                both(&law.words.zh, &calendar.words.zh),
                both(&law.words.en, &calendar.words.en),
            ));
        }
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => return Err(failure),
    };
    let (limits, instruments) = (law.limits().count(), law.instruments().count());
    let years: Vec<String> = calendar.years().map(|year| year.to_string()).collect();
    let (first, last) = (years.first(), years.last());
    let years = first.zip(last).map(|(first, last)| format!("{first}–{last}")).unwrap_or_default();
    Ok(Words::new(
        format!("规则文件无误：期限{limits}项，规范{instruments}件，放假安排{years}年"),
        format!(
            "the rule files are sound: {limits} limits, {instruments} instruments, holiday tables \
             {years}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law() -> Law {
        calendar::embedded().expect("the rule files of this build").0
    }

    #[test]
    fn every_limit_is_listed_in_both_languages() {
        let law = law();
        for language in [Language::Zh, Language::En] {
            assert_eq!(list(&law, language).lines().count(), law.limits().count());
        }
        assert!(list(&law, Language::Zh).contains("24小时（内部目标）"));
    }

    #[test]
    fn a_limit_is_shown_with_its_source_and_predecessor() {
        let law = law();
        let limit = law.limit("suggestion-reply-ordinary").expect("known");
        let text = show(&law, limit, Language::Zh);
        assert!(text.contains("第21条 [J1:21]"), "{text}");
        assert!(text.contains("此前适用 suggestion-reply-pilot"), "{text}");
        let text = show(&law, law.limit("pil-review-admin").expect("known"), Language::En);
        assert!(text.contains("extension 1 month approved by the chief procurator"), "{text}");
    }

    #[test]
    fn an_unknown_limit_is_a_question_of_usage_with_near_names() {
        let failure = unknown(&law(), "suggestion-serv");
        assert_eq!(failure.code, 2);
        assert!(failure.words.en.contains("suggestion-serve"), "{}", failure.words.en);
    }

    #[test]
    fn the_rule_files_of_this_build_are_sound() {
        assert!(check(None).expect("sound").zh.contains("无误"));
    }
}
