//! Platforms as image indexes name them: `os/architecture[/variant]` (OCI image-spec, image-index).

use std::fmt;

/// An operating system and processor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`, `windows` ...
    pub os: String,
    /// Go's name: `amd64`, `arm64` ...
    pub architecture: String,
    /// `v7` ...; `None` when any will do.
    pub variant: Option<String>,
}

impl Platform {
    /// Linux on this machine's processor.
    pub fn of_this_machine() -> Self {
        Self::new("linux", std::env::consts::ARCH, None)
    }

    /// A platform; names of processors are brought to Go's.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let architecture = architecture.to_ascii_lowercase();
        let architecture = match architecture.as_str() {
            "x86_64" | "x86-64" => "amd64",
            "aarch64" => "arm64",
            "x86" | "i386" | "i686" => "386",
            "powerpc64" => "ppc64le",
            "loongarch64" => "loong64",
            "armhf" | "armel" => "arm",
            other => other,
        };
        // On arm64 there is only v8, which is written or not.
        let variant = variant.filter(|variant| !(variant.is_empty() || architecture == "arm64" && *variant == "v8"));
        Self {
            os: os.to_ascii_lowercase(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_ascii_lowercase),
        }
    }

    /// Reads `OS/ARCH[/VARIANT]`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [os, architecture] if !os.is_empty() && !architecture.is_empty() => Some(Self::new(os, architecture, None)),
            [os, architecture, variant] if [os, architecture, variant].iter().all(|part| !part.is_empty()) => {
                Some(Self::new(os, architecture, Some(variant)))
            }
            _ => None,
        }
    }

    /// Whether `offered` serves who asks for this one.
    pub fn accepts(&self, offered: &Self) -> bool {
        self.os == offered.os
            && self.architecture == offered.architecture
            && (self.variant.is_none() || self.variant == offered.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn reads_all_spellings() {
        for (text, shown) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/aarch64", "linux/arm64"),
            ("Linux/arm/v7", "linux/arm/v7"),
        ] {
            assert_eq!(Platform::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d", "a/b/"] {
            assert!(Platform::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn without_a_variant_any_serves() {
        let arm = Platform::parse("linux/arm").unwrap();
        let v6 = Platform::parse("linux/arm/v6").unwrap();
        assert!(arm.accepts(&v6) && !v6.accepts(&arm));
    }
}
