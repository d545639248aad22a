//! The program 联动 (Liandong): `demo`, `serve`, and the commands of those who run it.
//!
//! Here the clock, the files and the network are made and handed down; nothing is decided here.

mod clock;
mod deadline;
mod law;
mod logging;
mod output;
mod procedures;
mod rules;
mod settings;
mod version;

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
    let terminal = Terminal { language: cli.lang.unwrap_or_else(Language::of_machine) };
    match run(cli.command, terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => terminal.fail(&failure),
    }
}

fn run(command: Command, terminal: Terminal) -> Result<(), Failure> {
    match command {
        Command::Deadline(arguments) => deadline::run(&arguments, terminal),
        Command::Law(arguments) => law::run(&arguments, terminal),
        Command::Procedures(arguments) => procedures::run(&arguments, terminal),
        Command::Version => version::run(terminal),
    }
}
