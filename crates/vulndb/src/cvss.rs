//! CVSS base scores and the severity words that follow from them.

use std::str::FromStr;

use stopgate_model::Severity;

/// Scores of a vector, rounded up to tenths as the CVSS 3.1 specification says (appendix A), in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scores {
    pub(crate) base: i64,
    /// `None` for CVSS 4, which has no such part.
    pub(crate) exploitability: Option<i64>,
    pub(crate) impact: Option<i64>,
}

/// Scores of a vector; `None` when it is not one.
pub(crate) fn score(vector: &str) -> Option<Scores> {
    if vector.starts_with("CVSS:3.") {
        let parsed = cvss::v3::Vector::from_str(vector).ok()?;
        // A vector without all base metrics would score 0, which says that nothing is wrong.
        let complete = parsed.av.is_some()
            && parsed.ac.is_some()
            && parsed.pr.is_some()
            && parsed.ui.is_some()
            && parsed.s.is_some()
            && parsed.c.is_some()
            && parsed.i.is_some()
            && parsed.a.is_some();
        if !complete {
            return None;
        }
        let iss = parsed.impact().value();
        let impact =
            if vector.contains("/S:C") { 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02).powi(15) } else { 6.42 * iss };
        return Some(Scores {
            base: tenths(parsed.base_score().value()),
            exploitability: Some(tenths(parsed.exploitability().value())),
            impact: Some(tenths(impact)),
        });
    }
    if vector.starts_with("CVSS:4.") {
        let parsed = cvss::v4::Vector::from_str(vector).ok()?;
        return Some(Scores { base: tenths(parsed.score().value()), exploitability: None, impact: None });
    }
    let parsed = cvss::v2::Vector::from_str(vector).ok()?;
    Some(Scores {
        base: tenths(parsed.score().value()),
        exploitability: Some(tenths(parsed.exploitability().value())),
        impact: Some(tenths(parsed.impact().value())),
    })
}

fn tenths(score: f64) -> i64 {
    let parts = (score * 100_000.0).round() as i64;
    if parts % 10_000 == 0 { parts / 10_000 } else { parts.div_euclid(10_000) + 1 }
}

/// The severity word of a base score in tenths. An unknown version has none.
pub(crate) fn severity(base: i64, version: &str) -> Severity {
    let version_2 = match version {
        "2.0" => true,
        "3.0" | "3.1" | "4.0" => false,
        _ => return Severity::Unknown,
    };
    match base {
        0 => Severity::Negligible,
        1..=39 => Severity::Low,
        40..=69 => Severity::Medium,
        70..=100 if version_2 => Severity::High,
        70..=89 => Severity::High,
        90..=100 => Severity::Critical,
        _ => Severity::Unknown,
    }
}

/// Version that a vector's prefix names; vectors without one are CVSS 2.
pub(crate) fn version_of(vector: &str) -> &str {
    vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next()).unwrap_or("2.0")
}

#[cfg(test)]
mod tests {
    use super::{Scores, score, severity};
    use stopgate_model::Severity;

    #[test]
    fn scores_as_the_specifications_have_them() {
        let cases = [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98, Some(39), Some(59)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100, Some(39), Some(61)),
            ("CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N", 25, Some(11), Some(15)),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 75, Some(100), Some(65)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 93, None, None),
        ];
        for (vector, base, exploitability, impact) in cases {
            assert_eq!(score(vector), Some(Scores { base, exploitability, impact }), "{vector}");
        }
        for vector in ["", "CVSS:3.1/AV:N", "CVSS:4.0/AV:N", "CVSS:9.9/AV:N", "AV:N", "AV:N/AC:X", "high"] {
            assert_eq!(score(vector), None, "{vector}");
        }
    }

    #[test]
    fn words_follow_the_version() {
        assert_eq!(severity(95, "2.0"), Severity::High);
        assert_eq!(severity(95, "3.1"), Severity::Critical);
        assert_eq!(severity(89, "4.0"), Severity::High);
        assert_eq!(severity(0, "3.0"), Severity::Negligible);
        assert_eq!(severity(50, "5.0"), Severity::Unknown);
    }
}
