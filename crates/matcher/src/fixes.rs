//! The fix version to suggest: the smallest above the installed one.

use std::cmp::Ordering;

use stopgate_version::{Format, Version};

/// The fix version to suggest; `None` when there is none.
pub(crate) fn suggested(format: Format, installed: &str, fixes: &[String]) -> Option<String> {
    let (first, rest) = fixes.split_first()?;
    if rest.is_empty() {
        return Some(first.clone());
    }
    let installed = Version::new(format, installed);
    let mut best: Option<(bool, Version)> = None;
    for version in fixes.iter().filter_map(|fix| Version::parse(format, fix).ok()) {
        let reached = version.compare(&installed).is_ok_and(Ordering::is_le);
        let better = best.as_ref().is_none_or(|(best_reached, best)| match (reached, best_reached) {
            (false, true) => true,
            (true, false) => false,
            _ => version.compare(best).is_ok_and(Ordering::is_lt),
        });
        if better {
            best = Some((reached, version));
        }
    }
    Some(best.map_or_else(|| first.clone(), |(_, version)| version.text().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::suggested;
    use stopgate_version::Format;

    #[test]
    fn the_nearest_fix_above_is_suggested() {
        let fixes = |list: &[&str]| list.iter().map(|fix| (*fix).to_owned()).collect::<Vec<_>>();
        let suggest = |installed: &str, list: &[&str]| suggested(Format::Python, installed, &fixes(list));
        assert_eq!(suggest("3.2.0", &["2.2.28", "4.0.4", "3.2.13"]), Some("3.2.13".into()));
        assert_eq!(suggest("5.0", &["2.2.28", "4.0.4"]), Some("2.2.28".into()));
        assert_eq!(suggest("1.0", &["9"]), Some("9".into()));
        assert_eq!(suggest("1.0", &["x", "2.0"]), Some("2.0".into()));
        assert_eq!(suggest("1.0", &[]), None);
    }
}
