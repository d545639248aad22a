//! The program 联动 (Liandong): `demo`, `serve`, and the commands of those who run it.
//!
//! Here the clock, the files and the network are made and handed down; nothing is decided here.

#![allow(rustdoc::broken_intra_doc_links, reason = "help texts show defaults in brackets")]

mod admin;
mod audit;
mod backup;
mod calendar;
mod clock;
mod deadline;
mod demo;
mod house;
mod law;
mod ledger;
mod logging;
mod output;
mod procedures;
mod provider;
mod rules;
mod scanner;
mod serve;
mod settings;
mod show;
mod tls;
mod units;
mod vault;
mod verify;
mod version;
mod witness;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::{Failure, Language, Terminal};

/// Procuratorates and administrations working together on environmental problems
///
/// 行政机关与检察机关生态环境协作联动平台
#[derive(Debug, Parser)]
#[command(
    name = "liandong",
    version,
    arg_required_else_help = true,
    after_help = "\
First steps  第一步:
  liandong demo                        look at it, with Shaanxi's units and retold cases  试用演示
  liandong admin create                the first administrator of a new installation  建立首个管理员
  liandong serve                       run it  正式运行
  liandong deadline suggestion-reply-ordinary --from 2024-08-02
                                       when is a reply due, and why  计算期限并说明依据

Settings come from flags, then LIANDONG_* variables, then a TOML file (--config FILE).
设置依次取自命令行参数、LIANDONG_* 环境变量、配置文件。"
)]
struct Cli {
    /// Language of the output: zh or en [the machine's]  输出语言
    #[arg(long, global = true, value_enum, hide_possible_values = true)]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at it: Shaanxi's units, retold cases, living problems  试用演示
    Demo(show::Arguments),
    /// Run the platform  正式运行
    #[command(after_help = SERVE_HELP)]
    Serve(serve::Arguments),
    /// Make the first administrator, reset a password  管理员
    Admin(admin::Arguments),
    /// Import and export the directory of units  单位名录
    Units(units::Arguments),
    /// Holiday tables and make-up working days  节假日表
    Calendar(calendar::Arguments),
    /// Back up everything while the platform runs  备份
    Backup(backup::BackupArguments),
    /// Restore a backup into an empty database  恢复
    Restore(backup::RestoreArguments),
    /// The log's public keys, its fingerprint for minutes, its witnesses  存证日志
    Ledger(ledger::command::Arguments),
    /// The key of what only some may read  保密库密钥
    Vault(vault::Arguments),
    /// Whether anything was changed behind the platform's back  核查改动
    Audit(audit::Arguments),
    /// What a receipt or an exported matter proves, offline  离线验证
    Verify(verify::Arguments),
    /// The other side's own look at the log  见证
    Witness(witness::Arguments),
    /// When a period of the law ends, and why  计算期限并说明依据
    Deadline(deadline::Arguments),
    /// List, show and check the limits of the law  期限规则
    Law(law::Arguments),
    /// Check, list and draw the procedures  检查、列出、绘制程序
    Procedures(procedures::Arguments),
    /// What this program is made of  版本
    Version,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The demo is made of Chinese texts and speaks Chinese unless asked otherwise.
    let usual = match cli.command {
        Command::Demo(_) => Language::Zh,
        _ => Language::of_machine(),
    };
    let terminal = Terminal { language: cli.lang.unwrap_or(usual) };
    match run(cli.command, terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => terminal.fail(&failure),
    }
}

/// What `serve --help` teaches.
const SERVE_HELP: &str = "\
Examples  示例:
  liandong serve                                            data in ./liandong-data
  liandong serve --listen 0.0.0.0:8800 --config /etc/liandong.toml
  liandong serve --database postgres://liandong@db/liandong --log json

Settings in the file, and as LIANDONG_* variables  配置文件与环境变量:
  listen, data, database, rules, log, log-level,
  https           people come by HTTPS through a proxy in front (true or false)  经代理以 HTTPS 访问
  tls-certificate, tls-key
                  PEM files: speak HTTPS without a proxy  证书与私钥文件，直接提供 HTTPS
  trusts-proxy    the proxy says who comes, by X-Forwarded-For (true or false)  信任代理给出的来源地址
  vault-key-file  the key of what only some may read [vault/key in the data folder]  保密库密钥文件
  origin          the address people come by, for the identity provider  平台的访问地址
  oidc-issuer, oidc-client-id, oidc-client-secret-file
                  sign in by an identity provider (OpenID Connect)  统一身份认证
  oidc-claim      the claim that is the login name [preferred_username]  对应登录名的声明
  oidc-name       the words of its button  登录按钮文字
  oidc-second-factor
                  here, or provider where it asks for two factors itself [here]  第二因素由谁核验
  attachment-scanner
                  a program that looks at each uploaded file on its standard input: exit code 0 clean, 1 harmful
                  查毒程序及参数，从标准输入读取文件，退出码 0 为无害、1 为有害
  upload-mib-max  largest attachment in MiB [200]  附件大小上限
  requests-per-minute-max
                  of one account, 0 for no limit [600]  每个账号每分钟请求次数上限，0 为不限

/healthz answers whether the database does. SIGTERM stops it; what was acknowledged is kept.";

fn run(command: Command, terminal: Terminal) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => wait_for(show::run(&arguments, terminal)),
        Command::Serve(arguments) => wait_for(serve::run(&arguments, terminal)),
        Command::Admin(arguments) => wait_for(admin::run(&arguments, terminal)),
        Command::Units(arguments) => wait_for(units::run(&arguments, terminal)),
        Command::Calendar(arguments) => wait_for(calendar::run(&arguments, terminal)),
        Command::Backup(arguments) => wait_for(backup::backup(&arguments, terminal)),
        Command::Restore(arguments) => wait_for(backup::restore(&arguments, terminal)),
        Command::Ledger(arguments) => wait_for(ledger::command::run(&arguments, terminal)),
        Command::Vault(arguments) => wait_for(vault::run(&arguments, terminal)),
        Command::Audit(arguments) => wait_for(audit::run(&arguments, terminal)),
        Command::Verify(arguments) => verify::run(&arguments, terminal),
        Command::Witness(arguments) => witness::run(&arguments, terminal),
        Command::Deadline(arguments) => deadline::run(&arguments, terminal),
        Command::Law(arguments) => law::run(&arguments, terminal),
        Command::Procedures(arguments) => procedures::run(&arguments, terminal),
        Command::Version => version::run(terminal),
    }
}

/// Runs what waits for the network or the disk on a runtime of its own.
fn wait_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because("不能启动", "cannot start", error))?
        .block_on(work)
}
