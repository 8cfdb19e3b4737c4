//! `files` / `permissions`: a file has an owner or mode that it should not have.
//!
//! What a rule does not ask for is not looked at. Modes of links and devices say nothing about who may write to the
//! image, so they are left out there.

use std::collections::BTreeSet;

use stopgate_model::{FileEntry, FileKind, Remediation};

use crate::engine::Scene;
use crate::gates::accounts::{GROUP, Line, lines, need};
use crate::gates::facts;
use crate::gates::passwd_file::PASSWD;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, params};
use crate::trigger::types::{Octal, RegexText};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Permissions;

params! {
    #[check = check_something]
    pub(crate) struct PermissionsParams {
        /// Whether files and folders are reported into which everyone may write.
        #[example = "true"]
        #[default = "false"]
        world_writable: bool,
        /// Whether folders with the sticky bit, from which nobody can remove what others wrote, are left out there.
        #[example = "true"]
        #[default = "true"]
        sticky_dirs_ok: bool,
        /// Whether files are reported whose owner or group does not exist.
        #[example = "true"]
        #[default = "false"]
        unowned: bool,
        /// Expression that paths must match, from their start; all paths when absent.
        #[example = "/etc/.*"]
        path: Option<RegexText>,
        /// Bits of the mode of which none may be set, octal.
        #[example = "022"]
        forbid_mask: Option<Octal>,
        /// Owner that files must have, by name or number.
        #[example = "root"]
        owner: Option<String>,
        /// Group that files must have, by name or number.
        #[example = "root"]
        group: Option<String>,
    }
}

fn check_something(params: &PermissionsParams, errors: &mut Vec<ParamError>) {
    let PermissionsParams { world_writable, unowned, forbid_mask, owner, group, .. } = params;
    if !world_writable && !unowned && forbid_mask.is_none() && owner.is_none() && group.is_none() {
        let names = "`world_writable`, `unowned`, `forbid_mask`, `owner` or `group`";
        errors.push(ParamError::across(format!("the rule asks for nothing: expected {names}")));
    }
}

impl Trigger for Permissions {
    type Params = PermissionsParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files],
        trigger_id: "file://<path>",
        ..TriggerInfo::new("files", "permissions", "A file has an owner or mode that it should not have.")
    };

    fn needs(params: &PermissionsParams) -> Vec<Need> {
        let named = |name: &Option<String>| name.as_deref().is_some_and(|name| id_of(name).is_none());
        let mut needs = Self::INFO.needs.to_vec();
        needs.extend((params.unowned || named(&params.owner)).then(|| need(PASSWD)));
        needs.extend((params.unowned || named(&params.group)).then(|| need(GROUP)));
        needs
    }

    fn path_texts(params: &PermissionsParams) -> Option<&[String]> {
        params.path.as_ref()?.regex().ok()?.texts()
    }
}

/// The id that a name stands for without any file: root's, or a number's own.
fn id_of(name: &str) -> Option<u64> {
    if name == "root" { Some(0) } else { name.parse().ok() }
}

impl ImageTrigger for Permissions {
    fn fire(params: &PermissionsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        let check = Check::new(params, scene, hits);
        let entries: Box<dyn Iterator<Item = FileEntry<'_>>> = match &params.path {
            Some(path) => {
                let regex = path.regex()?;
                match (regex.texts().and_then(|texts| scene.paths_with(texts)), regex.folder()) {
                    (Some(positions), _) => Box::new(positions.into_iter().filter_map(|at| files.at(at as usize))),
                    (None, Some(folder)) => Box::new(files.below(folder)),
                    (None, None) => Box::new(files.iter()),
                }
            }
            None => Box::new(files.iter()),
        };
        for entry in entries {
            let wrong = check.wrong(&entry);
            // The attributes are cheaper to compare than the path.
            if !wrong.is_empty() && params.names(entry.path)? {
                hits.push(check.hit(scene, &entry, &wrong))?;
            }
        }
        Ok(())
    }
}

impl PermissionsParams {
    fn names(&self, path: &str) -> Result<bool, Fault> {
        self.path.as_ref().map_or(Ok(true), |regex| regex.regex()?.matches(path))
    }
}

/// Ids of a file of accounts, and which of them is asked for.
struct Ids {
    known: BTreeSet<u64>,
    wanted: Option<u64>,
}

impl Ids {
    fn new(wanted: Option<&str>, scene: &Scene<'_>, file: &'static str, hits: &mut Hits) -> Self {
        let lines = lines(scene, file, hits);
        // Id 0 exists without being named. The first line of a name counts, as it does when names are looked up.
        let known = lines.iter().map(Line::number_of_id).chain([0]).collect();
        let wanted = wanted.map(|name| {
            let named = lines.iter().find(|line| line.name == name).map(Line::number_of_id);
            named.or_else(|| id_of(name)).unwrap_or_else(|| {
                hits.note(format!("`{file}` has no `{name}`, so no file belongs to it"));
                u64::MAX
            })
        });
        Self { known, wanted }
    }

    fn differs(&self, id: u32) -> bool {
        self.wanted.is_some_and(|wanted| wanted != u64::from(id))
    }
}

struct Check<'p> {
    params: &'p PermissionsParams,
    users: Ids,
    groups: Ids,
}

/// A condition that a file does not meet.
struct Wrong {
    condition: String,
    actual: String,
    message: String,
}

impl<'p> Check<'p> {
    fn new(params: &'p PermissionsParams, scene: &Scene<'_>, hits: &mut Hits) -> Self {
        let users = Ids::new(params.owner.as_deref(), scene, PASSWD, hits);
        let groups = Ids::new(params.group.as_deref(), scene, GROUP, hits);
        Self { params, users, groups }
    }

    fn wrong(&self, entry: &FileEntry<'_>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let bits = self.bits(entry);
        if bits != 0 {
            let actual = format!("{:04o}", entry.mode);
            let message = match bits {
                WORLD if self.params.forbid_mask.is_none() => format!("everyone may write to it (mode {actual})"),
                _ => format!("its mode {actual} has {bits:04o}"),
            };
            wrong.push(Wrong { condition: format!("mode without {bits:04o}"), actual, message });
        }
        let (uid, gid) = (entry.uid, entry.gid);
        let mut owner = |what: &str, id: u32, ids: &Ids, wanted: Option<&String>| {
            if let Some(wanted) = wanted.filter(|_| ids.differs(id)) {
                let message = format!("its {what} is {id} instead of `{wanted}`");
                wrong.push(Wrong { condition: format!("{what} {wanted}"), actual: id.to_string(), message });
            }
            if self.params.unowned && !ids.known.contains(&u64::from(id)) {
                let message = format!("its {what} {id} does not exist");
                wrong.push(Wrong { condition: format!("{what} exists"), actual: id.to_string(), message });
            }
        };
        owner("owner", uid, &self.users, self.params.owner.as_ref());
        owner("group", gid, &self.groups, self.params.group.as_ref());
        wrong
    }

    /// The bits of the mode that should not be set.
    fn bits(&self, entry: &FileEntry<'_>) -> u32 {
        if matches!(entry.kind, FileKind::Symlink | FileKind::CharDevice | FileKind::BlockDevice) {
            return 0;
        }
        let shared = entry.kind == FileKind::Directory && entry.mode & STICKY != 0 && self.params.sticky_dirs_ok;
        let everyone = if self.params.world_writable && !shared { WORLD } else { 0 };
        entry.mode & (everyone | self.params.forbid_mask.map_or(0, |mask| mask.0 & 0o7777))
    }

    fn hit(&self, scene: &Scene<'_>, entry: &FileEntry<'_>, wrong: &[Wrong]) -> Hit {
        let path = entry.path;
        let messages: Vec<&str> = wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        let mut hit = Hit::with_id(format!("file://{path}"), format!("`{path}`: {}", messages.join(", ")))
            .about(path)
            .evidence(facts::file(scene, entry, Some(entry.st_mode())));
        for wrong in wrong {
            hit = hit.because(wrong.condition.clone(), wrong.actual.clone());
        }
        let bits = self.bits(entry);
        let remedy = match (bits, self.owner()) {
            (0, None) => Remediation::Advice { text: format!("give `{path}` an owner and group that exist") },
            (0, Some(owner)) => Remediation::Advice { text: format!("chown {owner} {path}") },
            _ => Remediation::ChangeMode { path: path.to_owned(), from: entry.mode, to: entry.mode & !bits },
        };
        hit.remedy(remedy)
    }

    /// What `chown` takes.
    fn owner(&self) -> Option<String> {
        match (self.params.owner.as_deref(), self.params.group.as_deref()) {
            (None, None) => None,
            (owner, None) => owner.map(str::to_owned),
            (owner, Some(group)) => Some(format!("{}:{group}", owner.unwrap_or_default())),
        }
    }
}

const WORLD: u32 = 0o002;
const STICKY: u32 = 0o1000;

#[cfg(test)]
mod tests {
    use stopgate_model::{FileEntry, FileIndexBuilder, FileKind};

    use crate::tests::{Case, check, ids, image, refused};

    const ROWS: [(&str, FileKind, u32, u32, u32); 8] = [
        ("/dev/null", FileKind::CharDevice, 0o666, 0, 0),
        ("/etc/app.conf", FileKind::Regular, 0o664, 1000, 1000),
        ("/etc/passwd", FileKind::Regular, 0o644, 0, 0),
        ("/lib", FileKind::Symlink, 0o777, 0, 0),
        ("/srv", FileKind::Directory, 0o777, 0, 0),
        ("/srv/data", FileKind::HardLink, 0o666, 0, 7),
        ("/tmp", FileKind::Directory, 0o1777, 0, 0),
        ("/tmp/x", FileKind::Regular, 0o1644, 9, 0),
    ];

    fn case() -> Case {
        let mut files = FileIndexBuilder::default();
        for (path, kind, mode, uid, gid) in ROWS {
            files.push(&FileEntry { path, kind, mode, uid, gid, size: 1, sha256: None, link: None, layer: 0 });
        }
        image()
            .with(|artifact| artifact.files = Some(files.finish()))
            .retrieved("/etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
            .retrieved("/etc/group", "root:x:0:\napp:x:1000:\n")
    }

    fn found(rest: &str) -> Vec<String> {
        let ids = ids(&case(), &format!("warn files.permissions {rest}"));
        ids.into_iter().map(|id| id.trim_start_matches("file://").to_owned()).collect()
    }

    #[test]
    fn fires() {
        assert_eq!(found("world_writable=true"), ["/srv", "/srv/data"]);
        assert_eq!(found("unowned=true"), ["/srv/data", "/tmp/x"]);
        assert_eq!(found("path=/etc/.*; forbid_mask=022"), ["/etc/app.conf"]);
        assert_eq!(found("path=/etc/.*; owner=root; group=root"), ["/etc/app.conf"]);
        let lines = check(&case(), "warn files.permissions world_writable=true; unowned=true");
        assert_eq!(lines[0], "warn `/srv`: everyone may write to it (mode 0777)");
        assert_eq!(lines[1], "warn `/srv/data`: everyone may write to it (mode 0666), its group 7 does not exist");
        let lines = check(&case(), "warn files.permissions path=/etc; forbid_mask=022; owner=0; group=app");
        assert_eq!(lines[0], "warn `/etc/app.conf`: its mode 0664 has 0020, its owner is 1000 instead of `0`");
        assert_eq!(lines[1], "warn `/etc/passwd`: its group is 0 instead of `app`");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(found("path=/etc/passwd; forbid_mask=07133; owner=root; group=root"), [""; 0]);
        assert_eq!(found("path=/opt/.*; world_writable=true"), [""; 0]);
        assert_eq!(found("path=/etc/app.*; owner=app; group=1000"), [""; 0]);
    }

    #[test]
    fn boundary() {
        assert_eq!(found("world_writable=true; sticky_dirs_ok=false"), ["/srv", "/srv/data", "/tmp"]);
        assert_eq!(found("path=/tmp; forbid_mask=1002"), ["/tmp", "/tmp/x"], "the mask itself excuses no folder");
        assert_eq!(found("path=/(lib|dev).*; forbid_mask=777"), [""; 0], "links and devices");
        let errors = refused("warn files.permissions path=/etc/.*");
        assert!(errors[0].contains("the rule asks for nothing: expected `world_writable`"), "{errors:?}");
        assert!(refused("warn files.permissions sticky_dirs_ok=true")[0].contains("asks for nothing"));
        let ghost = check(&case(), "warn files.permissions path=/etc/passwd; owner=ghost");
        assert_eq!(ghost[0], "warn `/etc/passwd`: its owner is 0 instead of `ghost`");
        assert_eq!(ghost[1], "! rule `r1`: `/etc/passwd` has no `ghost`, so no file belongs to it");
    }

    #[test]
    fn data_missing() {
        let listless = case().with(|artifact| artifact.files = None);
        assert_eq!(check(&listless, "stop files.permissions world_writable=true")[1], "undecided");
        let unread = case().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&unread, "stop files.permissions unowned=true").pop().unwrap(), "undecided");
        assert_eq!(check(&unread, "stop files.permissions owner=app").pop().unwrap(), "undecided");
        assert_eq!(check(&unread, "stop files.permissions path=/etc/p; owner=root; group=0"), ["pass"]);
        let bare = image().files(&[("/app", FileKind::Regular, 0o755)]);
        assert_eq!(check(&bare, "stop files.permissions unowned=true"), ["pass"], "id 0 needs no name");
    }
}
