//! The table of support periods, `periods.txt`.

use jiff::civil::Date;

/// Until when a release gets security fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    /// It is always the newest.
    Rolling,
    /// Up to and with this day.
    Until(Date),
}

/// The period of a version, and the release that it belongs to: 3.19 of Alpine's 3.19.1, 12 of Debian's 12.5.
pub(super) fn period(name: &str, version: &str) -> Option<(&'static str, Period)> {
    let numbers = leading_numbers(name, version);
    let mut release = numbers.as_str();
    loop {
        if let Some(found) = find(name, |known| known == release || known == "*") {
            return Some(found);
        }
        match release.rsplit_once('.') {
            Some((shorter, _)) => release = shorter,
            // SUSE writes a release without service pack without a zero.
            None if name == "sles" && release == numbers => return find(name, |known| known == format!("{release}.0")),
            None => return None,
        }
    }
}

fn find(name: &str, is: impl Fn(&str) -> bool) -> Option<(&'static str, Period)> {
    let row = rows().find(|(known, release, _)| *known == name && is(release));
    row.and_then(|(_, release, period)| Some((release, read(period)?)))
}

/// The lines of the table as name, release and period.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = include_str!("periods.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    })
}

fn read(period: &str) -> Option<Period> {
    if period == "rolling" { Some(Period::Rolling) } else { period.parse().ok().map(Period::Until) }
}

/// The numbers with which a version begins, without what is written in front of them. Java's `1.8` is 8.
fn leading_numbers(name: &str, version: &str) -> String {
    let version = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers = version.get(..end).unwrap_or_default().trim_end_matches('.');
    let numbers = if name == "java" { numbers.strip_prefix("1.").unwrap_or(numbers) } else { numbers };
    numbers.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Period, period, read, rows};

    #[test]
    fn the_table_is_whole() {
        let text = include_str!("periods.txt");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(rows().count(), lines);
        let mut seen = BTreeSet::new();
        for (name, release, period) in rows() {
            assert!(read(period).is_some(), "{name} {release} {period}");
            assert!(seen.insert((name, release)), "{name} {release} is there twice");
        }
        assert!(lines > 200, "{lines}");
    }

    #[test]
    fn versions_belong_to_releases() {
        for (name, version, release) in [
            ("alpine", "3.19.1", "3.19"),
            ("debian", "12.5", "12"),
            ("rhel", "8.10", "8"),
            ("ubuntu", "22.04", "22.04"),
            ("amazon", "2018.03", "2018.03"),
            ("sles", "15", "15.0"),
            ("sles", "15.5", "15.5"),
            ("go", "go1.21.3", "1.21"),
            ("java", "1.8.0_292", "8"),
            ("java", "jdk-17.0.9+9", "17"),
            ("java", "8u302-b08", "8"),
            ("node", "v18.19.0", "18"),
            ("dotnet", "3.1.32", "3.1"),
            ("dotnet", "6.0.36", "6"),
            ("python", "3.10.0rc1", "3.10"),
            ("wolfi", "20230201", "*"),
            ("arch", "", "*"),
        ] {
            assert_eq!(period(name, version).map(|(release, _)| release), Some(release), "{name} {version}");
        }
        for (name, version) in [("alpine", "3.99"), ("debian", ""), ("sles", "15.99"), ("go", "2"), ("x", "1")] {
            assert_eq!(period(name, version), None, "{name} {version}");
        }
        assert_eq!(period("debian", "11"), Some(("11", Period::Until("2026-08-31".parse().unwrap()))));
    }
}
