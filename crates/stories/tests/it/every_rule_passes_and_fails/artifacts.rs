//! What is decided: the whole image, each broken property, and further ones that only these rules name.

use anyhow::Result;
use serde_json::{Value, json};
use stopgate_archive::write::Entry;
use stopgate_testkit::hardened::{Deb, Hardened, advisory};

use super::sboms;
use super::trees::{TREES, Tree};
use crate::hardened::{Desk, NOW, Past, Row, WHOLE, row, rows};

/// An artifact with what is given beside it.
pub(super) enum Artifact {
    /// An image with its documents.
    Image(&'static Row),
    /// The whole image, with the Dockerfile that names its base by arguments.
    Arguments,
    /// The whole image, without a Dockerfile, a base and documents.
    Alone,
    /// A source tree.
    Tree(&'static Tree),
    /// An SBOM: what it is, the document.
    Sbom(&'static str, fn() -> Value),
}

impl Artifact {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let images = [&WHOLE].into_iter().chain(rows()).chain(ROWS).map(Self::Image);
        images.chain([Self::Arguments, Self::Alone]).chain(TREES.iter().map(Self::Tree)).chain([
            Self::Sbom("an SBOM that says all", sboms::whole),
            Self::Sbom("an SBOM with denied licences", sboms::of_sources),
            Self::Sbom("an SBOM of an image with denied licences", sboms::of_image),
        ])
    }

    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Image(row) => row.what,
            Self::Arguments => "the base is named by arguments",
            Self::Alone => "nobody says anything of the image",
            Self::Tree(tree) => tree.what,
            Self::Sbom(what, _) => what,
        }
    }

    pub(super) const fn past(&self) -> Past {
        match self {
            Self::Image(row) => row.past,
            Self::Arguments | Self::Alone | Self::Sbom(..) => Past::DayBefore,
            Self::Tree(tree) => tree.past,
        }
    }

    /// The words after `check`, without the policy.
    pub(super) fn words(&self, desk: &Desk, folder: &str) -> Result<String> {
        let image = |row: &Row, dockerfile: &str| -> Result<String> {
            Ok(format!("{} --dockerfile {folder}/{dockerfile}", desk.given(folder, row)?.words))
        };
        match self {
            Self::Image(row) => image(row, "Dockerfile"),
            Self::Arguments => image(&WHOLE, "Dockerfile.arguments"),
            Self::Alone => Ok(format!("first/image.tar --as-of {NOW} --advisories first/osv")),
            Self::Tree(tree) => tree.words(desk, folder),
            Self::Sbom(_, document) => {
                std::fs::write(desk.folder(&format!("{folder}.json")), document().to_string())?;
                Ok(format!("sbom:{folder}.json --as-of {NOW} --advisories first/osv"))
            }
        }
    }
}

/// What no pack lets be installed, beside what `rows` installs: package managers, programs that switch to other users,
/// tools, services.
const PACKAGES: [&str; 4] = [
    "apk-tools dnf microdnf npm pip yum",
    "doas gosu su-exec",
    "ftp gdb git make man-db nc netcat nmap strace tcpdump telnet vim wget",
    "dropbear inetutils-telnetd net-snmp nfs-kernel-server nfs-utils proftpd rsh-server sendmail talk-server \
     telnet-server tftp-server tftpd-hpa vsftpd xinetd ypserv",
];

/// One line for each search for secrets.
pub(super) const SECRETS: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
    aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab\n\
    -----BEGIN PRIVATE KEY-----\n\
    {\"auths\": {\"registry.example.org\": {\"auth\": \"YWNtZTphY21l\"}}}\n\
    api_key = 0123456789abcdefghij0123\n";

/// Vulnerabilities of every severity in a package, each as often as the rules that count ask for: with a fix, and
/// without one.
pub(super) fn vulnerabilities(ecosystem: &str, package: &str, fixed: &str) -> Vec<Value> {
    let severities = [("critical", 2), ("high", 5), ("medium", 1), ("low", 1)];
    let all = severities.iter().flat_map(|(severity, count)| std::iter::repeat_n(*severity, *count)).enumerate();
    let mut advisories = Vec::new();
    for (at, severity) in all {
        let mut one = advisory(&format!("CVE-2024-1{at:03}"), ecosystem, package, fixed, severity);
        one["affected"][0]["database_specific"]["stopgate"] = json!({"fix_date": "2025-01-01"});
        let mut other = advisory(&format!("CVE-2024-2{at:03}"), ecosystem, package, fixed, severity);
        other["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}]);
        advisories.extend([one, other]);
    }
    advisories
}

fn setting(image: &mut Hardened, path: &'static str, content: &str) {
    image.settings.retain(|(known, _)| *known != path);
    image.settings.push((path, content.to_owned()));
}

/// What `rows` leaves whole, or breaks less than these rules need. That some rule fails is all that is asked, so nothing
/// is pinned.
static ROWS: &[Row] = &[
    row(
        "what nobody needs is installed",
        |image| {
            let names = PACKAGES.into_iter().flat_map(|names| names.split(' '));
            image.debs.extend(names.map(|name| Deb::new(name, "1.0-1")));
        },
        "",
    ),
    row(
        "an account is one of an old service",
        |image| image.passwd.push_str("games:x:5:60::/:/usr/sbin/nologin\n"),
        "",
    ),
    row(
        "everyone may write to the lists of accounts",
        |image| {
            let [passwd, group] = [("etc/passwd", image.passwd.clone()), ("etc/group", "root:x:0:\n".to_owned())];
            image.files.extend([passwd, group].map(|(path, content)| Entry::file(path, content).mode(0o666)));
        },
        "",
    ),
    row("other authorities are trusted", |image| setting(image, "etc/ssl/certs/ca-certificates.crt", "x\n"), ""),
    row("the other package manager checks no signatures", |image| setting(image, "etc/yum.conf", "[main]\n"), ""),
    row(
        "a runtime gets no fixes any more",
        |image| image.files.push(Entry::file("usr/local/bin/python3.6", "\u{7f}python").mode(0o755)),
        "",
    ),
    row("the distribution is another", |image| image.release = image.release.replace("ID=debian", "ID=acme"), ""),
    row("a file has secrets of every kind", |image| image.files.push(Entry::file("srv/settings", SECRETS)), ""),
    row(
        "a list of packages cannot be read",
        |image| image.files.push(Entry::file("srv/node_modules/broken/package.json", "{")),
        "",
    ),
    row(
        "vulnerabilities of every severity are old",
        |image| {
            image.advisories.extend(vulnerabilities("Debian:12", "openssl", "3.0.14-1~deb12u1"));
            image.advisories.extend(vulnerabilities("npm", "acme-pages", "1.0.1"));
        },
        "",
    )
    .past(Past::Known("2025-02-01T00:00:00Z")),
    row("the last evaluation was months ago", |_| (), "").past(Past::Evaluated("2025-11-01T00:00:00Z")),
    row("the packages are those of the image before", |_| (), "").past(Past::Image),
    row(
        "the packages differ from those of the image before",
        |image| {
            image.own[0].version = "1.0.1-1";
            image.debs[0] = Deb::new("base-files", "12.4+deb12u5");
        },
        "",
    )
    .past(Past::Image),
];
