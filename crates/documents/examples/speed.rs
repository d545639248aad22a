//! Tells how long a warm one-page document and a dossier of 500 pages take: `cargo run --release -p documents --example speed`.
#![expect(clippy::print_stderr, reason = "a developer's program speaks on the terminal")]

use documents::{Bound, Cover, Draft, Marks, Materials, Press, Text};
use jiff::civil::date;
use std::error::Error;
use std::time::Instant;

/// Documents printed for the median.
const TIMES: u32 = 41;
/// Pages of the dossier.
const PAGES: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let press = Press::open(Materials::builtin(), &calendar::embedded()?.0)?;
    eprintln!("open: {:?}", begun.elapsed());
    let mut taken = Vec::new();
    let mut bound = Vec::new();
    let mut pages = 0;
    let begun = Instant::now();
    let mut count = 0;
    while pages < PAGES {
        count += 1;
        let mut draft = Draft::new("general/notice", "凤翔县人民政府");
        draft.title = Some(format!("关于第{count}批问题整改情况的通知"));
        draft.to = vec!["各镇人民政府".into()];
        // Every one says something else, so that no page is remembered from the last.
        let words = format!("第{count}批问题已经按期完成整改，经现场核查和监测复核，达到要求。");
        draft.items.insert("text".into(), Text::parse(&words)?);
        let number = format!("凤政发〔2026〕{count}号").parse()?;
        let one = Instant::now();
        let numbered = press.number(draft, Some(number), date(2026, 3, 2))?;
        let sealed = press.print(&numbered, &Marks::default())?;
        if count <= TIMES {
            taken.push(one.elapsed());
        }
        pages += sealed.pages();
        bound.push(Bound {
            title: format!("第{count}号通知"),
            number: numbered.number().map(ToString::to_string),
            issued_on: Some(date(2026, 3, 2)),
            pdf: sealed.into_pdf(),
        });
    }
    eprintln!("{count} documents of {pages} pages printed: {:?}", begun.elapsed());
    taken.sort();
    eprintln!(
        "one page, warm, median: {:?}",
        taken.get(taken.len() / 2).copied().unwrap_or_default()
    );
    let cover = Cover {
        unit: "凤翔县人民检察院".into(),
        name: "公益诉讼检察卷宗".into(),
        title: "测速".into(),
        number: None,
        made_on: date(2026, 3, 2),
    };
    let begun = Instant::now();
    let dossier = press.bind(&cover, bound)?;
    eprintln!("{} pages bound: {:?}, {} bytes", dossier.pages, begun.elapsed(), dossier.pdf.len());
    Ok(())
}
