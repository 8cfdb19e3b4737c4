//! What the triggers about matches have in common: the id of a finding, its evidence, what to do.

use serde::Deserialize;
use stopgate_model::{Evidence, FixState, Package, PackageType, Remediation};

use crate::engine::MatchView;
use crate::gates::facts;
use crate::trigger::Hit;

/// A hit for one match.
pub(in crate::gates) fn hit(view: &MatchView<'_>) -> Hit {
    let record = &view.matched.vulnerability;
    let package = view.package;
    let key = package_key(view);
    let severity = record.severity.name().to_lowercase();
    let place = match view.path() {
        Some(path) if !package.package_type.is_os() => format!(" at `{path}`"),
        _ => String::new(),
    };
    let message = format!(
        "{severity} vulnerability {} in `{}` {} ({}){place}: {}",
        record.id,
        package.name,
        package.version,
        package.package_type,
        fix_text(view)
    );
    let mut hit = Hit::with_id(format!("{}+{key}", record.id), message)
        .evidence(vulnerability(view))
        .evidence(facts::package(package))
        .remedy(remedy(view));
    // An exception for the CVE holds for the advisory about it as well.
    let related = record.related.iter().map(|related| &related.id);
    for alias in record.aliases.iter().chain(related).take(20) {
        hit.aliases.push(alias.clone());
        let id = format!("{alias}+{key}");
        if *alias != record.id && !hit.legacy_ids.contains(&id) {
            hit.legacy_ids.push(id);
        }
    }
    hit.vulnerability = Some(view.cve().to_owned());
    hit.fix_seen = view.fix_seen();
    hit.kev_added = view.kev_added();
    hit.package = facts::identity(package);
    hit.severity = Some(record.severity);
    hit
}

fn fix_text(view: &MatchView<'_>) -> String {
    let fix = &view.matched.fix;
    match fix.state {
        FixState::WontFix => "the vendor will not fix it".to_owned(),
        _ if !fix.versions.is_empty() => {
            let first = view.matched.suggested_version.as_ref().or(fix.versions.first());
            format!("fixed in {}", first.map_or("", String::as_str))
        }
        _ => "no fix is known".to_owned(),
    }
}

/// The vulnerability as evidence.
pub(super) fn vulnerability(view: &MatchView<'_>) -> Evidence {
    let record = &view.matched.vulnerability;
    Evidence::Vulnerability {
        id: record.id.clone(),
        aliases: record.aliases.clone(),
        severity: record.severity,
        fixed_in: view.matched.fix.versions.clone(),
        fix_state: view.matched.fix.state.name().to_owned(),
        link: record.data_source.clone(),
        known_exploited: !record.kev.is_empty(),
    }
}

/// The part of a trigger id that names the package, as Anchore makes it.
pub(super) fn package_key(view: &MatchView<'_>) -> String {
    let package = view.package;
    // COMPAT: outside images, and for packages of a distribution, it is the name.
    if package.package_type.is_os() || !view.in_image {
        return package.name.clone();
    }
    let path = view.path().unwrap_or("");
    let segment = match &package.package_type {
        kind if is_java(kind) => last(virtual_path(package).as_deref().unwrap_or(path)).map(str::to_owned),
        kind if *kind == PackageType::GEM => last(path).map(str::to_owned),
        kind if *kind == PackageType::NPM => folder_of_module(path).map(str::to_owned),
        _ => None,
    };
    segment.unwrap_or_else(|| format!("{}-{}", package.name, package.version))
}

fn is_java(kind: &PackageType) -> bool {
    *kind == PackageType::JAVA_ARCHIVE || *kind == PackageType::JENKINS_PLUGIN
}

fn last(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|part| !part.is_empty())
}

/// The folder of `…/lodash/package.json`. A lock file has many packages, so its folder names none of them.
fn folder_of_module(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/package.json")?;
    last(folder)
}

/// Where a jar lies inside other jars: `outer.jar:inner`.
fn virtual_path(package: &Package) -> Option<String> {
    #[derive(Deserialize)]
    struct Archive {
        #[serde(rename = "virtualPath")]
        virtual_path: Option<String>,
    }
    let details = package.details.as_ref()?;
    serde_json::from_str::<Archive>(&details.json).ok()?.virtual_path.filter(|path| !path.is_empty())
}

/// What to do about a match.
pub(super) fn remedy(view: &MatchView<'_>) -> Remediation {
    let package = view.package;
    let fixed = view.matched.suggested_version.as_ref().or(view.matched.fix.versions.first());
    match fixed.filter(|_| view.is_fixable()) {
        Some(to) => Remediation::UpgradePackage {
            name: package.name.clone(),
            from: package.version.clone(),
            to: to.clone(),
            command: command(&package.package_type, &package.name, to),
        },
        None => Remediation::NoFix { name: package.name.clone(), state: view.matched.fix.state.name().to_owned() },
    }
}

/// The command that upgrades a package; none when its name or version could mean something to a shell.
pub(crate) fn command(kind: &PackageType, name: &str, version: &str) -> Option<String> {
    let safe = |text: &str| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+:@/~-".contains(&b))
    };
    if !safe(name) || !safe(version) {
        return None;
    }
    Some(match kind.id() {
        "deb" => format!("apt-get install --only-upgrade {name}"),
        "apk" => format!("apk upgrade {name}"),
        "rpm" => format!("dnf upgrade {name}"),
        "alpm" => format!("pacman -S {name}"),
        "npm" => format!("npm install {name}@{version}"),
        "python" => format!("pip install {name}=={version}"),
        "gem" => format!("gem install {name} -v {version}"),
        "go-module" if name == "stdlib" => return None,
        "go-module" => format!("go get {name}@v{}", version.trim_start_matches('v')),
        "rust-crate" => format!("cargo update -p {name} --precise {version}"),
        "php-composer" => format!("composer require {name}:{version}"),
        "dotnet" => format!("dotnet add package {name} --version {version}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use super::command;

    #[test]
    fn commands_name_the_package_and_never_carry_shell_syntax() {
        assert_eq!(command(&PackageType::DEB, "openssl", "1.1").unwrap(), "apt-get install --only-upgrade openssl");
        assert_eq!(command(&PackageType::NPM, "@a/b", "1.2.3").unwrap(), "npm install @a/b@1.2.3");
        assert_eq!(
            command(&PackageType::GO_MODULE, "golang.org/x/net", "0.7.0").unwrap(),
            "go get golang.org/x/net@v0.7.0"
        );
        for name in ["a;rm -rf /", "$(x)", "-rf", "a b", ""] {
            assert_eq!(command(&PackageType::DEB, name, "1"), None, "{name}");
        }
    }
}
