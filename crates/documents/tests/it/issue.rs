//! What stops a document from going out, and what the bytes are once it may.

use crate::{DAY, PRESS, complete, numbered, printed};
use documents::{Draft, Marks, Refused, VerificationCode};
use serde::Deserialize;

#[test]
fn a_suggestion_without_a_time_limit_names_it_and_its_article() {
    let mut draft = complete("suggestion/suggestion-letter", "查明属实。");
    draft.items.remove("correction-until");
    let number = "凤检建〔2026〕1号".parse().unwrap();
    let Err(Refused::Missing(missing)) = PRESS.number(draft, Some(number), DAY) else {
        panic!("it was numbered");
    };
    let sentences: Vec<_> = missing.iter().map(documents::Missing::sentence).collect();
    assert_eq!(sentences.len(), 1);
    assert_eq!(sentences[0].zh, "缺少“整改期限”（《人民检察院公益诉讼办案规则》第七十五条）");
    assert_eq!(
        sentences[0].en,
        "“by when to correct” is missing (Public-Interest Case Handling Rules, art. 75)"
    );
}

#[test]
fn every_item_that_is_not_optional_stops_every_kind() {
    for kind in PRESS.kinds() {
        for item in kind.items.iter().filter(|item| !item.optional) {
            let mut draft = complete(&kind.id, "写明。");
            draft.items.remove(&item.id);
            for other in &item.unless {
                draft.items.remove(other);
            }
            assert!(
                PRESS.missing(&draft).iter().any(|missing| missing.item == item.id),
                "{}: {} may be left out",
                kind.id,
                item.id
            );
        }
        assert!(PRESS.missing(&complete(&kind.id, "写明。")).is_empty(), "{}", kind.id);
    }
}

#[derive(Deserialize)]
struct ProcedureDocuments {
    id: String,
    #[serde(default)]
    documents: Vec<ProcedureDocument>,
}

#[derive(Deserialize)]
struct ProcedureDocument {
    id: String,
}

#[test]
fn every_document_a_procedure_makes_has_its_kind() {
    let mut found = 0;
    for chapter in std::fs::read_dir(crate::repository("procedures")).unwrap() {
        let chapter = chapter.unwrap().path();
        for file in std::fs::read_dir(&chapter).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let procedure: ProcedureDocuments =
                toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            for document in procedure.documents {
                let kind = format!("{}/{}", procedure.id, document.id);
                assert!(PRESS.kind(&kind).is_some(), "no kind {kind}");
                found += 1;
            }
        }
    }
    assert!(found > 0);
}

#[test]
fn head_and_number_are_asked_for_by_the_standard() {
    let draft = Draft::new("suggestion/upward-file", "凤翔县人民检察院");
    let missing: Vec<_> = PRESS.missing(&draft).into_iter().map(|missing| missing.item).collect();
    assert!(missing.starts_with(&["to".into(), "signer".into()]), "{missing:?}");
    let draft = complete("suggestion/suggestion-letter", "写明。");
    let Err(Refused::Missing(missing)) = PRESS.number(draft, None, DAY) else {
        panic!("it was numbered");
    };
    assert_eq!(missing[0].item, "number");
}

#[test]
fn a_kind_without_number_takes_none_and_an_unknown_item_is_refused() {
    let mut draft = complete("suggestion/return-of-service", "写明。");
    let number = "凤检建〔2026〕1号".parse().unwrap();
    assert_eq!(PRESS.number(draft.clone(), Some(number), DAY), Err(Refused::NotNumbered));
    let text = draft.items["document"].clone();
    draft.items.insert("nothing-of-the-kind".into(), text);
    assert_eq!(PRESS.number(draft, None, DAY), Err(Refused::NoItem("nothing-of-the-kind".into())));
}

#[test]
fn the_same_document_is_the_same_bytes_and_another_word_is_not() {
    let once = printed(complete("suggestion/suggestion-letter", "查明属实。"));
    let again = printed(complete("suggestion/suggestion-letter", "查明属实。"));
    let other = printed(complete("suggestion/suggestion-letter", "查明不实。"));
    assert_eq!(once.sha256(), again.sha256());
    assert_eq!(once.pdf(), again.pdf());
    assert_ne!(once.sha256(), other.sha256());
}

#[test]
fn every_kind_prints_as_pdf_a_with_its_code_and_its_seal() {
    let seal = std::fs::read(crate::repository("crates/documents/samples/seal.png")).unwrap();
    let marks = Marks {
        code: Some(VerificationCode {
            address: "https://liandong.example.cn/v/8F2K-91QM".into(),
            words: "核验码：8F2K-91QM".into(),
        }),
        seal_png: Some(seal),
    };
    let kinds: Vec<_> = PRESS.kinds().map(|kind| kind.id.clone()).collect();
    for kind in kinds {
        let sealed = PRESS.print(&numbered(complete(&kind, "查明属实。")), &marks).unwrap();
        let pdf = lopdf::Document::load_mem(sealed.pdf()).unwrap();
        assert_eq!(pdf.get_pages().len(), sealed.pages(), "{kind}");
        let raw = String::from_utf8_lossy(sealed.pdf());
        assert!(raw.contains("<pdfaid:part>2</pdfaid:part>"), "{kind} is not PDF/A-2");
        assert!(pdf.catalog().unwrap().has(b"Outlines"), "{kind} has no outline");
    }
}

#[test]
fn a_draft_shows_that_it_is_one_and_that_it_has_no_number() {
    let mut draft = Draft::new("suggestion/suggestion-letter", "凤翔县人民检察院");
    draft.pattern = Some("凤检建〔{year}〕{number}号".parse().unwrap());
    let preview = PRESS.preview(&draft).unwrap();
    let lines: Vec<_> = preview.layout().pages[0].lines.iter().map(|line| &line.text).collect();
    assert!(lines.iter().any(|line| line.contains("凤检建〔　　〕　号")), "{lines:?}");
}
