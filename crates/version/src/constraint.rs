//! A range of versions, parsed once.

use crate::expression::{self, Operator};
use crate::semver::{Reading, Semver};
use crate::{EpochStrategy, Format, Version, VersionError, fuzzy, semantic};

/// A range: alternatives of conditions.
#[derive(Debug, Clone)]
pub struct Constraint {
    format: Format,
    text: Box<str>,
    alternatives: Vec<Vec<Bound>>,
    /// The range as a semantic one, when its format is unknown and all bounds look like it.
    semantic: Option<Vec<Vec<SemanticBound>>>,
}

#[derive(Debug, Clone)]
struct Bound {
    operator: Operator,
    version: Version,
}

impl Constraint {
    /// The range; the empty text is one that holds every version (for Microsoft update ids: an error when asked).
    pub fn parse(format: Format, text: &str) -> Result<Self, VersionError> {
        let conditions = expression::parse(text)?;
        let bounds = |group: Vec<expression::Condition<'_>>| {
            let bound = |condition: expression::Condition<'_>| Bound {
                operator: condition.operator,
                version: Version::new(format, &condition.version),
            };
            group.into_iter().map(bound).collect()
        };
        let alternatives: Vec<Vec<Bound>> = conditions.into_iter().map(bounds).collect();
        let looks_semantic = format == Format::Unknown
            && alternatives.iter().flatten().all(|bound| fuzzy::looks_semantic(bound.version.text()));
        let semantic = if looks_semantic { semantic_range(text) } else { None };
        Ok(Self { format, text: text.into(), alternatives, semantic })
    }

    /// Its format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its text, as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is empty, so that every version lies in the range.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The only bound `< X` of a range that says nothing else, for indexes.
    pub fn lone_upper_bound(&self) -> Option<&Version> {
        match self.alternatives.as_slice() {
            [group] => match group.as_slice() {
                [Bound { operator: Operator::Less, version }] => Some(version),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the version lies in the range; an error when one of its bounds cannot be compared with it.
    ///
    /// COMPAT: as in grype the version's own format decides, and the range's only when that one cannot compare; a
    /// bound that cannot be compared is an error even if another alternative holds.
    pub fn satisfied_by(&self, version: &Version) -> Result<bool, VersionError> {
        match self.format {
            Format::Kb if self.is_empty() => Err(VersionError::EmptyKbRange),
            Format::Kb if version.format() != Format::Kb => Err(VersionError::KbAgainst { format: version.format() }),
            _ if self.is_empty() => Ok(true),
            Format::Unknown => self.holds_unknown(version),
            format => self.holds(version, format),
        }
    }

    fn holds_unknown(&self, version: &Version) -> Result<bool, VersionError> {
        if version.format() != Format::Unknown
            && let Ok(holds) = self.holds(version, version.format())
        {
            return Ok(holds);
        }
        if let Some(range) = &self.semantic
            && fuzzy::looks_semantic(version.text())
            && let Ok(version) = semantic::parse_strict(version.text())
        {
            return Ok(range.iter().any(|group| group.iter().all(|bound| bound.holds(&version))));
        }
        self.holds(version, Format::Unknown)
    }

    fn holds(&self, version: &Version, format: Format) -> Result<bool, VersionError> {
        let mut any = false;
        for group in &self.alternatives {
            let mut all = true;
            for bound in group {
                all &= bound.operator.holds(compare_bound(version, &bound.version, format)?);
            }
            any |= all;
        }
        Ok(any)
    }
}

fn compare_bound(version: &Version, bound: &Version, format: Format) -> Result<std::cmp::Ordering, VersionError> {
    let first = version.compare_as(bound, version.format());
    let explicit_epochs = version.epochs() != EpochStrategy::Native && matches!(format, Format::Rpm | Format::Deb);
    if first.is_ok() || explicit_epochs || format == version.format() {
        return first;
    }
    version.compare_as(bound, format)
}

#[derive(Debug, Clone)]
struct SemanticBound {
    operator: SemanticOperator,
    bound: Semver,
}

#[derive(Debug, Clone, Copy)]
enum SemanticOperator {
    Plain(Operator),
    Different,
    /// `~>`: not below, and the same but for the last number written.
    Pessimistic,
}

impl SemanticBound {
    fn holds(&self, version: &Semver) -> bool {
        let order = version.compare(&self.bound);
        match self.operator {
            SemanticOperator::Plain(operator) => operator.holds(order),
            SemanticOperator::Different => order.is_ne(),
            SemanticOperator::Pessimistic => {
                let bound = &self.bound;
                let same_kind = match (version.pre.is_empty(), bound.pre.is_empty()) {
                    (true, false) => false,
                    (false, false) => version.segments == bound.segments,
                    _ => true,
                };
                let pairs = || version.segments.iter().zip(&bound.segments);
                let last = bound.segments.len().saturating_sub(1);
                same_kind
                    && order.is_ge()
                    && bound.segments.len() <= version.segments.len()
                    && pairs().take(bound.written.saturating_sub(1)).all(|(one, two)| one == two)
                    && pairs().nth(last).is_some_and(|(one, two)| one >= two)
            }
        }
    }
}

fn semantic_range(text: &str) -> Option<Vec<Vec<SemanticBound>>> {
    text.split("||").map(|group| group.split(',').map(semantic_bound).collect()).collect()
}

fn semantic_bound(text: &str) -> Option<SemanticBound> {
    const OPERATORS: [(&str, SemanticOperator); 7] = [
        ("!=", SemanticOperator::Different),
        ("~>", SemanticOperator::Pessimistic),
        (">=", SemanticOperator::Plain(Operator::GreaterOrEqual)),
        ("<=", SemanticOperator::Plain(Operator::LessOrEqual)),
        (">", SemanticOperator::Plain(Operator::Greater)),
        ("<", SemanticOperator::Plain(Operator::Less)),
        ("=", SemanticOperator::Plain(Operator::Equal)),
    ];
    const BLANK: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];
    let text = text.trim_matches(BLANK);
    let found = OPERATORS.iter().find_map(|(name, operator)| Some((text.strip_prefix(name)?, *operator)));
    let (version, operator) = found.unwrap_or((text, SemanticOperator::Plain(Operator::Equal)));
    let bound = Semver::parse(version.trim_matches(BLANK), Reading::Lenient).ok()?;
    Some(SemanticBound { operator, bound })
}
