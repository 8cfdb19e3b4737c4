//! What is known of the image: vulnerabilities, earlier evaluations, documents of others.

use serde_json::json;
use stopgate_testkit::hardened::{Hardened, Paper, Signer, advisory};

use super::{Past, Row, row};

/// A vulnerability of this severity in OpenSSL, with a fix of this day.
fn vulnerable(image: &mut Hardened, severity: &str, fixed_on: &str) {
    let mut found = advisory("CVE-2026-0001", "Debian:12", "openssl", "3.0.14-1~deb12u1", severity);
    found["affected"][0]["database_specific"]["stopgate"] = json!({"fix_date": fixed_on});
    image.advisories.push(found);
}

pub(super) static ROWS: &[Row] = &[
    // Vulnerabilities.
    row(
        "a critical vulnerability has a fix",
        |image| vulnerable(image, "critical", "2026-03-01"),
        "cis 4.4 5.28 | 53 SI-2 | 190 4.1.1",
    ),
    row("a high vulnerability has had a fix for 20 days", |image| vulnerable(image, "high", "2026-02-11"), "190 4.1.1"),
    row(
        "a high vulnerability has had a fix for 40 days",
        |image| vulnerable(image, "high", "2026-01-22"),
        "cis 4.4 | 53 SI-2 | 190 4.1.1",
    ),
    row(
        "a medium vulnerability has had a fix for 100 days",
        |image| vulnerable(image, "medium", "2025-11-20"),
        "cis 4.4 | 53 SI-2 | 190 4.1.1",
    ),
    row(
        "a high vulnerability without a fix is known for 40 days",
        |image| {
            let mut found = advisory("CVE-2026-0001", "Debian:12", "openssl", "0", "high");
            found["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}]);
            image.advisories.push(found);
        },
        "53 RA-5 RA-7 | ib IB-21 IB-32 | fr CA-5 RA-5 SI-2 SI-2(3)",
    )
    .past(Past::Known("2026-01-22T00:00:00Z")),
    row(
        "a vulnerability of a library has a fix",
        |image| {
            image.advisories.push(advisory("CVE-2026-0002", "npm", "acme-pages", "1.0.1", "critical"));
        },
        "cis 4.4 5.28 | 53 SI-2 | 190 4.1.1 4.4.4",
    ),
    row(
        "a vulnerability is exploited, and its date has passed",
        |image| {
            let mut found = advisory("CVE-2026-0003", "Debian:12", "openssl", "3.0.14-1~deb12u1", "low");
            found["database_specific"]["stopgate"]["kev"] =
                json!({"cve": "CVE-2026-0003", "date_added": "2026-02-01", "due_date": "2026-02-22"});
            image.advisories.push(found);
        },
        "53 RA-5 SI-5 | 190 4.1.1 | ib IB-24 | fr RA-5 SI-5",
    ),
    row(
        "a directive names a vulnerability",
        |image| {
            image.advisories.push(advisory("CVE-2021-44228", "Debian:12", "openssl", "3.0.14-1~deb12u1", "low"));
        },
        "53 SI-5 | fr SI-5",
    ),
    row("the vulnerability data is 11 days old", |_| (), "").past(Past::DataOf("2026-02-20T00:00:00Z")).unknown(
        "53 CA-7 RA-5 RA-5(2) RA-7 SA-22 SI-2 SI-2(2) SI-5 | 190 4.1.1 4.4.4 | \
            ib IB-18 IB-20 IB-21 IB-22 IB-23 IB-24 IB-32 | \
            fr CA-5 CA-7 CON-SCAN RA-5 RA-5(2) SI-2 SI-2(2) SI-2(3) SI-5",
    ),
    row("the vulnerability data is 42 days old", |_| (), "").past(Past::DataOf("2026-01-20T00:00:00Z")).unknown(
        "cis 4.4 5.28 | 53 CA-7 RA-5 RA-5(2) RA-7 SA-22 SI-2 SI-2(2) SI-5 | 190 4.1.1 4.4.4 | \
            ib IB-18 IB-20 IB-21 IB-22 IB-23 IB-24 IB-32 | \
            fr CA-5 CA-7 CON-SCAN RA-5 RA-5(2) SI-2 SI-2(2) SI-2(3) SI-5",
    ),
    row("there is no data for the distribution", |image| image.advisories.clear(), "").unknown(
        "cis 4.4 5.28 | 53 CA-7 RA-5 RA-5(2) RA-7 SA-22 SI-2 SI-2(2) SI-5 | 190 4.1.1 4.4.4 | \
            ib IB-18 IB-20 IB-21 IB-22 IB-23 IB-24 IB-32 | \
            fr CA-5 CA-7 CON-SCAN RA-5 RA-5(2) SI-2 SI-2(2) SI-2(3) SI-5",
    ),
    row("the last evaluation was 21 days ago", |_| (), "fr CON-PIPE CON-SCAN RA-5")
        .past(Past::Evaluated("2026-02-10T00:00:00Z")),
    row(
        "the last evaluation was 40 days ago",
        |_| (),
        "cis 4.4 5.28 | 53 CA-7 CM-2(2) SA-11 SI-2(2) | 190 4.2.2 4.4.5 | disa 2.15 | \
            fr CA-7 CON-PIPE CON-REG CON-SCAN RA-5 SI-2(2)",
    )
    .past(Past::Evaluated("2026-01-22T00:00:00Z")),
    // Documents.
    row(
        "malware was found",
        |image| image.malware = Some(vec![("/srv/x", "Unix.Trojan.Example-1")]),
        "53 CM-8(3) SI-3 SR-10 | 190 4.1.3 | ib IB-16 | fr SI-3",
    ),
    row("nobody looked for malware", |image| image.malware = None, "")
        .unknown("53 CM-8(3) SI-3 SR-10 | 190 4.1.3 | ib IB-16 | fr SI-3"),
    row(
        "a STIG item of category I is open",
        |image| image.stig = Some(vec![(0.7, "failed"), (0.5, "passed")]),
        "53 CM-6 | ib IB-12 IB-19 | disa 2.16 | fr CM-6 CON-HARD",
    ),
    row(
        "the STIG evaluation is old",
        |image| image.stig_time = "2026-01-15T00:00:00Z",
        "53 CM-6 | ib IB-19 | disa 2.16 | fr CM-6 CM-6(1) CON-HARD",
    ),
    row("there is no STIG evaluation", |image| image.stig = None, "")
        .unknown("53 CM-6 | 190 4.1.2 | ib IB-12 IB-19 | disa 2.16 | fr CM-6 CM-6(1) CON-HARD"),
    row(
        "the image is signed by nobody",
        |image| image.papers.retain(|paper| !matches!(paper, Paper::Image(_))),
        "cis 4.12 | 53 CM-5 SA-10 SI-7 SR-11 | 190 4.1.5 | ib IB-30 | disa 2.17 | fr CM-3(2) SA-10 SI-7 SR-3",
    ),
    row(
        "the image is signed by a stranger",
        |image| image.papers[0] = Paper::Image(Signer::Stranger),
        "cis 4.12 | 53 CM-5 SA-10 SI-7 SR-11 | 190 4.1.5 | ib IB-30 | disa 2.17 | fr CM-3(2) SA-10 SI-7 SR-3",
    ),
    row(
        "there is no provenance",
        |image| image.papers.retain(|paper| !matches!(paper, Paper::Provenance(_))),
        "cis 4.12 | 53 CM-5 RA-3(1) SA-10 SA-15 SR-3 | fr CM-3(2) SA-10 SR-3",
    ),
    row("there are no signed statements", |image| image.papers.clear(), "").unknown(
        "cis 4.12 | 53 CM-5 RA-3(1) SA-10 SA-15 SI-7 SR-3 SR-11 | 190 4.1.5 | ib IB-03 IB-30 | disa 2.10 2.17 | \
            fr CM-3(2) SA-10 SI-7 SR-3",
    ),
];
