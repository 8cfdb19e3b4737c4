//! Which distribution a tree is, from the files that name it: os-release(5), the older files of the Red Hat
//! family, and BusyBox's own text when there is nothing else.
//!
//! A cataloger that finds no packages: its records are cached per layer and read once the tree is merged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use regex::bytes::Regex as BytesRegex;
use serde::Deserialize;
use stopgate_model::{Distro, GapCode, PackageType};

use crate::{Assemble, Cataloger, Claim, Claimed, Facts, Found, MergedView, ReadError, Sources};

/// Reads the files that name the distribution and those that tell of extended support.
pub(crate) static DISTRO: Cataloger = Cataloger {
    name: NAME,
    finds: &[],
    sources: Sources::All,
    claims: &[
        // Links lead from `/etc` to other names in other folders, so the name alone counts here; which
        // file is the right one is told by path after merging.
        Claim::Name("os-release"),
        Claim::Glob("**/*os-release*"),
        Claim::Glob("usr/lib/os.release.d/*"),
        Claim::Glob("etc/*release*"),
        Claim::Glob("etc/debian_version"),
        Claim::Glob("bin/busybox"),
        Claim::Glob("usr/bin/busybox"),
        Claim::Glob("root/buildinfo/content_manifests/*.json"),
        Claim::Glob("etc/apt/sources.list.d/*"),
        Claim::Glob("etc/apt/auth.conf.d/90ubuntu-advantage"),
        Claim::Glob("var/lib/ubuntu-advantage/status.json"),
    ],
    unreadable: GapCode::MetadataUnreadable,
    extract: read,
    assemble: Assemble::Joined(nothing),
};

const NAME: &str = "distro";
const FILE_BYTES: u64 = 5 << 20;

/// Variables as os-release names them; other files are put into the same names.
type Variables = BTreeMap<String, String>;

/// The distribution of a merged tree; `None` when no file names one.
pub(crate) fn detect(view: &MergedView<'_>) -> Option<Distro> {
    const FILES: [(&str, &str); 5] = [
        ("/etc/os-release", "os-release"),
        ("/usr/lib/os-release", "os-release"),
        ("/etc/system-release-cpe", "system-release-cpe"),
        ("/etc/redhat-release", "redhat-release"),
        // Last, since other distributions carry BusyBox too.
        ("/bin/busybox", "busybox"),
    ];
    let named = FILES.iter().find_map(|(path, kind)| variables(view, path, kind));
    let mut distro = distro_of(&named?);
    if distro.id == "debian"
        && let Some(version) = text(view, "/etc/debian_version", "debian-version")
    {
        if distro.version.is_empty() {
            distro.version.clone_from(&version);
        }
        distro.version_id = version;
    }
    distro.extended_support = match distro.id.as_str() {
        "rhel" => view.records(NAME, "eus").next().is_some(),
        "ubuntu" => view.records(NAME, "esm").next().is_some(),
        _ => false,
    };
    Some(distro)
}

/// Whether a package of this version shows that Ubuntu's extended maintenance was in use.
pub(crate) fn is_extended(distro: &Distro, package_type: &PackageType, version: &str) -> bool {
    distro.id == "ubuntu"
        && *package_type == PackageType::DEB
        && version.match_indices("esm").any(|(at, _)| {
            version.get(..at).is_some_and(|before| before.ends_with(['~', '+']))
                && version.get(at + 3..).is_some_and(|after| after.starts_with(|next: char| next.is_ascii_digit()))
        })
}

fn nothing(_: &MergedView<'_>, _: &mut Found) {}

fn variables(view: &MergedView<'_>, path: &str, kind: &str) -> Option<Variables> {
    view.at(NAME, path)?.facts.records.iter().find(|record| record.kind == kind)?.read()
}

fn text(view: &MergedView<'_>, path: &str, kind: &str) -> Option<String> {
    view.at(NAME, path)?.facts.records.iter().find(|record| record.kind == kind)?.read()
}

fn read(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let name = file.name();
    if name == "busybox" {
        if let Some(variables) = busybox(file)? {
            facts.record("busybox", &variables);
        }
    } else if name.contains("os-release") || file.path().starts_with("usr/lib/os.release.d/") {
        let variables = os_release(&file.text(FILE_BYTES)?);
        if !variables.is_empty() {
            facts.record("os-release", &variables);
        }
    } else if file.path().starts_with("etc/apt/") {
        if has_esm_source(&file.text(FILE_BYTES)?) {
            facts.record("esm", &true);
        }
    } else if name == "status.json" {
        if has_esm_service(&file.text(FILE_BYTES)?) {
            facts.record("esm", &true);
        }
    } else if file.path().starts_with("root/buildinfo/") {
        let text = file.text(FILE_BYTES)?;
        if text.contains("baseos-eus") || text.contains("appstream-eus") {
            facts.record("eus", &true);
        }
    } else {
        read_small(file, facts)?;
    }
    Ok(())
}

fn read_small(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    match file.name() {
        "debian_version" => {
            if let Some(version) = debian_version(&file.text(FILE_BYTES)?) {
                facts.record("debian-version", &version);
            }
        }
        // Links of many names lead to one file here (`/etc/centos-release`), so all are read in each way.
        _ if file.size() <= FILE_BYTES => {
            let text = file.text(FILE_BYTES)?;
            if let Some(variables) = system_release_cpe(&text) {
                facts.record("system-release-cpe", &variables);
            }
            if let Some(variables) = redhat_release(&text) {
                facts.record("redhat-release", &variables);
            }
        }
        _ => {}
    }
    Ok(())
}

fn os_release(text: &str) -> Variables {
    const WANTED: [&str; 18] = [
        "PRETTY_NAME",
        "NAME",
        "ID",
        "ID_LIKE",
        "VERSION",
        "VERSION_ID",
        "VERSION_CODENAME",
        "BUILD_ID",
        "IMAGE_ID",
        "IMAGE_VERSION",
        "VARIANT",
        "VARIANT_ID",
        "HOME_URL",
        "SUPPORT_URL",
        "BUG_REPORT_URL",
        "PRIVACY_POLICY_URL",
        "CPE_NAME",
        "SUPPORT_END",
    ];
    let mut variables = Variables::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), unquote(value.trim()));
        if WANTED.contains(&key) && !value.is_empty() {
            variables.insert(key.to_owned(), value);
        }
    }
    variables
}

/// A value of os-release without its quotes and escapes.
fn unquote(value: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value);
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\'
            && let Some(next) = characters.next_if(|next| matches!(next, '"' | '$' | '\\' | '`'))
        {
            plain.push(next);
        } else {
            plain.push(character);
        }
    }
    plain
}

/// `cpe:/o:centos:linux:6:GA`.
fn system_release_cpe(text: &str) -> Option<Variables> {
    static CPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"cpe:/o:([^:\s]*):[^:\s]*:([^:\s]*):\S*").ok());
    let found = CPE.as_ref()?.captures(text)?;
    let (whole, vendor, version) = (found.get(0)?.as_str(), found.get(1)?.as_str(), found.get(2)?.as_str());
    let mut variables = simple(vendor, &vendor.to_lowercase(), version);
    variables.insert("CPE_NAME".to_owned(), whole.to_owned());
    Some(variables)
}

/// `CentOS release 6.10 (Final)`.
fn redhat_release(text: &str) -> Option<Variables> {
    static RELEASE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(.*?)\srelease\s((\d+(?:\.\d+)?).*)").ok());
    let text = text.trim();
    let found = RELEASE.as_ref()?.captures(text)?;
    let (name, version, version_id) = (found.get(1)?.as_str(), found.get(2)?.as_str(), found.get(3)?.as_str());
    if name.is_empty() {
        return None;
    }
    const IDS: [(&str, &str); 4] = [
        ("red hat enterprise linux", "rhel"),
        ("centos", "centos"),
        ("rocky linux", "rocky"),
        ("scientific linux", "scientific"),
    ];
    let lower = name.to_lowercase();
    let id = IDS.iter().find(|(prefix, _)| lower.starts_with(prefix)).map_or(lower.as_str(), |(_, id)| id);
    let mut variables = simple(text, id, version_id);
    // What stands in brackets is a code name, which CentOS writes as if it belonged to the version.
    let version = if id == "centos" { version_id } else { version };
    variables.insert("VERSION".to_owned(), version.to_owned());
    variables.insert("NAME".to_owned(), name.to_owned());
    if id != "rhel" {
        // Whoever writes this file is built from Red Hat's sources.
        variables.insert("ID_LIKE".to_owned(), format!("{id} rhel"));
    }
    Some(variables)
}

fn busybox(file: &Claimed<'_>) -> Result<Option<Variables>, ReadError> {
    static TEXT: LazyLock<Option<BytesRegex>> = LazyLock::new(|| BytesRegex::new(r"BusyBox v([\d.]+)").ok());
    // A larger file is no BusyBox.
    if file.size() > FILE_BYTES {
        return Ok(None);
    }
    let bytes = file.bytes(FILE_BYTES)?;
    let Some(found) = TEXT.as_ref().and_then(|text| text.captures(&bytes)) else { return Ok(None) };
    let part = |number| {
        found.get(number).map_or_else(String::new, |part| String::from_utf8_lossy(part.as_bytes()).into_owned())
    };
    Ok(Some(simple(&part(0), "busybox", &part(1))))
}

fn simple(pretty_name: &str, id: &str, version: &str) -> Variables {
    let rows = [
        ("PRETTY_NAME", pretty_name),
        ("NAME", id),
        ("ID", id),
        ("ID_LIKE", id),
        ("VERSION", version),
        ("VERSION_ID", version),
    ];
    rows.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Debian's point release; testing and unstable have names here, which are no versions.
fn debian_version(text: &str) -> Option<String> {
    let version = text.trim();
    let (major, point) = version.split_once('.').unwrap_or((version, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(major) && digits(point)).then(|| version.to_owned())
}

/// Whether a line that is no comment names one of the two base streams of Ubuntu's extended maintenance.
/// The streams for certified or real-time builds are other products.
fn has_esm_source(text: &str) -> bool {
    let mut lines = text.lines().filter_map(|line| line.split('#').next());
    lines.any(|line| line.contains("esm.ubuntu.com/infra") || line.contains("esm.ubuntu.com/apps"))
}

fn has_esm_service(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        services: Vec<Service>,
    }
    #[derive(Deserialize)]
    struct Service {
        #[serde(default)]
        name: String,
        #[serde(default)]
        status: String,
    }
    let Ok(status) = serde_json::from_str::<Status>(text) else { return false };
    let base = |service: &Service| service.name == "esm-infra" || service.name == "esm-apps";
    status.services.iter().any(|service| base(service) && service.status == "enabled")
}

fn distro_of(variables: &Variables) -> Distro {
    let get = |key: &str| variables.get(key).cloned().unwrap_or_default();
    Distro {
        id: get("ID").to_lowercase(),
        id_like: get("ID_LIKE").split_whitespace().map(str::to_owned).collect(),
        name: get("NAME"),
        pretty_name: get("PRETTY_NAME"),
        version: get("VERSION"),
        version_id: get("VERSION_ID"),
        version_codename: get("VERSION_CODENAME"),
        build_id: get("BUILD_ID"),
        image_id: get("IMAGE_ID"),
        image_version: get("IMAGE_VERSION"),
        variant: get("VARIANT"),
        variant_id: get("VARIANT_ID"),
        home_url: get("HOME_URL"),
        support_url: get("SUPPORT_URL"),
        bug_report_url: get("BUG_REPORT_URL"),
        privacy_policy_url: get("PRIVACY_POLICY_URL"),
        cpe_name: get("CPE_NAME"),
        support_end: get("SUPPORT_END"),
        extended_support: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        debian_version, has_esm_service, has_esm_source, is_extended, os_release, redhat_release, system_release_cpe,
    };
    use stopgate_model::{Distro, PackageType};

    crate::golden::golden!(image "distro": debian, rhel_eus, ubuntu_esm, busybox, centos6, none, odd);

    #[test]
    fn os_release_quotes_and_escapes() {
        let variables =
            os_release("ID=debian\nNAME=\"A \\\"b\\\" \\$c\"\n#VERSION=1\nVERSION_ID='12'\nUNASKED=1\nnonsense\n");
        assert_eq!(variables["NAME"], "A \"b\" $c");
        assert_eq!(variables["VERSION_ID"], "12");
        assert_eq!(variables.len(), 3);
    }

    #[test]
    fn older_files_of_the_red_hat_family() {
        for (text, id, version, version_id) in [
            ("CentOS release 6.10 (Final)\n", "centos", "6.10", "6.10"),
            ("Red Hat Enterprise Linux Server release 7.9 (Maipo)", "rhel", "7.9 (Maipo)", "7.9"),
            ("Fedora release 41 (Forty One)", "fedora", "41 (Forty One)", "41"),
            ("AlmaLinux release 8.4 (Electric Cheetah)", "almalinux", "8.4 (Electric Cheetah)", "8.4"),
        ] {
            let found = redhat_release(text).unwrap();
            assert_eq!(
                (found["ID"].as_str(), found["VERSION"].as_str(), found["VERSION_ID"].as_str()),
                (id, version, version_id)
            );
        }
        assert!(redhat_release("no version here").is_none());
        assert_eq!(system_release_cpe("cpe:/o:centos:linux:6:GA\n").unwrap()["VERSION_ID"], "6");
    }

    #[test]
    fn only_numbers_are_point_releases() {
        assert_eq!(debian_version("12.5\n").as_deref(), Some("12.5"));
        assert_eq!(debian_version("13").as_deref(), Some("13"));
        assert_eq!(debian_version("trixie/sid"), None);
        assert_eq!(debian_version("1.2.3"), None);
    }

    #[test]
    fn extended_maintenance_leaves_traces() {
        assert!(has_esm_source("deb https://esm.ubuntu.com/infra/ubuntu focal main"));
        assert!(!has_esm_source("# deb https://esm.ubuntu.com/infra/ubuntu focal main"));
        assert!(!has_esm_source("deb https://esm.ubuntu.com/fips/ubuntu focal main"));
        assert!(has_esm_service(r#"{"services":[{"name":"esm-apps","status":"enabled"}]}"#));
        assert!(!has_esm_service(r#"{"services":[{"name":"fips","status":"enabled"}]}"#));
        let ubuntu = Distro { id: "ubuntu".to_owned(), ..Distro::default() };
        assert!(is_extended(&ubuntu, &PackageType::DEB, "1.1.1-1ubuntu2.1~18.04.23+esm3"));
        assert!(!is_extended(&ubuntu, &PackageType::DEB, "1.0+esmeralda"));
        assert!(!is_extended(&Distro::default(), &PackageType::DEB, "1+esm1"));
    }
}
