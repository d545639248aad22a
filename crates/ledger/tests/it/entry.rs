//! Entries and their bytes.

use ledger::{
    Actor, CanonicalError, Content, ContentError, Entry, EntryError, FileHash, HouseAct, Seed,
    canonical,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{at, content, event, flipped};

#[test]
fn an_entry_comes_back_from_its_bytes() {
    let entry = Entry::Event(event(1));
    let text = entry.to_text().unwrap();
    assert_eq!(Entry::parse(text.as_bytes()).unwrap(), entry);
    let by_the_platform =
        Entry::Event(ledger::Event { actor: Actor { user: None, unit: None }, ..event(2) });
    let text = by_the_platform.to_text().unwrap();
    assert!(text.contains(r#""actor":{"unit":null,"user":null}"#));
    assert_eq!(Entry::parse(text.as_bytes()).unwrap(), by_the_platform);
}

#[test]
fn the_bytes_are_canonical_json_whatever_the_names() {
    // UTF-8 and UTF-16 sort these two names differently.
    let names = ["\u{fb33}", "\u{1f600}", "a", "汉", "\"\\"];
    let members = names.map(|name| (name.parse().unwrap(), json!(name)));
    let content = Content::new(Seed([1; 16]), members).unwrap();
    let files = [FileHash::Sm3(ledger::Hash::of(b"x")), FileHash::Sha256([2; 32])];
    let act = HouseAct {
        sequence: u32::MAX,
        actor: Actor { user: Some(canonical::INTEGER_MAX), unit: Some(-canonical::INTEGER_MAX) },
        action: "role.grant \"x\"".parse().unwrap(),
        at: at(0),
        content: content.commitments(),
        files: files.into(),
    };
    let entry = Entry::House(act);
    let text = entry.to_text().unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(canonical::to_text(&value).unwrap(), text);
    assert_eq!(Entry::parse(text.as_bytes()).unwrap(), entry);
}

#[test]
fn an_id_no_reader_keeps_is_refused() {
    let entry = Entry::Event(ledger::Event {
        actor: Actor { user: Some(i64::MAX), unit: None },
        ..event(1)
    });
    assert!(matches!(
        entry.to_text(),
        Err(EntryError::Canonical(CanonicalError::TooLarge(i64::MAX)))
    ));
}

#[test]
fn other_entries_are_refused_by_what_is_wrong_with_them() {
    let text = Entry::Event(event(1)).to_text().unwrap();
    let with = |from: &str, to: &str| Entry::parse(text.replace(from, to).as_bytes());
    assert!(matches!(with("liandong-entry/1", "liandong-entry/2"), Err(EntryError::OtherVersion)));
    assert!(matches!(with(r#""kind":"event""#, r#""kind":"gift""#), Err(EntryError::OtherKind)));
    assert!(matches!(with(r#""root":"#, r#""rood":"#), Err(EntryError::Members(_))));
    // What may be null may still not be left out: that would be a second text for one entry.
    assert!(matches!(
        with(r#""unit":3,"#, ""),
        Err(EntryError::Canonical(CanonicalError::NotCanonical { .. }))
    ));
    assert!(matches!(with(r#""unit":3,"#, r#""unit":3,"unix":1,"#), Err(EntryError::Members(_))));
    assert!(matches!(with(r#""at":1"#, r#""at":-1"#), Err(EntryError::Members(_))));
    assert!(matches!(
        with(r#""action":"serve","#, r#""action": "serve","#),
        Err(EntryError::Canonical(CanonicalError::NotCanonical { byte: 10 }))
    ));
    assert!(matches!(Entry::parse(b"[]"), Err(EntryError::NotAnObject)));
    let long = format!("\"{}\"", "x".repeat(ledger::entry::ENTRY_BYTES_MAX));
    assert!(matches!(
        Entry::parse(long.as_bytes()),
        Err(EntryError::Canonical(CanonicalError::TooLong { .. }))
    ));
}

#[test]
fn files_out_of_order_are_another_text() {
    let files = [FileHash::Sha256([1; 32]), FileHash::Sha256([2; 32])];
    let text = Entry::Event(ledger::Event { files: files.into(), ..event(1) }).to_text().unwrap();
    let (one, two) = (files[0].to_string(), files[1].to_string());
    let swapped = text.replace(&one, "…").replace(&two, &one).replace('…', &two);
    assert!(matches!(
        Entry::parse(swapped.as_bytes()),
        Err(EntryError::Canonical(CanonicalError::NotCanonical { .. }))
    ));
}

#[test]
fn content_has_limits() {
    let many = (0..257).map(|number| (format!("m{number}").parse().unwrap(), json!(number)));
    assert!(matches!(Content::new(Seed([0; 16]), many), Err(ContentError::TooMany)));
    let long = [("long".parse().unwrap(), json!("x".repeat(1 << 20)))];
    assert!(matches!(Content::new(Seed([0; 16]), long), Err(ContentError::TooLong(_))));
    let half = [("half".parse().unwrap(), json!(0.5))];
    assert!(matches!(Content::new(Seed([0; 16]), half), Err(ContentError::Value { .. })));
}

fn json_values() -> impl Strategy<Value = Value> {
    let single = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-canonical::INTEGER_MAX..=canonical::INTEGER_MAX).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    single.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_has_one_text_and_it_is_read_back(value in json_values()) {
        let text = canonical::to_text(&value).unwrap();
        prop_assert_eq!(canonical::parse(text.as_bytes(), usize::MAX).unwrap(), value);
    }

    #[test]
    fn two_values_never_share_a_commitment(one in json_values(), other in json_values()) {
        let commit = |value: &Value| {
            let members = [("m".parse().unwrap(), value.clone())];
            Content::new(Seed([3; 16]), members).unwrap().commitments()
        };
        prop_assert_eq!(commit(&one) == commit(&other), one == other);
    }

    #[test]
    fn a_flipped_bit_is_another_leaf_or_no_entry(bit: prop::sample::Index) {
        let entry = Entry::Event(event(1));
        let text = entry.to_text().unwrap();
        let changed = flipped(text.as_bytes(), bit.index(text.len() * 8));
        if let Ok(other) = Entry::parse(&changed) {
            prop_assert_ne!(other.leaf().unwrap(), entry.leaf().unwrap());
        }
    }

    #[test]
    fn a_changed_opening_never_opens(name in "informant|place|reason|urgent", bit in 0_usize..256) {
        let content = content(1);
        let mut openings = content.open(|_| true);
        prop_assert!(content.commitments().check(&openings).is_ok());
        let opening = openings.get_mut(&name.parse::<ledger::Label>().unwrap()).unwrap();
        opening.salt.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(content.commitments().check(&openings).is_err());
    }
}
