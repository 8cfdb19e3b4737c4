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

#[cfg(test)]
mod tests {
    use crate::tests::{check, folder, ids, image};

    #[test]
    fn fires() {
        assert_eq!(check(&image(), "stop always.always"), ["stop the rule fires for every artifact", "stop"]);
        assert_eq!(ids(&image(), "go ALWAYS.Always"), ["always"]);
    }

    #[test]
    fn does_not_fire() {
        // It always does. Only its action decides what follows.
        assert_eq!(check(&image(), "warn always.always")[1], "pass");
        assert_eq!(check(&image(), "go always.always")[1], "pass");
    }

    #[test]
    fn boundary() {
        let errors = crate::tests::refused("stop always.always x=y");
        assert_eq!(errors[0], "rule `r1`: there is no parameter `x` (the trigger has no parameters)");
    }

    #[test]
    fn data_missing() {
        // It reads nothing, so nothing can be missing.
        let bare = folder().with(|artifact| (artifact.files, artifact.distro) = (None, None));
        assert_eq!(check(&bare, "warn always.always").last().unwrap(), "undecided", "no source mapping");
        assert_eq!(ids(&image().with(|artifact| artifact.config = None), "stop always.always"), ["always"]);
    }
}
