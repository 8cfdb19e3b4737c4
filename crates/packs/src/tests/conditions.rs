//! Conditions: when each holds, and that none holds of what is not known.

use stopgate_model::{Gap, GapCode, PackageType};

use super::{Case, case, package};
use crate::Condition;

fn holds(name: &str, case: &Case) -> bool {
    Condition::try_from(name.to_owned()).unwrap().holds(&case.artifact)
}

fn installed(kind: PackageType) -> Case {
    case().with(|case| case.artifact.packages.push(package(kind)))
}

#[test]
fn no_os_packages() {
    assert!(holds("no-os-packages", &installed(PackageType::GO_MODULE)));
    assert!(!holds("no-os-packages", &installed(PackageType::APK)));
}

#[test]
fn no_accounts() {
    assert!(holds("no-accounts", &case().files(&["/etc/group"])));
    assert!(!holds("no-accounts", &case().files(&["/etc/passwd"])));
}

#[test]
fn no_shell() {
    assert!(holds("no-shell", &case().files(&["/app", "/usr/share/doc/bash/", "/bin/crash"])));
    for shell in ["/bin/sh", "/usr/local/bin/zsh", "/busybox/busybox"] {
        assert!(!holds("no-shell", &case().files(&[shell])), "{shell}");
    }
}

#[test]
fn windows() {
    let windows = case().with(|case| case.artifact.config.as_mut().unwrap().os = "Windows".to_owned());
    assert!(holds("windows", &windows) && !holds("windows", &case()));
    assert!(!holds("no-shell", &windows) && !holds("no-accounts", &windows), "the rows look for Linux");
}

#[test]
fn no_rpm_database() {
    assert!(holds("no-rpm-database", &case().files(&["/var/lib/dpkg/status", "/var/lib/rpm/"])));
    assert!(!holds("no-rpm-database", &case().files(&["/var/lib/rpm/rpmdb.sqlite"])));
    assert!(!holds("no-rpm-database", &case().files(&["/usr/lib/sysimage/rpm/Packages.db"])));
    assert!(!holds("no-rpm-database", &installed(PackageType::RPM)));
}

#[test]
fn no_remote_login_service() {
    let name = "no-remote-login-service";
    assert!(holds(name, &case().files(&["/usr/bin/ssh", "/app"])));
    for service in ["/usr/sbin/sshd", "/opt/in.telnetd", "/bin/busybox"] {
        assert!(!holds(name, &case().files(&[service])), "{service}");
    }
    let port = |port: &str| {
        let port = port.to_owned();
        case().with(|case| case.artifact.config.as_mut().unwrap().exposed_ports.push(port))
    };
    assert!(holds(name, &port("8080/tcp")) && !holds(name, &port("22/tcp")) && !holds(name, &port("23")));
    assert!(!holds(name, &case().with(|case| case.artifact.config = None)), "ports are not known");
}

#[test]
fn no_java() {
    assert!(holds("no-java", &case().files(&["/usr/bin/javascript"])));
    for file in ["/opt/jre/bin/java", "/app/lib/x.jar", "/opt/lib/libjvm.so"] {
        assert!(!holds("no-java", &case().files(&[file])), "{file}");
    }
    assert!(!holds("no-java", &installed(PackageType::JAVA_ARCHIVE)));
}

#[test]
fn no_language_packages() {
    assert!(holds("no-language-packages", &installed(PackageType::DEB)));
    for kind in [PackageType::NPM, PackageType::BINARY, PackageType::named("brand-new")] {
        assert!(!holds("no-language-packages", &installed(kind)));
    }
}

#[test]
fn nothing_holds_of_what_is_not_known() {
    let gap = Gap::new(GapCode::LayerUnreadable, "a layer could not be read");
    for name in ["no-os-packages", "no-accounts", "no-shell", "no-rpm-database", "no-java", "no-language-packages"] {
        assert!(holds(name, &case()), "{name}");
        assert!(!holds(name, &case().with(|case| case.artifact.files = None)), "{name}");
        assert!(!holds(name, &case().with(|case| case.artifact.gaps.push(gap.clone()))), "{name}");
    }
}
