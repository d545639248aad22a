//! Every name of the province prints.

use crate::{PRESS, complete, repository};
use std::collections::BTreeSet;

#[test]
fn every_character_of_divisions_and_units_has_a_glyph() {
    let mut characters: BTreeSet<char> = "鄠邑区浐河㛃".chars().collect();
    for file in [
        "data/divisions/shaanxi_divisions.csv",
        "data/divisions/divisions_china.csv",
        "data/units/units.csv",
        "data/demo/units.csv",
    ] {
        characters.extend(std::fs::read_to_string(repository(file)).unwrap().chars());
    }
    let words: String =
        characters.into_iter().filter(|character| !character.is_control()).collect();
    let draft = complete("general/notice", &words.replace('|', ""));
    let preview = PRESS.preview(&draft);
    assert!(preview.is_ok(), "{:?}", preview.err());
}

#[test]
fn the_fonts_are_small_and_have_their_licences_beside_them() {
    let mut bytes = 0;
    for entry in std::fs::read_dir(repository("fonts")).unwrap() {
        bytes += entry.unwrap().metadata().unwrap().len();
    }
    assert!(bytes <= 20 * 1024 * 1024, "{bytes} bytes of fonts");
    for licence in ["LICENSE-Noto-CJK", "LICENSE-LXGW-WenKai"] {
        let words = std::fs::read_to_string(repository("fonts").join(licence)).unwrap();
        assert!(words.contains("SIL OPEN FONT LICENSE") || words.contains("OFL"), "{licence}");
    }
}
