//! `image_config` / `user`: the configured user is root by its id, or is not given as a number.
//!
//! Unlike `dockerfile.effective_user`, which compares names, this asks what id the user has: an account
//! `app` whose line in the image's own `/etc/passwd` says 0 is root.

use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::gates::passwd_file::{PASSWD, uid_of};
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct User;

params! {
    pub(crate) struct UserParams {
        /// What to report: a user whose id is 0, or a user that is not a number.
        #[example = "uid_zero"]
        check: Check,
    }
}

words! {
    /// What to report.
    pub(crate) enum Check {
        UidZero = "uid_zero",
        NotNumeric = "not_numeric",
    }
}

impl Trigger for User {
    type Params = UserParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Config],
        trigger_id: "user:<user>",
        ..TriggerInfo::new("image_config", "user", "The user of the image is not as it should be.")
    };
}

impl ImageTrigger for User {
    fn fire(params: &UserParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(config) = &scene.artifact().config else { return Ok(()) };
        let user = config.user.trim();
        let shown = if user.is_empty() { "root" } else { user };
        let name = shown.split(':').next().unwrap_or(shown);
        let (message, condition) = match params.check {
            Check::UidZero => match id_of(name, scene, hits) {
                Some(0) if user.is_empty() => ("the image sets no user and runs as root".to_owned(), "user with id 0"),
                Some(0) => (format!("the image runs as `{shown}`, which has the user id 0"), "user with id 0"),
                _ => return Ok(()),
            },
            Check::NotNumeric if is_number(name) => return Ok(()),
            Check::NotNumeric => {
                (format!("the image runs as `{shown}`, which is not given as a number"), "user that is not a number")
            }
        };
        let id = format!("{}:{shown}", Self::INFO.name);
        hits.push(
            Hit::with_id(id, message)
                .about(format!("USER {shown}"))
                .evidence(Evidence::Config { field: "User".to_owned(), value: user.to_owned() })
                .because(condition, shown)
                .remedy(Remediation::Dockerfile { line: None, instruction: "USER 10001".to_owned() }),
        )
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// The id that a container runtime gives a user: the account's line wins, then a number stands for itself.
///
/// `None`, with what to know about it in `hits`, when there is no answer.
fn id_of(name: &str, scene: &Scene<'_>, hits: &mut Hits) -> Option<u64> {
    if let Some(uid) = uid_of(scene, name) {
        return Some(uid);
    }
    if is_number(name) {
        // A number too great for 64 bits is no id that a kernel has, and is not 0.
        return Some(name.parse().unwrap_or(u64::MAX));
    }
    if name == "root" {
        return Some(0);
    }
    let file = Need::RetrievedFile(PASSWD.to_owned());
    match scene.presence(&file) {
        Presence::Missing => hits.missing(file),
        _ => hits.note(format!("`{PASSWD}` has no account `{name}`, so the image cannot start as it")),
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};

    const ZERO: &str = "stop image_config.user check=uid_zero";
    const NUMBER: &str = "warn image_config.user check=not_numeric";

    fn user(name: &str) -> Case {
        image().config(|config| config.user = name.to_owned())
    }

    fn named(name: &str) -> Vec<String> {
        let accounts =
            "app:x:0:0::/:/bin/sh\nweb:x:1001:0::/:/bin/sh\nodd:x:?:0::/:/bin/sh\nshort:x\nroot:x:7:7::/:/bin/sh\n";
        check(&user(name).retrieved("/etc/passwd", accounts), ZERO)
    }

    #[test]
    fn fires() {
        assert_eq!(ids(&user(""), ZERO), ["user:root"]);
        assert_eq!(check(&user(""), ZERO)[0], "stop the image sets no user and runs as root");
        assert_eq!(ids(&user("0:1000"), ZERO), ["user:0:1000"]);
        assert_eq!(named("app:web")[0], "stop the image runs as `app:web`, which has the user id 0");
        assert_eq!(ids(&user("app"), NUMBER), ["user:app"]);
        assert_eq!(check(&user("app"), NUMBER)[0], "warn the image runs as `app`, which is not given as a number");
        assert_eq!(check(&user(""), NUMBER)[0], "warn the image runs as `root`, which is not given as a number");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&user("1000"), ZERO), ["pass"]);
        assert_eq!(named("web"), ["pass"]);
        assert_eq!(check(&user("1000:app"), NUMBER), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&user("000"), ZERO)[0], "stop the image runs as `000`, which has the user id 0");
        assert_eq!(check(&user("99999999999999999999999"), ZERO), ["pass"]);
        assert_eq!(named("root"), ["pass"], "its line says 7");
        assert_eq!(named("odd")[0], "stop the image runs as `odd`, which has the user id 0", "as runtimes read it");
        assert_eq!(named("short")[0], "stop the image runs as `short`, which has the user id 0", "fields are missing");
    }

    #[test]
    fn data_missing() {
        assert!(named("ghost")[0].contains("has no account `ghost`"));
        let none = user("app").with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, ZERO)[1], "undecided");
        assert_eq!(check(&image().with(|artifact| artifact.config = None), ZERO)[1], "undecided");
    }
}
