//! Gates at the end of their life: rules of old policies name them, are read, and never run.

/// A gate that engines know and no longer run.
pub(crate) struct EndOfLife {
    pub(crate) gate: &'static str,
    pub(crate) triggers: &'static [&'static str],
    pub(crate) superseded_by: Option<&'static str>,
}

const fn eol(gate: &'static str, triggers: &'static [&'static str], superseded_by: Option<&'static str>) -> EndOfLife {
    EndOfLife { gate, triggers, superseded_by }
}

/// Gates at the end of their life (Anchore engine 1.1).
pub(crate) static END_OF_LIFE: &[EndOfLife] = &[
    eol("suiddiff", &["suidmodediff", "suidfileadd", "suidfiledel", "suiddiff"], None),
    eol("imagecheck", &["baseoutofdate"], None),
    eol("pkgdiff", &["pkgdiff", "pkgversiondiff", "pkgadd", "pkgdel"], None),
    eol(
        "anchoresec",
        &["vulnlow", "vulnmedium", "vulnhigh", "vulncritical", "vulnunknown", "feedoutofdate", "unsupporteddistro"],
        Some("vulnerabilities"),
    ),
    eol("pkgcheck", &["verify", "pkgnotpresent"], Some("packages")),
    eol(
        "dockerfilecheck",
        &[
            "effectiveuser",
            "directivecheck",
            "expose",
            "nofrom",
            "fromscratch",
            "notag",
            "sudo",
            "volumepresent",
            "nohealthcheck",
            "nodockerfile",
        ],
        Some("dockerfile"),
    ),
    eol("filecheck", &["contentmatch", "filenamematch", "suidsgidcheck"], Some("files")),
    eol(
        "fileparse_passwd",
        &["filenotstored", "usernamematch", "useridmatch", "groupidmatch", "shellmatch", "pentrymatch"],
        Some("passwd_file"),
    ),
    eol(
        "gemcheck",
        &["gemnotlatest", "gemnotofficial", "gembadversion", "gempkgfullmatch", "gempkgnamematch", "gemnofeed"],
        Some("ruby_gems"),
    ),
    eol("metadatacheck", &["attributecheck"], Some("metadata")),
    eol("licblacklist", &["licfullmatch", "licsubmatch"], Some("licenses")),
    eol(
        "npmcheck",
        &["npmnotlatest", "npmnotofficial", "npmbadversion", "npmpkgfullmatch", "npmpkgnamematch", "npmnofeed"],
        Some("npms"),
    ),
    eol("pkgblacklist", &["pkgfullmatch", "pkgnamematch"], Some("packages")),
    eol("secretcheck", &["contentmatch"], Some("secret_scans")),
];
