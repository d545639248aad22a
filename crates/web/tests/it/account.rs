//! One's own account: the second factor, sessions, what a session that ran out leaves; and the identity
//! provider's word.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use procedure::definition::RoleName;
use store::Clock as _;
use store::people::Authority::Program;
use store::provider::Visit;
use store::role::AnyRole;
use web::provider::{Asks, Later, Provider, ProviderError};
use web::{House, MovableClock as _};

use crate::matter_browser::{Answer, Browser};
use crate::world::{PASSWORD, World};

const BUREAU: &str = "G61030501";

/// Moves the machine's clock, by which sessions and codes go.
fn pass(world: &World, minutes: i64) {
    let later = world.machine.now() + jiff::SignedDuration::from_mins(minutes);
    world.machine.move_to(later);
}

/// What an authenticator app shows that was told the secret of the page.
struct App(totp_rs::Totp);

impl App {
    fn of(page: &Answer) -> Self {
        let html = page.html();
        assert!(html.contains("<svg class=\"qr\"") && html.contains("<path d=\"M4 4h1v1h-1z"));
        let (_, rest) = html.split_once("<p class=\"code\">").unwrap();
        let words = rest.split_once('<').unwrap().0.replace(' ', "");
        let secret = totp_rs::Secret::try_from_base32(words).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    fn code(&self, world: &World) -> String {
        self.0.generate(world.machine.now().as_second().try_into().unwrap()).to_string()
    }
}

async fn signed_in(world: &World, login: &str) -> Browser {
    let mut browser = Browser::new(world);
    let fields = [("user", login), ("password", PASSWORD)];
    assert_eq!(browser.send_form("/sign-in", &fields).await.location(), "/");
    browser
}

/// Sets the second factor up as a person would; the codes are on the answer.
async fn enrol(world: &World, browser: &mut Browser) -> (App, Answer) {
    let csrf = browser.get("/account/second-factor").await.hidden("csrf");
    let begun = browser.post("/account/second-factor/begin", &[("csrf", &csrf)]).await;
    assert_eq!(begun.location(), "/account/second-factor");
    let app = App::of(&browser.get("/account/second-factor").await);
    let wrong = [("csrf", csrf.as_str()), ("code", "000000")];
    let answer = browser.post("/account/second-factor/confirm", &wrong).await;
    assert!(answer.status == 422 && answer.html().contains("验证码不正确"), "{}", answer.html());
    let code = app.code(world);
    let right = [("csrf", csrf.as_str()), ("code", code.as_str())];
    let answer = browser.post("/account/second-factor/confirm", &right).await;
    assert_eq!(answer.status, 200, "{}", answer.html());
    (app, answer)
}

fn recovery_codes(page: &Answer) -> Vec<String> {
    let html = page.html();
    let parts = html.split("<li class=\"code\">").skip(1);
    parts.map(|part| part.split_once('<').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn the_second_factor_is_set_up_by_page_and_asked_for_at_the_door() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let mut browser = signed_in(&world, &login).await;
    let (app, page) = enrol(&world, &mut browser).await;
    let codes = recovery_codes(&page);
    assert_eq!(codes.len(), 10);
    assert!(!browser.get("/account/second-factor").await.html().contains(&codes[0]), "shown once");

    let mut door = Browser::new(&world);
    let fields = [("user", login.as_str()), ("password", PASSWORD), ("next", "/register")];
    let half = door.send_form("/sign-in", &fields).await;
    assert_eq!((half.status, half.location()), (303, "/sign-in/code?next=%2Fregister"));
    assert_eq!(door.get("/register").await.location(), "/sign-in?next=%2Fregister", "not yet in");
    assert_eq!(door.get("/account").await.location(), "/sign-in?next=%2Faccount");
    let page = door.get("/sign-in/code?next=%2Fregister").await;
    assert!(page.html().contains(&login) && page.html().contains("one-time-code"));
    let csrf = page.hidden("csrf");
    let wrong = [("csrf", csrf.as_str()), ("next", "/register"), ("code", "000000")];
    let answer = door.post("/sign-in/code", &wrong).await;
    assert!(answer.status == 422 && answer.html().contains("role=\"alert\""));
    pass(&world, 1);
    let code = app.code(&world);
    let right = [("csrf", csrf.as_str()), ("next", "/register"), ("code", code.as_str())];
    let answer = door.post("/sign-in/code", &right).await;
    assert_eq!((answer.status, answer.location()), (303, "/register"));
    assert_eq!(door.get("/register").await.status, 200);

    // The telephone is at home: a recovery code does as well.
    let mut away = Browser::new(&world);
    away.send_form("/sign-in", &[("user", &login), ("password", PASSWORD)]).await;
    let csrf = away.get("/sign-in/code").await.hidden("csrf");
    let answer = away.post("/sign-in/code", &[("csrf", &csrf), ("code", &codes[0])]).await;
    assert_eq!(answer.location(), "/");

    // Whoever waits too long, or is somebody else, begins anew.
    let mut late = Browser::new(&world);
    late.send_form("/sign-in", &[("user", &login), ("password", PASSWORD)]).await;
    let csrf = late.get("/sign-in/code").await.hidden("csrf");
    pass(&world, 6);
    let answer = late.post("/sign-in/code", &[("csrf", &csrf), ("code", &codes[1])]).await;
    assert!(answer.status == 422 && answer.html().contains("请重新登录"), "{}", answer.html());
    late.send_form("/sign-in", &[("user", &login), ("password", PASSWORD)]).await;
    let csrf = late.get("/sign-in/code").await.hidden("csrf");
    assert_eq!(late.post("/sign-in/code/cancel", &[("csrf", &csrf)]).await.location(), "/sign-in");
    assert_eq!(late.get("/sign-in/code").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_token_for_programs_asks_for_a_code_and_then_needs_none() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let mut browser = signed_in(&world, &login).await;
    let (app, _) = enrol(&world, &mut browser).await;
    let unit = world.unit(BUREAU).to_string();
    assert!(browser.get("/account").await.html().contains("name=\"code\""));
    let without = [("name", "对接"), ("unit", unit.as_str()), ("days", "30")];
    let answer = browser.send_form("/account/tokens", &without).await;
    assert!(answer.status == 422 && answer.html().contains("value=\"对接\""), "nothing is lost");
    pass(&world, 1);
    let code = app.code(&world);
    let with = [("name", "对接"), ("unit", unit.as_str()), ("days", "30"), ("code", code.as_str())];
    let page = browser.send_form("/account/tokens", &with).await.html();
    let (_, rest) = page.split_once("data-copy=\"ld_").unwrap();
    let token = format!("Bearer ld_{}", rest.split_once('"').unwrap().0);
    let mut program = Browser::new(&world);
    let header = [("authorization", token.as_str())];
    let me = program.send(http::Method::GET, "/api/v1/me", &header, "".into()).await;
    assert_eq!(me.status, 200);
}

#[tokio::test]
async fn a_role_that_asks_for_it_is_led_there_and_gets_nothing_else() {
    let world = World::new("2026-03-02").await;
    let mut security = Browser::named(&world, "anquan").await;
    let page = security.get("/admin/second-factor").await;
    assert!(page.html().contains("审批领导") && page.html().contains("安全审计员"));
    let login = world.person(BUREAU, RoleName::Leader).login_name.clone();
    let mut leader = signed_in(&world, &login).await;
    assert_eq!(leader.get("/").await.status, 200);
    let asked = [("role", "leader"), ("role", "security-auditor")];
    let answer = security.send_form("/admin/second-factor", &asked).await;
    assert_eq!(answer.location(), "/admin/second-factor");
    assert!(security.get("/admin/second-factor").await.html().contains("value=\"leader\" checked"));

    for page in ["/", "/register", "/account", "/account/password", "/lights", "/jobs"] {
        assert_eq!(leader.get(page).await.location(), "/account/second-factor", "{page}");
    }
    let csrf = leader.get("/account/second-factor").await.hidden("csrf");
    let unit = world.unit(BUREAU).to_string();
    let token = [("csrf", csrf.as_str()), ("name", "x"), ("unit", &unit), ("days", "1")];
    assert_eq!(leader.post("/account/tokens", &token).await.location(), "/account/second-factor");
    assert_eq!(leader.post("/language", &[("csrf", &csrf), ("language", "en")]).await.status, 303);
    assert!(leader.get("/account/second-factor").await.html().contains("Your role asks"));
    leader.post("/language", &[("csrf", &csrf), ("language", "zh")]).await;
    leader.post("/account/second-factor/begin", &[("csrf", &csrf)]).await;
    let page = leader.get("/account/second-factor").await;
    let code = App::of(&page).code(&world);
    let fields = [("csrf", csrf.as_str()), ("code", code.as_str())];
    let page = leader.post("/account/second-factor/confirm", &fields).await;
    assert!(page.html().contains("href=\"/\">已妥善保存"), "{}", page.html());
    assert_eq!(leader.get("/").await.status, 200);
    let mut handler = Browser::of(&world, BUREAU, RoleName::Handler).await;
    assert_eq!(handler.get("/").await.status, 200, "others are not asked");

    let mut auditor = Browser::named(&world, "shenji").await;
    assert_eq!(auditor.get("/admin/journal").await.location(), "/account/second-factor");
    enrol(&world, &mut auditor).await;
    let journal = auditor.get("/admin/journal").await.html();
    for said in ["须启用双因素认证的岗位", "安全审计员、审批领导", "启用双因素认证"]
    {
        assert!(journal.contains(said), "{said}: {journal}");
    }
}

#[tokio::test]
async fn it_is_given_up_by_its_person_and_taken_away_by_the_security_administrator() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let user = world.person(BUREAU, RoleName::Handler).user;
    let mut browser = signed_in(&world, &login).await;
    let (app, _) = enrol(&world, &mut browser).await;
    pass(&world, 1);
    let code = app.code(&world);
    let fields = [("password", "不是这个密码"), ("code", code.as_str())];
    let answer = browser.send_form("/account/second-factor/drop", &fields).await;
    assert!(answer.status == 422 && answer.html().contains("原密码不正确"));
    let answer = browser.send_form("/account/second-factor/codes", &[("code", &code)]).await;
    assert_eq!(recovery_codes(&answer).len(), 10);
    pass(&world, 1);
    let code = app.code(&world);
    let fields = [("password", PASSWORD), ("code", code.as_str())];
    let answer = browser.send_form("/account/second-factor/drop", &fields).await;
    assert_eq!(answer.location(), "/account/second-factor");
    assert!(browser.get("/account/second-factor").await.html().contains("双因素认证已停用"));

    enrol(&world, &mut browser).await;
    let mut security = Browser::named(&world, "anquan").await;
    let address = format!("/admin/users/{user}");
    assert!(security.get(&address).await.html().contains("重置双因素认证"));
    let answer = security.send_form(&format!("{address}/second-factor"), &[]).await;
    assert_eq!(answer.location(), address);
    assert_eq!(browser.get("/").await.status, 401, "their sessions end");
    signed_in(&world, &login).await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::new("2026-03-02").await;
    let person = world.person(BUREAU, RoleName::Handler);
    let (login, user) = (person.login_name.clone(), person.user);
    let mut here = signed_in(&world, &login).await;
    let mut there = signed_in(&world, &login).await;
    let page = here.get("/account").await.html();
    assert!(page.contains("无操作 30 分钟自动退出") && page.contains("其他登录全部下线"));
    assert_eq!(here.send_form("/account/sessions/end-others", &[]).await.location(), "/account");
    assert!(here.get("/account").await.html().contains("已将其他 1 处登录下线"));
    assert_ne!(there.get("/account").await.status, 200);

    let mut security = Browser::named(&world, "anquan").await;
    let address = format!("/admin/users/{user}");
    let page = security.get(&address).await;
    let session = page.hidden("session");
    let end = format!("{address}/sessions/end");
    assert_eq!(security.send_form(&end, &[("session", "999999")]).await.status, 404);
    assert_eq!(security.send_form(&end, &[("session", &session)]).await.location(), address);
    assert_ne!(here.get("/account").await.status, 200);
    let own = world.people.user_by_login("anquan").await.unwrap().person.id;
    let page = security.get(&format!("/admin/users/{own}")).await.html();
    assert!(
        !page.contains("/reset") && !page.contains("/sessions/end"),
        "nobody resets themselves"
    );
    let answer = security.send_form(&format!("/admin/users/{own}/sessions/end"), &[]).await;
    assert!(answer.status == 403 && answer.html().contains("不得为本人"));
}

#[tokio::test]
async fn signing_in_never_goes_on_with_the_session_that_was_there() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let other = world.person(BUREAU, RoleName::Leader);
    let mut browser = signed_in(&world, &login).await;
    let fields = [("user", other.login_name.as_str()), ("password", PASSWORD)];
    let answer = browser.send_form("/sign-in", &fields).await;
    assert_eq!(answer.status, 303);
    assert!(browser.get("/account").await.html().contains(&other.login_name));
    let user = world.person(BUREAU, RoleName::Handler).user;
    assert_eq!(world.people.session_list(user).await.unwrap(), [], "the former one ended");

    // A token somebody else chose is never taken.
    let chosen = "a".repeat(64);
    let mut fixed = Browser::new(&world);
    let cookie = format!("liandong={chosen}");
    let kind = [("cookie", cookie.as_str())];
    let page = fixed.send(http::Method::GET, "/account", &kind, "".into()).await;
    assert_ne!(page.status, 200);
    fixed.send_form("/sign-in", &[("user", &login), ("password", PASSWORD)]).await;
    let mut attacker = Browser::new(&world);
    let page = attacker.send(http::Method::GET, "/account", &kind, "".into()).await;
    assert_ne!(page.status, 200);
}

#[tokio::test]
async fn a_change_of_rights_gives_the_session_a_new_token_and_loses_nothing() {
    let world = World::new("2026-03-02").await;
    let person = world.person(BUREAU, RoleName::Handler);
    let mut browser = signed_in(&world, &person.login_name).await;
    let csrf = browser.csrf().await;
    let unit = world.unit("G61030503");
    world.people.role_grant(Program, person.user, unit, RoleName::Viewer).await.unwrap();
    let page = browser.get("/register").await;
    assert_eq!(page.status, 200);
    assert!(page.header("set-cookie").starts_with("liandong="), "{}", page.header("set-cookie"));
    pass(&world, 1);
    assert_eq!(browser.get("/register").await.header("set-cookie"), "", "once");
    let answer = browser.post("/language", &[("csrf", &csrf), ("language", "en")]).await;
    assert_eq!(answer.status, 303, "a form that stood open is still good");
}

#[tokio::test]
async fn what_was_being_filled_in_when_the_session_ran_out_is_there_after_signing_in() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let mut browser = signed_in(&world, &login).await;
    let page = browser.get("/open/problem").await;
    let (csrf, key, version) = (page.hidden("csrf"), page.hidden("key"), page.hidden("version"));
    pass(&world, 31);
    let mut forged = vec![("csrf", "0"), ("key", &key), ("version", &version)];
    forged.extend([("title", "雍水河排污口"), ("f.facts", "伪造的内容")]);
    assert_eq!(browser.post("/open/problem", &forged).await.status, 401);
    let mut sent = vec![("csrf", csrf.as_str()), ("key", &key), ("version", &version)];
    sent.extend([("title", "雍水河排污口"), ("f.facts", "河面有白色泡沫")]);
    let answer = browser.post("/open/problem", &sent).await;
    assert_eq!(answer.status, 401);
    assert!(answer.html().contains("登录已过期"), "{}", answer.html());
    assert!(answer.html().contains("/sign-in?next=%2Fopen%2Fproblem"), "{}", answer.html());
    assert!(!answer.html().contains("白色泡沫"), "nothing is shown to whoever sits there");

    // With files the texts are kept all the same.
    let page_fields = [
        ("csrf", csrf.as_str()),
        ("title", "雍水河排污口"),
        ("f.facts", "河面有白色泡沫，另附照片"),
    ];
    let answer = browser
        .post_files("/open/problem", &page_fields, &[("u.photos", "a.png", b"\x89PNG")])
        .await;
    assert_eq!(answer.status, 401);

    let csrf = browser.get("/sign-in?next=/open/problem").await.hidden("csrf");
    let door = [
        ("csrf", csrf.as_str()),
        ("user", login.as_str()),
        ("password", PASSWORD),
        ("next", "/open/problem"),
    ];
    let answer = browser.post("/sign-in", &door).await;
    assert_eq!(answer.location(), "/open/problem");
    let form = browser.get("/open/problem").await.html();
    assert!(form.contains("白色泡沫，另附照片") && form.contains("雍水河排污口"), "{form}");
    assert!(!form.contains("伪造"));
}

#[tokio::test]
async fn a_page_knows_when_its_session_ends_unused() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    assert!(browser.get("/").await.html().contains("data-idle=\"30\""));
    for _ in 0..4 {
        pass(&world, 20);
        assert_eq!(browser.get("/account/still-here").await.status, 204);
    }
    pass(&world, 30);
    assert_eq!(browser.get("/account/still-here").await.status, 401);
    assert!(!browser.get("/sign-in").await.html().contains("data-idle"));
}

/// A provider that says what it is told to; the real one is met by the tests of the program.
struct Says(Mutex<Result<String, ProviderError>>);

impl Asks for Says {
    fn begin(&self, next: String) -> Later<'_, Result<(String, Visit), ProviderError>> {
        let visit = Visit {
            state: "state-1".to_owned(),
            nonce: "nonce-1".to_owned(),
            verifier: "verifier-1".to_owned(),
            next,
        };
        Box::pin(async move { Ok(("https://sso.example/auth?state=state-1".to_owned(), visit)) })
    }

    fn finish<'a>(
        &'a self,
        code: &'a str,
        visit: &'a Visit,
    ) -> Later<'a, Result<String, ProviderError>> {
        assert_eq!((code, visit.nonce.as_str()), ("good", "nonce-1"));
        let said = std::mem::replace(
            &mut *self.0.lock().unwrap(),
            Err(ProviderError::Unreachable("asked twice".to_owned())),
        );
        Box::pin(async move { said })
    }
}

#[tokio::test]
async fn the_providers_word_opens_a_session_and_its_failures_are_told() {
    let mut world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let says = Arc::new(Says(Mutex::new(Ok(login.clone()))));
    let mut settings = world.house.settings.clone();
    settings.provider =
        Some(Provider {
            name: "省政务统一认证".to_owned(), vouches: false, asks: says.clone()
        });
    let (store, people) = (world.store.clone(), world.people.clone());
    let randomness = world.house.randomness.clone();
    world.house = House::new(store, people, randomness, settings);

    let go = || async {
        let mut browser = Browser::new(&world);
        let page = browser.get("/sign-in?next=/register").await.html();
        assert!(page.contains("省政务统一认证"));
        assert!(page.contains("href=\"/sign-in/provider?next=%2Fregister\""), "{page}");
        let away = browser.get("/sign-in/provider?next=%2Fregister").await;
        assert_eq!(away.location(), "https://sso.example/auth?state=state-1");
        browser
    };
    let mut browser = go().await;
    let back = "/sign-in/provider/return?code=good&state=state-1";
    let answer = browser.get(back).await;
    assert_eq!((answer.status, answer.location()), (303, "/register"), "{}", answer.html());
    assert_eq!(browser.get("/register").await.status, 200);
    assert!(browser.get("/account").await.html().contains("统一身份认证"));

    // Sent twice, by somebody who never went there, or with another's state: nothing.
    for (mut browser, address) in [
        (browser, back),
        (Browser::new(&world), back),
        (go().await, "/sign-in/provider/return?code=good&state=other"),
    ] {
        let answer = browser.get(address).await;
        assert!(answer.status == 422 && answer.html().contains("请重新登录"), "{}", answer.html());
    }
    let answer = go().await.get("/sign-in/provider/return?error=access_denied&state=state-1").await;
    assert!(answer.html().contains("没有同意"));
    for (said, words) in [
        (Ok("wangwu".to_owned()), "账号“wangwu”在本平台没有对应账号"),
        (Err(ProviderError::Untrue("signature".to_owned())), "未通过校验"),
        (Err(ProviderError::Unreachable("down".to_owned())), "暂时无法访问"),
        (Err(ProviderError::Unnamed { claim: "x".to_owned() }), "没有给出您的账号名"),
    ] {
        *says.0.lock().unwrap() = said;
        let answer = go().await.get(back).await;
        assert!(answer.status == 422 && answer.html().contains(words), "{}", answer.html());
    }

    // Whoever has a second factor is still asked for it, unless the provider vouches.
    let mut enrolled = signed_in(&world, &login).await;
    enrol(&world, &mut enrolled).await;
    *says.0.lock().unwrap() = Ok(login.clone());
    let answer = go().await.get(back).await;
    assert_eq!(answer.location(), "/sign-in/code?next=%2Fregister");
}

#[tokio::test]
async fn the_three_administrators_see_no_matter_by_any_road() {
    let world = World::new("2026-03-02").await;
    let matter = world.problem("G61030501", "白荻沟河道乱倒").await;
    let asked = BTreeSet::from([AnyRole::Unit(RoleName::Leader)]);
    for login in ["xitong", "anquan", "shenji"] {
        let mut browser = signed_in(&world, login).await;
        let receipt = format!("{matter}/receipts/1");
        let action = format!("{matter}/actions/reply");
        let pages = [
            matter.as_str(),
            &receipt,
            &action,
            "/register",
            "/search?q=%E7%99%BD%E8%8D%BB%E6%B2%9F",
            "/news",
            "/lights",
            "/work/owed",
            "/drafts",
            "/ledger",
            "/problem",
        ];
        for page in pages {
            let answer = browser.get(page).await;
            assert!(matches!(answer.status, 403 | 404), "{login} {page}: {}", answer.status);
            assert!(!answer.html().contains("白荻沟河道"), "{login} {page}");
        }
        let unit = world.unit(BUREAU).to_string();
        let token = [("name", "对接"), ("unit", unit.as_str()), ("days", "1")];
        assert_eq!(browser.send_form("/account/tokens", &token).await.status, 403, "{login}");
        let home = browser.get("/").await;
        assert!(!home.html().contains("白荻沟"), "{login}");
        let by = store::people::Authority::Person(
            world.people.user_by_login(login).await.unwrap().person.id,
        );
        let changed = world.people.second_factor_roles_change(by, &asked).await.is_ok();
        assert_eq!(changed, login == "anquan");
    }
}
