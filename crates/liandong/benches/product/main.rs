//! The numbers the product must hold, measured through its own front doors and written into
//! `docs/performance.md`. Run by `cargo xtask bench`, which brings a durable PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(missing_docs, reason = "a program, not a library")]

mod measure;
mod pages;
mod program;
mod report;
mod world;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::report::{Column, Report};
use crate::world::World;

/// Clients that act at one time.
const CLIENTS: usize = 64;
/// Acts measured with many clients, and with one.
const ACTS_MANY: usize = 20_000;
const ACTS_ONE: usize = 1_000;
/// Pages of a kind measured.
const PAGES: usize = 300;
/// The page far down a list, and how many rows a page has.
const DEEP_PAGE: usize = 500;
const PAGE_ROWS: usize = 20;
/// Sizes measured unless told otherwise.
const SIZES: [usize; 2] = [10_000, 100_000];
const SIZE_QUICK: usize = 2_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says `--bench` to every bench.
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let sizes = sizes(&arguments, quick);
    let kept = word(&arguments, "--keep");
    let postgres = std::env::var("LIANDONG_BENCH_POSTGRES").ok();

    let mut report = Report { deadlines_per_second: deadlines(), ..Report::default() };
    let engine = word(&arguments, "--engine");
    for size in sizes {
        if engine.is_none_or(|engine| engine == "sqlite") {
            let place = Place::new(kept, size);
            let file = place.path().join("liandong.db").display().to_string();
            report.columns.push(alone(column("SQLite", &file, place.path(), size, quick)));
            report.program = Some(program::measure(place.path()));
        }
        if let Some(server) = postgres.as_ref().filter(|_| engine.is_none_or(|e| e == "postgres")) {
            let place = Place::new(None, size);
            let url = alone(world::postgres_database(server, size));
            let column = column("PostgreSQL", &url, place.path(), size, quick);
            report.columns.push(alone(column));
        }
    }
    println!("{report}");
    if quick {
        println!("(--quick: docs/performance.md stays as it is)");
    } else {
        report.write();
    }
}

/// The word that follows an option.
fn word<'a>(arguments: &'a [String], option: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == option)?;
    arguments.get(at + 1).map(String::as_str)
}

/// Where an installation lies: in a folder that goes away, or in one that is kept with its matters, so
/// that measuring again need not open them again.
enum Place {
    Passing(tempfile::TempDir),
    Kept(PathBuf),
}

impl Place {
    fn new(kept: Option<&str>, size: usize) -> Self {
        match kept {
            Some(folder) => Self::Kept(Path::new(folder).join(size.to_string())),
            None => {
                Self::Passing(tempfile::Builder::new().prefix("liandong-bench-").tempdir().unwrap())
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

fn sizes(arguments: &[String], quick: bool) -> Vec<usize> {
    match word(arguments, "--matters") {
        Some(list) => list.split(',').map(|size| size.parse().expect("--matters N,N")).collect(),
        None if quick => vec![SIZE_QUICK],
        None => SIZES.to_vec(),
    }
}

/// One engine at one size.
async fn column(
    engine: &'static str,
    url: &str,
    folder: &std::path::Path,
    size: usize,
    quick: bool,
) -> Column {
    println!("{engine}, {size} matters: opening them …");
    let world = World::open(url, folder).await;
    let began = Instant::now();
    let found = world.found().await;
    let (matters, opened_per_second) = if found.is_empty() {
        let matters = world.fill(size).await;
        (matters, Some(rate(size, began.elapsed())))
    } else {
        (found, None)
    };
    let less = if quick { 10 } else { 1 };

    println!("{engine}, {size} matters: acting …");
    let began = Instant::now();
    let acts_many = world.act(&matters, CLIENTS, ACTS_MANY / less).await;
    let acts_per_second = rate(ACTS_MANY / less, began.elapsed());
    let acts_one = world.act(&matters, 1, ACTS_ONE / less).await;
    world.store.leave_no_record_while_measuring(true);
    let began = Instant::now();
    world.act(&matters, CLIENTS, ACTS_MANY / less).await;
    let acts_without_log_per_second = rate(ACTS_MANY / less, began.elapsed());
    world.store.leave_no_record_while_measuring(false);

    println!("{engine}, {size} matters: reading …");
    let served = pages::Served::start(&world).await;
    let pages = PAGES / less;
    let mut sizes_bytes = Vec::new();
    let addresses: Vec<String> = matters
        .iter()
        .filter(|matter| matter.is_read)
        .map(|matter| format!("/matters/{}", matter.id.as_str()))
        .cycle()
        .take(pages)
        .collect();
    let matter = served.time(&addresses, &mut sizes_bytes).await;
    let matter_bytes = sizes_bytes.iter().max().copied().unwrap_or(0);
    let seen = matters.iter().filter(|matter| matter.is_read).count();
    let deep = (seen / PAGE_ROWS).clamp(1, DEEP_PAGE);
    let mut time =
        async |address: &str| served.time(&vec![address.to_owned(); pages], &mut sizes_bytes).await;
    let column = Column {
        engine,
        size,
        opened_per_second,
        acts_per_second,
        acts_without_log_per_second,
        acts_many,
        acts_one,
        matter,
        matter_bytes,
        list_first: time("/register").await,
        list_500: time(&format!("/register?page={deep}")).await,
        search: time("/search?q=%E6%B1%A1%E6%B0%B4").await,
        home: time("/").await,
    };
    world.close().await;
    column
}

/// Runs something on a runtime of its own; when it is done, nothing of it holds the database.
fn alone<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(10));
    done
}

/// How many a second.
fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / time.as_secs_f64()
}

/// Deadlines counted a second on one core: every kind of counting of the law, over years of days.
fn deadlines() -> f64 {
    let (law, calendar) = calendar::embedded().unwrap();
    let counted: Vec<_> = law
        .limits()
        .filter_map(|limit| limit.newest())
        .filter_map(|version| Some((version.number?, version.counting)))
        .collect();
    let first: jiff::civil::Date = "2018-01-01".parse().unwrap();
    let days: Vec<_> = first.series(jiff::ToSpan::day(1)).take(365 * 8).collect();
    let began = Instant::now();
    let mut done = 0_usize;
    let mut last = first;
    for (number, counting) in &counted {
        for day in &days {
            if let Ok(due) = calendar.due_only(*day, *number, *counting) {
                last = last.max(std::hint::black_box(due));
                done += 1;
            }
        }
    }
    assert!(last > first);
    rate(done, began.elapsed())
}
