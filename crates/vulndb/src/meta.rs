//! What a build says of itself: identity, gaps, and the alias tables that resolve distributions and ecosystems.

use stopgate_model::{DataIdentity, Digest, ProviderRows};

use crate::build::Unread;
use crate::file::{Decoder, Encoder};

/// A row that replaces parts of a distribution before it is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OsOverride {
    pub(crate) alias: String,
    pub(crate) version: String,
    pub(crate) version_pattern: String,
    pub(crate) codename: String,
    pub(crate) replacement: Option<String>,
    pub(crate) major: Option<String>,
    pub(crate) minor: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) rolling: bool,
    /// Constraint on the schema version of the reader; empty means every reader.
    pub(crate) readers: String,
}

/// Alias tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Aliases {
    pub(crate) os: Vec<OsOverride>,
    /// Ecosystem and what it is searched as.
    pub(crate) ecosystems: Vec<(String, String)>,
    /// Architecture and its canonical name.
    pub(crate) architectures: Vec<(String, String)>,
}

/// The meta section.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) identity: DataIdentity,
    /// By provider number.
    pub(crate) provider_names: Vec<String>,
    pub(crate) epss_date: String,
    pub(crate) aliases: Aliases,
    pub(crate) unread: Vec<Unread>,
}

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        let identity = &self.identity;
        out.text(&identity.built);
        out.text(&identity.digest.to_string());
        out.text(&identity.schema);
        out.text(&identity.origin);
        out.number(identity.providers.len() as u64);
        for rows in &identity.providers {
            out.text(&rows.provider);
            out.text(&rows.captured);
            for count in [rows.vulnerabilities, rows.affected, rows.unaffected] {
                out.number(count);
            }
        }
        out.texts(self.provider_names.iter().map(String::as_str));
        out.text(&self.epss_date);
        out.number(self.aliases.os.len() as u64);
        for row in &self.aliases.os {
            encode_override(&mut out, row);
        }
        for table in [&self.aliases.ecosystems, &self.aliases.architectures] {
            out.number(table.len() as u64);
            for (from, to) in table {
                out.text(from);
                out.text(to);
            }
        }
        out.number(self.unread.len() as u64);
        for unread in &self.unread {
            out.text(&unread.what);
            out.number(unread.count);
            out.text(&unread.first);
        }
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut record = Decoder::new(bytes);
        let mut identity = DataIdentity {
            built: record.string()?,
            digest: Digest::parse(record.text()?).ok()?,
            schema: record.string()?,
            origin: record.string()?,
            providers: Vec::new(),
        };
        for _ in 0..record.count()? {
            identity.providers.push(ProviderRows {
                provider: record.string()?,
                captured: record.string()?,
                vulnerabilities: record.number()?,
                affected: record.number()?,
                unaffected: record.number()?,
            });
        }
        let provider_names = record.strings()?;
        let epss_date = record.string()?;
        let os = (0..record.count()?).map(|_| decode_override(&mut record)).collect::<Option<_>>()?;
        let mut tables = [Vec::new(), Vec::new()];
        for table in &mut tables {
            for _ in 0..record.count()? {
                table.push((record.string()?, record.string()?));
            }
        }
        let [ecosystems, architectures] = tables;
        let unread = (0..record.count()?)
            .map(|_| Some(Unread { what: record.string()?, count: record.number()?, first: record.string()? }))
            .collect::<Option<_>>()?;
        let aliases = Aliases { os, ecosystems, architectures };
        Some(Self { identity, provider_names, epss_date, aliases, unread })
    }
}

fn encode_override(out: &mut Encoder, row: &OsOverride) {
    for text in [&row.alias, &row.version, &row.version_pattern, &row.codename, &row.readers] {
        out.text(text);
    }
    for text in [&row.replacement, &row.major, &row.minor, &row.label, &row.channel] {
        out.number(u64::from(text.is_some()));
        out.text(text.as_deref().unwrap_or_default());
    }
    out.number(u64::from(row.rolling));
}

fn decode_override(record: &mut Decoder<'_>) -> Option<OsOverride> {
    let mut row = OsOverride {
        alias: record.string()?,
        version: record.string()?,
        version_pattern: record.string()?,
        codename: record.string()?,
        readers: record.string()?,
        ..OsOverride::default()
    };
    for text in [&mut row.replacement, &mut row.major, &mut row.minor, &mut row.label, &mut row.channel] {
        let present = record.number()? != 0;
        let value = record.string()?;
        *text = present.then_some(value);
    }
    row.rolling = record.number()? != 0;
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::{Aliases, Meta, OsOverride};
    use crate::build::Unread;
    use stopgate_model::{DataIdentity, Digest, ProviderRows};

    #[test]
    fn what_is_written_is_read() {
        let rows = ProviderRows {
            provider: "nvd".into(),
            captured: String::new(),
            vulnerabilities: 1,
            affected: 2,
            unaffected: 3,
        };
        let os =
            OsOverride { alias: "arch".into(), minor: Some(String::new()), rolling: true, ..OsOverride::default() };
        let meta = Meta {
            identity: DataIdentity {
                built: "2026-01-01T00:00:00Z".into(),
                digest: Digest::sha256(&[1; 32]),
                schema: "v6.1.9".into(),
                origin: "here".into(),
                providers: vec![rows],
            },
            provider_names: vec!["nvd".into()],
            epss_date: "2026-01-01".into(),
            aliases: Aliases {
                os: vec![os],
                ecosystems: vec![("go".into(), "go-module".into())],
                ..Aliases::default()
            },
            unread: vec![Unread { what: "blob".into(), count: 3, first: "blob 1".into() }],
        };
        let bytes = meta.encode();
        let read = Meta::decode(&bytes).unwrap();
        assert_eq!((&read.identity, &read.aliases), (&meta.identity, &meta.aliases));
        assert_eq!(read.encode(), bytes);
        assert!((0..bytes.len()).all(|length| Meta::decode(&bytes[..length]).is_none()));
    }
}
