//! `cargo xtask lint`: format, crate arrows, files, licences, self-checks, clippy, documentation.
//!
//! What is cheap comes first and is reported whole; the compiler is asked only when that is clean.

use crate::cargo::{cargo, must};
use crate::licence;
use crate::metadata::Metadata;
use crate::{security, tidy, vendor};
use anyhow::bail;

/// Our crates, each with those of ours it may stand on. Arrows run one way.
const ARROWS: [(&str, &[&str]); 9] = [
    ("liandong", &["web", "store", "ledger", "procedure", "calendar"]),
    ("web", &["store", "ledger", "procedure", "calendar"]),
    ("store", &["ledger", "procedure", "calendar"]),
    ("ledger", &[]),
    ("documents", &["calendar"]),
    ("procedure", &["calendar"]),
    ("calendar", &[]),
    ("fuzz", &["web", "store", "ledger", "procedure", "calendar"]),
    ("xtask", &[]),
];

/// Crates that do no input or output: rules are to be simulated, not connected.
const PURE: [&str; 3] = ["calendar", "ledger", "procedure"];

/// What a pure crate is not built on, at any depth.
const IMPURE: [&str; 11] = [
    "async-std",
    "axum",
    "hyper",
    "mio",
    "reqwest",
    "rusqlite",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-postgres",
    "ureq",
];

/// Runs every check; the first kind that fails ends the run.
pub(crate) fn run() -> anyhow::Result<()> {
    let metadata = Metadata::read()?;
    let mut found = Vec::new();
    found.extend(arrows(&metadata));
    found.extend(licences(&metadata));
    found.extend(tidy::check()?);
    found.extend(vendor::check()?);
    found.extend(security::check()?);
    if !found.is_empty() {
        for problem in &found {
            eprintln!("  {problem}");
        }
        bail!("{} problem(s) in crate arrows, licences, files or self-checks", found.len());
    }
    println!("xtask: crate arrows, licences, files and self-checks are in order");

    must(&mut cargo(&["fmt", "--all", "--check"])?)?;
    must(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])?)?;
    must(
        cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"])?
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    println!("xtask: format, clippy and documentation are in order");
    Ok(())
}

fn arrows(metadata: &Metadata) -> Vec<String> {
    let members = metadata.members();
    let mut found = Vec::new();
    for (name, package) in &members {
        let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| member == name) else {
            found.push(format!(
                "{name}: a new crate: give it its place in ARROWS, xtask/src/lint.rs"
            ));
            continue;
        };
        for dependency in metadata.direct(package) {
            if members.contains_key(dependency) && !allowed.contains(&dependency) {
                found.push(format!("{name}: must not depend on {dependency} (arrows run one way)"));
            }
        }
        if PURE.contains(name) {
            for dependency in metadata.transitive(package) {
                if IMPURE.contains(&dependency) {
                    found.push(format!("{name}: a pure crate must not be built on {dependency}"));
                }
            }
        }
    }
    found
}

fn licences(metadata: &Metadata) -> Vec<String> {
    metadata
        .foreign()
        .filter_map(|package| {
            let named = format!("{} {}", package.name, package.version);
            match &package.license {
                Some(expression) if licence::is_allowed(expression) => None,
                Some(expression) => Some(format!("{named}: licence “{expression}” is not allowed")),
                None if package.license_file.is_some() => {
                    Some(format!("{named}: a licence of its own, read it and decide"))
                }
                None => Some(format!("{named}: no licence")),
            }
        })
        .collect()
}
