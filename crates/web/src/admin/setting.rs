//! Settings that may be changed while the platform runs.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use procedure::FieldError;
use store::people::PeopleError;
use store::setting::Setting;

use super::shell;
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::parts::input::{FormPage, Input, Inputs};
use crate::session::{Done, SystemAdministrator};
use crate::shell::Page;

/// `GET /admin/settings`.
pub(super) async fn list(State(house): State<House>, who: SystemAdministrator) -> Page<FormPage> {
    Page(page(&house, &who, None))
}

/// `POST /admin/settings`.
pub(super) async fn change(
    State(house): State<House>,
    who: SystemAdministrator,
    form: Fields,
) -> Result<Response, WebError> {
    let by = who.account.session.authority();
    let now = house.people.settings();
    let mut errors = Vec::new();
    for setting in Setting::ALL {
        let given = form.get(setting.id());
        // A form of before the setting was there says nothing of it.
        if !form.has(setting.id()) || given == now.get(setting).to_string() {
            continue;
        }
        match house.people.setting_change(by, setting, given).await {
            Ok(()) => {}
            Err(PeopleError::Fields(wrong)) => errors.extend(
                wrong
                    .into_iter()
                    .map(|error| FieldError { field: setting.id().to_owned(), ..error }),
            ),
            Err(other) => return Err(other.into()),
        }
    }
    if errors.is_empty() {
        return Ok(Done::to("/admin/settings", "admin.settings-saved").into_response());
    }
    Ok(unprocessable(Page(page(&house, &who, Some((&form, &errors))))))
}

fn page(
    house: &House,
    who: &SystemAdministrator,
    wrong: Option<(&Fields, &[FieldError])>,
) -> FormPage {
    let language = who.visitor.language;
    let t = language.t();
    let now = house.people.settings();
    let inputs = Setting::ALL.into_iter().map(|setting| {
        let (least, most) = setting.bounds();
        let help = language.fill(
            "admin.setting-help",
            &[("least", &least), ("most", &most), ("usual", &setting.default())],
        );
        Input::of_type(language, setting.id(), "admin.settings", "number")
            .label(language.of(&setting.words()))
            .help_words(help)
            .value(now.get(setting).to_string())
            .required()
    });
    let mut inputs = Inputs::new(language, inputs.collect());
    if let Some((form, errors)) = wrong {
        inputs = inputs.filled(form).wrong(language, errors);
    }
    let title = t("admin.settings");
    let shell = shell(house, &who.visitor, title).crumb_here(title);
    FormPage::new(shell, "/admin/settings", "page.save", inputs)
        .intro(t("admin.settings-about"))
        .cancel("/admin/users")
}
