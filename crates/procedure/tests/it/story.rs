//! Whole stories told through the shipped files: the road to the return visit, the road to court,
//! and two guiding cases on their real dates.

use jiff::Timestamp;
use jiff::civil::Date;
use procedure::decide::{self, World};
use procedure::definition::RoleName;
use procedure::matter::{Obligation, Standing};
use procedure::{
    Actor, Command, Family, Matter, MatterId, OpenRequest, Refusal, Request, Rules, Why,
};

use crate::family::{Units, actor, at, ids, raw};
use crate::files;

pub(crate) const BUREAU: i64 = 1;
pub(crate) const OTHER_BUREAU: i64 = 2;
const UPPER_BUREAU: i64 = 0;
pub(crate) const PROCURATORATE: i64 = 11;
const OTHER_PROCURATORATE: i64 = 12;
pub(crate) const UPPER_PROCURATORATE: i64 = 10;

pub(crate) const CASE: &str = "administrative-public-interest-case";

pub(crate) struct Story {
    pub(crate) rules: Rules,
    pub(crate) family: Family,
    pub(crate) now: Timestamp,
    ids: Box<dyn FnMut() -> MatterId>,
}

pub(crate) fn hand(unit: i64) -> Actor {
    actor(unit * 10 + 1, unit, &[RoleName::Handler, RoleName::Liaison])
}

fn leader(unit: i64) -> Actor {
    actor(unit * 10 + 2, unit, &[RoleName::Leader])
}

pub(crate) fn photo() -> String {
    format!("{}|12|照片.jpg", "a".repeat(64))
}

impl Story {
    pub(crate) fn on(day: &str) -> Self {
        Self::under(files::rules(), day)
    }

    /// The same under rules of its own.
    pub(crate) fn under(rules: Rules, day: &str) -> Self {
        let mut story = Self {
            rules,
            family: Family::default(),
            now: at("2015-01-01T09:00:00"),
            ids: Box::new(ids()),
        };
        story.day(day);
        story
    }

    /// Moves to nine o'clock of a day, recording what runs out on the way.
    pub(crate) fn day(&mut self, day: &str) {
        self.now = at(&format!("{day}T09:00:00"));
        let world = World { rules: &self.rules, directory: &Units, now: self.now };
        self.family = decide::pass_time(world, self.family.clone(), &mut self.ids).family;
    }

    /// The newest matter of a procedure.
    pub(crate) fn matter(&self, procedure: &str) -> &Matter {
        self.family.matters().filter(|matter| matter.procedure == procedure).last().unwrap()
    }

    pub(crate) fn open(
        &mut self,
        procedure: &str,
        under: Option<&str>,
        unit: i64,
        parties: &[(&str, &str)],
        input: &[(&str, &str)],
    ) {
        let request = OpenRequest {
            procedure: procedure.to_owned(),
            parent: under.map(|parent| self.matter(parent).id.clone()),
            title: if under.is_none() { "化工厂废气超标".to_owned() } else { String::new() },
            parties: raw(parties),
            input: raw(input),
        };
        let world = World { rules: &self.rules, directory: &Units, now: self.now };
        let family = self.family.clone();
        let decided = decide::open(world, family, &hand(unit), &request, &mut self.ids);
        self.family =
            decided.unwrap_or_else(|refusal| panic!("open {procedure}: {refusal:?}")).family;
    }

    pub(crate) fn ask(
        &mut self,
        id: &MatterId,
        who: &Actor,
        command: Command,
    ) -> Result<(), Refusal> {
        let request = Request { matter: id.clone(), seen: None, command };
        let world = World { rules: &self.rules, directory: &Units, now: self.now };
        let family = self.family.clone();
        self.family = procedure::decide(world, family, who, &request, &mut self.ids)?.family;
        Ok(())
    }

    /// A handler acts; if the act needs approval, the leaders it waits for approve one by one.
    pub(crate) fn try_act(
        &mut self,
        procedure: &str,
        unit: i64,
        action: &str,
        input: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        let id = self.matter(procedure).id.clone();
        self.act_on(&id, unit, action, input)
    }

    pub(crate) fn act_on(
        &mut self,
        id: &MatterId,
        unit: i64,
        action: &str,
        input: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        let command = Command::Act { action: action.to_owned(), input: raw(input) };
        self.ask(id, &hand(unit), command)?;
        while let Some(proposal) = &self.family.get(id).unwrap().proposal {
            let approver = leader(proposal.waits_for.0);
            self.ask(id, &approver, Command::Approve)?;
        }
        Ok(())
    }

    pub(crate) fn act(&mut self, procedure: &str, unit: i64, action: &str, input: &[(&str, &str)]) {
        self.try_act(procedure, unit, action, input).unwrap_or_else(|refusal| {
            panic!("{procedure} {action} in {}: {refusal:?}", self.matter(procedure).state)
        });
    }

    /// What the head of a unit decides, without anybody drafting it.
    pub(crate) fn lead(
        &mut self,
        procedure: &str,
        unit: i64,
        action: &str,
        input: &[(&str, &str)],
    ) {
        let id = self.matter(procedure).id.clone();
        let command = Command::Act { action: action.to_owned(), input: raw(input) };
        self.ask(&id, &leader(unit), command)
            .unwrap_or_else(|refusal| panic!("{procedure} {action}: {refusal:?}"));
    }

    /// Why an act is refused.
    pub(crate) fn refused(
        &mut self,
        procedure: &str,
        unit: i64,
        action: &str,
        input: &[(&str, &str)],
    ) -> Refusal {
        self.try_act(procedure, unit, action, input).unwrap_err()
    }

    /// Whether a unit has the newest matter of a procedure in sight.
    pub(crate) fn sees(&self, procedure: &str, unit: i64) -> bool {
        self.matter(procedure).seen_by.iter().any(|seen| seen.0 == unit)
    }

    pub(crate) fn state(&self, procedure: &str) -> &str {
        &self.matter(procedure).state
    }

    pub(crate) fn owed(&self, procedure: &str, kind: &str) -> &Obligation {
        let matter = self.matter(procedure);
        matter
            .obligations
            .iter()
            .rfind(|owed| owed.kind == kind)
            .unwrap_or_else(|| panic!("{procedure} owes no {kind}"))
    }

    pub(crate) fn due(&self, procedure: &str, kind: &str) -> Date {
        self.owed(procedure, kind).due.date()
    }

    // ---- chapters every story shares ----------------------------------------------------------

    pub(crate) fn problem(&mut self, finder: i64) {
        let today = calendar::local_date(self.now).to_string();
        self.open(
            "problem",
            None,
            finder,
            &[("owner", "1")],
            &[
                ("place", "长青工业园区"),
                ("division", "610305"),
                ("categories", "air"),
                ("severity", "serious"),
                ("source", "patrol"),
                ("discovered-on", &today),
                ("facts", "燃煤锅炉颗粒物持续超过地方标准"),
            ],
        );
    }

    pub(crate) fn clue(&mut self, submitter: i64) {
        let today = calendar::local_date(self.now).to_string();
        self.open(
            "clue",
            Some("problem"),
            submitter,
            &[("receiver", "11")],
            &[
                ("clue-source", "referred"),
                ("found-on", &today),
                ("field", "environment"),
                ("harm", "颗粒物排放超标，周边空气质量下降"),
                ("place", "长青工业园区"),
            ],
        );
        self.act("clue", submitter, "submit", &[]);
        self.act("clue", PROCURATORATE, "register", &[("officer", "张某")]);
        self.act("clue", PROCURATORATE, "begin-evaluation", &[]);
    }

    pub(crate) fn case(&mut self) {
        self.act(
            "clue",
            PROCURATORATE,
            "decide-filing",
            &[("evaluation", "线索属实，具有可查性"), ("filing-ground", "harm-and-duty")],
        );
        self.act(
            "clue",
            PROCURATORATE,
            "open-case",
            &[("agency", "1"), ("cause", "不依法履行大气污染防治监督管理职责")],
        );
    }

    pub(crate) fn suggestion(&mut self) {
        let today = calendar::local_date(self.now).to_string();
        self.act(
            CASE,
            PROCURATORATE,
            "serve-filing",
            &[("filing-served-on", &today), ("filing-service", "direct")],
        );
        self.act(
            CASE,
            PROCURATORATE,
            "record-investigation",
            &[
                ("measures", "inspection"),
                ("investigators", "张某、李某"),
                ("investigation-note", "现场勘验"),
            ],
        );
        self.act(CASE, PROCURATORATE, "conclude-investigation", &[("conclusion", "事实已查清")]);
        self.act(
            CASE,
            PROCURATORATE,
            "start-suggestion",
            &[("suggestion-ground", "未依法全面履职")],
        );
    }

    pub(crate) fn issue(&mut self, extra: &[(&str, &str)]) {
        let mut input = vec![
            ("case-source", "行政机关移送"),
            ("harm-facts", "颗粒物排放超标"),
            ("non-performance-facts", "仅作罚款，未责令限制生产"),
            ("legal-basis", "《大气污染防治法》第九十九条"),
            ("demands", "依法全面履行监督管理职责"),
        ];
        input.extend_from_slice(extra);
        self.act("suggestion", PROCURATORATE, "issue", &input);
    }

    pub(crate) fn sue(&mut self) {
        let today = calendar::local_date(self.now).to_string();
        self.act(CASE, PROCURATORATE, "sue", &sue_input(&today));
    }

    pub(crate) fn reply(&mut self, kind: &str) {
        let mut input =
            vec![("reply-kind", kind), ("reply-measures", "责令改正"), ("reply-done", "见附件")];
        if kind != "complete" {
            input.push(("reply-undone", "其余按计划推进"));
        }
        self.act("suggestion", BUREAU, "reply", &input);
    }
}

pub(crate) fn sue_input(today: &str) -> [(&str, &str); 6] {
    [
        ("sued-on", today),
        ("court-name", "宝鸡市陈仓区人民法院"),
        ("non-performance", "reply-but-partial"),
        ("claims", "confirm-unlawful"),
        ("claims-detail", "确认被告未依法全面履行职责违法"),
        ("indictment-facts", "污染仍未得到有效制止"),
    ]
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A judgment of the first instance, received on the day.
pub(crate) fn judgment<'a>(kind: &'a str, form: &'a str, on: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("judgment-kind", kind),
        ("judgment-form", form),
        ("judgment-no", "（2016）陕0304行初1号"),
        ("judged-on", on),
        ("judgment-received-on", on),
        ("judgment-words", "见裁判文书"),
    ]
}

/// From the problem to a suggestion the bureau has acknowledged.
pub(crate) fn acknowledged() -> Story {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    story.act("problem", BUREAU, "take-on-repair", &[("repair-by", "2026-06-30")]);
    story.clue(BUREAU);
    story.day("2026-03-05");
    story.case();
    story.act("clue", PROCURATORATE, "give-feedback", &[("feedback", "已立案")]);
    assert_eq!(story.state("clue"), "closed");
    story.day("2026-03-09");
    story.suggestion();
    assert_eq!(story.owed(CASE, "filing-service").standing(), Standing::Met);
    story.day("2026-03-16");
    story.issue(&[]);
    // Unserved, it stays out of the recipient's sight.
    assert!(!story.matter("suggestion").seen_by.iter().any(|unit| unit.0 == BUREAU));
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    assert_eq!(story.state("suggestion"), "served");
    story.day("2026-03-17");
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    assert_eq!(
        (story.state("suggestion"), story.state(CASE)),
        ("in-correction", "correction-period")
    );
    // 2026-05-17 is a Sunday.
    assert_eq!(story.due("suggestion", "reply"), day("2026-05-18"));
    assert_eq!(story.due("suggestion", "correction"), day("2026-05-18"));
    story.act("suggestion", PROCURATORATE, "file-upward", &[]);
    story
}

/// The bureau repairs and replies, the procuratorate looks on the spot.
pub(crate) fn repair(story: &mut Story) {
    story.act(
        "suggestion",
        BUREAU,
        "register",
        &[("handling-department", "大气科"), ("handling-person", "王某")],
    );
    story.act("suggestion", BUREAU, "make-plan", &[("plan", "限产、改造、验收")]);
    story.act(
        "suggestion",
        BUREAU,
        "add-repair-item",
        &[
            ("item-what", "锅炉除尘改造"),
            ("item-where", "3号锅炉"),
            ("item-measure", "布袋除尘"),
            ("item-by", "2026-04-30"),
            ("item-check", "监测报告"),
        ],
    );
    let early = story.try_act(
        "suggestion",
        BUREAU,
        "reply",
        &[("reply-kind", "complete"), ("reply-measures", "改造"), ("reply-done", "全部")],
    );
    assert_eq!(early.unwrap_err().why, Why::Condition);
    story.day("2026-04-20");
    story.act("repair-item", BUREAU, "start", &[]);
    let photo = photo();
    story.act(
        "repair-item",
        BUREAU,
        "report-done",
        &[("done-on", "2026-04-20"), ("done-report", "已建成"), ("after-photos", &photo)],
    );
    story.reply("complete");
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Met);
    story.day("2026-04-24");
    story.act("suggestion", PROCURATORATE, "begin-follow-up", &[("follow-up-plan", "现场核实")]);
    story.act(
        "repair-item",
        PROCURATORATE,
        "verify",
        &[
            ("checked-on", "2026-04-24"),
            ("checked-by", "张某"),
            ("check-findings", "达标"),
            ("visit-by", "2026-10-24"),
        ],
    );
    story.act(
        "suggestion",
        PROCURATORATE,
        "verify-effective",
        &[("verified-on", "2026-04-24"), ("verification", "监测达标")],
    );
}

#[test]
fn from_clue_to_return_visit() {
    let mut story = acknowledged();
    repair(&mut story);
    assert_eq!((story.state("suggestion"), story.state(CASE)), ("effective", "corrected"));
    story.act(
        "problem",
        BUREAU,
        "ask-acceptance",
        &[("repair-report", "整改完成"), ("acceptance-by", "2026-05-08")],
    );
    story.act(
        "problem",
        UPPER_BUREAU,
        "accept",
        &[("accepted-on", "2026-04-24"), ("acceptance-opinion", "同意通过验收")],
    );
    let strike = [("strike-off-reason", "整改到位")];
    let early = story.try_act("problem", UPPER_BUREAU, "strike-off", &strike);
    assert_eq!(early.unwrap_err().why, Why::Condition, "the case is still open");
    story.act(
        CASE,
        PROCURATORATE,
        "terminate",
        &[("termination-ground", "full-measures"), ("termination-report", "已全面整改")],
    );
    story.act("problem", UPPER_BUREAU, "strike-off", &strike);
    assert_eq!(story.due("problem", "return-visit"), day("2026-10-26"));
    story.day("2026-10-20");
    story.act(
        "problem",
        UPPER_BUREAU,
        "return-visit",
        &[("visited-on", "2026-10-20"), ("visit-result", "ok"), ("visit-findings", "未反弹")],
    );
    assert!(story.family.matters().all(|matter| matter.ended), "the repair item closes with it");
}

#[test]
fn from_silence_to_judgment() {
    let mut story = Story::on("2024-07-01");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.day("2024-08-02");
    story.issue(&[("urgent", "true"), ("urgent-reason", "损害持续扩大")]);
    let photo = photo();
    story.act(
        "suggestion",
        PROCURATORATE,
        "leave",
        &[
            ("served-on", "2024-08-02"),
            ("refusal-kind", "refused"),
            ("refusal-detail", "收发室拒收"),
            ("service-proof", &photo),
        ],
    );
    // The urgent reply is short; the correction period is not.
    assert_eq!(story.due("suggestion", "reply"), day("2024-08-19"));
    assert_eq!(story.due("suggestion", "correction"), day("2024-10-08"));
    let refused = story.try_act(CASE, PROCURATORATE, "sue", &sue_input("2024-08-02"));
    assert_eq!(refused.unwrap_err().why, Why::State, "no suit before the period is over");
    story.day("2024-09-01");
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Lapsed);
    story.act(
        "suggestion",
        PROCURATORATE,
        "report-superiors",
        &[("report-targets", "superior-agency"), ("report-words", "逾期未回复")],
    );
    story.day("2024-10-09");
    assert_eq!(
        (story.state("suggestion"), story.state(CASE)),
        ("correction-over", "review-for-suit")
    );
    assert_eq!(story.due(CASE, "review"), day("2024-11-08"));
    story.act(CASE, PROCURATORATE, "extend-review", &[("extension-reason", "重大复杂")]);
    assert_eq!(story.due(CASE, "review"), day("2024-12-09"));
    let again =
        story.try_act(CASE, PROCURATORATE, "extend-review", &[("extension-reason", "再延")]);
    assert_eq!(again.unwrap_err().why, Why::Condition);
    story.act(
        CASE,
        PROCURATORATE,
        "extend-review-further",
        &[("further-extension-reason", "跨区域"), ("extension-months", "1")],
    );
    assert_eq!(story.due(CASE, "review"), day("2025-01-08"));
    story.act(
        CASE,
        PROCURATORATE,
        "entrust-appraisal",
        &[
            ("entrusted-on", "2024-10-09"),
            ("appraisal-body", "省环科院"),
            ("appraisal-matter", "损害评估"),
        ],
    );
    story.day("2024-11-18");
    story.act(
        CASE,
        PROCURATORATE,
        "receive-appraisal",
        &[("appraisal-received-on", "2024-11-18"), ("appraisal-result", "损害持续")],
    );
    assert_eq!(story.due(CASE, "review"), day("2025-02-17"));
    story.sue();
    assert_eq!((story.state("suggestion"), story.state(CASE)), ("closed", "sued"));
    story.act(CASE, PROCURATORATE, "file-indictment-upward", &[]);
    story.day("2024-11-20");
    story.act(
        CASE,
        PROCURATORATE,
        "court-dockets",
        &[("docket-no", "（2024）陕7101行初1号"), ("docketed-on", "2024-11-20")],
    );
    story.act(CASE, BUREAU, "record-complaint-served", &[("complaint-served-on", "2024-11-20")]);
    assert_eq!(story.due(CASE, "answer"), day("2024-12-05"));
    story.act(CASE, BUREAU, "answer", &[("answer", "已履职")]);
    story.act(
        CASE,
        PROCURATORATE,
        "record-judgment",
        &judgment("perform", "judgment", "2024-11-20"),
    );
    assert_eq!(story.due(CASE, "appeal-period"), day("2024-12-05"));
    assert_eq!(story.due(CASE, "judgment-report"), day("2024-11-25"));
    story.day("2024-12-06");
    assert_eq!(story.state(CASE), "effective");
    story.act(CASE, PROCURATORATE, "refer-enforcement", &[("enforcement-note", "未履行")]);
    story.act(CASE, PROCURATORATE, "close", &[("closing-note", "已履行")]);
    assert_eq!(story.state(CASE), "closed");
}

#[test]
fn guiding_case_49() {
    let mut story = Story::on("2015-11-20");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.day("2015-12-03");
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    assert_eq!(story.due("suggestion", "reply"), day("2016-01-04"));
    // The rules of 2021 set the procuratorate no limits yet.
    assert!(!story.matter("suggestion").obligations.iter().any(|owed| owed.kind == "service"));
    assert!(!story.matter(CASE).obligations.iter().any(|owed| owed.kind == "filing-service"));
    for (on, act) in [("2015-12-24", "production-limit"), ("2015-12-30", "fee")] {
        story.day(on);
        story.act(
            CASE,
            BUREAU,
            "report-agency-act",
            &[("agency-act", act), ("agency-act-on", on), ("agency-act-words", "见决定书")],
        );
    }
    story.day("2016-01-04");
    story.reply("partial");
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Met);
    story.day("2016-01-05");
    assert_eq!(story.state(CASE), "review-for-suit");
    assert!(!story.matter(CASE).obligations.iter().any(|owed| owed.kind == "review"));
    story.day("2016-05-11");
    story.sue();
    story.day("2016-05-13");
    story.act(
        CASE,
        PROCURATORATE,
        "record-jurisdiction",
        &[
            ("court-name", "宝鸡市陈仓区人民法院"),
            ("jurisdiction-on", "2016-05-13"),
            ("jurisdiction-ruling", "宝鸡市中级人民法院指定"),
        ],
    );
    story.act(
        CASE,
        PROCURATORATE,
        "court-dockets",
        &[("docket-no", "（2016）陕0304行初1号"), ("docketed-on", "2016-05-13")],
    );
    for (on, act) in [("2016-05-16", "daily-penalty"), ("2016-08-22", "compliance")] {
        story.day(on);
        story.act(
            CASE,
            BUREAU,
            "report-agency-act",
            &[("agency-act", act), ("agency-act-on", on), ("agency-act-words", "见决定书")],
        );
    }
    story.day("2016-11-10");
    story.act(
        CASE,
        PROCURATORATE,
        "record-trial",
        &[("trial-held-on", "2016-11-10"), ("trial-note", "公开开庭")],
    );
    story.day("2016-12-20");
    story.act(
        CASE,
        PROCURATORATE,
        "change-claims",
        &[("claim-change", "withdraw-part"), ("claim-change-words", "撤回第二项诉讼请求")],
    );
    story.day("2016-12-28");
    let judged = judgment("confirm-unlawful", "judgment", "2016-12-28");
    story.act(CASE, PROCURATORATE, "record-judgment", &judged);
    assert_eq!(story.due(CASE, "appeal-period"), day("2017-01-12"));
    story.day("2017-01-13");
    assert_eq!(story.state(CASE), "effective");
    story.act(CASE, PROCURATORATE, "close", &[("closing-note", "已达标排放")]);
}

#[test]
fn guiding_case_162() {
    let mut story = Story::on("2017-03-31");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    let clue = story.matter("clue").id.clone();
    let first = story.matter(CASE).id.clone();
    let water = [("agency", "2"), ("cause", "不依法履行河道管理职责")];
    story.act_on(&clue, PROCURATORATE, "open-case", &water).unwrap();
    let twice = story.act_on(&clue, PROCURATORATE, "open-case", &water);
    assert_eq!(twice.unwrap_err().why, Why::Condition, "one agency, one case");
    let case = story.matter(CASE).id.clone();
    assert_eq!(story.family.get(&case).unwrap().party("agency")[0].0, OTHER_BUREAU);
    assert_eq!(story.family.get(&first).unwrap().party("agency")[0].0, BUREAU);
    story.suggestion();
    story.day("2017-04-18");
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", OTHER_BUREAU, "acknowledge", &[]);
    assert_eq!(story.due("suggestion", "reply"), day("2017-05-18"));
    story.day("2017-06-27");
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Lapsed);
    story.sue();
    story.act(
        CASE,
        PROCURATORATE,
        "court-dockets",
        &[("docket-no", "（2017）吉0183行初42号"), ("docketed-on", "2017-06-27")],
    );
    story.day("2017-12-26");
    let dismissed = judgment("ruling-dismiss", "ruling", "2017-12-26");
    story.act(CASE, PROCURATORATE, "record-judgment", &dismissed);
    assert_eq!(story.due(CASE, "appeal-period"), day("2018-01-05"));
    story.day("2018-01-04");
    story.act(
        CASE,
        PROCURATORATE,
        "appeal",
        &[("appealed-on", "2018-01-04"), ("appeal-reason", "治理职责属于监督管理职责")],
    );
    story.day("2018-04-20");
    story.act(
        CASE,
        PROCURATORATE,
        "second-instance-decided",
        &[
            ("second-result", "upheld"),
            ("judgment-no", "（2018）吉01行终49号"),
            ("judged-on", "2018-04-20"),
            ("judgment-words", "驳回上诉，维持原裁定"),
        ],
    );
    story.day("2018-06-25");
    story.act(
        CASE,
        UPPER_PROCURATORATE,
        "protest",
        &[
            ("protest-by", "省人民检察院"),
            ("protested-on", "2018-06-25"),
            ("protest-reason", "原裁定适用法律错误"),
        ],
    );
    story.day("2019-12-30");
    story.act(
        CASE,
        PROCURATORATE,
        "retrial-remanded",
        &[
            ("judgment-no", "（2019）吉行再1号"),
            ("judged-on", "2019-12-30"),
            ("docketed-on", "2019-12-30"),
            ("judgment-words", "撤销原裁定，指定重审"),
        ],
    );
    story.day("2020-12-28");
    let judged = judgment("confirm-unlawful", "judgment", "2020-12-28");
    story.act(CASE, PROCURATORATE, "record-judgment", &judged);
    story.day("2021-02-01");
    assert_eq!(story.state(CASE), "effective");
}

#[test]
fn a_suspended_correction_goes_on_with_its_remainder() {
    let mut story = Story::on("2026-03-02");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.act(
        "suggestion",
        PROCURATORATE,
        "announce",
        &[
            ("served-on", "2026-03-02"),
            ("recipient-agreed", "true"),
            ("announced-at", "检察院会议室"),
            ("attendees", "王某、人大代表"),
        ],
    );
    assert_eq!(story.due("suggestion", "correction"), day("2026-05-06"));
    story.day("2026-03-20");
    story.act("suggestion", BUREAU, "make-plan", &[("plan", "春季补植")]);
    story.act(
        "suggestion",
        BUREAU,
        "ask-suspension",
        &[("obstacle", "season"), ("obstacle-detail", "须待雨季补植")],
    );
    story.act(
        "suggestion",
        PROCURATORATE,
        "suspend",
        &[("obstacle", "season"), ("suspension-reason", "客观原因属实"), ("not-idle", "true")],
    );
    assert_eq!((story.state("suggestion"), story.state(CASE)), ("suspended", "suspended"));
    story.day("2026-07-20");
    assert_eq!(story.state("suggestion"), "suspended");
    story.act("suggestion", PROCURATORATE, "resume", &[("resume-reason", "雨季已到")]);
    assert_eq!(
        (story.state("suggestion"), story.state(CASE)),
        ("in-correction", "correction-period")
    );
    assert!(story.due("suggestion", "correction") > day("2026-08-25"));
    story.day("2026-09-14");
    assert_eq!(story.state(CASE), "review-for-suit");
    // The agency may still prove an obstacle; then the review stands still as well.
    story.act(
        "suggestion",
        PROCURATORATE,
        "suspend",
        &[("obstacle", "funds"), ("suspension-reason", "资金拨付中"), ("not-idle", "true")],
    );
    assert_eq!(story.owed(CASE, "review").standing(), Standing::Suspended);
    story.day("2026-10-20");
    story.act("suggestion", PROCURATORATE, "resume", &[("resume-reason", "资金已到位")]);
    assert_eq!(
        (story.state("suggestion"), story.state(CASE)),
        ("correction-over", "review-for-suit")
    );
    assert_eq!(story.owed(CASE, "review").standing(), Standing::Running);
}

#[test]
fn an_amended_letter_starts_every_period_anew() {
    let mut story = Story::on("2026-03-02");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    story.day("2026-03-10");
    story.act("suggestion", BUREAU, "object", &[("objection", "部分事项不属本局职责")]);
    assert_eq!(story.owed("suggestion", "objection-review").standing(), Standing::Running);
    story.act(
        "suggestion",
        PROCURATORATE,
        "amend",
        &[
            ("change-reason", "异议部分成立"),
            ("harm-facts", "颗粒物排放超标"),
            ("non-performance-facts", "未责令限制生产"),
            ("legal-basis", "《大气污染防治法》第九十九条"),
            ("demands", "依法责令限制生产"),
        ],
    );
    assert_eq!(story.owed("suggestion", "reply").standing(), Standing::Ended);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.day("2026-03-12");
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    assert_eq!(story.due("suggestion", "reply"), day("2026-05-12"));
    assert_eq!(story.state(CASE), "correction-period");
    story.act("suggestion", PROCURATORATE, "withdraw", &[("change-reason", "另行处理")]);
    assert_eq!((story.state("suggestion"), story.state(CASE)), ("withdrawn", "investigating"));
}

#[test]
fn the_procuratorate_of_the_court_sues() {
    let mut story = Story::on("2026-03-02");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story.issue(&[]);
    story.act("suggestion", PROCURATORATE, "serve-directly", &[]);
    story.act("suggestion", BUREAU, "acknowledge", &[]);
    story.day("2026-06-01");
    assert_eq!(story.state(CASE), "review-for-suit");
    let first = story.matter(CASE).id.clone();
    story.act(
        CASE,
        PROCURATORATE,
        "transfer-for-suit",
        &[
            ("suer", "12"),
            ("transfer-ground", "jurisdiction"),
            ("transfer-reason", "环境资源案件集中管辖"),
        ],
    );
    assert_eq!(story.family.get(&first).unwrap().state, "transferred");
    assert_eq!(story.state("suggestion"), "closed");
    // Whoever is to sue sees what was done before.
    let sees = |matter: &Matter| matter.seen_by.iter().any(|unit| unit.0 == OTHER_PROCURATORATE);
    assert!(sees(story.family.get(&first).unwrap()) && sees(story.matter("suggestion")));
    let early = story.try_act(
        CASE,
        OTHER_PROCURATORATE,
        "serve-filing",
        &[("filing-served-on", "2026-06-01"), ("filing-service", "direct")],
    );
    assert_eq!(early.unwrap_err().why, Why::Condition);
    story.day("2026-06-05");
    story.act(CASE, OTHER_PROCURATORATE, "take-over", &[]);
    assert_eq!(story.due(CASE, "review"), day("2026-07-06"));
    story.act(CASE, OTHER_PROCURATORATE, "sue", &sue_input("2026-06-05"));
    assert_eq!(story.state(CASE), "sued");
}

#[test]
fn a_moved_clue_cannot_bounce() {
    let mut story = Story::on("2026-03-02");
    story.problem(BUREAU);
    story.clue(BUREAU);
    let first = story.matter("clue").id.clone();
    let to = [("transferee", "12"), ("move-reason", "违法行为地在该区")];
    story.act("clue", PROCURATORATE, "move", &to);
    assert_eq!(story.state("clue"), "submitted", "it arrives without being drafted again");
    assert_eq!(story.owed("clue", "receipt").debtor.0, OTHER_PROCURATORATE);
    story.act_on(&first, PROCURATORATE, "give-feedback", &[("feedback", "已移送")]).unwrap();
    story.act("clue", OTHER_PROCURATORATE, "register", &[("officer", "赵某")]);
    let back = [("transferee", "11"), ("move-reason", "不属本院")];
    let bounced = story.try_act("clue", OTHER_PROCURATORATE, "move", &back);
    assert_eq!(bounced.unwrap_err().why, Why::Condition);
    let opinion = [("jurisdiction-opinion", "应由第一院办理")];
    story.act("clue", OTHER_PROCURATORATE, "ask-jurisdiction", &opinion);
    story.act(
        "clue",
        UPPER_PROCURATORATE,
        "assign-jurisdiction",
        &[("jurisdiction-decision", "指定第一院管辖")],
    );
    story.act("clue", OTHER_PROCURATORATE, "move", &back);
}

#[test]
fn a_case_may_begin_before_the_agency_is_known() {
    let mut story = Story::on("2026-03-02");
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.act(
        "clue",
        PROCURATORATE,
        "decide-filing",
        &[("evaluation", "公益受到严重侵害"), ("filing-ground", "serious-harm-agency-unknown")],
    );
    story.act("clue", PROCURATORATE, "open-case-without-agency", &[("cause", "监管职责不明")]);
    assert!(story.matter(CASE).obligations.is_empty());
    story.day("2026-03-20");
    story.act(CASE, PROCURATORATE, "identify-agency", &[("agency", "1")]);
    assert_eq!(story.due(CASE, "filing-service"), day("2026-03-27"));
    assert!(!story.matter(CASE).seen_by.iter().any(|unit| unit.0 == BUREAU));
    story.suggestion();
    assert!(story.matter(CASE).seen_by.iter().any(|unit| unit.0 == BUREAU));
}

// ---- the law of the day -----------------------------------------------------------------------

/// A matter whose letter is about to be drafted on a day.
fn drafting_on(day: &str) -> Story {
    let mut story = Story::on(day);
    story.problem(PROCURATORATE);
    story.clue(PROCURATORATE);
    story.case();
    story.suggestion();
    story
}

fn letter<'a>(legal_basis: &'a str, conduct: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut input = vec![
        ("case-source", "行政机关移送"),
        ("harm-facts", "颗粒物排放超标"),
        ("non-performance-facts", "仅作罚款，未责令限制生产"),
        ("legal-basis", legal_basis),
        ("demands", "依法全面履行监督管理职责"),
    ];
    input.extend(conduct.map(|day| ("conduct-since", day)));
    input
}

fn cited(story: &Story) -> Vec<String> {
    match &story.matter("suggestion").fields["legal-basis"] {
        procedure::Value::Articles(articles) => {
            articles.iter().map(calendar::Article::code).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ecology_code_1242_a_letter_of_september_2026_may_not_cite_what_was_repealed_in_august() {
    let mut story = drafting_on("2026-09-01");
    let old = letter("《环境保护法》第六条", None);
    let refusal = story.try_act("suggestion", PROCURATORATE, "issue", &old).unwrap_err();
    assert_eq!(refusal.why, Why::Fields);
    let wrong = &refusal.fields[0];
    assert_eq!(wrong.field, "legal-basis");
    assert_eq!(
        wrong.words.zh,
        "《中华人民共和国环境保护法》施行至2026-08-14，2026-09-01已不适用；\
         该日适用《中华人民共和国生态环境法典》（自2026-08-15起施行）。\
         引用行为发生时的法律，应填写“违法行为发生日期”"
    );
    story.act("suggestion", PROCURATORATE, "issue", &letter("FD:33，FD:1076", None));
    assert_eq!(cited(&story), ["FD:33", "FD:1076"]);
}

#[test]
fn ecology_code_1057_conduct_before_the_code_may_be_measured_by_both_laws() {
    let mut story = drafting_on("2026-09-01");
    let both = letter("《环境保护法》第六条、《生态环境法典》第1076条", Some("2026-07-01"));
    story.act("suggestion", PROCURATORATE, "issue", &both);
    assert_eq!(cited(&story), ["HBF:6", "FD:1076"]);

    // What applied on neither day stays out.
    let mut story = drafting_on("2026-09-01");
    let older = letter("《环境行政处罚办法》第22条", Some("2026-07-01"));
    let refusal = story.try_act("suggestion", PROCURATORATE, "issue", &older).unwrap_err();
    assert!(refusal.fields[0].words.zh.contains("2026-07-01已不适用"), "{refusal}");
}

#[test]
fn ecology_code_1242_a_letter_of_july_2026_may_not_cite_the_code_yet() {
    let mut story = drafting_on("2026-07-01");
    let early = letter("《生态环境法典》第1076条", None);
    let refusal = story.try_act("suggestion", PROCURATORATE, "issue", &early).unwrap_err();
    let words = &refusal.fields[0].words.zh;
    assert!(words.starts_with("《中华人民共和国生态环境法典》自2026-08-15起施行"), "{words}");
    assert!(words.contains("《中华人民共和国环境保护法》（至2026-08-14）"), "{words}");
}

#[test]
fn a_letter_drafted_under_the_old_law_is_not_approved_under_the_new() {
    let mut story = drafting_on("2026-08-14");
    let id = story.matter("suggestion").id.clone();
    let input = raw(&letter("《环境保护法》第六条", None));
    let command = Command::Act { action: "issue".to_owned(), input };
    story.ask(&id, &hand(PROCURATORATE), command).unwrap();
    story.day("2026-08-17");
    let refusal = story.ask(&id, &leader(PROCURATORATE), Command::Approve).unwrap_err();
    assert_eq!(refusal.why, Why::Condition);
    assert!(refusal.words.zh.contains("2026-08-17已不适用"), "{refusal}");
}
