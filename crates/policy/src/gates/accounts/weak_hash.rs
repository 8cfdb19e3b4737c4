//! `accounts` / `weak_hash`: a password is hashed with another scheme than the allowed ones.

use stopgate_model::Remediation;

use super::{Kept, SHADOW, need, password_lines};
use crate::engine::Scene;
use crate::gates::passwd_file::PASSWD;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct WeakHash;

params! {
    pub(crate) struct WeakHashParams {
        /// What hashes of allowed schemes begin with (crypt(5)).
        #[example = "$6$,$y$"]
        #[default = "$6$,$y$"]
        allow: CommaList,
    }
}

impl Trigger for WeakHash {
    type Params = WeakHashParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "weak_hash:<account>",
        ..TriggerInfo::new("accounts", "weak_hash", "A password is hashed with another scheme than the allowed ones.")
    };

    fn needs(_: &WeakHashParams) -> Vec<Need> {
        vec![need(PASSWD), need(SHADOW)]
    }
}

impl ImageTrigger for WeakHash {
    fn fire(params: &WeakHashParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for line in password_lines(scene, hits).into_iter().filter(|line| line.kept() == Kept::Hashed) {
            if params.allow.0.iter().any(|prefix| line.secret_begins(prefix)) {
                continue;
            }
            let (name, scheme) = (line.name, line.scheme());
            hits.push(
                Hit::with_id(
                    format!("{}:{name}", Self::INFO.name),
                    format!("the password of account `{name}` is hashed with {scheme}"),
                )
                .about(line.subject())
                .evidence(line.evidence(scene))
                .because(format!("hash begins with one of {}", params.allow.0.join(", ")), scheme)
                .remedy(Remediation::Advice {
                    text: format!("lock the account `{name}`, or set its password again with an allowed scheme"),
                }),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, document, ids, image, policy};

    const RULE: &str = "warn accounts.weak_hash";

    fn case(shadow: &str) -> Case {
        image().retrieved("/etc/passwd", "bob:x:1000:1000::/:/bin/sh\n").retrieved("/etc/shadow", shadow)
    }

    #[test]
    fn fires() {
        let md5 = case("bob:$1$salt$qJH7.N4xYta3aEG/dfqo/0:19000::::::\n");
        assert_eq!(ids(&md5, RULE), ["weak_hash:bob"]);
        assert_eq!(check(&md5, RULE)[0], "warn the password of account `bob` is hashed with MD5");
        let des = "warn the password of account `bob` is hashed with DES or an unknown scheme";
        assert_eq!(check(&case("bob:rEK1ecacw.7.c:1::::::\n"), RULE)[0], des);
        let passwd = image().retrieved("/etc/passwd", "bob:$5$s$h:1:1::/:/bin/sh\n");
        assert_eq!(check(&passwd, RULE)[0], "warn the password of account `bob` is hashed with SHA-256");
    }

    #[test]
    fn does_not_fire() {
        for field in ["$6$s$h", "$y$j9T$s$h", "*", "!", "!!", "!$1$s$h", "*LK*", "x", ""] {
            assert_eq!(check(&case(&format!("bob:{field}:1::::::\n")), RULE), ["pass"], "{field}");
        }
        assert_eq!(check(&case("bob:$5$s$h:1::::::\n"), "warn accounts.weak_hash allow=$5$"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let dod = "stop accounts.weak_hash allow=$6$";
        assert_eq!(check(&case("bob:$y$j9T$s$h:1::::::\n"), dod).len(), 2);
        // A text that is no hash cannot be used, and should not stand there either.
        assert_eq!(check(&case("bob:hunter2:1::::::\n"), RULE).len(), 2);
        assert_eq!(check(&case("bob:$6:1::::::\n"), RULE).len(), 2, "the whole prefix must be there");
        let evaluation = case("bob:$1$grain$hunter2:1::::::\n").evaluate(&policy(&document(&[RULE])));
        let told = format!("{evaluation:?}");
        assert!(!told.contains("grain") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, "stop accounts.weak_hash").pop().unwrap(), "undecided");
        assert_eq!(check(&image(), RULE), ["pass"], "an image without accounts");
    }
}
