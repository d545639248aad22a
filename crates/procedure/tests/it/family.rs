//! What decisions do to a family, told on a small notice to several units.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procedure::decide::{self, World};
use procedure::definition::{RoleName, Side};
use procedure::matter::{Obligation, Standing};
use procedure::{
    Actor, Command, Decision, Directory, Family, Matter, MatterId, OpenRequest, Refusal, Request,
    Rules, UnitFacts, UnitId, UserId, Why,
};

use crate::files;

/// Units 1–9 are bureaus, 11–19 procuratorates, 21 a court; the unit above ends in 0, or is none.
pub(crate) struct Units;

impl Directory for Units {
    fn unit(&self, id: UnitId) -> Option<UnitFacts> {
        let side = match id.0 {
            0..=9 => Side::Government,
            10..=19 => Side::Procuratorate,
            20..=29 => Side::Court,
            _ => return None,
        };
        let above = (id.0 % 10 != 0).then(|| UnitId(id.0 / 10 * 10));
        Some(UnitFacts { id, side, above, name: format!("单位{id}") })
    }

    fn find(&self, text: &str) -> Option<UnitId> {
        let id = UnitId(text.parse().ok()?);
        self.unit(id).map(|unit| unit.id)
    }

    fn division(&self, text: &str) -> Option<String> {
        (text == "610305").then(|| text.to_owned())
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

pub(crate) fn actor(user: i64, unit: i64, roles: &[RoleName]) -> Actor {
    let roles = roles.iter().copied().collect::<BTreeSet<_>>();
    Actor { user: UserId(user), unit: UnitId(unit), roles }
}

pub(crate) fn raw(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let mut raw = BTreeMap::<String, Vec<String>>::new();
    for (key, value) in pairs {
        raw.entry((*key).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

pub(crate) fn ids() -> impl FnMut() -> MatterId {
    let mut next = 0;
    move || {
        next += 1;
        format!("0190b6a0-0000-7000-8000-{next:012x}").parse().unwrap()
    }
}

struct Notice {
    rules: Rules,
    family: Family,
    now: Timestamp,
}

impl Notice {
    fn opened() -> Self {
        let rules = files::notice_rules();
        let now = at("2026-03-02T09:00:00");
        let world = World { rules: &rules, directory: &Units, now };
        let request = OpenRequest {
            procedure: "notice".to_owned(),
            parent: None,
            title: "渭河异味".to_owned(),
            parties: raw(&[("recipients", "2"), ("recipients", "3")]),
            input: raw(&[("words", "请核查")]),
        };
        let sender = actor(1, 1, &[RoleName::Handler]);
        let opened = decide::open(world, Family::default(), &sender, &request, &mut ids()).unwrap();
        Self { rules, family: opened.family, now }
    }

    fn world(&self) -> World<'_> {
        World { rules: &self.rules, directory: &Units, now: self.now }
    }

    fn matter(&self) -> &Matter {
        self.family.matters().next().unwrap()
    }

    fn ask(&self, who: &Actor, command: Command) -> Result<Decision, Refusal> {
        let request = Request { matter: self.matter().id.clone(), seen: None, command };
        procedure::decide(self.world(), self.family.clone(), who, &request, &mut ids())
    }

    fn act(&mut self, who: &Actor, action: &str, input: &[(&str, &str)]) -> Result<(), Refusal> {
        let command = Command::Act { action: action.to_owned(), input: raw(input) };
        self.family = self.ask(who, command)?.family;
        Ok(())
    }

    fn sent() -> Self {
        let mut notice = Self::opened();
        notice.act(&actor(1, 1, &[RoleName::Handler]), "send", &[]).unwrap();
        let approved = notice.ask(&actor(2, 1, &[RoleName::Leader]), Command::Approve).unwrap();
        notice.family = approved.family;
        notice
    }
}

#[test]
fn a_leader_approves_what_a_handler_drafted_and_never_their_own() {
    let mut notice = Notice::opened();
    let both = actor(1, 1, &[RoleName::Handler, RoleName::Leader]);
    notice.act(&both, "send", &[]).unwrap();
    assert_eq!(notice.matter().state, "draft");
    assert_eq!(notice.ask(&both, Command::Approve).unwrap_err().why, Why::FourEyes);
    let stranger = actor(9, 3, &[RoleName::Leader]);
    assert_eq!(notice.ask(&stranger, Command::Approve).unwrap_err().why, Why::Party);
    assert_eq!(notice.act(&both, "send", &[]).unwrap_err().why, Why::Awaiting);
    let leader = actor(2, 1, &[RoleName::Leader]);
    let back = Command::Return { reason: "补充依据".to_owned() };
    notice.family = notice.ask(&leader, back).unwrap().family;
    assert!(notice.matter().proposal.is_none());
}

#[test]
fn recipients_see_nothing_before_it_is_sent() {
    let notice = Notice::opened();
    assert_eq!(notice.matter().seen_by, BTreeSet::from([UnitId(1), UnitId(0)]));
    let sent = Notice::sent();
    assert!(
        sent.matter().seen_by.contains(&UnitId(2)) && sent.matter().seen_by.contains(&UnitId(3))
    );
}

#[test]
fn each_recipient_owes_its_own_answer() {
    let mut notice = Notice::sent();
    assert_eq!(notice.matter().obligations.len(), 2);
    notice
        .act(&actor(5, 2, &[RoleName::Liaison]), "answer", &[("answer-words", "无异常")])
        .unwrap();
    let met: Vec<_> =
        notice.matter().obligations.iter().map(|owed| owed.met_at.is_some()).collect();
    assert_eq!(met, [true, false]);
    let sender = actor(1, 1, &[RoleName::Handler]);
    let refusal = notice.act(&sender, "close", &[]).unwrap_err();
    assert_eq!((refusal.why, refusal.words.zh.as_str()), (Why::Condition, "仍有单位未答复"));
}

#[test]
fn a_lapse_is_recorded_once_and_an_answer_after_it_is_still_an_answer() {
    let mut notice = Notice::sent();
    // Three working days from Monday 2 March: due Thursday the 5th, over only on the 6th.
    notice.now = at("2026-03-05T23:59:59");
    assert!(
        procedure::pass_time(notice.world(), notice.family.clone(), &mut ids()).events.is_empty()
    );
    notice.now = at("2026-03-06T00:00:00");
    let passed = procedure::pass_time(notice.world(), notice.family.clone(), &mut ids());
    assert_eq!(passed.events.len(), 2);
    let again = procedure::pass_time(notice.world(), passed.family.clone(), &mut ids());
    assert!(again.events.is_empty());
    notice.family = passed.family;
    notice.act(&actor(5, 2, &[RoleName::Liaison]), "answer", &[("answer-words", "迟复")]).unwrap();
    let standing: Vec<_> = notice.matter().obligations.iter().map(Obligation::standing).collect();
    assert_eq!(standing, [Standing::MetLate, Standing::Lapsed]);
}

#[test]
fn what_ran_out_is_recorded_before_the_answer() {
    let mut notice = Notice::sent();
    notice.now = at("2026-03-09T08:00:00");
    notice.act(&actor(5, 2, &[RoleName::Liaison]), "answer", &[("answer-words", "迟复")]).unwrap();
    assert_eq!(notice.matter().obligations[0].standing(), Standing::MetLate);
}

#[test]
fn refusals_name_the_rule() {
    let mut notice = Notice::sent();
    for (who, action, why) in [
        (actor(1, 1, &[RoleName::Handler]), "answer", Why::Party),
        (actor(5, 2, &[RoleName::Handler]), "answer", Why::Role),
        (actor(1, 1, &[RoleName::Handler]), "send", Why::State),
        (actor(1, 1, &[RoleName::Handler]), "fly", Why::Unknown),
        (actor(5, 2, &[RoleName::Liaison]), "answer", Why::Fields),
    ] {
        assert_eq!(notice.act(&who, action, &[]).unwrap_err().why, why, "{action}");
    }
    let stale =
        Request { matter: notice.matter().id.clone(), seen: Some(1), command: Command::Approve };
    let leader = actor(2, 1, &[RoleName::Leader]);
    let family = notice.family.clone();
    let refusal = procedure::decide(notice.world(), family, &leader, &stale, &mut ids());
    assert_eq!(refusal.unwrap_err().why, Why::Stale);
}

#[test]
fn only_the_creditor_urges_and_once_a_day() {
    let mut notice = Notice::sent();
    let urge = || Command::Urge { obligation: 0, words: "请尽快答复".to_owned() };
    let debtor = actor(5, 2, &[RoleName::Liaison]);
    assert_eq!(notice.ask(&debtor, urge()).unwrap_err().why, Why::Party);
    let sender = actor(1, 1, &[RoleName::Handler]);
    notice.family = notice.ask(&sender, urge()).unwrap().family;
    assert_eq!(notice.ask(&sender, urge()).unwrap_err().why, Why::Condition);
}

#[test]
fn a_form_tells_every_field_at_once() {
    let rules = files::notice_rules();
    let world = World { rules: &rules, directory: &Units, now: at("2026-03-02T09:00:00") };
    let request = OpenRequest {
        procedure: "notice".to_owned(),
        parent: None,
        title: " ".to_owned(),
        parties: raw(&[("recipients", "不存在的局")]),
        input: raw(&[]),
    };
    let sender = actor(1, 1, &[RoleName::Handler]);
    let refusal =
        decide::open(world, Family::default(), &sender, &request, &mut ids()).unwrap_err();
    let fields: Vec<_> = refusal.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["title", "party.recipients", "words"]);
}
