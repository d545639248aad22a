//! Many documents in one.

use crate::{DAY, PRESS, complete, printed};
use documents::{Bound, Cover, PrintError};

fn cover() -> Cover {
    Cover {
        unit: "凤翔县人民检察院".into(),
        name: "公益诉讼检察卷宗".into(),
        title: "不全面履行大气污染防治监督管理职责案".into(),
        number: None,
        made_on: DAY,
    }
}

fn bound(title: &str, pdf: Vec<u8>) -> Bound {
    Bound { title: title.into(), number: None, issued_on: Some(DAY), pdf }
}

#[test]
fn a_dossier_has_all_pages_in_order_with_bookmarks_and_hashes() {
    let letter = printed(complete("suggestion/suggestion-letter", "查明属实。"));
    let sheet = printed(complete("clue/receipt", "收到。"));
    let (letter_pages, letter_hash) = (letter.pages(), letter.sha256().to_owned());
    let dossier = PRESS
        .bind(
            &cover(),
            vec![bound("检察建议书", letter.into_pdf()), bound("回执", sheet.into_pdf())],
        )
        .unwrap();
    assert_eq!(dossier.entries[0].from, 1);
    assert_eq!(dossier.entries[0].to, letter_pages);
    assert_eq!(dossier.entries[1].from, letter_pages + 1);
    assert_eq!(dossier.entries[0].sha256, letter_hash);
    let whole = lopdf::Document::load_mem(&dossier.pdf).unwrap();
    assert_eq!(whole.get_pages().len(), dossier.pages);
    assert_eq!(dossier.pages, 2 + dossier.entries[1].to);
    let contents = whole.get_toc().unwrap();
    let names: Vec<_> = contents.toc.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(names, ["公益诉讼检察卷宗", "目录", "检察建议书", "回执"]);
}

#[test]
fn what_is_no_pdf_is_named() {
    let error = PRESS.bind(&cover(), vec![bound("照片", b"JFIF".to_vec())]).unwrap_err();
    assert!(matches!(&error, PrintError::Unbindable { title, .. } if title == "照片"), "{error}");
    assert!(matches!(PRESS.bind(&cover(), vec![]), Err(PrintError::DossierSize { .. })));
}
