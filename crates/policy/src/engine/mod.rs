//! Evaluation of a policy on an artifact.

pub(crate) mod allowlist;
mod assessed;
mod evaluate;
pub(crate) mod exceptions;
mod grace;
mod mapping;
pub(crate) mod paths;
pub(crate) mod scene;
mod verdict;

pub use evaluate::evaluate;
pub(crate) use mapping::find as mapping_of;
pub use scene::{Ancestor, BaseImage, EvalContext, History, MatchView, Scene, presence};
