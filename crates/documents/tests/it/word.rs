//! The DOCX says what the PDF says, in the same order.

use crate::{PRESS, complete, numbered};
use docx_rs::read_docx;

#[test]
fn every_kind_can_be_had_as_docx_with_all_it_may_say_and_with_no_more_than_it_must() {
    for kind in PRESS.kinds() {
        let full = complete(&kind.id, "写明。");
        let mut short = full.clone();
        short.items.retain(|id, _| kind.items.iter().any(|item| item.id == *id && !item.optional));
        for draft in [full, short] {
            let docx = PRESS.docx(&numbered(draft));
            assert!(docx.is_ok(), "{}: {:?}", kind.id, docx.err());
        }
    }
}

#[test]
fn a_docx_has_the_words_of_the_pdf_in_its_order() {
    for kind in [
        "suggestion/suggestion-letter",
        "suggestion/reply-letter",
        "suggestion/upward-file",
        "clue/receipt",
    ] {
        let document =
            numbered(complete(kind, "一、小标题\n正文第一段。\n| 甲 | 乙 |\n| 丙 | 丁 |"));
        let docx = PRESS.docx(&document).unwrap();
        let json = read_docx(&docx).unwrap().json();
        let mut at = 0;
        for words in ["凤翔县人民检察院", "凤检建〔2026〕1号", "正文第一段。"] {
            let found = json[at..].find(words).unwrap_or_else(|| panic!("{kind}: no {words}"));
            at += found;
        }
    }
}
