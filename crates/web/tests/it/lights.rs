//! The lights of the units one looks after: what is open, and how punctual they were.

use procedure::definition::RoleName;
use web::MovableClock as _;

use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PROCURATORATE, suggestion_awaiting_reply};
use crate::world::World;

#[tokio::test]
async fn a_unit_shows_what_is_open_and_what_was_in_time_this_year() {
    let world = World::new("2026-03-02").await;
    suggestion_awaiting_reply(&world).await;
    let mut leader = Browser::of(&world, PROCURATORATE, RoleName::Leader).await;
    let row = |html: &str| -> String {
        let directory = world.people.directory();
        let unit = procedure::Directory::find(directory.as_ref(), BUREAU).unwrap();
        let link = format!("/units/{unit}\"");
        html.split("<tr>").find(|row| row.contains(&link)).unwrap().to_owned()
    };
    let html = leader.get("/lights").await.html();
    assert!(html.contains("2026 年按期") && html.contains("2026 年逾期"));
    let before = row(&html);
    assert!(before.contains("data-label=\"按期率\" class=\"num\">—"), "{before}");

    // The reply and the repair are late: they count as late from then on, whether done or not.
    world.clock.move_to("2026-05-07T09:00:00+08:00".parse().unwrap());
    world.store.pass_time().await.unwrap();
    let after = row(&leader.get("/lights").await.html());
    assert!(
        after.contains("data-label=\"2026 年逾期\" class=\"num\"><b class=\"red\">2</b>"),
        "{after}"
    );
    assert!(after.contains("data-label=\"按期率\" class=\"num\">0%"), "{after}");
}
