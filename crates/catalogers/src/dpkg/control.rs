//! Stanzas of a status file: `Field: value` lines, continued by lines that begin with a blank, ended by an
//! empty line (deb-control(5)).

use serde::{Deserialize, Serialize};
use stopgate_model::{Gap, GapCode};

use crate::Facts;

/// What a stanza says of an installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Stanza {
    pub package: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    pub version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub maintainer: String,
    pub installed_size: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pre_depends: Vec<String>,
    /// Lines of `PATH DIGEST [FLAG]`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub conffiles: String,
    /// Only opkg has it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub license: String,
}

/// The installed packages of a status file. Stanzas that are none become one gap.
pub(super) fn stanzas(text: &str, facts: &mut Facts) -> Vec<Stanza> {
    let mut all = Vec::new();
    let mut bad = 0_u64;
    let mut lines = text.lines().peekable();
    while lines.peek().is_some() {
        let mut fields = Fields::default();
        for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
            fields.add(line);
        }
        match fields.finish() {
            Ok(stanza) => all.extend(stanza),
            Err(()) => bad += 1,
        }
    }
    if bad > 0 {
        let message = format!("{bad} stanzas are no packages: expected lines `Field: value` and a field `Package`");
        let mut gap = Gap::new(GapCode::RecordUnreadable, message);
        gap.seen = Some(bad);
        facts.gaps.push(gap);
    }
    all
}

/// No field of a package comes near this.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Default)]
struct Fields {
    stanza: Stanza,
    status: String,
    /// Where a continuation line goes.
    current: Option<Name>,
    any: bool,
    broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Package,
    Source,
    Version,
    Architecture,
    Maintainer,
    InstalledSize,
    Provides,
    Depends,
    PreDepends,
    Status,
    License,
    Conffiles,
    Other,
}

impl Name {
    fn parse(name: &str) -> Self {
        const NAMES: [(&str, Name); 12] = [
            ("package", Name::Package),
            ("source", Name::Source),
            ("version", Name::Version),
            ("architecture", Name::Architecture),
            ("maintainer", Name::Maintainer),
            ("installed-size", Name::InstalledSize),
            ("provides", Name::Provides),
            ("depends", Name::Depends),
            ("pre-depends", Name::PreDepends),
            ("status", Name::Status),
            ("license", Name::License),
            ("conffiles", Name::Conffiles),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(Self::Other, |(_, name)| *name)
    }
}

impl Fields {
    fn add(&mut self, line: &str) {
        self.any = true;
        if line.len() > LONGEST_LINE {
            self.broken = true;
            return;
        }
        if line.starts_with([' ', '\t']) {
            match self.current {
                Some(Name::Conffiles) => {
                    self.stanza.conffiles.push('\n');
                    self.stanza.conffiles.push_str(line.trim());
                }
                Some(name @ (Name::Provides | Name::Depends | Name::PreDepends)) => self.list(name, line),
                Some(_) => {}
                None => self.broken = true,
            }
            return;
        }
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else {
            self.broken |= self.current.is_none();
            return;
        };
        let name = Name::parse(name.trim());
        self.current = Some(name);
        self.set(name, value.trim());
    }

    fn set(&mut self, name: Name, value: &str) {
        let stanza = &mut self.stanza;
        let text = match name {
            Name::Package => &mut stanza.package,
            Name::Version => &mut stanza.version,
            Name::Architecture => &mut stanza.architecture,
            Name::Maintainer => &mut stanza.maintainer,
            Name::License => &mut stanza.license,
            Name::Conffiles => &mut stanza.conffiles,
            Name::Status => &mut self.status,
            Name::Source => {
                let (source, version) = source_of(value);
                source.clone_into(&mut stanza.source);
                version.clone_into(&mut stanza.source_version);
                return;
            }
            Name::InstalledSize => {
                stanza.installed_size = size_of(value).unwrap_or(0);
                return;
            }
            Name::Provides | Name::Depends | Name::PreDepends => return self.list(name, value),
            Name::Other => return,
        };
        value.clone_into(text);
    }

    fn list(&mut self, name: Name, value: &str) {
        let list = match name {
            Name::Provides => &mut self.stanza.provides,
            Name::Depends => &mut self.stanza.depends,
            _ => &mut self.stanza.pre_depends,
        };
        list.extend(value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned));
    }

    /// The package, when one is installed.
    fn finish(self) -> Result<Option<Stanza>, ()> {
        if !self.any {
            return Ok(None);
        }
        if self.broken || self.stanza.package.is_empty() {
            return Err(());
        }
        // `deinstall ok config-files`: removed, its configuration stayed. `not-installed`: only known of.
        let gone = self.status.contains("deinstall") || self.status.ends_with("not-installed");
        Ok((!gone).then_some(self.stanza))
    }
}

/// `NAME (VERSION)`, or of Yocto the recipe's file `NAME_VERSION.bb`.
fn source_of(value: &str) -> (&str, &str) {
    if let Some(recipe) = value.strip_suffix(".bb")
        && !recipe.contains([' ', '('])
    {
        return recipe.split_once('_').unwrap_or((recipe, ""));
    }
    match value.split_once(" (") {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')')),
        None => (value.split_whitespace().next().unwrap_or(""), ""),
    }
}

/// A number of the unit that the distribution counts in; some write one behind it (`12 kB`).
fn size_of(value: &str) -> Option<i64> {
    let digits = value.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = value.split_at_checked(digits)?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1_048_576.0,
        "gi" | "gib" => 1_073_741_824.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| (number * factor) as i64)
}

#[cfg(test)]
mod tests {
    use super::{size_of, source_of, stanzas};
    use crate::Facts;

    #[test]
    fn sources_and_sizes_in_all_their_forms() {
        assert_eq!(source_of("glibc (2.36-9)"), ("glibc", "2.36-9"));
        assert_eq!(source_of("glibc"), ("glibc", ""));
        assert_eq!(source_of("busybox_1.36.1.bb"), ("busybox", "1.36.1"));
        assert_eq!(size_of("1234"), Some(1234));
        assert_eq!(size_of("4 kB"), Some(4000));
        assert_eq!(size_of("4 parsecs"), None);
    }

    #[test]
    fn removed_and_unknown_packages_are_not_installed() {
        let text = "Package: a\nStatus: install ok installed\nVersion: 1\nDepends: b,\n c (>= 2) | d\n\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                    Package: heard-of\nStatus: purge ok not-installed\n\nnonsense\n";
        let mut facts = Facts::default();
        let found = stanzas(text, &mut facts);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].depends, ["b", "c (>= 2) | d"]);
        assert_eq!(facts.gaps[0].seen, Some(1));
    }
}
