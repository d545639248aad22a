//! `cargo xtask bench`: the numbers the product must hold, measured on the release build.

use crate::cargo::{cargo, must};
use crate::machine;
use crate::postgres::Cluster;

/// Names the cluster of PostgreSQL to measure; unset, a fresh one is started.
const POSTGRES: &str = "LIANDONG_BENCH_POSTGRES";

/// Builds for release and lets the product's own benchmark rewrite `docs/performance.md`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let tools = machine::ready()?;
    let mut bench = cargo(&["bench", "--package", "liandong", "--bench", "product", "--"])?;
    bench.args(arguments);
    if std::env::var_os(POSTGRES).is_some() {
        return must(&mut bench);
    }
    let cluster = Cluster::start_durable(&tools.postgres)?;
    must(bench.env(POSTGRES, cluster.url()))
}
