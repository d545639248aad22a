//! Gathers `documents/` and `fonts/` into the crate, so that one file is enough.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.join("../..").canonicalize()?;
    let mut list = String::new();
    for (constant, folder, endings) in [
        ("TEMPLATES", "documents", &["typ", "toml", "txt"][..]),
        ("FONTS", "fonts", &["otf", "ttf"][..]),
    ] {
        let folder = root.join(folder);
        let mut files = Vec::new();
        gather(&folder, endings, &mut files)?;
        files.sort();
        // Writing to a string cannot fail.
        let _ = writeln!(list, "const {constant}: &[(&str, &[u8])] = &[");
        for file in &files {
            let name = file.strip_prefix(&folder).unwrap_or(file).to_string_lossy();
            let file = file.to_string_lossy();
            let _ = writeln!(list, "    ({name:?}, include_bytes!({file:?})),");
        }
        list.push_str("];\n");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    std::fs::write(out.join("builtin.rs"), list)
}

fn gather(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> io::Result<()> {
    // A folder's own time changes when a file comes or goes.
    emit(&format!("cargo:rerun-if-changed={}", folder.display()))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, endings, files)?;
        } else if path
            .extension()
            .is_some_and(|ending| endings.iter().any(|known| ending == *known))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn emit(line: &str) -> io::Result<()> {
    use io::Write as _;
    writeln!(io::stdout(), "{line}")
}
