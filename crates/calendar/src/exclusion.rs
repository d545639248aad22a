//! Time that does not count: appraisal, audit, suspension.

use jiff::civil::Date;

use crate::deadline::CalendarError;

/// The days that do not count between an act and the one that ends its effect: from the day after
/// the first to the day of the second, both inclusive. `None` when both fall on one day.
///
/// For an appraisal: the day it was entrusted and the day its result was received. For a
/// suspension: the day of the decision to suspend and the day of the decision to resume.
///
/// # Errors
/// [`CalendarError::ExclusionBackwards`] when the second lies before the first.
///
/// # Source
/// A project decision; the procuratorial rules (J2 art. 48, 78) do not say which days count.
pub fn excluded_between(from: Date, until: Date) -> Result<Option<(Date, Date)>, CalendarError> {
    if until < from {
        return Err(CalendarError::ExclusionBackwards { from, until });
    }
    let first = from.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
    Ok((first <= until).then_some((first, until)))
}

/// Excluded ranges in order, without overlaps, and only what lies after the trigger day, which is
/// not counted anyway.
pub(crate) fn normalised(
    trigger: Date,
    ranges: &[(Date, Date)],
) -> Result<Vec<(Date, Date)>, CalendarError> {
    let first_counted = trigger.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
    let mut sorted = Vec::with_capacity(ranges.len());
    for &(from, until) in ranges {
        if until < from {
            return Err(CalendarError::ExclusionBackwards { from, until });
        }
        if until >= first_counted {
            sorted.push((from.max(first_counted), until));
        }
    }
    sorted.sort_unstable();
    let mut merged: Vec<(Date, Date)> = Vec::with_capacity(sorted.len());
    for (from, until) in sorted {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    Ok(merged)
}
