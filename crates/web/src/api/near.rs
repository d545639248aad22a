//! What somebody may have meant.

/// How alike two names must be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.8;

/// The name that looks most like one that does not exist.
pub(super) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.trim().to_lowercase().replace(['_', ' '], "-");
    known
        .into_iter()
        .map(|one| (strsim::jaro_winkler(&name, &one.replace('_', "-")), one))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_likest_name_is_suggested_and_none_that_is_unlike() {
        let known = ["reply-kind", "reply-measures", "obstacle"];
        assert_eq!(near("replykind", known), Some("reply-kind"));
        assert_eq!(near("reply_measures", known), Some("reply-measures"));
        assert_eq!(near("weather", known), None);
    }
}
