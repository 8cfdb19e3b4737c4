//! The published API as a table: operations, parameters and the fields of every schema, names and types alone.
//!
//! The table is `openapi/anchore-v2.contract.json`. The test `contract` compares this crate with it, and, where the
//! published document is at hand, the table with the document. Other crates' tests read it to know which operations
//! there are, how urgent each one is, and which permission it needs.
//!
//! Types are written so: `string`, `integer`, `number`, `boolean`, `object`, `any`; `string(date-time)` with its format;
//! `{a/b}` one of these words; `[X]` a list; `map<X>` an object with free keys; `X | Y` one of these; any other word is
//! a schema's name.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

static TEXT: &str = include_str!("../../../openapi/anchore-v2.contract.json");

/// The whole table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// Version of the published document.
    pub version: String,
    pub operations: Vec<Operation>,
    pub schemas: BTreeMap<String, SchemaFacts>,
}

/// One method on one path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// Without the prefix `/v2`.
    pub path: String,
    pub id: String,
    /// 1: public clients or the console need it; 2: users expect it; 3: the rest.
    pub tier: u8,
    /// Name of the permission; absent for what is open to everyone or to everyone with credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Type of the body per content type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, String>,
    /// Type of the body per status; empty where there is none.
    pub responses: BTreeMap<String, String>,
}

/// A parameter of an operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    #[serde(rename = "in")]
    pub place: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Value when absent, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What a schema is, and its fields when it is an object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaFacts {
    #[serde(rename = "type")]
    pub kind: String,
    /// No other keys are allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A field. Those of an object without a name of its own follow it, as `details.findings`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nullable: bool,
    /// Pattern, range or length, as `pattern=…` or `minimum=30 maximum=600`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

/// The table, parsed on first use.
#[expect(clippy::expect_used, reason = "the text is compiled in, and a test parses it")]
pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| serde_json::from_str(TEXT).expect("the contract table is valid"))
}
