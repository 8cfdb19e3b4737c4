//! What cannot be shown, each with its reason. The story fails when an entry is no longer needed.

/// Rules of the library that no pack gets, since this version has no trigger for them.
pub(super) static NOT_AVAILABLE: &[(&[&str], &str)] = &[
    (&["R-BIN-1"], "no analysis reads how programs were compiled"),
    (&["R-REG-1"], "how an image was pulled is not part of what was pulled"),
    (
        &["R-RT-1", "R-RT-2", "R-RT-3", "R-RT-4", "R-RT-5", "R-RT-6", "R-RT-8", "R-RT-9"],
        "the specification of a pod is no artifact",
    ),
    (&["R-SRC-1", "R-SRC-2"], "no analysis reads what a repository must hold beside its packages"),
];

/// What never passes or never fails.
pub(super) static NEITHER: &[(&str, &str)] = &[(
    "never passes: R-SBM-1 sbom.quality of images: profile=cisa-2025 max_missing=0 \
     (sbom-minimum, extended, sbom-minimum-CISA-1-r1)",
    "of an image's packages the analysis tells a hash for Java archives alone, and for those no supplier",
)];
