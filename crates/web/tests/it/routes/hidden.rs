//! Whoever has no right to a thing is told what they are told of a thing that is not there, on every
//! route and for every relation to it; and nothing they may see changes when it comes to be.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use procedure::UserId;
use procedure::definition::RoleName::{self, Clerk, Handler, Leader, Liaison, UnitAdmin, Viewer};
use store::people::Authority;
use store::user::UserForm;

use super::{Sight, listed};
use crate::api::program::fresh_key;
use crate::matter_browser::{Answer, Browser};
use crate::matter_story::{
    BUREAU, PIXEL_PNG, PROCURATORATE, Story, suggestion_awaiting_reply, upload,
};
use crate::world::World;

/// A unit of the same division that has no part in it, and another.
const NEIGHBOUR: &str = "G61030503";
const STRANGER: &str = "G61030507";
/// The units that guide the parties.
const GUIDING: [&str; 2] = ["J61030000", "G61030001"];
const ADMINISTRATORS: [&str; 3] = ["xitong", "anquan", "shenji"];

/// Somebody, and a way to ask as them: on the pages, and by a program.
struct Asker {
    who: String,
    browser: Browser,
    token: Option<String>,
}

impl Asker {
    async fn of(world: &World, code: &str, role: RoleName) -> Self {
        let (user, login) = match role {
            Handler | Leader | Liaison => {
                let person = world.person(code, role);
                (person.user, person.login_name.clone())
            }
            _ => made(world, code, role).await,
        };
        let unit = world.unit(code);
        let token = world.people.api_token_create(user, unit, "test", 30).await.unwrap().token;
        let who = format!("{code} {role:?}");
        Self { who, browser: signed_in(world, &login).await, token: Some(token) }
    }

    async fn administrator(world: &World, login: &str) -> Self {
        let browser = Browser::named(world, login).await;
        Self { who: login.to_owned(), browser, token: None }
    }

    fn nobody(world: &World) -> Self {
        Self { who: "nobody".to_owned(), browser: Browser::new(world), token: None }
    }

    async fn ask(&mut self, method: &str, address: &str, fields: &[(&str, &str)]) -> Answer {
        let is_api = address.starts_with("/api/");
        let csrf = if is_api { String::new() } else { self.browser.csrf().await };
        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or("ld_none"));
        let key = fresh_key();
        let mut headers = vec![("upload-offset", "0")];
        if is_api {
            headers.extend([
                ("authorization", bearer.as_str()),
                ("idempotency-key", &key),
                ("if-match", "*"),
                ("x-file-name", "a.png"),
            ]);
        }
        let method: Method = method.parse().unwrap();
        let body = if method == Method::GET {
            Body::empty()
        } else if method == Method::PATCH {
            headers.push(("content-type", "application/offset+octet-stream"));
            headers.push(("x-csrf-token", &csrf));
            Body::from("x")
        } else if is_api {
            headers.push(("content-type", "application/json"));
            Body::from(r#"{"input":{},"reason":"x","words":"x","seen":1}"#)
        } else {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("csrf", &csrf).extend_pairs(fields);
            Body::from(form.finish())
        };
        self.browser.send(method, address, &headers, body).await
    }
}

/// Somebody at a unit in a role the demo does not fill, signed in.
pub(super) async fn browser(world: &World, code: &str, role: RoleName) -> Browser {
    let (_, login) = made(world, code, role).await;
    signed_in(world, &login).await
}

/// Somebody new in a role the demo does not fill.
async fn made(world: &World, code: &str, role: RoleName) -> (UserId, String) {
    let login = format!("{}.{role:?}", code.to_lowercase()).to_lowercase();
    if let Ok(known) = world.people.user_by_login(&login).await {
        return (known.person.id, login);
    }
    let form = UserForm {
        login_name: login.clone(),
        display_name: "冯新人".to_owned(),
        ..UserForm::default()
    };
    let user = world.people.user_create(Authority::Program, &form).await.unwrap().user;
    let unit = world.unit(code);
    world.people.role_grant(Authority::Program, user, unit, role).await.unwrap();
    let mut tx = world.database.write().await.unwrap();
    let sql = "update user_account set must_change_password = 0 where user_id = $1";
    tx.execute(sql, &[user.into()]).await.unwrap();
    tx.commit().await.unwrap();
    (user, login)
}

/// A browser with a session of that account, whether the demo offers it or not.
async fn signed_in(world: &World, login: &str) -> Browser {
    let made = world.people.sign_in_demo(login, "127.0.0.1", "test").await.unwrap();
    Browser::with_session(world, &made.token)
}

/// Everything that is hidden, as its addresses name it: there, and not there.
struct Hidden {
    names: Vec<(&'static str, String, String)>,
    story: Story,
}

impl Hidden {
    /// A suggestion between the procuratorate and the bureau, and what the bureau's handler has.
    async fn new(world: &World) -> Self {
        let story = suggestion_awaiting_reply(world).await;
        let mut owner = Asker::of(world, BUREAU, Handler).await;
        let begun = [("upload-length", "9"), ("upload-metadata", "filename YS5wbmc=")];
        let csrf = owner.browser.csrf().await;
        let headers = [begun[0], begun[1], ("x-csrf-token", csrf.as_str())];
        let post = Method::POST;
        let answer =
            owner.browser.send(post, "/attachments/uploads", &headers, Body::empty()).await;
        let partial = answer.location().rsplit('/').next().unwrap().to_owned();
        assert_eq!(partial.len(), 64, "{}", answer.html());
        let job = owner.ask("POST", "/register/export", &[]).await;
        let job = job.location().trim_start_matches("/jobs/").to_owned();
        web::job::run_waiting(&world.house).await.unwrap();
        let picture = upload(world, BUREAU, "现场.png", PIXEL_PNG).await;
        let sha256 = picture.split('|').next().unwrap().to_owned();
        let user = world.person(BUREAU, Handler).user;
        let session = world.people.session_list(user).await.unwrap()[0].id.to_string();
        let token = world.people.api_token_list(user).await.unwrap()[0].id.to_string();
        let matter = story.suggestion.as_str().to_owned();
        let nothing = "0190b6a0-0000-7000-8000-00000000000a".to_owned();
        let none = || "999999".to_owned();
        let draft = |matter: &str| format!("act.reply@{matter}");
        Self {
            names: vec![
                ("{draft}", draft(&matter), draft(&nothing)),
                ("{matter}", matter, nothing),
                ("{sha256}", sha256, "0".repeat(64)),
                ("{upload}", partial, "0".repeat(64)),
                ("{job}", job, none()),
                ("{session}", session, none()),
                ("{token}", token, none()),
            ],
            story,
        }
    }

    /// An address of what is there, and the same of what is not.
    fn both(&self, path: &str) -> (String, String) {
        let path = path
            .replace("{action}", "reply")
            .replace("{event}", "1")
            .replace("{number}", "1")
            .replace("{kind}", "suggestion");
        let fill = |there: bool| {
            self.names.iter().fold(path.clone(), |path, (name, real, none)| {
                path.replace(name, if there { real } else { none })
            })
        };
        (fill(true), fill(false))
    }

    /// What an answer says, the address that was asked for taken out wherever it says it again.
    fn told(&self, address: &str, answer: &Answer) -> (u16, Vec<(String, String)>, String) {
        let written = web::session::escaped(address);
        let clean = |text: &str| {
            let text = text.replace(address, "ADDRESS").replace(&written, "ADDRESS");
            // Ids so long that they are nothing else.
            let long = self.names.iter().filter(|(_, real, _)| real.len() >= 30);
            long.fold(text, |text, (name, real, none)| {
                text.replace(real.as_str(), name).replace(none.as_str(), name)
            })
        };
        let headers = answer
            .headers
            .iter()
            // It follows from the body, which says the address in its own length.
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| (name.to_string(), clean(value.to_str().unwrap())))
            .collect();
        (answer.status, headers, clean(&answer.html()))
    }
}

/// Pages and the interface for programs, with what each shows of one thing.
fn everything_hidden() -> Vec<(String, String, Sight)> {
    let pages = listed().into_iter().map(|(method, path, _)| (method, path));
    let api = web::api::addresses().into_iter().map(|(method, path)| (method, path.to_owned()));
    pages
        .chain(api)
        .map(|(method, path)| {
            let sight = Sight::of(&path);
            (method, path, sight)
        })
        .filter(|(_, path, sight)| *sight != Sight::Open && !path.starts_with("/admin/"))
        .collect()
}

#[tokio::test]
async fn whoever_has_no_right_to_it_is_told_the_same_as_if_it_were_not_there() {
    let world = World::new("2026-03-02").await;
    let hidden = Hidden::new(&world).await;
    let mut outsiders = vec![Asker::nobody(&world)];
    for (code, role) in [
        (NEIGHBOUR, Handler),
        (NEIGHBOUR, Leader),
        (STRANGER, Handler),
        (STRANGER, Liaison),
        (STRANGER, Clerk),
        (STRANGER, Viewer),
        (STRANGER, UnitAdmin),
    ] {
        outsiders.push(Asker::of(&world, code, role).await);
    }
    for login in ADMINISTRATORS {
        outsiders.push(Asker::administrator(&world, login).await);
    }
    // At units that see the matter, yet not whose it is.
    let mut colleagues = Vec::new();
    for (code, role) in [
        (BUREAU, Leader),
        (BUREAU, Liaison),
        (BUREAU, Viewer),
        (PROCURATORATE, Handler),
        (GUIDING[0], Handler),
    ] {
        colleagues.push(Asker::of(&world, code, role).await);
    }
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (method, path, sight) in everything_hidden() {
        let (there, not_there) = hidden.both(&path);
        let own = if sight == Sight::Own { colleagues.as_mut_slice() } else { &mut [] };
        for asker in outsiders.iter_mut().chain(own) {
            // A token that has leaked is revoked by whoever hears of it.
            if asker.who == "anquan" && path.contains("{token}") {
                continue;
            }
            let fields = [("reason", "x"), ("version", "1"), ("key", "k"), ("words", "x")];
            let one = hidden.told(&there, &asker.ask(&method, &there, &fields).await);
            let other = hidden.told(&not_there, &asker.ask(&method, &not_there, &fields).await);
            asked += 1;
            if one != other {
                wrong.push(format!("{} {method} {path}:\n{one:?}\n{other:?}", asker.who));
            }
            let turned_away = [303, 400, 401, 403, 404].contains(&one.0);
            // Sending somewhere is turning away only when it leads to the door.
            let to_the_door = one.0 != 303
                || one.1.iter().any(|(name, to)| name == "location" && to.starts_with("/sign-in"));
            if !turned_away || !to_the_door {
                wrong.push(format!("{} {method} {path}: {}", asker.who, one.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 300, "{asked}");

    // All this changed nothing of it: the owner still has it all.
    let mut owner = Asker::of(&world, BUREAU, Handler).await;
    for (method, path, _) in everything_hidden() {
        let is_api = path.starts_with("/api/");
        let not_there = ["/documents/", "/proposal", "/seals/", "/openings/"];
        if method == "GET" && !not_there.iter().any(|part| path.contains(part)) {
            let answer = owner.ask("GET", &hidden.both(&path).0, &[]).await;
            let kept = answer.status == 200 || (is_api && path.contains("{draft}"));
            assert!(kept, "{path}: {} {}", answer.status, answer.html());
        }
    }
    let sight = crate::matter_story::scope(&world, BUREAU, Handler);
    let matter = world.store.matter_fetch(&sight, &hidden.story.suggestion).await.unwrap().unwrap();
    assert!(matter.seen.matter.proposal.is_none());
}

#[tokio::test]
async fn whoever_is_in_scope_sees_it_whatever_their_role() {
    let world = World::new("2026-03-02").await;
    let hidden = Hidden::new(&world).await;
    let (page, _) = hidden.both("/matters/{matter}");
    let (resource, _) = hidden.both("/api/v1/matters/{matter}");
    for code in [BUREAU, PROCURATORATE, GUIDING[0], GUIDING[1]] {
        for role in [Handler, Leader, Liaison, Clerk, Viewer, UnitAdmin] {
            let mut asker = Asker::of(&world, code, role).await;
            for address in [&page, &resource] {
                let answer = asker.ask("GET", address, &[]).await;
                assert_eq!(answer.status, 200, "{} {address}", asker.who);
            }
        }
    }
}

/// What a page says, without what is new on every visit.
fn steady(answer: &Answer) -> String {
    // A workbook says when it was made; what is in it is looked at below.
    if answer.header("content-type").contains("spreadsheet") {
        return answer.status.to_string();
    }
    let text = answer.html();
    let mut kept = String::new();
    // Keys of forms.
    for (turn, part) in text.split("name=\"key\" value=\"").enumerate() {
        let part = if turn == 0 { part } else { part.split_once('"').map_or(part, |(_, it)| it) };
        kept.push_str(part);
    }
    format!("{} {kept}", answer.status)
}

#[tokio::test]
async fn nothing_an_outsider_can_ask_for_changes_when_it_comes_to_be() {
    let world = World::new("2026-03-02").await;
    // Words that stand in the title, in a field, in a file's name, in a draft.
    let searches = ["长青能源", "颗粒物", "清洗记录", "G61030501", "问题", "1"];
    let mut addresses = BTreeSet::new();
    let all = listed().into_iter().map(|(method, path, _)| (method, path));
    let api = web::api::addresses().into_iter().map(|(method, path)| (method, path.to_owned()));
    for (method, path) in all.chain(api) {
        if method != "GET" || Sight::of(&path) != Sight::Open || path.contains("{draft}") {
            continue;
        }
        let address = super::address(&world, &path);
        for words in searches {
            let words = web::session::escaped(words);
            addresses.insert(format!(
                "{address}?q={words}&parent=610300&limit=suggestion-reply-ordinary\
                 &from=2026-03-02&of=us"
            ));
        }
        addresses.insert(address);
    }
    // These tell how the platform is used, not what by: how long the log is, who signed in, when one's own
    // token was used.
    let of_use = ["/ledger", "/account", "/admin", "/api/v1/ledger"];
    addresses.retain(|address| !of_use.iter().any(|begin| address.starts_with(begin)));
    let mut askers = vec![Asker::nobody(&world)];
    for (code, role) in [(NEIGHBOUR, Handler), (STRANGER, Leader), (STRANGER, Viewer)] {
        askers.push(Asker::of(&world, code, role).await);
    }
    for login in ADMINISTRATORS {
        askers.push(Asker::administrator(&world, login).await);
    }
    let mut before = Vec::new();
    for asker in &mut askers {
        for address in &addresses {
            before.push(steady(&asker.ask("GET", address, &[]).await));
        }
    }
    suggestion_awaiting_reply(&world).await;
    upload(&world, BUREAU, "清洗记录.png", PIXEL_PNG).await;
    let mut bureau = Browser::of(&world, BUREAU, Handler).await;
    let kept = bureau.send_form("/drafts/open/problem", &[("title", "清洗记录")]).await;
    assert!(kept.status < 400, "{}", kept.html());
    let mut after = before.iter();
    for asker in &mut askers {
        for address in &addresses {
            let now = steady(&asker.ask("GET", address, &[]).await);
            let then = after.next().unwrap();
            assert_eq!(&now, then, "{} {address}", asker.who);
        }
    }
    assert!(before.len() > 1_000, "{}", before.len());

    // Nor is any of it in the files an outsider takes out.
    for asker in askers.iter_mut().skip(1).take(2) {
        let begun = asker.ask("POST", "/register/export", &[]).await;
        assert_eq!(begun.status, 303, "{}", begun.html());
        web::job::run_waiting(&world.house).await.unwrap();
        let file = asker.ask("GET", &format!("{}/result", begun.location()), &[]).await;
        assert_eq!(file.status, 200);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.body)).unwrap();
        for part in 0..archive.len() {
            let mut text = String::new();
            // Parts that are no text hold nothing of a matter.
            let _ = std::io::Read::read_to_string(&mut archive.by_index(part).unwrap(), &mut text);
            assert!(!text.contains("颗粒物"), "{}: {text}", asker.who);
        }
    }
}
