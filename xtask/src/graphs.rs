//! `cargo xtask graphs`: every procedure as a state chart, for the documentation.

use crate::cargo::{cargo, must, root};

/// Draws into `docs/procedures/`, in both languages, with the program's own command.
pub(crate) fn run() -> anyhow::Result<()> {
    let folder = root()?.join("docs/procedures");
    std::fs::create_dir_all(&folder)?;
    for language in ["zh", "en"] {
        must(
            cargo(&["run", "--quiet", "--package", "liandong", "--", "procedures", "graph"])?
                .args(["--all", "--lang", language, "--output"])
                .arg(&folder),
        )?;
    }
    Ok(())
}
