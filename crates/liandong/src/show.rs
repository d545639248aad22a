//! `liandong demo`: makes the demo at its first start, says where it is and who may be played, serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendar::Words;

use crate::clock::MovableClock;
use crate::demo::{self, Account};
use crate::house::{self, House, OpenFor};
use crate::output::{Failure, Terminal};
use crate::serve;
use crate::settings::{ServeFlags, Settings};

/// Where the demo keeps its data unless told otherwise.
const DATA: &str = "data-demo";
/// How far the clock was moved.
const CLOCK: &str = "clock";
/// Who may be played; written when the demo is whole.
const ACCOUNTS: &str = "accounts.tsv";
/// The password of all of them; it is printed, and there is nothing to protect.
const PASSWORD: &str = "lvshuiqingshan";

/// The arguments of `liandong demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first start makes the demo in ./data-demo, later ones go on where it was left; delete the folder to begin
anew. On the sign-in page one click takes any role; the clock in the bar moves the platform's date forward.
首次启动在 ./data-demo 生成演示数据，以后从上次的状态继续；删除该目录即可重来。登录页可一键切换角色，顶栏可拨动平台日期。")]
pub(crate) struct Arguments {
    #[command(flatten)]
    serve: ServeFlags,
    /// How many living problems are made [300]  生成的问题数
    #[arg(long, value_name = "N")]
    problems: Option<usize>,
    /// Leave out the retold guiding cases  不重述指导性案例
    #[arg(long)]
    no_retelling: bool,
    /// The seed of their chance [2019]  随机种子
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Runs it until it is asked to stop.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let settings = arguments.serve.resolve(DATA)?;
    crate::logging::start(&settings);
    let place = Place::of(&settings);
    crate::house::make_private(&settings.data).map_err(|error| {
        Failure::because("不能建立数据目录", "cannot make the data folder", error)
    })?;
    let accounts = place.accounts();
    if accounts.is_none() && database_is_there(&settings) {
        let shown = settings.data.display();
        return Err(Failure::failed(
            format!("{shown} 中的演示数据没有生成完，请删除该目录后重新启动"),
            format!("the demo in {shown} was never finished; delete the folder and start again"),
        ));
    }
    let clock = Arc::new(MovableClock::kept_in(&place.clock));
    let house = house::open(&settings, clock.clone(), OpenFor::Demo).await?;
    let accounts = match accounts {
        Some(accounts) => accounts,
        None => make(&house, &clock, arguments, &place, terminal).await?,
    };
    let logins = accounts.iter().map(|account| account.login_name.clone()).collect();
    let pages =
        serve::pages(&settings, house.keys.clone(), Some(web::Demo { clock, accounts: logins }));
    serve::until_asked_to_stop(house, &settings, pages, |url| told(url, &accounts, terminal)).await
}

async fn make(
    house: &House,
    clock: &MovableClock,
    arguments: &Arguments,
    place: &Place,
    terminal: Terminal,
) -> Result<Vec<Account>, Failure> {
    let usual = demo::Size::default();
    let size = demo::Size {
        problems: arguments.problems.unwrap_or(usual.problems),
        retells: !arguments.no_retelling,
        seed: arguments.seed.unwrap_or(usual.seed),
    };
    let report = demo::fill(house, clock, size, PASSWORD, &|words| terminal.say(words))
        .await
        .map_err(|error| Failure::because("演示数据没有生成", "the demo was not made", error))?;
    for refused in &report.refused {
        tracing::warn!(refused, "the demo's people were refused");
    }
    let (units, problems, acts) = (report.units, report.problems, report.acts);
    terminal.say(&Words::new(
        format!("演示数据已就绪：{units} 家单位，{problems} 个环境问题，{acts} 次办理"),
        format!("the demo is made: {units} units, {problems} problems, {acts} acts"),
    ));
    place.keep(&report.accounts)?;
    Ok(report.accounts)
}

fn told(url: &str, accounts: &[Account], terminal: Terminal) {
    terminal.say(&Words::new(
        format!("\n演示账号（密码均为 {PASSWORD}；登录页也可一键进入）："),
        format!("\nAccounts (password {PASSWORD}; the sign-in page takes them by one click):"),
    ));
    for Account { login_name, display_name, office } in accounts {
        Terminal::line(&format!("  {login_name:<12} {display_name}  {office}"));
    }
    terminal.say(&Words::new(
        format!("\n请用浏览器打开 {url}\n按 Ctrl+C 停止；下次启动从现在的状态继续"),
        format!("\nOpen {url} in a browser.\nCtrl+C stops it; the next start goes on from here."),
    ));
}

/// The demo's own files in the data folder.
struct Place {
    clock: PathBuf,
    accounts: PathBuf,
}

impl Place {
    fn of(settings: &Settings) -> Self {
        Self { clock: settings.data.join(CLOCK), accounts: settings.data.join(ACCOUNTS) }
    }

    fn accounts(&self) -> Option<Vec<Account>> {
        let text = std::fs::read_to_string(&self.accounts).ok()?;
        text.lines()
            .map(|line| {
                let mut cells = line.split('\t').map(str::to_owned);
                Some(Account {
                    login_name: cells.next()?,
                    display_name: cells.next()?,
                    office: cells.next()?,
                })
            })
            .collect()
    }

    fn keep(&self, accounts: &[Account]) -> Result<(), Failure> {
        let text = accounts.iter().fold(String::new(), |text, account| {
            let Account { login_name, display_name, office } = account;
            text + &format!("{login_name}\t{display_name}\t{office}\n")
        });
        std::fs::write(&self.accounts, text)
            .map_err(|error| Failure::because("不能写入数据目录", "cannot write the data", error))
    }
}

/// Whether there is a SQLite file; a PostgreSQL that is in use is told by its own constraint.
fn database_is_there(settings: &Settings) -> bool {
    let database = settings.database();
    !database.contains("://") && Path::new(&database).is_file()
}
