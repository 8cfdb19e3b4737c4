//! `accounts` / `empty_password`: an account has no password, so that whoever gives its name is in.

use stopgate_model::Remediation;

use super::{Kept, SHADOW, need, password_lines};
use crate::engine::Scene;
use crate::gates::passwd_file::PASSWD;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct EmptyPassword;

params! {
    pub(crate) struct EmptyPasswordParams {}
}

impl Trigger for EmptyPassword {
    type Params = EmptyPasswordParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "empty_password:<account>",
        ..TriggerInfo::new("accounts", "empty_password", "An account has no password.")
    };

    fn needs(_: &EmptyPasswordParams) -> Vec<Need> {
        vec![need(PASSWD), need(SHADOW)]
    }
}

impl ImageTrigger for EmptyPassword {
    fn fire(_: &EmptyPasswordParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for line in password_lines(scene, hits).into_iter().filter(|line| line.kept() == Kept::Not) {
            let name = line.name;
            hits.push(
                Hit::with_id(format!("{}:{name}", Self::INFO.name), format!("account `{name}` has no password"))
                    .about(line.subject())
                    .evidence(line.evidence(scene))
                    .because("password is there or the account is locked", "neither")
                    .remedy(Remediation::Advice { text: format!("lock the account: passwd -l {name}") }),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{Case, check, ids, image};

    const RULE: &str = "stop accounts.empty_password";

    fn case(passwd: &str, shadow: &str) -> Case {
        image().retrieved("/etc/passwd", passwd).retrieved("/etc/shadow", shadow)
    }

    #[test]
    fn fires() {
        let shadow = case("bob:x:1000:1000::/:/bin/sh\n", "root:*:19000::::::\nbob::19000:0:99999:7:::\n");
        assert_eq!(ids(&shadow, RULE), ["empty_password:bob"]);
        assert_eq!(check(&shadow, RULE), ["stop account `bob` has no password", "stop"]);
        let passwd = case("bob::1000:1000::/:/bin/sh\n", "");
        assert_eq!(ids(&passwd, RULE), ["empty_password:bob"]);
    }

    #[test]
    fn does_not_fire() {
        let locked = case(
            "root:x:0:0::/:/bin/sh\nbob:x:1:1::/:/bin/sh\n",
            "root:*:19000::::::\nbob:!::0:::::\neve:$6$x:1:::::\n",
        );
        assert_eq!(check(&locked, RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case("", "bob\n"), RULE).len(), 2, "a line that ends after the name has no password");
        assert_eq!(check(&case("", "#bob::1::::::\n\n"), RULE), ["pass"]);
        assert_eq!(check(&case("bob:*:1:1::/:/bin/sh\n", ""), RULE), ["pass"], "the file of accounts may lock as well");
        let both = case("bob::1:1::/:/bin/sh\n", "bob:!:1::::::\n");
        assert_eq!(check(&both, RULE).len(), 2, "without `x` the file of passwords is not asked");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image().with(|artifact| artifact.retrieved = None), RULE).pop().unwrap(), "undecided");
        let unread = image().files(&[("/etc/shadow", FileKind::Regular, 0o640)]).retrieved("/etc/passwd", "");
        assert_eq!(check(&unread, RULE)[1], "undecided", "the file is there and was not kept");
        assert_eq!(check(&image(), RULE), ["pass"], "an image without accounts");
    }
}
