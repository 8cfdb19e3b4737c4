//! `files` / `attribute_match`: one file has, or lacks, a checksum or a mode.

use stopgate_model::{FileEntry, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, params, words};
use crate::trigger::types::{Equality, Octal};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct AttributeMatch;

params! {
    #[check = check_checksum]
    pub(crate) struct AttributeMatchParams {
        /// Path of the file.
        #[example = "/etc/passwd"]
        filename: String,
        /// Algorithm of the checksum.
        #[example = "sha256"]
        #[default = "sha256"]
        checksum_algorithm: Algorithm,
        /// Checksum to compare with.
        #[example = "832cd0f75b227d13aac82b1f70b7f90191a4186c151f9db50851d209c45ede11"]
        checksum: Option<String>,
        /// Whether the checksum must be equal or must differ.
        #[example = "equals"]
        #[default = "equals"]
        checksum_match: Equality,
        /// Mode to compare with, octal.
        #[example = "00644"]
        mode: Option<Octal>,
        /// Whether the mode must be equal or must differ.
        #[example = "equals"]
        #[default = "equals"]
        mode_op: Equality,
        /// Whether a file that is not there is accepted.
        #[example = "true"]
        #[default = "true"]
        skip_missing: bool,
    }
}

words! {
    /// Algorithms of checksums.
    pub(crate) enum Algorithm {
        Sha256 = "sha256",
    }
}

fn check_checksum(params: &AttributeMatchParams, errors: &mut Vec<ParamError>) {
    let Algorithm::Sha256 = params.checksum_algorithm;
    let valid = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if params.checksum.as_ref().is_some_and(|checksum| !valid(checksum)) {
        errors.push(ParamError::across("parameter `checksum` is no SHA-256: expected 64 hexadecimal digits"));
    }
}

impl Trigger for AttributeMatch {
    type Params = AttributeMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files],
        ..TriggerInfo::new("files", "attribute_match", "A file has the given attributes, or is missing.")
    };
}

impl ImageTrigger for AttributeMatch {
    fn fire(params: &AttributeMatchParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        let name = &params.filename;
        let Some(entry) = files.get(name) else {
            if params.skip_missing {
                return Ok(());
            }
            let frozen = format!("filename={name} and skip_missing=False");
            let message = format!("the file `{name}` is not there");
            return hits
                .push(Hit::frozen(&Self::INFO, &frozen, message).about(name.as_str()).because("file exists", "none"));
        };
        let conditions = [params.checksum_part(&entry, hits), params.mode_part(&entry)];
        if conditions.iter().any(|condition| matches!(condition, Holds::No)) {
            return Ok(());
        }
        let parts: Vec<Part> = conditions.into_iter().filter_map(Holds::part).collect();
        if parts.is_empty() {
            return Ok(());
        }
        let frozen: String = parts.iter().map(|part| part.frozen.as_str()).collect();
        let shown: Vec<&str> = parts.iter().map(|part| part.message.as_str()).collect();
        let mut hit =
            Hit::frozen(&Self::INFO, &format!("filename={name}{frozen}"), format!("`{name}` {}", shown.join(" and ")))
                .about(name.as_str())
                .evidence(facts::file(scene, &entry, params.mode.map(|_| entry.st_mode())));
        for part in &parts {
            hit = hit.because(part.condition.clone(), part.actual.clone());
        }
        if let (Some(Octal(wanted)), Equality::NotEquals) = (params.mode, params.mode_op) {
            let (path, to) = (name.clone(), wanted & 0o7777);
            hit = hit.remedy(Remediation::ChangeMode { path, from: entry.mode, to });
        }
        hits.push(hit)
    }
}

/// Whether a condition holds.
enum Holds {
    Yes(Part),
    No,
    NotAsked,
}

impl Holds {
    fn part(self) -> Option<Part> {
        match self {
            Self::Yes(part) => Some(part),
            Self::No | Self::NotAsked => None,
        }
    }
}

struct Part {
    frozen: String,
    message: String,
    condition: String,
    actual: String,
}

impl AttributeMatchParams {
    fn checksum_part(&self, entry: &FileEntry<'_>, hits: &mut Hits) -> Holds {
        let Some(given) = &self.checksum else { return Holds::NotAsked };
        let Some(actual) = entry.sha256.map(hex::encode) else {
            if entry.is_file() {
                hits.note(format!("the checksum of `{}` is not known", entry.path));
            }
            return Holds::No;
        };
        let equal = actual.eq_ignore_ascii_case(given);
        let op = self.checksum_match.word();
        if equal != (self.checksum_match == Equality::Equals) {
            return Holds::No;
        }
        Holds::Yes(Part {
            frozen: format!(" and checksum={actual} op={op} specified_checksum={given}"),
            message: format!("has the checksum {actual}"),
            condition: format!("checksum {op} {given}"),
            actual: actual.clone(),
        })
    }

    fn mode_part(&self, entry: &FileEntry<'_>) -> Holds {
        let Some(Octal(given)) = self.mode else { return Holds::NotAsked };
        let equal = entry.mode & 0o7777 == given & 0o7777;
        let op = self.mode_op.word();
        if equal != (self.mode_op == Equality::Equals) {
            return Holds::No;
        }
        Holds::Yes(Part {
            frozen: format!(" and mode=0o{:o} op={op} specified_mode=0o{:o}", entry.mode, given & 0o7777),
            message: format!("has mode {:04o}", entry.mode),
            condition: format!("mode {op} {:04o}", given & 0o7777),
            actual: format!("{:04o}", entry.mode),
        })
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{check, image, refused};

    fn attribute(rest: &str) -> Vec<String> {
        let case = image().files(&[("/etc/shadow", FileKind::Regular, 0o640)]);
        check(&case, &format!("stop files.attribute_match {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(attribute("filename=/etc/shadow; mode=00640"), ["stop `/etc/shadow` has mode 0640", "stop"]);
        assert_eq!(attribute("filename=/etc/shadow; mode=0o600; mode_op=not_equals").len(), 2);
        assert_eq!(attribute(&format!("filename=/etc/shadow; checksum={}", "ab".repeat(32))).len(), 2);
        assert_eq!(attribute("filename=/none; skip_missing=false")[0], "stop the file `/none` is not there");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(attribute("filename=/etc/shadow; mode=0o600"), ["pass"]);
        assert_eq!(attribute("filename=/none"), ["pass"]);
        assert_eq!(attribute("filename=/etc/shadow; skip_missing=false"), ["pass"], "no condition is given");
    }

    #[test]
    fn boundary() {
        let both = format!("filename=/etc/shadow; checksum={}; mode=777", "ab".repeat(32));
        assert_eq!(attribute(&both), ["pass"], "all conditions must hold");
        assert_eq!(attribute("filename=/etc/shadow; mode=100640").len(), 2, "the bits of the type are no mode");
        let errors = refused("stop files.attribute_match filename=/x; checksum=ab");
        assert!(
            errors[0].ends_with("parameter `checksum` is no SHA-256: expected 64 hexadecimal digits"),
            "{errors:?}"
        );
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.files = None);
        assert_eq!(check(&none, "stop files.attribute_match filename=/x; skip_missing=false")[1], "undecided");
        let unhashed = image().with(|artifact| {
            let mut files = stopgate_model::FileIndexBuilder::default();
            files.push(&stopgate_model::FileEntry {
                path: "/x",
                kind: FileKind::Regular,
                mode: 0o644,
                uid: 0,
                gid: 0,
                size: 1,
                sha256: None,
                link: None,
                layer: 0,
            });
            artifact.files = Some(files.finish());
        });
        let rule = format!("stop files.attribute_match filename=/x; checksum={}", "ab".repeat(32));
        assert_eq!(check(&unhashed, &rule), ["! rule `r1`: the checksum of `/x` is not known", "pass"]);
    }
}
