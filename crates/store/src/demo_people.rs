//! People for the demo: a handler, a leader and a liaison at each unit, with names that are the same
//! on every run. None of them is anybody; the telephone numbers cannot be dialled.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procedure::definition::{RoleName, Side};
use procedure::{Actor, UnitId, UserId};
use serde_json::json;

use crate::db::Tx;
use crate::directory::initials;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::liaison::liaison_term_open;
use crate::people::{Authority, People, PeopleError};
use crate::role::{role_id, user_role_insert};
use crate::unit::{Unit, UnitLevel};
use crate::user::{UserForm, user_insert};

/// One of the demo's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// The account.
    pub user: UserId,
    /// The name to sign in with, e.g. `fxqjcy.jb`.
    pub login_name: String,
    /// The person's name.
    pub display_name: String,
    /// Their title, e.g. 检察官.
    pub title: String,
    /// Where they work.
    pub unit: UnitId,
    /// In which role.
    pub role: RoleName,
}

impl DemoPerson {
    /// The person as one who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { user: self.user, unit: self.unit, roles: BTreeSet::from([self.role]) }
    }
}

/// The roles the demo fills, with the ends of their login names.
const DEMO_ROLES: [(RoleName, &str); 3] =
    [(RoleName::Handler, "jb"), (RoleName::Leader, "ld"), (RoleName::Liaison, "lly")];

/// The commonest surnames, the commonest first.
const SURNAMES: &str = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕\
    苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
/// Given names of people at work now.
const GIVEN: &str = "明 伟 磊 静 敏 建国 丽娟 志强 晓燕 海涛 文博 秀英 军 涛 鹏飞 雪梅 永红 思远 佳宁 宏斌 \
    亚楠 立新 春生 玉兰 振华 晓东 婷 凯 红梅 国栋 少华 欣怡 世杰 卫东 娜 宁 小平 瑞 嘉琪 德胜 \
    晨曦 俊峰 一鸣 素珍 长安 丹 渭生 秦川 延平 汉文 商洛 榆林"; // Some after their own rivers and towns.

impl People {
    /// The demo's people at these units; made when missing, with one password that need not be
    /// changed. Called again it gives the same people.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`] when a unit is missing, or when the database fails.
    pub async fn demo_people(
        &self,
        units: &[UnitId],
        password: &str,
    ) -> Result<BTreeMap<(UnitId, RoleName), DemoPerson>, PeopleError> {
        let directory = self.directory();
        let at = self.now();
        let mut tx = self.database.write().await?;
        let mut people = BTreeMap::new();
        let mut missing = Vec::new();
        for id in units {
            let unit = directory.get(*id).ok_or(PeopleError::NotFound("unit"))?;
            for (role, end) in DEMO_ROLES {
                match demo_person_fetch(&mut tx, *id, role).await? {
                    Some(person) => drop(people.insert((*id, role), person)),
                    None => missing.push((unit, role, end)),
                }
            }
        }
        if missing.is_empty() {
            return Ok(people);
        }
        // Nobody else writes while one hash is reckoned; it serves for all.
        let hash = self.passwords.hash(password).await?;
        let mut made = 0_u32;
        for (unit, role, end) in missing {
            if people.contains_key(&(unit.id, role)) {
                continue; // The unit was named twice.
            }
            let person = demo_person_make(&mut tx, unit, role, end, &hash, at).await?;
            people.insert((unit.id, role), person);
            made += 1;
        }
        let by = Authority::Program;
        let act = AdminAct::DemoPeopleCreated;
        let detail = json!({ "people": made });
        let entry = AdminEntry { at, by, act, target: Target::Platform, unit: None, detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(people)
    }
}

async fn demo_person_fetch(
    tx: &mut Tx,
    unit: UnitId,
    role: RoleName,
) -> Result<Option<DemoPerson>, StoreError> {
    const SQL: &str = "
        select a.user_id, a.login_name, a.display_name, a.title
          from user_role r
          join user_account a on a.user_id = r.user_id
         where r.unit_id = $1 and r.role = $2 and a.active = 1
         order by a.user_id
         limit 1";
    let Some(row) = tx.row(SQL, &[unit.into(), role_id(role).into()]).await? else {
        return Ok(None);
    };
    Ok(Some(DemoPerson {
        user: row.get(0)?,
        login_name: row.get(1)?,
        display_name: row.get(2)?,
        title: row.get(3)?,
        unit,
        role,
    }))
}

async fn demo_person_make(
    tx: &mut Tx,
    unit: &Unit,
    role: RoleName,
    end: &str,
    hash: &str,
    at: Timestamp,
) -> Result<DemoPerson, PeopleError> {
    let by = Authority::Program;
    let form = UserForm {
        login_name: login_free(tx, unit, end).await?,
        display_name: demo_name(&unit.code, end),
        title: demo_title(unit, role).to_owned(),
        phone: demo_phone(unit, end),
    };
    let user = user_insert(tx, by, &form, hash, false, at).await?;
    user_role_insert(tx, by, user, unit.id, role, at).await?;
    if role == RoleName::Liaison {
        liaison_term_open(tx, unit.id, user, at, "").await?;
    }
    Ok(DemoPerson {
        user,
        login_name: form.login_name,
        display_name: form.display_name,
        title: form.title,
        unit: unit.id,
        role,
    })
}

/// The first letters of the unit's short name and the role: `fxqjcy.jb`. Units of the same letters
/// (凤县, 富县) get their division code as well.
async fn login_free(tx: &mut Tx, unit: &Unit, end: &str) -> Result<String, StoreError> {
    const SQL: &str = "select count(*) from user_account where login_name = $1";
    let letters: String =
        initials(&unit.short_name).chars().filter(char::is_ascii_lowercase).take(20).collect();
    let code = unit.code.to_lowercase();
    for login in [
        format!("{letters}.{end}"),
        format!("{letters}{}.{end}", unit.division_code),
        format!("u{code}.{end}"),
    ] {
        let fits = login.len() >= 5 && login.starts_with(|first: char| first.is_ascii_lowercase());
        if fits && tx.one::<i64>(SQL, &[(&login).into()]).await? == Some(0) {
            return Ok(login);
        }
    }
    Ok(format!("u{code}.{end}2"))
}

/// A name, the same for the same unit and role on every run; three different ones at a unit.
fn demo_name(code: &str, end: &str) -> String {
    // FNV-1a: any steady scattering will do.
    let scatter = code.bytes().chain(end.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let surnames: Vec<char> = SURNAMES.chars().filter(|one| !one.is_whitespace()).collect();
    let given: Vec<&str> = GIVEN.split_whitespace().collect();
    // The lower of two draws: the commonest surnames come up more often.
    let draw = |bits: u64, many: usize| usize::try_from(bits % many.max(1) as u64).unwrap_or(0);
    let surname = draw(scatter >> 8, surnames.len()).min(draw(scatter >> 24, surnames.len()));
    let given_name = draw(scatter >> 40, given.len());
    format!(
        "{}{}",
        surnames.get(surname).copied().unwrap_or('李'),
        given.get(given_name).copied().unwrap_or("明"),
    )
}

fn demo_title(unit: &Unit, role: RoleName) -> &'static str {
    let procuratorate = unit.side == Side::Procuratorate;
    let court = unit.side == Side::Court;
    let (police, government) = (unit.line == "police", unit.line == "gov");
    match role {
        RoleName::Leader if procuratorate => "副检察长",
        RoleName::Leader if court => "副院长",
        RoleName::Leader if government => match unit.level {
            UnitLevel::Province => "副秘书长",
            UnitLevel::County if unit.name.contains("县人民") => "副县长",
            UnitLevel::County if unit.name.contains("区人民") => "副区长",
            UnitLevel::City | UnitLevel::County => "副市长",
            UnitLevel::Township => "副镇长",
        },
        RoleName::Leader if unit.name.ends_with('厅') => "副厅长",
        RoleName::Leader if unit.name.ends_with("委员会") => "副主任",
        RoleName::Leader if unit.name.ends_with("办公室") || unit.name.ends_with("办公厅") => {
            "副主任"
        }
        RoleName::Leader => "副局长",
        RoleName::Liaison if procuratorate => "检察官助理",
        RoleName::Liaison if court => "法官助理",
        RoleName::Liaison if police => "法制科民警",
        RoleName::Liaison if government => "办公室工作人员",
        RoleName::Liaison => "法规科工作人员",
        RoleName::Handler if procuratorate => "检察官",
        RoleName::Handler if court => "法官",
        RoleName::Handler if police => "侦查民警",
        RoleName::Handler if government => "督查室工作人员",
        RoleName::Handler => "执法人员",
        RoleName::Clerk => "内勤",
        RoleName::Viewer => "工作人员",
        RoleName::UnitAdmin => "信息管理员",
    }
}

/// A number of the unit's own city that cannot be dialled: no local number begins with 0.
fn demo_phone(unit: &Unit, end: &str) -> String {
    let city = unit.division_code.get(..4).unwrap_or_default();
    let area = match city {
        "6102" => "0919",
        "6103" => "0917",
        "6104" => "0910",
        "6105" => "0913",
        "6106" => "0911",
        "6107" => "0916",
        "6108" => "0912",
        "6109" => "0915",
        "6110" => "0914",
        _ => "029",
    };
    let last = unit
        .code
        .bytes()
        .chain(end.bytes())
        .fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_000);
    format!("{area}-000{last:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_unit_has_the_same_people_on_every_run() {
        assert_eq!(demo_name("J61030500", "jb"), demo_name("J61030500", "jb"));
        let names: BTreeSet<String> =
            DEMO_ROLES.iter().map(|(_, end)| demo_name("J61030500", end)).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.iter().all(|name| (2..=3).contains(&name.chars().count())), "{names:?}");
    }
}
