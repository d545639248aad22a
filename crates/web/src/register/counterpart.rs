//! Who stands on the other side of a matter: the unit by which one case is told from the next.
//!
//! No procedure is known here by name. A procedure runs between two capacities: the one that opens it,
//! and the one it owes most to and is owed most by.

use std::collections::BTreeMap;

use procedure::definition::{ObligationKind, PartySource, Procedure, Side};
use procedure::{MatterId, UnitId};
use store::Scope;
use store::directory::Directory;
use store::listed::Beside;
use store::matter::MatterRow;

use crate::House;
use crate::error::WebError;
use crate::parts::line::{Line, Reader};

/// The two capacities between which a procedure runs.
struct Pair<'a> {
    opener: &'a str,
    partner: &'a str,
    /// The one of them that owes no less than the other.
    debtor: &'a str,
}

impl<'a> Pair<'a> {
    fn of(procedure: &'a Procedure) -> Option<Self> {
        let opener = procedure.open.by.first()?;
        let owed =
            procedure.obligations.iter().filter(|owed| owed.kind == ObligationKind::Obligation);
        let mut between = BTreeMap::<&str, (usize, usize)>::new();
        for owed in owed {
            if owed.debtor == *opener {
                between.entry(&owed.creditor).or_default().0 += 1;
            } else if owed.creditor == *opener {
                between.entry(&owed.debtor).or_default().1 += 1;
            }
        }
        // Whoever is asked to join only because it stands above somebody is no counterpart.
        let stands_for_itself = |id: &str| {
            let party = procedure.parties.get(id);
            party.is_some_and(|one| !matches!(one.from, Some(PartySource::AboveOf(_))))
        };
        let partner = between
            .iter()
            .filter(|(id, _)| **id != opener && stands_for_itself(id))
            .max_by_key(|(id, (gives, takes))| (gives + takes, std::cmp::Reverse(**id)));
        if let Some((partner, (gives, takes))) = partner {
            let debtor = if gives >= takes { opener.as_str() } else { *partner };
            return Some(Self { opener, partner, debtor });
        }
        let others = procedure.parties.keys().map(String::as_str);
        let other = others.filter(|id| id != opener).find(|id| stands_for_itself(id))?;
        Some(Self { opener, partner: other, debtor: other })
    }
}

/// Who reads a list.
#[derive(Clone, Copy)]
struct ReadBy<'a> {
    unit: UnitId,
    side: Side,
    directory: &'a Directory,
}

/// The unit on the other side of a matter from the reader: the partner of their own unit, else of their
/// own side, else whoever owes no less. None where both are the reader's own unit.
fn counterpart(
    procedure: &Procedure,
    parties: &BTreeMap<String, Vec<UnitId>>,
    reader: ReadBy<'_>,
) -> Option<UnitId> {
    let pair = Pair::of(procedure)?;
    let unit = |party: &str| parties.get(party).and_then(|units| units.first()).copied();
    let (opener, partner) = (unit(pair.opener), unit(pair.partner));
    let is_ours = |one: Option<UnitId>| one == Some(reader.unit);
    let is_beside = |one: Option<UnitId>| {
        let facts = one.and_then(|unit| reader.directory.get(unit));
        facts.is_some_and(|unit| unit.side == reader.side)
    };
    match (is_ours(opener), is_ours(partner), is_beside(opener), is_beside(partner)) {
        (true, true, ..) => None,
        (true, false, ..) | (false, false, true, false) => partner,
        (false, true, ..) | (false, false, false, true) => opener,
        (false, false, ..) => unit(pair.debtor).or(opener),
    }
}

/// The rows of a list with what stands beside them: the unit on the other side, and the light of what
/// runs below where nothing runs in the matter itself.
pub(super) async fn lines(
    house: &House,
    scope: &Scope,
    reader: &Reader,
    rows: Vec<MatterRow>,
) -> Result<Vec<Line>, WebError> {
    let mut beside: BTreeMap<MatterId, Beside> =
        house.store.matter_list_beside(scope, &rows).await?;
    let directory = house.directory();
    let read_by = ReadBy { unit: scope.unit, side: scope.side, directory: &directory };
    let line = |row: MatterRow| {
        let beside = beside.remove(&row.id).unwrap_or_default();
        let procedure = reader.rules().version(&row.procedure, row.version);
        let other = procedure.and_then(|one| counterpart(one, &beside.parties, read_by));
        let mut line = reader.line(row);
        line.other = other.map(|unit| reader.unit(unit)).unwrap_or_default();
        if let Some(below) = beside.below {
            (line.light, line.due) = reader.clock(Some(below.due_at));
            line.below = reader.procedure(&below.procedure);
        }
        line
    };
    Ok(rows.into_iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use procedure::Rules;
    use procedure::rules::Source;

    use super::*;

    /// All that ship: they name one another.
    fn rules() -> Rules {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
        let mut files = Vec::new();
        let mut folders = vec![root.join("procedures")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.display().to_string(), read(&path)));
                }
            }
        }
        let sources: Vec<_> = files.iter().map(|(path, text)| Source { path, text }).collect();
        let codes = read(&root.join("law/codes.toml"));
        let (law, calendar) = calendar::embedded().unwrap();
        let codes = Source { path: "law/codes.toml", text: &codes };
        Rules::read(&sources, codes, law, calendar).unwrap()
    }

    #[test]
    fn a_procedure_runs_between_two_capacities() {
        let rules = rules();
        for (id, between) in [
            ("administrative-public-interest-case", ("investigator", "agency", "investigator")),
            ("bulletin", ("sender", "recipients", "recipients")),
            ("campaign", ("leader-unit", "partner", "partner")),
            ("campaign-task", ("leader-unit", "unit", "unit")),
            ("clue", ("submitter", "receiver", "receiver")),
            ("consultation", ("convener", "agency", "agency")),
            ("custody-item", ("giver", "receiver", "receiver")),
            ("damage-compensation", ("finder", "claimant", "claimant")),
            ("emergency", ("reporter", "government", "reporter")),
            ("evidence-request", ("requester", "provider", "requester")),
            ("guidance", ("guide", "unit", "unit")),
            ("hearing", ("procuratorate", "agency", "procuratorate")),
            ("joint-meeting", ("convener", "counterpart", "convener")),
            ("non-prosecution-penalty", ("procuratorate", "agency", "agency")),
            ("problem", ("finder", "owner", "owner")),
            ("procuratorial-opinion-transfer", ("issuer", "agency", "agency")),
            ("repair-item", ("repairer", "checker", "repairer")),
            ("report", ("sender", "recipients", "recipients")),
            ("resolution", ("convener", "owner", "owner")),
            ("suggestion", ("issuer", "recipient", "issuer")),
            ("suspected-crime-transfer", ("sender", "police", "police")),
            ("work-proposal", ("proposer", "department", "department")),
        ] {
            let pair = Pair::of(rules.procedure(id).unwrap()).unwrap();
            assert_eq!((pair.opener, pair.partner, pair.debtor), between, "{id}");
        }
        // The notice before a suit is the procuratorate's alone.
        assert!(Pair::of(rules.procedure("pre-suit-notice").unwrap()).is_none());
    }
}
