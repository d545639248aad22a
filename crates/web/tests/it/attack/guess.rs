//! Guessing: passwords, names of accounts, ids, tokens.

use procedure::definition::RoleName;

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::matter_story::BUREAU;
use crate::world::{PASSWORD, World};

#[tokio::test]
async fn guesses_lock_the_account_and_the_address_and_say_nothing() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let mut browser = Browser::new(&world);
    let mut said = Vec::new();
    for name in [login.as_str(), "nobody.jb"] {
        let mut words = Vec::new();
        for turn in 0..8 {
            let guess = format!("guess-{turn}-guess");
            let fields = [("user", name), ("password", guess.as_str())];
            let answer = browser.send_form("/sign-in", &fields).await;
            assert_eq!(answer.status, 422);
            let html = answer.html();
            let (_, alert) = html.split_once("role=\"alert\"").unwrap();
            // A moment of the clock that stands still is the same for both.
            words.push(alert.split("</").next().unwrap().replace(name, "NAME"));
        }
        said.push(words);
    }
    assert_eq!(said[0], said[1], "whether there is such an account can be told");
    assert!(said[0].last().unwrap().contains("锁定"), "{said:?}");
    // The right password does not open a locked account, and is not told to be right.
    let fields = [("user", login.as_str()), ("password", PASSWORD)];
    let right = browser.send_form("/sign-in", &fields).await;
    assert!(right.status == 422 && right.html().contains("锁定"));
    assert_eq!(right.header("set-cookie"), "");
}

#[tokio::test]
async fn a_name_that_is_not_known_costs_the_same_work_as_one_that_is() {
    // The hash is reckoned either way: counted, for no test measures time.
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let mut work = Vec::new();
    for name in [login.as_str(), "nobody.jb", "", "' or 1=1 --"] {
        let before = world.passwords.reckoned();
        let mut browser = Browser::new(&world);
        browser.send_form("/sign-in", &[("user", name), ("password", "guess-guess")]).await;
        work.push(world.passwords.reckoned() - before);
    }
    assert_eq!(work, [1, 1, 1, 1]);
}

#[tokio::test]
async fn ids_that_are_guessed_and_tokens_that_are_near_open_nothing() {
    let world = World::new("2026-03-02").await;
    let place = world.problem(BUREAU, "锅炉超标").await;
    let mut stranger = Browser::of(&world, "G61030507", RoleName::Handler).await;
    let id = place.trim_start_matches("/matters/");
    let mut near =
        vec![id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("{id} ")];
    near.push(format!("{id}%20"));
    near.push(id.to_owned());
    for guess in near {
        let guess = guess.replace(' ', "%20").replace(['{', '}'], "");
        let answer = stranger.get(&format!("/matters/{guess}")).await;
        assert_eq!(answer.status, 404, "{guess}");
        assert!(!answer.html().contains("锅炉"), "{guess}");
    }
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    let token = program.token.clone();
    for guess in [
        token[..token.len() - 1].to_owned(),
        format!("{token}0"),
        token.to_uppercase(),
        token.replace("ld_", ""),
        format!(" {token} x"),
        String::new(),
        "null".to_owned(),
    ] {
        let guesser = Program { token: guess.clone(), ..program.clone() };
        assert_eq!(guesser.get("/me").await.status, 401, "{guess}");
    }
    assert_eq!(program.get("/me").await.status, 200);
}
