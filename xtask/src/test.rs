//! `cargo xtask test`: every test of the workspace, on a machine with nothing but a Rust toolchain.

use crate::cargo::{cargo, root};
use crate::machine;
use crate::postgres::Cluster;
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// Runs `cargo test --workspace`, or `cargo test ARGUMENTS` when some are given, with PostgreSQL
/// and a browser at hand.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let tools = machine::ready()?;
    let cluster = Cluster::start_careless(&tools.postgres)?;
    println!("xtask: PostgreSQL for the tests at {}", cluster.url());

    let chosen: Vec<&str> =
        arguments.iter().map(String::as_str).skip_while(|word| *word == "--").collect();
    let mut command = cargo(&["test"])?;
    if chosen.is_empty() {
        command.args(["--workspace", "--no-fail-fast"]);
    } else {
        command.args(&chosen);
    }
    let mut tests = command
        .env("LIANDONG_TEST_POSTGRES", cluster.url())
        .env("LIANDONG_TEST_POSTGRES_AUTHORITY", cluster.authority())
        .env("LIANDONG_TEST_BROWSER", &tools.browser)
        .env("LIANDONG_TEST_DRIVER", &tools.driver)
        .env("LIANDONG_TEST_PROVIDER", &tools.provider)
        // The message says it; frames of the runtime bury it.
        .env("RUST_BACKTRACE", "0")
        // The same cases on every run; `cargo xtask fuzz` looks for others.
        .env("PROPTEST_RNG_SEED", "2019004")
        // A changed snapshot is a failure here, never a new file.
        .env("INSTA_UPDATE", "no")
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;

    let mut count = Count::default();
    let said = tests.stdout.take().context("the tests' output is not piped")?;
    let mut terminal = std::io::stdout().lock();
    for line in BufReader::new(said).lines() {
        let line = line?;
        count.read(&line);
        writeln!(terminal, "{line}")?;
    }
    drop(terminal);
    let status = tests.wait()?;
    drop(cluster);

    if root()?.join("target/screenshots").is_dir() {
        println!("xtask: screenshots of the browser tests are in target/screenshots/");
    }
    println!("{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    if !status.success() {
        bail!("the tests failed ({status})");
    }
    if count.passed == 0 {
        bail!("no test was run");
    }
    Ok(())
}

/// How the tests went, added up over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Count {
    /// Adds a closing line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
        for part in counts.split("; ") {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn closing_lines_add_up() {
        let mut count = Count::default();
        count.read("running 3 tests");
        count.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        count.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured");
        assert_eq!(count, Count { passed: 15, failed: 2, skipped: 1 });
    }
}
