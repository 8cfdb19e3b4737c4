//! `crypto` / `fips_evidence`: files that a cryptographic module validated to FIPS 140 has are not there.
//!
//! Files are evidence, not proof: whether the module is the validated build, and whether programs use it, no image says.

use stopgate_model::{Evidence, FileEntry, FileIndex, Remediation};

use crate::engine::Scene;
use crate::gates::accounts::need;
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params, words};
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct FipsEvidence;

params! {
    pub(crate) struct FipsEvidenceParams {
        /// What must be there: `fips_provider` (OpenSSL's provider module, or the checksum with which OpenSSL 1 tests
        /// itself), `fips_config` (the configuration that the provider's self test wrote) or `crypto_policy` (the
        /// system-wide policy FIPS).
        #[example = "fips_provider"]
        #[default = "fips_provider"]
        require: Required,
    }
}

words! {
    /// A piece of evidence.
    pub(crate) enum Piece {
        Provider = "fips_provider",
        Config = "fips_config",
        Policy = "crypto_policy",
    }
}

/// Pieces of evidence, separated by commas.
#[derive(Debug)]
pub(crate) struct Required(Vec<Piece>);

impl ParamType for Required {
    const KIND: ParamKind = CommaList::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        CommaList::read(text)?.0.iter().map(|word| Piece::read(word)).collect::<Result<_, _>>().map(Self)
    }
}

/// The system-wide policy, crypto-policies(7).
const POLICY: &str = "/etc/crypto-policies/config";

impl Trigger for FipsEvidence {
    type Params = FipsEvidenceParams;
    const INFO: TriggerInfo = TriggerInfo {
        trigger_id: "fips_evidence:<what is missing>",
        ..TriggerInfo::new("crypto", "fips_evidence", "Files of a validated cryptographic module are not there.")
    };

    fn needs(params: &FipsEvidenceParams) -> Vec<Need> {
        let pieces = &params.require.0;
        let files = pieces.iter().any(|piece| *piece != Piece::Policy).then_some(Need::Files);
        files.into_iter().chain(pieces.contains(&Piece::Policy).then(|| need(POLICY))).collect()
    }
}

impl ImageTrigger for FipsEvidence {
    fn fire(params: &FipsEvidenceParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let files = scene.artifact().files.as_ref();
        for piece in &params.require.0 {
            let (there, message) = match piece {
                Piece::Provider => (
                    files.is_some_and(|files| has(files, &["/fips.so", ".hmac"], is_provider)),
                    "no FIPS module of OpenSSL is in the image".to_owned(),
                ),
                Piece::Config => (
                    files.is_some_and(|files| has(files, &["/fipsmodule.cnf"], is_config)),
                    "no configuration of a FIPS module of OpenSSL is in the image".to_owned(),
                ),
                Piece::Policy => policy(scene),
            };
            if !there {
                hits.push(hit(*piece, message))?;
            }
        }
        Ok(())
    }
}

fn hit(piece: Piece, message: String) -> Hit {
    let word = piece.word();
    Hit::with_id(format!("{}:{word}", FipsEvidence::INFO.name), message.as_str())
        .about(word)
        .evidence(Evidence::Data { text: message.clone() })
        .because(format!("{word} is there"), message)
        .remedy(Remediation::Advice {
            text: "use a base image with a validated cryptographic module, and cite its certificate".to_owned(),
        })
}

/// Whether a file with content is there: an empty one proves nothing. Its path has one of these ends, which is
/// cheaper to see in a large tree than anything else.
fn has(files: &FileIndex, ends: &[&str], is: fn(&str, &str) -> bool) -> bool {
    let counts = |entry: &FileEntry<'_>| {
        if !ends.iter().any(|end| entry.path.ends_with(end)) {
            return false;
        }
        let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", entry.path));
        entry.is_file() && entry.size > 0 && is(folder, name)
    };
    files.iter().any(|entry| counts(&entry))
}

/// The provider module of OpenSSL 3 (`ossl-modules/fips.so`, in Debian's and Ubuntu's folders with a version), or the
/// checksum beside the library of OpenSSL 1 (`.libcrypto.so.1.1.hmac`).
fn is_provider(folder: &str, name: &str) -> bool {
    let module = folder.rsplit('/').next().is_some_and(|last| last.starts_with("ossl-modules"));
    let checksum = name.strip_suffix(".hmac").is_some_and(|library| library.starts_with(".libcrypto.so.1"));
    (module && name == "fips.so") || (checksum && folder.contains("/lib"))
}

fn is_config(_: &str, name: &str) -> bool {
    name == "fipsmodule.cnf"
}

/// Whether the system-wide policy is FIPS, and what is said when it is not.
fn policy(scene: &Scene<'_>) -> (bool, String) {
    let Some(file) = scene.retrieved(POLICY) else { return (false, format!("there is no `{POLICY}`")) };
    let text = String::from_utf8_lossy(&file.content);
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    // A policy may carry modules: `FIPS:OSPP`.
    let name = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let is_fips = name.split(':').next().is_some_and(|policy| policy.eq_ignore_ascii_case("FIPS"));
    (is_fips, format!("the cryptographic policy in `{POLICY}` is `{name}`"))
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{Case, check, ids, image, refused};

    const RULE: &str = "warn crypto.fips_evidence";

    fn with(paths: &[&str]) -> Case {
        let files: Vec<_> = paths.iter().map(|path| (*path, FileKind::Regular, 0o644)).collect();
        image().files(&files)
    }

    #[test]
    fn fires() {
        let none = with(&["/usr/lib64/ossl-modules/legacy.so", "/srv/fips.so"]);
        assert_eq!(ids(&none, RULE), ["fips_evidence:fips_provider"]);
        assert_eq!(check(&none, RULE)[0], "warn no FIPS module of OpenSSL is in the image");
        let all = "warn crypto.fips_evidence require=fips_provider, fips_config, crypto_policy";
        assert_eq!(
            ids(&none, all),
            ["fips_evidence:fips_provider", "fips_evidence:fips_config", "fips_evidence:crypto_policy"]
        );
        let default = none.retrieved("/etc/crypto-policies/config", "# the policy\nDEFAULT\n");
        let lines = check(&default, "warn crypto.fips_evidence require=crypto_policy");
        assert_eq!(lines[0], "warn the cryptographic policy in `/etc/crypto-policies/config` is `DEFAULT`");
    }

    #[test]
    fn does_not_fire() {
        for path in [
            "/usr/lib64/ossl-modules/fips.so",
            "/usr/lib/x86_64-linux-gnu/ossl-modules-3/fips.so",
            "/usr/lib/ossl-modules/fips.so",
            "/usr/lib64/.libcrypto.so.1.1.1k.hmac",
        ] {
            assert_eq!(check(&with(&[path]), RULE), ["pass"], "{path}");
        }
        let config = with(&["/etc/ssl/fipsmodule.cnf"]);
        assert_eq!(check(&config, "warn crypto.fips_evidence require=fips_config"), ["pass"]);
        for text in ["FIPS\n", "fips:OSPP", "\n# x\nFIPS # set by the installer\n"] {
            let policy = image().retrieved("/etc/crypto-policies/config", text);
            assert_eq!(check(&policy, "warn crypto.fips_evidence require=crypto_policy"), ["pass"], "{text}");
        }
    }

    #[test]
    fn boundary() {
        let link = image().files(&[("/usr/lib/ossl-modules/fips.so", FileKind::Symlink, 0o777)]);
        assert_eq!(check(&link, RULE).len(), 2, "a link is no module");
        for text in ["FIPSLIKE\n", "", "DEFAULT:FIPS\n"] {
            let policy = image().retrieved("/etc/crypto-policies/config", text);
            assert_eq!(check(&policy, "warn crypto.fips_evidence require=crypto_policy").len(), 2, "{text}");
        }
        assert!(refused("warn crypto.fips_evidence require=fips")[0].contains("does not accept `fips`"));
    }

    #[test]
    fn data_missing() {
        let listless = image().with(|artifact| artifact.files = None);
        assert_eq!(check(&listless, "stop crypto.fips_evidence").pop().unwrap(), "undecided");
        let unread = with(&["/etc/crypto-policies/config"]);
        let rule = "stop crypto.fips_evidence require=crypto_policy";
        assert_eq!(check(&unread, rule).pop().unwrap(), "undecided");
    }
}
