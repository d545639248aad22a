//! Prints the sample documents: `cargo run -p documents --example samples -- SAMPLES.toml FOLDER [FONTS …]`.
//!
//! The facts of a case are told once, in `[common]`, by item; a sample takes those its kind has and adds its own.
#![expect(clippy::print_stderr, reason = "a developer's program speaks on the terminal")]

use documents::{Bound, Cover, Draft, Marks, Materials, Press, Sealed, Text, VerificationCode};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    common: BTreeMap<String, Text>,
    sample: Vec<Sample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    number: Option<String>,
    issued_on: Date,
    #[serde(default)]
    seal: bool,
    /// Items of `[common]` that this one does not take.
    #[serde(default)]
    without: Vec<String>,
    draft: Draft,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [samples, folder, fonts @ ..] = arguments.as_slice() else {
        return Err("usage: samples SAMPLES.toml FOLDER [FONTS …]".into());
    };
    let folder = Path::new(folder);
    let mut materials = Materials::builtin();
    for fonts in fonts {
        materials = materials.with_fonts(Path::new(fonts))?;
    }
    let press = Press::open(materials, &calendar::embedded()?.0)?;
    let samples: Samples = toml::from_str(&std::fs::read_to_string(samples)?)?;
    let seal = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/seal.png"))?;
    let mut bound = Vec::new();
    for sample in samples.sample {
        let Sample { number, issued_on, seal: sealed, without, mut draft } = sample;
        let kind = press.kind(&draft.kind).ok_or_else(|| format!("no kind {}", draft.kind))?;
        for item in &kind.items {
            if let Some(text) = samples.common.get(&item.id)
                && !without.contains(&item.id)
            {
                draft.items.entry(item.id.clone()).or_insert_with(|| text.clone());
            }
        }
        let name = draft.kind.replace('/', ".");
        let title = kind.name.zh.clone();
        let number = number.as_deref().map(str::parse).transpose()?;
        let numbered = press
            .number(draft, number, issued_on)
            .map_err(|refused| format!("{name}: {refused}"))?;
        let marks = Marks {
            code: Some(VerificationCode {
                address: "https://liandong.example.cn/v/8F2K-91QM-3T7C".into(),
                words: "核验码：8F2K-91QM-3T7C".into(),
            }),
            seal_png: sealed.then(|| seal.clone()),
        };
        let printed: Sealed =
            press.print(&numbered, &marks).map_err(|error| format!("{name}: {error}"))?;
        eprintln!("{name}: {} page(s), {} bytes", printed.pages(), printed.pdf().len());
        std::fs::write(folder.join(format!("{name}.pdf")), printed.pdf())?;
        std::fs::write(
            folder.join(format!("{name}.docx")),
            press.docx(&numbered).map_err(|error| format!("{name}: {error}"))?,
        )?;
        bound.push(Bound {
            title,
            number: numbered.number().map(ToString::to_string),
            issued_on: Some(issued_on),
            pdf: printed.into_pdf(),
        });
    }
    let cover = Cover {
        unit: "凤翔县人民检察院".into(),
        name: "公益诉讼检察卷宗".into(),
        title: "宝鸡市环境保护局凤翔分局不全面履行大气污染防治监督管理职责案".into(),
        number: None,
        made_on: Date::new(2017, 1, 16)?,
    };
    let dossier = press.bind(&cover, bound)?;
    std::fs::write(folder.join("dossier.pdf"), dossier.pdf)?;
    Ok(())
}
