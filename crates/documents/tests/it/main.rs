//! Documents from draft to bytes: what stops them, what they look like, what they survive.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what must hold by failing"
)]

mod dossier;
mod fonts;
mod hostile;
mod issue;
mod paper;
mod press;
mod word;

use calendar::Law;
use documents::{Draft, Marks, Materials, Numbered, Press, Sealed, Text};
use jiff::civil::{Date, date};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// One press for all tests: opening it reads seventeen megabytes of fonts.
static PRESS: LazyLock<Arc<Press>> =
    LazyLock::new(|| Arc::new(Press::open(Materials::builtin(), &LAW).unwrap()));

static LAW: LazyLock<Law> = LazyLock::new(|| calendar::embedded().unwrap().0);

const DAY: Date = date(2026, 3, 2);

/// A complete draft of any kind, with every item; `words` fills each.
fn complete(kind: &str, words: &str) -> Draft {
    let kind = PRESS.kind(kind).unwrap();
    let mut draft = Draft::new(&kind.id, "凤翔县人民检察院");
    draft.to = vec!["宝鸡市环境保护局凤翔分局".into()];
    draft.signer = kind.upward.then(|| "某某".into());
    for item in &kind.items {
        draft.items.insert(item.id.clone(), Text::parse(words).unwrap());
    }
    draft
}

fn numbered(draft: Draft) -> Numbered {
    let number = PRESS.kind(&draft.kind).unwrap().numbered;
    let number = number.then(|| "凤检建〔2026〕1号".parse().unwrap());
    PRESS.number(draft, number, DAY).unwrap()
}

fn printed(draft: Draft) -> Sealed {
    PRESS.print(&numbered(draft), &Marks::default()).unwrap()
}

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
