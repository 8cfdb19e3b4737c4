//! What runs, who may do what, and what lies in the files.

use stopgate_archive::write::Entry;
use stopgate_testkit::hardened::Hardened;

use super::{Row, row};

fn add(image: &mut Hardened, entry: Entry) {
    image.files.push(entry);
}

fn account(image: &mut Hardened, name: &str, uid: u32) {
    image.passwd = format!("{}{name}:x:{uid}:0::/:/usr/sbin/nologin\n", image.passwd);
    image.shadow = format!("{}{name}:!:19700:0:99999:7:::\n", image.shadow);
}

/// A program that may read and write whatever it likes (`cap_dac_override`, effective; version 2 of the attribute).
fn capable() -> Entry {
    let words: [u32; 5] = [0x0200_0001, 2, 0, 0, 0];
    let mut entry = Entry::file("usr/bin/acme-server", "\u{7f}server").mode(0o755);
    entry.capability = Some(words.iter().flat_map(|word| word.to_le_bytes()).collect());
    entry
}

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
const CLOUD: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
const TOKEN: &str = "0123456789abcdefghij0123";

pub(super) static ROWS: &[Row] = &[
    // The user.
    row(
        "it runs as root",
        |image| image.user = Some("0:0"),
        "cis 4.1 | 53 AC-3 AC-6 AC-6(10) CM-11 | 190 4.1.2 | ib IB-05 | disa 2.2 | fr AC-6 CM-5(5)",
    ),
    row(
        "it sets no user",
        |image| image.user = None,
        "cis 4.1 | 53 AC-3 AC-6 AC-6(10) CM-11 | 190 4.1.2 | ib IB-05 | disa 2.2 | fr AC-6 CM-5(5)",
    ),
    row(
        "its user is a second account with the id 0",
        |image| {
            account(image, "admin", 0);
            image.user = Some("admin");
        },
        "cis 4.1 | 53 AC-3 AC-6 AC-6(10) CM-11 | 190 4.1.2 | ib IB-05 | disa 2.2 | fr AC-6 CM-5(5)",
    ),
    // Accounts.
    row("a second account has the id 0", |image| account(image, "admin", 0), ""),
    row("two accounts share an id", |image| account(image, "other", 10_001), ""),
    row(
        "an account has no password",
        |image| image.shadow = image.shadow.replace("server:!:", "server::"),
        "53 IA-5 IA-5(1) | disa 2.18 | fr IA-5(1)",
    ),
    row(
        "a password has a weak hash",
        |image| {
            image.shadow = image.shadow.replace("server:!:", "server:$1$salt$WJ6/lPTtuZ2KFLcJw0nHb0:");
        },
        "53 IA-5 IA-5(1) | fr IA-5(1)",
    ),
    // Ports.
    row(
        "it exposes 22",
        |image| image.ports.push("22"),
        "cis 5.7 5.8 5.9 | 53 CM-7 CM-7(1) SA-4(9) SC-7 SC-8 | 190 4.1.2 | ib IB-10 | disa 2.1 2.5 2.13 | \
            fr CM-7 CM-7(1)",
    ),
    row(
        "it exposes 443",
        |image| image.ports.push("443"),
        "cis 5.8 5.9 | 53 CM-7 CM-7(1) SA-4(9) SC-7 | 190 4.1.2 | ib IB-10 | disa 2.5 2.13 | fr CM-7 CM-7(1)",
    ),
    row(
        "it exposes a port that the site does not list",
        |image| image.ports.push("9000"),
        "cis 5.9 | 53 CM-7 SA-4(9) SC-7 | ib IB-10 | disa 2.13 | fr CM-7",
    ),
    row(
        "a volume covers the engine's socket",
        |image| image.volumes.push("/var/run/docker.sock"),
        "cis 5.6 5.32 | 53 CM-6 | 190 4.5.5 | disa 3.1 3.4",
    ),
    row("a volume covers the logs", |image| image.volumes.push("/var/log"), ""),
    // Health.
    row(
        "it has no health check",
        |image| image.health = None,
        "cis 4.6 5.27 | 53 CM-6 SC-5 | 190 4.1.2 | ib IB-07 | disa 2.6 | fr SC-5",
    ),
    row(
        "its health check is switched off",
        |image| image.health = Some("NONE"),
        "cis 4.6 5.27 | 53 CM-6 SC-5 | 190 4.1.2 | ib IB-07 | disa 2.6 | fr SC-5",
    ),
    // Modes.
    row(
        "a program has the set-user-id bit",
        |image| image.own[0].files[0].2 = 0o4755,
        "cis 4.8 | 53 AC-6 AC-6(10) | 190 4.1.2 | ib IB-06 | disa 2.3 | fr AC-6",
    ),
    row(
        "everyone may write to a file",
        |image| add(image, Entry::file("srv/data", "x").mode(0o666)),
        "53 AC-3 | ib IB-34",
    ),
    row("everyone may write to a program", |image| image.own[0].files[0].2 = 0o777, "53 AC-3 CM-5 | ib IB-34"),
    row(
        "a library belongs to a user",
        |image| {
            add(image, Entry::file("usr/lib/x86_64-linux-gnu/libacme.so.1", "x").owner(10001, 10001));
        },
        "53 CM-5",
    ),
    row(
        "everyone may read the password hashes",
        |image| {
            let shadow = image.shadow.clone();
            add(image, Entry::file("etc/shadow", shadow).mode(0o644));
        },
        "53 AC-3",
    ),
    row(
        "everyone may write to a log",
        |image| add(image, Entry::file("var/log/app.log", "").mode(0o666)),
        "53 AC-3 AU-9 | ib IB-34",
    ),
    row("a file belongs to nobody", |image| add(image, Entry::file("srv/data", "x").owner(4242, 4242)), "ib IB-34"),
    row("a program may write everywhere", |image| add(image, capable()), "53 AC-6 | ib IB-06 | disa 2.3"),
    // Secrets.
    row(
        "a file holds a key of a cloud",
        |image| add(image, Entry::file("srv/settings", CLOUD)),
        "cis 4.10 | 53 IA-5 SC-28 | 190 4.1.4 | ib IB-08 | disa 2.18 | fr IA-5(7)",
    ),
    row(
        "a file is a private key",
        |image| add(image, Entry::file("srv/acme.pem", KEY)),
        "cis 4.10 | 53 IA-5 IA-5(6) SC-12 SC-28 | 190 4.1.4 | ib IB-08 | disa 2.18 | fr IA-5(7)",
    ),
    row(
        "a file is named as credentials are",
        |image| add(image, Entry::file("srv/.netrc", "machine a\n")),
        "cis 4.10 | 53 IA-5(6) SC-12 | 190 4.1.4 | ib IB-08 | disa 2.18",
    ),
    row("everyone may read a key", |image| add(image, Entry::file("etc/ssl/private/acme.key", "x")), "53 IA-5(6)"),
    row(
        "the environment holds a secret",
        |image| {
            image.env.push(("API_KEY", TOKEN.to_owned()));
        },
        "cis 4.10 | 53 CM-6 | 190 4.1.4 | ib IB-08 | disa 2.9 | fr IA-5(7)",
    ),
    row(
        "an argument of the build holds a secret",
        |image| image.build.push("ARG DB_PASSWORD=hunter2"),
        "cis 4.10 | 53 CM-6 | 190 4.1.4 | ib IB-08 | disa 2.9 | fr IA-5(7)",
    ),
    row(
        "a label holds a secret",
        |image| image.labels.push(("build", format!("api_key={TOKEN}"))),
        "cis 4.10 | 190 4.1.4 | ib IB-08 | disa 2.9 | fr IA-5(7)",
    ),
    row(
        "a lower layer holds a secret",
        |image| image.removed.push(Entry::file("srv/settings", CLOUD)),
        "cis 4.10 | 53 SC-28 | 190 4.1.4 | ib IB-08 | disa 2.18 | fr IA-5(7) SC-28(1)",
    ),
];
