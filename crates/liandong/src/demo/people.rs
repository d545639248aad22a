//! Units, accounts, and whom the page of signing in offers.

use std::collections::{BTreeMap, BTreeSet};

use procedure::UnitId;
use procedure::definition::RoleName;
use store::demo_people::DemoPerson;
use store::directory::Directory;
use store::role::PlatformRole;
use store::user::{FirstAdministrator, UserForm};
use store::{Authority, People};

use super::{DemoError, fault};

/// `data/units/units.csv`: the units of Shaanxi.
const SHAANXI_CSV: &str = include_str!("../../../../data/units/units.csv");
/// `data/demo/units.csv`: the units of the retold cases outside Shaanxi.
const ELSEWHERE_CSV: &str = include_str!("../../../../data/demo/units.csv");

/// Whom the page of signing in offers, both sides of one district first.
const SHOWN: [(&str, &[RoleName]); 8] = [
    ("G61030501", &[RoleName::Handler, RoleName::Leader, RoleName::Liaison]),
    ("J61030500", &[RoleName::Handler, RoleName::Leader, RoleName::Liaison]),
    ("G61030503", &[RoleName::Handler, RoleName::Leader, RoleName::Liaison]),
    ("G61030001", &[RoleName::Handler, RoleName::Leader]),
    ("J61030000", &[RoleName::Handler, RoleName::Leader]),
    ("G61030000", &[RoleName::Handler]),
    ("G61000000", &[RoleName::Handler]),
    ("J61000000", &[RoleName::Handler]),
];

/// The three administrators: login name, name, role.
const ADMINISTRATORS: [(&str, &str, PlatformRole); 3] = [
    ("xtgly", "史系统", PlatformRole::SystemAdministrator),
    ("aqbmgly", "严保密", PlatformRole::SecurityAdministrator),
    ("aqsjy", "沈审计", PlatformRole::SecurityAuditor),
];

/// An account to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The name to sign in with.
    pub(crate) login_name: String,
    /// The person's name.
    pub(crate) display_name: String,
    /// Their title and unit, or their office on the platform.
    pub(crate) office: String,
}

/// Imports the units of Shaanxi and those of the retold cases.
pub(super) async fn units_import(people: &People) -> Result<(), DemoError> {
    people.unit_import(Authority::Program, "units.csv", SHAANXI_CSV.as_bytes()).await?;
    people.unit_import(Authority::Program, "demo/units.csv", ELSEWHERE_CSV.as_bytes()).await?;
    Ok(())
}

/// The unit of that code.
pub(super) fn unit(directory: &Directory, code: &str) -> Result<UnitId, DemoError> {
    let found = directory.by_code(code).map(|unit| unit.id);
    found.ok_or_else(|| fault("data/demo", format!("there is no unit {code}")))
}

/// The units whose accounts are shown.
pub(super) fn shown(directory: &Directory) -> Result<BTreeSet<UnitId>, DemoError> {
    SHOWN.iter().map(|(code, _)| unit(directory, code)).collect()
}

/// Adds the unit that guides each of them: it accepts repairs and approves what goes upward.
pub(super) fn with_those_above(directory: &Directory, units: &mut BTreeSet<UnitId>) {
    let above: Vec<UnitId> = units.iter().filter_map(|unit| directory.get(*unit)?.above).collect();
    units.extend(above);
}

/// Makes a handler, a leader and a liaison at each unit, and the three administrators.
pub(super) async fn people_make(
    people: &People,
    units: &BTreeSet<UnitId>,
    password: &str,
) -> Result<BTreeMap<(UnitId, RoleName), DemoPerson>, DemoError> {
    let units: Vec<UnitId> = units.iter().copied().collect();
    let made = people.demo_people(&units, password).await?;
    let administrators = ADMINISTRATORS.map(|(login_name, name, role)| FirstAdministrator {
        form: UserForm {
            login_name: login_name.to_owned(),
            display_name: name.to_owned(),
            title: role.words().zh,
            phone: String::new(),
        },
        role,
        password: Some(password.to_owned()),
    });
    people.administrators_create(&administrators).await?;
    Ok(made)
}

/// The accounts to try.
pub(super) fn accounts(
    directory: &Directory,
    made: &BTreeMap<(UnitId, RoleName), DemoPerson>,
) -> Result<Vec<Account>, DemoError> {
    let mut accounts = Vec::new();
    for (code, roles) in SHOWN {
        let unit = unit(directory, code)?;
        for person in roles.iter().filter_map(|role| made.get(&(unit, *role))) {
            let role = store::role::role_words(person.role).zh;
            accounts.push(Account {
                login_name: person.login_name.clone(),
                display_name: person.display_name.clone(),
                office: format!("{} {}（{role}）", directory.name(unit), person.title),
            });
        }
    }
    accounts.extend(ADMINISTRATORS.map(|(login_name, name, role)| Account {
        login_name: login_name.to_owned(),
        display_name: name.to_owned(),
        office: role.words().zh,
    }));
    Ok(accounts)
}
