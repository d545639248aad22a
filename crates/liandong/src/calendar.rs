//! `liandong calendar`: the years whose working days are known.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendar::{Calendar, Words};
use clap::Subcommand;
use store::people::Authority;

use crate::clock::SystemClock;
use crate::house::{self, OpenFor};
use crate::output::{Failure, Language, Terminal};
use crate::rules::RuleTexts;
use crate::serve::DATA;
use crate::settings::PlaceFlags;

/// The arguments of `liandong calendar`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong calendar list
  liandong calendar show 2026
  liandong calendar check 2027.csv
  liandong calendar import 2027.csv      every open provisional deadline is reckoned anew  重新计算暂定期限

A table has the columns date,kind,name; kind is holiday or makeup-workday:
  2027-01-01,holiday,元旦")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Years whose tables are built in  列出年份
    List {
        /// A folder with law/ of your own  自有规则目录
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// Holidays and make-up working days of a year  放假与调休安排
    Show {
        /// The year  年份
        year: i16,
        /// A folder with law/ of your own  自有规则目录
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// Read a table and say what it holds  检查节假日表
    Check {
        /// CSV file  文件
        file: PathBuf,
    },
    /// Load a table into the database  导入节假日表
    Import {
        /// CSV file  文件
        file: PathBuf,
        #[command(flatten)]
        place: PlaceFlags,
    },
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::List { rules } => {
            let calendar = RuleTexts::with_folder(rules.as_deref())?.calendar()?;
            for year in calendar.years() {
                Terminal::line(&year.to_string());
            }
            Ok(())
        }
        Command::Show { year, rules } => {
            let calendar = RuleTexts::with_folder(rules.as_deref())?.calendar()?;
            show(*year, &calendar, terminal)
        }
        Command::Check { file } => {
            let calendar = parse(file, &read(file)?)?;
            terminal.say(&contents(&calendar));
            Ok(())
        }
        Command::Import { file, place } => import(file, place, terminal).await,
    }
}

fn show(year: i16, calendar: &Calendar, terminal: Terminal) -> Result<(), Failure> {
    if !calendar.has_year(year) {
        return Err(Failure::failed(
            format!("没有{year}年的节假日表，该年的期限为暂定"),
            format!("there is no table for {year}; deadlines that reach it are provisional"),
        ));
    }
    for listed in calendar.listed_days().filter(|listed| listed.day.year() == year) {
        let kind = match (listed.is_make_up, terminal.language) {
            (false, Language::Zh) => "放假",
            (false, Language::En) => "holiday",
            (true, Language::Zh) => "上班",
            (true, Language::En) => "worked",
        };
        Terminal::line(&format!("{}  {kind}  {}", listed.day, listed.name));
    }
    Ok(())
}

async fn import(file: &Path, place: &PlaceFlags, terminal: Terminal) -> Result<(), Failure> {
    let text = read(file)?;
    // A wrong file is told before the database is touched.
    parse(file, &text)?;
    let settings = place.resolve(DATA)?;
    let house = house::open(&settings, Arc::new(SystemClock), OpenFor::Command).await?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let put = house.store.calendar_put(&text, &name, Authority::Program).await;
    house.store.close().await;
    let put = put.map_err(|error| Failure::because("未导入", "nothing was imported", error))?;
    let years: Vec<String> = put.years.iter().map(ToString::to_string).collect();
    let (years, recounted) = (years.join(", "), put.recounted);
    terminal.say(&Words::new(
        format!("已导入 {years} 年节假日表，重新计算了 {recounted} 项暂定期限，均已记入日志"),
        format!("loaded {years}; {recounted} provisional deadline(s) reckoned anew and journaled"),
    ));
    Ok(())
}

fn contents(calendar: &Calendar) -> Words {
    let years: Vec<String> = calendar.years().map(|year| year.to_string()).collect();
    let years = years.join(", ");
    let holidays = calendar.listed_days().filter(|listed| !listed.is_make_up).count();
    let worked = calendar.listed_days().count() - holidays;
    Words::new(
        format!("完整年份：{years}；放假 {holidays} 天，调休上班 {worked} 天"),
        format!("whole years: {years}; {holidays} days off, {worked} make-up working days"),
    )
}

fn parse(file: &Path, text: &str) -> Result<Calendar, Failure> {
    Calendar::parse(text, &file.display().to_string())
        .map_err(|error| Failure::because("节假日表有误", "the holiday table is wrong", error))
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        let shown = file.display();
        Failure::usage(format!("读不到 {shown}：{error}"), format!("cannot read {shown}: {error}"))
    })
}
