//! The charts of the procedures that ship: everything is said, nothing lies upon anything.

use std::collections::BTreeSet;
use std::path::Path;

use super::chart::{Chart, Kind, NodeId};
use super::{Language, graph, order, place, rank, text};
use crate::definition::Procedure;
use crate::rules::{Rules, Source};

const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

fn files(folder: &Path, into: &mut Vec<(String, String)>) {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|end| end == "toml") {
            into.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn rules_of(files: &[(String, String)]) -> Rules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let codes = std::fs::read_to_string(root.join("law/codes.toml")).unwrap();
    let (law, calendar) = calendar::embedded().unwrap();
    let sources: Vec<_> = files.iter().map(|(path, text)| Source { path, text }).collect();
    Rules::read(&sources, Source { path: "law/codes.toml", text: &codes }, law, calendar).unwrap()
}

/// Every procedure of the tree.
fn shipped() -> Vec<Procedure> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../procedures"), &mut found);
    rules_of(&found).procedures().cloned().collect()
}

/// The small procedure of the tests about the schema.
fn notice() -> Procedure {
    let text = include_str!("../../tests/it/notice.toml").to_owned();
    rules_of(&[("notice.toml".to_owned(), text)]).procedure("notice").unwrap().clone()
}

fn placed(procedure: &Procedure, language: Language) -> Chart {
    let mut chart = Chart::of(procedure, language);
    rank::rank(&mut chart);
    place::place(order::candidates(&chart))
}

/// The text of an SVG, one line after the other, all white space taken out.
fn letters(svg: &str) -> String {
    let mut letters = String::new();
    for text in svg.split("<text").skip(1) {
        let text = text.split_once('>').unwrap().1.split("</text>").next().unwrap();
        letters.push_str(text);
    }
    let letters = letters.replace("&amp;", "&").replace("&quot;", "\"");
    letters.replace("&lt;", "<").replace("&gt;", ">").split_whitespace().collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_state_party_and_act_is_named() {
    for procedure in shipped() {
        for language in LANGUAGES {
            let letters = letters(&graph(&procedure, language, None));
            let names = procedure
                .states
                .iter()
                .map(|state| &state.name)
                .chain(procedure.actions.iter().map(|action| &action.name))
                .chain([&procedure.open.name]);
            for name in names {
                let name = squeezed(language.of(name));
                assert!(letters.contains(&name), "{}: {name} is missing", procedure.id);
            }
        }
    }
}

#[test]
fn every_transition_is_drawn_once_from_each_of_its_states() {
    for procedure in shipped() {
        let chart = placed(&procedure, Language::Chinese);
        let id_of = |node: NodeId| match &chart[node].kind {
            Kind::State(state) => state.id.clone(),
            Kind::Start | Kind::Label(_) | Kind::Bend => "start".to_owned(),
        };
        let mut drawn = BTreeSet::new();
        for link in chart.links() {
            let words: String = chart[link].lines.iter().map(|line| line.text.as_str()).collect();
            for source in &chart[link].sources {
                drawn.insert((id_of(*source), id_of(chart[link].target), squeezed(&words)));
            }
        }
        for action in &procedure.actions {
            for to in &action.to {
                for from in action.from.iter().filter(|from| **from != to.used) {
                    let name = squeezed(&action.name.zh);
                    let found = drawn.iter().filter(|(a, b, words)| {
                        a == from && *b == to.used && words.contains(&name)
                    });
                    assert!(found.count() > 0, "{}: {from} → {} {name}", procedure.id, to.used);
                }
            }
        }
    }
}

#[test]
fn no_box_and_no_words_lie_upon_others() {
    for procedure in shipped() {
        for language in LANGUAGES {
            let chart = placed(&procedure, language);
            let solid: Vec<NodeId> =
                chart.nodes().filter(|node| !matches!(chart[*node].kind, Kind::Bend)).collect();
            for (at, one) in solid.iter().enumerate() {
                for other in solid.iter().skip(at + 1) {
                    let (a, b) = (&chart[*one], &chart[*other]);
                    let beside = (a.x - b.x).abs() >= f64::midpoint(a.width, b.width);
                    let apart = a.y + a.height <= b.y || b.y + b.height <= a.y;
                    assert!(beside || apart, "{}: {:?} upon {:?}", procedure.id, a.kind, b.kind);
                }
            }
        }
    }
}

#[test]
fn no_wire_runs_through_a_box_or_words() {
    for procedure in shipped() {
        for language in LANGUAGES {
            let chart = placed(&procedure, language);
            for node in chart.nodes().filter(|node| !matches!(chart[*node].kind, Kind::Bend)) {
                let node = &chart[node];
                let (left, right) = (node.x - node.width / 2.0, node.x + node.width / 2.0);
                for wire in chart.wires() {
                    let wire = &chart[wire];
                    if let Some(level) = wire.level {
                        let along = wire.upper_x.min(wire.lower_x) < right
                            && wire.upper_x.max(wire.lower_x) > left;
                        let within = level > node.y && level < node.y + node.height;
                        assert!(!(along && within), "{}: {:?}", procedure.id, node.kind);
                    }
                }
                // A bend in its layer stands for the wire that passes there.
                for other in chart.layers.get(node.layer).unwrap() {
                    let other = &chart[*other];
                    let bend = matches!(other.kind, Kind::Bend) && !other.above.is_empty();
                    assert!(!bend || other.x < left - 1.0 || other.x > right + 1.0);
                }
            }
        }
    }
}

/// An upright or level stroke: where it stands, and from where to where.
type Stroke = (f64, f64, f64);

#[test]
fn no_two_links_share_a_stroke() {
    let touch = |a: Stroke, b: Stroke| (a.0 - b.0).abs() < 3.0 && a.1 < b.2 && b.1 < a.2;
    for procedure in shipped() {
        for language in LANGUAGES {
            let chart = placed(&procedure, language);
            let mut upright = Vec::new();
            let mut level = Vec::new();
            for id in chart.wires() {
                let wire = &chart[id];
                let top = chart[wire.upper].y + chart[wire.upper].height;
                let bottom = chart[wire.lower].y;
                let middle = wire.level.unwrap_or(top);
                upright.push((wire.link, (wire.upper_x, top, middle)));
                upright.push((wire.link, (wire.lower_x, middle, bottom)));
                let ends = (wire.upper_x.min(wire.lower_x), wire.upper_x.max(wire.lower_x));
                level.push((wire.link, (middle, ends.0, ends.1)));
            }
            for strokes in [upright, level] {
                for (at, (link, stroke)) in strokes.iter().enumerate() {
                    for (other, beside) in strokes.iter().skip(at + 1) {
                        assert!(
                            link == other || !touch(*stroke, *beside),
                            "{} {language:?}: {:?} and {:?} at {stroke:?} {beside:?}",
                            procedure.id,
                            chart[*link].lines.first(),
                            chart[*other].lines.first(),
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_main_path_runs_straight_down() {
    for procedure in shipped() {
        let chart = placed(&procedure, Language::Chinese);
        let path: Vec<_> = chart.main.iter().map(|node| &chart[*node]).collect();
        assert!(path.iter().all(|node| node.x == 0.0));
        assert!(path.windows(2).all(|pair| pair[0].y + pair[0].height < pair[1].y));
    }
}

#[test]
fn equal_arguments_give_equal_pictures() {
    for procedure in shipped() {
        let first = graph(&procedure, Language::Chinese, Some("closed"));
        assert_eq!(first, graph(&procedure, Language::Chinese, Some("closed")));
    }
}

#[test]
fn the_present_state_and_only_it_stands_out() {
    let notice = notice();
    let marked = graph(&notice, Language::English, Some("sent"));
    assert_eq!(marked.matches("chart-marked").count(), 1);
    assert!(marked.contains(r#"class="chart-state chart-marked" data-state="sent""#));
    assert!(marked.contains("Present state: Sent."));
    assert!(marked.contains("chart-next"));

    let unmarked = graph(&notice, Language::English, None);
    assert!(!unmarked.contains("chart-marked") && !unmarked.contains("chart-next"));
    assert_eq!(graph(&notice, Language::English, Some("no such state")), unmarked);
}

#[test]
fn ends_acts_that_stay_and_approvals_are_told_apart() {
    let svg = graph(&notice(), Language::Chinese, None);
    assert!(svg.contains(r#"class="chart-state chart-end" data-state="answered""#));
    assert!(svg.contains("· 接收单位：答复"));
    assert!(svg.contains("发送单位\u{a0}◆"));
    assert!(svg.contains("<title id=\"chart-notice-title\">通报流程图</title>"));
    assert!(svg.contains("主线：起草→已发送→已答复。"));
}

#[test]
fn the_picture_obeys_a_strict_policy_and_is_sound_xml() {
    let mut notice = notice();
    "<a & \"b\">".clone_into(&mut notice.name.zh);
    for state in &mut notice.states {
        "<i>&".clone_into(&mut state.name.zh);
    }
    let svg = graph(&notice, Language::Chinese, Some("sent"));
    for word in ["style=", "<style", "<script", " on", "<i>", "& ", "NaN", "inf"] {
        assert!(!svg.contains(word), "{word}");
    }
    assert!(svg.contains("&lt;i&gt;&amp;"));
}

#[test]
fn a_procedure_with_nothing_in_it_is_drawn_too() {
    let mut notice = notice();
    notice.states.clear();
    notice.actions.clear();
    notice.main_path.clear();
    assert!(graph(&notice, Language::Chinese, None).ends_with("</svg>\n"));
}

#[test]
fn text_breaks_where_one_may_break_it() {
    assert_eq!(text::wrap("送达立案决定书", 10.0), ["送达立案决定书"]);
    assert_eq!(
        text::wrap("收到鉴定、评估、检测结果", 7.0),
        ["收到鉴定、", "评估、检测结果"],
        "no mark begins a line"
    );
    assert_eq!(text::wrap("Serve the filing decision", 9.0), ["Serve the", "filing decision"]);
    assert_eq!(text::wrap("Incomprehensibilities", 4.0), ["Incomprehensibilities"]);
}
