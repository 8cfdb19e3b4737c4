//! `files` / `capabilities`: a file has a capability that it must not have (capabilities(7)).
//!
//! The attribute `security.capability` gives whoever runs a file some of what root may do, whatever the mode says. It
//! is read in the three forms that Linux has (`vfs_cap_data`, `vfs_ns_cap_data`). One that has none of them is
//! reported: no kernel runs the file, and what was meant cannot be told.

mod names;

use stopgate_model::{FileEntry, Remediation};

use self::names::{ALL, NAMES};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params};
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Capabilities;

params! {
    pub(crate) struct CapabilitiesParams {
        /// Capabilities that no file may have, with or without `cap_`; `all` denies every one.
        #[example = "cap_net_raw,cap_sys_admin"]
        deny: Denied,
    }
}

/// A set of capabilities, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied(u64);

impl ParamType for Denied {
    const KIND: ParamKind = CommaList::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        let bits = CommaList::read(text)?.0.iter().map(|name| bits_of(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(bits.into_iter().fold(0, |all, bits| all | bits)))
    }
}

fn bits_of(name: &str) -> Result<u64, Refusal> {
    let lower = name.to_ascii_lowercase();
    if lower == ALL {
        return Ok(u64::MAX);
    }
    let full = if lower.starts_with("cap_") { lower } else { format!("cap_{lower}") };
    let known = NAMES.iter().position(|known| *known == full);
    known.map(|bit| 1 << bit).ok_or_else(|| Refusal::word(&full, NAMES))
}

impl Trigger for Capabilities {
    type Params = CapabilitiesParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files, Need::FileCapabilities],
        trigger_id: "file://<path>",
        ..TriggerInfo::new("files", "capabilities", "A file has a denied capability.")
    };
}

impl ImageTrigger for Capabilities {
    fn fire(params: &CapabilitiesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        for (entry, raw) in files.capabilities() {
            let path = entry.path;
            match given(raw) {
                None => {
                    let message = format!("the capabilities of `{path}` cannot be read");
                    hits.push(hit(scene, &entry, message, format!("{} bytes of another form", raw.len())))?;
                }
                Some(bits) if bits & params.deny.0 != 0 => {
                    let denied = shown(bits & params.deny.0);
                    hits.push(hit(scene, &entry, format!("`{path}` has the denied {denied}"), shown(bits)))?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn hit(scene: &Scene<'_>, entry: &FileEntry<'_>, message: String, actual: String) -> Hit {
    let path = entry.path;
    Hit::with_id(format!("file://{path}"), message)
        .about(path)
        .evidence(facts::file(scene, entry, Some(entry.st_mode())))
        .because("no denied capability", actual)
        .remedy(Remediation::Advice { text: format!("setcap -r {path}, in the layer that brings the file") })
}

/// The capabilities that an attribute gives: the permitted ones, and those that may be inherited. `None`: it has no
/// form that Linux knows.
fn given(raw: &[u8]) -> Option<u64> {
    let mut words = raw.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
    let pairs = match (words.next()? & 0xff00_0000, raw.len()) {
        (0x0100_0000, 12) => 1,
        // The third form ends with the user that is root in its name space.
        (0x0200_0000, 20) | (0x0300_0000, 24) => 2,
        _ => return None,
    };
    let mut bits = 0;
    for pair in 0..pairs {
        bits |= u64::from(words.next()? | words.next()?) << (32 * pair);
    }
    Some(bits)
}

/// Names of capabilities; a bit without a name is shown by its number.
fn shown(bits: u64) -> String {
    let name = |bit: usize| NAMES.get(bit).map_or_else(|| format!("cap_{bit}"), |name| (*name).to_owned());
    let names: Vec<String> = (0..64).filter(|bit| bits >> bit & 1 == 1).map(name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use super::{NAMES, bits_of, given};
    use crate::tests::{Case, check, ids, image, refused};

    /// `cap_net_raw=ep`, as `setcap` writes it.
    const NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const RULE: &str = "stop files.capabilities deny=cap_net_raw,cap_sys_admin";

    fn case(raw: &[u8]) -> Case {
        let files = [("/bin/ls", FileKind::Regular, 0o755), ("/bin/ping", FileKind::Regular, 0o755)];
        image().files(&files).with(|artifact| {
            artifact.files.as_mut().unwrap().add_capabilities([("/bin/ping", raw)]);
        })
    }

    #[test]
    fn fires() {
        assert_eq!(ids(&case(&NET_RAW), RULE), ["file:///bin/ping"]);
        assert_eq!(check(&case(&NET_RAW), RULE)[0], "stop `/bin/ping` has the denied cap_net_raw");
        assert_eq!(check(&case(&NET_RAW), "stop files.capabilities deny=NET_RAW").len(), 2);
        assert_eq!(check(&case(&NET_RAW), "stop files.capabilities deny=all").len(), 2);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(&NET_RAW), "stop files.capabilities deny=cap_net_admin"), ["pass"]);
        let none = image().files(&[("/bin/ls", FileKind::Regular, 0o755)]);
        assert_eq!(check(&none, "stop files.capabilities deny=all"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let mut third = [NET_RAW.as_slice(), &[1, 0, 0, 0]].concat();
        third[3] = 3;
        assert_eq!(given(&third), given(&NET_RAW));
        let high = [0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        assert_eq!(given(&high), Some(1 | 1 << 40), "what may be inherited counts, and the second word");
        assert_eq!(given(&[1, 0, 0, 1, 2, 0, 0, 0, 4, 0, 0, 0]), Some(6), "the first form has one pair");
        for raw in [&NET_RAW[..19], &[], &[1], &[1, 0, 0, 4], &third[..20]] {
            assert_eq!(given(raw), None, "{raw:?}");
        }
        assert_eq!(check(&case(&third[..20]), RULE)[0], "stop the capabilities of `/bin/ping` cannot be read");
        let unnamed = [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0];
        assert_eq!(
            check(&case(&unnamed), "stop files.capabilities deny=all")[0],
            "stop `/bin/ping` has the denied cap_63"
        );
        assert_eq!(bits_of("checkpoint_restore").unwrap(), 1 << 40);
        assert_eq!(NAMES.len(), 41);
        let errors = refused("stop files.capabilities deny=cap_net_rw");
        assert!(errors[0].contains("does not accept `cap_net_rw`") && errors[0].contains("cap_net_raw"), "{errors:?}");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&case(&NET_RAW).with(|artifact| artifact.files = None), RULE).pop().unwrap(), "undecided");
        let mut sbom = image();
        sbom.from_sbom = true;
        assert_eq!(check(&sbom, RULE).pop().unwrap(), "undecided", "no SBOM has them");
    }
}
