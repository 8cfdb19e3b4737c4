//! Packages of every ecosystem and the CPEs that follow: each vendor of a line with each of its products.

use proptest::prelude::*;
use serde_json::{Value, json};
use stopgate_model::{Cpe, Details, Package, PackageType};

use super::{CPES_PER_PACKAGE, Generator, generate};

fn package(package_type: &str, name: &str) -> Package {
    Package::new(PackageType::named(package_type), name, "1.2")
}

fn with(mut package: Package, type_name: &str, details: &Value) -> Package {
    package.details = Some(Details { type_name: type_name.to_owned(), json: details.to_string() });
    package
}

fn java(name: &str, details: &Value) -> Package {
    with(package("java-archive", name), "java-archive", details)
}

/// Lines of vendors and products, as written, for version 1.2 and a platform.
#[track_caller]
fn check_on(target: &str, package: &Package, lines: &[(&str, &str)]) {
    let mut expected: Vec<String> = lines
        .iter()
        .flat_map(|(vendors, products)| {
            vendors.split(' ').flat_map(|vendor| products.split(' ').map(move |product| (vendor, product)))
        })
        .map(|(vendor, product)| format!("cpe:2.3:a:{vendor}:{product}:1.2:*:*:*:*:{target}:*:*"))
        .collect();
    let mut got = generate(package);
    expected.sort_unstable();
    got.sort_unstable();
    assert_eq!(got, expected, "{} {}", package.package_type, package.name);
}

#[track_caller]
fn check(package: &Package, lines: &[(&str, &str)]) {
    check_on("*", package, lines);
}

#[test]
fn a_plain_name_is_vendor_and_product() {
    check(&package("deb", "curl"), &[("curl", "curl")]);
    check(&package("deb", "lib-x"), &[("lib-x lib_x lib", "lib-x lib_x")]);
    check(&package("deb", "dnsmasq"), &[("dnsmasq thekelleys", "dnsmasq")]);
    check(&package("alpm", "g++"), &[("g\\+\\+", "g\\+\\+")]);
}

#[test]
fn versions_are_escaped_and_may_be_missing() {
    let mut epoch = package("deb", "x");
    epoch.version = "1:2.3-4+b1".to_owned();
    assert_eq!(generate(&epoch), ["cpe:2.3:a:x:x:1\\:2.3-4\\+b1:*:*:*:*:*:*:*"]);
    epoch.version.clear();
    assert_eq!(generate(&epoch), ["cpe:2.3:a:x:x:*:*:*:*:*:*:*:*"]);
    epoch.version = "1\u{e9}".to_owned();
    assert!(generate(&epoch).is_empty(), "it cannot be written");
}

#[test]
fn the_longest_names_come_first() {
    let order = generate(&package("deb", "a-b"));
    let expected = ["a-b:a-b", "a-b:a_b", "a_b:a-b", "a_b:a_b", "a:a-b", "a:a_b"];
    assert_eq!(order, expected.map(|pair| format!("cpe:2.3:a:{pair}:1.2:*:*:*:*:*:*:*")));
}

#[test]
fn models_and_patches_have_none() {
    for package_type in ["model", "msrc-kb"] {
        check(&package(package_type, "x"), &[]);
    }
}

#[test]
fn python_packages_go_by_author_and_prefix() {
    let names = "name python-name python_name";
    check(&package("python", "name"), &[("name python-name python_name python", names)]);
    check(
        &package("python", "python-dateutil"),
        &[("python-dateutil python_dateutil python", "python-dateutil python_dateutil")],
    );
    let authored = json!({"name": "name", "author": "Jo de Vries", "authorEmail": "jo.vries@example.org", "files": [{"path": "x"}]});
    check(
        &with(package("python", "name"), "python-package", &authored),
        &[
            ("name python-name python_name python", names),
            ("jo_de_vries jo_de_vriesproject jo_de_vries_project", names),
            ("jo_vries jo-vries jo_vriesproject jo_vries_project", names),
        ],
    );
    let project = json!({"author": "The Some Project", "authorEmail": ""});
    check(
        &with(package("python", "name"), "python-package", &project),
        &[("name python-name python_name python some_project", names)],
    );
}

#[test]
fn names_that_mean_others_are_left_out() {
    check(&package("python", "redis"), &[("python-redis python_redis python", "redis python-redis python_redis")]);
    check(
        &package("python", "kubernetes"),
        &[("python-kubernetes python_kubernetes python", "python-kubernetes python_kubernetes")],
    );
    check(&package("npm", "docker"), &[]);
    check(&package("npm", "redis"), &[("redis.js", "redis")]);
    check(&package("gem", "grpc"), &[]);
    check(&package("java-archive", "maven-model"), &[("maven-model maven_model maven", "maven-model maven_model")]);
}

#[test]
fn npm_packages_go_by_the_account_of_their_repository() {
    let details = json!({"name": "name", "homepage": "https://github.com/home/x#readme", "url": "https://github.com/bob/npm-name"});
    check(&with(package("npm", "name"), "javascript-npm-package", &details), &[("name bob home", "name")]);
    check(&package("npm", "@types/node"), &[("\\@types\\/node", "\\@types\\/node")]);
    check(&package("npm", "next"), &[("next next.js vercel", "next next.js")]);
}

#[test]
fn gems_go_by_their_authors() {
    let details = json!({
        "name": "name", "files": ["a", "b"],
        "authors": ["Some One", "jo.el@example.com", "Andr\u{e9}"], "homepage": "https://github.com/tom/ruby-name",
    });
    check(
        &with(package("gem", "name"), "ruby-gemspec", &details),
        &[("name ruby-lang ruby_lang ruby some_one some-one jo_el jo-el tom", "name")],
    );
}

#[test]
fn rpm_packages_go_by_their_vendor() {
    let details = json!({"name": "name", "vendor": "Some-Vendor, Inc. <https://example.org/>", "files": []});
    for type_name in ["rpm-db-entry", "rpm-archive"] {
        check(&with(package("rpm", "name"), type_name, &details), &[("name some-vendor some_vendor", "name")]);
    }
    check(&with(package("rpm", "name"), "rpm-db-entry", &json!({"vendor": ""})), &[("name", "name")]);
}

#[test]
fn alpine_packages_go_by_the_project_in_their_name() {
    let apk = |name: &str, url: &str| {
        with(package("apk", name), "apk-db-entry", &json!({"package": name, "url": url, "files": []}))
    };
    check(&apk("make", "https://www.gnu.org/software/make"), &[("make gnu", "make")]);
    check(&apk("libavif", ""), &[("libavif aomedia", "libavif")]);
    check(
        &apk("ruby-rake", "https://www.ruby-lang.org/"),
        &[("ruby-rake ruby_rake ruby rake ruby-lang ruby_lang", "ruby-rake ruby_rake rake")],
    );
    let foundation = "python_software_foundation python-software-foundation python_software python-software";
    check(&apk("python3", ""), &[("python3 python", "python3 python"), (foundation, "python3 python")]);
    check(
        &apk("py3-idna", ""),
        &[("py3-idna py3_idna py3 idna idnaproject idna_project idna-project", "py3-idna py3_idna idna")],
    );
    check(&apk("go-1.22", ""), &[("go-1.22 go_1.22 go golang", "go-1.22 go_1.22 go")]);
}

#[test]
fn go_modules_go_by_their_path() {
    check(&package("go-module", "github.com/some-one/thing"), &[("some-one some_one some", "thing")]);
    check(&package("go-module", "github.com/someone/thing/more"), &[("someone", "thing\\/more")]);
    check(&package("go-module", "golang.org/x/net"), &[("golang", "x\\/net")]);
    for silent in ["stdlib", "gopkg.in/yaml.v3", "example.com/only"] {
        check(&package("go-module", silent), &[]);
    }
}

#[test]
fn crates_are_projects_for_rust() {
    check_on("rust", &package("rust-crate", "a-b"), &[("a-b a_b a a-b_project", "a-b a_b")]);
    check_on("rust", &package("rust-crate", "redis"), &[("redis_project", "redis")]);
}

#[test]
fn perl_is_a_platform() {
    check_on("perl", &package("cpan", "Mojolicious"), &[("Mojolicious", "Mojolicious")]);
}

#[test]
fn binaries_may_count_their_generation() {
    check(&package("binary", "Qt5"), &[("Qt5 Qt", "Qt5 Qt")]);
    check(&package("binary", "httpd"), &[("apache", "httpd http_server")]);
    check(&package("binary", "node"), &[("node nodejs node.js", "node nodejs node.js")]);
    check(&package("binary", "erlang"), &[("erlang erlang\\/otp", "erlang erlang\\/otp")]);
}

#[test]
fn java_packages_go_by_their_group() {
    check(&package("java-archive", "name"), &[("name", "name")]);
    let grouped = json!({"pomProperties": {"groupId": "org.sonatype.nexus", "artifactId": ""}});
    check(&java("name", &grouped), &[("name nexus sonatype org.sonatype.nexus", "name nexus")]);
    let parent = json!({"pomProject": {"groupId": "", "artifactId": "io.mistaken.group", "parent": {"groupId": "net.parent", "artifactId": "p"}}});
    check(&java("name", &parent), &[("name mistaken group io.mistaken.group parent net.parent", "name group")]);
    check(&java("log4j", &json!({})), &[("apache", "log4j")]);
    check(
        &java("groovy-json", &json!({"manifest": {}})),
        &[("groovy-json groovy_json groovy codehaus org.codehaus.groovy", "groovy-json groovy_json groovy")],
    );
}

#[test]
fn java_packages_go_by_their_manifest() {
    let field = |key: &str, value: &str| json!({"key": key, "value": value});
    let main = [
        field("Implementation-Vendor", "woodstox.codehaus.org"),
        field("Specification-Vendor", "The Some-Thing Group"),
        field("Bundle-SymbolicName", "com.example.wstx;singleton:=true"),
        field("Automatic-Module-Name", "org.unused"),
    ];
    let section = [field("Implementation-Vendor", "org.section.vendor#x")];
    let names = "wstx-asl wstx_asl wstx";
    check(
        &java("wstx-asl", &json!({"manifest": {"main": main, "sections": [section]}})),
        &[
            ("wstx-asl wstx_asl wstx some_thing_group some-thing-group", &format!("{names} vendor")),
            ("woodstox_codehaus_org woodstox-codehaus-org", &format!("{names} vendor")),
            ("example com.example.wstx section vendor org.section.vendor", &format!("{names} vendor")),
        ],
    );
    let certain = json!({
        "manifest": {"main": main},
        "pomProperties": {"groupId": "org.apache.cxf", "artifactId": "cxf-rt-bindings-xml"},
    });
    check(&java("cxf-rt-bindings-xml", &certain), &[("apache", "cxf-rt-bindings-xml cxf_rt_bindings_xml cxf")]);
}

#[test]
fn servers_are_not_their_clients_and_plug_ins() {
    let plugin = |group: &str| json!({"pomProperties": {"groupId": group, "artifactId": group}});
    let mut jenkins = java("ldap", &plugin("org.jenkins-ci.plugins"));
    jenkins.package_type = PackageType::JENKINS_PLUGIN;
    check(&jenkins, &[("ldap jenkins-ci jenkins_ci jenkins org.jenkins-ci.plugins", "ldap")]);
    jenkins.details =
        java("", &json!({"pomProperties": {"groupId": "com.cloudbees.jenkins.plugins", "artifactId": ""}})).details;
    check(&jenkins, &[("ldap cloudbees jenkins com.cloudbees.jenkins.plugins", "ldap")]);
    let manager = json!({"pomProperties": {"groupId": "com.cloudbees.jenkins", "artifactId": ""}});
    check(
        &java("manager", &manager),
        &[("manager cloudbees jenkins com.cloudbees.jenkins", "manager"), ("manager com.cloudbees.jenkins", "jenkins")],
    );

    let jira = json!({"pomProperties": {"groupId": "org.atlassian.jira", "artifactId": "jira-client"}});
    let vendors = "jira-client jira_client org.atlassian.jira";
    check(
        &java("jira-client", &jira),
        &[(vendors, "jira"), (&format!("{vendors} jira atlassian"), "jira-client jira_client")],
    );

    let tomcat = |artifact: &str| {
        java(artifact, &json!({"pomProperties": {"groupId": "org.apache.tomcat.embed", "artifactId": artifact}}))
    };
    check(&tomcat("tomcat-embed-el"), &[("apache", "tomcat-embed-el tomcat_embed_el")]);
    check(&tomcat("tomcat-embed-core"), &[("apache", "tomcat-embed-core tomcat_embed_core tomcat")]);
}

#[test]
fn plug_ins_of_wordpress() {
    let details =
        json!({"pluginInstallDirectory": "wp-coder", "author": "Wow-Company", "authorUri": "https://wow-estore.com"});
    check_on(
        "wordpress",
        &with(package("wordpress-plugin", "WP Coder"), "wordpress-plugin-entry", &details),
        &[("wow-company wow_company wow wow-estore wow_estore", "wp-coder wp_coder")],
    );
    check_on(
        "wordpress",
        &with(
            package("wordpress-plugin", "Alone"),
            "wordpress-plugin-entry",
            &json!({"pluginInstallDirectory": "alone"}),
        ),
        &[("alone_project alone-project alone", "alone")],
    );
}

#[test]
fn dotnet_packages_go_by_their_executables() {
    let details = json!({"name": "Some-Thing", "executables": {"a.dll": {"companyName": "Company!", "productName": "Product.DLL"}}});
    check(
        &with(package("dotnet", "x"), "dotnet-deps-entry", &details),
        &[("some_thing company\\!", "some_thing some_thing_.net product product_.net")],
    );
    let file = json!({"companyName": "Company", "productName": ""});
    check(&with(package("dotnet", "x"), "dotnet-portable-executable-entry", &file), &[]);
    check(&package("dotnet", "x"), &[]);
}

#[test]
fn providers_of_terraform() {
    let provider = |name| with(package("terraform", name), "terraform-lock-provider-entry", &json!({}));
    check_on("aws", &provider("registry.terraform.io/hashicorp/aws"), &[("hashicorp", "terraform_provider")]);
    check(&provider("aws"), &[]);
}

#[test]
fn windows_executables_by_their_resources() {
    let details = json!({"VersionResources": [{"key": "ProductName", "value": "GPL Ghostscript"}]});
    check(&with(package("binary", "gs"), "pe-binary", &details), &[("gs ghostscript artifex", "gs ghostscript")]);
}

#[test]
fn a_name_that_the_cataloger_gives_stays_alone() {
    let mut package = package("deb", "x");
    package.cpes.push(Cpe { text: "cpe:2.3:a:y:y:1:*:*:*:*:*:*:*".to_owned(), source: "declared".to_owned() });
    let before = package.clone();
    Generator::of_artifact().complete(&mut package);
    assert_eq!(package, before);
}

#[test]
fn hostile_names_are_bounded() {
    let group: Vec<String> = (0..100_000).map(|number| format!("s{number}")).collect();
    let details =
        json!({"manifest": {"main": [{"key": "Bundle-SymbolicName", "value": format!("com.x.{}", group.join("."))}]}});
    assert_eq!(generate(&java("thing", &details)).len(), CPES_PER_PACKAGE);
    assert!(generate(&package("python", &"a_".repeat(256))).len() < 1000);
    assert!(generate(&package("python", &"a".repeat(513))).is_empty());
    let mut long = package("python", "a");
    long.version = "1".repeat(513);
    assert!(generate(&long).is_empty());
}

#[test]
fn packages_beyond_the_limit_are_reported() {
    let mut generator = Generator { left: 1, without: 0 };
    let mut packages = [package("deb", "x"), package("deb", "y")];
    for package in &mut packages {
        generator.complete(package);
    }
    assert_eq!(packages.map(|package| package.cpes.len()), [1, 0]);
    assert_eq!(generator.gap().unwrap().seen, Some(1));
    assert!(Generator::of_artifact().gap().is_none());
}

proptest! {
    #[test]
    fn names_of_any_kind_make_well_formed_strings(name in "\\PC{0,24}", version in "\\PC{0,8}", vendor in "\\PC{0,16}") {
        for package_type in ["apk", "binary", "deb", "dotnet", "gem", "go-module", "npm", "python", "rust-crate"] {
            let mut package = with(package(package_type, &name), "rpm-db-entry", &json!({"vendor": vendor}));
            package.version.clone_from(&version);
            for cpe in generate(&package) {
                let plain = cpe.replace("\\\\", "").replace("\\:", "");
                prop_assert_eq!(plain.split(':').count(), 13, "{}", cpe);
                prop_assert!(cpe.is_ascii());
            }
        }
    }
}
