//! What the tests need on the machine, and how it comes there.
//!
//! As root on a Debian system the missing packages are installed; otherwise the one command that
//! installs them is named and nothing is half done.

use crate::cargo::{must, output};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tools of the tests lie on this machine.
pub(crate) struct Tools {
    /// The Chromium browser.
    pub(crate) browser: PathBuf,
    /// Chromium's WebDriver server.
    pub(crate) driver: PathBuf,
    /// The folder of PostgreSQL's own programs (`initdb`, `postgres`).
    pub(crate) postgres: PathBuf,
    /// Glewlwyd, a provider of OpenID Connect.
    pub(crate) provider: PathBuf,
}

/// One thing the tests need: the Debian package that brings it.
struct Need {
    package: &'static str,
    found: fn() -> bool,
}

const NEEDS: [Need; 6] = [
    Need { package: "chromium", found: || browser().is_some() },
    Need { package: "chromium-driver", found: || on_path("chromedriver").is_some() },
    Need { package: "postgresql", found: || postgres_programs().is_some() },
    Need { package: "glewlwyd", found: || on_path("glewlwyd").is_some() },
    Need { package: "poppler-utils", found: || on_path("pdftotext").is_some() },
    // Without a Chinese font the screenshots show boxes and the layout is not the reader's.
    Need { package: "fonts-noto-cjk", found: chinese_font },
];

/// Installs what is missing, when root; says what to install, when not.
pub(crate) fn ready() -> anyhow::Result<Tools> {
    if on_path("cc").is_none() && on_path("gcc").is_none() && on_path("clang").is_none() {
        bail!("a C compiler is needed to build SQLite: install gcc or clang");
    }
    let missing: Vec<&str> =
        NEEDS.iter().filter(|need| !(need.found)()).map(|need| need.package).collect();
    if !missing.is_empty() {
        let list = missing.join(" ");
        if !is_root() || on_path("apt-get").is_none() {
            bail!(
                "missing on this machine: {list}\n  install with: sudo apt-get install {list}\n  \
                 (or your system's packages of the same things), then run this again"
            );
        }
        println!("xtask: installing {list}");
        apt_get(&["update", "-qq"])?;
        let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
        install.extend(&missing);
        apt_get(&install)?;
        if missing.contains(&"glewlwyd") {
            quiet("glewlwyd");
        }
    }
    Ok(Tools {
        browser: browser().context("chromium is installed but not found on PATH")?,
        driver: on_path("chromedriver").context("chromedriver is installed but not on PATH")?,
        provider: on_path("glewlwyd").context("glewlwyd is installed but not on PATH")?,
        postgres: postgres_programs().context("initdb is not found under /usr/lib/postgresql")?,
    })
}

/// Whether we may install packages and must not run PostgreSQL as ourselves.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The full path of a program on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    must(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Stops the service a package started by itself, on a port of the machine and with a password everybody
/// knows: the tests start one of their own. Where there is no systemd nothing was started.
fn quiet(service: &str) {
    Command::new("systemctl").args(["disable", "--now", "--quiet", service]).status().ok();
}

fn browser() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| on_path(name))
}

/// Debian keeps `initdb` out of `PATH`, a folder a major version; the newest is taken.
fn postgres_programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder.join("bin"))
        .chain(on_path("initdb").and_then(|file| file.parent().map(Path::to_path_buf)))
        .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

fn chinese_font() -> bool {
    if let Ok(fonts) = output(Command::new("fc-list").args([":lang=zh-cn", "family"])) {
        return !fonts.trim().is_empty();
    }
    Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file()
}
