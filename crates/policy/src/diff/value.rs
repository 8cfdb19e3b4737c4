//! What a rule asks of one property of a thing: a predicate, and the values at which its answer may change.

use std::fmt;
use std::rc::Rc;

use super::points::Scale;

/// A value of a property.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// The thing does not have the property.
    None,
    Text(String),
    Number(f64),
    /// A number strictly between these two; infinity is no upper bound.
    Between(f64, f64),
    Whole(i64),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// A number that stands for the value.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Between(low, high) if high.is_finite() => Some(f64::midpoint(*low, *high)),
            Self::Between(low, _) => Some(if *low < 9.0 { low + 0.5 } else { low * 2.0 + 1.0 }),
            _ => None,
        }
    }

    /// Whether a number is meant by the value.
    pub(super) fn means(&self, number: f64) -> bool {
        match self {
            Self::Number(own) => (own - number).abs() < 1e-9,
            Self::Between(low, high) => *low + 1e-9 < number && number < *high - 1e-9,
            _ => true,
        }
    }
}

/// A property of a kind of thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dim {
    /// Name, unique among the properties of its thing.
    pub(super) name: &'static str,
    /// What values it has, and which of them stand for all.
    pub(super) scale: Scale,
}

impl PartialEq for Dim {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A predicate on one property.
#[derive(Clone)]
pub(super) struct Test {
    pub(super) dim: Dim,
    /// Values at which the answer may change; what they must be is said by the scale.
    pub(super) landmarks: Vec<Value>,
    /// Whether it holds for landmarks alone.
    pub(super) is_list: bool,
    holds: Rc<dyn Fn(&Value) -> bool>,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} about {:?}", self.dim.name, self.landmarks)
    }
}

impl Test {
    pub(super) fn new(dim: Dim, landmarks: Vec<Value>, holds: impl Fn(&Value) -> bool + 'static) -> Self {
        Self { dim, landmarks, is_list: false, holds: Rc::new(holds) }
    }

    /// One of these texts.
    pub(super) fn one_of(dim: Dim, texts: Vec<String>) -> Self {
        let landmarks = texts.iter().map(Value::text).collect();
        let holds = move |value: &Value| value.as_text().is_some_and(|text| texts.iter().any(|one| one == text));
        Self { is_list: true, ..Self::new(dim, landmarks, holds) }
    }

    /// This text.
    pub(super) fn is(dim: Dim, text: &str) -> Self {
        Self::one_of(dim, vec![text.to_owned()])
    }

    /// A text, and none of these.
    pub(super) fn none_of(dim: Dim, texts: Vec<String>) -> Self {
        let landmarks = texts.iter().map(Value::text).collect();
        Self::new(dim, landmarks, move |value| value.as_text().is_some_and(|text| texts.iter().all(|one| one != text)))
    }

    /// A whole number of at least this.
    pub(super) fn at_least(dim: Dim, least: i64) -> Self {
        Self::new(dim, vec![Value::Whole(least)], move |value| value.as_whole().is_some_and(|number| number >= least))
    }

    /// A whole number that is, or is not, one of these.
    pub(super) fn wholes(dim: Dim, numbers: Vec<i64>, wanted: bool) -> Self {
        let landmarks = numbers.iter().copied().map(Value::Whole).collect();
        Self::new(dim, landmarks, move |value| value.as_whole().is_some_and(|one| numbers.contains(&one) == wanted))
    }

    pub(super) fn holds(&self, value: &Value) -> bool {
        (self.holds)(value)
    }
}
