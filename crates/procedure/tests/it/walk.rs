//! Random walks: whatever people do in whatever order, no matter gets stuck, nothing contradicts
//! itself, and the events alone give the same family again. What is walked and what is checked stands
//! in `procedure::walk`; the tests of the store do such walks again on both databases.

use std::collections::BTreeSet;

use procedure::walk::{Scene, Walked, walk};
use procedure::{Rules, UnitId, What};

use crate::family::{Units, at};
use crate::files;

/// Walks about each procedure on every run.
const WALKS: u64 = 1_000;

fn units() -> Vec<UnitId> {
    (1..=9).chain(11..=19).chain([21]).map(UnitId).collect()
}

fn file() -> String {
    format!("{}|12|照片.jpg", "a".repeat(64))
}

/// Any of many days between 2016 and 2026, so that every version of a limit is met; the same for the
/// same walk.
fn scene<'a>(rules: &'a Rules, units: &'a [UnitId], file: &'a str, seed: u64) -> Scene<'a> {
    let days = i64::try_from(seed * 37 % 3_900).unwrap();
    let begins = at("2016-01-04T09:00:00") + jiff::SignedDuration::from_hours(24 * days);
    Scene { rules, directory: &Units, units, division: "610305", file, begins }
}

/// Walks a thousand times about a procedure; every state must be come to and every action done on some
/// walk, by somebody or by the platform itself, save the actions that stories tell because no walk waits
/// for them.
fn walks(about: &str, never: &[&str]) {
    let (rules, units, file) = (files::rules(), units(), file());
    let (mut states, mut acts) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..WALKS {
        let walked = walk(scene(&rules, &units, &file, seed), about, seed);
        let walked = walked.unwrap_or_else(|astray| panic!("{astray}"));
        note(&walked, &mut states, &mut acts);
    }
    let procedure = rules.procedure(about).unwrap();
    let missed = procedure.states.iter().map(|state| &state.id).filter(|id| !states.contains(*id));
    let missed: Vec<_> = missed.collect();
    assert!(missed.is_empty(), "no walk about `{about}` came to {missed:?}");
    let undone = procedure.actions.iter().map(|action| &action.id);
    let undone: Vec<_> = undone.filter(|id| !acts.contains(*id)).collect();
    assert_eq!(undone, never, "what no walk about `{about}` did");
}

/// Notes the states its matters came to and what was done in them.
fn note(walked: &Walked, states: &mut BTreeSet<String>, acts: &mut BTreeSet<String>) {
    for (id, event) in walked.steps.iter().flat_map(|step| &step.events) {
        if walked.family.get(id).is_none_or(|matter| matter.procedure != walked.about) {
            continue;
        }
        match &event.what {
            What::Opened(opening) => drop(states.insert(opening.state.clone())),
            What::Acted(act) => {
                states.insert(act.to.clone());
                acts.insert(act.action.clone());
            }
            _ => {}
        }
    }
}

/// A test for each procedure, and one that none was forgotten.
macro_rules! thousand_walks {
    ($($name:ident => $about:literal $(save $($never:literal),*)?;)*) => {
        $(
            #[test]
            fn $name() {
                walks($about, &[$($($never),*)?]);
            }
        )*

        #[test]
        fn there_are_walks_about_every_procedure() {
            let rules = files::rules();
            let ids: Vec<_> = rules.procedures().map(|procedure| procedure.id.as_str()).collect();
            assert_eq!(ids, [$($about),*], "a new procedure needs walks of its own");
        }
    };
}

thousand_walks! {
    a_thousand_walks_about_cases => "administrative-public-interest-case";
    a_thousand_walks_about_notices => "bulletin";
    a_thousand_walks_about_campaigns => "campaign";
    a_thousand_walks_about_campaign_tasks => "campaign-task";
    a_thousand_walks_about_civil_cases => "civil-public-interest-case";
    a_thousand_walks_about_clues => "clue";
    a_thousand_walks_about_consultations => "consultation";
    a_thousand_walks_about_items_in_custody => "custody-item";
    a_thousand_walks_about_compensations => "damage-compensation";
    a_thousand_walks_about_emergencies => "emergency";
    a_thousand_walks_about_evidence_requests => "evidence-request";
    a_thousand_walks_about_guidance_from_above => "guidance";
    a_thousand_walks_about_hearings => "hearing";
    a_thousand_walks_about_joint_meetings => "joint-meeting";
    a_thousand_walks_about_reverse_referrals => "non-prosecution-penalty";
    a_thousand_walks_about_pre_suit_notices => "pre-suit-notice";
    a_thousand_walks_about_problems => "problem";
    a_thousand_walks_about_opinions_to_transfer => "procuratorial-opinion-transfer";
    a_thousand_walks_about_repair_items => "repair-item";
    a_thousand_walks_about_reports => "report";
    a_thousand_walks_about_resolutions => "resolution";
    a_thousand_walks_about_suggestions => "suggestion";
    // Three months must pass in one state, among thirty others, after the filing was ordered.
    a_thousand_walks_about_transfers_to_the_police => "suspected-crime-transfer" save "urge-investigation", "answer-urging";
    a_thousand_walks_about_work_proposals => "work-proposal";
}

#[test]
fn a_walk_can_be_walked_again() {
    let (rules, units, file) = (files::rules(), units(), file());
    let scene = scene(&rules, &units, &file, 7);
    let [first, again] = [(); 2].map(|()| walk(scene, "problem", 7).unwrap());
    assert_eq!(first.trail(), again.trail());
    assert_eq!(first.family, again.family);
    let later = scene.begins + jiff::SignedDuration::from_hours(24 * 2_000);
    let rested = first.rest(scene, later).unwrap();
    assert_eq!(rested.ended_at, later);
    let overdue = rested.family.matters().flat_map(|matter| &matter.obligations);
    assert!(overdue.filter(|owed| owed.is_running()).all(|owed| !owed.due.is_over(later)));
}

#[test]
fn a_dead_end_is_told_with_what_led_there() {
    // Nobody may answer what was sent, and nobody may close it.
    let text = files::NOTICE.replace("not running(answer)", "not has(words)").replace(
        "input = [\"answer-words\"]",
        "input = [\"answer-words\"]\nguards = [{ must = \"not has(words)\", refusal = { zh = \"已答复\", \
         en = \"answered\" } }]",
    );
    let rules = files::read(&[("notice.toml".to_owned(), text)]).unwrap();
    let (units, file) = (units(), file());
    let astray = walk(scene(&rules, &units, &file, 5), "notice", 5).unwrap_err();
    assert_eq!(astray.what, "nobody can act any more");
    let told = astray.to_string();
    for words in
        ["walk 5 about `notice`", "notice sent ended=false", "approve in draft by", "answered"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let nowhere = walk(scene(&rules, &units, &file, 5), "letter", 5).unwrap_err();
    assert_eq!(nowhere.what, "there is no such procedure");
}
