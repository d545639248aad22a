//! Whoever asks too often is told when to come again.

use std::num::NonZeroU32;
use std::sync::Arc;

use procedure::definition::RoleName;
use store::randomness::SystemRandomness;
use web::{House, Settings};

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::world::World;

const BUREAU: &str = "G61030501";

async fn hurried_world(requests: u32) -> World {
    let mut world = World::new("2026-03-02").await;
    let settings = Settings {
        requests_per_minute_max: NonZeroU32::new(requests),
        ..world.house.settings.clone()
    };
    let randomness = Arc::new(SystemRandomness);
    world.house = House::new(world.store.clone(), world.people.clone(), randomness, settings);
    world
}

#[tokio::test]
async fn a_person_who_asks_too_often_waits_and_their_colleague_does_not() {
    // Signing in takes two requests of an address: the door, and the form.
    let world = hurried_world(4).await;
    let mut hasty = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for _ in 0..4 {
        assert_eq!(hasty.get("/register").await.status, 200);
    }
    let answer = hasty.get("/register").await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(answer.html().contains(&format!("请等待 {wait} 秒")), "{}", answer.html());
    let mut other = Browser::of(&world, BUREAU, RoleName::Leader).await;
    assert_eq!(other.get("/register").await.status, 200);
    // What a page is made of is not counted: it would come without its looks.
    assert_eq!(hasty.get("/static/app.css").await.status, 200);
}

#[tokio::test]
async fn guessing_tokens_is_slowed_and_a_good_token_is_counted_for_its_person() {
    let world = hurried_world(3).await;
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    let guesser = Program { token: "ld_guess".to_owned(), ..program.clone() };
    for _ in 0..3 {
        assert_eq!(guesser.get("/matters").await.status, 401);
    }
    let answer = guesser.get("/matters").await;
    assert_eq!(
        (answer.status, answer.body["type"].as_str()),
        (429, Some("/api/v1/problems/too-many"))
    );
    assert!(!answer.header("retry-after").is_empty());
    for _ in 0..3 {
        assert_eq!(program.get("/matters").await.status, 200);
    }
    assert_eq!(program.get("/matters").await.status, 429);
}
