//! `cargo xtask documents [FONTS …]`: prints every sample document and draws its first page into `docs/documents/`.
//!
//! FONTS are folders of more fonts, such as FandolFang's: the pictures show what an office with them gets.

use crate::cargo::{cargo, must, root};
use crate::machine::on_path;
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::Command;

/// Dots an inch: enough to read, little enough to keep in the tree.
const DOTS_AN_INCH: &str = "72";
/// The most bytes of one picture.
const BYTES_MAX: u64 = 40 * 1024;

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
        let picture = picture.with_file_name(format!("{name}.png"));
        in_few_colours(&picture)?;
        let bytes = std::fs::metadata(&picture)?.len();
        ensure!(bytes <= BYTES_MAX, "{name}.png has {bytes} bytes, at most {BYTES_MAX}");
    }
    println!("xtask: docs/documents/ shows every kind");
    Ok(())
}

/// Ink on paper: ten greys from black to white, then six reds of the head and the seal.
const PALETTE: [[u8; 3]; 16] = [
    [0, 0, 0],
    [28, 28, 28],
    [57, 57, 57],
    [85, 85, 85],
    [113, 113, 113],
    [142, 142, 142],
    [170, 170, 170],
    [198, 198, 198],
    [227, 227, 227],
    [255, 255, 255],
    [217, 0, 27],
    [224, 43, 65],
    [232, 85, 103],
    [239, 128, 141],
    [247, 170, 179],
    [251, 213, 217],
];

/// Keeps a picture in sixteen colours: a quarter of the bytes, and the eye sees no difference.
fn in_few_colours(picture: &Path) -> anyhow::Result<()> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(picture)?)).read_info()?;
    let (width, height) = (reader.info().width, reader.info().height);
    ensure!(
        reader.output_color_type() == (png::ColorType::Rgb, png::BitDepth::Eight),
        "pdftoppm drew another kind of picture than before"
    );
    let mut dots = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    reader.next_frame(&mut dots)?;
    let mut packed = Vec::new();
    for row in dots.chunks(usize::try_from(width)? * 3) {
        for two in row.chunks(6) {
            let (first, second) = two.split_at(3.min(two.len()));
            packed.push(nearest(first) << 4 | nearest(second));
        }
    }
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(picture)?), width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_palette(PALETTE.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&packed)?;
    Ok(())
}

/// The place in the palette of the colour nearest to a dot's.
fn nearest(dot: &[u8]) -> u8 {
    let distance = |colour: &[u8; 3]| -> u32 {
        colour.iter().zip(dot).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
    };
    (0..).zip(&PALETTE).min_by_key(|(_, colour)| distance(colour)).map_or(0, |(place, _)| place)
}
