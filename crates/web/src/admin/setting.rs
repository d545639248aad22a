//! Settings that may be changed while the platform runs: each by the administrator who keeps it.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use procedure::FieldError;
use store::people::PeopleError;
use store::role::PlatformRole;
use store::setting::Setting;

use super::shell;
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::parts::input::{FormPage, Input, Inputs};
use crate::session::{Account, Done, Visitor};
use crate::shell::Page;

/// The settings somebody keeps.
fn kept(account: &Account) -> Result<Vec<Setting>, WebError> {
    match account.session.platform {
        Some(PlatformRole::SecurityAuditor) | None => {
            Err(WebError::forbidden("admin.settings-not-yours"))
        }
        Some(role) => {
            Ok(Setting::ALL.into_iter().filter(|setting| setting.keeper() == role).collect())
        }
    }
}

/// `GET /admin/settings`.
pub(super) async fn list(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
) -> Result<Page<FormPage>, WebError> {
    Ok(Page(page(&house, &visitor, &kept(&account)?, None)))
}

/// `POST /admin/settings`: all or none.
pub(super) async fn change(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    let kept = kept(&account)?;
    // A form of before the setting was there says nothing of it.
    let sent = kept.iter().filter(|setting| form.has(setting.id()));
    let given: Vec<(Setting, &str)> =
        sent.map(|setting| (*setting, form.get(setting.id()))).collect();
    match house.people.settings_change(account.session.authority(), &given).await {
        Ok(()) => Ok(Done::to("/admin/settings", "admin.settings-saved").into_response()),
        Err(PeopleError::Fields(errors)) => {
            let wrong = Some((&form, errors.as_slice()));
            Ok(unprocessable(Page(page(&house, &visitor, &kept, wrong))))
        }
        Err(other) => Err(other.into()),
    }
}

fn page(
    house: &House,
    visitor: &Visitor,
    kept: &[Setting],
    wrong: Option<(&Fields, &[FieldError])>,
) -> FormPage {
    let language = visitor.language;
    let t = language.t();
    let now = house.people.settings();
    let inputs = kept.iter().map(|setting| {
        let (least, most) = setting.bounds();
        let help = language.fill(
            "admin.setting-help",
            &[("least", &least), ("most", &most), ("usual", &setting.default())],
        );
        Input::of_type(language, setting.id(), "admin.settings", "number")
            .label(language.of(&setting.words()))
            .help_words(help)
            .value(now.get(*setting).to_string())
            .required()
    });
    let mut inputs = Inputs::new(language, inputs.collect());
    if let Some((form, errors)) = wrong {
        inputs = inputs.filled(form).wrong(language, errors);
    }
    let title = t("admin.settings");
    let shell = shell(house, visitor, title).crumb_here(title);
    FormPage::new(shell, "/admin/settings", "page.save", inputs)
        .intro(t("admin.settings-about"))
        .cancel("/admin/users")
}
