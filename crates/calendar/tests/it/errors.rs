//! Broken rule files: every mistake is named with its file, line and mend.

use calendar::{Calendar, Law, TableProblem, excluded_between};

use crate::world::day;

const INSTRUMENTS: &str = r#"
[[instrument]]
id = "J1"
name = { zh = "解释", en = "Interpretation" }
from = "2018-03-02"
verified = "V"
"#;

const GOOD: &str = r#"
[actors]
agency = { zh = "机关", en = "agency" }

[[limit]]
id = "reply"
name = { zh = "回复", en = "Reply" }
actor = "agency"
trigger = { zh = "收到", en = "receipt" }
[[limit.versions]]
from = "2018-03-02"
number = 2
unit = "month"
counting = "months"
sources = ["J1:21"]
verified = "V"
"#;

fn mistakes(limits: &str, instruments: &str) -> String {
    let errors = Law::parse(limits, instruments).expect_err("a mistake");
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One change to a good file, and the one message it earns.
fn one_mistake(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    mistakes(&GOOD.replacen(from, to, 1), INSTRUMENTS)
}

#[test]
fn the_good_file_is_good() {
    assert_eq!(Law::parse(GOOD, INSTRUMENTS).expect("good").limits().count(), 1);
}

#[test]
fn each_mistake_names_line_and_mend() {
    let all = [
        one_mistake("sources = [\"J1:21\"]", "sources = [\"J9:21\"]"),
        one_mistake("sources = [\"J1:21\"]", "sources = []"),
        one_mistake("actor = \"agency\"", "actor = \"nobody\""),
        one_mistake("en = \"Reply\"", "en = \"\""),
        one_mistake("number = 2\n", ""),
        one_mistake("number = 2", "number = 0"),
        one_mistake("number = 2", "number = -2"),
        one_mistake("unit = \"month\"", "unit = \"day\""),
        one_mistake("counting = \"months\"", "counting = \"moons\""),
        one_mistake("from = \"2018-03-02\"", "from = \"2018-02-30\""),
        one_mistake("from = \"2018-03-02\"", "from = \"2017-01-01\""),
        one_mistake("from = \"2018-03-02\"", "from = \"2018-03-02\"\nuntil = \"2018-01-01\""),
        one_mistake("id = \"reply\"", "id = \"Reply Now\""),
        one_mistake("id = \"reply\"", "id = \"reply\"\nbefore = \"pilot\""),
        one_mistake("verified = \"V\"", "verified = \"sure\""),
        one_mistake("trigger =", "triger ="),
        one_mistake("[[limit]]", "[[limits]]"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let twice = format!("{GOOD}\n{}", &GOOD[GOOD.find("[[limit]]").expect("a limit")..])
        .replace("number = 2", "number = 0");
    let text = mistakes(&twice, "[[instrument]]\nid = \"J1\"\n");
    insta::assert_snapshot!(text);
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    insta::assert_snapshot!(mistakes("[actors]\na = \n", INSTRUMENTS));
}

#[test]
fn overlapping_versions_are_refused() {
    let version = &GOOD[GOOD.find("[[limit.versions]]").expect("a version")..];
    insta::assert_snapshot!(mistakes(&format!("{GOOD}{version}"), INSTRUMENTS));
}

#[test]
fn each_mistake_in_a_table_names_line_and_mend() {
    let broken = [
        "",
        "day,kind,name\n",
        "date,kind,name\n",
        "date,kind,name\n2027-01-01,holiday\n",
        "date,kind,name\n2027-13-01,holiday,元旦\n",
        "date,kind,name\n20270101,holiday,元旦\n",
        "date,kind,name\n2027-01-01,feast,元旦\n",
        "date,kind,name\n2027-01-01,holiday,元旦\n\n2027-01-01,holiday,元旦\n",
        "date,kind,name\n2027-01-04,makeup-workday,元旦\n",
        "date,kind,name\n0027-01-01,holiday,元旦\n",
    ];
    let told: Vec<String> = broken
        .iter()
        .map(|text| Calendar::parse(text, "2027.csv").expect_err("broken").to_string())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_table_from_a_spreadsheet_is_read() {
    let table = "\u{feff}date,kind,name,weekday\r\n2027-01-01,holiday,元旦,五\r\n";
    assert!(Calendar::parse(table, "2027.csv").expect("a table").has_year(2027));
    let error = Calendar::parse("a,b,c", "x.csv").expect_err("no header");
    assert_eq!(error.problem, TableProblem::Header);
}

#[test]
fn excluded_time_runs_forward() {
    assert!(excluded_between(day("2026-03-02"), day("2026-03-01")).is_err());
    assert_eq!(excluded_between(day("2026-03-02"), day("2026-03-02")), Ok(None));
    let expected = Some((day("2026-03-03"), day("2026-03-04")));
    assert_eq!(excluded_between(day("2026-03-02"), day("2026-03-04")), Ok(expected));
}
