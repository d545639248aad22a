//! The clue and the case.

use jiff::{SignedDuration, Timestamp};
use procedure::{Matter, Raw, Value};

use super::plan::Intention::{NotFiled, Silent, Unreal, Withdrawn};
use super::{BEFORE, CLUE, Deed, SUGGESTION, View, What, day, has, made, raw, reached};

impl View<'_> {
    pub(super) fn open_clue(&mut self, problem: &Matter) {
        let plan = self.plan;
        let own = plan.finder == plan.procuratorate;
        let place = plan.names.get("place").cloned().unwrap_or_default();
        let agency = plan.names.get("agency").cloned().unwrap_or_default();
        let mut given = raw(&[
            ("clue-source", plan.clue_source()),
            ("field", "environment"),
            ("place", &place),
            ("agencies", &format!("{agency}，负有监督管理职责。")),
            ("evidence", BEFORE),
        ]);
        if own {
            given.insert("own-finding".to_owned(), vec!["true".to_owned()]);
        } else {
            let taken = "已现场检查、拍照取证，并向主管部门提出整改要求，问题没有得到解决。";
            given.insert("measures-taken".to_owned(), vec![taken.to_owned()]);
            let list = "现场检查记录1份、照片若干、监测数据1份。";
            given.insert("evidence-list".to_owned(), vec![list.to_owned()]);
        }
        if self.chance("informant").percent(15) {
            // Sealed: nobody but the unit that wrote it reads this.
            given.insert("informant".to_owned(), vec!["村民某某（虚构）".to_owned()]);
            given.insert("informant-named".to_owned(), vec!["true".to_owned()]);
        }
        let parties = Raw::from([("receiver".to_owned(), vec![plan.procuratorate.to_string()])]);
        let what = What::Open { procedure: CLUE, parent: Some(problem.id.clone()), parties, given };
        let not_before = self.after(problem.opened_at, problem, "clue", 6, 96);
        self.deeds.push(Deed { not_before, unit: plan.finder, what });
    }

    pub(super) fn clue(&mut self, clue: &Matter) {
        let plan = self.plan;
        let pros = plan.procuratorate;
        match clue.state.as_str() {
            "drafting" => {
                let at = self.later(clue, "submit", 1, 24);
                self.act(at, plan.finder, clue, "submit", &[]);
            }
            "submitted" => {
                let asks = plan.finder != pros && self.chance("supplement").percent(9);
                if asks && !has(clue, "supplement") {
                    let at = self.later(clue, "ask", 10, 50);
                    self.act(at, pros, clue, "ask-supplement", &[]);
                } else {
                    let late = self.chance("register late").percent(5);
                    let (least, most) = if late { (110, 190) } else { (4, 60) };
                    let at = self.later(clue, "register", least, most);
                    let major = self.chance("major").percent(12).to_string();
                    self.act(at, pros, clue, "register", &[("major", &major)]);
                }
            }
            "supplement" => {
                let at = self.later(clue, "supplement", 40, 210);
                self.act(at, plan.finder, clue, "supplement", &[]);
            }
            "registered" => {
                let at = self.later(clue, "begin", 8, 50);
                self.act(at, pros, clue, "begin-evaluation", &[]);
            }
            "evaluating" => self.evaluating(clue),
            "filed" => {
                if self.of(super::CASE).next().is_none() {
                    let at = self.later(clue, "case", 1, 10);
                    let agency = plan.owner.to_string();
                    let cause = plan.names.get("cause").cloned().unwrap_or_default();
                    self.act(
                        at,
                        pros,
                        clue,
                        "open-case",
                        &[("agency", &agency), ("cause", &cause)],
                    );
                } else {
                    let at = self.later(clue, "feedback", 10, 260);
                    self.act(at, pros, clue, "give-feedback", &[]);
                }
            }
            "not-filed" | "handed-on" => {
                let at = self.later(clue, "feedback", 10, 160);
                self.act(at, pros, clue, "give-feedback", &[("feedback", NOT_FILED)]);
            }
            _ => {}
        }
    }

    fn evaluating(&mut self, clue: &Matter) {
        let pros = self.plan.procuratorate;
        if !has(clue, "inquiry-report") {
            let at = self.later(clue, "inquiry", 40, 190);
            self.act(at, pros, clue, "record-inquiry", &[]);
        } else if self.plan.intention == NotFiled {
            let at = self.later(clue, "decide", 30, 160);
            let ground = [("no-filing-ground", "duty-performed")];
            self.act(at, pros, clue, "decide-no-filing", &ground);
        } else {
            let at = self.later(clue, "decide", 30, 160);
            self.act(at, pros, clue, "decide-filing", &[("filing-ground", "harm-and-duty")]);
        }
    }

    pub(super) fn case(&mut self, case: &Matter) {
        let pros = self.plan.procuratorate;
        match case.state.as_str() {
            "filed" => {
                let at = self.later(case, "serve", 10, 130);
                self.act(at, pros, case, "serve-filing", &[("filing-service", "direct")]);
            }
            "investigating" => self.investigating(case),
            "awaiting-decision" => {
                let at = self.later(case, "decide", 8, 60);
                if self.of(SUGGESTION).any(|letter| letter.state == "withdrawn") {
                    let ground = [("termination-ground", "no-unlawful-act")];
                    self.act(at, pros, case, "terminate", &ground);
                } else {
                    self.act(at, pros, case, "start-suggestion", &[]);
                }
            }
            "correction-period" if self.plan.intention != Silent => self.agency_act(case, 0),
            "corrected" => {
                let at = self.later(case, "terminate", 30, 220);
                let ground = [("termination-ground", "full-measures")];
                self.act(at, pros, case, "terminate", &ground);
            }
            "review-for-suit" => self.review(case),
            "in-appraisal" => {
                let at = self.later(case, "appraisal", 12 * 24, 28 * 24);
                self.act(at, pros, case, "receive-appraisal", &[]);
            }
            "sued" => self.sued(case),
            "first-instance" => self.first_instance(case),
            "judged" if made(case, "judgment-report") == 0 => {
                let at = self.later(case, "report", 6, 66);
                self.act(at, pros, case, "report-judgment", &[]);
            }
            "effective" if !self.items_open() => {
                let at = self.later(case, "close", 20 * 24, 36 * 24);
                self.act(at, pros, case, "close", &[]);
            }
            _ => {}
        }
    }

    fn investigating(&mut self, case: &Matter) {
        let pros = self.plan.procuratorate;
        let wanted = if self.chance("look twice").percent(35) { 2 } else { 1 };
        if made(case, "investigation-record") < wanted {
            let at = self.later(case, "investigate", 20, 110);
            let mut given = raw(&[("measures", "inspection"), ("investigation-files", BEFORE)]);
            let more = ["questioning", "files", "technology"];
            let more = self.chance("measures").pick(&more).copied().unwrap_or("files");
            given.entry("measures".to_owned()).or_default().push(more.to_owned());
            let what = What::Act { matter: case.id.clone(), action: "record-investigation", given };
            self.deeds.push(Deed { not_before: at, unit: pros, what });
        } else if self.chance("consult").percent(35) && !has(case, "consulted-on") {
            let at = self.later(case, "consult", 40, 160);
            self.act(at, pros, case, "consult", &[]);
        } else if self.chance("hearing").percent(12) && !has(case, "hearing-held-on") {
            let at = self.later(case, "hearing", 60, 200);
            self.act(at, pros, case, "hold-hearing", &[]);
        } else {
            let at = self.later(case, "conclude", 60, 300);
            self.act(at, pros, case, "conclude-investigation", &[]);
        }
    }

    /// The agency reports the act of that place in its scenario, unless it has.
    fn agency_act(&mut self, case: &Matter, place: usize) {
        let Some((kind, words)) = self.plan.acts.get(place).cloned() else { return };
        if made(case, "agency-act-note") > place {
            return;
        }
        let at = self.after(reached(case, &case.state), case, "agency act", 9 * 24, 26 * 24);
        self.act(
            at,
            self.plan.owner,
            case,
            "report-agency-act",
            &[("agency-act", &kind), ("agency-act-words", &words)],
        );
    }

    fn review(&mut self, case: &Matter) {
        let plan = self.plan;
        let pros = plan.procuratorate;
        let begun = reached(case, "review-for-suit");
        let short = self.of(SUGGESTION).any(|letter| has(letter, "shortfall"));
        let sues = plan.intention == Silent || (plan.intention == Unreal && short);
        if plan.intention == Withdrawn || !sues {
            return;
        }
        if self.chance("appraisal").percent(15) && !has(case, "entrusted-on") {
            let at = self.after(begun, case, "entrust", 4 * 24, 8 * 24);
            self.act(at, pros, case, "entrust-appraisal", &[]);
            return;
        }
        let extends = self.chance("extend").percent(35);
        if extends && !has(case, "extension-reason") {
            let at = self.after(begun, case, "extend", 15 * 24, 24 * 24);
            self.act(at, pros, case, "extend-review", &[]);
            return;
        }
        let (least, most) = if extends { (32, 52) } else { (9, 25) };
        let at = self.after(begun, case, "sue", least * 24, most * 24);
        let at = at.max(self.later(case, "sue", 8, 40));
        let fails = if plan.intention == Silent {
            "no-reply-no-measures"
        } else {
            "measures-not-carried-out"
        };
        let mut given = raw(&[("non-performance", fails), ("claims", "confirm-unlawful")]);
        given.entry("claims".to_owned()).or_default().push("perform".to_owned());
        let what = What::Act { matter: case.id.clone(), action: "sue", given };
        self.deeds.push(Deed { not_before: at, unit: pros, what });
    }

    fn sued(&mut self, case: &Matter) {
        let pros = self.plan.procuratorate;
        if made(case, "indictment-file") == 0 {
            let at = self.later(case, "file upward", 8, 90);
            self.act(at, pros, case, "file-indictment-upward", &[]);
        }
        let at = self.after(reached(case, "sued"), case, "docket", 40, 150);
        self.act(at, pros, case, "court-dockets", &[]);
    }

    fn first_instance(&mut self, case: &Matter) {
        let plan = self.plan;
        let pros = plan.procuratorate;
        if !has(case, "complaint-served-on") {
            let at = self.later(case, "served", 40, 110);
            self.act(at, pros, case, "record-complaint-served", &[]);
        } else if !has(case, "answer") {
            let at = self.later(case, "answer", 100, 330);
            self.act(at, plan.owner, case, "answer", &[]);
        } else if !has(case, "trial-at") {
            let at = self.later(case, "notice", 160, 480);
            let trial = format!("{}T09:30", self.in_days(9));
            self.act(at, pros, case, "receive-trial-notice", &[("trial-at", &trial)]);
        } else if !has(case, "appearing") {
            let at = self.later(case, "appear", 4, 50);
            self.act(at, pros, case, "name-appearing", &[]);
        } else if !has(case, "trial-held-on") {
            let trial = match case.fields.get("trial-at") {
                Some(Value::Instant(at)) => *at,
                _ => case.changed_at,
            };
            self.act(hours_after(trial, 4), pros, case, "record-trial", &[]);
        } else if self.chance("withdraw suit").percent(45) {
            self.withdraw(case);
        } else {
            let at = self.later(case, "judgment", 15 * 24, 40 * 24);
            let kind =
                if self.chance("judgment").percent(60) { "perform" } else { "confirm-unlawful" };
            let given = [("judgment-kind", kind), ("judgment-form", "judgment")];
            self.act(at, pros, case, "record-judgment", &given);
        }
        if made(case, "agency-act-note") == 0 {
            self.agency_act(case, 0);
        } else {
            self.agency_act(case, 1);
        }
    }

    fn withdraw(&mut self, case: &Matter) {
        let pros = self.plan.procuratorate;
        if !has(case, "withdrawal-reason") {
            let at = self.later(case, "withdraw", 5 * 24, 16 * 24);
            self.act(at, pros, case, "decide-withdrawal", &[]);
        } else if day(case, "submitted-on").is_none() {
            let at = self.later(case, "submit", 3, 50);
            self.act(at, pros, case, "submit-to-court", &[]);
        } else {
            let at = self.later(case, "permit", 5 * 24, 15 * 24);
            self.act(at, pros, case, "court-permits-withdrawal", &[]);
        }
    }
}

/// The text that tells the sender of a clue that no case was filed.
const NOT_FILED: &str = "text:not-filed";

fn hours_after(instant: Timestamp, hours: i64) -> Timestamp {
    instant.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(instant)
}
