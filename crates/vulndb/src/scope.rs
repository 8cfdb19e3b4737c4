//! Scopes: where rows belong, a release of an operating system or an ecosystem.

use crate::file::{Decoder, Encoder};
use crate::names::Folding;

/// Number of a scope inside one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// A release of an operating system, as data names it. Absent parts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// Name, for example `redhat`.
    pub name: String,
    /// `ID` of os-release, for example `rhel`.
    pub release_id: String,
    /// First part of the version, without leading zeros.
    pub major: String,
    /// Second part.
    pub minor: String,
    /// `edge`, `rolling`, `unstable`.
    pub label: String,
    /// `bookworm`.
    pub codename: String,
    /// `eus`, `esm`.
    pub channel: String,
    /// End of life, `YYYY-MM-DD`.
    pub end_of_life: String,
    /// End of active support, `YYYY-MM-DD`.
    pub end_of_active_support: String,
}

impl OsRelease {
    /// grype's version text: the label, else `major.minor+channel`, else the codename.
    pub(crate) fn version(&self) -> String {
        if !self.label.is_empty() {
            return self.label.clone();
        }
        if self.major.is_empty() {
            return self.codename.clone();
        }
        let mut version = self.major.clone();
        for (mark, part) in [('.', &self.minor), ('+', &self.channel)] {
            if !part.is_empty() {
                version.push(mark);
                version.push_str(part);
            }
        }
        version
    }
}

/// What a scope is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeKind {
    /// A release.
    Os(OsRelease),
    /// A package type, as data spells it.
    Ecosystem(String),
}

/// A scope and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) rows: u64,
    /// Numbers of the providers of its rows.
    pub(crate) providers: Vec<u16>,
    /// Package type of a release's packages, as data spells it (`apk`); empty when no row tells.
    pub(crate) ecosystem: String,
}

impl Scope {
    pub(crate) const fn new(kind: ScopeKind) -> Self {
        Self { kind, rows: 0, providers: Vec::new(), ecosystem: String::new() }
    }

    /// How names are compared in it.
    pub(crate) fn folding(&self) -> Folding {
        match &self.kind {
            ScopeKind::Os(_) => Folding::Case,
            ScopeKind::Ecosystem(ecosystem) => Folding::of_ecosystem(ecosystem),
        }
    }
}

pub(crate) fn encode_scopes(scopes: &[Scope]) -> Vec<u8> {
    let mut out = Encoder::default();
    out.number(scopes.len() as u64);
    for scope in scopes {
        match &scope.kind {
            ScopeKind::Os(os) => {
                out.number(0);
                for text in os_texts(os) {
                    out.text(text);
                }
            }
            ScopeKind::Ecosystem(ecosystem) => {
                out.number(1);
                out.text(ecosystem);
            }
        }
        out.text(&scope.ecosystem);
        out.number(scope.rows);
        out.number(scope.providers.len() as u64);
        scope.providers.iter().for_each(|provider| out.number(u64::from(*provider)));
    }
    out.finish()
}

const fn os_texts(os: &OsRelease) -> [&String; 9] {
    [
        &os.name,
        &os.release_id,
        &os.major,
        &os.minor,
        &os.label,
        &os.codename,
        &os.channel,
        &os.end_of_life,
        &os.end_of_active_support,
    ]
}

pub(crate) fn decode_scopes(bytes: &[u8]) -> Option<Vec<Scope>> {
    let mut record = Decoder::new(bytes);
    (0..record.count()?).map(|_| decode_scope(&mut record)).collect()
}

fn decode_scope(record: &mut Decoder<'_>) -> Option<Scope> {
    let kind = match record.number()? {
        0 => ScopeKind::Os(OsRelease {
            name: record.string()?,
            release_id: record.string()?,
            major: record.string()?,
            minor: record.string()?,
            label: record.string()?,
            codename: record.string()?,
            channel: record.string()?,
            end_of_life: record.string()?,
            end_of_active_support: record.string()?,
        }),
        1 => ScopeKind::Ecosystem(record.string()?),
        _ => return None,
    };
    let ecosystem = record.string()?;
    let rows = record.number()?;
    let providers = (0..record.count()?).map(|_| u16::try_from(record.number()?).ok()).collect::<Option<_>>()?;
    Some(Scope { kind, rows, providers, ecosystem })
}

#[cfg(test)]
mod tests {
    use super::{OsRelease, Scope, ScopeKind, decode_scopes, encode_scopes};

    #[test]
    fn what_is_written_is_read() {
        let os = OsRelease { name: "redhat".into(), major: "9".into(), channel: "eus".into(), ..OsRelease::default() };
        let scopes = [
            Scope { rows: 3, providers: vec![0, 7], ecosystem: "rpm".into(), ..Scope::new(ScopeKind::Os(os)) },
            Scope::new(ScopeKind::Ecosystem("npm".into())),
        ];
        let bytes = encode_scopes(&scopes);
        assert_eq!(decode_scopes(&bytes).unwrap(), scopes);
        assert!((0..bytes.len()).all(|length| decode_scopes(&bytes[..length]).is_none()));
    }

    #[test]
    fn version_prefers_the_label() {
        let mut os = OsRelease { major: "9".into(), minor: "4".into(), channel: "eus".into(), ..OsRelease::default() };
        assert_eq!(os.version(), "9.4+eus");
        os.label = "edge".into();
        assert_eq!(os.version(), "edge");
        assert_eq!(OsRelease { codename: "sid".into(), ..OsRelease::default() }.version(), "sid");
    }
}
