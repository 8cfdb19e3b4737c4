//! Whether the target software of a CPE record fits a package: a flaw of a WordPress plugin is none of a library of
//! the same name.

use stopgate_model::PackageType;
use stopgate_vulndb::CpeAttributes;

use crate::cpe::Cpe;

/// Whether a record may be about a package, by the target software of both.
pub(crate) fn fits(kind: &PackageType, cpes: &[Cpe], found: &CpeAttributes<'_>) -> bool {
    // Packages of operating systems and jars hold code of every ecosystem.
    if matches!(kind.id(), "alpm" | "apk" | "deb" | "msrc-kb" | "portage" | "rpm") {
        return true;
    }
    let ours: Vec<&str> =
        cpes.iter().filter(|cpe| same_but_target(cpe, found)).map(|cpe| &*cpe.target_software).collect();
    if ours.is_empty() {
        return false;
    }
    let theirs = found.target_software;
    let language = kind.language();
    if matches!(kind.id(), "binary" | "UnknownPackage" | "") {
        return common(&ours, theirs) || ours.contains(&"") || theirs.is_empty();
    }
    language == "java" || common(&ours, theirs) || not_refuted(kind, language, theirs)
}

fn same_but_target(cpe: &Cpe, found: &CpeAttributes<'_>) -> bool {
    let same = |ours: &str, theirs: &str| ours.is_empty() || theirs.is_empty() || ours.eq_ignore_ascii_case(theirs);
    same(&cpe.product, found.product)
        && same(&cpe.vendor, found.vendor)
        && same(&cpe.part, found.part)
        && same(&cpe.language, found.language)
        && same(&cpe.software_edition, found.software_edition)
        && same(&cpe.target_hardware, found.target_hardware)
        && same(&cpe.other, found.other)
        && same(&cpe.edition, found.edition)
}

fn common(ours: &[&str], theirs: &str) -> bool {
    let theirs = normalized(theirs);
    theirs.is_some() && ours.iter().any(|ours| normalized(ours) == theirs)
}

/// A package type where the text means one, else the text; `None` for wildcards.
fn normalized(target: &str) -> Option<String> {
    match package_type(target) {
        Some(kind) => Some(kind.to_owned()),
        None if matches!(target, "" | "*" | "?" | "-") => None,
        None => Some(target.to_lowercase()),
    }
}

fn not_refuted(kind: &PackageType, language: &str, target: &str) -> bool {
    if matches!(target, "" | "-") {
        return true;
    }
    let theirs = language_of(target);
    // A plugin of one of these is never a library, though they are no language.
    let known = !theirs.is_empty() || matches!(target, "joomla" | "joomla\\!" | "drupal");
    theirs == language || package_type(target) == Some(kind.id()) || !known
}

/// syft's language of a name; empty when it is none.
fn language_of(name: &str) -> &'static str {
    match name.to_lowercase().as_str() {
        "maven" | "gradle" | "java-archive" | "java" => "java",
        "composer" | "php-composer" | "php" => "php",
        "golang" | "go-module" | "go" => "go",
        "npm" | "javascript" | "nodejs" | "node.js" => "javascript",
        "luarocks" | "lua" => "lua",
        "cpan" | "perl" => "perl",
        "pypi" | "python" => "python",
        "gem" | "ruby" => "ruby",
        "cargo" | "rust-crate" | "rust" => "rust",
        "pub" | "dart-pub" | "dart" => "dart",
        "dotnet" | ".net" | "nuget" => "dotnet",
        "cocoapods" | "swift" | "pod" => "swift",
        "swipl" | "swiplpack" => "swipl",
        "ocaml" | "opam" => "ocaml",
        "conan" | "c++" => "c++",
        "hackage" | "haskell" => "haskell",
        "cran" | "r" => "R",
        _ => "",
    }
}

/// The package type that a target software of NVD's data means.
fn package_type(target: &str) -> Option<&'static str> {
    Some(match target.to_lowercase().replace(['-', ' '], "_").as_str() {
        "alpine" | "apk" => "apk",
        "debian" | "dpkg" => "deb",
        "java" | "maven" | "ant" | "gradle" | "jenkins" | "jenkins_ci" | "kafka" | "logstash" | "mule" | "nifi"
        | "solr" | "spark" | "storm" | "struts" | "tomcat" | "zookeeper" | "log4j" => "java-archive",
        "javascript" | "node" | "nodejs" | "node.js" | "npm" | "yarn" | "apache" | "jquery" | "next.js" | "prismjs" => {
            "npm"
        }
        "c" | "c++" | "c/c++" | "conan" | "gnu_c++" | "qt" => "conan",
        "dart" => "dart-pub",
        "redhat"
        | "rpm"
        | "redhat_enterprise_linux"
        | "rhel"
        | "suse"
        | "suse_linux"
        | "opensuse"
        | "opensuse_linux"
        | "fedora"
        | "centos"
        | "oracle_linux"
        | "ol" => "rpm",
        "elixir" | "hex" => "hex",
        "erlang" => "erlang-otp",
        ".net" | ".net_framework" | "asp" | "asp.net" | "dotnet" | "dotnet_framework" | "c#" | "csharp" | "nuget" => {
            "dotnet"
        }
        "ruby" | "gem" | "nokogiri" | "ruby_on_rails" => "gem",
        "rust" | "cargo" | "crates" => "rust-crate",
        "python" | "pip" | "pypi" | "flask" => "python",
        "kb" | "knowledgebase" | "msrc" | "mskb" | "microsoft" => "msrc-kb",
        "portage" | "gentoo" => "portage",
        "go" | "golang" | "gomodule" => "go-module",
        "linux_kernel" | "linux" | "z/linux" => "linux-kernel",
        "php" => "php-composer",
        "swift" => "swift",
        "wordpress" | "wordpress_plugin" | "wordpress_" => "wordpress-plugin",
        "lua" | "luarocks" => "lua-rocks",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fits;
    use crate::cpe::Cpe;
    use stopgate_model::PackageType;
    use stopgate_vulndb::CpeAttributes;

    #[expect(clippy::needless_pass_by_value, reason = "the rows of the table read better")]
    fn holds(kind: PackageType, ours: &str, theirs: &str) -> bool {
        let cpe = Cpe::parse(&format!("cpe:2.3:a:v:p:1:*:*:*:*:{ours}:*:*")).unwrap();
        let found =
            CpeAttributes { part: "a", vendor: "v", product: "p", target_software: theirs, ..Default::default() };
        fits(&kind, &[cpe], &found)
    }

    #[test]
    fn target_software_decides() {
        assert!(holds(PackageType::RPM, "*", "wordpress"));
        assert!(holds(PackageType::BINARY, "*", "wordpress"));
        assert!(holds(PackageType::BINARY, "node.js", "npm"));
        assert!(!holds(PackageType::BINARY, "python", "node.js"));
        assert!(holds(PackageType::JAVA_ARCHIVE, "*", "python"));
        assert!(holds(PackageType::PHP_PECL, "*", "php"));
        assert!(holds(PackageType::PHP_PECL, "*", "somebodys"));
        assert!(!holds(PackageType::PHP_PECL, "*", "joomla\\!"));
        assert!(!holds(PackageType::PHP_PECL, "*", "node.js"));
    }
}
