//! The tables of `docs/performance.md`.

use std::fmt;
use std::path::Path;

use crate::measure::{Spread, ms};
use crate::program::Program;

/// One engine at one size.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) engine: &'static str,
    pub(crate) size: usize,
    /// None when the matters were there already.
    pub(crate) opened_per_second: Option<f64>,
    pub(crate) acts_per_second: f64,
    pub(crate) acts_without_log_per_second: f64,
    pub(crate) acts_many: Spread,
    pub(crate) acts_one: Spread,
    pub(crate) matter: Spread,
    pub(crate) matter_bytes: usize,
    pub(crate) list_first: Spread,
    pub(crate) list_500: Spread,
    pub(crate) search: Spread,
    pub(crate) home: Spread,
}

/// Everything measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) columns: Vec<Column>,
    pub(crate) program: Option<Program>,
    pub(crate) deadlines_per_second: f64,
}

/// Between these lines the file is ours.
const BEGIN: &str = "<!-- measured: written by cargo xtask bench -->";
const END: &str = "<!-- /measured -->";

impl Report {
    /// Writes the tables into their place, and leaves the words around them.
    pub(crate) fn write(&self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md");
        let text = std::fs::read_to_string(&file).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("docs/performance.md has its marks");
        let (_, after) = rest.split_once(END).expect("docs/performance.md has its marks");
        std::fs::write(file, format!("{before}{BEGIN}\n\n{self}\n{END}{after}")).unwrap();
    }

    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        target: &str,
        value: impl Fn(&Column) -> String,
    ) -> fmt::Result {
        write!(f, "| {what} | {target} |")?;
        for column in &self.columns {
            write!(f, " {} |", value(column))?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| work | target |")?;
        for column in &self.columns {
            write!(f, " {}, {} matters |", column.engine, thousands(column.size))?;
        }
        write!(f, "\n|---|---|")?;
        for _ in &self.columns {
            write!(f, "--:|")?;
        }
        writeln!(f)?;
        let both = |spread: Spread| format!("{} / {}", ms(spread.p50), ms(spread.p99));
        self.row(f, "durable acts a second, 64 clients", "≥ 5,000 (SQLite)", |column| {
            format!("{:.0}", column.acts_per_second)
        })?;
        self.row(f, "… the same with no log kept", "", |column| {
            format!("{:.0}", column.acts_without_log_per_second)
        })?;
        self.row(f, "… one act among 64 clients, p50 / p99", "", |column| {
            both(column.acts_many)
        })?;
        self.row(f, "durable act, one client, p50 / p99", "p50 ≤ 2 ms", |column| {
            both(column.acts_one)
        })?;
        self.row(f, "matters opened a second, 256 clients", "", |column| {
            column.opened_per_second.map_or_else(String::new, |rate| format!("{rate:.0}"))
        })?;
        self.row(f, "matter page, p50 / p99", "p99 ≤ 10 ms", |column| both(column.matter))?;
        self.row(f, "… largest, HTML before compression", "≤ 100 KB", |column| {
            format!("{} KB", column.matter_bytes / 1000)
        })?;
        self.row(f, "register, page 1, p50 / p99", "p99 ≤ 15 ms", |column| {
            both(column.list_first)
        })?;
        self.row(f, "register, page 500 or the last, p50 / p99", "p99 ≤ 15 ms", |column| {
            both(column.list_500)
        })?;
        self.row(f, "search for 污水, p50 / p99", "p99 ≤ 30 ms", |column| both(column.search))?;
        self.row(f, "工作台, p50 / p99", "p99 ≤ 20 ms", |column| both(column.home))?;
        writeln!(f)?;
        writeln!(f, "| program | target | measured |\n|---|---|--:|")?;
        let millions = self.deadlines_per_second / 1e6;
        writeln!(f, "| deadlines counted a second, one core | ≥ 1 M | {millions:.1} M |")?;
        if let Some(program) = self.program {
            writeln!(f, "| start to login page | ≤ 1 s | {} |", ms(program.start))?;
            writeln!(f, "| memory at rest | ≤ 120 MB | {} MB |", program.memory_kib / 1024)?;
            writeln!(f, "| program file | ≤ 80 MB | {} MB |", program.file_bytes / 1_000_000)?;
        }
        Ok(())
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
