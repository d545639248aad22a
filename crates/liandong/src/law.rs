//! `liandong law`: the limits as the rule files have them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use calendar::{Calendar, Law, Limit, LimitVersion};

use crate::command::{CommandError, Lang};

/// Shows the limits of the law, or checks the files they are written in.
#[derive(Debug, clap::Args)]
pub struct LawArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LawCommand,
}

/// What `liandong law` can do.
#[derive(Debug, clap::Subcommand)]
pub enum LawCommand {
    /// List every limit: its number, its counting, its name.
    List {
        /// Language of the answer.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
    /// Show one limit with all its versions, sources, extensions and what follows a lapse.
    Show {
        /// The limit, e.g. suggestion-reply-ordinary.
        id: String,
        /// Language of the answer.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
    /// Check limits.toml, instruments.toml and holidays.csv; every mistake is printed with its
    /// line and its mend. Ends with 1 when there are any.
    Check {
        /// Directory with the three files; without it, those this program was built with.
        dir: Option<PathBuf>,
        /// Language of the summary.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
}

/// Answers `liandong law …`.
///
/// # Errors
/// [`CommandError::Asked`] for an unknown limit or a directory that cannot be read;
/// [`CommandError::Mistakes`] when the check found any.
pub fn run(args: &LawArgs, law: &Law, out: &mut dyn Write) -> Result<(), CommandError> {
    match &args.command {
        LawCommand::List { lang } => list(law, *lang, out),
        LawCommand::Show { id, lang } => match law.limit(id) {
            Some(limit) => show(law, limit, *lang, out),
            None => Err(unknown(law, id, *lang)),
        },
        LawCommand::Check { dir, lang } => check(dir.as_deref(), *lang, out),
    }
}

fn unknown(law: &Law, id: &str, lang: Lang) -> CommandError {
    let words = law.version_on(id, jiff::civil::Date::ZERO).err().map(|refused| refused.words());
    CommandError::Asked(lang.of(&words.unwrap_or_default()).to_owned())
}

fn list(law: &Law, lang: Lang, out: &mut dyn Write) -> Result<(), CommandError> {
    let width = law.limits().map(|limit| limit.id.len()).max().unwrap_or_default();
    for limit in law.limits() {
        let Some(version) = limit.newest() else { continue };
        let ended = version.until.map_or("", |_| lang.pick("（已失效）", " (no longer in force)"));
        let (number, name) = (number_text(version, lang), lang.of(&limit.name));
        writeln!(out, "{:width$}  {name}{ended}  {number}", limit.id)?;
    }
    Ok(())
}

/// `2个月`, or a dash where the law names no number.
fn number_text(version: &LimitVersion, lang: Lang) -> String {
    match (version.number, version.unit, version.suggested) {
        (Some(number), Some(unit), _) => lang.of(&unit.words(number)).to_owned(),
        (_, _, Some(suggested)) => {
            let words = suggested.counting.unit().map(|unit| unit.words(suggested.number));
            let mark = lang.pick("（内部目标）", " (internal target)");
            format!("{}{mark}", lang.of(&words.unwrap_or_default()))
        }
        _ => "—".to_owned(),
    }
}

fn show(law: &Law, limit: &Limit, lang: Lang, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "{}  {}", limit.id, lang.of(&limit.name))?;
    let actor = law.actor(&limit.actor).map_or(limit.actor.as_str(), |words| lang.of(words));
    writeln!(out, "{} {actor}", lang.pick("义务主体", "owed by"))?;
    writeln!(out, "{} {}", lang.pick("起算", "counted from"), lang.of(&limit.trigger))?;
    writeln!(out, "{} {}", lang.pick("逾期后果", "if it lapses"), lang.of(&limit.lapse))?;
    if !limit.exclusions.is_empty() {
        let label = lang.pick("不计入期间", "does not count");
        writeln!(out, "{label} {}", lang.of(&limit.exclusions))?;
    }
    for (label, other) in [
        (lang.pick("此前适用", "before it applied"), &limit.before),
        (lang.pick("此后适用", "after it applies"), &limit.after),
    ] {
        if let Some(other) = other {
            writeln!(out, "{label} {other}")?;
        }
    }
    for version in &limit.versions {
        show_version(law, version, lang, out)?;
    }
    Ok(())
}

fn show_version(
    law: &Law,
    version: &LimitVersion,
    lang: Lang,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let until = version.until.map_or_else(
        || lang.pick("至今", "today").to_owned(),
        |until| until.to_string(),
    );
    let (number, counting) = (number_text(version, lang), version.counting.words());
    let (to, mark) = (lang.pick("至", "to"), version.verified.words());
    writeln!(out)?;
    writeln!(out, "{} {to} {until}  {number}  [{}]", version.from, lang.of(&mark))?;
    writeln!(out, "  {} {}", lang.pick("计算", "counting"), lang.of(&counting))?;
    for rule in &version.extensions {
        let number = rule.number.map(|number| rule.unit.words(number));
        let number = number.as_ref().map_or("", |words| lang.of(words));
        let approver = law.actor(&rule.approver).map_or("", |words| lang.of(words));
        let label = lang.pick("延长", "extension");
        writeln!(out, "  {label} {number} {} [{approver}]", lang.of(&rule.words))?;
    }
    for source in &version.sources {
        let label = lang.pick("依据", "source");
        writeln!(out, "  {label} {} [{}]", lang.of(&source.words), source.code())?;
    }
    if !version.note.is_empty() {
        writeln!(out, "  {} {}", lang.pick("说明", "note"), lang.of(&version.note))?;
    }
    Ok(())
}

/// The three rule files of a directory, or of this build.
struct Files {
    limits: String,
    instruments: String,
    holidays: String,
}

impl Files {
    fn of_this_build() -> Self {
        Self {
            limits: calendar::LIMITS_TOML.to_owned(),
            instruments: calendar::INSTRUMENTS_TOML.to_owned(),
            holidays: calendar::HOLIDAYS_CSV.to_owned(),
        }
    }

    fn read(dir: &Path, lang: Lang) -> Result<Self, CommandError> {
        let read = |name: &str| {
            let path = dir.join(name);
            fs::read_to_string(&path).map_err(|error| {
                let what = lang.pick("无法读取", "cannot read");
                CommandError::Asked(format!("{what} {}: {error}", path.display()))
            })
        };
        Ok(Self {
            limits: read("limits.toml")?,
            instruments: read("instruments.toml")?,
            holidays: read("holidays.csv")?,
        })
    }
}

fn check(dir: Option<&Path>, lang: Lang, out: &mut dyn Write) -> Result<(), CommandError> {
    let files = dir.map_or_else(|| Ok(Files::of_this_build()), |dir| Files::read(dir, lang))?;
    let mut mistakes = Vec::new();
    let law = Law::parse(&files.limits, &files.instruments)
        .map_err(|errors| mistakes.extend(errors.iter().map(ToString::to_string)));
    let calendar = Calendar::parse(&files.holidays, "holidays.csv")
        .map_err(|error| mistakes.push(lang.of(&error.words()).to_owned()));
    for mistake in &mistakes {
        writeln!(out, "{mistake}")?;
    }
    let (Ok(law), Ok(calendar)) = (law, calendar) else {
        let count = mistakes.len();
        return Err(CommandError::Mistakes(match lang {
            Lang::Zh => format!("发现{count}处错误"),
            Lang::En => format!("mistakes found: {count}"),
        }));
    };
    let (limits, instruments) = (law.limits().count(), law.instruments().count());
    let (first, last) = (calendar.years().min(), calendar.years().max());
    let years = first.zip(last).map_or_else(
        || lang.pick("无", "none").to_owned(),
        |(first, last)| format!("{first}–{last}"),
    );
    match lang {
        Lang::Zh => {
            writeln!(out, "规则文件无误：期限{limits}项，规范{instruments}件，放假安排{years}")?;
        }
        Lang::En => writeln!(
            out,
            "the rule files are sound: {limits} limits, {instruments} instruments, holiday \
             tables {years}"
        )?,
    }
    Ok(())
}
