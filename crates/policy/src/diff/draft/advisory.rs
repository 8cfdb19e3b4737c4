//! A vulnerability as an own advisory in OSV form, and as the match that vulnerability data built from it gives.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use stopgate_model::{AvailableFix, Cvss, Epss, Fix, FixState, Kev, PackageType, RelatedVulnerability, Vulnerability};

use super::{Draft, Kind, Parcel, Repair, Vector, Weakness};

/// The version in which made vulnerabilities are fixed: above every version of a made package.
const FIXED: &str = "9999.0.0";

/// Distributions that OSV has an ecosystem for: id of os-release, name in OSV, type of their packages. A `#` stands
/// for the version.
const DISTRIBUTIONS: &[(&str, &str, PackageType)] = &[
    ("debian", "Debian:#", PackageType::DEB),
    ("ubuntu", "Ubuntu:#", PackageType::DEB),
    ("alpine", "Alpine:v#", PackageType::APK),
    ("rocky", "Rocky Linux:#", PackageType::RPM),
    ("almalinux", "AlmaLinux:#", PackageType::RPM),
    ("rhel", "Red Hat:enterprise_linux:#", PackageType::RPM),
    ("amzn", "Amazon Linux:#", PackageType::RPM),
    ("ol", "Oracle Linux:#", PackageType::RPM),
    ("azurelinux", "Azure Linux:#", PackageType::RPM),
    ("photon", "Photon OS:#", PackageType::RPM),
];

/// Package types that OSV has an ecosystem for.
const ECOSYSTEMS: &[(&str, &str)] =
    &[("npm", "npm"), ("python", "PyPI"), ("gem", "RubyGems"), ("java-archive", "Maven"), ("rust-crate", "crates.io")];

/// The distribution's ecosystem and the type of its packages; `None` when data cannot be made for it.
pub(super) fn distribution(draft: &Draft) -> Option<(String, PackageType)> {
    let (id, version) = draft.distro.as_ref()?;
    let (_, name, kind) = DISTRIBUTIONS.iter().find(|(known, ..)| known == id)?;
    let numeric = !version.is_empty()
        && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    numeric.then(|| (name.replace('#', version), kind.clone()))
}

/// Ecosystem of a package; `None` when data cannot be made for it.
fn ecosystem(draft: &Draft, parcel: &Parcel) -> Option<String> {
    match &parcel.kind {
        Kind::Os => distribution(draft).map(|(name, _)| name),
        Kind::Named(id) => ECOSYSTEMS.iter().find(|(known, _)| known == id).map(|(_, name)| (*name).to_owned()),
    }
}

/// Provider and namespace of the records that are made.
fn provider(draft: &Draft, parcel: &Parcel) -> (String, String) {
    match (&parcel.kind, &draft.distro) {
        (Kind::Os, Some((id, version))) => (id.clone(), format!("{id}:distro:{id}:{version}")),
        _ => ("github".to_owned(), "github:language:any".to_owned()),
    }
}

/// A calendar day some days before the draft's time; later for a negative number.
pub(super) fn day(draft: &Draft, days: i64) -> Option<Date> {
    let today = draft.now.in_tz("UTC").ok()?.date();
    today.checked_sub(days.days()).ok()
}

/// The advisory; `None` when OSV cannot say it.
pub(super) fn document(draft: &Draft, parcel: &Parcel, weakness: &Weakness) -> Option<Value> {
    let mut own = Map::new();
    let mut say = |name: &str, value: Value| own.insert(name.to_owned(), value);
    say("provider", json!(provider(draft, parcel).0));
    say("severity", json!(weakness.severity.name().to_lowercase()));
    let mut events = vec![json!({"introduced": "0"})];
    match weakness.repair {
        Repair::Open => {}
        Repair::Never => drop(say("fix_state", json!("wont-fix"))),
        Repair::Unknown => drop(say("fix_state", json!("unknown"))),
        Repair::Fixed(age) => {
            events.push(json!({"fixed": FIXED}));
            if let Some(age) = age {
                say("fix_date", json!(day(draft, age)?.to_string()));
            }
        }
    }
    let today = day(draft, 0)?.to_string();
    if weakness.exploited {
        say("kev", json!({"date_added": today, "due_date": today}));
    }
    if let Some((score, percentile)) = weakness.epss {
        say("epss", json!({"score": score, "percentile": percentile, "date": today}));
    }
    if let Some(vector) = &weakness.nvd {
        say("cvss", json!([{"source": "nvd@nist.gov", "vector": vector.text}]));
    }
    let vendor: Vec<Value> =
        weakness.vendor.iter().map(|vector| json!({"type": "CVSS_V3", "score": vector.text})).collect();
    Some(json!({
        "schema_version": "1.6.0",
        "id": weakness.id,
        "modified": format!("{today}T00:00:00Z"),
        "aliases": aliases(weakness),
        "summary": "made to show how two policies differ",
        "severity": vendor,
        "affected": [affected(&ecosystem(draft, parcel)?, &parcel.name, &events)],
        "database_specific": {"stopgate": own},
    }))
}

/// An advisory that affects no package of the draft and makes its distribution one with data.
pub(super) fn filler(draft: &Draft) -> Option<Value> {
    let (ecosystem, _) = distribution(draft)?;
    let events = [json!({"introduced": "0"}), json!({"fixed": "0.1"})];
    Some(json!({
        "schema_version": "1.6.0",
        "id": "CVE-1999-0001",
        "modified": format!("{}T00:00:00Z", day(draft, 0)?),
        "summary": "stands for data about the distribution",
        "affected": [affected(&ecosystem, "not-in-any-image", &events)],
        "database_specific": {"stopgate": {"provider": draft.distro.as_ref()?.0, "severity": "low"}},
    }))
}

fn affected(ecosystem: &str, name: &str, events: &[Value]) -> Value {
    json!({
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    })
}

/// NVD's scores stand in the record of a CVE, so a vulnerability with another id needs one beside it.
fn aliases(weakness: &Weakness) -> Vec<String> {
    match weakness.nvd {
        Some(_) if !weakness.id.starts_with("CVE-") => vec!["CVE-2030-99999".to_owned()],
        _ => Vec::new(),
    }
}

/// The record as data built from the advisory has it, as far as rules read it.
pub(super) fn record(draft: &Draft, parcel: &Parcel, weakness: &Weakness) -> Vulnerability {
    let (provider, namespace) = provider(draft, parcel);
    let date = day(draft, 0).map(|day| day.to_string()).unwrap_or_default();
    let aliases = aliases(weakness);
    let cve = if weakness.id.starts_with("CVE-") { Some(&weakness.id) } else { aliases.first() };
    let related = cve.map(|cve| RelatedVulnerability {
        id: cve.clone(),
        namespace: "nvd:cpe".to_owned(),
        severity: stopgate_model::Severity::Unknown,
        data_source: format!("https://nvd.nist.gov/vuln/detail/{cve}"),
        urls: Vec::new(),
        description: String::new(),
        cvss: weakness.nvd.iter().map(|vector| cvss(vector, "nvd@nist.gov")).collect(),
    });
    let kev = Kev { cve: weakness.id.clone(), date_added: date.clone(), due_date: date.clone(), ..Kev::default() };
    let epss = weakness.epss.map(|(score, percentile)| Epss { cve: weakness.id.clone(), score, percentile, date });
    Vulnerability {
        id: weakness.id.clone(),
        namespace,
        provider,
        related: related.into_iter().collect(),
        severity: weakness.severity,
        cvss: weakness.vendor.iter().map(|vector| cvss(vector, "")).collect(),
        data_source: String::new(),
        urls: Vec::new(),
        description: "made to show how two policies differ".to_owned(),
        kev: if weakness.exploited { vec![kev] } else { Vec::new() },
        epss: epss.into_iter().collect(),
        cwes: Vec::new(),
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
        aliases,
    }
}

fn cvss(vector: &Vector, source: &str) -> Cvss {
    Cvss {
        source: source.to_owned(),
        kind: "Primary".to_owned(),
        version: "3.1".to_owned(),
        vector: vector.text.clone(),
        base: vector.base,
        exploitability: Some(vector.exploitability),
        impact: Some(vector.impact),
    }
}

/// The fix as data built from the advisory has it.
pub(super) fn fix(draft: &Draft, weakness: &Weakness) -> Fix {
    match weakness.repair {
        Repair::Open => Fix { state: FixState::NotFixed, ..Fix::default() },
        Repair::Never => Fix { state: FixState::WontFix, ..Fix::default() },
        Repair::Unknown => Fix { state: FixState::Unknown, ..Fix::default() },
        Repair::Fixed(age) => {
            let version = FIXED.to_owned();
            let date = age.and_then(|age| day(draft, age)).map(|day| day.to_string());
            let available =
                date.map(|date| AvailableFix { version: version.clone(), date, kind: "advisory".to_owned() });
            Fix { state: FixState::Fixed, versions: vec![version], available: available.into_iter().collect() }
        }
    }
}
