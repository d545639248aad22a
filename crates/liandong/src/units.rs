//! `liandong units`: the directory of units (单位名录), in and out as a table.

use std::path::PathBuf;
use std::sync::Arc;

use calendar::Words;
use clap::Subcommand;
use store::Clock as _;
use store::import::{TableLanguage, units_csv, units_xlsx};
use store::people::Authority;

use crate::admin::refused;
use crate::clock::SystemClock;
use crate::house::{self, House, OpenFor};
use crate::output::{Failure, Language, Terminal};
use crate::serve::DATA;
use crate::settings::PlaceFlags;

/// The name by which they are asked for.
const SHAANXI_NAME: &str = "shaanxi";

/// The arguments of `liandong units`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong units import shaanxi           the 2,036 units of Shaanxi this program carries  陕西单位名录
  liandong units import ours.xlsx         CSV or XLSX; all of it or nothing  全部导入或全不导入
  liandong units export units.csv")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create and change units from a table; errors name line and column  导入单位
    Import {
        /// CSV or XLSX file, or shaanxi  文件
        file: PathBuf,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Write every unit into a table  导出单位
    Export {
        /// File to write, .csv or .xlsx  文件
        file: PathBuf,
        #[command(flatten)]
        place: PlaceFlags,
    },
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Import { file, place } => {
            let name = file.display().to_string();
            let bytes = if name == SHAANXI_NAME {
                store::unit::UNITS_CSV.as_bytes().to_vec()
            } else {
                std::fs::read(file).map_err(|error| {
                    Failure::usage(
                        format!("读不到 {name}：{error}"),
                        format!("cannot read {name}: {error}"),
                    )
                })?
            };
            let house = open(place).await?;
            let done = house.people.unit_import(Authority::Program, &name, &bytes).await;
            house.store.close().await;
            let done = done.map_err(|error| refused(&error))?;
            terminal.say(&Words::new(
                format!(
                    "新建 {} 家，修改 {} 家，{} 家没有变化",
                    done.created, done.changed, done.unchanged
                ),
                format!(
                    "{} created, {} changed, {} as they were",
                    done.created, done.changed, done.unchanged
                ),
            ));
            Ok(())
        }
        Command::Export { file, place } => {
            let house = open(place).await?;
            let directory = house.people.directory();
            house.store.close().await;
            let language = match terminal.language {
                Language::Zh => TableLanguage::Chinese,
                Language::En => TableLanguage::English,
            };
            let as_workbook = file.extension().is_some_and(|ending| ending == "xlsx");
            let bytes = if as_workbook {
                units_xlsx(&directory, language, SystemClock.now()).map_err(|error| {
                    Failure::because("不能生成表格", "cannot write the table", error)
                })?
            } else {
                units_csv(&directory, language).into_bytes()
            };
            let (count, shown) = (directory.len(), file.display());
            std::fs::write(file, bytes).map_err(|error| {
                Failure::failed(
                    format!("不能写入 {shown}：{error}"),
                    format!("cannot write {shown}: {error}"),
                )
            })?;
            terminal.say(&Words::new(
                format!("已导出 {count} 家单位到 {shown}"),
                format!("{count} unit(s) written to {shown}"),
            ));
            Ok(())
        }
    }
}

async fn open(place: &PlaceFlags) -> Result<House, Failure> {
    house::open(&place.resolve(DATA)?, Arc::new(SystemClock), OpenFor::Command).await
}
