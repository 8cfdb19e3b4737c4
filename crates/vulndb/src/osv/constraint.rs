//! Spans of versions as constraints.

use stopgate_formats::osv::{Affected, End, Span};
use stopgate_version::{Constraint, Format, Version};

/// The constraint of a span; empty for all versions.
pub(super) fn of_span(span: &Span) -> Result<String, String> {
    let lower = match &span.introduced {
        Some(version) => Some(format!(">= {}", quoted(version)?)),
        None => None,
    };
    let upper = match &span.end {
        End::Open => None,
        End::Fixed(version) | End::Limit(version) => Some(format!("< {}", quoted(version)?)),
        End::LastAffected(version) => Some(format!("<= {}", quoted(version)?)),
    };
    Ok([lower, upper].into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// The constraint of the versions that are listed and lie in no span; empty when there are none.
pub(super) fn of_versions(affected: &Affected, spans: &[String]) -> Result<String, String> {
    let format = Format::of_data(affected.ecosystem.format());
    let spans: Vec<Constraint> = spans.iter().filter_map(|span| Constraint::parse(format, span).ok()).collect();
    let mut alternatives = Vec::new();
    for version in &affected.versions {
        let parsed = Version::new(format, version);
        let covered = spans.iter().any(|span| span.satisfied_by(&parsed).is_ok_and(|satisfied| satisfied));
        if !covered {
            alternatives.push(format!("= {}", quoted(version)?));
        }
    }
    Ok(alternatives.join(" || "))
}

/// A version as it stands in a constraint.
fn quoted(version: &str) -> Result<String, String> {
    let version = version.trim();
    if version.is_empty() {
        return Err("a version is empty".to_owned());
    }
    let plain = |c: char| !c.is_whitespace() && !matches!(c, ',' | '|' | '(' | ')' | '<' | '>' | '=' | '"');
    if version.chars().all(plain) {
        return Ok(version.to_owned());
    }
    if version.contains('"') {
        return Err(format!("the version `{version}` cannot be compared with anything"));
    }
    Ok(format!("\"{version}\""))
}

#[cfg(test)]
mod tests {
    use super::{of_span, quoted};
    use stopgate_formats::osv::{End, Span};

    #[test]
    fn spans_become_constraints() {
        let span = |introduced: Option<&str>, end| of_span(&Span { introduced: introduced.map(str::to_owned), end });
        assert_eq!(span(None, End::Fixed("1.2".into())).unwrap(), "< 1.2");
        assert_eq!(span(Some("1"), End::LastAffected("2".into())).unwrap(), ">= 1, <= 2");
        assert_eq!(span(Some("1"), End::Open).unwrap(), ">= 1");
        assert_eq!(span(None, End::Open).unwrap(), "");
        assert!(span(None, End::Fixed(" ".into())).is_err());
    }

    #[test]
    fn odd_versions_are_quoted_or_refused() {
        assert_eq!(quoted("1.0, 2").unwrap(), "\"1.0, 2\"");
        assert!(quoted("a\" || >= 0").is_err());
    }
}
