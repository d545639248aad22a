//! Scripts in every text field, every name and every file name: shown as they were written, never run.

use html5gum::{Token, Tokenizer};
use http::Method;
use procedure::definition::RoleName;
use store::people::Authority;
use store::user::UserForm;

use crate::matter_browser::{Answer, Browser, unescaped};
use crate::matter_story::{
    BUREAU, PIXEL_PNG, PROCURATORATE, Story, suggestion_awaiting_reply, upload,
};
use crate::world::World;

/// Out of a text, an attribute in either quote, a text area, a title, a script, a comment.
const WORDS: &str = "\"><q7x onq7x=1>' onq7x='1 </textarea></title></script>--><q7x>javascript:q7x";
/// What of it can stand in a name of a file.
const FILE: &str = "\"><q7x onq7x=1>' onq7x='1.png";

/// Fails when what was written is anything but text in a page.
fn is_harmless(page: &str, text: &str) {
    for token in Tokenizer::new(text) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        assert_ne!(name, "q7x", "{page}: an element out of a text");
        for (attribute, value) in &tag.attributes {
            let attribute = String::from_utf8_lossy(attribute);
            let value = String::from_utf8_lossy(value);
            assert!(!attribute.starts_with("on"), "{page}: <{name} {attribute}={value}>");
            assert_ne!(attribute, "style", "{page}: <{name} style>");
            let is_address = ["href", "src", "action", "formaction", "hx-get", "hx-post"];
            if is_address.contains(&&*attribute) {
                let value = value.trim().to_ascii_lowercase();
                assert!(!value.starts_with("javascript:"), "{page}: <{name} {attribute}={value}>");
                let is_ours = value.starts_with(['/', '#', '?']) && !value.starts_with("//");
                let is_named = ["data:image", "data:,", "tel:", "mailto:", "https://"]
                    .iter()
                    .any(|begin| value.starts_with(begin));
                assert!(
                    is_ours || is_named || value.is_empty(),
                    "{page}: <{name} {attribute}={value}>"
                );
            }
            if name == "script" && attribute == "src" {
                assert!(value.starts_with("/static/"), "{page}: {value}");
            }
        }
        assert!(
            name != "script" || tag.attributes.keys().any(|key| key.as_slice() == b"src"),
            "{page}: a script of its own"
        );
    }
}

fn check(page: &str, answer: &Answer) -> usize {
    if answer.header("content-type").starts_with("text/html") {
        is_harmless(page, &answer.html());
    } else {
        let kind = answer.header("content-type");
        assert!(!kind.contains("svg") || !answer.html().contains("<q7x"), "{page}: {kind}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{page}");
    }
    unescaped(&answer.html()).matches("<q7x onq7x=1>").count()
}

/// A house in which everybody writes the same into everything.
async fn hostile() -> (World, Story) {
    let mut world = World::new("2026-03-02").await;
    world.words = Some(WORDS);
    let story = suggestion_awaiting_reply(&world).await;
    (world, story)
}

#[tokio::test]
async fn what_is_written_into_every_field_is_shown_and_never_run() {
    let (world, story) = hostile().await;
    let file = upload(&world, BUREAU, FILE, PIXEL_PNG).await;
    let matters = [&story.problem, &story.clue, &story.case, &story.suggestion, &story.repair];
    let mut shown = 0;
    for (code, role) in [
        (BUREAU, RoleName::Handler),
        (PROCURATORATE, RoleName::Handler),
        (PROCURATORATE, RoleName::Leader),
    ] {
        let mut browser = Browser::of(&world, code, role).await;
        let mut pages: Vec<String> =
            ["/", "/lights", "/register", "/news", "/drafts", "/work/owed", "/correction"]
                .map(str::to_owned)
                .to_vec();
        for matter in matters {
            pages.push(format!("/matters/{matter}"));
            pages.push(format!("/matters/{matter}/chart"));
            pages.push(format!("/matters/{matter}/receipts/1"));
            let page = browser.get(&format!("/matters/{matter}")).await.html();
            for link in page.split("href=\"").skip(1) {
                let link = unescaped(link.split('"').next().unwrap());
                if link.starts_with(&format!("/matters/{matter}/")) {
                    pages.push(link);
                }
            }
        }
        pages.sort();
        pages.dedup();
        for page in &pages {
            for language in ["", "en"] {
                if language == "en" {
                    browser.send_form("/language", &[("language", "en")]).await;
                }
                let answer = browser.get(page).await;
                assert!(answer.status < 500, "{page}: {}", answer.html());
                shown += check(page, &answer);
                let part = [("hx-request", "true")];
                let part = browser.send(Method::GET, page, &part, "".into()).await;
                shown += check(page, &part);
            }
            browser.send_form("/language", &[("language", "zh")]).await;
        }
    }
    assert!(shown > 100, "it is shown {shown} times only");

    // A file's name stands on pages and in headers.
    let address = "/open/problem";
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let again = bureau.fill(address, &[("f.photos", file.as_str())]).await;
    assert_eq!(again.status, 422);
    assert!(check(address, &again) > 0, "{}", again.html());
}

#[tokio::test]
async fn a_form_that_comes_back_shows_what_was_sent_and_runs_none_of_it() {
    let (world, _) = hostile().await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get("/open/problem").await;
    // Every field the page has, and some it has not.
    let mut names: Vec<String> = page
        .html()
        .split(" name=\"")
        .skip(1)
        .map(|rest| unescaped(rest.split('"').next().unwrap()))
        .filter(|name| !["csrf", "key", "version"].contains(&name.as_str()))
        .collect();
    names.push("f.\"><q7x onq7x=1>".to_owned());
    names.sort();
    names.dedup();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), WORDS)).collect();
    let answer = bureau.fill_again(&page, "/open/problem", &fields).await;
    assert_eq!(answer.status, 422, "{}", answer.html());
    assert!(check("/open/problem", &answer) > 3, "{}", answer.html());
    for step in ["edit", "confirm", WORDS] {
        let mut fields = fields.clone();
        fields.push(("step", step));
        check("/open/problem", &bureau.fill_again(&page, "/open/problem", &fields).await);
    }
}

#[tokio::test]
async fn what_an_address_says_is_shown_and_never_run() {
    let (world, story) = hostile().await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let words = web::session::escaped(WORDS);
    let mut shown = 0;
    for (method, path, _) in crate::routes::listed() {
        if method != "GET" {
            continue;
        }
        let address = crate::routes::address(&world, &path)
            .replace("0190b6a0-0000-7000-8000-00000000000a", story.problem.as_str());
        // Every name any page reads from its address.
        let query: Vec<String> =
            super::sql::names().iter().map(|name| format!("{name}={words}")).collect();
        let answer = bureau.get(&format!("{address}?{}", query.join("&"))).await;
        assert!(answer.status < 500, "{path}");
        shown += check(&path, &answer);
        // In the path itself.
        let odd: Vec<&str> = path
            .split('/')
            .map(|part| if part.contains('{') { words.as_str() } else { part })
            .collect();
        let answer = bureau.get(&odd.join("/")).await;
        assert!(answer.status < 500, "{path}");
        check(&path, &answer);
    }
    assert!(shown > 3, "{shown}");
}

#[tokio::test]
async fn what_people_and_units_are_called_is_shown_and_never_run() {
    let world = World::new("2026-03-02").await;
    let name = "<q7x onq7x=1>";
    let form = UserForm {
        login_name: "evil.jb".to_owned(),
        display_name: name.to_owned(),
        title: WORDS.chars().take(30).collect(),
        phone: String::new(),
    };
    // Names with such signs are refused; one that came in another way is only shown.
    let made = world.people.user_create(Authority::Program, &form).await;
    let user = match made {
        Ok(made) => made.user,
        Err(_) => {
            let form = UserForm { display_name: "冯某".to_owned(), title: String::new(), ..form };
            world.people.user_create(Authority::Program, &form).await.unwrap().user
        }
    };
    let mut tx = world.database.write().await.unwrap();
    for sql in [
        "update user_account set display_name = $1, title = $1 where user_id = $2",
        "update unit set name = $1, short_name = $1 where unit_id = $2",
    ] {
        let key = if sql.contains("unit set") { world.unit("G61030503").0 } else { user.0 };
        tx.execute(sql, &[name.into(), key.into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let bureau = world.unit("G61030503");
    world.people.role_grant(Authority::Program, user, bureau, RoleName::Viewer).await.unwrap();
    let mut shown = 0;
    for login in ["xitong", "anquan", "shenji"] {
        let mut browser = Browser::named(&world, login).await;
        for page in [
            "/".to_owned(),
            "/admin/users".to_owned(),
            format!("/admin/users/{user}"),
            format!("/admin/users/{user}/edit"),
            "/admin/units".to_owned(),
            "/admin/journal".to_owned(),
            format!("/units/{bureau}"),
            "/liaisons".to_owned(),
        ] {
            shown += check(&page, &browser.get(&page).await);
        }
    }
    assert!(shown > 3, "{shown}");
}
