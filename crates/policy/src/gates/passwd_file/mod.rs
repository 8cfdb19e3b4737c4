//! Gate `passwd_file`: entries of `/etc/passwd`, passwd(5).

pub(super) mod content_not_available;
pub(super) mod denylist_full_entry;
pub(super) mod denylist_groupids;
pub(super) mod denylist_shells;
pub(super) mod denylist_userids;
pub(super) mod denylist_usernames;

use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::{Hit, Hits, Need, TriggerInfo};

/// The file.
pub(super) const PASSWD: &str = "/etc/passwd";

/// What every trigger of the gate that reads entries needs.
pub(super) fn need() -> Vec<Need> {
    vec![Need::RetrievedFile(PASSWD.to_owned())]
}

/// One line of the file.
pub(super) struct Entry<'a> {
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) gid: &'a str,
    pub(super) shell: &'a str,
    number: u32,
}

/// The lines of the file; a line of another form becomes a note.
pub(super) fn entries<'a>(scene: &Scene<'a>, hits: &mut Hits) -> Vec<Entry<'a>> {
    let Some(file) = scene.retrieved(PASSWD) else { return Vec::new() };
    let mut entries = Vec::new();
    for (index, line) in file.content.split(|b| *b == b'\n').enumerate() {
        let number = index as u32 + 1;
        let Ok(text) = std::str::from_utf8(line).map(str::trim) else {
            hits.note(format!("line {number} of `{PASSWD}` is not UTF-8 and was not checked"));
            continue;
        };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = text.split(':').collect();
        match fields.as_slice() {
            [name, _, uid, gid, _, _, shell] => entries.push(Entry { text, name, uid, gid, shell, number }),
            _ => hits.note(format!("line {number} of `{PASSWD}` does not have seven fields and was not checked")),
        }
    }
    entries
}

/// The user id that container runtimes give an account: that of its first line, whose missing or unreadable
/// number they take for 0.
pub(super) fn uid_of(scene: &Scene<'_>, account: &str) -> Option<u64> {
    let file = scene.retrieved(PASSWD)?;
    let mut lines = file.content.split(|b| *b == b'\n').map(String::from_utf8_lossy);
    lines.find_map(|line| {
        let mut fields = line.trim().split(':');
        (fields.next() == Some(account)).then(|| fields.nth(1).and_then(|uid| uid.trim().parse().ok()).unwrap_or(0))
    })
}

/// Reports the entries that a list denies. `what` is the word of the frozen text.
pub(super) fn report(
    scene: &Scene<'_>,
    hits: &mut Hits,
    info: &TriggerInfo,
    what: &str,
    denied: impl Fn(&Entry<'_>) -> Option<String>,
) -> Result<(), Fault> {
    let layer = scene.retrieved(PASSWD).and_then(|file| file.layer.clone());
    for entry in entries(scene, hits) {
        let Some(value) = denied(&entry) else { continue };
        let text = |word: &str| format!("{word} {what} '{value}' found in image's {PASSWD}: pentry={}", entry.text);
        let message = format!("`{PASSWD}` has the denied {what} `{value}`: account `{}`", entry.name);
        hits.push(
            Hit::frozen(info, &text("Denylisted"), message)
                .legacy(info, &text("Blacklisted"))
                .about(format!("{PASSWD}#{}", entry.name))
                .evidence(Evidence::File {
                    path: PASSWD.to_owned(),
                    mode: None,
                    layer: layer.clone(),
                    lines: vec![entry.number],
                })
                .because(format!("{what} denied"), value.clone())
                .remedy(Remediation::Advice { text: format!("remove the account `{}` from the image", entry.name) }),
        )?;
    }
    Ok(())
}
