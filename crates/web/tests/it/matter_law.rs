//! The law of the day: what may be cited on a form, and what pages cite beside it.

use procedure::definition::RoleName;
use serde_json::json;

use crate::api::program::Program;
use crate::matter_browser::{Answer, Browser};
use crate::matter_story::{BUREAU, PROCURATORATE, suggestion_awaiting_reply};
use crate::world::World;

/// What stands in a letter beside the law it cites.
const LETTER: [(&str, &str); 4] = [
    ("f.case-source", "行政机关移送"),
    ("f.harm-facts", "颗粒物排放超标。"),
    ("f.non-performance-facts", "未责令限制生产。"),
    ("f.demands", "依法责令停产整治。"),
];

/// A letter that is amended, on the form of that act.
async fn amended(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("f.change-reason", "补充法律依据。")];
    all.extend(LETTER);
    all.extend(fields);
    browser.fill(address, &all).await
}

#[tokio::test]
async fn only_law_in_force_is_offered_and_what_is_not_is_told_at_its_field() {
    let world = World::new("2026-08-17").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/amend", story.suggestion);
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let html = browser.get(&address).await.html();
    assert!(
        html.contains(
            "<option value=\"《中华人民共和国生态环境法典》\">自2026-08-15起施行</option>"
        )
    );
    assert!(!html.contains("<option value=\"《中华人民共和国环境保护法》\">"));
    assert!(html.contains("只能引用2026-08-17施行中的规范"));
    assert!(
        html.matches("name=\"f.legal-basis\"").count() >= 3,
        "lines to write in without a script"
    );

    let old = [("f.legal-basis", "环境保护法第六条"), ("f.legal-basis", "生态环境法典 1076")];
    let answer = amended(&mut browser, &address, &old).await;
    assert_eq!(answer.status, 422);
    let html = answer.html();
    for words in [
        "《中华人民共和国环境保护法》施行至2026-08-14，2026-08-17已不适用",
        "该日适用《中华人民共和国生态环境法典》（自2026-08-15起施行）",
        "应填写“违法行为发生日期”",
    ] {
        assert!(html.matches(words).count() >= 2, "{words}: on top and at the field");
    }
    // What was understood comes back written out, a line an article.
    assert!(html.contains("value=\"《中华人民共和国环境保护法》第6条\""));
    assert!(html.contains("value=\"《中华人民共和国生态环境法典》第1076条\""));

    // The conduct dates from before: both laws are offered, and the old one may be cited.
    let conduct = [("f.conduct-since", "2026-07-01"), ("f.legal-basis", "环境保护法的规定")];
    let html = amended(&mut browser, &address, &conduct).await.html();
    assert!(
        html.contains("<option value=\"《中华人民共和国环境保护法》\">施行至2026-08-14</option>")
    );
    assert!(
        html.contains("行为发生于2026-07-01")
            && html.contains("其后适用《中华人民共和国生态环境法典》")
    );
    let both = [
        ("f.conduct-since", "2026-07-01"),
        ("f.legal-basis", "环境保护法第六条第二款、生态环境法典第一千零七十六条"),
        ("f.legal-basis", "《陕西省大气污染防治条例》第十二条"),
        ("step", "confirm"),
    ];
    let done = amended(&mut browser, &address, &both).await;
    assert_eq!(done.status, 303, "{}", done.html());
    let mut leader = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    let page = leader.get(&format!("/matters/{}/proposal", story.suggestion)).await.html();
    for words in [
        "<a href=\"/rules/instruments/HBF\">《中华人民共和国环境保护法》第6条第2款</a>",
        "<a href=\"/rules/instruments/FD\">《中华人民共和国生态环境法典》第1076条</a>",
        "《陕西省大气污染防治条例》第12条 <span class=\"tag\">清单外</span>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let instrument = leader.get("/rules/instruments/HBF").await.html();
    for words in ["现不适用", "2015-01-01", "2026-08-14", "已由其替代", "/rules/instruments/FD\""]
    {
        assert!(instrument.contains(words), "{words}");
    }
    assert_eq!(leader.get("/rules/instruments/NOSUCH").await.status, 404);
    assert!(leader.get("/rules/instruments/J17").await.html().contains("施行日期待核"));
}

#[tokio::test]
async fn an_amended_letter_begins_with_the_letter_as_it_stands() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let address = format!("/matters/{}/actions/amend", story.suggestion);
    let mut browser = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let html = browser.get(&address).await.html();
    assert!(
        html.contains("依法全面履行监管职责，责令限期整改。\n确保达标排放。</textarea>"),
        "{html}"
    );
    assert!(html.contains("value=\"《中华人民共和国行政处罚法》第27条\""));
    let places: Vec<_> = ["f-harm-facts", "f-conduct-since", "f-legal-basis", "f-demands"]
        .map(|id| html.find(&format!("id=\"{id}\"")).unwrap())
        .into();
    assert!(places.is_sorted(), "the day of the conduct is asked before the law: {places:?}");
    // Its reasons are new each time.
    assert!(
        html.contains("name=\"f.change-reason\" rows=\"4\" maxlength=\"4000\">\n</textarea>"),
        "{html}"
    );
}

#[tokio::test]
async fn programs_give_and_get_articles_by_their_parts() {
    let world = World::new("2026-08-17").await;
    let story = suggestion_awaiting_reply(&world).await;
    let matter = story.suggestion.to_string();
    let program = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    let letter = |articles: serde_json::Value| {
        json!({
            "change-reason": "补充法律依据。", "harm-facts": "超标。",
            "non-performance-facts": "未责令限制生产。", "demands": "依法责令停产整治。",
            "legal-basis": articles,
        })
    };
    let wrong = program.act(&matter, "amend", letter(json!("FD:1076"))).await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["legal-basis"]));
    let old = program
        .act(&matter, "amend", letter(json!([{ "instrument": "HBF", "article": "6" }])))
        .await;
    assert_eq!((old.status, old.wrong_fields()), (422, vec!["legal-basis"]));
    assert!(old.body.to_string().contains("not on 2026-08-17"), "{}", old.body);
    let articles = json!([{ "instrument": "FD", "article": "1076(1)" }, "行政处罚法第二十七条"]);
    program.act(&matter, "amend", letter(articles)).await.well();
    let proposal = &program.matter(&matter).await["proposal"]["input"]["legal-basis"];
    assert_eq!(proposal["kind"], "articles");
    assert_eq!(
        proposal["value"],
        json!([
            {
                "instrument": "FD", "article": "1076(1)",
                "name": {
                    "zh": "《中华人民共和国生态环境法典》第1076条第1款",
                    "en": "Ecology and Environment Code, art. 1076(1)",
                },
            },
            {
                "instrument": "CF", "article": "27",
                "name": {
                    "zh": "《中华人民共和国行政处罚法》第27条",
                    "en": "Administrative Penalty Law, art. 27",
                },
            },
        ])
    );
}

#[tokio::test]
async fn pages_cite_the_code_only_once_it_is_in_force() {
    for (day, is_cited) in [("2026-08-14", false), ("2026-08-17", true)] {
        let world = World::new(day).await;
        let problem = world.problem(BUREAU, "横水镇渗滤液外溢").await;
        let id = problem.rsplit('/').next().unwrap();
        let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
        let html = browser.get(&format!("/open/clue?parent={id}")).await.html();
        assert!(html.contains("《人民检察院公益诉讼办案规则》第24条"), "{day}");
        assert_eq!(html.contains("《中华人民共和国生态环境法典》第1083条"), is_cited, "{day}");
    }
}

#[tokio::test]
async fn a_day_of_rest_is_told_beside_its_date_and_hinders_nothing() {
    let world = World::new("2026-10-12").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for (day, words) in [
        ("2026-10-01", "2026-10-01为节假日（国庆节）"),
        ("2026-10-10", "2026-10-10为星期六，调休上班（国庆节）"),
        ("2026-10-12", ""),
    ] {
        let answer = browser.get(&format!("/rules/days/{day}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.html(), format!("{{\"words\":\"{words}\"}}"));
    }
    assert_eq!(browser.get("/rules/days/2026-13-40").await.status, 404);
    let form = browser.fill("/open/problem", &[("f.discovered-on", "2026-10-01")]).await;
    let html = form.html();
    assert!(
        html.contains("id=\"f-discovered-on-d\" role=\"status\">2026-10-01为节假日（国庆节）</p>")
    );
    assert!(!html.contains("id=\"f-discovered-on-e\""), "a hint refuses nothing");
}

#[tokio::test]
async fn what_must_be_filled_in_at_times_says_when_beside_its_label() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let html = browser.get(&format!("/matters/{}/actions/reply", story.suggestion)).await.html();
    assert!(
        html.contains(
            "<span class=\"opt\">（“回复类型”不为“已全部整改到位”时必填）</span></label>"
        ),
        "{html}"
    );
    let html = browser.get(&format!("/matters/{}/actions/report-done", story.repair)).await.html();
    assert!(
        html.contains("<span class=\"opt\">（未填“整改后监测值”时必填）</span></label>"),
        "{html}"
    );
}
