//! Pairs of vendor and product that are known to mean something else than the package.

use stopgate_model::{Package, PackageType};

use super::hints::Hints;
use super::java;

/// What is refused for one package.
#[derive(Debug, Default)]
pub(super) struct Refused {
    jenkins: bool,
    jenkins_server: bool,
    jira_server: bool,
    tomcat_server: bool,
}

/// What is refused for a package.
pub(super) fn of(package: &Package, hints: &Hints<'_>) -> Refused {
    let name = package.name.to_lowercase();
    Refused {
        jenkins: package.package_type == PackageType::JENKINS_PLUGIN,
        jenkins_server: !name.contains("jenkins"),
        jira_server: name.contains("client"),
        tomcat_server: matches!(hints, Hints::Java(java) if java::is_expression_language(java)),
    }
}

impl Refused {
    /// Whether the pair is refused.
    pub(super) fn includes(&self, vendor: &str, product: &str) -> bool {
        match product {
            // A plug-in is never the server; other packages only when they bear its name.
            "jenkins" => self.jenkins || (self.jenkins_server && matches!(vendor, "jenkins" | "cloudbees")),
            "jira" => self.jira_server && matches!(vendor, "jira" | "atlassian"),
            "tomcat" => self.tomcat_server && vendor == "apache",
            _ => false,
        }
    }
}
