//! The version of a main module that was built from a working copy: what the build was told through
//! `-ldflags -X …version=`, else a pseudo-version of the commit (go.dev/ref/mod#pseudo-versions).

use regex::Regex;

/// Placeholder that the toolchain writes.
pub(super) const DEVEL: &str = "(devel)";

/// The version; empty when nothing tells it.
pub(super) fn of(main: &str, settings: &[(String, String)]) -> String {
    let setting = |key: &str| settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    if let Some(version) = setting("-ldflags").and_then(|flags| from_flags(main, flags)) {
        return version;
    }
    match (setting("vcs.revision"), setting("vcs.time")) {
        (Some(revision), Some(time)) => pseudo_version(revision, time),
        _ => String::new(),
    }
}

/// A version that the linker set into a variable of the program: `main.version`, `…/build.Tag`.
fn from_flags(main: &str, flags: &str) -> Option<String> {
    const VERSION: &str = r"(?:\S+/)*(?<version>v?\d+.\d+.\d+[-\w]*(?:\.[-\w]+)*)";
    const NAMES: [&str; 2] = ["(?:[rR]elease)?(?:[gG]it)?(?:[bB]uild)?[vV]er(?:sion)?", "[tT]ag"];
    NAMES.iter().find_map(|name| {
        let pattern = format!(r"(?:main|{}/\S*)\.[a-zA-Z0-9]*{name}={VERSION}", regex::escape(main));
        let found = Regex::new(&pattern).ok()?.captures(flags)?;
        Some(with_v(found.name("version")?.as_str()))
    })
}

fn with_v(version: &str) -> String {
    if version.starts_with('v') { version.to_owned() } else { format!("v{version}") }
}

fn pseudo_version(revision: &str, time: &str) -> String {
    let revision = revision.get(..12).unwrap_or(revision);
    let time = time.parse::<jiff::Timestamp>().ok();
    // COMPAT: a time that cannot be read is the year 1, as in Go.
    let time = time.map_or_else(|| "00010101000000".to_owned(), |time| time.strftime("%Y%m%d%H%M%S").to_string());
    format!("v0.0.0-{time}-{revision}")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn flags_come_before_the_commit() {
        let commit =
            [("vcs.revision", "5e16e5031a13f8a11057feb8544decebfc43b4ed"), ("vcs.time", "2024-12-13T19:30:11+01:00")];
        for (flags, expected) in [
            ("-w -X main.version=1.18.1 -X main.gitCommit=5e16", "v1.18.1"),
            ("-X example.org/app/internal/build.gitVersion=v2.0.0-rc.1+x", "v2.0.0-rc.1"),
            ("-X main.GitTag=release/v1.2.3", "v1.2.3"),
            ("-X other.org/lib.version=9.9.9", "v0.0.0-20241213183011-5e16e5031a13"),
            ("-X main.version=unknown", "v0.0.0-20241213183011-5e16e5031a13"),
        ] {
            let mut settings = vec![("-ldflags".to_owned(), flags.to_owned())];
            settings.extend(commit.map(|(key, value)| (key.to_owned(), value.to_owned())));
            assert_eq!(of("example.org/app", &settings), expected, "{flags}");
        }
        let short = [("vcs.revision".to_owned(), "abc".to_owned()), ("vcs.time".to_owned(), "never".to_owned())];
        assert_eq!(of("x", &short), "v0.0.0-00010101000000-abc");
        assert_eq!(of("x", &[]), "");
    }
}
