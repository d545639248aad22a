//! The second factor of one's own account: set up, new recovery codes, given up.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use procedure::FieldError;
use qrcode::{Color, EcLevel, QrCode};
use store::people::PeopleError;
use store::second_factor::{SecondFactor, Shared};

use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::filters;
use crate::message::{Language, T};
use crate::parts::input::{Input, Inputs};
use crate::parts::mark::minute;
use crate::session::{Account, Done, SECOND_FACTOR_PAGE, Visitor, with_session};
use crate::shell::{Page, Shell};

/// Modules of white around the picture, as its standard asks.
const QUIET: usize = 4;

/// The page of the second factor.
#[derive(Debug, Template)]
#[template(path = "account/second_factor.html")]
struct SecondFactorPage {
    t: T,
    shell: Shell,
    must: bool,
    is_on: bool,
    since: String,
    codes_left: u32,
    shared: Option<Picture>,
    confirm: Inputs,
    renew: Inputs,
    drop: Inputs,
}

/// The secret as a picture and in words.
#[derive(Debug)]
struct Picture {
    words: String,
    view: String,
    path: String,
}

/// The recovery codes, shown once.
#[derive(Debug, Template)]
#[template(path = "account/codes.html")]
struct CodesPage {
    t: T,
    shell: Shell,
    done: &'static str,
    login: String,
    codes: Vec<String>,
    together: String,
    onward: &'static str,
}

/// Which form of the page was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Confirm,
    Renew,
    Drop,
}

/// `GET /account/second-factor`.
pub(super) async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
) -> Result<Response, WebError> {
    Ok(Page(page(&house, &account, &visitor, None).await?).into_response())
}

async fn page(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    wrong: Option<(Sent, &[FieldError])>,
) -> Result<SecondFactorPage, WebError> {
    let language = visitor.language;
    let t = language.t();
    let (mut is_on, mut since, mut left, mut shared) = (false, String::new(), 0, None);
    match house.people.second_factor_fetch(&account.session).await? {
        SecondFactor::None => {}
        SecondFactor::Begun(secret) => shared = Some(picture(&secret)?),
        SecondFactor::On { since: at, codes_left } => {
            (is_on, since, left) = (true, minute(at), codes_left);
        }
    }
    let inputs = |which: Sent, inputs: Vec<Input>| {
        let inputs = Inputs::new(language, inputs);
        match wrong {
            Some((sent, errors)) if sent == which => inputs.wrong(language, errors),
            _ => inputs,
        }
    };
    let title = t("account.factor");
    let shell = Shell::of(house, visitor, "", title)
        .crumb("/account", t("account.title"))
        .crumb_here(title);
    Ok(SecondFactorPage {
        t,
        shell,
        must: account.session.must_enrol,
        is_on,
        since,
        codes_left: left,
        shared,
        confirm: inputs(
            Sent::Confirm,
            vec![code_input(language).help(language, "account.factor-code-help")],
        ),
        renew: inputs(Sent::Renew, vec![code_input(language)]),
        drop: inputs(
            Sent::Drop,
            vec![
                Input::password(language, "password", "sign-in.password", "current-password"),
                code_input(language),
            ],
        ),
    })
}

/// The input of a code, of the app or for recovery.
pub(super) fn code_input(language: Language) -> Input {
    Input::line(language, "code", "sign-in.code")
        .help(language, "account.code-help")
        .complete("one-time-code")
        .required()
}

/// `POST /account/second-factor/begin`.
pub(super) async fn begin(
    State(house): State<House>,
    account: Account,
) -> Result<Redirect, WebError> {
    house.people.second_factor_begin(&account.session).await?;
    Ok(Redirect::to(SECOND_FACTOR_PAGE))
}

/// `POST /account/second-factor/confirm`: the recovery codes are shown on the answer and nowhere again.
pub(super) async fn confirm(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    match house.people.second_factor_confirm(&account.session, form.get("code")).await {
        Ok(new) => {
            let done = visitor.language.say("account.done-factor");
            let onward = if account.session.must_enrol { "/" } else { SECOND_FACTOR_PAGE };
            let page = codes(&house, &account, &visitor, done, new.codes, onward);
            Ok(with_session(&house, &new.token, Page(page).into_response()))
        }
        Err(error) => again(&house, &account, &visitor, Sent::Confirm, error).await,
    }
}

/// `POST /account/second-factor/codes`: the new codes are shown on the answer and nowhere again.
pub(super) async fn renew_codes(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    match house.people.recovery_codes_renew(&account.session, form.get("code")).await {
        Ok(new) => {
            let done = visitor.language.say("account.done-codes");
            let page = codes(&house, &account, &visitor, done, new, SECOND_FACTOR_PAGE);
            Ok(Page(page).into_response())
        }
        Err(error) => again(&house, &account, &visitor, Sent::Renew, error).await,
    }
}

/// `POST /account/second-factor/drop`.
pub(super) async fn give_up(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    let (password, code) = (form.exact("password"), form.get("code"));
    match house.people.second_factor_drop(&account.session, password, code).await {
        Ok(token) => {
            let done = Done::to(SECOND_FACTOR_PAGE, "account.done-dropped").into_response();
            Ok(with_session(&house, &token, done))
        }
        Err(error) => again(&house, &account, &visitor, Sent::Drop, error).await,
    }
}

/// The page again, with what was wrong beside its field.
async fn again(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    sent: Sent,
    error: PeopleError,
) -> Result<Response, WebError> {
    match error {
        PeopleError::Fields(errors) => {
            let wrong = Some((sent, errors.as_slice()));
            Ok(unprocessable(Page(page(house, account, visitor, wrong).await?)))
        }
        other => Err(other.into()),
    }
}

fn codes(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    done: &'static str,
    codes: Vec<String>,
    onward: &'static str,
) -> CodesPage {
    let t = visitor.language.t();
    let title = t("account.codes");
    let shell = Shell::of(house, visitor, "", title)
        .crumb("/account", t("account.title"))
        .crumb_here(title);
    let login = account.session.login_name.clone();
    CodesPage { t, shell, done, login, together: codes.join("\n"), codes, onward }
}

/// The address an authenticator reads, drawn by ourselves: no other machine learns the secret.
fn picture(shared: &Shared) -> Result<Picture, WebError> {
    let code = QrCode::with_error_correction_level(&shared.address, EcLevel::M)
        .map_err(WebError::internal)?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, line) in code.to_colors().chunks(width).enumerate() {
        let dark = line.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
        for (x, _) in dark {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Ok(Picture { words: shared.words.clone(), view: format!("0 0 {side} {side}"), path })
}
