//! Whether the files in the repository are tidy, each as a line `file:line: what`.

use crate::cargo::{output, root};
use crate::vendor;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Files kept as they came, or written by a program.
const AS_THEY_ARE: [&str; 8] = [
    "Cargo.lock",
    "LICENSE",
    "data/",
    "docs/procedures/",
    "fuzz/corpus/",
    "fuzz/crashes/",
    ".snap",
    ".LICENSE",
];

/// What is not read as text.
const BINARY: [&str; 12] =
    ["png", "jpg", "jpeg", "webp", "ico", "woff2", "ttf", "otf", "pdf", "xlsx", "zip", "gz"];

/// Folders of one machine, which mean nothing on another. Spelled in halves, or this file would
/// be the first to break the rule.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/sha"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Reads every file git keeps or would keep.
pub(crate) fn check() -> anyhow::Result<Vec<String>> {
    let root = root()?;
    let vendored = vendor::files()?;
    let list = output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&root),
    )?;
    let names: BTreeSet<&str> = list.split('\0').filter(|name| !name.is_empty()).collect();
    let mut found = Vec::new();
    for name in names {
        let path = root.join(name);
        let Ok(facts) = path.symlink_metadata() else { continue }; // deleted, not yet committed
        if facts.len() > FILE_BYTES_MAX {
            found.push(format!("{name}: larger than {FILE_BYTES_MAX} bytes"));
            continue;
        }
        if vendored.contains(&path) || is_binary(name) || is_kept(name) || !facts.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        found.extend(check_text(name, &bytes));
    }
    Ok(found)
}

fn is_binary(name: &str) -> bool {
    Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| BINARY.contains(&extension))
}

fn is_kept(name: &str) -> bool {
    AS_THEY_ARE.iter().any(|kept| name.starts_with(kept) || name.ends_with(kept))
}

fn check_text(name: &str, bytes: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec![format!("{name}: not UTF-8")];
    };
    let mut found = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let mut tell = |what: &str| found.push(format!("{name}:{}: {what}", index + 1));
        if line.contains('\t') {
            tell("a tab");
        }
        if line.ends_with(' ') || line.ends_with('\r') {
            tell("a space or carriage return at the end of the line");
        }
        for path in MACHINE_PATHS {
            if line.contains(path) {
                tell(&format!("a path of one machine ({path}…)"));
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        found.push(format!("{name}: no line break at the end"));
    }
    if text.ends_with("\n\n") {
        found.push(format!("{name}: empty lines at the end"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check_text;

    #[test]
    fn untidy_lines_are_named() {
        assert_eq!(check_text("a", b"one\ntwo\n"), Vec::<String>::new());
        assert_eq!(check_text("a", b"one\n\ttwo \n").len(), 2);
        assert_eq!(check_text("a", b"one"), ["a: no line break at the end"]);
        assert_eq!(check_text("a", &[0xff]), ["a: not UTF-8"]);
    }
}
