//! The policy document: reading, conversion from v1, the typed policy.

mod bind;
mod canonical;
mod convert;
pub(crate) mod error;
mod expiry;
pub(crate) mod extension;
mod fields;
mod lenient;
pub(crate) mod policy;
mod read;
pub(crate) mod suggest;
pub(crate) mod tree;

pub use convert::Change;
pub use error::PolicyError;
pub use extension::{
    Assessment, Exception, Extension, ForAnchore, Grace, GraceFrom, Mode, Parameter, ParameterType, RuleExtension,
    Selector, for_anchore, parse_extension, parse_values,
};
pub use lenient::{LenientDocument, lenient};
pub use policy::{
    Allowlist, AllowlistItem, Expiry, ImageKind, ImageRule, ImageTarget, Mapping, Names, Policy, Rule, RuleSet, Target,
};
pub use read::{ParseOptions, ParsedPolicy, parse, parse_extended};
pub use suggest::did_you_mean;
