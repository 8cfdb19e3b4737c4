//! `accounts` / `uid_zero`: an account other than the allowed ones has the user id 0.

use stopgate_model::Remediation;

use super::{lines, need};
use crate::engine::Scene;
use crate::gates::passwd_file::PASSWD;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct UidZero;

params! {
    pub(crate) struct UidZeroParams {
        /// Accounts that may have the user id 0.
        #[example = "root"]
        #[default = "root"]
        allow: CommaList,
    }
}

impl Trigger for UidZero {
    type Params = UidZeroParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "uid_zero:<account>",
        ..TriggerInfo::new("accounts", "uid_zero", "An account other than the allowed ones has the user id 0.")
    };

    fn needs(_: &UidZeroParams) -> Vec<Need> {
        vec![need(PASSWD)]
    }
}

impl ImageTrigger for UidZero {
    fn fire(params: &UidZeroParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for line in lines(scene, PASSWD, hits) {
            let (name, id) = (line.name, line.id);
            if line.number_of_id() != 0 || params.allow.contains(name) {
                continue;
            }
            let message = if !id.is_empty() && id.bytes().all(|b| b == b'0') {
                format!("account `{name}` has the user id 0")
            } else {
                format!("account `{name}` has the user id `{id}`, which container runtimes take for 0")
            };
            hits.push(
                Hit::with_id(format!("{}:{name}", Self::INFO.name), message)
                    .about(line.subject())
                    .evidence(line.evidence(scene))
                    .because(format!("user id 0, and none of {}", params.allow.0.join(", ")), format!("{name}, {id}"))
                    .remedy(Remediation::Advice {
                        text: format!("give the account `{name}` another user id, or remove it from the image"),
                    }),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{check, ids, image};

    const RULE: &str = "stop accounts.uid_zero";

    fn checked(content: &str, rule: &str) -> Vec<String> {
        check(&image().retrieved("/etc/passwd", content), rule)
    }

    #[test]
    fn fires() {
        let case = image().retrieved("/etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n");
        assert_eq!(ids(&case, RULE), ["uid_zero:toor"]);
        assert_eq!(check(&case, RULE), ["stop account `toor` has the user id 0", "stop"]);
        assert_eq!(check(&case, "stop accounts.uid_zero allow=admin").len(), 3);
    }

    #[test]
    fn does_not_fire() {
        let two = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n";
        assert_eq!(checked(two, "stop accounts.uid_zero allow=root, toor"), ["pass"]);
        assert_eq!(checked("app:x:10:0::/:/bin/sh\n# old:x:0:0::/:/bin/sh\n", RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(checked("a:x:000:0::/:/bin/sh\n", RULE)[0], "stop account `a` has the user id 0");
        for line in ["odd:x:?:0::/:/bin/sh", "odd:x", "odd"] {
            assert!(checked(line, RULE)[0].ends_with("which container runtimes take for 0"), "{line}");
        }
        assert_eq!(checked("a:x:99999999999999999999999:0::/:/bin/sh\n", RULE), ["pass"]);
        assert_eq!(checked("Root:x:0:0::/:/bin/sh\n", RULE).len(), 2, "names are as written");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, RULE)[1], "undecided");
        assert_eq!(check(&image(), RULE), ["pass"], "an image without accounts");
    }
}
