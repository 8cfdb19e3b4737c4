//! Prerequisites: the inputs without which nothing can be said of a control.

use std::fmt;

use serde::Deserialize;

macro_rules! keys {
    ($($variant:ident = $name:literal, $meaning:literal;)+) => {
        /// An input.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Key {
            $(#[doc = $meaning] $variant,)+
            /// The content of one file.
            Retrieved(String),
        }

        impl Key {
            /// Names of all that have no path.
            #[cfg(test)]
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];

            fn named(name: &str) -> Option<Self> {
                $(if name == $name { return Some(Self::$variant); })+
                let path = name.strip_prefix("RET(")?.strip_suffix(')')?;
                path.starts_with('/').then(|| Self::Retrieved(path.to_owned()))
            }

            /// What it is, for a person.
            pub fn meaning(&self) -> String {
                match self {
                    $(Self::$variant => $meaning.to_owned(),)+
                    Self::Retrieved(path) => format!("the content of `{path}`"),
                }
            }
        }

        impl fmt::Display for Key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($name),)+
                    Self::Retrieved(path) => write!(f, "RET({path})"),
                }
            }
        }
    };
}

keys! {
    Dockerfile = "DF", "the Dockerfile";
    History = "HIST", "the history of the layers";
    Config = "CFG", "the image configuration";
    Files = "FS", "the file list with owners and modes";
    PackageFiles = "PKGDB", "what package databases say of files";
    Secrets = "SEC", "the search for secrets";
    Malware = "MAL", "a malware scan";
    Vulnerabilities = "VDB", "fresh vulnerability data for the distribution";
    Sbom = "SBOM", "the packages";
    Signatures = "SIG", "signatures and attestations";
    Base = "BASE", "the base image";
    Cluster = "K8S", "what runs in a cluster";
    Sources = "SRC", "the source tree";
    Stig = "STIG", "a STIG evaluation";
}

/// Inputs of which one is enough; written `DF|HIST`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Prerequisite(Vec<Key>);

impl Prerequisite {
    /// The alternatives, in their order.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl TryFrom<String> for Prerequisite {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let key = |name| Key::named(name).ok_or_else(|| format!("unknown prerequisite `{name}`"));
        text.split('|').map(key).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(Key::to_string).collect();
        f.write_str(&names.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::Prerequisite;

    #[test]
    fn alternatives_are_read_and_unknown_keys_are_refused() {
        let read = |text: &str| Prerequisite::try_from(text.to_owned());
        for text in ["DF|HIST", "RET(/etc/shadow)", "VDB"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        for text in ["", "XYZ", "DF|", "RET()", "RET(etc/passwd)", "df"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
