//! SQL in every parameter, on both engines: it is text, and nothing else.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use procedure::definition::RoleName;

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, suggestion_awaiting_reply};
use crate::routes::{listed, sources};
use crate::world::World;

const ATTACKS: [&str; 9] = [
    "' or '1'='1",
    "'; drop table matter; --",
    "1) or (1=1",
    "\" or \"\"=\"",
    "%' escape '",
    "zz\\",
    "zz$1",
    "a\u{0}b",
    "-1 union select password_hash from user_account",
];

/// What grows while somebody looks and is refused: who looked, who is at the door, what waits, what they
/// keep for themselves.
const GROWING: [&str; 9] = [
    "access_event",
    "admin_event",
    "draft",
    "job",
    "ledger_leaf",
    "saved_view",
    "second_factor",
    "session",
    "sign_in_guard",
];

/// Every name a page reads from its address or its form: those in the sources.
pub fn names() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (_, text) in sources("rs") {
        for reads in [".get(\"", ".given(\"", ".all(\"", ".has(\"", ".parsed(\"", ".exact(\""] {
            let read = text.split(reads).skip(1);
            names.extend(read.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    names.retain(|name| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'))
    });
    names.remove("csrf");
    assert!(names.len() > 20, "{names:?}");
    names
}

async fn counts(world: &World) -> Vec<(String, i64)> {
    let mut tx = world.database.read().await.unwrap();
    let mut counts = Vec::new();
    for row in tx.rows(world.database.engine().tables(), &[]).await.unwrap() {
        let table: String = row.get(0).unwrap();
        if GROWING.contains(&table.as_str()) {
            continue;
        }
        let sql = format!("select count(*) from {table}");
        let number = tx.one(&sql, &[]).await.unwrap().unwrap();
        counts.push((table, number));
    }
    counts
}

async fn injected(world: World) {
    suggestion_awaiting_reply(&world).await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    let honest = bureau.get("/register?q=zzz-nothing").await;
    let rows = |page: &str| page.matches("/matters/").count();
    let before = counts(&world).await;
    let mut administrators = Vec::new();
    for login in ["xitong", "anquan", "shenji"] {
        administrators.push(Browser::named(&world, login).await);
    }
    for attack in ATTACKS {
        let words = web::session::escaped(attack);
        let query: Vec<String> = names().iter().map(|name| format!("{name}={words}")).collect();
        let query = query.join("&");
        for (method, path, may) in listed() {
            let odd: Vec<&str> = path
                .split('/')
                .map(|part| if part.contains('{') { words.as_str() } else { part })
                .collect();
            let there = crate::routes::address(&world, &path);
            let asker = match may {
                may if may.contains('H') => &mut bureau,
                may if may.contains('S') => &mut administrators[0],
                may if may.contains('K') => &mut administrators[1],
                _ => &mut administrators[2],
            };
            // Whoever signs out asks no more.
            if path == "/sign-out" || path == "/account/sessions/{session}/end" {
                continue;
            }
            for address in [odd.join("/"), there] {
                let answer = if method == "GET" {
                    asker.get(&format!("{address}?{query}")).await
                } else {
                    let csrf = asker.csrf().await;
                    let headers = [
                        ("content-type", "application/x-www-form-urlencoded"),
                        ("x-csrf-token", csrf.as_str()),
                        ("upload-offset", "0"),
                    ];
                    let body = Body::from(query.clone());
                    asker.send(method.parse().unwrap(), &address, &headers, body).await
                };
                assert!(
                    answer.status < 500,
                    "{method} {address} with {attack:?}: {}",
                    answer.html()
                );
            }
        }
        for (method, path) in web::api::addresses() {
            let odd: Vec<&str> = path
                .split('/')
                .map(|part| if part.contains('{') { words.as_str() } else { part })
                .collect();
            let bearer = format!("Bearer {}", program.token);
            let text = serde_json::to_string(attack).unwrap();
            let body = format!(
                r#"{{"procedure":{text},"title":{text},"parent":{text},"parties":{{"owner":{text}}},
                    "input":{{"place":{text}}},"reason":{text},"words":{text},"list":{text},
                    "limit":{text},"from":{text},"seen":{text}}}"#
            );
            for body in [body, format!(r#"{{"input":{{"repair-goal":{text}}}}}"#)] {
                let headers = [
                    ("authorization", bearer.as_str()),
                    ("content-type", "application/json"),
                    ("idempotency-key", "k"),
                    ("if-match", "*"),
                ];
                let method: Method = method.parse().unwrap();
                let address = format!("{}?{query}", odd.join("/"));
                let answer = bureau.send(method.clone(), &address, &headers, body.into()).await;
                assert!(answer.status < 500, "{method} {address}: {}", answer.html());
            }
        }
        // A search for it finds no more than a search for nothing.
        let found = bureau.get(&format!("/register?q={words}")).await;
        assert_eq!(rows(&found.html()), rows(&honest.html()), "{attack:?} finds something");
    }
    assert_eq!(counts(&world).await, before);
}

#[tokio::test]
async fn it_is_only_text_on_sqlite() {
    injected(World::new("2026-03-02").await).await;
}

#[tokio::test]
async fn it_is_only_text_on_postgres() {
    if let Some(world) = World::on_postgres("2026-03-02").await {
        injected(world).await;
    }
}
