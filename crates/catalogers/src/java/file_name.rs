//! Name and version in the file name of an archive: `log4j-core-2.14.1.jar`.

use stopgate_model::PackageType;

/// What a file name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    pub(super) name: &'a str,
    /// Empty when the name holds none.
    pub(super) version: &'a str,
    extension: &'a str,
}

impl<'a> FileName<'a> {
    /// Reads the last part of a path.
    pub(super) fn read(path: &'a str) -> Self {
        let base = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = base.rsplit_once('.').unwrap_or((base, ""));
        let (mut name, mut version) = split(stem);
        // `name_1.2` and `name.1.2` occur too.
        if version.is_empty()
            && let Some(at) = loose_version(name)
        {
            (name, version) = (name.get(..at).unwrap_or(""), name.get(at + 1..).unwrap_or(""));
        }
        Self { name, version, extension }
    }

    /// The type of package that an archive with this suffix is.
    pub(super) fn package_type(&self) -> PackageType {
        match self.extension.to_ascii_lowercase().as_str() {
            "jpi" | "hpi" => PackageType::JENKINS_PLUGIN,
            "jar" | "war" | "ear" | "lpkg" | "par" | "sar" | "nar" | "kar" | "rar" | "zap" => PackageType::JAVA_ARCHIVE,
            _ => PackageType::UNKNOWN,
        }
    }
}

/// The shortest name of words joined by dashes behind which a version begins; the whole when it is all
/// words. A word begins with a letter, so anything else makes the stem nameless.
fn split(stem: &str) -> (&str, &str) {
    let mut starts_word = true;
    for (at, c) in stem.char_indices() {
        if starts_word {
            if !c.is_ascii_alphabetic() {
                return ("", "");
            }
            starts_word = false;
        } else if c == '-' {
            let rest = stem.get(at + 1..).unwrap_or("");
            if is_version(rest, true) {
                return (stem.get(..at).unwrap_or(""), rest);
            }
            // `name--1.0`: the first dash belongs to the name.
            if let Some(rest) = rest.strip_prefix('-').filter(|rest| is_version(rest, true)) {
                return (stem.get(..=at).unwrap_or(""), rest);
            }
            starts_word = !rest.is_empty();
        } else if !(c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return ("", "");
        }
    }
    (stem, "")
}

/// Whether a text begins like a version: a digit, `build` or `r`/`rc` and a number.
fn is_version(text: &str, any_case: bool) -> bool {
    let lower = if any_case { text.to_ascii_lowercase() } else { text.to_owned() };
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let only_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number(&lower)
        || lower.strip_prefix("build").is_some_and(number)
        || lower.strip_prefix("rc").or_else(|| lower.strip_prefix('r')).is_some_and(only_number)
}

/// Where the separator in front of a version is that no dash introduces.
fn loose_version(name: &str) -> Option<usize> {
    let separators = name.char_indices().filter(|(_, c)| matches!(c, '.' | '_' | '-'));
    separators.map(|(at, _)| at).find(|at| name.get(at + 1..).is_some_and(|rest| is_version(rest, false)))
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use super::FileName;

    #[test]
    fn names_and_versions_are_told_apart() {
        for (file, name, version) in [
            ("a/log4j-core-2.14.1.jar", "log4j-core", "2.14.1"),
            ("log4j-1.2-api-2.12.1.jar", "log4j", "1.2-api-2.12.1"),
            ("my-http2-server-5.jar", "my-http2-server", "5"),
            ("prefix.thing-4.jar", "prefix.thing", "4"),
            ("jetpack-build235-rc5.jar", "jetpack", "build235-rc5"),
            ("akka-actor_2.11-2.5.21.jar", "akka-actor_2.11", "2.5.21"),
            ("thing_1.2.jar", "thing", "1.2"),
            ("org.eclipse.core.jobs_3.10.jar", "org.eclipse.core.jobs", "3.10"),
            ("spring-core.jar", "spring-core", ""),
            ("tool-rc1.jar", "tool", "rc1"),
            ("tool-rcx.jar", "tool-rcx", ""),
            ("name--1.0.jar", "name-", "1.0"),
            ("1password.jar", "", ""),
            ("with space-1.jar", "", ""),
            ("jar", "jar", ""),
        ] {
            let read = FileName::read(file);
            assert_eq!((read.name, read.version), (name, version), "{file}");
        }
        assert_eq!(FileName::read("x.HPI").package_type(), PackageType::JENKINS_PLUGIN);
        assert_eq!(FileName::read("x.war").package_type(), PackageType::JAVA_ARCHIVE);
    }
}
