//! `liandong version`: the program, its rules and its holiday tables.

use calendar::Words;

use crate::output::{Failure, Terminal};
use crate::rules::RuleTexts;

/// Prints what this program is made of.
pub(crate) fn run(terminal: Terminal) -> Result<(), Failure> {
    let texts = RuleTexts::embedded();
    let (law, calendar) = (texts.law()?, texts.calendar()?);
    let limits = law.limits().count();
    let instruments = law.instruments().count();
    let procedures = texts.procedure_count();
    let years: Vec<i16> = calendar.years().collect();
    let (first, last) = (years.first().unwrap_or(&0), years.last().unwrap_or(&0));
    let version = env!("CARGO_PKG_VERSION");
    terminal.say(&Words::new(
        format!(
            "联动 {version}\n内置：{procedures} 个程序文件，{limits} 项期限，{instruments} 部文件依据，{first}—{last} 年节假日表"
        ),
        format!(
            "liandong {version}\nbuilt in: {procedures} procedure files, {limits} limits, {instruments} instruments, holiday tables {first} to {last}"
        ),
    ));
    Ok(())
}
