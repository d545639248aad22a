//! The rules this program runs by: those built in, and those of `--rules DIR`.
//!
//! `DIR` is laid out as the repository is: `law/limits.toml`, `law/instruments.toml`,
//! `law/codes.toml`, `law/holidays.csv`, `procedures/**.toml`. A file there takes the place of the
//! built-in one of the same name; a holiday table adds its years; other procedures are added.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::ledger::Hash;
use calendar::{Calendar, HOLIDAYS_CSV, INSTRUMENTS_TOML, LIMITS_TOML, Law};
use procedure::{Rules, Source};

use crate::output::Failure;

include!(concat!(env!("OUT_DIR"), "/procedures.rs"));

/// `law/codes.toml`.
const CODES_TOML: &str = include_str!("../../../law/codes.toml");

/// Digits of a hash that are written into the journal: enough to tell versions of a file apart.
const HASH_DIGITS: usize = 16;

/// The texts of all rules, by the path that messages name.
#[derive(Debug, Clone)]
pub(crate) struct RuleTexts {
    limits: String,
    instruments: String,
    codes: (String, String),
    holidays: Vec<(String, String)>,
    procedures: BTreeMap<String, (String, String)>,
}

impl RuleTexts {
    /// Those built in.
    pub(crate) fn embedded() -> Self {
        Self {
            limits: LIMITS_TOML.to_owned(),
            instruments: INSTRUMENTS_TOML.to_owned(),
            codes: ("law/codes.toml".to_owned(), CODES_TOML.to_owned()),
            holidays: vec![("law/holidays.csv".to_owned(), HOLIDAYS_CSV.to_owned())],
            procedures: PROCEDURES
                .iter()
                .map(|(path, text)| ((*path).to_owned(), ((*path).to_owned(), (*text).to_owned())))
                .collect(),
        }
    }

    /// Those built in with those of a folder put over them.
    pub(crate) fn with_folder(folder: Option<&Path>) -> Result<Self, Failure> {
        let mut texts = Self::embedded();
        let Some(folder) = folder else { return Ok(texts) };
        if !folder.is_dir() {
            let shown = folder.display();
            return Err(Failure::usage(
                format!("规则目录不存在：{shown}"),
                format!("no such folder of rules: {shown}"),
            ));
        }
        let law = folder.join("law");
        if let Some(text) = read_if_there(&law.join("limits.toml"))? {
            texts.limits = text;
        }
        if let Some(text) = read_if_there(&law.join("instruments.toml"))? {
            texts.instruments = text;
        }
        let codes = law.join("codes.toml");
        if let Some(text) = read_if_there(&codes)? {
            texts.codes = (codes.display().to_string(), text);
        }
        let holidays = law.join("holidays.csv");
        if let Some(text) = read_if_there(&holidays)? {
            texts.holidays.push((holidays.display().to_string(), text));
        }
        let mut files = Vec::new();
        gather(&folder.join("procedures"), &mut files)?;
        for file in files {
            let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            let text = read_if_there(&file)?.unwrap_or_default();
            texts.procedures.insert(name, (file.display().to_string(), text));
        }
        Ok(texts)
    }

    /// Parses and checks them all together.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        let law = self.law()?;
        let calendar = self.calendar()?;
        let files: Vec<Source<'_>> =
            self.procedures.values().map(|(path, text)| Source { path, text }).collect();
        let codes = Source { path: &self.codes.0, text: &self.codes.1 };
        Rules::read(&files, codes, law, calendar).map_err(|problems| listed(&problems))
    }

    /// The law alone.
    pub(crate) fn law(&self) -> Result<Law, Failure> {
        Law::parse(&self.limits, &self.instruments).map_err(|problems| listed(&problems))
    }

    /// The holiday tables alone, merged.
    pub(crate) fn calendar(&self) -> Result<Calendar, Failure> {
        let mut merged = Calendar::default();
        for (path, text) in &self.holidays {
            let calendar = Calendar::parse(text, path).map_err(|error| {
                Failure::because("节假日表有误", "the holiday table is wrong", error)
            })?;
            merged = merged.merged_with(calendar);
        }
        Ok(merged)
    }

    /// What they are, for the journal: each procedure file and each part of the law by the hash of its
    /// text.
    pub(crate) fn facts(&self) -> BTreeMap<String, String> {
        let short = |text: &str| {
            let hash = Hash::of(text.as_bytes()).to_string();
            format!("sm3:{}", hash.chars().take(HASH_DIGITS).collect::<String>())
        };
        let holidays: String = self.holidays.iter().map(|(_, text)| text.as_str()).collect();
        let mut facts = BTreeMap::from([
            ("law/limits.toml".to_owned(), short(&self.limits)),
            ("law/instruments.toml".to_owned(), short(&self.instruments)),
            ("law/codes.toml".to_owned(), short(&self.codes.1)),
            ("law/holidays.csv".to_owned(), short(&holidays)),
        ]);
        facts.extend(self.procedures.iter().map(|(name, (_, text))| (name.clone(), short(text))));
        facts
    }

    /// How many procedure files there are.
    pub(crate) fn procedure_count(&self) -> usize {
        self.procedures.len()
    }
}

fn listed(problems: &[impl std::fmt::Display]) -> Failure {
    let lines =
        problems.iter().fold(String::new(), |lines, problem| lines + &format!("\n  {problem}"));
    let count = problems.len();
    Failure::failed(
        format!("规则文件有 {count} 处问题：{lines}"),
        format!("{count} problem(s) in the rule files:{lines}"),
    )
}

fn read_if_there(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let shown = path.display();
            Err(Failure::failed(
                format!("读不到 {shown}：{error}"),
                format!("cannot read {shown}: {error}"),
            ))
        }
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
