//! GB/T 9704—2012, measured on the finished pages: by the layout, and from the PDF by poppler.

use crate::{PRESS, complete, printed};
use documents::{Sealed, Text};
use std::process::Command;

/// How far a measure may be off; the standard allows the margins a millimetre.
const NEAR_MM: f64 = 0.3;

fn near(found: f64, wanted: f64, what: &str) {
    assert!((found - wanted).abs() <= NEAR_MM, "{what}: {found:.2} mm, not {wanted} mm");
}

/// A letter long enough for some pages of nothing but text.
fn long(kind: &str) -> Sealed {
    let item = PRESS.kind(kind).unwrap().items[0].id.clone();
    let mut draft = complete(kind, "写明。");
    let words = "依法全面履行职责保护国家利益和社会公共利益".repeat(80);
    draft.items.insert(item, Text::parse(&words).unwrap());
    printed(draft)
}

/// The lines within the printed area.
fn area(sealed: &Sealed, page: usize) -> Vec<documents::Line> {
    sealed.layout().pages[page]
        .lines
        .iter()
        .filter(|line| line.base_mm > 37.0 && line.base_mm < 262.5)
        .cloned()
        .collect()
}

#[test]
fn a_page_has_22_lines_of_28_characters_within_the_margins() {
    let sealed = long("general/notice");
    let lines = area(&sealed, 1);
    assert_eq!(lines.len(), 22);
    for line in &lines {
        assert_eq!(line.text.chars().count(), 28, "{}", line.text);
        near(line.left_mm, 28.0, "left margin");
        near(line.right_mm, 28.0 + 156.0, "right edge");
        assert!((line.size_pt - 16.0).abs() < 0.01);
    }
    // From the top of the first character to the foot of the last: 225 mm from 37 mm.
    let pt = 25.4 / 72.0;
    near(lines[0].base_mm - 0.88 * 16.0 * pt, 37.0, "top margin");
    near(lines[21].base_mm + 0.12 * 16.0 * pt, 37.0 + 225.0, "foot of the printed area");
}

#[test]
fn the_red_rule_is_4_mm_under_the_number_and_as_wide_as_the_text() {
    let sealed = printed(complete("general/notice", "写明。"));
    let page = &sealed.layout().pages[0];
    let rule = page.rules.iter().find(|rule| rule.weight_mm > 0.6).unwrap();
    let number = page.lines.iter().find(|line| line.text.contains('〔')).unwrap();
    near(rule.left_mm, 28.0, "left end of the red rule");
    near(rule.length_mm, 156.0, "length of the red rule");
    let foot = number.base_mm + 0.12 * 16.0 * 25.4 / 72.0;
    near(rule.middle_mm - foot, 4.0, "from number to red rule");
    let head = page.lines.iter().find(|line| line.text.ends_with("文件")).unwrap();
    assert!(head.base_mm > 37.0 + 35.0, "the head begins 35 mm under the printed area's top");
}

#[test]
fn a_letter_has_two_pairs_of_rules_of_170_mm_and_no_number_on_its_first_page() {
    let sealed = printed(complete("suggestion/reply-letter", "写明。"));
    let page = &sealed.layout().pages[0];
    let pairs: Vec<_> = page.rules.iter().filter(|rule| rule.length_mm > 160.0).collect();
    assert_eq!(pairs.len(), 4);
    for rule in &pairs {
        near(rule.length_mm, 170.0, "length");
        near(rule.left_mm, 20.0, "centred");
    }
    assert!(pairs[0].weight_mm > pairs[1].weight_mm, "above: thick over thin");
    assert!(pairs[2].weight_mm < pairs[3].weight_mm, "below: thin over thick");
    near(pairs[3].middle_mm, 297.0 - 20.0, "the lower pair is 20 mm from the edge");
    assert!(!page.lines.iter().any(|line| line.text.starts_with('—')));
}

#[test]
fn page_numbers_stand_outside_one_character_in() {
    let sealed = long("general/notice");
    let of = |page: usize| {
        let lines = &sealed.layout().pages[page].lines;
        lines.iter().find(|line| line.text == format!("— {} —", page + 1)).unwrap()
    };
    let em = 14.0 * 25.4 / 72.0;
    near(of(0).right_mm, 28.0 + 156.0 - em, "odd pages: right");
    near(of(1).left_mm, 28.0 + em, "even pages: left");
    assert!(of(0).base_mm > 262.0 + 5.0 && of(0).base_mm < 262.0 + 10.0, "{}", of(0).base_mm);
}

#[test]
fn the_imprint_is_at_the_foot_of_an_even_last_page() {
    let mut draft = complete("general/notice", "写明。");
    draft.copies = vec!["县委办公室".into(), "县人大常委会办公室".into()];
    draft.printed_by = Some("凤翔县人民政府办公室".into());
    let sealed = printed(draft);
    assert_eq!(sealed.pages() % 2, 0);
    let rules = &sealed.layout().pages.last().unwrap().rules;
    let weights: Vec<f64> =
        rules.iter().map(|rule| (rule.weight_mm * 100.0).round() / 100.0).collect();
    assert_eq!(weights, [0.35, 0.25, 0.35]);
    near(rules[2].middle_mm, 262.0, "the last rule closes the printed area");
    assert!(rules.iter().all(|rule| (rule.length_mm - 156.0).abs() < NEAR_MM));
}

#[test]
fn levels_have_their_typefaces_and_a_signature_never_stands_alone() {
    let sealed = long("general/notice");
    let last = sealed.layout().pages.last().unwrap();
    let signed = last.lines.iter().position(|line| line.text == "凤翔县人民检察院").unwrap();
    assert!(signed > 0, "text stands over the signature");
    // The date follows the name on the next line, without leading zeros.
    assert_eq!(last.lines[signed + 1].text, "2026年3月2日");
}

/// The PDF itself, read by another program.
#[test]
fn poppler_reads_the_text_and_finds_it_where_it_should_be() {
    let folder = std::env::temp_dir().join(format!("liandong-paper-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("letter.pdf");
    std::fs::write(&file, long("general/notice").pdf()).unwrap();
    let output = Command::new("pdftotext")
        .args(["-bbox-layout", "-f", "2", "-l", "2"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext is needed: apt-get install poppler-utils (`cargo xtask test` does it)");
    let xml = String::from_utf8(output.stdout).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let lines: Vec<(f64, f64)> = xml
        .lines()
        .filter(|line| line.trim_start().starts_with("<line "))
        .map(|line| (attribute(line, "xMin"), attribute(line, "xMax")))
        .filter(|(left, right)| right - left > 400.0)
        .collect();
    let pt = 25.4 / 72.0;
    assert_eq!(lines.len(), 22);
    for (left, right) in lines {
        near(left * pt, 28.0, "left margin in the PDF");
        near(right * pt, 184.0, "right edge in the PDF");
    }
    assert!(xml.contains('依'), "Chinese text is readable");
}

fn attribute(line: &str, name: &str) -> f64 {
    let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}
