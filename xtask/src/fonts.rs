//! `cargo xtask fonts`: the product's fonts, subset anew from Debian's packages into `fonts/`.
//!
//! `cargo xtask fonts --fandol FOLDER` instead unpacks FandolFang, a 仿宋 under the GPL with font exception, into a
//! folder of yours: it does not lie in the tree, and is read when its folder is named.

use crate::cargo::{must, output, root};
use crate::machine::on_path;
use anyhow::{Context, bail, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A subset: its file and family, and where its source lies in which package.
struct Face {
    file: &'static str,
    family: &'static str,
    package: &'static str,
    path: &'static str,
    /// Which font of a collection; 2 is SC in Noto's.
    number: &'static str,
}

const FACES: [Face; 4] = [
    Face {
        file: "LiandongSong.otf",
        family: "Liandong Song",
        package: "fonts-noto-cjk",
        path: "usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
        number: "2",
    },
    Face {
        file: "LiandongBiaosong.otf",
        family: "Liandong Biaosong",
        package: "fonts-noto-cjk",
        path: "usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
        number: "2",
    },
    Face {
        file: "LiandongHei.otf",
        family: "Liandong Hei",
        package: "fonts-noto-cjk-extra",
        path: "usr/share/fonts/opentype/noto/NotoSansCJK-Medium.ttc",
        number: "2",
    },
    Face {
        file: "LiandongKai.ttf",
        family: "Liandong Kai",
        package: "fonts-lxgw-wenkai",
        path: "usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
        number: "0",
    },
];

/// The licence of each package, as it lies in `fonts/`.
const LICENCES: [(&str, &str); 2] =
    [("fonts-noto-cjk", "LICENSE-Noto-CJK"), ("fonts-lxgw-wenkai", "LICENSE-LXGW-WenKai")];

const FANDOL: &str =
    "usr/share/texlive/texmf-dist/fonts/opentype/public/fandol/FandolFang-Regular.otf";

/// The most bytes of all fonts.
const BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Folders whose every character is kept.
const TEXTS: [&str; 4] = ["data", "law", "procedures", "documents"];

/// Signs besides letters and Chinese: ranges, first and last.
const SIGNS: [(u32, u32); 26] = [
    (0x20, 0x7e),
    (0xa0, 0xff),
    (0x391, 0x3c9),
    (0x2002, 0x2003),
    (0x2010, 0x2010),
    (0x2013, 0x2015),
    (0x2018, 0x2019),
    (0x201c, 0x201d),
    (0x2026, 0x2026),
    (0x2030, 0x2033),
    (0x203b, 0x203b),
    (0x2075, 0x2075),
    (0x2082, 0x2084),
    (0x2103, 0x2109),
    (0x2116, 0x2116),
    (0x2160, 0x217b),
    (0x2190, 0x2199),
    (0x2200, 0x226f),
    (0x2460, 0x249b),
    (0x2500, 0x257f),
    (0x25a0, 0x260f),
    (0x3000, 0x3017),
    (0x3105, 0x312f),
    (0x3220, 0x3229),
    (0x3380, 0x33df),
    (0xff01, 0xffe5),
];

/// Makes the fonts, or fetches FandolFang.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    for (program, package) in [
        ("apt-get", "apt"),
        ("dpkg-deb", "dpkg"),
        ("pyftsubset", "fonttools"),
        ("bunzip2", "bzip2"),
    ] {
        on_path(program).with_context(|| format!("{program} is needed: install {package}"))?;
    }
    let work = tempfile::tempdir()?;
    match arguments {
        [] => make(work.path()),
        [option, folder] if option == "--fandol" => {
            let unpacked = unpack("texlive-lang-chinese", work.path())?;
            std::fs::create_dir_all(folder)?;
            std::fs::copy(unpacked.join(FANDOL), Path::new(folder).join("FandolFang-Regular.otf"))?;
            println!("xtask: FandolFang lies in {folder}; name that folder in the settings");
            Ok(())
        }
        _ => bail!("usage: cargo xtask fonts [--fandol FOLDER]"),
    }
}

fn make(work: &Path) -> anyhow::Result<()> {
    let folder = root()?.join("fonts");
    let wanted = work.join("characters.txt");
    let lines: Vec<String> = characters(work)?.into_iter().map(String::from).collect();
    std::fs::write(&wanted, lines.join("\n"))?;
    let script = work.join("fonts.py");
    std::fs::write(&script, include_str!("fonts.py"))?;
    for face in &FACES {
        let source = unpack(face.package, work)?.join(face.path);
        // Debian's own Python has Debian's fontTools.
        must(
            Command::new("/usr/bin/python3")
                .arg(&script)
                .arg(&source)
                .arg(face.number)
                .arg(folder.join(face.file))
                .arg(face.family)
                .arg(&wanted),
        )?;
        println!("xtask: fonts/{}", face.file);
    }
    for (package, name) in LICENCES {
        let words = unpack(package, work)?.join(format!("usr/share/doc/{package}/copyright"));
        std::fs::copy(&words, folder.join(name)).with_context(|| format!("{}", words.display()))?;
    }
    let mut bytes = 0;
    for entry in std::fs::read_dir(&folder)? {
        bytes += entry?.metadata()?.len();
    }
    ensure!(bytes <= BYTES_MAX, "fonts/ has {bytes} bytes, at most {BYTES_MAX}");
    Ok(())
}

/// A package's files, fetched once.
fn unpack(package: &str, work: &Path) -> anyhow::Result<PathBuf> {
    let folder = work.join(package);
    if !folder.is_dir() {
        let fetched = work.join(format!("{package}-deb"));
        std::fs::create_dir(&fetched)?;
        must(Command::new("apt-get").args(["download", "-qq", package]).current_dir(&fetched))?;
        let archive = std::fs::read_dir(&fetched)?
            .next()
            .with_context(|| format!("apt-get fetched no {package}"))??
            .path();
        must(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&folder))?;
    }
    Ok(folder)
}

/// 通用规范汉字表 and GB 2312 as Unicode's own tables have them, and all we write ourselves.
fn characters(work: &Path) -> anyhow::Result<BTreeSet<char>> {
    let unicode = unpack("unicode-data", work)?;
    let tables = unicode.join("usr/share/unicode");
    let mut wanted = BTreeSet::new();
    for (file, property) in [
        ("Unihan_OtherMappings.txt.bz2", "kTGH"),
        ("Unihan_IRGSources.txt.bz2", "kIRG_GSource\tG0-"),
    ] {
        let table = output(Command::new("bunzip2").arg("-c").arg(tables.join(file)))?;
        let before = wanted.len();
        for line in table.lines() {
            if let Some((code, rest)) = line.split_once('\t')
                && rest.starts_with(property)
                && let Some(code) = code.strip_prefix("U+")
            {
                wanted.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            }
        }
        ensure!(wanted.len() > before, "{file} has no {property}");
    }
    for (first, last) in SIGNS {
        wanted.extend((first..=last).filter_map(char::from_u32));
    }
    for folder in TEXTS {
        gather(&root()?.join(folder), &mut wanted)?;
    }
    Ok(wanted)
}

fn gather(folder: &Path, wanted: &mut BTreeSet<char>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, wanted)?;
        } else if let Ok(words) = std::fs::read_to_string(&path) {
            // What is not text (a picture) has no characters.
            wanted.extend(words.chars().filter(|&character| character > '\u{2e80}'));
        }
    }
    Ok(())
}
