//! How the image was built: its Dockerfile, its base, its packages, its labels.

use stopgate_archive::write::{Entry, Kind};
use stopgate_testkit::hardened::{Deb, Hardened, Paper, advisory};

use super::{Row, row};

fn add(image: &mut Hardened, entry: Entry) {
    image.files.push(entry);
}

fn install(image: &mut Hardened, name: &'static str, version: &'static str) {
    image.debs.push(Deb::new(name, version));
}

fn set(image: &mut Hardened, path: &'static str, content: &str) {
    image.settings.retain(|(known, _)| *known != path);
    image.settings.push((path, content.to_owned()));
}

pub(super) static ROWS: &[Row] = &[
    // The Dockerfile.
    row("the Dockerfile uses ADD", |image| image.build.push("ADD pages.tar /srv/"), "cis 4.9 | 53 CM-6 | disa 2.4"),
    row(
        "the Dockerfile adds from the network",
        |image| image.build.push("ADD https://example.org/a.tgz /srv/"),
        "cis 4.9 | 53 CM-6 | ib IB-04 | disa 2.4",
    ),
    row(
        "a download is piped into a shell",
        |image| image.build.push("RUN curl -s https://example.org/i.sh | sh"),
        "cis 4.11 | 53 CM-6 | ib IB-04 | disa 2.4",
    ),
    row(
        "a download is verified, but made",
        |image| image.build.push("RUN wget https://example.org/a && sha256sum -c a.sum"),
        "ib IB-04 | disa 2.4",
    ),
    row(
        "signatures of packages are not checked",
        |image| {
            image.build.push("RUN apt-get install -y --allow-unauthenticated acme");
        },
        "cis 4.11 | 53 CM-6 SR-11 | disa 2.11",
    ),
    row("a build step uses sudo", |image| image.build.push("RUN sudo install -d /srv"), "53 CM-6"),
    row(
        "a build step gives everyone write access",
        |image| image.build.push("RUN chmod 777 /srv"),
        "cis 4.8 | 53 CM-6",
    ),
    row(
        "a package index is updated alone",
        |image| image.build.push("RUN apt-get update"),
        "cis 4.7 | 53 CM-6 | disa 2.8",
    ),
    row("a build step evaluates a variable", |image| image.build.push("RUN eval \"$STEPS\""), "ib IB-15"),
    // The base image.
    row("the base is not pinned", |image| image.pinned = false, "53 CM-2 SR-3 | 190 4.1.5 4.2.2"),
    row(
        "the base is the latest",
        |image| {
            image.base = "registry1.dso.mil/ironbank/acme/debian:latest";
            image.pinned = false;
        },
        "cis 5.28 | 53 CM-2 SR-3 | 190 4.1.5 4.2.2",
    ),
    row(
        "the base is not approved",
        |image| image.base = "docker.io/library/debian:12.5",
        "cis 4.2 | 53 CM-2 SR-3 | 190 4.1.5 | ib IB-01 | disa 2.17 | fr SR-3",
    ),
    row(
        "the base is another build than the approved one",
        |_| (),
        "cis 4.2 | 53 CM-2 CM-7(5) | 190 4.1.5 | disa 2.14 | fr CM-2 CM-7(5) CON-HARD",
    )
    .site(&[("approved_base_digests", "sha256:0000000000000000000000000000000000000000000000000000000000000000")]),
    row(
        "the base is signed by nobody",
        |image| image.papers.retain(|paper| !matches!(paper, Paper::Base(_))),
        "cis 4.2 | 53 SR-11 | ib IB-03 | disa 2.10",
    ),
    row(
        "the distribution's support has ended",
        |image| {
            image.release = image.release.replace("12", "10").replace("bookworm", "buster");
            image.advisories.push(advisory("CVE-2020-1971", "Debian:10", "openssl", "1.1.1d-0+deb10u4", "high"));
        },
        "53 SA-22 | 190 4.1.2 | ib IB-25 | fr SA-22",
    ),
    // Packages.
    row(
        "an SSH server is installed",
        |image| install(image, "openssh-server", "1:9.2p1-2+deb12u2"),
        "cis 5.7 | 53 CM-7 CM-7(1) | 190 4.1.2 | ib IB-09 | disa 2.1 2.12 | fr CM-7",
    ),
    row(
        "the program sshd is there",
        |image| image.own[0].files.push(("usr/sbin/sshd", "\u{7f}sshd", 0o755)),
        "cis 5.7 | 53 CM-7 | 190 4.1.2 | disa 2.1",
    ),
    row(
        "a telnet server is installed",
        |image| install(image, "telnetd", "0.17+2.4-2"),
        "53 CM-7 CM-7(1) SC-8 | 190 4.1.2 | ib IB-09 IB-11 | disa 2.12 | fr CM-7 SC-8(1)",
    ),
    row(
        "a network service is installed",
        |image| install(image, "snmpd", "5.9.3+dfsg-2"),
        "53 CM-7 CM-7(1) | 190 4.1.2 | ib IB-09 | disa 2.12 | fr CM-7",
    ),
    row(
        "a compiler is installed",
        |image| install(image, "gcc", "4:12.2.0-3"),
        "cis 4.3 | 53 CM-7 | ib IB-09 | disa 2.12 | fr CM-7(1)",
    ),
    row(
        "a download tool is installed",
        |image| install(image, "curl", "7.88.1-10+deb12u5"),
        "53 CM-7 | ib IB-09 | disa 2.12 | fr CM-7(1)",
    ),
    row("a package manager is installed", |image| install(image, "apt", "2.6.1"), "53 CM-11 | fr CM-11"),
    row("sudo is installed", |image| install(image, "sudo", "1.9.13p3-1+deb12u1"), "53 AC-6"),
    row("a denied package is installed", |image| install(image, "left-pad", "1.0-1"), "cis 4.3 | 53 CM-7(2)"),
    row(
        "a program of a package was changed",
        |image| {
            add(image, Entry::file("usr/sbin/nologin", "\u{7f}changed").mode(0o755));
        },
        "cis 4.11 | 53 CM-8(3) SI-7 SI-7(1) SR-10 | 190 4.1.3 | disa 2.11 | fr SI-7 SR-10",
    ),
    row(
        "a program belongs to no package",
        |image| add(image, Entry::file("usr/local/bin/tool", "x").mode(0o755)),
        "53 CM-7(5) CM-8 CM-8(3) SI-7 | 190 4.1.3 | ib IB-17 | fr CM-7(5) CM-8(3)",
    ),
    row("a package has a denied licence", |image| image.own[0].license = "AGPL-3.0-only", "53 CM-10 | fr CM-10"),
    row(
        "a package names no supplier",
        |image| {
            image.files[0].kind = Kind::File(br#"{"name":"acme-pages","version":"1.0.0","license":"MIT"}"#.to_vec());
        },
        "53 CM-2 CM-8 RA-3(1) SR-3 | ib IB-31 | fr CM-2 CM-8",
    ),
    row(
        "the package manager checks no signatures",
        |image| set(image, "etc/dnf/dnf.conf", "[main]\ngpgcheck=0\n"),
        "cis 4.11 | disa 2.11",
    ),
    row(
        "a package cache was left behind",
        |image| {
            add(image, Entry::file("var/lib/apt/lists/deb.example.org_Packages", "x"));
        },
        "cis 4.3 | ib IB-09",
    ),
    row(
        "an engine's client is installed",
        |image| image.own[0].files.push(("usr/bin/docker", "\u{7f}docker", 0o755)),
        "cis 5.32 | 53 CM-7",
    ),
    // Other files.
    row(
        "a repository is in the image",
        |image| add(image, Entry::file("srv/.git/HEAD", "ref: refs/heads/main\n")),
        "ib IB-09",
    ),
    row("a file trusts other hosts", |image| add(image, Entry::file("root/.rhosts", "+ +\n")), ""),
    row(
        "OpenSSL allows old protocols",
        |image| set(image, "etc/ssl/openssl.cnf", "MinProtocol = TLSv1\n"),
        "53 SC-8 | ib IB-11 | fr SC-8(1)",
    ),
    row(
        "the cryptographic policy is not FIPS",
        |image| set(image, "etc/crypto-policies/config", "DEFAULT\n"),
        "53 SC-13 | fr SC-13",
    ),
    row(
        "it has no cryptographic module",
        |image| {
            image.debs[1].files.pop();
        },
        "53 SC-13 | fr SC-13",
    ),
    row(
        "a file has what the site searches for",
        |image| add(image, Entry::file("srv/settings", "debug=1\n")),
        "ib IB-12",
    ),
    // The image as a whole.
    row("it has many layers", |image| image.layers = 41, "cis 4.3 | disa 2.8"),
    row("it is old", |image| image.created = "2025-11-01T06:00:00Z", "cis 4.4 | 190 4.2.2 | disa 2.15"),
    row(
        "a label is missing",
        |image| image.labels.retain(|(name, _)| !name.ends_with(".version")),
        "53 SA-4(9) | ib IB-26 | fr CON-ID",
    ),
];
