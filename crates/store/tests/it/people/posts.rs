//! Accounts, roles, the three administrators, the liaison.

use std::collections::BTreeSet;

use procedure::definition::RoleName;
use procedure::{MatterId, UserId};
use store::journal::{AdminAct, AdminEventFilter, Target};
use store::people::Authority::{Person, Program};
use store::role::{PlatformRole, ROLES};
use store::setting::Setting;
use store::unit::{UnitField, UnitForm};
use store::user::{FirstAdministrator, UserFilter};
use store::{Authority, PeopleError, PeopleRefusal};

use super::on_both_engines;
use super::units::obligation_open;
use super::world::{PASSWORD, World, refusal, unit_form, user_form, wrong_fields};

on_both_engines! {
    the_first_start_makes_administrators_once,
    two_first_starts_at_once_make_one_set,
    the_three_administrators_stay_three_people,
    the_tables_keep_administration_and_business_apart,
    each_administrator_does_only_their_own,
    nobody_grants_to_themselves,
    a_unit_has_exactly_one_liaison,
    a_handover_moves_everything_open_and_is_on_record,
    a_handover_is_refused_to_strangers_and_to_the_wrong_people,
    two_handovers_at_once_leave_one_liaison,
    an_account_closes_only_when_nothing_hangs_on_it,
    an_account_says_what_is_wrong_with_it,
    a_unit_administrator_keeps_only_their_own_people,
    lists_of_accounts_page_and_filter,
    the_journal_is_never_changed,
    settings_stay_within_bounds,
    the_demo_makes_the_same_people_every_time,
}

async fn the_first_start_makes_administrators_once(world: World) {
    let people = &world.people;
    assert!(!people.administrators_exist().await.unwrap());
    let one = |login: &str, role, password: Option<&str>| FirstAdministrator {
        form: user_form(login),
        role,
        password: password.map(str::to_owned),
    };
    let system = PlatformRole::SystemAdministrator;
    let weak = people.administrators_create(&[one("root", system, Some("1234567890"))]).await;
    assert_eq!(wrong_fields(weak), ["password"]);
    let twice = [one("aaa", system, None), one("bbb", system, None)];
    assert_eq!(refusal(people.administrators_create(&twice).await), PeopleRefusal::SeparateDuties);
    let without = [one("aaa", PlatformRole::SecurityAuditor, None)];
    assert_eq!(
        refusal(people.administrators_create(&without).await),
        PeopleRefusal::SeparateDuties
    );
    assert!(!people.administrators_exist().await.unwrap());

    let made = people.administrators_create(&[one("root", system, None)]).await.unwrap();
    assert!(people.administrators_exist().await.unwrap());
    let session = world.sign_in("root", &made[0].password).await.unwrap().session;
    assert!(session.must_change_password);
    assert_eq!((session.platform, session.actor()), (Some(system), None));
    let again = people.administrators_create(&[one("root2", system, None)]).await;
    assert_eq!(refusal(again), PeopleRefusal::AdministratorsExist);

    // Alone, the system administrator appoints the security administrator, and then no more.
    let root = Person(made[0].user);
    let second = people.user_create(root, &user_form("security")).await.unwrap().user;
    let third = people.user_create(root, &user_form("auditor")).await.unwrap().user;
    let security = PlatformRole::SecurityAdministrator;
    people.platform_role_grant(root, second, security).await.unwrap();
    let late = people.platform_role_grant(root, third, PlatformRole::SecurityAuditor).await;
    assert_eq!(refusal(late), PeopleRefusal::NotPermitted { needs: vec![security] });
    let auditor = PlatformRole::SecurityAuditor;
    people.platform_role_grant(Person(second), third, auditor).await.unwrap();
}

async fn two_first_starts_at_once_make_one_set(world: World) {
    let people = &world.people;
    let first = |login: &str| {
        [FirstAdministrator {
            form: user_form(login),
            role: PlatformRole::SystemAdministrator,
            password: Some(PASSWORD.to_owned()),
        }]
    };
    let (one, two) = (first("one"), first("two"));
    let (one, two) =
        tokio::join!(people.administrators_create(&one), people.administrators_create(&two));
    let loser = if one.is_ok() { two } else { one };
    assert_eq!(refusal(loser), PeopleRefusal::AdministratorsExist);
}

async fn the_three_administrators_stay_three_people(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let handler = world.person("handler", bureau, &[RoleName::Handler]).await;

    let mixed = people.platform_role_grant(security, handler, PlatformRole::SecurityAuditor).await;
    assert_eq!(refusal(mixed), PeopleRefusal::SeparateDuties);
    for role in ROLES {
        let auditor = auditor.user().unwrap();
        let mixed = people.role_grant(security, auditor, bureau, role).await;
        assert_eq!(refusal(mixed), PeopleRefusal::SeparateDuties);
    }
    let second = people.platform_role_grant(
        security,
        auditor.user().unwrap(),
        PlatformRole::SystemAdministrator,
    );
    assert_eq!(
        refusal(second.await),
        PeopleRefusal::OtherAdministrator { holds: PlatformRole::SecurityAuditor }
    );

    // The last of a kind stays; with a second one the first may go and take up business.
    let last = people.platform_role_revoke(security, system.user().unwrap()).await;
    assert_eq!(
        refusal(last),
        PeopleRefusal::LastAdministrator { role: PlatformRole::SystemAdministrator }
    );
    let next = people.user_create(system, &user_form("system2")).await.unwrap().user;
    people.platform_role_grant(security, next, PlatformRole::SystemAdministrator).await.unwrap();
    let first = system.user().unwrap();
    people.platform_role_revoke(security, first).await.unwrap();
    people.role_grant(security, first, bureau, RoleName::Viewer).await.unwrap();
    let user = people.user_fetch(first).await.unwrap();
    assert_eq!((user.platform, user.posts.len()), (None, 1));
}

async fn the_tables_keep_administration_and_business_apart(world: World) {
    let [system, ..] = world.administrators().await;
    let bureau = world.bureau().await;
    let handler = world.person("handler", bureau, &[RoleName::Handler]).await;
    let (system, unit) = (system.user().unwrap().0, bureau.0);
    for (sql, rule) in [
        (
            format!(
                "insert into user_role values ({system}, 'business', {unit}, 'leader', 0, null)"
            ),
            "foreign_key",
        ),
        (
            format!(
                "insert into user_role values ({system}, 'platform', {unit}, 'leader', 0, null)"
            ),
            "user_role_kind",
        ),
        (
            format!(
                "insert into platform_role values ({}, 'platform', 'security-auditor', 0, null)",
                handler.0
            ),
            "foreign_key",
        ),
        (
            format!(
                "insert into platform_role values ({system}, 'platform', 'security-auditor', 0, null)"
            ),
            "platform_role_pkey",
        ),
        (
            format!("update user_account set kind = 'platform' where user_id = {}", handler.0),
            "foreign_key",
        ),
        (
            format!("update unit set parent_unit_id = {unit} where unit_id = {unit}"),
            "unit_not_above_itself",
        ),
    ] {
        let error = world.raw(&sql).await.unwrap_err();
        assert!(error.is_constraint(rule), "{sql}: {error}");
    }
}

async fn each_administrator_does_only_their_own(world: World) {
    let [system, security, auditor] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let handler = Person(world.person("handler", bureau, &[RoleName::Handler]).await);
    let other = world.person("other", bureau, &[RoleName::Clerk]).await;
    let everybody = [system, security, auditor, handler];
    let note = UnitForm::default().with(UnitField::Note, "记");

    for by in everybody {
        let allowed = |result: Result<(), PeopleError>, who: &[Authority]| match result {
            Err(PeopleError::Refused(PeopleRefusal::NotPermitted { .. })) => {
                assert!(!who.contains(&by), "{by:?}");
            }
            _ => assert!(who.contains(&by), "{by:?}"),
        };
        let version = people.directory().get(bureau).unwrap().version;
        allowed(people.unit_change(by, bureau, version, &note).await, &[system]);
        let form = unit_form("G61030577", "新设局");
        allowed(people.unit_create(by, &form).await.map(drop), &[system]);
        allowed(people.unit_import_preview(by, "a.csv", b"code\n").await.map(drop), &[system]);
        allowed(people.unit_import(by, "a.csv", b"code\n").await.map(drop), &[system]);
        allowed(people.user_create(by, &user_form("newcomer")).await.map(drop), &[system]);
        allowed(people.user_change(by, other, 9, &user_form("x")).await, &[system]);
        allowed(people.user_close(by, UserId(9999)).await, &[system]);
        allowed(people.user_reopen(by, other).await, &[system]);
        allowed(people.setting_change(by, Setting::ResultDays, "7").await, &[system]);
        allowed(people.setting_change(by, Setting::SessionHours, "12").await, &[security]);
        let no_roles = BTreeSet::new();
        allowed(people.second_factor_roles_change(by, &no_roles).await, &[security]);
        allowed(people.second_factor_standing(by).await.map(drop), &[security]);
        allowed(people.second_factor_remove(by, other).await, &[security]);
        allowed(people.session_end_of(by, other, None).await, &[security]);
        allowed(people.role_grant(by, other, bureau, RoleName::Clerk).await, &[security]);
        allowed(people.role_revoke(by, other, bureau, RoleName::Viewer).await, &[security]);
        let role = PlatformRole::SecurityAuditor;
        allowed(people.platform_role_grant(by, other, role).await, &[security]);
        allowed(people.platform_role_revoke(by, other).await, &[security]);
        allowed(people.password_reset(by, other).await.map(drop), &[security]);
        allowed(people.user_unlock(by, other).await, &[security]);
        let filter = AdminEventFilter::default();
        allowed(people.admin_event_list(by, &filter, 1).await.map(drop), &[auditor]);
        let filter = UserFilter::default();
        allowed(people.user_list(by, &filter, 1).await.map(drop), &[system, security, auditor]);
    }
}

async fn nobody_grants_to_themselves(world: World) {
    let [system, security, _] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let own = security.user().unwrap();
    for result in [
        people.role_grant(security, own, bureau, RoleName::Viewer).await,
        people.platform_role_grant(security, own, PlatformRole::SecurityAuditor).await,
        people.platform_role_revoke(security, own).await,
        people.password_reset(security, own).await.map(drop),
        people.user_unlock(security, own).await,
        people.second_factor_remove(security, own).await,
        people.session_end_of(security, own, None).await,
        people.user_close(system, system.user().unwrap()).await,
    ] {
        assert_eq!(refusal(result), PeopleRefusal::ToOneself);
    }
}

async fn a_unit_has_exactly_one_liaison(world: World) {
    let [_, security, _] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let first = world.person("first", bureau, &[RoleName::Liaison]).await;
    let second = world.person("second", bureau, &[RoleName::Handler]).await;
    let taken = people.role_grant(security, second, bureau, RoleName::Liaison).await;
    assert_eq!(refusal(taken), PeopleRefusal::LiaisonHeld { by: "李明".to_owned() });
    let vacant = people.role_revoke(security, first, bureau, RoleName::Liaison).await;
    assert_eq!(refusal(vacant), PeopleRefusal::LiaisonByHandover);
    let sql = format!(
        "insert into user_role values ({}, 'business', {}, 'liaison', 0, null)",
        second.0, bureau.0
    );
    let error = world.raw(&sql).await.unwrap_err();
    assert!(error.is_constraint("user_role_one_liaison"), "{error}");
    // One person may be liaison of two units.
    let procuratorate = world.procuratorate().await;
    people.role_grant(security, first, procuratorate, RoleName::Liaison).await.unwrap();
    assert_eq!(people.liaison_list_all().await.unwrap().len(), 2);
    assert_eq!(people.liaison_list(&[bureau]).await.unwrap()[&bureau].id, first);
}

async fn a_handover_moves_everything_open_and_is_on_record(world: World) {
    let people = &world.people;
    let bureau = world.bureau().await;
    let procuratorate = world.procuratorate().await;
    let leader = world.person("leader", bureau, &[RoleName::Leader]).await;
    let old = world.person("old", bureau, &[RoleName::Liaison]).await;
    let new = world.person("new", bureau, &[RoleName::Handler]).await;
    obligation_open(&world, bureau.0, procuratorate.0).await;
    let matter: MatterId = "0190b6a0-0000-7000-8000-00000000000a".parse().unwrap();
    people.matter_keeper_set(leader, bureau, &matter, old).await.unwrap();
    for (user, form) in [(old, "act/reply"), (old, "act/acknowledge"), (new, "act/reply")] {
        let sql = format!(
            "insert into draft (user_id, form, matter_id, unit_id, title, refusal, body, saved_at)
             values ({}, '{form}', '{matter}', {}, '回复', '', '{{}}', 0)",
            user.0, bureau.0
        );
        world.raw(&sql).await.unwrap();
    }

    world.clock.forward(60);
    let moved =
        people.liaison_hand_over(Person(leader), bureau, old, new, "岗位调整").await.unwrap();
    assert_eq!((moved.obligations, moved.matters, moved.drafts), (1, 1, 1));

    let here = people.unit_people(bureau).await.unwrap();
    assert_eq!(here.liaison.unwrap().id, new);
    let terms: Vec<_> = here
        .terms
        .iter()
        .map(|term| (term.person.id, term.ended_at.is_none(), term.reason.as_str()))
        .collect();
    assert_eq!(terms, [(new, true, "岗位调整"), (old, false, "")]);
    assert_eq!(people.matter_keeper_list(&matter).await.unwrap()[&bureau].id, new);

    let entry = &world.journal(AdminAct::LiaisonHandedOver).await[0];
    assert_eq!((entry.user, entry.unit), (Some(leader), Some(bureau)));
    assert_eq!(entry.detail["from"], old.0);
    assert_eq!(entry.detail["to"], new.0);
    assert_eq!(entry.detail["obligations"], 1);
}

async fn a_handover_is_refused_to_strangers_and_to_the_wrong_people(world: World) {
    let [system, security, _] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let procuratorate = world.procuratorate().await;
    let liaison = world.person("liaison", bureau, &[RoleName::Liaison]).await;
    let other = world.person("other", bureau, &[RoleName::Handler]).await;
    let leader = world.person("leader", bureau, &[RoleName::Leader]).await;
    let stranger = world.person("stranger", procuratorate, &[RoleName::Leader]).await;
    let try_it = |by, from, to, reason: &'static str| async move {
        people.liaison_hand_over(by, bureau, from, to, reason).await
    };
    for by in [system, Person(stranger), Person(other), Person(liaison)] {
        let result = try_it(by, liaison, other, "岗位调整").await;
        assert_eq!(refusal(result), PeopleRefusal::NotOfTheUnit);
    }
    let leader = Person(leader);
    let to_oneself = try_it(leader, liaison, leader.user().unwrap(), "岗位调整").await;
    assert_eq!(refusal(to_oneself), PeopleRefusal::ToOneself);
    assert_eq!(wrong_fields(try_it(leader, liaison, other, " ").await), ["reason"]);
    assert_eq!(wrong_fields(try_it(leader, liaison, liaison, "岗位调整").await), ["to"]);
    let not_he = try_it(leader, other, stranger, "岗位调整").await;
    assert_eq!(refusal(not_he), PeopleRefusal::NotLiaison);
    let admin = try_it(leader, liaison, system.user().unwrap(), "岗位调整").await;
    assert_eq!(refusal(admin), PeopleRefusal::SeparateDuties);
    let nobody = try_it(leader, liaison, UserId(9999), "岗位调整").await;
    assert!(matches!(nobody, Err(PeopleError::NotFound(_))));
    try_it(security, liaison, other, "岗位调整").await.unwrap();
}

async fn two_handovers_at_once_leave_one_liaison(world: World) {
    let people = &world.people;
    let bureau = world.bureau().await;
    let old = world.person("old", bureau, &[RoleName::Liaison]).await;
    let one = world.person("one", bureau, &[RoleName::Handler]).await;
    let two = world.person("two", bureau, &[RoleName::Handler]).await;
    let (a, b) = tokio::join!(
        people.liaison_hand_over(Program, bureau, old, one, "岗位调整"),
        people.liaison_hand_over(Program, bureau, old, two, "岗位调整"),
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let loser = if a.is_ok() { b } else { a };
    assert_eq!(refusal(loser), PeopleRefusal::NotLiaison);
    let here = people.unit_people(bureau).await.unwrap();
    assert_eq!(here.terms.iter().filter(|term| term.ended_at.is_none()).count(), 1);
}

async fn an_account_closes_only_when_nothing_hangs_on_it(world: World) {
    let [system, _, _] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    let liaison = world.person("liaison", bureau, &[RoleName::Liaison]).await;
    let next = world.person("next", bureau, &[RoleName::Handler]).await;
    let result = people.user_close(system, liaison).await;
    let units = vec!["宝鸡市生态环境局凤翔分局".to_owned()];
    assert_eq!(refusal(result), PeopleRefusal::StillLiaison { units });
    people.liaison_hand_over(Program, bureau, liaison, next, "退休").await.unwrap();

    people.role_grant(Program, liaison, bureau, RoleName::Viewer).await.unwrap();
    let session = world.sign_in("liaison", PASSWORD).await.unwrap();
    let token = people.api_token_create(liaison, bureau, "台账", 30).await.unwrap();
    people.user_close(system, liaison).await.unwrap();
    assert_eq!(people.session_fetch(&session.token).await.unwrap(), None);
    assert_eq!(people.api_token_fetch(&token.token).await.unwrap(), None);
    let closed = world.sign_in("liaison", PASSWORD).await.map(drop);
    assert_eq!(refusal(closed), PeopleRefusal::SignInClosed);
    let wrong = world.sign_in("liaison", "另外一个密码另外一个").await.map(drop);
    assert_eq!(refusal(wrong), PeopleRefusal::SignInWrong, "tells nothing without the password");
    assert_eq!(refusal(people.user_close(system, liaison).await), PeopleRefusal::UserClosed);
    let granted = people.role_grant(Program, liaison, bureau, RoleName::Clerk).await;
    assert_eq!(refusal(granted), PeopleRefusal::UserClosed);

    people.user_reopen(system, liaison).await.unwrap();
    world.sign_in("liaison", PASSWORD).await.unwrap();
    assert_eq!(people.user_fetch(liaison).await.unwrap().posts[&bureau].len(), 1);
}

async fn an_account_says_what_is_wrong_with_it(world: World) {
    let people = &world.people;
    let mut form = user_form("");
    "<b>".clone_into(&mut form.display_name);
    form.title = "长".repeat(41);
    "abc".clone_into(&mut form.phone);
    let fields = wrong_fields(people.user_create(Program, &form).await);
    assert_eq!(fields, ["login_name", "display_name", "title", "phone"]);
    for login in ["ab", "李明", "1abc", "a b c", "a'; drop table unit;--"] {
        let fields = wrong_fields(people.user_create(Program, &user_form(login)).await);
        assert_eq!(fields, ["login_name"], "{login}");
    }
    let made = people.user_create(Program, &user_form(" LiMing ")).await.unwrap();
    assert_eq!(people.user_by_login("liming").await.unwrap().person.id, made.user);
    let taken = people.user_create(Program, &user_form("LIMING")).await;
    assert_eq!(wrong_fields(taken), ["login_name"]);
    assert!(!format!("{made:?}").contains(&made.password), "never in a log");
}

async fn a_unit_administrator_keeps_only_their_own_people(world: World) {
    let people = &world.people;
    let bureau = world.bureau().await;
    let procuratorate = world.procuratorate().await;
    let admin = Person(world.person("admin", bureau, &[RoleName::UnitAdmin]).await);
    let own = world.person("own", bureau, &[RoleName::Handler]).await;
    let other = world.person("other", procuratorate, &[RoleName::Handler]).await;
    let mut form = user_form("ignored");
    "0917-0000099".clone_into(&mut form.phone);
    people.user_change(admin, own, 1, &form).await.unwrap();
    let changed = people.user_fetch(own).await.unwrap();
    assert_eq!(
        (changed.login_name.as_str(), changed.person.phone.as_str()),
        ("own", "0917-0000099")
    );
    assert_eq!(refusal(people.user_change(admin, own, 1, &form).await), PeopleRefusal::Stale);
    let result = people.user_change(admin, other, 1, &form).await;
    assert!(matches!(refusal(result), PeopleRefusal::NotPermitted { .. }));
}

async fn lists_of_accounts_page_and_filter(world: World) {
    let [system, ..] = world.administrators().await;
    let people = &world.people;
    let bureau = world.bureau().await;
    for number in 0..5 {
        let mut form = user_form(&format!("user_{number}"));
        form.display_name = format!("张三{number}");
        people.user_create(Program, &form).await.unwrap();
    }
    let handler = world.person("handler", bureau, &[RoleName::Handler]).await;
    let logins = |filter: UserFilter| async move {
        let users = people.user_list(system, &filter, 3).await.unwrap();
        users.into_iter().map(|user| user.login_name).collect::<Vec<_>>()
    };
    let text = |text: &str| UserFilter { text: text.to_owned(), ..UserFilter::default() };
    assert_eq!(logins(text("张三")).await, ["user_0", "user_1", "user_2"]);
    let last = people.user_by_login("user_2").await.unwrap().person;
    let after = UserFilter { after: Some((last.display_name, last.id)), ..text("张三") };
    assert_eq!(logins(after).await, ["user_3", "user_4"]);
    assert_eq!(logins(text("USER_4")).await, ["user_4"]);
    assert_eq!(logins(text("%")).await, Vec::<String>::new(), "a sign, not a pattern");
    let here = UserFilter { unit: Some(bureau), ..UserFilter::default() };
    assert_eq!(logins(here).await, ["handler"]);
    let administrators = UserFilter { administrators: Some(true), ..UserFilter::default() };
    assert_eq!(logins(administrators).await, ["system", "security", "auditor"]);
    let closed = UserFilter { active: Some(false), ..UserFilter::default() };
    assert_eq!(logins(closed).await, Vec::<String>::new());
    let named = people.person_list(&[handler, UserId(9999)].into()).await.unwrap();
    assert_eq!(named.len(), 1);
}

async fn the_journal_is_never_changed(world: World) {
    let [_, _, auditor] = world.administrators().await;
    let bureau = world.bureau().await;
    for sql in ["update admin_event set user_id = 1", "delete from admin_event"] {
        let error = world.raw(sql).await.unwrap_err();
        assert!(error.is_constraint("admin_event_append_only"), "{error}");
    }
    let people = &world.people;
    let about =
        AdminEventFilter { target: Some(Target::Unit(bureau)), ..AdminEventFilter::default() };
    let entries = people.admin_event_list(auditor, &about, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].what, "unit-created");
    let all = people.admin_event_list(auditor, &AdminEventFilter::default(), 2).await.unwrap();
    let before = AdminEventFilter { before: Some(all[1].id), ..AdminEventFilter::default() };
    let next = people.admin_event_list(auditor, &before, 200).await.unwrap();
    assert!(next.iter().all(|entry| entry.id < all[1].id) && !next.is_empty());
    for act in AdminAct::ALL {
        assert_eq!(AdminAct::read(act.id()), Some(*act));
        assert!(!act.words().is_empty() && !act.words().is_half());
    }
}

async fn settings_stay_within_bounds(world: World) {
    let [_, security, _] = world.administrators().await;
    let people = &world.people;
    for text in ["", "4", "481", "-5", "30.5", "三十", "99999999999999999999"] {
        let result = people.setting_change(security, Setting::SessionIdleMinutes, text).await;
        assert_eq!(wrong_fields(result), ["session-idle-minutes"], "{text}");
    }
    people.setting_change(security, Setting::SessionIdleMinutes, " 60 ").await.unwrap();
    people.setting_change(security, Setting::SessionIdleMinutes, "60").await.unwrap();
    assert_eq!(people.settings().get(Setting::SessionIdleMinutes), 60);
    let entries = world.journal(AdminAct::SettingChanged).await;
    assert_eq!(entries.len(), 1, "only what changed something");
    assert_eq!(
        (&entries[0].detail["before"], &entries[0].detail["after"]),
        (&30.into(), &60.into())
    );
}

async fn the_demo_makes_the_same_people_every_time(world: World) {
    let people = &world.people;
    let (bureau, procuratorate) = (world.bureau().await, world.procuratorate().await);
    let made = people.demo_people(&[bureau, procuratorate, bureau], PASSWORD).await.unwrap();
    assert_eq!(made.len(), 6);
    let again = people.demo_people(&[procuratorate, bureau], PASSWORD).await.unwrap();
    assert_eq!(made, again);
    let prosecutor = &made[&(procuratorate, RoleName::Handler)];
    assert_eq!(prosecutor.title, "检察官");
    let session = world.sign_in(&prosecutor.login_name, PASSWORD).await.unwrap().session;
    assert_eq!(session.actor(), Some(prosecutor.actor()));
    assert!(!session.must_change_password);
    let liaison = people.unit_people(bureau).await.unwrap().liaison.unwrap();
    assert_eq!(liaison.id, made[&(bureau, RoleName::Liaison)].user);
    assert_eq!(world.journal(AdminAct::DemoPeopleCreated).await.len(), 1);
}
