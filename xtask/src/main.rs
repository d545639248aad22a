//! Developer commands, one file each: `cargo xtask test|lint|bench|fuzz|vendor|graphs|fonts|documents`.
//!
//! CI calls `lint` and `test` and nothing else. Every command sets up what it needs by itself and
//! says plainly what is missing when it cannot.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's program speaks on the terminal"
)]

mod bench;
mod cargo;
mod documents;
mod fonts;
mod fuzz;
mod graphs;
mod licence;
mod lint;
mod machine;
mod metadata;
mod postgres;
mod sbom;
mod security;
mod test;
mod tidy;
mod vendor;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  test [-- CARGO-TEST-ARGUMENTS]  set up this machine, start a throw-away PostgreSQL, run every test
  lint                            format, clippy, docs, crate arrows, files and licences
  bench [--matters N,N] [--quick] [--engine sqlite|postgres] [--keep FOLDER]
                                  measure the release build and rewrite docs/performance.md
  fuzz [TARGET…] [--minutes N] [--keep]
                                  look for inputs that break what reads them [60 minutes in sum];
                                  --keep adds what leads further to fuzz/corpus
  vendor [--check]                fetch the pinned front-end files again, check their SHA-256
  sbom                            print what the program is made of, as CycloneDX
  graphs                          draw every procedure into docs/procedures/
  fonts [--fandol FOLDER]         subset the fonts again from Debian's packages, or fetch FandolFang
  documents [FONTS …]             print every sample document, draw its first page into docs/documents/
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let done = match command {
        "test" => test::run(rest),
        "lint" => lint::run(),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "vendor" => vendor::run(rest),
        "sbom" => sbom::run(rest),
        "graphs" => graphs::run(),
        "fonts" => fonts::run(rest),
        "documents" => documents::run(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        unknown => {
            eprintln!("xtask: no command “{unknown}”\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
