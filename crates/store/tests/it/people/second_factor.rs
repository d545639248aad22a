//! The second factor: set up, asked for, used once, guessed in vain, lost; and the provider's word.

use std::collections::BTreeSet;
use std::sync::Arc;

use procedure::UserId;
use procedure::definition::RoleName;
use store::journal::AdminAct;
use store::people::Authority::{Person, Program};
use store::people::PeopleError;
use store::provider::Visit;
use store::role::{AnyRole, PlatformRole};
use store::second_factor::{RECOVERY_CODES, SecondFactor};
use store::session::{NewSession, Road};
use store::sign_in::Entry;
use store::{Clock as _, PeopleRefusal};

use super::on_both_engines;
use super::world::{PASSWORD, World, refusal, wrong_fields};

on_both_engines! {
    a_second_factor_is_asked_for_once_its_first_code_was_given,
    a_code_counts_once_and_a_step_early_or_late,
    of_two_processes_one_takes_the_code,
    codes_are_guessed_as_vainly_as_passwords,
    half_a_sign_in_opens_nothing_and_is_soon_over,
    a_recovery_code_counts_once,
    it_is_given_up_with_password_and_code,
    a_token_asks_for_the_code_anew,
    a_role_that_asks_for_it_gets_nothing_before,
    a_lost_one_is_removed_by_the_security_administrator,
    neither_secret_nor_code_lies_in_the_database,
    a_secret_moved_to_another_account_opens_nothing,
    the_providers_word_opens_only_accounts_that_are_there,
    a_visit_to_the_provider_ends_once_and_for_the_one_who_went,
}

/// An authenticator app.
struct App {
    totp: totp_rs::Totp,
    codes: Vec<String>,
}

impl App {
    fn code(&self, world: &World) -> String {
        let seconds = u64::try_from(world.clock.now().as_second()).unwrap();
        self.totp.generate(seconds).to_string()
    }

    /// The code of the next half-minute, which comes.
    fn next(&self, world: &World) -> String {
        world.clock.seconds(30);
        self.code(world)
    }
}

/// Somebody of the bureau who has set it up, and the session in which they did.
async fn enrolled(world: &World, login: &str) -> (UserId, App, NewSession) {
    let bureau = world.bureau().await;
    let user = world.person(login, bureau, &[RoleName::Handler]).await;
    let session = world.sign_in(login, PASSWORD).await.unwrap();
    let (app, session) = enrol(world, session).await;
    (user, app, session)
}

async fn enrol(world: &World, new: NewSession) -> (App, NewSession) {
    let people = &world.people;
    people.second_factor_begin(&new.session).await.unwrap();
    let begun = people.second_factor_fetch(&new.session).await.unwrap();
    let SecondFactor::Begun(shared) = begun else { panic!("{begun:?}") };
    let secret = totp_rs::Secret::try_from_base32(shared.words.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let mut app = App { totp, codes: Vec::new() };
    let made = people.second_factor_confirm(&new.session, &app.code(world)).await.unwrap();
    app.codes = made.codes;
    let session = people.session_fetch(&made.token).await.unwrap().unwrap();
    (app, NewSession { token: made.token, session })
}

async fn half(world: &World, login: &str) -> String {
    match world.enter("10.1.2.3", login, PASSWORD).await.unwrap() {
        Entry::Half(half) => half.token,
        Entry::Whole(_) => panic!("no code was asked for"),
    }
}

async fn finish(world: &World, half: &str, code: &str) -> Result<NewSession, PeopleError> {
    world.people.sign_in_finish(half, code, "10.1.2.3", "Firefox").await
}

async fn a_second_factor_is_asked_for_once_its_first_code_was_given(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let here = world.sign_in("liming", PASSWORD).await.unwrap();
    let there = world.sign_in("liming", PASSWORD).await.unwrap();
    let nothing = people.second_factor_confirm(&here.session, "123456").await.map(drop);
    assert_eq!(refusal(nothing), PeopleRefusal::NoSecondFactor);
    people.second_factor_begin(&here.session).await.unwrap();
    world.sign_in("liming", PASSWORD).await.unwrap();
    let wrong = people.second_factor_confirm(&here.session, "000000").await.map(drop);
    assert_eq!(wrong_fields(wrong), ["code"]);
    let (app, after) = enrol(&world, here.clone()).await;
    assert_eq!(app.codes.len(), RECOVERY_CODES);
    assert_eq!(people.session_fetch(&there.token).await.unwrap(), None, "other sessions end");
    assert_eq!(people.session_fetch(&here.token).await.unwrap(), None, "and the old token");
    assert!(after.session.is_two_factor && after.session.has_second_factor);
    let again = people.second_factor_begin(&after.session).await;
    assert_eq!(refusal(again), PeopleRefusal::SecondFactorHeld);

    let half = half(&world, " LiMing").await;
    let known = people.half_fetch(&half).await.unwrap().unwrap();
    assert_eq!((known.user, known.login_name.as_str()), (user, "liming"));
    let new = finish(&world, &half, &app.next(&world)).await.unwrap();
    assert!(new.session.is_two_factor && !new.session.must_enrol);
    let on = people.second_factor_fetch(&new.session).await.unwrap();
    assert!(matches!(on, SecondFactor::On { codes_left: 10, .. }), "{on:?}");
    assert_eq!(world.journal(AdminAct::SecondFactorSet).await[0].user, Some(user));
}

async fn a_code_counts_once_and_a_step_early_or_late(world: World) {
    let (_, app, _) = enrolled(&world, "liming").await;
    let used = app.code(&world);
    let first = half(&world, "liming").await;
    assert_eq!(wrong_fields(finish(&world, &first, &used).await.map(drop)), ["code"], "used");
    let code = app.next(&world);
    // With spaces, as some apps show it.
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    finish(&world, &first, &spaced).await.unwrap();
    let second = half(&world, "liming").await;
    assert_eq!(wrong_fields(finish(&world, &second, &code).await.map(drop)), ["code"], "once");
    let late = app.next(&world);
    world.clock.seconds(30);
    finish(&world, &second, &late).await.unwrap();
    let third = half(&world, "liming").await;
    let too_late = app.next(&world);
    world.clock.seconds(60);
    assert_eq!(wrong_fields(finish(&world, &third, &too_late).await.map(drop)), ["code"]);
    let seconds = u64::try_from(world.clock.now().as_second()).unwrap();
    let early = app.totp.generate(seconds + 30).to_string();
    finish(&world, &third, &early).await.unwrap();
    let fourth = half(&world, "liming").await;
    let older = app.code(&world);
    assert_eq!(
        wrong_fields(finish(&world, &fourth, &older).await.map(drop)),
        ["code"],
        "nothing older than what was taken"
    );
}

async fn of_two_processes_one_takes_the_code(world: World) {
    let (_, app, _) = enrolled(&world, "liming").await;
    let mut halves = Vec::new();
    for _ in 0..4 {
        halves.push(half(&world, "liming").await);
    }
    let code = app.next(&world);
    let world = Arc::new(world);
    let tries: Vec<_> = halves
        .into_iter()
        .map(|half| {
            let (world, code) = (world.clone(), code.clone());
            tokio::spawn(async move { finish(&world, &half, &code).await.is_ok() })
        })
        .collect();
    let mut taken = 0;
    for one in tries {
        taken += u32::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
}

async fn codes_are_guessed_as_vainly_as_passwords(world: World) {
    let (user, app, _) = enrolled(&world, "liming").await;
    for turn in 1..=5 {
        // The right password in between forgets nothing.
        let half = half(&world, "liming").await;
        let guess = finish(&world, &half, "000000").await.map(drop);
        if turn == 5 {
            assert!(matches!(refusal(guess), PeopleRefusal::SignInLocked { .. }));
        } else {
            assert_eq!(wrong_fields(guess), ["code"]);
        }
    }
    let door = refusal(world.enter("10.7.7.7", "liming", PASSWORD).await.map(drop));
    assert!(matches!(door, PeopleRefusal::SignInLocked { .. }));
    assert_eq!(world.journal(AdminAct::Locked).await[0].target_id, user.to_string());
    world.clock.forward(15);
    // A half of before the lock takes no code while locked, and a success opens the guard.
    let half = half(&world, "liming").await;
    finish(&world, &half, &app.code(&world)).await.unwrap();
}

async fn half_a_sign_in_opens_nothing_and_is_soon_over(world: World) {
    let (user, app, session) = enrolled(&world, "liming").await;
    let people = &world.people;
    people.sign_out(&session.session).await.unwrap();
    let first = half(&world, "liming").await;
    assert_eq!(people.session_fetch(&first).await.unwrap(), None, "never a session");
    assert_eq!(people.session_list(user).await.unwrap(), []);
    world.clock.forward(5);
    assert_eq!(people.half_fetch(&first).await.unwrap(), None);
    let late = finish(&world, &first, &app.code(&world)).await.map(drop);
    assert_eq!(refusal(late), PeopleRefusal::HalfOver);
    let second = half(&world, "liming").await;
    people.half_drop(&second).await.unwrap();
    assert_eq!(people.half_fetch(&second).await.unwrap(), None);
    let third = half(&world, "liming").await;
    people.user_close(Program, user).await.unwrap();
    assert_eq!(people.half_fetch(&third).await.unwrap(), None, "closed in between");
}

async fn a_recovery_code_counts_once(world: World) {
    let (user, app, session) = enrolled(&world, "liming").await;
    let people = &world.people;
    let first = half(&world, "liming").await;
    let spelt = app.codes[3].to_uppercase().replace('-', " ");
    finish(&world, &first, &spelt).await.unwrap();
    let second = half(&world, "liming").await;
    assert_eq!(wrong_fields(finish(&world, &second, &app.codes[3]).await.map(drop)), ["code"]);
    let left = people.second_factor_fetch(&session.session).await.unwrap();
    assert!(matches!(left, SecondFactor::On { codes_left: 9, .. }));
    let entry = &world.journal(AdminAct::RecoveryCodeUsed).await[0];
    assert_eq!((entry.user, &entry.detail["left"]), (Some(user), &9.into()));

    let wrong = people.recovery_codes_renew(&session.session, "1").await.map(drop);
    assert_eq!(wrong_fields(wrong), ["code"]);
    let fresh = people.recovery_codes_renew(&session.session, &app.next(&world)).await.unwrap();
    assert_eq!(fresh.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
    assert_eq!(wrong_fields(finish(&world, &second, &app.codes[0]).await.map(drop)), ["code"]);
    finish(&world, &second, &fresh[0]).await.unwrap();
    assert_eq!(world.journal(AdminAct::RecoveryCodesMade).await.len(), 1);
}

async fn it_is_given_up_with_password_and_code(world: World) {
    let (user, app, session) = enrolled(&world, "liming").await;
    let people = &world.people;
    let drop_it = |password: &'static str, code: String| {
        let session = session.session.clone();
        async move { people.second_factor_drop(&session, password, &code).await }
    };
    assert_eq!(wrong_fields(drop_it("错的密码错的密码", app.next(&world)).await), ["password"]);
    assert_eq!(wrong_fields(drop_it(PASSWORD, "123".to_owned()).await), ["code"]);
    let token = drop_it(PASSWORD, app.next(&world)).await.unwrap();
    assert_eq!(people.session_fetch(&session.token).await.unwrap(), None);
    let after = people.session_fetch(&token).await.unwrap().unwrap();
    assert!(!after.has_second_factor && !after.is_two_factor);
    let again = people.second_factor_drop(&after, PASSWORD, "1").await;
    assert_eq!(refusal(again), PeopleRefusal::NoSecondFactor);
    world.sign_in("liming", PASSWORD).await.unwrap();
    assert_eq!(world.journal(AdminAct::SecondFactorDropped).await[0].user, Some(user));
}

async fn a_token_asks_for_the_code_anew(world: World) {
    let (user, app, session) = enrolled(&world, "liming").await;
    let people = &world.people;
    let bureau = world.find("G61030501").unwrap();
    let make = |name: &'static str, code: String| {
        let session = session.session.clone();
        async move { people.api_token_create_own(&session, bureau, name, 30, &code).await }
    };
    let without = make("台账", String::new()).await.map(drop);
    assert_eq!(wrong_fields(without), ["code"]);
    let code = app.next(&world);
    assert_eq!(wrong_fields(make("", code.clone()).await.map(drop)), ["name"], "no code is lost");
    let token = make("台账", code).await.unwrap();
    assert_eq!(people.api_token_fetch(&token.token).await.unwrap().unwrap().person.id, user);
    let plain = world.person("other", bureau, &[RoleName::Handler]).await;
    let other = world.sign_in("other", PASSWORD).await.unwrap().session;
    let wrong = people.api_token_create_own(&other, bureau, "台账", 30, "").await.map(drop);
    assert_eq!(wrong_fields(wrong), ["password"]);
    people.api_token_create_own(&other, bureau, "台账", 30, PASSWORD).await.unwrap();
    assert_eq!(people.api_token_list(plain).await.unwrap().len(), 1);
}

async fn a_role_that_asks_for_it_gets_nothing_before(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let bureau = world.bureau().await;
    let leader = world.person("leader", bureau, &[RoleName::Leader]).await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let running = world.sign_in("leader", PASSWORD).await.unwrap();
    let asked = BTreeSet::from([
        AnyRole::Unit(RoleName::Leader),
        AnyRole::Platform(PlatformRole::SecurityAuditor),
    ]);
    for by in [system, auditor, Person(leader)] {
        let refused = refusal(people.second_factor_roles_change(by, &asked).await);
        assert!(matches!(refused, PeopleRefusal::NotPermitted { .. }));
    }
    people.second_factor_roles_change(security, &asked).await.unwrap();
    people.second_factor_roles_change(security, &asked).await.unwrap();
    let entries = world.journal(AdminAct::SettingChanged).await;
    assert_eq!(entries.len(), 1, "what does not change is not written down");
    assert_eq!(entries[0].target_id, "second-factor-roles");

    let session = people.session_fetch(&running.token).await.unwrap().unwrap();
    assert!(session.must_enrol, "also in the middle of a session");
    assert!(world.sign_in("auditor", PASSWORD).await.unwrap().session.must_enrol);
    for other in ["liming", "system", "security"] {
        assert!(!world.sign_in(other, PASSWORD).await.unwrap().session.must_enrol, "{other}");
    }
    let (app, after) = enrol(&world, running).await;
    assert!(!after.session.must_enrol);
    let standing = people.second_factor_standing(security).await.unwrap();
    let leaders = standing[&AnyRole::Unit(RoleName::Leader)];
    assert_eq!((leaders.people, leaders.enrolled), (1, 1));
    let auditors = standing[&AnyRole::Platform(PlatformRole::SecurityAuditor)];
    assert_eq!((auditors.people, auditors.enrolled), (1, 0));
    people.second_factor_standing(system).await.unwrap_err();
    // Given up, another must be set up at once.
    let token =
        people.second_factor_drop(&after.session, PASSWORD, &app.next(&world)).await.unwrap();
    assert!(people.session_fetch(&token).await.unwrap().unwrap().must_enrol);
}

async fn a_lost_one_is_removed_by_the_security_administrator(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let (user, _, session) = enrolled(&world, "liming").await;
    let people = &world.people;
    for by in [system, auditor, Person(user)] {
        let refused = refusal(people.second_factor_remove(by, user).await);
        assert!(matches!(refused, PeopleRefusal::NotPermitted { .. }));
    }
    let own = people.second_factor_remove(security, security.user().unwrap()).await;
    assert_eq!(refusal(own), PeopleRefusal::ToOneself);
    // A new password alone does not take it away.
    let new = people.password_reset(security, user).await.unwrap();
    let entry = world.enter("10.1.2.3", "liming", &new.password).await.unwrap();
    assert!(matches!(entry, Entry::Half(_)));
    people.second_factor_remove(security, user).await.unwrap();
    assert_eq!(people.session_fetch(&session.token).await.unwrap(), None);
    let again = people.second_factor_remove(security, user).await;
    assert_eq!(refusal(again), PeopleRefusal::NoSecondFactor);
    assert!(world.sign_in("liming", &new.password).await.unwrap().session.must_change_password);
    assert_eq!(world.journal(AdminAct::SecondFactorRemoved).await[0].user, security.user());
}

async fn neither_secret_nor_code_lies_in_the_database(world: World) {
    let (_, app, session) = enrolled(&world, "liming").await;
    let half = half(&world, "liming").await;
    let code = app.next(&world);
    finish(&world, &half, &code).await.unwrap();
    let mut everything = Vec::new();
    for table in ["second_factor", "recovery_code", "sign_in_half", "session", "admin_event"] {
        let mut tx = world.database.read().await.unwrap();
        let rows = tx.rows(&format!("select * from {table}"), &[]).await.unwrap();
        everything.push(format!("{rows:?}"));
    }
    let everything = everything.concat();
    assert!(everything.contains("sm4:"), "the shared secret is sealed: {everything}");
    let words = app.totp.secret().to_base32();
    let hex = store::randomness::hex(app.totp.secret().as_bytes());
    assert!(!everything.contains(&words) && !everything.contains(&hex));
    for code in &app.codes {
        assert!(!everything.contains(code) && !everything.contains(&code.replace('-', "")));
    }
    for secret in [half.as_str(), &session.token, &session.token[32..]] {
        assert!(!everything.contains(secret));
    }
}

async fn a_secret_moved_to_another_account_opens_nothing(world: World) {
    let (mine, app, _) = enrolled(&world, "liming").await;
    let bureau = world.find("G61030501").unwrap();
    let theirs = world.person("leader", bureau, &[RoleName::Leader]).await;
    let session = world.sign_in("leader", PASSWORD).await.unwrap();
    enrol(&world, session).await;
    // Behind the platform's back: my secret in the place of theirs.
    let sql = format!(
        "update second_factor set used_step = 0,
                secret = (select secret from second_factor where user_id = {mine})
          where user_id = {theirs}"
    );
    world.raw(&sql).await.unwrap();
    let half = half(&world, "leader").await;
    let answer = finish(&world, &half, &app.next(&world)).await.map(drop);
    assert!(matches!(answer, Err(PeopleError::Store(_))), "{answer:?}");
}

async fn the_providers_word_opens_only_accounts_that_are_there(world: World) {
    let (user, app, _) = enrolled(&world, "liming").await;
    let people = &world.people;
    let enter = |name: &'static str, vouches: bool| async move {
        people.sign_in_by_provider(name, vouches, "10.1.2.3", "Firefox").await
    };
    let unknown = refusal(enter("wangwu\n", true).await);
    assert_eq!(unknown, PeopleRefusal::ProviderUnknown { name: "wangwu".to_owned() });
    assert!(people.user_by_login("wangwu").await.is_err(), "no account is made");
    let Entry::Whole(new) = enter("LiMing", true).await.unwrap() else { panic!("it vouches") };
    assert_eq!((new.session.person.id, new.session.road), (user, Road::Provider));
    assert!(new.session.is_two_factor);
    let Entry::Half(half) = enter("liming", false).await.unwrap() else { panic!("a code is due") };
    let new = finish(&world, &half.token, &app.next(&world)).await.unwrap();
    assert_eq!(new.session.road, Road::Provider);
    people.user_close(Program, user).await.unwrap();
    assert_eq!(refusal(enter("liming", true).await), PeopleRefusal::SignInClosed);
    let text = format!("{:?}", world.journal(AdminAct::SignInFailed).await);
    assert!(text.contains("provider") && !text.contains("wangwu"), "{text}");
}

async fn a_visit_to_the_provider_ends_once_and_for_the_one_who_went(world: World) {
    let people = &world.people;
    let visit = |state: &str| Visit {
        state: state.to_owned(),
        nonce: "nonce".to_owned(),
        verifier: "verifier".to_owned(),
        next: "/register".to_owned(),
    };
    let token = people.visit_begin(&visit("one")).await.unwrap();
    let back = people.visit_take(&token, "one").await.unwrap().unwrap();
    assert_eq!((back.nonce.as_str(), back.next.as_str()), ("nonce", "/register"));
    assert_eq!(people.visit_take(&token, "one").await.unwrap(), None, "once");
    let token = people.visit_begin(&visit("two")).await.unwrap();
    assert_eq!(people.visit_take(&token, "one").await.unwrap(), None, "another's answer");
    assert_eq!(people.visit_take("made up", "two").await.unwrap(), None);
    let token = people.visit_begin(&visit("three")).await.unwrap();
    world.clock.forward(10);
    assert_eq!(people.visit_take(&token, "three").await.unwrap(), None, "too late");
}
