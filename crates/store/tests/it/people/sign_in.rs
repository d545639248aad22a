//! Signing in, sessions, passwords, tokens.

use procedure::definition::RoleName;
use store::PeopleRefusal;
use store::journal::AdminAct;
use store::people::Authority::{Person, Program};
use store::session::{csrf_of, same_secret};
use store::setting::Setting;
use store::token::{TOKEN_PREFIX, TOKENS_MAX};

use super::on_both_engines;
use super::world::{PASSWORD, World, refusal, wrong_fields};

on_both_engines! {
    an_unknown_name_and_a_wrong_password_are_told_alike,
    five_failures_lock_the_account_and_longer_each_time,
    a_right_guess_while_locked_opens_nothing,
    an_address_is_locked_too,
    the_security_administrator_opens_a_lock,
    a_session_ends_when_idle_and_in_any_case,
    a_session_acts_for_the_unit_and_role_chosen,
    a_person_ends_their_sessions,
    only_so_many_sessions_at_once,
    secrets_are_not_in_the_database,
    a_new_password_follows_the_rules_and_ends_other_sessions,
    a_reset_password_must_be_changed_and_ends_everything,
    a_token_acts_for_one_unit_until_its_day,
    a_token_is_given_only_to_those_who_may_have_it,
    the_demo_switches_without_a_password,
    an_unknown_name_costs_as_many_hashes_as_a_known_one,
    a_session_is_given_a_new_token_when_its_rights_change,
    a_session_that_ran_out_is_remembered_and_opens_nothing,
    the_security_administrator_ends_sessions_of_others,
    settings_are_kept_by_whom_they_belong_to,
    what_was_started_with_is_written_down_when_it_differs,
}

const WRONG: &str = "不是这个密码不是这个";

async fn an_unknown_name_and_a_wrong_password_are_told_alike(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    let wrong = refusal(world.sign_in("liming", WRONG).await.map(drop));
    let unknown = refusal(world.sign_in("nobody", WRONG).await.map(drop));
    assert_eq!((&wrong, &unknown), (&PeopleRefusal::SignInWrong, &PeopleRefusal::SignInWrong));
    for _ in 0..4 {
        world.sign_in("nobody", WRONG).await.map(drop).unwrap_err();
    }
    let locked = refusal(world.sign_in("nobody", WRONG).await.map(drop));
    assert!(matches!(locked, PeopleRefusal::SignInLocked { .. }), "locked like a known one");
    let entries = world.journal(AdminAct::SignInFailed).await;
    assert_eq!(entries.len(), 6);
    let text = format!("{entries:?}");
    assert!(!text.contains("nobody"), "what was typed may be a password: {text}");
    world.sign_in(" LIMING ", PASSWORD).await.unwrap();
}

async fn five_failures_lock_the_account_and_longer_each_time(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    for minutes in [15, 30, 60] {
        for turn in 1..=5 {
            // Each from another address: the account itself is guarded.
            let address = format!("10.0.{minutes}.{turn}");
            let result = world.sign_in_from(&address, "liming", WRONG).await.map(drop);
            let locked = matches!(refusal(result), PeopleRefusal::SignInLocked { .. });
            assert_eq!(locked, turn == 5);
        }
        world.clock.forward(minutes - 1);
        let early = refusal(world.sign_in("liming", PASSWORD).await.map(drop));
        assert!(matches!(early, PeopleRefusal::SignInLocked { .. }), "{minutes}");
        world.clock.forward(1);
    }
    assert_eq!(world.journal(AdminAct::Locked).await.len(), 3);
    world.sign_in("liming", PASSWORD).await.unwrap();
    // A success forgets the failures: four more do not lock.
    for _ in 0..4 {
        let result = world.sign_in("liming", WRONG).await.map(drop);
        assert_eq!(refusal(result), PeopleRefusal::SignInWrong);
    }
    world.sign_in("liming", PASSWORD).await.unwrap();
}

async fn a_right_guess_while_locked_opens_nothing(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    let world = std::sync::Arc::new(world);
    let mut guesses = Vec::new();
    for turn in 0..12 {
        let world = world.clone();
        guesses.push(tokio::spawn(async move {
            world.sign_in_from(&format!("10.0.0.{turn}"), "liming", WRONG).await.map(drop)
        }));
    }
    let mut wrong = 0;
    for guess in guesses {
        if refusal(guess.await.unwrap()) == PeopleRefusal::SignInWrong {
            wrong += 1;
        }
    }
    assert_eq!(wrong, 4, "the fifth locks, whatever comes at once");
    let right = refusal(world.sign_in("liming", PASSWORD).await.map(drop));
    assert!(matches!(right, PeopleRefusal::SignInLocked { .. }));
}

async fn an_address_is_locked_too(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    for turn in 1..=20 {
        let login = format!("guess{turn}");
        let result = world.sign_in_from("2001:db8::1", &login, WRONG).await.map(drop);
        let locked = matches!(refusal(result), PeopleRefusal::SignInLocked { .. });
        assert_eq!(locked, turn == 20);
    }
    let same_network = world.sign_in_from("2001:db8::2", "liming", PASSWORD).await.map(drop);
    assert!(matches!(refusal(same_network), PeopleRefusal::SignInLocked { .. }));
    world.sign_in_from("2001:db8:1::1", "liming", PASSWORD).await.unwrap();
}

async fn the_security_administrator_opens_a_lock(world: World) {
    let [_, security, _] = world.administrators().await;
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    for _ in 0..5 {
        world.sign_in("liming", WRONG).await.map(drop).unwrap_err();
    }
    world.people.user_unlock(security, user).await.unwrap();
    world.sign_in("liming", PASSWORD).await.unwrap();
    let entry = &world.journal(AdminAct::Unlocked).await[0];
    assert_eq!(
        (entry.user, entry.target_id.as_str()),
        (security.user(), user.to_string().as_str())
    );
}

async fn a_session_ends_when_idle_and_in_any_case(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let token = world.sign_in("liming", PASSWORD).await.unwrap().token;
    let is_good = || async { people.session_fetch(&token).await.unwrap().is_some() };
    world.clock.forward(29);
    assert!(is_good().await);
    world.clock.forward(29);
    assert!(is_good().await, "used in between");
    world.clock.forward(30);
    assert!(!is_good().await, "idle");
    let token = world.sign_in("liming", PASSWORD).await.unwrap().token;
    let is_good = || async { people.session_fetch(&token).await.unwrap().is_some() };
    for _ in 0..35 {
        world.clock.forward(20);
        assert!(is_good().await);
    }
    world.clock.forward(20);
    assert!(!is_good().await, "twelve hours");

    let token = world.sign_in("liming", PASSWORD).await.unwrap().token;
    world.clock.forward(20);
    people.setting_change(Program, Setting::SessionIdleMinutes, "15").await.unwrap();
    assert_eq!(people.session_fetch(&token).await.unwrap(), None, "the new setting holds at once");
    assert_eq!(people.session_fetch("").await.unwrap(), None);
    assert_eq!(people.session_fetch("no such token").await.unwrap(), None);
}

async fn a_session_acts_for_the_unit_and_role_chosen(world: World) {
    let (bureau, procuratorate) = (world.bureau().await, world.procuratorate().await);
    let roles = [RoleName::Handler, RoleName::Leader];
    let user = world.person("liming", bureau, &roles).await;
    let people = &world.people;
    let new = world.sign_in("liming", PASSWORD).await.unwrap();
    let fetch = || async { people.session_fetch(&new.token).await.unwrap().unwrap() };
    let actor = fetch().await.actor().unwrap();
    assert_eq!((actor.unit, actor.roles), (bureau, roles.into()));

    let elsewhere = people.session_switch(&new.session, procuratorate, None).await;
    assert_eq!(refusal(elsewhere), PeopleRefusal::NotYourPost);
    let other_role = people.session_switch(&new.session, bureau, Some(RoleName::Liaison)).await;
    assert_eq!(refusal(other_role), PeopleRefusal::NotYourPost);

    people.role_grant(Program, user, procuratorate, RoleName::Viewer).await.unwrap();
    people.session_switch(&new.session, procuratorate, None).await.unwrap();
    assert_eq!(fetch().await.actor().unwrap().unit, procuratorate);
    people.session_switch(&new.session, bureau, Some(RoleName::Leader)).await.unwrap();
    assert_eq!(fetch().await.actor().unwrap().roles, [RoleName::Leader].into());

    // What is taken away is gone from the running session.
    people.role_revoke(Program, user, bureau, RoleName::Leader).await.unwrap();
    assert_eq!(fetch().await.actor().unwrap().roles, [RoleName::Handler].into());
    people.role_revoke(Program, user, bureau, RoleName::Handler).await.unwrap();
    assert_eq!(fetch().await.actor().unwrap().unit, procuratorate);
    people.role_revoke(Program, user, procuratorate, RoleName::Viewer).await.unwrap();
    assert_eq!(fetch().await.actor(), None);
}

async fn a_person_ends_their_sessions(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let other = world.person("other", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let first = world.sign_in("liming", PASSWORD).await.unwrap();
    let second = world.sign_in("liming", PASSWORD).await.unwrap();
    let list = people.session_list(user).await.unwrap();
    let ids: Vec<i64> = list.iter().map(|row| row.id).collect();
    assert_eq!(ids, [second.session.id, first.session.id]);
    assert_eq!((list[0].address.as_str(), list[0].agent.as_str()), ("10.1.2.3", "Firefox"));
    people.session_revoke(other, first.session.id).await.unwrap_err();
    people.session_revoke(user, first.session.id).await.unwrap();
    assert_eq!(people.session_fetch(&first.token).await.unwrap(), None);
    people.sign_out(&second.session).await.unwrap();
    assert_eq!(people.session_list(user).await.unwrap(), []);
}

async fn only_so_many_sessions_at_once(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let first = world.sign_in("liming", PASSWORD).await.unwrap();
    for _ in 0..20 {
        world.clock.forward(1);
        world.sign_in("liming", PASSWORD).await.unwrap();
    }
    assert_eq!(world.people.session_list(user).await.unwrap().len(), 20);
    assert_eq!(
        world.people.session_fetch(&first.token).await.unwrap(),
        None,
        "the oldest gave way"
    );
}

async fn secrets_are_not_in_the_database(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let new = world.sign_in("liming", PASSWORD).await.unwrap();
    let token = world.people.api_token_create(user, bureau, "台账", 30).await.unwrap();
    assert_eq!(new.token.len(), 64);
    assert!(token.token.starts_with(TOKEN_PREFIX));
    assert!(same_secret(&new.session.csrf, &csrf_of(&new.token)));
    assert!(!format!("{token:?}").contains(&token.token));
    let mut tx = world.database.read().await.unwrap();
    let mut everything = Vec::new();
    let tables = ["user_account", "session", "api_token", "admin_event", "sign_in_guard"];
    for table in tables {
        let rows = tx.rows(&format!("select * from {table}"), &[]).await.unwrap();
        everything.push(format!("{rows:?}"));
    }
    let everything = everything.concat();
    assert!(everything.contains("$argon2id$"));
    let bare = token.token.trim_start_matches(TOKEN_PREFIX);
    for secret in [new.token.as_str(), bare, &new.session.csrf, PASSWORD] {
        assert!(!everything.contains(secret));
    }
}

async fn a_new_password_follows_the_rules_and_ends_other_sessions(world: World) {
    let bureau = world.bureau().await;
    world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let here = world.sign_in("liming", PASSWORD).await.unwrap();
    let there = world.sign_in("liming", PASSWORD).await.unwrap();
    let change = |current: &'static str, password: &'static str| {
        let session = here.session.clone();
        async move { people.password_change(&session, current, password).await }
    };
    assert_eq!(wrong_fields(change(WRONG, "秦岭北麓青又青青青").await), ["current"]);
    for bad in ["short", "1234567890", "liming2026", PASSWORD] {
        assert_eq!(wrong_fields(change(PASSWORD, bad).await), ["password"], "{bad}");
    }
    let renewed = change(PASSWORD, "秦岭北麓青又青青青啊").await.unwrap();
    assert_eq!(
        people.session_fetch(&here.token).await.unwrap(),
        None,
        "the old token is worthless"
    );
    let session = people.session_fetch(&renewed).await.unwrap().unwrap();
    assert_eq!((session.id, &session.csrf), (here.session.id, &here.session.csrf));
    assert_eq!(people.session_fetch(&there.token).await.unwrap(), None);
    world.sign_in("liming", PASSWORD).await.map(drop).unwrap_err();
    world.sign_in("liming", "秦岭北麓青又青青青啊").await.unwrap();
    for _ in 0..5 {
        change(WRONG, "秦岭北麓青又青青青").await.unwrap_err();
    }
    let locked = refusal(change("秦岭北麓青又青青青啊", "终南山下有人家吗").await);
    assert!(matches!(locked, PeopleRefusal::SignInLocked { .. }), "guessing is counted here too");
    assert_eq!(world.journal(AdminAct::Locked).await.len(), 1, "and every lock is written down");
}

async fn a_reset_password_must_be_changed_and_ends_everything(world: World) {
    let [_, security, _] = world.administrators().await;
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let session = world.sign_in("liming", PASSWORD).await.unwrap();
    let token = people.api_token_create(user, bureau, "台账", 30).await.unwrap();
    let new = people.password_reset(security, user).await.unwrap();
    assert_eq!(new.password.len(), 19);
    assert_eq!(people.session_fetch(&session.token).await.unwrap(), None);
    assert_eq!(people.api_token_fetch(&token.token).await.unwrap(), None);
    world.sign_in("liming", PASSWORD).await.map(drop).unwrap_err();
    let session = world.sign_in("liming", &new.password).await.unwrap().session;
    assert!(session.must_change_password);
    people.password_change(&session, &new.password, "秦岭北麓青又青青青啊").await.unwrap();
    let session = world.sign_in("liming", "秦岭北麓青又青青青啊").await.unwrap().session;
    assert!(!session.must_change_password);
    assert_eq!(world.journal(AdminAct::PasswordReset).await[0].user, security.user());
}

async fn a_token_acts_for_one_unit_until_its_day(world: World) {
    let (bureau, procuratorate) = (world.bureau().await, world.procuratorate().await);
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    people.role_grant(Program, user, procuratorate, RoleName::Leader).await.unwrap();
    let token = people.api_token_create(user, bureau, "台账", 30).await.unwrap().token;
    let holder = people.api_token_fetch(&token).await.unwrap().unwrap();
    assert_eq!((holder.actor.unit, holder.actor.roles), (bureau, [RoleName::Handler].into()));
    assert!(people.api_token_list(user).await.unwrap()[0].used_at.is_some());

    world.clock.forward(30 * 24 * 60 - 1);
    assert!(people.api_token_fetch(&token).await.unwrap().is_some());
    world.clock.forward(1);
    assert_eq!(people.api_token_fetch(&token).await.unwrap(), None, "over");

    let token = people.api_token_create(user, bureau, "台账", 30).await.unwrap();
    let entries = people.api_token_list(user).await.unwrap();
    assert_eq!(entries[0].id, token.id);
    people.api_token_revoke(Person(user), token.id).await.unwrap();
    assert_eq!(people.api_token_fetch(&token.token).await.unwrap(), None, "revoked");
    people.api_token_revoke(Person(user), token.id).await.unwrap_err();

    let token = people.api_token_create(user, bureau, "台账", 30).await.unwrap();
    people.role_revoke(Program, user, bureau, RoleName::Handler).await.unwrap();
    assert_eq!(people.api_token_fetch(&token.token).await.unwrap(), None, "the post is gone");
    assert_eq!(people.api_token_fetch("ld_nothing").await.unwrap(), None);
    assert_eq!(people.api_token_fetch("").await.unwrap(), None);
}

async fn a_token_is_given_only_to_those_who_may_have_it(world: World) {
    let [system, security, _] = world.administrators().await;
    let (bureau, procuratorate) = (world.bureau().await, world.procuratorate().await);
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let other = world.person("other", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let elsewhere = people.api_token_create(user, procuratorate, "台账", 30).await;
    assert_eq!(refusal(elsewhere), PeopleRefusal::NotYourPost);
    let admin = people.api_token_create(system.user().unwrap(), bureau, "台账", 30).await;
    assert_eq!(refusal(admin), PeopleRefusal::NotYourPost);
    assert_eq!(wrong_fields(people.api_token_create(user, bureau, " ", 30).await), ["name"]);
    for days in [0, 367, u32::MAX] {
        let result = people.api_token_create(user, bureau, "台账", days).await;
        assert_eq!(wrong_fields(result), ["days"]);
    }
    let mut last = 0;
    for _ in 0..TOKENS_MAX {
        last = people.api_token_create(user, bureau, "台账", 30).await.unwrap().id;
    }
    let more = people.api_token_create(user, bureau, "台账", 30).await;
    assert_eq!(refusal(more), PeopleRefusal::TooMany { most: TOKENS_MAX });
    let not_theirs = people.api_token_revoke(Person(other), last).await;
    assert!(matches!(not_theirs, Err(store::PeopleError::NotFound("token"))), "like none at all");
    people.api_token_revoke(security, last).await.unwrap();
    people.api_token_create(user, bureau, "台账", 30).await.unwrap();
}

async fn the_demo_switches_without_a_password(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let new = world.people.sign_in_demo("liming", "127.0.0.1", "Firefox").await.unwrap();
    let session = world.people.session_fetch(&new.token).await.unwrap().unwrap();
    assert_eq!(session.person.id, user);
    world.people.sign_in_demo("nobody", "127.0.0.1", "Firefox").await.map(drop).unwrap_err();
}

async fn an_unknown_name_costs_as_many_hashes_as_a_known_one(world: World) {
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    world.person("closed", bureau, &[RoleName::Handler]).await;
    let closed = world.people.user_by_login("closed").await.unwrap().person.id;
    world.people.user_close(Program, closed).await.unwrap();
    let cost = |login: &'static str| {
        let world = &world;
        async move {
            let before = world.passwords.reckoned();
            world.sign_in(login, WRONG).await.map(drop).unwrap_err();
            world.passwords.reckoned() - before
        }
    };
    let costs = [cost("liming").await, cost("nobody").await, cost("closed").await, cost("").await];
    assert_eq!(costs, [1, 1, 1, 1]);
    // Nor does a lock tell: nothing is reckoned for either.
    for login in ["liming", "nobody"] {
        for turn in 0..4 {
            let from = format!("10.9.0.{turn}");
            world.sign_in_from(&from, login, WRONG).await.map(drop).unwrap_err();
        }
    }
    assert_eq!([cost("liming").await, cost("nobody").await], [0, 0]);
    assert_eq!(world.people.session_list(user).await.unwrap(), []);
}

async fn a_session_is_given_a_new_token_when_its_rights_change(world: World) {
    let (bureau, procuratorate) = (world.bureau().await, world.procuratorate().await);
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let new = world.sign_in("liming", PASSWORD).await.unwrap();
    assert!(!new.session.is_to_renew);
    let rights = [(procuratorate, RoleName::Viewer), (bureau, RoleName::Leader)];
    let mut token = new.token.clone();
    for (unit, role) in rights {
        people.role_grant(Program, user, unit, role).await.unwrap();
        let session = people.session_fetch(&token).await.unwrap().unwrap();
        assert!(session.is_to_renew);
        let renewed = people.session_renew_marked(&session).await.unwrap().unwrap();
        assert_ne!(renewed, token);
        assert_eq!(people.session_renew_marked(&session).await.unwrap(), None, "once");
        // Requests that were on their way still pass; a token that leaked does not.
        assert!(people.session_fetch(&token).await.unwrap().is_some());
        world.clock.seconds(31);
        assert_eq!(people.session_fetch(&token).await.unwrap(), None);
        let after = people.session_fetch(&renewed).await.unwrap().unwrap();
        assert_eq!((after.id, &after.csrf), (session.id, &session.csrf), "open forms stay good");
        assert!(!after.is_to_renew);
        token = renewed;
    }
    people.role_revoke(Program, user, bureau, RoleName::Leader).await.unwrap();
    assert!(people.session_fetch(&token).await.unwrap().unwrap().is_to_renew);
}

async fn a_session_that_ran_out_is_remembered_and_opens_nothing(world: World) {
    let [_, security, _] = world.administrators().await;
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let new = world.sign_in("liming", PASSWORD).await.unwrap();
    assert_eq!(people.session_lapsed(&new.token).await.unwrap(), None, "it is still good");
    world.clock.forward(31);
    assert_eq!(people.session_fetch(&new.token).await.unwrap(), None);
    let lapsed = people.session_lapsed(&new.token).await.unwrap().unwrap();
    assert_eq!((lapsed.person.id, &lapsed.csrf), (user, &new.session.csrf));
    people.setting_change(Program, Setting::SessionIdleMinutes, "480").await.unwrap();
    assert_eq!(people.session_fetch(&new.token).await.unwrap(), None, "what ran out has run out");
    world.clock.forward(24 * 60 + 1);
    assert_eq!(people.session_lapsed(&new.token).await.unwrap(), None, "forgotten");

    // What was ended is not remembered at all.
    for ended_by in 0..3 {
        let new = world.sign_in("liming", PASSWORD).await.unwrap();
        match ended_by {
            0 => people.sign_out(&new.session).await.unwrap(),
            1 => people.session_end_of(security, user, None).await.unwrap(),
            _ => drop(people.password_reset(security, user).await.unwrap()),
        }
        assert_eq!(people.session_lapsed(&new.token).await.unwrap(), None, "{ended_by}");
    }
}

async fn the_security_administrator_ends_sessions_of_others(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let bureau = world.bureau().await;
    let user = world.person("liming", bureau, &[RoleName::Handler]).await;
    let people = &world.people;
    let one = world.sign_in("liming", PASSWORD).await.unwrap();
    let two = world.sign_in("liming", PASSWORD).await.unwrap();
    let three = world.sign_in("liming", PASSWORD).await.unwrap();
    for by in [system, auditor, Person(user)] {
        let refused = refusal(people.session_end_of(by, user, None).await);
        assert!(matches!(refused, PeopleRefusal::NotPermitted { .. }));
    }
    let own = world.sign_in("security", PASSWORD).await.unwrap();
    let itself = people.session_end_of(security, security.user().unwrap(), None).await;
    assert_eq!(refusal(itself), PeopleRefusal::ToOneself);
    let not_theirs = people.session_end_of(security, user, Some(own.session.id)).await;
    assert!(matches!(not_theirs, Err(store::PeopleError::NotFound("session"))));
    people.session_end_of(security, user, Some(one.session.id)).await.unwrap();
    assert_eq!(people.session_fetch(&one.token).await.unwrap(), None);
    assert_eq!(people.session_revoke_others(&two.session).await.unwrap(), 1);
    assert_eq!(people.session_fetch(&three.token).await.unwrap(), None);
    people.session_end_of(security, user, None).await.unwrap();
    assert_eq!(people.session_list(user).await.unwrap(), []);
    let by: Vec<_> =
        world.journal(AdminAct::SessionRevoked).await.iter().map(|entry| entry.user).collect();
    assert_eq!(by, [security.user(), Some(user), security.user()]);
}

async fn settings_are_kept_by_whom_they_belong_to(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let people = &world.people;
    for setting in Setting::ALL {
        let (least, _) = setting.bounds();
        let text = least.to_string();
        for by in [system, security, auditor] {
            let may = people.settings_change(by, &[(setting, &text)]).await.is_ok();
            let keeps = match setting {
                Setting::ResultDays | Setting::WitnessHours => by == system,
                _ => by == security,
            };
            assert_eq!(may, keeps, "{setting:?}");
        }
    }
    // Together they must make sense, and none is kept when they do not.
    let both = [(Setting::SessionIdleMinutes, "480"), (Setting::SessionHours, "2")];
    let wrong = wrong_fields(people.settings_change(security, &both).await);
    assert_eq!(wrong, ["session-idle-minutes"]);
    let both = [(Setting::SessionIdleMinutes, "480"), (Setting::SessionHours, "8")];
    people.settings_change(security, &both).await.unwrap();
    // What is written past the checks makes no session eternal.
    world.raw("update setting set value = '999999' where name like 'session-%'").await.unwrap();
    people.refresh().await.unwrap();
    assert_eq!(people.settings().get(Setting::SessionIdleMinutes), 480);
    assert_eq!(people.settings().get(Setting::SessionHours), 24);
}

async fn what_was_started_with_is_written_down_when_it_differs(world: World) {
    let facts = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let first = facts(&[("listen", "127.0.0.1:8800"), ("procedure/problem", "1")]);
    assert_eq!(world.people.configuration_note(&first).await.unwrap(), 2);
    assert_eq!(world.people.configuration_note(&first).await.unwrap(), 0, "nothing is new");
    let second = facts(&[("listen", "0.0.0.0:8800"), ("https", "true")]);
    assert_eq!(world.people.configuration_note(&second).await.unwrap(), 3);
    let entries = world.journal(AdminAct::ConfigurationChanged).await;
    assert_eq!(entries.len(), 2);
    let said = entries[0].detail.to_string();
    for part in ["127.0.0.1:8800", "0.0.0.0:8800", "procedure/problem", "https"] {
        assert!(said.contains(part), "{said}");
    }
}
