//! Running cargo, and where the repository is.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository: the folder that holds `xtask/`.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .context("run this as `cargo xtask …`")?;
    here.parent().map(Path::to_path_buf).context("xtask lies in the root of the repository")
}

/// A cargo command in the root of the repository, by the cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<Command> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root()?);
    // What cargo told *us* about ourselves must not leak into what we build: build scripts that read it would
    // run anew, and all that stands on them, whenever somebody calls cargo by hand.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    Ok(command)
}

/// Runs a command and fails, naming it, when it fails.
pub(crate) fn must(command: &mut Command) -> anyhow::Result<()> {
    let name = spelled(command);
    let status = command.status().with_context(|| format!("cannot start `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// What a command printed, when it succeeded.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = spelled(command);
    let output = command.output().with_context(|| format!("cannot start `{name}`"))?;
    if !output.status.success() {
        bail!(
            "`{name}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    command.get_args().fold(program, |line, argument| line + " " + &argument.to_string_lossy())
}
