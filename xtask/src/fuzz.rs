//! `cargo xtask fuzz [TARGET…] [--minutes N]`: looks for inputs that break what reads them.
//!
//! The compiler counts which ways through the code an input takes (flags the stable compiler has), and
//! libFuzzer keeps changing inputs that found new ones. What was new is kept in `target/fuzz/corpus`,
//! what broke something in `fuzz/crashes`, where the ordinary tests read it again.

use crate::cargo::{cargo, must, output, root};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const MINUTES: u64 = 60;
/// Longest input made.
const INPUT_BYTES_MAX: usize = 16 * 1024;
/// Longest one input may take.
const SECONDS_MAX: u64 = 20;
/// Most memory one input may take, with everything else.
const MEMORY_MIB_MAX: u64 = 2048;
/// Most inputs of one target that `--keep` adds to the repository.
const KEPT_BYTES_MAX: u64 = 64 * 1024;

/// What makes the compiler count.
const FLAGS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Clink-dead-code",
    "-Cdebuginfo=line-tables-only",
];

/// Hunts in the targets named, or in all, sharing the minutes.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let (mut names, mut minutes, mut keep) = (Vec::new(), MINUTES, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--minutes" => {
                let number = words.next().context("--minutes takes a number")?;
                minutes = number.parse().context("--minutes takes a whole number")?;
            }
            "--keep" => keep = true,
            name => names.push(name.to_owned()),
        }
    }
    let home = root()?.join("fuzz");
    let known = folders(&home.join("corpus"))?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("no target `{unknown}`; there are: {}", known.join(" "));
    }
    if names.is_empty() {
        names = known;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let work = target.map_or(root()?.join("target"), PathBuf::from).join("fuzz");
    let hunt = build(&work)?;
    let seconds = minutes * 60 / names.len() as u64;
    let mut broken = Vec::new();
    for name in &names {
        println!("xtask: {name}, for {seconds} s");
        if !one(&home, &work, &hunt, name, seconds)? {
            broken.push(name.as_str());
        }
        if keep {
            shrink(&home, &work, &hunt, name)?;
        }
    }
    if !broken.is_empty() {
        bail!("inputs that break something lie in fuzz/crashes: {}", broken.join(" "));
    }
    println!("xtask: nothing broke in {minutes} min");
    Ok(())
}

/// The program that hunts, its code counted and its sums checked.
fn build(work: &Path) -> anyhow::Result<PathBuf> {
    let told = output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).context("no host")?;
    let arguments = ["build", "--package=fuzz", "--features=engine", "--bin=hunt"];
    must(
        cargo(&arguments)?
            .args(["--profile=fuzz", "--target", host, "--target-dir"])
            .arg(work)
            .env("RUSTFLAGS", FLAGS.join(" ")),
    )?;
    Ok(work.join(host).join("fuzz/hunt"))
}

/// Hunts in one target; says whether nothing broke.
fn one(home: &Path, work: &Path, hunt: &Path, name: &str, seconds: u64) -> anyhow::Result<bool> {
    let found = work.join("corpus").join(name);
    let crashes = home.join("crashes").join(name);
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&crashes)?;
    let status = Command::new(hunt)
        .env("LIANDONG_FUZZ_TARGET", name)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-dict={}", home.join("words.dict").display()))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg("-print_final_stats=1")
        .args([&found, &home.join("corpus").join(name)])
        .status()
        .with_context(|| format!("cannot start {}", hunt.display()))?;
    // git keeps no empty folder, and the tests ask that each has its target.
    std::fs::remove_dir(&crashes).ok();
    Ok(status.success())
}

/// Adds to the repository what of the inputs found leads where none of its own does.
fn shrink(home: &Path, work: &Path, hunt: &Path, name: &str) -> anyhow::Result<()> {
    let (found, kept) = (work.join("corpus").join(name), home.join("corpus").join(name));
    must(
        Command::new(hunt)
            .env("LIANDONG_FUZZ_TARGET", name)
            .arg("-merge=1")
            .arg("-max_len=2048")
            .args([&kept, &found]),
    )?;
    let mut sizes = Vec::new();
    for entry in std::fs::read_dir(&kept)? {
        let entry = entry?;
        // Those we wrote ourselves have names that say something; the engine's are 40 digits.
        if entry.file_name().len() == 40 {
            sizes.push((entry.metadata()?.len(), entry.path()));
        }
    }
    sizes.sort();
    let mut sum = 0;
    for (bytes, path) in sizes {
        sum += bytes;
        if sum > KEPT_BYTES_MAX {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn folders(of: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(of)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
