//! `cargo xtask documents [FONTS …]`: prints every sample document and draws its first page into `docs/documents/`.
//!
//! FONTS are folders of more fonts, such as FandolFang's: the pictures show what an office with them gets.

use crate::cargo::{cargo, must, root};
use crate::machine::on_path;
use anyhow::{Context, ensure};
use std::process::Command;

/// Dots an inch: enough to read, little enough to keep in the tree.
const DOTS_AN_INCH: &str = "72";
/// The most bytes of one picture.
const BYTES_MAX: u64 = 150 * 1024;

/// Prints and draws.
pub(crate) fn run(fonts: &[String]) -> anyhow::Result<()> {
    on_path("pdftoppm").context("pdftoppm is needed: install poppler-utils")?;
    let root = root()?;
    let work = tempfile::tempdir()?;
    must(
        cargo(&["run", "--quiet", "-p", "documents", "--example", "samples", "--"])?
            .arg(root.join("crates/documents/samples/fengxiang.toml"))
            .arg(work.path())
            .args(fonts),
    )?;
    let folder = root.join("docs/documents");
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(work.path())? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "pdf") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let picture = folder.join(&name);
        must(
            Command::new("pdftoppm")
                .args(["-r", DOTS_AN_INCH, "-f", "1", "-l", "1", "-singlefile", "-png"])
                .arg(&path)
                .arg(&picture),
        )?;
        let bytes = std::fs::metadata(picture.with_file_name(format!("{name}.png")))?.len();
        ensure!(bytes <= BYTES_MAX, "{name}.png has {bytes} bytes, at most {BYTES_MAX}");
    }
    println!("xtask: docs/documents/ shows every kind");
    Ok(())
}
