//! What a call answers.

use serde_json::Value;

/// A body, typed and as received.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// The body by the published shape.
    pub value: T,
    /// The same body with every key that the server sent, in its order; null when there was none.
    pub raw: Value,
}
