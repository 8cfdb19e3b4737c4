//! The types that parameters have, with Anchore's validators: every value is a text in the document.

use std::cmp::Ordering;
use std::sync::OnceLock;

use stopgate_model::Severity;

use super::params::{ParamKind, ParamType, Refusal, words};
use crate::pattern::Glob;
use crate::regexes::{Fault, PythonRegex};

const fn kind(validator: &'static str, expected: &'static str, pattern: &'static str) -> ParamKind {
    ParamKind { validator, expected, words: &[], pattern }
}

impl ParamType for String {
    const KIND: ParamKind = kind("type", "a text", "");
    fn read(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() { Err(Refusal::of(&Self::KIND)) } else { Ok(text.to_owned()) }
    }
}

impl ParamType for bool {
    const KIND: ParamKind = ParamKind { words: &["true", "false"], ..kind("BooleanString", "`true` or `false`", "") };
    fn read(text: &str) -> Result<Self, Refusal> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Refusal::of(&Self::KIND)),
        }
    }
}

impl ParamType for u32 {
    const KIND: ParamKind = kind("IntegerString", "a whole number", r"^\s*[0-9]+\s*$");
    fn read(text: &str) -> Result<Self, Refusal> {
        let digits = text.trim();
        let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| valid).ok_or_else(|| Refusal::of(&Self::KIND))
    }
}

/// A number with decimals. Never infinite, never `NaN`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl ParamType for Number {
    const KIND: ParamKind = kind("FloatString", "a number", r"^-?[0-9]+(\.[0-9]+)?$");
    fn read(text: &str) -> Result<Self, Refusal> {
        let body = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = body.split_once('.').unwrap_or((body, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let number = if digits(whole) && digits(fraction) { text.parse::<f64>().ok() } else { None };
        number.filter(|number| number.is_finite()).map(Self).ok_or_else(|| Refusal::of(&Self::KIND))
    }
}

/// Texts separated by commas, blanks around them ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommaList(pub(crate) Vec<String>);

impl CommaList {
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.0.iter().any(|item| item == text)
    }
}

impl ParamType for CommaList {
    const KIND: ParamKind =
        kind("CommaDelimitedStringList", "texts separated by commas", r"^\s*(\s*[^,]+\s*,)*\s*[^,]+\s*$");
    fn read(text: &str) -> Result<Self, Refusal> {
        let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
        if items.iter().any(String::is_empty) { Err(Refusal::of(&Self::KIND)) } else { Ok(Self(items)) }
    }
}

/// Names separated by commas, in which `*` is any run of characters.
#[derive(Debug)]
pub(crate) struct GlobList(Vec<Glob>);

impl GlobList {
    /// Whether one of them is this text.
    pub(crate) fn covers(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.covers(text))
    }
}

impl ParamType for GlobList {
    const KIND: ParamKind = CommaList::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        Ok(Self(CommaList::read(text)?.0.iter().map(|item| Glob::new(item)).collect()))
    }
}

/// A text in which `*` is any run of characters.
#[derive(Debug)]
pub(crate) struct GlobText {
    text: String,
    glob: Glob,
}

impl GlobText {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn covers(&self, text: &str) -> bool {
        self.glob.covers(text)
    }
}

impl ParamType for GlobText {
    const KIND: ParamKind = String::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        let text = String::read(text)?;
        let glob = Glob::new(&text);
        Ok(Self { text, glob })
    }
}

/// Whole numbers separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberList(pub(crate) Vec<u32>);

impl ParamType for NumberList {
    const KIND: ParamKind =
        kind("CommaDelimitedStringOfNumbers", "whole numbers separated by commas", r"^\s*(\s*\d+\s*,)*\s*\d+\s*$");
    fn read(text: &str) -> Result<Self, Refusal> {
        let numbers: Result<Vec<u32>, _> = text.split(',').map(u32::read).collect();
        numbers.map(Self).map_err(|_| Refusal::of(&Self::KIND))
    }
}

/// A file mode in octal, with or without `0o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Octal(pub(crate) u32);

impl ParamType for Octal {
    const KIND: ParamKind = kind("RegexValidator", "an octal file mode", r"^0?o?[0-7]+$");
    fn read(text: &str) -> Result<Self, Refusal> {
        let digits = text.trim();
        let digits = digits.strip_prefix("0o").or_else(|| digits.strip_prefix('o')).unwrap_or(digits);
        u32::from_str_radix(digits, 8)
            .ok()
            .filter(|mode| *mode <= 0o177_777 && !digits.starts_with('+'))
            .map(Self)
            .ok_or_else(|| Refusal::of(&Self::KIND))
    }
}

/// A text that is a regular expression. It may fail to compile: COMPAT: the engine accepts such a rule
/// and its own collection of all rules has one, so that rule alone is broken.
#[derive(Debug)]
pub(crate) struct RegexText(Lazy);

/// A text that is a regular expression for some operators.
#[derive(Debug)]
pub(crate) struct ValueText(Lazy);

#[derive(Debug)]
struct Lazy {
    text: String,
    compiled: OnceLock<Result<PythonRegex, String>>,
}

impl Lazy {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }
    fn regex(&self) -> Result<&PythonRegex, Fault> {
        self.compiled
            .get_or_init(|| PythonRegex::new(&self.text))
            .as_ref()
            .map_err(|fault| Fault(format!("the expression `{}` does not compile: {fault}", self.text)))
    }
}

impl RegexText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }
    pub(crate) fn regex(&self) -> Result<&PythonRegex, Fault> {
        self.0.regex()
    }
}

impl ValueText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }
    pub(crate) fn regex(&self) -> Result<&PythonRegex, Fault> {
        self.0.regex()
    }
}

impl ParamType for RegexText {
    const KIND: ParamKind = kind("type", "a regular expression", "");
    fn read(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() { Err(Refusal::of(&Self::KIND)) } else { Ok(Self(Lazy::new(text))) }
    }
    fn fault(&self) -> Option<String> {
        self.regex().err().map(|fault| fault.0)
    }
}

impl ParamType for ValueText {
    const KIND: ParamKind = kind("type", "a text", "");
    fn read(text: &str) -> Result<Self, Refusal> {
        Ok(Self(Lazy::new(text)))
    }
}

words! {
    /// How two values compare.
    pub(crate) enum Comparison {
        Equal = "=",
        NotEqual = "!=",
        Less = "<",
        Greater = ">",
        AtMost = "<=",
        AtLeast = ">=",
    }
}

impl Comparison {
    /// Whether `left` stands in this relation to `right`.
    pub(crate) fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::Greater => left > right,
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
        }
    }

    /// Whether this order is the relation.
    pub(crate) fn holds_for(self, order: Ordering) -> bool {
        self.holds(&order, &Ordering::Equal)
    }
}

const SEVERITIES: &[&str] = &["unknown", "negligible", "low", "medium", "high", "critical"];

impl ParamType for Severity {
    const KIND: ParamKind =
        ParamKind { validator: "EnumString", expected: "a severity", words: SEVERITIES, pattern: "" };
    fn read(text: &str) -> Result<Self, Refusal> {
        // COMPAT: words of an enumeration are case-sensitive.
        SEVERITIES
            .iter()
            .position(|word| *word == text)
            .and_then(|position| Self::ALL.get(position).copied())
            .ok_or_else(|| Refusal::word(text, SEVERITIES))
    }
}

words! {
    /// Whether two texts must be the same; a text with `*` stands for many.
    pub(crate) enum Sameness {
        Same = "=",
        Other = "!=",
    }
}

words! {
    /// Whether a list names what is allowed or what is denied.
    pub(crate) enum ListType {
        Allow = "allowlist" | "whitelist",
        Deny = "denylist" | "blacklist",
    }
}

words! {
    /// Whether two values must be equal or must differ.
    pub(crate) enum Equality {
        Equals = "equals",
        NotEquals = "not_equals",
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::Severity;

    use super::{CommaList, Number, NumberList, Octal};
    use crate::trigger::params::ParamType;

    #[test]
    fn each_type_accepts_what_the_engine_accepts() {
        assert_eq!(CommaList::read("a, b").unwrap().0, ["a", "b"]);
        assert!(CommaList::read("a,,b").is_err() && CommaList::read("").is_err());
        assert_eq!(NumberList::read("22, 80").unwrap().0, [22, 80]);
        assert!(NumberList::read("22-23").is_err());
        assert_eq!(Number::read("-1.5").unwrap(), Number(-1.5));
        for text in ["", ".5", "1e3", "NaN", "inf", "1.", "+1", "--1"] {
            assert!(Number::read(text).is_err(), "{text}");
        }
        assert_eq!((Octal::read("00644").unwrap().0, Octal::read("0o644").unwrap().0), (0o644, 0o644));
        assert!(Octal::read("0o").is_err() && Octal::read("888").is_err() && Octal::read("+7").is_err());
        assert!(bool::read("True").unwrap() && bool::read("yes").is_err());
        assert_eq!(u32::read(" 7 ").unwrap(), 7);
        assert!(u32::read("0.1").is_err() && u32::read("+1").is_err() && u32::read("99999999999").is_err());
        assert_eq!(Severity::read("high").unwrap(), Severity::High);
        assert_eq!(Severity::read("hgih").unwrap_err().help.as_deref(), Some("did you mean `high`?"));
        assert!(Severity::read("High").is_err());
    }
}
