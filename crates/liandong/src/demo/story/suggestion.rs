//! The suggestion: drafting, service, correction, reply, follow-up.

use jiff::{SignedDuration, Timestamp};
use procedure::Matter;
use procedure::matter::{Obligation, Standing};

use super::plan::Intention::{
    Amended, Disputed, Late, Silent, Suspended, Unreal, Urgent, Withdrawn,
};
use super::{BEFORE, Deed, ITEM, View, What, has, owed, reached};

impl View<'_> {
    pub(super) fn suggestion(&mut self, letter: &Matter) {
        let pros = self.plan.procuratorate;
        match letter.state.as_str() {
            "drafting" => {
                let at = self.later(letter, "issue", 16, 100);
                let urgent = self.plan.intention == Urgent;
                let since = calendar::local_date(self.plan.starts_at).to_string();
                let mut given = vec![("conduct-since", since.as_str())];
                given.extend(urgent.then_some(URGENT).into_iter().flatten());
                self.act(at, pros, letter, "issue", &given);
            }
            "awaiting-service" => self.awaiting_service(letter),
            "served" => self.served(letter),
            "in-correction" => self.in_correction(letter),
            "objection-review" => self.objection(letter),
            "suspension-asked" => {
                let at = self.later(letter, "suspend", 40, 140);
                self.act(
                    at,
                    pros,
                    letter,
                    "suspend",
                    &[("obstacle", "procedure"), ("not-idle", "true")],
                );
            }
            "suspended" => {
                let begun = reached(letter, "suspended");
                let at = self.after(begun, letter, "resume", 30 * 24, 55 * 24);
                self.act(at, pros, letter, "resume", &[]);
                self.reply(letter, "reply-again");
            }
            "replied" => {
                let at = self.later(letter, "follow up", 40, 190);
                self.act(at, pros, letter, "begin-follow-up", &[]);
            }
            "following-up" => self.follow_up(letter),
            "correction-over" => self.correction_over(letter),
            _ => {}
        }
        self.file_upward(letter);
    }

    fn awaiting_service(&mut self, letter: &Matter) {
        let pros = self.plan.procuratorate;
        let at = self.later(letter, "serve", 2, 44);
        if self.chance("announce").percent(14) || has(letter, "served-on") {
            self.act(at, pros, letter, "announce", &[("recipient-agreed", "true")]);
        } else {
            self.act(at, pros, letter, "serve-directly", &[]);
        }
    }

    fn served(&mut self, letter: &Matter) {
        let plan = self.plan;
        if self.chance("leave").percent(8) {
            let at = self.later(letter, "leave", 90, 150);
            let given = [("refusal-kind", "not-acknowledged"), ("service-proof", BEFORE)];
            self.act(at, plan.procuratorate, letter, "leave", &given);
        } else {
            let at = self.later(letter, "acknowledge", 2, 44);
            self.act(at, plan.owner, letter, "acknowledge", &[]);
        }
    }

    fn file_upward(&mut self, letter: &Matter) {
        let Some(filing) = owed(letter, "file-upward").filter(|owed| owed.is_open()) else {
            return;
        };
        let begun = reached(letter, "in-correction");
        let late = self.chance("file late").percent(8);
        let (least, most) = if late { (130, 200) } else { (6, 100) };
        let question = format!("file upward {}", filing.number);
        let at = self.after(begun, letter, &question, least, most);
        self.act(at, self.plan.procuratorate, letter, "file-upward", &[]);
    }

    fn in_correction(&mut self, letter: &Matter) {
        let plan = self.plan;
        let owner = plan.owner;
        let Some(reply) = owed(letter, "reply") else { return };
        let begun = reply.trigger.date();
        let begun = calendar::start_of_day(begun).max(reached(letter, "in-correction"));
        if !has(letter, "handling-person") {
            let at = self.later(letter, "register", 3, 40);
            self.act(at, owner, letter, "register", &[]);
        }
        let objects = matches!(plan.intention, Disputed | Amended | Withdrawn);
        let may_object = owed(letter, "objection").is_some_and(Obligation::is_running);
        if objects && may_object && !has(letter, "objection") {
            let at = self.after(begun, letter, "object", 70, 220);
            self.act(at, owner, letter, "object", &[]);
            return;
        }
        if reply.standing() == Standing::Lapsed && reply.urged_at.is_none() {
            let at = self.after(reply.ends_at(), letter, "urge", 20, 90);
            let what = What::Urge { matter: letter.id.clone(), obligation: reply.number };
            self.deeds.push(Deed { not_before: at, unit: plan.procuratorate, what });
        }
        if plan.intention == Silent {
            return;
        }
        if !has(letter, "plan") {
            let at = self.later(letter, "plan", 70, 210);
            self.act(at, owner, letter, "make-plan", &[]);
            return;
        }
        self.add_item(letter);
        if plan.intention == Suspended && !has(letter, "obstacle") {
            let at = self.after(begun, letter, "obstacle", 16 * 24, 28 * 24);
            let given = [("obstacle", "procedure")];
            self.act(at, owner, letter, "ask-suspension", &given);
        }
        self.reply(letter, "reply");
    }

    /// The next repair item of the plan, unless all are there.
    fn add_item(&mut self, letter: &Matter) {
        let count = self.of(ITEM).count();
        let Some(item) = self.plan.items.get(count).cloned() else { return };
        let [what, measure, check, _, before, _] = item;
        let at = self.later(letter, "item", 1, 20);
        let target = self.reply_at(letter).map(calendar::local_date);
        let by = target.filter(|day| *day > self.today);
        let by = by.map_or_else(|| self.in_days(20), |day| day.to_string());
        let place = self.plan.names.get("place").cloned().unwrap_or_default();
        let person = self.plan.names.get("handler").cloned().unwrap_or_default();
        self.act(
            at,
            self.plan.owner,
            letter,
            "add-repair-item",
            &[
                ("item-what", &what),
                ("item-where", &place),
                ("item-measure", &measure),
                ("item-by", &by),
                ("item-check", &check),
                ("item-person", &person),
                ("item-reading", &before),
                ("item-photos", BEFORE),
            ],
        );
    }

    /// When the agency means to reply; none when it does not.
    pub(super) fn reply_at(&self, letter: &Matter) -> Option<Timestamp> {
        let reply = owed(letter, "reply")?;
        let mut chance = self.chance("reply");
        let hours = match self.plan.intention {
            Silent => return None,
            Late => chance.between(2 * 24, 17 * 24),
            Urgent => -chance.between(16, 80),
            _ => -chance.between(4 * 24, 17 * 24),
        };
        let end = reply.ends_at();
        Some(end.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(end))
    }

    /// The reply, when its time has come and what it says can be said.
    fn reply(&mut self, letter: &Matter, action: &'static str) {
        let Some(reply) = owed(letter, "reply") else { return };
        let Some(target) = self.reply_at(letter).filter(|_| self.can(letter, action)) else {
            return;
        };
        let again = has(letter, "reply-kind");
        let further = owed(letter, "further-reply").is_some_and(Obligation::is_open);
        if again && !further && reply.met_at.is_some() {
            return;
        }
        // All that is to be repaired is named before anything is said of it.
        let unnamed = self.of(ITEM).count() < self.plan.items.len();
        if unnamed && action == "reply" && self.can(letter, "add-repair-item") {
            return;
        }
        let at = if again { self.later(letter, "again", 10, 60) } else { target };
        let undone = self.items_undone();
        let kind = match (letter.state.as_str(), undone) {
            ("suspended", _) => "objective-obstacle",
            (_, false) => "complete",
            // A promise is no repair: wait for the last item, unless the reply is due.
            (_, true) if further => return,
            (_, true) => "partial",
        };
        let given = [("reply-kind", kind), ("reply-files", super::AFTER)];
        let mut given = super::raw(&given);
        if kind != "complete" {
            let text = "剩余工程正在施工，完成后补充报送。";
            given.insert("reply-undone".to_owned(), vec![text.to_owned()]);
        }
        if kind == "objective-obstacle" {
            given.insert("obstacle".to_owned(), vec!["procedure".to_owned()]);
            let text = "招标采购程序尚未走完，已制定方案并落实资金。";
            given.insert("obstacle-detail".to_owned(), vec![text.to_owned()]);
        }
        let what = What::Act { matter: letter.id.clone(), action, given };
        self.deeds.push(Deed { not_before: at, unit: self.plan.owner, what });
    }

    fn objection(&mut self, letter: &Matter) {
        let pros = self.plan.procuratorate;
        let at = self.later(letter, "review", 60, 190);
        let action = match self.plan.intention {
            Amended => "amend",
            Withdrawn => "withdraw",
            _ => "reject-objection",
        };
        self.act(at, pros, letter, action, &[]);
    }

    fn follow_up(&mut self, letter: &Matter) {
        let shortfall = has(letter, "shortfall");
        match self.plan.intention {
            Unreal if !shortfall => self.verify_short(letter, "false"),
            Unreal => {}
            // Replied in part: urge the rest in writing once.
            _ if self.items_undone() && !shortfall => self.verify_short(letter, "partial"),
            _ if !self.items_open() => self.verify_effective(letter),
            _ => {}
        }
    }

    fn correction_over(&mut self, letter: &Matter) {
        let plan = self.plan;
        let silent = plan.intention == Silent;
        if silent && self.chance("report").percent(60) && !has(letter, "report-words") {
            let at = self.later(letter, "report", 40, 150);
            let given = [("report-targets", "government")];
            self.act(at, plan.procuratorate, letter, "report-superiors", &given);
            return;
        }
        if silent {
            return;
        }
        if !has(letter, "plan") && self.can(letter, "make-plan") {
            let at = self.later(letter, "plan", 10, 80);
            self.act(at, plan.owner, letter, "make-plan", &[]);
            return;
        }
        self.add_item(letter);
        let reply = owed(letter, "reply");
        let further = owed(letter, "further-reply").is_some_and(Obligation::is_open);
        if further || reply.is_some_and(|owed| owed.met_at.is_none()) {
            self.reply(letter, "reply-again");
            return;
        }
        self.follow_up(letter);
    }

    fn verify_effective(&mut self, letter: &Matter) {
        let at = self.after(self.changed_at(), letter, "effective", 16, 110);
        let given = [("verification-files", super::AFTER)];
        self.act(at, self.plan.procuratorate, letter, "verify-effective", &given);
    }

    fn verify_short(&mut self, letter: &Matter, kind: &str) {
        let at = self.later(letter, "short", 24, 140);
        let further = self.in_days(25);
        let given =
            [("shortfall", kind), ("further-by", further.as_str()), ("verification-files", BEFORE)];
        self.act(at, self.plan.procuratorate, letter, "verify-short", &given);
    }
}

/// What makes a letter urgent.
const URGENT: [(&str, &str); 2] =
    [("urgent", "true"), ("urgent-reason", "违法行为仍在持续，不及时制止，公益损害将继续扩大。")];
