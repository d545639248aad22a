//! The commands, as typed: what they print and the code they end with.

use std::process::{Command, Output};

/// Runs the program in English, without settings from the machine.
pub(crate) fn liandong(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liandong"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LIANDONG_") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C.UTF-8").args(arguments).output().unwrap()
}

/// What a command that succeeds prints.
pub(crate) fn printed(arguments: &[&str]) -> String {
    let output = liandong(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a command that fails with that code says.
pub(crate) fn refused(arguments: &[&str], code: i32) -> String {
    let output = liandong(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

#[test]
fn the_program_says_what_it_is_made_of_in_both_languages() {
    assert!(printed(&["version"]).contains("holiday tables 2015 to"));
    assert!(printed(&["--lang", "zh", "version"]).contains("年节假日表"));
}

#[test]
fn every_command_teaches() {
    let help = printed(&["--help"]);
    assert!(help.contains("First steps"), "{help}");
}

#[test]
fn the_procedures_built_in_are_proved_and_drawn() {
    assert!(printed(&["procedures", "check"]).contains("all proved"));
    let list = printed(&["procedures", "list"]);
    for line in list.lines() {
        let id = line.split('\t').next().unwrap();
        let svg = printed(&["procedures", "graph", id, "--lang", "zh"]);
        assert!(svg.starts_with("<svg"), "{id}");
    }
    assert!(refused(&["procedures", "graph", "nothing"], 2).contains("there is no procedure"));
}

#[test]
fn a_rule_file_of_ones_own_is_checked_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let clause = folder.path().join("procedures/ours");
    std::fs::create_dir_all(&clause).unwrap();
    std::fs::write(clause.join("broken.toml"), "id = \"broken\"\nversion = nonsense\n").unwrap();
    let said = refused(&["procedures", "check", folder.path().to_str().unwrap()], 1);
    assert!(said.contains("broken.toml:2:"), "{said}");
}
