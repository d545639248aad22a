//! Forms: whatever goes wrong, nothing typed is lost.

use procedure::definition::RoleName;
use serde_json::json;

use crate::api::program::Program;
use crate::matter_browser::{Browser, unescaped};
use crate::matter_story::{
    BUREAU, PROCURATORATE, act, clue_filed, scope, suggestion_awaiting_reply, suggestion_drafted,
    suggestion_served,
};
use crate::world::World;

/// A reply without faults.
fn reply() -> Vec<(&'static str, &'static str)> {
    vec![
        ("f.reply-kind", "partial"),
        ("f.reply-measures", "已责令限制生产。"),
        ("f.reply-done", "除尘器改造完成。"),
        ("f.reply-undone", "脱硫设施六月底前完成。"),
    ]
}

#[tokio::test]
async fn every_kind_of_bad_input_is_told_at_its_field_and_kept() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let long = "长".repeat(300);
    let typed = [
        ("title", "<b>锅炉</b> “超标” & 'x'"),
        ("party.owner", "没有这个单位"),
        ("party.supervisor", BUREAU),
        ("f.place", long.as_str()),
        ("f.division", "火星市"),
        ("f.categories", "air"),
        ("f.categories", "no-such-kind"),
        ("f.severity", "no-such-severity"),
        ("f.source", ""),
        ("f.discovered-on", "2026-13-40"),
        ("f.facts", "第一行\n\"第二行\" <script>alert(1)</script>"),
        ("f.point", "北边"),
        ("f.polluter-uscc", "91610322MA6X00000X9999"),
        ("f.photos", "not-a-file"),
    ];
    let answer = bureau.fill("/open/problem", &typed).await;
    assert_eq!(answer.status, 422);
    let html = answer.html();
    let plain = unescaped(&html);
    for (field, value) in typed {
        if ["f.photos", "f.categories", "f.severity"].contains(&field) {
            continue;
        }
        assert!(plain.contains(value), "{field}: {value}");
    }
    assert!(html.contains("value=\"air\" checked"));
    for fault in [
        "没有名为“没有这个单位”的单位",
        "监督检察院应为检察机关",
        "最多 200 字，现有 300 字",
        "没有行政区划“火星市”",
        "“no-such-severity”不在可选范围内",
        "请填写“问题来源”",
        "“2026-13-40”不是有效日期",
        "坐标应有经度和纬度两个数",
        "统一社会信用代码应为 18 位，现有 22 位",
        "附件无法识别",
    ] {
        assert!(html.matches(fault).count() >= 2, "{fault}: on top and at the field");
    }
    assert!(html.contains("href=\"#f-place\"") && html.contains("id=\"f-place-e\""));
    assert!(!html.contains("<script>alert") && !html.contains("<b>锅炉"));
    // And it is kept for later: the form opens with it.
    let page = bureau.get("/open/problem").await;
    assert!(unescaped(&page.html()).contains("\"第二行\" <script>alert(1)</script>"));
}

#[tokio::test]
async fn a_day_in_the_future_and_one_that_is_gone_are_told() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let answer = bureau.fill("/open/problem", &[("f.discovered-on", "2027-01-01")]).await;
    assert!(answer.html().contains("日期不能晚于今天（2026-03-02）"));
    let problem = world.problem(PROCURATORATE, "渗滤液外溢").await;
    let mut finder = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let address = format!("{problem}/actions/start-repair");
    let fields = [("f.repair-by", "2026-02-01"), ("f.repair-goal", "达标排放。")];
    let answer = finder.fill(&address, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.html().contains("整改完成期限不能早于今天"));
    assert!(answer.html().contains("value=\"2026-02-01\"") && answer.html().contains("达标排放。"));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_at_the_field_it_speaks_of() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/reply", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let fields = [
        ("f.reply-kind", "complete"),
        ("f.reply-measures", "已整改。"),
        ("f.reply-done", "全部完成。"),
    ];
    let answer = bureau.fill(&address, &fields).await;
    assert_eq!(answer.status, 422);
    let html = answer.html();
    assert!(html.contains("还有整改项未报告完成") && html.contains("第82条"));
    assert!(html.contains("href=\"#f-reply-kind\"") && html.contains("全部完成。"));
}

#[tokio::test]
async fn a_consequential_act_passes_the_confirm_page_and_happens_once() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/reply", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let reply = reply();
    let confirm = bureau.fill(&address, &reply).await;
    assert_eq!(confirm.status, 200);
    let html = confirm.html();
    for words in [
        "请核对：书面回复",
        "将会发生",
        "批准后将会发生",
        "“书面回复检察建议”即告完成，届满日 2026-05-06",
        "按期",
        "“整改期”不受影响",
        "经手转至宝鸡市凤翔区人民检察院（联络员",
        "办理后不能更改",
        "已责令限制生产。",
        "class=\"paper\"",
    ] {
        assert!(html.contains(words), "{words}");
    }
    // Nothing has happened yet.
    let sight = scope(&world, BUREAU, RoleName::Handler);
    let matter = || async {
        world.store.matter_fetch(&sight, &story.suggestion).await.unwrap().unwrap().seen.matter
    };
    assert!(matter().await.proposal.is_none());
    // Back to the form: everything is still there.
    let mut back = reply.clone();
    back.push(("step", "edit"));
    let form = bureau.fill_again(&confirm, &address, &back).await;
    assert_eq!(form.status, 200);
    assert!(form.html().contains("除尘器改造完成。") && form.html().contains("enctype"));
    // Twice the same form, once the act.
    let mut sure = reply.clone();
    sure.push(("step", "confirm"));
    let first = bureau.fill_again(&confirm, &address, &sure).await;
    let second = bureau.fill_again(&confirm, &address, &sure).await;
    assert_eq!((first.status, second.status), (303, 303), "{}", second.html());
    assert_eq!(first.location(), format!("/matters/{}", story.suggestion));
    assert!(matter().await.proposal.is_some());
    let page = bureau.get(first.location()).await.html();
    assert!(page.contains("拟办意见") && page.contains("收回拟办") && page.contains("已提交审批"));
    assert!(
        page.contains(&format!(
            "data-draft-clear=\"/drafts/act/reply?matter={}\"",
            story.suggestion
        ))
    );
}

#[tokio::test]
async fn approval_is_seen_given_and_refused_by_those_it_is_for() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let (matter, address) = (
        format!("/matters/{}", story.suggestion),
        format!("/matters/{}/actions/reply", story.suggestion),
    );
    let mut handler = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut leader = Browser::of(&world, BUREAU, RoleName::Leader).await;
    let mut other = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    let mut reply = reply();
    reply.push(("step", "confirm"));
    assert_eq!(handler.fill(&address, &reply).await.status, 303);
    // The other side knows nothing of it.
    assert!(!other.get(&matter).await.html().contains("除尘器改造完成"));
    assert_eq!(other.get(&format!("{matter}/proposal")).await.status, 303);
    // The leader sees what approving brings about.
    let page = leader.get(&format!("{matter}/proposal")).await;
    for words in
        ["审批：书面回复", "除尘器改造完成。", "送宝鸡市凤翔区人民检察院", "同意", "退回理由"]
    {
        assert!(page.html().contains(words), "{words}");
    }
    // And the paper to be signed, as it would read.
    let html = page.html();
    let paper = html.split_once("<article class=\"paper\">").expect("a preview of the letter").1;
    let paper = paper.split_once("</article>").expect("its end").0;
    assert!(
        paper.contains("宝鸡市凤翔区人民检察院：") && paper.contains("除尘器改造完成。"),
        "{paper}"
    );
    // Sent back without a reason: asked for it, nothing lost.
    let empty = leader
        .fill_again(&page, &format!("{matter}/proposal"), &[("do", "return"), ("reason", "  ")])
        .await;
    assert_eq!(empty.status, 422);
    assert!(empty.html().contains("请写明理由"));
    // The handler may take it back, not approve it.
    let own = handler.get(&matter).await;
    let refused =
        handler.fill_again(&own, &format!("{matter}/proposal"), &[("do", "approve")]).await;
    assert_eq!(refused.status, 403, "{}", refused.html());
    let done = leader
        .fill_again(
            &page,
            &format!("{matter}/proposal"),
            &[("do", "return"), ("reason", "请补充监测报告。")],
        )
        .await;
    assert_eq!(done.status, 303);
    assert!(handler.get(&matter).await.html().contains("请补充监测报告。"));
    assert_eq!(handler.fill(&address, &reply).await.status, 303);
    let page = leader.get(&format!("{matter}/proposal")).await;
    let done = leader.fill_again(&page, &format!("{matter}/proposal"), &[("do", "approve")]).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let html = other.get(&matter).await.html();
    assert!(html.contains("除尘器改造完成") && html.contains("已回复"));
}

#[tokio::test]
async fn a_stale_tab_writes_nothing_and_loses_nothing() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/make-plan", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let open_tab = bureau.get(&address).await;
    act(&world, PROCURATORATE, &story.suggestion, "withdraw", &[]).await;
    let answer =
        bureau.fill_again(&open_tab, &address, &[("f.plan", "一字一句写了一下午的方案。")]).await;
    assert_eq!(answer.status, 409);
    let html = answer.html();
    for words in ["事项已有变化，本次未办理", "撤回检察建议", "您打开页面之后的变化", "打开草稿"]
    {
        assert!(html.contains(words), "{words}");
    }
    let drafts = bureau.get("/drafts").await.html();
    assert!(drafts.contains("一字一句写了一下午的方案。") && drafts.contains("报送整改方案"));
}

#[tokio::test]
async fn a_stale_form_opens_again_with_what_was_typed() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/make-plan", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let open_tab = bureau.get(&address).await;
    act(&world, BUREAU, &story.suggestion, "register", &[]).await;
    let plan = [("f.plan", "整改方案正文。")];
    let answer = bureau.fill_again(&open_tab, &address, &plan).await;
    assert_eq!(answer.status, 409);
    assert!(answer.html().contains(&format!("href=\"{address}\"")));
    let again = bureau.get(&address).await;
    assert!(again.html().contains("整改方案正文。") && again.html().contains("已载入"));
    let done = bureau.fill_again(&again, &address, &plan).await;
    assert_eq!(done.status, 303, "{}", done.html());
}

#[tokio::test]
async fn why_an_act_was_refused_stays_with_its_draft_until_it_is_taken() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/reply", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let wrong = [
        ("f.reply-kind", "complete"),
        ("f.reply-measures", "已整改。"),
        ("f.reply-done", "全部完成。"),
    ];
    for step in ["", "confirm"] {
        let mut sent = wrong.to_vec();
        sent.push(("step", step));
        let answer = bureau.fill(&address, &sent).await;
        assert_eq!(answer.status, 422, "{step}");
        assert!(
            answer.html().contains("全部完成。") && answer.html().contains("还有整改项未报告完成")
        );
        let again = bureau.get(&address).await.html();
        assert!(
            again.contains("全部完成。") && again.contains("当时的原因：还有整改项未报告完成"),
            "{step}"
        );
    }
    // Missing fields are named, not counted.
    bureau.fill(&address, &[("f.reply-kind", "complete")]).await;
    let again = bureau.get(&address).await;
    assert!(again.html().contains("当时的原因：请填写“"), "{}", again.html());
    // Writing on does not wipe it away.
    let csrf = again.hidden("csrf");
    let draft = format!("/drafts/act/reply?matter={}", story.suggestion);
    bureau.post(&draft, &[("csrf", &csrf), ("f.reply-done", "大部完成。")]).await;
    let again = bureau.get(&address).await.html();
    assert!(again.contains("大部完成。") && again.contains("当时的原因："));
    // Once the rules would take it, there is nothing left to tell.
    let confirm = bureau.fill(&address, &reply()).await;
    assert_eq!(confirm.status, 200);
    let again = bureau.get(&address).await.html();
    assert!(again.contains("除尘器改造完成。") && !again.contains("当时的原因"));
}

#[tokio::test]
async fn what_was_typed_outlives_a_failure_without_a_script_too() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/make-plan", story.suggestion);
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get(&address).await;
    let break_events = "create trigger broken before insert on event
                        begin select raise(abort, 'broken'); end";
    let mut tx = world.database.write().await.unwrap();
    tx.batch(break_events).await.unwrap();
    tx.commit().await.unwrap();
    let answer = bureau.fill_again(&page, &address, &[("f.plan", "写了一下午的方案。")]).await;
    assert_eq!(answer.status, 500);
    assert!(answer.html().contains("已存入“草稿”"), "{}", answer.html());
    assert!(bureau.get("/drafts").await.html().contains("写了一下午的方案。"));
    assert!(bureau.get(&address).await.html().contains("写了一下午的方案。"));
}

#[tokio::test]
async fn a_draft_that_waits_hides_what_the_approver_may_not_read() {
    // Whoever repairs writes a reason under seal; a leader of the checking unit approves.
    let world = World::ruled("2026-03-02", |name, text| {
        let open = "id = \"date-change-reason\"\ntype = \"long-text\"";
        let sealed = "id = \"date-change-reason\"\ntype = \"long-text\"\ntier = \"sealed\"";
        if name.ends_with("repair-item.toml") {
            assert!(text.contains(open));
        }
        text.replace(open, sealed)
    })
    .await;
    let story = suggestion_awaiting_reply(&world).await;
    let matter = format!("/matters/{}", story.repair);
    let mut handler = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let change = [("f.repair-by", "2026-05-29"), ("f.date-change-reason", "供货商张某某违约。")];
    let done = handler.fill(&format!("{matter}/actions/change-date"), &change).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let secret = "供货商张某某违约。";
    let api = format!("/matters/{}", story.repair);
    let reads = |code: &'static str, role: RoleName| {
        let (world, matter, api) = (&world, &matter, &api);
        async move {
            let mut browser = Browser::of(world, code, role).await;
            let program = Program::of(world, code, role).await;
            let page = browser.get(matter).await.html();
            let proposal = browser.get(&format!("{matter}/proposal")).await.html();
            let answer = program.get(api).await.well();
            let events = program.get(&format!("{api}/events")).await.well().to_string();
            (page + &proposal, answer, events)
        }
    };
    // Before the own leader has approved, the other side knows of no draft at all.
    let (pages, answer, events) = reads(PROCURATORATE, RoleName::Leader).await;
    assert!(!pages.contains(secret) && !events.contains(secret));
    assert!(answer["proposal"].is_null(), "{answer}");
    let (pages, answer, _) = reads(BUREAU, RoleName::Handler).await;
    assert!(pages.contains(secret) && answer.to_string().contains(secret));
    // What is sealed is read by whoever wrote it; who approves is told that something was written.
    let (pages, answer, _) = reads(BUREAU, RoleName::Leader).await;
    assert!(!pages.contains(secret) && !answer.to_string().contains(secret));
    assert!(pages.contains("〔已脱敏〕"));
    let mut leader = Browser::of(&world, BUREAU, RoleName::Leader).await;
    let page = leader.get(&format!("{matter}/proposal")).await;
    let done = leader.fill_again(&page, &format!("{matter}/proposal"), &[("do", "approve")]).await;
    assert_eq!(done.status, 303, "{}", done.html());
    // Now it waits for the other side: they see that a reason was given, not which.
    let (pages, answer, events) = reads(PROCURATORATE, RoleName::Leader).await;
    assert!(!pages.contains(secret) && !events.contains(secret));
    assert!(!answer.to_string().contains(secret), "{answer}");
    assert!(pages.contains("2026-05-29") && pages.contains("〔已脱敏〕"), "{pages}");
    assert_eq!(answer["proposal"]["input"]["date-change-reason"], json!({ "masked": true }));
    assert_eq!(answer["proposal"]["input"]["repair-by"]["value"], "2026-05-29");
    // Nor do they after their own leader approves.
    let mut checker = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    let page = checker.get(&format!("{matter}/proposal")).await;
    let done = checker.fill_again(&page, &format!("{matter}/proposal"), &[("do", "approve")]).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let (pages, answer, events) = reads(PROCURATORATE, RoleName::Handler).await;
    assert!(
        !pages.contains(secret) && !answer.to_string().contains(secret) && !events.contains(secret)
    );
}

#[tokio::test]
async fn who_may_not_act_is_told_why_and_by_which_rule() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let matter = format!("/matters/{}", story.suggestion);
    let mut procuratorate = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let answer = procuratorate.get(&format!("{matter}/actions/reply")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.html().contains("由被建议单位办理"));
    let mut liaison = Browser::of(&world, BUREAU, RoleName::Liaison).await;
    let answer = liaison.get(&format!("{matter}/actions/reply")).await;
    assert!(answer.status == 403 && answer.html().contains("须由经办人办理"));
    let answer = procuratorate.get(&format!("{matter}/actions/serve-directly")).await;
    assert!(answer.status == 409 && answer.html().contains("当前状态为"));
    for unknown in ["no-such-act", "correction-period-ended"] {
        assert_eq!(procuratorate.get(&format!("{matter}/actions/{unknown}")).await.status, 404);
    }
}

#[tokio::test]
async fn drafts_are_saved_listed_taken_up_and_thrown_away() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let form = format!("/matters/{}/actions/reply", story.suggestion);
    let page = bureau.get(&form).await;
    let draft = format!("/drafts/act/reply?matter={}", story.suggestion);
    assert!(page.html().contains(&format!("data-draft=\"{draft}\"")));
    let csrf = page.hidden("csrf");
    let saved = bureau
        .post(&draft, &[("csrf", &csrf), ("f.reply-measures", "写到一半"), ("f.reply-kind", "")])
        .await;
    assert_eq!(saved.status, 204);
    assert!(bureau.get(&form).await.html().contains("写到一半"));
    let list = bureau.get("/drafts").await.html();
    assert!(list.contains("写到一半") && list.contains("书面回复") && list.contains(&form));
    // Nobody else's.
    let mut other = Browser::of(&world, BUREAU, RoleName::Leader).await;
    assert!(!other.get("/drafts").await.html().contains("写到一半"));
    // Without JavaScript there is a button.
    let stored =
        bureau.fill(&form, &[("f.reply-measures", "写到三分之二"), ("step", "save")]).await;
    assert_eq!(stored.status, 303);
    assert!(bureau.get(&form).await.html().contains("写到三分之二"));
    let id = story.suggestion.to_string();
    let gone = bureau
        .post("/drafts/discard", &[("csrf", &csrf), ("form", "act/reply"), ("matter", &id)])
        .await;
    assert_eq!(gone.status, 303);
    assert!(!bureau.get(&form).await.html().contains("写到三分之二"));
    for odd in ["/drafts/act/no-such", "/drafts/other/reply", "/drafts/act/reply?matter=x"] {
        assert_eq!(bureau.post(odd, &[("csrf", &csrf), ("f.a", "b")]).await.status, 404, "{odd}");
    }
    let huge = "长".repeat(300_000);
    assert_eq!(bureau.post(&draft, &[("csrf", &csrf), ("f.reply-done", &huge)]).await.status, 413);
    // A form from elsewhere is not ours.
    assert_eq!(bureau.post(&draft, &[("csrf", "wrong"), ("f.a", "b")]).await.status, 403);
}

#[tokio::test]
async fn a_matter_is_opened_under_another_with_what_that_one_says_already() {
    let world = World::new("2026-03-02").await;
    let problem = world.problem(BUREAU, "横水镇渗滤液外溢").await;
    let id = problem.rsplit('/').next().unwrap();
    let address = format!("/open/clue?parent={id}");
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get(&address).await;
    assert!(page.html().contains("value=\"长青镇工业园\""), "the place of the problem");
    assert!(page.html().contains("data-pick-url=\"/units/suggest?side=procuratorate\""));
    let rules = world.store.rules();
    let clue = rules.procedure("clue").unwrap();
    let option = |field: &str| clue.field(field).unwrap().options[0].id.clone();
    let (source, field) = (option("clue-source"), option("field"));
    let fields = [
        ("party.receiver", PROCURATORATE),
        ("f.clue-source", &source),
        ("f.found-on", "2026-03-01"),
        ("f.field", &field),
        ("f.harm", "渗滤液流入雍水河。"),
        ("f.place", "横水镇"),
    ];
    let done = bureau.fill_again(&page, &address, &fields).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let html = bureau.get(done.location()).await.html();
    assert!(html.contains("横水镇渗滤液外溢") && html.contains("已登记，编号 线索〔2026〕1号"));
}

#[tokio::test]
async fn a_code_a_place_and_a_day_are_read_as_people_write_them_or_told_in_full() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let wrong = [
        ("f.polluter-uscc", "91350100M000100Y44"),
        ("f.point", "34.52"),
        ("f.point", "107.39"),
        ("f.discovered-on", "1026-03-02"),
    ];
    let answer = bureau.fill("/open/problem", &wrong).await;
    let html = answer.html();
    for fault in [
        "第 18 位（校验码）是“4”，按前 17 位推算应为“3”",
        "经度和纬度可能填反了，应为 107.39,34.52",
        "日期不能早于 1979-09-13，请核对年份",
    ] {
        assert!(html.contains(fault), "{fault}");
    }
    // Both numbers come back where they were typed.
    assert!(html.contains("value=\"34.52\"") && html.contains("value=\"107.39\""));
    assert!(html.contains("max=\"2026-03-02\"") && html.contains("min=\"1979-09-13\""));
    let facts = [
        ("title", "横水镇渗滤液外溢"),
        ("party.owner", BUREAU),
        ("f.place", "横水镇"),
        ("f.division", "６１０３０５"),
        ("f.categories", "water"),
        ("f.severity", "serious"),
        ("f.source", "patrol"),
        ("f.discovered-on", "2026-03-01"),
        ("f.facts", "渗滤液流入雍水河。"),
        ("f.polluter-uscc", "９１３５０１００ m000100y43"),
        ("f.point", "１０７．３９"),
        ("f.point", "３４．５２"),
    ];
    let done = bureau.fill("/open/problem", &facts).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let html = bureau.get(done.location()).await.html();
    assert!(html.contains("91350100M000100Y43") && html.contains("107.39°E, 34.52°N"));
}

#[tokio::test]
async fn a_place_is_picked_on_the_map_of_its_division() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let html = bureau.get("/open/problem").await.html();
    let form = html.split("data-place-map hidden").nth(1).unwrap();
    assert!(form.contains("data-west=") && form.contains("凤翔区地图：点击即选取该点坐标"));
    assert!(html.contains("map.js"), "the script that fills in the numbers");
    let other = bureau.get("/divisions/610302/map").await;
    assert!(
        other.status == 200 && other.html().starts_with("<svg") && other.html().contains("渭滨区")
    );
    for nowhere in ["110000", "nowhere"] {
        assert_eq!(bureau.get(&format!("/divisions/{nowhere}/map")).await.status, 404);
    }
    // A form that asks for no place brings no script for one.
    let story = suggestion_awaiting_reply(&world).await;
    let plan = bureau.get(&format!("/matters/{}/actions/make-plan", story.suggestion)).await.html();
    assert!(!plan.contains("map.js"));
}

#[tokio::test]
async fn signing_says_what_it_starts_and_many_are_signed_for_in_one_go() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_served(&world).await;
    let mut liaison = Browser::of(&world, BUREAU, RoleName::Liaison).await;
    let address = format!("/matters/{}/actions/acknowledge", story.suggestion);
    let page = liaison.get(&address).await.html();
    for words in [
        "将会发生",
        "“书面回复检察建议”，届满日 2026-05-06",
        "起算期间：“整改期”，2026-05-06 届满",
        "起算期间：“异议期”，2026-03-17 届满",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let list = liaison.get("/work/acknowledge").await.html();
    for words in ["今日签收即起算", "书面回复检察建议 2026-05-06 截止", "异议期 2026-03-17 截止"]
    {
        assert!(list.contains(words), "{words}");
    }
    // What the other side owes is no business of whoever signs.
    assert!(!list.contains("检察建议书报上一级备案"));
    let chosen = [("matter", story.suggestion.as_str())];
    let signed = liaison.send_form("/work/acknowledge", &chosen).await.html();
    assert!(signed.contains("已起算") && signed.contains("书面回复检察建议 2026-05-06 截止"));
    let again = liaison.send_form("/work/acknowledge", &chosen).await.html();
    assert!(again.contains("未签收") && !again.contains("已起算"));
}

#[tokio::test]
async fn a_letter_is_shown_to_its_handler_before_it_goes_to_the_leader() {
    let world = World::new("2026-03-02").await;
    let letter = suggestion_drafted(&world).await.suggestion;
    let address = format!("/matters/{letter}/actions/issue");
    let mut prosecutor = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let page = prosecutor.get(&address).await;
    let fields = [
        ("f.case-source", "行政机关移送"),
        ("f.harm-facts", "颗粒物排放超标。"),
        ("f.non-performance-facts", "仅作罚款。"),
        ("f.legal-basis", "《行政处罚法》第二十七条"),
        ("f.demands", "依法全面履行职责。"),
        ("f.correction-until", "2026-06-05"),
    ];
    let check = prosecutor.fill_again(&page, &address, &fields).await;
    let html = check.html();
    for words in [
        "请核对：签发检察建议书",
        "批准后将会发生",
        "“送达检察建议书”",
        "检察建议书",
        "2026年6月5日",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let mut fields = fields.to_vec();
    fields.push(("step", "confirm"));
    let done = prosecutor.fill_again(&check, &address, &fields).await;
    assert_eq!(done.status, 303, "{}", done.html());
}

#[tokio::test]
async fn the_agency_of_a_case_is_usually_whoever_is_responsible_for_the_problem() {
    let world = World::new("2026-03-02").await;
    let (_, clue) = clue_filed(&world).await;
    let name = {
        let directory = world.people.directory();
        let unit = procedure::Directory::find(directory.as_ref(), BUREAU).unwrap();
        directory.name(unit)
    };
    let address = format!("/matters/{}/actions/open-case", clue);
    let mut prosecutor = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let html = prosecutor.get(&address).await.html();
    assert!(html.contains(&format!("value=\"{name}\"")), "{html}");
    act(&world, PROCURATORATE, &clue, "open-case", &[]).await;
    // One case for one agency: the next is on another.
    let html = prosecutor.get(&address).await.html();
    assert!(!html.contains(&format!("value=\"{name}\"")));
}
