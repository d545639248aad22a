//! The seven mechanisms of the notice, in its order, and the lists of what runs under each.

/// A mechanism: a clause of the notice.
#[derive(Debug, Clone, Copy)]
pub struct Mechanism {
    /// Its address and icon.
    pub id: &'static str,
    /// Its clause.
    pub clause: &'static str,
}

/// All seven.
pub const MECHANISMS: [Mechanism; 7] = [
    Mechanism { id: "notification", clause: "二(一)" },
    Mechanism { id: "supervision", clause: "二(二)" },
    Mechanism { id: "correction", clause: "二(三)" },
    Mechanism { id: "transfer", clause: "二(四)" },
    Mechanism { id: "evidence", clause: "二(五)" },
    Mechanism { id: "meeting", clause: "二(六)" },
    Mechanism { id: "sharing", clause: "二(七)" },
];

/// The mechanism a clause belongs to; a clause of none belongs to the register of problems.
#[must_use]
pub fn of_clause(clause: &str) -> Option<&'static Mechanism> {
    MECHANISMS.iter().find(|one| clause.starts_with(one.clause))
}
