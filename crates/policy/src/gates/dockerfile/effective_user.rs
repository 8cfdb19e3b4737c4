//! `dockerfile` / `effective_user`: the user that the image runs as.

use stopgate_model::{Evidence, Remediation};

use super::lines;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::{CommaList, ListType};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct EffectiveUser;

params! {
    pub(crate) struct EffectiveUserParams {
        /// Users, as names or ids.
        #[example = "root,docker"]
        users: CommaList,
        /// Whether these users are the allowed or the denied ones.
        #[name = "type"]
        #[example = "denylist"]
        list: ListType,
    }
}

impl Trigger for EffectiveUser {
    type Params = EffectiveUserParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::ConfigOrDockerfile],
        ..TriggerInfo::new("dockerfile", "effective_user", "The effective user is denied, or is not allowed.")
    };
}

impl ImageTrigger for EffectiveUser {
    fn fire(params: &EffectiveUserParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let line = lines::in_file(scene, "USER").pop();
        let user = match (&scene.artifact().config, &line) {
            (Some(config), _) => config.user.clone(),
            (None, Some(line)) => line.text.clone(),
            (None, None) => String::new(),
        };
        let user = match user.trim_matches(['[', ']', ' ']) {
            "" => "root".to_owned(),
            user => user.to_owned(),
        };
        let listed = same_users(&user).iter().any(|name| params.users.contains(name));
        let (frozen, message) = match (params.list, listed) {
            (ListType::Allow, false) => (
                format!("User {user} found as effective user, which is not on the allowed list"),
                format!("the image runs as `{user}`, which is not one of the allowed users"),
            ),
            // COMPAT: the misspelt word is part of the id.
            (ListType::Deny, true) => (
                format!("User {user} found as effective user, which is explicity not allowed"),
                format!("the image runs as `{user}`, which is a denied user"),
            ),
            _ => return Ok(()),
        };
        let number = line.as_ref().and_then(lines::Line::number);
        let hit = Hit::frozen(&Self::INFO, &frozen, message)
            .about(format!("USER {user}"))
            .evidence(Evidence::Config { field: "User".to_owned(), value: user.clone() })
            .because(format!("effective user on {} {}", params.list.word(), params.users.0.join(",")), user)
            .remedy(Remediation::Dockerfile { line: number, instruction: "USER 10001".to_owned() });
        hits.push(match line {
            Some(line) => hit.evidence(line.evidence("USER")),
            None => hit,
        })
    }
}

/// The names under which a list may have a user: with and without its group, root as name and as id.
fn same_users(user: &str) -> Vec<String> {
    let name = user.split(':').next().unwrap_or(user);
    let mut names = vec![user.to_owned(), name.to_owned()];
    match name {
        "root" => names.push("0".to_owned()),
        _ if !name.is_empty() && name.bytes().all(|b| b == b'0') => names.extend(["root".to_owned(), "0".to_owned()]),
        _ => {}
    }
    names
}

#[cfg(test)]
mod tests {
    use stopgate_model::DockerfileMode;

    use crate::tests::{Case, check, ids, image};

    const DENY: &str = "stop dockerfile.effective_user users=root,docker; type=denylist";
    const ALLOW: &str = "stop dockerfile.effective_user users=app; type=allowlist";

    fn user(name: &str) -> Case {
        image().config(|config| config.user = name.to_owned())
    }

    #[test]
    fn fires() {
        assert_eq!(ids(&image(), DENY), ["cbff271f45d32e78dcc1979dbca9c14d"]);
        assert_eq!(ids(&image(), ALLOW), ["b2605c2ddbdb02b8e2365c9248dada5a"]);
        assert_eq!(check(&user("docker"), DENY)[0], "stop the image runs as `docker`, which is a denied user");
        assert_eq!(
            check(&user("web"), ALLOW)[0],
            "stop the image runs as `web`, which is not one of the allowed users"
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&user("app"), DENY), ["pass"]);
        assert_eq!(check(&user("app"), ALLOW), ["pass"]);
        let named = user("app").dockerfile(DockerfileMode::Actual, &["FROM x", "USER root"]);
        assert_eq!(check(&named, DENY), ["pass"], "the configuration says what runs");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&user("0:0"), DENY)[0], "stop the image runs as `0:0`, which is a denied user");
        assert_eq!(check(&user("000"), DENY).len(), 2, "root by its id");
        assert_eq!(check(&user("app:root"), ALLOW), ["pass"], "the group is not the user");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.config = None);
        assert_eq!(
            check(&none, DENY),
            [
                "! rule `r1`: it was not checked: there is no image configuration: check the image rather than its SBOM",
                "undecided"
            ]
        );
        let file = none.dockerfile(DockerfileMode::Guessed, &["FROM x", "USER docker"]);
        assert_eq!(check(&file, DENY)[0], "stop the image runs as `docker`, which is a denied user");
    }
}
