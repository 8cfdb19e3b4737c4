//! `accounts` / `duplicates`: accounts or groups share an id or a name, or the primary group of an account is missing.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::Remediation;

use super::{GROUP, Line, lines, need};
use crate::engine::Scene;
use crate::gates::passwd_file::PASSWD;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Duplicates;

params! {
    pub(crate) struct DuplicatesParams {
        /// Whether accounts that share a user id are reported.
        #[example = "true"]
        #[default = "true"]
        uid: bool,
        /// Whether groups that share a group id are reported.
        #[example = "true"]
        #[default = "true"]
        gid: bool,
        /// Whether accounts, or groups, of the same name are reported.
        #[example = "true"]
        #[default = "true"]
        name: bool,
        /// Whether accounts whose primary group does not exist are reported.
        #[example = "true"]
        #[default = "true"]
        missing_primary_group: bool,
    }
}

impl Trigger for Duplicates {
    type Params = DuplicatesParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "duplicates:<kind>:<value>",
        ..TriggerInfo::new("accounts", "duplicates", "Accounts share an id or a name, or a primary group is missing.")
    };

    fn needs(params: &DuplicatesParams) -> Vec<Need> {
        let accounts = params.uid || params.name || params.missing_primary_group;
        let groups = params.gid || params.name || params.missing_primary_group;
        let files = [(accounts, PASSWD), (groups, GROUP)];
        files.into_iter().filter(|(wanted, _)| *wanted).map(|(_, path)| need(path)).collect()
    }
}

impl ImageTrigger for Duplicates {
    fn fire(params: &DuplicatesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let (accounts, groups) = (lines(scene, PASSWD, hits), lines(scene, GROUP, hits));
        let id = |line: &Line<'_>| line.number_of_id().to_string();
        let name = |line: &Line<'_>| line.name.to_owned();
        if params.uid {
            shared(scene, hits, &accounts, ("uid", "the user id"), id)?;
        }
        if params.gid {
            shared(scene, hits, &groups, ("gid", "the group id"), id)?;
        }
        if params.name {
            shared(scene, hits, &accounts, ("user", "the name"), name)?;
            shared(scene, hits, &groups, ("group", "the group name"), name)?;
        }
        if params.missing_primary_group {
            let known: BTreeSet<u64> = groups.iter().map(Line::number_of_id).collect();
            for line in accounts.iter().filter(|line| !known.contains(&line.number_of_group())) {
                hits.push(without_group(scene, line))?;
            }
        }
        Ok(())
    }
}

/// Reports lines that have the same value.
fn shared(
    scene: &Scene<'_>,
    hits: &mut Hits,
    lines: &[Line<'_>],
    (key, what): (&str, &str),
    value: impl Fn(&Line<'_>) -> String,
) -> Result<(), Fault> {
    let mut by_value: BTreeMap<String, Vec<&Line<'_>>> = BTreeMap::new();
    for line in lines {
        by_value.entry(value(line)).or_default().push(line);
    }
    for (value, lines) in by_value.iter().filter(|(_, lines)| lines.len() > 1) {
        let names = lines.iter().map(|line| format!("`{}`", line.name)).collect::<Vec<_>>().join(", ");
        let message = format!("{} lines have {what} `{value}`: {names}", lines.len());
        let mut hit = Hit::with_id(format!("{}:{key}:{value}", Duplicates::INFO.name), message)
            .about(format!("{key} {value}"))
            .because(format!("{what} is there once"), format!("{} times", lines.len()))
            .remedy(Remediation::Advice { text: format!("leave {what} `{value}` to one of {names}") });
        for line in lines {
            hit = hit.evidence(line.evidence(scene));
        }
        hits.push(hit)?;
    }
    Ok(())
}

fn without_group(scene: &Scene<'_>, line: &Line<'_>) -> Hit {
    let (name, group) = (line.name, line.group);
    Hit::with_id(
        format!("{}:missing_primary_group:{name}", Duplicates::INFO.name),
        format!("the primary group `{group}` of account `{name}` does not exist"),
    )
    .about(line.subject())
    .evidence(line.evidence(scene))
    .because(format!("primary group is in {GROUP}"), group)
    .remedy(Remediation::Advice { text: format!("create the group: groupadd -g {group} {name}") })
}

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};

    const RULE: &str = "warn accounts.duplicates";

    fn case(passwd: &str, group: &str) -> Case {
        image().retrieved("/etc/passwd", passwd).retrieved("/etc/group", group)
    }

    #[test]
    fn fires() {
        let users = case("a:x:1:5::/:/sh\nb:x:1:5::/:/sh\na:x:2:6::/:/sh\n", "g:x:5:\nh:x:5:\ng:x:7:\n");
        let expected = [
            "duplicates:uid:1",
            "duplicates:gid:5",
            "duplicates:user:a",
            "duplicates:group:g",
            "duplicates:missing_primary_group:a",
        ];
        assert_eq!(ids(&users, RULE), expected);
        let lines = check(&users, RULE);
        assert_eq!(lines[0], "warn 2 lines have the user id `1`: `a`, `b`");
        assert_eq!(lines[4], "warn the primary group `6` of account `a` does not exist");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case("a:x:1:5::/:/sh\nb:x:2:5::/:/sh\n", "a:x:5:\nb:x:6:\n"), RULE), ["pass"]);
        let users = case("a:x:1:5::/:/sh\nb:x:1:5::/:/sh\n", "g:x:5:\n");
        assert_eq!(check(&users, "warn accounts.duplicates uid=false"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let zero = case("a:x:00:5::/:/sh\nb:x:0:5::/:/sh\nc:x::5::/:/sh\n", "g:x:5:\n");
        assert_eq!(ids(&zero, RULE), ["duplicates:uid:0"], "an id that is no number is 0");
        assert_eq!(check(&case("a:x:1:5::/:/sh\n", ""), RULE).len(), 2, "a file of groups without groups");
        assert_eq!(check(&case("a:x:1:1::/:/sh\nA:x:2:1::/:/sh\n", "g:x:1:\n"), RULE), ["pass"]);
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, "stop accounts.duplicates").pop().unwrap(), "undecided");
        let only = image().retrieved("/etc/passwd", "a:x:1:5::/:/sh\nb:x:1:5::/:/sh\n");
        let unread = only.files(&[("/etc/group", stopgate_model::FileKind::Regular, 0o644)]);
        assert_eq!(check(&unread, "stop accounts.duplicates").pop().unwrap(), "undecided");
        let uid = "stop accounts.duplicates gid=false; name=false; missing_primary_group=false";
        assert_eq!(ids(&unread, uid), ["duplicates:uid:1"], "groups are not read");
    }
}
