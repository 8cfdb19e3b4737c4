//! Who decides: part of every verdict, so that it can be told when another engine would answer otherwise.

use stopgate_formats::Producer;
use stopgate_model::Engine;

/// Raised whenever a matcher, a trigger or a cataloger gives another answer than before.
const SEMANTICS: &str = "1";

pub(crate) fn engine() -> Engine {
    Engine {
        name: "stopgate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        semantics: SEMANTICS.to_owned(),
    }
}

/// Who writes a document. Without a time, equal artifacts give equal bytes.
pub(crate) const fn producer(created: Option<&str>) -> Producer<'_> {
    Producer { name: "stopgate", version: env!("CARGO_PKG_VERSION"), created }
}
