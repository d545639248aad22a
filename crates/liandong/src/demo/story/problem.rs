//! The problem itself and its repair items.

use jiff::{SignedDuration, Timestamp};
use procedure::Matter;

use super::plan::Intention::{
    AdministrativeLate, NotFiled, Partial, Rebound, Silent, Unfounded, Unreal,
};
use super::{AFTER, BEFORE, CASE, CLUE, SUGGESTION, View, day, has, owed, reached};

impl View<'_> {
    pub(super) fn problem(&mut self, problem: &Matter) {
        match problem.state.as_str() {
            "found" => self.found(problem),
            "in-repair" => self.in_repair(problem),
            "awaiting-acceptance" => self.awaiting_acceptance(problem),
            "accepted" => self.accepted(problem),
            "struck-off" => self.struck_off(problem),
            "reopened" => {
                let by = self.in_days(30);
                let at = self.later(problem, "resume", 8, 60);
                self.act(at, self.plan.owner, problem, "resume-repair", &[("repair-by", &by)]);
            }
            _ => {}
        }
        if self.plan.is_case()
            && matches!(problem.state.as_str(), "found" | "in-repair")
            && self.of(CLUE).next().is_none()
        {
            self.open_clue(problem);
        }
    }

    fn found(&mut self, problem: &Matter) {
        let plan = self.plan;
        let by =
            self.in_days(i32::try_from(self.chance("repair by").between(25, 70)).unwrap_or(40));
        if plan.intention == Unfounded {
            let at = self.later(problem, "unfounded", 72, 240);
            self.act(at, plan.finder, problem, "declare-unfounded", &[]);
            return;
        }
        let over = plan.intention == NotFiled
            && self.of(CASE).next().is_none()
            && self.of(CLUE).any(|clue| clue.ended);
        if !plan.is_case() || over {
            let at = self.later(problem, "assign", 4, 70);
            self.act(at, plan.finder, problem, "start-repair", &[("repair-by", &by)]);
            return;
        }
        // The agency begins with its plan, or at last when it stands before the court.
        let planned = self.of(SUGGESTION).find(|letter| has(letter, "plan"));
        let sued = self.of(CASE).find(|case| {
            plan.intention == Silent
                && matches!(case.state.as_str(), "first-instance" | "effective")
        });
        if let Some(moved) = planned.or(sued) {
            let at = self.after(moved.changed_at, problem, "take on", 2, 40);
            // The repair is done when it has been looked at, some weeks after the letter's own end.
            let end = owed(moved, "correction").map_or(self.today, |owed| owed.due.date());
            let weeks = i32::try_from(self.chance("repair by").between(20, 50)).unwrap_or(30);
            let by = end.max(self.today).saturating_add(jiff::Span::new().days(weeks)).to_string();
            self.act(at, plan.owner, problem, "take-on-repair", &[("repair-by", &by)]);
        }
    }

    fn in_repair(&mut self, problem: &Matter) {
        let plan = self.plan;
        if !has(problem, "progress") && self.chance("progress").percent(70) {
            let at = self.after(reached(problem, "in-repair"), problem, "progress", 96, 300);
            self.act(at, plan.owner, problem, "record-progress", &[]);
        }
        if self.items_open() {
            return;
        }
        let at = if has(problem, "rejection-reason") || has(problem, "rebound-facts") {
            self.later(problem, "ask again", 100, 320)
        } else if self.of(CASE).next().is_some() {
            let done = self.of(CASE).all(|case| case.ended || case.state == "corrected");
            let settled = self.of(CASE).all(|case| case.ended)
                || self.of(SUGGESTION).any(|letter| letter.state == "effective");
            if !done || !settled {
                return;
            }
            self.after(self.changed_at(), problem, "ask", 20, 120)
        } else if self.of(CLUE).any(|clue| !clue.ended) {
            return;
        } else {
            let Some(by) = day(problem, "repair-by") else { return };
            let end = calendar::start_of_day(by);
            let late = plan.intention == AdministrativeLate;
            let (least, most) = if late { (40, 360) } else { (-220, -24) };
            let mut chance = self.chance("ask for acceptance");
            let hours = SignedDuration::from_hours(chance.between(least, most));
            end.saturating_add(hours).unwrap_or(end).max(self.later(problem, "ask", 1, 20))
        };
        let acceptance = self.in_days(14);
        self.act(
            at,
            plan.owner,
            problem,
            "ask-acceptance",
            &[("acceptance-by", &acceptance), ("repair-photos", AFTER)],
        );
    }

    fn awaiting_acceptance(&mut self, problem: &Matter) {
        let Some(acceptor) = problem.party("acceptor").first().copied() else { return };
        if self.chance("refuse acceptance").percent(12) && !has(problem, "rejection-reason") {
            let at = self.later(problem, "refuse acceptance", 48, 160);
            let by = self.in_days(20);
            self.act(at, acceptor, problem, "refuse-acceptance", &[("repair-by", &by)]);
            return;
        }
        let at = self.later(problem, "accept", 48, 230);
        self.act(at, acceptor, problem, "accept", &[("acceptance-photos", AFTER)]);
    }

    fn accepted(&mut self, problem: &Matter) {
        let Some(acceptor) = problem.party("acceptor").first().copied() else { return };
        let open = self.of(CASE).chain(self.of(CLUE)).any(|matter| !matter.ended);
        if !open && !self.items_open() {
            let at = self.after(self.changed_at(), problem, "strike off", 10, 80);
            self.act(at, acceptor, problem, "strike-off", &[]);
        }
    }

    fn struck_off(&mut self, problem: &Matter) {
        let plan = self.plan;
        let Some(acceptor) = problem.party("acceptor").first().copied() else { return };
        if plan.intention == Rebound && !has(problem, "rebound-facts") {
            let at = self.later(problem, "rebound", 40 * 24, 90 * 24);
            self.act(at, plan.finder, problem, "report-rebound", &[("visit-photos", BEFORE)]);
            return;
        }
        let at = self.later(problem, "visit", 110 * 24, 176 * 24);
        self.act(
            at,
            acceptor,
            problem,
            "return-visit",
            &[("visit-result", "ok"), ("visit-photos", AFTER)],
        );
    }

    pub(super) fn item(&mut self, item: &Matter) {
        let repairer = item.party("repairer").first().copied().unwrap_or(self.plan.owner);
        let checker = item.party("checker").first().copied().unwrap_or(self.plan.procuratorate);
        let at = self.order(item);
        let text = self.plan.items.get(at).cloned().unwrap_or_default();
        let [_, _, _, _, before, reading] = &text;
        match item.state.as_str() {
            "planned" => {
                let at = self.later(item, "start", 10, 80);
                self.act(at, repairer, item, "start", &[("before-reading", before)]);
            }
            "in-repair" => {
                if let Some(at) = self.done_at(item, at) {
                    self.act(
                        at,
                        repairer,
                        item,
                        "report-done",
                        &[("after-photos", AFTER), ("after-reading", reading)],
                    );
                }
            }
            "reported" if self.is_looked_at() => {
                let back = has(item, "send-back-reason");
                let unreal = self.plan.intention == Unreal;
                let by = self.in_days(15);
                let visit = self.in_days(90);
                if !back && (unreal || self.chance("send back").percent(8)) {
                    let at = self.later(item, "send back", 30, 100);
                    self.act(at, checker, item, "send-back", &[("repair-by", &by)]);
                } else {
                    let at = self.later(item, "verify", 24, 110);
                    self.act(
                        at,
                        checker,
                        item,
                        "verify",
                        &[("visit-by", &visit), ("check-photos", AFTER)],
                    );
                }
            }
            "verified" if self.chance("visit item").percent(92) => {
                let end = day(item, "visit-by").map_or(item.changed_at, calendar::start_of_day);
                let early = self.chance(&format!("visit {at}")).between(24, 240);
                let at = end.saturating_sub(SignedDuration::from_hours(early)).unwrap_or(end);
                let at = at.max(self.later(item, "visit", 24, 48));
                self.act(at, checker, item, "return-visit", &[("visit-photos", AFTER)]);
            }
            _ => {}
        }
    }

    /// Its place among the items.
    fn order(&self, item: &Matter) -> usize {
        self.of(super::ITEM).position(|other| other.id == item.id).unwrap_or(0)
    }

    /// Whether the procuratorate looks at repairs now.
    fn is_looked_at(&self) -> bool {
        self.of(SUGGESTION).all(|letter| {
            letter.ended
                || matches!(letter.state.as_str(), "following-up" | "replied" | "correction-over")
        })
    }

    /// When the agency says that an item is done.
    fn done_at(&self, item: &Matter, place: usize) -> Option<Timestamp> {
        let letter = self.of(SUGGESTION).last()?;
        if has(item, "send-back-reason") {
            return if self.plan.intention != Unreal {
                Some(self.later(item, "again", 60, 160))
            } else if self.of(CASE).all(|case| case.ended || case.state == "effective") {
                Some(self.after(self.changed_at(), item, "at last", 80, 300))
            } else {
                None
            };
        }
        if letter.ended {
            return Some(self.later(item, "done", 80, 300));
        }
        if self.plan.intention == Partial && place + 1 == self.plan.items.len() && place > 0 {
            let further = calendar::start_of_day(day(letter, "further-by")?);
            let early = SignedDuration::from_hours(70);
            return Some(further.saturating_sub(early).unwrap_or(further));
        }
        let target = self.reply_at(letter)?;
        let early = self.chance(&format!("done {place}")).between(20, 120);
        let at = target.saturating_sub(SignedDuration::from_hours(early)).unwrap_or(target);
        Some(at.max(self.later(item, "done", 10, 40)))
    }
}
