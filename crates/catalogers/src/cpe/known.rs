//! Vendors and products that the vulnerability database has for packages, and those that it has for
//! others of the same name.

use super::candidates::Candidates;

/// What is known of one package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    row: Option<&'static Row>,
    not_products: &'static [&'static str],
    not_vendors: &'static [&'static str],
}

/// Name of a package, its products and its vendors, each as words.
type Row = (&'static str, &'static str, &'static str);

impl Known {
    /// What is known of a package of this type and name.
    pub(super) fn of(package_type: &str, name: &str) -> Self {
        let row = rows(package_type).iter().find(|(known, ..)| *known == name);
        let (not_products, not_vendors) = others(package_type, name);
        Self { row, not_products, not_vendors }
    }

    /// Adds products and removes those of others.
    pub(super) fn change_products(&self, products: &mut Candidates<'_>) {
        let known = self.row.map_or("", |(_, products, _)| products);
        change(products, known, self.not_products);
    }

    /// Adds vendors and removes those of others.
    pub(super) fn change_vendors(&self, vendors: &mut Candidates<'_>) {
        let known = self.row.map_or("", |(.., vendors)| vendors);
        change(vendors, known, self.not_vendors);
    }
}

fn change(candidates: &mut Candidates<'_>, known: &'static str, others: &[&str]) {
    for word in known.split_ascii_whitespace() {
        candidates.add(word);
    }
    for word in others {
        candidates.remove(word);
    }
}

fn rows(package_type: &str) -> &'static [Row] {
    match package_type {
        "apk" => APK,
        "binary" => BINARY,
        "conan" => CONAN,
        "deb" => DEB,
        "gem" => GEM,
        "java-archive" => JAVA,
        "npm" => NPM,
        "python" => PYTHON,
        _ => &[],
    }
}

/// Products and vendors that belong to another package of this name.
fn others(package_type: &str, name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match (package_type, name) {
        ("gem" | "php-pear", "redis") => (&["redis"], &[]),
        ("gem", "grpc") => (&["grpc"], &[]),
        ("java-archive", "gradle-enterprise") => (&["gradle-enterprise"], &["gradle"]),
        ("java-archive", name) if MAVEN_PARTS.contains(&name) => (&["maven"], &[]),
        ("npm" | "python" | "rust-crate", "redis") => (&[], &["redis"]),
        ("npm", "delegate") => (&[], &["delegate"]),
        ("npm", "docker") => (&[], &["docker"]),
        ("npm", "php") => (&[], &["php"]),
        ("python", "kubernetes") => (&["kubernetes"], &[]),
        ("rust-crate", "hyper") => (&[], &["vercel"]),
        ("rust-crate", "opentelemetry") => (&["opentelemetry"], &[]),
        ("rust-crate", "phf") => (&[], &["phf"]),
        ("rust-crate", "prometheus") => (&[], &["prometheus"]),
        _ => (&[], &[]),
    }
}

/// Libraries of Maven that are not Maven.
const MAVEN_PARTS: [&str; 15] = [
    "maven-builder-support",
    "maven-model",
    "maven-repository-metadata",
    "maven-resolver-api",
    "maven-resolver-connector-basic",
    "maven-resolver-impl",
    "maven-resolver-named-locks",
    "maven-resolver-spi",
    "maven-resolver-transport-file",
    "maven-resolver-transport-http",
    "maven-resolver-transport-wagon",
    "maven-resolver-util",
    "maven-settings",
    "maven-settings-builder",
    "maven-shared-utils",
];

const APK: &[Row] = &[
    ("alsa", "", "alsa-project"),
    ("alsa-lib", "", "alsa-project"),
    ("apache", "http_server", ""),
    ("bash", "", "gnu"),
    ("bazel", "", "google"),
    ("bind", "", "isc"),
    ("chromium", "chrome", "google"),
    ("clang", "", "llvm"),
    ("curl", "", "haxx"),
    ("dnsmasq", "", "thekelleys"),
    ("firefox", "", "mozilla"),
    ("firefox-esr", "", "mozilla"),
    ("ghostscript", "", "artifex"),
    ("git", "", "git-scm"),
    ("glib", "", "gnome"),
    ("glibc", "", "gnu"),
    ("go", "", "golang"),
    ("libavif", "", "aomedia"),
    ("libxpm", "", "libxpm_project"),
    ("make", "", "gnu"),
    ("musl", "", "musl-libc"),
    ("nodejs", "node.js", ""),
    ("nodejs-current", "node.js", ""),
    ("openjdk", "", "oracle"),
    ("openjpeg", "", "uclouvain"),
    ("podofo", "", "podofo_project"),
    ("python", "", "python_software_foundation"),
    ("python3", "python", "python python_software_foundation"),
    ("ruby", "", "ruby-lang"),
    ("thunderbird", "", "mozilla"),
    ("tiff", "libtiff", ""),
    ("wpa_supplicant", "", "w1.fi"),
    ("xorg-server", "x_server", "x.org"),
];

const BINARY: &[Row] = &[
    ("bash", "", "gnu"),
    ("composer", "", "getcomposer"),
    ("consule", "", "hashicorp"),
    ("curl", "", "haxx"),
    ("erlang", "erlang/otp", ""),
    ("fluent-bit", "fluent_bit", "treasuredata"),
    ("gcc", "", "gnu"),
    ("go", "", "golang"),
    ("httpd", "http_server", "apache"),
    ("julia", "", "julialang"),
    ("libphp", "php", "php"),
    ("mysql", "", "oracle"),
    ("nginx", "", "f5"),
    ("node", "nodejs node.js", ""),
    ("percona-server", "percona_server mysql", "oracle percona"),
    ("percona-xtrabackup", "xtrabackup", "percona"),
    ("percona-xtradb-cluster", "percona_server mysql xtradb_cluster", "oracle percona"),
    ("php-cli", "php", "php"),
    ("php-fpm", "php", "php"),
    ("python", "", "python_software_foundation"),
    ("redis", "", "redislabs"),
    ("ruby", "", "ruby-lang"),
    ("rust", "", "rust-lang"),
    ("swipl", "erlang/otp", "erlang"),
    ("util-linux", "", "kernel"),
];

const CONAN: &[Row] =
    &[("expat", "libexpat", "libexpat_project"), ("libxml2", "", "xmlsoft"), ("poco", "", "pocoproject")];

const DEB: &[Row] = &[("dnsmasq", "", "thekelleys")];

const GEM: &[Row] = &[
    ("Arabic-Prawn", "arabic_prawn", ""),
    ("RedCloth", "redcloth_library", ""),
    ("VladTheEnterprising", "vladtheenterprising", ""),
    ("bio-basespace-sdk", "basespace_ruby_sdk", ""),
    ("cgi", "", "ruby-lang"),
    ("cremefraiche", "creme_fraiche", ""),
    ("date", "", "ruby-lang"),
    ("html-sanitizer", "html_sanitizer", ""),
    ("openssl", "", "ruby-lang"),
    ("rake", "", "ruby-lang"),
    ("rdoc", "", "ruby-lang"),
    ("rexml", "", "ruby-lang"),
    ("sentry-raven", "raven-ruby", ""),
    ("trunk", "", "ruby-lang"),
    ("webrick", "", "ruby-lang"),
    ("yajl-ruby", "yajl-ruby_gem", ""),
];

const SPRING_PRODUCTS: &str = "spring_framework springsource_spring_framework";
const SPRING_VENDORS: &str = "pivotal_software springsource vmware";

const JAVA: &[Row] = &[
    ("apache-cassandra", "cassandra", ""),
    ("elasticsearch", "", "elastic"),
    ("handlebars", "", "handlebarsjs"),
    ("log4j", "", "apache"),
    ("spring-core", SPRING_PRODUCTS, SPRING_VENDORS),
    ("spring-security-core", "spring_security", "vmware"),
    ("springframework", SPRING_PRODUCTS, SPRING_VENDORS),
];

const NPM: &[Row] = &[
    ("handlebars.js", "handlebars", ""),
    ("hapi", "hapi_server_framework", ""),
    ("is-my-json-valid", "is_my_json_valid", ""),
    ("mustache", "mustache.js", ""),
    ("next", "next.js", "vercel"),
    ("redis", "", "redis.js"),
];

const PYTHON: &[Row] = &[
    ("Django", "", "djangoproject"),
    ("cryptography", "python-cryptography", "python-cryptography_project"),
    ("pip", "", "pypa"),
    ("python-rrdtool", "rrdtool", ""),
];

#[cfg(test)]
mod tests {
    use super::{APK, BINARY, CONAN, DEB, GEM, JAVA, NPM, PYTHON};

    #[test]
    fn rows_are_sorted_and_say_something() {
        for table in [APK, BINARY, CONAN, DEB, GEM, JAVA, NPM, PYTHON] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0), "{table:?}");
            assert!(table.iter().all(|(_, products, vendors)| !products.is_empty() || !vendors.is_empty()));
        }
    }
}
