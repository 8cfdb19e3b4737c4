//! Images of an account: adding them, finding them, deleting them.

mod add;
mod analyze;
mod find;
mod identity;

pub use add::{AddImage, AddSource};
pub use find::{AncestorView, Base, ImageView};

pub(crate) use add::{Requester, annotated, subscribe, subscription_id};
pub(crate) use analyze::ANALYZE;
pub(crate) use find::chain_ids;
pub(crate) use identity::{identities, key_of, matches_of};
