//! From the fields of os-release to scopes, by the rules of grype (its names, overrides and order of look-ups).

use stopgate_model::Distro;

use crate::meta::{Aliases, OsOverride};
use crate::scope::{OsRelease, Scope, ScopeId, ScopeKind};

/// What data says about a distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Name of the distribution in the data's words before overrides (`redhat`, `almalinux`, `debian`); empty when it
    /// could not be told.
    pub distro: String,
    /// Major part of its version; empty when it has none.
    pub major: String,
    /// Minor part of its version; empty when it has none.
    pub minor: String,
    /// Scopes to search for disclosures, after overrides and fallbacks, without channel.
    pub scopes: Vec<ScopeId>,
    /// Channels in use (`eus`, `esm`), lower case.
    pub channels: Vec<String>,
    /// Scopes of those channels, to search for fixes beside `scopes`.
    pub channel_scopes: Vec<ScopeId>,
    /// Scopes of exactly this distribution, no override (AlmaLinux's corrections).
    pub exact_scopes: Vec<ScopeId>,
    /// grype namespaces of the rows in `scopes`, sorted.
    pub namespaces: Vec<String>,
    /// Whether any row stands in `scopes`.
    pub has_data: bool,
    /// End of life, `YYYY-MM-DD`: the data's for exactly this release, else what the distribution itself declares.
    pub end_of_life: Option<String>,
    /// End of active support, `YYYY-MM-DD`, of exactly this release.
    pub end_of_active_support: Option<String>,
}

/// Ids of os-release and the names that data has for them, where they differ or decide.
const NAMES: &[(&str, &str)] = &[
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("rhel", "redhat"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("alpine", "alpine"),
    ("busybox", "busybox"),
    ("amzn", "amazonlinux"),
    ("ol", "oraclelinux"),
    ("arch", "archlinux"),
    ("opensuse-leap", "opensuseleap"),
    ("sles", "sles"),
    ("photon", "photon"),
    ("echo", "echo"),
    ("mariner", "mariner"),
    ("azurelinux", "azurelinux"),
    ("rocky", "rockylinux"),
    ("almalinux", "almalinux"),
    ("gentoo", "gentoo"),
    ("wolfi", "wolfi"),
    ("chainguard", "chainguard"),
    ("minimos", "minimos"),
    ("raspbian", "raspbian"),
    ("scientific", "scientific"),
    ("secureos", "secureos"),
    ("postmarketos", "postmarketos"),
    ("hummingbird", "hummingbird"),
    ("Alpine Linux", "alpine"),
    ("windows", "windows"),
    ("scientific linux", "scientific"),
];

/// Codename of releases in data that does not tell codenames: any, when the version is asked for.
pub(crate) const ANY_CODENAME: &str = "*";

/// Schema version that this reader reads, for rows that apply to some readers alone.
const READER: [u64; 3] = [6, 1, 9];

/// A distribution in the words of the look-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Specifier {
    name: String,
    major: String,
    minor: String,
    rest: String,
    label: String,
    channel: String,
}

/// The resolution of a distribution.
pub(crate) fn resolve(distro: &Distro, aliases: &Aliases, scopes: &[Scope]) -> Resolution {
    let Some((base, channels)) = specifier(distro) else { return Resolution::default() };
    let numbers = |releases: Vec<(usize, &OsRelease)>| -> Vec<ScopeId> {
        releases.into_iter().map(|(number, _)| ScopeId(number as u32)).collect()
    };
    let found = numbers(search(&overridden(&base, aliases), scopes, true));
    let mut channel_scopes = Vec::new();
    for channel in &channels {
        let asked = Specifier { channel: channel.clone(), ..base.clone() };
        channel_scopes.extend(numbers(search(&overridden(&asked, aliases), scopes, true)));
    }
    channel_scopes.dedup();
    let exact = search(&trimmed(base.clone()), scopes, false);
    let end = exact.first().map(|(_, release)| *release);
    let date = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Resolution {
        exact_scopes: numbers(search(&trimmed(base.clone()), scopes, true)),
        has_data: found.iter().any(|scope| scopes.get(scope.0 as usize).is_some_and(|scope| scope.rows > 0)),
        scopes: found,
        channel_scopes,
        channels,
        namespaces: Vec::new(),
        end_of_life: end.and_then(|os| date(&os.end_of_life)).or_else(|| declared_end(&distro.support_end)),
        end_of_active_support: end.and_then(|os| date(&os.end_of_active_support)),
        distro: base.name,
        major: base.major,
        minor: base.minor,
    }
}

fn declared_end(text: &str) -> Option<String> {
    crate::build::parse_date(text.trim()).map(|_| text.trim().chars().take(10).collect())
}

/// The name that data has for a distribution; `None` when it has none.
fn name_of(distro: &Distro) -> Option<&'static str> {
    let known = |id: &str| NAMES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name);
    known(&distro.id).or_else(|| distro.id_like.iter().find_map(|like| known(like))).or_else(|| known(&distro.name))
}

fn specifier(distro: &Distro) -> Option<(Specifier, Vec<String>)> {
    let name = name_of(distro)?;
    let candidates = [distro.version_id.as_str(), distro.version.as_str()];
    let chosen = candidates.into_iter().find(|version| looks_numeric(version));
    let (version, suffix) =
        chosen.unwrap_or(&distro.version_id).split_once('+').unwrap_or((chosen.unwrap_or(&distro.version_id), ""));
    let mut specifier =
        Specifier { name: name.to_owned(), label: distro.version_codename.clone(), ..Specifier::default() };
    let bare = version.strip_prefix('v').unwrap_or(version);
    if bare.starts_with(|c: char| c.is_ascii_digit()) {
        let mut parts = bare.splitn(3, '.').map(str::to_owned);
        specifier.major = parts.next().unwrap_or_default();
        specifier.minor = parts.next().unwrap_or_default();
        specifier.rest = parts.next().unwrap_or_default();
    }
    if specifier.label.is_empty() && specifier.major.is_empty() {
        version.clone_into(&mut specifier.label);
    }
    let mut channels: Vec<String> = suffix
        .split([',', '+'])
        .map(|channel| channel.trim().to_ascii_lowercase())
        .filter(|channel| !channel.is_empty())
        .collect();
    if let Some(channel) = automatic_channels(distro, &specifier, chosen.is_some())
        && !channels.iter().any(|known| known == channel)
    {
        channels.push(channel.to_owned());
    }
    Some((specifier, channels))
}

/// Channels that follow from extended support being in use.
fn automatic_channels(distro: &Distro, specifier: &Specifier, numeric: bool) -> Option<&'static str> {
    if !distro.extended_support {
        return None;
    }
    match distro.id.as_str() {
        // Extended update support begins with RHEL 8; a release that gives no number is trusted to have it.
        "rhel" => (!numeric || specifier.major.parse::<u64>().is_ok_and(|major| major >= 8)).then_some("eus"),
        "ubuntu" => Some("esm"),
        _ => None,
    }
}

/// Whether a text is a version: numbers and dots, then perhaps a pre-release or build part, no blanks or underscores.
fn looks_numeric(version: &str) -> bool {
    let bare = version.strip_prefix('v').unwrap_or(version);
    let core = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let (core, rest) = bare.split_at_checked(core).unwrap_or((bare, ""));
    !core.is_empty()
        && core.split('.').all(|part| !part.is_empty())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '~'))
}

impl Specifier {
    fn version(&self) -> String {
        if self.major.is_empty() {
            return self.label.clone();
        }
        let parts = [&self.major, &self.minor, &self.rest];
        let used = parts.iter().take_while(|part| !part.is_empty()).map(|part| part.as_str());
        used.collect::<Vec<_>>().join(".")
    }
}

fn overridden(base: &Specifier, aliases: &Aliases) -> Specifier {
    let mut specifier = base.clone();
    let fitting = aliases.os.iter().find(|row| row.alias.eq_ignore_ascii_case(&base.name) && fits(row, base));
    if let Some(row) = fitting {
        apply(row, &mut specifier);
    }
    trimmed(specifier)
}

fn fits(row: &OsOverride, base: &Specifier) -> bool {
    readers_include(&row.readers)
        && (row.codename.is_empty() || row.codename == base.label)
        && (row.version.is_empty() || row.version == base.version())
        && (row.version_pattern.is_empty() || pattern_fits(&row.version_pattern, base))
}

fn pattern_fits(pattern: &str, base: &Specifier) -> bool {
    let Ok(regex) = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build() else { return false };
    regex.is_match(&base.version()) || (!base.label.is_empty() && regex.is_match(&base.label))
}

fn apply(row: &OsOverride, specifier: &mut Specifier) {
    if row.rolling {
        specifier.major.clear();
        specifier.minor.clear();
    }
    let parts = [
        (&row.replacement, &mut specifier.name),
        (&row.major, &mut specifier.major),
        (&row.minor, &mut specifier.minor),
        (&row.label, &mut specifier.label),
        (&row.channel, &mut specifier.channel),
    ];
    for (replacement, part) in parts {
        if let Some(replacement) = replacement {
            part.clone_from(replacement);
        }
    }
}

/// Whether a row applies to this reader. A constraint that cannot be read applies, as in grype.
fn readers_include(constraint: &str) -> bool {
    let satisfied = |part: &str| -> Option<bool> {
        let part = part.trim();
        let operator_end = part.find(|c: char| !matches!(c, '<' | '>' | '='))?;
        let (operator, version) = part.split_at_checked(operator_end)?;
        let mut bound = [0_u64; 3];
        for (place, number) in bound.iter_mut().zip(version.trim().splitn(3, '.')) {
            *place = number.parse().ok()?;
        }
        Some(match operator {
            "<" => READER < bound,
            "<=" => READER <= bound,
            ">" => READER > bound,
            ">=" => READER >= bound,
            "" | "=" => READER == bound,
            _ => return None,
        })
    };
    constraint
        .split("||")
        .any(|all| all.split(',').filter(|part| !part.trim().is_empty()).all(|part| satisfied(part).unwrap_or(true)))
}

fn trimmed(mut specifier: Specifier) -> Specifier {
    for part in [&mut specifier.major, &mut specifier.minor] {
        *part = trim_zeros(part).to_owned();
    }
    specifier
}

/// Without leading zeros, but `0` stays.
pub(crate) fn trim_zeros(part: &str) -> &str {
    let trimmed = part.trim_start_matches('0');
    if trimmed.is_empty() && !part.is_empty() { "0" } else { trimmed }
}

/// Releases of a specifier: exact, else the major release alone, else any minor of it. Without a version: by name,
/// codename and label.
fn search<'s>(asked: &Specifier, scopes: &'s [Scope], fallback: bool) -> Vec<(usize, &'s OsRelease)> {
    let candidates: Vec<(usize, &OsRelease)> = scopes
        .iter()
        .enumerate()
        .filter_map(|(number, scope)| match &scope.kind {
            ScopeKind::Os(release) => Some((number, release)),
            ScopeKind::Ecosystem(_) => None,
        })
        .filter(|(_, release)| named(asked, release))
        .collect();
    if asked.major.is_empty() && asked.minor.is_empty() {
        return candidates;
    }
    let with = |accept: &dyn Fn(&OsRelease) -> bool| -> Vec<(usize, &'s OsRelease)> {
        candidates.iter().copied().filter(|(_, release)| accept(release)).collect()
    };
    let same_major = |release: &OsRelease| !asked.major.is_empty() && release.major == asked.major;
    let exact = with(&|release| same_major(release) && release.minor == asked.minor);
    if !exact.is_empty() || !fallback {
        return exact;
    }
    let major_alone = with(&|release| same_major(release) && release.minor.is_empty());
    if major_alone.is_empty() { with(&same_major) } else { major_alone }
}

fn named(asked: &Specifier, release: &OsRelease) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let labelled = asked.label.is_empty()
        || same(&release.codename, &asked.label)
        || same(&release.label, &asked.label)
        || (!asked.major.is_empty() && release.codename == ANY_CODENAME);
    (same(&release.name, &asked.name) || same(&release.release_id, &asked.name))
        && labelled
        && same(&release.channel, &asked.channel)
}
