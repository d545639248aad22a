//! Who has looked (谁看过): the readings of what only some may read, and what was taken out of the matter, as
//! far as they concern the reader.

use store::access::AccessKind;
use store::matter::{Page, Total};

use super::Room;
use crate::House;
use crate::error::WebError;
use crate::parts::mark::minute;
use crate::session::SignedIn;

/// Readings the page names; the rest are only counted.
const LOOKS_MAX: u32 = 30;

/// The fold on the page.
pub(super) struct Access {
    pub(super) total: String,
    pub(super) looks: Vec<Reading>,
    /// How many are not named; empty when all are.
    pub(super) more: String,
}

/// Somebody read something.
pub(super) struct Reading {
    pub(super) who: String,
    pub(super) at: String,
    /// What they read.
    pub(super) fields: String,
    /// How, and how many times that day.
    pub(super) how: String,
}

/// Who has read what; none where nothing in the matter is of the kind whose reading is written down.
pub(super) async fn access(
    house: &House,
    who: &SignedIn,
    room: &Room,
) -> Result<Option<Access>, WebError> {
    let matter = room.matter();
    let list = house.store.access_list(&who.scope, &matter.id, Page::first(LOOKS_MAX)).await?;
    let Some(list) = list else { return Ok(None) };
    if list.rows.is_empty() && room.sight.seen.sensitive.is_empty() {
        return Ok(None);
    }
    let look = room.look(who);
    let procedure = look.procedure(matter);
    let label = |id: &String| {
        let field = procedure.and_then(|one| one.field(id));
        field.map_or_else(|| id.clone(), |field| look.of(&field.label))
    };
    let shown = u64::try_from(list.rows.len()).unwrap_or(u64::MAX);
    let (total, more) = match list.total {
        Total::Exactly(total) if total > shown => {
            let more = look.fill("matter.access.more", &[("number", &(total - shown))]);
            (total.to_string(), more)
        }
        Total::Exactly(total) => (total.to_string(), String::new()),
        // Only the newest readings were looked at: there are more.
        Total::MoreThan(total) => (format!("{total}+"), look.say("matter.access.many")),
    };
    let looks = list
        .rows
        .iter()
        .map(|row| {
            let fields: Vec<String> = row.fields.iter().map(label).collect();
            let unit = look.unit_short(row.unit);
            let how = look.say(match row.kind {
                AccessKind::Read => "matter.access.read",
                AccessKind::Document => "matter.access.document",
                AccessKind::File => "matter.access.file",
                AccessKind::Receipt => "matter.access.receipt",
                AccessKind::Export => "matter.access.export",
            });
            Reading {
                how: if row.times > 1 {
                    look.fill("matter.access.times", &[("how", &how), ("number", &row.times)])
                } else {
                    how
                },
                who: if row.user_name.is_empty() {
                    unit
                } else {
                    format!("{unit} · {}", row.user_name)
                },
                at: minute(row.at),
                fields: fields.join(look.comma()),
            }
        })
        .collect();
    Ok(Some(Access { total, looks, more }))
}
