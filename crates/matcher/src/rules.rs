//! Matches that are known to be wrong, or are unwanted unless asked for: fixed lists, as grype has them.

use stopgate_model::{Match, MatchKind, Package};

/// Records that name another product than the packages of these names.
struct Mistaken {
    kind: &'static str,
    ids: &'static [&'static str],
    names: &'static [&'static str],
}

const MISTAKEN: &[Mistaken] = &[
    // The flaws are log4j-core's (grype issue 552).
    Mistaken {
        kind: "java-archive",
        ids: &[
            "CVE-2021-44228",
            "CVE-2021-45046",
            "GHSA-jfh8-c2jp-5v3q",
            "GHSA-7rjr-3q55-vv33",
            "CVE-2020-9493",
            "CVE-2022-23307",
            "CVE-2023-26464",
        ],
        names: &[
            "log4j-api",
            "log4j-slf4j-impl",
            "log4j-to-slf4j",
            "log4j-1.2-api",
            "log4j-detector",
            "log4j-over-slf4j",
            "slf4j-log4j12",
        ],
    },
    // Other implementations of protocol buffers (grype issue 558).
    Mistaken { kind: "go-module", ids: &["CVE-2015-5237", "CVE-2021-22570"], names: &["google.golang.org/protobuf"] },
    // Squiz Matrix.
    Mistaken {
        kind: "gem",
        ids: &["CVE-2017-14196", "CVE-2017-14197", "CVE-2017-14198", "CVE-2019-19373", "CVE-2019-19374"],
        names: &["matrix"],
    },
    // The proxy server DeleGate.
    Mistaken {
        kind: "gem",
        ids: &[
            "CVE-1999-1338",
            "CVE-2001-1202",
            "CVE-2002-1781",
            "CVE-2004-0789",
            "CVE-2004-2003",
            "CVE-2005-0036",
            "CVE-2005-0861",
            "CVE-2006-2072",
            "CVE-2015-7556",
        ],
        names: &["delegate"],
    },
    // A network management system.
    Mistaken { kind: "gem", ids: &["CVE-2008-4318"], names: &["observer"] },
    // A plugin of WeeChat.
    Mistaken { kind: "gem", ids: &["CVE-2017-14727"], names: &["logger"] },
    // The flaw is in minizip, which Debian's zlib does not build (grype issue 2412).
    Mistaken { kind: "deb", ids: &["CVE-2023-45853"], names: &["zlib1g", "zlib"] },
];

/// Whether a record is known to mean another product.
pub(crate) fn is_mistaken(package: &Package, id: &str) -> bool {
    MISTAKEN.iter().any(|one| {
        one.kind == package.package_type.id() && one.names.contains(&&*package.name) && one.ids.contains(&id)
    })
}

/// Whether a match of kernel headers comes from the kernel's source package, whose code they do not hold.
pub(crate) fn is_kernel_header(package: &Package, found: &Match) -> bool {
    if !found.details.iter().any(|detail| detail.kind == MatchKind::ExactIndirect) {
        return false;
    }
    let source = |accepts: &dyn Fn(&str) -> bool| package.upstreams.iter().any(|upstream| accepts(&upstream.name));
    let name = package.name.as_str();
    match package.package_type.id() {
        "rpm" => name == "kernel-headers" && source(&|source| source == "kernel"),
        "deb" if name == "linux-libc-dev" => source(&|source| source == "linux"),
        "deb" => {
            let headers = name.strip_prefix("linux").is_some_and(|rest| {
                rest.starts_with("-headers-") || (rest.starts_with('-') && rest.contains("-headers-"))
            });
            (headers || name.starts_with("linux-kbuild-")) && source(&|source| source.starts_with("linux"))
        }
        _ => false,
    }
}
