//! `cargo xtask vendor`: front-end files taken from elsewhere, pinned and checked.
//!
//! A `vendor.toml` lies beside the files it speaks of. It names the package, version and path each
//! came from and the SHA-256 of the file as it lies here. `lint` checks the sums; this command
//! fetches the packages again, with npm's own client, and writes the files anew.

use crate::cargo::{must, output, root};
use crate::machine::on_path;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folders that hold a `vendor.toml`.
const FOLDERS: [&str; 2] = ["crates/web/static", "crates/liandong/tests/assets"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default, rename = "file")]
    files: Vec<Vendored>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vendored {
    /// The file's name here.
    file: String,
    pub(crate) package: String,
    pub(crate) version: String,
    /// Where it lies in the package; with a `*` it was put together by hand from several files,
    /// and is checked but not fetched.
    path: String,
    pub(crate) sha256: String,
    pub(crate) licence: String,
    /// The licence's text, beside the file.
    licence_file: String,
}

/// Fetches everything again; with `--check` only compares the sums of what lies here.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments {
        [] => fetch()?,
        [only] if only == "--check" => {}
        _ => bail!("usage: cargo xtask vendor [--check]"),
    }
    let found = check()?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    println!("xtask: every vendored file is the pinned one");
    Ok(())
}

/// What is wrong with the vendored files: a sum that differs, a licence that is missing.
pub(crate) fn check() -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (folder, list) in lists()? {
        for vendored in list.files {
            let path = folder.join(&vendored.file);
            let shown = path.strip_prefix(root()?).unwrap_or(&path).display();
            match std::fs::read(&path) {
                Ok(bytes) if sum(&bytes) == vendored.sha256 => {}
                Ok(bytes) => found.push(format!(
                    "{shown}: SHA-256 is {}, vendor.toml says {}",
                    sum(&bytes),
                    vendored.sha256
                )),
                Err(error) => found.push(format!("{shown}: {error}")),
            }
            if !crate::licence::is_allowed(&vendored.licence) {
                found.push(format!("{shown}: licence “{}” is not allowed", vendored.licence));
            }
            if !folder.join(&vendored.licence_file).is_file() {
                found.push(format!("{shown}: its licence {} is missing", vendored.licence_file));
            }
        }
    }
    Ok(found)
}

/// The full paths of all vendored files and their licences.
pub(crate) fn files() -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for (folder, list) in lists()? {
        for vendored in list.files {
            files.insert(folder.join(vendored.file));
            files.insert(folder.join(vendored.licence_file));
        }
    }
    Ok(files)
}

/// Those that go into the program; the others serve tests.
pub(crate) fn product_files() -> anyhow::Result<Vec<Vendored>> {
    let product = root()?.join(FOLDERS[0]);
    let lists = lists()?.into_iter().filter(|(folder, _)| *folder == product);
    Ok(lists.flat_map(|(_, list)| list.files).collect())
}

fn fetch() -> anyhow::Result<()> {
    let npm = on_path("npm").context("npm is needed to fetch the files: install nodejs and npm")?;
    for (folder, list) in lists()? {
        for vendored in &list.files {
            if vendored.path.contains('*') {
                println!("xtask: {} was put together by hand: only checked", vendored.file);
                continue;
            }
            let bytes = from_package(&npm, vendored)?;
            let got = sum(&bytes);
            ensure!(
                got == vendored.sha256,
                "{} {}: {} has SHA-256 {got}, vendor.toml says {}; nothing was written",
                vendored.package,
                vendored.version,
                vendored.path,
                vendored.sha256
            );
            std::fs::write(folder.join(&vendored.file), bytes)?;
        }
    }
    Ok(())
}

fn from_package(npm: &Path, vendored: &Vendored) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let name = format!("{}@{}", vendored.package, vendored.version);
    let packed = output(
        Command::new(npm)
            .args(["pack", &name, "--silent", "--ignore-scripts", "--pack-destination"])
            .arg(folder.path())
            .current_dir(folder.path()),
    )?;
    let archive = folder.path().join(packed.trim());
    must(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(folder.path())
            .stdout(Stdio::null()),
    )?;
    let file = folder.path().join("package").join(&vendored.path);
    std::fs::read(&file).with_context(|| format!("{name} has no {}", vendored.path))
}

fn lists() -> anyhow::Result<Vec<(PathBuf, List)>> {
    let root = root()?;
    let mut lists = Vec::new();
    for folder in FOLDERS {
        let folder = root.join(folder);
        let file = folder.join("vendor.toml");
        if !file.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let list = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
        lists.push((folder, list));
    }
    Ok(lists)
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
