//! Acting through the one writer.

use std::collections::BTreeMap;

use procedure::{Command, Family, MatterId, Request, Why};
use store::draft::DraftBody;
use store::vault::field::matter_from_text;
use store::{ActError, Authority, Engine};

use crate::world::{
    BUREAU, PROCURATORATE, World, actor, chief, each_engine, key, officer, prosecutor, raw,
    refused, request, stored_event,
};
use procedure::definition::RoleName;

#[tokio::test]
async fn a_matter_is_numbered_by_kind_and_year() {
    each_engine(async |world| {
        let first = world.trouble("渭河异味").await;
        assert_eq!(first.number, "问题〔2026〕1号");
        assert_eq!(world.trouble("千河污水").await.number, "问题〔2026〕2号");
        assert_eq!(world.letter(&first.matter).await.number, "函〔2026〕1号");
        // 2027 begins eight hours earlier here than in UTC.
        world.clock.set("2027-01-01T00:30:00");
        assert_eq!(world.trouble("新年").await.number, "问题〔2027〕1号");
    })
    .await;
}

#[tokio::test]
async fn sending_twice_acts_once() {
    each_engine(async |world| {
        let open = |title: &str| procedure::OpenRequest {
            procedure: "trouble".to_owned(),
            parent: None,
            title: title.to_owned(),
            parties: raw(&[]),
            input: raw(&[("division", "610305"), ("categories", "air")]),
        };
        let who = prosecutor();
        let (first, second) = tokio::join!(
            world.store.open_matter(&who, open("渭河"), key("double-click")),
            world.store.open_matter(&who, open("渭河"), key("double-click")),
        );
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.matter, second.matter);
        assert_ne!(first.repeated, second.repeated);
        assert_eq!(world.number("select count(*) from matter").await, 1);
        let other = world.store.open_matter(&who, open("别的"), key("double-click")).await;
        assert!(matches!(other, Err(ActError::KeyReused)));
        // Another person's key is another key.
        let theirs =
            world.store.open_matter(&chief_handler(), open("渭河"), key("double-click")).await;
        assert!(!theirs.unwrap().repeated);
        // After a refusal the same key serves the mended form.
        let refused_first = world.store.open_matter(&who, open(""), key("again")).await;
        refused(refused_first);
        assert!(!world.store.open_matter(&who, open("有题"), key("again")).await.unwrap().repeated);
    })
    .await;
}

fn chief_handler() -> procedure::Actor {
    actor(32, PROCURATORATE, &[RoleName::Handler, RoleName::Leader])
}

#[tokio::test]
async fn of_two_offices_at_one_instant_one_acts_and_the_other_keeps_its_draft() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let seen = Some(root.events);
        let (one, other) = (prosecutor(), chief_handler());
        let (first, second) = tokio::join!(
            world.store.act(&one, request(&root.matter, seen, "note", &[("place", "桥下")]), None),
            world.store.act(
                &other,
                request(&root.matter, seen, "note", &[("place", "桥上")]),
                None
            ),
        );
        let (loser, lost) = if first.is_ok() { (other, second) } else { (one, first) };
        let lost = refused(lost);
        assert_eq!(lost.refusal.why, Why::Stale);
        let kept = lost.kept.unwrap();
        assert_eq!((kept.form.as_str(), kept.matter.as_ref()), ("act/note", Some(&root.matter)));
        let draft = world.store.draft_fetch(loser.user, "act/note", Some(&root.matter)).await;
        let draft = draft.unwrap().unwrap();
        assert!(draft.body.input["place"][0].starts_with('桥'));
        assert_eq!(draft.refusal, Some(lost.refusal.words));
        // Acting on what is there now takes effect and the draft goes.
        world.act(&loser, &root.matter, "note", &[("place", "桥上桥下")]).await.unwrap();
        assert_eq!(world.store.draft_list(loser.user).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn many_commands_at_once_harm_none_of_each_other() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let who = prosecutor();
        let mut all = Vec::new();
        for n in 0..200 {
            let place = format!("断面{n}");
            // Every fourth is refused, every fifth is about nothing.
            let matter = if n % 5 == 0 {
                "0190b6a0-0000-7000-8000-00000000000a".parse::<MatterId>().unwrap()
            } else {
                root.matter.clone()
            };
            let action = if n % 4 == 0 { "no-such-act" } else { "note" };
            let (store, who) = (world.store.clone(), who.clone());
            all.push(tokio::spawn(async move {
                store.act(&who, request(&matter, None, action, &[("place", &place)]), None).await
            }));
        }
        let (mut done, mut refused, mut nowhere) = (0, 0, 0);
        for one in all {
            match one.await.unwrap() {
                Ok(_) => done += 1,
                Err(ActError::Refused(_)) => refused += 1,
                Err(ActError::NotFound) => nowhere += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((done, refused, nowhere), (120, 40, 40));
        let sql = "select count(*) from event where what = 'acted'";
        assert_eq!(world.number(sql).await, done);
        consistent(world).await;
    })
    .await;
}

#[tokio::test]
async fn a_matter_out_of_scope_is_as_one_that_does_not_exist() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let stranger = officer();
        let answer = world.act(&stranger, &root.matter, "note", &[("place", "x")]).await;
        assert!(matches!(answer, Err(ActError::NotFound)));
        assert!(world.store.draft_list(stranger.user).await.unwrap().is_empty());
        let under = world.open("letter", Some(&root.matter), "", &stranger, &[], &[]).await;
        assert!(matches!(under, Err(ActError::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn time_that_ran_out_is_recorded_once() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        world.acknowledged(&root.matter).await;
        assert_eq!(world.store.pass_time().await.unwrap(), 0);
        world.clock.set("2026-05-02T23:59:59");
        assert_eq!(world.store.pass_time().await.unwrap(), 0);
        // 2 May 2026 is a holiday: the last day is the first working day after.
        world.clock.set("2026-05-07T09:00:00");
        let due = world.column("select due_on from obligation").await;
        assert_eq!(due, ["2026-05-06"]);
        let other = world.another_store().await;
        let (one, two) = tokio::join!(world.store.pass_time(), other.pass_time());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(world.store.pass_time().await.unwrap(), 0);
        assert_eq!(world.number("select count(*) from event where what = 'lapsed'").await, 1);
        let counters = world.store.counters(procedure::UnitId(BUREAU)).await.unwrap();
        assert_eq!((counters.owing, counters.overdue, counters.near), (1, 1, 0));
        consistent(world).await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_year_loaded_later_settles_what_was_provisional() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        world.clock.set("2026-11-30T10:00:00");
        let letter = world.acknowledged(&root.matter).await;
        let provisional = "select count(*) from obligation where provisional = 1";
        assert_eq!(world.number(provisional).await, 1);
        let csv = "date,kind,name\n2027-01-01,holiday,元旦\n2027-02-01,holiday,春节\n";
        let put = world.store.calendar_put(csv, "2027.csv", Authority::Program).await.unwrap();
        assert_eq!((put.years.as_slice(), put.recounted), (&[2027][..], 1));
        assert_eq!(world.number(provisional).await, 0);
        let scope = world.scope(&officer());
        let seen = world.store.matter_fetch(&scope, &letter.matter).await.unwrap().unwrap().seen;
        assert_eq!(seen.matter.obligations[0].due.date().to_string(), "2027-02-02");
        let journal =
            "select what || ' ' || detail from admin_event where what = 'calendar-loaded'";
        let journal = world.column(journal).await;
        assert_eq!(journal, [r#"calendar-loaded {"file":"2027.csv","years":[2027]}"#]);
        // Another process learns of it.
        let other = world.another_store().await;
        assert!(other.rules().calendar().has_year(2027));
        other.close().await;
        consistent(world).await;
    })
    .await;
}

#[tokio::test]
async fn the_store_closes_after_what_waits() {
    each_engine(async |world| {
        let store = world.another_store().await;
        let root = world.trouble("渭河异味").await;
        let who = prosecutor();
        let act = store.act(&who, request(&root.matter, None, "note", &[("place", "x")]), None);
        let (act, ()) = tokio::join!(act, store.close());
        act.unwrap();
        let late = store.act(&who, request(&root.matter, None, "note", &[("place", "y")]), None);
        assert!(matches!(late.await, Err(ActError::Store(store::StoreError::Closed))));
    })
    .await;
}

#[tokio::test]
async fn two_processes_act_on_one_postgres() {
    each_engine(async |world| {
        if world.database.engine() == Engine::Sqlite {
            return;
        }
        let root = world.trouble("渭河异味").await;
        let other = world.another_store().await;
        let mut all = Vec::new();
        for n in 0..60 {
            let store = if n % 2 == 0 { world.store.clone() } else { other.clone() };
            let matter = root.matter.clone();
            all.push(tokio::spawn(async move {
                let place = n.to_string();
                let input = [("place", place.as_str())];
                store.act(&prosecutor(), request(&matter, None, "note", &input), None).await
            }));
        }
        for one in all {
            one.await.unwrap().unwrap();
        }
        assert_eq!(world.number("select count(*) from event where what = 'acted'").await, 60);
        consistent(world).await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn drafts_are_kept_over_each_other_and_removed() {
    each_engine(async |world| {
        let body = |title: &str| DraftBody { title: title.to_owned(), ..DraftBody::default() };
        let mut draft = store::draft::Draft {
            form: "open/trouble".to_owned(),
            matter: None,
            unit: procedure::UnitId(BUREAU),
            body: body("一"),
            refusal: None,
            saved_at: world.store.now(),
        };
        let user = officer().user;
        world.store.draft_put(user, &draft).await.unwrap();
        draft.body = body("二");
        world.store.draft_put(user, &draft).await.unwrap();
        assert_eq!(world.store.draft_list(user).await.unwrap(), [draft]);
        world.store.draft_delete(user, "open/trouble", None).await.unwrap();
        assert_eq!(world.store.draft_list(user).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn both_engines_hold_the_same_rows() {
    let told = std::sync::Mutex::new(Vec::new());
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.acknowledged(&root.matter).await;
        world.clock.set("2026-04-01T09:00:00");
        let urge = Command::Urge { obligation: 0, words: "请尽快".to_owned() };
        let urge = Request { matter: letter.matter.clone(), seen: None, command: urge };
        world.store.act(&prosecutor(), urge, None).await.unwrap();
        world.clock.set("2026-05-20T09:00:00");
        world.store.pass_time().await.unwrap();
        world.act(&officer(), &letter.matter, "reply", &[("reply", "已整改")]).await.unwrap();
        world.act(&prosecutor(), &root.matter, "close", &[]).await.unwrap();
        consistent(world).await;
        let rows = rows(world).await;
        told.lock().unwrap().push(rows);
    })
    .await;
    let told = told.into_inner().unwrap();
    if let [sqlite, postgres] = &told[..] {
        assert_eq!(sqlite, postgres);
    }
}

/// Every row of the read tables, with ids replaced by numbers of matters.
async fn rows(world: &World) -> Vec<String> {
    let mut text = Vec::new();
    for sql in [
        "select 'c ' || cast(unit_id as text) || ' ' || name || ' ' || cast(number as text)
           from unit_counter where number <> 0",
        "select 'o ' || m.number || ' ' || o.kind || ' ' || o.due_on || ' ' || o.standing || ' '
                || cast(o.due_at as text)
           from obligation o join matter m on m.matter_id = o.matter_id",
        "select 's ' || cast(s.unit_id as text) || ' ' || m.number
           from matter_scope s join matter m on m.matter_id = s.matter_id",
        "select 't ' || t.term || ' ' || m.number
           from matter_term t join matter m on m.matter_id = t.matter_id",
        "select 'p ' || p.party || cast(p.unit_id as text) || ' ' || cast(p.turn as text)
                || ' ' || m.number
           from matter_party p join matter m on m.matter_id = p.matter_id",
        "select 'e ' || m.number || ' ' || cast(e.number as text) || ' ' || e.what
           from event e join matter m on m.matter_id = e.matter_id",
        "select 'm ' || number || title || state || cast(due_at as text) || words || categories
                || division_code
           from matter",
    ] {
        text.extend(world.column(sql).await);
    }
    text.sort();
    text
}

/// What must hold at any time: replaying the events gives the bodies, and counting the rows gives the
/// kept counters.
pub(crate) async fn consistent(world: &World) {
    let vault = world.database.vault();
    let mut tx = world.database.read().await.unwrap();
    let mut family = Family::default();
    let sql = "select matter_id, number, at, user_id, unit_id, body from event
                order by matter_id, number";
    for row in tx.rows(sql, &[]).await.unwrap() {
        let (id, event) = stored_event(vault, &row);
        family.apply(&id, &event);
    }
    let bodies = tx.rows("select body from matter_body", &[]).await.unwrap();
    let stored = Family::new(
        bodies.iter().map(|row| matter_from_text(vault, &row.get::<String>(0).unwrap()).unwrap()),
    );
    assert_eq!(family, stored, "events and bodies differ");
    let counted = "
        select unit_id, name, cast(sum(n) as bigint) from (
            select debtor_unit_id as unit_id, 'owing' as name, 1 as n from obligation
             where is_open = 1 and nature = 'obligation'
            union all
            select debtor_unit_id, 'overdue', 1 from obligation
             where is_open = 1 and nature = 'obligation' and lapsed_at is not null
            union all
            select creditor_unit_id, 'owed', 1 from obligation
             where is_open = 1 and nature = 'obligation'
            union all
            select creditor_unit_id, 'owed-overdue', 1 from obligation
             where is_open = 1 and nature = 'obligation' and lapsed_at is not null
            union all
            select unit_id, 'turn', 1 from matter_party where turn > 0
            union all
            select unit_id, 'acknowledge', 1 from matter_party where turn = 2
            union all
            select approver_unit_id, 'approve', 1 from matter where approver_unit_id is not null
            union all
            select tracker_unit_id, 'tracking', 1 from matter where tracker_unit_id is not null
            union all
            select s.unit_id, 'state/' || m.procedure_id || '/' || m.state, 1
              from matter_scope s join matter m on m.matter_id = s.matter_id
            union all
            select s.unit_id, 'live/' || m.procedure_id, 1
              from matter_scope s join matter m on m.matter_id = s.matter_id where m.ended = 0
        ) counted group by unit_id, name";
    let read = |rows: Vec<store::Row>| -> BTreeMap<(i64, String), i64> {
        let row =
            |row: &store::Row| ((row.get(0).unwrap(), row.get(1).unwrap()), row.get(2).unwrap());
        rows.iter().map(row).collect()
    };
    let counted = read(tx.rows(counted, &[]).await.unwrap());
    // Years of punctuality have a test of their own.
    let sql = "select unit_id, name, number from unit_counter
                where number <> 0 and name not like 'late/%' and name not like 'in-time/%'";
    let kept = read(tx.rows(sql, &[]).await.unwrap());
    assert_eq!(kept, counted, "kept counters and rows differ");
}

#[tokio::test]
async fn what_is_sent_back_lies_among_its_writers_drafts_again() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.letter(&root.matter).await;
        let who = prosecutor();
        world.act(&who, &letter.matter, "serve", &[("words", "请核查")]).await.unwrap();
        let back = Request {
            matter: letter.matter.clone(),
            seen: None,
            command: Command::Return { reason: "补充依据".to_owned() },
        };
        world.store.act(&chief(), back, None).await.unwrap();
        let form = "act/serve";
        let draft = world.store.draft_fetch(who.user, form, Some(&letter.matter)).await.unwrap();
        let draft = draft.expect("the draft is back");
        assert_eq!(draft.body.input["words"], ["请核查"]);
        assert_eq!(draft.refusal.expect("with the reason").zh, "退回：补充依据");
    })
    .await;
}
