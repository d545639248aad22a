//! Bad material is found when the press opens, with file, line and mend.

use crate::LAW;
use documents::{Faults, Materials, Press};

fn faults(materials: Materials) -> String {
    let Faults(faults) = Press::open(materials, &LAW).expect_err("the press opened");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_template_that_does_not_read_is_named_with_its_line() {
    let bad = b"#import \"/layout.typ\": *\n#show: letter\n#para(\"a\"\n".to_vec();
    let found = faults(Materials::builtin().with_template("general/notice.typ", bad));
    assert!(found.contains("general/notice.typ:3: unclosed delimiter"), "{found}");
}

#[test]
fn a_template_that_fails_is_found_before_the_first_document() {
    let bad = b"#import \"/layout.typ\": *\n#show: letter\n\n#nothing-of-the-kind()\n".to_vec();
    let found = faults(Materials::builtin().with_template("general/notice.typ", bad));
    assert!(found.contains("general/notice.typ:4: unknown variable"), "{found}");
}

#[test]
fn an_entry_without_template_and_an_article_of_no_instrument_are_named() {
    let entry = "[[kinds]]\nid = \"new\"\nname = { zh = \"新\", en = \"New\" }\nform = \"letter\"\nitems = []\n";
    let found = faults(Materials::builtin().with_template("office/kinds.toml", entry.into()));
    assert!(found.contains("office/new.typ: is missing"), "{found}");
    let entry = entry
        .replace("items = []", "items = [{ id = \"a\", zh = \"甲\", en = \"A\", law = \"ZZ:1\" }]");
    let found = faults(Materials::builtin().with_template("office/kinds.toml", entry.into()));
    assert!(found.contains("“ZZ:1” names no instrument"), "{found}");
}

#[test]
fn missing_and_broken_fonts_are_named() {
    let roles = b"fangsong = [\"No Such\"]\nsong = [\"Liandong Song\"]\nkai = [\"Liandong Kai\"]\nhei = [\"Liandong Hei\"]\nbanner = [\"Liandong Song\"]\n";
    let found = faults(Materials::builtin().with_template("fonts.toml", roles.to_vec()));
    assert!(found.contains("no font for fangsong"), "{found}");
    let found = faults(Materials::builtin().with_font("bad.ttf", b"not a font".to_vec()));
    assert!(found.contains("bad.ttf: is no OpenType"), "{found}");
}

#[test]
fn a_new_kind_is_a_file_and_an_entry() {
    let entry = "[[kinds]]\nid = \"new\"\nname = { zh = \"新函\", en = \"New\" }\nform = \"letter\"\nnumbered = true\naddressed = true\nitems = [{ id = \"words\", zh = \"正文\", en = \"text\" }]\n";
    let template = "#import \"/layout.typ\": *\n#show: letter\n\n#item(\"words\")\n";
    let press = Press::open(
        Materials::builtin()
            .with_template("office/kinds.toml", entry.into())
            .with_template("office/new.typ", template.into()),
        &LAW,
    )
    .unwrap();
    assert_eq!(press.kind("office/new").unwrap().name.zh, "新函");
}
