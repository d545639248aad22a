//! Texts that mean no good print as they stand, or are refused with a reason.

use crate::{DAY, PRESS, complete, numbered, printed};
use documents::{Block, DRAFT_CHARACTERS_MAX, Draft, Marks, PrintError, Refused, Text};
use std::time::Duration;

const COMMANDS: &str = "#panic(\"x\") #read(\"/etc/passwd\") $ x^2 $ *粗* _斜_ `码` = 标题 #{ while true {} } \\u{41} <part> @part // 注 /* 注 */ [方] ]";

#[test]
fn what_looks_like_markup_prints_as_it_stands_in_every_field() {
    let mut draft = complete("general/notice", COMMANDS);
    draft.issuer = "#panic()局".into();
    draft.title = Some("关于#panic()的*通知*".into());
    draft.to = vec!["$ x $".into()];
    draft.copies = vec!["`抄送`".into()];
    draft.annexes = vec!["#read(\"a\")".into()];
    draft.note = Some("= 附注".into());
    draft.printed_by = Some("#{}".into());
    draft.secrecy = Some("_密_".into());
    draft.items.insert(
        "text".into(),
        Text::parse(&format!("{COMMANDS}\n| #a | $b$ |\n| *c* | _d_ |")).unwrap(),
    );
    let sealed = printed(draft);
    let words: String = sealed
        .layout()
        .pages
        .iter()
        .flat_map(|page| &page.lines)
        .map(|line| line.text.as_str())
        .collect::<String>()
        .replace(' ', "");
    for kept in ["#panic(\"x\")", "#read(\"/etc/passwd\")", "*粗*", "`码`", "$x$", "*通知*", "*c*"]
    {
        assert!(words.contains(kept), "{kept} in {words}");
    }
}

#[test]
fn too_much_is_refused_before_anything_is_set() {
    let mut draft = complete("suggestion/suggestion-letter", "写明。");
    let long = Text::parse(&"长".repeat(29_000)).unwrap();
    for item in ["harm-facts", "non-performance-facts", "demands"] {
        draft.items.insert(item.into(), long.clone());
    }
    let refused = PRESS.number(draft, None, DAY).unwrap_err();
    assert!(matches!(refused, Refused::TooLong { most: DRAFT_CHARACTERS_MAX, .. }), "{refused:?}");
    let mut draft = complete("suggestion/suggestion-letter", "写明。");
    draft.title = Some("长".repeat(2_000));
    assert_eq!(PRESS.number(draft, None, DAY).unwrap_err(), Refused::NotALine("title"));
}

#[test]
fn a_character_no_font_has_is_named() {
    let draft = complete("suggestion/suggestion-letter", "甲𠀀乙");
    assert_eq!(PRESS.number(draft, None, DAY), Err(Refused::NoGlyph(vec!['𠀀'])));
}

#[test]
fn a_word_without_end_stays_on_the_paper() {
    let sealed = printed(complete("general/notice", &"a".repeat(3_000)));
    for line in sealed.layout().pages.iter().flat_map(|page| &page.lines) {
        assert!(line.right_mm <= 184.5, "{} mm: {}", line.right_mm, line.text);
    }
}

#[test]
fn who_waits_too_short_is_told_and_the_press_goes_on() {
    let document = numbered(complete("suggestion/suggestion-letter", "写明。"));
    let late = PRESS.print_within(document.clone(), Marks::default(), Duration::ZERO);
    assert!(matches!(late, Err(PrintError::TimedOut { wait_ms: 0 })), "{late:?}");
    let done = PRESS.print_within(document, Marks::default(), Duration::from_secs(120));
    assert!(done.is_ok(), "{done:?}");
}

#[test]
fn a_draft_comes_from_json_only_in_its_notation() {
    let draft = complete("general/notice", "一、标题\n正文。\n| 甲 | 乙 |\n| 丙 | 丁 |");
    let json = serde_json::to_string(&draft).unwrap();
    let back: Draft = serde_json::from_str(&json).unwrap();
    assert_eq!(back, draft);
    assert!(matches!(back.items["text"].blocks()[2], Block::Table { .. }));
    let wrong = json.replace("正文。", "正\u{202e}文。");
    assert!(serde_json::from_str::<Draft>(&wrong).is_err());
}
