//! What a header says of an installed package: the record that is kept with its layer.

use serde::{Deserialize, Serialize};

use super::header::{Header, tag};
use super::signature::{self, Signature};

/// An installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Installed {
    pub name: String,
    pub version: String,
    pub release: String,
    pub epoch: Option<u32>,
    pub arch: String,
    pub source_rpm: String,
    pub signatures: Vec<Signature>,
    pub size: u64,
    pub vendor: String,
    /// `None` in a manifest, which does not say.
    pub module: Option<String>,
    pub license: String,
    pub provides: Vec<String>,
    pub requires: Vec<String>,
    pub files: Files,
    /// Whether it is a line of a manifest rather than a header.
    pub manifest: bool,
}

/// Files as columns: shorter, and faster to read than one object per file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Files {
    /// Folders, each with a slash at its end.
    pub folders: Vec<String>,
    /// Position of the folder.
    pub folder: Vec<u32>,
    pub name: Vec<String>,
    pub mode: Vec<u16>,
    pub size: Vec<u64>,
    /// Hexadecimal; empty for what is no regular file.
    pub digest: Vec<String>,
    pub flags: Vec<u32>,
    /// Positions of the files that were not installed as the package has them: left out, replaced by those of another
    /// package, or of another architecture.
    pub not_as_packed: Vec<u32>,
    /// Positions of the files of which not everything is to be verified, with what is (`RPMVERIFY_…`).
    pub verify: Vec<(u32, u32)>,
    /// Names of owners and groups, and positions in them.
    pub owners: Vec<String>,
    pub user: Vec<u32>,
    pub group: Vec<u32>,
    /// OpenPGP number of the digest algorithm.
    pub algorithm: u64,
}

/// State of a file that was installed.
const NORMAL: u64 = 0;
/// What of a file may be verified.
pub(super) const VERIFY_DIGEST: u32 = 1;
pub(super) const VERIFY_SIZE: u32 = 2;
pub(super) const VERIFY_MODE: u32 = 64;
const VERIFIED: u32 = VERIFY_DIGEST | VERIFY_SIZE | VERIFY_MODE;

/// MD5, when a header names no algorithm.
const DEFAULT_ALGORITHM: u64 = 1;

impl Installed {
    /// Reads a header; `None` when it is none or has no name.
    pub(super) fn read(blob: &[u8]) -> Option<Self> {
        let header = Header::parse(blob)?;
        let text = |tag| header.string(tag).filter(|text| text != "(none)").unwrap_or_default();
        let signatures = [tag::PGP, tag::RSA_HEADER].into_iter().filter_map(|tag| header.bytes(tag));
        let mut signatures: Vec<_> = signatures.filter_map(signature::read).collect();
        signatures.dedup();
        let name = header.string(tag::NAME)?;
        (!name.is_empty()).then(|| Self {
            name,
            version: text(tag::VERSION),
            release: text(tag::RELEASE),
            epoch: header.number(tag::EPOCH).and_then(|epoch| u32::try_from(epoch).ok()),
            arch: text(tag::ARCH),
            source_rpm: text(tag::SOURCE_RPM),
            signatures,
            size: header.number(tag::LONG_SIZE).or_else(|| header.number(tag::SIZE)).unwrap_or(0),
            vendor: text(tag::VENDOR),
            module: Some(text(tag::MODULARITY_LABEL)),
            license: text(tag::LICENSE),
            provides: header.strings(tag::PROVIDES),
            requires: header.strings(tag::REQUIRES),
            files: Files::read(&header),
            manifest: false,
        })
    }

    /// `[epoch:]version-release`.
    pub(super) fn full_version(&self) -> String {
        match self.epoch {
            Some(epoch) => format!("{epoch}:{}-{}", self.version, self.release),
            None => format!("{}-{}", self.version, self.release),
        }
    }
}

impl Files {
    fn read(header: &Header<'_>) -> Self {
        let narrow = |tag| -> Vec<u32> { header.numbers(tag).into_iter().map(|number| number as u32).collect() };
        let mut files = Self {
            folders: header.strings(tag::DIR_NAMES),
            folder: narrow(tag::DIR_INDEXES),
            name: header.strings(tag::BASE_NAMES),
            mode: header.numbers(tag::FILE_MODES).into_iter().map(|mode| mode as u16).collect(),
            size: header.numbers(tag::LONG_FILE_SIZES),
            digest: header.strings(tag::FILE_DIGESTS),
            flags: narrow(tag::FILE_FLAGS),
            algorithm: header.number(tag::FILE_DIGEST_ALGORITHM).unwrap_or(DEFAULT_ALGORITHM),
            ..Self::default()
        };
        let states = header.numbers(tag::FILE_STATES).into_iter().zip(0..);
        files.not_as_packed = states.filter(|(state, _)| *state != NORMAL).map(|(_, at)| at).collect();
        let verify = narrow(tag::FILE_VERIFY_FLAGS).into_iter().zip(0..);
        files.verify = verify.filter(|(what, _)| what & VERIFIED != VERIFIED).map(|(what, at)| (at, what)).collect();
        if files.size.is_empty() {
            files.size = header.numbers(tag::FILE_SIZES);
        }
        if files.name.is_empty() {
            // Packages built before rpm 4 have whole paths.
            for path in header.strings(tag::OLD_FILENAMES) {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
                files.folder.push(files.folders.len() as u32);
                files.folders.push(format!("{folder}/"));
                files.name.push(name.to_owned());
            }
        }
        let (users, groups) = (header.strings(tag::FILE_USERS), header.strings(tag::FILE_GROUPS));
        files.user = users.into_iter().map(|name| files.owner(name)).collect();
        files.group = groups.into_iter().map(|name| files.owner(name)).collect();
        files
    }

    fn owner(&mut self, name: String) -> u32 {
        let position = self.owners.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.owners.push(name);
            self.owners.len() - 1
        });
        position as u32
    }
}

/// A line of `container-manifest-2`, which Azure Linux's distroless images have instead of a database:
/// name, version-release, install time, build time, vendor, epoch, size, arch, epoch number, source rpm.
pub(super) fn manifest_line(line: &str) -> Option<Installed> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, version, _, _, vendor, epoch, size, arch, number, source_rpm, ..] = fields.as_slice() else {
        return None;
    };
    let (version, release) = version.rsplit_once('-')?;
    (!name.is_empty()).then(|| Installed {
        name: (*name).to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        epoch: if *epoch == "(none)" { None } else { number.parse().ok() },
        arch: (*arch).to_owned(),
        source_rpm: if *source_rpm == "(none)" { String::new() } else { (*source_rpm).to_owned() },
        size: size.parse().unwrap_or(0),
        vendor: (*vendor).to_owned(),
        manifest: true,
        ..Installed::default()
    })
}
