//! What is left of each pack on the whole image: controls that no image shows, controls that a pack assesses in part by
//! design, and controls that lack an input which no flag can supply.

use serde_json::Value;

/// Why a control is not satisfied as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// No image shows anything of it.
    Nothing,
    /// The pack assesses a part, and says what it leaves out.
    ByDesign,
    /// What runs in a cluster is missing: only an inventory or an admission request tells.
    Cluster,
    /// The specification of the pod is missing: nothing on the command line stands for one.
    Pod,
    /// How the image was pulled is missing: it lies in a file.
    Transport,
    /// The source tree is missing: an image is none.
    Tree,
    /// The protections of programs are missing: no analysis reads them.
    Binaries,
    /// Further searches for secrets are missing: there is a fixed list, and the pack asks for all of it already.
    Searches,
    /// The packages of the image before are missing. There is one baseline, and the verdict that tells when the image
    /// was evaluated and what was seen first lists no packages.
    Drift,
}

/// What the reason of a control holds.
const INPUTS: [(Why, &str); 7] = [
    (Why::Cluster, "missing input: K8S"),
    (Why::Pod, "rule not available: pod."),
    (Why::Transport, "rule not available: registry.transport"),
    (Why::Tree, "rule not available: source."),
    (Why::Binaries, "rule not available: binaries.hardening"),
    (Why::Searches, "site value missing: further_secret_names"),
    (Why::Drift, "the image that the tag named before is not known"),
];

impl Why {
    /// Of a control of a report; `None` where it is satisfied, the error is what nothing here explains.
    pub(super) fn of(control: &Value) -> Result<Option<Self>, String> {
        let text = |key: &str| control[key].as_str().unwrap_or_default();
        let (state, class, reason) = (text("state"), text("class"), text("reason"));
        let input = INPUTS.iter().find(|(_, told)| reason.contains(told));
        match (state, input) {
            ("satisfied" | "inherently-met", _) => Ok(None),
            ("not-assessed", _) if class == "none" => Ok(Some(Self::Nothing)),
            ("satisfied-in-part", _) if class != "full" && reason == text("not_assessed") => Ok(Some(Self::ByDesign)),
            ("not-assessed" | "satisfied-in-part", Some((why, _))) => Ok(Some(*why)),
            _ => Err(format!("{} is {state}: {reason}", text("id"))),
        }
    }
}

/// What is left of each pack, by its short name.
pub(super) static LEFT: [(&str, &[(Why, &str)]); 6] = [
    (
        "cis",
        &[
            (
                Why::Nothing,
                "4.5 5.1 5.2 5.3 5.4 5.5 5.10 5.11 5.12 5.13 5.14 5.15 5.16 5.17 5.18 5.19 5.20 5.21 5.22 5.23 \
             5.24 5.25 5.26 5.29 5.30 5.31",
            ),
            (Why::ByDesign, "4.2 4.3 4.7 4.10 4.11 4.12 5.6 5.7 5.8 5.9 5.27 5.28 5.32"),
        ],
    ),
    (
        "53",
        &[
            (Why::Nothing, "RA-5(11) SC-39"),
            (
                Why::ByDesign,
                "AC-3 AC-6 AC-6(10) AU-9 CA-7 CM-2 CM-5 CM-6 CM-7 CM-7(1) CM-7(2) CM-7(5) CM-10 CM-11 IA-5(1) \
             IA-5(6) RA-3(1) RA-5(5) RA-7 SA-4(9) SA-10 SA-11 SA-15 SC-7 SC-8 SC-12 SC-13 SC-28 SI-3 SI-5 \
             SI-7 SI-7(1) SR-3 SR-10 SR-11",
            ),
            (Why::Pod, "SC-5"),
            (Why::Binaries, "SI-16"),
            (Why::Searches, "IA-5"),
            (Why::Drift, "CM-2(2) CM-2(3) CM-3(2) CM-8(1) CM-8(3)"),
        ],
    ),
    (
        "190",
        &[
            (Why::Nothing, "4.2.3 4.3.1 4.3.2 4.3.3 4.3.5 4.4.1 4.4.2 4.5.1 4.5.2 4.5.3 4.5.4"),
            (Why::ByDesign, "4.1.2 4.1.5 4.2.2 4.3.4"),
            (Why::Cluster, "4.4.5"),
            (Why::Pod, "4.4.3 4.4.4 4.5.5"),
            (Why::Transport, "4.2.1"),
            (Why::Searches, "4.1.4"),
        ],
    ),
    (
        "ib",
        &[
            (Why::Nothing, "IB-14 IB-35"),
            (Why::ByDesign, "IB-01 IB-03 IB-09 IB-10 IB-11 IB-12 IB-13 IB-15 IB-17 IB-18 IB-30 IB-32 IB-33"),
            (Why::Tree, "IB-04 IB-27 IB-28 IB-29"),
            (Why::Searches, "IB-08"),
        ],
    ),
    (
        "disa",
        &[
            (Why::Nothing, "3.2 3.3 3.5 3.6 3.7 3.8 3.9 3.10"),
            (Why::ByDesign, "2.4 2.8 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 3.11"),
            (Why::Pod, "3.1 3.4"),
            (Why::Transport, "2.7"),
            (Why::Searches, "2.18"),
        ],
    ),
    (
        "fr",
        &[
            (Why::Nothing, "CON-SENS RA-5(11)"),
            (
                Why::ByDesign,
                "CON-HARD CON-PIPE CON-ID AC-6 CA-5 CA-7 CM-2 CM-5(5) CM-6 CM-6(1) CM-7 CM-7(1) CM-7(5) CM-10 \
             CM-11 IA-5(1) RA-5(3) RA-5(5) SA-10 SC-5 SC-8(1) SC-13 SC-28(1) SI-3 SI-5 SI-7 SR-3 SR-10",
            ),
            (Why::Cluster, "CON-REG"),
            (Why::Searches, "IA-5(7)"),
            (Why::Drift, "CM-2(2) CM-3(2) CM-8(3)"),
        ],
    ),
];
