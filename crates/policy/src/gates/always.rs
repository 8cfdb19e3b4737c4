//! `always` / `always`: fires whatever the artifact is.

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct Always;

params! {
    pub(crate) struct AlwaysParams {}
}

impl Trigger for Always {
    type Params = AlwaysParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        trigger_id: "always",
        ..TriggerInfo::new("always", "always", "Fires unconditionally, once per rule.")
    };
}

impl ImageTrigger for Always {
    fn fire(_: &AlwaysParams, _: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        hits.push(Hit::with_id("always", "the rule fires for every artifact").about("always"))
    }
}
