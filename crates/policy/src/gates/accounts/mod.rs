//! Gate `accounts`: users and groups of the image, passwd(5), group(5) and shadow(5).
//!
//! What stands in the second field of a line is never shown, and is in no message, evidence or id: it may be the hash
//! of a password.

pub(super) mod duplicates;
pub(super) mod empty_password;
pub(super) mod uid_zero;
pub(super) mod weak_hash;

use stopgate_model::Evidence;

use crate::engine::Scene;
use crate::gates::passwd_file::PASSWD;
use crate::trigger::{Hits, Need};

/// The groups.
pub(super) const GROUP: &str = "/etc/group";
/// The passwords.
pub(super) const SHADOW: &str = "/etc/shadow";

/// The input that a file is.
pub(super) fn need(path: &str) -> Need {
    Need::RetrievedFile(path.to_owned())
}

/// One line of one of the files. Fields that are missing are empty.
pub(super) struct Line<'a> {
    file: &'static str,
    number: u32,
    /// Name of the account or group.
    pub(super) name: &'a str,
    /// What stands where a password may. Never shown.
    secret: &'a str,
    /// The third field: the id of a user or group.
    pub(super) id: &'a str,
    /// The fourth field: of a user, the primary group.
    pub(super) group: &'a str,
}

/// The lines of a file; a line that cannot be read becomes a note.
pub(super) fn lines<'a>(scene: &Scene<'a>, file: &'static str, hits: &mut Hits) -> Vec<Line<'a>> {
    let Some(retrieved) = scene.retrieved(file) else { return Vec::new() };
    let mut lines = Vec::new();
    for (line, number) in retrieved.content.split(|b| *b == b'\n').zip(1..) {
        let Ok(text) = std::str::from_utf8(line).map(str::trim) else {
            hits.note(format!("line {number} of `{file}` is not UTF-8 and was not checked"));
            continue;
        };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let mut fields = text.split(':').map(str::trim);
        let mut field = || fields.next().unwrap_or_default();
        lines.push(Line { file, number, name: field(), secret: field(), id: field(), group: field() });
    }
    lines
}

impl Line<'_> {
    /// The id, as container runtimes read it: what is no number is 0.
    pub(super) fn number_of_id(&self) -> u64 {
        number(self.id)
    }

    /// The primary group, as container runtimes read it.
    pub(super) fn number_of_group(&self) -> u64 {
        number(self.group)
    }

    /// Where it stands.
    pub(super) fn evidence(&self, scene: &Scene<'_>) -> Evidence {
        let layer = scene.retrieved(self.file).and_then(|file| file.layer.clone());
        Evidence::File { path: self.file.to_owned(), mode: None, layer, lines: vec![self.number] }
    }

    /// What a finding about it is about.
    pub(super) fn subject(&self) -> String {
        format!("{}#{}", self.file, self.name)
    }
}

fn number(text: &str) -> u64 {
    // A number too great for 64 bits is no id that a kernel has, and is not 0.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().unwrap_or(if digits { u64::MAX } else { 0 })
}

/// The line that says how an account logs in: that of `/etc/shadow` when `/etc/passwd` refers to it with `x`.
pub(super) fn password_lines<'a>(scene: &Scene<'a>, hits: &mut Hits) -> Vec<Line<'a>> {
    let shadow = lines(scene, SHADOW, hits);
    let passwd = lines(scene, PASSWD, hits);
    // Accounts that only stand in `/etc/shadow` cannot log in, but their lines wait for whoever adds them.
    passwd.into_iter().filter(|line| line.secret != "x").chain(shadow).collect()
}

/// How a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// There is none: whoever gives the name is in.
    Not,
    /// Nobody can log in with one.
    Locked,
    /// As a hash, or as a text that is none.
    Hashed,
}

impl Line<'_> {
    /// How the password is kept.
    pub(super) fn kept(&self) -> Kept {
        match self.secret.as_bytes() {
            [] => Kept::Not,
            // No hash begins with these; `x` alone is none either.
            [b'!' | b'*', ..] | b"x" => Kept::Locked,
            _ => Kept::Hashed,
        }
    }

    /// Whether the password is kept in a form that begins so.
    pub(super) fn secret_begins(&self, prefix: &str) -> bool {
        self.secret.starts_with(prefix)
    }

    /// The name of the scheme of the hash, by its prefix (crypt(5)).
    pub(super) fn scheme(&self) -> &'static str {
        let known = SCHEMES.iter().find(|(prefix, _)| self.secret_begins(prefix)).map(|(_, name)| *name);
        known.unwrap_or("DES or an unknown scheme")
    }
}

const SCHEMES: &[(&str, &str)] = &[
    ("$1$", "MD5"),
    ("$2", "bcrypt"),
    ("$3$", "NT"),
    ("$5$", "SHA-256"),
    ("$6$", "SHA-512"),
    ("$7$", "scrypt"),
    ("$argon2", "Argon2"),
    ("$gy$", "gost-yescrypt"),
    ("$md5", "SunMD5"),
    ("$sha1$", "SHA-1"),
    ("$sm3$", "SM3"),
    ("$y$", "yescrypt"),
    ("_", "extended DES"),
];
