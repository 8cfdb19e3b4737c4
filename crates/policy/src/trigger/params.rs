//! Typed parameters. A struct inside [`params!`] becomes a parser that collects every error, and the
//! specification from which documentation, JSON Schema and forms are made.

use crate::document::suggest::{did_you_mean, quoted, shown};

/// A parameter as a document has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Name as written.
    pub name: String,
    /// Value as written.
    pub value: String,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy)]
pub struct ParamSpec {
    /// Name on the wire.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// What it means.
    pub description: &'static str,
    /// A value that makes sense.
    pub example: Option<&'static str>,
    /// The value when it is absent.
    pub default: Option<&'static str>,
    /// Whether it must be given.
    pub required: bool,
    /// Its type.
    pub kind: ParamKind,
}

/// A type of parameters, for documents.
#[derive(Debug, Clone, Copy)]
pub struct ParamKind {
    /// Anchore's name of the validator.
    pub validator: &'static str,
    /// What a value must be: `a whole number`.
    pub expected: &'static str,
    /// Every value, for enumerations.
    pub words: &'static [&'static str],
    /// Regular expression of a valid text (ECMA 262); empty when any text is.
    pub pattern: &'static str,
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What was expected.
    pub(crate) expected: String,
    /// What may have been meant.
    pub(crate) help: Option<String>,
}

impl Refusal {
    pub(crate) fn of(kind: &ParamKind) -> Self {
        Self { expected: kind.expected.to_owned(), help: None }
    }

    pub(crate) fn word(given: &str, words: &[&'static str]) -> Self {
        let help = did_you_mean(given, words.iter().copied());
        Self { expected: format!("one of {}", quoted(words.iter().copied())), help }
    }
}

/// A type that a parameter can have.
pub(crate) trait ParamType: Sized {
    /// Its specification.
    const KIND: ParamKind;
    /// Whether a parameter of this type must be given when it has no default.
    const REQUIRED: bool = true;
    /// Reads a value.
    fn read(text: &str) -> Result<Self, Refusal>;
    /// The value when nothing is given and there is no default.
    fn absent() -> Option<Self> {
        None
    }
    /// A value that was accepted but cannot be used: an expression that does not compile.
    fn fault(&self) -> Option<String> {
        None
    }
}

impl<T: ParamType> ParamType for Option<T> {
    const KIND: ParamKind = T::KIND;
    const REQUIRED: bool = false;
    fn read(text: &str) -> Result<Self, Refusal> {
        // Forms send an empty text for a field that was left alone.
        if text.is_empty() {
            return Ok(None);
        }
        T::read(text).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn fault(&self) -> Option<String> {
        self.as_ref().and_then(T::fault)
    }
}

/// What is wrong with a rule's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamError {
    /// Position in the list as given; `None` when a parameter is missing.
    pub index: Option<usize>,
    /// Whether the name is wrong rather than the value.
    pub in_name: bool,
    /// One sentence.
    pub message: String,
    /// Suggestion.
    pub help: Option<String>,
}

impl ParamError {
    /// Something that concerns several parameters.
    pub(crate) fn across(message: impl Into<String>) -> Self {
        Self { index: None, in_name: false, message: message.into(), help: None }
    }
}

/// A struct of parameters.
pub(crate) trait Params: Sized + Send + Sync + std::fmt::Debug + 'static {
    /// Its parameters, in the order in which a form shows them.
    const SPEC: &'static [ParamSpec];
    /// Reads all parameters, or tells all that is wrong.
    fn parse(given: &[Param]) -> Result<Self, Vec<ParamError>>;
    /// Values that were accepted but cannot be used.
    fn faults(&self) -> Vec<String>;
}

/// Reads parameters one after the other.
pub(crate) struct Reading<'a> {
    given: &'a [Param],
    spec: &'static [ParamSpec],
    errors: Vec<ParamError>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(given: &'a [Param], spec: &'static [ParamSpec]) -> Self {
        let mut reading = Self { given, spec, errors: Vec::new() };
        for (index, param) in given.iter().enumerate() {
            reading.check_name(index, param);
        }
        reading
    }

    fn check_name(&mut self, index: usize, param: &Param) {
        let name = param.name.to_lowercase();
        let error = |message, help| ParamError { index: Some(index), in_name: true, message, help };
        let Some(spec) = self.spec.iter().find(|spec| spec.is_called(&name)) else {
            let names = self.spec.iter().map(|spec| spec.name);
            let help = did_you_mean(&name, names.clone()).or_else(|| {
                Some(match self.spec {
                    [] => "the trigger has no parameters".to_owned(),
                    _ => format!("expected one of {}", quoted(names)),
                })
            });
            self.errors.push(error(format!("there is no parameter `{}`", shown(&param.name)), help));
            return;
        };
        let earlier = self.given.iter().take(index);
        if earlier.clone().any(|earlier| spec.is_called(&earlier.name.to_lowercase())) {
            self.errors.push(error(format!("parameter `{}` is given twice", spec.name), None));
        }
    }

    /// The value of a parameter; `None` when it is missing or wrong, which is then recorded.
    pub(crate) fn take<T: ParamType>(&mut self, name: &'static str) -> Option<T> {
        let spec = self.spec.iter().find(|spec| spec.name == name)?;
        let found = self.given.iter().enumerate().find(|(_, param)| spec.is_called(&param.name.to_lowercase()));
        let (index, text) = match (found, spec.default) {
            (Some((index, param)), _) => (Some(index), param.value.as_str()),
            (None, Some(default)) => (None, default),
            (None, None) => {
                let absent = T::absent();
                if absent.is_none() {
                    let message = format!("parameter `{name}` is missing: expected {}", spec.kind.expected_text());
                    let help = spec.example.map(|example| format!("for example `{example}`"));
                    self.errors.push(ParamError { index: None, in_name: false, message, help });
                }
                return absent;
            }
        };
        match T::read(text) {
            Ok(value) => Some(value),
            Err(refusal) => {
                let message =
                    format!("parameter `{name}` does not accept `{}`: expected {}", shown(text), refusal.expected);
                self.errors.push(ParamError { index, in_name: false, message, help: refusal.help });
                None
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<ParamError> {
        self.errors
    }
}

impl ParamSpec {
    /// Whether a lower-case name means this parameter.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

impl ParamKind {
    fn expected_text(&self) -> String {
        match self.words {
            [] => self.expected.to_owned(),
            words => format!("one of {}", quoted(words.iter().copied())),
        }
    }
}

/// The first of at most one, else the fallback: optional attributes of [`params!`].
pub(crate) const fn pick<T: Copy>(given: &[T], fallback: T) -> T {
    match given {
        [first, ..] => *first,
        [] => fallback,
    }
}

/// Declares a trigger's parameters. `Option` means not required, the doc comment is the description,
/// `#[name]` serves wire names that are Rust keywords.
macro_rules! params {
    (
        $(#[check = $check:path])?
        $vis:vis struct $Name:ident {$(
            $(#[doc = $doc:literal])+
            $(#[name = $name:literal])?
            $(#[aliases = $aliases:expr])?
            $(#[example = $example:literal])?
            $(#[default = $default:literal])?
            $field:ident : $Type:ty,
        )*}
    ) => {
        #[derive(Debug)]
        $vis struct $Name {$( $(#[doc = $doc])+ $field: $Type, )*}

        impl $crate::trigger::params::Params for $Name {
            const SPEC: &'static [$crate::trigger::params::ParamSpec] = &[$({
                use $crate::trigger::params::{ParamSpec, ParamType, pick};
                let default: &[Option<&'static str>] = &[$(Some($default))?];
                ParamSpec {
                    name: pick(&[$($name)?], stringify!($field)),
                    aliases: pick(&[$($aliases)?], &[]),
                    description: concat!($($doc),+),
                    example: pick(&[$(Some($example))?], None),
                    default: pick(default, None),
                    required: <$Type as ParamType>::REQUIRED && default.is_empty(),
                    kind: <$Type as ParamType>::KIND,
                }
            }),*];

            fn parse(
                given: &[$crate::trigger::params::Param],
            ) -> Result<Self, Vec<$crate::trigger::params::ParamError>> {
                #[allow(unused_mut, reason = "a trigger may have no parameters")]
                let mut reading = $crate::trigger::params::Reading::new(given, Self::SPEC);
                $(let $field = reading.take::<$Type>($crate::trigger::params::pick(&[$($name)?], stringify!($field)));)*
                #[allow(unused_mut, reason = "not every struct has a check")]
                let mut errors = reading.finish();
                if !errors.is_empty() {
                    return Err(errors);
                }
                // INVARIANT: without an error every field is there.
                let params = Self {$( $field: $field.ok_or_else(Vec::new)?, )*};
                $(
                    $check(&params, &mut errors);
                    if !errors.is_empty() {
                        return Err(errors);
                    }
                )?
                Ok(params)
            }

            fn faults(&self) -> Vec<String> {
                let faults: Vec<Option<String>> =
                    vec![$($crate::trigger::params::ParamType::fault(&self.$field)),*];
                faults.into_iter().flatten().collect()
            }
        }
    };
}
pub(crate) use params;

/// Declares an enumeration of words that a parameter can have.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        $vis:vis enum $Name:ident { $( $(#[doc = $doc:literal])* $Variant:ident = $first:literal $(| $alias:literal)*, )+ }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $Name { $( $(#[doc = $doc])* $Variant, )+ }

        impl $Name {
            /// The word on the wire.
            #[allow(dead_code, reason = "not every enumeration is shown")]
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$Variant => $first),+ }
            }
        }

        impl $crate::trigger::params::ParamType for $Name {
            const KIND: $crate::trigger::params::ParamKind = $crate::trigger::params::ParamKind {
                validator: "EnumString",
                expected: "one of the listed words",
                words: &[$($first),+],
                pattern: "",
            };
            fn read(text: &str) -> Result<Self, $crate::trigger::params::Refusal> {
                match text {
                    $($first $(| $alias)* => Ok(Self::$Variant),)+
                    _ => Err($crate::trigger::params::Refusal::word(text, Self::KIND.words)),
                }
            }
        }
    };
}
pub(crate) use words;
