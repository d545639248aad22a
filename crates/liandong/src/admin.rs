//! `liandong admin`: the first administrators, and the way back in for one who is locked out.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use calendar::Words;
use clap::{Subcommand, ValueEnum};
use store::people::{Authority, PeopleError};
use store::role::PlatformRole;
use store::user::{FirstAdministrator, UserForm};

use crate::clock::SystemClock;
use crate::house::{self, House, OpenFor};
use crate::output::{Failure, Language, Terminal};
use crate::serve::DATA;
use crate::settings::PlaceFlags;

/// The arguments of `liandong admin`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples  示例:
  liandong admin create                             asks for everything  逐项询问
  liandong admin create --login wang.xt --name 王新 --password-stdin < password.txt
  liandong admin create --role security-administrator --login li.bm --name 李敏
  liandong admin password wang.xt                   a new password, shown once  重置密码
  liandong admin second-factor wang.xt              telephone and recovery codes are lost  重置双因素认证

There is no default account and no default password. The three administrators are three people:
one keeps units and accounts, one grants roles, one reads the journals.
没有默认账号和默认密码；系统、安全保密、安全审计三员须由不同人员担任。")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an administrator  建立管理员
    Create {
        /// Which of the three [system-administrator]  管理员类别
        #[arg(long, value_enum)]
        role: Option<Role>,
        /// Name to sign in with  登录名
        #[arg(long)]
        login: Option<String>,
        /// The person's name  姓名
        #[arg(long)]
        name: Option<String>,
        /// Telephone  电话
        #[arg(long, default_value = "")]
        phone: String,
        /// Read the password from the first line of stdin  从标准输入读取密码
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Take an account's second factor away: telephone and recovery codes are lost  重置双因素认证
    SecondFactor {
        /// Name to sign in with  登录名
        login: String,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Give an account a new password, shown once  重置密码
    Password {
        /// Name to sign in with  登录名
        login: String,
        #[command(flatten)]
        place: PlaceFlags,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Units, accounts, settings  系统管理员
    SystemAdministrator,
    /// Roles, passwords, locks  安全保密管理员
    SecurityAdministrator,
    /// The journals  安全审计员
    SecurityAuditor,
}

impl Role {
    fn of_platform(self) -> PlatformRole {
        match self {
            Self::SystemAdministrator => PlatformRole::SystemAdministrator,
            Self::SecurityAdministrator => PlatformRole::SecurityAdministrator,
            Self::SecurityAuditor => PlatformRole::SecurityAuditor,
        }
    }
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Create { role, login, name, phone, password_stdin, place } => {
            let house = open(place).await?;
            let role = role.unwrap_or(Role::SystemAdministrator).of_platform();
            let form = UserForm {
                login_name: given(login.as_ref(), terminal, "登录名：", "Name to sign in with: ")?,
                display_name: given(name.as_ref(), terminal, "姓名：", "The person's name: ")?,
                title: role.words().zh,
                phone: phone.clone(),
            };
            let first = !house.people.administrators_exist().await.map_err(|e| refused(&e))?;
            if first {
                create_first(&house, form, role, *password_stdin, terminal).await
            } else {
                create_further(&house, &form, role, terminal).await
            }
        }
        Command::SecondFactor { login, place } => {
            let house = open(place).await?;
            let user = house.people.user_by_login(login).await.map_err(|e| refused(&e))?;
            let removed =
                house.people.second_factor_remove(Authority::Program, user.person.id).await;
            removed.map_err(|e| refused(&e))?;
            terminal.say(&Words::new(
                format!("“{login}”的双因素认证已重置，其登录已全部下线"),
                format!(
                    "The second factor of “{login}” is removed, and their sessions have ended."
                ),
            ));
            Ok(())
        }
        Command::Password { login, place } => {
            let house = open(place).await?;
            let user = house.people.user_by_login(login).await.map_err(|e| refused(&e))?;
            let new = house
                .people
                .password_reset(Authority::Program, user.person.id)
                .await
                .map_err(|e| refused(&e))?;
            show_once(login, &new.password, terminal);
            Ok(())
        }
    }
}

async fn open(place: &PlaceFlags) -> Result<House, Failure> {
    let settings = place.resolve(DATA)?;
    house::open(&settings, Arc::new(SystemClock), OpenFor::Command).await
}

/// The first administrator chooses the password here: there is nobody yet who could hand one over.
async fn create_first(
    house: &House,
    form: UserForm,
    role: PlatformRole,
    password_stdin: bool,
    terminal: Terminal,
) -> Result<(), Failure> {
    let password = if password_stdin { line()? } else { chosen(terminal)? };
    let login = form.login_name.clone();
    house
        .people
        .administrators_create(&[FirstAdministrator { form, role, password: Some(password) }])
        .await
        .map_err(|error| refused(&error))?;
    let words = role.words();
    terminal.say(&Words::new(
        format!("已建立{}“{login}”。运行 liandong serve 后即可登录", words.zh),
        format!("The {} “{login}” is there. Run `liandong serve` and sign in.", words.en),
    ));
    Ok(())
}

/// A further administrator gets a password made up by the program and must change it.
async fn create_further(
    house: &House,
    form: &UserForm,
    role: PlatformRole,
    terminal: Terminal,
) -> Result<(), Failure> {
    let refused = |error: PeopleError| refused(&error);
    let new = house.people.user_create(Authority::Program, form).await.map_err(refused)?;
    house.people.platform_role_grant(Authority::Program, new.user, role).await.map_err(refused)?;
    show_once(&form.login_name, &new.password, terminal);
    Ok(())
}

fn show_once(login: &str, password: &str, terminal: Terminal) {
    terminal.say(&Words::new(
        format!("“{login}”的初始密码（只显示这一次，首次登录须修改）："),
        format!("The password of “{login}” (shown only now, to be changed at the first sign-in):"),
    ));
    Terminal::line(password);
}

fn given(flag: Option<&String>, terminal: Terminal, zh: &str, en: &str) -> Result<String, Failure> {
    match flag {
        Some(text) => Ok(text.clone()),
        None if std::io::stdin().is_terminal() => {
            terminal.ask(&Words::new(zh, en));
            line()
        }
        None => Err(Failure::usage(
            "请用 --login 和 --name 给出登录名和姓名",
            "give --login and --name",
        )),
    }
}

fn chosen(terminal: Terminal) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "没有终端可以询问密码：请用 --password-stdin",
            "there is no terminal to ask for a password: use --password-stdin",
        ));
    }
    let ask = |words: &Words| {
        rpassword::prompt_password(terminal.language.pick(words))
            .map_err(|error| Failure::because("读不到密码", "cannot read the password", error))
    };
    let first = ask(&Words::new("密码（不显示）：", "Password (not shown): "))?;
    if first != ask(&Words::new("再输一次：", "Again: "))? {
        return Err(Failure::failed("两次输入不一致", "the two are not the same"));
    }
    Ok(first)
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::because("读不到输入", "cannot read the input", error))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// What the people's door answers, as a failure with every field that is wrong.
pub(crate) fn refused(error: &PeopleError) -> Failure {
    match error {
        PeopleError::Fields(fields) => {
            let lines = |language: Language| {
                let lines: Vec<&str> =
                    fields.iter().map(|field| language.pick(&field.words)).collect();
                lines.join("\n")
            };
            Failure::usage(lines(Language::Zh), lines(Language::En))
        }
        PeopleError::Rows(rows) => {
            let zh: Vec<String> = rows.iter().map(store::import::RowError::line_zh).collect();
            let en: Vec<String> = rows.iter().map(ToString::to_string).collect();
            Failure::failed(zh.join("\n"), en.join("\n"))
        }
        other => match other.words() {
            Some(words) => Failure::failed(words.zh, words.en),
            None => Failure::failed(format!("失败：{other}"), format!("failed: {other}")),
        },
    }
}
