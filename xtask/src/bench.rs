//! `cargo xtask bench`: the numbers the product must hold, measured on the release build.

use crate::cargo::{cargo, must};
use crate::machine;
use crate::postgres::Cluster;

/// Builds for release and lets the product's own benchmark rewrite `docs/performance.md`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let tools = machine::ready()?;
    let cluster = Cluster::start_durable(&tools.postgres)?;
    must(
        cargo(&["bench", "--package", "liandong", "--bench", "product", "--"])?
            .args(arguments)
            .env("LIANDONG_BENCH_POSTGRES", cluster.url()),
    )
}
