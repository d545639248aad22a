//! Units, users, posts, sessions: each test on its own empty database, on both engines.
//!
//! PostgreSQL is the one `LIANDONG_TEST_POSTGRES` names; without it those tests do nothing.

mod posts;
mod second_factor;
mod sign_in;
mod units;
mod world;

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::people::world::World::on_sqlite().await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(world) = $crate::people::world::World::on_postgres().await {
                    super::$name(world).await;
                }
            })+
        }
    };
}
use on_both_engines;
