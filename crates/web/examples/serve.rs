//! Serves the pages on a test's world, to be looked at.

#[path = "../tests/it/world.rs"]
#[allow(dead_code, missing_docs, unreachable_pub)]
mod world;

use std::net::SocketAddr;
use std::sync::Arc;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let units = std::fs::read_to_string(world::repository().join("data/units/units.csv")).unwrap();
    let clock = Arc::new(world::TestClock::at("2026-11-24T09:00:00+08:00"));
    let world = world::World::in_folder(folder.path(), clock, &units, true).await;
    for number in 1..=30 {
        let title = ["长青能源化工甲醇项目锅炉颗粒物超标排放", "横水镇垃圾填埋渗滤液外溢", "雍水河入河排污口未登记"][number % 3];
        let by = ["G61030501", "J61030500", "G61030503"][number % 3];
        world.problem(by, &format!("{title}（{number}）")).await;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8801").await.unwrap();
    let app = web::router(world.house).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await.unwrap();
}
