//! Taking a Grype database into the store: unpack, check, compile, compare with what is there, switch.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stopgate_model::{DataIdentity, Digest};

use crate::build::{Built, Signals};
use crate::database::{Database, OpenError};
use crate::grype::{self, GrypeError, Listing, ListingError, UnpackError};
use crate::store::LockedStore;

/// A listing is a few hundred bytes; a longer one is cut, and then no JSON.
const LISTING_BYTES: u64 = 1 << 20;

/// Where data comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// An archive (tar in zstd, gzip or xz) or the bare SQLite file, told apart by content.
    File(PathBuf),
    /// A listing (`latest.json`) with its archive beside it, or the folder of both. A folder without a listing may
    /// hold one `vulnerability.db` or one archive.
    Listing(PathBuf),
}

impl ImportSource {
    /// A folder or a file that ends in `.json` is a listing, any other file an archive or database.
    pub fn of_path(path: &Path) -> Self {
        let is_listing = path.is_dir() || path.extension().is_some_and(|extension| extension == "json");
        if is_listing { Self::Listing(path.to_owned()) } else { Self::File(path.to_owned()) }
    }
}

/// How to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Take an older build, and one that lost all rows of a provider.
    pub force: bool,
    /// What the identity names as origin, without credentials; empty: the file's name.
    pub origin: String,
    /// What the SHA-256 of the source must be.
    pub checksum: Option<Digest>,
}

/// Why data was not taken. The data in use stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system said no.
    #[error("cannot access `{}`", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The source cannot be unpacked.
    #[error("`{origin}` is damaged or no archive of vulnerability data")]
    Archive {
        /// Source.
        origin: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The source holds no database.
    #[error("`{0}` holds no `vulnerability.db`")]
    NoDatabase(String),
    /// The source is not what the listing says.
    #[error("`{origin}` has the checksum `{seen}`, expected `{expected}`")]
    Checksum {
        /// Source.
        origin: String,
        /// What it should be.
        expected: Digest,
        /// What it is.
        seen: Digest,
    },
    /// The listing cannot be followed.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] GrypeError),
    /// It is older than what is in use.
    #[error(
        "the offered data was built at {offered}, the data in use at {current}; it is newer, and stays unless forced"
    )]
    Older {
        /// Offered.
        offered: String,
        /// In use.
        current: String,
    },
    /// A provider's rows are all gone.
    #[error(
        "the offered data has no rows of {}, which the data in use has; it looks broken, and the data in use stays unless forced",
        providers.join(", ")
    )]
    LostProviders {
        /// Providers.
        providers: Vec<String>,
    },
    /// An advisory that cannot be read.
    #[error("advisory `{name}` cannot be read: {source}")]
    Advisory {
        /// Document.
        name: String,
        /// Cause.
        source: stopgate_formats::FormatError,
    },
    /// An advisory that says something impossible.
    #[error("advisory `{name}`: {what}")]
    AdvisoryValue {
        /// Document.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A time that is none.
    #[error("the build time is `{0}`, expected a time of RFC 3339")]
    Time(String),
}

/// Compiles a Grype DB v6 into the store and makes it current.
pub fn import(from: &ImportSource, store: &Path, options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    match from {
        ImportSource::File(path) => {
            let mut options = options.clone();
            if options.origin.is_empty() {
                options.origin = name_of(path);
            }
            import_file(path, store, &options)
        }
        ImportSource::Listing(path) => {
            let (folder, listing) = if path.is_dir() {
                (path.as_path(), path.join("latest.json"))
            } else {
                (path.parent().unwrap_or_else(|| Path::new(".")), path.clone())
            };
            if !listing.exists() {
                return import(&ImportSource::File(only_database(folder)?), store, options);
            }
            let mut bytes = Vec::new();
            open(&listing)?.take(LISTING_BYTES).read_to_end(&mut bytes).map_err(at(&listing))?;
            let archive = folder.join(beside(&Listing::parse(&bytes)?.path)?);
            let file = open(&archive)?;
            let origin = if options.origin.is_empty() { name_of(&archive) } else { options.origin.clone() };
            import_listed(&bytes, file, store, &ImportOptions { origin, ..options.clone() })
        }
    }
}

/// The same from an archive that the caller has open, for example one that it fetched; `options.origin` names it.
pub fn import_archive(archive: impl Read, store: &Path, options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    import_stream(archive, &lock(store)?, options)
}

/// The same with a listing and an archive that the caller fetched.
pub fn import_listed(
    listing: &[u8],
    archive: impl Read,
    store: &Path,
    options: &ImportOptions,
) -> Result<DataIdentity, ImportError> {
    let listing = Listing::parse(listing)?;
    if listing.status.eq_ignore_ascii_case("deprecated") {
        tracing::warn!(schema = listing.schema, "the feed of vulnerability data says that this schema is deprecated");
    }
    let mut options = options.clone();
    options.checksum = Some(listing.checksum);
    if options.origin.is_empty() {
        options.origin = listing.path;
    }
    let store = lock(store)?;
    import_stream(archive, &store, &options)
}

/// The name that a listing gives its archive, when it is a file beside it.
fn beside(path: &str) -> Result<&str, ImportError> {
    let is_name = !path.contains(['/', '\\']) && path != ".." && path != ".";
    if is_name {
        return Ok(path);
    }
    let what = format!("its archive `{path}` does not lie beside it");
    Err(ImportError::Listing(ListingError::Malformed(what)))
}

/// The database or archive in a folder without a listing.
fn only_database(folder: &Path) -> Result<PathBuf, ImportError> {
    let bare = folder.join("vulnerability.db");
    if bare.exists() {
        return Ok(bare);
    }
    let mut archives = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let name = name_of(&path);
        if [".tar.zst", ".tar.gz", ".tar.xz"].iter().any(|ending| name.ends_with(ending)) {
            archives.push(path);
        }
    }
    match archives.pop() {
        Some(archive) if archives.is_empty() => Ok(archive),
        _ => Err(ImportError::NoDatabase(name_of(folder))),
    }
}

fn import_file(path: &Path, store: &Path, options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    let mut file = open(path)?;
    let mut head = [0_u8; 16];
    let is_bare = file.read_exact(&mut head).is_ok() && &head == b"SQLite format 3\0";
    let store = lock(store)?;
    if !is_bare {
        let file = open(path)?;
        return import_stream(file, &store, options);
    }
    // The database is read where it is, while it is hashed.
    let (digest, loaded) = std::thread::scope(|scope| {
        let digest = scope.spawn(|| hash(path));
        let loaded = grype::read(path);
        (digest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), loaded)
    });
    let digest = digest.map_err(at(path))?;
    check(options, &digest)?;
    if let Some(same) = same_in_use(&store, &digest, options) {
        return Ok(same);
    }
    take(loaded?.compile(digest, &options.origin)?, &store, options)
}

/// From an archive that may be read only once.
fn import_stream(source: impl Read, store: &LockedStore, options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    let scratch = store.scratch("vulnerability.db");
    let _remove = RemoveOnDrop(&scratch);
    let unpacked = grype::unpack(source, &scratch).map_err(|error| match error {
        UnpackError::Source(source) => ImportError::Archive { origin: options.origin.clone(), source },
        UnpackError::Target(source) => ImportError::Io { path: scratch.clone(), source },
    })?;
    check(options, &unpacked.digest)?;
    if !unpacked.found {
        return Err(ImportError::NoDatabase(options.origin.clone()));
    }
    if let Some(same) = same_in_use(store, &unpacked.digest, options) {
        return Ok(same);
    }
    let built = grype::read(&scratch)?.compile(unpacked.digest, &options.origin)?;
    take(built, store, options)
}

struct RemoveOnDrop<'p>(&'p Path);

impl Drop for RemoveOnDrop<'_> {
    fn drop(&mut self) {
        // What stays is removed by the next import.
        let _ = std::fs::remove_file(self.0);
    }
}

fn check(options: &ImportOptions, seen: &Digest) -> Result<(), ImportError> {
    match &options.checksum {
        Some(expected) if expected != seen => {
            let origin = options.origin.clone();
            Err(ImportError::Checksum { origin, expected: expected.clone(), seen: seen.clone() })
        }
        _ => Ok(()),
    }
}

/// The identity of the data in use when it was made from this very source.
fn same_in_use(store: &LockedStore, digest: &Digest, options: &ImportOptions) -> Option<DataIdentity> {
    let current = Database::open(store.folder()).ok().flatten()?;
    let same = !options.force && current.identity().digest == *digest;
    same.then(|| current.identity().clone())
}

/// Compares a build with the one in use and makes it current.
fn take(built: Built, store: &LockedStore, options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    match Database::open(store.folder()) {
        Ok(Some(current)) => {
            let signals = current.signals();
            let current = current.identity();
            if !options.force {
                compare((current, signals), (&built.identity, built.signals))?;
            }
        }
        Ok(None) => {}
        // Data that cannot be opened protects nothing.
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "replacing unreadable vulnerability data");
        }
    }
    install(&built, store)?;
    Ok(built.identity)
}

pub(crate) fn install(built: &Built, store: &LockedStore) -> Result<(), ImportError> {
    store.install(built).map_err(at(store.folder()))
}

pub(crate) fn lock(store: &Path) -> Result<LockedStore, ImportError> {
    LockedStore::lock(store).map_err(at(store))
}

/// Whether a build may follow the one in use. Builds of different kinds (Grype's and own advisories) are not compared.
fn compare(current: (&DataIdentity, Signals), offered: (&DataIdentity, Signals)) -> Result<(), ImportError> {
    let ((current, had), (offered, has)) = (current, offered);
    let model = |identity: &DataIdentity| identity.schema.split('.').next().unwrap_or_default().to_owned();
    if model(current) != model(offered) {
        return Ok(());
    }
    let time = |identity: &DataIdentity| identity.built.parse::<jiff::Timestamp>().ok();
    if time(offered) < time(current) {
        return Err(ImportError::Older { offered: offered.built.clone(), current: current.built.clone() });
    }
    // Records without a row that says whom they affect find nothing, so those rows count for themselves.
    let rows_of = |identity: &DataIdentity, provider: &str| {
        let rows = identity.providers.iter().filter(|rows| rows.provider == provider);
        rows.fold((0, 0), |(all, affected), rows| {
            (all + rows.vulnerabilities + rows.affected + rows.unaffected, affected + rows.affected)
        })
    };
    let is_lost = |(had, had_affected): (u64, u64), (has, has_affected): (u64, u64)| {
        (had > 0 && has == 0) || (had_affected > 0 && has_affected == 0)
    };
    let mut lost: Vec<String> = current
        .providers
        .iter()
        .map(|rows| &rows.provider)
        .filter(|provider| is_lost(rows_of(current, provider), rows_of(offered, provider)))
        .cloned()
        .collect();
    let signals = [("kev", had.kev, has.kev), ("epss", had.epss, has.epss), ("cwe", had.cwes, has.cwes)];
    lost.extend(signals.into_iter().filter(|(_, had, has)| *had > 0 && *has == 0).map(|(name, ..)| name.to_owned()));
    lost.dedup();
    if lost.is_empty() { Ok(()) } else { Err(ImportError::LostProviders { providers: lost }) }
}

fn hash(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Digest::sha256(&hash.finalize().into()));
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}

/// Opens a regular file: a named pipe would wait for its writer, a device may never end.
fn open(path: &Path) -> Result<File, ImportError> {
    if !path.metadata().map_err(at(path))?.is_file() {
        return Err(at(path)(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    File::open(path).map_err(at(path))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ImportError + use<> {
    let path = path.to_owned();
    move |source| ImportError::Io { path, source }
}

impl From<OpenError> for ImportError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io { path, source } => Self::Io { path, source },
            OpenError::Damaged { file, what } => {
                Self::Io { path: file.into(), source: io::Error::new(io::ErrorKind::InvalidData, what) }
            }
        }
    }
}
