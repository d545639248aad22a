//! `liandong procedures`: check, list and draw the procedures, without a database.

use std::path::{Path, PathBuf};

use calendar::Words;
use clap::Subcommand;
use procedure::Procedure;

use crate::output::{Failure, Language, Terminal};
use crate::rules::RuleTexts;

/// The arguments of `liandong procedures`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong procedures check                       those built in  检查内置程序
  liandong procedures check ours/                 built in, with those of ours/ put over them
  liandong procedures graph suggestion --lang zh --output suggestion.svg")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove every procedure; errors name file, line and the mend  检查全部程序
    Check {
        /// A folder with law/ and procedures/ of your own  自有规则目录
        folder: Option<PathBuf>,
    },
    /// The newest version of each  列出程序
    List {
        /// A folder with law/ and procedures/ of your own  自有规则目录
        folder: Option<PathBuf>,
    },
    /// Draw a procedure as a state chart (SVG)  绘制状态图
    Graph {
        /// Which one, e.g. suggestion  程序标识
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All of them, into the folder named by --output  全部绘制
        #[arg(long, conflicts_with = "id", requires = "output")]
        all: bool,
        /// File to write, or the folder with --all [the terminal]  输出文件或目录
        #[arg(long, short)]
        output: Option<PathBuf>,
        /// A folder with law/ and procedures/ of your own  自有规则目录
        #[arg(long)]
        rules: Option<PathBuf>,
    },
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check { folder } => check(folder.as_deref(), terminal),
        Command::List { folder } => list(folder.as_deref(), terminal),
        Command::Graph { all: true, output: Some(folder), rules, .. } => {
            draw_all(folder, rules.as_deref(), terminal)
        }
        Command::Graph { id, output, rules, .. } => {
            let id = id.as_deref().unwrap_or_default();
            draw(id, output.as_deref(), rules.as_deref(), terminal)
        }
    }
}

fn check(folder: Option<&Path>, terminal: Terminal) -> Result<(), Failure> {
    let texts = RuleTexts::with_folder(folder)?;
    texts.rules()?;
    let count = texts.procedure_count();
    terminal.say(&Words::new(
        format!("{count} 个程序文件，全部通过检查"),
        format!("{count} procedure file(s), all proved"),
    ));
    Ok(())
}

fn list(folder: Option<&Path>, terminal: Terminal) -> Result<(), Failure> {
    let rules = RuleTexts::with_folder(folder)?.rules()?;
    for procedure in rules.procedures() {
        let Procedure { id, version, clause, name, .. } = procedure;
        Terminal::line(&format!("{id}\t{version}\t{clause}\t{}", terminal.language.pick(name)));
    }
    Ok(())
}

fn draw(
    id: &str,
    output: Option<&Path>,
    rules: Option<&Path>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let rules = RuleTexts::with_folder(rules)?.rules()?;
    let procedure = rules.procedure(id).ok_or_else(|| {
        let ids: Vec<&str> = rules.procedures().map(|known| known.id.as_str()).collect();
        let ids = ids.join(" ");
        Failure::usage(
            format!("没有名为“{id}”的程序；有：{ids}"),
            format!("there is no procedure `{id}`; there are: {ids}"),
        )
    })?;
    let svg = chart(procedure, terminal.language);
    let Some(file) = output else {
        Terminal::text(&svg);
        return Ok(());
    };
    write(file, &svg)
}

fn draw_all(folder: &Path, rules: Option<&Path>, terminal: Terminal) -> Result<(), Failure> {
    let rules = RuleTexts::with_folder(rules)?.rules()?;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::because("不能建立目录", "cannot make the folder", error))?;
    let language = match terminal.language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    for procedure in rules.procedures() {
        let file = folder.join(format!("{}.{language}.svg", procedure.id));
        write(&file, &chart(procedure, terminal.language))?;
        Terminal::line(&file.display().to_string());
    }
    Ok(())
}

fn chart(procedure: &Procedure, language: Language) -> String {
    let language = match language {
        Language::Zh => procedure::graph::Language::Chinese,
        Language::En => procedure::graph::Language::English,
    };
    procedure::graph::graph(procedure, language, None)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| {
        let shown = file.display();
        Failure::failed(
            format!("不能写入 {shown}：{error}"),
            format!("cannot write {shown}: {error}"),
        )
    })
}
